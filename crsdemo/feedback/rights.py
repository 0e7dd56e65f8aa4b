"""Who may write what. Each is asked inside the transaction that then writes.

Ids are no secret: they stand in every export. So whoever knows one may still not write there.
"""

from __future__ import annotations

from sqlite_utils import Database

from crsdemo import __version__
from crsdemo.core.checked import checked_id
from crsdemo.core.conversation import is_simulated
from crsdemo.core.errors import RefusedError, WithdrawnError
from crsdemo.feedback.file import first_value
from crsdemo.feedback.schema import queries

_SQL = queries("rights")
FINISHED = "You have seen who answered, so nothing can be changed here any more."
_NOT_YOURS = "This is not yours, or not there any more: please reload the page."


def admit(db: Database, visitor: str) -> None:
    """Know who writes.

    Raises WithdrawnError for somebody who does not take part (any more), BadInputError for what
    is no name, RefusedError for a person in a log of simulated votes and the other way round.
    """
    checked_id(visitor)
    somebody = first_value(db, _SQL["somebody"])
    if somebody and is_simulated(somebody) != is_simulated(visitor):
        whose = "a simulation" if is_simulated(somebody) else "people"
        raise RefusedError(
            f"This log holds votes of {whose}, and they are never mixed: --db names another."
        )
    if first_value(db, _SQL["decision"], visitor) in ("declined", "withdrawn"):
        raise WithdrawnError("You do not take part in this study, so nothing more is kept.")
    db.table("visitors").insert({"id": visitor, "app_version": __version__}, ignore=True)


def own_dialogue(db: Database, dialogue_id: str, visitor: str) -> None:
    """Admit to a dialogue that is new or the visitor's own. Raises RefusedError."""
    admit(db, visitor)
    checked_id(dialogue_id)
    db.table("dialogues").insert({"id": dialogue_id, "visitor": visitor}, ignore=True)
    _only_of(visitor, first_value(db, _SQL["of_dialogue"], dialogue_id))


def own_reply(db: Database, generation_id: str, visitor: str) -> None:
    """Admit to a reply in a dialogue of the visitor that is open. Raises RefusedError."""
    admit(db, visitor)
    _only_of(visitor, first_value(db, _SQL["of_reply"], generation_id))
    still_open(db, generation_id, visitor)


def named_item(db: Database, generation_id: str, item_id: str) -> None:
    """Of an item that a reply names. Raises RefusedError for any other."""
    if not any(db.query(_SQL["names_item"], {"reply": generation_id, "item": item_id})):
        raise RefusedError("This reply does not name that: please reload the page.")


def own_comparison(db: Database, comparison_id: str, visitor: str) -> None:
    """Admit to a comparison of the visitor, or one that a study has them judge.

    Raises RefusedError.
    """
    admit(db, visitor)
    if not first_value(db, _SQL["assigned"], visitor, comparison_id):
        _only_of(visitor, first_value(db, _SQL["of_comparison"], comparison_id))


def still_open(db: Database, of: str, visitor: str) -> None:
    """Of a comparison or a reply. Raises RefusedError for one whose names the visitor was told."""
    if any(db.query(_SQL["finished"], {"of": of, "visitor": visitor})):
        raise RefusedError(FINISHED)


def visitor_of(db: Database, comparison_id: str) -> str | None:
    """Who had a comparison made; None if there is no such comparison."""
    found: str | None = first_value(db, _SQL["of_comparison"], comparison_id)
    return found


def _only_of(visitor: str, owner: str | None) -> None:
    if owner != visitor:
        raise RefusedError(_NOT_YOURS)
