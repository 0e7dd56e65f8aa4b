"""An adapter of another catalog is a start: talk goes along, what named its items does not."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from chatml import save_base
from conftest import Trained

from crsdemo.core.catalog import Catalog
from crsdemo.items.semantic_ids import SemanticIDs
from crsdemo.model.trainable import load_base
from crsdemo.training.lm.gcrs import GcrsConfig, adapted, save, talk_format


def prepared(config: GcrsConfig) -> tuple[Any, Any]:
    """The model that is to learn, and its format."""
    base = load_base(config.base_model)
    talk = talk_format(config, Catalog.load(config.catalog), base)
    return adapted(config, talk, base), talk


def learned(model: Any) -> dict[str, torch.Tensor]:
    return {name: p.detach().clone() for name, p in model.named_parameters() if p.requires_grad}


@pytest.fixture
def earlier(trained: Trained, tmp_path: Path) -> GcrsConfig:
    """Of an adapter whose every weight was moved."""
    base = tmp_path / "base"
    save_base(base)
    config = GcrsConfig(
        dialogues=str(trained.redial), catalog=trained.catalog, base_model=str(base),
        written=trained.written, out=tmp_path / "earlier", rank=4, alpha=8,
    )  # fmt: skip
    model, talk = prepared(config)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.normal_(0, 0.02)
    save(config, model, talk)
    return config


def test_of_the_same_catalog_everything_goes_on(earlier: GcrsConfig) -> None:
    assert earlier.out is not None
    again, _ = prepared(replace(earlier, start_from=earlier.out))
    once_more, _ = prepared(replace(earlier, start_from=earlier.out, seed=5))
    first, second = learned(again), learned(once_more)
    assert first.keys() == second.keys() and len(first) > 10
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_of_another_catalog_how_one_talks_is_taken_over(
    earlier: GcrsConfig, tmp_path: Path
) -> None:
    assert earlier.out is not None
    other = tmp_path / "other"
    shutil.copytree(earlier.catalog, other)
    catalog = Catalog.load(other)
    ids = SemanticIDs.load(other, catalog)
    codes = list(ids.codes.values())
    SemanticIDs.assign(catalog, (*codes[1:], codes[0]), ids.codebook_size).save(other)

    theirs, talk = prepared(replace(earlier, start_from=earlier.out))
    # other options, which the adapter overrules
    ours, _ = prepared(replace(earlier, catalog=other, start_from=earlier.out, rank=2))
    fresh, _ = prepared(replace(earlier, catalog=other))
    before, now, begun = learned(theirs), learned(ours), learned(fresh)
    assert before.keys() == now.keys()
    named = set(talk.control.code)
    for name, value in now.items():
        if "trainable_tokens" not in name:
            assert torch.equal(value, before[name]), name
            continue
        rows = ours.peft_config["default"].trainable_token_indices
        rows = rows if isinstance(rows, list) else next(iter(rows.values()))
        for place, token in enumerate(rows):
            source = begun if token in named else before
            assert torch.equal(value[place], source[name][place]), token
            assert not torch.equal(before[name][place], begun[name][place])
