"""Text that still knows which words of another text each of its characters came from."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import NamedTuple

_TOKEN = re.compile(r"\w+|[^\w\s]")


def lower(text: str) -> str:
    """In small letters, each in its place: some letters have two small ones, and stay."""
    small = text.lower()
    if len(small) == len(text):
        return small
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


class Stretch(NamedTuple):
    """Some words of a text: `text[start:end]`."""

    start: int
    end: int

    def meets(self, other: Stretch) -> bool:
        return self.start < other.end and other.start < self.end

    def holds(self, other: Stretch) -> bool:
        return self.start <= other.start and other.end <= self.end

    def to(self, other: Stretch) -> Stretch:
        """The shortest one that holds both."""
        return Stretch(min(self.start, other.start), max(self.end, other.end))


@dataclass(frozen=True)
class Traced:
    """A text that was made out of another one; `places` says of each character out of what."""

    text: str
    places: tuple[Stretch, ...]

    @classmethod
    def of(cls, text: str) -> Traced:
        return cls(text, tuple(Stretch(n, n + 1) for n in range(len(text))))

    def part(self, start: int, text: str) -> Traced:
        """`text`, which stands here from `start` on, whatever its letters are."""
        return Traced(text, self.places[start : start + len(text)])

    def origin(self, start: int, end: int) -> Stretch:
        """What `text[start:end]` was made out of."""
        some = self.places[start:end]
        return Stretch(min(p.start for p in some), max(p.end for p in some))

    def found(self, origin: Stretch) -> Stretch | None:
        """Where that part of the other text stands in this one; None if it is gone."""
        here = [n for n, place in enumerate(self.places) if place.meets(origin)]
        return Stretch(here[0], here[-1] + 1) if here else None

    def without(self, gone: Iterable[Stretch], gap: str = " ") -> Traced:
        """With a gap in the place of each stretch, which are by start; no two blanks where none is.

        Stretches that overlap leave one gap.
        """
        text, places, end = "", list[Stretch](), 0
        for one in gone:
            if one.end <= max(end, one.start):  # an item that is meant, not named, takes no place
                continue
            begin = max(end, one.start)
            text += self.text[end:begin] + gap
            places += [*self.places[end:begin], *[self.origin(begin, one.end)] * len(gap)]
            end = one.end
            while not gap and (not text or text[-1].isspace()) and self.text[end : end + 1] == " ":
                end += 1
        return Traced(text + self.text[end:], (*places, *self.places[end:]))

    def reworded(self, text: str) -> Traced:
        """`text`, which says the same with some other words: these come from those they replace."""
        if text == self.text or not self.text.strip():
            return self
        old, new = ([*_TOKEN.finditer(one)] for one in (self.text, text))
        placed: dict[int, Stretch] = {}
        matcher = SequenceMatcher(None, [m[0] for m in old], [m[0] for m in new], autojunk=False)
        for _, first, last, begin, end in matcher.get_opcodes():
            if begin == end:
                continue
            pairs = list(zip(old[first:last], new[begin:end], strict=False))
            # A typo that is mended keeps its initial
            each = last - first == end - begin and all(was[0][0] == is_[0][0] for was, is_ in pairs)
            for n in range(begin, end):
                m = first + n - begin
                place = self._from(old, m, m + 1) if each else self._from(old, first, last)
                placed.update(dict.fromkeys(range(*new[n].span()), place))
        places, at = list[Stretch](), 0
        for n in range(len(text)):  # blanks come from where the word before them ends
            places.append(placed.get(n, Stretch(at, at)))
            at = places[-1].end
        return Traced(text, tuple(places))

    def _from(self, tokens: list[re.Match[str]], first: int, last: int) -> Stretch:
        """Out of what the tokens from `first` to before `last` were made.

        What was put in comes from the token before it, for it is not without it.
        """
        if first == last:
            first, last = max(0, first - 1), max(1, first)
        return self.origin(tokens[first].start(), tokens[last - 1].end())
