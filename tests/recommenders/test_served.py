"""Our generative recommender with its model behind a server of completions, a stand-in on loopback.

The server has the whole weights that `whole-weights` wrote, and decodes as it is told.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import Trained
from films import CATALOG
from outside import said, stub
from transformers import AutoModelForCausalLM, AutoTokenizer

from crsdemo.__main__ import main
from crsdemo.core.catalog import Item
from crsdemo.core.dialogue import Dialogue, Mention, Turn
from crsdemo.core.errors import CheckpointError, OutsideError
from crsdemo.core.recommender import Plan, reply
from crsdemo.recommenders.gcrs import Gcrs
from crsdemo.recommenders.loading import Shelf
from crsdemo.recommenders.outside import wire
from crsdemo.recommenders.outside.systems import Endpoint
from crsdemo.recommenders.serving.served import Served

ASKED = Dialogue((Turn("user", "something with a heist, please"),))
Answer = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture(autouse=True)
def _in_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "FIRST_WAIT", 0.01)


@dataclass
class Model:
    """What a server does with a request; keeps what it was asked."""

    folder: Path
    words: str = " Try <title>, with <title> again."
    knows_choices: bool = True
    breaks_off: bool = False
    pause: float = 0.0  # seconds before each answer

    def __post_init__(self) -> None:
        self.tokenizer = AutoTokenizer.from_pretrained(self.folder)
        self.model = AutoModelForCausalLM.from_pretrained(self.folder).eval()

    def logits(self, ids: list[int]) -> torch.Tensor:
        with torch.inference_mode():
            scores: torch.Tensor = self.model(torch.tensor([ids])).logits[0, -1].log_softmax(0)
            return scores

    def row(self, asked: dict[str, Any]) -> dict[str, Any]:
        allowed, scores = asked["allowed_token_ids"], self.logits(asked["prompt"])
        names = self.tokenizer.convert_ids_to_tokens(allowed)
        assert asked["structured_outputs"] == {"choice": names} and asked["max_tokens"] == 1
        told = dict(zip(names, scores[allowed].tolist(), strict=True))
        best = max(told, key=told.__getitem__) if self.knows_choices else "Sure"
        return {"choices": [{"text": best, "logprobs": {"top_logprobs": [told]}}]}

    def answer(self, to: BaseHTTPRequestHandler, asked: dict[str, Any]) -> None:
        time.sleep(self.pause)
        if "choice" in asked["structured_outputs"]:
            return said(self.row(asked))(to)
        rows = [{"choices": [{"text": w, "finish_reason": None}]} for w in _parts(self.words)]
        rows.append({"choices": [{"text": "", "finish_reason": "stop"}]})
        if self.breaks_off:
            rows = rows[:1]
        lines = "".join(f"data: {json.dumps(row)}\n\n" for row in rows)
        lines += "" if self.breaks_off else "data: [DONE]\n\n"
        said(lines, kind="text/event-stream")(to)


def _parts(words: str) -> list[str]:
    """In small pieces, which also cut slots in two."""
    return [words[n : n + 4] for n in range(0, len(words), 4)]


@dataclass
class Server:
    url: str
    model: Model
    bodies: list[dict[str, Any]]
    folder: Path  # of the checkpoint
    shelf: Shelf

    def served(self, **keys: Any) -> Served:
        given = {"name": "big", "url": f"{self.url}/v1", "checkpoint": str(self.folder)} | keys
        found = self.shelf._outside(Endpoint(**given))
        assert isinstance(found, Served)
        return found


@pytest.fixture(scope="module")
def whole(talking: Path, trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out: Path = tmp_path_factory.mktemp("whole") / "model"
    options = ["--checkpoint", str(talking / "gcrs"), "--catalog", str(trained.catalog)]
    assert main(["whole-weights", "--out", str(out), *options]) == 0
    return out


@pytest.fixture
def server(talking: Path, trained: Trained, whole: Path) -> Iterator[Server]:
    model = Model(whole)

    def answer(to: BaseHTTPRequestHandler) -> None:
        model.answer(to, here.bodies[-1])

    with stub(answer) as here:
        shelf = Shelf(CATALOG, trained.catalog, talking)
        yield Server(here.url, model, here.bodies, talking / "gcrs", shelf)


def test_the_tags_are_those_of_the_model_at_home(server: Server) -> None:
    at_home = server.shelf.get("gcrs-alone")
    assert isinstance(at_home, Gcrs)
    (modes,) = [
        at_home.talker.modes(at_home.talker.read([at_home.talker.history(ASKED)]).logits[0])
    ]
    there = dict(reply(server.served(), ASKED, Plan(mode="REC")).evidence.modes)
    assert there == pytest.approx(modes, abs=0.02)
    assert list(there) == list(modes)


def test_a_recommendation_is_walked_down_the_trie_and_said_in_words(server: Server) -> None:
    served = server.served(model="mine")
    grown = list(served.stream(ASKED, Plan(mode="REC", seed=5)))
    last = grown[-1]
    assert last.complete and isinstance(last.item, Item) and last.item.id in CATALOG.row
    assert last.text == f"Try {last.item.name}, with {last.item.name} again."
    assert all("<" not in one.text for one in grown), "no half of a slot is shown"
    assert [step.chosen.code for step in last.evidence.path] == list(
        served.trie.codes(last.item.id)
    )
    for step in last.evidence.path:
        assert step.chosen.probability >= max(
            (one.probability for one in step.alternatives), default=0
        )
    words = server.bodies[-1]
    assert {body["model"] for body in server.bodies} == {"mine"}
    assert words["stream"] and words["structured_outputs"]["regex"].startswith("[^<]{0,160}<title>")
    code = served.talk.code(last.item.id)
    assert str(code)[1:-1] in str(words["prompt"]), "the words know of the item"
    assert last.output.startswith("<MODE=REC><BOI>") and last.provenance.adapter_sha256


def test_what_was_named_or_is_to_be_avoided_is_not_recommended(server: Server) -> None:
    served, found = server.served(), set[str]()
    for _ in range(len(CATALOG) - 1):
        item = reply(served, ASKED, Plan(mode="REC", avoid=frozenset(found))).item
        assert item is not None and item.id not in found
        found.add(item.id)
    listed = served.recommend(ASKED, 3, exclude=frozenset(list(found)[:5]))
    assert len({one.item.id for one in listed}) == 3
    assert not {one.item.id for one in listed} & set(list(found)[:5])
    given = reply(served, ASKED, Plan(item_id=CATALOG[2].id))
    assert given.item == CATALOG[2] and given.evidence.is_given


def test_talk_may_go_back_to_what_was_spoken_of_alone(server: Server) -> None:
    item = CATALOG[1]
    text = f"tell me of {item.name}"
    turn = Turn("user", text, (Mention(11, len(text), item.id),))
    server.model.words = "It is a quiet one."
    answer = reply(server.served(), Dialogue((turn,)), Plan(mode="CHAT"))
    assert (answer.mode, answer.item) == ("CHAT", None)
    assert answer.evidence.about in (None, item)
    assert answer.text == "It is a quiet one."


@pytest.mark.parametrize(
    "words", ["<MODE=REC> Try <title>.", "I <3 <title>", " ", "<a_1>", "Watch this tonight."]
)
def test_words_that_the_grammar_forbids_are_refused(server: Server, words: str) -> None:
    server.model.words = words
    with pytest.raises(
        OutsideError,
        match="^big: (wrote what the grammar|its answer has no words|its recommendation does not)",
    ):
        reply(server.served(), ASKED, Plan(mode="REC"))


def test_a_server_that_knows_no_grammar_is_found_out(server: Server) -> None:
    server.model.knows_choices = False
    with pytest.raises(OutsideError, match="^big: wrote 'Sure', which is none of the 2 tokens"):
        reply(server.served(), ASKED)


def test_a_checkpoint_that_is_not_there_is_refused(server: Server) -> None:
    with pytest.raises(CheckpointError, match="no recommender 'nowhere'"):
        server.served(checkpoint="nowhere")


def test_a_stream_that_breaks_off_and_an_error_are_failures(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.model.breaks_off = True
    with pytest.raises(OutsideError, match="^big: broke off .*without an end"):
        reply(server.served(), ASKED, Plan(mode="REC"))
    monkeypatch.setenv("BIG_KEY", "s3cret")
    with stub(said({"error": {"message": "no such model"}})) as broken:
        server.url = broken.url
        served = server.served(key_env="BIG_KEY")
        with pytest.raises(OutsideError, match="answered an error.*no such model"):
            reply(served, ASKED)
    assert "s3cret" not in served._provenance(Plan()).decoding


def test_all_requests_of_a_reply_have_one_deadline(server: Server) -> None:
    server.model.pause = 0.4  # each is in time, all together are not
    with pytest.raises(OutsideError, match="^big: did not"):
        reply(server.served(seconds=1, retries=0), ASKED, Plan(mode="REC"))


def test_that_it_speaks_openai_may_be_said(server: Server) -> None:
    assert reply(server.served(form="openai"), ASKED, Plan(mode="REC")).complete
