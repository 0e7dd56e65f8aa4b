"""What came of tuning: frozen votes and the behaviour of the whole system, before and after.

Sharpening what comes first may thin the tail (users of MiniOneRec saw recall at 1 rise and at 50
fall), and a system that people prefer may forget what nobody voted on. So both are looked at.
Before and after are of the same votes, dialogues, talks and wishes: what changed is judged pair by
pair, so that the chance of a small sample decides nothing.

Shapes: F frozen votes, n samples of a figure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from crsdemo.core.catalog import Catalog
from crsdemo.core.recommender import Recommender, Reply
from crsdemo.evaluation.checks.check_talk import Talk, film_of, load_talks, play
from crsdemo.evaluation.checks.check_wishes import check as check_wishes
from crsdemo.evaluation.checks.check_wishes import load_wishes
from crsdemo.evaluation.evaluate import Source, evaluate, files_of, load_unseen
from crsdemo.evaluation.protocol import NEW
from crsdemo.evaluation.text_metrics import distinct, words
from crsdemo.language.corpus import CorpusDialogue, load_aliases, load_all
from crsdemo.language.mentions import MentionLinker
from crsdemo.recommenders.loading import Shelf
from crsdemo.studies.statistics.bootstrap import Estimate, ratio
from crsdemo.studies.statistics.shares import table, with_ends
from crsdemo.training.preference.examples import Example

CUTOFFS = (1, 10, 50)
PREFERRED = "frozen votes agreed with"
ROUNDING = 1e-9


@dataclass(frozen=True)
class Share:
    """A figure from 0 to 1: the mean of one value of each of n samples."""

    values: NDArray[np.float64]  # (n,)
    clusters: tuple[str, ...]  # of each: votes of one person, films of one dialogue are alike

    @property
    def estimate(self) -> Estimate:
        """With its interval, over clusters drawn anew; not known of nothing."""
        found = ratio(self.values, np.ones(len(self.values)), self.clusters)
        return Estimate(*(None if end is None else min(1.0, max(0.0, end)) for end in found.ends))

    def above(self, other: Share, part: float = 1.0) -> Estimate:
        """How much larger it is than `part` of another one of the same samples, paired."""
        return ratio(self.values - part * other.values, np.ones(len(self.values)), self.clusters)


Shares = Mapping[str, Share]


@dataclass(frozen=True)
class Figures:
    """What a checkpoint does: shares that must not fall, and what is only told."""

    shares: dict[str, Share] = field(default_factory=dict)
    told: dict[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, float | None]:
        return {name: one.estimate.value for name, one in self.shares.items()} | self.told


def preferred(frozen: Sequence[Example], found: Tensor) -> Share:
    """How often the preferred reply is the more probable one, per token that is learned.

    `found`: (F, sides) log-probabilities. Of single replies: how often a good one is more probable
    than a bad one; of nothing if there is but one kind. A half is chance.
    """
    n_tokens = [[len(side.places) for side in one.sides] for one in frozen]
    each = found.numpy() / np.array(n_tokens)
    people = tuple(one.vote.annotator for one in frozen)
    if each.shape[1] == 2:
        return Share(_wins(each[:, 0], each[:, 1]), people)
    good = np.array([one.vote.good for one in frozen])
    if good.all() or not good.any():
        return Share(np.zeros(0), ())
    return Share(_placements(each[:, 0], good), people)


def _placements(found: NDArray[np.float64], good: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(F,) what each reply adds to the share of (good, bad) pairs whose good one is ahead.

    Their mean is that share, the area under the ROC curve, and their spread is that of its
    influence function, for intervals over people (DeLong et al. 1988; Obuchowski 1997).
    """
    wins = _wins(found[good][:, None], found[~good][None])  # (good, bad)
    area, values = wins.mean(), np.zeros(len(found))
    values[good] = area + len(found) / good.sum() * (wins.mean(1) - area)
    values[~good] = area + len(found) / (~good).sum() * (wins.mean(0) - area)
    return values


def moved(frozen: Sequence[Example], before: Tensor, after: Tensor) -> Share:
    """How often tuning moved the preferred reply up against the other one; a half is chance."""
    return preferred(frozen, after - before)


def _wins(first: Any, second: Any) -> Any:
    """1 where the first is larger, a half of what is equal."""
    return (first > second + ROUNDING) + 0.5 * (abs(first - second) <= ROUNDING)


