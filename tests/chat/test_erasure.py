"""Whoever withdrew is gone: no word comes later, none stays in what lies beside the log."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from made_studies import Annotator, Lab, lab
from test_outbox import locked
from test_study_desk import at

from crsdemo.core.comparison import Comparison, Judgment, Series
from crsdemo.core.dialogue import Turn
from crsdemo.core.errors import FeedbackError, KeptAsideError, RefusedError, WithdrawnError
from crsdemo.core.recommender import Plan, Reply
from crsdemo.core.traced import Stretch
from crsdemo.feedback.log import FeedbackLog
from crsdemo.feedback.outbox import Answered, Judged, Outbox
from crsdemo.web.health import examine
from crsdemo.web.upkeep import Upkeep

WORDS = "zyzzyva and quokka"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Lab]:
    made = lab(tmp_path, busy_seconds=0.2)
    yield made
    made.log.close()


def told(made: Lab) -> tuple[Annotator, Comparison]:
    """Somebody with words, and replies to them."""
    ann = made.annotator("ann")
    at(ann, "scenario")
    seen = ann.say(WORDS)
    assert seen
    ann.judge(seen, "left", comment=f"because {WORDS}")
    return ann, seen


@contextmanager
def reader(path: Path) -> Iterator[None]:
    """Another program that reads the log as it is now."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("begin")
        db.execute("select count(*) from turns").fetchone()
        yield


def found_in(folder: Path) -> list[str]:
    files = (file for file in folder.iterdir() if file.is_file())
    return [file.name for file in files if b"quokka" in file.read_bytes()]


@pytest.mark.parametrize("erase", [True, False])
def test_a_word_that_comes_after_the_withdrawal_is_refused_whoever_let_it_pass(
    made: Lab, erase: bool
) -> None:
    """As in a race: the desk had looked before, the writing comes after."""
    ann, seen = told(made)
    standing = made.desk.log.standing(made.desk.study.sha256, ann.id)
    assert standing
    replay = next(one.replay_of for one in standing.assignments if one.kind == "replay")
    free = next(one.id for one in standing.assignments if one.kind == "free")
    assert replay
    log, pair = made.log, made.desk.side_by_side
    made.desk.withdraw(ann.id, erase=erase)
    before = made.rows("select (select count(*) from verdicts), (select count(*) from turns)")
    late: dict[str, Any] = {
        "verdict": lambda: pair.judge(seen.id, ann.id, Judgment("right")),
        "replay": lambda: pair.judge(replay, ann.id, Judgment("right")),
        "pick": lambda: pair.pick(seen.id, ann.id, "left"),
        "rating": lambda: log.record_rating(seen.left.reply.id, ann.id, "thumbs", 1),
        "message": lambda: next(pair.say(Series(free, ann.id, "shared"), WORDS, ("red", "blue"))),
        "answer": lambda: made.desk.log.record_answer(ann.id, "q", "study", "one", 1),
        "lot": lambda: made.desk.log.deal("s", ann.id, lambda tally: standing.assignments),
        "end": lambda: made.desk.log.record_completion(ann.id, "code"),
        "consent": lambda: made.desk.log.record_decision(
            ann.id, "given", made.desk.study.consent
        ),
    }  # fmt: skip
    for name, deed in late.items():
        with pytest.raises(WithdrawnError):
            deed()
            pytest.fail(name)
    after = made.rows("select (select count(*) from verdicts), (select count(*) from turns)")
    assert after == before


def test_a_reply_that_is_still_written_when_its_reader_is_erased_is_not_kept(made: Lab) -> None:
    ann = made.annotator("ann")
    work = at(ann, "scenario")
    growth = made.desk.say(ann.id, WORDS)
    begun = next(growth)
    assert isinstance(begun, Comparison)
    of = begun.left.reply.id
    made.desk.withdraw(ann.id, erase=True)
    whole = Reply((f"You said {WORDS}",), "CHAT")
    for write in (made.log.record_progress, lambda i, r: made.log.record_finished(i, r, "ok")):
        with pytest.raises(RefusedError, match="deleted"):
            write(of, whole)
    with pytest.raises(RefusedError):
        made.log.record_started(begun.left.heard, "red", Plan())
    growth.close()
    assert made.rows(f"select count(*) from turns where dialogue_id = '{work.assignment.id}'") == [
        (0,)
    ]


