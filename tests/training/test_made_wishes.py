"""Wishes name what they are about, and all that fits is right."""

from __future__ import annotations

import re

import pytest
from films import BY_TITLE, CATALOG

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.tags import Tag
from crsdemo.training.written.data import WrittenWish
from crsdemo.training.written.made_wishes import Wish, WishMaker

HEAT, UP = BY_TITLE["Heat"], BY_TITLE["Up"]


def facts_said(wish: Wish) -> set[str]:
    """What of the catalog the words of a wish name; decades as digits and s."""
    text = wish.dialogue.turns[-1].untitled.lower()
    known = {fact for item in CATALOG for fact in (*item.genres, *item.people, *item.themes)}
    said = {fact for fact in known if re.search(rf"\b{re.escape(fact.lower())}\b", text)}
    return said | {found[-3:] for found in re.findall(r"\b(?:\d\d)?\d0s\b", text)}


def has(item: Item, fact: str) -> bool:
    decade = f"{(item.year or 0) // 10 * 10 % 100:02}s"
    return fact in (*item.genres, *item.people, *item.themes, decade)


def test_a_wish_for_facts_is_right_for_all_items_that_have_them() -> None:
    drawn = WishMaker(CATALOG, [], seed=1).draw(300)
    for wish in drawn:
        said, named = facts_said(wish), set(wish.dialogue.mentioned)
        assert said, wish
        fitting = {item.id for item in CATALOG if all(has(item, fact) for fact in said)}
        assert named < fitting, "a film that was liked has what is asked for too"
        assert wish.targets.keys() == fitting - named, wish
        assert sum(wish.targets.values()) == pytest.approx(1)
    assert {len(facts_said(wish)) for wish in drawn} >= {1, 2}
    assert 30 < sum(bool(wish.dialogue.mentioned) for wish in drawn) < 120
    assert any(re.search("[A-Z]", wish.dialogue.turns[0].untitled) for wish in drawn), "people"


def test_the_same_seed_wishes_the_same() -> None:
    written = [WrittenWish(kind="plain", wish="robbers", items=(HEAT.id, "f03"))]
    one, again, other = (WishMaker(CATALOG, written, seed).draw(40) for seed in (3, 3, 4))
    assert one == again
    assert one != other


def test_what_is_known_better_weighs_more() -> None:
    known = Item("a", "A", facts={"genres": ("drama",)}, popularity=99)
    catalog = Catalog((known, Item("b", "B", facts={"genres": ("drama",)})))
    whole = [w for w in WishMaker(catalog, [], 0).draw(20) if not w.dialogue.mentioned]
    assert all(wish.targets == pytest.approx({"a": 10 / 11, "b": 1 / 11}) for wish in whole)


def test_written_wishes_are_drawn_and_those_of_another_catalog_left_out() -> None:
    written = [
        WrittenWish(kind="plain", wish="robbers", items=(HEAT.id, "of another catalog")),
        WrittenWish(kind="nuance", wish="of another catalog", items=("m00001",)),
        WrittenWish(kind="nuance", wish="to cry in the first minutes", items=(UP.id, "f18")),
    ]
    drawn = WishMaker(CATALOG, written, seed=0).draw(200)
    texts = [wish.dialogue.turns[0].text for wish in drawn]
    assert 60 < sum(text.endswith((written[0].wish, written[2].wish)) for text in texts) < 140
    targets = {wish.dialogue.turns[0].text: wish.targets for wish in drawn}
    assert targets["robbers"] == {HEAT.id: 1}
    assert targets["to cry in the first minutes"] == {UP.id: 0.5, "f18": 0.5}
    assert "of another catalog" not in targets
    liked = next(t for t in targets if t.endswith("to cry in the first minutes") and "Up" in t)
    assert targets[liked] == {"f18": 1}


def test_books_are_wished_for_by_what_they_have_and_as_people_say_it() -> None:
    sea = Tag("sea", says=("salt water", "a boat somewhere"))
    books = Catalog((Item("b1", "Moby-Dick", tags=("sea",)), Item("b2", "Emma")), (sea,))
    drawn = WishMaker(books, [], seed=0).draw(30)
    said = " ".join(wish.dialogue.turns[0].text for wish in drawn)
    assert "salt water" in said and "a boat somewhere" in said
    assert all(wish.targets == {"b1": 1} for wish in drawn)


def test_of_items_of_other_facts_these_are_wished_for_and_of_bare_ones_the_title() -> None:
    facts = {"authors": ("Ann Lee",), "subjects": ("whales",)}
    books = Catalog((Item("b1", "Moby-Dick", facts=facts), Item("b2", "Emma")))
    drawn = WishMaker(books, [], seed=0).draw(40)
    said = " ".join(wish.dialogue.turns[0].text for wish in drawn)
    assert "Ann Lee" in said and "whales" in said and "Emma" not in said
    assert all(wish.targets == {"b1": 1} for wish in drawn)
    (wish,) = WishMaker(Catalog((Item("b2", "Emma"),)), [], seed=0).draw(1)
    assert "emma" in wish.dialogue.turns[0].text.lower() and wish.targets == {"b2": 1}
    written = [WrittenWish(kind="plain", wish="matchmaking", items=("b2",))]
    drawn = WishMaker(Catalog((Item("b2", "Emma"),)), written, seed=0).draw(20)
    assert any(wish.dialogue.turns[0].text == "matchmaking" for wish in drawn)
