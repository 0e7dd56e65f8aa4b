"""Systems that are not ours take part as ours do: over HTTP in two forms, or as a function."""

from __future__ import annotations

import hashlib
import json
import socket
import sys
import time
import unicodedata
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from outside import completion, events, said, stub
from stand_in import CATALOG, FILMS, StandIn, StandIns

from crsdemo.chat.side_by_side import SideBySide
from crsdemo.core.catalog import Item
from crsdemo.core.conversation import MAX_MARKS, plain_text
from crsdemo.core.dialogue import Dialogue, Mention, Turn
from crsdemo.core.errors import BadInputError, CheckpointError, OutsideError
from crsdemo.core.recommender import Plan, Reply, reply
from crsdemo.feedback.log import FeedbackLog
from crsdemo.language.mentions import MentionLinker
from crsdemo.recommenders.loading import Shelf
from crsdemo.recommenders.outside import wire
from crsdemo.recommenders.outside.endpoint import OverHttp
from crsdemo.recommenders.outside.function import OverCall
from crsdemo.recommenders.outside.said import MAX_TEXT
from crsdemo.recommenders.outside.systems import Endpoint, Function, Named, parse_system
from crsdemo.studies.systems import read_systems

LINKER = MentionLinker(CATALOG)
ASKED = Dialogue((Turn("user", "Something like Moana", (Mention(15, 20, "tt0000004"),)),))
PLAIN = {
    "text": "Try Paprika (2006), or **After Life**.",
    "items": [
        {"title": "Paprika", "year": 2006, "score": 2.5, "signals": {"dreams": 2.0}},
        "After Life (1998)",
        "Nobody Has This (1950)",
    ],
    "evidence": {"query": "like Moana", "query_sources": ["Moana"]},
    "version": "v12",
    "unknown": 1,
}
MANY = {f"reason {n}": 1.0 for n in range(21)}
ACCENTS = "\u0316\u0301"  # each pair is put in order, in a time that grows with their square


@pytest.fixture(autouse=True)
def _in_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "FIRST_WAIT", 0.01)


def over(url: str, **keys: Any) -> OverHttp:
    return OverHttp(Endpoint(name="mine", url=url, **keys), CATALOG, LINKER)


def called(call: str, **keys: Any) -> OverCall:
    return OverCall(Function(name="mine", call=call, **keys), CATALOG, LINKER)


def names(answer: Reply) -> list[str]:
    return [piece.id for piece in answer.pieces if not isinstance(piece, str)]


# What goes in and what comes out


def test_the_plain_form_takes_a_dialogue_and_gives_words_items_and_evidence() -> None:
    with stub(said(PLAIN)) as server:
        answer = reply(over(server.url + "/chat?api-version=3"), ASKED, Plan(seed=4))
    (body,) = server.bodies
    assert body["dialogue"] == [{"role": "user", "content": "Something like Moana"}]
    assert (body["seed"], body["avoid"]) == (4, [])
    assert answer.text == "Try Paprika (2006), or After Life."
    assert names(answer) == [FILMS[2].id, FILMS[0].id]
    assert (answer.mode, answer.item) == ("REC", FILMS[2])
    assert [one.item for one in answer.evidence.candidates] == [FILMS[2], FILMS[0]]
    assert answer.evidence.candidates[0].score == 2.5
    assert answer.evidence.candidates[0].signals[0].name == "dreams"
    assert answer.evidence.query == "like Moana"
    assert json.loads(answer.prompt) == body and answer.output == PLAIN["text"]


def test_where_it_was_asked_and_who_answered_is_kept_and_the_key_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LAB_KEY", "sk-very-secret")
    with stub(said(completion("Paprika (2006)."))) as server:
        system = over(server.url + "/v1?x=1", model="lab-7b", key_env="LAB_KEY", version="r3")
        answer = reply(system, ASKED)
    assert server.headers[0]["Authorization"] == "Bearer sk-very-secret"
    kept = json.loads(answer.provenance.decoding)
    assert kept["endpoint"] == server.url + "/v1/chat/completions"
    assert (kept["model"], kept["version"], kept["form"]) == ("lab-7b", "r3", "openai")
    assert kept["answered"]["model"] == "lab-7b-2026"
    assert kept["answered"]["system_fingerprint"] == "fp_1"
    assert "secret" not in repr(answer)


