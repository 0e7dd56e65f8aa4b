"""Which copies hold what was erased since; and that none of them brings it back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from made_studies import Lab, lab
from test_erasure import WORDS, found_in, told

from crsdemo.__main__ import main
from crsdemo.chat.study_steps import Withdrawn
from crsdemo.core.errors import FeedbackError, WithdrawnError
from crsdemo.export import judgments
from crsdemo.export.judgments import ExportConfig, export
from crsdemo.export.take_home import Handouts, TakeHome
from crsdemo.feedback import backup as backups
from crsdemo.feedback.backup import backup, restore
from crsdemo.feedback.copies import erasures, holding, list_of, taken_back
from crsdemo.feedback.judgments import JudgmentReader, reading_judgments
from crsdemo.feedback.log import FeedbackLog
from crsdemo.feedback.studies import StudyLog
from crsdemo.feedback.votes import load_votes


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Lab]:
    made = lab(tmp_path, busy_seconds=0.2)
    yield made
    made.log.close()


def exported(db: Path, out: Path) -> Path:
    export(ExportConfig(db=db, format="jsonl", out=out))
    return out


def test_a_restored_backup_does_not_bring_back_who_was_erased(made: Lab, tmp_path: Path) -> None:
    ann, _ = told(made)
    other = made.annotator("bob")
    db, copy = made.log.path, tmp_path / "elsewhere" / "copy.db"
    backup(db, copy)
    assert WORDS.encode() in copy.read_bytes()
    made.desk.withdraw(ann.id, erase=True)
    made.log.close()
    (tmp_path / "kept").mkdir()
    kept = restore(copy, db)
    assert kept
    kept.rename(tmp_path / "kept" / kept.name)
    assert found_in(db.parent) == []
    log = FeedbackLog(db)
    with pytest.raises(WithdrawnError):
        StudyLog(log).record_answer(ann.id, "q", "study", "one", 1)
    standing = StudyLog(log).standing(made.desk.study.sha256, other.id)
    assert standing and standing.decision == "given", "nobody else is touched"
    log.close()
    again = restore(copy, db)  # once more, and from an empty place
    assert again and found_in(db.parent) == []


def test_a_log_that_is_gone_is_restored_without_who_was_erased(made: Lab, tmp_path: Path) -> None:
    ann, _ = told(made)
    db, copy = made.log.path, tmp_path / "elsewhere" / "copy.db"
    backup(db, copy)
    made.desk.withdraw(ann.id, erase=True)
    made.log.close()
    for part in db.parent.glob(f"{db.name}*"):
        if part != list_of(db):
            part.unlink()
    assert restore(copy, db) is None
    assert found_in(db.parent) == []


def test_copies_from_before_an_erasure_are_told_until_they_are_gone(
    made: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    db = made.log.path
    ann, _ = told(made)
    backup(db, tmp_path / "early.db")
    folder = exported(db, tmp_path / "data")
    home = TakeHome(db, Handouts())
    home.backup()
    home.export("csv")
    assert holding(db) == [] and erasures(db) == []
    made.desk.withdraw(ann.id, erase=True)
    made.desk.withdraw(ann.id, erase=True)  # pressed twice
    backup(db, tmp_path / "late.db")
    assert [one.annotator for one in erasures(db)] == [ann.id]
    places = [Path(one.where).name for one in holding(db)]
    assert places == ["early.db", folder.name, "", ""]
    (tmp_path / "early.db").unlink()
    assert main(["copies", "--db", str(db)]) == 0
    told_words = capsys.readouterr().out
    assert "1 people had their words erased; 3 copies are older" in told_words
    assert "handed out" in told_words and "early.db" not in told_words


def test_nothing_is_erased_that_could_not_be_noted(made: Lab) -> None:
    ann, _ = told(made)
    list_of(made.log.path).mkdir()
    with pytest.raises(FeedbackError, match="cannot be written"):
        made.desk.withdraw(ann.id, erase=True)
    list_of(made.log.path).rmdir()
    made.desk.withdraw(ann.id, erase=True)
    assert found_in(made.log.path.parent) == []


@pytest.mark.parametrize("is_damaged", [False, True])
def test_the_log_that_a_restore_keeps_is_a_copy_like_others(
    made: Lab, tmp_path: Path, is_damaged: bool
) -> None:
    ann, _ = told(made)
    db, copy = made.log.path, tmp_path / "copy.db"
    backup(db, copy)
    made.log.close()
    if is_damaged:
        db.write_bytes(b"no log at all, but " + WORDS.encode())
    kept = restore(copy, db)
    assert kept
    log = FeedbackLog(db)
    StudyLog(log).erase(ann.id, made.desk.study.consent)
    assert [Path(one.where) for one in holding(db)] == [copy, kept]
    log.close()


def test_a_damaged_list_stops_a_restore_in_words(made: Lab, tmp_path: Path) -> None:
    db, copy = made.log.path, tmp_path / "copy.db"
    backup(db, copy)
    list_of(db).write_text("half a li")
    made.log.close()
    with pytest.raises(FeedbackError, match="copies hold what was erased"):
        restore(copy, db)
    assert db.is_file()


def test_a_restored_backup_does_not_bring_back_who_withdrew(made: Lab, tmp_path: Path) -> None:
    ann, bob = made.annotator("ann"), made.annotator("bob")
    for one in (ann, bob):
        one.finish()
    db, copy = made.log.path, tmp_path / "copy.db"
    backup(db, copy)
    made.desk.withdraw(ann.id, erase=False)
    made.desk.withdraw(ann.id, erase=False)  # pressed twice
    noted = [(one.what, one.annotator) for one in taken_back(db)]
    assert noted == [("withdrawal", ann.id)]
    made.log.close()
    for _ in range(2):
        restore(copy, db)
        log = FeedbackLog(db)
        assert {vote.annotator for vote in load_votes(log.file)} == {bob.id}
        with pytest.raises(WithdrawnError):
            StudyLog(log).record_answer(ann.id, "q", "study", "one", 1)
        log.close()
    assert holding(db) == [], "nothing was erased"


def test_nobody_withdraws_whose_withdrawal_could_not_be_noted(made: Lab) -> None:
    ann = made.annotator("ann")
    list_of(made.log.path).mkdir()
    with pytest.raises(FeedbackError, match="cannot be written"):
        made.desk.withdraw(ann.id, erase=False)
    list_of(made.log.path).rmdir()
    assert not isinstance(ann.step, Withdrawn)


def erased_meanwhile(made: Lab, annotator: str) -> None:
    """While a copy is made, which reads the log as it was before."""
    with suppress(FeedbackError):  # traces stay as long as it is read
        made.desk.withdraw(annotator, erase=True)


def test_a_backup_during_which_somebody_is_erased_is_one_that_holds_it(
    made: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, _ = told(made)
    sound = backups._check

    def check(path: Path) -> None:
        sound(path)
        erased_meanwhile(made, ann.id)

    monkeypatch.setattr(backups, "_check", check)
    backup(made.log.path, tmp_path / "out.db")
    assert WORDS.encode() in (tmp_path / "out.db").read_bytes()
    assert [Path(one.where).name for one in holding(made.log.path)] == ["out.db"]


def test_an_export_during_which_somebody_is_erased_is_one_that_holds_it(
    made: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, _ = told(made)

    @contextmanager
    def read(path: Path) -> Iterator[JudgmentReader]:
        with reading_judgments(path) as log:
            erased_meanwhile(made, ann.id)
            yield log

    monkeypatch.setattr(judgments, "reading_judgments", read)
    folder = exported(made.log.path, tmp_path / "out")
    assert any(WORDS in file.read_text() for file in folder.iterdir())
    assert [Path(one.where).name for one in holding(made.log.path)] == ["out"]
