"""A simulated crowd: raters with known tastes who talk and vote as people do on the page.

    python -m crsdemo simulate-votes --db scratch.db --recommenders gcrs

To test what is learned from votes, since it is known what should be. Nobody's opinion: raters are
called `simulated-...`, every verdict says so in its details, and a log that holds words of people
is refused. They go through `chat/side_by_side.py`, as the page does.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import permutations
from pathlib import Path
from random import Random
from typing import Any

from tqdm import tqdm

from crsdemo.chat.admission import NO_LIMITS, Admission
from crsdemo.chat.side_by_side import Names, SideBySide
from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.comparison import SIDES, Comparison, Judgment, Verdict
from crsdemo.core.config import flag, parse
from crsdemo.core.conversation import SIMULATED, ItemMark, LoggedTurn, is_simulated
from crsdemo.core.errors import BadInputError
from crsdemo.feedback.judgments import reading_judgments
from crsdemo.feedback.log import FeedbackLog
from crsdemo.language.mentions import MentionLinker
from crsdemo.recommenders.loading import CATALOG, Shelf
from crsdemo.recommenders.outside.systems import System
from crsdemo.studies.assignment import least
from crsdemo.studies.systems import read_systems

# They differ from rater to rater: a vote after the same words as a frozen one is not learned from
OPENINGS = (
    "something like {title}", "I loved {title}, what next?", "a {genre} film like {title}",
    "I feel like {genre} tonight, with {person}", "a film from the {decade}s like {title}",
    "anything with {person}?", "I saw {title} and liked it", "is there {genre} with {person}?",
)  # fmt: skip
GOING_ON = (
    "another one", "something else", "something older", "seen it, what else?", "and one more?",
    "something like that but with {genre} in it", "more like {title}",
)  # fmt: skip
LONG = 20  # words of a reply that cost whoever likes short ones as much as a film that does not fit
ALIKE = 0.25  # how far apart two replies have to be, to be told apart
MARKED = 0.3  # share of the films that are marked as wanted or not


@dataclass(frozen=True)
class Taste:
    """What a rater likes."""

    genres: frozenset[str]
    decade: int | None = None  # its first year
    shorter: float = 0.0  # how much long replies are disliked

    def fits(self, item: Item | None) -> float:
        """0 to 1: how far a film is what is liked; no film is none."""
        if item is None:
            return 0.0
        wanted = []
        if self.genres:
            wanted.append(not self.genres.isdisjoint(item.genres))
        if self.decade is not None:
            wanted.append(item.year is not None and 0 <= item.year - self.decade < 10)
        return sum(wanted) / max(1, len(wanted))

    def likes(self, reply: LoggedTurn) -> float:
        """How much a reply is worth."""
        item = reply.reply.item if reply.reply else None
        return self.fits(item) - self.shorter * len(reply.turn.text.split()) / LONG

    def __str__(self) -> str:
        decade = f" of the {self.decade}s" if self.decade is not None else ""
        return f"{' or '.join(sorted(self.genres)) or 'films'}{decade}, shorter {self.shorter:g}"


@dataclass(frozen=True)
class Rater:
    """One of the crowd. `noise`: the scale of logistic noise; `left`: what the left has ahead."""

    name: str
    taste: Taste
    noise: float
    left: float
    lot: Random

    def judgment(self, comparison: Comparison) -> Judgment:
        """What this rater says of two whole replies."""
        details = {"simulated": True, "taste": str(self.taste)}
        return Judgment(self._verdict(comparison), details=details)

    def _verdict(self, comparison: Comparison) -> Verdict:
        if comparison.says_the_same:
            return "same"
        left, right = (self.taste.likes(comparison.side(side).reply) for side in SIDES)
        ahead = left - right + self.left + self.noise * _logistic(self.lot)
        if abs(ahead) >= ALIKE:
            return "left" if ahead > 0 else "right"
        return "both_good" if left + right > 1 else "both_bad"

    def marks(self, comparison: Comparison) -> Iterator[ItemMark]:
        """Some of the films, as wanted or not."""
        for side in SIDES:
            turn = comparison.side(side).reply
            item = turn.reply.item if turn.reply else None
            if item is not None and self.lot.random() < MARKED:
                is_liked = self.taste.fits(item) > 0.5
                yield ItemMark(turn.id, item.id, "want" if is_liked else "not_for_me")

    def messages(self, catalog: Catalog, n: int) -> Iterator[str]:
        """What this rater types, about well-known films more often."""
        weights = [item.popularity + 1 for item in catalog]
        for place in range(n):
            (item,) = self.lot.choices(catalog.items, weights)
            text = self.lot.choice(OPENINGS if place == 0 else GOING_ON)
            genres, people = item.genres or ("good",), item.people or (item.title,)
            yield text.format(
                title=item.title,
                genre=self.lot.choice(sorted(genres)),
                decade=10 * ((item.year or 1990) // 10),
                person=self.lot.choice(sorted(people)),
            )


@dataclass(frozen=True, kw_only=True)
class CrowdConfig:
    """Simulated raters talk with one system twice, or with two, and vote. Not for a log of people.

    They share a taste, which is printed; some have another one, all slip and lean to the left.
    """

    db: Path = flag(help="a scratch log, new or of an earlier simulation, which goes on")
    recommenders: str = flag(
        "gcrs",
        "who answers, comma-separated: names, folders of checkpoints, or systems of your own; one "
        "alone stands on both sides with two seeds",
    )
    raters: int = flag(40, "people who are none")
    votes: int = flag(15, "of each")
    messages: int = flag(2, "in each conversation")
    genres: str = flag("", "that are liked, comma-separated; by default two drawn by the seed")
    decade: int = flag(0, "that is liked, such as 1990; 0: any")
    shorter: float = flag(0.5, "how much long replies are disliked")
    agree: float = flag(0.8, "share of the raters who have that taste; others have one drawn")
    noise: float = flag(0.2, "of each judgment; 0 never slips")
    left: float = flag(0.1, "how far they lean to what stands on the left")
    seed: int = flag(0, "of tastes, words and slips; another one makes another crowd")
    catalog: Path = flag(CATALOG, "folder of the catalog")

    def __post_init__(self) -> None:
        for name in ("raters", "votes", "messages"):
            if getattr(self, name) < 1:
                raise BadInputError(f"--{name} is 1 or more, got {getattr(self, name)}")
        if not 0 <= self.agree <= 1:
            raise BadInputError(f"--agree is a share from 0 to 1, got {self.agree}")
        if self.noise < 0:
            raise BadInputError(f"--noise is 0 or more, got {self.noise}")

    @property
    def systems(self) -> tuple[System, ...]:
        """Who answers. Raises BadInputError for what names nobody."""
        found = read_systems([self.recommenders])
        if not found:
            raise BadInputError("--recommenders names nobody; write a name as gcrs")
        return found


@dataclass(frozen=True)
class Crowd:
    """The raters of one simulation."""

    config: CrowdConfig
    catalog: Catalog
    taste: Taste = field(init=False)

    def __post_init__(self) -> None:
        known = self.catalog.genres
        named = [genre.strip() for genre in self.config.genres.split(",") if genre.strip()]
        if missing := [genre for genre in named if genre not in known]:
            raise BadInputError(f"no film is {missing[0]!r}; genres are: {', '.join(known)}")
        lot = Random(f"taste {self.config.seed}")
        genres = named or lot.sample(known, min(2, len(known)))
        decade = self.config.decade or None
        object.__setattr__(self, "taste", Taste(frozenset(genres), decade, self.config.shorter))

    def rater(self, number: int, already: int = 0) -> Rater:
        """The rater with this number; `already`: votes of an earlier run, not to be repeated."""
        lot = Random(f"rater {self.config.seed} {number}")
        taste = self.taste
        if lot.random() >= self.config.agree:
            taste = Taste(
                frozenset(lot.sample(self.catalog.genres, 1)), None, lot.uniform(-0.5, 0.5)
            )
        name = f"{SIMULATED}{self.config.seed}-{number}"
        voting = Random(f"votes {self.config.seed} {number} {already}")
        return Rater(name, taste, self.config.noise, self.config.left, voting)


def simulate(config: CrowdConfig, recommenders: Any = None) -> Counter[str]:
    """Let everybody vote; returns how often each verdict was given.

    `recommenders`: as `SideBySide` takes them; by default those that the app would offer. Raises
    BadInputError for a log of people, before anything is written.
    """
    refuse_people(config.db)
    catalog = Catalog.load(config.catalog)
    crowd = Crowd(config, catalog)
    shelf = recommenders or Shelf(catalog, config.catalog, systems=config.systems)
    log = FeedbackLog(config.db)
    try:
        pages = SideBySide(shelf, MentionLinker(catalog), log, Admission(NO_LIMITS))
        given, stood = _given(config.db)
        bar = tqdm(total=config.raters * config.votes, unit="vote", desc="simulated votes")
        verdicts = Counter[str]()
        for number in range(config.raters):
            already = given[f"{SIMULATED}{config.seed}-{number}"]
            bar.update(min(already, config.votes))
            rater = crowd.rater(number, already)
            for verdict in _voted(rater, pages, catalog, config, config.votes - already, stood):
                verdicts[verdict] += 1
                bar.update()
        bar.close()
        return verdicts
    finally:
        log.close()


def refuse_people(db: Path) -> None:
    """Raises BadInputError if anybody who is not simulated is in a log, FeedbackError for none."""
    if not db.is_file():
        return
    with reading_judgments(db) as log:
        n_people = sum(not is_simulated(visitor) for visitor in log.visitors())
    if n_people:
        raise BadInputError(
            f"{db} holds what {n_people:,} people said; simulated votes are never mixed with "
            "theirs. Name a scratch file with --db"
        )


def _given(db: Path) -> tuple[Counter[str], Counter[Names]]:
    """How many verdicts each rater has given, and how often who stood where."""
    with reading_judgments(db) as log:
        pairs = list(log.pairs())
    stood = Counter((pair.left.recommender, pair.right.recommender) for pair in pairs)
    return Counter(pair.visitor for pair in pairs), stood


def _voted(
    rater: Rater,
    pages: SideBySide,
    catalog: Catalog,
    config: CrowdConfig,
    n: int,
    stood: Counter[Names],
) -> Iterator[Verdict]:
    """`n` verdicts, in conversations of some messages each.

    Sides are drawn as studies draw them, among what stood so least: they lean to the left.
    """
    names = [system.name for system in config.systems]
    among = list(permutations(names, 2)) or [(names[0], names[0])]
    while n > 0:
        series = pages.start(rater.name, "shared")
        for text in rater.messages(catalog, min(n, config.messages)):
            places = least({pair: stood[pair] for pair in among}, rater.lot)
            *_, comparison = pages.say(series, text, places, seed=rater.lot.randrange(2**31 - 1))
            if not comparison.can_be_judged:
                raise BadInputError(
                    "a reply failed, so nothing more can be said: "
                    + "; ".join(comparison.side(side).reply.error for side in SIDES)
                )
            stood[places] += 1
            judgment = rater.judgment(comparison)
            pages.judge(comparison.id, rater.name, judgment)
            for mark in rater.marks(comparison):
                pages.mark(rater.name, mark)
            yield judgment.verdict
            n -= 1
            restored = pages.comparisons.restore(series.id, catalog)
            assert restored
            series = restored.series


def _logistic(lot: Random) -> float:
    share = lot.uniform(1e-9, 1 - 1e-9)
    return math.log(share / (1 - share))


def main(argv: Sequence[str]) -> None:
    config = parse(CrowdConfig, argv, "crsdemo simulate-votes")
    verdicts = simulate(config)
    taste = Crowd(config, Catalog.load(config.catalog)).taste
    counts = ", ".join(f"{name} {n:,}" for name, n in verdicts.most_common()) or "none were missing"
    print(f"SIMULATED votes in {config.db}: {counts}\nwhat the crowd likes: {taste}")