def test_a_completion_grows_as_it_is_streamed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crsdemo.recommenders.outside.endpoint.PACE", 0)
    parts = ("<think>Hm", "m</think>", "Try ", "**Paprika** ", "(2006)", "!")
    with stub(said(events(*parts), kind="text/event-stream")) as server:
        system = over(server.url + "/v1", model="lab-7b", options={"max_tokens": 90})
        *growing, last = system.stream(ASKED)
    assert [one.text for one in growing] == ["Try", "Try Paprika", "Try Paprika (2006)", last.text]
    assert last.text == "Try Paprika (2006)!" and last.item == FILMS[2] and last.complete
    assert not any(one.complete for one in growing)
    (body,) = server.bodies
    assert (body["model"], body["stream"], body["max_tokens"]) == ("lab-7b", True, 90)
    assert [one["role"] for one in body["messages"]] == ["system", "user"]


def test_a_plan_is_told_in_words_and_turns_alternate() -> None:
    dialogue = Dialogue((Turn("user", "Hi"), *ASKED.turns))
    with stub(said(completion("Well."))) as server:
        system = over(server.url + "/v1/chat/completions")
        reply(system, dialogue, Plan(item_id=FILMS[2].id, temperature=0.7))
        answer = reply(system, dialogue, Plan(mode="CHAT", avoid=frozenset([FILMS[0].id])))
    first, second = server.bodies
    assert first["messages"][1:] == [{"role": "user", "content": "Hi\nSomething like Moana"}]
    assert "recommend Paprika (2006)" in first["messages"][0]["content"]
    assert first["temperature"] == 0.7 and "temperature" not in second and "model" not in first
    assert "Do not recommend any of these: After Life (1998)" in second["messages"][0]["content"]
    assert (answer.mode, answer.item) == ("CHAT", None)


def test_what_was_named_before_is_no_recommendation() -> None:
    with stub(said(completion("Moana (2016) is fun, so watch Groundhog Day."))) as server:
        answer = reply(over(server.url + "/v1"), ASKED)
        (one,) = over(server.url + "/v1").recommend(ASKED, 5)
        assert not over(server.url + "/v1").recommend(ASKED, 5, exclude=frozenset([FILMS[1].id]))
    assert answer.item == one.item == FILMS[1]


@pytest.mark.parametrize(
    ("listed", "item"),
    [
        ("Paprika", 2),
        ("paprika (2006)", 2),
        ({"title": "Paprika"}, 2),
        ({"id": "tt0000002"}, 2),
        ({"title": "Shining, The", "year": 1980}, 6),
        ({"title": "The Shining"}, 6),
        ("Paprika (2007)", 2),  # as datasets write it: a year off
        ("Paprika (1931)", None),
        ("Paprika&#10;(2006)&#10;x", None),
        ("Paprika\n(2006)", 2),
        ("Moana and other stories", None),
        ("", None),
    ],
)
def test_titles_are_linked_to_the_catalog_where_they_can_be(listed: Any, item: int | None) -> None:
    with stub(said({"text": "Well.", "items": [listed]})) as server:
        answer = reply(over(server.url), ASKED)
    found = [one.item for one in answer.evidence.candidates]
    assert found == ([] if item is None else [FILMS[item]])
    assert answer.item is None  # nobody was told of it


# What can go wrong


def test_what_may_pass_is_tried_again() -> None:
    broken = said("down", 503)
    limited = said("slow down", 429, Retry_After="0")
    with stub(broken, limited, said({"text": "There."})) as server:
        assert reply(over(server.url), ASKED).text == "There."
    assert len(server.bodies) == 3


