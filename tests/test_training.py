"""From dialogues to a recommender that talks, by the stages of the project, in seconds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice, repeat
from pathlib import Path

import numpy as np
import pytest
import torch
from films import BY_TITLE, CATALOG
from safetensors.torch import load_file
from tiny import byte_level_tokenizer, causal_lm, semantic_ids

from crsdemo.checkpoint import load_checkpoint
from crsdemo.dialogue import Dialogue, Turn
from crsdemo.errors import BadInputError, CheckpointError
from crsdemo.loading import load_recommender
from crsdemo.prompt import PromptWriter
from crsdemo.recommender import Plan, reply
from crsdemo.semantic_ids import SemanticIDs
from crsdemo.slots import Slot, slots_of
from crsdemo.tokens import add_control_tokens
from crsdemo.train import stages
from crsdemo.train.adapter import AdapterFlags, with_adapter
from crsdemo.train.example import Example
from crsdemo.train.instances import Instance, InstanceWriter, Paths, Voice, loss_of
from crsdemo.train.loop import LoopConfig, train

TOKENIZER = byte_level_tokenizer()
CONTROL = add_control_tokens(TOKENIZER, 3, 8, slots_of(CATALOG))
IDS = dict(zip(CATALOG.row, semantic_ids(len(CATALOG)).values(), strict=True))
WRITER = PromptWriter(TOKENIZER, CONTROL, CATALOG, IDS)
INSTANCES = InstanceWriter(WRITER, Paths(CATALOG, IDS), None)
HEAT, ALIEN, UP = BY_TITLE["Heat"], BY_TITLE["Alien"], BY_TITLE["Up"]


def asked(text: str) -> Dialogue:
    return Dialogue((Turn("user", text),))


EXAMPLES = (
    Example(asked("cops"), "REC", {HEAT.id: 1.0}, HEAT, ("Try ", HEAT, " by ", Slot("directors"))),
    Example(asked("space"), "REC", {ALIEN.id: 0.7, UP.id: 0.3}, ALIEN, ("Watch ", ALIEN, ".")),
    Example(asked("hello"), "CHAT", {}, None, ("Hi, what do you like?",)),
)
BATCH = [INSTANCES.whole(example) for example in EXAMPLES]


def voice(kind: str = "qwen3") -> Voice:
    return Voice(causal_lm(kind, len(TOKENIZER)), None)


def batches(n: int | None = None) -> Iterator[tuple[str, Sequence[Instance]]]:
    return islice(repeat(("talk", BATCH)), n)


def learn(one: Voice, state: Path, n: int | None = None, **config: float) -> int:
    options = LoopConfig(**{"minutes": 0.02, "learning_rate": 1e-2, "warmup_steps": 5} | config)
    return train(one, None, CONTROL, batches(n), options, state, lambda: None)


def weights(one: Voice) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in one.parameters()]).clone()


# instances and their loss


def test_mode_item_and_words_are_learned_but_not_the_card() -> None:
    ids, learned = BATCH[0].ids, BATCH[0].learned
    words = [i for i, on in zip(ids, learned, strict=True) if on]
    assert TOKENIZER.decode(words).startswith("<RESP>Try <BOI>")
    assert TOKENIZER.decode(words).endswith(" by <directors_1><eos>")
    assert ids[BATCH[0].mode_at] == CONTROL.assistant
    assert ids[BATCH[0].item_at] == CONTROL.boi
    assert BATCH[2].item_at is None


def test_the_wanted_codes_are_a_distribution_over_what_the_catalog_allows() -> None:
    levels = BATCH[1].levels
    assert levels.wanted.sum(1) == pytest.approx(1)
    assert not (levels.wanted > 0)[~levels.allowed].any()
    assert tuple(levels.path) == IDS[ALIEN.id]
    first = {IDS[ALIEN.id][0]: 0.0, IDS[UP.id][0]: 0.0}
    for item, share in ((ALIEN, 0.7), (UP, 0.3)):
        first[IDS[item.id][0]] += share
    assert {c: levels.wanted[0, c] for c in first} == pytest.approx(first)


def test_items_are_drawn_by_their_weight() -> None:
    rows, rng = np.array([3, 9]), np.random.default_rng(0)
    drawn = [
        Paths(CATALOG, IDS).draw(rows, np.array([1.0, 3.0], np.float32), rng) for _ in range(9)
    ]
    paths = {tuple(levels.path) for levels in drawn}
    assert paths == {IDS[CATALOG.items[3].id], IDS[CATALOG.items[9].id]}


@pytest.mark.parametrize("kind", ["qwen3", "llama", "gpt2"])
def test_padding_does_not_change_the_loss(kind: str) -> None:
    one = voice(kind)
    with torch.no_grad():
        alone = [loss_of(one, None, [instance], CONTROL) for instance in BATCH[:2]]
        together = loss_of(one, None, BATCH[:2], CONTROL)
    means = np.mean([loss.levels for loss in alone], axis=0)
    assert together.levels == pytest.approx(means.tolist(), abs=1e-3)
    assert together.mode == pytest.approx(np.mean([loss.mode for loss in alone]), abs=1e-3)


# the loop


def test_the_loss_goes_down(tmp_path: Path) -> None:
    one = voice()
    before = loss_of(one, None, BATCH, CONTROL)
    assert learn(one, tmp_path / "state.pt", 60, minutes=5) == 60
    after = loss_of(one, None, BATCH, CONTROL)
    assert after.words < 0.5 * before.words
    assert after.mode < 0.5 * before.mode
    assert sum(after.levels) < 0.5 * sum(before.levels)


def test_an_interrupted_run_goes_on_where_it_was(tmp_path: Path) -> None:
    state = tmp_path / "state.pt"

    def stopped() -> Iterator[tuple[str, Sequence[Instance]]]:
        yield from batches(4)
        raise KeyboardInterrupt

    first, kept = voice(), []
    config = LoopConfig(minutes=5, save_minutes=0, learning_rate=1e-2)
    with pytest.raises(KeyboardInterrupt):
        train(first, None, CONTROL, stopped(), config, state, lambda: kept.append(weights(first)))
    assert len(kept) == 4
    second = voice()
    assert not torch.equal(weights(second), kept[-1])
    assert learn(second, state, 0, minutes=5) == 4
    assert torch.equal(weights(second), kept[-1])
    assert learn(second, state, 3, minutes=5) == 7
    assert not list(tmp_path.glob("*.partial"))


def test_a_run_whose_time_is_spent_learns_no_more(tmp_path: Path) -> None:
    one = voice()
    steps = learn(one, tmp_path / "state.pt", minutes=0.005)
    assert steps > 0
    before = weights(one)
    assert learn(one, tmp_path / "state.pt", minutes=0.005) == steps
    assert torch.equal(weights(one), before)


def test_the_state_of_another_run_is_refused(tmp_path: Path) -> None:
    state = tmp_path / "state.pt"
    learn(voice("gpt2"), state, 1)
    with pytest.raises(CheckpointError, match="does not continue this run"):
        learn(voice(), state, 1)
    state.write_bytes(b"half a fi")
    with pytest.raises(CheckpointError, match="remove it to begin anew"):
        learn(voice(), state, 1)


# the stages


def test_the_stages_leave_a_recommender_that_talks(trained, generative) -> None:
    files = {p.relative_to(trained.folder).as_posix() for p in trained.folder.rglob("*.*")}
    assert files >= {
        "catalog/semantic_ids.json",
        "catalog/item_vectors.safetensors",
        "checkpoints/base/model.safetensors",
        "checkpoints/base/tokenizer.json",
        "checkpoints/gcrs/adapter_model.safetensors",
        "checkpoints/gcrs/crsdemo.json",
        "runs/base.pt",
        "runs/gcrs.pt",
    }
    answer = reply(generative, asked("I want to be scared"), Plan(mode="REC"))
    assert answer.item in CATALOG.items
    assert answer.complete


def test_a_finished_stage_does_nothing_when_run_again(trained, monkeypatch) -> None:
    monkeypatch.chdir(trained.folder)
    path = trained.checkpoints / "base" / "model.safetensors"
    before, step = path.read_bytes(), torch.load(trained.folder / "runs" / "base.pt")["step"]
    assert step > 0
    stages.train_base(stages.BaseConfig(**trained.base))
    assert path.read_bytes() == before
    assert torch.load(trained.folder / "runs" / "base.pt")["step"] == step


def test_semantic_ids_are_made_alike_again(trained, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(trained.folder)
    CATALOG.save(tmp_path)
    sources = trained.sources | {"catalog": tmp_path}
    stages.make_semantic_ids(stages.SemanticIDConfig(n_levels=3, codebook_size=6, **sources))
    once, again = (folder / "semantic_ids.json" for folder in (trained.catalog, tmp_path))
    assert json.loads(once.read_text()) == json.loads(again.read_text())


@pytest.mark.parametrize("kind", ["llama", "qwen3", "gpt2"])
def test_any_causal_lm_can_be_the_base(trained, tmp_path, monkeypatch, kind: str) -> None:
    monkeypatch.chdir(trained.folder)
    base, out = tmp_path / "models" / kind, tmp_path / "checkpoints" / "mine"
    tokenizer = byte_level_tokenizer()
    model = causal_lm(kind, len(tokenizer))
    if kind == "gpt2":
        model.config.n_positions = 512
        model = type(model)(model.config)
    model.save_pretrained(base)
    tokenizer.save_pretrained(base)
    config = trained.generative | {
        "out": out,
        "base_model": str(base),
        "state": tmp_path / "state.pt",
        "minutes": 0.01,
    }
    stages.train_generative(stages.GenerativeConfig(**config))
    semantic = SemanticIDs.load(trained.catalog, CATALOG)
    ids = torch.tensor([[5, 6, 7]])
    with torch.inference_mode():
        one, other = (
            _loaded(out, semantic, seed).model(ids, use_cache=False).logits for seed in (1, 2)
        )
    assert torch.equal(
        one, other
    )  # new rows of the vocabulary come from the adapter, not by chance
    mine = load_recommender("mine", CATALOG, trained.catalog, out.parent)
    answer = reply(mine, asked("I loved Heat"), Plan(mode="REC"))
    assert answer.item in CATALOG.items
    assert len(mine.recommend(asked("hello"), 50)) == len(CATALOG)


def test_a_run_can_go_on_from_an_earlier_adapter(trained, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(trained.folder)
    earlier = trained.checkpoints / "gcrs"
    out = trained.checkpoints / "next"
    config = trained.generative | {
        "out": out,
        "start_from": earlier,
        "state": tmp_path / "state.pt",
        "minutes": 0.0,
    }
    stages.train_generative(stages.GenerativeConfig(**config))
    before, after = (load_file(f / "adapter_model.safetensors") for f in (earlier, out))
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert any(value.any() for name, value in after.items() if "lora_B" in name)


def _loaded(out: Path, semantic: SemanticIDs, seed: int):  # type: ignore[no-untyped-def]
    torch.manual_seed(seed)
    return load_checkpoint(out, CATALOG, semantic)


@pytest.mark.parametrize("kind", ["llama", "qwen3"])
def test_the_output_rows_of_new_tokens_learn_too(tmp_path, kind: str) -> None:
    """Also where the head is no copy of the embeddings, as in Llama."""
    tokenizer = byte_level_tokenizer()
    causal_lm(kind, len(tokenizer)).save_pretrained(tmp_path)
    control = add_control_tokens(tokenizer, 3, 8, slots_of(CATALOG))
    rows = sorted(control.ids)
    flags = AdapterFlags(base_model=str(tmp_path), modules="all-linear")
    one = Voice(with_adapter(flags, tokenizer, rows), None)

    def head() -> torch.Tensor:
        end = one.plain.get_output_embeddings()
        eye = torch.eye(one.plain.config.hidden_size)
        return end(eye).T.detach()[rows].clone()

    before = head()
    learn(one, tmp_path / "state.pt", 3, minutes=5)
    assert (head() - before).abs().sum(1).gt(0).all()


def test_dialogues_about_other_things_are_refused(trained, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(trained.folder)
    path = tmp_path / "talks.tsv"
    rows = ["dialog_id\tspeaker\ttext\tmovies", "1\tSEEKER\thi\t", "1\tRECOMMENDER\thello\t"]
    path.write_text("\n".join(rows) + "\n")
    config = trained.generative | {"dialogues": str(path), "out": tmp_path / "out"}
    with pytest.raises(BadInputError, match="recommends an item of this catalog"):
        stages.train_generative(stages.GenerativeConfig(**config))
