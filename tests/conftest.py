"""Tiny models, trained once from end to end by the stages of the project."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from films import CATALOG, write_inspired, write_redial

os.environ.setdefault("OMP_NUM_THREADS", "1")  # tiny models lose time by sharing work
os.environ.setdefault("HF_HUB_OFFLINE", "1")  # a base model that is missing is not looked for

if TYPE_CHECKING:  # torch loads when a test needs a model
    from crsdemo.generative import Generative


@dataclass(frozen=True)
class Trained:
    """What all stages left in a folder after about a second of learning each."""

    folder: Path

    @property
    def catalog(self) -> Path:
        return self.folder / "catalog"

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints"

    @property
    def redial(self) -> Path:
        return self.folder / "talks.jsonl"

    @property
    def inspired(self) -> Path:
        return self.folder / "talks.tsv"

    @property
    def sources(self) -> dict[str, object]:
        """What every stage is given."""
        return {"dialogues": f"{self.redial},{self.inspired}", "catalog": self.catalog}

    @property
    def base(self) -> dict[str, object]:
        """The options of the base model that was trained."""
        return self.sources | {
            "out": self.checkpoints / "base",
            "state": self.folder / "runs" / "base.pt",
            "minutes": 0.02,
            "width": 64,
            "layers": 1,
            "vocabulary": 400,
            "talks": 60,
            "batch": 6,
            "talk_batch": 3,
        }

    @property
    def generative(self) -> dict[str, object]:
        """The options of the adapter that was trained."""
        return self.sources | {
            "out": self.checkpoints / "gcrs",
            "state": self.folder / "runs" / "gcrs.pt",
            "base_model": str(self.checkpoints / "base"),
            "minutes": 0.02,
            "batch": 4,
        }

    @property
    def reges(self) -> dict[str, object]:
        """The options of the parts of ReGeS that were trained."""
        return self.sources | {
            "turns": 6,
            "wishes": 6,
            "steps": 5,
            "trees": 5,
            "retrieved": self.folder / "runs" / "retrieved.json",
        }


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    """Semantic IDs, a prior, a base model and an adapter over the catalog of `films`."""
    from crsdemo.train import fit_prior, stages

    made = Trained(tmp_path_factory.mktemp("trained"))
    CATALOG.save(made.catalog)
    write_redial(made.redial)
    write_inspired(made.inspired)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(made.folder / "cache"))
        patch.chdir(made.folder)  # the stages keep text vectors in `runs/`
        stages.make_semantic_ids(
            stages.SemanticIDConfig(n_levels=3, codebook_size=6, **made.sources)
        )
        fit_prior.fit_prior(
            fit_prior.PriorConfig(
                turns=6, wishes=6, meanings=20, steps=5, trees=5, out=made.catalog, **made.sources
            )
        )
        stages.train_base(stages.BaseConfig(**made.base))
        stages.train_generative(stages.GenerativeConfig(**made.generative))
        yield made


@pytest.fixture(scope="session")
def reges_folder(trained: Trained) -> Path:
    """The parts of ReGeS over the same tiny base."""
    from crsdemo.train import query_stage, reges_stage

    out = trained.checkpoints / "reges"
    learning = {"base_model": str(trained.checkpoints / "base"), "minutes": 0.02, "batch": 4}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(trained.folder / "cache"))
        patch.chdir(trained.folder)
        query_stage.train_query(
            query_stage.QueryConfig(
                out=out / "query",
                state=trained.folder / "runs" / "query.pt",
                wishes=40,
                **learning,
                **trained.sources,
            )
        )
        reges_stage.fit_retriever(reges_stage.RetrieverConfig(out=out, **trained.reges))
        reges_stage.train_item(
            reges_stage.ItemConfig(
                out=out / "item",
                state=trained.folder / "runs" / "item.pt",
                candidates=6,
                **learning,
                **trained.reges,
            )
        )
    return out


@pytest.fixture(scope="session")
def talking(trained: Trained, reges_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both systems on a tiny ChatML base, `gcrs` and `reges`, trained for moments."""
    from chatml import save_base, write_written

    from crsdemo.__main__ import main

    folder = tmp_path_factory.mktemp("talking")
    written = write_written(folder / "written")
    save_base(folder / "base")
    shutil.copytree(reges_folder / "retriever", folder / "reges" / "retriever")
    shutil.copy(reges_folder / "ranker.safetensors", folder / "reges")
    sources = ["--dialogues", str(trained.redial), "--catalog", str(trained.catalog)]
    options = [*sources, "--base-model", str(folder / "base"), "--written", str(written)]
    options += ["--retriever", str(reges_folder / "retriever"), "--tokens", "300"]
    options += ["--out", str(folder / "gcrs"), "--head", str(folder / "reges")]
    answers = str(folder / "answers.npz")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(trained.folder / "cache"))
        patch.chdir(trained.folder)
        assert main(["distil", *sources, "--turns", "6", "--out", answers]) == 0
        options += ["--distilled", answers, "--minutes", "0.03"]
        assert main(["train-reges", *options, "--state", str(folder / "state.pt")]) == 0
    return folder


@pytest.fixture(scope="session")
def reges(trained: Trained, reges_folder: Path) -> Generative:
    """The tiny ReGeS, loaded as the commands load it."""
    from crsdemo.generative import Generative, Words
    from crsdemo.loading import load_recommender

    loaded = load_recommender("reges", CATALOG, trained.catalog, trained.checkpoints)
    assert isinstance(loaded, Generative)
    loaded.words = Words(max_tokens=16)
    return loaded


@pytest.fixture(scope="session")
def generative(trained: Trained) -> Generative:
    """The tiny recommender, loaded as the commands load it."""
    from crsdemo.generative import Generative, Words
    from crsdemo.loading import load_recommender

    loaded = load_recommender("gcrs", CATALOG, trained.catalog, trained.checkpoints)
    assert isinstance(loaded, Generative)
    loaded.words = Words(max_tokens=16)  # a tiny model babbles to the end
    return loaded
