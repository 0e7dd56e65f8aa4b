"""A small catalog and a recommender that answers at once with full evidence, for tests of the page.

Its reply repeats what was said, so that a reply which went to the wrong visitor shows.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import Dialogue, Mention
from crsdemo.core.domain import domain_file, read_domain
from crsdemo.core.recommender import (
    Branch,
    Evidence,
    Mode,
    PathStep,
    Plan,
    Provenance,
    Recommendation,
    Recommender,
    Reply,
    Timing,
)
from crsdemo.recommenders.loading import CATALOG as CATALOG_FOLDER
from crsdemo.recommenders.loading import Version

FILM_ROWS = """
After Life | 1998 | drama, fantasy | Hirokazu Kore-eda | Arata, Erika Oda, Susumu Terajima
Groundhog Day | 1993 | comedy, romance | Harold Ramis | Bill Murray, Andie MacDowell
Paprika | 2006 | animation, science fiction | Satoshi Kon | Megumi Hayashibara, Tôru Emori
Eternal Sunshine of the Spotless Mind | 2004 | romance, drama | Michel Gondry | Kate Winslet
Moana | 2016 | animation, family | Ron Clements | Auli'i Cravalho, Dwayne Johnson
Departures | 2008 | drama | Yôjirô Takita | Masahiro Motoki, Ryôko Hirosue
The Shining | 1980 | horror | Stanley Kubrick | Jack Nicholson, Shelley Duvall
Taxi Driver | 1976 | crime, drama | Martin Scorsese | Robert De Niro, Jodie Foster
"""


def film(number: int, row: str) -> Item:
    title, year, genres, directors, cast = row.split(" | ")
    return Item(
        id=f"tt{number:07}",
        title=title,
        year=int(year),
        facts={
            "genres": tuple(genres.split(", ")),
            "directors": tuple(directors.split(", ")),
            "cast": tuple(cast.split(", ")),
        },
        links={
            "IMDb": f"https://www.imdb.com/title/tt{number:07}/",
            "Wikipedia": "https://en.wikipedia.org/wiki/Film",
        },
    )


FILMS = tuple(film(n, row) for n, row in enumerate(FILM_ROWS.strip().splitlines()))
FILM = read_domain(domain_file("film"))
CATALOG = Catalog(FILMS, domain=FILM)


@dataclass(frozen=True)
class NoLinker:
    """Finds no film in anything."""

    def link(self, text: str, dialogue: Dialogue) -> tuple[Mention, ...]:
        return ()


@dataclass(frozen=True)
class StandIns:
    """Recommenders by name."""

    recommenders: tuple[Recommender, ...]
    versions: Mapping[str, Version] = field(default_factory=dict)
    catalog_folder: Path = CATALOG_FOLDER

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(recommender.name for recommender in self.recommenders)

    def version(self, name: str) -> Version | None:
        return self.versions.get(name)

    def place(self, name: str) -> str:
        return name

    def get(self, name: str) -> Recommender:
        return next(r for r in self.recommenders if r.name == name)


OPENINGS = {"red": "Try ", "blue": "Watch ", "green": "What about "}


def stand_ins(*names: str) -> tuple[StandIn, ...]:
    """Who answer at once, each in other words."""
    return tuple(StandIn(0, name, OPENINGS[name]) for name in names)


@dataclass(frozen=True)
class StandIn:
    """Recommends the films in turn, chats when thanked; is slow or breaks down when told to.

    "break down" means all, "break down: red" the one that has this in its name.
    """

    pause: float = 0.05  # seconds per word of a slow reply
    name: str = "stand-in"
    opening: str = "Try "

    def recommend(
        self, dialogue: Dialogue, k: int, *, exclude: frozenset[str] = frozenset()
    ) -> list[Recommendation]:
        free = [item for item in FILMS if item.id not in exclude]
        return [Recommendation(item, 0.4 / 2**rank) for rank, item in enumerate(free[:k])]

    def stream(self, dialogue: Dialogue, plan: Plan = Plan()) -> Iterator[Reply]:
        said = dialogue.turns[-1].text
        if "break down" in said and said.partition(": ")[2] in self.name:
            raise RuntimeError("as told")
        whole = self._chat() if "thanks" in said.lower() else self._recommendation(dialogue, plan)
        echo = f'You said "{said[:60]}". '
        whole = replace(whole, pieces=(echo, *whole.pieces))
        words: list[str | Item] = []
        for piece in whole.pieces:
            for word in piece.split(" ") if isinstance(piece, str) else [piece]:
                words.append(word if isinstance(word, Item) else word + " ")
                yield replace(whole, pieces=tuple(words), complete=False)
                time.sleep(self.pause * (10 * ("very slowly" in said) or "slowly" in said))
        yield whole

    def _chat(self) -> Reply:
        modes: tuple[tuple[Mode, float], ...] = (("CHAT", 0.94), ("REC", 0.06))
        evidence = Evidence(modes=modes, timings=(Timing("writing", 80.0),))
        return Reply(("Gladly. Enjoy the evening!",), "CHAT", None, evidence, Provenance(self.name))

    def _recommendation(self, dialogue: Dialogue, plan: Plan) -> Reply:
        item = FILMS[(len(dialogue.turns) // 2 + plan.seed) % len(FILMS)]
        rest = [other for other in FILMS if other is not item]
        evidence = Evidence(
            modes=(("REC", 0.87), ("CHAT", 0.13)),
            path=path_to(item),
            candidates=(Recommendation(item, 0.31),)
            + tuple(Recommendation(o, 0.18 / 1.4**n) for n, o in enumerate(rest)),
            timings=(
                Timing("reading the talk", 61.0),
                Timing("choosing the film", 34.0),
                Timing("ranking 50", 120.0),
                Timing("writing", 310.0),
            ),
        )
        pieces = (self.opening, item, ": it is gentle, odd and warmer than it sounds.")
        return Reply(pieces, "REC", item, evidence, Provenance(self.name))


def branch(code: int, probability: float, label: str, n_items: int, *examples: str) -> Branch:
    return Branch(code, probability, label, n_items, examples)


def path_to(item: Item) -> tuple[PathStep, ...]:
    """Four levels with what nearly won."""
    drama = branch(17, 0.62, "quiet drama, family, Japan", 412, "Tokyo Story", "Still Walking")
    romance = branch(3, 0.21, "romantic comedy, New York, 1990s", 388, "Groundhog Day")
    dreams = branch(44, 0.09, "science fiction, dreams, memory", 151, "Inception", "Paprika")
    crime = branch(9, 0.02, "crime, New York, 1970s, Martin Scorsese", 240, "Taxi Driver")
    ghosts = branch(51, 0.48, "fantasy, afterlife, ghosts", 38, "After Life", "Ghost")
    grief = branch(8, 0.33, "growing old, grief, small town", 61, "Departures")
    summer = branch(30, 0.11, "school, friendship, summer", 44)
    office = branch(5, 0.81, "memory, office, understatement", 4, "After Life")
    house = branch(60, 0.12, "ghosts, old house", 9, "The Others")
    return (
        PathStep(0, drama, (romance, dreams, crime), 64, 0.98),
        PathStep(1, ghosts, (grief, summer), 41, 0.93),
        PathStep(2, office, (house,), 12, 0.90),
        PathStep(3, branch(22, 1.0, item.name, 1, item.name), (), 1, 0.99),
    )
