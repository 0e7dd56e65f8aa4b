"""The loop in which a recommender learns, and the stages that it stands on, in seconds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from chatml import WRITTEN, chat_model, chat_tokenizer
from conftest import Trained
from films import CATALOG
from tiny import causal_lm, semantic_ids
from torch import nn

from crsdemo.__main__ import main
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.core.errors import CheckpointError
from crsdemo.core.recommender import Plan, reply
from crsdemo.core.slots import TITLE, slots_of
from crsdemo.model.talk import TalkFormat
from crsdemo.model.tokens import add_control_tokens, decoded
from crsdemo.recommenders.gcrs import Gcrs
from crsdemo.recommenders.loading import Shelf
from crsdemo.training.items import semantic_ids as stages
from crsdemo.training.lm import loop
from crsdemo.training.lm.examples import ExampleSampler
from crsdemo.training.lm.loop import LearnFlags, learn
from crsdemo.training.lm.sequences import sequence_loss

MIXTURE = {"written": (1.0, 1.0)}


@pytest.fixture(scope="module", name="sampler")
def made_sampler() -> ExampleSampler:
    return new_sampler()


def new_sampler() -> ExampleSampler:
    tokenizer = chat_tokenizer()
    control = add_control_tokens(tokenizer, 3, 8, (TITLE, *slots_of(CATALOG)))
    codes = dict(zip(CATALOG.row, semantic_ids(len(CATALOG)).values(), strict=True))
    talk = TalkFormat(tokenizer, control, CATALOG, codes)
    return ExampleSampler(talk, None, [], [], [WRITTEN], [])  # type: ignore[arg-type]  # no teacher is asked


def model(sampler: ExampleSampler) -> nn.Module:
    return chat_model(len(sampler.talk.tokenizer))


def run(
    sampler: ExampleSampler,
    one: nn.Module,
    state: Path,
    minutes: float,
    save: Callable[[], None] = lambda: None,
) -> int:
    """The number of steps so far."""
    flags = LearnFlags(state=state, minutes=minutes, tokens=300, learning_rate=1e-2)
    learn(flags, one, sampler, MIXTURE, save)
    return int(torch.load(state, weights_only=True)["step"])


def weights(one: nn.Module) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in one.parameters()]).clone()


def test_the_loss_goes_down(sampler: ExampleSampler, tmp_path: Path) -> None:
    one = model(sampler)
    batch = [sampler.conversation()]
    eos = sampler.talk.control.eos
    before = sequence_loss(one, batch, eos)
    run(sampler, one, tmp_path / "state.pt", 0.05)
    after = sequence_loss(one, batch, eos)
    assert after.total < 0.5 * before.total
    for part in ("words", "mode", "level 1"):
        assert after.parts[part] < 0.7 * before.parts[part]


def test_a_title_that_no_film_has_is_answered_without_a_film(sampler: ExampleSampler) -> None:
    control, titles = sampler.talk.control, {item.title.lower() for item in CATALOG}
    for _ in range(20):
        sequence = sampler.absent()
        typed = decoded(sampler.talk.tokenizer, sequence.ids)
        assert not any(f"do you know {title}?" in typed.lower() for title in titles)
        chosen = [sequence.ids[one.at] for one in sequence.decisions]
        assert chosen == [control.chat, control.resp]
        assert not any(sequence.are_words)


def test_an_interrupted_run_goes_on_where_it_was(
    sampler: ExampleSampler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, kept = model(sampler), []
    monkeypatch.setattr(loop, "SAVE_SECONDS", 0)

    def save() -> None:
        kept.append(weights(first))
        if len(kept) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(sampler, first, tmp_path / "state.pt", 5, save)
    second = model(sampler)
    assert not torch.equal(weights(second), kept[-1])
    assert run(sampler, second, tmp_path / "state.pt", 0) == 4
    assert torch.equal(weights(second), kept[-1])
    assert not list(tmp_path.glob("*.partial"))


def test_a_run_whose_time_is_spent_learns_no_more(sampler: ExampleSampler, tmp_path: Path) -> None:
    one = model(sampler)
    steps = run(sampler, one, tmp_path / "state.pt", 0.005)
    assert steps > 0
    before = weights(one)
    assert run(sampler, one, tmp_path / "state.pt", 0.005) == steps
    assert torch.equal(weights(one), before)


def test_the_state_of_another_run_is_refused(sampler: ExampleSampler, tmp_path: Path) -> None:
    state = tmp_path / "state.pt"
    run(sampler, causal_lm("llama", len(sampler.talk.tokenizer)), state, 0)
    with pytest.raises(CheckpointError, match="does not continue this run"):
        run(sampler, model(sampler), state, 0)
    state.write_bytes(b"half a fi")
    with pytest.raises(CheckpointError, match="remove it to begin anew"):
        run(sampler, model(sampler), state, 0)


def test_semantic_ids_are_made_alike_again(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(trained.folder)
    CATALOG.save(tmp_path)
    sources = trained.sources | {"catalog": tmp_path}
    stages.make_semantic_ids(stages.SemanticIDConfig(n_levels=3, codebook_size=6, **sources))
    once, again = (folder / "semantic_ids.json" for folder in (trained.catalog, tmp_path))
    assert json.loads(once.read_text()) == json.loads(again.read_text())


@pytest.mark.parametrize("kind", ["llama", "qwen3"])
def test_any_causal_lm_that_speaks_chatml_can_be_the_base(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Also one whose head is no copy of the embeddings: the rows of new tokens learn in both."""
    monkeypatch.chdir(trained.folder)
    tokenizer = chat_tokenizer()
    causal_lm(kind, len(tokenizer)).save_pretrained(tmp_path / "base")
    tokenizer.save_pretrained(tmp_path / "base")
    options = ["--dialogues", str(trained.redial), "--catalog", str(trained.catalog)]
    options += ["--written", str(trained.written), "--base-model", str(tmp_path / "base")]
    options += ["--tokens", "300", "--minutes", "0.02", "--state", str(tmp_path / "s.pt")]
    assert main(["train-gcrs", *options, "--out", str(tmp_path / "mine")]) == 0
    logits = []
    for seed in (1, 2):
        torch.manual_seed(seed)  # new rows of the vocabulary come from the adapter, not by chance
        mine = Shelf(CATALOG, trained.catalog, tmp_path).get("mine")
        assert isinstance(mine, Gcrs)
        with torch.inference_mode():
            logits.append(mine.talker.loaded.model(torch.tensor([[5, 6, 7]])).logits)
    assert torch.equal(*logits)
    answer = reply(mine, Dialogue((Turn("user", "I loved Heat"),)), Plan(mode="REC"))
    assert answer.item in CATALOG.items
    assert len(mine.recommend(Dialogue((Turn("user", "hello"),)), 50)) == len(CATALOG)
