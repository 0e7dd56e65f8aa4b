"""What is shown as understood is what decides, and what is taken back decides no more."""

import json
from pathlib import Path

import pytest
from conftest import Trained
from films import BY_TITLE, CATALOG

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.core.recommender import Recommender
from crsdemo.language.mentions import MentionLinker
from crsdemo.recommenders.hearing import Hearing
from crsdemo.recommenders.loading import Shelf

CASES = Path(__file__).parent.parent / "language" / "mention_cases.jsonl"
HEARING, LINKER = Hearing(CATALOG), MentionLinker(CATALOG)


def talk(*texts: str) -> Dialogue:
    """The user says these, and hears nothing of interest."""
    dialogue = Dialogue()
    for text in texts:
        dialogue = dialogue.say(Turn("user", text, LINKER.link(text, dialogue)))
        dialogue = dialogue.say(Turn("assistant", "ok"))
    return dialogue.before(len(dialogue.turns) - 1)


def shown(dialogue: Dialogue, position: int = -1) -> list[tuple[str, str]]:
    """Of a turn: kind and label of what counts."""
    understood = HEARING.understood(dialogue)[range(len(dialogue.turns))[position]]
    return [(one.kind, one.label) for one in understood.heard if one.counts]


def taken_back(dialogue: Dialogue, *labels: str, position: int = -1) -> Dialogue:
    position = range(len(dialogue.turns))[position]
    understood = HEARING.understood(dialogue)[position]
    gone = [at for one in understood.heard if one.counts and one.label in labels for at in one.at]
    turn = dialogue.turns[position]
    turn = Turn(turn.speaker, turn.text, turn.mentions, tuple(sorted({*turn.unheard, *gone})))
    return Dialogue(tuple(turn if n == position else t for n, t in enumerate(dialogue.turns)))


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        (
            "I loved Heat (1995), something scary with Tom Hanks, no comedies or romance",
            [
                ("film", "Heat (1995)"), ("wish", "horror"), ("person", "Tom Hanks"),
                ("avoid", "comedy"), ("avoid", "romance"),
            ],
        ),
        ("a westren from the 60s", [("wish", "western"), ("years", "1960s")]),
        ("crime after 1990", [("wish", "crime"), ("years", "since 1991")]),
        ("something from 1995", [("years", "1995")]),
        ("between 1980 and 1985", [("years", "1980–1985")]),
        ("nothing older than 2000", [("years", "since 2000")]),
        ("horror, and again: horror!", [("wish", "horror")]),
        ("not violent", [("avoid", "violence")]),
        (
            "a comedy for my kids",
            [("wish", "comedy"), ("avoid", "what is not for children"), ("wish", "family")],
        ),
        ("I can't get enough of horror", [("wish", "horror")]),
        ("a film about androids", [("wish", "androids")]),
        ("hello, how are you?", []),
        ("a triller, not too sad", [("wish", "thriller")]),
        ("suprise me, dunno", []),
        ("nothing from the 80s", [("avoid", "1980s")]),
        ("is it from the 80s? does it have horror", []),
        ("i like horror, comedy", [("wish", "horror"), ("wish", "comedy")]),
        ("İ", []),
    ],
)  # fmt: skip
def test_each_kind_is_shown_with_its_words(text: str, heard: list[tuple[str, str]]) -> None:
    assert shown(talk(text)) == heard


def test_what_stands_for_a_person_is_shown_as_that_person() -> None:
    assert shown(talk("something with Bill Murray", "what else did he make?")) == [
        ("person", "Bill Murray")
    ]


def test_what_is_avoided_holds_until_it_is_asked_for() -> None:
    dialogue = talk("no horror and no westerns", "with Tom Hanks")
    assert [(a.position, a.heard.label) for a in HEARING.avoided(dialogue)] == [
        (0, "horror"),
        (0, "western"),
    ]
    wanted = talk("no horror and no westerns", "fine, a horror film")
    assert [a.heard.label for a in HEARING.avoided(wanted)] == ["western"]
    back = taken_back(dialogue, "western", position=0)
    assert [a.heard.label for a in HEARING.avoided(back)] == ["horror"]


