"""A checkpoint loads whole, or it is said in words what is wrong with it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from conftest import Trained
from films import CATALOG

from crsdemo.core.catalog import Catalog
from crsdemo.core.errors import CheckpointError
from crsdemo.core.slots import TITLE, slots_of
from crsdemo.items.semantic_ids import SemanticIDs
from crsdemo.model.checkpoint import load_checkpoint, slots_by_token
from crsdemo.recommenders.gcrs import Gcrs
from crsdemo.recommenders.loading import Shelf, names
from crsdemo.recommenders.resources import Resources


@pytest.fixture
def copy(talking: Path, tmp_path: Path) -> Path:
    """A copy of the checkpoints that a test may damage."""
    return Path(shutil.copytree(talking, tmp_path / "checkpoints"))


@pytest.fixture(scope="module")
def semantic_ids(trained: Trained) -> SemanticIDs:
    return SemanticIDs.load(trained.catalog, CATALOG)


def cut_in_half(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def test_the_name_of_a_checkpoint_and_its_folder_both_load_it(
    trained: Trained, talking: Path
) -> None:
    assert names(talking) == ["gcrs", "reges"]
    by_name = Shelf(CATALOG, trained.catalog, talking).get("gcrs")
    by_folder = Shelf(CATALOG, trained.catalog).get(str(talking / "gcrs"))
    assert isinstance(by_name, Gcrs) and isinstance(by_folder, Gcrs)
    assert by_name.name == by_folder.name == "gcrs"
    loaded = by_name.talker.loaded
    assert loaded.base_sha256 != loaded.adapter_sha256
    assert len(loaded.base_sha256) == len(loaded.adapter_sha256) == 64
    weight = loaded.model.get_input_embeddings().weight
    assert isinstance(weight, torch.Tensor) and len(weight) == len(loaded.tokenizer)


def test_an_unknown_name_is_answered_with_those_there_are(trained: Trained, talking: Path) -> None:
    with pytest.raises(CheckpointError, match="there are: popularity, .*, signals-trees, gcrs"):
        Shelf(CATALOG, trained.catalog, talking).get("oracle")


def test_a_folder_without_a_checkpoint_says_how_to_train_one(
    tmp_path: Path, semantic_ids: SemanticIDs
) -> None:
    with pytest.raises(CheckpointError, match=r"no crsdemo.json.*train-gcrs"):
        load_checkpoint(tmp_path, CATALOG, semantic_ids)


def with_base(checkpoints: Path, base: str) -> None:
    card = checkpoints / "gcrs" / "crsdemo.json"
    card.write_text(json.dumps(json.loads(card.read_text()) | {"base": base}))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "no adapter": lambda c: (c / "gcrs" / "adapter_model.safetensors").unlink(),
    "half an adapter": lambda c: cut_in_half(c / "gcrs" / "adapter_model.safetensors"),
    "half a card": lambda c: cut_in_half(c / "gcrs" / "crsdemo.json"),
    "a card of something else": lambda c: (c / "gcrs" / "crsdemo.json").write_text('["?"]'),
    "half a config": lambda c: cut_in_half(c / "gcrs" / "adapter_config.json"),
    "no base": lambda c: with_base(c, "nowhere"),
    "half a tokenizer": lambda c: cut_in_half(c / "gcrs" / "tokenizer.json"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_what_is_missing_or_damaged_is_named(
    copy: Path, semantic_ids: SemanticIDs, damage: Callable[[Path], object]
) -> None:
    damage(copy)
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(copy / "gcrs", CATALOG, semantic_ids)
    message = str(caught.value)
    assert "damaged" in message
    assert str(copy) in message


def test_other_semantic_ids_are_refused(talking: Path, semantic_ids: SemanticIDs) -> None:
    items = list(semantic_ids)
    swapped = dict(semantic_ids) | {
        items[0]: semantic_ids[items[1]],
        items[1]: semantic_ids[items[0]],
    }
    other = replace(semantic_ids, codes=swapped)
    with pytest.raises(CheckpointError, match=r"other semantic IDs.*name the wrong items"):
        load_checkpoint(talking / "gcrs", CATALOG, other)


def test_a_checkpoint_of_another_catalog_is_refused(
    talking: Path, tmp_path: Path, semantic_ids: SemanticIDs
) -> None:
    fewer = Catalog(CATALOG.items[:20])
    fewer.save(tmp_path)
    SemanticIDs.assign(fewer, list(semantic_ids.values())[:20], 6).save(tmp_path)
    with pytest.raises(CheckpointError, match="other semantic IDs"):
        Gcrs.load(talking / "gcrs", Resources(fewer, tmp_path))


def test_facts_that_no_item_has_any_more_are_never_said(talking: Path) -> None:
    card = json.loads((talking / "gcrs" / "crsdemo.json").read_text())
    slots = slots_by_token(tuple(card["slots"]))
    assert [slot.token for slot in slots] == card["slots"]
    assert slots == [TITLE, *slots_of(CATALOG)]
    bare = replace(CATALOG[0], facts={}, year=None)
    assert [slot.token for slot in slots if slot.value(bare)] == ["<title>"]
    with pytest.raises(CheckpointError, match="'<cast>' among its slots"):
        slots_by_token(("<title>", "<cast>"))


def test_the_card_tells_how_it_was_trained(talking: Path) -> None:
    card = json.loads((talking / "gcrs" / "crsdemo.json").read_text())
    assert card["training"]["rank"] == str(16) and "out" not in card["training"]
