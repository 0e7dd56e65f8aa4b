"""Half precision where the machine is fast at it; whole numbers where they are asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from conftest import Trained
from films import CATALOG
from torch import nn

from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.core.errors import BadInputError
from crsdemo.core.recommender import Plan, reply
from crsdemo.model.precision import PRECISION, fast_dtype, round_weights
from crsdemo.recommenders.gcrs import Gcrs
from crsdemo.recommenders.loading import Shelf


@pytest.mark.parametrize("has_amx, has_bf16", [(True, False), (False, True), (False, False)])
def test_the_machine_decides(
    monkeypatch: pytest.MonkeyPatch, has_amx: bool, has_bf16: bool
) -> None:
    monkeypatch.delenv(PRECISION, raising=False)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: has_amx)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: has_bf16)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert fast_dtype() == (torch.bfloat16 if has_amx or has_bf16 else torch.float32)


def test_but_for_who_asks_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("float32", "bfloat16"):
        monkeypatch.setenv(PRECISION, name)
        assert fast_dtype() == getattr(torch, name)
    monkeypatch.setenv(PRECISION, "double")
    with pytest.raises(BadInputError, match=r"'double'; expected float32 or bfloat16"):
        fast_dtype()


def test_weights_are_rounded_and_buffers_are_not() -> None:
    layer = nn.BatchNorm1d(4)
    round_weights(layer, torch.bfloat16)
    assert layer.weight.dtype == torch.bfloat16
    assert layer.running_mean is not None and layer.running_mean.dtype == torch.float32


def test_a_conversation_in_half_precision(
    talking: Path, trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin writes into the caches of the model; films keep the order of whole numbers."""
    talk = Dialogue((Turn("user", "robbers, please"),))
    lists, dtypes = [], set()
    for name in ("float32", "bfloat16"):
        monkeypatch.setenv(PRECISION, name)
        system = Shelf(CATALOG, trained.catalog, talking).get("gcrs-alone")
        assert isinstance(system, Gcrs)
        loaded = system.talker.loaded
        dtypes.add(loaded.model.dtype)
        assert loaded.quick.model.get_input_embeddings().weight.dtype == loaded.model.dtype
        frequencies = loaded.model.model.rotary_emb.inv_freq
        assert frequencies.dtype == torch.float32
        answered = reply(system, talk, Plan(mode="REC"))
        assert answered.item is not None
        longer = talk.say(answered.turn()).say(Turn("user", "who is in it?"))
        assert reply(system, longer, Plan(mode="REC")).text
        lists.append({one.item.id: one.score for one in system.recommend(talk, 10)})
    assert dtypes == {torch.float32, torch.bfloat16}
    both = lists[0].keys() & lists[1].keys()
    assert len(both) >= 8
    assert all(lists[0][i] == pytest.approx(lists[1][i], rel=0.2) for i in both)
