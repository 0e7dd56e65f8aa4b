"""Which words of the person speak for an item: what they typed, beside what it has."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from crsdemo.core.catalog import Item
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.core.recommender import Quote, Recommendation
from crsdemo.language.wish_words import genre_pattern
from crsdemo.recommenders.candidate_scores import CandidateScores
from crsdemo.recommenders.facts_named import FactsNamed, spans_named

MOST = 6  # quotes of one reply
LONGEST = 6  # words of what is quoted
N_TITLES = 2  # of films that were named
_FILMS_NAMED = ("a film you named", "the films you named", "films you named")
_EDGE = ' .,;:!?()[]"\u201c\u201d'

Said = tuple[str, str]  # a reason and a fact


def quotes(
    named: FactsNamed, dialogue: Dialogue, look: CandidateScores, item: Item
) -> tuple[Quote, ...]:
    """What was said of late that speaks for `item`, newest turn first, each fact once."""
    heard = dialogue.turns[-look.n_heard :] if look.n_heard else dialogue.turns
    users = [turn for turn in reversed(heard) if turn.speaker == "user"]
    found: dict[Said, Quote] = {}
    for turn in users:
        said = _fewest(named.stances.wanted(turn.untitled), partial(_named, named, item))
        for quote in (*said, *_fewest(turn.untitled, partial(_limited, named, item))):
            found.setdefault((quote.reason, quote.fact), quote)
    told = list(found.values())[:MOST]
    (weighed,) = look.with_signals(named.catalog, [Recommendation(item, 0.0)])
    items_named = tuple(map(named.catalog.domain.own_words, _FILMS_NAMED))
    because = [
        signal.name
        for signal in weighed.signals
        if signal.value > 0 and signal.name.endswith(items_named)
    ]
    titles = list(dict.fromkeys(title for turn in users for title in _titles(turn, item)))
    told += [Quote(title, why, "") for why in because[:1] for title in titles[:N_TITLES]]
    return tuple(told)


def _titles(turn: Turn, item: Item) -> Iterator[str]:
    """Films that a turn names, as it spells them."""
    for mention in turn.mentions:
        if mention.item_id != item.id:
            yield turn.text[mention.start : mention.end]


def _fewest(text: str, told: Callable[[str], Iterable[Said]]) -> Iterator[Quote]:
    """The fewest words that say each thing that `told` finds in the whole text."""
    missing = set(told(text))
    words = list(re.finditer(r"\S+", text))
    for n in range(1, LONGEST + 1):
        for first in range(len(words) - n + 1):
            if not missing:
                return
            run = text[words[first].start() : words[first + n - 1].end()]
            for reason, fact in missing & set(told(run)):
                yield Quote(run.strip(_EDGE), reason, fact)
                missing.discard((reason, fact))


def _named(named: FactsNamed, item: Item, text: str) -> Iterator[Said]:
    """What a text names that the item has."""
    meant = named.mended(text)
    for genre in item.genres:
        if genre_pattern(genre).search(meant):
            yield "a genre you named or meant", genre
    for theme in named.themes_named(meant) & named.themes_of(item):
        yield "a theme you named", theme
    for person in named.people_named(meant):
        if person in item.people:
            yield "a person you named", person
    yield from _of_years(item, spans_named(meant))


def _limited(named: FactsNamed, item: Item, text: str) -> Iterator[Said]:
    """The years that a text sets; also by refusing others, as "nothing older than 1990" does."""
    yield from _of_years(item, [span for span in (named.years_set(text),) if span])


def _of_years(item: Item, spans: Iterable[tuple[int, int]]) -> Iterator[Said]:
    if item.year and any(first <= item.year <= last for first, last in spans):
        yield "the years you named", str(item.year)
