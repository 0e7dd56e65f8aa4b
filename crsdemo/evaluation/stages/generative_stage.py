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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from tqdm import tqdm

from crsdemo.core.errors import BadInputError
from crsdemo.evaluation.evaluate import chosen_modes
from crsdemo.evaluation.protocol import Case, cases
from crsdemo.evaluation.stages.tables import MISSED, ORACLE_WIDTH
from crsdemo.evaluation.statistics import Hit, ends, mean, recalls
from crsdemo.language.corpus import CorpusDialogue
from crsdemo.model.beam import Choice, Ranking
from crsdemo.recommenders.gcrs import Gcrs
from crsdemo.studies.statistics.shares import rank_of, share_of

CUTOFFS = (1, 10, 50)
WIDTHS = (10, 50, 200)  # of the beam; 50 is the paper's (GCRS, App. D)


@dataclass(frozen=True)
class Way:
    """How the model goes for one target."""

    dialogue: int
    choices: tuple[Choice, ...]  # per level, after the right codes before
    n_greedy: int  # codes right on the greedy way before the first wrong one
    ranks: dict[int, int | None]  # by width of the beam; None if it was lost
    lost_at: dict[int, int | None]  # the first level, from 1, at which its prefix was not kept
    oracle: tuple[int | None, ...]  # rank with the first 0, 1, .. L - 1 codes forced
    is_rec: bool  # whether the model would recommend at all


def evaluate_generative(recommender: Gcrs, dialogues: Sequence[CorpusDialogue]) -> dict[str, Any]:
    """The figures of this module, ready for JSON; shows progress on stderr.

    The ID is written with the prior, if the recommender has one. `mode` is the choice of the mode
    over all recommender turns. Intervals are of dialogues drawn anew; those of the shares of missed
    targets are Wilson's. Raises BadInputError if no turn recommends something new that the catalog
    holds.
    """
    turns, known = cases(dialogues), recommender.catalog.row
    n_known = [sum(item in known for item in turn.new_targets) for turn in turns]
    if not any(n_known):
        raise BadInputError(
            f"none of the {len(dialogues)} dialogues newly recommends an item of the catalog"
        )
    is_rec = [mode["REC"] > mode["CHAT"] for mode in chosen_modes(recommender, turns)]
    right = [said == bool(turn.targets) for said, turn in zip(is_rec, turns, strict=True)]
    wanted = [(turn, rec) for turn, rec, n in zip(turns, is_rec, n_known, strict=True) if n]
    return {
        "recommender": recommender.name,
        "dialogues": len(dialogues),
        "turns": len(wanted),
        "targets": sum(n_known),
        "outside": sum(len(turn.new_targets) for turn in turns) - sum(n_known),
        "mode": _share(right, turns),
        **_figures(list(_ways(recommender, wanted))),
    }


def _ways(recommender: Gcrs, wanted: Sequence[tuple[Case, bool]]) -> Iterator[Way]:
    """The ways to the targets of turns; of each turn whether the model would recommend."""
    for turn, is_rec in tqdm(wanted, desc=f"{recommender.name} writes items", unit="turn"):
        place = _Place(recommender, turn)
        for target in turn.new_targets:
            if target in recommender.catalog.row:
                yield place.way(target, turn.dialogue, is_rec)


