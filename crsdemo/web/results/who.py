"""Who is better: exhibits of what votes say of recommenders."""

from __future__ import annotations

from collections.abc import Sequence

from crsdemo.core.comparison import ASPECTS
from crsdemo.studies.statistics.bootstrap import Estimate
from crsdemo.studies.statistics.exclusion import SensitivityRow
from crsdemo.studies.statistics.habits import AspectScore
from crsdemo.studies.statistics.judging import FLAGS, Flag
from crsdemo.studies.statistics.pairs import PairResult
from crsdemo.web.results import figures
from crsdemo.web.results.figures import Axis, Bar, Dot, Piece
from crsdemo.web.results.tables import Cell, Column, Table
from crsdemo.web.results.words import (
    HALF,
    Exhibit,
    Findings,
    drawn,
    ends,
    interval_columns,
    number,
    share,
)

RULES: dict[Flag, str] = {
    "too_fast": "too fast to have read",
    "one_sided": "always the same side",
    "attention_failed": "inattentive",
    "withdrawn": "taken back",
    "duplicate": "judged twice",
}
UNDECIDED = {  # verdicts without a winner -> in words
    "both_good": "both good",
    "same": "the same",
    "both_bad": "both bad",
    "cannot_tell": "cannot tell",
}


def verdicts(of: Findings) -> Exhibit:
    pairs = of.results.pairs
    rows = [_verdict_bar(pair, of.names) for pair in pairs]
    greys = tuple(Piece(w, 0, figures.shade(n)) for n, w in enumerate(UNDECIDED.values()))
    table = Table(
        (
            *(Column(name) for name in ("first", "second")),
            *(Column(n, "count") for n in ("first wins", *UNDECIDED.values(), "second wins")),
            *(Column(n, "count") for n in ("votes", "people")),
        ),
        tuple(_verdict_row(pair) for pair in pairs),
    )
    n_ties, n = sum(p.tally.ties for p in pairs), sum(p.tally.votes for p in pairs)
    answer = f"{n_ties:,} of {n:,} votes name no winner." if n else "No votes count yet."
    figure = figures.bars(rows, alike=True) if n else None
    return Exhibit("What did people say?", answer, table, figure, greys if n else ())


def net_rates(of: Findings) -> Exhibit:
    pairs = of.results.pairs
    rows = [
        Dot(f"{pair.first} over {pair.second}", pair.net, share(pair.net, signed=True))
        for pair in pairs
    ]
    table = Table(
        (
            *(Column(name) for name in ("first", "second")),
            *interval_columns("net win rate", "share"),
            *interval_columns("share of wins", "share"),
            Column("sign test, votes", "chance"),
            Column("sign test, people", "chance"),
            *interval_columns("strength", "number"),
        ),
        tuple(_net_row(pair) for pair in pairs),
    )
    axis = Axis(-1, 1, (-1, -0.5, 0, 0.5, 1), ("−100%", "−50%", "even", "50%", "100%"), 0)
    answer = (
        "Wins less losses, among all who could tell. An interval that crosses the middle leaves "
        "open who is better; it is of 95%, over people drawn anew."
    )
    answer = answer if pairs else "No votes count yet."
    return Exhibit("How sure is that?", answer, table, drawn(rows, axis))


def strengths(of: Findings) -> Exhibit:
    found = of.results.strengths
    standings = found.standings if found else ()
    rows = [
        Dot(s.recommender, s.points, number(s.points, 0), figures.color_of(s.recommender, of.names))
        for s in standings
    ]
    table = Table(
        (Column("recommender"), Column("rank", "count"), *interval_columns("points", "points")),
        tuple((s.recommender, s.rank, *ends(s.points)) for s in standings),
    )
    return Exhibit(
        "Where does each one stand?", _standing(of), table, drawn(rows, _axis_around(rows))
    )


def aspects(of: Findings) -> Exhibit:
    scores = [score for score in of.results.aspects if score.aspect in ASPECTS]
    rows = [
        Dot(
            f"{score.aspect}: {score.recommender}",
            _on_scale(score),
            f"{number(score.mean, 2)} of {_scale(score)}",
            figures.color_of(score.recommender, of.names),
        )
        for score in sorted(scores, key=lambda s: (list(ASPECTS).index(s.aspect), s.recommender))
    ]
    table = Table(
        (
            Column("aspect"),
            Column("recommender"),
            Column("scores", "count"),
            *interval_columns("mean", "number"),
            Column("best possible", "count"),
        ),
        tuple((s.aspect, s.recommender, s.scores, *ends(s.mean), _scale(s)) for s in scores),
    )
    axis = Axis(0, 1, (0, 0.5, 1), ("worst", "middle", "best"))
    answer = "Mean scores, each on its own scale." if scores else "Nobody has scored an aspect yet."
    return Exhibit("What did they like about it?", answer, table, drawn(rows, axis))


