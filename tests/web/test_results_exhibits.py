"""What the results page draws and tabulates, against numbers counted by hand."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from ballots import START, ballots, vote

from crsdemo.core.comparison import Verdict
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.feedback.results import Participant, SeenPair, pseudonym
from crsdemo.studies.statistics.bootstrap import Estimate
from crsdemo.studies.statistics.disputes import disputes
from crsdemo.studies.statistics.judging import Scores, Vote
from crsdemo.studies.statistics.report import results
from crsdemo.studies.statistics.sizes import need
from crsdemo.web.results import figures
from crsdemo.web.results import html as results_html
from crsdemo.web.results.answer import answer, text
from crsdemo.web.results.exhibits import exhibits
from crsdemo.web.results.figures import Bars, Dots
from crsdemo.web.results.tables import Column, Table
from crsdemo.web.results.words import Exhibit, number, share

HAND = ballots("ann: l l l g / bob: l r b ?")  # red on the left, blue on the right


def shown(votes: tuple[Vote, ...], *participants: Participant) -> dict[str, Exhibit]:
    return exhibits(results(votes), participants)


def page(votes: Sequence[Vote], seen: Mapping[str, SeenPair] = {}) -> str:
    found = results(votes)
    return results_html.PARTS.page(answer(found), exhibits(found), disputes(votes), seen)


def cells(exhibit: Exhibit) -> list[dict[str, Any]]:
    names = [column.name for column in exhibit.table.columns]
    return [dict(zip(names, row, strict=True)) for row in exhibit.table.rows]


def dots(exhibit: Exhibit) -> list[Estimate]:
    """What is drawn: where the dots lie, and their lines."""
    assert isinstance(exhibit.figure, Dots)
    return [row.estimate for row in exhibit.figure.rows]


def test_verdicts_are_counted_and_drawn_as_parts_of_one_bar() -> None:
    exhibit = shown(HAND)["verdicts"]
    (row,) = cells(exhibit)
    assert (row["first"], row["second"]) == ("blue", "red")
    assert [row["first wins"], row["second wins"]] == [1, 4]
    assert [row[n] for n in ("both good", "the same", "both bad", "cannot tell")] == [1, 0, 1, 1]
    assert (row["votes"], row["people"]) == (8, 2)
    assert isinstance(exhibit.figure, Bars)
    (bar,) = exhibit.figure.rows
    parts = [exhibit.figure.part(bar, piece) for piece in bar.pieces]
    assert parts == [1 / 8, 1 / 8, 0, 1 / 8, 1 / 8, 0, 4 / 8]  # none for "the same", none identical
    assert 'title="red is better: 4" style="flex-grow: 0.5' in page(HAND)
    assert exhibit.answer == "3 of 8 votes name no winner (both good 1, both bad 1, cannot tell 1)."


def test_who_cannot_tell_names_no_winner_wherever_that_is_said() -> None:
    votes = ballots("ann: l l ?")
    said = answer(results(votes))
    assert shown(votes)["verdicts"].answer == "1 of 3 votes name no winner (cannot tell 1)."
    assert f"about {need(0.6, 3, 1 / 3).people} people" in said.verdict


def test_the_net_win_rate_is_drawn_where_the_table_has_it_with_its_interval() -> None:
    exhibit = shown(HAND)["net-win-rate"]
    (row,) = cells(exhibit)
    assert row["net win rate"] == pytest.approx((1 - 4) / 7)
    assert row["share of wins"] == pytest.approx(1 / 5)
    (drawn,) = dots(exhibit)
    names = ("net win rate", "net win rate, low", "net win rate, high")
    assert drawn.ends == tuple(row[name] for name in names)
    assert f'cx="{50 + 50 * row["net win rate"]:.2f}%"' in page(HAND)
    assert row["sign test"] == pytest.approx(12 / 32)  # 2 (1 + 5) / 2^5


def test_three_recommenders_stand_on_one_scale_each_in_its_own_colour() -> None:
    pairs = (("red", "blue"), ("blue", "gold"), ("red", "gold"))
    made = [
        vote(f"p{n % 6}", "left" if n % 3 else "right", n, left=a, right=b)
        for n, (a, b) in enumerate(pairs * 8)
    ]
    made += [replace(one, verdict="right", annotator="p9") for one in made[:6]]
    exhibit = shown(tuple(made))["strengths"]
    points = [row["points"] for row in cells(exhibit)]
    assert points == sorted(points, reverse=True) and len(points) == 3
    assert sum(points) / 3 == pytest.approx(1000)
    assert [one.value for one in dots(exhibit)] == points
    assert isinstance(exhibit.figure, Dots)
    assert len({row.color for row in exhibit.figure.rows}) == 3
    low, high = exhibit.figure.axis.low, exhibit.figure.axis.high
    ends = [end for one in dots(exhibit) for end in one.ends if end is not None]
    assert len(ends) >= 3 and low <= min(ends) and max(ends) <= high


def test_two_recommenders_have_no_common_scale() -> None:
    assert "strengths" not in shown(HAND)


def test_aspects_are_drawn_on_the_scale_that_each_was_asked_on() -> None:
    asked = {"satisfaction": Scores(3, 1), "interest": Scores(2, None)}
    votes = (
        vote("ann", "left", 1, aspects=asked),
        vote("bob", "left", 2, aspects={"satisfaction": Scores(2, 1)}),
    )
    exhibit = shown(votes)["aspects"]
    found = {(row["aspect"], row["recommender"]): row["mean"] for row in cells(exhibit)}
    assert found == {
        ("satisfaction", "red"): 2.5,
        ("satisfaction", "blue"): 1,
        ("interest", "red"): 2,
    }
    assert sorted(one.value or 0 for one in dots(exhibit)) == [1 / 4, 2.5 / 4, 2 / 2]


def test_the_place_on_the_screen_is_told_with_its_test() -> None:
    exhibit = shown(HAND)["position"]
    (row,) = cells(exhibit)
    assert (row["decided votes"], row["for the left"], row["share of left"]) == (5, 4, 0.8)
    assert row["test of one half"] == pytest.approx(12 / 32)
    assert "No side is favoured" in exhibit.answer
    always = tuple(vote(f"p{n}", "left", n) for n in range(12))
    assert "The left side is chosen more often" in shown(always)["position"].answer


def counted(table: Table) -> dict[str, int]:
    return {str(slot): int(str(n)) for slot, n in table.rows}


def test_votes_are_counted_by_how_long_they_took() -> None:
    late = replace(HAND[0], annotator="cat", created=START + timedelta(days=2), seconds=40.0)
    exhibit = shown((*HAND, late))["seconds"]
    assert counted(exhibit.table)["30 to 45"] == 1
    assert "They took about 40 s, the median is 40 s" in exhibit.answer
    assert "seconds" not in shown(HAND)


def test_every_time_falls_into_one_slot() -> None:
    took = (0, 4.9, 5, 59.9, 119.9, 120, 5000)
    votes = tuple(vote("ann", "left", n, seconds=float(s)) for n, s in enumerate(took))
    slots = counted(shown(votes)["seconds"].table)
    assert slots["0 to 5"] == 2 and slots["5 to 10"] == 1 and slots["120 up"] == 2
    assert sum(slots.values()) == 7


def test_agreement_counts_pairs_of_people_on_the_same_replies() -> None:
    said: tuple[tuple[str, Verdict], ...] = (("ann", "left"), ("bob", "left"), ("cat", "right"))
    votes = tuple(vote(name, verdict, task="shared") for name, verdict in said)
    exhibit = shown(votes)["agreement"]
    verdicts = cells(exhibit)[0]
    assert verdicts["judged by 2 or more"] == 1 and verdicts["say the same"] == pytest.approx(1 / 3)
    assert exhibit.answer == (
        "1 comparison was judged by two people or more; "
        "on 1 comparison two people say the same in 33%."
    )
    assert dots(exhibit) == []  # one comparison gives no interval
    alone = shown(HAND)["agreement"]
    assert dots(alone) == [] and "No two people" in alone.answer


def test_agreement_says_what_became_of_each_comparison_that_two_judged() -> None:
    """Ben fails his check: without him nobody shares anything."""
    votes = [vote("ann", "left", 1), vote("ann", "cannot_tell", 2)]
    votes += [vote("ben", "right", 11, task="task 1"), vote("ben", "right", 12, task="task 2")]
    votes += [vote("ben", "right", 13, expected="left")]
    strict, free = exhibits(results(votes)), exhibits(results(votes, ()))
    assert strict["agreement"].answer == (
        "2 comparisons were judged by two people or more; "
        "of 2 too few votes count, since others are left out."
    )
    assert free["agreement"].answer == (
        "2 comparisons were judged by two people or more; on 1 too few could tell which is better, "
        "or the replies are identical; on 1 comparison two people say the same in 0%."
    )
    assert "No two votes that count contradict each other" in page([vote("ann", "left")])


def test_progress_shows_who_is_where_and_never_a_real_id() -> None:
    people = (
        Participant("ann", "Pilot", "given", 8, 4, None),
        Participant("dan", "Pilot", "given", 8, 8, "2026-03-01T10:00:00.000Z"),
        Participant("eve", "Pilot", "declined", 0, 0, None),
    )
    exhibit = shown(HAND, *people)["progress"]
    rows = {row["person"]: row for row in cells(exhibit)}
    assert set(rows) == set(map(pseudonym, ("ann", "dan", "eve", "bob")))
    assert rows[pseudonym("ann")]["state"] == "under way" and rows[pseudonym("ann")]["votes"] == 4
    assert rows[pseudonym("dan")]["state"] == "done"
    assert rows[pseudonym("eve")]["state"] == "declined"
    assert rows[pseudonym("bob")]["to judge"] is None
    assert "1 of 3 people" in exhibit.answer
    found = answer(results(HAND))
    told = results_html.PARTS.page(found, {"progress": exhibit}, (), {}) + exhibit.table.csv()
    assert not any(word in told for word in (">ann", ">bob", ">dan", ",ann", "ann,", "\nbob"))


def test_what_has_nothing_to_show_is_not_shown() -> None:
    assert shown(()) == {}
    assert list(shown(ballots("ann: ?"))) == ["verdicts", "net-win-rate", "agreement", "progress"]
    assert "position" in shown(ballots("ann: l"))
    for votes in ((), ballots("ann: ?"), ballots("ann: l")):
        assert 'class="verdict"' in page(votes) and text(results(votes))


def test_names_that_want_to_be_markup_stay_words() -> None:
    name = "<b>red</b> %{x}"
    votes = tuple(replace(one, left=name) for one in HAND)
    assert "<b>red" not in page(votes) and "&lt;b&gt;red" in page(votes)
    assert "&lt;b&gt;red" in shown(votes)["verdicts"].table.html()


def test_a_csv_has_the_numbers_as_they_are_and_nothing_that_a_spreadsheet_runs() -> None:
    table = Table((Column("who"), Column("share", "share")), (("=1+1", 1 / 3), ("b, c", None)))
    rows = list(csv.reader(io.StringIO(table.csv())))
    assert rows == [["who", "share"], ["'=1+1", str(1 / 3)], ["b, c", ""]]
    assert "33%" in table.html() and "–" in table.html()


def test_figures_are_said_with_their_interval_and_no_minus_before_zero() -> None:
    assert share(Estimate(0.584, 0.51, 0.649)) == "58% (51 to 65)"
    assert share(Estimate(-0.1, -0.25, 0.001), signed=True) == "−10% (−25 to +0)"
    assert number(Estimate(0.5, -0.001, 1.0), 2) == "0.50 (0.00 to 1.00)"
    assert number(Estimate(None), 2) == "–" and share(Estimate(0.5)) == "50%"


def test_colours_follow_the_recommender_and_none_comes_twice() -> None:
    names = tuple("abcdefg")
    colors = [figures.color_of(name, names) for name in names]
    assert len(set(colors)) == len(colors) > 4


def test_the_answer_comes_first_and_says_what_is_missing() -> None:
    few = page(HAND)
    assert "Too few votes to tell: about" in few and "So far red wins" not in few.split("so-far")[0]
    many = tuple(
        vote(f"p{n % 20}", "left" if (n + n // 20) % 10 else "right", n) for n in range(300)
    )
    sure = page(many)
    assert "red wins 90% of decided comparisons" in sure and "300 votes by 20 people" in sure
    assert "Nobody has voted yet" in page(())
    hasty = tuple(replace(one, seconds=0.5) for one in HAND)
    assert "No vote counts" in page(hasty)


def contradicting(task: str, *verdicts: Verdict) -> list[Vote]:
    return [vote(f"p{n}", verdict, n, task=task) for n, verdict in enumerate(verdicts)]


def test_the_most_disputed_replies_come_first_and_agreement_is_no_dispute() -> None:
    votes = [
        *contradicting("calm", "left", "left", "left"),
        *contradicting("split", "left", "right", "left", "right"),
        *contradicting("warm", "left", "left", "both_good"),
        *contradicting("hot", "left", "right", "left"),
        *contradicting("unsure", "left", "cannot_tell"),
    ]
    found = disputes(votes)
    assert [one.task for one in found] == ["split", "hot", "warm"]
    assert (found[0].for_first, found[0].for_second, found[2].undecided) == (2, 2, 1)


def test_a_dispute_shows_both_replies_under_their_own_names() -> None:
    votes = contradicting("c1", "left", "right")
    heard = Dialogue(
        (Turn("user", "<i>hi</i>"), Turn("assistant", "hello"), Turn("user", "a film"))
    )
    seen = SeenPair(heard, "red", "what red said", "blue", "what blue said")
    html = page(votes, {"c1": seen})
    blue, red = html.index("what blue said"), html.index("what red said")
    assert html.index("<b>blue</b></header>") < blue < html.index("<b>red</b></header>") < red
    assert "&lt;i&gt;hi" in html and "<b>1</b> for blue, <b>1</b> for red" in html
    assert "a comparison that this log does not have" in page(votes)


def test_while_a_study_runs_the_results_lead_to_no_page_that_is_closed() -> None:
    assert 'href="compare"' in results_html.masthead(study_runs=False)
    closed = results_html.masthead(study_runs=True)
    assert [page for page in ("./", "compare", "blind") if f'href="{page}"' in closed] == []
    assert 'href="health"' in closed
