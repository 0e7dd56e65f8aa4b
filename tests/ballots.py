"""Votes for tests: written by hand, or made at random by annotators with leanings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from crsdemo.core.comparison import Verdict
from crsdemo.studies.statistics.judging import Scores, Vote

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
OTHER: dict[Verdict, Verdict] = {"left": "right", "right": "left"}


def vote(annotator: str, verdict: Verdict, number: int = 0, **more: Any) -> Vote:
    """Of red on the left against blue on the right, the `number`th minute after the start."""
    about: dict[str, Any] = {"left": "red", "right": "blue", "task": f"task {number}"}
    created = START + timedelta(minutes=number)
    return Vote(annotator=annotator, verdict=verdict, created=created, **about | more)


def ballots(text: str) -> tuple[Vote, ...]:
    """`"ann: l r l / bob: g b s ?"`: each letter a vote, in this order a task of its own."""
    meaning: dict[str, Verdict] = {"l": "left", "r": "right", "g": "both_good"}
    meaning |= {"b": "both_bad", "s": "same", "?": "cannot_tell"}
    people = [line.split(":") for line in text.split("/")]
    return tuple(
        vote(name.strip(), meaning[letter], 100 * person + number)
        for person, (name, letters) in enumerate(people)
        for number, letter in enumerate(letters.split())
    )


def study(n_people: int, n_each: int, share: float, spread: float, seed: int) -> list[Vote]:
    """`n_each` votes of each annotator, whose own share for red lies about `share`, and swaps."""
    random = Random(seed)
    votes = []
    for person in range(n_people):
        own = min(1.0, max(0.0, random.gauss(share, spread)))
        for number in range(n_each):
            verdict: Verdict = "left" if random.random() < own else "right"
            one = vote(f"p{person}", verdict, person * n_each + number)
            votes.append(mirrored(one) if random.random() < 0.5 else one)
    return votes


def mirrored(one: Vote) -> Vote:
    """The same opinion with the sides swapped."""
    aspects = {name: Scores(s.right, s.left) for name, s in one.aspects.items()}
    verdict = OTHER.get(one.verdict, one.verdict)
    return replace(one, left=one.right, right=one.left, verdict=verdict, aspects=aspects)


def turned(one: Vote) -> Vote:
    """The opposite opinion of the same two replies."""
    return replace(one, verdict=OTHER.get(one.verdict, one.verdict))


def cloned(votes: Iterable[Vote]) -> list[Vote]:
    """Every annotator twice."""
    return [replace(one, annotator=f"{one.annotator}{twin}") for one in votes for twin in ("", "'")]
