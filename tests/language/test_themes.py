"""Tags of a catalog, and how people say them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.domain import NEUTRAL
from crsdemo.core.errors import CatalogError
from crsdemo.core.tags import Tag, read_tags, save_tags
from crsdemo.core.traced import Traced
from crsdemo.language.themes import Themes, stem

TAGS = (
    Tag("zombies", "theme", "the undead walk", ("zombie", "undead", "walking dead")),
    Tag("feel-good", "mood", "leaves you happier", ("feel-good", "cheer me up")),
    Tag("heist", "theme", "a robbery", ("heist", "rob a bank")),
    Tag("gore", "caution", "blood", ("gore", "gory", "blood and guts")),
    Tag("unused", "theme", "nothing has it", ("unheard of",)),
)
CATALOG = Catalog(
    (
        Item("a", "Ants", tags=("zombies", "gore")),
        Item("b", "Bees", tags=("feel-good", "heist")),
        Item("c", "Cows", facts={"keywords": ("undead", "farming", "god", "timetravel")}),
    ),
    TAGS,
)


@pytest.fixture(scope="module")
def themes() -> Themes:
    return Themes(CATALOG)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("a zombie movie", {"zombies"}),
        ("ZOMBIES!!", {"zombies"}),
        ("something with the walking-dead", {"zombies"}),
        ("feel good please", {"feel-good"}),
        ("a feel-good film", {"feel-good"}),
        ("they rob the bank", {"heist"}),
        ("heists, and nothing gory", {"heist", "gore"}),
        ("blood and guts", {"gore"}),
        ("blood or guts", set()),
        ("farming", {"farming"}),
        ("feelgood", {"feel-good"}),
        ("a Feel - Good flick", {"feel-good"}),
        ("the un-dead", {"zombies"}),
        ("bloodandguts", {"gore"}),
        ("walking, dead", set()),  # two things
        ("blood. And guts", set()),
        ("it cannot feel; good", set()),
        ("feel\ngood", set()),
        ("no heist, zombies: gore!", {"heist", "zombies", "gore"}),
        ("time-travelling? time travel", {"timetravel"}),
        ("oh my god", set()),  # too short a keyword to be told from talk
        ("unheard of", set()),  # no item has it
        ("", set()),
    ],
)
def test_a_theme_is_heard_in_any_of_its_forms(themes: Themes, typed: str, meant: set[str]) -> None:
    assert themes.named(typed) == meant


def test_a_keyword_counts_as_the_tag_that_it_is_a_way_to_say(themes: Themes) -> None:
    assert themes.rows["zombies"] == [0, 2]
    assert themes.of(CATALOG[2]) == {"zombies", "farming", "god", "timetravel"}


def test_a_catalog_without_a_vocabulary_knows_its_tags_by_name() -> None:
    catalog = Catalog((Item("a", "Ants", tags=("slow burn",)),))
    assert [tag.name for tag in catalog.tags] == ["slow burn"]
    assert Themes(catalog).named("a slow burn") == {"slow burn"}


def test_what_the_items_are_called_and_loving_one_are_no_themes() -> None:
    domain = NEUTRAL.model_copy(update={"item": "book", "items": "books", "called": ("novel",)})
    catalog = Catalog((Item("a", "Ants", tags=("books", "love", "novels")),), domain=domain)
    heard = Themes(catalog).named
    assert heard("a funny book, no novels, books!") == set()
    for said in ("i love it", "We really love that", "my kids loved it", "they would love it"):
        assert heard(said) == set(), said
    for said in ("a story about love", "love and war", "something with love in it"):
        assert heard(said) == {"love"}, said


@given(st.text())
def test_whatever_is_typed_beside_it_a_theme_is_heard(themes: Themes, typed: str) -> None:
    assert themes.named(f"{typed}\nzombies\n{typed}") >= {"zombies"} | themes.named(typed)


@pytest.mark.parametrize(
    ("word", "stemmed"),
    [
        ("witches", "witch"),
        ("witch's", "witch"),
        ("zombies", "zomby"),
        ("zombie", "zomby"),
        ("boxes", "box"),
        ("paris", "paris"),
        ("bus", "bus"),
        ("1960s", "1960s"),
        ("glass", "glass"),
        ("cops", "cop"),
        ("fairies", "fairy"),
        ("heroes", "hero"),
        ("hero", "hero"),
        ("werewolves", "werewolf"),
        ("knife", "knif"),
        ("knives", "knif"),
        ("women", "woman"),
    ],
)
def test_plurals_and_owners_are_one_word(word: str, stemmed: str) -> None:
    assert stem(word) == stemmed


def test_a_vocabulary_is_kept(tmp_path: Path) -> None:
    save_tags(TAGS, tmp_path)
    assert read_tags(tmp_path) == TAGS
    assert read_tags(tmp_path / "nowhere") == ()


@pytest.mark.parametrize(
    "text", ["{", "3", '["heist"]', '[{"name": ""}]', '[{"name": 3, "says": []}]', '[{"says": []}]']
)
def test_a_damaged_vocabulary_says_what_is_expected(tmp_path: Path, text: str) -> None:
    (tmp_path / "tags.json").write_text(text)
    with pytest.raises(CatalogError, match="not a vocabulary of tags"):
        read_tags(tmp_path)


def test_a_tag_twice_is_refused(tmp_path: Path) -> None:
    save_tags((TAGS[0], TAGS[0]), tmp_path)
    with pytest.raises(CatalogError, match="'zombies' twice"):
        read_tags(tmp_path)


SHIPPED = Path(__file__).parents[2] / "catalog"


@pytest.fixture(scope="module")
def shipped() -> Themes:
    return Themes(Catalog.load(SHIPPED))


@pytest.mark.parametrize(
    "typed",
    [
        "hi there, how are you",
        "cool, sounds good",
        "what's it about?",
        "who is in it?",
        "no thanks",
        "I have seen that one",
        "ok maybe another one then",
        "great, one of my favourites",
        "hello! looking for a good movie tonight",
        "I love it",
        "yes please",
        "not really",
    ],
)
def test_small_talk_names_no_theme(shipped: Themes, typed: str) -> None:
    assert shipped.named(typed) == frozenset()


@pytest.mark.parametrize(
    ("typed", "theme"),
    [
        ("robot movie", "robots"),
        ("any good vampire films?", "vampires"),
        ("mind bending", "mind-bending"),
        ("nothing gory", "gore"),
        ("no superheroes please", "superhero"),
        ("any werewolves?", "werewolves"),
        ("thieves who rob a bank", "heist"),
        ("my dog must not die: no animal deaths", "animal death"),
        ("it all takes place in one room", "one location"),
        ("make me cry", "when you need a cry"),
    ],
)
def test_what_people_say_names_a_theme(shipped: Themes, typed: str, theme: str) -> None:
    assert theme in shipped.named(typed)


@pytest.mark.parametrize(
    ("text", "theme"),
    [
        ("something light for tonight", "feel-good"),
        ("anything fun on a saturday?", "feel-good"),
        ("I'd like a light-hearted movie", "feel-good"),
        ("a fun flick", "feel-good"),
        ("feelgood please", "feel-good"),
        ("we plan a date night", "date night"),
        ("a family movie", "family movie night"),
        ("slow-burn thriller", "slow burn"),
        ("mindbending stuff", "mind-bending"),
        ("all cozy under a blanket", "cosy"),
        ("something relaxing to unwind", "cosy"),
        ("an easy movie", "easy to follow"),
        ("something sad", "tearjerker"),
        ("give me a sweet film", "heartwarming"),
        ("something dark", "bleak"),
        ("an intense ride", "tense"),
        ("a deep movie", "talk about afterwards"),
    ],
)
def test_moods_are_heard_as_people_say_them(shipped: Themes, text: str, theme: str) -> None:
    assert theme in shipped.named(text)


@pytest.mark.parametrize("text", ["a traffic light", "Darth Vader turns to the dark side", "easy"])
def test_words_that_only_sound_like_moods_are_none(shipped: Themes, text: str) -> None:
    assert shipped.named(text).isdisjoint({"feel-good", "bleak", "easy to follow"})


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("walking dead, gore", ", gore"),
        ("walking, dead or feel good", "walking, dead or"),
        ("rob. a bank", "rob. a bank"),
    ],
)
def test_a_longer_name_ends_at_a_comma(themes: Themes, text: str, left: str) -> None:
    assert themes.without_tags(Traced.of(text)).text.strip() == left


@pytest.mark.parametrize(
    "text", ["horror, comedy or romance", "family. drama", "historical, drama"]
)
def test_a_list_of_genres_names_no_theme_of_two(shipped: Themes, text: str) -> None:
    found = shipped.refused(text)
    assert found.isdisjoint({"spooky fun", "romcom", "dysfunctional family", "period drama"})
