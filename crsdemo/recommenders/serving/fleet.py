"""How many processes answer."""

from __future__ import annotations

import re
from typing import NamedTuple

from crsdemo.core.errors import BadInputError

AT_ONCE = 2  # replies that one replica makes at once; who comes then waits before the door


class Fleet(NamedTuple):
    """So many replicas at least and at most; between them as many as there is work for."""

    least: int
    most: int

    @classmethod
    def of(cls, text: str) -> Fleet:
        """`2` or `1-8`. Raises BadInputError."""
        found = re.fullmatch(r"(\d{1,4})(?:-(\d{1,4}))?", text.strip())
        least, most = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
        if not 1 <= least <= most:
            raise BadInputError(f"--ray wants a number as 2, or a range as 1-8, got {text!r}")
        return cls(least, most)

    @property
    def at_once(self) -> int:
        """Replies, when all replicas run."""
        return self.most * AT_ONCE
