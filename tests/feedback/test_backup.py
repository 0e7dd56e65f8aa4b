"""A backup is the whole log, and putting it back replaces nothing unless it is sound."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import pytest
from judged import Study, study
from stand_in import CATALOG

from crsdemo.__main__ import main
from crsdemo.core.conversation import Conversation, new_id
from crsdemo.core.dialogue import Turn
from crsdemo.core.errors import BadInputError, FeedbackError
from crsdemo.core.recommender import Plan
from crsdemo.feedback.backup import backup, restore
from crsdemo.feedback.file import connect
from crsdemo.feedback.log import FeedbackLog
from crsdemo.feedback.schema import APPLICATION_ID, MIGRATIONS

ROOT = Path(__file__).parents[2]
Tables = dict[str, list[tuple[object, ...]]]


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Study]:
    """A log with a thumb and a verdict."""
    made = study(tmp_path)
    made.talked("v", "a western", 1)
    made.judged(made.start("v"), 'with "quotes",\nand lines', "left")
    yield made
    made.log.close()


def tables(path: Path) -> Tables:
    """All rows as another program would read them."""
    with closing(sqlite3.connect(path)) as db, db:
        names = db.execute("select name from sqlite_master where type = 'table'").fetchall()
        return {name: sorted(db.execute(f"select * from {name}"), key=repr) for (name,) in names}


def backed_up(lab: Study) -> Path:
    out = lab.log.path.with_name("backup.db")
    backup(lab.log.path, out)
    return out


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_restored_log_has_the_same_rows_and_goes_on(lab: Study, tmp_path: Path) -> None:
    earlier = lab.talked("v", "said before the backup", 1)
    before = tables(lab.log.path)
    out = backed_up(lab)
    later = lab.talked("v", "said after the backup", 1)
    lab.log.close()
    kept = restore(out, lab.log.path)
    assert tables(lab.log.path) == before == tables(out)
    assert kept and len(tables(kept)["turns"]) == len(before["turns"]) + 2
    again = FeedbackLog(lab.log.path)
    assert again.restore(later.id, CATALOG) is None
    found = again.restore(earlier.id, CATALOG)
    assert found and again.record_rating(found.conversation.turns[-1].id, "v", "thumbs", -1)
    assert names(tmp_path) >= {"feedback.db", "backup.db", kept.name}
    assert not [name for name in names(tmp_path) if name.startswith(".")]


def test_a_backup_has_what_still_lies_in_the_write_ahead_log(lab: Study) -> None:
    assert lab.log.path.with_name("feedback.db-wal").stat().st_size > 0
    assert tables(backed_up(lab)) == tables(lab.log.path)


def test_a_backup_while_others_write_is_whole_and_stops_nobody(lab: Study, tmp_path: Path) -> None:
    done = Event()
    saved: list[int] = []

    def write() -> None:
        of = lab.talked("w", "hello").turns[-1].id
        while not done.is_set():
            lab.log.record_rating(of, "w", "comment", f"note {len(saved)}")
            saved.append(len(saved))

    thread = Thread(target=write)
    thread.start()
    for n in range(3):
        while len(saved) < 5 * (n + 1):
            time.sleep(0.005)
        n_before = len(saved)
        backup(lab.log.path, tmp_path / f"{n}.db")
        with closing(sqlite3.connect(tmp_path / f"{n}.db")) as db:
            comments = db.execute("select count(*) from ratings where visitor = 'w'").fetchone()[0]
            assert db.execute("pragma integrity_check").fetchone() == ("ok",)
        assert n_before <= comments <= len(saved) + 1
    done.set()
    thread.join()
    assert len(tables(lab.log.path)["ratings"]) == 1 + len(saved)


def test_a_backup_leaves_the_log_as_it_is(lab: Study) -> None:
    conversation = Conversation(new_id(), "v")
    said = lab.log.record_turn(conversation, Turn("user", "hi"))
    assert said
    lab.log.record_started(conversation.then(said), "red", Plan())
    before = tables(lab.log.path)
    backed_up(lab)
    assert tables(lab.log.path) == before
    assert any("running" in row for row in before["generations"])


def test_a_backup_does_not_take_the_place_of_another(lab: Study) -> None:
    out = backed_up(lab)
    before = out.read_bytes()
    with pytest.raises(BadInputError, match="there already"):
        backup(lab.log.path, out)
    assert out.read_bytes() == before


def test_a_backup_of_nothing_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(FeedbackError, match="there is no log"):
        backup(tmp_path / "missing.db", tmp_path / "out.db")
    assert names(tmp_path) == set()


# Backups that cannot be used


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:20_000])


def scribble(path: Path) -> None:
    """Over the pages of the tables; the header stays."""
    content = bytearray(path.read_bytes())
    content[8_192 : len(content) - 4_096] = b"\xa5" * (len(content) - 12_288)
    path.write_bytes(content)


def orphan(path: Path) -> None:
    """A row that refers to none, as another program might leave it."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("insert into picks (comparison_id, side, app_version) values ('x', 'left', '')")