def test_what_will_not_pass_is_asked_once_and_the_key_is_not_quoted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LAB_KEY", "sk-very-secret")
    refused = pytest.raises(OutsideError, match=r"mine: answered 401 .* no such key: \*\*\*")
    with stub(said("no such key: sk-very-secret", 401)) as server, refused:
        reply(over(server.url, key_env="LAB_KEY"), ASKED)
    assert len(server.bodies) == 1


def test_tries_end() -> None:
    down = pytest.raises(OutsideError, match="answered 500 .*, tried 3 times: down")
    with stub(said("down", 500)) as server, down:
        reply(over(server.url), ASKED)
    assert len(server.bodies) == 3
    with pytest.raises(OutsideError, match="mine: cannot be reached: .*refused, tried 2 times"):
        reply(over(server.url, retries=1), ASKED)


def test_who_takes_up_no_connection_is_said_to_be_away_and_not_slow() -> None:
    with socket.socket() as busy, ExitStack() as waiting:
        busy.bind(("127.0.0.1", 0))
        busy.listen(0)
        for _ in range(2):  # they fill its queue: who comes now hears nothing
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(busy.getsockname())
        port = busy.getsockname()[1]
        with pytest.raises(OutsideError, match="mine: cannot be reached: it took up no connection"):
            reply(over(f"http://127.0.0.1:{port}", seconds=1), ASKED)


def test_what_keeps_it_from_being_reached_is_said_without_the_host() -> None:
    with pytest.raises(OutsideError, match="mine: cannot be reached: ") as caught:
        reply(over("http://nobody.invalid/v1", retries=0), ASKED)
    assert "invalid" not in str(caught.value)
    with (
        stub(lambda to: to.connection.close()) as server,
        pytest.raises(OutsideError, match="broke off .RemoteProtocolError: Server disconn"),
    ):
        reply(over(server.url, retries=0), ASKED)


def silent(to: BaseHTTPRequestHandler) -> None:
    time.sleep(20)


def dripping(to: BaseHTTPRequestHandler) -> None:
    to.send_response(200)
    to.end_headers()
    for _ in range(400):
        to.wfile.write(b" ")
        to.wfile.flush()
        time.sleep(0.05)


def dripping_head(to: BaseHTTPRequestHandler) -> None:
    to.send_response(200)
    to.flush_headers()
    for _ in range(400):
        to.wfile.write(b"X")
        time.sleep(0.05)


@pytest.mark.parametrize(
    "slow", [silent, dripping, dripping_head, said("", 429, Retry_After="90000")]
)
def test_nobody_waits_longer_than_is_said(slow: Any) -> None:
    with stub(slow) as server:
        began = time.monotonic()
        with pytest.raises(OutsideError, match="within 1 s"):
            reply(over(server.url, seconds=1), ASKED)
        assert time.monotonic() - began < 8


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (said("<html>"), "its answer is not JSON: b'<html>'"),
        (said("[" * 100_000), "its answer is not JSON"),
        (said(b"\xff\xfe"), "its answer is not JSON"),
        (said([1]), "its answer cannot be read: the answer is"),
        (said({"reply": "Hi"}), "text is .*Field required"),
        (said({"text": None}), "text is None"),
        (said({"text": " \u0007 "}), "its answer has no words"),
        (said({"text": "<think>Forever"}), "its answer has no words"),
        (said({"text": "x" * 8_001}), "8,001 characters; at most 8,000"),
        (
            said({"text": f"<think>{'x' * 200_000}</think>Hi."}),
            "200,018 characters with its thoughts",
        ),
        (said({"text": "Hi.", "items": [{"signals": MANY}]}), "signals is .*at most 20 items"),
        (said({"text": "x", "items": [{"year": "soon"}]}), r"items\.0.*year"),
        (said({"text": "x", "items": ["x"] * 101}), "items is"),
        (said({"text": "x", "items": [{"title": "x", "score": 1e999}]}), "score"),
        (said({"text": "x", "pad": "x" * 1_100_000}), "larger than 1,000,000 bytes"),
        (said("", 302, Location="http://127.0.0.1:1/"), "answered 302"),
    ],
)
def test_an_answer_that_cannot_be_used_says_why(answer: Any, says: str) -> None:
    with stub(answer) as server, pytest.raises(OutsideError, match=f"mine: .*{says}"):
        reply(over(server.url), ASKED)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (said({"text": "Hi"}), "no chat completion .*is `form` right"),
        (said({"choices": [{"message": {"content": None}}]}), "has no words"),
        (said({"error": {"message": "no such model"}}), "answered an error: no such model"),
        (said(events("Try", end=""), kind="text/event-stream"), "stream ended without an end"),
        (said("data: {\n\n", kind="text/event-stream"), "not JSON"),
        (said('data: {"error": "full"}\n\n', kind="text/event-stream"), "an error: full"),
        (said(events(*["x" * 900] * 9), kind="text/event-stream"), "at most 8,000"),
        (
            said(completion(f"<think>{'x' * 200_000}</think>Hi.")),
            "200,018 characters with its thoughts",
        ),
    ],
)
def test_a_completion_that_cannot_be_used_says_why(answer: Any, says: str) -> None:
    with stub(answer) as server, pytest.raises(OutsideError, match=f"mine: .*{says}"):
        reply(over(server.url + "/v1"), ASKED)


