"""A film that comes after the training is known at once, and the others stay what they are."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import Trained
from films import BY_TITLE, CATALOG

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.core.errors import CatalogError, CheckpointError
from crsdemo.core.recommender import Plan, reply
from crsdemo.items.encoder import TextEncoder
from crsdemo.items.semantic_ids import SemanticIDs
from crsdemo.recommenders.cold_items import ItemFiles
from crsdemo.recommenders.gcrs import Gcrs
from crsdemo.recommenders.loading import Shelf
from crsdemo.recommenders.resources import Resources

NEW = Item(
    "new-1",
    "The Lantern Keepers",
    2025,
    {"genres": ("horror",), "cast": ("Ida Crane",), "keywords": ("ghosts", "hotel")},
)
GONE = BY_TITLE["Jaws"]
OTHERS = tuple(item for item in CATALOG if item != GONE)


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    return TextEncoder()


@pytest.fixture
def copy(trained: Trained, tmp_path: Path) -> Path:
    """A copy of the catalog folder that a test may change."""
    return Path(shutil.copytree(trained.catalog, tmp_path / "catalog"))


def files(catalog: Catalog, folder: Path, encoder: TextEncoder | None = None) -> ItemFiles:
    return ItemFiles(catalog, folder, SemanticIDs.read(folder), encoder)


def similar(n: int) -> tuple[Item, ...]:
    """New films about one and the same thing."""
    return tuple(replace(NEW, id=f"new-{number}", title=f"Part {number}") for number in range(n))


def test_a_line_added_to_the_catalog_file_is_spoken_of_and_ranked(
    talking: Path, copy: Path
) -> None:
    with (copy / "items.jsonl").open("a", encoding="utf-8") as lines:
        lines.write(NEW.to_json() + "\n")
    catalog = Catalog.load(copy)
    recommender = Shelf(catalog, copy, talking).get("gcrs")
    assert isinstance(recommender, Gcrs)
    dialogue = Dialogue((Turn("user", "ghosts in a hotel, like Ida Crane saw them"),))
    said = reply(recommender, dialogue, Plan(item_id=NEW.id))
    assert said.item == NEW
    codes = recommender.talker.format.semantic_ids[NEW.id]
    assert said.output.startswith("<MODE=REC><BOI><a_{}><b_{}><c_{}><EOI>".format(*codes))
    ranked = [one.item.id for one in recommender.recommend(dialogue, 50)]
    assert len(ranked) == len(CATALOG) + 1
    assert ranked.index(NEW.id) < 16


def test_known_items_keep_what_they_have_wherever_they_stand(
    copy: Path, encoder: TextEncoder
) -> None:
    before = files(CATALOG, copy)
    changed = replace(BY_TITLE["Heat"], title="Heat, restored", year=2026)
    others = [item for item in reversed(CATALOG) if item not in (GONE, BY_TITLE["Heat"])]
    moved = Catalog((NEW, *others, changed))
    after = files(moved, copy, encoder)
    old = np.array([CATALOG.row[item.id] for item in moved.items[1:]])
    assert np.array_equal(after.vectors[1:], before.vectors[old])
    for item in moved.items[1:]:
        assert after.semantic_ids[item.id] == before.semantic_ids[item.id]
    for name in ("together", "liked"):
        made = getattr(before.neighbours, name).toarray()
        found = getattr(after.neighbours, name).toarray()
        assert np.array_equal(found[1:, 1:], made[np.ix_(old, old)])
        assert not found[0].any()
        assert not found[:, 0].any()


def test_an_unchanged_catalog_takes_the_files_as_they_are(copy: Path) -> None:
    same = files(CATALOG, copy)
    assert same.unchanged
    assert same.semantic_ids == SemanticIDs.load(copy, CATALOG)
    assert same.vectors.shape[0] == same.neighbours.liked.shape[0] == len(CATALOG)


def test_a_cold_item_stands_with_the_films_that_it_is_like(
    copy: Path, encoder: TextEncoder
) -> None:
    catalog = Catalog((*CATALOG.items, NEW))
    found = files(catalog, copy, encoder)
    new, known = found.vectors[-1], found.vectors[:-1]
    cosine = known @ new / np.linalg.norm(known, axis=1)
    nearest = CATALOG[int(cosine.argmax())]
    assert "horror" in nearest.genres
    assert found.semantic_ids[NEW.id][:2] == found.semantic_ids[nearest.id][:2]
    assert np.linalg.norm(new[: encoder.dim]) == pytest.approx(1, abs=1e-3)


def test_cold_items_that_crowd_one_place_get_different_ids(
    copy: Path, encoder: TextEncoder
) -> None:
    """Of 6 codes per level 36 IDs are below one first code: some must move up."""
    catalog = Catalog((*CATALOG.items, *similar(60)))
    ids = files(catalog, copy, encoder).semantic_ids
    assert list(ids) == [item.id for item in catalog]
    assert len(set(ids.values())) == len(catalog)
    assert len({ids[item.id][0] for item in similar(60)}) > 1


def test_more_items_than_ids_are_refused(copy: Path, encoder: TextEncoder) -> None:
    catalog = Catalog((*CATALOG.items, *similar(6**3)))
    with pytest.raises(CatalogError, match="no free ID is left"):
        _ = files(catalog, copy, encoder).semantic_ids


def test_a_cold_item_never_takes_the_id_of_a_film_that_is_gone(
    copy: Path, encoder: TextEncoder
) -> None:
    made = SemanticIDs.read(copy)
    ids = files(Catalog((*OTHERS, *similar(6**3 - len(CATALOG)))), copy, encoder).semantic_ids
    assert GONE.id not in ids
    assert made[GONE.id] not in ids.values()


def test_without_a_film_the_others_are_ranked(talking: Path, copy: Path) -> None:
    fewer = Catalog(OTHERS)
    recommender = Shelf(fewer, copy, talking).get("gcrs")
    dialogue = Dialogue((Turn("user", "sharks in the sea"),))
    ranked = [one.item for one in recommender.recommend(dialogue, 50)]
    assert len(ranked) == len(fewer)
    assert GONE not in ranked


def test_ids_made_anew_are_refused_by_the_checkpoint(talking: Path, copy: Path) -> None:
    made = SemanticIDs.read(copy)
    SemanticIDs.assign(CATALOG, list(made.values())[::-1], made.codebook_size).save(copy)
    with pytest.raises(CheckpointError, match="other semantic IDs"):
        Gcrs.load(talking / "gcrs", Resources(CATALOG, copy))


def test_files_of_a_catalog_without_a_common_item_are_refused(copy: Path) -> None:
    with pytest.raises(CatalogError, match=r"another catalog: none of their 32 items.*1 here"):
        files(Catalog((NEW,)), copy)


def cut_in_half(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


@pytest.mark.parametrize(
    "name", ["semantic_ids.json", "item_vectors.safetensors", "neighbours.npz"]
)
def test_a_damaged_file_is_named(talking: Path, copy: Path, name: str) -> None:
    cut_in_half(copy / name)
    with pytest.raises(CatalogError, match=name):
        Gcrs.load(talking / "gcrs", Resources(Catalog((*CATALOG.items, NEW)), copy))


def test_files_that_were_made_for_different_catalogs_are_refused(copy: Path) -> None:
    path = copy / "semantic_ids.json"
    row = json.loads(path.read_text())
    del row["codes"][GONE.id]
    path.write_text(json.dumps(row))
    for part in ("vectors", "neighbours"):
        with pytest.raises(CatalogError, match=r"(31 items|no usable .*neighbours.npz)"):
            getattr(files(Catalog(OTHERS), copy), part)


def test_an_encoder_that_did_not_make_the_vectors_is_refused(
    copy: Path, encoder: TextEncoder
) -> None:
    from crsdemo.items.item_vectors import save_item_vectors

    save_item_vectors(np.ones((len(CATALOG), 100), np.float32), copy)
    with pytest.raises(CatalogError, match=r"have 100 numbers.*gives 384"):
        _ = files(Catalog((*CATALOG.items, NEW)), copy, encoder).vectors
