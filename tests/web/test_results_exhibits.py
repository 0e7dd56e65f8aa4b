"""What the results page draws and tabulates, against numbers counted by hand."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from ballots import START, ballots, vote

from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.feedback.results import Participant, SeenPair, pseudonym
from crsdemo.studies.statistics.bootstrap import Estimate
from crsdemo.studies.statistics.disputes import disputes
from crsdemo.studies.statistics.exclusion import flagged
from crsdemo.studies.statistics.judging import Scores, Vote
from crsdemo.studies.statistics.report import results
from crsdemo.web.results import figures
from crsdemo.web.results import html as results_html
from crsdemo.web.results import trust as results_trust
from crsdemo.web.results import who as results_who
from crsdemo.web.results.exhibits import EXHIBITS
from crsdemo.web.results.tables import Column, Table
from crsdemo.web.results.words import Exhibit, Findings, number, share

HAND = ballots("ann: l l l g / bob: l r b ?")  # red on the left, blue on the right


def findings(votes: tuple[Vote, ...], *participants: Participant) -> Findings:
    checked = flagged(votes)
    return Findings(results(checked), checked, participants)


def cells(exhibit: Exhibit) -> list[dict[str, Any]]:
    names = [column.name for column in exhibit.table.columns]
    return [dict(zip(names, row, strict=True)) for row in exhibit.table.rows]


def markers(exhibit: Exhibit) -> list[float]:
    """Where the dots lie."""
    return [
        trace.x[0]
        for trace in exhibit.figure.data
        if trace.mode == "markers" and trace.hovertemplate
    ]


def whiskers(exhibit: Exhibit) -> list[tuple[float, ...]]:
    return [tuple(trace.x) for trace in exhibit.figure.data if trace.mode == "lines"]


def test_verdicts_are_counted_and_drawn_as_parts_of_one_bar():
    exhibit = results_who.verdicts(findings(HAND))
    (row,) = cells(exhibit)
    assert (row["first"], row["second"]) == ("blue", "red")
    assert [row["first wins"], row["second wins"]] == [1, 4]
    assert [row[n] for n in ("both good", "the same", "both bad", "cannot tell")] == [1, 0, 1, 1]
    assert (row["votes"], row["people"]) == (8, 2)
    bars = [trace for trace in exhibit.figure.data if trace.type == "bar"]
    assert [bar.x[0] for bar in bars] == [1 / 8, 1 / 8, 1 / 8, 1 / 8, 4 / 8]  # none for "the same"
    assert [bar.base[0] for bar in bars] == [0, 1 / 8, 2 / 8, 3 / 8, 4 / 8]
    assert "red is better: 4" in bars[-1].hovertemplate
    assert "3 of 8 votes name no winner" not in exhibit.answer  # whoever cannot tell names no tie
    assert "2 of 8 votes" in exhibit.answer


def test_the_net_win_rate_is_drawn_where_the_table_has_it_with_its_interval():
    exhibit = results_who.net_rates(findings(HAND))
    (row,) = cells(exhibit)
    assert row["net win rate"] == pytest.approx((1 - 4) / 7)
    assert row["share of wins"] == pytest.approx(1 / 5)
    assert markers(exhibit) == [row["net win rate"]]
    assert whiskers(exhibit) == [(row["net win rate, low"], row["net win rate, high"])]
    assert row["sign test, votes"] == pytest.approx(12 / 32)  # 2 (1 + 5) / 2^5


def test_three_recommenders_stand_on_one_scale_each_in_its_own_colour():
    pairs = (("red", "blue"), ("blue", "gold"), ("red", "gold"))
    made = [
        vote(f"p{n % 6}", "left" if n % 3 else "right", n, left=a, right=b)
        for n, (a, b) in enumerate(pairs * 8)
    ]
    made += [replace(one, verdict="right", annotator="p9") for one in made[:6]]
    of = findings(tuple(made))
    exhibit = results_who.strengths(of)
    points = [row["points"] for row in cells(exhibit)]
    assert points == sorted(points, reverse=True) and len(points) == 3
    assert sum(points) / 3 == pytest.approx(1000)
    assert markers(exhibit) == points
    colors = {trace.marker.color for trace in exhibit.figure.data if trace.mode == "markers"}
    assert len(colors) == 3
    low, high = exhibit.figure.layout.xaxis.range
    assert all(low <= end <= high for ends in whiskers(exhibit) for end in ends)


def test_two_recommenders_have_no_common_scale():
    assert results_who.strengths(findings(HAND)).figure is None


def test_aspects_are_drawn_on_the_scale_that_each_was_asked_on():
    asked = {"satisfaction": Scores(3, 1), "interest": Scores(2, None)}
    votes = (
        vote("ann", "left", 1, aspects=asked),
        vote("bob", "left", 2, aspects={"satisfaction": Scores(2, 1)}),
    )
    exhibit = results_who.aspects(findings(votes))
    found = {(row["aspect"], row["recommender"]): row["mean"] for row in cells(exhibit)}
    assert found == {
        ("satisfaction", "red"): 2.5,
        ("satisfaction", "blue"): 1,
        ("interest", "red"): 2,
    }
    assert sorted(markers(exhibit)) == [1 / 4, 2.5 / 4, 2 / 2]


def test_the_place_on_the_screen_is_told_with_its_test():
    exhibit = results_trust.position(findings(HAND))
    (row,) = cells(exhibit)
    assert (row["decided votes"], row["for the left"], row["share of left"]) == (5, 4, 0.8)
    assert row["test of one half"] == pytest.approx(12 / 32)
    assert "No side is favoured" in exhibit.answer
    always = tuple(vote(f"p{n}", "left", n) for n in range(12))
    assert "The left side is chosen more often" in results_trust.position(findings(always)).answer


def test_votes_are_counted_by_day_and_by_how_long_they_took():
    late = replace(HAND[0], annotator="cat", created=START + timedelta(days=2), seconds=40.0)
    of = findings((*HAND, late))
    assert results_trust.days(of).table.rows == (("2026-03-01", 8), ("2026-03-03", 1))
    assert dict(results_trust.seconds(of).table.rows)["30 to 45"] == 1
    assert "median is 40 s" in results_trust.seconds(of).answer


def test_every_time_falls_into_one_slot():
    slots = dict(results_trust.slotted([0, 4.9, 5, 59.9, 119.9, 120, 5000]))
    assert slots["0 to 5"] == 2 and slots["5 to 10"] == 1 and slots["120 up"] == 2
    assert sum(slots.values()) == 7


def test_agreement_counts_pairs_of_people_on_the_same_replies():
    votes = tuple(
        vote(name, verdict, task="shared")
        for name, verdict in (("ann", "left"), ("bob", "left"), ("cat", "right"))
    )
    exhibit = results_trust.agreement(findings(votes))
    verdicts = cells(exhibit)[0]
    assert verdicts["judged by 2 or more"] == 1 and verdicts["say the same"] == pytest.approx(1 / 3)
    assert "33% say the same" in exhibit.answer
    alone = results_trust.agreement(findings(HAND))
    assert alone.figure is None and "No two people" in alone.answer


def test_the_rules_that_change_something_are_drawn_and_the_table_has_all():
    hasty = replace(HAND[5], seconds=1.0, annotator="eve")  # the only one for blue
    exhibit = results_who.sensitivity(findings((*HAND[:5], *HAND[6:], hasty)))
    rows = cells(exhibit)
    assert len(rows) == 7 and rows[0]["rules"] == "all of them left out"
    assert [row["left out"] for row in rows] == [1, 0, 1, 1, 1, 1, 0]
    assert [row["share of wins"] for row in rows] == [0, 0.2, 0, 0, 0, 0, 0.2]
    assert markers(exhibit) == [0, 0.2, 0.2]
    assert "moves by up to 20 points" in exhibit.answer
    assert results_who.sensitivity(findings(HAND)).figure is None


def test_progress_shows_who_is_where_and_never_a_real_id():
    people = (
        Participant("ann", "Pilot", "given", 8, 4, None),
        Participant("dan", "Pilot", "given", 8, 8, "2026-03-01T10:00:00.000Z"),
        Participant("eve", "Pilot", "declined", 0, 0, None),
    )
    exhibit = results_trust.progress(findings(HAND, *people))
    rows = {row["person"]: row for row in cells(exhibit)}
    assert set(rows) == set(map(pseudonym, ("ann", "dan", "eve", "bob")))
    assert rows[pseudonym("ann")]["state"] == "under way" and rows[pseudonym("ann")]["votes"] == 4
    assert rows[pseudonym("dan")]["state"] == "done"
    assert rows[pseudonym("eve")]["state"] == "declined"
    assert rows[pseudonym("bob")]["to judge"] is None
    assert "1 of 3 people" in exhibit.answer
    shown = str(exhibit.figure.to_json()) + exhibit.table.csv() + exhibit.table.html()
    assert not any(f'"{name}"' in shown or f">{name}<" in shown for name in ("ann", "bob", "dan"))


@pytest.mark.parametrize("name", list(EXHIBITS))
@pytest.mark.parametrize("votes", [(), ballots("ann: ?"), ballots("ann: l")])
def test_every_exhibit_can_be_drawn_of_few_votes_and_of_none(name: str, votes: tuple[Vote, ...]):
    exhibit = EXHIBITS[name](findings(votes))
    assert exhibit.answer
    if exhibit.figure is not None:
        assert exhibit.figure.layout.height > 30


def test_names_that_want_to_be_markup_stay_words():
    name = "<b>red</b> %{x}"
    votes = tuple(replace(one, left=name) for one in HAND)
    of = findings(votes)
    drawn = "".join(EXHIBITS[key](of).figure.to_json() for key in ("verdicts", "net-win-rate"))
    assert "<b>red" not in drawn and "%{x}" not in drawn.replace("%{x}: %{y}", "")
    found = results_html.answer(of.results) + EXHIBITS["verdicts"](of).table.html()
    assert "<b>red" not in found and "&lt;b&gt;red" in found


def test_a_csv_has_the_numbers_as_they_are_and_nothing_that_a_spreadsheet_runs():
    table = Table((Column("who"), Column("share", "share")), (("=1+1", 1 / 3), ("b, c", None)))
    rows = list(csv.reader(io.StringIO(table.csv())))
    assert rows == [["who", "share"], ["'=1+1", str(1 / 3)], ["b, c", ""]]
    assert "33%" in table.html() and "–" in table.html()


def test_figures_are_said_with_their_interval_and_no_minus_before_zero():
    assert share(Estimate(0.584, 0.51, 0.649)) == "58% (51 to 65)"
    assert share(Estimate(-0.1, -0.25, 0.001), signed=True) == "−10% (−25 to +0)"
    assert number(Estimate(0.5, -0.001, 1.0), 2) == "0.50 (0.00 to 1.00)"
    assert number(Estimate(None), 2) == "–" and share(Estimate(0.5)) == "50%"


def test_colours_follow_the_recommender_and_end_in_grey():
    names = tuple("abcdefg")
    colors = [figures.color_of(name, names) for name in names]
    assert len(set(colors[:4])) == 4 and set(colors[4:]) == {figures.MORE}


def test_the_answer_comes_first_and_says_what_is_missing():
    few = results_html.answer(findings(HAND).results)
    assert "Too few votes to tell: about" in few and "So far red wins" not in few.split("so-far")[0]
    many = tuple(
        vote(f"p{n % 20}", "left" if (n + n // 20) % 10 else "right", n) for n in range(300)
    )
    sure = results_html.answer(findings(many).results)
    assert "red wins 90% of decided comparisons" in sure and "300 votes by 20 people" in sure
    assert "Nobody has voted yet" in results_html.answer(findings(()).results)
    hasty = tuple(replace(one, seconds=0.5) for one in HAND)
    assert "No vote counts" in results_html.answer(findings(hasty).results)


def contradicting(task: str, *verdicts: str) -> list[Vote]:
    return [vote(f"p{n}", verdict, n, task=task) for n, verdict in enumerate(verdicts)]


def test_the_most_disputed_replies_come_first_and_agreement_is_no_dispute():
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


def test_a_dispute_shows_both_replies_under_their_own_names():
    (one,) = disputes(contradicting("c1", "left", "right"))
    heard = Dialogue(
        (Turn("user", "<i>hi</i>"), Turn("assistant", "hello"), Turn("user", "a film"))
    )
    seen = SeenPair(heard, "red", "what red said", "blue", "what blue said")
    html = results_html.disputes([one], {"c1": seen})
    blue, red = html.index("what blue said"), html.index("what red said")
    assert html.index("<b>blue</b></header>") < blue < html.index("<b>red</b></header>") < red
    assert "&lt;i&gt;hi" in html and "<b>1</b> for blue, <b>1</b> for red" in html
    assert "a comparison that this log does not have" in results_html.disputes([one], {})


def test_while_a_study_runs_the_results_lead_to_no_page_that_is_closed():
    assert 'href="compare"' in results_html.masthead(study_runs=False)
    closed = results_html.masthead(study_runs=True)
    assert [page for page in ("./", "compare", "blind") if f'href="{page}"' in closed] == []
    assert 'href="health"' in closed
