"""What is measured of replies: with the tiny model, and with one that says what a test wants."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from films import BY_TITLE, CATALOG

from crsdemo.catalog import Item
from crsdemo.corpus import CorpusDialogue, load_dialogues
from crsdemo.dialogue import Dialogue, Mention, Turn
from crsdemo.errors import BadInputError
from crsdemo.evaluate_dialogue import evaluate_dialogue
from crsdemo.evaluate_dialogue_text import render
from crsdemo.free_naming import Named, free_naming
from crsdemo.generative import Generative
from crsdemo.mentions import MentionLinker
from crsdemo.popularity import Popularity
from crsdemo.recommender import Plan, Recommendation, Reply, reply
from crsdemo.reference_words import answered, reference_figures

LINKER = MentionLinker(CATALOG)
HEAT, ALIEN = BY_TITLE["Heat"], BY_TITLE["Alien"]


@pytest.fixture(scope="module")
def dialogues(trained) -> list[CorpusDialogue]:
    return load_dialogues(trained.redial, CATALOG, {})[:4]


@pytest.fixture(scope="module")
def report(generative: Generative, dialogues: list[CorpusDialogue]) -> dict[str, Any]:
    found = evaluate_dialogue(generative, CATALOG, LINKER, dialogues)
    return json.loads(json.dumps(found))


@dataclass(frozen=True)
class Says:
    """Recommends one film in given words, whatever film is forced."""

    pieces: tuple[str | Item, ...]
    item: Item = HEAT
    name: str = "says"

    def recommend(
        self, dialogue: Dialogue, k: int, *, exclude: frozenset[str] = frozenset()
    ) -> list[Recommendation]:
        return [Recommendation(self.item, 1.0)]

    def stream(self, dialogue: Dialogue, plan: Plan = Plan()) -> Iterator[Reply]:
        if plan.mode == "CHAT":
            yield Reply(("What do you like?",), "CHAT")
        else:
            item = CATALOG.item(plan.item_id) if plan.item_id else self.item
            yield Reply(self.pieces, "REC", item)


def judged(*pieces: str | Item) -> dict[str, Any]:
    """The report on a recommender that says `pieces` in one turn that names Alien."""
    turns = (Turn("user", "hello"), Turn("assistant", "See Alien", (Mention(4, 9, ALIEN.id),)))
    one = CorpusDialogue("one", Dialogue(turns))
    return evaluate_dialogue(Says(pieces), CATALOG, LINKER, [one])


def test_modes_are_forced_as_the_references_have_them(report, dialogues) -> None:
    turns = answered(dialogues)
    n_items = sum(bool(one.turn.mentions) for one in turns)
    assert 0 < n_items < len(turns)
    assert report["forced"]["modes"] == {"REC": n_items, "CHAT": len(turns) - n_items}
    assert report["forced"]["item_ratio"]["share"] == report["reference"]["item_ratio"]["share"]


def test_the_grammar_keeps_words_true_and_to_the_item(report) -> None:
    n_items = report["forced"]["modes"]["REC"]
    for part in (report["forced"], report["wrong_item"]):
        told = part["faithfulness"]
        assert told["names_the_chosen_item"]["share"] == 1
        assert told["names_the_chosen_item"]["n"] == n_items
        assert told["names_another_item"]["share"] == 0
    assert report["forced"]["items_outside_the_catalog"]["share"] == 0


def test_saying_the_reference_is_as_good_as_can_be() -> None:
    forced = judged("See ", ALIEN)["forced"]
    assert (forced["rouge1"], forced["rouge2"]) == (1, 1)


def test_another_film_than_the_chosen_one_is_noticed() -> None:
    told = judged("See ", ALIEN, " rather than ", HEAT)["forced"]["faithfulness"]
    assert told["names_the_chosen_item"]["share"] == 1
    assert told["names_another_item"]["share"] == 1
    in_letters = judged("See Blade Runner")["forced"]["faithfulness"]
    assert in_letters["names_the_chosen_item"]["share"] == 0
    assert in_letters["names_another_item"]["share"] == 1


def test_words_that_ignore_a_forced_item_are_noticed() -> None:
    told = judged("See ", HEAT)["wrong_item"]["faithfulness"]
    assert told["names_the_chosen_item"]["share"] == 0
    assert told["names_another_item"]["share"] == 1


def test_a_film_that_the_catalog_lacks_is_a_hallucination() -> None:
    stranger = replace(HEAT, id="nobody", title="Nobody Filmed This")
    found = judged("See ", stranger, " or ", HEAT)["forced"]["items_outside_the_catalog"]
    assert (found["share"], found["n"]) == (0.5, 2)


def test_a_false_fact_is_counted() -> None:
    facts = judged("See ", HEAT, ", a musical")["forced"]["facts"]
    assert facts["wrong"]["genre"]["share"] == facts["replies"]["share"] == 1


def test_a_baseline_has_no_perplexity_but_is_judged_all_the_same(dialogues) -> None:
    report = evaluate_dialogue(Popularity(CATALOG), CATALOG, LINKER, dialogues)
    assert "references" not in report and "named_freely" not in report
    assert "at_half" not in report["free"]["mode"]
    assert "BLEU" in render(report)


def test_the_report_is_told_in_tables(report) -> None:
    text = render(report)
    for said in ("perplexity", "distinct-4 by replies", "wrong claims: genre", "at 0.5"):
        assert said in text
    assert all(line.startswith("|") == line.endswith("|") for line in text.splitlines())


def test_dialogues_without_a_recommender_turn_are_refused(generative) -> None:
    alone = CorpusDialogue("one", Dialogue((Turn("user", "hello"),)))
    with pytest.raises(BadInputError, match="recommender turn"):
        evaluate_dialogue(generative, CATALOG, LINKER, [alone])


# the words of the references


def say(text: str, *mentions: Mention) -> CorpusDialogue:
    turns = (Turn("user", "hello"), Turn("assistant", text, mentions))
    return CorpusDialogue(text, Dialogue(turns))


def test_a_title_is_one_token_of_the_perplexity(generative, monkeypatch) -> None:
    decoder = generative.voice.decoder
    plain = len(generative.writer.reply(["See ", " soon"]))

    def seven(context: Any, tokens: Any) -> torch.Tensor:
        return torch.full((len(tokens),), -math.log(7))

    monkeypatch.setattr(decoder, "score", seven)
    turns = answered([say("See Heat soon", Mention(4, 8, HEAT.id))])
    found = reference_figures(generative, turns)["all"]
    assert found["tokens"] == plain + 2  # the title and the end
    assert found["per_token"] == pytest.approx(7, abs=1e-3)
    assert found["per_word"] == pytest.approx(7 ** (found["tokens"] / 3), rel=1e-3)


def test_turns_with_films_outside_the_catalog_are_left_out(generative) -> None:
    turns = answered([say("See Nothing", Mention(4, 11, "redial:1")), say("Hello there")])
    found = reference_figures(generative, turns)
    assert found["left_out"] == 1
    assert found["all"]["turns"] == 1
    assert "per_token" not in found["gold"]  # nothing names an item


# what is named without the grammar


@pytest.mark.parametrize(
    ("codes", "kind"),
    [
        (lambda one, ids: ids[one.item.id], Named.CHOSEN),
        (lambda one, ids: next(ids[i.id] for i in CATALOG if i != one.item), Named.OTHER),
        (lambda one, ids: (0, 0, 99), Named.UNKNOWN),
        (lambda one, ids: None, Named.NO_ID),
    ],
)
def test_what_is_named_freely_is_told_apart(generative, monkeypatch, codes, kind) -> None:
    dialogue = Dialogue((Turn("user", "something with cops"),))
    said = reply(generative, dialogue, Plan("REC"))
    chat = reply(generative, dialogue, Plan("CHAT"))
    written = codes(said, generative.writer.semantic_ids)
    monkeypatch.setattr(generative.voice.decoder, "write_item", lambda context: written)
    found = free_naming(generative, [(dialogue, said), (dialogue, chat)])
    assert {name for name, one in found.items() if one["share"] == 1} == {kind.value}
    assert found[kind.value]["n"] == 1
