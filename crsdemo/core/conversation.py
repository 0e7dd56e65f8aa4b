"""A dialogue that has an identity: what one visitor said and was answered, as the log keeps it.

Also what may be said of a reply (ratings, marks on items) and what may be typed at all. Values
only: nothing here knows about SQL, models or the web.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal
from uuid import uuid4

from crsdemo.core.checked import Id, Name, shown
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.core.errors import BadInputError
from crsdemo.core.part import is_readable
from crsdemo.core.recommender import Reply
from crsdemo.core.traced import Stretch

Status = Literal["running", "ok", "stopped", "failed", "abandoned"]
Aspect = Literal["thumbs", "relevance", "interest", "reasons", "comment"]
ItemKind = Literal["seen", "want", "not_for_me", "up", "down"]
RatingValue = int | str | tuple[str, ...]

MAX_TYPED = 2_000  # characters of a message or a comment
MAX_REASONS, MAX_REASON = 20, 200  # of one rating, characters of each
MAX_MARKS = 30  # accents on one letter (Unicode's stream-safe form); no language has more


def new_id() -> str:
    """A name for a visitor, a dialogue, a turn or a click that says nothing about anyone."""
    return uuid4().hex


BLIND = "blind-"  # how the id of what is judged blind begins, on whatever page it is asked for


def seen_id(known: str) -> str:
    """Of what a page shows with names: another one in the place of an id that is blind."""
    return new_id() if known.startswith(BLIND) else known


def blind_id(known: str) -> str:
    """Of what a page shows without names."""
    return known if known.startswith(BLIND) else BLIND + known


SIMULATED = "simulated-"  # how the name of a rater begins that is a program


def is_simulated(visitor: str) -> bool:
    """Whether this is a rater of `simulate-votes`, and nobody."""
    return visitor.startswith(SIMULATED)


@dataclass(frozen=True)
class LoggedTurn:
    """A turn and the name under which it is kept.

    For the assistant's turn the id is that of the generation that wrote it: ratings and marks
    are about this id.
    """

    id: str
    turn: Turn
    reply: Reply | None = None  # of the assistant's turn, with its evidence
    status: Status = "ok"  # of the generation; always "ok" for the user
    error: str = ""  # of a failed generation: what kind, and what was said of it


@dataclass(frozen=True)
class Conversation:
    """What one visitor sees. Saying or answering something returns a longer one."""

    id: str
    visitor: str
    turns: tuple[LoggedTurn, ...] = ()

    @property
    def said(self) -> Dialogue:
        """All that was said; each turn knows what of it was taken back."""
        return Dialogue(tuple(logged.turn for logged in self.turns))

    @property
    def dialogue(self) -> Dialogue:
        """What counts of it, for whoever answers."""
        return self.said.heard

    @property
    def offered(self) -> frozenset[str]:
        """The items that stood beside what was recommended, without being named."""
        replies = (logged.reply for logged in self.turns if logged.reply)
        return frozenset(item.id for reply in replies for item in reply.also)

    def then(self, logged: LoggedTurn) -> Conversation:
        return replace(self, turns=(*self.turns, logged))

    def before(self, position: int) -> Conversation:
        """The turns before `position`."""
        return replace(self, turns=self.turns[:position])

    def taking_back(
        self, turn_id: str, words: Iterable[Stretch], *, is_on: bool = True
    ) -> Conversation:
        """With words of a turn that do not count, or count again."""

        def changed(logged: LoggedTurn) -> LoggedTurn:
            if logged.id != turn_id:
                return logged
            was = set(logged.turn.unheard)
            unheard = was.union(words) if is_on else was.difference(words)
            return replace(logged, turn=replace(logged.turn, unheard=tuple(sorted(unheard))))

        return replace(self, turns=tuple(map(changed, self.turns)))

    def with_words(self) -> Conversation:
        """Without a closing reply that was stopped before its first word: that is no turn."""
        wordless = self.turns and not self.turns[-1].turn.text
        return self.before(len(self.turns) - 1) if wordless else self

    def up_to_user(self) -> Conversation:
        """Up to the last turn of the user, which is included; empty if there is none."""
        of_user = [n for n, logged in enumerate(self.turns) if logged.turn.speaker == "user"]
        return self.before(of_user[-1] + 1 if of_user else 0)


@dataclass(frozen=True)
class Rating:
    """What a visitor thinks of a reply now.

    thumbs: 1 or -1. relevance: 0 to 3. interest: 0 to 2. reasons: chosen words. comment: text.
    """

    generation_id: str
    aspect: Aspect
    value: RatingValue
    revision: int = 1  # how often it was set or withdrawn, this time included


@dataclass(frozen=True)
class ItemMark:
    """A visitor's word on one item that a reply names."""

    generation_id: Id
    item_id: Name
    kind: ItemKind


_SCALES: dict[Aspect, tuple[int, ...]] = {
    "thumbs": (-1, 1),
    "relevance": (0, 1, 2, 3),
    "interest": (0, 1, 2),
}


def checked_rating(aspect: Aspect, value: RatingValue) -> RatingValue | None:
    """The value as it is kept; None if nothing is left of it. Raises BadInputError."""
    if aspect in _SCALES:
        if type(value) is int and value in _SCALES[aspect]:
            return value
        raise BadInputError(f"{aspect} is one of {_SCALES[aspect]}, got {shown(value)}")
    if aspect == "reasons" and isinstance(value, tuple):
        if len(value) > MAX_REASONS or any(len(reason) > MAX_REASON for reason in value):
            raise BadInputError(
                f"at most {MAX_REASONS} reasons of {MAX_REASON} characters, got {shown(value)}"
            )
        return tuple(dict.fromkeys(filter(None, map(typed, value)))) or None
    if aspect == "comment" and isinstance(value, str):
        return typed(value) or None
    raise BadInputError(f"{shown(value)} is no rating of {shown(aspect)}")


def typed(text: str) -> str:
    """Text as a person typed it: `plain_text`, and short.

    Raises BadInputError above MAX_TYPED characters.
    """
    text = _visible(text)
    # Before NFC, whose time grows with the square of a run of combining marks.
    if len(text) > MAX_TYPED:
        raise BadInputError(
            f"This has {len(text):,} characters; at most {MAX_TYPED:,} can be read at once. "
            "Please shorten it: nothing was sent."
        )
    return unicodedata.normalize("NFC", text)


def plain_text(text: str) -> str:
    """Text fit for a file and a model: still plain text, nothing escaped.

    Newlines of every system become "\\n"; control characters and halves of characters go; the
    rest (right-to-left, emoji, markup, control tokens spelled out) stays; Unicode NFC. Of accents
    on one letter the first MAX_MARKS stay: the time of NFC grows with the square of their number.
    """
    return unicodedata.normalize("NFC", "".join(_with_few_marks(_visible(text))))


def _with_few_marks(text: str) -> Iterator[str]:
    run = 0
    for character in text:
        run = run + 1 if unicodedata.combining(character) else 0
        if run <= MAX_MARKS:
            yield character


def _visible(text: str) -> str:
    text = re.sub(r"\r\n?|[\v\f\x85\u2028\u2029]", "\n", text).replace("\t", " ")
    kept = (c for c in text if c == "\n" or unicodedata.category(c) not in {"Cc", "Cs"})
    return "".join(kept).strip()


def message(text: str) -> str:
    """What was typed, if there is something to answer. Raises BadInputError."""
    if not isinstance(text, str):
        raise BadInputError(f"A message is a text, got {shown(text)}.")
    text = typed(text)
    if not is_readable(text):
        raise BadInputError("There is nothing to answer yet: say what you are looking for.")
    return text
