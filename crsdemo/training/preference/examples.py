"""Votes as sequences to learn from, or the reason why one is of no use to this adapter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tqdm import tqdm

from crsdemo.core.dialogue import Dialogue
from crsdemo.core.errors import BadInputError
from crsdemo.export.concerns import Learn, learned
from crsdemo.export.preferences import Vote
from crsdemo.feedback.judgments import JudgedReply, JudgmentReader
from crsdemo.model.talk import history_of
from crsdemo.model.tokens import decoded
from crsdemo.training.lm.sequences import TrainingSequence
from crsdemo.training.preference.transcribe import OtherFormatError, Scored, Transcriber, scored

OTHER_CATALOG = "of another catalog"
OTHER_BASE = "written by another base model"
OTHER_FORMAT = "read or written in another format than this adapter's"
NOT_ASKED = "about what is not to be learned (--learn)"
NO_DIFFERENCE = "both replies are the same in what is learned"
NO_SEARCH = "a film without a search, which teaches ReGeS nothing"


class Example(NamedTuple):
    """A vote with the sequences of its replies, in the same order."""

    vote: Vote
    sides: tuple[Scored, ...]


@dataclass(frozen=True)
class Reader:
    """Turns votes into examples for one adapter."""

    log: JudgmentReader
    transcriber: Transcriber
    base_sha256: str
    learn: Learn

    def examples(self, votes: Sequence[Vote]) -> tuple[list[Example], Counter[str]]:
        """What can be learned, and how many cannot, by reason."""
        found, left_out = list[Example](), Counter[str]()
        for vote in tqdm(votes, desc="reading votes", unit="vote"):
            one = self._example(vote)
            if isinstance(one, Example):
                found.append(one)
            else:
                left_out[one] += 1
        return found, left_out

    def _example(self, vote: Vote) -> Example | str:
        talk = self.transcriber.talk
        if any(reply.catalog_sha256 != talk.catalog.fingerprint for reply in vote.replies):
            return OTHER_CATALOG
        if any(reply.model_sha256 != self.base_sha256 for reply in vote.replies):
            return OTHER_BASE
        concern = learned(vote.concern, self.learn)
        if concern is None:
            return NOT_ASKED
        try:
            whole = [self._sequence(reply) for reply in vote.replies]
        except OtherFormatError:
            return OTHER_FORMAT
        if self.transcriber.searches and concern != "words" and not all(map(self._searches, whole)):
            return NO_SEARCH
        sides = tuple(scored(one, concern, talk.control.resp) for one in whole)
        if len(sides) > 1 and sides[0] == sides[1]:
            return NO_DIFFERENCE
        return Example(vote, sides)

    def _sequence(self, reply: JudgedReply) -> TrainingSequence:
        """Raises OtherFormatError if the log has read or written anything else, to the letter."""
        talk = self.transcriber.talk
        history = history_of(Dialogue(reply.heard).heard, talk)
        written = self.log.written(reply.id)
        if (decoded(talk.tokenizer, history.ids), decoded(talk.tokenizer, written)) != (
            reply.prompt,
            reply.output,
        ):
            raise OtherFormatError(reply.id)
        return self.transcriber.reply(history, written)

    def _searches(self, sequence: TrainingSequence) -> bool:
        """Whether a recommendation has a search; of talk none is expected."""
        control = self.transcriber.talk.control
        mode = sequence.decisions[0].at
        return sequence.ids[mode] == control.chat or sequence.ids[mode + 1] == control.query


def mismatched(examples: Sequence[Example]) -> list[Scored]:
    """Each reply after what another conversation had said before its own, for KTO's KL term.

    Of each example what was heard, and the reply of the next one of another conversation.
    Raises BadInputError if all are of one conversation.
    """
    found = []
    for place, one in enumerate(examples):
        following = (*examples[place + 1 :], *examples[:place])
        other = next((each for each in following if _are_apart(one, each)), None)
        if other is None:
            raise BadInputError(
                "--method kto learns from several conversations; all votes are of one"
            )
        found.append(_after(one.sides[0], other.sides[0]))
    return found


def _are_apart(one: Example, other: Example) -> bool:
    heard, also_heard = (each.sides[0].ids[: each.sides[0].start] for each in (one, other))
    return heard != also_heard and one.vote.dialogues.isdisjoint(other.vote.dialogues)


def _after(heard: Scored, said: Scored) -> Scored:
    """The whole reply `said`, from its tag on, after what was heard before the other one."""
    later = heard.start - said.start
    places = tuple(place._replace(at=place.at + later) for place in said.places)
    return Scored((*heard.ids[: heard.start], *said.ids[said.start :]), places, heard.start)
