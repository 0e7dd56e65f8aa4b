"""Which one people prefer, in words, and all results as a text for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from crsdemo.studies.statistics.answers import Answer as Given
from crsdemo.studies.statistics.pairs import PairResult, counted
from crsdemo.studies.statistics.report import Results
from crsdemo.studies.statistics.sizes import LARGEST_SHARE, POWER, SMALLEST_SHARE, TIES
from crsdemo.studies.statistics.strengths import Strengths
from crsdemo.web.results.exhibits import exhibits
from crsdemo.web.results.words import RULES, Exhibit

NO_VOTES = (
    "Votes come from pages with two answers and from studies; they are counted here as soon as "
    "they are saved. If you have chosen a study or a pair, there may be others."
)
NEEDED = (
    f"Needed is what finds a system that wins {SMALLEST_SHARE:.0%} of decided votes "
    f"({LARGEST_SHARE:.0%} once the interval leaves out one half) in {POWER:.0%} of studies, if "
    "people give as many votes, and as many without a winner, as so far. `check-study` knows no "
    f"votes yet: it reckons with all tasks and {TIES:.0%} without a winner. In a paper give the "
    "number that was planned before the votes came; `python -m crsdemo power` reckons others."
)


@dataclass(frozen=True)
class Answer:
    """Sentences, the most important first."""

    verdict: str
    so_far: str = ""
    pairs: tuple[tuple[str, str], ...] = ()  # where there are several: who, and who is better
    notes: tuple[str, ...] = ()


COUNTING = Answer("Counting the votes…")


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
    is_enough = all(pair.is_enough for pair in results.pairs)
    notes = (_counts(results),) if is_enough else (_counts(results), NEEDED)
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
    said += f"; {n:,} left out ({why}), {results.counted:,} count" if n else "; all of them count"
    said += ". Figures are of those that count, unless they say otherwise." if n else "."
    checked = results.checks.judged
    return f"{said} {counted(checked, 'check')} of attention, no votes." if checked else said
