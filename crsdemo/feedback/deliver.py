"""Opinions that wait beside a log, brought into it: after a restore, or without the app.

python -m crsdemo deliver --db feedback.db            # what waits
python -m crsdemo deliver --db feedback.db --again    # and what was set apart
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from crsdemo.core.errors import FeedbackError
from crsdemo.feedback.log import FeedbackLog
from crsdemo.feedback.outbox import Outbox


class Delivery(NamedTuple):
    """How many opinions are in the log now, and how many are set apart in a file."""

    saved: int
    apart: int
    damaged: Path


def deliver(db: Path, *, again: bool = False) -> Delivery:
    """Write the opinions that wait beside the log `db` into it, as the app does at its start.

    With `again` also those that were set apart because the log did not take them, or was another
    one. They come after what was said since, so an old word may follow a newer one. Raises
    FeedbackError if there is no log or it cannot be written: then all of them wait.
    """
    if not db.is_file():
        raise FeedbackError(f"there is no log {db}; restore a backup first, or name another --db")
    with closing(FeedbackLog(db)) as log:
        outbox = Outbox(log)
        if again:
            outbox.take_back()
        return Delivery(outbox.drain(), outbox.n_damaged(), outbox.damaged)


def main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="crsdemo deliver", description=deliver.__doc__)
    parser.add_argument("--db", type=Path, required=True, help="the log that the app writes")
    parser.add_argument("--again", action="store_true", help="also what was set apart earlier")
    args = parser.parse_args(argv)
    saved, apart, damaged = deliver(args.db, again=args.again)
    print(f"{saved} opinions saved in {args.db}")
    if apart:
        print(f"{apart} set apart in {damaged}, each with the reason; --again tries them again")
