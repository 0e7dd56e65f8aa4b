"""Small pieces of HTML that every part of the page uses. All text enters HTML through `escape`."""

from __future__ import annotations

import html
import math
import unicodedata
from collections.abc import Iterable

from crsdemo.core.catalog import Item
from crsdemo.core.recommender import Branch, PathStep

ICONS = {
    "up": "M7 10v11H3V10h4Zm0 0 4.6-7.4a1.7 1.7 0 0 1 3.1 1.2L13.8 8.5h5.5a2 2 0 0 1 2 2.4l-1.5 8"
    "a2 2 0 0 1-2 1.6H7",
    "down": "M17 14V3h4v11h-4Zm0 0-4.6 7.4a1.7 1.7 0 0 1-3.1-1.2l.9-4.7H4.7a2 2 0 0 1-2-2.4l1.5-8"
    "a2 2 0 0 1 2-1.6H17",
    "again": "M20 11a8 8 0 1 0-2.3 6.3M20 4v7h-7",
    "undo": "M9 14 4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3",
    "out": "M8 16 17 7M9 7h8v8",
}


def escape(text: str) -> str:
    """Text as HTML that shows exactly its characters.

    Line breaks are kept; other control characters, which HTML cannot hold, become blanks.
    """
    visible = (c if c == "\n" or unicodedata.category(c) != "Cc" else " " for c in text)
    return html.escape("".join(visible)).replace("\n", "<br>")


def attribute(text: str) -> str:
    """Text between the quotes of an attribute."""
    return html.escape(text)


def icon(name: str) -> str:
    """A line icon of 16 px. It says nothing to screen readers; its button has the words."""
    return (
        '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">'
        f'<path d="{ICONS[name]}"/></svg>'
    )


def listed(parts: Iterable[str], joint: str = " · ") -> str:
    """Escaped parts in one line."""
    return joint.join(escape(part) for part in parts)


def percent(probability: float) -> str:
    """'62%', with one decimal where rounding would say 0 or 100 of something else."""
    if not math.isfinite(probability):
        return "–"
    if 0 < probability < 0.005:
        return "<1%"
    if 0.995 <= probability < 1:
        return ">99%"
    return f"{probability:.0%}"


def duration(milliseconds: float) -> str:
    """'0.4 ms', '38 ms' or '1.2 s'."""
    if not math.isfinite(milliseconds):
        return "–"
    if milliseconds >= 1000:
        return f"{milliseconds / 1000:.1f} s"
    return f"{milliseconds:.0f} ms" if milliseconds >= 1 else f"{milliseconds:.1f} ms"


def title(item: Item) -> str:
    """The name of an item with its year set apart."""
    year = f' <span class="year">{item.year}</span>' if item.year else ""
    return f'<bdi class="title">{escape(item.title)}</bdi>{year}'


def branch_name(branch: Branch) -> str:
    """What its films share; for a single film its title, which says more."""
    return branch.examples[0] if branch.n_items == 1 and branch.examples else branch.label


def film_count(n_items: int) -> str:
    return "1 film" if n_items == 1 else f"{n_items:,} films"


def ordinal(place: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th ..."""
    ending = "th" if place % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(place % 10)
    return f"{place}{ending or 'th'}"


def step_heading(step: PathStep) -> str:
    """How many ways led on from here."""
    if step.n_allowed == 1:
        return f"Step {step.level + 1}: only one way on"
    first = "groups of films" if step.level == 0 else "ways on"
    return f"Step {step.level + 1}: {step.n_allowed} {first} to choose from"
