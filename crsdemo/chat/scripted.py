"""Replies that a person wrote beforehand, and comparisons that several people judge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from crsdemo.chat.admission import NO_LIMITS, Admission
from crsdemo.chat.exchange import Linker
from crsdemo.chat.side_by_side import Recommenders, SideBySide
from crsdemo.core.catalog import Catalog
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.core.errors import BadInputError, CrsdemoError
from crsdemo.core.recommender import Plan, Provenance, Recommendation, Recommender, Reply
from crsdemo.core.reply_json import pieces_from_turn
from crsdemo.recommenders.loading import Version
from crsdemo.studies.assignment import replayed_pair
from crsdemo.studies.study import Study
from crsdemo.studies.tasks import BAD, GOOD, Replay


@dataclass(frozen=True)
class Scripted:
    """A recommender that always says the same; items that it names are linked, as others' are."""

    name: str
    text: str
    catalog: Catalog
    linker: Linker

    def recommend(
        self, dialogue: Dialogue, k: int, *, exclude: frozenset[str] = frozenset()
    ) -> list[Recommendation]:
        return []

    def stream(self, dialogue: Dialogue, plan: Plan = Plan()) -> Iterator[Reply]:
        if not self.text:
            raise BadInputError(f"{self.name} has nothing to say here")
        turn = Turn("assistant", self.text, self.linker.link(self.text, dialogue))
        pieces = pieces_from_turn(turn, self.catalog)
        yield Reply(pieces, "CHAT", provenance=Provenance(self.name))


@dataclass(frozen=True)
class WithScripted:
    """Recommenders, and beside them those who say what was written."""

    recommenders: Recommenders
    scripted: Mapping[str, Scripted]

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.recommenders.names, *self.scripted)

    @property
    def catalog_folder(self) -> Path:
        return self.recommenders.catalog_folder

    def version(self, name: str) -> Version | None:
        return None if name in self.scripted else self.recommenders.version(name)

    def place(self, name: str) -> str:
        return self.recommenders.place(name)

    def get(self, name: str) -> Recommender:
        return self.scripted[name] if name in self.scripted else self.recommenders.get(name)


def answered(pair: SideBySide, catalog: Catalog, study: Study, replay: Replay, nth: int) -> str:
    """The id of a new comparison with two whole replies to the message of the nth replay.

    Raises CrsdemoError if one of the systems cannot answer.
    """
    pair_of = replayed_pair(study, replay, nth)
    written = {BAD: replay.bad, GOOD: replay.good}
    scripted = {who: Scripted(who, text, catalog, pair.linker) for who, text in written.items()}
    table = WithScripted(pair.recommenders, scripted)
    stage = replace(pair, recommenders=table, admission=Admission(NO_LIMITS))
    series = stage.start(f"study-{study.sha256[:16]}", study.policy)
    *_, made = stage.say(series, replay.message, pair_of)
    if not made.can_be_judged:
        wrong = made.left.reply.error or made.right.reply.error
        raise CrsdemoError(
            f"the message of {replay.name!r} was not answered by both ({wrong}); try again"
        )
    return made.id
