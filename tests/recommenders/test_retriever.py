"""Which candidates a search brings: some for what is wished now, some for the whole talk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.language.people import PeopleLinker
from crsdemo.recommenders.facts_named import FactsNamed
from crsdemo.recommenders.prior import THEME
from crsdemo.recommenders.retriever import Documents, QueryReader, Retriever

NAMES = "abcdefgh"
CATALOG = Catalog(
    tuple(Item(n, n, 2000, {"genres": ("war" if n == "g" else "drama",)}) for n in NAMES)
)


class Deaf:
    """An encoder to which all texts are alike."""

    dim = 4

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        return np.full((len(texts), self.dim), 0.5, np.float32)


@dataclass
class TwoOrders:
    """From a to h for one turn, from h to a for more."""

    part_names = ("in order",)

    def parts(self, signals: np.ndarray, dialogue: Dialogue, hidden: np.ndarray) -> np.ndarray:
        falling = -np.arange(len(NAMES), dtype=np.float32)
        return (falling if len(dialogue.turns) == 1 else falling[::-1])[None]


def retriever(n_relevant: int) -> Retriever:
    """One to which the last `n_relevant` turns bear on what comes next."""
    prior: Any = SimpleNamespace(
        catalog=CATALOG,
        named=FactsNamed(CATALOG, PeopleLinker(CATALOG)),
        relevant=lambda dialogue: Dialogue(dialogue.turns[-n_relevant:]),
        signals=lambda dialogue: np.zeros((0, len(NAMES)), np.float32),
    )
    reader = QueryReader(Deaf())  # type: ignore[arg-type]  # a stand-in
    documents = Documents(reader, np.full((len(NAMES), 4), 0.5, np.float32))
    return Retriever(documents, prior, TwoOrders())  # type: ignore[arg-type]  # a stand-in


def found(n_relevant: int, k: int, text: str = "a comedy", without: str = "") -> str:
    turns = (Turn("user", "hi"), Turn("assistant", "Well?"), Turn("user", text))
    look = retriever(n_relevant).look(Dialogue(turns), "comedy", k, frozenset(without))
    assert look.names == ("in order",)
    return "".join(look.shortlist)


@pytest.mark.parametrize(
    ("n_relevant", "k", "names"), [(3, 4, "hgfe"), (1, 4, "abhg"), (1, 5, "abchg"), (1, 8, NAMES)]
)
def test_the_whole_talk_brings_half_where_a_wish_is_fresh(
    n_relevant: int, k: int, names: str
) -> None:
    """In the order of who brought them; nothing twice."""
    shortlist = found(n_relevant, k)
    assert sorted(shortlist) == sorted(names)
    assert k == len(NAMES) or shortlist == names


def test_what_is_refused_or_left_out_is_no_candidate() -> None:
    assert found(1, 4, without="ah") == "bcgf"
    assert found(1, 4, "no war films please", without="a") == "bchf"
    assert found(3, 8, "no war films please", without="a") == "hfedcb"


def test_a_story_that_is_told_brings_its_item(monkeypatch: pytest.MonkeyPatch) -> None:
    def scores(words: str) -> NDArray[np.float64]:
        return np.array([9.0 * (name == "e" and words == "he flies") for name in NAMES])

    told: Any = SimpleNamespace(scores=scores)
    plain = retriever(1)
    monkeypatch.setattr(plain.prior, "texts", lambda one: ("", one.turns[-1].text, ""), False)
    look = replace(plain, stories=told).look(Dialogue((Turn("user", "he flies"),)), "", 3)
    assert look.shortlist == ("e", "a", "b")
    assert look.names == ("in order", "the story that you tell")
    untold = replace(plain, stories=told).look(Dialogue((Turn("user", "hi"),)), "", 3)
    assert untold.shortlist == ("a", "b", "c")


def test_what_is_asked_for_by_subject_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    about = replace(CATALOG[4], tags=("heist",))
    catalog = Catalog((*CATALOG.items[:4], about, *CATALOG.items[5:]))
    plain = retriever(1)
    plain.prior.named = FactsNamed(catalog, PeopleLinker(catalog))
    named = replace(plain, ranker=Named())  # type: ignore[arg-type]  # a stand-in
    look = named.look(Dialogue((Turn("user", "a heist"),)), "", 3)
    assert look.shortlist == ("e", "a", "b")
    assert named.look(Dialogue((Turn("user", "hi"),)), "", 3).shortlist == ("a", "b", "c")


class Named(TwoOrders):
    part_names = (THEME,)