def lose_an_index_entry(path: Path) -> None:
    """The table and its index say different things; each page is well by itself."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("pragma writable_schema = on")
        sql = "create index turns_parent on turns (text)"
        db.execute("update sqlite_master set sql = ? where name = 'turns_parent'", [sql])
    with closing(sqlite3.connect(path)) as db, db:
        assert db.execute("pragma integrity_check").fetchone() != ("ok",)


def of_another_program(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("create table recipes (name)")


def of_a_newer_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("pragma user_version = 999")


def no_database(path: Path) -> None:
    path.write_text("Dear diary, " * 1_000)


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (cut_short, "damaged"),
        (scribble, "damaged"),
        (orphan, "damaged"),
        (lose_an_index_entry, "damaged"),
        (of_another_program, "another program"),
        (of_a_newer_version, "newer crsdemo"),
        (no_database, "not a database"),
        (empty, "empty"),
    ],
)
def test_a_backup_that_is_not_sound_replaces_nothing(
    lab: Study, tmp_path: Path, harm: Callable[[Path], object], words: str
) -> None:
    out = backed_up(lab)
    lab.log.close()
    before = tables(lab.log.path)
    harm(out)
    with pytest.raises(FeedbackError, match=words):
        restore(out, lab.log.path)
    assert tables(lab.log.path) == before
    assert names(tmp_path) == {"feedback.db", "feedback.db.copies.jsonl", "backup.db"}


def test_a_log_is_no_backup_of_itself(lab: Study) -> None:
    with pytest.raises(BadInputError, match="the log itself"):
        restore(lab.log.path, lab.log.path)


# What stands in the place


def test_a_log_that_is_open_is_not_replaced(lab: Study) -> None:
    out = backed_up(lab)
    before = tables(lab.log.path)
    with pytest.raises(FeedbackError, match="locked by another program"):
        restore(out, lab.log.path)
    assert tables(lab.log.path) == before
    assert lab.talked("v", "still alive", 1)


def test_a_log_that_another_process_has_open_is_not_replaced(lab: Study) -> None:
    out = backed_up(lab)
    lab.log.close()
    code = "import sys; from pathlib import Path; from crsdemo.feedback.log import FeedbackLog; "
    code += "log = FeedbackLog(Path(sys.argv[1])); print('open', flush=True); input()"
    command = [sys.executable, "-c", code, str(lab.log.path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, cwd=ROOT, **pipes) as process:  # type: ignore[call-overload]  # names of pipes
        assert process.stdout.readline() == "open\n"
        with pytest.raises(FeedbackError, match="locked by another program"):
            restore(out, lab.log.path)
        process.communicate("\n")
    assert restore(out, lab.log.path)


def test_a_damaged_log_is_replaced_and_kept_with_its_write_ahead_log(
    lab: Study, tmp_path: Path
) -> None:
    out = backed_up(lab)
    lab.log.close()
    no_database(lab.log.path)
    lab.log.path.with_name("feedback.db-wal").write_bytes(b"left over")
    kept = restore(out, lab.log.path)
    assert kept and kept.read_text().startswith("Dear diary")
    assert kept.with_name(f"{kept.name}-wal").read_bytes() == b"left over"
    assert tables(lab.log.path) == tables(out)
    assert not (tmp_path / "feedback.db-wal").exists()


def test_the_database_of_another_program_is_not_replaced(lab: Study, tmp_path: Path) -> None:
    out, other = backed_up(lab), tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as db, db:
        db.execute("create table recipes (name)")
    before = other.read_bytes()
    with pytest.raises(FeedbackError, match="another program"):
        restore(out, other)
    assert other.read_bytes() == before


def test_a_backup_of_an_older_version_is_brought_up_to_date_by_the_app(tmp_path: Path) -> None:
    old = connect(tmp_path / "old.db", 1, create=True)
    MIGRATIONS[0](old)
    old.execute("pragma user_version = 1")
    old.execute(f"pragma application_id = {APPLICATION_ID}")
    old.execute("insert into visitors (id, app_version) values ('early', '0.0.1')")
    old.close()
    assert restore(tmp_path / "old.db", tmp_path / "feedback.db") is None
    FeedbackLog(tmp_path / "feedback.db").close()
    assert tables(tmp_path / "feedback.db")["visitors"][0][:2] == ("early", "0.0.1")


def test_the_commands_say_what_they_did(
    lab: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    db, out = str(lab.log.path), str(tmp_path / "deep" / "monday.db")
    assert main(["backup", "--db", db, "--out", out]) == 0
    assert "checked" in capsys.readouterr().out
    assert main(["restore", "--from", out, "--db", db]) == 2
    assert "locked by another program" in capsys.readouterr().err
    lab.log.close()
    assert main(["restore", "--from", out, "--db", db]) == 0
    assert "the old log is" in capsys.readouterr().out
