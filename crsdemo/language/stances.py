"""What texts refuse of what a catalog has: what patterns find, and what a learned judge says to it.

Patterns know the usual forms and the extent of what is refused; the judge has read whole sentences
and hears forms that nobody listed, "a holiday isn't a holiday without a disaster movie". Of each
thing that a text names both are asked, and the surer one decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from crsdemo.core.traced import Stretch, Traced
from crsdemo.language.people import PeopleLinker
from crsdemo.language.refusals import REMEMBERED, Refusal, refusals, wanted, wanted_again
from crsdemo.language.refusals import without_refusals as without
from crsdemo.language.refused_facts import refused_at
from crsdemo.language.themes import Themes
from crsdemo.language.wish_words import VIOLENT

# Log-odds of each of some words of a text, that what they name is refused
Judge = Callable[[str, Sequence[Stretch]], Sequence[float]]
PATTERN = 2.0  # log-odds that a pattern is right which refuses something
# And that all are which find nothing: most wishes refuse nothing, and name things in ways that the
# judge has not read
NONE_FOUND = -6.0


class Stances:
    """Immutable: share it between threads."""

    def __init__(
        self,
        genres: Sequence[str],
        themes: Themes,
        people: PeopleLinker,
        judge: Judge | None = None,
    ) -> None:
        """Without a judge patterns decide alone."""
        self._genres, self._themes, self._people = genres, themes, people
        self._judge = judge
        self.refusals = lru_cache(REMEMBERED)(self._refusals)

    def wanted(self, text: str) -> str:
        """The text without what is refused, and without what is asked of the item spoken of."""
        return wanted(text, self.refusals)

    def wanted_again(self, text: str) -> str:
        """What of a text asks for something although it was refused: not "that's a horror"."""
        return wanted_again(text, self.refusals)

    def without_refusals(self, text: Traced) -> Traced:
        """What is `wanted` in a text that knows where its words came from."""
        return without(text, self.refusals)

    def _refusals(self, text: str) -> tuple[Refusal, ...]:
        """In order, none within another, each with its place."""
        found = refusals(text)
        named = self._named(text) if self._judge else []
        if not (self._judge and named):
            return found
        refused = list[Stretch]()
        spared = list[Stretch]()
        for at, odds in zip(named, self._judge(text, named), strict=True):
            said = any(_of(one).holds(at) for one in found)
            (refused if odds + (PATTERN if said else NONE_FOUND) > 0 else spared).append(at)
        kept = [one for one in found if not any(_of(one).holds(at) for at in spared)]
        more = (at for at in refused if not any(_of(one).holds(at) for one in kept))
        new = [Refusal(at.start, at.end, text[at.start : at.end], at.start) for at in more]
        return tuple(sorted([*kept, *new]))

    def _named(self, text: str) -> list[Stretch]:
        """Where a text names something, the longest at each place."""
        facts = refused_at(text, "", self._genres, self._themes, self._people)
        places = {Stretch(start, end) for start, end, _ in facts}
        places |= {Stretch(*found.span()) for found in VIOLENT.finditer(text)}
        return sorted(_apart(sorted(places, key=_longest_first)))


def _longest_first(at: Stretch) -> tuple[int, int]:
    return at.start - at.end, at.start


def _apart(places: Sequence[Stretch]) -> Iterator[Stretch]:
    taken = list[Stretch]()
    for at in places:
        if not any(at.meets(one) for one in taken):
            taken.append(at)
            yield at


def _of(refusal: Refusal) -> Stretch:
    """The words of what is refused."""
    return Stretch(refusal.at, refusal.at + len(refusal.what))