def test_what_was_taken_back_stays_listed_and_can_be_brought_back() -> None:
    dialogue = talk("a horror film with Tom Hanks, no comedies")
    less = taken_back(dialogue, "horror", "comedy")
    assert shown(less) == [("person", "Tom Hanks")]
    heard = HEARING.understood(less)[0].heard
    assert [one.label for one in heard if not one.counts] == ["horror", "comedy"]
    horror = HEARING.understood(less)[0].find("wish", 2, counts=False)
    assert horror and horror.label == "horror"
    assert HEARING.understood(less)[0].find("wish", 2, counts=True) is None
    assert less.heard.turns[0].text.endswith(", "), "no refusal is left without what it refuses"


@pytest.mark.parametrize(
    ("text", "label", "left"),
    [
        ("with Tom Hanks, no comedies", "comedy", "with Tom Hanks, "),
        ("no horror tonight, thanks", "horror", "tonight, thanks"),
        ("romance isn't my thing", "romance", "thing"),
        ("a drama. I can't stand Tom Hanks", "Tom Hanks", "a drama. I "),
        ("no comedies or westerns", "comedy", "no or westerns"),
    ],
)
def test_a_dislike_goes_with_its_no_unless_that_refuses_more(
    text: str, label: str, left: str
) -> None:
    less = taken_back(talk(text), label)
    assert less.heard.turns[0].text == left
    assert label not in dict(shown(less)).values()


def test_the_last_dislike_of_a_no_takes_it_along() -> None:
    dialogue = talk("with Tom Hanks, no comedies or westerns")
    less = taken_back(taken_back(dialogue, "comedy"), "western")
    assert less.heard.turns[0].text.strip() == "with Tom Hanks,"
    assert shown(less) == [("person", "Tom Hanks")]
    gone = [one.label for one in HEARING.understood(less)[0].heard if not one.counts]
    assert gone == ["comedy", "western"]


@pytest.mark.parametrize(
    "text",
    [
        "no horror, no westerns, no comedies",
        "no horror, westerns or comedies please",
        "i hate horror, westerns and comedies",
        "i can't stand horror, westerns, and comedies. something with Tom Hanks",
        "i don't like horror, westerns, comedies, but with Tom Hanks",
        "i hate horror, westerns and comedies, something with Tom Hanks",
        "i dislike horror, westerns or comedies",
        "neither horror, westerns nor comedies",
        "anything but horror, westerns or comedies",
        "i hate horror and westerns and comedies",
        "i hate horror, Heat, westerns and comedies",
    ],
)
def test_a_dislike_that_is_taken_back_leaves_the_others_of_its_list(text: str) -> None:
    dialogue = talk(text)
    others = [(kind, label) for kind, label in shown(dialogue) if kind not in ("avoid", "film")]
    names = {"horror", "western", "comedy"}
    assert {label for kind, label in shown(dialogue) if kind == "avoid"} == names
    for first in sorted(names):
        one_less = taken_back(dialogue, first)
        for second in sorted(names - {first}):
            for less, gone in (
                (one_less, {first}),
                (taken_back(one_less, second), {first, second}),
            ):
                avoided = {one.heard.label for one in HEARING.avoided(less)}
                assert avoided == names - gone, less.heard.turns[0].text
                wishes = [one for one in shown(less) if one[0] not in ("avoid", "film")]
                assert wishes == others, less.heard.turns[0].text


def test_words_that_were_no_title_may_be_something_else() -> None:
    dialogue = talk("Up is what I like, an Alien abduction")
    assert ("film", "Alien (1979)") in shown(dialogue)
    less = taken_back(dialogue, "Alien (1979)")
    assert ("film", "Alien (1979)") not in shown(less)
    assert ("wish", "science fiction") in shown(less)  # which "alien" means where it is a word


