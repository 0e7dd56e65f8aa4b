"""The words of a dataset's recommender under a generative model: how well it foretells them.

Everything is teacher-forced: the model reads the dialogue, the mode, the item with its card of
facts and the words of the reference, as it would have read its own. A title counts as one token,
`<BOI>`: that an item is named is foretold, which one was said before (GCRS, App. D, puts one
`<movie>` token there). The closing eos counts as a token.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tqdm import tqdm

from crsdemo.catalog import Catalog, Item
from crsdemo.corpus import CorpusDialogue
from crsdemo.dialogue import Dialogue, Turn
from crsdemo.generative import Generative
from crsdemo.protocol import cases
from crsdemo.recommender import Mode
from crsdemo.text_metrics import perplexity, without_titles, words


@dataclass(frozen=True)
class Answered:
    """A recommender turn of a dataset, and what was said before it."""

    dialogue: int  # position among the dialogues
    context: Dialogue  # never empty
    turn: Turn

    @property
    def mode(self) -> Mode:
        """REC if the turn names an item (GCRS, App. C)."""
        return "REC" if self.turn.mentions else "CHAT"


def answered(dialogues: Sequence[CorpusDialogue]) -> list[Answered]:
    """Every recommender turn that something was said before, in order."""
    return [
        Answered(case.dialogue, case.context, dialogues[case.dialogue].dialogue.turns[case.turn])
        for case in cases(dialogues)
    ]


@dataclass(frozen=True)
class _Reference:
    """A turn whose items the catalog holds, ready to be read."""

    context: Dialogue
    pieces: tuple[str | Item, ...]
    mode: Mode
    n_words: int  # 13a tokens, each title one

    @property
    def item(self) -> Item | None:
        """The first that is named: the others of a turn share its words."""
        return next((piece for piece in self.pieces if isinstance(piece, Item)), None)


def reference_figures(
    recommender: Generative, turns: Sequence[Answered], seed: int = 0
) -> dict[str, Any]:
    """Perplexity of the references, with the right item and a wrong one before the words.

    `gold` and `wrong` hold `per_token` of the model's own tokenizer and `per_word`, comparable
    between tokenizers; both are of the turns that name an item (mode REC), `all` of every turn
    with the right item. Turns that name a film outside the catalog are left out and counted. Shows
    progress on stderr.
    """
    catalog = recommender.catalog
    references = [one for turn in turns if (one := _reference(turn, catalog)) is not None]
    reader = _Reader(recommender)
    progress = tqdm(references, desc="reading references", unit="turn")
    gold = [reader.read(one, one.item) for one in progress]
    rng = random.Random(seed)
    naming = [(one, read) for one, read in zip(references, gold, strict=True) if one.item]
    progress = tqdm(naming, desc="reading them with a wrong item", unit="turn")
    wrong = [reader.read(one, _stranger(one, catalog, rng)) for one, _ in progress]
    return {
        "tokenizer": f"the recommender's own, {len(recommender.writer.tokenizer):,} tokens",
        "left_out": len(turns) - len(references),
        "all": _perplexities(gold, references),
        "gold": _perplexities([read for _, read in naming], [one for one, _ in naming]),
        "wrong": _perplexities(wrong, [one for one, _ in naming]),
    }


@dataclass(frozen=True)
class _Read:
    """What reading one reference gave."""

    nats: float
    n_tokens: int


class _Reader:
    """Reads references with the model that says the words."""

    def __init__(self, recommender: Generative) -> None:
        self.voice = recommender.voice
        self.writer = self.voice.writer
        self.control = self.voice.decoder.control

    def read(self, reference: _Reference, item: Item | None) -> _Read:
        """`item`: the one chosen before the words."""
        target = self.writer.target(reference.mode, item, reference.pieces).ids
        start = target.index(self.control.resp) + 1
        context = self.voice.read([reference.context])
        self.voice.decoder.feed(context, target[:start])
        surprise = -self.voice.decoder.score(context, target[start:])
        counted = self._counted(target[start:])
        return _Read(float(surprise[counted].sum()), sum(counted))

    def _counted(self, said: Sequence[int]) -> list[bool]:
        """All tokens but the codes of items and `<EOI>`."""
        return [token not in self.control.code and token != self.control.eoi for token in said]


def _reference(one: Answered, catalog: Catalog) -> _Reference | None:
    """None if a film is named that the catalog does not hold."""
    if any(item_id not in catalog.row for item_id in one.turn.item_ids):
        return None
    pieces = tuple(piece for piece in _pieces(one.turn, catalog) if piece != "")
    mode: Mode = "REC" if any(isinstance(piece, Item) for piece in pieces) else "CHAT"
    return _Reference(one.context, pieces, mode, len(words(without_titles(one.turn))))


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


def _perplexities(read: Sequence[_Read], references: Sequence[_Reference]) -> dict[str, Any]:
    """`per_token` and `per_word`, or neither if there is nothing to read."""
    nats = math.fsum(one.nats for one in read)
    n_tokens = sum(one.n_tokens for one in read)
    n_words = sum(one.n_words for one in references)
    found: dict[str, Any] = {"turns": len(read), "tokens": n_tokens, "words": n_words}
    if n_tokens and n_words:
        found["per_token"] = round(perplexity(nats, n_tokens), 3)
        found["per_word"] = round(perplexity(nats, n_words), 3)
    return found
