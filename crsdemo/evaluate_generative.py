"""How a generative recommender writes an item, code by code, and where it loses the right one.

Every item that a turn of the dataset newly recommends is a target, with what was named before
hidden; targets outside the catalog are left out and counted. A semantic ID has L codes. Per level:
how often the right code is the most probable one after the right codes before it (teacher forced),
and on the greedy way. Then what a beam loses at which level, what recall would be if the first
codes were right, what the trie and the prior add, and what a wrong mode costs.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from tqdm import tqdm

from crsdemo.corpus import CorpusDialogue
from crsdemo.decoding import Choice, Context, Decoder, Prior
from crsdemo.errors import BadInputError
from crsdemo.evaluate import chosen_modes
from crsdemo.evaluate_statistics import Hit, ends, means, recalls
from crsdemo.free_beam import Codes, free_beam
from crsdemo.generative import Generative
from crsdemo.metrics import rank_of
from crsdemo.protocol import Case, cases
from crsdemo.shares import share_of

CUTOFFS = (1, 10, 50)
WIDTHS = (10, 50, 200)  # of the beam; 50 is the paper's (GCRS, App. D)
ORACLE_WIDTH = 50
MISSED = 10  # a target that is not among the first so many is asked where it was lost


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
    is_asked: bool  # whether `<BOI>` had to be put in (`reply_first.py`)


def evaluate_generative(
    recommender: Generative, dialogues: Sequence[CorpusDialogue]
) -> dict[str, Any]:
    """The figures of this module, ready for JSON; shows progress on stderr.

    `with_prior` (where there is one) and `without_prior` hold the figures of each, `mode` the
    choice of the mode at 0.5 over all recommender turns. Without the trie: `any_token`, which is
    near 0 by construction where training normalised over the allowed codes alone, and `any_code`,
    among the codes of the level. Their shares of items, and those of missed targets, have Wilson's
    interval, all other figures that of dialogues drawn anew. Raises BadInputError if the model
    chooses among candidates or if no turn recommends something new that the catalog holds.
    """
    if recommender.guide is not None and recommender.guide.is_read:
        raise BadInputError(
            f"--stage generative needs a model that writes any item, and {recommender.name} "
            "chooses among candidates; use --stage item for it"
        )
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
    alone = recommender.without_guide()
    report: dict[str, Any] = {
        "recommender": recommender.name,
        "factorisation": recommender.writer.factorisation.value,
        "dialogues": len(dialogues),
        "turns": len(wanted),
        "targets": n_targets,
        "outside": sum(len(turn.new_targets) for turn in turns) - n_targets,
        "mode": share_of(right) | {"ci95": _interval(right, [turn.dialogue for turn in turns])},
    }
    if recommender.guide is not None:
        ways = list(_ways(recommender, wanted, would, "with the prior"))
        report["with_prior"] = _figures(ways)
    ways = list(_ways(alone, wanted, would, "without the prior"))
    return report | {
        "without_prior": _figures(ways),
        "any_token": _free_figures(alone, wanted, codes_only=False),
        "any_code": _free_figures(alone, wanted, codes_only=True),
    }


Wanted = tuple[Case, tuple[str, ...]]


def _known(turn: Case, recommender: Generative) -> tuple[str, ...]:
    """The targets of a turn: those that the catalog holds."""
    return tuple(item for item in turn.new_targets if item in recommender.catalog.row)


# the ways to the targets


@dataclass(frozen=True)
class _Place:
    """Where one turn's item is written."""

    decoder: Decoder
    context: Context  # one prompt
    hidden: frozenset[str]
    prior: Prior | None
    is_asked: bool  # see `Way`

    @classmethod
    def of(cls, recommender: Generative, turn: Case) -> _Place:
        named = frozenset(turn.context.mentioned)
        looks = recommender.look_all([turn.context], [named])
        before = recommender.before_item([turn.context], looks, [named])
        return cls(
            recommender.decoder, before.context, before.hidden[0], before.prior, before.is_asked
        )

    def copied(self) -> Context:
        """To read on from, again and again."""
        return replace(self.context, cache=copy.deepcopy(self.context.cache))

    def found(self, target: str, width: int) -> Found:
        (ranking,) = self.decoder.beam(self.context, width, [self.hidden - {target}], self.prior)
        codes = self.decoder.trie.codes(target)
        kept = (codes[:depth] in ranking.tree for depth in range(1, len(codes) + 1))
        lost_at = next((level for level, is_kept in enumerate(kept, 1) if not is_kept), None)
        return Found(rank_of(target, ranking.item_ids), lost_at)

    def n_greedy(self, target: str) -> int:
        """How many codes the greedy way has right before its first wrong one."""
        (ranking,) = self.decoder.beam(self.context, 1, [self.hidden - {target}], self.prior)
        pair = (self.decoder.trie.codes(item) for item in (ranking.item_ids[0], target))
        is_same = [one == other for one, other in zip(*pair, strict=True)]
        return (*is_same, False).index(False)

    def with_forced(self, target: str, n_codes: int) -> int | None:
        """The rank of the target among the items that share its first codes."""
        trie = self.decoder.trie
        inside = trie.items(trie.codes(target)[:n_codes])
        hidden = (frozenset(trie.item_ids) - set(inside)) | (self.hidden - {target})
        (ranking,) = self.decoder.beam(self.context, ORACLE_WIDTH, [hidden], self.prior)
        return rank_of(target, ranking.item_ids)


