"""What a visitor has said before, to go back to, and the films that they want, to take along."""

from __future__ import annotations

from crsdemo.chat.exchange import Exchange
from crsdemo.core.catalog import Catalog
from crsdemo.core.conversation import ItemMark
from crsdemo.core.errors import BadInputError
from crsdemo.feedback.log import FeedbackLog
from crsdemo.feedback.visits import past_talks, wanted, wanted_in
from crsdemo.web.shared.markup import Macros
from crsdemo.web.talk.screen import Look

_PARTS = Macros("talk/past.html")


def shelf(log: FeedbackLog, view: Look, catalog: Catalog, *, is_open: bool = False) -> str:
    """Both lists, each only if there is something in it; `is_open`: that of what is wanted."""
    visitor = view.visit["visitor"]
    talks, titles = past_talks(log, visitor), wanted(log, visitor, catalog)
    return _PARTS.shelf(talks, titles, view.dialogue, is_open)


def take_off(exchange: Exchange, view: Look, item: object) -> None:
    """Take an item off the list of what is wanted. Raises as `Exchange.mark` does."""
    visitor, item_id = view.visit["visitor"], str(item)
    for reply in wanted_in(exchange.log, visitor, item_id):
        exchange.mark(visitor, ItemMark(reply, item_id, "want"), on=False)


def own_talk(log: FeedbackLog, view: Look, dialogue: object) -> str:
    """The id of an earlier talk of this visitor. Raises BadInputError."""
    if view.running:
        raise BadInputError("A reply is still being written: wait for it or stop it first.")
    for talk in past_talks(log, view.visit["visitor"]):
        if talk.id == dialogue:
            return talk.id
    raise BadInputError("This talk is not yours, or not there any more: please reload the page.")
