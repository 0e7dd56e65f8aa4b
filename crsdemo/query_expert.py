"""The query expert (ReGeS, sec. 2.3): from a dialogue to what to search for.

A model of its own writes the query, under the grammar: of people and films it can name only those
that the dialogue named. The program puts in what such a model hears badly: the genres that the
newest words mean stand at the beginning (`Memory.meant`), years are those that the user named.
What of the conversation each part of the query took up is found
afterwards, by word stems and the nearness of words to it; the model does not say so itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from crsdemo.catalog import Item
from crsdemo.commons import Commons
from crsdemo.dialogue import Dialogue
from crsdemo.prior import ItemPrior
from crsdemo.prompt import PromptWriter
from crsdemo.query import Person, PseudoQuery, genres_said, named_people
from crsdemo.recommenders.query_sources import sources
from crsdemo.speaker import Speaker
from crsdemo.tokens import encode_text
from crsdemo.wish_words import decades_named
from crsdemo.word_choice import Pen, Place, Sampling

GREEDY = Sampling(max_tokens=32, no_repeat_ngram=3)
AT_ONCE = 48  # dialogues read together by `write_all`
ANYTHING = "popular film"  # the query where nothing was said, as the teacher writes it
SURE = 0.4  # mean probability of the tokens of a phrase from which it is kept

Pieces = tuple[str | Item | Person, ...]
_LEADING = frozenset(("about", "with", "by", "from", "set", "based", "like", ","))


class QueryExpert:
    """Writes what to search for. Safe to call from several threads."""

    def __init__(self, speaker: Speaker, prior: ItemPrior) -> None:
        """`prior` knows people and the genres that words mean."""
        self.speaker = speaker
        self.prior = prior
        self.people = prior.people
        self.encoder = prior.encoder

    @classmethod
    def load(cls, folder: Path, commons: Commons) -> QueryExpert:
        """Raises CheckpointError or CatalogError if anything is missing or does not match."""
        return cls(Speaker.load(folder, commons), commons.prior)

    def write(self, dialogue: Dialogue, before: Sequence[int] = ()) -> PseudoQuery:
        """What to search for, with its sources; the user's last words if the model says nothing.

        `before`: tokens that the model reads before the dialogue.
        """
        pieces = self._written([dialogue], [before])[0]
        return PseudoQuery(pieces, self._sources(dialogue, pieces))

    def write_all(self, dialogues: Sequence[Dialogue]) -> list[PseudoQuery]:
        """The queries of many dialogues, without sources; the short are read together."""
        order = sorted(range(len(dialogues)), key=lambda i: _length(dialogues[i]))
        found: dict[int, PseudoQuery] = {}
        for start in range(0, len(order), AT_ONCE):
            rows = order[start : start + AT_ONCE]
            written = self._written([dialogues[row] for row in rows])
            found |= {row: PseudoQuery(one) for row, one in zip(rows, written, strict=True)}
        return [found[row] for row in range(len(dialogues))]

    def _written(
        self, dialogues: Sequence[Dialogue], before: Sequence[Sequence[int]] = ()
    ) -> list[Pieces]:
        writer, decoder = self.speaker.writer, self.speaker.decoder
        named = [named_people(dialogue, self.people) for dialogue in dialogues]
        begun = [self._beginning(genres) for genres in self.prior.genres_meant(dialogues)]
        requests = [
            [*writer.query_request(people), *first]
            for people, first in zip(named, begun, strict=True)
        ]
        context = self.speaker.read(dialogues, before, requests)
        pens = [
            Pen(
                Place(decoder.grammar, "REC", writer.query_slots(people), _known(dialogue, writer)),
                GREEDY,
            )
            for dialogue, people in zip(dialogues, named, strict=True)
        ]
        decoder.write_all(context, pens)
        return [
            _trimmed(writer.read_query([*first, *self._surely(pen, dialogue)], people))
            or (_last_words(dialogue) or ANYTHING,)
            for pen, first, people, dialogue in zip(pens, begun, named, dialogues, strict=True)
        ]

    def _beginning(self, genres: Sequence[str]) -> list[int]:
        """The genres that the words mean, which a small model hears less well than their map."""
        said = " ".join(genres_said(genres))
        return encode_text(self.speaker.loaded.tokenizer, said) if said else []

    def _surely(self, pen: Pen, dialogue: Dialogue) -> list[int]:
        """What was written, without the phrases of which the model was not sure.

        Years are those that the user named last, whatever the model says: it cannot count.
        """
        first, *others = self._phrases(pen)
        kept = [token for token, _ in first]
        if decades := decades_named(_last_words(dialogue)):
            years = f" from the {decades[-1]}s"
            kept += encode_text(self.speaker.loaded.tokenizer, years)
        for phrase in others:
            lead, *told = phrase
            likely = math.prod(sure for _, sure in told) ** (1 / max(1, len(told)))
            if told and likely >= SURE and self._word(lead[0]) != "from":
                kept += [token for token, _ in phrase]
        return kept

    def _phrases(self, pen: Pen) -> list[list[tuple[int, float]]]:
        """The tokens with how sure each was; all phrases but the first begin with a lead."""
        control = self.speaker.loaded.control
        phrases: list[list[tuple[int, float]]] = [[]]
        for token, sure in zip(pen.written, pen.sure, strict=True):
            if self._word(token) in _LEADING:
                phrases.append([])
            phrases[-1].append((token, 1.0 if token in control.ids else sure))
        return phrases

    def _word(self, token: int) -> str:
        return self.speaker.text([token]).strip().lower()

    # What the query took up.

    def _sources(self, dialogue: Dialogue, pieces: Pieces) -> tuple[str, ...]:
        """Words of the user, then people and titles, each once."""
        words = sources(dialogue, [p for p in pieces if isinstance(p, str)], self.encoder)
        people = (piece.name for piece in pieces if isinstance(piece, Person))
        titles = (piece.title for piece in pieces if isinstance(piece, Item))
        return tuple(dict.fromkeys((*words, *people, *titles)))


def _known(dialogue: Dialogue, writer: PromptWriter) -> list[str]:
    """Items of the catalog that were named; dialogues of a dataset name others too."""
    return [item_id for item_id in dialogue.mentioned if item_id in writer.semantic_ids]


def _trimmed(pieces: Iterable[str | Item | Person]) -> Pieces:
    """Without white space at the ends; empty if there is nothing else."""
    kept = list(pieces)
    if kept and isinstance(kept[0], str):
        kept[0] = kept[0].lstrip()
    if kept and isinstance(kept[-1], str):
        kept[-1] = kept[-1].rstrip()
    return tuple(piece for piece in kept if piece != "")


def _last_words(dialogue: Dialogue) -> str:
    """Of the user; empty if nothing was said."""
    said = (turn.text.strip() for turn in reversed(dialogue.turns) if turn.speaker == "user")
    return next(said, "")


def _length(dialogue: Dialogue) -> int:
    return sum(len(turn.text) for turn in dialogue.turns)
