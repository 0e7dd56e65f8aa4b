"""The results page as HTML: `PARTS` are the macros of `results.html`. Know no event and no log."""

from __future__ import annotations

from crsdemo.feedback.results import pseudonym
from crsdemo.studies.statistics.pairs import counted
from crsdemo.web.results.words import UNDECIDED
from crsdemo.web.shared.markup import TEMPLATES, Macros
from crsdemo.web.shared.render import PAGES

ADDRESS = "results-file"  # beside the page
N_DISPUTES = 20  # that are shown
N_QUOTES = 50
TEMPLATES.filters["pseudonym"] = pseudonym
TEMPLATES.globals |= {
    "ADDRESS": ADDRESS,
    "N_DISPUTES": N_DISPUTES,
    "N_QUOTES": N_QUOTES,
    "UNDECIDED": UNDECIDED,
    "counted": counted,
}
PARTS = Macros("results/results.html")


def masthead(*, study_runs: bool) -> str:
    """While a study runs the pages on which anybody may talk are closed."""
    return PARTS.masthead(() if study_runs else PAGES)
