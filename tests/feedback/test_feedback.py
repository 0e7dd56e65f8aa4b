"""The log loses nothing that it said was saved, and says plainly when it cannot save."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest
from sqlite_utils import Database

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.conversation import Conversation, ItemMark, Rating, new_id
from crsdemo.core.dialogue import Mention, Turn
from crsdemo.core.errors import BadInputError, FeedbackError, RefusedError
from crsdemo.core.recommender import (
    Branch,
    Evidence,
    PathStep,
    Plan,
    Provenance,
    Recommendation,
    Reply,
    Signal,
    Timing,
)
from crsdemo.feedback.file import connect
from crsdemo.feedback.log import FeedbackLog, Restored
from crsdemo.feedback.schema import APPLICATION_ID, MIGRATIONS

ROOT = Path(__file__).parents[2]
FILM = Item("f1", "Lighthouse Summer", 1999, {"genres": ("drama",)})
OTHER = Item("f2", "The Paper Comet", 2004)
CATALOG = Catalog((FILM, OTHER))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "feedback.db"


@pytest.fixture
def log(path: Path) -> Iterator[FeedbackLog]:
    log = FeedbackLog(path)
    yield log
    log.close()


def reply() -> Reply:
    branch = Branch(7, 0.6, "drama, the sea", 12, ("Lighthouse Summer",))
    return Reply(
        pieces=("Try ", FILM, OTHER, " tonight."),
        mode="REC",
        item=FILM,
        evidence=Evidence(
            modes=(("REC", 0.75), ("CHAT", 0.25)),
            path=(PathStep(0, branch, (branch, branch), 3, 0.98),),
            candidates=(
                Recommendation(OTHER, 0.5, (Signal("people", -0.25), Signal("people", 1.0))),
                Recommendation(FILM, 0.25),
            ),
            query='a "quiet" drama',
            query_sources=("quiet", "Lighthouse Summer (1999)"),
            timings=(Timing("choose the film", 12.5),),
        ),
        provenance=Provenance("double", "m", "a", CATALOG.fingerprint, '{"beam": 4}'),
        prompt="<USER> hi",
        output_ids=(3, 1, 2),
        output="<MODE=REC>",
    )


def answered(log: FeedbackLog, visitor: str = "visitor") -> Conversation:
    """A message and a whole reply, kept."""
    conversation = Conversation(new_id(), visitor)
    said = log.record_turn(conversation, Turn("user", "like f1", (Mention(5, 7, "f1"),)))
    assert said
    conversation = conversation.then(said)
    generation_id = log.record_started(conversation, "double", Plan(seed=4, avoid=frozenset("x")))
    log.record_finished(generation_id, reply(), "ok")
    return restored(log, conversation.id).conversation


def restored(log: FeedbackLog, dialogue_id: str) -> Restored:
    found = log.restore(dialogue_id, CATALOG)
    assert found
    return found


def one(path: Path, sql: str) -> tuple[object, ...]:
    """A row as another program would read it."""
    with sqlite3.connect(path) as db:
        (row,) = db.execute(sql).fetchall()
    return tuple(row)


# What comes back


def test_a_reopened_log_gives_back_what_was_said_shown_and_thought(
    log: FeedbackLog, path: Path
) -> None:
    conversation = answered(log)
    of = conversation.turns[-1].id
    log.record_rating(of, "visitor", "relevance", 0)
    log.record_rating(of, "visitor", "reasons", ("already seen", "too long"))
    log.record_mark("visitor", ItemMark(of, "f1", "want"))
    log.close()
    again = restored(FeedbackLog(path), conversation.id)
    user, assistant = again.conversation.turns
    assert again.conversation == conversation
    assert user.turn == Turn("user", "like f1", (Mention(5, 7, "f1"),))
    assert assistant.turn == reply().turn()
    assert assistant.reply == reply()
    assert again.ratings == (
        Rating(of, "relevance", 0),
        Rating(of, "reasons", ("already seen", "too long")),
    )
    assert again.marks == (ItemMark(of, "f1", "want"),)


def test_a_dialogue_comes_back_without_those_of_others(log: FeedbackLog) -> None:
    mine = answered(log, "mine")
    answered(log, "another's")
    found = log.restore(mine.id, CATALOG)
    assert found and found.conversation == mine
    assert log.restore("no such dialogue", CATALOG) is None


def test_a_film_that_left_the_catalog_keeps_its_name_in_old_replies(log: FeedbackLog) -> None:
    conversation = answered(log)
    smaller = Catalog((Item("f2", "A Comet of Paper", 2004),))
    found = log.restore(conversation.id, smaller)
    assert found
    old = found.conversation.turns[-1].reply
    assert old and old.text == reply().text
    assert old.item == Item("f1", "Lighthouse Summer", 1999)
    assert old.evidence.candidates[0].item.title == "A Comet of Paper"


def test_a_generation_keeps_all_that_is_needed_to_make_it_again(
    log: FeedbackLog, path: Path
) -> None:
    answered(log)
    assert one(
        path,
        "select status, attempt, recommender, model_sha256, adapter_sha256, decoding, prompt, "
        "length(prompt_sha256), output_token_ids, output, plan ->> 'seed', plan ->> 'temperature', "
        "item_id, app_version <> '', started_at <= finished_at, error_class from generations",
    ) == (
        *("ok", 1, "double", "m", "a", '{"beam": 4}', "<USER> hi"),
        *(64, "[3, 1, 2]", "<MODE=REC>", 4, 0.0),
        *("f1", 1, 1, None),
    )


def test_times_are_utc_with_milliseconds(log: FeedbackLog, path: Path) -> None:
    answered(log)
    (created_at,) = one(path, "select created_at from turns where speaker = 'user'")
    assert str(created_at).endswith("Z") and len(str(created_at)) == len("2030-01-31T12:00:00.000Z")
    assert abs(one(path, "select julianday('now') - julianday(created_at) from visitors")[0]) < 1e-3  # type: ignore[arg-type]  # a number


def test_a_generation_cut_off_by_a_crash_is_abandoned_at_the_next_start(
    log: FeedbackLog, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = Conversation(new_id(), "visitor")
    said = log.record_turn(conversation, Turn("user", "hi"))
    assert said
    generation_id = log.record_started(conversation.then(said), "double", Plan())
    FeedbackLog(path)
    assert one(path, "select status from generations") == ("running",), "it may be written still"
    monkeypatch.setattr("crsdemo.feedback.log.SILENT_SECONDS", 0.0)
    FeedbackLog(path)
    assert one(path, "select status, finished_at is null from generations") == ("abandoned", 0)
    assert restored(log, conversation.id).conversation.turns == (said,)
    log.record_finished(generation_id, reply(), "ok")  # it was alive after all
    assert one(path, "select status from generations") == ("ok",)


def test_a_reply_that_another_process_still_writes_is_not_given_up(
    log: FeedbackLog, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crsdemo.feedback.log.SILENT_SECONDS", 0.5)
    conversation = Conversation(new_id(), "visitor")
    said = log.record_turn(conversation, Turn("user", "hi"))
    assert said
    generation_id = log.record_started(conversation.then(said), "double", Plan())
    time.sleep(0.6)
    growing = replace(reply(), pieces=("Try ",), complete=False)
    log.record_progress(generation_id, growing)
    FeedbackLog(path)
    shown = restored(log, conversation.id).conversation.turns[-1]
    assert (shown.status, shown.turn.text, shown.reply) == ("running", "Try ", growing)
    time.sleep(0.6)
    assert log.record_abandoned() == 1 and log.record_abandoned() == 0
    shown = restored(log, conversation.id).conversation.turns[-1]
    assert (shown.status, shown.turn.text) == ("abandoned", "Try "), "its words stay"
    log.record_progress(generation_id, reply())  # it was only slow
    assert restored(log, conversation.id).conversation.turns[-1].status == "running"
    log.record_finished(generation_id, reply(), "ok")
    assert restored(log, conversation.id).conversation.turns[-1].reply == reply()


def test_failed_writes_are_counted_by_what_went_wrong(path: Path) -> None:
    log = FeedbackLog(path, busy_seconds=0.05)
    of = answered(log).turns[-1].id
    assert not log.file.failures
    process = holder(path, 60)
    for _ in range(2):
        with pytest.raises(FeedbackError):
            log.record_rating(of, "visitor", "thumbs", 1)
    process.kill()
    process.wait()
    with pytest.raises(RefusedError):
        log.record_rating("no such reply", "visitor", "thumbs", 1)
    assert sorted(log.file.failures.values()) == [1, 2]
    assert log.file.failures["database is locked"] == 2


# Ratings


def test_a_rating_can_be_changed_and_withdrawn_and_every_revision_stays(
    log: FeedbackLog, path: Path
) -> None:
    conversation = answered(log)
    of = conversation.turns[-1].id
    for value in (1, 1, -1, None, None, 1):
        log.record_rating(of, "visitor", "thumbs", value)
    assert restored(log, conversation.id).ratings == (Rating(of, "thumbs", 1, 4),)
    with sqlite3.connect(path) as db:
        kept = db.execute("select value, revision, withdrawn from ratings").fetchall()
    assert kept == [("1", 1, 0), ("-1", 2, 0), (None, 3, 1), ("1", 4, 0)]


def test_an_emptied_comment_is_a_withdrawn_one(log: FeedbackLog) -> None:
    conversation = answered(log)
    of = conversation.turns[-1].id
    first = log.record_rating(of, "visitor", "comment", " Lovely,\r\nreally\x00 ")
    assert first == Rating(of, "comment", "Lovely,\nreally")
    assert log.record_rating(of, "visitor", "comment", "  ") is None
    assert restored(log, conversation.id).ratings == ()


@pytest.mark.parametrize(
    ("aspect", "value"),
    [
        ("thumbs", 0),
        ("thumbs", True),
        ("relevance", 4),
        ("interest", -1),
        ("interest", "2"),
        ("reasons", "too long"),
        ("comment", 5),
        ("comment", "x" * 3_000),
        ("taste", 1),
    ],
)
def test_a_value_off_the_scale_is_refused(
    log: FeedbackLog, path: Path, aspect: str, value: object
) -> None:
    of = answered(log).turns[-1].id
    with pytest.raises(BadInputError):
        log.record_rating(of, "visitor", aspect, value)  # type: ignore[arg-type]  # of any type on purpose
    assert one(path, "select count(*) from ratings") == (0,)


def test_the_file_itself_refuses_values_off_the_scale(log: FeedbackLog, path: Path) -> None:
    of = answered(log).turns[-1].id
    for aspect, value in (("thumbs", "2"), ("relevance", '"3"'), ("comment", "[]"), ("x", "1")):
        with sqlite3.connect(path) as db, pytest.raises(sqlite3.IntegrityError, match="CHECK"):
            db.execute(
                "insert into ratings (generation_id, visitor, aspect, value, revision, "
                "app_version) values (?, 'visitor', ?, ?, 9, '')",
                [of, aspect, value],
            )


@pytest.mark.parametrize(
    "sql",
    [
        "update ratings set value = '-1'",
        "delete from ratings",
        "update item_events set is_on = 0",
        "delete from item_events",
        "update turns set text = 'never said'",
        "update turns set speaker = 'user'",
        "update generations set status = 'failed', error_class = 'x'",
    ],
)
def test_the_file_itself_refuses_to_forget(log: FeedbackLog, path: Path, sql: str) -> None:
    of = answered(log).turns[-1].id
    log.record_rating(of, "visitor", "thumbs", 1)
    log.record_mark("visitor", ItemMark(of, "f1", "seen"))
    with sqlite3.connect(path) as db, pytest.raises(sqlite3.IntegrityError):
        db.execute(sql)


def test_a_mark_on_an_item_can_be_taken_off_and_both_stay(log: FeedbackLog, path: Path) -> None:
    conversation = answered(log)
    mark = ItemMark(conversation.turns[-1].id, "f1", "not_for_me")
    for on in (True, True, False):
        log.record_mark("visitor", mark, on=on)
    assert restored(log, conversation.id).marks == ()
    assert one(path, "select count(*) from item_events") == (2,)


def test_a_rating_of_a_reply_that_is_not_there_is_refused_in_words(log: FeedbackLog) -> None:
    with pytest.raises(FeedbackError, match="reload the page"):
        log.record_rating("no such reply", "visitor", "thumbs", 1)


# Many writers


def test_sixteen_threads_with_sixty_ratings_each_lose_none(log: FeedbackLog, path: Path) -> None:
    def rate(thread: int) -> None:
        of = answered(log, f"visitor {thread}").turns[-1].id
        for n in range(60):
            log.record_rating(of, f"visitor {thread}", "relevance", n % 4)

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(rate, range(16)))
    assert one(path, "select count(*), max(revision), min(revision) from ratings") == (960, 60, 1)


def test_threads_that_rate_the_same_aspect_count_every_revision(
    log: FeedbackLog, path: Path
) -> None:
    of = answered(log).turns[-1].id
    with ThreadPoolExecutor(8) as threads:
        values = [(f"words {n}",) for n in range(40)]
        list(threads.map(lambda v: log.record_rating(of, "visitor", "reasons", v), values))
    assert one(path, "select count(*), max(revision) from ratings") == (40, 40)


WRITER = dedent(
    """
    import sys
    from pathlib import Path
    from crsdemo.feedback.log import FeedbackLog

    path, of, visitor, n = sys.argv[1:]
    log = FeedbackLog(Path(path))
    for i in range(int(n)):
        log.record_rating(of, visitor, "comment", f"note {i}")
        print(i, flush=True)
    """
)


def writer(path: Path, of: str, visitor: str, n: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(path), of, visitor, str(n)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def test_two_processes_write_at_once_and_lose_nothing(log: FeedbackLog, path: Path) -> None:
    replies = [answered(log, f"process {n}").turns[-1].id for n in range(2)]
    of = answered(log, "here").turns[-1].id
    processes = [writer(path, replies[n], f"process {n}", 80) for n in range(2)]
    for n in range(80):
        log.record_rating(of, "here", "comment", f"note {n}")
    assert [process.wait(60) for process in processes] == [0, 0]
    assert one(path, "select count(*), count(distinct visitor) from ratings") == (240, 3)


def test_a_killed_process_loses_nothing_that_it_was_told_is_saved(
    log: FeedbackLog, path: Path
) -> None:
    for victim in ("first", "second", "third"):
        of = answered(log, victim).turns[-1].id
        process = writer(path, of, victim, 10**6)
        assert process.stdout
        acknowledged = [int(process.stdout.readline()) for _ in range(15)]
        os.kill(process.pid, signal.SIGKILL)
        acknowledged += [int(line) for line in process.stdout.read().split()]
        process.wait()
        with sqlite3.connect(path) as db:
            found = {
                int(value.strip('"').removeprefix("note "))
                for (value,) in db.execute("select value from ratings where visitor = ?", [victim])
            }
        assert set(acknowledged) <= found
    assert one(path, "pragma integrity_check") == ("ok",)


def test_processes_that_create_the_file_at_once_agree_on_it(path: Path) -> None:
    code = "import sys; from pathlib import Path; from crsdemo.feedback.log import FeedbackLog; "
    code += "FeedbackLog(Path(sys.argv[1]))"
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(path)], cwd=ROOT) for _ in range(4)
    ]
    assert [process.wait(60) for process in processes] == [0] * 4
    assert one(path, "pragma user_version") == (len(MIGRATIONS),)
    assert one(path, "pragma journal_mode") == ("wal",)


HOLDER = dedent(
    """
    import sqlite3, sys, time
    db = sqlite3.connect(sys.argv[1], isolation_level=None)
    db.execute("begin immediate")
    print("locked", flush=True)
    time.sleep(float(sys.argv[2]))
    db.execute("rollback")
    """
)


def holder(path: Path, seconds: float) -> subprocess.Popen[str]:
    """Another process that holds the file's lock, as a backup tool might."""
    command = [sys.executable, "-c", HOLDER, str(path), str(seconds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout and process.stdout.readline() == "locked\n"
    return process


def test_a_rating_waits_for_a_program_that_holds_the_file(log: FeedbackLog) -> None:
    of = answered(log).turns[-1].id
    process = holder(log.path, 2)
    began = time.monotonic()
    assert log.record_rating(of, "visitor", "thumbs", 1)
    assert time.monotonic() - began > 1
    process.wait()


def test_a_program_that_never_lets_go_is_named_as_the_trouble(path: Path) -> None:
    log = FeedbackLog(path, busy_seconds=0.1)
    of = answered(log).turns[-1].id
    process = holder(path, 60)
    with pytest.raises(FeedbackError, match=r"feedback\.db is locked by another program"):
        log.record_rating(of, "visitor", "thumbs", 1)
    with pytest.raises(FeedbackError, match="locked by another program"):
        FeedbackLog(path, busy_seconds=0.1)
    process.kill()
    process.wait()
    assert log.record_rating(of, "visitor", "thumbs", 1)


# Files that cannot be used


def test_opening_twice_changes_nothing(log: FeedbackLog, path: Path) -> None:
    conversation = answered(log)
    schema = "select group_concat(sql) from sqlite_master"
    before = one(path, schema)
    again = FeedbackLog(path)
    assert one(path, schema) == before
    assert one(path, "pragma user_version") == (len(MIGRATIONS),)
    assert restored(again, conversation.id).conversation == conversation


def test_a_file_of_an_older_version_is_brought_up_to_date(path: Path) -> None:
    old = connect(path, 1, create=True)
    MIGRATIONS[0](old)
    old.execute("pragma user_version = 1")
    old.execute(f"pragma application_id = {APPLICATION_ID}")
    old.execute("insert into visitors (id, app_version) values ('early', '0.0.1')")
    old.close()
    log = FeedbackLog(path)
    assert log.record_rating(answered(log, "early").turns[-1].id, "early", "thumbs", 1)
    assert one(path, "select app_version from visitors where id = 'early'") == ("0.0.1",)


def test_the_database_of_another_program_is_refused_and_left_as_it_is(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("create table recipes (name)")
    before = path.read_bytes()
    with pytest.raises(FeedbackError, match="another program; name another file"):
        FeedbackLog(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(path: Path) -> None:
    path.write_text("Dear diary, " * 100)
    with pytest.raises(FeedbackError, match="not a database"):
        FeedbackLog(path)
    assert path.read_text() == "Dear diary, " * 100


def test_a_database_of_a_newer_version_is_refused(log: FeedbackLog, path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("pragma user_version = 99")
    with pytest.raises(FeedbackError, match="newer crsdemo"):
        FeedbackLog(path)


def test_a_read_only_file_is_refused(log: FeedbackLog, path: Path) -> None:
    log.close()
    path.chmod(0o444)
    with pytest.raises(FeedbackError, match="read-only"):
        FeedbackLog(path)


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(FeedbackError, match="see that its folder exists"):
        FeedbackLog(tmp_path / "nowhere" / "feedback.db")
    with pytest.raises(FeedbackError, match="cannot be opened"):
        FeedbackLog(tmp_path)


def test_a_file_taken_away_while_the_app_runs_is_an_error_not_a_new_file(
    log: FeedbackLog, path: Path
) -> None:
    of = answered(log).turns[-1].id
    path.rename(path.with_name("elsewhere.db"))
    with pytest.raises(FeedbackError, match="cannot be opened"):
        log.record_rating(of, "visitor", "thumbs", 1)


def test_a_full_disk_is_named_and_what_was_saved_stays(
    log: FeedbackLog, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = answered(log)
    of = conversation.turns[-1].id
    (n_pages,) = one(path, "pragma page_count")

    def connect_to_full_disk(path: Path, busy_seconds: float) -> Database:
        db = connect(path, busy_seconds)
        db.execute(f"pragma max_page_count = {n_pages}")
        return db

    with monkeypatch.context() as patched:
        patched.setattr("crsdemo.feedback.file.connect", connect_to_full_disk)
        with pytest.raises(FeedbackError, match="the disk is full"):
            for n in range(100):
                log.record_rating(of, "visitor", "comment", f"{n} " + "words " * 300)
    assert restored(log, conversation.id).conversation == conversation
    assert log.record_rating(of, "visitor", "thumbs", 1)
