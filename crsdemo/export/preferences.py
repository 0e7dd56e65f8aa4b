"""Judgments as votes to learn from: what is usable, who is held out, and whether it is enough.

The same examples as `export` makes, with what each is about (`concerns.py`). Loads no torch, so
that a page may say how many votes there are and how many are needed.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Literal

from crsdemo.core.comparison import SIDES
from crsdemo.core.conversation import is_simulated
from crsdemo.core.errors import BadInputError
from crsdemo.export.concerns import Concern, concern_of, label_of, scores_of
from crsdemo.export.examples import Example, Excluded, Reason, labels, unfit
from crsdemo.export.files import split_of
from crsdemo.export.filtered import Rules
from crsdemo.export.judgments import ExportConfig, considered, rules, watched, why_not
from crsdemo.feedback.judgments import JudgedPair, JudgedReply, Judgment, JudgmentReader

Method = Literal["dpo", "kto"]

ENOUGH = 100  # votes to learn from
ENOUGH_FROZEN = 10  # votes to measure on
FROZEN_SHARE = 0.1  # of the people
MOST_OF_ONE = 50  # votes of one person that count: above, it would be a model of that person
LEAK = "its conversation is among the frozen votes too"
FLOOD = f"more than {MOST_OF_ONE} votes of one person"
AGAIN = "the same person says of the same reply what counts instead"


@dataclass(frozen=True)
class Vote:
    """One example: two replies, the better one first, or one that is good or not."""

    annotator: str
    concern: Concern
    replies: tuple[JudgedReply, ...]  # of a verdict two, winner first
    good: bool = True  # of a single reply

    @property
    def prompt(self) -> str:
        return self.replies[0].prompt

    @property
    def dialogues(self) -> frozenset[str]:
        """In which it was said: where each side kept its own history, two."""
        return frozenset(reply.dialogue_id for reply in self.replies)

    @property
    def opinion(self) -> str:
        """Whose it is and of which replies, whichever is the better; the same in every run."""
        return " ".join((self.annotator, *sorted(reply.id for reply in self.replies)))


@dataclass(frozen=True)
class Votes:
    """The votes of a log, and what was left out, by reason."""

    usable: tuple[Vote, ...]
    left_out: Counter[str]
    sha256: str  # of the judgments that were read, as the manifest of `export` has it

    @property
    def simulated(self) -> bool:
        return any(is_simulated(vote.annotator) for vote in self.usable)


@dataclass(frozen=True)
class Divided:
    """Votes to learn from and frozen ones; no person and no conversation is in both."""

    train: tuple[Vote, ...]
    frozen: tuple[Vote, ...]
    left_out: Counter[str]


@dataclass(frozen=True)
class Readiness:
    """Whether the verdicts of a log are enough to learn from."""

    train: int  # pairs to learn from
    frozen: int  # of other people, to measure on
    needed: int  # to learn from
    missing: str  # what is, in words; empty: it is enough
    adapter: str  # the recommender with weights that was judged most; empty: none
    left_out: Mapping[str, int] = field(default_factory=dict)  # other verdicts, by reason


def read_votes(log: JudgmentReader, config: ExportConfig) -> Votes:
    """All votes of a log that `config` lets through; its format is "dpo" or "kto".

    Raises BadInputError if no study is called so, or if votes of people and simulated ones are in
    one log.
    """
    log.check_study(config.study)
    digest = hashlib.sha256()
    judgments = watched(log, log.totals(), config, digest)
    usable, left_out = _usable(judgments, config, rules(log, config))
    votes = Votes(usable, left_out, digest.hexdigest())
    people = {vote.annotator for vote in usable if not is_simulated(vote.annotator)}
    if people and votes.simulated:
        raise BadInputError(
            f"{config.db} holds simulated votes and votes of {len(people)} people; they are never "
            "learned together: use one log for each, or leave some out with --without-visitors"
        )
    return votes


def readiness(log: JudgmentReader, config: ExportConfig) -> Readiness:
    """How many verdicts could be learned from now; `tune` also asks who wrote the replies."""
    usable, left_out = _usable(log.pairs(), config, rules(log, config))
    split = divided(usable, FROZEN_SHARE)
    adapters = Counter(
        reply.recommender for vote in usable for reply in vote.replies if reply.adapter_sha256
    )
    return Readiness(
        train=len(split.train),
        frozen=len(split.frozen),
        needed=ENOUGH,
        missing=_missing(split, ENOUGH),
        adapter=next((name for name, _ in adapters.most_common(1)), ""),
        left_out=dict((left_out + split.left_out).most_common()),
    )


def _usable(
    judgments: Iterable[Judgment], config: ExportConfig, broken: Rules
) -> tuple[tuple[Vote, ...], Counter[str]]:
    """One vote of each person on the same replies, and what was left out by reason."""
    left_out, kept = Counter[str](), dict[str, Vote]()
    for one in _votes(judgments, config, broken):
        if isinstance(one, Excluded):
            # Without the flag of `export` that would take it, which others do not have
            left_out[one.reason.partition(" (--")[0]] += 1
            continue
        # The later counts: verdicts come after what was said of a reply alone, and know that too;
        # of a reply with a thumb, which sums up all else, they make no vote (`Reason.HAS_THUMB`)
        left_out[AGAIN] += one.opinion in kept
        kept[one.opinion] = one
    return tuple(kept.values()), +left_out


def _votes(
    judgments: Iterable[Judgment], config: ExportConfig, broken: Rules
) -> Iterator[Vote | Excluded]:
    if config.format == "dpo":
        for one in considered(judgments, config, broken):
            yield _pair(one) if isinstance(one, Example) else one
        return
    for judgment in judgments:
        if reason := why_not(judgment, config, broken):
            yield Excluded(judgment, reason)
        else:
            yield from _singles(judgment)


def _pair(example: Example) -> Vote:
    pair = example.judgment
    assert isinstance(pair, JudgedPair)
    won, lost = pair.replies if pair.verdict == "left" else pair.replies[::-1]
    return Vote(pair.visitor, concern_of(pair), (won, lost))


def _singles(judgment: Judgment) -> Iterator[Vote | Excluded]:
    """As KTO has it; where `export` finds neither thumb nor tie, scales and marks speak."""
    sides = SIDES if isinstance(judgment, JudgedPair) else ()
    for place, (reply, opinion) in enumerate(labels(judgment, winners=False)):
        if reason := unfit(reply, "exact"):
            yield Excluded(judgment, reason)
            continue
        scores = scores_of(judgment, sides[place]) if isinstance(judgment, JudgedPair) else None
        told = label_of(reply, scores)
        if isinstance(opinion, bool):  # a thumb, whose reasons say of what it is, or a tie
            concern = told.concern if told and told.good == opinion else "both"
            yield Vote(judgment.visitor, concern, (reply,), opinion)
        elif told is None or opinion is Reason.HAS_THUMB:
            yield Excluded(judgment, opinion)
        else:
            yield Vote(judgment.visitor, told.concern, (reply,), told.good)


def divided(votes: Sequence[Vote], frozen_share: float) -> Divided:
    """Split by person as `export` splits; leaks and floods are left out and counted.

    A conversation of which a frozen person judged any turn is kept for the frozen ones alone: its
    turns share their words. So is another vote after the same words: the replies are likely the
    same.
    """
    left_out = Counter[str]()
    held_out = [vote for vote in votes if _is_frozen(vote, frozen_share)]
    frozen = _capped(held_out, left_out)
    prompts = {vote.prompt for vote in held_out}
    dialogues = frozenset[str]().union(*(vote.dialogues for vote in held_out))
    own = [vote for vote in votes if not _is_frozen(vote, frozen_share)]
    unseen = [v for v in own if v.prompt not in prompts and not v.dialogues & dialogues]
    left_out[LEAK] += len(own) - len(unseen)
    return Divided(tuple(_capped(unseen, left_out)), tuple(frozen), +left_out)


def check_enough(split: Divided, needed: int, why: Counter[str]) -> None:
    """`why`: what else was left out. Raises BadInputError: how many there are, how many needed."""
    missing = _missing(split, needed)
    if missing:
        reasons = "; ".join(f"{n:,} left out: {reason}" for reason, n in why.most_common())
        raise BadInputError(f"{missing}{f' ({reasons})' if reasons else ''}")


def _missing(split: Divided, needed: int) -> str:
    if len(split.train) < needed:
        return (
            f"{len(split.train):,} votes can be learned from and {needed:,} are needed; collect "
            "more, or say with --at-least that fewer will do"
        )
    people = len({vote.annotator for vote in split.train})
    if not split.frozen:
        return (
            f"none of the {people:,} people is among the frozen ones, who are drawn by a hash of "
            "the name and are never learned from; more people are needed, or a larger "
            "--frozen-share"
        )
    if len(split.frozen) < min(ENOUGH_FROZEN, needed):
        return (
            f"{len(split.frozen):,} votes are frozen and {min(ENOUGH_FROZEN, needed):,} are needed "
            "to see what was learned; collect more, or take a larger --frozen-share"
        )
    return ""


def shuffled(votes: Sequence[Vote], seed: int) -> tuple[Vote, ...]:
    """Half of the votes turned round, drawn by chance: a control that has nothing to learn."""
    lot = Random(f"labels {seed}")
    return tuple(
        replace(v, replies=v.replies[::-1], good=v.good if len(v.replies) > 1 else not v.good)
        if lot.random() < 0.5
        else v
        for v in votes
    )


def _is_frozen(vote: Vote, share: float) -> bool:
    return split_of(vote.annotator, share) == "test"


def _capped(votes: Sequence[Vote], left_out: Counter[str]) -> list[Vote]:
    """At most so many of each person, drawn by the ids, so that every run draws the same."""
    of: dict[str, list[Vote]] = {}
    for vote in votes:
        of.setdefault(vote.annotator, []).append(vote)
    kept: set[str] = set()
    for own in of.values():
        kept |= {vote.opinion for vote in sorted(own, key=_lot)[:MOST_OF_ONE]}
    left_out[FLOOD] += sum(vote.opinion not in kept for vote in votes)
    return [vote for vote in votes if vote.opinion in kept]


def _lot(vote: Vote) -> str:
    return hashlib.sha256(vote.opinion.encode()).hexdigest()
