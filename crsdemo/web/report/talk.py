"""Exhibits of what is said: whether it can be trusted, how near it is to what people said."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from crsdemo.evaluation.stages.figures import Share
from crsdemo.evaluation.stages.figures_words import (
    Keeping,
    ModeChoice,
    Perplexity,
    Replies,
    Talk,
    Variety,
)
from crsdemo.evaluation.stages.folder import Measured
from crsdemo.studies.statistics.bootstrap import Estimate
from crsdemo.web.report.rows import WHOLE, apart, axis, colors, legend, mark, told
from crsdemo.web.results.figures import MORE, Dots
from crsdemo.web.results.tables import Cell, Column, Table
from crsdemo.web.results.words import Exhibit, drawn, ends, interval_columns

FORCED, FREE, WRONG = "mode forced", "free", "a wrong film forced"
PEOPLE = "people"
READ = {"all": "of all turns", "gold": "of turns with a film", "wrong": "after a wrong film"}

Talks = Sequence[Measured[Talk]]
Figure = tuple[str, str, Share]  # how it was said, what of it


def modes(dataset: str, measured: Talks) -> Exhibit:
    """Whether the system recommends where people did."""
    table = Table(
        (
            Column("system"), Column("n", "count"),
            *interval_columns("accuracy", "percent"),
            *(Column(name, "percent") for name in ("precision", "recall", "F1")),
        ),
        tuple((one.system, *_mode_cells(one.found.mode)) for one in measured),
    )  # fmt: skip
    answer = (
        f"Of {measured[0].found.turns:,} turns: how often it recommends where people recommended "
        "and talks where they talked, and how well it finds those that recommend."
    )
    question = f"{dataset}: does it know when to recommend?"
    return _compared(question, answer, table, measured, _mode_scores)


def _mode_scores(found: Talk) -> dict[str, Estimate]:
    one = found.mode
    return {
        "accuracy": one.accuracy,
        "precision": Estimate(one.precision),
        "recall": Estimate(one.recall),
        "F1": Estimate(one.f1),
    }


def _mode_cells(one: ModeChoice) -> tuple[Cell, ...]:
    return (one.n, *ends(one.accuracy), one.precision, one.recall, one.f1)


def truth(dataset: str, measured: Talks) -> Exhibit:
    """Facts, and faithfulness to the item that was chosen."""
    columns = (Column("system"), Column("said"), Column("figure"))
    table = Table(
        (*columns, *interval_columns("share", "percent"), Column("n", "count")),
        tuple(
            (one.system, how, name, *ends(found.estimate), found.n)
            for one in measured
            for how, name, found in _shares(one.found)
        ),
    )
    answer = (
        "Of replies that recommend: whether the words name the film that was chosen, or another. "
        "Of all: whether they say what the catalog has otherwise. And both where a wrong film is "
        "forced on it. The mode is forced to what people did; lines are 95% intervals."
    )
    return _compared(f"{dataset}: can the words be trusted?", answer, table, measured, _trust)


def _trust(found: Talk) -> dict[str, Estimate]:
    """What a reader wants first."""
    kept, wrong = found.forced.keeping, found.wrong_item
    return {
        "names the film it chose": kept.names_chosen.estimate,
        "names another film": kept.names_another.estimate,
        "says something wrong": kept.replies_with_wrong.estimate,
        "films outside the catalog": found.forced.outside.estimate,
        "wrong film forced: names it": wrong.names_chosen.estimate,
        "wrong film forced: a wrong fact": wrong.replies_with_wrong.estimate,
    }


def _compared(
    question: str,
    answer: str,
    table: Table,
    measured: Talks,
    figures: Callable[[Talk], Mapping[str, Estimate]],
) -> Exhibit:
    """The systems side by side, each figure of `figures` in a row."""
    color = colors([one.system for one in measured])
    found = {one.system: figures(one.found) for one in measured}
    rows = [
        Dots(
            name,
            told([one[name].value for one in found.values()]),
            apart({who: [mark(who, one[name], color[who])] for who, one in found.items()}),
        )
        for name in figures(measured[0].found)
    ]
    return Exhibit(question, answer, table, drawn(rows, axis(rows)), legend(color))


def _shares(found: Talk) -> Iterator[Figure]:
    """All of the JSON but what is said of the mode and how much is said."""
    for how, one in ((FORCED, found.forced), (FREE, found.free)):
        yield how, "items outside the catalog", one.outside
        yield from _keeping(how, one.keeping)
    yield from _keeping(WRONG, found.wrong_item)


def _keeping(how: str, one: Keeping) -> Iterator[Figure]:
    yield how, "words name the chosen item", one.names_chosen
    yield how, "words name another item", one.names_another
    yield how, "replies with a wrong claim", one.replies_with_wrong
    for kind, share in one.wrong.items():
        yield how, f"wrong claims: {kind}", share


def likeness(dataset: str, measured: Talks) -> Exhibit:
    """BLEU, ROUGE and perplexity."""
    names = tuple(_overlaps(measured[0].found.forced))
    table = Table(
        (
            Column("system"), Column("said"), *(Column(name, "percent") for name in names),
            *(Column(f"perplexity {about} per {unit}", "number")
              for about in READ.values() for unit in ("token", "word")),
        ),
        tuple(
            (one.system, how, *_overlaps(said).values(), *_perplexities(one.found))
            for one in measured
            for how, said in ((FORCED, one.found.forced), (FREE, one.found.free))
        ),
    )  # fmt: skip
    answer = (
        "BLEU and ROUGE of replies whose mode is forced to what people did, titles counted as one "
        f"word.{_perplexity_told(measured)}"
    )
    question = f"{dataset}: how near are the words to what people said?"
    return _compared(question, answer, table, measured, _likeness)


def _likeness(found: Talk) -> dict[str, Estimate]:
    return {name: Estimate(value) for name, value in _overlaps(found.forced).items()}


def _overlaps(said: Replies) -> dict[str, float]:
    return {"BLEU": said.bleu / 100, **said.rouge}


def _perplexities(found: Talk) -> tuple[Cell, ...]:
    """Per token and per word, of each of `READ`; unknown of what is no language model."""
    nothing = Perplexity(0, None, None)
    read = [found.perplexity.get(key, nothing) for key in READ]
    return tuple(value for one in read for value in (one.per_token, one.per_word))


def _perplexity_told(measured: Talks) -> str:
    known = [
        f"{one.system} {one.found.perplexity['all'].per_word:.1f}"
        for one in measured
        if one.found.perplexity and one.found.perplexity["all"].per_word is not None
    ]
    return f" Perplexity of people's words, per word: {', '.join(known)}." if known else ""


def variety(dataset: str, measured: Talks) -> Exhibit:
    """Distinct n-grams by both definitions, beside those of people."""
    color = colors([one.system for one in measured])
    spoken = [(one.system, one.found.forced.variety, color[one.system]) for one in measured]
    spoken.append((PEOPLE, measured[0].found.people, MORE))
    rows = [
        Dots(
            f"distinct-{n}",
            f"per reply {' / '.join(f'{one.by_replies[n]:.2f}' for _, one, _ in spoken)}",
            apart({who: [mark(who, Estimate(one.by_ngrams[n]), its)] for who, one, its in spoken}),
        )
        for n in measured[0].found.people.by_ngrams
    ]
    orders = tuple(measured[0].found.people.by_ngrams)
    table = Table(
        (
            Column("system"), Column("said"), Column("words per reply", "number"),
            *interval_columns("names a film", "percent"),
            *(Column(f"distinct-{n} of n-grams", "percent") for n in orders),
            *(Column(f"distinct-{n} per reply", "number") for n in orders),
        ),
        tuple(_variety_rows(measured, orders)),
    )  # fmt: skip
    answer = (
        "Different n-grams as a share of all n-grams (dots) and per reply (on the right, in the "
        "order of the colours): papers count either way. The mode is forced to what people did."
    )
    shown = legend({**color, PEOPLE: MORE})
    return Exhibit(
        f"{dataset}: how varied are the words?", answer, table, drawn(rows, WHOLE), shown
    )


def _variety_rows(measured: Talks, orders: Sequence[int]) -> Iterator[tuple[Cell, ...]]:
    for one in measured:
        for how, said in ((FORCED, one.found.forced), (FREE, one.found.free)):
            yield one.system, how, *_variety_cells(said.variety, orders)
    yield PEOPLE, "", *_variety_cells(measured[0].found.people, orders)


def _variety_cells(one: Variety, orders: Sequence[int]) -> tuple[Cell, ...]:
    return (
        one.words_per_reply, *ends(one.item_ratio.estimate),
        *(one.by_ngrams[n] for n in orders), *(one.by_replies[n] for n in orders),
    )  # fmt: skip
