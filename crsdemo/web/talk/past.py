"""What a visitor has said before, to go back to, and the films that they want, to take along."""

from __future__ import annotations

from crsdemo.core.catalog import Catalog
from crsdemo.core.errors import BadInputError
from crsdemo.feedback.log import FeedbackLog
from crsdemo.feedback.visits import past_talks, wanted
from crsdemo.web.shared.markup import Macros
from crsdemo.web.talk.screen import Look

_PARTS = Macros("talk/past.html")


def shelf(log: FeedbackLog, view: Look, catalog: Catalog) -> str:
    """Both lists, each only if there is something in it."""
    visitor = view.visit["visitor"]
    return _PARTS.shelf(past_talks(log, visitor), wanted(log, visitor, catalog), view.dialogue)


def own_talk(log: FeedbackLog, view: Look, dialogue: object) -> str:
    """The id of an earlier talk of this visitor. Raises BadInputError."""
    if view.running:
        raise BadInputError("A reply is still being written: wait for it or stop it first.")
    for talk in past_talks(log, view.visit["visitor"]):
        if talk.id == dialogue:
            return talk.id
    raise BadInputError("This talk is not yours, or not there any more: please reload the page.")
