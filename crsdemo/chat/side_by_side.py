"""One message and two answers at once: two recommenders hear it, the log keeps both replies.

The sibling of `chat/exchange.py`, and like it knows nothing about the page: a series of comparisons
goes in, the next comparison comes out as its two replies grow.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from queue import SimpleQueue
from random import Random
from threading import Event
from typing import Protocol

from crsdemo.chat.admission import Admission
from crsdemo.chat.exchange import ANEW, Linker, written
from crsdemo.chat.replies import replies
from crsdemo.core.checked import checked_id
from crsdemo.core.comparison import (
    SIDES,
    Answer,
    Comparison,
    Judgment,
    Policy,
    Series,
    Side,
    new_seed,
)
from crsdemo.core.conversation import Conversation, ItemMark, LoggedTurn, message, new_id
from crsdemo.core.dialogue import Turn
from crsdemo.core.errors import BadInputError, CrsdemoError, FeedbackError
from crsdemo.core.recommender import Plan, Recommender, Reply
from crsdemo.core.traced import Stretch
from crsdemo.feedback.comparisons import ComparisonLog, Entrant
from crsdemo.feedback.log import FeedbackLog
from crsdemo.feedback.outbox import Judged, Marked, Outbox, Picked
from crsdemo.recommenders.loading import Version

Names = tuple[str, str]  # of the recommenders on the left and on the right
_News = SimpleQueue[tuple[Side, LoggedTurn | None]]  # how far a side has come; None: it is done


class Recommenders(Protocol):
    """Recommenders by name, as `loading.Shelf` has them."""

    @property
    def names(self) -> tuple[str, ...]: ...

    @property
    def catalog_folder(self) -> Path: ...

    def version(self, name: str) -> Version | None:
        """How one was tuned on votes from another; None if it was not."""
        ...

    def place(self, name: str) -> str:
        """As a command names it: the folder, where it was given by that."""
        ...

    def get(self, name: str) -> Recommender:
        """Raises CheckpointError for one that cannot be used."""
        ...


@dataclass(frozen=True)
class SideBySide:
    """Who can answer, who finds films in what is typed, who remembers, and how much is too much."""

    recommenders: Recommenders
    linker: Linker
    log: FeedbackLog
    admission: Admission = field(default_factory=Admission)

    @cached_property
    def outbox(self) -> Outbox:
        return Outbox(self.log)

    @cached_property
    def comparisons(self) -> ComparisonLog:
        return ComparisonLog(self.log)

    def start(self, visitor: str, policy: Policy) -> Series:
        """An empty series. The log hears of it with the first message."""
        return Series(new_id(), visitor, policy)

    def say(
        self,
        series: Series,
        text: str,
        names: Names,
        client_event_id: str | None = None,
        seed: int | None = None,
    ) -> Generator[Comparison, None, None]:
        """The comparison as its two replies grow; the last one is settled.

        `seed` is kept with it: the one that `names` were drawn from, or a new one.

        The message is in the log before the first value comes. A side that fails says so in its
        turn, and the other goes on; whoever stops listening stops both. A second call with the
        same `client_event_id` (a double click) yields nothing.
        Raises BadInputError for a message or a name that cannot be used, TooManyError for a
        message too many in a while and RefusedError in a series of somebody else, before anything
        is kept, and FeedbackError if a reply could
        not be kept, after both have ended.
        """
        text = message(text)
        said = tuple(
            history.then(
                LoggedTurn(new_id(), Turn("user", text, self.linker.link(text, history.dialogue)))
            )
            for history in series.histories()
        )
        seed = new_seed() if seed is None else seed
        yield from self._asked(series, said, names, seed, client_event_id)

    def take_back(
        self, series: Series, turn_id: str, words: Sequence[Stretch], *, is_on: bool
    ) -> Generator[Comparison, None, None]:
        """Let some words of the newest message not count, or count again: both answer it anew.

        The same two with the same seed, so that the replies differ by these words alone. The log
        keeps the former comparison, and `series` goes on from the new one.
        Raises BadInputError for another message than the newest or one whose replies were judged,
        and what `say` raises.
        """
        last = series.last
        if last is None or not last.can_be_corrected or turn_id != last.turns[0]:
            raise BadInputError("This cannot be changed any more: please reload the page.")
        said = tuple(
            last.side(side).heard.taking_back(of, words, is_on=is_on)
            for side, of in zip(SIDES, last.turns, strict=True)
        )
        names = last.left.recommender, last.right.recommender
        yield from self._asked(series, said, names, last.seed, replaces=last)

    def _asked(
        self,
        series: Series,
        said: Sequence[Conversation],
        names: Names,
        seed: int,
        client_event_id: str | None = None,
        replaces: Comparison | None = None,
    ) -> Generator[Comparison, None, None]:
        """Both answer what was `said` last to left and right."""
        self._check(names)
        checked_id(series.id)
        checked_id(series.visitor)
        self.admission.message(series.visitor)
        left, right = (
            Entrant(
                name,
                history,
                asked.turns[-1].turn,
                replace(plan, avoid=plan.avoid | history.offered),
            )
            for name, asked, plan in zip(names, said, plans(names, seed), strict=True)
            for history in [asked.before(len(asked.turns) - 1)]
        )
        begun = self.comparisons.record_comparison(
            left, right, series.policy, seed, client_event_id, replaces
        )
        if begun:
            yield begun
            yield from self._answered(begun, {"left": left.plan, "right": right.plan})

    def judge(
        self,
        comparison_id: str,
        visitor: str,
        judgment: Judgment,
        client_event_id: str | None = None,
    ) -> None:
        """Keep a verdict, as `ComparisonLog.record_verdict` and `Outbox.submit` do."""
        judged = Judged(comparison_id, visitor, judgment, client_event_id)
        self.admission.opinion(visitor)
        self.outbox.submit(judged)

    def pick(self, comparison_id: str, visitor: str, side: Side) -> None:
        """Keep from which side to go on, as `ComparisonLog.record_pick` and `Outbox.submit` do."""
        picked = Picked(comparison_id, visitor, side)
        self.admission.opinion(visitor)
        self.outbox.submit(picked)

    def mark(self, visitor: str, mark: ItemMark, *, on: bool = True) -> None:
        """Keep a word on a film, as `FeedbackLog.record_mark` and `Outbox.submit` do."""
        marked = Marked(visitor, mark, on)
        self.admission.opinion(visitor)
        self.outbox.submit(marked)

    def _check(self, names: Names) -> None:
        for name in names:
            if name not in self.recommenders.names:
                known = ", ".join(self.recommenders.names)
                raise BadInputError(f"no recommender {name!r}; there are: {known}")

    def _answered(
        self, comparison: Comparison, plans: dict[Side, Plan]
    ) -> Generator[Comparison, None, None]:
        """Both sides as they grow, in the order in which their words come."""
        news: _News = SimpleQueue()
        halt = Event()
        pool = ThreadPoolExecutor(len(SIDES), thread_name_prefix="side")
        try:
            writing = {
                side: pool.submit(self._write, side, comparison.side(side), plans[side], news, halt)
                for side in SIDES
            }
            n_running = len(SIDES)
            while n_running:
                side, turn = news.get()
                if turn is None:
                    n_running -= 1
                else:
                    comparison = comparison.with_reply(side, turn)
                    yield comparison
            # A result raises what went wrong with the log
            ready = {side: ms for side, end in writing.items() if (ms := end.result()) is not None}
            self.comparisons.record_ready(comparison.id, ready)
        finally:
            halt.set()
            pool.shutdown(wait=False)  # whoever stops does not wait for the next word

    def _write(
        self, side: Side, answer: Answer, plan: Plan, news: _News, halt: Event
    ) -> float | None:
        """Write one side's reply and pass on how it grows, until it ends or is halted.

        Returns the milliseconds that a whole reply took.
        """

        def stream() -> Iterator[Reply]:
            dialogue = answer.heard.dialogue
            return replies(dialogue, plan, lambda: self.recommenders.get(answer.recommender))

        began, turn = time.monotonic(), answer.reply
        try:
            with closing(written(self.log, turn.id, answer.recommender, stream)) as growth:
                for turn in growth:
                    news.put((side, turn))
                    if halt.is_set():
                        return None
            return 1000 * (time.monotonic() - began)
        except FeedbackError:
            raise
        except CrsdemoError as error:
            news.put((side, replace(turn, status="failed", error=_words(error))))
            return None
        finally:
            news.put((side, None))


def drawn(offered: Sequence[str], seed: int) -> Names:
    """Two of the recommenders in random order; a single one stands on both sides."""
    # A stream of its own: the lot of `Comparison.onward` is drawn from the same seed.
    random = Random(f"who stands where: {seed}")
    left, right = random.sample(offered if len(offered) > 1 else [*offered, *offered], 2)
    return left, right


def plans(names: Names, seed: int) -> tuple[Plan, Plan]:
    """How each side answers: as ever, or with two seeds if one recommender stands on both."""
    if names[0] != names[1]:
        return Plan(), Plan()
    return Plan(seed=seed, temperature=ANEW), Plan(seed=seed + 1, temperature=ANEW)


def _words(error: CrsdemoError) -> str:
    """As the log keeps it: of an error that was put into our words, the one behind it."""
    cause = error.__cause__ or error
    return f"{type(cause).__name__}: {cause}"
