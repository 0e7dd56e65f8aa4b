"""Which kinds of model can be a base: each trains and talks, or is refused before training."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from bases import BASES, Base, save_base, table, tiny_base
from chatml import speaking
from conftest import Trained
from films import CATALOG
from peft import LoraConfig, get_peft_model
from tiny import byte_level_tokenizer

from crsdemo.__main__ import main
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.core.recommender import Plan, reply
from crsdemo.core.shipped import HOME
from crsdemo.model import trainable
from crsdemo.model.attention import GROUPED, use_grouped
from crsdemo.model.trainable import difference, is_same, read, some_tokens
from crsdemo.recommenders.loading import Shelf
from crsdemo.training.lm.fused import fuse
from crsdemo.training.lm.gcrs import rows_to_learn
from crsdemo.training.lm.sequences import WORDS, TrainingSequence, sequence_loss

Train = Callable[..., int]
OF_TYPE = {one.model_type: one for one in BASES if not one.refusal}


@pytest.fixture
def train(
    talking: Path, trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Train:
    """Both systems on a base for a moment, into `out`; the status of the command."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(trained.folder / "cache"))
    monkeypatch.chdir(trained.folder)
    out = tmp_path / "out"
    options = ["--dialogues", str(trained.redial), "--catalog", str(trained.catalog)]
    options += ["--written", str(trained.written), "--tokens", "300", "--minutes", "0.003"]
    options += ["--retriever", str(talking / "reges" / "retriever")]
    options += ["--out", str(out / "gcrs"), "--head", str(out / "reges")]
    options += ["--state", str(out / "state.pt")]
    return lambda base, *more: main(["train-reges", "--base-model", str(base), *options, *more])


@pytest.mark.parametrize(
    "base",
    [
        pytest.param(
            one,
            id=f"{one.model_type} {one.about or n}",
            marks=[pytest.mark.slow] if one.slow else [],
        )
        for n, one in enumerate(BASES)
    ],
)
def test_a_base_trains_and_talks_or_is_refused_before(
    base: Base,
    train: Train,
    talking: Path,
    trained: Trained,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder, out = save_base(base, tmp_path / "base"), tmp_path / "out"
    status = train(folder)
    if base.refusal:
        told = capsys.readouterr().err
        assert status == 2 and base.refusal in told and str(folder) in told
        assert not out.exists()
        return
    assert status == 0
    shutil.copytree(talking / "reges" / "retriever", out / "reges" / "retriever")
    shutil.copy(talking / "reges" / "ranker.safetensors", out / "reges")
    shelf = Shelf(CATALOG, trained.catalog, out)
    talk = Dialogue((Turn("user", "I loved Heat"),))
    for name in ("gcrs", "reges"):
        system = speaking(shelf, name)
        first = reply(system, talk, Plan(mode="REC"))
        assert first.item in CATALOG.items and first.text
        said = (*talk.turns, first.turn(), Turn("user", "why?"))
        assert reply(system, Dialogue(said)).text
        together = system.recommend_batch([talk, Dialogue(said)], 5, [frozenset()] * 2)
        assert [len(one) for one in together] == [5, 5]


def test_experts_with_dropout_are_refused(
    train: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = save_base(OF_TYPE["olmoe"], tmp_path / "base")
    assert train(base, "--dropout", "0.1") == 2
    assert "cannot learn with these options" in (told := capsys.readouterr().err)
    assert "dropout" in told and not (tmp_path / "out").exists()


def test_a_tokenizer_without_chatml_is_refused(
    train: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tokenizer = byte_level_tokenizer()
    tiny_base(OF_TYPE["llama"], len(tokenizer)).save_pretrained(tmp_path / "base")
    tokenizer.save_pretrained(tmp_path / "base")
    assert train(tmp_path / "base") == 2
    assert "has no <|im_start|>" in capsys.readouterr().err


@pytest.mark.parametrize("damage", ["nothing there", "no config", "another config", "no weights"])
def test_what_is_no_model_is_refused_in_words(
    damage: str, train: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = tmp_path / "base"
    if damage != "nothing there":
        save_base(OF_TYPE["llama"], base)
    if damage == "no config":
        (base / "config.json").unlink()
    if damage == "another config":
        (base / "config.json").write_text('{"model_type": "oracle"}')
    if damage == "no weights":
        (base / "model.safetensors").unlink()
    assert train(base) == 2
    assert f"no base model could be loaded from {base}" in capsys.readouterr().err


def test_a_prompt_with_its_reply_fits_into_the_window() -> None:
    from crsdemo.model.talk import MAX_HISTORY
    from crsdemo.recommenders.reges import QUERY
    from crsdemo.recommenders.talker import WORDING

    card = 300  # tokens, more than any of the shipped catalog
    assert MAX_HISTORY + QUERY.max_tokens + card + WORDING.max_tokens < trainable.WINDOW


@pytest.mark.parametrize("kind", ["granite", "cohere", "gemma2", "gpt2", "gpt_neox", "opt"])
def test_what_is_learned_is_what_the_model_will_say(kind: str) -> None:
    """Also where the model scales or caps its logits behind the head."""
    model = tiny_base(OF_TYPE[kind], 300)
    ids = some_tokens(model)[0].tolist()
    sequence = TrainingSequence(ids, [False] + [True] * (len(ids) - 1))
    logits = model(input_ids=torch.tensor([ids])).logits[0, :-1]
    expected = torch.nn.functional.cross_entropy(logits, torch.tensor(ids[1:]))
    loss = sequence_loss(model, [sequence], pad=0)
    assert loss.total.item() == pytest.approx(WORDS * expected.item(), rel=1e-4)


@pytest.mark.parametrize("kind", ["gemma2", "gpt2", "cohere"])
def test_learning_in_place_changes_nothing(kind: str) -> None:
    """Embeddings that are scaled and products of another kind stay as PEFT has them."""
    model = tiny_base(OF_TYPE[kind], 300)
    adapter = LoraConfig(
        target_modules="all-linear",
        trainable_token_indices=rows_to_learn(model, [280, 299]),
        task_type="CAUSAL_LM",
    )
    adapted = get_peft_model(model, adapter)
    ids = some_tokens(model)
    base: Any = adapted.get_base_model().base_model
    with torch.no_grad():
        expected = base(input_ids=ids).last_hidden_state
        fuse(adapted)
        found = base(input_ids=ids).last_hidden_state
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("kind", "used"),
    [("llama", True), ("qwen3", True), ("gemma2", False), ("deepseek_v3", True), ("gptj", False)],
)
def test_quick_attention_is_used_where_it_says_the_same(kind: str, used: bool) -> None:
    model = tiny_base(OF_TYPE[kind], 300)
    ids = some_tokens(model)
    expected = read(model, ids)
    use_grouped(model, lambda: read(model, ids))
    assert (model.config._attn_implementation == GROUPED) is used
    assert is_same(difference(read(model, ids), expected), model)


def test_the_table_in_the_documents_is_what_is_tested_here() -> None:
    text = (HOME / "docs" / "base-models.md").read_text(encoding="utf-8")
    assert f"\n\n{table()}\n\n" in text, f"docs/base-models.md should have:\n{table()}"