def _ways(
    recommender: Generative, wanted: Sequence[Wanted], would: Mapping[Case, bool], how: str
) -> Iterator[Way]:
    for turn, targets in tqdm(wanted, desc=f"writing items {how}", unit="turn"):
        place = _Place.of(recommender, turn)
        for target in targets:
            yield Way(
                turn.dialogue,
                place.decoder.follow(place.copied(), target, place.hidden, place.prior),
                place.n_greedy(target),
                {width: place.found(target, width) for width in WIDTHS},
                tuple(place.with_forced(target, n) for n in range(place.decoder.trie.n_levels)),
                would[turn],
                place.is_asked,
            )


def _figures(ways: Sequence[Way]) -> dict[str, Any]:
    levels = range(len(ways[0].choices))
    return {
        "item_asked_for": _share([way.is_asked for way in ways], ways),
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
        "probability": round(float(np.mean([c.probability.get(c.code, 0) for c in choices])), 5),
        "choices": round(float(np.mean([len(choice.probability) for choice in choices])), 2),
        "greedy_after_right_greedy": _share([way.n_greedy > level for way in reached], reached),
        "greedy_up_to_here": _share([way.n_greedy > level for way in ways], ways),
        "recall_where_right": recalls(
            [Hit(w.dialogue, w.beams[WIDTHS[-1]].rank) for w in right], CUTOFFS
        ),
    }


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


# without the trie


def _free_figures(
    recommender: Generative, wanted: Sequence[Wanted], codes_only: bool
) -> dict[str, Any]:
    """Of the model alone, for the prior lives on the trie; a beam of `ORACLE_WIDTH`.

    `recall` as it was written, what is no item or was named before keeping its place;
    `recall_of_items` with those struck. One greedy way and one beam per turn.
    """
    decoder = recommender.decoder
    greedy: list[bool] = []
    beam: list[bool] = []
    hits: dict[str, list[Hit]] = {"greedy": [], "beam": [], "items": []}
    about = "any code" if codes_only else "any token"
    for turn, targets in tqdm(wanted, desc=f"writing items by {about}", unit="turn"):
        place = _Place.of(recommender, turn)
        first, best = (
            [_item(decoder, codes) for codes in free_beam(decoder, copy, width, codes_only)]
            for copy, width in ((place.copied(), 1), (place.copied(), ORACLE_WIDTH))
        )
        greedy.append(first[0] is not None)
        beam += [item is not None for item in best]
        items = [item for item in best if item is not None and item not in place.hidden]
        for name, ranking in (("greedy", first), ("beam", best), ("items", items)):
            hits[name] += [Hit(turn.dialogue, rank_of(item, ranking)) for item in targets]
    return {
        "greedy_is_an_item": share_of(greedy),
        "beam_is_an_item": share_of(beam),
        "greedy": recalls(hits["greedy"], (1,)),
        "recall": recalls(hits["beam"], CUTOFFS),
        "recall_of_items": recalls(hits["items"], CUTOFFS),
    }


def _item(decoder: Decoder, codes: Codes | None) -> str | None:
    """The item of an ID, if one has it."""
    node = None if codes is None else decoder.trie.node(codes)
    return None if node is None else decoder.trie.item_ids[node]
