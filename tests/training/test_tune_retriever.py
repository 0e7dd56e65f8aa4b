"""How queries are read is learned, and what was learned is a small map."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from films import BY_TITLE, CATALOG, write_redial
from safetensors.numpy import save_file
from transformers import BertConfig, BertModel, BertTokenizer

from crsdemo.__main__ import main
from crsdemo.core.errors import BadInputError, CheckpointError
from crsdemo.items.encoder import TextEncoder
from crsdemo.items.index import units
from crsdemo.language.corpus import load_dialogues
from crsdemo.recommenders.retriever import MAP_FILE, Documents, QueryReader
from crsdemo.training.ranking.tune_retriever import (
    Pair,
    TuneConfig,
    query_map,
    search_pairs,
    talk_pairs,
    tune_retriever,
    written_pairs,
)


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random BERT with a word for every letter."""
    folder = tmp_path_factory.mktemp("bert")
    letters = [chr(n) for n in range(33, 127)]
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{c}" for c in letters)]
    (folder / "vocab.txt").write_text("\n".join(words))
    BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(0)
    shape: dict[str, Any] = dict(
        hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32
    )
    BertModel(BertConfig(vocab_size=len(words), **shape)).save_pretrained(folder)
    return folder


@pytest.fixture
def config(bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TuneConfig:
    monkeypatch.chdir(tmp_path)  # the stages keep text vectors in `runs/`
    CATALOG.save(tmp_path / "catalog")
    return TuneConfig(
        dialogues=str(write_redial(tmp_path / "talks.jsonl")),
        catalog=tmp_path / "catalog",
        encoder=str(bert),
        out=tmp_path / "retriever",
        epochs=3,
        batch=4,
    )


def test_the_end_of_a_talk_is_to_find_what_was_recommended_next(tmp_path: Path) -> None:
    dialogues = load_dialogues(write_redial(tmp_path / "talks.jsonl"), CATALOG, {})
    pairs = talk_pairs(dialogues, CATALOG)
    assert BY_TITLE["Interstellar"] in [pair.gold for pair in pairs]
    assert BY_TITLE["Goodfellas"] not in [pair.gold for pair in pairs]
    for pair in pairs:
        assert pair.gold.id in pair.spared
    first = pairs[0]
    assert first.query == "Hi! I am after something with a clever plot, I liked Inception (2010)"
    assert (first.gold.title, BY_TITLE["Inception"].id in first.spared) == ("The Matrix", True)


def test_the_map_brings_a_query_to_its_film_and_spares_what_is_not_wrong() -> None:
    rng = np.random.default_rng(0)
    documents = units(rng.normal(size=(len(CATALOG), 8)).astype(np.float32))
    queries = units(rng.normal(size=(6, 8)).astype(np.float32))
    pairs = [Pair(str(n), CATALOG[n], frozenset()) for n in range(6)]
    config = TuneConfig(dialogues="", epochs=300, batch=4, learning_rate=0.01)
    learned = query_map(queries, documents, pairs, CATALOG, config)
    read = units(queries @ learned[:-1] + learned[-1])
    assert (read @ documents.T).argmax(1).tolist() == list(range(6))
    again = query_map(queries, documents, pairs, CATALOG, config)
    np.testing.assert_array_equal(learned, again)
    everything = frozenset(CATALOG.row)
    spared = [Pair(str(n), CATALOG[n], everything) for n in range(6)]
    untaught = query_map(queries, documents, spared, CATALOG, config)
    np.testing.assert_allclose(untaught[:-1], np.eye(8), atol=1e-6)


def test_talks_searches_and_wishes_that_were_written_become_pairs(tmp_path: Path) -> None:
    matrix, up = BY_TITLE["The Matrix"], BY_TITLE["Up"]
    rows: dict[str, list[Any]] = {
        "searches.jsonl": [
            {"dialogue": "1", "turn": 1, "item": matrix.id, "query": "hackers"},
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
    ((dialogue, pair),) = search_pairs(CATALOG, tmp_path)
    assert (dialogue, pair.query, pair.gold) == ("1", "hackers", matrix)
    pairs = written_pairs(CATALOG, tmp_path)
    assert [(pair.query, pair.gold.title) for pair in pairs[:2]] == [
        ("dreams", "The Matrix"),
        ("up again", "The Matrix"),
    ]
    assert {(pair.query, pair.gold.title) for pair in pairs[2:]} == {
        ("balloons", "Up"),
        ("balloons", "The Matrix"),
    }
    assert pairs[2].spared == {up.id, matrix.id}
    assert pairs[0].spared == {matrix.id, up.id}, "what was spoken of is not wrong to find"


def test_a_small_map_is_all_that_is_written_and_it_changes_how_queries_are_read(
    config: TuneConfig, bert: Path
) -> None:
    tune_retriever(config)
    assert config.out
    assert [path.name for path in config.out.iterdir()] == [MAP_FILE]
    encoder = TextEncoder(str(bert))
    reader = QueryReader.load(config.out, encoder)
    texts = ["a horror film", "a western with Clint Eastwood"]
    tuned = reader.embed(texts)
    assert np.abs(tuned - encoder.embed(texts)).max() > 1e-3
    np.testing.assert_allclose(np.linalg.norm(tuned, axis=1), 1, rtol=1e-5)
    vectors = encoder.embed(["one", "two"])
    assert Documents(reader, vectors).vectors is vectors, "descriptions are read as before"


def test_without_a_map_queries_are_read_by_the_encoder_alone(bert: Path, tmp_path: Path) -> None:
    encoder = TextEncoder(str(bert))
    reader = QueryReader.load(tmp_path, encoder)
    np.testing.assert_array_equal(reader.embed(["a"]), encoder.embed(["a"]))
    reader.save(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_run_without_an_epoch_is_refused(config: TuneConfig) -> None:
    with pytest.raises(BadInputError, match="--epochs must be at least 1"):
        tune_retriever(replace(config, epochs=0))


def test_without_anything_about_the_catalog_there_is_nothing_to_learn(
    config: TuneConfig, tmp_path: Path
) -> None:
    talks = tmp_path / "talks.tsv"
    rows = ["dialog_id\tspeaker\ttext\tmovies", "1\tSEEKER\thi\t", "1\tRECOMMENDER\thello\t"]
    talks.write_text("\n".join(rows) + "\n")
    with pytest.raises(BadInputError, match="recommends no item of this catalog"):
        tune_retriever(replace(config, dialogues=str(talks)))


def test_a_map_that_is_damaged_or_of_another_encoder_says_what_to_do(
    bert: Path, tmp_path: Path
) -> None:
    encoder = TextEncoder(str(bert))
    (tmp_path / MAP_FILE).write_bytes(b"no tensors")
    with pytest.raises(CheckpointError, match="damaged.*tune-retriever"):
        QueryReader.load(tmp_path, encoder)
    save_file({"map": np.zeros((5, 4), np.float16)}, tmp_path / MAP_FILE)
    with pytest.raises(CheckpointError, match="gives 32 numbers"):
        QueryReader.load(tmp_path, encoder)


def test_the_command_needs_dialogues(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["tune-retriever"])
    assert "--dialogues" in capsys.readouterr().err
