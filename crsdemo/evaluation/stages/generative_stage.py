"""How GCRS writes an item, code by code, and where it loses the right one.

Every item that a turn of the dataset newly recommends is a target, with what was named before
hidden; targets outside the catalog are left out and counted. A semantic ID has L codes. Per level:
how often the right code is the most probable one after the right codes before it (teacher forced),
and on the greedy way; and how much of its probability the model gives to codes of the catalog where
no trie holds it to them. Then what a beam loses at which level, what recall would be if the first
codes were right, and what a wrong mode costs.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from tqdm import tqdm

from crsdemo.core.errors import BadInputError
from crsdemo.evaluation.evaluate import chosen_modes
from crsdemo.evaluation.protocol import Case, cases
from crsdemo.evaluation.stages.tables import MISSED, ORACLE_WIDTH
from crsdemo.evaluation.statistics import Hit, ends, means, recalls
from crsdemo.language.corpus import CorpusDialogue
from crsdemo.model.beam import Choice, Ranking
from crsdemo.recommenders.gcrs import BeforeItem, Gcrs
from crsdemo.studies.statistics.metrics import rank_of
from crsdemo.studies.statistics.shares import share_of

CUTOFFS = (1, 10, 50)
WIDTHS = (10, 50, 200)  # of the beam; 50 is the paper's (GCRS, App. D)


@dataclass(frozen=True)
class Found:
    """What became of a target in one beam."""

    rank: int | None  # from 1; None if it was lost
    lost_at: int | None  # the first level, from 1, at which its prefix was not kept


@dataclass(frozen=True)
class Way:
    """How the model goes for one target."""

    dialogue: int
    choices: tuple[Choice, ...]  # per level, after the right codes before
    n_greedy: int  # codes right on the greedy way before the first wrong one
    beams: dict[int, Found]  # by width
    oracle: tuple[int | None, ...]  # rank with the first 0, 1, .. L - 1 codes forced
    is_rec: bool  # whether the model would recommend at all


def evaluate_generative(recommender: Gcrs, dialogues: Sequence[CorpusDialogue]) -> dict[str, Any]:
    """The figures of this module, ready for JSON; shows progress on stderr.

    The ID is written with the prior, if the recommender has one. `mode` is the choice of the mode
    over all recommender turns. Intervals are of dialogues drawn anew; those of the shares of missed
    targets are Wilson's. Raises BadInputError if no turn recommends something new that the catalog
    holds.
    """
    turns = cases(dialogues)
    wanted = [(turn, targets) for turn in turns if (targets := _known(turn, recommender))]
    if not wanted:
        raise BadInputError(
            f"none of the {len(dialogues)} dialogues newly recommends an item of the catalog"
        )
    n_targets = sum(len(targets) for _, targets in wanted)
    is_rec = [mode["REC"] > mode["CHAT"] for mode in chosen_modes(recommender, turns)]
    right = [said == bool(turn.targets) for said, turn in zip(is_rec, turns, strict=True)]
    would = dict(zip(turns, is_rec, strict=True))
    return {
        "recommender": recommender.name,
        "dialogues": len(dialogues),
        "turns": len(wanted),
        "targets": n_targets,
        "outside": sum(len(turn.new_targets) for turn in turns) - n_targets,
        "mode": share_of(right) | {"ci95": _interval(right, [turn.dialogue for turn in turns])},
        **_figures(list(_ways(recommender, wanted, would))),
    }


Wanted = tuple[Case, tuple[str, ...]]


def _known(turn: Case, recommender: Gcrs) -> tuple[str, ...]:
    """The targets of a turn: those that the catalog holds."""
    return tuple(item for item in turn.new_targets if item in recommender.catalog.row)


# the ways to the targets


class _Place:
    """Where one turn's item is written."""

    def __init__(self, recommender: Gcrs, turn: Case) -> None:
        named = frozenset(turn.context.mentioned)
        self.decoder, self.trie = recommender.decoder, recommender.decoder.trie
        self.before: BeforeItem = recommender.before_item([turn.context], [named])
        (self.hidden,) = self.before.hidden

    def choices(self, target: str) -> tuple[Choice, ...]:
        """Per level, after the right codes."""
        context = self.before.context
        copied = replace(context, cache=copy.deepcopy(context.cache))
        return self.decoder.follow(copied, target, self.hidden, self.before.log_prior)

    def found(self, target: str, width: int) -> Found:
        (ranking,) = self._beam(width, self.hidden - {target})
        codes = self.trie.codes(target)
        kept = (codes[:depth] in ranking.tree for depth in range(1, len(codes) + 1))
        lost_at = next((level for level, is_kept in enumerate(kept, 1) if not is_kept), None)
        return Found(rank_of(target, ranking.item_ids), lost_at)

    def n_greedy(self, target: str) -> int:
        """How many codes the greedy way has right before its first wrong one."""
        (ranking,) = self._beam(1, self.hidden - {target})
        pair = (self.trie.codes(item) for item in (ranking.item_ids[0], target))
        is_same = [one == other for one, other in zip(*pair, strict=True)]
        return (*is_same, False).index(False)

    def with_forced(self, target: str, n_codes: int) -> int | None:
        """The rank of the target among the items that share its first codes."""
        inside = self.trie.items(self.trie.codes(target)[:n_codes])
        outside = frozenset(self.trie.item_ids) - set(inside)
        (ranking,) = self._beam(ORACLE_WIDTH, outside | (self.hidden - {target}))
        return rank_of(target, ranking.item_ids)

    def _beam(self, width: int, hidden: frozenset[str]) -> list[Ranking]:
        return self.decoder.beam(self.before.context, width, [hidden], self.before.log_prior)


