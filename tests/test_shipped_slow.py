"""The shipped systems on the real base: `make test-slow`."""

from __future__ import annotations

import pytest
from chatml import speaking

from crsdemo.core.catalog import Catalog
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.core.recommender import Plan, Reply, reply
from crsdemo.language.mentions import MentionLinker
from crsdemo.recommenders.loading import CATALOG, Shelf

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog.load(CATALOG)


@pytest.fixture(scope="module")
def shelf(catalog: Catalog) -> Shelf:
    return Shelf(catalog)


@pytest.mark.parametrize("name", ["gcrs", "gcrs-alone", "reges"])
def test_a_shipped_system_recommends_talks_and_shows_why(
    shelf: Shelf, catalog: Catalog, name: str
) -> None:
    system, linker = shelf.get(name), MentionLinker(catalog)
    dialogue, said = Dialogue(), list[Reply]()
    for text in ("no musicals please, I'd like a western", "who is in it?", "something else"):
        dialogue = dialogue.say(Turn("user", text, linker.link(text, dialogue)))
        plan = Plan(mode="CHAT" if "who" in text else "REC")
        said.append(reply(system, dialogue, plan))
        dialogue = dialogue.say(said[-1].turn())
    first, facts, second = said
    assert first.item is not None and second.item is not None and facts.item is None
    assert first.item.id != second.item.id
    for one in (first, second):
        assert one.item is not None and one.item in one.pieces, "what is recommended is named"
        shown = one.evidence.candidates
        assert len(shown) > 10 and not any("musical" in c.item.genres for c in shown)
    western = [c.item for c in first.evidence.candidates[:10] if "western" in c.item.genres]
    assert len(western) >= 7
    assert all(one.text.strip() and one.complete for one in said)
    assert bool(first.evidence.query) == (name == "reges")
    assert bool(first.evidence.path) == (name != "reges")


def test_both_systems_share_the_weights_and_are_two(shelf: Shelf) -> None:
    gcrs, reges = speaking(shelf, "gcrs"), speaking(shelf, "reges")
    assert gcrs.talker.loaded is reges.talker.loaded
    wishes = ("robots", "a sad love story", "a heist", "something for the kids", "war", "jazz")
    firsts = [
        [one.recommend(Dialogue((Turn("user", wish),)), 1)[0].item.id for wish in wishes]
        for one in (gcrs, reges)
    ]
    assert firsts[0] != firsts[1]


def test_words_do_not_begin_names_that_the_film_lacks(shelf: Shelf, catalog: Catalog) -> None:
    talker = speaking(shelf, "gcrs").talker
    film = next(item for item in catalog if item.title == "Stalker")
    said = "something by Yasujiro Ozu or with Andrei Tarkovsky"
    begun = {talker.text([token]).strip() for token in talker._not_of(film, said)}
    assert begun and all(any(n.startswith(b) for n in ("Yasujiro", "Ozu")) for b in begun)
    assert talker._not_of(None, said) == frozenset()
