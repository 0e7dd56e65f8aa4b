"""Errors as visitors may see them: without the places of files on the server."""

from __future__ import annotations

import re
from pathlib import PurePath

_LONGEST = 1000  # characters that an error has to say
_QUOTED = re.compile(r"""(['"])((?:[A-Za-z]:)?[/\\][^'"\n]+)\1""")
_BARE = re.compile(
    r"(?<![\w:/.<])(?:~|\.{1,2}|[A-Za-z]:)?[/\\](?:[^\s/\\'\"]+[/\\])*[^\s/\\;,:'\"()]+"
)
_RELATIVE = re.compile(
    r"(?<![\w:/.<])(?:[\w.-]+/){1,}[\w.-]+\.(?:db|jsonl|json|toml|npz|pt)\b[\w.-]*"
)


def placeless(text: str) -> str:
    """The same words, cut if there are very many; of each path its last name alone."""
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}…"
    text = _QUOTED.sub(lambda found: f"{found[1]}{PurePath(found[2]).name}{found[1]}", text)
    text = _BARE.sub(lambda found: re.split(r"[/\\]", found[0])[-1], text)
    return _RELATIVE.sub(lambda found: PurePath(found[0]).name, text)