def test_what_it_says_is_text_and_never_more() -> None:
    text = "<b>Hi</b> \ud800\u0000<|im_end|> Paprika"
    with stub(said(json.dumps({"text": text}))) as server:
        answer = reply(over(server.url), ASKED)
    assert answer.text == "<b>Hi</b> <|im_end|> Paprika"
    answer.output.encode()


@pytest.mark.parametrize("n_pairs", [45_000, 240_000])
def test_accents_without_end_cost_no_time(n_pairs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """NFC holds the whole process while it sorts them: it is given few at a time."""
    given, normalize = list[str](), unicodedata.normalize

    def noted(form: Any, text: str) -> str:
        given.append(text)
        assert len(longest_run(text)) <= MAX_MARKS
        return normalize(form, text)

    monkeypatch.setattr(unicodedata, "normalize", noted)
    text = f"<think>a{ACCENTS * n_pairs}</think>Try Paprika"
    body = json.dumps({"text": text, "items": ["Paprika"]}, ensure_ascii=False).encode()
    with stub(said(body)) as server:
        if len(text) > MAX_TEXT:
            with pytest.raises(OutsideError, match="480,027 characters with its thoughts"):
                reply(over(server.url), ASKED)
        else:
            answer = reply(over(server.url), ASKED)
            assert (answer.text, answer.item) == ("Try Paprika", FILMS[2])
            assert answer.output.endswith("</think>Try Paprika") and len(answer.output) < 100
    assert max(map(len, given), default=0) < 100


def longest_run(text: str) -> str:
    """Of accents."""
    runs = groupby(text, lambda character: unicodedata.combining(character) > 0)
    return max(("".join(run) for is_mark, run in runs if is_mark), key=len, default="")


def test_accents_of_languages_stay() -> None:
    assert plain_text("a" + "\u0323" * 30 + "b") == "\u1ea1" + "\u0323" * 29 + "b"
    assert plain_text("a" + "\u0301" * 31 + "e\u0301") == "á" + "\u0301" * 29 + "é"


def test_a_side_that_fails_is_a_failed_side_and_the_log_says_why(tmp_path: Path) -> None:
    with stub(said("no", 400), said(PLAIN)) as server:
        table = StandIns((over(server.url + "?v=2"), StandIn(0, "red")))
        log = FeedbackLog(tmp_path / "feedback.db")
        pair = SideBySide(table, LINKER, log)
        series = pair.start("anna", "own")
        *_, failed = pair.say(series, "A quiet film.", ("mine", "red"))
        *_, whole = pair.say(series, "A loud film.", ("mine", "red"))
    assert (failed.left.reply.status, failed.right.reply.status) == ("failed", "ok")
    assert "OutsideError: mine: answered 400" in failed.left.reply.error
    assert not failed.can_be_judged and whole.can_be_judged
    restored = pair.comparisons.restore(whole.left.heard.id, CATALOG)
    assert restored
    kept = restored.series.comparisons[-1].left.reply.reply
    assert kept
    assert [p.id for p in kept.pieces if not isinstance(p, str)] == [FILMS[2].id, FILMS[0].id]
    film = kept.pieces[3]
    assert isinstance(film, Item)
    assert film.facts == FILMS[0].facts and film.name == "After Life"
    assert json.loads(kept.provenance.decoding)["endpoint"] == server.url
    log.close()


# A function


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    code = """
import sys, time
LIST = [1]
class System:
    def answer(self, asked):
        return {"text": asked["dialogue"][-1]["content"] + "? Paprika!", "items": ["Paprika"]}
system = System()
def words(asked): return "Watch Paprika."
async def later(asked): return "Watch Paprika."
def fails(asked): raise KeyError("weights")
def leaves(asked): sys.exit(3)
def hangs(asked): time.sleep(20)
def nothing(asked): return None
"""
    (tmp_path / "own_of_a_lab.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "own_of_a_lab", raising=False)
    return "own_of_a_lab"


def test_a_function_takes_part(own: str) -> None:
    answer = reply(called(f"{own}:system.answer"), ASKED)
    assert answer.text == "Something like Moana? Paprika!" and answer.item == FILMS[2]
    for call in ("words", "later"):
        assert reply(called(f"{own}:{call}"), ASKED).item == FILMS[2]
    kept = json.loads(answer.provenance.decoding)
    assert kept["call"] == f"{own}:system.answer" and len(kept["file_sha256"]) == 64


def test_the_file_of_a_function_is_the_one_that_was_loaded(own: str, tmp_path: Path) -> None:
    file = tmp_path / f"{own}.py"
    loaded = hashlib.sha256(file.read_bytes()).hexdigest()
    system = called(f"{own}:words")
    file.write_text("# another version, which does not answer yet")
    kept = json.loads(reply(system, ASKED).provenance.decoding)
    assert kept["file_sha256"] == loaded


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        ("fails", KeyError, "weights"),
        ("leaves", OutsideError, "mine: ended with SystemExit"),
        ("hangs", OutsideError, "mine: did not answer within 1 s"),
        ("nothing", OutsideError, "mine: its answer cannot be read: the answer is None"),
    ],
)
def test_a_function_that_does_not_answer_fails(
    own: str, call: str, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        reply(called(f"{own}:{call}", seconds=1), ASKED)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ("no_such_module_here:answer", "ModuleNotFoundError.*modules are looked for in"),
        ("own_of_a_lab:anser", "AttributeError"),
        ("own_of_a_lab:LIST", "is no function"),
    ],
)
def test_a_function_that_is_not_there_is_said_at_once(own: str, call: str, says: str) -> None:
    with pytest.raises(BadInputError, match=says):
        called(call)


