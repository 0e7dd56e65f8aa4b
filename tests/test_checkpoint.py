"""A checkpoint loads whole, or it is said in words what is wrong with it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from films import CATALOG

from crsdemo.catalog import Catalog
from crsdemo.checkpoint import load_checkpoint, slots_by_token
from crsdemo.commons import Commons
from crsdemo.errors import CheckpointError
from crsdemo.generative import Generative
from crsdemo.loading import load_recommender, names
from crsdemo.semantic_ids import SemanticIDs


@pytest.fixture
def copy(trained, tmp_path: Path) -> Path:
    """A copy of the checkpoints that a test may damage."""
    return Path(shutil.copytree(trained.checkpoints, tmp_path / "checkpoints"))


@pytest.fixture(scope="module")
def semantic_ids(trained) -> SemanticIDs:
    return SemanticIDs.load(trained.catalog, CATALOG)


def cut_in_half(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def test_the_name_of_a_checkpoint_and_its_folder_both_load_it(trained, generative) -> None:
    assert generative.name == "gcrs"
    assert "gcrs" in names(trained.checkpoints)  # other tests may have left more
    loaded = generative.speaker.loaded
    assert loaded.base_sha256 != loaded.adapter_sha256
    assert len(loaded.base_sha256) == len(loaded.adapter_sha256) == 64
    assert loaded.model.get_input_embeddings().weight.shape[0] == len(loaded.tokenizer)


def test_an_unknown_name_is_answered_with_those_there_are(trained) -> None:
    with pytest.raises(CheckpointError, match="there are: popularity, .*, signals-trees, gcrs"):
        load_recommender("oracle", CATALOG, trained.catalog, trained.checkpoints)


def test_a_folder_without_a_checkpoint_says_how_to_train_one(tmp_path, semantic_ids) -> None:
    with pytest.raises(CheckpointError, match=r"no crsdemo.json.*train-gcrs"):
        load_checkpoint(tmp_path, CATALOG, semantic_ids)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "no adapter": lambda c: (c / "gcrs" / "adapter_model.safetensors").unlink(),
    "half an adapter": lambda c: cut_in_half(c / "gcrs" / "adapter_model.safetensors"),
    "half a card": lambda c: cut_in_half(c / "gcrs" / "crsdemo.json"),
    "a card of something else": lambda c: (c / "gcrs" / "crsdemo.json").write_text('["?"]'),
    "half a config": lambda c: cut_in_half(c / "gcrs" / "adapter_config.json"),
    "half a listener": lambda c: cut_in_half(c / "gcrs" / "listener.safetensors"),
    "no base": lambda c: shutil.rmtree(c / "base"),
    "half a base": lambda c: cut_in_half(c / "base" / "model.safetensors"),
    "half a tokenizer": lambda c: cut_in_half(c / "base" / "tokenizer.json"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_what_is_missing_or_damaged_is_named(copy, semantic_ids, damage) -> None:
    damage(copy)
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(copy / "gcrs", CATALOG, semantic_ids)
    message = str(caught.value)
    assert "damaged" in message
    assert str(copy) in message


def test_other_semantic_ids_are_refused(trained, semantic_ids) -> None:
    items = list(semantic_ids)
    swapped = dict(semantic_ids) | {
        items[0]: semantic_ids[items[1]],
        items[1]: semantic_ids[items[0]],
    }
    other = replace(semantic_ids, codes=swapped)
    with pytest.raises(CheckpointError, match=r"other semantic IDs.*name the wrong items"):
        load_checkpoint(trained.checkpoints / "gcrs", CATALOG, other)


def test_a_checkpoint_of_another_catalog_is_refused(trained, tmp_path, semantic_ids) -> None:
    fewer = Catalog(CATALOG.items[:20])
    fewer.save(tmp_path)
    SemanticIDs.assign(fewer, list(semantic_ids.values())[:20], 6).save(tmp_path)
    with pytest.raises(CheckpointError, match="other semantic IDs"):
        Generative.load(trained.checkpoints / "gcrs", Commons(fewer, tmp_path))


def test_facts_that_a_catalog_does_not_have_are_refused(trained) -> None:
    card = json.loads((trained.checkpoints / "gcrs" / "crsdemo.json").read_text())
    bare = Catalog(tuple(replace(i, facts={"genres": i.genres}) for i in CATALOG))
    with pytest.raises(CheckpointError, match=r"facts that this catalog does not have.*cast_1"):
        slots_by_token(bare, tuple(card["slots"]))
    assert len(slots_by_token(CATALOG, tuple(card["slots"]))) == len(card["slots"])


def test_the_card_tells_how_it_was_trained_and_no_path(trained) -> None:
    for name in ("crsdemo.json", "adapter_config.json"):
        text = (trained.checkpoints / "gcrs" / name).read_text()
        assert str(trained.folder) not in text
    assert json.loads((trained.checkpoints / "gcrs" / "crsdemo.json").read_text())["training"][
        "rank"
    ] == str(16)