def sensitivity(of: Findings) -> Exhibit:
    rows = of.results.sensitivity
    several = len({(pair.first, pair.second) for row in rows for pair in row.results}) > 1
    dots = [
        Dot(_rules_and_pair(row, pair if several else None), pair.share, share(pair.share))
        for row in _telling(rows)
        for pair in row.results
        if pair.tally.decided
    ]
    cells = [(row, pair) for row in rows for pair in row.results]
    table = Table(
        (
            *(Column(name) for name in ("rules", "first", "second")),
            Column("left out", "count"),
            Column("decided", "count"),
            *interval_columns("share of wins", "share"),
        ),
        tuple(
            (rules_in_words(r), p.first, p.second, r.left_out, p.tally.decided, *ends(p.share))
            for r, p in cells
        ),
    )
    return Exhibit(
        "What do the exclusion rules change?",
        _sensitivity_words(rows),
        table,
        drawn(dots, HALF),
    )


def _telling(rows: Sequence[SensitivityRow]) -> list[SensitivityRow]:
    """The rows that differ from the first one, under all rules, with that one before them."""
    if len({row.left_out for row in rows}) == 1:
        return []
    return [rows[0], *(row for row in rows[1:] if row.left_out != rows[0].left_out)]


def _rules_and_pair(row: SensitivityRow, pair: PairResult | None) -> str:
    words = rules_in_words(row)
    return f"{words}: {pair.first} / {pair.second}" if pair else words


def rules_in_words(row: SensitivityRow) -> str:
    off = [RULES[rule] for rule in FLAGS if rule not in row.rules]
    if not off:
        return "all of them left out"
    return "none left out" if not row.rules else f"with: {off[0]}"


def _verdict_bar(pair: PairResult, names: Sequence[str]) -> Bar:
    t = pair.tally
    first, second = (figures.color_of(name, names) for name in (pair.first, pair.second))
    greys = (
        Piece(words, getattr(t, name), figures.shade(n))
        for n, (name, words) in enumerate(UNDECIDED.items())
    )
    return Bar(
        f"{pair.first} {t.wins:,}",
        f"{t.losses:,} {pair.second}",
        (
            Piece(f"{pair.first} is better", t.wins, first),
            *greys,
            Piece(f"{pair.second} is better", t.losses, second),
        ),
    )


def _verdict_row(pair: PairResult) -> tuple[Cell, ...]:
    t = pair.tally
    ties = (getattr(t, name) for name in UNDECIDED)
    return (pair.first, pair.second, t.wins, *ties, t.losses, t.votes, pair.people)


def _net_row(pair: PairResult) -> tuple[Cell, ...]:
    tests = (pair.sign_test, pair.sign_test_people)
    figures_ = (*ends(pair.net), *ends(pair.share), *tests, *ends(pair.lean))
    return (pair.first, pair.second, *figures_)


def _standing(of: Findings) -> str:
    found = of.results.strengths
    if found is None:
        return "A common scale is for three recommenders or more."
    if found.reason:
        return f"There is no common scale: {found.reason}."
    tie = 0.0 if found.tie is None else found.tie / (2 + found.tie)
    return (
        "Bradley–Terry with ties, in Elo points: 1000 is the mean, 400 more make the odds of "
        f"winning ten times better; equals tie in {tie:.0%} of comparisons."
    )


def _sensitivity_words(rows: Sequence[SensitivityRow]) -> str:
    by_pair: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        for pair in row.results:
            if pair.share.value is not None:
                by_pair.setdefault((pair.first, pair.second), []).append(pair.share.value)
    if not by_pair:
        return "Nothing was decided yet."
    widest = max(max(values) - min(values) for values in by_pair.values())
    if not max(row.left_out for row in rows):
        return "No rule leaves out a vote."
    if any(len(values) < len(rows) for values in by_pair.values()):
        return "Some of them leave no decided vote."
    if widest < 0.005:
        return "Nothing: the share of wins stays as it is."
    return f"The share of wins moves by up to {100 * widest:.0f} points."


def _axis_around(rows: Sequence[Dot]) -> Axis:
    """From below the lowest interval to above the highest, in hundreds of points."""
    known = [end for row in rows for end in ends(row.estimate) if end is not None]
    low = 100 * (min(known, default=1000.0) // 100)
    high = 100 * -(-max(known, default=1000.0) // 100)
    step = 100 * max(1, round((high - low) / 500))
    ticks = [low + step * n for n in range(int((high - low) / step) + 1)]
    return Axis(low, high, ticks, [f"{tick:.0f}" for tick in ticks], 1000)


def _scale(score: AspectScore) -> int:
    return ASPECTS[score.aspect]


def _on_scale(score: AspectScore) -> Estimate:
    """From 0, the worst, to 1."""
    top, mean = _scale(score), score.mean
    ends = (None if end is None else end / top for end in (mean.value, mean.low, mean.high))
    return Estimate(*ends)
