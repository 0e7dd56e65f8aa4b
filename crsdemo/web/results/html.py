"""The words of the results page: the answer first, what is under each picture, what was disputed.

All text enters HTML through `escape`. Knows no event and no log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crsdemo.export.take_home import Handout
from crsdemo.feedback.results import SeenPair, pseudonym
from crsdemo.studies.statistics.disputes import Dispute
from crsdemo.studies.statistics.judging import FLAGS
from crsdemo.studies.statistics.pairs import POWER, SMALLEST_SHARE, PairResult, decided_needed
from crsdemo.studies.statistics.report import Results
from crsdemo.studies.statistics.strengths import Strengths
from crsdemo.web.results.tables import folded
from crsdemo.web.results.who import RULES, UNDECIDED
from crsdemo.web.results.words import Exhibit, counted
from crsdemo.web.shared.markup import attribute, escape
from crsdemo.web.shared.render import PAGES

QUESTION = "Which one do people prefer?"
ADDRESS = "results-file"  # beside the page
LONG = ' class="long"'  # what a phone has no room for
N_DISPUTES = 20  # that are shown


def masthead(*, study_runs: bool) -> str:
    """While a study runs the pages on which anybody may talk are closed."""
    talking = "".join(
        f'<a{"" if address == "./" else LONG} href="{address}">{words}</a>'
        for _, address, words in PAGES
    )
    return (
        '<header><h1 class="name">crsdemo</h1>'
        f'<nav aria-label="Pages">{"" if study_runs else talking}'
        '<a href="results" aria-current="page">results</a><a href="health">health</a></nav>'
        '<span class="space"></span>'
        '<button type="button" data-act="fresh" aria-label="count again">refresh</button>'
        '<button type="button" data-act="theme" aria-label="Light or dark">'
        '<span class="long">light / </span>dark</button>'
        "</header>"
    )


def loading() -> str:
    return _answer('<p class="verdict quiet" role="status">Counting the votes…</p>')


def shut(reason: str) -> str:
    """Instead of the results, for everybody but the operator."""
    return (
        '<section class="shut"><h2>Results</h2><p>What people preferred is for whoever runs this '
        f'demo.</p><p class="quiet" role="alert">{escape(reason[:1].upper() + reason[1:])}.</p>'
        "</section>"
    )


def answer(results: Results) -> str:
    """The question and its answer in a sentence; where there are more pairs, one for each."""
    if not results.votes:
        return _answer(
            '<p class="verdict">Nobody has voted yet.</p><p class="quiet">Votes come from pages '
            "with two answers and from studies; they are counted here as soon as they are saved. "
            "If you have chosen a study or a pair above, there may be others.</p>"
        )
    if not results.pairs:
        return _answer(f'<p class="verdict">No vote counts.</p>{_counts(results)}')
    if len(results.pairs) == 1:
        pair = results.pairs[0]
        so_far = f'<p class="so-far">{_begun(pair.aside)}</p>' if pair.aside else ""
        said = f'<p class="verdict">{_headline(pair)}</p>{so_far}'
    else:
        each = "".join(
            f"<li><b>{escape(pair.first)} and {escape(pair.second)}</b>"
            f"{_headline(pair)} {_begun(pair.aside)}</li>"
            for pair in results.pairs
        )
        said = f'<p class="verdict">{_leader(results.strengths)}</p><ul class="pairs">{each}</ul>'
    return _answer(said + _counts(results) + _power())


def head(exhibit: Exhibit) -> str:
    return f"<h3>{escape(exhibit.question)}</h3><p>{escape(exhibit.answer)}</p>"


def foot(exhibit: Exhibit, name: str) -> str:
    """What colours mean, then the numbers."""
    keys = "".join(
        f'<li><i style="background:{piece.color}"></i>{escape(piece.name)}</li>'
        for piece in exhibit.legend
    )
    legend = f'<ul class="legend" aria-hidden="true">{keys}</ul>' if keys else ""
    return legend + (folded(exhibit.table, name) if exhibit.table.rows else "")


def disputes(found: Sequence[Dispute], seen: Mapping[str, SeenPair]) -> str:
    """What people disagreed on; a click opens both replies."""
    if not found:
        said = "Nobody contradicts anybody: either all agree, or nothing was judged by two people."
        return f'<h3>Where did they disagree?</h3><p class="told">{said}</p>'
    rows = "".join(_dispute(one, seen.get(one.task)) for one in found[:N_DISPUTES])
    more = len(found) - N_DISPUTES
    rest = f'<p class="quiet">and {more:,} more, which the export has</p>' if more > 0 else ""
    first = ", the most disputed first" if len(found) > 1 else ""
    said = f"{counted(len(found), 'comparison')} on which people differ{first}."
    return f'<h3>Where did they disagree?</h3><p class="told">{said}</p>{rows}{rest}'


def home() -> str:
    return (
        '<h3>Take it home</h3><p class="told">An export holds all judgments of the study chosen '
        "above, whatever the other filters; its manifest says what was left out and why. A backup "
        "holds everything.</p>"
    )


def taken(handout: Handout) -> str:
    """The way to a file that is ready."""
    return (
        '<p class="ready" role="status">'
        f'<a class="take" download href="{ADDRESS}/{attribute(handout.ticket)}">'
        f"{escape(handout.name)}</a> {_size(handout.size)}; the link holds for ten minutes.</p>"
    )


def trouble(words: str) -> str:
    return f'<p class="trouble" role="alert">{escape(words)}</p>' if words else ""


def _answer(said: str) -> str:
    return f'<section class="answer-first"><h2>{QUESTION}</h2>{said}</section>'


def _headline(pair: PairResult) -> str:
    """Begins with a name, which stays as it is, or with a capital."""
    return f"{escape(pair.headline)}." if pair.is_clear else _begun(pair.headline)


def _begun(words: str) -> str:
    """With a capital and a full stop; nothing stays nothing."""
    return f"{escape(words[:1].upper() + words[1:])}." if words else ""


def _leader(strengths: Strengths | None) -> str:
    """Who is ahead of all, if that is known."""
    standings = strengths.standings if strengths else ()
    first = [escape(standing.recommender) for standing in standings if standing.rank == 1]
    if len(first) == 1:
        return f"{first[0]} is ahead of all others."
    if first:
        return f"{', '.join(first[:-1])} and {first[-1]} are too close to tell who is ahead."
    return "Too few votes to put them in an order yet."


def _counts(results: Results) -> str:
    """How many votes there are and how many are left out, why."""
    said = f"{counted(results.votes, 'vote')} by {counted(results.people, 'person')} in all"
    n_out = results.votes - results.counted
    found = {flag: results.flags[flag] for flag in FLAGS if results.flags[flag]}
    why = ", ".join(f"{RULES[flag]} {n:,}" for flag, n in found.items())
    if n_out:
        said += f"; {n_out:,} left out ({why})"
    elif why:
        said += f"; none left out ({why})"
    return f'<p class="counts quiet">{escape(said)}.</p>'


def _power() -> str:
    return (
        f'<p class="power quiet">Enough is {decided_needed(SMALLEST_SHARE)} decided votes: they '
        f"find a system that wins {SMALLEST_SHARE:.0%} of them in {POWER:.0%} of studies.</p>"
    )


def _dispute(one: Dispute, seen: SeenPair | None) -> str:
    first, second = (escape(name) for name in one.pair)
    tally = f"<b>{one.for_first}</b> for {first}, <b>{one.for_second}</b> for {second}"
    if one.undecided:
        tally += f", <b>{one.undecided}</b> for neither"
    message = seen.heard.turns[-1].text if seen else "a comparison that this log does not have"
    both = _both(one, seen) if seen else ""
    return (
        f'<details class="dispute"><summary><span class="message">{escape(message)}</span>'
        f"<span>{tally}</span></summary>{both}</details>"
    )


def _both(one: Dispute, seen: SeenPair) -> str:
    earlier = "".join(
        f'<p class="turn {turn.speaker}"><span class="unseen">{turn.speaker}: </span>'
        f"{escape(turn.text)}</p>"
        for turn in seen.heard.turns[:-1]
    )
    before = f'<div class="earlier">{earlier}</div>' if earlier else ""
    replies = "".join(
        f'<div class="column {side}"><header><b>{escape(name)}</b></header>'
        f'<div class="words" dir="auto">{escape(seen.text_of(name))}</div></div>'
        for side, name in zip(("left", "right"), one.pair, strict=True)
    )
    votes = "".join(
        f"<li>{pseudonym(vote.annotator)}: {escape(vote.winner or UNDECIDED[vote.verdict])}</li>"
        for vote in one.votes
    )
    return f'{before}<div class="columns">{replies}</div><ul class="voters">{votes}</ul>'


def _size(n_bytes: int) -> str:
    return f"{n_bytes / 1e6:.1f} MB" if n_bytes >= 1e5 else f"{max(1, round(n_bytes / 1e3))} kB"
