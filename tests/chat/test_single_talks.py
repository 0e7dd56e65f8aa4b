"""One system per talk: drawn evenly, told apart by nobody, and its answers are about it."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from made_studies import FILE, SINGLE, Lab, lab
from sqlite_utils import Database
from stand_in import StandIn

from crsdemo.chat.study_steps import Ask, Done, Stay, Work
from crsdemo.core.errors import BadInputError, CrsdemoError
from crsdemo.feedback.log import FeedbackLog
from crsdemo.feedback.results import ResultsLog
from crsdemo.feedback.schema import APPLICATION_ID, MIGRATIONS
from crsdemo.feedback.votes import load_votes


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Lab]:
    made = lab(tmp_path, SINGLE)
    yield made
    made.log.close()


def test_each_person_meets_every_system_before_one_comes_again_and_all_evenly(
    tmp_path: Path,
) -> None:
    three = SINGLE.replace('"red", "blue"', '"red", "blue", "green"').replace(
        "each = 2", "each = 4"
    )
    made = lab(tmp_path, three)
    for n in range(5):
        made.annotator(f"p{n}")
    met = made.rows("select annotator, left_recommender, right_recommender from assignments")
    assert all(left == right for _, left, right in met)
    by_person = {who: Counter(n for w, n, _ in met if w == who) for who, *_ in met}
    assert all(sorted(counts.values()) == [1, 1, 2] for counts in by_person.values())
    overall = Counter(name for _, name, _ in met).values()
    assert max(overall) - min(overall) <= 1
    made.log.close()


def test_a_talk_with_one_system_goes_on_until_it_is_answered_often_enough(made: Lab) -> None:
    ann = made.annotator("ann")
    first = ann.step
    assert isinstance(first, Work) and first.talk and not first.talk.turns and first.of == 4
    ann.say("a film about the sea")
    work = ann.step
    assert isinstance(work, Work) and work.talk and work.n_judged == 1 and work.done == 1
    assert [one.turn.speaker for one in work.talk.turns] == ["user", "assistant"]
    who = made.rows("select distinct recommender from generations")
    assert who == [(work.assignment.left,)]
    ann.say("an older one")
    assert isinstance(ann.step, Ask)
    stayed = made.desk.step(ann.id, Stay(talk=work.assignment.id))
    assert isinstance(stayed, Work) and stayed.is_done and stayed.n_judged == 2
    assert isinstance(ann.step, Ask) and ann.step.about == work.assignment.id
    assert ann.finish() == "" and isinstance(ann.step, Done)
    assert load_votes(made.log.file) == ()
    (progress,) = ResultsLog(made.log.file).participants()
    assert (progress.planned, progress.judged, progress.state) == (4, 4, "done")
    answers = made.rows(
        "select a.left_recommender, count(*) from answers n join assignments a on a.id = n.about "
        "group by 1 order by 1"
    )
    assert answers == [("blue", 3), ("red", 3)]


def test_a_failure_names_nobody_and_does_not_count(made: Lab) -> None:
    ann = made.annotator("ann")
    with pytest.raises(CrsdemoError) as caught:
        ann.say("break down")
    assert "could not answer" in str(caught.value)
    assert not any(name in str(caught.value) for name in ("red", "blue"))
    work = ann.step
    assert isinstance(work, Work) and work.n_judged == 0
    ann.say("a quiet film")
    assert isinstance(ann.step, Work) and ann.step.n_judged == 1


def test_who_is_not_answered_several_times_in_a_row_is_to_come_back_later(made: Lab) -> None:
    ann = made.annotator("ann")
    for n in range(3):
        assert isinstance(ann.step, Work) and not ann.step.keeps_failing
        with pytest.raises(CrsdemoError, match="come back later"):
            ann.say(f"break down {n}")
    assert isinstance(ann.step, Work) and ann.step.keeps_failing
    ann.say("a quiet film")  # it answers again
    assert isinstance(ann.step, Work) and not ann.step.keeps_failing and ann.step.n_judged == 1
    with pytest.raises(CrsdemoError):
        ann.say("break down")
    assert isinstance(ann.step, Work) and not ann.step.keeps_failing


def test_two_clicks_are_one_message_and_what_is_over_takes_none(made: Lab) -> None:
    ann = made.annotator("ann")
    work = ann.step
    assert isinstance(work, Work) and work.talk
    talks = made.desk._talks
    assert list(talks.say_alone(work, "one"))
    assert not list(talks.say_alone(work, "one"))
    ann.say("two")
    with pytest.raises(BadInputError, match="This task is done"):
        ann.say("three")


def test_erasing_takes_single_talks_along(made: Lab) -> None:
    ann = made.annotator("ann")
    ann.say("zyzzyva and quokka")
    made.desk.withdraw(ann.id, erase=True)
    for file in made.log.path.parent.iterdir():
        assert b"quokka" not in file.read_bytes(), file.name
    assert made.rows("select count(*) from turns") == [(0,)]


def test_the_questions_are_kept_with_the_study_and_an_older_log_gets_them(tmp_path: Path) -> None:
    made = lab(tmp_path, FILE)
    rows = made.rows("select questionnaire, question, kind, about from questions order by 1, 2")
    assert ("short-compared", "relevance", "sides", "comparison") in rows and len(rows) == 5
    made.log.close()


def test_identical_replies_are_replayed_only_if_nothing_else_is_left(tmp_path: Path) -> None:
    loud = StandIn(0, "blue", "Watch ")
    made = lab(tmp_path, FILE.replace('"A loud film."', '"thanks"'), StandIn(0, "red"), loud)
    for n in range(6):
        made.annotator(f"p{n}")
    shared = made.desk.log.replays(made.desk.study.sha256)
    (twin,) = [one for one in shared.values() if one.is_twin]
    of = "select count(*) from assignments where replay_of = '{}'"
    assert made.rows(of.format(twin.comparison_id)) == [(0,)]
    made.log.close()


def test_assignments_of_an_older_log_are_all_there_and_stay_for_good(tmp_path: Path) -> None:
    path = tmp_path / "feedback.db"
    old = sqlite3.connect(path, isolation_level=None)
    for migrate in MIGRATIONS[:6]:
        migrate(Database(old))
    old.execute("pragma user_version = 6")
    old.execute(f"pragma application_id = {APPLICATION_ID}")
    old.execute("insert into studies (sha256, name, file) values (?, 's', '')", ["0" * 64])
    old.execute("insert into visitors (id, app_version) values ('ann', '0')")
    annotator = (
        "insert into annotators (id, study, source, external_hmac) values ('ann', ?, 'link', ?)"
    )
    old.execute(annotator, ["0" * 64, "1" * 64])
    old.execute(
        "insert into assignments values ('a', 'ann', 0, 'free', 't', 'x', 'y', 1, 0, 2, "
        "null, null, '2026-01-01')"
    )
    old.close()
    log = FeedbackLog(path)
    with sqlite3.connect(path) as db:
        (kept,) = db.execute("select * from assignments").fetchall()
        assert kept == ("a", "ann", 0, "free", "t", "x", "y", 1, 0, 2, None, None, "2026-01-01")
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            db.execute("delete from assignments")
        assert db.execute("pragma foreign_key_check").fetchall() == []
    log.close()


def test_a_message_that_got_no_answer_is_replaced_and_shapes_no_reply(made: Lab) -> None:
    ann = made.annotator("ann")
    growth = made.desk.say(ann.id, "a western")
    next(growth)
    growth.close()  # as a reload does
    work = ann.step
    assert isinstance(work, Work) and work.unanswered == "a western" and work.n_judged == 0
    assert list(made.desk.say(ann.id, "a western"))
    work = ann.step
    assert isinstance(work, Work) and work.talk and work.unanswered == "" and work.n_judged == 1
    assert [one.turn.speaker for one in work.talk.turns] == ["user", "assistant"]
    with pytest.raises(CrsdemoError):
        ann.say("break down")
    ann.say("an older one")
    said = made.desk.step(ann.id, Stay(talk=work.assignment.id))
    assert isinstance(said, Work) and said.talk
    texts = [one.turn.text for one in said.talk.turns if one.turn.speaker == "user"]
    assert texts == ["a western", "an older one"]
