"""The shipped systems on the real base: slow, for it is unpacked and loaded."""

from __future__ import annotations

import pytest

from crsdemo.catalog import Catalog
from crsdemo.dialogue import Dialogue, Turn
from crsdemo.loading import CATALOG, Shelf
from crsdemo.mentions import MentionLinker
from crsdemo.recommender import Plan, reply


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gcrs", "gcrs-alone", "reges"])
def test_a_shipped_system_recommends_talks_and_explains_itself(name):
    catalog = Catalog.load(CATALOG)
    shelf, linker = Shelf(catalog), MentionLinker(catalog)
    assert name in shelf.names
    system = shelf.get(name)
    said = "a scary movie with ghosts please"
    dialogue = Dialogue((Turn("user", said, linker.link(said)),))
    first = reply(system, dialogue, Plan(mode="REC"))
    assert first.item is not None and "horror" in first.item.facts["genres"]
    assert first.item in first.pieces and len(first.text) > len(first.item.name)
    assert (first.evidence.query != "") == (name == "reges") == (not first.evidence.path)
    assert len(first.evidence.deciders) == (0 if name == "gcrs-alone" else 2)
    dialogue = dialogue.say(first.turn()).say(Turn("user", "hm, something else? no zombies"))
    second = reply(system, dialogue, Plan(mode="REC"))
    assert second.item is not None and second.item.id not in dialogue.mentioned
    assert "zombies" not in second.item.themes
    talked = reply(system, dialogue.say(second.turn()).say(Turn("user", "thanks!")))
    assert talked.text and "<" not in talked.text
