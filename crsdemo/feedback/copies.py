"""Which copies of a log were made, and who withdrew or had their words erased since.

All stand in a file beside the log, one line of JSON each: the log itself may be replaced by one
of its copies, and then it would no longer know. `restore` takes back once more what a copy brings
back.

    python -m crsdemo copies --db feedback.db
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field, TypeAdapter, ValidationError

from crsdemo.core.errors import FeedbackError
from crsdemo.feedback.file import known_version, opened
from crsdemo.feedback.lines import append, opened_lines, waiting


class Copied(BaseModel):
    """A backup, or an export; `where` is empty for one that was handed out by the results page."""

    what: Literal["backup", "export"]
    where: str
    moment: AwareDatetime

    @property
    def is_gone(self) -> bool:
        return bool(self.where) and not Path(self.where).exists()


class TakenBack(BaseModel):
    """Somebody of a study who withdrew, or whose words were deleted with that.

    With the document of consent that they had.
    """

    what: Literal["withdrawal", "erasure"]
    annotator: str
    document: str
    document_sha256: str
    moment: AwareDatetime


_LINE: TypeAdapter[Copied | TakenBack] = TypeAdapter(
    Annotated[Copied | TakenBack, Field(discriminator="what")]
)


def list_of(db: Path) -> Path:
    """The file in which all stand."""
    return db.with_name(f"{db.name}.copies.jsonl")


def note_copy(db: Path, what: Literal["backup", "export"], where: Path | None) -> None:
    """Remember a copy of the log `db`, before it is read; None: it is to be handed out.

    One that then cannot be made is named in vain: that is better than one that nobody knows of.
    Raises FeedbackError, also if `db` is no log.
    """
    with opened(db) as log:
        known_version(log, db)
    note_kept(db, what, where)


def note_kept(db: Path, what: Literal["backup", "export"], where: Path | None) -> None:
    """Remember a copy of the log `db`, whether that can still be read or not.

    Raises FeedbackError.
    """
    place = str(where.absolute()) if where else ""
    line = Copied(what=what, where=place, moment=datetime.now(UTC))
    append(list_of(db), line.model_dump_json().encode())


def note_taken_back(db: Path, one: TakenBack) -> None:
    """Remember that somebody withdraws or is erased, before it is done. Raises FeedbackError."""
    append(list_of(db), one.model_dump_json().encode())


def taken_back(db: Path) -> list[TakenBack]:
    """First one first. Raises FeedbackError, as `holding` does, for a list that is damaged."""
    return [line for line in noted(db) if isinstance(line, TakenBack)]


def erasures(db: Path) -> list[TakenBack]:
    """Of these the ones whose words were deleted."""
    return [one for one in taken_back(db) if one.what == "erasure"]


def holding(db: Path) -> list[Copied]:
    """Copies made before somebody was erased, as far as they are still where they were put."""
    lines = noted(db)
    last = max((n for n, line in enumerate(lines) if line.what == "erasure"), default=0)
    before = (line for line in lines[:last] if isinstance(line, Copied))
    return [line for line in before if not line.is_gone]


def noted(db: Path) -> list[Copied | TakenBack]:
    """All that stands in the list, first one first. Raises FeedbackError if it is damaged."""
    path = list_of(db)
    if not path.is_file():
        return []
    with opened_lines(path) as file:
        lines = [line for _, line in waiting(file)]
    try:
        return [_LINE.validate_json(line) for line in lines]
    except ValidationError as error:
        raise FeedbackError(
            f"{path} has a line that cannot be read ({error.errors()[0]['msg']}); mend it, or move "
            "the file away: then nobody knows any more which copies hold what was erased"
        ) from error


def main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="crsdemo copies", description="Which copies hold words that were erased since?"
    )
    parser.add_argument("--db", type=Path, required=True, help="the log that the app writes")
    db = parser.parse_args(argv).db
    people = {one.annotator for one in erasures(db)}
    held = holding(db)
    print(f"{len(people)} people had their words erased; {len(held)} copies are older than that")
    for one in held:
        print(f"  {one.moment:%Y-%m-%d %H:%M} UTC  {one.what}  {one.where or 'handed out'}")
    if held:
        print("delete these, or make them anew; a backup that is restored is erased once more")
