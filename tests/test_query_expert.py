"""The query expert names only what was named, whatever its weights say, and learns its teacher."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import repeat
from pathlib import Path

import numpy as np
import pytest
import torch
from films import BY_TITLE, CATALOG
from tiny import byte_level_tokenizer, causal_lm

from crsdemo.catalog import Item
from crsdemo.checkpoint import base_as_seen_from, base_folder, load_checkpoint
from crsdemo.commons import Commons
from crsdemo.dialogue import Dialogue, Turn
from crsdemo.errors import BadInputError
from crsdemo.mentions import MentionLinker, PeopleLinker
from crsdemo.prompt import PromptWriter
from crsdemo.query import Person, PseudoQuery, named_people
from crsdemo.query_expert import ANYTHING, QueryExpert
from crsdemo.semantic_ids import SemanticIDs
from crsdemo.train import query_stage
from crsdemo.train.adapter import AdapterFlags, Apprentice
from crsdemo.train.instances import Voice, loss_of
from crsdemo.train.loop import LoopConfig, train
from crsdemo.train.query_stage import QueryConfig, train_query
from crsdemo.word_choice import Pen

LINKER = MentionLinker(CATALOG)
PEOPLE = PeopleLinker(CATALOG)


def talk(*texts: str) -> Dialogue:
    """Said in turns, the user first; titles are found as on the page."""
    dialogue = Dialogue()
    for place, text in enumerate(texts):
        speaker = "assistant" if place % 2 else "user"
        dialogue = dialogue.say(Turn(speaker, text, LINKER.link(text, dialogue)))
    return dialogue


TALKS = (
    talk("something scary with Bill Murray"),
    talk("I loved The Shining and Alien", "Have you seen Get Out?", "no, tell me more"),
    talk("Tom Hanks or Matt Damon, a war film", "Saving Private Ryan?", "seen it. Jodie Foster?"),
    talk("hello"),
)


def options(trained, folder: Path, **more: object) -> QueryConfig:
    given = trained.sources | {
        "out": folder / "checkpoints" / "reges" / "query",
        "state": folder / "runs" / "query.pt",
        "base_model": str(trained.checkpoints / "base"),
        "minutes": 0.02,
        "wishes": 40,
        "batch": 4,
    }
    return QueryConfig(**(given | more))


@pytest.fixture(scope="module")
def folder(trained) -> Path:
    """A query expert after seconds of learning, beside the tiny models of the other tests."""
    config = options(trained, trained.folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(trained.folder)  # the stages keep text vectors in `runs/`
        train_query(config)
    return config.out


@pytest.fixture(scope="module")
def expert(trained, folder: Path) -> QueryExpert:
    return QueryExpert.load(folder, Commons(CATALOG, trained.catalog))


@pytest.fixture(params=[0, 1, 2])
def babbler(expert: QueryExpert, request) -> QueryExpert:
    """The same with random output: it would say anything that it may."""
    weight = expert.speaker.loaded.model.get_output_embeddings().weight
    kept = weight.detach().clone()
    torch.manual_seed(request.param)
    with torch.no_grad():
        weight.copy_(torch.randn_like(weight))
        control = expert.speaker.loaded.control
        weight[[control.boi, *control.slot_of]] *= 3
    yield expert
    with torch.no_grad():
        weight.copy_(kept)


def test_only_people_and_films_that_were_named_can_be_said(babbler: QueryExpert) -> None:
    named = 0
    for dialogue in TALKS:
        people = named_people(dialogue, PEOPLE)
        for piece in babbler.write(dialogue).pieces:
            if isinstance(piece, Item):
                assert piece.id in dialogue.mentioned
            elif isinstance(piece, Person):
                assert piece.name == people[piece.place - 1]
            named += not isinstance(piece, str)
    assert named


def test_many_at_once_are_the_same_as_one_by_one(expert: QueryExpert) -> None:
    one_by_one = [expert.write(dialogue).pieces for dialogue in TALKS]
    assert [query.pieces for query in expert.write_all(TALKS)] == one_by_one


def test_two_threads_get_the_same_as_one(expert: QueryExpert) -> None:
    alone = [expert.write(dialogue) for dialogue in TALKS]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(expert.write, TALKS * 3))
    assert together == alone * 3


def test_an_empty_dialogue_has_a_query_too(expert: QueryExpert) -> None:
    assert expert.write(Dialogue()).text.strip()
    assert expert.write_all([]) == []


def test_a_model_that_says_nothing_leaves_the_last_words_of_the_user(
    expert: QueryExpert, monkeypatch
) -> None:
    monkeypatch.setattr("crsdemo.decoding.Decoder.write_all", lambda self, context, pens: [[]])
    dialogue = talk("a western", "Sure. Old or new?", "an old one")
    assert expert.write(dialogue).text == "an old one"
    assert expert.write(Dialogue()).text == ANYTHING


@pytest.mark.parametrize(
    ("said", "pieces", "sources"),
    [
        ("I need a good laugh, my romance is over", ("romantic comedy film",), {"romance"}),
        ("creepy please", ("horror film",), {"creepy"}),
        ("it was raining", ("western film",), set()),
        ("with Bill Murray", ("film with ", Person(1, "Bill Murray")), {"Bill Murray"}),
        ("like Heat", ("film like ", BY_TITLE["Heat"]), {"Heat"}),
    ],
)
def test_the_sources_of_a_query_are_what_the_user_said(
    expert: QueryExpert, said: str, pieces, sources: set[str]
) -> None:
    assert set(expert._sources(talk(said), pieces)) == sources


# prompts


def test_the_query_is_learned_after_a_card_of_the_people_named(expert: QueryExpert) -> None:
    writer = expert.speaker.writer
    instances = query_stage.QueryInstances(writer, None, PEOPLE)
    wish = talk("like Heat, with Bill Murray")
    pieces = ("film with ", Person(1, "Bill Murray"), ", like ", BY_TITLE["Heat"])
    one = instances.of(wish, PseudoQuery(pieces))
    text = expert.speaker.text(one.ids)
    assert (
        "<ASSISTANT><CARD><cast_1> Bill Murray</CARD><RESP>film with <cast_1>, like <BOI>" in text
    )
    learned = [token for token, on in zip(one.ids, one.learned, strict=True) if on]
    assert expert.speaker.text(learned).startswith("film with <cast_1>")
    assert learned[-1] == writer.control.eos
    assert writer.read_query(learned[:-1], ("Bill Murray",)) == pieces


def test_nobody_named_needs_no_card(expert: QueryExpert) -> None:
    writer = expert.speaker.writer
    assert writer.query_request(()) == [writer.control.resp]


# the stage


def test_the_queries_are_learned(trained, tmp_path: Path) -> None:
    semantic_ids = SemanticIDs.load(trained.catalog, CATALOG)
    base = str(trained.checkpoints / "base")
    flags = AdapterFlags(base_model=base, dropout=0)
    one = Apprentice.of(flags, CATALOG, semantic_ids, known_rows=True)
    writer = PromptWriter(one.tokenizer, one.control, CATALOG, semantic_ids)
    instances = query_stage.QueryInstances(writer, None, PEOPLE)
    queries = ("horror film with ", Person(1, "Bill Murray")), ("film like Alien",)
    batch = [instances.of(*pair) for pair in zip(TALKS, map(PseudoQuery, queries), strict=False)]
    voice = Voice(one.voice.model, None)
    before = loss_of(voice, None, batch, one.control).words
    config = LoopConfig(minutes=5, learning_rate=2e-2, warmup_steps=5)
    batches = repeat(("real", batch), 30)
    train(voice, None, one.control, batches, config, tmp_path / "state.pt", lambda: None)
    assert loss_of(voice, None, batch, one.control).words < 0.7 * before


def test_a_finished_stage_does_nothing_when_run_again(trained, folder: Path, monkeypatch) -> None:
    monkeypatch.chdir(trained.folder)
    config = options(trained, trained.folder)
    weights = (folder / "adapter_model.safetensors").read_bytes()
    step = torch.load(config.state)["step"]
    train_query(config)
    assert step > 0
    assert torch.load(config.state)["step"] == step
    assert (folder / "adapter_model.safetensors").read_bytes() == weights


def test_the_card_tells_where_the_base_lies(trained, folder: Path) -> None:
    card = json.loads((folder / "crsdemo.json").read_text())
    assert card["recommender"] == "query"
    assert card["base"] == "../../base"
    assert str(trained.folder) not in (folder / "adapter_config.json").read_text()
    adapter = json.loads((folder / "adapter_config.json").read_text())
    assert (adapter["r"], adapter["lora_alpha"]) == (8, 32)
    assert set(adapter["target_modules"]) == {"q_proj", "v_proj"}


@pytest.mark.parametrize(
    ("out", "said"), [("checkpoints/mine", "base"), ("checkpoints/reges/query", "../../base")]
)
def test_a_base_is_found_again_from_where_it_was_seen(tmp_path: Path, out: str, said: str) -> None:
    base = tmp_path / "checkpoints" / "base"
    base.mkdir(parents=True)
    (tmp_path / out).mkdir(parents=True)
    assert base_as_seen_from(tmp_path / out, str(base)) == said
    assert base_folder(tmp_path / out, said).resolve() == base.resolve()
    elsewhere = tmp_path / "elsewhere"
    assert base_folder(elsewhere, base_as_seen_from(elsewhere, "some/model")) != base


def test_any_causal_lm_can_be_the_base(trained, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(trained.folder)
    base, tokenizer = tmp_path / "llama", byte_level_tokenizer()
    causal_lm("llama", len(tokenizer)).save_pretrained(base)
    tokenizer.save_pretrained(base)
    config = options(trained, tmp_path, base_model=str(base), minutes=0.01)
    train_query(config)
    loaded = load_checkpoint(config.out, CATALOG, SemanticIDs.load(trained.catalog, CATALOG))
    assert loaded.listener is None
    query = QueryExpert.load(config.out, Commons(CATALOG, trained.catalog)).write(TALKS[0])
    assert query.text


def test_dialogues_that_recommend_nothing_are_refused(trained, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(trained.folder)
    path = tmp_path / "talks.tsv"
    rows = ["dialog_id\tspeaker\ttext\tmovies", "1\tSEEKER\thi\t", "1\tRECOMMENDER\thello\t"]
    path.write_text("\n".join(rows) + "\n")
    with pytest.raises(BadInputError, match="recommends an item of this catalog"):
        train_query(options(trained, tmp_path, dialogues=str(path)))


def test_a_person_whom_the_catalog_has_no_slot_for_is_written_in_words(
    expert: QueryExpert,
) -> None:
    writer = expert.speaker.writer
    fifth = Person(5, "Jodie Foster")
    ids = writer.query_target(PseudoQuery(("film with ", fifth)))
    assert expert.speaker.text(ids[:-1]) == "film with Jodie Foster"


def hearing(expert: QueryExpert, **meanings: float) -> QueryExpert:
    """The same that takes any words to mean these genres, by their log-odds."""
    prior = expert.prior
    genres = prior.catalog.genres
    meaning = np.full((prior.encoder.dim + 1, len(genres)), 0, np.float32)
    meaning[-1] = [meanings.get(genre, -9.0) for genre in genres]
    memory = replace(prior.memory, meaning=meaning)
    return QueryExpert(expert.speaker, prior.with_memory(memory))


def test_a_query_begins_with_what_the_words_mean(expert: QueryExpert) -> None:
    sure = hearing(expert, horror=3.0, comedy=1.0)
    assert sure.write(talk("something for tonight")).text.startswith("horror comedy")
    assert not hearing(expert).write(talk("something for tonight")).text.startswith("horror")


def test_a_genre_that_is_refused_does_not_begin_it(expert: QueryExpert) -> None:
    sure = hearing(expert, horror=3.0, comedy=1.0)
    assert sure.write(talk("no horror please")).text.startswith("comedy")


def test_the_years_are_those_that_the_user_named(babbler: QueryExpert) -> None:
    assert "from the 1980s" in babbler.write(talk("a film from the eighties")).text
    assert "from the" not in babbler.write(talk("a film")).text


def test_what_the_model_is_not_sure_of_is_left_out(expert: QueryExpert) -> None:
    encode = expert.speaker.loaded.tokenizer.encode
    ids = encode(" film about ghosts", add_special_tokens=False)
    pen = Pen.__new__(Pen)
    pen.written = ids
    pen.sure = [0.9] * len(ids)
    said = expert.speaker.text
    assert "ghosts" in said(expert._surely(pen, Dialogue()))
    pen.sure = [0.9, *[0.1] * (len(ids) - 1)]
    assert "ghosts" not in said(expert._surely(pen, Dialogue()))
