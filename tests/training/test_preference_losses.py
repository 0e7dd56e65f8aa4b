"""The losses are those of TRL where TRL can compute them, and what options make."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from bases import BASES, tiny_base
from tiny import byte_level_tokenizer, causal_lm

from crsdemo.training.preference.losses import (
    Branches,
    balanced,
    dpo_loss,
    kto_loss,
    log_probabilities,
)
from crsdemo.training.preference.transcribe import Place, Scored

ROWS = [
    {"prompt": "You might like ", "chosen": "something calm.", "rejected": "letters, when funny."},
    {"prompt": "What kind of story?", "chosen": " A slow one for tonight.", "rejected": " No."},
]


def words(ids: list[int], mask: list[int]) -> Scored:
    """Every token of the completion, among the whole vocabulary."""
    places = tuple(Place(at, ()) for at, learned in enumerate(mask) if learned)
    return Scored(tuple(ids), places, places[0].at)


def alone(model: Any, some: Sequence[Scored]) -> torch.Tensor:
    """(B,) of sequences that share nothing."""
    return log_probabilities(model, [(one,) for one in some], 1)[:, 0]


def sequences(batch: dict[str, torch.Tensor], name: str = "") -> list[Scored]:
    of = zip(batch[f"{name}input_ids"], batch[f"{name}completion_mask"], strict=True)
    return [words(ids.tolist(), mask.tolist()) for ids, mask in of]


def trainer(kind: str, rows: list[dict[str, Any]], tmp_path: Path, **options: Any) -> Any:
    import trl
    from datasets import Dataset

    tokenizer = byte_level_tokenizer()
    config = getattr(trl, f"{kind}Config")(
        str(tmp_path / "t"), per_device_train_batch_size=2, report_to="none", use_cpu=True,
        bf16=False, max_length=128, beta=0.3, **options,
    )  # fmt: skip
    return getattr(trl, f"{kind}Trainer")(
        causal_lm("llama", len(tokenizer)),
        causal_lm("llama", len(tokenizer), seed=1),
        args=config,
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
    )


def changes(batch: Any, name: str = "") -> torch.Tensor:
    """How much more probable each sequence is to the model than to the reference.

    TRL puts heads of its own on the two that it is given; these are the same ones anew.
    """
    some, n_tokens = sequences(batch, name), len(byte_level_tokenizer())
    model, reference = (causal_lm("llama", n_tokens, seed) for seed in (0, 1))
    return alone(model, some) - alone(reference, some)


@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_dpo_is_that_of_trl(tmp_path: Path, noise: float) -> None:
    kind = {"loss_type": ["robust"], "label_smoothing": noise} if noise else {}
    made = trainer("DPO", ROWS, tmp_path, **kind)
    batch = next(iter(made.get_train_dataloader()))
    expected = made.compute_loss(made.model.eval(), batch).item()
    won, lost = changes(batch).chunk(2)
    assert abs(won - lost).min() > 0.1, "there is something to compare"
    assert dpo_loss(won - lost, 0.3, noise).mean().item() == pytest.approx(expected, rel=1e-4)


def test_kto_is_that_of_trl(tmp_path: Path) -> None:
    rows = [
        {"prompt": row["prompt"], "completion": row[kind], "label": kind == "chosen"}
        for row, kind in zip(ROWS, ("chosen", "rejected"), strict=True)
    ]
    made = trainer("KTO", rows, tmp_path, desirable_weight=1.5)
    batch = next(iter(made.get_train_dataloader()))
    expected = made.compute_loss(made.model.eval(), batch).item()
    change, kl = changes(batch), changes(batch, "KL_").mean()
    good = torch.as_tensor(batch["label"], dtype=torch.bool)
    found = kto_loss(change, good, kl, 0.3, (1.5, 1.0)).mean()
    assert found.item() == pytest.approx(expected, rel=1e-4)


def test_a_decision_is_scored_among_its_options() -> None:
    lm = causal_lm("llama", 400)
    ids = (5, 6, 7, 8)
    logits = lm(torch.tensor([ids])).logits[0].float()
    word = logits[1].log_softmax(0)[7]
    code = logits[2, [8, 9, 20]].log_softmax(0)[0]
    places = (Place(2, ()), Place(3, (8, 9, 20)))
    found = alone(lm, [Scored(ids, places, 2)])
    assert found.item() == pytest.approx((word + code).item(), rel=1e-4)


def test_padding_does_not_change_it() -> None:
    lm = causal_lm("llama", 400)
    some = [words([5] * n + [6, 7], [0] + [1] * (n + 1)) for n in (2, 9, 30)]
    each = torch.cat([alone(lm, [one]) for one in some])
    assert torch.allclose(alone(lm, some), each, rtol=1e-4)


HEARD, CARD = (5, 6, 7), (30, 40, 41)
PAIRS = [
    (
        words([*HEARD, *CARD, 50, 51, 9], [0] * 6 + [1] * 3),
        words([*HEARD, *CARD, 52, 9], [0] * 6 + [1] * 2),
    ),
    (words([5, 60, 61], [0, 1, 1]), words([5, 60, 61, 62, 63], [0, 1, 1, 1, 1])),
    (words([5, 60, 61, 62], [0, 1, 1, 1]), words([5, 60], [0, 1])),
    (words([5, 20], [0, 1]), words([5, 21, 22], [0, 1, 1])),
]  # fmt: skip


@pytest.mark.parametrize("kind", ["llama", "qwen3"])
def test_two_replies_that_share_what_was_read_are_as_probable_as_alone(kind: str) -> None:
    """Values and gradients; what they begin with goes through the model once."""
    together, apart = causal_lm(kind, 400), causal_lm(kind, 400)
    found = log_probabilities(together, PAIRS, 1)
    expected = torch.stack([alone(apart, [pair[n] for pair in PAIRS]) for n in (0, 1)], 1)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    for values in (found, expected):
        (values[:, 0] - 2 * values[:, 1]).sum().backward()
    for one, other in zip(together.parameters(), apart.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("kind", ["gpt2", "opt", "gpt_neox", "gemma2", "falcon", "cohere"])
def test_bases_of_every_kind_of_position_tell_them_apart(kind: str) -> None:
    model = tiny_base(next(one for one in BASES if one.model_type == kind), 300)
    expected = torch.stack([alone(model, [pair[n] for pair in PAIRS]) for n in (0, 1)], 1)
    found = log_probabilities(model, PAIRS, 1)
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)


def test_what_two_replies_begin_with_is_read_once() -> None:
    assert [len(Branches.of(pair).ids) for pair in PAIRS] == [11, 5, 4, 4]
    assert Branches.of(PAIRS[0][:1]).ids == PAIRS[0][0].ids


def test_a_film_alone_has_no_gradient_from_words() -> None:
    lm = causal_lm("llama", 400)
    lm.lm_head.weight.grad = None
    alone(lm, [Scored((5, 6, 7), (Place(2, (7, 9)),), 2)]).sum().backward()
    moved = lm.lm_head.weight.grad.abs().sum(1).nonzero()[:, 0].tolist()
    assert {7, 9} <= set(moved)


def test_at_the_start_nothing_is_preferred() -> None:
    assert dpo_loss(torch.zeros(2), 0.5).tolist() == pytest.approx([math.log(2)] * 2)
    zero, good = torch.zeros(2), torch.tensor([True, False])
    assert kto_loss(zero, good, torch.tensor(0.0), 0.1, (1.0, 1.0)).tolist() == [0.5, 0.5]


def test_the_rarer_kind_weighs_more() -> None:
    assert balanced(10, 40) == (4.0, 1.0)
    assert balanced(40, 10) == (1.0, 4.0)
    assert balanced(0, 10) == (1.0, 1.0)
