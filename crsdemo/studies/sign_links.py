"""Links to a study that carry a name and its key, one a line.

python -m crsdemo sign-links --db study.db --address https://lab.example anna ben
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from crsdemo.studies.annotators import secret_beside, signed_link


def main(arguments: Sequence[str] | None = None) -> int:
    """Raises BadInputError for what cannot be a name, FeedbackError without a usable key."""
    parser = argparse.ArgumentParser(prog="crsdemo sign-links", description=__doc__)
    parser.add_argument("names", nargs="+", help="one for each person")
    parser.add_argument("--db", type=Path, required=True, help="the log of the study")
    parser.add_argument("--address", default="http://127.0.0.1:7860", help="of the app")
    options = parser.parse_args(arguments)
    secret = secret_beside(options.db)
    print("\n".join([signed_link(options.address, name, secret) for name in options.names]))
    return 0
