"""The checkpoint that tuning starts from: its adapter, its format, and what is not tuned of it."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from transformers import AutoTokenizer

from crsdemo.core.catalog import Catalog
from crsdemo.core.errors import BadInputError, CheckpointError
from crsdemo.model.checkpoint import (
    CheckpointCard,
    load_card,
    semantic_ids_sha256,
    slots_by_token,
)
from crsdemo.model.talk import TalkFormat
from crsdemo.model.tokens import ControlTokens
from crsdemo.recommenders.loading import (
    ALONE,
    BASELINES,
    CHOICE,
    checkpoint_folder,
    found_checkpoints,
    names,
)
from crsdemo.recommenders.ranker import FILE as RANKER
from crsdemo.recommenders.reges import RETRIEVER, adapter_folder
from crsdemo.recommenders.resources import Resources
from crsdemo.recommenders.written_answers import FOLDER as ANSWERS

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")  # that a list of recommenders can hold


@dataclass(frozen=True)
class Parent:
    """The checkpoint that is started from."""

    name: str
    folder: Path
    adapter: Path  # its folder; of ReGeS it may be another one
    card: CheckpointCard
    talk: TalkFormat

    @classmethod
    def load(cls, name: str, catalog: Catalog, catalog_folder: Path) -> Parent:
        """Raises CheckpointError if it cannot be tuned on this catalog."""
        folder = checkpoint_folder(name, found_checkpoints(catalog_folder))
        adapter = adapter_folder(folder)
        card = load_card(adapter)
        resources = Resources(catalog, catalog_folder)
        if semantic_ids_sha256(resources.made) != card.semantic_ids_sha256:
            raise CheckpointError(
                f"{adapter} was trained on other semantic IDs than those in {catalog_folder}; name "
                "with --catalog the catalog that it came with"
            )
        ids = resources.files.semantic_ids
        tokenizer = AutoTokenizer.from_pretrained(adapter)
        slots = slots_by_token(card.slots)
        control = ControlTokens.of(tokenizer, ids.n_levels, ids.codebook_size, slots)
        talk = TalkFormat(tokenizer, control, catalog, ids)
        return cls(folder.resolve().name, folder, adapter, card, talk)

    def check_child(self, out: Path, checkpoints: Path) -> None:
        """Raises BadInputError if a version in `out` could not be named beside all others."""
        name = out.resolve().name
        if not _NAME.fullmatch(name) or name.endswith(ALONE):
            raise BadInputError(
                f"{name!r} is no name for a version, which has letters, digits, '.', '_' and '-' "
                f"and does not end in {ALONE}; name the folder otherwise with --out"
            )
        taken = {*BASELINES, *names(checkpoints), self.name}
        if name in taken and out.resolve().parent != checkpoints.resolve():
            raise BadInputError(
                f"another recommender is called {name!r}; name the folder otherwise with --out"
            )

    @property
    def searches(self) -> bool:
        return (self.folder / CHOICE).is_file()

    @property
    def first_layer(self) -> int:
        return int(self.card.training.get("first_layer", 0))

    def copy_rest(self, out: Path) -> None:
        """What is not tuned: written answers, and of ReGeS how it retrieves and chooses."""
        if (self.adapter / ANSWERS).is_dir():
            shutil.copytree(self.adapter / ANSWERS, out / ANSWERS, dirs_exist_ok=True)
        if self.searches:
            for name in (CHOICE, RANKER):
                shutil.copy2(self.folder / name, out / name)
            shutil.copytree(self.folder / RETRIEVER, out / RETRIEVER, dirs_exist_ok=True)
