"""A text encoder learns from queries, and what it learned is a small adapter."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from films import BY_TITLE, CATALOG, write_redial
from safetensors.torch import load_file
from tiny import byte_level_tokenizer
from transformers import (
    BertConfig,
    BertModel,
    BertTokenizerFast,
    GPT2Config,
    GPT2Model,
    TrainerState,
)

from crsdemo.__main__ import main
from crsdemo.corpus import load_dialogues
from crsdemo.encoder import TextEncoder, item_text
from crsdemo.errors import BadInputError, CheckpointError
from crsdemo.mentions import PeopleLinker
from crsdemo.train.pseudo_queries import QueryTeacher
from crsdemo.train.query_pairs import Pair, real_pairs, wish_pairs, written_pairs
from crsdemo.train.synthetic import Writer
from crsdemo.train.tune_retriever import (
    SCALE,
    AgainstCatalog,
    Budget,
    Clock,
    RetrieverConfig,
    tune_retriever,
    with_adapter,
)


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random BERT with a word for every letter."""
    folder = tmp_path_factory.mktemp("bert")
    letters = [chr(n) for n in range(33, 127)]
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{c}" for c in letters)]
    (folder / "vocab.txt").write_text("\n".join(words))
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(0)
    shape = dict(hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32)
    BertModel(BertConfig(vocab_size=len(words), **shape)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def teacher(bert: Path) -> QueryTeacher:
    encoder = TextEncoder(str(bert))
    themes = encoder.embed([item_text(item) for item in CATALOG])
    return QueryTeacher(CATALOG, PeopleLinker(CATALOG), encoder, themes)


@pytest.fixture
def config(bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RetrieverConfig:
    monkeypatch.chdir(tmp_path)  # the stages keep text vectors in `runs/`
    CATALOG.save(tmp_path / "catalog")
    return RetrieverConfig(
        dialogues=str(write_redial(tmp_path / "talks.jsonl")),
        catalog=tmp_path / "catalog",
        encoder=str(bert),
        out=tmp_path / "retriever",
        steps=2,
        batch=4,
        wishes=6,
        save_steps=1,
    )


def test_real_pairs_are_what_was_recommended_next(teacher: QueryTeacher, tmp_path: Path) -> None:
    dialogues = load_dialogues(write_redial(tmp_path / "talks.jsonl"), CATALOG, {})
    pairs = real_pairs(teacher, dialogues)
    assert BY_TITLE["Interstellar"] in [pair.gold for pair in pairs]
    assert BY_TITLE["Goodfellas"] not in [pair.gold for pair in pairs]
    for pair in pairs:
        assert pair.gold.id in pair.spared
        assert pair.gold.name not in pair.query


def test_the_gold_film_of_a_wish_is_one_of_its_targets(teacher: QueryTeacher) -> None:
    writer = Writer(CATALOG, {item.id: [] for item in CATALOG}, seed=3)
    wishes = Writer(CATALOG, {item.id: [] for item in CATALOG}, seed=3)
    for pair in wish_pairs(teacher, writer, 8, seed=1):
        assert pair.gold.id in wishes.wish().targets


def test_the_loss_is_that_of_the_right_film_among_all_but_the_spared() -> None:
    documents = torch.nn.functional.normalize(torch.randn(len(CATALOG), 8), dim=1)
    query = torch.nn.functional.normalize(torch.randn(2, 8), dim=1)
    pairs = [
        Pair("a", CATALOG[3], frozenset((CATALOG[3].id, CATALOG[5].id))),
        Pair("b", CATALOG[7], frozenset()),
    ]

    def model(features: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return {"sentence_embedding": query}

    loss = AgainstCatalog(model, pairs, CATALOG, documents)  # type: ignore[arg-type]
    scores = SCALE * query @ documents.T
    scores[0, 5] = -torch.inf
    expected = -scores.log_softmax(1)[[0, 1], [3, 7]].mean()
    assert loss([{}], torch.tensor([0, 1])).item() == pytest.approx(expected.item(), rel=1e-5)


def test_talks_searches_and_wishes_that_were_written_become_pairs(tmp_path: Path) -> None:
    matrix, up = BY_TITLE["The Matrix"], BY_TITLE["Up"]
    rows = {
        "searches.jsonl": [
            {"dialogue": "1", "turn": 1, "item": matrix.id, "query": "hackers"},
            {"dialogue": "2", "turn": 1, "item": matrix.id, "query": "held out"},
            {"dialogue": "3", "turn": 1, "item": "nobody", "query": "of another catalog"},
        ],
        "wishes.jsonl": [{"kind": "plain", "wish": "balloons", "items": [up.id, matrix.id, "x"]}],
        "dialogues_1.jsonl": [
            {
                "id": "w1",
                "turns": [
                    {"user": f"[up|{up.id}] again", "acts": ["like-but"]},
                    {
                        "move": "recommend",
                        "item": matrix.id,
                        "says": "{title}!",
                        "search": "dreams",
                    },
                ],
            }
        ],
    }
    for name, some in rows.items():
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in some))
    pairs = written_pairs(CATALOG, tmp_path, without={"2"})
    assert [(pair.query, pair.gold.title) for pair in pairs] == [
        ("hackers", "The Matrix"),
        ("dreams", "The Matrix"),
        ("up again", "The Matrix"),
        ("balloons", "Up"),
        ("balloons", "The Matrix"),
    ]
    assert pairs[1].spared == {matrix.id, up.id}, "what was spoken of is not wrong to find"


def test_the_budget_falls_to_nothing_by_time_or_by_steps() -> None:
    by_time, by_steps = Budget(1.0, 0), Budget(1.0, 100)
    by_time.spent = 45.0
    assert by_time(1000) == pytest.approx(0.25)
    by_time.spent = 61.0
    assert by_time(1000) == 0
    assert by_steps(75) == pytest.approx(0.25)
    assert by_steps(0) < 0.1  # warming up


def test_an_adapter_is_all_that_is_written_and_it_changes_the_vectors(
    config: RetrieverConfig, bert: Path
) -> None:
    tune_retriever(config)
    files = {path.name for path in config.out.iterdir()}
    assert files == {"adapter_config.json", "adapter_model.safetensors"}
    kept = json.loads((config.out / "adapter_config.json").read_text())
    assert sorted(kept["target_modules"]) == ["key", "query", "value"]
    texts = ["a horror film", item_text(CATALOG[0])]
    plain = TextEncoder(str(bert)).embed(texts)
    tuned = TextEncoder(str(bert), adapter=config.out).embed(texts)
    assert np.abs(plain - tuned).max() > 1e-5
    np.testing.assert_allclose(np.linalg.norm(tuned, axis=1), 1, rtol=1e-5)


def test_the_merged_adapter_reads_as_the_tuned_model_does(
    config: RetrieverConfig, bert: Path
) -> None:
    model = with_adapter(config, str(bert)).eval()
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.5)
    model[0].auto_model.save_pretrained(config.out)
    texts = ["a horror film", "a western with Clint Eastwood"]
    tuned = TextEncoder(str(bert), adapter=config.out).embed(texts)
    expected = model.encode(texts, convert_to_numpy=True)
    np.testing.assert_allclose(tuned, expected, atol=1e-5)
    assert np.abs(tuned - TextEncoder(str(bert)).embed(texts)).max() > 0.05


