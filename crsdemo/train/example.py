"""What a generative recommender learns from: a history and what to answer to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crsdemo.catalog import Item
from crsdemo.dialogue import Dialogue
from crsdemo.recommender import Mode
from crsdemo.slots import Slot


@dataclass(frozen=True)
class Example:
    """One training instance.

    `targets` maps item ids to weights that sum to 1: which items would be right. A real dialogue
    has one target (GCRS, sec. 3: one instance per target item); a synthetic wish has all the
    items that fit it. Empty when the mode is CHAT.
    """

    dialogue: Dialogue  # ends with the user's turn
    mode: Mode
    targets: Mapping[str, float]
    item: Item | None  # the target that `reply` speaks of
    reply: tuple[str | Item | Slot, ...]  # empty: nothing is learned about the words
    fields: frozenset[str] = frozenset()  # of the facts that were asked for; none: any will do
