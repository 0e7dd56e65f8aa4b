"""Pages that are closed: that of a study while none runs, all others while one runs."""

from __future__ import annotations

from crsdemo.web.shared.controls import html
from crsdemo.web.study import html as study_html
from crsdemo.web.study.html import PARTS


def place_closed() -> None:
    """What is there while no study runs."""
    html("masthead", study_html.masthead("crsdemo"), "shared/masthead.js")
    html("sheet", study_html.leaf(PARTS.closed(), 0))


def place_elsewhere(title: str) -> None:
    """What the first page says while a study runs: the others are closed."""
    html("masthead", study_html.masthead(title), "shared/masthead.js")
    html("sheet", study_html.leaf(PARTS.elsewhere(title), 0))
