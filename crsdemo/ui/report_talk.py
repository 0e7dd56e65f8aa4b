"""Exhibits of what is said: whether it can be trusted, how near it is to what people said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crsdemo.judging_bootstrap import Estimate
from crsdemo.stage_figures import Share
from crsdemo.stage_figures_words import Keeping, ModeChoice, Perplexity, Replies, Talk, Variety
from crsdemo.stage_folder import Measured
from crsdemo.ui.report_rows import WHOLE, axis, colors, legend, mark, told
from crsdemo.ui.results_figures import MORE, Dots
from crsdemo.ui.results_tables import Cell, Column, Table
from crsdemo.ui.results_words import Exhibit, drawn, ends, interval_columns

FORCED, FREE, WRONG = "mode forced", "free", "a wrong film forced"
PEOPLE = "people"
READ = {"all": "of all turns", "gold": "of turns with a film", "wrong": "after a wrong film"}

Talks = Sequence[Measured[Talk]]
Figure = tuple[str, str, Estimate, int | None]  # how it was said, what of it, share, of how many


def truth(dataset: str, measured: Talks) -> Exhibit:
    """Mode, facts and faithfulness, all in percent."""
    color = colors([one.system for one in measured])
    rows = [
        Dots(
            name,
            told([figures[number][1].value for figures in map(_first_of, measured)]),
            tuple(
                mark(one.system, _first_of(one)[number][1], color[one.system]) for one in measured
            ),
        )
        for number, (name, _) in enumerate(_first_of(measured[0]))
    ]
    columns = (Column("system"), Column("said"), Column("figure"))
    table = Table(
        (*columns, *interval_columns("share", "percent"), Column("n", "count")),
        tuple(
            (one.system, how, name, *ends(share), n)
            for one in measured
            for how, name, share, n in _figures(one.found)
        ),
    )
    answer = (
        f"Of {measured[0].found.turns:,} replies, made where people recommended or talked: "
        "whether it recommends where they did, names the film that it chose and not another, and "
        "says what the catalog has otherwise. Lines are 95% intervals."
    )
    question = f"{dataset}: can the words be trusted?"
    return Exhibit(question, answer, table, drawn(rows, WHOLE), legend(color))


def _first_of(one: Measured[Talk]) -> tuple[tuple[str, Estimate], ...]:
    """What a reader wants first."""
    found = one.found
    kept, wrong = found.forced.keeping, found.wrong_item
    return (
        ("recommends where people did", found.as_said.accuracy),
        ("the same, F1", Estimate(found.as_said.f1)),
        ("names the film it chose", kept.names_chosen.estimate),
        ("names another film", kept.names_another.estimate),
        ("says something wrong", kept.replies_with_wrong.estimate),
        ("names what is not there", found.forced.outside.estimate),
        ("wrong film forced: names it", wrong.names_chosen.estimate),
        ("wrong film forced: wrong fact", wrong.replies_with_wrong.estimate),
    )


def _figures(found: Talk) -> Iterator[Figure]:
    """All of the JSON that are shares."""
    yield from _modes(FREE, "choice to recommend", found.as_said)
    if found.at_half:
        yield from _modes(FREE, "choice to recommend at 0.5", found.at_half)
    for how, one in ((FORCED, found.forced), (FREE, found.free)):
        yield _figure(how, "items outside the catalog", one.outside)
        yield from _keeping(how, one.keeping)
    yield from _keeping(WRONG, found.wrong_item)
    if found.named_freely:
        for how, kinds in ((FORCED, found.named_freely.own), (WRONG, found.named_freely.wrong)):
            for kind, share in kinds.items():
                yield _figure(how, f"without the grammar names {kind}", share)


def _modes(how: str, name: str, one: ModeChoice) -> Iterator[Figure]:
    yield how, f"{name}: accuracy", one.accuracy, one.n
    for score, value in (("precision", one.precision), ("recall", one.recall), ("F1", one.f1)):
        yield how, f"{name}: {score}", Estimate(value), one.n


def _keeping(how: str, one: Keeping) -> Iterator[Figure]:
    yield _figure(how, "words name the chosen item", one.names_chosen)
    yield _figure(how, "words name another item", one.names_another)
    yield _figure(how, "replies with a wrong claim", one.replies_with_wrong)
    for kind, share in one.wrong.items():
        yield _figure(how, f"wrong claims: {kind}", share)


def _figure(how: str, name: str, one: Share) -> Figure:
    return how, name, one.estimate, one.n


def likeness(dataset: str, measured: Talks) -> Exhibit:
    """BLEU, ROUGE and perplexity."""
    color = colors([one.system for one in measured])
    rows = [
        Dots(
            name,
            told([_overlaps(one.found.forced)[name] for one in measured]),
            tuple(
                mark(one.system, Estimate(_overlaps(one.found.forced)[name]), color[one.system])
                for one in measured
            ),
        )
        for name in _overlaps(measured[0].found.forced)
    ]
    names = tuple(_overlaps(measured[0].found.forced))
    columns = (Column("system"), Column("said"))
    table = Table(
        (
            *columns, *(Column(name, "percent") for name in names),
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
    return Exhibit(question, answer, table, drawn(rows, axis(rows)), legend(color))


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
            tuple(mark(name, Estimate(one.by_ngrams[n]), its) for name, one, its in spoken),
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
