"""Tiny models, trained once from end to end by the stages of the project."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import pytest
from films import CATALOG, write_inspired, write_redial

os.environ.setdefault("OMP_NUM_THREADS", "1")  # tiny models lose time by sharing work
os.environ.setdefault("CRSDEMO_PRECISION", "float32")  # the same numbers on every machine
os.environ.setdefault("HF_HUB_OFFLINE", "1")  # a base model that is missing is not looked for


class Sources(TypedDict):
    """What every stage is given."""

    dialogues: str
    catalog: Path


@dataclass(frozen=True)
class Trained:
    """What all stages left in a folder after about a second of learning each."""

    folder: Path

    @property
    def catalog(self) -> Path:
        return self.folder / "catalog"

    @property
    def redial(self) -> Path:
        return self.folder / "talks.jsonl"

    @property
    def inspired(self) -> Path:
        return self.folder / "talks.tsv"

    @property
    def sources(self) -> Sources:
        return {"dialogues": f"{self.redial},{self.inspired}", "catalog": self.catalog}

    @property
    def written(self) -> Path:
        """A conversation, a search and a wish about the catalog."""
        return self.folder / "written"


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    """Semantic IDs and a prior over the catalog of `films`."""
    from chatml import write_written

    from crsdemo.training.items import semantic_ids as stages
    from crsdemo.training.ranking import fit_prior

    made = Trained(tmp_path_factory.mktemp("trained"))
    CATALOG.save(made.catalog)
    write_redial(made.redial)
    write_inspired(made.inspired)
    write_written(made.written)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(made.folder / "cache"))
        patch.chdir(made.folder)  # the stages keep text vectors in `runs/`
        stages.make_semantic_ids(
            stages.SemanticIDConfig(n_levels=3, codebook_size=6, **made.sources)
        )
        fit_prior.fit_prior(
            fit_prior.PriorConfig(
                written=made.written,
                turns=6,
                wishes=6,
                meanings=20,
                steps=5,
                trees=5,
                out=made.catalog,
                **made.sources,
            )
        )
        yield made


@pytest.fixture(scope="session")
def talking(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both systems on a tiny ChatML base, `gcrs` and `reges`, trained for moments."""
    from chatml import save_base

    from crsdemo.__main__ import main

    folder = tmp_path_factory.mktemp("talking")
    save_base(folder / "base")
    reges, answers = folder / "reges", str(folder / "answers.npz")
    sources = ["--dialogues", str(trained.redial), "--catalog", str(trained.catalog)]
    sources += ["--written", str(trained.written)]
    learning = ["--base-model", str(folder / "base"), "--retriever", str(reges / "retriever")]
    learning += ["--out", str(folder / "gcrs"), "--head", str(reges), "--distilled", answers]
    learning += ["--tokens", "300", "--minutes", "0.03", "--state", str(folder / "state.pt")]
    ranking = ["--turns", "6", "--wishes", "6", "--steps", "5", "--trees", "5"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(trained.folder / "cache"))
        patch.chdir(trained.folder)
        assert main(["distil", *sources, "--turns", "6", "--out", answers]) == 0
        tuning = ["tune-retriever", *sources, "--epochs", "1", "--out", str(reges / "retriever")]
        assert main(tuning) == 0
        assert main(["train-reges", *sources, *learning]) == 0
        assert main(["fit-retriever", *sources, *ranking, "--out", str(reges)]) == 0
    return folder