def test_what_waited_in_the_outbox_is_dropped_and_not_set_apart(made: Lab) -> None:
    ann, seen = told(made)
    outbox = Outbox(made.log)
    with locked(made.log):
        late = Judgment("right", details={"comment": WORDS})
        for opinion in (
            Judged(seen.id, ann.id, late),
            Answered(ann.id, "q", "study", "one", WORDS),
        ):
            outbox._rests_until = 0.0
            with pytest.raises(KeptAsideError):
                outbox.submit(opinion)
    waiting = outbox.path.read_bytes()
    made.desk.withdraw(ann.id, erase=True)
    outbox.path.write_bytes(waiting)  # as if it had been kept aside a moment later
    assert outbox.drain() == 0 and outbox.n_damaged() == 0
    assert found_in(made.log.path.parent) == []


def test_what_was_set_apart_is_blotted_out_of_this_person_alone(made: Lab) -> None:
    ann, _ = told(made)
    bob, outbox = made.annotator("bob"), made.desk.side_by_side.outbox
    with locked(made.log):
        for who, words in ((ann, WORDS), (bob, "words of bob")):
            outbox._rests_until = 0.0
            with pytest.raises(KeptAsideError):
                outbox.submit(
                    Judged(
                        "not there any more", who.id, Judgment("left", details={"comment": words})
                    )
                )
    assert outbox.drain() == 0 and outbox.n_damaged() == 2
    assert b"quokka" in outbox.damaged.read_bytes()
    made.desk.withdraw(ann.id, erase=True)
    assert found_in(made.log.path.parent) == []
    assert outbox.n_damaged() == 1 and b"words of bob" in outbox.damaged.read_bytes()


def test_words_that_another_reader_keeps_alive_are_wiped_once_it_ends_and_said_till_then(
    made: Lab,
) -> None:
    ann, _ = told(made)
    upkeep = Upkeep(Outbox(made.log))
    with reader(made.log.path):
        with pytest.raises(FeedbackError, match="traces"):
            made.desk.withdraw(ann.id, erase=True)
        assert made.rows("select count(*) from erasures") == [(1,)]
        assert found_in(made.log.path.parent)
        upkeep.round()
        assert "traces" in upkeep.troubles["wipe what was erased"]
        assert any("wipe" in problem for problem in examine(upkeep).problems())
    upkeep.round()
    assert upkeep.troubles == {} and found_in(made.log.path.parent) == []


def test_the_next_start_wipes_what_a_crash_left(made: Lab) -> None:
    ann, _ = told(made)
    path = made.log.path
    with reader(path), pytest.raises(FeedbackError, match="traces"):
        made.desk.withdraw(ann.id, erase=True)
    again = FeedbackLog(path)
    Upkeep(Outbox(again)).round()
    assert found_in(path.parent) == []
    again.close()


def test_the_page_does_not_claim_more_than_is_true() -> None:
    from crsdemo.web.study.html import PARTS

    for page in (PARTS.withdrawn(False), PARTS.leaving()):
        assert "Backups" in page or "backups" in page
        assert "handed out" in page


def test_what_was_taken_back_and_said_anew_goes_with_whoever_said_it(made: Lab) -> None:
    ann, seen = told(made)
    heard = seen.left.heard
    made.log.record_taken_back(heard, heard.turns[-1].id, [Stretch(0, 7)], is_on=True)
    before = heard.before(len(heard.turns) - 1)
    made.log.record_turn(before, Turn("user", WORDS), replaces=heard.turns[-1].id)
    made.desk.withdraw(ann.id, erase=True)
    assert made.rows("select * from taken_back") == []
    assert made.rows("select * from turns where replaces is not null") == []
