"""ReGeS on a pretrained base, from the command that trains it to what it answers."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import films
import numpy as np
import pytest
import torch
from chatml import chat_model as model
from chatml import chat_tokenizer, speaking
from conftest import Trained
from numpy.typing import NDArray
from safetensors.torch import load_file

from crsdemo.__main__ import main
from crsdemo.core.catalog import Item
from crsdemo.core.dialogue import Dialogue, Mention, Speaker, Turn
from crsdemo.core.errors import BadInputError, CheckpointError
from crsdemo.core.recommender import Mode, Plan, reply
from crsdemo.core.slots import TITLE, Slot
from crsdemo.core.tags import Tag
from crsdemo.evaluation.checks.compare_systems import figures, first, without_model
from crsdemo.items.encoder import MINILM, TextEncoder
from crsdemo.language.corpus import load_aliases, load_dialogues
from crsdemo.language.refusals import refusals
from crsdemo.model.choice import ChoiceHead
from crsdemo.model.decoding import Context
from crsdemo.model.grammar import Grammar
from crsdemo.model.sampling import TextConstraint
from crsdemo.recommenders.candidate_scores import CandidateScores, ItemKnowledge
from crsdemo.recommenders.gcrs import PRIOR_WEIGHT, Gcrs
from crsdemo.recommenders.loading import Shelf, names
from crsdemo.recommenders.query_sources import sources
from crsdemo.recommenders.reges import CARD, Reges, adapter_folder
from crsdemo.recommenders.talker import TO_RETELL, Talker
from crsdemo.recommenders.talking import WISHED, TalkingRecommender
from crsdemo.recommenders.written_answers import Asked, Because
from crsdemo.training.lm.candidates import MOST_RIGHT, CandidateSampler, Target
from crsdemo.training.lm.sequences import TrainingSequence, sequence_loss
from crsdemo.training.ranking.distil import read_answers

CATALOG = films.CATALOG
HEAT = films.BY_TITLE["Heat"]


@pytest.fixture(scope="module")
def system(shelf: Shelf, talking: Path) -> Reges:
    assert json.loads((talking / "reges" / CARD).read_text()) == {"adapter": "../gcrs"}
    assert names(talking) == ["gcrs", "reges"]
    loaded = shelf.get("reges")
    assert isinstance(loaded, Reges)
    return loaded


@pytest.fixture(scope="module")
def shelf(talking: Path, trained: Trained) -> Shelf:
    return Shelf(CATALOG, trained.catalog, talking)


def test_training_goes_on_from_what_was_learned(
    talking: Path, trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a step nothing changes."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(trained.folder / "cache"))
    monkeypatch.chdir(trained.folder)
    options = ["--dialogues", str(trained.redial), "--catalog", str(trained.catalog)]
    options += ["--base-model", str(talking / "base"), "--written", str(trained.written)]
    options += ["--retriever", str(talking / "reges" / "retriever"), "--tokens", "300"]
    options += ["--start-from", str(talking / "gcrs"), "--head-from", str(talking / "reges")]
    options += ["--learning-rate", "0", "--rows-learning-rate", "0", "--no-real-words"]
    options += ["--out", str(tmp_path / "gcrs"), "--head", str(tmp_path / "reges")]
    options += ["--state", str(tmp_path / "s.pt"), "--minutes", "0.02", "--first-layer", "1"]
    assert main(["train-reges", *options]) == 0
    for part in ("reges/choice.safetensors", "gcrs/adapter_model.safetensors"):
        assert same(load_file(tmp_path / part), load_file(talking / part))


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_the_generative_system_is_offered_with_its_prior_and_alone(shelf: Shelf) -> None:
    assert shelf.names[:3] == ("gcrs", "reges", "gcrs-alone"), (
        "two systems stand side by side first"
    )
    both, alone = shelf.get("gcrs"), shelf.get("gcrs-alone")
    assert isinstance(both, Gcrs) and isinstance(alone, Gcrs) and alone.name == "gcrs-alone"
    assert both.talker.loaded is alone.talker.loaded, "the weights are in memory once"
    dialogue = Dialogue((Turn("user", "robbers"),))
    deciders = reply(both, dialogue, Plan(mode="REC")).evidence.deciders
    assert [one.name for one in deciders] == ["the language model", "who likes what together"]
    assert reply(alone, dialogue, Plan(mode="REC")).evidence.deciders == ()
    bare = without_model(both)
    assert first(bare, dialogue) == bare.recommend(dialogue, 1)[0].item.id


def test_the_prior_adds_to_what_the_model_says_and_never_outweighs_it(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = shelf.get("gcrs")
    assert isinstance(system, Gcrs) and system.knowledge
    dialogue = Dialogue((Turn("user", "robbers"),))
    last = system.recommend(dialogue, 40)[-1].item
    look = ItemKnowledge.look

    def sure(
        self: ItemKnowledge, dialogue: Dialogue, exclude: frozenset[str] = frozenset()
    ) -> CandidateScores:
        found = look(self, dialogue, exclude)
        parts = np.zeros_like(found.parts)
        parts[0, CATALOG.row[last.id]] = 60
        return replace(found, parts=parts)

    whole, half = (
        ItemKnowledge(system.knowledge.prior, system.knowledge.ranker, weight).look(dialogue)
        for weight in (1.0, 0.5)
    )
    assert whole.scores is not None and half.scores is not None
    assert np.abs(whole.scores).max() > 0
    own = system.knowledge.look(dialogue).scores
    assert own is not None
    np.testing.assert_allclose(own, PRIOR_WEIGHT * whole.scores, rtol=1e-5)
    made = reply(system, dialogue, Plan(mode="REC")).provenance.decoding
    assert json.loads(made)["prior_weight"] == PRIOR_WEIGHT < 1
    np.testing.assert_allclose(half.scores, 0.5 * whole.scores, rtol=1e-5)
    monkeypatch.setattr(ItemKnowledge, "look", sure)
    assert system.recommend(dialogue, 1)[0].item == last
    with pytest.raises(BadInputError, match="0 to 1"):
        ItemKnowledge(system.knowledge.prior, weight=1.5)


@pytest.mark.parametrize("name", ["gcrs", "gcrs-alone", "reges"])
def test_what_is_refused_is_not_recommended(shelf: Shelf, name: str) -> None:
    """Now and for as long as it is not asked for again."""
    system = shelf.get(name)
    dialogue = Dialogue((Turn("user", "anything but crime films, I hate crime"),))
    for text in ("another", "and one more"):
        found = reply(system, dialogue, Plan(mode="REC"))
        assert found.item is not None and "crime" not in found.item.facts["genres"]
        assert all("crime" not in c.item.facts["genres"] for c in found.evidence.candidates)
        dialogue = dialogue.say(found.turn()).say(Turn("user", text))
    listed = system.recommend(Dialogue((Turn("user", "a film"),)), 40)
    assert any("crime" in one.item.facts["genres"] for one in listed), "unless it was refused"


@pytest.mark.parametrize("name", ["gcrs", "gcrs-alone", "reges"])
def test_another_reply_is_about_another_film(shelf: Shelf, name: str) -> None:
    system = shelf.get(name)
    dialogue = Dialogue((Turn("user", "robbers"),))
    said = list[str]()
    for _ in range(3):
        found = reply(system, dialogue, Plan(mode="REC", avoid=frozenset(said)))
        assert found.item is not None and found.item.id not in said
        said.append(found.item.id)


def test_a_growing_conversation_is_answered_as_one_read_whole(shelf: Shelf) -> None:
    """What was read before is not read again, and changes nothing."""
    talker = speaking(shelf, "gcrs").talker
    dialogue = Dialogue((Turn("user", "robbers"),))
    talker.read([talker.history(dialogue)])
    grown = dialogue.say(Turn("assistant", "Which?")).say(Turn("user", "tired ones"))
    ids = talker.history(grown).ids
    _, known = talker.decoder.prefixes.find(ids)
    assert known > 5
    context = talker.read([talker.history(grown)])
    fresh = talker.decoder.read(torch.tensor([ids]))
    assert torch.allclose(context.logits, fresh.logits, atol=1e-4)
    assert context.mask.shape == fresh.mask.shape


def test_no_recommendation_ends_before_its_film_is_named(shelf: Shelf) -> None:
    talker = speaking(shelf, "gcrs").talker
    title = talker.control.slot[TITLE]
    slots = list(talker.control.slot)
    place = TextConstraint(talker.grammar, "REC", slots, [], owes_a_title=True)
    for token in talker.format.text("Try this one."):
        place.advance(token)
        assert talker.control.eos not in place.allowed and place.owes == place.may_end
    assert place.paying.tolist() == [title]
    place.advance(title)
    assert talker.control.eos in place.allowed and not place.owes


def test_a_fact_that_is_owed_is_said_and_not_denied(shelf: Shelf) -> None:
    talker = speaking(shelf, "gcrs").talker
    control, slots = talker.control, list(talker.control.slot)
    year = next(slot for slot in slots if slot.field == "year")
    denied = frozenset(talker.format.text("not"))
    place = TextConstraint(talker.grammar, "REC", slots, [], owed=[year], denials=denied)
    for token in talker.format.text("Made in "):
        place.advance(token)
    assert place.owes and place.paying.tolist() == [control.slot[year]]
    assert not {control.eos, *denied} & set(place.allowed.tolist())
    place.advance(control.slot[year])
    assert not place.owes and {control.eos, *denied} <= set(place.allowed.tolist())


class Wants:
    """A decoder whose model wants these tokens one after the other, then the end."""

    def __init__(self, talker: Talker, tokens: list[int]) -> None:
        self.left = [*tokens, *[talker.control.eos] * 200]
        self.n_tokens = len(talker.loaded.tokenizer)

    def logits(self) -> torch.Tensor:
        return 90 * torch.eye(self.n_tokens)[[self.left.pop(0)]]

    def words(self, talker: Talker, mode: Mode, item: Item | None, dialogue: Dialogue) -> list[int]:
        def feed(context: Context, tokens: object, *, words: bool = False) -> None:
            context.logits = self.logits()

        context = talker.read([talker.history(dialogue)])
        context.logits = self.logits()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(talker.decoder, "feed", feed)
            return list(talker.words(context, mode, item, dialogue, Plan()))


def test_a_film_is_named_though_the_model_would_end(shelf: Shelf) -> None:
    talker = speaking(shelf, "gcrs").talker
    dialogue = Dialogue((Turn("user", "robbers"),))
    said = Wants(talker, []).words(talker, "REC", HEAT, dialogue)
    assert talker.control.slot[TITLE] in said


def test_what_is_gone_back_to_is_named_and_what_is_spoken_of_need_not_be(shelf: Shelf) -> None:
    talker = speaking(shelf, "gcrs").talker
    heat = Turn("assistant", HEAT.name, (Mention(0, len(HEAT.name), HEAT.id),))
    other = films.BY_TITLE["Alien"]
    another = Turn("assistant", other.name, (Mention(0, len(other.name), other.id),))
    asked = Dialogue((Turn("user", "robbers"), heat, Turn("user", "any good?")))
    assert Wants(talker, []).words(talker, "CHAT", HEAT, asked) == []
    back = asked.say(another).say(Turn("user", "no, the first one"))
    said = Wants(talker, []).words(talker, "CHAT", HEAT, back)
    assert talker.control.slot[TITLE] in said
    assert Wants(talker, []).words(talker, "CHAT", other, back) == []


def test_what_is_asked_for_and_known_is_said_though_the_model_would_end(shelf: Shelf) -> None:
    talker = speaking(shelf, "gcrs").talker
    heat = Turn("assistant", HEAT.name, (Mention(0, len(HEAT.name), HEAT.id),))
    for asked, fact in (("who is in it?", "cast"), ("what year is it?", "year")):
        dialogue = Dialogue((Turn("user", "robbers"), heat, Turn("user", asked)))
        said = Wants(talker, []).words(talker, "CHAT", HEAT, dialogue)
        assert talker.control.slot[Slot(fact)] in said


def test_a_story_that_is_known_is_not_denied(shelf: Shelf) -> None:
    talker = speaking(shelf, "gcrs").talker
    heat = Turn("assistant", HEAT.name, (Mention(0, len(HEAT.name), HEAT.id),))
    denial = min(talker.rules.denials)
    for asked, may_deny in (("what is it about?", False), ("is it on netflix?", True)):
        dialogue = Dialogue((Turn("user", "robbers"), heat, Turn("user", asked)))
        said = Wants(talker, [denial]).words(talker, "CHAT", HEAT, dialogue)
        assert (denial in said) == may_deny


def named(talker: Talker, dialogue: Dialogue, mode: Mode, item: Item | None) -> set[str]:
    """What the words may name beside their own item."""
    with pytest.MonkeyPatch.context() as patch:
        seen = list[set[str]]()

        def place(
            grammar: Grammar, mode: Mode, slots: Collection[Slot], sayable: set[str], **more: Any
        ) -> TextConstraint:
            seen.append(sayable)
            return TextConstraint(grammar, mode, slots, sayable, **more)

        patch.setattr("crsdemo.recommenders.talker.TextConstraint", place)
        Wants(talker, []).words(talker, mode, item, dialogue)
    return seen[0]


def test_words_name_what_is_spoken_of_now(shelf: Shelf) -> None:
    talker = speaking(shelf, "gcrs").talker

    def turn(speaker: Speaker, *titles: str) -> Turn:
        text, mentions = "", list[Mention]()
        for title in titles:
            item = films.BY_TITLE[title]
            mentions.append(Mention(len(text), len(text) + len(item.name), item.id))
            text += f"{item.name} "
        return Turn(speaker, text or "why?", tuple(mentions))

    ids = {title: item.id for title, item in films.BY_TITLE.items()}
    begun = Dialogue((turn("user", "Heat"), turn("assistant", "Alien"), turn("user")))
    assert named(talker, begun, "CHAT", None) == {ids["Alien"]}
    assert named(talker, begun, "REC", films.BY_TITLE["Gladiator"]) == {ids["Heat"], ids["Alien"]}
    compared = begun.say(turn("assistant", "Alien")).say(turn("user", "Heat", "Gladiator"))
    assert named(talker, compared, "CHAT", None) == {ids["Heat"], ids["Gladiator"]}
    assert named(talker, compared, "CHAT", HEAT) == {ids["Gladiator"]}


def test_a_story_may_be_told_again(shelf: Shelf) -> None:
    talker = speaking(shelf, "gcrs").talker
    story = talker.format.text("Robbers,policemen.")
    assert talker.rules.denials.isdisjoint(story), "in the tiny alphabet a space begins a denial"
    told = talker.text(story) + HEAT.name
    heat = Turn("assistant", told, (Mention(len(told) - len(HEAT.name), len(told), HEAT.id),))
    for asked, is_told in (("what is it about?", True), ("really?", False)):
        dialogue = Dialogue((Turn("user", "robbers"), heat, Turn("user", asked)))
        said = Wants(talker, story).words(talker, "CHAT", HEAT, dialogue)
        assert (said == story) == is_told


def test_what_the_story_itself_denies_may_be_told(shelf: Shelf) -> None:
    talker = speaking(shelf, "gcrs").talker
    heat = Turn("assistant", HEAT.name, (Mention(0, len(HEAT.name), HEAT.id),))
    dialogue = Dialogue((Turn("user", "robbers"), heat, Turn("user", "what is it about?")))
    wanted = talker.format.text("No way out")
    for logline, is_told in (("No way out", True), ("Away", False)):
        item = replace(HEAT, logline=logline)
        said = Wants(talker, wanted).words(talker, "CHAT", item, dialogue)
        assert (said[:1] == wanted[:1]) == is_told


@pytest.mark.parametrize("mode", ["REC", "CHAT"])
def test_a_story_is_told_as_it_was_written_once_begun(shelf: Shelf, mode: Mode) -> None:
    talker = speaking(shelf, "gcrs").talker
    dialogue = Dialogue((Turn("user", "robbers"),))
    item = replace(HEAT, logline="Zebras,lions.")
    (retelling,) = talker._leanings(None, item, mode, dialogue)
    story = talker.format.text(item.logline)
    assert retelling.pull(story[:4]) == {story[4]: 3 * TO_RETELL}
    assert talker._leanings(None, None, mode, dialogue) == []


def test_words_lean_on_written_answers_and_the_story_that_is_asked_for(shelf: Shelf) -> None:
    talker = speaking(shelf, "gcrs").talker
    heat = Turn("assistant", HEAT.name, (Mention(0, len(HEAT.name), HEAT.id),))

    def begins(text: str, asked: Asked | None = None) -> str:
        dialogue = Dialogue((Turn("user", "robbers"), heat, Turn("user", text)))
        context = talker.read([talker.history(dialogue)])
        story = replace(HEAT, logline="Zebras,lions.")
        said = list(talker.words(context, "CHAT", story, dialogue, Plan(), asked))
        return talker.text(said)

    pieces = ("Xylophones play ", Slot("year"), ".")
    asked = Asked("a question", 40.0, HEAT, (pieces,))
    assert begins("what is it about?") != begins("is it long?")
    assert begins("what is it about?").startswith("Zebras,lions.")
    assert begins("is it long?", asked) == "Xylophones play <year>."
    assert begins("is it long?", asked._replace(nats=0.0)) != "Xylophones play <year>."


def test_a_near_question_tells_what_is_talked_of_and_that_it_is_talk(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = speaking(shelf, "gcrs")
    heat, alien = (
        Turn("assistant", one.name, (Mention(0, len(one.name), one.id),))
        for one in (HEAT, films.BY_TITLE["Alien"])
    )
    user = Turn("user", "robbers")
    dialogue = Dialogue((user, heat, user, alien, Turn("user", "who is in the first?")))
    asked = Asked("who is in the first", 5.0, HEAT, (("Somebody.",),))
    monkeypatch.setattr(system.talker, "modes", lambda logits: {"REC": 0.9, "CHAT": 0.1})
    before = system.mode_probabilities([dialogue])[0]["REC"]
    monkeypatch.setattr(type(system.talker), "asked", lambda self, dialogue, because: asked)
    assert before == pytest.approx(0.9)
    assert system.mode_probabilities([dialogue])[0]["REC"] == pytest.approx(9 / (9 + np.exp(5)))
    said = reply(system, dialogue)
    assert (said.mode, said.evidence.about) == ("CHAT", HEAT)
    assert said.evidence.question == asked.question
    recommends = reply(system, dialogue, Plan(mode="REC"))
    assert recommends.item and recommends.evidence.question == ""


def test_no_prize_and_no_service_is_made_up(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    talker = speaking(shelf, "gcrs").talker
    wanted = talker.format.text("Q film")
    assert len(wanted) > 1, "a claim may be several tokens"
    rules = replace(
        talker.rules, claims={"oscar": frozenset([tuple(wanted)])}, of_oneself=frozenset()
    )
    monkeypatch.setattr(talker, "rules", rules)
    stolen = replace(HEAT, logline="An Oscar is stolen.")
    modes: tuple[tuple[str, Mode, Item | None, bool], ...] = (
        ("how long?", "CHAT", None, False),
        ("did it win an Oscar?", "CHAT", None, True),
        ("how long?", "CHAT", stolen, True),
        ("a film that won an Oscar", "REC", HEAT, False),
        ("a film that won an Oscar", "REC", stolen, True),
    )
    for text, mode, item, is_said in modes:
        dialogue = Dialogue((Turn("user", text),))
        said = Wants(talker, wanted).words(talker, mode, item, dialogue)
        assert (said[: len(wanted)] == wanted) == is_said, (text, mode)


def test_a_recommendation_says_first_what_the_catalog_cannot_tell(shelf: Shelf) -> None:
    for name, length in (
        ("gcrs", ("My cards don't tell how long", "I can't tell how long")),
        ("reges", ("I can't check how long", "There's no telling how long")),
    ):
        system = speaking(shelf, name)

        def begins(text: str, plan: Plan = Plan(mode="REC"), system: Any = system) -> str:
            return reply(system, Dialogue((Turn("user", text),)), plan).text

        assert begins("robbers, under 90 minutes").startswith(length)
        assert "Yasujiro Ozu" in begins("anything by Yasujiro Ozu?")
        assert not begins("robbers").startswith(("My cards", "I can't", "There's no", "I find"))
        assert not begins("a film under 90 minutes", Plan(mode="CHAT")).startswith(length)


def test_what_was_refused_is_no_praise_and_a_country_is_not_claimed(shelf: Shelf) -> None:
    talker = speaking(shelf, "gcrs").talker
    for words, text, item, is_said in (
        (" love", "robbers, no love", HEAT, False),
        (" love", "robbers and love", HEAT, True),
        (" love", "robbers, no love", replace(HEAT, logline="For love."), True),
        (" Danish", "a Danish film", HEAT, False),
        (" Danish", "a Danish film", replace(HEAT, logline="A Danish thief."), True),
    ):
        if not item.logline.startswith(("For", "A D")):  # nor as the first word
            first = Wants(talker, talker.format.text(words.strip().capitalize()))
            told = talker.text(first.words(talker, "REC", item, Dialogue((Turn("user", text),))))
            assert told.startswith(words.strip().capitalize()) == is_said, (words, text)
        wanted, title = talker.format.text(words), talker.control.slot[TITLE]
        begun = [title, *wanted]
        said = Wants(talker, begun).words(talker, "REC", item, Dialogue((Turn("user", text),)))
        assert (said[: len(begun)] == begun) == is_said, (words, text)


def test_a_recommendation_has_the_figures_of_its_card_alone(shelf: Shelf) -> None:
    talker = speaking(shelf, "gcrs").talker
    wanted = [talker.control.slot[TITLE], *talker.format.text(" 90")]
    said = Dialogue((Turn("user", "under 90 minutes"),))
    modes: tuple[tuple[Mode, bool], ...] = (("REC", False), ("CHAT", True))
    for mode, is_said in modes:
        words = Wants(talker, wanted).words(talker, mode, HEAT, said)
        assert (words[: len(wanted)] == wanted) == is_said, mode


def test_another_word_for_what_was_refused_is_no_praise_either(shelf: Shelf) -> None:
    rules = speaking(shelf, "gcrs").talker.rules
    tags = (Tag("gore", "caution", "", ("gore", "gory")), Tag("dogs", "theme", "", ("dogs",)))
    unsaid = rules.unsaid(refusals("no gore"), "", tags)
    for word, is_shut in (("gory", True), ("gore", True), ("dogs", False)):
        assert (tuple(rules.talk.text(f" {word}")) in unsaid) == is_shut
    assert tuple(rules.talk.text(" gory")) not in rules.unsaid(refusals("no gore"), "Gory.", tags)


def test_who_asks_why_is_told_what_they_said_before_it_was_given(shelf: Shelf) -> None:
    for name in ("gcrs", "reges"):
        system = speaking(shelf, name)
        user = Turn("user", "a crime film from the 90s")
        heat = Turn("assistant", HEAT.name, (Mention(0, len(HEAT.name), HEAT.id),))
        dialogue = Dialogue((user, heat, Turn("user", "no comedy, why that one?")))
        because = system._because(dialogue, HEAT)
        assert '"crime"' in because.said and because.liked == ""
        assert system._because(dialogue, films.BY_TITLE["Alien"]) == Because(), "was not given"
        later = Dialogue((Turn("user", "surprise me"), heat, Turn("user", "why a crime film?")))
        assert system._because(later, HEAT).said == "", "what was said since is no reason"
        liked = Turn("user", "like Alien", (Mention(5, 10, films.BY_TITLE["Alien"].id),))
        named = system._because(Dialogue((liked, heat, Turn("user", "why?"))), HEAT)
        assert named.liked in ("", "Alien") and named.said == ""


def test_a_recommendation_does_not_begin_with_an_excuse(shelf: Shelf) -> None:
    talker = speaking(shelf, "gcrs").talker
    dialogue = Dialogue((Turn("user", "robbers"),))
    title, wanted = talker.control.slot[TITLE], talker.format.text("I like it")
    for begun in (wanted, [title, *wanted]):
        said = Wants(talker, begun).words(talker, "REC", HEAT, dialogue)
        assert title in said and not talker.rules.of_oneself & set(said[: said.index(title)])
    assert talker.rules.of_oneself & set(said), "it may be said once the film was named"
    assert Wants(talker, wanted).words(talker, "CHAT", None, dialogue) == wanted


def test_a_recommendation_leaves_out_only_what_was_refused(shelf: Shelf) -> None:
    talker = speaking(shelf, "gcrs").talker
    wanted = talker.format.text("No love")
    for text, is_said in (("robbers", False), ("nope", False), ("robbers, no romance", True)):
        said = Wants(talker, wanted).words(talker, "REC", HEAT, Dialogue((Turn("user", text),)))
        assert (said[: len(wanted)] == wanted) == is_said, text


def test_who_asks_to_be_recommended_something_is_asked_back(shelf: Shelf) -> None:
    talker = speaking(shelf, "gcrs").talker
    openings = [talker.text(opening) for opening in talker.rules.asking]
    assert "What kind of film would you like" in openings
    wanted = talker.format.text(" robbers")
    for text, is_asked_back in (("what should i watch?", True), ("are you well?", False)):
        dialogue = Dialogue((Turn("user", text),))
        said = talker.text(Wants(talker, wanted).words(talker, "CHAT", None, dialogue))
        assert said.startswith(tuple(openings)) == is_asked_back
    dialogue = Dialogue((Turn("user", "what should i watch?"),))
    about = talker.text(Wants(talker, wanted).words(talker, "CHAT", HEAT, dialogue))
    assert not about.startswith(tuple(openings)), "of a film that was gone back to"


@pytest.mark.parametrize("name", ["gcrs", "reges"])
def test_who_tells_a_story_is_recommended_the_film(
    shelf: Shelf, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = speaking(shelf, name)

    def scores(words: str) -> NDArray[np.float32]:
        told = np.zeros(len(CATALOG), np.float32)
        told[CATALOG.row[HEAT.id]] = 3.0 if "robbers" in words else 0.0
        return told

    monkeypatch.setattr(type(system), "stories", SimpleNamespace(scores=scores))
    monkeypatch.setattr(type(system), "named", None)  # robbers are a wish as well

    def recommends(dialogue: Dialogue) -> float:
        return system.mode_probabilities([dialogue])[0]["REC"]

    plain, told = (Dialogue((Turn("user", text),)) for text in ("hello", "the one with robbers"))
    monkeypatch.setattr(system.talker, "modes", lambda logits: {"CHAT": 0.9, "REC": 0.1})
    assert recommends(plain) == pytest.approx(0.1)
    assert recommends(told) == pytest.approx(np.exp(3) / (np.exp(3) + 9))
    modes = system.mode_probabilities([told])[0]
    assert list(modes) == ["REC", "CHAT"] and sum(modes.values()) == pytest.approx(1)
    known = Turn("user", "the one with robbers, Heat", (Mention(22, 26, HEAT.id),))
    assert recommends(Dialogue((known,))) == pytest.approx(0.1), "it was named"
    later = Dialogue((known, Turn("assistant", "Yes."), Turn("user", "the robbers are good")))
    assert recommends(later) == pytest.approx(0.1), "it was named before"


@pytest.mark.parametrize("name", ["gcrs", "reges"])
def test_a_wish_by_name_is_rather_recommended_for(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    system = speaking(shelf, name)
    monkeypatch.setattr(system.talker, "modes", lambda logits: {"CHAT": 0.6, "REC": 0.4})

    def recommends(text: str) -> float:
        return system.mode_probabilities([Dialogue((Turn("user", text),))])[0]["REC"]

    wished = pytest.approx(4 * np.exp(WISHED) / (4 * np.exp(WISHED) + 6))
    for text in (
        "Al Pacino, perhaps?", "comedies", "no romance please", "something with a heist",
        "a film under two hours", "a Danish one", "from the 90s", "anything by Yasujiro Ozu",
    ):  # fmt: skip
        assert recommends(text) == wished, text
    for text in ("hello", "who directed the comedy?", "is it a comedy?", "is it Danish?", "nope"):
        assert recommends(text) == pytest.approx(0.4), text


def test_earlier_replies_are_not_said_again(shelf: Shelf) -> None:
    talker = speaking(shelf, "gcrs").talker
    text = "Robbers and policemen, a tired one and a proud one."
    wanted = talker.format.text(text)
    fresh = Dialogue((Turn("user", "robbers"),))
    assert Wants(talker, wanted).words(talker, "CHAT", None, fresh) == wanted
    again = fresh.say(Turn("assistant", text)).say(Turn("user", "huh?"))
    said = Wants(talker, wanted).words(talker, "CHAT", None, again)
    n = talker.wording.no_repeat_ngram
    assert said[: n - 1] == wanted[: n - 1] and said[n - 1] != wanted[n - 1]


def test_the_ranker_answers_every_training_turn_and_names_nothing_again(
    talking: Path, trained: Trained
) -> None:
    talks = {
        one.id: one.dialogue
        for one in load_dialogues(trained.redial, CATALOG, load_aliases(trained.catalog))
    }
    answers = read_answers(talking / "answers.npz", CATALOG.fingerprint)
    kept = np.load(talking / "answers.npz")
    assert 0 < len(answers) <= 6
    for (name, place), (rows, shares) in answers.items():
        assert name and place > 0
        seen = talks[name].before(place).mentioned
        assert {CATALOG[int(row)].id for row in rows}.isdisjoint(seen)
        assert len(set(rows.tolist())) == len(rows) and shares.sum() == pytest.approx(1, abs=1e-4)
        assert (np.diff(shares) <= 0).all(), "best first"
    assert len(kept["rows"]) == len(answers)
    with pytest.raises(BadInputError, match="another catalog"):
        read_answers(talking / "answers.npz", "other")
    with pytest.raises(BadInputError, match="crsdemo distil"):
        read_answers(talking / "nowhere.npz", "")


def test_it_searches_chooses_and_speaks(system: Reges) -> None:
    dialogue = Dialogue((Turn("user", "robbers and policemen please"),))
    first = reply(system, dialogue, Plan(mode="REC"))
    control = system.talker.control
    assert first.output_ids[:2] == (control.rec, control.query)
    end = first.output_ids.index(control.eos)
    said = system.talker.text(first.output_ids[2:end]).strip()
    assert first.evidence.query == said, "the query is what the model wrote"
    assert first.item is not None and first.item in first.pieces
    candidates = first.evidence.candidates
    assert first.item == candidates[0].item and first.evidence.path == ()
    assert len(candidates) == len(CATALOG), "fewer than 50, so all are to choose from"
    shares = [one.score for one in candidates]
    assert sum(shares) == pytest.approx(1) and shares == sorted(shares, reverse=True)
    both = ["the item expert", "the retriever"]
    assert [signal.name for signal in candidates[0].signals] == both
    assert [one.name for one in first.evidence.deciders] == both
    assert all(1 <= d.place <= d.of == len(candidates) for d in first.evidence.deciders)
    dialogue = dialogue.say(first.turn()).say(Turn("user", "another"))
    second = reply(system, dialogue, Plan(mode="REC"))
    assert second.item is not None and second.item.id not in dialogue.mentioned
    given = reply(system, dialogue, Plan(item_id=HEAT.id))
    assert given.item == HEAT and given.evidence.is_given and not second.evidence.is_given
    talked = reply(system, dialogue, Plan(mode="CHAT"))
    assert talked.item is None and talked.evidence.query == ""
    free = reply(system, dialogue)
    assert (free.mode == "REC") == (dict(free.evidence.modes)["REC"] >= 0.5)


def test_dialogues_read_together_are_answered_as_alone(system: Reges) -> None:
    talks = [
        Dialogue((Turn("user", "hi"),)),
        Dialogue((Turn("user", "I liked Heat", (Mention(8, 12, HEAT.id),)),)),
        Dialogue((Turn("user", "something with many robbers in it, and a tired policeman"),)),
    ]
    hidden = [frozenset[str](), frozenset({HEAT.id}), frozenset[str]()]
    together = system.recommend_batch(talks, 10, hidden)
    for talk, without, found in zip(talks, hidden, together, strict=True):
        alone = system.recommend(talk, 10, exclude=without)
        assert [one.item.id for one in found] == [one.item.id for one in alone]
        assert [one.score for one in found] == pytest.approx([o.score for o in alone], abs=1e-3)
        assert without.isdisjoint(one.item.id for one in found)


def test_both_orders_decide(system: Reges, monkeypatch: pytest.MonkeyPatch) -> None:
    """The item expert's order counts; without it the retriever's first is the first."""
    dialogue = Dialogue((Turn("user", "robbers"),))
    found = system.recommend(dialogue, 50)
    unlikely = system.catalog.row[found[-1].item.id]

    def prefer(states: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        return (rows == unlikely).float() * 50

    monkeypatch.setattr(system.head, "forward", prefer)
    assert system.recommend(dialogue, 1)[0].item == system.catalog[unlikely]
    alone = without_model(system)
    assert isinstance(alone, Reges)
    system = alone
    deciders = reply(system, dialogue, Plan(mode="REC")).evidence.deciders
    assert [one.place for one in deciders] == [1, 1], "all alike to one, first to the other"
    assert system.recommend(dialogue, 1)[0].score > 1 / len(found)
    system.retriever_weight = 0
    scores = [one.score for one in system.recommend(dialogue, 50)]
    assert scores == pytest.approx([1 / len(found)] * len(found))


def test_what_the_model_decides_is_counted(system: Reges) -> None:
    bare = without_model(system)
    assert isinstance(bare, Reges) and bare is not system
    talks = [Dialogue((Turn("user", text),)) for text in ("robbers", "a wedding", "ghosts")]
    found = figures((system, system), talks, 2)
    assert found["same film"]["share"] == 1 == found["same words"]["share"]
    others = [first(system, talk) != first(bare, talk) for talk in talks]
    shares = [one["share"] for one in list(found.values())[2:]]
    assert shares == pytest.approx([sum(others) / 3] * len(shares), abs=1e-4)


def test_two_systems_draw_their_words_each_by_itself(system: Reges) -> None:
    """Greetings of both were the same word for word: one adapter, one seed."""
    other = Gcrs("other", system.talker)
    talks = [Dialogue((Turn("user", text),)) for text in ("hello", "thanks", "who are you?")]

    def said(one: TalkingRecommender) -> list[str]:
        return [reply(one, talk, Plan(mode="CHAT")).text for talk in talks]

    assert said(system) == said(system)
    assert said(other) == said(Gcrs("other", system.talker))
    assert said(system) != said(other)


def test_a_damaged_card_is_refused(tmp_path: Path) -> None:
    assert adapter_folder(tmp_path) == tmp_path, "without one the adapter lies beside it"
    (tmp_path / CARD).write_text("[]")
    with pytest.raises(CheckpointError, match="adapter"):
        adapter_folder(tmp_path)


# choosing among candidates is learned


def test_a_head_learns_which_candidate_goes_with_a_state() -> None:
    torch.manual_seed(0)
    vectors = torch.nn.functional.normalize(torch.randn(12, 6), dim=1)
    head = ChoiceHead(16, vectors)
    states, rows = torch.randn(4, 16), torch.arange(12).expand(4, 12)
    assert head(states, rows).abs().max() == 0, "all candidates are alike at first"
    optimizer = torch.optim.Adam(head.parameters(), 0.05)
    right = torch.tensor([3, 7, 0, 11])
    for _ in range(200):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(head(states, rows), right).backward()
        optimizer.step()
    assert head(states, rows).argmax(1).tolist() == right.tolist()
    some = torch.tensor([[11, 5], [1, 7], [0, 2], [4, 11]])
    assert torch.equal(head(states, rows).gather(1, some), head(states, some))


def test_how_loud_a_state_is_tells_nothing() -> None:
    """Hidden states differ in size from place to place."""
    head = ChoiceHead(8, torch.randn(5, 3))
    torch.nn.init.normal_(head.map.weight)
    states, rows = torch.randn(2, 8), torch.arange(5).expand(2, 5)
    assert torch.allclose(head(10 * states, rows), head(states, rows), atol=1e-3)


def test_a_head_is_saved_and_of_other_vectors_refused(tmp_path: Path) -> None:
    head = ChoiceHead(8, torch.randn(5, 3))
    torch.nn.init.normal_(head.map.weight)
    head.save(tmp_path)
    again = ChoiceHead.load(tmp_path, 8, head.vectors)
    states, rows = torch.randn(2, 8), torch.tensor([[0, 4], [1, 2]])
    assert torch.allclose(again(states, rows), head(states, rows), atol=1e-2)
    with pytest.raises(CheckpointError, match="train-reges"):
        ChoiceHead.load(tmp_path, 8, torch.randn(5, 4))


def test_choices_are_part_of_the_loss() -> None:
    tokenizer = chat_tokenizer()
    lm = model(len(tokenizer))
    head = ChoiceHead(lm.config.hidden_size, torch.eye(4))
    sequence = TrainingSequence()
    sequence.add([5, 6, 7])
    sequence.choose(np.array([2, 0]), np.array([1.0, 0.0]))
    assert sequence.choices[0].at == 2, "the token added last chooses"
    sequence.add([8])
    loss = sequence_loss(lm, [sequence], pad=0, head=head)
    assert loss.parts["choice"] == pytest.approx(np.log(2), abs=1e-4), "no candidate is known yet"
    loss.total.backward()
    assert head.map.bias.grad is not None
    assert head.map.bias.grad[2] < 0 < head.map.bias.grad[0], "towards the right one"
    assert head.map.bias.grad[1] == 0 == head.map.bias.grad[3], "others are no candidates"


class Near:
    """Answers every search with the first rows."""

    def nearest(self, texts: Sequence[str], k: int) -> SimpleNamespace:
        rows = np.tile(np.arange(k), (len(texts), 1))
        return SimpleNamespace(rows=rows)


def test_candidates_hold_what_is_right_and_the_nearest_wrong_ones() -> None:
    sampler = CandidateSampler(Near(), ["heists"], np.ones(200))  # type: ignore[arg-type]  # a stand-in
    rng = np.random.default_rng(0)
    two = Target(120, np.array([120, 3]), np.array([3.0, 1.0]), [120])
    rows, wanted = sampler.draw("heists", two, rng)
    assert len(rows) == 50 and set(rows) == {120, *range(49)}
    assert dict(zip(rows.tolist(), wanted, strict=True))[120] == pytest.approx(0.75)
    assert dict(zip(rows.tolist(), wanted, strict=True))[3] == pytest.approx(0.25)
    assert rows.tolist() != [120, *range(49)], "their places tell nothing"
    many = np.arange(100, 190)
    rows, wanted = sampler.draw("heists", Target(100, many, np.ones(90), many.tolist()), rng)
    assert (
        len(rows) == 50 and (rows >= 100).sum() == MOST_RIGHT and wanted.sum() == pytest.approx(1)
    )
    rows, _ = sampler.draw("unknown", Target.only(7), rng)
    assert 7 in rows and len(set(rows.tolist())) == len(rows)
    found = Target.only(7)._replace(near=np.array([150, 151]))
    rows, _ = sampler.draw("heists", found, rng)
    assert set(rows.tolist()) == {7, 150, 151}


def test_a_search_is_traced_to_the_words_that_it_took_up() -> None:
    dialogue = Dialogue((Turn("user", "Something terrifying about robbers, for the kids"),))
    found = sources(dialogue, ["scary film about robbery"], TextEncoder(MINILM))
    assert "robbers" in found and "terrifying" in found and "kids" not in found
