"""What is measured of replies: with the tiny model, and with one that says what a test wants."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from chatml import speaking
from conftest import Trained
from films import BY_TITLE, CATALOG

from crsdemo.core.catalog import Item
from crsdemo.core.dialogue import Dialogue, Mention, Turn
from crsdemo.core.errors import BadInputError
from crsdemo.core.recommender import Plan, Recommendation, Reply, reply
from crsdemo.evaluation.protocol import cases
from crsdemo.evaluation.stages.dialogue_stage import evaluate_dialogue
from crsdemo.evaluation.stages.reference_words import reference_figures
from crsdemo.evaluation.stages.tables import DIALOGUE, told
from crsdemo.language.corpus import CorpusDialogue, load_dialogues
from crsdemo.language.mentions import MentionLinker
from crsdemo.recommenders.loading import Shelf
from crsdemo.recommenders.popularity import Popularity
from crsdemo.recommenders.talker import WORDING
from crsdemo.recommenders.talking import TalkingRecommender

LINKER = MentionLinker(CATALOG)
HEAT, ALIEN = BY_TITLE["Heat"], BY_TITLE["Alien"]


@pytest.fixture(scope="module")
def shelf(trained: Trained, talking: Path) -> Shelf:
    found = Shelf(CATALOG, trained.catalog, talking)
    for name in ("gcrs", "reges"):
        system = found.get(name)
        assert isinstance(system, TalkingRecommender)
        system.talker.wording = replace(WORDING, max_tokens=16)  # a tiny model babbles to the end
    return found


@pytest.fixture(scope="module")
def gcrs(shelf: Shelf) -> TalkingRecommender:
    found = shelf.get("gcrs")
    assert isinstance(found, TalkingRecommender)
    return found


@pytest.fixture(scope="module")
def dialogues(trained: Trained) -> list[CorpusDialogue]:
    return load_dialogues(trained.redial, CATALOG, {})[:4]


@pytest.fixture(scope="module", params=["gcrs", "reges"])
def report(
    shelf: Shelf, dialogues: list[CorpusDialogue], request: pytest.FixtureRequest
) -> dict[str, Any]:
    found = evaluate_dialogue(shelf.get(request.param), CATALOG, LINKER, dialogues)
    told: dict[str, Any] = json.loads(json.dumps(found))
    return told


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


def test_modes_are_forced_as_the_references_have_them(
    report: dict[str, Any], dialogues: list[CorpusDialogue]
) -> None:
    turns = cases(dialogues)
    n_items = sum(bool(one.said.mentions) for one in turns)
    assert 0 < n_items < len(turns)
    assert report["forced"]["modes"] == {"REC": n_items, "CHAT": len(turns) - n_items}
    assert report["forced"]["item_ratio"]["share"] >= report["reference"]["item_ratio"]["share"]


def test_the_grammar_keeps_words_to_the_item(report: dict[str, Any]) -> None:
    n_items = report["forced"]["modes"]["REC"]
    for part in (report["forced"], report["wrong_item"]):
        told = part["faithfulness"]
        assert told["names_the_chosen_item"]["share"] == 1
        assert told["names_the_chosen_item"]["n"] == n_items
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


def test_the_choice_of_the_mode_is_held_against_the_references(
    dialogues: list[CorpusDialogue],
) -> None:
    found = evaluate_dialogue(Popularity(CATALOG), CATALOG, LINKER, dialogues)["free"]
    turns = cases(dialogues)
    n_items = sum(bool(one.said.mentions) for one in turns)
    assert found["modes"]["REC"] == len(turns)
    scores = found["mode"]["as_said"]
    assert scores["accuracy"] == scores["precision"] == round(n_items / len(turns), 5)
    assert scores["recall"] == 1


def test_a_baseline_has_no_perplexity_but_is_judged_all_the_same(
    dialogues: list[CorpusDialogue],
) -> None:
    report = evaluate_dialogue(Popularity(CATALOG), CATALOG, LINKER, dialogues)
    assert "references" not in report
    assert "BLEU" in told(DIALOGUE, report)


def test_the_report_is_told_in_tables(report: dict[str, Any]) -> None:
    text = told(DIALOGUE, report)
    for said in ("Perplexity", "distinct by replies: 4", "facts: wrong: genre", "mode: accuracy"):
        assert said in text
    assert all(line.startswith("|") == line.endswith("|") for line in text.splitlines())


def test_dialogues_without_a_recommender_turn_are_refused(gcrs: TalkingRecommender) -> None:
    alone = CorpusDialogue("one", Dialogue((Turn("user", "hello"),)))
    with pytest.raises(BadInputError, match="recommender turn"):
        evaluate_dialogue(gcrs, CATALOG, LINKER, [alone])


# the words of the references


def say(text: str, *mentions: Mention) -> CorpusDialogue:
    turns = (Turn("user", "hello"), Turn("assistant", text, mentions))
    return CorpusDialogue(text, Dialogue(turns))


SEE_HEAT = say("See Heat soon", Mention(4, 8, HEAT.id))


def fair_die(read: list[int]) -> Any:
    """Every token is as likely as one of seven; `read` is told how many were read before."""

    def score(context: Any, tokens: Any) -> torch.Tensor:
        read.append(int(context.mask.sum()))
        return torch.full((len(tokens),), -math.log(7))

    return score


@pytest.mark.parametrize(
    "text", ["See Heat soon", "See Heat soon, not Alien"], ids=["its own", "another beside it"]
)
def test_a_title_is_one_token_of_the_perplexity(
    gcrs: TalkingRecommender, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    form = gcrs.talker.format
    monkeypatch.setattr(gcrs.talker.decoder, "score", fair_die([]))
    mentions = [Mention(4, 8, HEAT.id)]
    words = [*form.text("See "), *form.text(" soon")]
    if "Alien" in text:
        mentions.append(Mention(19, 24, ALIEN.id))
        words = [*form.text("See "), *form.text(" soon, not ")]
    found = reference_figures(gcrs, cases([say(text, *mentions)]))["all"]
    assert found["tokens"] == len(words) + len(mentions) + 1  # the titles and the end
    assert found["per_token"] == pytest.approx(7, abs=1e-3)
    n_words = 3 if len(mentions) == 1 else 6  # a comma is one
    assert found["per_word"] == pytest.approx(7 ** (found["tokens"] / n_words), rel=1e-3)


@pytest.mark.parametrize("name", ["gcrs", "reges"])
def test_words_are_read_after_what_stands_before_those_of_a_reply(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    system = speaking(shelf, name)
    read: list[int] = []
    monkeypatch.setattr(system.talker.decoder, "score", fair_die(read))
    found = reference_figures(system, cases([SEE_HEAT]))
    assert found["gold"]["tokens"] == found["wrong"]["tokens"], "the words are the same"
    hello = SEE_HEAT.dialogue.before(1)
    control, form = system.talker.control, system.talker.format
    own = reply(system, hello, Plan("REC", HEAT.id))
    before = own.output_ids[: own.output_ids.index(control.resp) + 1]
    history = system.talker.history(hello).ids
    n_read = len(history) + len(before) + len(form.card(HEAT))
    if name == "gcrs":
        assert read[0] == n_read
    else:
        assert before[1] == control.query and own.evidence.query
        assert read[0] > len(history) + 2 + len(form.code(HEAT.id)) + 1 + len(form.card(HEAT))


def test_turns_with_films_outside_the_catalog_are_left_out(gcrs: TalkingRecommender) -> None:
    turns = cases([say("See Nothing", Mention(4, 11, "redial:1")), say("Hello there")])
    found = reference_figures(gcrs, turns)
    assert found["left_out"] == 1
    assert found["all"]["turns"] == 1
    assert "per_token" not in found["gold"]  # nothing names an item
