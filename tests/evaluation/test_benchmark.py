from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from outside import free_port
from tiny import SLOTS, byte_level_tokenizer, causal_lm, semantic_ids

from crsdemo.core.catalog import Item
from crsdemo.core.dialogue import Dialogue
from crsdemo.core.errors import CrsdemoError
from crsdemo.core.recommender import Plan, Recommendation, Reply
from crsdemo.evaluation.bench.benchmark import (
    app_start,
    beam_speed,
    decoding_cost,
    measure,
    reply_times,
)
from crsdemo.evaluation.bench.figures import Figure, to_json
from crsdemo.model.beam import ItemDecoder
from crsdemo.model.grammar import Grammar
from crsdemo.model.tokens import add_control_tokens

TOKENIZER = byte_level_tokenizer()
CONTROL = add_control_tokens(TOKENIZER, 3, 8, SLOTS)


@pytest.fixture(scope="module")
def decoder(tmp_path_factory: pytest.TempPathFactory) -> ItemDecoder:
    grammar = Grammar(TOKENIZER, CONTROL, semantic_ids(60), tmp_path_factory.mktemp("grammars"))
    return ItemDecoder(causal_lm("llama", len(TOKENIZER)), grammar)


class Slow:
    """Says its first word after 20 ms and its last after 40 ms."""

    name = "slow"

    def recommend(
        self, dialogue: Dialogue, k: int, *, exclude: frozenset[str] = frozenset()
    ) -> list[Recommendation]:
        return []

    def stream(self, dialogue: Dialogue, plan: Plan = Plan()) -> Iterator[Reply]:
        assert dialogue.turns[-1].speaker == "user"
        yield Reply((), "REC", complete=False)
        time.sleep(0.02)
        yield Reply((Item("1", "Heat", 1995),), "REC", complete=False)
        time.sleep(0.02)
        yield Reply((Item("1", "Heat", 1995), " it is."), "REC")


def test_the_first_word_and_the_whole_reply_are_timed_apart() -> None:
    first, whole = reply_times(Slow(), ["hello", "hi", "good evening"])
    assert 0.02 <= first.value < whole.value
    assert whole.value >= 0.04


def test_both_beam_searches_rank_alike(decoder: ItemDecoder) -> None:
    *_, faster, same = beam_speed(decoder, [40, 41, 42], width=12, repeats=1)
    assert same.value == 100 and same.met
    assert faster.value > 0


def test_the_cost_of_the_grammar_is_a_ratio_of_times_per_token(decoder: ItemDecoder) -> None:
    free, held, cost = decoding_cost(decoder, [40, 41, 42], n_tokens=10, repeats=2)
    assert free.value > 0 and held.value > 0
    assert cost.value == pytest.approx(100 * (held.value / free.value - 1))


def test_all_figures_come_as_text_and_as_json(
    decoder: ItemDecoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crsdemo.evaluation.bench.benchmark.beam_speed", lambda *_: [])
    figures = list(measure(Slow(), decoder, TOKENIZER, [40, 41]))
    rows = json.loads(to_json(figures))
    assert [row["name"] for row in rows] == [figure.name for figure in figures]
    assert {"name", "value", "unit", "at_most", "at_least", "met"} == set(rows[0])
    assert any("building the grammar of 60 items" in str(figure) for figure in figures)


def test_a_missed_target_is_named() -> None:
    assert Figure("speed", 4, "times", at_least=5).met is False
    assert str(Figure("speed", 4, "times", at_least=5)).endswith("(at least 5)  MISSED")
    assert str(Figure("speed", 6, "times", at_least=5)).endswith("(at least 5)")
    assert Figure("first word", 0.4, "s", at_most=0.3).met is False
    assert Figure("size", 7, "MB").met


@pytest.mark.skipif(sys.platform != "linux", reason="memory of a child is read from /proc")
def test_an_app_is_started_used_and_stopped(tmp_path: Path) -> None:
    port, used = free_port(), []
    serve = "x = b'x' * 60_000_000; import runpy; runpy.run_module('http.server', {}, '__main__')"
    command = [sys.executable, "-c", serve, str(port), "--directory", str(tmp_path)]
    ready, memory = app_start(command, f"http://127.0.0.1:{port}/", lambda: used.append(1), 20)
    assert 0 < ready.value < 20 and used == [1]
    assert 0.06 < memory.value < 0.12
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_an_app_that_ends_at_once_is_quoted() -> None:
    command = [sys.executable, "-c", "print('the catalog is missing'); raise SystemExit(3)"]
    with pytest.raises(CrsdemoError, match="ended with status 3.*the catalog is missing"):
        app_start(command, f"http://127.0.0.1:{free_port()}/")


def test_an_app_that_never_answers_is_stopped() -> None:
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    with pytest.raises(CrsdemoError, match="still starting"):
        app_start(command, f"http://127.0.0.1:{free_port()}/", timeout=0.2)
