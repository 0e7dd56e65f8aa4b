"""What was said, without the titles in it."""

from __future__ import annotations

from crsdemo.dialogue import Turn


def untitled(turn: Turn) -> str:
    """What was said with a gap for each title, whose words and years are no wishes."""
    said, end = "", 0
    for mention in turn.mentions:
        said += turn.text[end : mention.start] + " "
        end = mention.end
    return said + turn.text[end:]
