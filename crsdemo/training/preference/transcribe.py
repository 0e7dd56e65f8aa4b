"""Replies of the log as the sequences that the model read and wrote, token by token.

The same as in training (`training/lm/examples.py`): what the system put there (the card of a film,
the title behind an ID) is read and not learned, a tag or a code is a decision among what the
grammar leaves, words are words. What is learned of a reply is told by `scored`.

Shapes: T tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from crsdemo.core.catalog import Item
from crsdemo.core.errors import CheckpointError
from crsdemo.export.concerns import Concern
from crsdemo.model.talk import History, TalkFormat
from crsdemo.training.lm.sequences import IdPaths, TrainingSequence


class OtherFormatError(CheckpointError):
    """A reply that was written in another format, or about other semantic IDs."""


class Place(NamedTuple):
    """A token that is learned, and among which it was chosen."""

    at: int
    options: tuple[int, ...]  # empty: the whole vocabulary


@dataclass(frozen=True)
class Scored:
    """A sequence up to the last token that is learned, with what is learned of it."""

    ids: tuple[int, ...]
    places: tuple[Place, ...]  # of the reply; in order
    start: int  # of the reply: what stands before was heard


def scored(sequence: TrainingSequence, concern: Concern, resp: int) -> Scored:
    """A film is its tag, its ID and what was searched for, words are what is said of it.

    `resp`: the token after which the words of the last reply begin. What weighs nothing at the
    end is not even read.
    """
    of_words = len(sequence.ids) - 1 - sequence.ids[::-1].index(resp)
    places = [Place(one.at, one.options) for one in sequence.decisions]
    places += [Place(at, ()) for at, is_word in enumerate(sequence.are_words) if is_word]
    is_wanted = {"item": lambda at: at < of_words, "words": lambda at: at > of_words}
    kept = sorted(place for place in places if concern == "both" or is_wanted[concern](place.at))
    end = 1 + max((place.at for place in kept), default=0)
    start = sequence.decisions[0].at  # the tag, which begins every reply
    return Scored(tuple(sequence.ids[:end]), tuple(kept), start)


@dataclass(frozen=True)
class Transcriber:
    """Writes replies as training does. `searches`: for ReGeS, whose films come from its searches.

    Of a reply that was written by the other system what both have is kept: a generative model is
    taught the film of a search by its ID.
    """

    talk: TalkFormat
    searches: bool = False

    @cached_property
    def _paths(self) -> IdPaths:
        return IdPaths(self.talk.catalog, self.talk.semantic_ids, self.talk.control)

    @cached_property
    def _items(self) -> dict[tuple[int, ...], Item]:
        ids = self.talk.semantic_ids
        return {self.talk.control.item(ids[item.id]): item for item in self.talk.catalog}

    def reply(self, history: History, written: Sequence[int]) -> TrainingSequence:
        """What was read and what was written after it, `written` from its tag to its end.

        Raises OtherFormatError if that is no reply in this format.
        """
        try:
            return self._reply(history, list(written))
        except (IndexError, KeyError) as error:
            raise OtherFormatError(f"the tokens {list(written)[:8]} are no reply here") from error

    def _reply(self, history: History, left: list[int]) -> TrainingSequence:
        control, sequence = self.talk.control, TrainingSequence()
        sequence.add(history.ids)
        tag = left.pop(0)
        if tag not in (control.chat, control.rec):
            raise KeyError(tag)
        sequence.decide_for(tag, (control.chat, control.rec), "mode")
        if tag == control.rec:
            self._film(sequence, left, history)
        else:
            sequence.decide_for(left[0], (control.boi, control.resp), "film")
            if left.pop(0) == control.boi:
                self._code(sequence, left, history, is_chosen=True)
        if sequence.ids[-1] != control.resp:
            sequence.add([self._next(left, control.resp)])
        self._words(sequence, left)
        return sequence

    def _film(self, sequence: TrainingSequence, left: list[int], history: History) -> None:
        """Of a recommendation: what is searched for, if anything, and the ID."""
        control = self.talk.control
        if left[0] == control.query:
            end = left.index(control.eos) + 1
            search, left[:] = left[:end], left[end:]
            if self.searches:
                sequence.add(search, [False, *[True] * (end - 1)])
        sequence.add([self._next(left, control.boi)])
        self._code(sequence, left, history, is_chosen=not self.searches)

    def _code(
        self, sequence: TrainingSequence, left: list[int], history: History, *, is_chosen: bool
    ) -> None:
        """An ID and the card behind it. ReGeS chooses with its head, and the system writes it."""
        n_levels = self.talk.control.n_levels
        codes, left[:] = tuple(left[:n_levels]), left[n_levels:]
        item = self._items[codes]
        if is_chosen:
            row = self.talk.catalog.row[item.id]
            self._paths.write(sequence, row, np.array([row]), np.ones(1))
        else:
            sequence.add(codes)
        card = [] if item.id in history.carded else self.talk.card(item)
        sequence.add([self._next(left, self.talk.control.eoi), *card])

    def _words(self, sequence: TrainingSequence, left: list[int]) -> None:
        """The words to their end; the titles behind IDs were put there by the system."""
        control = self.talk.control
        for place, token in enumerate(left):
            sequence.add([token], [True])
            if token == control.eoi:
                codes = tuple(left[place - control.n_levels : place])
                sequence.add(self.talk.text(f" {self._items[codes].name}"))
        self._next(left[-1:], control.eos)

    def _next(self, left: list[int], expected: int) -> int:
        """Take the next token. Raises KeyError for another than what is expected."""
        if left[0] != expected:
            raise KeyError(left[0])
        return left.pop(0)
