"""What the ranker answers at every training turn, kept for the language model to learn from.

python -m crsdemo distil --dialogues train_data.jsonl,train.tsv --likes ratings.csv

A turn names one film or two; the ranker says of every film how well it would have gone there.
Learned as soft targets (Hinton et al. 2015, Distilling the knowledge in a neural network), that
teaches the model what counts of who likes what together know. As when the ranker was fitted,
counts and regression are those of the other folds, so that no answer comes from its own dialogue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from crsdemo.core.config import flag, parse
from crsdemo.core.errors import BadInputError
from crsdemo.core.text_files import written_whole
from crsdemo.recommenders.prior import SIGNALS
from crsdemo.recommenders.ranker import FILE, Ranker, best
from crsdemo.training.data import load_training_data
from crsdemo.training.ranking.fit_prior import (
    PriorConfig,
    drawn_turns,
    gather,
    knowing_prior,
    read_before,
)

KEPT = 150  # items of an answer
Answer = tuple[NDArray[np.int64], NDArray[np.float32]]  # rows and their shares, best first


@dataclass(frozen=True)
class DistilConfig(PriorConfig):
    """Keep the ranker's answers to the training turns, for train-gcrs."""

    turns: int = flag(30_000, "training turns at most")
    out: Path | None = flag(None, "file of the answers; by default distilled.npz in the catalog")

    @property
    def into(self) -> Path:
        return self.out or self.catalog / "distilled.npz"


def main(argv: list[str]) -> None:
    """Flags in, one call."""
    distil(parse(DistilConfig, argv, "crsdemo distil"))


def distil(config: DistilConfig) -> None:
    """Write the answers to `into`."""
    data = load_training_data(config)
    turns = drawn_turns(config, data)
    prior = knowing_prior(config, data)
    read, talks = read_before(prior, turns)
    ranker = Ranker.load(config.catalog / FILE, SIGNALS)
    rows = np.zeros((len(turns), KEPT), np.int64)
    shares = np.zeros((len(turns), KEPT), np.float32)
    cases = tqdm(gather(config, data, prior, read, talks, []), desc="answers")
    for number, case in enumerate(cases):
        hidden = np.zeros(len(data.catalog), np.bool_)
        hidden[case.seen] = True
        total = ranker.parts(case.full, case.dialogue, hidden).sum(0)
        found = best(np.where(hidden, -np.inf, total), KEPT)
        rows[number, : len(found)] = found
        shares[number, : len(found)] = _softmax(total[found])  # what a small catalog lacks has none
    names = np.array([turn.name for turn in turns])
    places = np.array([turn.place for turn in turns])
    catalog = np.array(data.catalog.fingerprint)
    with written_whole(config.into) as part:
        np.savez(part, names=names, places=places, rows=rows, shares=shares, catalog=catalog)


def read_answers(path: Path, catalog_sha256: str) -> Mapping[tuple[str, int], Answer]:
    """By the id of a dialogue and the place of a turn in it. Raises BadInputError."""
    remedy = "make it with `python -m crsdemo distil`"
    if not path.is_file():
        raise BadInputError(f"no answers of the ranker at {path}; {remedy}")
    kept = np.load(path)
    if str(kept["catalog"]) != catalog_sha256:
        raise BadInputError(f"{path} is of another catalog; {remedy}")
    turns = zip(kept["names"].tolist(), kept["places"].tolist(), strict=True)
    answers = zip(kept["rows"], kept["shares"], strict=True)
    return {
        turn: (rows[shares > 0], shares[shares > 0])
        for turn, (rows, shares) in zip(turns, answers, strict=True)
    }


def _softmax(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    shares = np.exp(scores - scores.max())
    return np.asarray(shares / shares.sum(), np.float32)
