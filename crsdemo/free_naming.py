"""What a generative model names in its own words where no grammar holds it to the chosen item.

In a reply the grammar allows no item but the chosen one, and its name is owed: that the words name
it is by construction. Here the model reads its own reply up to the first `<BOI>` and then writes
what is most probable among all tokens, to tell what it would name of itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from tqdm import tqdm

from crsdemo.dialogue import Dialogue
from crsdemo.generative import Generative
from crsdemo.recommender import Reply
from crsdemo.shares import share


class Named(StrEnum):
    """What the model named."""

    CHOSEN = "the item chosen before"
    OTHER = "another item"
    UNKNOWN = "an ID that no item has"
    NO_ID = "no item ID"


def free_naming(
    recommender: Generative, replies: Sequence[tuple[Dialogue, Reply]]
) -> dict[str, Any]:
    """The share of each kind over `replies`, each with what it answers, that chose an item.

    Shows progress on stderr.
    """
    told = [(d, r) for d, r in replies if r.item is not None]
    progress = tqdm(told, desc="naming without the grammar", unit="reply")
    kinds = [kind for d, r in progress if (kind := _named(recommender, d, r)) is not None]
    return {kind.value: share(kinds.count(kind), len(kinds)) for kind in Named}


def _named(recommender: Generative, dialogue: Dialogue, reply: Reply) -> Named | None:
    """None if the reply names nothing."""
    voice = recommender.voice
    control, item = voice.decoder.control, reply.item
    assert item is not None
    words = reply.output_ids[reply.output_ids.index(control.resp) + 1 :]
    if control.boi not in words:
        return None
    opening = voice.writer.target("REC", item, ()).ids[:-1]  # mode, item, card, <RESP>
    context = voice.read([dialogue])
    voice.decoder.feed(context, [*opening, *words[: words.index(control.boi) + 1]])
    codes = voice.decoder.write_item(context)
    if codes is None:
        return Named.NO_ID
    found = voice.decoder.trie.node(codes)
    if found is None:
        return Named.UNKNOWN
    return Named.CHOSEN if voice.decoder.trie.item_ids[found] == item.id else Named.OTHER
