"""The ranker of ReGeS is fitted on searches that its own adapter writes."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import Trained
from films import CATALOG

from crsdemo.__main__ import main
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.recommenders.ranker import FILE, Ranker
from crsdemo.recommenders.reges import Reges, searching_talker
from crsdemo.recommenders.resources import Resources
from crsdemo.recommenders.retriever import RETRIEVAL_SIGNALS, talk_end
from crsdemo.training.data import TrainingData, load_training_data
from crsdemo.training.ranking import fit_retriever
from crsdemo.training.ranking.fit_prior import FOLDS, dealt
from crsdemo.training.ranking.fit_retriever import RetrieverConfig, pairs_without, searches_of
from crsdemo.training.ranking.tune_retriever import TuneConfig


@pytest.fixture(scope="module")
def config(trained: Trained) -> RetrieverConfig:
    return RetrieverConfig(written=trained.written, **trained.sources)


@pytest.fixture(scope="module")
def data(trained: Trained, config: RetrieverConfig) -> TrainingData:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(trained.folder)
        return load_training_data(config)


def test_it_leaves_a_ranker_with_which_reges_loads(talking: Path, trained: Trained) -> None:
    ranker = Ranker.load(talking / "reges" / FILE, RETRIEVAL_SIGNALS)
    assert np.isfinite(ranker.weights).all() and ranker.weights.any()
    assert ranker.trees is not None
    assert (talking / "reges" / "retriever" / "documents.safetensors").is_file()
    loaded = Reges.load(talking / "reges", Resources(CATALOG, trained.catalog))
    np.testing.assert_array_equal(loaded.retriever.ranker.weights, ranker.weights)


def test_it_needs_an_adapter(
    talking: Path,
    trained: Trained,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(trained.folder)
    shutil.copytree(talking / "reges" / "retriever", tmp_path / "retriever")
    options = ["--dialogues", str(trained.redial), "--catalog", str(trained.catalog)]
    assert main(["fit-retriever", *options, "--out", str(tmp_path)]) == 2
    assert "no checkpoint" in capsys.readouterr().err
    assert not (tmp_path / FILE).exists()


def test_the_reader_of_a_fold_never_saw_its_dialogues(
    config: RetrieverConfig, data: TrainingData
) -> None:
    """Neither the ends of their talks nor the searches written for them."""
    tune = TuneConfig(dialogues=config.dialogues, written=config.written, seed=config.seed)
    deal = list(dealt(data, config.seed))
    ends = {
        talk_end(one.dialogue.before(position)): fold
        for fold, one in deal
        for position in range(1, len(one.dialogue.turns))
    }
    searched = next(fold for fold, one in deal if one.id == "0")
    for fold in range(FOLDS):
        queries = [pair.query for pair in pairs_without(fold, data, tune)]
        folds = {ends[query] for query in queries if query in ends}
        assert folds == set(range(FOLDS)) - {fold}
        assert ("a clever plot" in queries) == (fold != searched)
        assert "robbers" in queries, "what was written is of no dialogue"


def test_many_searches_at_once_are_those_of_each(
    talking: Path, trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    talker = searching_talker(talking / "reges", Resources(CATALOG, trained.catalog))
    texts = ["hi", "a film about robbers, please, for a long evening", "more"]
    asked = [Dialogue((Turn("user", text),)) for text in texts]
    together = searches_of(talker, asked)
    monkeypatch.setattr(fit_retriever, "BATCH", 1)
    assert together == searches_of(talker, asked)
