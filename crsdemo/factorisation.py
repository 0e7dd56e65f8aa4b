"""In which parts a generative model answers (GCRS, sec. 3; the ablations of Table 4)."""

from __future__ import annotations

from enum import StrEnum


class Factorisation(StrEnum):
    """What follows `<ASSISTANT>`. Without an item before the reply, the reply itself names it."""

    MODE_ITEM_REPLY = "mode-item-reply"  # the paper's
    MODE_REPLY = "mode-reply"
    REPLY = "reply"
    MODE_ITEM = "mode-item"

    @property
    def has_mode(self) -> bool:
        return self is not Factorisation.REPLY

    @property
    def has_item(self) -> bool:
        """Whether the item stands before the reply."""
        return self in {Factorisation.MODE_ITEM_REPLY, Factorisation.MODE_ITEM}

    @property
    def has_reply(self) -> bool:
        return self is not Factorisation.MODE_ITEM
