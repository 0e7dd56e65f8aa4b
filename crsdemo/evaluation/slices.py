"""Where a recommender is good and where not, and what its lists look like.

Shapes: l lists, g dialogues, n items of the catalog.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from crsdemo.core.catalog import Catalog
from crsdemo.evaluation.protocol import Part
from crsdemo.evaluation.report import ListFigures, Sample, Slice
from crsdemo.evaluation.statistics import figures, jackknife, means

Floats = NDArray[np.float64]
TOP = 10  # items of a list that are seen


def slices(samples: Sequence[Sample], part: Part) -> Iterator[Slice]:
    """The metrics of `samples` of a part, told apart in every way; none that holds nothing."""
    for by, names in SLICES.items():
        of: dict[str, list[Sample]] = {name: [] for name in names}
        for sample in samples:
            of[_TOLD_BY[by](sample)].append(sample)
        for name, some in of.items():
            if some:
                ranks, dialogues = [s.rank_in(part) for s in some], [s.dialogue for s in some]
                yield Slice(part.name, by, name, len(some), figures(ranks, dialogues))


def _training(sample: Sample) -> str:
    if sample.popularity is None:
        return "not in the catalog"
    return "named in training" if sample.popularity else "cold"


def _named(sample: Sample) -> str:
    return "none" if not sample.n_named else "1 or 2" if sample.n_named <= 2 else "3 or more"


def _said(sample: Sample) -> str:
    return "1 or 2" if sample.turn <= 2 else "3 to 6" if sample.turn <= 6 else "7 or more"


def _position(sample: Sample) -> str:
    third = 3 * sample.turn // sample.n_turns
    return ("first third", "second third", "last third")[third]


_TOLD_BY = {
    "target": _training,
    "films named before": _named,
    "turns before": _said,
    "position in the dialogue": _position,
}
SLICES: Mapping[str, tuple[str, ...]] = {
    "target": ("named in training", "cold", "not in the catalog"),
    "films named before": ("none", "1 or 2", "3 or more"),
    "turns before": ("1 or 2", "3 to 6", "7 or more"),
    "position in the dialogue": ("first third", "second third", "last third"),
}


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
    percentile = popularity_percentiles(catalog)
    popular = [[float(percentile[rows].mean()) if rows else 0.0] for rows in tops]
    return ListFigures(
        n=len(lists),
        coverage=jackknife([coverage(one) for one in without], coverage(total)),
        gini=jackknife([gini(one) for one in without], gini(total)),
        popularity=means(np.reshape(popular, (len(lists), 1)), dialogues)[0],
    )


def popularity_percentiles(catalog: Catalog) -> Floats:
    """(n,) share of the catalog that training dialogues mention less, half of what is level."""
    ranks = stats.rankdata([item.popularity for item in catalog])
    return np.asarray((ranks - 0.5) / len(catalog), float)


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
