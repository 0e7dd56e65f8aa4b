"""The semantic ID of every item: a mapping from item id to codes, kept beside the catalog."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from crsdemo.core.catalog import Catalog
from crsdemo.core.errors import CatalogError
from crsdemo.core.text_files import write_whole

FILE = "semantic_ids.json"
REMEDY = "make new ones with `python -m crsdemo semantic-ids`"
Codes = tuple[int, ...]


def check_codes(
    semantic_ids: Mapping[str, Sequence[int]], n_levels: int, codebook_size: int
) -> None:
    """Raises CatalogError unless every item has `n_levels` codes that no other item has."""
    seen: dict[Codes, str] = {}
    for item_id, codes in semantic_ids.items():
        if len(codes) != n_levels or not 0 <= min(codes) <= max(codes) < codebook_size:
            raise CatalogError(
                f"item {item_id!r} has the semantic ID {tuple(codes)}, expected {n_levels} codes "
                f"from 0 to {codebook_size - 1}; {REMEDY}"
            )
        if (other := seen.setdefault(tuple(codes), item_id)) != item_id:
            raise CatalogError(
                f"items {other!r} and {item_id!r} share the semantic ID {tuple(codes)}; {REMEDY}"
            )


@dataclass(frozen=True)
class SemanticIDs(Mapping[str, Codes]):
    """Item id -> codes, coarse to fine; no two items share all codes.

    Raises CatalogError for codes that are not unique or do not fit the shape.
    """

    codes: Mapping[str, Codes]
    n_levels: int
    codebook_size: int
    catalog_sha256: str  # Catalog.fingerprint

    def __post_init__(self) -> None:
        check_codes(self.codes, self.n_levels, self.codebook_size)

    def __getitem__(self, item_id: str) -> Codes:
        return self.codes[item_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self.codes)

    def __len__(self) -> int:
        return len(self.codes)

    @classmethod
    def assign(cls, catalog: Catalog, codes: Iterable[Codes], codebook_size: int) -> SemanticIDs:
        """One ID per item in catalog order, as `resolve_collisions` returns them."""
        of = dict(zip(catalog.row, codes, strict=True))
        return cls(of, len(next(iter(of.values()))), codebook_size, catalog.fingerprint)

    @classmethod
    def load(cls, folder: Path, catalog: Catalog) -> SemanticIDs:
        """As `read`. Raises CatalogError also if they are of another catalog."""
        loaded = cls.read(folder)
        if (
            loaded.catalog_sha256 != catalog.fingerprint
            or loaded.codes.keys() != catalog.row.keys()
        ):
            raise CatalogError(
                f"{folder / FILE} was made for another catalog of {len(loaded):,} items; {REMEDY}"
            )
        return loaded

    @classmethod
    def read(cls, folder: Path) -> SemanticIDs:
        """The IDs of a catalog folder as they were made, in the order of the rows at that time.

        Items may have come or gone since (`cold_items.ItemFiles`). Raises CatalogError if the file
        is missing or damaged.
        """
        path = folder / FILE
        if not path.is_file():
            raise CatalogError(f"no semantic IDs at {path}; {REMEDY}")
        try:
            file = json.loads(path.read_text(encoding="utf-8"))
            codes = {item_id: tuple(codes) for item_id, codes in file["codes"].items()}
            return cls(codes, file["n_levels"], file["codebook_size"], file["catalog_sha256"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise CatalogError(f"{path} is damaged ({error!r}); {REMEDY}") from error

    def save(self, folder: Path) -> None:
        file = {
            "n_levels": self.n_levels,
            "codebook_size": self.codebook_size,
            "catalog_sha256": self.catalog_sha256,
            "codes": {item_id: list(codes) for item_id, codes in self.codes.items()},
        }
        text = json.dumps(file, separators=(",", ":"), ensure_ascii=False)
        write_whole(folder / FILE, text + "\n")