# How they are named


@pytest.mark.parametrize(
    ("text", "kind", "openai"),
    [
        ("gcrs", Named, None),
        ("mine=http://localhost:9000/chat", Endpoint, False),
        ("mine=http://localhost:8000/v1", Endpoint, True),
        ("my-2=https://api.example.org/v1/chat/completions", Endpoint, True),
        ("mine=http://[::1]:9/", Endpoint, False),
        ("mine=lab.systems:answer", Function, None),
    ],
)
def test_the_command_line_names_systems(text: str, kind: type, openai: bool | None) -> None:
    found = parse_system(text)
    assert isinstance(found, kind)
    assert found.name == text.partition("=")[0]
    assert openai is None or getattr(found, "is_openai", None) is openai


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not an empty one"),
        ("mine=", "it is module:function"),
        ("=http://localhost", "should match pattern"),
        ("a/b=http://localhost", "should match pattern"),
        ("mine=ftp://localhost", "it is an address"),
        ("mine=http://", "it is an address"),
        ("mine=http://localhost:99999/", "it is an address"),
        ("mine=http://loc alhost/", "it is an address"),
        ("mine=http://me:pass@localhost/", "a secret does not belong here"),
        ("mine=http://localhost/?api_key=x", "a secret does not belong here"),
        ("mine=http://localhost/?access_token=x", "a secret does not belong here"),
        ("mine=answer", "it is module:function"),
        ("mine=os.system('x')", "it is module:function"),
    ],
)
def test_what_names_no_system_is_told_what_would(text: str, says: str) -> None:
    with pytest.raises(BadInputError, match=says):
        parse_system(text)


