"""The results page as HTML: the parts of `results.html`. Knows no event and no log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from crsdemo.export.take_home import Handout
from crsdemo.feedback.results import SeenPair, pseudonym
from crsdemo.studies.statistics.disputes import Dispute
from crsdemo.studies.statistics.pairs import counted
from crsdemo.web.results.answer import Answer
from crsdemo.web.results.words import UNDECIDED, Exhibit
from crsdemo.web.shared.markup import escape
from crsdemo.web.shared.render import PAGES

ADDRESS = "results-file"  # beside the page
N_DISPUTES = 20  # that are shown
TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.filters |= {"lines": lambda text: Markup(escape(text)), "pseudonym": pseudonym}
TEMPLATES.globals |= {
    "ADDRESS": ADDRESS,
    "N_DISPUTES": N_DISPUTES,
    "UNDECIDED": UNDECIDED,
    "counted": counted,
}

_PARTS: Any = TEMPLATES.get_template("results.html").module


def masthead(*, study_runs: bool) -> str:
    """While a study runs the pages on which anybody may talk are closed."""
    return str(_PARTS.masthead(() if study_runs else PAGES))


def shut(reason: str) -> str:
    """Instead of the results, for everybody but the operator."""
    return str(_PARTS.shut(reason))


def page(
    said: Answer,
    exhibits: Mapping[str, Exhibit],
    disputed: Sequence[Dispute],
    seen: Mapping[str, SeenPair],
) -> str:
    """The answer first, then what it rests on, then what people disagreed on, a click for both
    replies."""
    return str(_PARTS.page(said, exhibits, disputed, seen))


def home() -> str:
    return str(_PARTS.home())


def taken(handout: Handout) -> str:
    """The way to a file that is ready."""
    return str(_PARTS.taken(handout))


def trouble(words: str) -> str:
    return str(_PARTS.trouble(words)) if words else ""
