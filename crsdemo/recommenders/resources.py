"""What recommenders over one catalog share: its files, encoders and what is known of every item."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from crsdemo.core.catalog import Catalog
from crsdemo.items.encoder import MINILM, TextEncoder
from crsdemo.items.semantic_ids import SemanticIDs
from crsdemo.language.people import PeopleLinker
from crsdemo.recommenders.cold_items import ItemFiles
from crsdemo.recommenders.prior import ItemPrior
from crsdemo.recommenders.stories import Stories

if TYPE_CHECKING:
    from crsdemo.model.checkpoint import Loaded
    from crsdemo.model.stance import Stance


@dataclass(frozen=True)
class Resources:
    """Each part is made when first asked for, and once; not by several threads at a time."""

    catalog: Catalog
    folder: Path  # of the catalog
    _encoders: dict[str, TextEncoder] = field(default_factory=dict, repr=False)
    _loaded: dict[Path, Loaded] = field(default_factory=dict, repr=False)

    def encoder(self, name: str = MINILM) -> TextEncoder:
        if name not in self._encoders:
            self._encoders[name] = TextEncoder(name)
        return self._encoders[name]

    def checkpoint(self, folder: Path) -> Loaded:
        """Weights that several systems use are in memory once."""
        from crsdemo.model.checkpoint import load_checkpoint

        folder = folder.resolve()
        if folder not in self._loaded:
            self._loaded[folder] = load_checkpoint(folder, self.catalog, self.made)
        return self._loaded[folder]

    @cached_property
    def made(self) -> SemanticIDs:
        """The semantic IDs of the files, on which checkpoints were trained."""
        return SemanticIDs.read(self.folder)

    @cached_property
    def files(self) -> ItemFiles:
        """Vectors, semantic IDs and neighbours of every item, cold items included."""
        return ItemFiles(self.catalog, self.folder, self.made, self.encoder())

    @cached_property
    def people(self) -> PeopleLinker:
        return PeopleLinker(self.catalog)

    @cached_property
    def stance(self) -> Stance:
        """What has learned to tell what is refused."""
        from crsdemo.model.stance import Stance

        return Stance.load()

    @cached_property
    def stories(self) -> Stories:
        return Stories.of(self.catalog, self.encoder(), self.folder)

    @cached_property
    def prior(self) -> ItemPrior:
        files = self.files
        return ItemPrior(
            self.catalog,
            files.vectors,
            files.neighbours,
            files.regression,
            self.encoder(),
            self.people,
            self.stance.log_odds,
        )
