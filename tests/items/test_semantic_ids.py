"""Semantic IDs: looked up, saved, and refused if they do not fit."""

import json
from pathlib import Path

import pytest

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.errors import CatalogError
from crsdemo.items.semantic_ids import SemanticIDs

CATALOG = Catalog((Item("a", "Ant Hill", 1990), Item("b", "Bee Line", 1991), Item("c", "Cat Nap")))
CODES = [(0, 1), (0, 2), (3, 0)]


def assigned() -> SemanticIDs:
    return SemanticIDs.assign(CATALOG, CODES, codebook_size=4)


def test_they_are_a_mapping_from_item_to_codes() -> None:
    ids = assigned()
    assert ids["b"] == (0, 2)
    assert list(ids) == ["a", "b", "c"] and len(ids) == 3 and "d" not in ids


def test_what_is_saved_loads_again(tmp_path: Path) -> None:
    assigned().save(tmp_path / "new folder")
    assert SemanticIDs.load(tmp_path / "new folder", CATALOG) == assigned()


def test_another_catalog_is_refused_even_with_the_same_item_ids(tmp_path: Path) -> None:
    assigned().save(tmp_path)
    renamed = Catalog((Item("a", "Ant Hill", 1999), *CATALOG.items[1:]))
    with pytest.raises(CatalogError, match="another catalog.*semantic-ids"):
        SemanticIDs.load(tmp_path, renamed)


def test_popularity_may_change_under_the_same_ids(tmp_path: Path) -> None:
    assigned().save(tmp_path)
    counted = Catalog((Item("a", "Ant Hill", 1990, popularity=9), *CATALOG.items[1:]))
    assert SemanticIDs.load(tmp_path, counted)["a"] == (0, 1)


def test_a_missing_file_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="no semantic IDs at .*python -m crsdemo semantic-ids"):
        SemanticIDs.load(tmp_path, CATALOG)


@pytest.mark.parametrize("text", ["", "[]", '{"n_levels": 2}', '{"codes": {"a": 3}}'])
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "semantic_ids.json").write_text(text)
    with pytest.raises(CatalogError, match="semantic_ids.json is damaged"):
        SemanticIDs.load(tmp_path, CATALOG)


def test_items_missing_from_the_file_are_noticed(tmp_path: Path) -> None:
    assigned().save(tmp_path)
    path = tmp_path / "semantic_ids.json"
    file = json.loads(path.read_text())
    del file["codes"]["c"]
    path.write_text(json.dumps(file))
    with pytest.raises(CatalogError, match="another catalog of 2 items"):
        SemanticIDs.load(tmp_path, CATALOG)


def test_shared_and_misshapen_ids_are_refused() -> None:
    with pytest.raises(CatalogError, match="'a' and 'b' share"):
        SemanticIDs.assign(CATALOG, [(0, 1), (0, 1), (1, 1)], 4)
    for codes in ((0, 4), (0, -1), (0, 1, 2)):
        with pytest.raises(CatalogError, match="'c'.*expected 2 codes from 0 to 3"):
            SemanticIDs.assign(CATALOG, [(0, 1), (0, 2), codes], 4)
