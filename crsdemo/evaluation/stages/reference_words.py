"""The words of a dataset's recommender under a language model: how well it foretells them.

Everything is teacher-forced: the model reads the dialogue, what it writes up to the item and its
card (ReGeS: with its own search) and then the words of the reference, as it would have read its
own. A title counts as one token, `<title>` or `<BOI>`: that an item is named is foretold, which one
was said before (GCRS, App. D, puts one `<movie>` token there). The closing token counts.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tqdm import tqdm

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.core.recommender import Plan
from crsdemo.evaluation.protocol import Case
from crsdemo.evaluation.text_metrics import perplexity, without_titles, words
from crsdemo.recommenders.talking import TalkingRecommender


@dataclass(frozen=True)
class _Reference:
    """A turn whose items the catalog holds, ready to be read."""

    context: Dialogue
    pieces: tuple[str | Item, ...]
    n_words: int  # 13a tokens, each title one

    @property
    def item(self) -> Item | None:
        """The first that is named: the others of a turn share its words."""
        return next((piece for piece in self.pieces if isinstance(piece, Item)), None)


def reference_figures(
    recommender: TalkingRecommender, turns: Sequence[Case], seed: int = 0
) -> dict[str, Any]:
    """Perplexity of the references, with the right item and a wrong one before the same words.

    `gold` and `wrong` hold `per_token` of the model's own tokenizer and `per_word`, comparable
    between tokenizers; both are of the turns that name an item (mode REC), `all` of every turn
    with the right item. Turns that name a film outside the catalog are left out and counted. Shows
    progress on stderr.
    """
    catalog = recommender.catalog
    known = [case for case in turns if catalog.row.keys() >= {*case.targets}]
    references = [_reference(case, catalog) for case in known]
    progress = tqdm(references, desc="reading references", unit="turn")
    gold = [_read(recommender, one, one.item) for one in progress]
    rng = random.Random(seed)
    naming = [one for one in references if one.item]
    progress = tqdm(naming, desc="reading them with a wrong item", unit="turn")
    wrong = [_read(recommender, one, _stranger(one, catalog, rng)) for one in progress]
    right = [read for one, read in zip(references, gold, strict=True) if one.item]
    return {
        "tokenizer": f"the recommender's own, {len(recommender.talker.loaded.tokenizer):,} tokens",
        "left_out": len(turns) - len(references),
        "all": _perplexities(gold, references),
        "gold": _perplexities(right, naming),
        "wrong": _perplexities(wrong, naming),
    }


def _read(
    recommender: TalkingRecommender, reference: _Reference, item: Item | None
) -> tuple[float, int]:
    """Nats, and tokens. `item`: the one before the words; `<title>` stands for it where the
    reference names its own. None for a reference that names none.
    """
    talker, control = recommender.talker, recommender.talker.control
    history = talker.history(reference.context)
    context = talker.read([history])
    if item is None:
        talker.decoder.feed(context, [control.chat, control.resp])
    else:
        recommender.find(context, reference.context, Plan(item_id=item.id))
        talker.show(context, item, history.carded)
    written = talker.format.words(reference.pieces, reference.item)
    surprise = -talker.decoder.score(context, [*written.ids, control.eos])
    codes = {*control.code, control.eoi}
    pairs = zip(written.ids, written.are_words, strict=True)
    counted = [*(is_word and token not in codes for token, is_word in pairs), True]
    return float(surprise[counted].sum()), sum(counted)


def _reference(case: Case, catalog: Catalog) -> _Reference:
    pieces = tuple(piece for piece in _pieces(case.said, catalog) if piece != "")
    return _Reference(case.context, pieces, len(words(without_titles(case.said))))


def _pieces(turn: Turn, catalog: Catalog) -> Iterator[str | Item]:
    """The words and items of a turn, on one line; titles that were not said are none."""
    end = 0
    for mention in turn.mentions:
        if mention.end > mention.start:
            yield turn.text[end : mention.start].replace("\n", " ")
            yield catalog.item(mention.item_id)
            end = mention.end
    yield turn.text[end:].replace("\n", " ")


def _stranger(reference: _Reference, catalog: Catalog, rng: random.Random) -> Item:
    """An item that the turn does not name."""
    named = [piece for piece in reference.pieces if isinstance(piece, Item)]
    return rng.choice([item for item in catalog if item not in named])


def _perplexities(
    read: Sequence[tuple[float, int]], references: Sequence[_Reference]
) -> dict[str, Any]:
    """`per_token` and `per_word`, or neither if there is nothing to read."""
    nats, n_tokens = math.fsum(nats for nats, _ in read), sum(n for _, n in read)
    n_words = sum(one.n_words for one in references)
    found: dict[str, Any] = {"turns": len(read), "tokens": n_tokens, "words": n_words}
    if n_tokens and n_words:
        found["per_token"] = round(perplexity(nats, n_tokens), 3)
        found["per_word"] = round(perplexity(nats, n_words), 3)
    return found
