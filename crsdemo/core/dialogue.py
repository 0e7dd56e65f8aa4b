"""A dialogue is a tuple of turns. Nothing here knows about models, storage or the web."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from crsdemo.core.traced import Stretch, Traced

Speaker = Literal["user", "assistant"]
# The year of a title as people type it, and the brackets about it, also in Chinese and Japanese
YEAR, OPENING, CLOSING = r"(?:19|20)\d\d", r"[(\[（]", r"[)\]）]"
_YEAR_OF_TITLE = re.compile(rf"(?:[\s,]|{OPENING})*\b{YEAR}\b(?:\s|{CLOSING})*\Z")


@dataclass(frozen=True)
class Mention:
    """An item named in a turn: `text[start:end]` is what was said, `item_id` what it means."""

    start: int
    end: int
    item_id: str

    @property
    def stretch(self) -> Stretch:
        return Stretch(self.start, self.end)


@dataclass(frozen=True)
class Turn:
    """One thing said by one speaker. Its identity is its position in the dialogue."""

    speaker: Speaker
    text: str
    mentions: tuple[Mention, ...] = ()  # by start, never overlapping
    unheard: tuple[Stretch, ...] = ()  # by start, what its speaker took back

    @property
    def item_ids(self) -> tuple[str, ...]:
        """Distinct items of this turn in the order in which they are named."""
        return tuple(dict.fromkeys(mention.item_id for mention in self.mentions))

    @property
    def untitled(self) -> str:
        """What was said with a gap for each title, whose words and years are no wishes."""
        return self.without_titles(Traced.of(self.text)).text

    def without_titles(self, text: Traced) -> Traced:
        """This turn's text, traced to where it came from, with a gap for each title."""
        return text.without(mention.stretch for mention in self.mentions)

    @property
    def kept(self) -> Traced:
        """The text without what was taken back.

        Words that were taken for a title are said all the same, without its year.
        """
        gone = set(self.unheard)
        for mention in self.mentions:
            if mention.stretch in gone:
                year = _YEAR_OF_TITLE.search(self.text[: mention.end], mention.start)
                gone.remove(mention.stretch)
                gone |= {Stretch(year.start(), mention.end)} if year else set()
        return Traced.of(self.text).without(sorted(gone), gap="")

    @property
    def heard(self) -> Turn:
        """What counts of it: as if what was taken back had not been said."""
        if not self.unheard:
            return self
        kept = self.kept
        named = [m for m in self.mentions if m.stretch not in self.unheard]
        mentions = ((kept.found(m.stretch), m) for m in named)
        moved = (replace(m, start=at.start, end=at.end) for at, m in mentions if at)
        return replace(self, text=kept.text, mentions=tuple(moved), unheard=())

    def reworded(self, change: Callable[[str], str]) -> Turn:
        """With the words between the items named changed; these stay as they were said."""
        text, mentions, end = "", list[Mention](), 0
        for mention in self.mentions:
            text += change(self.text[end : mention.start])
            named = self.text[mention.start : mention.end]
            mentions.append(Mention(len(text), len(text) + len(named), mention.item_id))
            text, end = text + named, mention.end
        return replace(self, text=text + change(self.text[end:]), mentions=tuple(mentions))


@dataclass(frozen=True)
class Dialogue:
    """The history of a conversation. Saying something returns a longer one."""

    turns: tuple[Turn, ...] = ()

    def say(self, turn: Turn) -> Dialogue:
        return replace(self, turns=(*self.turns, turn))

    @property
    def heard(self) -> Dialogue:
        """What counts of it: without what was taken back."""
        return replace(self, turns=tuple(turn.heard for turn in self.turns))

    def before(self, position: int) -> Dialogue:
        """The turns before `position`."""
        return replace(self, turns=self.turns[:position])

    @property
    def named_last(self) -> str | None:
        """The item that was named last, by either side."""
        named = [item for turn in self.turns for item in turn.item_ids]
        return named[-1] if named else None

    @property
    def mentioned(self) -> tuple[str, ...]:
        """Distinct items named so far by either speaker, first mention first."""
        return tuple(dict.fromkeys(item for turn in self.turns for item in turn.item_ids))
