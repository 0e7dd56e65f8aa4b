"""Questions that can be asked about any film, put behind what was said in a written conversation.

What a card says and what it does not is learned from many films and few wordings: each row of
`followups.jsonl` has wordings of a question and of its answer, with facts as slots.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.errors import BadInputError
from crsdemo.recommenders.written_answers import LIKED, SAID, WrittenAnswer
from crsdemo.training.written.data import (
    PLACE,
    TITLE,
    AssistantTurn,
    FollowUp,
    UserTurn,
    WrittenDialogue,
    slot,
)

MOST = 3  # questions in a row
LAST = "last"  # in what is said of the first film: the one spoken of last
# What of the person's words speaks for the film: nobody knows it of a conversation that was written
BECAUSE = (SAID, LIKED)
OTHERS = ("other_person", "other_genre", "wrong_year")  # in what is asked: not so of the film
LATER = 30  # years at most by which a wrong year is wrong


class FollowUps:
    """Puts questions behind conversations."""

    def __init__(self, catalog: Catalog, rows: Sequence[FollowUp]) -> None:
        self.catalog = catalog
        self.rows = rows
        self.people = sorted({person for item in catalog for person in item.people})

    def followed(self, written: WrittenDialogue, rng: np.random.Generator) -> WrittenDialogue:
        """The conversation up to one of its films, and then questions about that film.

        Unchanged where it speaks of no film.
        """
        about = [
            place
            for place, turn in enumerate(written.turns)
            if isinstance(turn, AssistantTurn) and turn.item in self.catalog.row
        ]
        if not about or not self.rows:
            return written
        turns = list(written.turns[: int(rng.choice(about)) + 1])
        for _ in range(int(rng.integers(1, MOST + 1))):
            turns += self._asked(turns, rng)
        return written.model_copy(update={"turns": tuple(turns)})

    def _asked(
        self, turns: Sequence[UserTurn | AssistantTurn], rng: np.random.Generator
    ) -> Sequence[UserTurn | AssistantTurn]:
        """A question and its answer, or nothing if what was drawn does not suit the film."""
        row = self.rows[int(rng.integers(len(self.rows)))]
        spoken = [turn.item for turn in turns if isinstance(turn, AssistantTurn) and turn.item]
        n_spoken = len(set(spoken))
        if (row.of == "first" and n_spoken < 2) or (row.of == "only" and n_spoken > 1):
            return ()
        last = self.catalog.item(spoken[-1])
        item = self.catalog.item(spoken[0]) if row.of == "first" else last
        says = [text for text in row.says if self._is_known(text, item)]
        asks = [text for text in row.user if self._is_known(text, item)]
        if not says or not asks:
            return ()
        asked = self._filled(str(rng.choice(asks)), item, rng)
        said = str(rng.choice(says)).replace(f"{{{LAST}}}", f"{{film:{last.id}}}")
        user = UserTurn(user=asked, acts=(row.act,))
        if row.of == "none":
            return user, AssistantTurn(move="chat", says=said)
        return user, AssistantTurn(move="talk", item=item.id, says=said)

    def _is_known(self, text: str, item: Item) -> bool:
        """Whether the item has every fact of a text, and others are there to be wrong about."""
        names = {found[2] for found in PLACE.finditer(text)}
        if names.intersection(BECAUSE):
            return False
        if "other_person" in names and not (item.people and set(self.people) - set(item.people)):
            return False
        if "other_genre" in names and not set(self.catalog.genres) - set(item.genres):
            return False
        if "wrong_year" in names and not item.year:
            return False
        return all(slot(name).value(item) for name in names - {TITLE, LAST, *OTHERS})

    def _filled(self, text: str, item: Item, rng: np.random.Generator) -> str:
        """With facts in the place of slots, as people type them: often in small letters."""
        is_small = rng.random() < 0.5

        def fact(found: re.Match[str]) -> str:
            value = self._value(found[2], item, rng)
            value = value.lower() if is_small else value
            return f"[{value}|{item.id}]" if found[2] == TITLE else value

        return PLACE.sub(fact, text)

    def _value(self, name: str, item: Item, rng: np.random.Generator) -> str:
        if name == TITLE:
            return item.title.translate(str.maketrans("", "", "[]{}|"))
        if name == "other_person":
            return str(rng.choice([p for p in self.people if p not in item.people]))
        if name == "other_genre":
            return str(rng.choice([g for g in self.catalog.genres if g not in item.genres]))
        if name == "wrong_year":
            return str((item.year or 0) + int(rng.choice([-1, 1])) * int(rng.integers(1, LATER)))
        return slot(name).value(item) or ""


def answers_of(rows: Sequence[FollowUp]) -> list[WrittenAnswer]:
    """What an adapter keeps of them: questions that hold for any film, without its title.

    A question with a fact in it ("is {cast_1} in it?") is true of some films and not of others.
    """
    kept = []
    for row in rows:
        asks = [text.replace(f"{{{TITLE}}}", "").strip() for text in row.user]
        asks = [re.sub(r"\s+", " ", text) for text in asks if text and not PLACE.search(text)]
        says = tuple(PLACE.sub(_token, text) for text in row.says)
        if asks:
            of = "talk" if row.act == "thanks" else row.of
            kept.append(WrittenAnswer(of=of, asks=tuple(asks), says=says))
    return kept


def _token(place: re.Match[str]) -> str:
    return f"<{place[2]}>" if place[2] in (TITLE, LAST, *BECAUSE) else slot(place[2]).token


def of_follow_up(row: FollowUp) -> list[str]:
    """What is wrong with a row."""
    wrong = []
    for texts, own in ((row.says, (TITLE, LAST, *BECAUSE)), (row.user, (TITLE, *OTHERS))):
        for text in texts:
            for found in PLACE.finditer(text):
                try:
                    if found[2] not in own:
                        slot(found[2])
                except BadInputError as error:
                    wrong.append(f"{text!r}: {error}")
                if row.of == "none":
                    wrong.append(f"{text!r}: a fact, though no film is spoken of")
    if row.of == "first":
        wrong += [f"{t!r} does not name {{title}}" for t in row.says if f"{{{TITLE}}}" not in t]
    return wrong
