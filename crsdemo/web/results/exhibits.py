"""What votes say: of recommenders first, then how far that can be trusted. Each is an exhibit."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from crsdemo.core.comparison import ASPECTS
from crsdemo.feedback.results import Participant, pseudonym
from crsdemo.studies.statistics.agreement import AgreementReport
from crsdemo.studies.statistics.answers import Answer, choice_counts, scale_means, written
from crsdemo.studies.statistics.habits import (
    SLOTS,
    AspectScore,
    Checks,
    PositionBias,
    Progress,
    Times,
)
from crsdemo.studies.statistics.pairs import PairResult, counted
from crsdemo.studies.statistics.report import Results
from crsdemo.studies.statistics.strengths import Strengths
from crsdemo.web.results import questioned
from crsdemo.web.results.figures import ACCENT, Axis, Bar, Bars, Dot, Dots, Piece, color_of, shade
from crsdemo.web.results.tables import Cell, Column, Table, cells
from crsdemo.web.results.words import RULES, UNDECIDED, Exhibit, interval, number, share

HALF = Axis(0, 1, {0: "0", 0.25: "25%", 0.5: "50%", 0.75: "75%", 1: "100%"}, 0.5)
EVEN = Axis(-1, 1, {-1: "−100%", -0.5: "−50%", 0: "even", 0.5: "50%", 1: "100%"}, 0)
CHANCE = Axis(-1, 1, {-1: "−1", -0.5: "−0.5", 0: "chance", 0.5: "0.5", 1: "1"}, 0)
SCALE = Axis(0, 1, {0: "worst", 0.5: "middle", 1: "best"})
SURE = 0.05  # p-value below which a lean is more than chance

Names = Sequence[str]  # of recommenders, in the order of their colours


def exhibits(
    of: Results, participants: Sequence[Participant] = (), answers: Sequence[Answer] = ()
) -> dict[str, Exhibit]:
    """Those that have something to show, by name and in their order."""
    names = of.recommenders
    found: dict[str, Exhibit] = {}
    if of.pairs:
        found["verdicts"] = verdicts(of.pairs, names)
        found["net-win-rate"] = net_rates(of.pairs)
    if of.strengths:
        found["strengths"] = strengths(of.strengths, names)
    if of.aspects:
        found["aspects"] = aspects(of.aspects, names)
    if counts := choice_counts(answers):
        found["answers"] = questioned.counts(counts, names)
    if means := scale_means(answers):
        found["means"] = questioned.means(means, names)
    if texts := written(answers):
        found["texts"] = questioned.texts(texts)
    if of.counted:
        found["agreement"] = agreement(of.agreement)
    if of.position.decided:
        found["position"] = position(of.position)
    if of.times.votes:
        found["seconds"] = seconds(of.times, of.flags["too_fast"])
    if of.checks.judged:
        found["checks"] = checks(of.checks)
    if of.progress or participants:
        found["progress"] = progress(of.progress, participants)
    return found


def verdicts(pairs: Sequence[PairResult], names: Names) -> Exhibit:
    undecided, votes = sum(p.tally.undecided for p in pairs), sum(p.tally.votes for p in pairs)
    each = {words: sum(getattr(p.tally, n) for p in pairs) for n, words in UNDECIDED.items()}
    which = ", ".join(f"{words} {n:,}" for words, n in each.items() if n)
    by_rule = " Identical replies are ties by rule." if each[UNDECIDED["identical"]] else ""
    named = f"{undecided:,} of {votes:,} votes name no winner"
    return Exhibit(
        "What did people say?",
        f"{named} ({which}).{by_rule}" if which else f"{named}.",
        Table.of(map(_verdict_row, pairs)),
        Bars([_verdict_bar(pair, names) for pair in pairs], alike=True),
        tuple(Piece(f"{words} {n:,}", n, shade(i)) for i, (words, n) in enumerate(each.items())),
    )


def _verdict_row(pair: PairResult) -> dict[Column, Cell]:
    t = pair.tally
    undecided = {words: getattr(t, name) for name, words in UNDECIDED.items()}
    counts = {"first wins": t.wins, **undecided, "second wins": t.losses}
    counts |= {"votes": t.votes, "people": pair.people}
    return cells("words", {"first": pair.first, "second": pair.second}) | cells("count", counts)


def _verdict_bar(pair: PairResult, names: Names) -> Bar:
    t = pair.tally
    greys = [
        Piece(words, getattr(t, name), shade(n))
        for n, (name, words) in enumerate(UNDECIDED.items())
    ]
    wins = Piece(f"{pair.first} is better", t.wins, color_of(pair.first, names))
    losses = Piece(f"{pair.second} is better", t.losses, color_of(pair.second, names))
    return Bar(f"{pair.first} {t.wins:,}", f"{t.losses:,} {pair.second}", [wins, *greys, losses])


def net_rates(pairs: Sequence[PairResult]) -> Exhibit:
    rows = [Dot(f"{p.first} over {p.second}", p.net, share(p.net, signed=True)) for p in pairs]
    table = Table.of(
        cells("words", {"first": pair.first, "second": pair.second})
        | interval("net win rate", "share", pair.net)
        | interval("share of wins", "share", pair.share)
        | cells("chance", {"sign test": pair.sign_test})
        | interval("strength", "number", pair.lean)
        for pair in pairs
    )
    answer = (
        "Wins less losses, among all votes but “cannot tell”. An interval that crosses the middle "
        "leaves open who is better; it is of 95%, over people drawn anew."
    )
    return Exhibit("How sure is that?", answer, table, Dots(rows, EVEN))


def strengths(found: Strengths, names: Names) -> Exhibit:
    rows = [
        Dot(s.recommender, s.points, number(s.points, 0), color_of(s.recommender, names))
        for s in found.standings
    ]
    table = Table.of(
        cells("words", {"recommender": s.recommender})
        | cells("count", {"rank": s.rank})
        | interval("points", "points", s.points)
        for s in found.standings
    )
    answer = f"There is no common scale: {found.reason}."
    if found.tie is not None:
        answer = (
            "Bradley–Terry with ties, in Elo points: 1000 is the mean, 400 more make the odds of "
            f"winning ten times better; equals tie in {found.tie / (2 + found.tie):.0%} of "
            "comparisons. Without the votes “cannot tell”."
        )
    return Exhibit("Where does each one stand?", answer, table, Dots(rows, _axis_around(rows)))


def _axis_around(rows: Sequence[Dot]) -> Axis:
    """From below the lowest interval to above the highest, in hundreds of points."""
    known = [1000.0, *(end for row in rows for end in row.estimate.ends if end is not None)]
    low, high = 100 * int(min(known) // 100), 100 * int(max(known) // 100 + 1)
    step = 100 * max(1, round((high - low) / 500))
    return Axis(low, high, {tick: f"{tick}" for tick in range(low, high + 1, step)}, 1000)


def aspects(found: Sequence[AspectScore], names: Names) -> Exhibit:
    scores = sorted(found, key=lambda s: (s.aspect, s.recommender))
    rows = [
        Dot(
            f"{s.aspect}: {s.recommender}",
            s.mean.scaled(1 / ASPECTS[s.aspect]),
            f"{number(s.mean, 2)} of {ASPECTS[s.aspect]}",
            color_of(s.recommender, names),
        )
        for s in scores
        if s.aspect in ASPECTS
    ]
    table = Table.of(
        cells("words", {"aspect": s.aspect, "recommender": s.recommender})
        | cells("count", {"scores": s.scores})
        | interval("mean", "number", s.mean)
        | cells("count", {"best possible": ASPECTS.get(s.aspect)})
        for s in scores
    )
    answer = "Mean scores, each on its own scale."
    return Exhibit("What did they like about it?", answer, table, Dots(rows, SCALE))


def agreement(found: AgreementReport) -> Exhibit:
    judged = {"verdicts": found.verdicts, "winner or none": found.winners, **found.aspects}
    known = {name: a for name, a in judged.items() if a.alpha.low is not None}  # of two or more
    rows = [Dot(name, a.alpha, number(a.alpha, 2)) for name, a in known.items()]
    table = Table.of(
        cells("words", {"of what": name})
        | cells("count", {"judged by 2 or more": a.units})
        | cells("share", {"say the same": a.percent})
        | interval("alpha", "number", a.alpha)
        for name, a in judged.items()
    )
    return Exhibit("Do people agree?", _agreeing(found), table, Dots(rows, CHANCE))


def _agreeing(found: AgreementReport) -> str:
    if not found.shared_in_all:
        return "No two people have judged the same yet: only replays of a study tell."
    were = "was" if found.shared_in_all == 1 else "were"
    said = [f"{counted(found.shared_in_all, 'comparison')} {were} judged by two people or more"]
    if found.left_out:
        said.append(f"of {found.left_out:,} too few votes count, since others are left out")
    if found.untold:
        said.append(
            f"on {found.untold:,} too few could tell which is better, or the replies are identical"
        )
    if found.winners.percent is not None:
        on = counted(found.winners.units, "comparison")
        said.append(f"on {on} two people say the same in {found.winners.percent:.0%}")
    return f"{'; '.join(said)}."


def position(found: PositionBias) -> Exhibit:
    row = (
        cells("count", {"decided votes": found.decided, "for the left": found.left})
        | interval("share of left", "share", found.share)
        | cells("chance", {"test of one half": found.test})
    )
    side = "left" if found.left > found.decided / 2 else "right"
    answer = f"The {side} side is chosen more often than chance would."
    if found.test >= SURE:
        answer = "No side is favoured beyond chance."
    figure = Dots([Dot("left wins", found.share, share(found.share))], HALF)
    return Exhibit("Does the place on the screen matter?", answer, Table.of([row]), figure)


def seconds(found: Times, n_hasty: int) -> Exhibit:
    names = [*(f"{low} to {high}" for low, high in pairwise(SLOTS)), f"{SLOTS[-1]} up"]
    slots = list(zip(names, found.slots, strict=True))
    low, median, high = (f"{one:.0f}" for one in (found.lower, found.median, found.upper))
    spread = f"They took about {low} s" if low == high else f"Half of them took {low} to {high} s"
    whole = found.votes + found.unknown
    answer = (
        f"{spread}, the median is {median} s; {counted(n_hasty, 'vote')} came faster than one "
        f"reads. Of all {counted(whole, 'vote')}, whatever is left out"
    )
    answer += f"; of {found.unknown:,} no time is known." if found.unknown else "."
    return Exhibit(
        "How long did a vote take?",
        answer,
        Table.of(
            cells("words", {"seconds": name}) | cells("count", {"votes": n}) for name, n in slots
        ),
        Bars([Bar(f"{name} s", f"{n:,}", [Piece("votes", n, ACCENT)]) for name, n in slots]),
    )


def checks(found: Checks) -> Exhibit:
    row = {"judged": found.judged, "failed": found.failed}
    row |= {"people": found.people, "people who failed": found.people_failed}
    answer = (
        f"{counted(found.people, 'person')} judged {counted(found.judged, 'check')} of attention, "
        f"which count as no votes; {found.failed:,} of these failed, by "
        f"{counted(found.people_failed, 'person')}."
    )
    return Exhibit("Were they attentive?", answer, Table.of([cells("count", row)]), Bars([]))


def progress(voted: Sequence[Progress], participants: Sequence[Participant]) -> Exhibit:
    people = {one.annotator: one for one in participants}
    did = {one.annotator: one for one in voted}
    everyone = [(n, people.get(n), did.get(n)) for n in dict.fromkeys((*people, *did))]
    done = sum(one.state == "done" for one in participants)
    answer = f"{counted(sum(one.votes > 0 for one in voted), 'person')} voted."
    if people:
        answer = (
            f"{done:,} of {counted(len(people), 'person')} who came to a study are done. What they "
            "judged are votes, checks of attention and messages of talks with one system; "
            "everybody is here, whatever is left out."
        )
    return Exhibit(
        "How far is everybody?",
        answer,
        Table.of(_progress_row(*one) for one in everyone),
        Bars([_progress_bar(*one) for one in everyone]),
        _progress_pieces(0, 0) if people else (),
    )


def _progress_bar(name: str, who: Participant | None, did: Progress | None) -> Bar:
    votes = did.votes if did else 0
    if who is None:
        return Bar(pseudonym(name), counted(votes, "vote"), _progress_pieces(votes, 0))
    planned = max(who.planned, who.judged)
    words = f"{who.judged:,} of {planned:,}, {who.state}"
    return Bar(pseudonym(name), words, _progress_pieces(who.judged, planned - who.judged))


def _progress_pieces(judged: int, left: int) -> tuple[Piece, Piece]:
    return Piece("judged", judged, ACCENT), Piece("still to judge", left, shade(3))


def _progress_row(name: str, who: Participant | None, did: Progress | None) -> dict[Column, Cell]:
    row = cells("words", {"person": pseudonym(name)})
    if who:
        row |= cells("words", {"study": who.study, "state": who.state})
        row |= cells("count", {"to judge": who.planned, "judged": who.judged})
    if did:
        row |= cells("count", {"votes": did.votes, "checks": did.checks, "failed": did.failed})
        row |= cells("moment", {"first, UTC": did.first, "last, UTC": did.last})
        row |= cells("seconds", {"median time": did.seconds})
        row |= cells("share", {"share of left": did.left})
        row |= cells("words", {"stands out": ", ".join(RULES[flag] for flag in did.flags)})
    return row