class _Place:
    """Where one turn's item is written."""

    def __init__(self, recommender: Gcrs, turn: Case) -> None:
        named = frozenset(turn.context.mentioned)
        self.decoder, self.trie = recommender.decoder, recommender.decoder.trie
        self.before = recommender.before_item([turn.context], [named])
        (self.hidden,) = self.before.hidden

    def way(self, target: str, dialogue: int, is_rec: bool) -> Way:
        codes, others = self.trie.codes(target), self.hidden - {target}
        beams = {width: self._beam(width, others) for width in WIDTHS}
        context = self.before.context
        copied = replace(context, cache=copy.deepcopy(context.cache))
        return Way(
            dialogue,
            self.decoder.follow(copied, target, self.hidden, self.before.log_prior),
            _n_same(codes, self.trie.codes(self._beam(1, others).item_ids[0])),
            {width: rank_of(target, beam.item_ids) for width, beam in beams.items()},
            {width: _lost_at(codes, beam) for width, beam in beams.items()},
            tuple(self._rank_with_forced(target, n) for n in range(self.trie.n_levels)),
            is_rec,
        )

    def _rank_with_forced(self, target: str, n_codes: int) -> int | None:
        """The rank of the target among the items that share its first codes."""
        inside = self.trie.items(self.trie.codes(target)[:n_codes])
        outside = frozenset(self.trie.item_ids) - set(inside)
        hidden = outside | (self.hidden - {target})
        return rank_of(target, self._beam(ORACLE_WIDTH, hidden).item_ids)

    def _beam(self, width: int, hidden: frozenset[str]) -> Ranking:
        (ranking,) = self.decoder.beam(self.before.context, width, [hidden], self.before.log_prior)
        return ranking


def _n_same(codes: Sequence[int], others: Sequence[int]) -> int:
    """How many codes are the same before the first that is not."""
    is_same = [one == other for one, other in zip(codes, others, strict=True)]
    return (*is_same, False).index(False)


def _lost_at(codes: tuple[int, ...], beam: Ranking) -> int | None:
    levels = range(1, len(codes) + 1)
    return next((level for level in levels if codes[:level] not in beam.tree), None)


def _figures(ways: Sequence[Way]) -> dict[str, Any]:
    levels = range(len(ways[0].choices))
    widest = WIDTHS[-1]
    would = [Hit(way.dialogue, way.ranks[widest] if way.is_rec else None) for way in ways]
    return {
        "levels": [_level(ways, level) for level in levels],
        "beams": {str(width): _beam(ways, width) for width in WIDTHS},
        "first_codes_forced": [
            recalls([Hit(way.dialogue, way.oracle[n]) for way in ways], CUTOFFS) for n in levels
        ],
        "mode_not_forced": recalls(would, CUTOFFS),
    }


def _level(ways: Sequence[Way], level: int) -> dict[str, Any]:
    """Of one level, from 0: its accuracy after the right codes, and on the greedy way.

    `recall_where_right`: recall of the widest beam where the greedy way was right up to here.
    """
    choices = [way.choices[level] for way in ways]
    best = [next(iter(choice.probability)) == choice.code for choice in choices]
    reached = [way for way in ways if way.n_greedy >= level]
    hits = [Hit(way.dialogue, way.ranks[WIDTHS[-1]]) for way in ways if way.n_greedy > level]
    means: dict[str, list[float]] = {
        "probability": [choice.probability.get(choice.code, 0) for choice in choices],
        "choices": [len(choice.probability) for choice in choices],
        "allowed_mass": [choice.allowed_mass for choice in choices],
    }
    return {
        "after_right_codes": _share(best, ways),
        **{name: round(float(np.mean(values)), 5) for name, values in means.items()},
        "greedy_after_right_greedy": _share([way.n_greedy > level for way in reached], reached),
        "greedy_up_to_here": _share([way.n_greedy > level for way in ways], ways),
        "recall_where_right": recalls(hits, CUTOFFS),
    }


def _share(flags: Sequence[bool], of: Sequence[Way] | Sequence[Case]) -> dict[str, Any]:
    """With its interval from resampling dialogues."""
    return share_of(flags) | {"ci95": ends(mean(flags, [one.dialogue for one in of]))}


def _beam(ways: Sequence[Way], width: int) -> dict[str, Any]:
    """Recall, and of the targets that are not among the first `MISSED` where they were lost."""
    hits = [Hit(way.dialogue, way.ranks[width]) for way in ways]
    pairs = zip(ways, hits, strict=True)
    missed = [way.lost_at[width] for way, hit in pairs if not hit.within(MISSED)]
    levels = range(1, len(ways[0].choices) + 1)
    lost = {str(level): share_of([one == level for one in missed]) for level in levels}
    return recalls(hits, [k for k in CUTOFFS if k <= width]) | {
        "missed_first_lost_at": lost,
        "missed_but_kept": share_of([one is None for one in missed]),
    }
