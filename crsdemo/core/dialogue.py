"""A dialogue is a tuple of turns. Nothing here knows about models, storage or the web."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

Speaker = Literal["user", "assistant"]


@dataclass(frozen=True)
class Mention:
    """An item named in a turn: `text[start:end]` is what was said, `item_id` what it means."""

    start: int
    end: int
    item_id: str


@dataclass(frozen=True)
class Turn:
    """One thing said by one speaker. Its identity is its position in the dialogue."""

    speaker: Speaker
    text: str
    mentions: tuple[Mention, ...] = ()  # by start, never overlapping

    @property
    def item_ids(self) -> tuple[str, ...]:
        """Distinct items of this turn in the order in which they are named."""
        return tuple(dict.fromkeys(mention.item_id for mention in self.mentions))

    @property
    def untitled(self) -> str:
        """What was said with a gap for each title, whose words and years are no wishes."""
        said, end = "", 0
        for mention in self.mentions:
            said += self.text[end : mention.start] + " "
            end = mention.end
        return said + self.text[end:]

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

    def before(self, position: int) -> Dialogue:
        """The turns before `position`."""
        return replace(self, turns=self.turns[:position])

    @property
    def mentioned(self) -> tuple[str, ...]:
        """Distinct items named so far by either speaker, first mention first."""
        return tuple(dict.fromkeys(item for turn in self.turns for item in turn.item_ids))
