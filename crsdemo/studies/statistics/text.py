"""The results of a study as text: a sentence per pair, then tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crsdemo.studies.statistics.agreement import Agreement
from crsdemo.studies.statistics.bootstrap import Estimate
from crsdemo.studies.statistics.exclusion import SensitivityRow
from crsdemo.studies.statistics.judging import FLAGS
from crsdemo.studies.statistics.pairs import POWER, SMALLEST_SHARE, PairResult, decided_needed
from crsdemo.studies.statistics.report import Results
from crsdemo.studies.statistics.strengths import Strengths

UNKNOWN = "-"
Table = list[tuple[str, ...]]


def render(results: Results) -> str:
    """All but single days and annotators, which the JSON has."""
    lines = [_counts(results), ""]
    for pair in results.pairs:
        lines += [f"{pair.first} and {pair.second}: {pair.sentence}"]
    parts = [_pairs(results.pairs), *_strengths(results.strengths), _aspects(results)]
    parts += [_agreement(results), _habits(results), _sensitivity(results.sensitivity)]
    for table in parts:
        lines += ["", *aligned(table)] if table else []
    return "\n".join([*lines, "", _power()])


def aligned(table: Table) -> Iterator[str]:
    """Columns as wide as their widest cell, the first to the left, the others to the right."""
    n_columns = max(len(row) for row in table)
    cells = [(*row, *[""] * (n_columns - len(row))) for row in table]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for first, *others in cells:
        right = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        yield "  ".join([first.ljust(widths[0]), *right]).rstrip()


def _counts(results: Results) -> str:
    by = ", ".join(f"{flag} {n}" for flag, n in results.flags.items() if n)
    left_out = results.votes - results.counted
    return (
        f"votes {results.votes:,}, annotators {results.people:,}, "
        f"left out {left_out:,}{f' ({by})' if by else ''}"
    )


def _pairs(pairs: Sequence[PairResult]) -> Table:
    head = ("pair", "wins", "losses", "both good", "both bad", "same", "cannot tell")
    table: Table = [(*head, "net win rate", "share of wins", "sign test")]
    for pair in pairs:
        t = pair.tally
        counts = (t.wins, t.losses, t.both_good, t.both_bad, t.same, t.cannot_tell)
        figures = (_percent(pair.net), _percent(pair.share), f"p={pair.sign_test:.2g}")
        table.append((f"{pair.first}/{pair.second}", *map(str, counts), *figures))
    return table if pairs else []


def _strengths(strengths: Strengths | None) -> Iterator[Table]:
    if strengths is None:
        return
    if strengths.reason:
        yield [(f"no common scale: {strengths.reason}",)]
        return
    table: Table = [("recommender", "rank", "points")]
    for standing in strengths.standings:
        rank = UNKNOWN if standing.rank is None else str(standing.rank)
        table.append((standing.recommender, rank, _number(standing.points, 0)))
    yield table


def _aspects(results: Results) -> Table:
    table: Table = [("aspect", "recommender", "scores", "mean")]
    for score in results.aspects:
        row = (score.aspect, score.recommender, str(score.scores), _number(score.mean, 2))
        table.append(row)
    return table if results.aspects else []


def _agreement(results: Results) -> Table:
    found = results.agreement
    table: Table = [("agreement", "judged by 2 or more", "percent", "alpha")]
    table += [_agreement_row("verdicts", found.verdicts), _agreement_row("winners", found.winners)]
    table += [_agreement_row(name, one) for name, one in found.aspects.items()]
    table.append(("split half, tasks", "", "", _plain(found.split_half)))
    table.append(("split half, ranking", "", "", _plain(found.split_half_ranking)))
    return table


def _agreement_row(name: str, one: Agreement) -> tuple[str, ...]:
    percent = UNKNOWN if one.percent is None else f"{one.percent:.0%}"
    return name, str(one.units), percent, _number(one.alpha, 2)


def _habits(results: Results) -> Table:
    side, seconds = results.position, results.times
    quartiles = ", ".join(map(_plain, (seconds.lower, seconds.median, seconds.upper)))
    return [
        ("left among decided", _percent(side.share), f"p={side.test:.2g}"),
        ("annotators differ in that", "", f"p={side.test_between_people:.2g}"),
        ("seconds per vote, quartiles", quartiles),
    ]


def _sensitivity(rows: Sequence[SensitivityRow]) -> Table:
    names = [f"{pair.first}/{pair.second}" for pair in rows[-1].results]
    table: Table = [("share of wins by rules", "left out", *names)]
    for row in rows:
        shares = {f"{pair.first}/{pair.second}": _percent(pair.share) for pair in row.results}
        found = (shares.get(name, UNKNOWN) for name in names)
        table.append((_rules(row), str(row.left_out), *found))
    return table


def _rules(row: SensitivityRow) -> str:
    off = [rule for rule in FLAGS if rule not in row.rules]
    if not off:
        return "all rules"
    return "no rule" if not row.rules else f"without {', '.join(off)}"


def _power() -> str:
    return (
        f"Power: {decided_needed(SMALLEST_SHARE)} decided votes find a recommender that wins "
        f"{SMALLEST_SHARE:.0%} of them in {POWER:.0%} of studies, at the 5% level. Intervals are "
        "95%, over annotators drawn anew; the sign test takes votes as independent."
    )


def _percent(one: Estimate) -> str:
    if one.value is None:
        return UNKNOWN
    if one.low is None or one.high is None:
        return f"{one.value:.0%}"
    return f"{one.value:.0%} ({100 * one.low:.0f} to {100 * one.high:.0f})"


def _number(one: Estimate, digits: int) -> str:
    if one.value is None:
        return UNKNOWN
    if one.low is None or one.high is None:
        return f"{one.value:.{digits}f}"
    return f"{one.value:.{digits}f} ({one.low:.{digits}f} to {one.high:.{digits}f})"


def _plain(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:.2f}"
