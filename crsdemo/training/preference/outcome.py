"""What came of tuning: frozen votes and the behaviour of the whole system, before and after.

Sharpening what comes first may thin the tail (users of MiniOneRec saw recall at 1 rise and at 50
fall), and a system that people prefer may forget what nobody voted on. So both are looked at.

Shapes: F frozen votes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
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

Figures = dict[str, float]

CUTOFFS = (1, 10, 50)
PREFERRED = "frozen votes agreed with"
GUARDED = (PREFERRED, *(f"recall@{k}" for k in CUTOFFS), "talk as expected", "wishes met")
ROUNDING = 1e-9


def preferred(frozen: Sequence[Example], found: Tensor) -> Estimate:
    """How often the preferred reply is the more probable one, per token that is learned.

    `found`: (F, sides) log-probabilities. Of single replies: how often a good one is more probable
    than a bad one, without an interval. A half is chance.
    """
    n_tokens = [[len(side.places) for side in one.sides] for one in frozen]
    each = found.numpy() / np.array(n_tokens)
    if each.shape[1] == 2:
        wins = _wins(each[:, 0], each[:, 1])
        return ratio(wins, np.ones(len(wins)), [one.vote.annotator for one in frozen])
    good = np.array([one.vote.good for one in frozen])
    if good.all() or not good.any():
        return Estimate(None)
    return Estimate(float(_wins(each[good], each[~good].T).mean()))


def moved(frozen: Sequence[Example], before: Tensor, after: Tensor) -> Estimate:
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
    figures: Figures = {}
    if dialogues is None and not checks:
        return figures
    catalog = Catalog.load(catalog_folder)
    recommender = Shelf(catalog, catalog_folder).get(str(folder))
    if dialogues is not None:
        figures |= _recall(recommender, catalog, folder, catalog_folder, dialogues, without)
    if checks:
        figures |= talk_figures(recommender, catalog, load_talks())
        met = check_wishes(recommender, catalog, MentionLinker(catalog), load_wishes())
        figures["wishes met"] = met.as_json()["fit"]
    return figures


def _recall(
    recommender: Recommender,
    catalog: Catalog,
    folder: Path,
    catalog_folder: Path,
    dialogues: Path,
    without: str,
) -> Figures:
    source, own = _unseen(catalog, catalog_folder, dialogues, without)
    files = files_of(str(folder), catalog_folder)
    report = evaluate(recommender, catalog, own, source=Source(source.name, source.left_out, files))
    metrics = report.parts[NEW.name].metrics
    return {f"recall@{k}": metrics[f"recall@{k}"].value or 0.0 for k in CUTOFFS}


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
    return {
        "talk as expected": sum(not one.faults for one in played) / max(1, len(played)),
        "words per reply": float(np.mean([len(words(_said(reply))) for reply in replies])),
        "distinct pairs of words": distinct([_said(reply) for reply in replies], 2)[0],
        "distinct films": len(set(films)) / max(1, len(films)),
    }


def _said(reply: Reply) -> str:
    """The words without the titles, which are no words of the model."""
    return "".join(piece for piece in reply.pieces if isinstance(piece, str))


def losses(before: Figures, after: Figures, margin: float) -> Iterator[str]:
    """What fell by more than the share `margin` of what it was, in words."""
    for name in GUARDED:
        if name in before and after[name] < (1 - margin) * before[name] - ROUNDING:
            yield f"{name} fell from {100 * before[name]:.1f} to {100 * after[name]:.1f}"


def told(before: Figures, after: Figures, ends: dict[str, Estimate]) -> str:
    """A table of all figures; `ends`: intervals of some, before and after by "before NAME"."""
    rows = [
        (name, _cell(name, before[name], ends.get(f"before {name}")),
         _cell(name, after[name], ends.get(f"after {name}")))
        for name in before
    ]  # fmt: skip
    return table(("", "before", "after"), rows)


def _cell(name: str, value: float, estimate: Estimate | None) -> str:
    if name == "words per reply":
        return f"{value:.1f}"
    return with_ends(value, (estimate.low, estimate.high) if estimate else (None, None))