def _ways(recommender: Gcrs, wanted: Sequence[Wanted], would: Mapping[Case, bool]) -> Iterator[Way]:
    for turn, targets in tqdm(wanted, desc=f"{recommender.name} writes items", unit="turn"):
        place = _Place(recommender, turn)
        for target in targets:
            yield Way(
                turn.dialogue,
                place.choices(target),
                place.n_greedy(target),
                {width: place.found(target, width) for width in WIDTHS},
                tuple(place.with_forced(target, n) for n in range(place.trie.n_levels)),
                would[turn],
            )


def _figures(ways: Sequence[Way]) -> dict[str, Any]:
    levels = range(len(ways[0].choices))
    return {
        "levels": [_level(ways, level) for level in levels],
        "beams": {str(width): _beam(ways, width) for width in WIDTHS},
        "first_codes_forced": [
            recalls([Hit(w.dialogue, w.oracle[n]) for w in ways], CUTOFFS) for n in levels
        ],
        "mode_not_forced": recalls(
            [Hit(w.dialogue, w.beams[WIDTHS[-1]].rank if w.is_rec else None) for w in ways],
            CUTOFFS,
        ),
    }


def _level(ways: Sequence[Way], level: int) -> dict[str, Any]:
    """Of one level, from 0: its accuracy after the right codes, and on the greedy way.

    `recall_where_right`: recall of the widest beam where the greedy way was right up to here.
    """
    choices = [way.choices[level] for way in ways]
    best = [next(iter(choice.probability)) == choice.code for choice in choices]
    reached = [way for way in ways if way.n_greedy >= level]
    right = [way for way in ways if way.n_greedy > level]
    return {
        "after_right_codes": _share(best, ways),
        "probability": _mean([choice.probability.get(choice.code, 0) for choice in choices]),
        "choices": _mean([len(choice.probability) for choice in choices]),
        "allowed_mass": _mean([choice.allowed_mass for choice in choices]),
        "greedy_after_right_greedy": _share([way.n_greedy > level for way in reached], reached),
        "greedy_up_to_here": _share([way.n_greedy > level for way in ways], ways),
        "recall_where_right": recalls(
            [Hit(w.dialogue, w.beams[WIDTHS[-1]].rank) for w in right], CUTOFFS
        ),
    }


def _mean(values: Sequence[float]) -> float:
    return round(float(np.mean(values)), 5)


def _share(flags: Sequence[bool], ways: Sequence[Way]) -> dict[str, Any]:
    """With its interval from resampling dialogues."""
    return share_of(flags) | {"ci95": _interval(flags, [way.dialogue for way in ways])}


def _interval(flags: Sequence[bool], dialogues: Sequence[int]) -> tuple[float | None, float | None]:
    (found,) = means(np.array(flags, float)[:, None], [str(number) for number in dialogues])
    return ends(found)


def _beam(ways: Sequence[Way], width: int) -> dict[str, Any]:
    """Recall, and of the targets that are not among the first `MISSED` where they were lost."""
    found = [way.beams[width] for way in ways]
    cutoffs = [k for k in CUTOFFS if k <= width]
    hits = [Hit(w.dialogue, w.beams[width].rank) for w in ways]
    missed = [one for one in found if one.rank is None or one.rank > MISSED]
    levels = range(1, len(ways[0].choices) + 1)
    lost = {str(level): share_of([one.lost_at == level for one in missed]) for level in levels}
    return recalls(hits, cutoffs) | {
        "missed_first_lost_at": lost,
        "missed_but_kept": share_of([one.lost_at is None for one in missed]),
    }
