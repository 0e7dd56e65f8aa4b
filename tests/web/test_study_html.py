"""The words of a study: nothing typed becomes HTML, and what came before a replay is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from made_studies import FILE, SHORT, SINGLE, Annotator, Lab, lab
from stand_in import FILM, StandIn

from crsdemo.chat.study_steps import Ask, Stay, Work
from crsdemo.core.comparison import Verdict
from crsdemo.core.conversation import new_id
from crsdemo.studies.questionnaire import READY_MADE, parse_questionnaire
from crsdemo.studies.study import Consent, parse_study
from crsdemo.web.compare.verdicts import MEANINGS, PARTS
from crsdemo.web.shared.shown import BLIND
from crsdemo.web.study import html as study_html

HOSTILE = "<script>alert('x')</script>"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Lab]:
    made = lab(tmp_path)
    yield made
    made.log.close()


def reached(annotator: Annotator, wanted: type) -> Ask | Work:
    for _ in range(200):
        step = annotator.step
        if isinstance(step, wanted) and isinstance(step, Ask | Work):
            return step
        annotator.act()
    raise AssertionError(f"no {wanted} came")


def test_nothing_that_somebody_wrote_becomes_html(made: Lab) -> None:
    consent = Consent(text=HOSTILE, version=HOSTILE)
    changes = {"title": HOSTILE, "consent": consent, "explanation": (HOSTILE,)}
    study = made.desk.study.model_copy(update=changes)
    ask = reached(made.annotator("ann"), Ask)
    assert isinstance(ask, Ask)
    asked = replace(ask, questionnaire=parse_questionnaire(READY_MADE / "about-you.toml"))
    drawn = (
        study_html.masthead(study.title),
        study_html.PARTS.consent(study),
        study_html.PARTS.explanation(study),
        study_html.PARTS.done(HOSTILE),
        study_html.PARTS.refused(HOSTILE),
        study_html.questions(asked, {"comment": f"</textarea>{HOSTILE}"}),
    )
    for html in drawn:
        assert "<script" not in html and "&lt;script" in html


def test_the_work_is_counted_from_one_and_the_last_one_stays_the_last(made: Lab) -> None:
    ann = made.annotator("ann")
    work = ann.step
    assert isinstance(work, Work) and "Practice" in study_html.masthead("t", work)
    ann.act()
    work = reached(ann, Work)
    assert isinstance(work, Work)
    assert "<b>1 of 8</b>" in study_html.masthead("t", replace(work, done=0))
    assert "<b>8 of 8</b>" in study_html.masthead("t", replace(work, done=7, minutes_left=1))
    assert "about 1 minute left" in study_html.masthead("t", replace(work, minutes_left=1))


def test_practice_tells_what_was_expected_and_what_each_verdict_means(made: Lab) -> None:
    ann = made.annotator("ann")
    work = ann.step
    assert isinstance(work, Work) and work.to_judge
    expected = work.assignment.expected
    assert expected
    wrong: Verdict = "left" if expected == "right" else "right"
    cases: tuple[tuple[Verdict, str], ...] = (
        (expected, "That is what we expected"),
        (wrong, "We expected <b>"),
        ("both_bad", "is a fair answer too"),
    )
    for said, answer in cases:
        ann.judge(work.to_judge, said)
        done = made.desk.step(ann.id, Stay(comparison=work.to_judge.id))
        assert isinstance(done, Work)
        told = study_html.feedback(done)
        assert answer in told and all(meaning in told for meaning in MEANINGS.values())
        assert told.count("<kbd>") == 6


@pytest.mark.parametrize("unjudged", ["break down: red", "i want to die"])
def test_of_a_practice_talk_nothing_is_taught_by_a_message_that_was_not_judged(
    tmp_path: Path, unjudged: str
) -> None:
    talk = '[[tasks]]\nname = "try"\nkind = "practice"\nmessages = 2\n\n[[tasks]]'
    made = lab(
        tmp_path, SHORT.replace("[[tasks]]", talk, 1), StandIn(0.0, "red"), StandIn(0.0, "blue")
    )
    ann = made.annotator("ann")
    seen = ann.say("a western")
    assert seen
    ann.judge(seen, "both_good")
    work = ann.step
    assert isinstance(work, Work) and "both good" in study_html.feedback(work)
    ann.say(unjudged)
    work = ann.step
    assert isinstance(work, Work) and work.is_practice and work.n_judged == 1
    assert study_html.feedback(work) == ""
    made.log.close()


def test_the_explanation_says_what_the_tasks_are(tmp_path: Path) -> None:
    for text, words, missing in (
        (SINGLE.replace("each = 2", "each = 1"), "to one assistant;", "A and B"),
        (SHORT, "called A and B", "goes on"),
        (FILE, "goes on from the better reply", "with one assistant"),
        (FILE.replace("minutes", 'policy = "own"\nminutes'), "called A and B", "goes on"),
    ):
        (tmp_path / "study.toml").write_text(text)
        told = study_html.PARTS.explanation(parse_study(tmp_path / "study.toml"))
        assert words in told and missing not in told, text


def test_questions_come_with_what_they_are_about_and_how_far_one_is(made: Lab) -> None:
    ann = made.annotator("ann")
    ask = reached(ann, Ask)
    assert isinstance(ask, Ask) and ask.work and ask.work.series.comparisons
    about = "".join(PARTS.of(FILM).recalled(one, BLIND) for one in ask.work.series.comparisons)
    asked = study_html.questions(ask, {}, about=about)
    assert "same assistant in all messages" in asked
    assert all(one.message in asked for one in ask.work.series.comparisons)
    assert f'Questions<span class="long">, {ask.done} of {ask.of} done' in (
        study_html.masthead("t", ask)
    )


def test_a_visit_that_is_a_test_says_so_on_every_page(made: Lab) -> None:
    assert "nothing here counts" in study_html.masthead("t", is_test=True)
    assert "nothing here counts" not in study_html.masthead("t")
    test = made.desk.arrive({"test": "ann"}, None)
    assert made.desk.is_test(test) and not made.desk.is_test(made.annotator("ann").id)


def test_a_talk_with_one_system_is_drawn_without_its_name(tmp_path: Path) -> None:
    made = lab(tmp_path, SINGLE)
    ann = made.annotator("ann")
    ann.say(HOSTILE)
    work = ann.step
    assert isinstance(work, Work) and work.talk
    html = study_html.PARTS.task(work) + PARTS.of(made.desk.catalog.domain).alone(work.talk)
    assert "message 2 of 2" in html and "After Life" in html and "<script" not in html
    assert work.assignment.left not in html
    explained = study_html.PARTS.explanation(made.desk.study)
    assert "write 4 messages to one assistant at a time" in explained and "pairs" not in explained
    assert "Leaving is safe" not in explained and "Leaving is safe" not in study_html.PARTS.leaving(
        True
    )
    made.log.close()


@pytest.mark.parametrize("swapped", [False, True])
def test_a_replayed_comparison_stands_below_what_was_said_before_it(
    tmp_path: Path, swapped: bool
) -> None:
    systems = StandIn(0.0, "red"), StandIn(0.0, "blue", "Watch ")
    earlier = lab(tmp_path, SHORT, *systems)
    pair = earlier.desk.side_by_side
    series = pair.start(new_id(), "shared")
    for text in ("the first wish", "the second wish"):
        *_, comparison = pair.say(series, text, ("red", "blue"))
        series = series.then(comparison)
    replayed = f'comparisons = ["{comparison.id}"]'
    earlier.log.close()
    made = lab(tmp_path, SHORT.replace('messages = ["A quiet film."]', replayed), *systems)
    for n in range(20):  # until the lot has fallen as wanted
        ann = made.annotator(f"ann {n}")
        work = ann.step
        while not (isinstance(work, Work) and work.assignment.replay_of):
            ann.act()
            work = ann.step
        if work.assignment.swapped == swapped:
            break
    head = study_html.PARTS.task(work)
    assert "the first wish" in head and "the second wish" not in head
    answered = unescape(re.sub("<[^>]*>", "", head))
    kept, left_behind = (
        ("Try", "Watch") if series.comparisons[0].onward.side == "left" else ("Watch", "Try")
    )
    assert f'You said "the first wish". {kept} After Life' in answered
    assert left_behind not in answered
    made.log.close()
