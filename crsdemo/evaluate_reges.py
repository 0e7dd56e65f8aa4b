"""How well the item expert of ReGeS chooses: table 3 and 4 of the paper (sec. 3.6.2, 3.7.1).

*Overall success* is recall on new items end to end; *item generation success* the same with the
right item put among the candidates, so that only the choice is measured. The *hallucination ratio*
counts chosen items that the catalog does not hold or that were no candidates: under the constraint
of the ID trie, and when the model may write any token it likes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Any

from tqdm import tqdm

from crsdemo.corpus import CorpusDialogue
from crsdemo.errors import BadInputError
from crsdemo.evaluate_rankings import BATCH
from crsdemo.evaluate_statistics import Hit, recalls
from crsdemo.generative import Generative
from crsdemo.guide import Guidance
from crsdemo.metrics import rank_of
from crsdemo.protocol import Case, cases
from crsdemo.shares import share

Codes = tuple[int, ...]
CUTOFFS = (1, 10, 50)


class Written(StrEnum):
    """What a chosen ID stands for."""

    NO_ID = "no item ID"
    UNKNOWN = "an ID that no item has"
    OTHER = "an item that was no candidate"
    CANDIDATE = "a candidate"


@dataclass(frozen=True)
class Retrieved:
    """A turn that recommends something new, and the candidates that were found for it.

    What the item expert thought before it chose, if it thinks, is of all that was found.
    """

    case: Case
    look: Guidance

    def best(self, k: int) -> Retrieved:
        """With the first `k` candidates only."""
        return replace(self, look=replace(self.look, shortlist=self.look.shortlist[:k]))

    def with_gold(self, gold: str) -> Retrieved:
        """With `gold` in the place of the last candidate, unless it is one already."""
        found = self.look.shortlist
        if gold in found:
            return self
        hidden = self.look.hidden - {gold}
        return replace(self, look=replace(self.look, shortlist=(*found[:-1], gold), hidden=hidden))


def evaluate_item_expert(
    recommender: Generative, dialogues: Sequence[CorpusDialogue], sizes: Sequence[int] = (50, 10)
) -> dict[str, Any]:
    """For each number of candidates the figures of this module, ready for JSON.

    `recommender` is guided by a retriever that finds as many as the largest of `sizes`. Shows
    progress on stderr. Raises BadInputError if no turn recommends something new, or if nothing is
    retrieved.
    """
    turns = [case for case in cases(dialogues) if case.new_targets]
    found = list(_retrieve(recommender, turns))
    if not found or not all(one.look.shortlist for one in found):
        raise BadInputError(
            f"{recommender.name} finds no candidates for the {len(turns)} turns of these "
            f"{len(dialogues)} dialogues that recommend something new; give a ReGeS checkpoint "
            "and dialogues that recommend"
        )
    expert = _ItemExpert(recommender)
    return {
        "recommender": recommender.name,
        "dialogues": len(dialogues),
        "turns": len(turns),
        "candidates": {str(k): expert.figures([one.best(k) for one in found], k) for k in sizes},
    }


def _retrieve(recommender: Generative, turns: Sequence[Case]) -> Iterator[Retrieved]:
    """Nothing that was named before is among the candidates."""
    if recommender.guide is None:
        return
    for start in tqdm(range(0, len(turns), BATCH), desc="retrieving", unit="batch"):
        some = turns[start : start + BATCH]
        contexts = [case.context for case in some]
        looks = recommender.guide.look_all(contexts, [c.mentioned for c in contexts])
        yield from (Retrieved(case, look) for case, look in zip(some, looks, strict=True))


@dataclass(frozen=True)
class _ItemExpert:
    """What is measured."""

    recommender: Generative

    def figures(self, turns: Sequence[Retrieved], k: int) -> dict[str, Any]:
        """Of `turns` with `k` candidates each."""
        chosen = list(self._rankings(turns, f"choosing among {k}"))
        writing = tqdm(turns, desc=f"writing freely after {k} candidates", unit="turn")
        return {
            "overall": self._recalls(_hits(turns, chosen), k),
            "retriever_alone": self._recalls(_hits(turns, [t.look.shortlist for t in turns]), k),
            "item_generation": self._recalls(self._forced(turns, k), k),
            "constrained": _shares([_kind(t, r[0]) for t, r in zip(turns, chosen, strict=True)]),
            "free": _shares([self._kind_of_free(turn) for turn in writing]),
        }

    def _recalls(self, hits: Sequence[Hit], k: int) -> dict[str, Any]:
        """Beyond the number of candidates there is nothing to be found."""
        return recalls(hits, [cutoff for cutoff in CUTOFFS if cutoff <= k])

    def _rankings(self, turns: Sequence[Retrieved], about: str) -> Iterator[list[str]]:
        """The candidates of each turn as the item expert orders them."""
        for start in tqdm(range(0, len(turns), BATCH), desc=about, unit="batch"):
            some = turns[start : start + BATCH]
            lists = self.recommender.recommend_guided(
                [turn.case.context for turn in some],
                [turn.look for turn in some],
                CUTOFFS[-1],
                [frozenset(turn.case.context.mentioned) for turn in some],
            )
            yield from ([one.item.id for one in ranking] for ranking in lists)

    def _forced(self, turns: Sequence[Retrieved], k: int) -> list[Hit]:
        """One choice for each new target that the catalog holds, with the target among the k."""
        known = self.recommender.catalog.row
        pairs = [(t, gold) for t in turns for gold in t.case.new_targets if gold in known]
        forced = [turn.with_gold(gold) for turn, gold in pairs]
        rankings = self._rankings(forced, f"choosing with the right one among {k}")
        return [
            Hit(turn.case.dialogue, rank_of(gold, ranking))
            for (turn, gold), ranking in zip(pairs, rankings, strict=True)
        ]

    def _kind_of_free(self, turn: Retrieved) -> Written:
        codes = self._written_freely(turn)
        return Written.NO_ID if codes is None else _kind(turn, self._item_of.get(codes))

    def _written_freely(self, turn: Retrieved) -> Codes | None:
        """The codes that the model writes without the trie; None if they are no ID."""
        speaker, decoder = self.recommender.speaker, self.recommender.decoder
        before = speaker.writer.shortlist(turn.look.shortlist)
        context = speaker.read([turn.case.context], [before], [turn.look.thought])
        decoder.feed(context, [decoder.control.rec, decoder.control.boi])
        return decoder.write_item(context)

    @cached_property
    def _item_of(self) -> dict[Codes, str]:
        ids = self.recommender.writer.semantic_ids
        return {codes: item_id for item_id, codes in ids.items()}


def _hits(turns: Sequence[Retrieved], rankings: Sequence[Sequence[str]]) -> list[Hit]:
    """Where the new targets stand."""
    return [
        Hit(turn.case.dialogue, rank_of(gold, ranking))
        for turn, ranking in zip(turns, rankings, strict=True)
        for gold in turn.case.new_targets
    ]


def _kind(turn: Retrieved, item_id: str | None) -> Written:
    if item_id is None:
        return Written.UNKNOWN
    return Written.CANDIDATE if item_id in turn.look.shortlist else Written.OTHER


def _shares(kinds: Sequence[Written]) -> dict[str, Any]:
    """The hallucination ratio and its interval: of what names no item, and of what no candidate."""
    counts, n = Counter(kinds), len(kinds)
    no_item = counts[Written.NO_ID] + counts[Written.UNKNOWN]
    return {
        "n": n,
        "no_item": share(no_item, n),
        "no_candidate": share(n - counts[Written.CANDIDATE], n),
        "kinds": {kind.value: counts[kind] for kind in Written},
    }
