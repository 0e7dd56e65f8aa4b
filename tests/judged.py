"""A log with judgments in it: two recommenders that write down what they read and wrote."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from stand_in import CATALOG, NoLinker, StandIn, StandIns

from crsdemo.chat.exchange import Exchange
from crsdemo.chat.side_by_side import SideBySide
from crsdemo.core.comparison import Comparison, Judgment, Policy, Series
from crsdemo.core.conversation import Conversation
from crsdemo.core.dialogue import Dialogue
from crsdemo.core.recommender import Plan, Reply
from crsdemo.feedback.log import FeedbackLog


@dataclass(frozen=True)
class Scribe(StandIn):
    """Says its name first. `reads` goes before its prompt, `adds` after its words."""

    reads: str = ""
    adds: str = ""

    def stream(self, dialogue: Dialogue, plan: Plan = Plan()) -> Iterator[Reply]:
        prompt = self.reads + "".join(f"<{t.speaker}>{t.text}" for t in dialogue.turns)
        for reply in super().stream(dialogue, plan):
            pieces = (f"{self.name} says: ", *reply.pieces, self.adds)
            output = f"<RESP>{self.name}{self.adds}<eos>" if reply.complete else ""
            yield replace(reply, pieces=pieces, prompt=prompt, output=output)


@dataclass(frozen=True)
class Study:
    """What people do, with a log that keeps it."""

    log: FeedbackLog
    scribes: tuple[StandIn, ...] = (Scribe(name="red"), Scribe(name="blue"))

    @property
    def pair(self) -> SideBySide:
        return SideBySide(StandIns(self.scribes), NoLinker(), self.log)

    def start(self, visitor: str, policy: Policy = "shared") -> Series:
        return self.pair.start(visitor, policy)

    def judged(self, series: Series, text: str, verdict: str = "", seconds: float = 5.0) -> Series:
        """The series after a message, two replies to it and a verdict, if any."""
        names = (self.scribes[0].name, self.scribes[1].name)
        *_, comparison = self.pair.say(series, text, names)
        if verdict:
            judgment = Judgment(verdict, 1000 * seconds)  # type: ignore[arg-type]  # one of the verdicts
            self.pair.comparisons.record_verdict(comparison.id, series.visitor, judgment)
        return self.seen(series)

    def kept(self, table: str, visitor: str, **row: object) -> None:
        """What anybody may have said in a log of before, when ids of others sufficed."""
        with self.log.file.writing() as db:
            db.table("visitors").insert({"id": visitor, "app_version": "0"}, ignore=True)
            said = {"visitor": visitor, "revision": 1, "app_version": "0"}
            db.table(table).insert(said | row)

    def thumb(self, reply: str, visitor: str, value: int) -> None:
        """Of somebody else, as `kept` says."""
        text = str(value)
        self.kept("ratings", visitor, generation_id=reply, aspect="thumbs", value=text)

    def seen(self, series: Series) -> Series:
        found = self.pair.comparisons.restore(series.id, CATALOG)
        assert found
        return found.series

    def talked(self, visitor: str, text: str, thumb: int | None = None) -> Conversation:
        """A message, one reply, and a thumb on it."""
        exchange = Exchange(self.scribes[0], NoLinker(), self.log)
        *_, conversation = exchange.say(exchange.start(visitor), text)
        if thumb:
            self.log.record_rating(conversation.turns[-1].id, visitor, "thumbs", thumb)
        return conversation


def last(series: Series) -> Comparison:
    assert series.last
    return series.last


def study(folder: Path, *scribes: StandIn) -> Study:
    log = FeedbackLog(folder / "feedback.db")
    return Study(log, scribes) if scribes else Study(log)
