"""Every recommender goes on when lines of `items.jsonl` were added, removed or edited by hand."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import Trained
from films import BY_TITLE, CATALOG

from crsdemo.core.catalog import Catalog
from crsdemo.core.dialogue import Dialogue, Mention, Turn
from crsdemo.core.recommender import Plan, Recommender, reply
from crsdemo.recommenders.loading import BASELINES, Shelf

SYSTEMS = ("gcrs", "gcrs-alone", "reges", *BASELINES)
Row = dict[str, Any]


NEW: tuple[Row, ...] = (
    {"title": "Far Suns", "facts": {"genres": ["space opera"]}},  # which nobody had
    {"title": "Far Moons", "year": 2030, "facts": {"genres": ["Horror", "SEA"]}},
    {"title": "Nothing is Known"},
    {"title": "Other Facts", "facts": {"authors": ["Ann Lee"], "pages": ["9"]}},
    {"title": "Empty Facts", "facts": {"genres": [], "cast": []}},
    {"title": "雨の町", "facts": {"genres": ["œuvre (c++)"]}},
    {"title": "<BOI><a_1>", "facts": {"genres": ["*", "[a-z]"], "cast": ["(", "\\"]}},
    {"title": "Word " * 99 + "end", "facts": {"keywords": ["x" * 500]}},
    {"title": "Heat", "year": 1995},
    {"title": "!", "year": -400, "popularity": 10**9},
    *({"title": f"Part {n}", "facts": {"genres": [f"g{n}"]}} for n in range(20)),
)
GONE = ("The Matrix", "La La Land", "Unforgiven")  # the first, and the last of a genre
KNOWN: list[Row] = [json.loads(item.to_json()) for item in CATALOG]
HEAT = next(row for row in KNOWN if row["title"] == "Heat")
EDITED = {
    "added": [*KNOWN, *({"id": f"new-{n}"} | row for n, row in enumerate(NEW))],
    "removed": [row for row in KNOWN if row["title"] not in GONE],
    "few are left": [row for row in KNOWN if row["title"] in ("Heat", "Alien", "Jaws")],
    "one is left": [HEAT],
    "another genre, order turned": [
        *reversed([row for row in KNOWN if row is not HEAT]),
        HEAT | {"facts": {"genres": ["heist opera"]}},
    ],
    "in place": [row | {"facts": {"genres": ["new"]}} if row is HEAT else row for row in KNOWN],
    "all facts are gone": [row | {"facts": {}, "year": None} for row in KNOWN],
}


def said(text: str, *titles: str) -> Turn:
    mentions = []
    for title in titles:
        start = text.index(title)
        mentions.append(Mention(start, start + len(title), BY_TITLE[title].id))
    return Turn("user", text, tuple(mentions))


TALKS = (
    Dialogue((said("space opera please, no horror"),)),
    Dialogue(
        (
            said("I loved Heat and La La Land", "Heat", "La La Land"),
            Turn("assistant", "Heat", (Mention(0, 4, BY_TITLE["Heat"].id),)),
            said("with Al Pacino, from the nineties, no comedy"),
        )
    ),
)


@pytest.fixture(scope="module", params=EDITED)
def shelf(
    request: pytest.FixtureRequest,
    trained: Trained,
    talking: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Shelf:
    """Over a catalog folder in which somebody edited `items.jsonl`."""
    folder = tmp_path_factory.mktemp("edited") / "catalog"
    shutil.copytree(trained.catalog, folder)
    lines = (json.dumps(row) + "\n" for row in EDITED[request.param])
    (folder / "items.jsonl").write_text("".join(lines))
    return Shelf(Catalog.load(folder), folder, talking)


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_recommender_answers_over_an_edited_catalog(shelf: Shelf, system: str) -> None:
    recommender: Recommender = shelf.get(system)
    newest = shelf.catalog[-1]
    for dialogue in TALKS:
        ranked = [one.item for one in recommender.recommend(dialogue, 50)]
        assert ranked
        assert set(ranked) <= set(shelf.catalog)
        answer = reply(recommender, dialogue, Plan(mode="REC"))
        if len(shelf.catalog) > 1:  # a baseline has nothing left to say
            assert answer.item in shelf.catalog.items
        assert reply(recommender, dialogue, Plan(item_id=newest.id)).item == newest


@pytest.mark.parametrize("system", SYSTEMS)
def test_when_all_of_a_small_catalog_was_named_the_talk_goes_on(
    trained: Trained, talking: Path, system: str
) -> None:
    names = " and ".join(BY_TITLE)
    everything = Dialogue((said(names, *BY_TITLE),))
    for text in ("one more please", "no horror, no comedy, no drama, nothing with people"):
        dialogue = Dialogue((*everything.turns, Turn("assistant", "Well"), Turn("user", text)))
        recommender = Shelf(CATALOG, trained.catalog, talking).get(system)
        assert reply(recommender, dialogue, Plan(mode="REC")).text
        assert recommender.recommend(dialogue, 5, exclude=frozenset(CATALOG.row)) == []