@pytest.mark.parametrize("folder", ["mine", "a=b/rate=1e-5/mine"])
def test_a_folder_is_called_by_its_name(folder: str, tmp_path: Path) -> None:
    (found,) = read_systems([f" {tmp_path}/{folder} "])
    assert found == Named(name="mine", folder=f"{tmp_path}/{folder}")
    assert parse_system("./mine") == Named(name="mine")


def test_a_checkpoint_in_a_folder_stands_beside_ours(tmp_path: Path) -> None:
    """A version that was tuned there tells so; a name of ours is not taken by another."""
    tuned = {"parent": "gcrs", "votes": 9, "annotators": 3, "judgments_sha256": "a" * 64}
    tuned |= {"simulated": False, "shuffled": False}
    for place, card in (("ours/gcrs", {}), ("mine/gcrs", {}), ("mine/gcrs-2", {"tuned": tuned})):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "crsdemo.json").write_text(json.dumps(card))

    def shelf(*names: str) -> Shelf:
        return Shelf(CATALOG, tmp_path, tmp_path / "ours", read_systems(names))

    both = shelf("gcrs", f"{tmp_path}/mine/gcrs-2")
    assert both.names == ("gcrs", "gcrs-2")
    assert both.place("gcrs") == "gcrs" and both.place("gcrs-2") == f"{tmp_path}/mine/gcrs-2"
    version = both.version("gcrs-2")
    assert version and version.parent == "gcrs" and both.version("gcrs") is None
    assert shelf(f"{tmp_path}/ours/gcrs").names == ("gcrs",)
    with pytest.raises(BadInputError, match="'gcrs' is one of ours already"):
        shelf(f"{tmp_path}/mine/gcrs")
    with pytest.raises(CheckpointError, match="no recommender"):
        shelf("gcrs", f"{tmp_path}/mine/gcrs-3")


def test_the_shelf_has_those_that_take_part_and_no_others(tmp_path: Path, own: str) -> None:
    systems = [parse_system(one) for one in ("popularity", f"mine={own}:words")]
    shelf = Shelf(CATALOG, tmp_path, tmp_path, systems)
    assert shelf.names == ("popularity", "mine")
    assert reply(shelf.get("mine"), ASKED).provenance.recommender == "mine"
    assert shelf.get("mine") is shelf.get("mine")
    assert reply(Shelf(CATALOG, tmp_path).get(f"x={own}:words"), ASKED).item == FILMS[2]
    with pytest.raises(CheckpointError, match="no recommender 'oracle'"):
        Shelf(CATALOG, tmp_path, tmp_path, [parse_system("oracle")])
    with pytest.raises(BadInputError, match="'popularity' is one of ours already"):
        Shelf(CATALOG, tmp_path, tmp_path, [parse_system(f"popularity={own}:words")])
    with pytest.raises(BadInputError, match="two systems have one name"):
        Shelf(CATALOG, tmp_path, tmp_path, [parse_system(f"mine={own}:words")] * 2)
    with pytest.raises(BadInputError, match="mine needs a key: the environment has no NO_SUCH_KEY"):
        over("http://localhost", key_env="NO_SUCH_KEY")
