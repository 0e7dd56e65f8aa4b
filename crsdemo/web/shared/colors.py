"""One colour for each reason, the same in every table, beside every system and on every page."""

from __future__ import annotations

import zlib

from crsdemo.recommenders.evidence import EXPERT, MODEL, PRIOR, RETRIEVER
from crsdemo.recommenders.ranker import TOGETHER
from crsdemo.recommenders.retriever import RETRIEVAL_SIGNALS
from crsdemo.recommenders.stories import SIGNAL as STORY

# What our systems name as reasons; others may name more
REASONS = (MODEL, PRIOR, EXPERT, RETRIEVER, TOGETHER, STORY, *RETRIEVAL_SIGNALS)
TURN = 137.508  # degrees, the golden angle: neighbours in the list are far apart on the wheel
LIGHTNESS = (0.58, 0.72, 0.48)  # that both themes show
FIRST_HUE = 180


def color_of(reason: str) -> str:
    """A CSS colour that no other reason has."""
    if reason in REASONS:
        place = REASONS.index(reason)
        hue = (FIRST_HUE + place * TURN) % 360
    else:
        place = zlib.crc32(reason.encode())
        hue = place % 36_000 / 100
    return f"oklch({LIGHTNESS[place % len(LIGHTNESS)]} 0.12 {hue:.2f})"
