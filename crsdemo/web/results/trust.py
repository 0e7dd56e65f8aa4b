"""How it was judged: exhibits of how far votes can be trusted."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise

from crsdemo.feedback.results import Participant, pseudonym
from crsdemo.studies.statistics.agreement import Agreement
from crsdemo.studies.statistics.habits import PositionBias, Progress
from crsdemo.web.results import figures
from crsdemo.web.results.figures import Axis, Bar, Dot, Piece
from crsdemo.web.results.tables import Cell, Column, Table
from crsdemo.web.results.who import RULES
from crsdemo.web.results.words import (
    HALF,
    Exhibit,
    Findings,
    counted,
    drawn,
    ends,
    interval_columns,
    number,
    share,
)

SLOTS = (0, 5, 10, 15, 20, 30, 45, 60, 90, 120)  # seconds; the last one is open
N_PEOPLE = 40  # in the picture; the table has all
SURE = 0.05  # p-value below which a lean is more than chance


def days(of: Findings) -> Exhibit:
    found = of.results.days
    table = Table(
        (Column("day, UTC"), Column("votes", "count")),
        tuple((str(day.day), day.votes) for day in found),
    )
    labels = [f"{day.day:%d %b}" for day in found]
    figure = figures.columns(labels, [day.votes for day in found]) if found else None
    busiest = max(found, key=lambda day: day.votes, default=None)
    answer = (
        f"On {counted(len(found), 'day')}; most on {busiest.day:%Y-%m-%d}, {busiest.votes:,}."
        if busiest
        else "There is no vote yet."
    )
    return Exhibit("When did they vote?", answer, table, figure)


def seconds(of: Findings) -> Exhibit:
    known = [vote.seconds for vote in of.votes if vote.seconds is not None]
    slots = slotted(known)
    table = Table(
        (Column("seconds"), Column("votes", "count")), tuple((name, n) for name, n in slots)
    )
    times = of.results.times
    answer = "The time is not known of any vote."
    if times.median is not None:
        hasty = counted(times.too_fast, "vote") if times.too_fast else "none"
        answer = (
            f"Half of them took {times.lower:.0f} to {times.upper:.0f} s, the median is "
            f"{times.median:.0f} s; {hasty} came faster than one reads."
        )
    names, counts = [name for name, _ in slots], [n for _, n in slots]
    figure = figures.columns(names, counts) if known else None
    return Exhibit("How long did a vote take?", answer, table, figure)


def position(of: Findings) -> Exhibit:
    found = of.results.position
    rows = [Dot("left wins", found.share, share(found.share))]
    table = Table(
        (
            Column("decided votes", "count"),
            Column("for the left", "count"),
            *interval_columns("share of left", "share"),
            Column("test of one half", "chance"),
            Column("test of people being alike", "chance"),
        ),
        ((found.decided, found.left, *ends(found.share), found.test, found.test_between_people),),
    )
    figure = figures.dots(rows, HALF) if found.decided else None
    return Exhibit("Does the place on the screen matter?", _position_words(found), table, figure)


def agreement(of: Findings) -> Exhibit:
    found = of.results.agreement
    judged = [("verdicts", found.verdicts), ("winner or tie", found.winners)]
    judged += [*found.aspects.items()]
    rows = [Dot(name, a.alpha, number(a.alpha, 2)) for name, a in judged if a.units]
    halves: list[tuple[Cell, ...]] = [
        ("split half, tasks", None, None, found.split_half, None, None),
        ("split half, ranking", None, None, found.split_half_ranking, None, None),
    ]
    table = Table(
        (
            Column("of what"),
            Column("judged by 2 or more", "count"),
            Column("say the same", "share"),
            *interval_columns("alpha or correlation", "number"),
        ),
        (*(_agreement_row(name, a) for name, a in judged), *halves),
    )
    axis = Axis(-1, 1, (-1, -0.5, 0, 0.5, 1), ("−1", "−0.5", "chance", "0.5", "1"), 0)
    return Exhibit("Do people agree?", _agreement_words(found.winners), table, drawn(rows, axis))


def progress(of: Findings) -> Exhibit:
    people = {one.annotator: one for one in of.participants}
    did = {one.annotator: one for one in of.results.progress}
    everyone = list(dict.fromkeys((*people, *did)))
    bars = [_progress_bar(name, people.get(name), did.get(name)) for name in everyone[:N_PEOPLE]]
    table = Table(
        (
            Column("person"),
            *((Column("study"), Column("state")) if people else ()),
            *((Column("to judge", "count"), Column("judged", "count")) if people else ()),
            Column("votes", "count"),
            *(Column(name, "moment") for name in ("first vote", "last vote")),
            Column("median time", "seconds"),
            Column("share of left", "share"),
            Column("stands out"),
        ),
        tuple(
            (pseudonym(name), *(_taking_part(people.get(name)) if people else ()), *_habits(one))
            for name in everyone
            for one in (did.get(name),)
        ),
    )
    done = sum(one.state == "done" for one in of.participants)
    answer = f"{counted(len(did), 'person')} voted."
    if people:
        answer = f"{done:,} of {counted(len(people), 'person')} who came to a study are done."
    if len(everyone) > N_PEOPLE:
        answer += f" The picture has the first {N_PEOPLE}."
    left = Piece("still to judge", 0, figures.shade(3))
    legend = (Piece("judged", 0, figures.ACCENT), left) if people else ()
    figure = figures.bars(bars, slim=True) if bars else None
    return Exhibit("How far is everybody?", answer, table, figure, legend)


def slotted(known: Iterable[float]) -> list[tuple[str, int]]:
    """How many votes took how long: (slot in seconds, votes)."""
    took = list(known)
    limits = (*pairwise(SLOTS), (SLOTS[-1], math.inf))
    return [
        (f"{low} to {high}" if high < math.inf else f"{low} up", sum(low <= t < high for t in took))
        for low, high in limits
    ]


def _position_words(found: PositionBias) -> str:
    if not found.decided:
        return "Nothing was decided yet."
    if found.test >= SURE:
        words = "No side is favoured beyond chance."
    else:
        side = "left" if found.left > found.decided / 2 else "right"
        words = f"The {side} side is chosen more often than chance would."
    differ = found.test_between_people < SURE
    return words + (" People differ in that beyond chance." if differ else "")


def _agreement_words(winners: Agreement) -> str:
    if not winners.units:
        return "No two people have judged the same yet: only replays of a study tell."
    same = f"{winners.percent:.0%}" if winners.percent is not None else "–"
    were = "was" if winners.units == 1 else "were"
    n = f"{counted(winners.units, 'comparison')} {were}"
    return f"Of two people on one comparison {same} say the same; {n} judged by two or more."


def _agreement_row(name: str, one: Agreement) -> tuple[Cell, ...]:
    return (name, one.units, one.percent, *ends(one.alpha))


def _progress_bar(name: str, who: Participant | None, did: Progress | None) -> Bar:
    votes = did.votes if did else 0
    judged = who.judged if who else votes
    planned = max(who.planned if who else votes, judged)
    words = f"{judged:,} of {planned:,}, {who.state}" if who else counted(votes, "vote")
    pieces = (
        Piece("judged", judged, figures.ACCENT),
        Piece("still to judge", planned - judged, figures.shade(3)),
    )
    return Bar(pseudonym(name), words, pieces)


def _taking_part(who: Participant | None) -> tuple[Cell, ...]:
    return (who.study, who.state, who.planned, who.judged) if who else (None,) * 4


def _habits(did: Progress | None) -> tuple[Cell, ...]:
    if did is None:
        return (0, None, None, None, None, "")
    outstanding = ", ".join(RULES[flag] for flag in did.flags)
    return (did.votes, did.first, did.last, did.seconds, did.left, outstanding)
