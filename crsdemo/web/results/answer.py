"""Which one people prefer, in words, and all results as a text for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from crsdemo.studies.statistics.answers import Answer as Given
from crsdemo.studies.statistics.pairs import (
    POWER,
    SMALLEST_SHARE,
    PairResult,
    counted,
    decided_needed,
)
from crsdemo.studies.statistics.power import need, pilot_rates
from crsdemo.studies.statistics.report import Results
from crsdemo.studies.statistics.strengths import Strengths
from crsdemo.web.results.exhibits import exhibits
from crsdemo.web.results.words import RULES, Exhibit

NO_VOTES = (
    "Votes come from pages with two answers and from studies; they are counted here as soon as "
    "they are saved. If you have chosen a study or a pair, there may be others."
)
ENOUGH = (
    f"Enough is {decided_needed(SMALLEST_SHARE)} decided votes of as many people, and more where "
    f"one person gives several, since these are alike: they find a system that wins "
    f"{SMALLEST_SHARE:.0%} of them in {POWER:.0%} of studies."
)

MOST = 0.95  # a share above leaves nothing to reckon with


@dataclass(frozen=True)
class Answer:
    """Sentences, the most important first."""

    verdict: str
    so_far: str = ""
    pairs: tuple[tuple[str, str], ...] = ()  # where there are several: who, and who is better
    notes: tuple[str, ...] = ()


COUNTING = Answer("Counting the votes…")


def _needed(results: Results) -> str:
    """How many people and votes find a difference, where as many name no winner as so far."""
    votes = sum(pair.tally.votes for pair in results.pairs)
    each = max(1, round(votes / sum(pair.people for pair in results.pairs)))
    ties, twins = pilot_rates(results.pairs)
    asked = need(SMALLEST_SHARE, each, min(ties, MOST), min(twins, MOST))
    return (
        f"With {counted(each, 'vote')} each on a pair, {ties:.0%} without a winner and {twins:.0%} "
        f"on identical replies as so far, finding {SMALLEST_SHARE:.0%} takes about "
        f"{counted(asked.people, 'person')} ({asked.people * each:,} votes) who judge that pair; "
        "`python -m crsdemo power` reckons others."
    )


def answer(results: Results) -> Answer:
    """The result, or what it needs; where there are more pairs, one for each.

    Where votes are simulated that comes before all else.
    """
    said = _answer(results)
    if not results.simulated:
        return said
    return replace(said, verdict=f"{_simulated(results)} {said.verdict}")


def _simulated(results: Results) -> str:
    n = results.simulated
    whose = "All votes are" if n == results.votes else f"{n:,} of {results.votes:,} votes are"
    return f"{whose} SIMULATED: given by a program, nobody's opinion."


def _answer(results: Results) -> Answer:
    if not results.votes:
        return Answer("Nobody has voted yet.", notes=(NO_VOTES,))
    if not results.pairs:
        return Answer("No vote counts.", notes=(_counts(results),))
    notes = (_counts(results), ENOUGH, _needed(results))
    if len(results.pairs) == 1:
        (pair,) = results.pairs
        return Answer(_headline(pair), _begun(pair.aside), notes=notes)
    each = ((f"{pair.first} and {pair.second}", _result(pair)) for pair in results.pairs)
    return Answer(_leader(results.strengths), pairs=tuple(each), notes=notes)


def text(results: Results, answers: Sequence[Given] = (), more: Mapping[str, Exhibit] = {}) -> str:
    """The answer, then every exhibit as a table, with those of questionnaires and `more`."""
    said = answer(results)
    each = (f"{pair}: {words}" for pair, words in said.pairs)
    lines = [line for line in (said.verdict, said.so_far, *each, *said.notes) if line]
    shown = exhibits(results, answers=answers) | dict(more)
    tables = (f"{one.question} {one.answer}\n\n{one.table.text()}" for one in shown.values())
    return "\n\n".join(["\n".join(lines), *tables])


def _result(pair: PairResult) -> str:
    return f"{_headline(pair)} {_begun(pair.aside)}".rstrip()


def _headline(pair: PairResult) -> str:
    """Begins with a name, which stays as it is, or with a capital."""
    return f"{pair.headline}." if pair.is_clear else _begun(pair.headline)


def _begun(words: str) -> str:
    """With a capital and a full stop; nothing stays nothing."""
    return f"{words[:1].upper()}{words[1:]}." if words else ""


def _leader(strengths: Strengths | None) -> str:
    """Who is ahead of all, if that is known."""
    standings = strengths.standings if strengths else ()
    first = [standing.recommender for standing in standings if standing.rank == 1]
    if len(first) == 1:
        return f"{first[0]} is ahead of all others."
    if first:
        return f"{', '.join(first[:-1])} and {first[-1]} are too close to tell who is ahead."
    return "Too few votes to put them in an order yet."


def _counts(results: Results) -> str:
    """How many votes there are and how many are left out, why."""
    said = f"{counted(results.votes, 'vote')} by {counted(results.people, 'person')} in all"
    why = ", ".join(f"{RULES[flag]} {n:,}" for flag, n in results.left_out.items())
    n = results.votes - results.counted
    said += f"; {n:,} left out ({why}), {results.counted:,} count." if n else "; all of them count."
    checked = results.checks.judged
    return f"{said} {counted(checked, 'check')} of attention, no votes." if checked else said