def check_inputs(
    catalog: Catalog, folder: Path, dialogues: Path | None, without: str, checks: bool
) -> None:
    """Whether `behaviour` will find what it needs; raises what it would raise, hours before."""
    if dialogues is not None:
        _unseen(catalog, folder, dialogues, without)
    if checks:
        for wish in load_wishes():
            wish.expect.example(catalog)


def behaviour(
    folder: Path,
    catalog_folder: Path,
    dialogues: Path | None,
    without: str,
    checks: bool,
) -> Figures:
    """Of the checkpoint in `folder`: recall on `dialogues`, and talk and wishes if `checks`.

    Raises BadInputError for dialogues that cannot be used, CatalogError for a catalog for which
    the wishes were not written.
    """
    if dialogues is None and not checks:
        return Figures()
    catalog = Catalog.load(catalog_folder)
    recommender = Shelf(catalog, catalog_folder).get(str(folder.resolve()))
    figures = talk_figures(recommender, catalog, load_talks()) if checks else Figures()
    if dialogues is not None:
        recall = _recall(recommender, catalog, folder, catalog_folder, dialogues, without)
        figures.shares.update(recall)
    if checks:
        met = check_wishes(recommender, catalog, MentionLinker(catalog), load_wishes())
        figures.shares["wishes met"] = _each([one.fit for one in met.outcomes])
    return figures


def _recall(
    recommender: Recommender,
    catalog: Catalog,
    folder: Path,
    catalog_folder: Path,
    dialogues: Path,
    without: str,
) -> Shares:
    source, own = _unseen(catalog, catalog_folder, dialogues, without)
    files = files_of(str(folder.resolve()), catalog_folder)
    report = evaluate(recommender, catalog, own, source=Source(source.name, source.left_out, files))
    samples = report.samples_of(NEW)
    ranks = [sample.rank_in(NEW) for sample in samples]
    names = tuple(sample.dialogue for sample in samples)
    return {
        f"recall@{k}": Share(np.array([r is not None and r <= k for r in ranks], float), names)
        for k in CUTOFFS
    }


def _each(values: Sequence[float]) -> Share:
    """Of samples that have nothing to do with each other."""
    return Share(np.array(values, float), tuple(map(str, range(len(values)))))


def _unseen(
    catalog: Catalog, folder: Path, dialogues: Path, without: str
) -> tuple[Source, list[CorpusDialogue]]:
    aliases = load_aliases(folder)
    training = load_all(without, catalog, aliases) if without else None
    return load_unseen(dialogues, training, catalog, aliases)


def talk_figures(recommender: Recommender, catalog: Catalog, talks: Sequence[Talk]) -> Figures:
    """Whether what is said is answered, and how long and how various the replies are."""
    linker = MentionLinker(catalog)
    played = [play(recommender, linker, talk) for talk in tqdm(talks, unit="talk")]
    replies = [reply for one in played for reply in one.replies]
    films = [film.id for reply in replies if (film := film_of(reply))]
    told = {
        "words per reply": float(np.mean([len(words(_said(reply))) for reply in replies])),
        "distinct pairs of words": distinct([_said(reply) for reply in replies], 2)[0],
        "distinct films": len(set(films)) / max(1, len(films)),
    }
    return Figures({"talk as expected": _each([not one.faults for one in played])}, told)


def _said(reply: Reply) -> str:
    """The words without the titles, which are no words of the model."""
    return "".join(piece for piece in reply.pieces if isinstance(piece, str))


def losses(before: Shares, after: Shares, margin: float) -> Iterator[str]:
    """What surely fell by more than the part `margin` of what it was, in words.

    Surely: the whole interval of the paired change lies beyond the margin.
    """
    for name, was in before.items():
        left = after[name].above(was, 1 - margin)
        if left.high is not None and left.high < -ROUNDING:
            yield f"{name} fell from {percent(was.estimate)} to {percent(after[name].estimate)}"


def told(before: Figures, after: Figures) -> str:
    """A table of all figures, with intervals and with what changed."""
    rows = [
        (name, percent(was.estimate), percent(now.estimate), percent(now.above(was), "+"))
        for name, was in before.shares.items()
        for now in (after.shares[name],)
    ]
    rows += [
        (name, _plain(name, was), _plain(name, after.told[name]), "")
        for name, was in before.told.items()
    ]
    return table(("", "before", "after", "change"), rows)


def _plain(name: str, value: float) -> str:
    return f"{value:.1f}" if name == "words per reply" else f"{100 * value:.1f}"


def percent(one: Estimate, sign: str = "") -> str:
    if one.value is None:
        return "not known"
    return with_ends(one.value, (one.low, one.high), sign)
