"""Lists of what people might type, written by others before the code was tried on them.

The bounds are what was reached then or later, rounded down: to hold, not to aim at.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from crsdemo.core.catalog import Catalog
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.core.shipped import CATALOG
from crsdemo.language.mentions import MentionLinker
from crsdemo.language.people import PeopleLinker
from crsdemo.model.stance import Stance
from crsdemo.recommenders.facts_named import FactsNamed


@cache
def catalog() -> Catalog:
    return Catalog.load(CATALOG)


@pytest.fixture(scope="module")
def named() -> FactsNamed:
    return FactsNamed(catalog(), PeopleLinker(catalog()), Stance.load().log_odds)


def rows(name: str) -> list[dict[str, Any]]:
    path = Path(__file__).with_name(name)
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def refused(named: FactsNamed, text: str) -> set[str]:
    talk = named.as_meant(Dialogue((Turn("user", text),)))
    *_, last = named.refused_facts(talk)
    return {fact.name.lower() for one in last for fact in one}


def right(named: FactsNamed, name: str) -> float:
    """The share of the sentences in which all that is refused is heard, and no wish refused."""
    found = []
    for row in rows(name):
        gone = refused(named, row["text"])
        heard = all(gone.intersection(names) for names in row["avoids"])
        found.append(heard and not gone.intersection(row["wants"]))
    return sum(found) / len(found)


def test_refusals_in_varied_words_are_heard(named: FactsNamed) -> None:
    assert right(named, "stances_refusals.jsonl") >= 0.8


def test_what_only_looks_like_a_refusal_hides_nothing(named: FactsNamed) -> None:
    assert right(named, "stances_seeming.jsonl") >= 0.8


def test_films_are_heard_as_people_type_them() -> None:
    linker, hits, wrong, missed = MentionLinker(catalog()), 0, 0, 0
    for row in rows("mentions_typed.jsonl"):
        found = {mention.item_id for mention in linker.link(row["text"], Dialogue(()))}
        meant = set(row["items"])
        hits += bool(found & meant) if row["any"] else len(found & meant)
        missed += not found & meant if row["any"] else len(meant - found)
        wrong += len(found - meant)
    assert hits / (hits + wrong) >= 0.97 and hits / (hits + missed) >= 0.93
