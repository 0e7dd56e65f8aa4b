"""Comparisons -> HTML: one message, and under it two answers in columns that are called A and B.

Drawn by `comparison.html`, which escapes all text; knows no event and no log. Names and evidence
are shown only where `Shown` says so, so that a comparison can be drawn blind. What a person says
of the two is in `verdicts.py`.
"""

from __future__ import annotations

from crsdemo.core.comparison import Comparison
from crsdemo.web.compare.verdicts import PARTS
from crsdemo.web.shared.render import WISHES
from crsdemo.web.shared.shown import Shown


def welcome(names: tuple[str, str], n_items: int) -> str:
    """The empty state."""
    return str(PARTS.welcome(names, n_items, WISHES))


def blind_welcome(n_items: int) -> str:
    """The empty state where nobody knows who answers."""
    return str(PARTS.blind_welcome(n_items, WISHES))


def settled(comparison: Comparison, number: int, shown: Shown, *, is_last: bool) -> str:
    """A message with its two answers, and below them what was said of these.

    The verdict on the last one is in a row of its own, which is not drawn here.
    """
    return str(PARTS.settled(comparison, number, shown, is_last))


def growing(comparison: Comparison, n_items: int, shown: Shown = Shown()) -> str:
    """The message that is being answered, with both answers as far as they have come.

    Answers that are held come together, when both are whole.
    """
    return str(PARTS.growing(comparison, n_items, shown))
