"""Where a recommender is good and where not, and what its lists look like.

Shapes: l lists, g dialogues, n items of the catalog.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from scipy import stats

from crsdemo.core.catalog import Catalog
from crsdemo.evaluation.protocol import Part
from crsdemo.evaluation.report import ListFigures, Sample, Slice
from crsdemo.evaluation.statistics import figures, jackknife, means
from crsdemo.studies.statistics.bootstrap import Floats

TOP = 10  # items of a list that are seen


# What samples are told apart by -> the names of the slices, and which of them a sample is in
SLICES: Mapping[str, tuple[tuple[str, ...], Callable[[Sample], int]]] = {
    "target": (
        ("named in training", "cold", "not in the catalog"),
        lambda s: 2 if s.popularity is None else int(s.popularity == 0),
    ),
    "films named before": (
        ("none", "1 or 2", "3 or more"),
        lambda s: bisect_left((0, 2), s.n_named),
    ),
    "turns before": (
        ("1 or 2", "3 to 6", "7 or more"),
        lambda s: bisect_left((2, 6), s.turn),
    ),
    "position in the dialogue": (
        ("first third", "second third", "last third"),
        lambda s: 3 * s.turn // s.n_turns,
    ),
}


def slices(samples: Sequence[Sample], part: Part) -> Iterator[Slice]:
    """The metrics of `samples` of a part, told apart in every way; none that holds nothing."""
    for by, (names, place) in SLICES.items():
        for number, name in enumerate(names):
            some = [sample for sample in samples if place(sample) == number]
            if some:
                ranks, dialogues = [s.rank_in(part) for s in some], [s.dialogue for s in some]
                yield Slice(part.name, by, name, len(some), figures(ranks, dialogues))


def list_figures(
    lists: Sequence[Sequence[str]], dialogues: Sequence[str], catalog: Catalog
) -> ListFigures:
    """Of the first ten of each list (l); `dialogues` (l,) says where each was made."""
    tops = [[catalog.row[item] for item in one[:TOP]] for one in lists]
    names, dialogue = np.unique(list(dialogues), return_inverse=True)
    shown = np.zeros((len(names), len(catalog)))  # how often, in each dialogue
    for number, rows in zip(dialogue, tops, strict=True):
        shown[number, rows] += 1
    total = shown.sum(0)
    without = [total - one for one in shown]
    # The share of the catalog that training dialogues mention less, half of what is level
    percentile = (stats.rankdata([item.popularity for item in catalog]) - 0.5) / len(catalog)
    popular = [[float(percentile[rows].mean()) if rows else 0.0] for rows in tops]
    return ListFigures(
        n=len(lists),
        coverage=jackknife([coverage(one) for one in without], coverage(total)),
        gini=jackknife([gini(one) for one in without], gini(total)),
        popularity=means(np.reshape(popular, (len(lists), 1)), dialogues)[0],
    )


def coverage(shown: Floats) -> float:
    """The share of items that are shown at all; `shown`: (n,) how often each is."""
    return float((shown > 0).mean())


def gini(shown: Floats) -> float:
    """Gini index of how often items are shown (n,): 0 if all alike, nearly 1 if always one."""
    n, total = len(shown), shown.sum()
    if not total:
        return 0.0
    order = np.arange(1, n + 1)
    return float(((2 * order - n - 1) * np.sort(shown)).sum() / (n * total))
