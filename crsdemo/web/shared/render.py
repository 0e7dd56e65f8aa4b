"""Dialogue and replies -> HTML of the conversation, drawn by `render.html`, which escapes all text.

Knows no event and no log.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from crsdemo.core.conversation import Aspect, ItemKind, LoggedTurn, RatingValue
from crsdemo.core.domain import Domain
from crsdemo.web.shared.markup import Macros
from crsdemo.web.shared.placeless import placeless

Marks = frozenset[tuple[str, ItemKind]]
Page = Literal["talk", "compare", "blind", "report"]

PAGES: tuple[tuple[Page, str, str], ...] = (  # with addresses that hold from each of them
    ("talk", "./", "talk"),
    ("compare", "compare", "side by side"),
    ("blind", "blind", "blind"),
    ("report", "report", "scores"),
)

RELEVANCE = ("not at all", "a little", "mostly", "exactly")  # 0 to 3
INTEREST = ("no", "a bit", "yes")  # 0 to 2
# In the words of a domain
GOOD_REASONS = ("heard my wish", "good {item}", "new to me", "well explained", "nice to talk to")
BAD_REASONS = (
    "ignored my wish", "already {used}", "wrong {item}", "too early", "repeats itself",
    "made-up fact", "hard to understand",
)  # fmt: skip
N_SHOWN = 6  # messages with what was answered; the page is sent anew with each
PARTS = Macros("shared/render.html")


@dataclass(frozen=True)
class Opinion:
    """What a visitor thinks of one reply, as its rating row shows it, saved or not."""

    ratings: Mapping[Aspect, RatingValue] = field(default_factory=dict)
    marks: Marks = frozenset()  # (item id, kind)
    saved: bool = False
    failed: bool = False  # something shown here could not be saved yet

    @property
    def thumb(self) -> int:
        """1 up, -1 down, 0 none."""
        value = self.ratings.get("thumbs", 0)
        return value if isinstance(value, int) else 0

    @property
    def reasons(self) -> tuple[str, ...]:
        value = self.ratings.get("reasons", ())
        return value if isinstance(value, tuple) else ()

    @property
    def scales(self) -> Iterator[tuple[str, str, tuple[str, ...], RatingValue | None]]:
        """Aspect, question, its answers from 0 on, and the number of the chosen one."""
        fit, curious = self.ratings.get("relevance"), self.ratings.get("interest")
        yield "relevance", "Does it fit your wish?", RELEVANCE, fit
        yield "interest", "Does it make you curious?", INTEREST, curious

    def offered(self, domain: Domain) -> tuple[str, ...]:
        """The reasons that fit the thumb, and those that were given."""
        fitting = map(domain.worded, GOOD_REASONS if self.thumb == 1 else BAD_REASONS)
        return tuple(dict.fromkeys((*fitting, *self.reasons)))


def masthead(page: Page) -> str:
    """The name, the way to the other pages, and what can be done here."""
    return PARTS.masthead(page, PAGES)


def conversation(
    turns: Sequence[LoggedTurn],
    opinions: Mapping[str, Opinion],
    selected: str | None,
    below: Mapping[str, str] = {},
    *,
    domain: Domain,
    running: bool = False,
) -> str:
    """The newest settled turns, or all from the selected one on.

    `opinions` and `selected` go by the id of a reply's turn, `below` has HTML for below messages by
    the id of theirs. The last turn can be answered again
    or taken back unless a reply is `running`.
    """
    asked = [n for n, turn in enumerate(turns) if turn.reply is None] or [0]
    chosen = next((n for n, turn in enumerate(turns) if turn.id == selected), len(turns))
    begin = max(0, min(len(asked) - N_SHOWN, sum(n < chosen for n in asked) - 1))
    before = [turn.id for turn in turns[: asked[begin]] if turn.reply]
    way_back = earlier(begin, reply=before[-N_SHOWN:][0]) if before else ""
    said = [(turn, opinions.get(turn.id, Opinion())) for turn in turns[asked[begin] :]]
    return way_back + PARTS.of(domain).conversation(said, selected, below, running)


def earlier(n_messages: int, **names: str) -> str:
    """The way back to messages that are not shown: what `names` is selected then."""
    data = {f"data-{name}": value for name, value in names.items()}
    return PARTS.earlier(n_messages, next(iter(names)), data) if n_messages else ""


def stamped(content: str, moment: int, click: int, label: str = "Conversation") -> str:
    """What was true at a moment, drawn in answer to a click (0 for none)."""
    return (
        f'<div role="log" aria-label="{label}" aria-live="off" '
        f'data-moment="{int(moment)}" data-click="{int(click)}">{content}</div>'
    )


def notice(text: str) -> str:
    """One line above the box that says what went wrong."""
    return PARTS.notice(placeless(text)) if text else ""
