"""LoRA in few operations gives what PEFT gives; frozen layers stay as they are."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from tiny import causal_lm

from crsdemo.core.errors import BadInputError
from crsdemo.training.lm.fused import freeze_below, fuse
from crsdemo.training.lm.gcrs import rows_to_learn

IDS = torch.randint(0, 80, (2, 11), generator=torch.Generator().manual_seed(0))


def adapted(kind: str = "qwen3") -> PeftModel:
    base = causal_lm(kind, 80)
    rows = rows_to_learn(base, [3, 7, 70, 79])
    config = LoraConfig(
        r=4,
        lora_alpha=8,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
        trainable_token_indices=rows,
    )
    model = get_peft_model(base, config, autocast_adapter_dtype=False)
    torch.manual_seed(1)
    for name, parameter in model.named_parameters():
        if "lora_B" in name or "trainable_tokens" in name:
            torch.nn.init.normal_(parameter, std=0.3)
    return model


def learned(model: PeftModel) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    plain: Any = model.get_base_model()
    hidden = plain.model(input_ids=IDS).last_hidden_state
    logits = plain.lm_head(hidden.flatten(0, 1))
    (logits * torch.linspace(-1, 1, logits.numel()).view_as(logits)).sum().backward()
    named = model.named_parameters()
    return logits.detach(), {name: p.grad for name, p in named if p.grad is not None}


@pytest.mark.parametrize(("kind", "n_rows"), [("qwen3", 1), ("llama", 2)])
def test_the_same_numbers_and_gradients_as_peft(kind: str, n_rows: int) -> None:
    plain, fused = adapted(kind), adapted(kind)
    fuse(fused)
    (expected, gradients), (logits, others) = learned(plain), learned(fused)
    torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-4)
    assert len(gradients) == 28 + n_rows and gradients.keys() == others.keys()
    for name, gradient in gradients.items():
        torch.testing.assert_close(others[name], gradient, rtol=1e-3, atol=1e-3)


def test_layers_below_say_what_they_said_and_learn_nothing() -> None:
    model = adapted()
    expected, every = learned(model)
    model.zero_grad()
    kept = {name: p.clone() for name, p in model.named_parameters() if "lora" in name}
    freeze_below(model, 1)
    logits, gradients = learned(model)
    torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-4)
    rows = {name for name in every if "trainable_tokens" in name}
    assert gradients.keys() - rows == {name for name in every if "layers.1" in name}
    for name, gradient in gradients.items():
        if name in rows:  # without what comes through the layers below
            continue
        torch.testing.assert_close(gradient, every[name], rtol=1e-3, atol=1e-3)
    assert all(torch.equal(p, kept[name]) for name, p in model.named_parameters() if name in kept)


def test_nothing_goes_back_through_layers_below() -> None:
    """Where the output head has rows of its own, those of the embeddings get no gradient."""
    model = adapted("llama")
    assert any("embed_tokens" in name for name in learned(model)[1])
    model.zero_grad()
    freeze_below(model, 1)
    _, gradients = learned(model)
    assert not any("embed_tokens" in name for name in gradients)
    assert any("lm_head" in name for name in gradients)


def test_a_layer_that_is_not_there_is_refused() -> None:
    with pytest.raises(BadInputError, match="--first-layer 2: the base has 2 layers, 0 to 1"):
        freeze_below(adapted(), 2)