def test_an_encoder_of_another_kind_is_refused(config: RetrieverConfig, tmp_path: Path) -> None:
    torch.manual_seed(0)
    GPT2Model(GPT2Config(vocab_size=300, n_embd=32, n_layer=1, n_head=2)).save_pretrained(tmp_path)
    byte_level_tokenizer().save_pretrained(tmp_path)
    with pytest.raises(BadInputError, match="BERT-like"):
        with_adapter(config, str(tmp_path))


def adapter_of(config: RetrieverConfig) -> dict[str, torch.Tensor]:
    return load_file(config.out / "adapter_model.safetensors")


def test_an_interrupted_run_ends_where_an_uninterrupted_one_does(
    config: RetrieverConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = replace(config, steps=3)
    parted = replace(whole, out=Path("parted"), state=Path("runs/parted"))
    tune_retriever(whole)

    def interrupt(
        self: Clock, _: object, state: TrainerState, *rest: object, **more: object
    ) -> None:
        if state.global_step == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Clock, "on_step_end", interrupt)
        tune_retriever(parted)
    assert not parted.out.exists()
    tune_retriever(parted)
    expected = adapter_of(whole)
    assert all(torch.equal(value, expected[name]) for name, value in adapter_of(parted).items())
    assert any(value.abs().max() > 0 for name, value in expected.items() if "lora_B" in name)


def test_a_run_that_is_over_learns_no_more(config: RetrieverConfig) -> None:
    tune_retriever(config)
    before = adapter_of(config)
    tune_retriever(config)
    assert all(torch.equal(value, before[name]) for name, value in adapter_of(config).items())


def test_a_run_without_steps_or_time_is_refused(config: RetrieverConfig) -> None:
    with pytest.raises(BadInputError, match="nothing to do"):
        tune_retriever(replace(config, steps=0, minutes=0))


def test_a_missing_adapter_is_an_error_that_says_what_to_do(bert: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="tune-retriever"):
        TextEncoder(str(bert), adapter=tmp_path)


def test_a_damaged_adapter_is_an_error_that_says_what_to_do(bert: Path, tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text("{")
    with pytest.raises(CheckpointError, match="does not fit"):
        TextEncoder(str(bert), adapter=tmp_path)


def test_the_command_needs_dialogues(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["tune-retriever"])
    assert "--dialogues" in capsys.readouterr().err
