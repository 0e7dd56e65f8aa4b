"""Turns of dialogues: put together from pieces, what they name, which words may be learned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import Dialogue, Mention, Speaker, Turn
from crsdemo.language.corpus import CorpusDialogue
from crsdemo.language.people import PeopleLinker
from crsdemo.model.talk import pieces_of

MAX_REPLY_WORDS = 40


def turn_of(speaker: Speaker, pieces: Iterable[str | tuple[str, str]]) -> Turn:
    """From words, and items as what is said and the id of what it means."""
    text, mentions = "", []
    for piece in pieces:
        said = piece if isinstance(piece, str) else piece[0]
        if not isinstance(piece, str):
            mentions.append(Mention(len(text), len(text) + len(said), piece[1]))
        text += said
    return Turn(speaker, text, tuple(mentions))


def spans(turn: Turn) -> Iterator[str | tuple[str, str]]:
    """The pieces from which `turn_of` makes the turn."""
    end = 0
    for mention in turn.mentions:
        yield turn.text[end : mention.start]
        yield turn.text[mention.start : mention.end], mention.item_id
        end = mention.end
    yield turn.text[end:]


def mentioned_rows(turns: Sequence[Turn], catalog: Catalog) -> list[int]:
    """Rows of the items named so far, newest first, each once."""
    named = (item_id for turn in reversed(turns) for item_id in reversed(turn.item_ids))
    return list(dict.fromkeys(catalog.row[i] for i in named if i in catalog.row))


@dataclass(frozen=True)
class TrainingTurn:
    """A turn of a training dialogue that recommends something new; rows of the catalog."""

    name: str  # of the dialogue
    place: int  # of the turn in it
    history: Dialogue
    seen: list[int]  # mentioned before, newest first
    gold: list[int]
    fold: int = 0


def recommending_turns(
    dialogues: Iterable[CorpusDialogue], catalog: Catalog
) -> Iterator[TrainingTurn]:
    """Those in which the assistant names items of the catalog for the first time."""
    for one in dialogues:
        for place, turn in enumerate(one.dialogue.turns):
            history = one.dialogue.before(place)
            seen = mentioned_rows(history.turns, catalog)
            gold = [row for row in mentioned_rows([turn], catalog)[::-1] if row not in seen]
            if turn.speaker == "assistant" and place and gold:
                yield TrainingTurn(one.id, place, history, seen, gold)


def clean_words(turn: Turn, catalog: Catalog, people: PeopleLinker) -> tuple[str | Item, ...]:
    """The pieces of a turn that is short and claims nothing of a film, empty for any other."""
    text = turn.text.lower()
    claims = any(genre in text for genre in catalog.genres) or any(map(str.isdigit, turn.untitled))
    linked = all(m.item_id in catalog.row and m.end > m.start for m in turn.mentions)
    if claims or not linked or len(text.split()) > MAX_REPLY_WORDS or people.link_people(turn.text):
        return ()
    pieces = [p.replace("\n", " ") if isinstance(p, str) else p for p in pieces_of(turn, catalog)]
    if pieces and isinstance(pieces[0], str):
        pieces[0] = pieces[0][:1].upper() + pieces[0][1:]
    return tuple(pieces)