def test_limits_that_no_fact_tells_are_named() -> None:
    asked = HEARING.understood(talk("a French film under 90 minutes"))[0].unknown
    assert asked == ("length: under 90 minutes", "country: France")
    assert HEARING.understood(talk("a drama"))[0].unknown == ()


def test_whatever_people_type_is_read() -> None:
    for case in CASES.read_text(encoding="utf-8").splitlines():
        text = json.loads(case)["text"]
        for typed in (text, text.upper(), f"İ no {text} ẞ", text * 3):
            for one in HEARING.understood(talk(typed))[0].heard:
                assert all(0 <= at.start < at.end <= len(typed) for at in one.at)


def ranked(system: Recommender, dialogue: Dialogue) -> list[str]:
    return [one.item.title for one in system.recommend(dialogue.heard, 20)]


@pytest.mark.parametrize("name", ["signals", "signals-trees"])
def test_a_refusal_that_was_taken_back_hides_nothing(trained: Trained, name: str) -> None:
    catalog = Catalog.load(trained.catalog)
    system = Shelf(catalog, trained.catalog).get(name)
    dialogue = talk("with ghosts and monsters, but no horror")
    horror = {i.title for i in CATALOG if "horror" in i.genres}
    assert not horror & set(ranked(system, dialogue))
    assert horror & set(ranked(system, taken_back(dialogue, "horror")))


def test_people_and_years_that_were_taken_back_leave_no_film_out(trained: Trained) -> None:
    catalog = Catalog.load(trained.catalog)
    system = Shelf(catalog, trained.catalog).get("signals")
    dialogue = talk("something with Tom Hanks from the 90s")
    assert set(ranked(system, dialogue)[:3]) == {"Toy Story", "Saving Private Ryan", "Forrest Gump"}
    others = taken_back(dialogue, "Tom Hanks")
    assert any("Tom Hanks" not in BY_TITLE[title].people for title in ranked(system, others)[:5])
    years = [BY_TITLE[title].year for title in ranked(system, others)[:5]]
    assert all(year and 1990 <= year <= 1999 for year in years)
    older = taken_back(dialogue, "Tom Hanks", "1990s")
    assert ranked(system, older) == ranked(system, talk("something with"))


def test_a_film_that_was_taken_back_pulls_at_nothing_and_may_be_said(trained: Trained) -> None:
    catalog = Catalog.load(trained.catalog)
    system = Shelf(catalog, trained.catalog).get("co-occurrence")
    dialogue = talk("I loved Goodfellas")
    assert dialogue.mentioned
    less = taken_back(dialogue, "Goodfellas (1990)").heard
    assert less.mentioned == () and less.turns[-1].text == "I loved Goodfellas"
    assert ranked(system, less) == ranked(system, Dialogue()) != ranked(system, dialogue)


def test_a_dialogue_is_read_once_however_often_a_page_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    hearing, dialogue = Hearing(CATALOG), talk("no horror", "with Tom Hanks")
    avoided, understood = hearing.avoided(dialogue), hearing.understood(dialogue)

    def again(*_: object) -> None:
        raise AssertionError("it was read again")

    monkeypatch.setattr(type(hearing.named), "as_meant", again)
    monkeypatch.setattr(type(hearing.named), "refused_facts", again)
    assert hearing.avoided(dialogue) == avoided and hearing.understood(dialogue) == understood
    assert [one.heard.label for one in avoided] == ["horror"]


def test_no_theme_is_heard_within_a_name() -> None:
    items = tuple(Item(n, n, 2000, {"cast": ("Will Heist",)}, tags=("heist",)) for n in "abc")
    heard = Hearing(Catalog(items)).understood(Dialogue((Turn("user", "with Will Heist"),)))
    assert [(one.kind, one.label) for one in heard[0].heard] == [("person", "Will Heist")]
