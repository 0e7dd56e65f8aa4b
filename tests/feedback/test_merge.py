"""Logs become one: nothing twice, nothing lost, and what was taken back stays so."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from shutil import copyfile

import pytest
from judged import Study, study
from made_studies import Lab, lab
from stand_in import CATALOG
from test_backup import Tables, tables

from crsdemo.__main__ import main
from crsdemo.core.conversation import Conversation, new_id
from crsdemo.core.dialogue import Turn
from crsdemo.core.errors import BadInputError
from crsdemo.core.recommender import Plan, Reply
from crsdemo.core.traced import Stretch
from crsdemo.feedback.backup import backup
from crsdemo.feedback.copies import Copied, TakenBack, noted
from crsdemo.feedback.file import connect
from crsdemo.feedback.joint import KEYS
from crsdemo.feedback.lines import append
from crsdemo.feedback.log import FeedbackLog
from crsdemo.feedback.merge import conflicts_of, merge
from crsdemo.feedback.outbox import outbox_of
from crsdemo.feedback.schema import APPLICATION_ID, MIGRATIONS
from crsdemo.feedback.votes import open_votes
from crsdemo.studies.annotators import secret_of


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Study]:
    (tmp_path / "site").mkdir()
    made = study(tmp_path / "site")
    talk = made.talked("v", "a western", 1)
    made.log.record_taken_back(talk, talk.turns[0].id, [Stretch(0, 1)], is_on=True)
    made.judged(made.start("v"), "a comedy", "left")
    yield made
    made.log.close()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Study]:
    (tmp_path / "other").mkdir()
    made = study(tmp_path / "other")
    made.judged(made.start("w"), "a thriller", "right")
    made.talked("w", "a musical", -1)
    yield made
    made.log.close()


def went_on(log: FeedbackLog, to: Path) -> FeedbackLog:
    """A copy of a log, open beside it."""
    backup(log.path, to)
    return FeedbackLog(to)


def n_rows(found: Tables) -> dict[str, int]:
    return {table: len(rows) for table, rows in found.items()}


def test_every_table_is_joined_and_after_those_that_it_refers_to(site: Study) -> None:
    assert set(tables(site.log.path)) == set(KEYS)
    places = list(KEYS)
    with closing(sqlite3.connect(site.log.path)) as db:
        for table in KEYS:
            refers = {row[2] for row in db.execute(f"pragma foreign_key_list({table})")}
            assert all(places.index(to) <= places.index(table) for to in refers), table


def test_two_sites_become_one_log_that_goes_on(site: Study, other: Study, tmp_path: Path) -> None:
    before = [tables(one.log.path) for one in (site, other)]
    merged = merge([site.log.path, other.log.path], tmp_path / "all.db")
    assert merged.conflicts == [] and not conflicts_of(tmp_path / "all.db").exists()
    found = tables(tmp_path / "all.db")
    assert n_rows(found) == {t: len(before[0][t]) + len(before[1][t]) for t in KEYS}
    assert [tables(one.log.path) for one in (site, other)] == before
    assert {vote.annotator for vote in open_votes(tmp_path / "all.db")} == {"v", "w"}
    with closing(FeedbackLog(tmp_path / "all.db")) as log:
        talk = next(row[0] for row in found["dialogues"] if row[1] == "w")
        again = log.restore(str(talk), CATALOG)
        assert again and log.record_turn(again.conversation, Turn("user", "and another"))


def test_the_same_log_twice_changes_nothing(site: Study, other: Study, tmp_path: Path) -> None:
    merge([site.log.path, site.log.path], tmp_path / "same.db")
    assert tables(tmp_path / "same.db") == tables(site.log.path)
    paths = [site.log.path, other.log.path]
    merge(paths, tmp_path / "all.db")
    for n, more in enumerate(([tmp_path / "all.db", *paths], [*paths, tmp_path / "all.db"])):
        assert merge(more, tmp_path / f"{n}.db").conflicts == []
        assert tables(tmp_path / f"{n}.db") == tables(tmp_path / "all.db")


def test_what_a_reply_heard_is_the_same_in_the_joined_log(tmp_path: Path) -> None:
    """Words were taken back between two replies: the number says for which of them."""
    logs = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        made = study(tmp_path / name)
        talk = made.talked(name, f"not a western, {name}", 1)
        made.log.record_taken_back(talk, talk.turns[0].id, [Stretch(0, 3)], is_on=True)
        answered = talk.before(1).taking_back(talk.turns[0].id, [Stretch(0, 3)], is_on=True)
        begun = made.log.record_started(answered, "red", Plan())
        made.log.record_finished(begun, Reply(("Anew.",), "CHAT"), "ok")
        logs.append(made.log)
    asked = """select b.turn, group_concat(t.text) from taken_back b
        join turns t on t.parent = b.turn and t.number > b.after group by b.turn"""
    merge([log.path for log in logs], tmp_path / "all.db")
    told = []
    for path in (logs[0].path, logs[1].path, tmp_path / "all.db"):
        with closing(sqlite3.connect(path)) as db:
            told.append(set(db.execute(asked).fetchall()))
    assert told[2] == told[0] | told[1] and {text for _, text in told[2]} == {"Anew."}
    for log in logs:
        log.close()


def test_what_contradicts_is_named_and_kept_beside(
    site: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    talk = site.talked("v", "a drama")
    with closing(went_on(site.log, tmp_path / "copy.db")) as copy:
        site.log.record_rating(talk.turns[-1].id, "v", "comment", "from here")
        copy.record_rating(talk.turns[-1].id, "v", "comment", "from there")
        copy.record_rating(talk.turns[-1].id, "v", "thumbs", 1)
    out = tmp_path / "all.db"
    argv = ["merge", str(site.log.path), str(tmp_path / "copy.db"), "--out", str(out)]
    assert main(argv) == 1
    assert "ratings" in (told := capsys.readouterr().out) and "another value" in told
    assert [row for row in tables(out)["ratings"] if '"from here"' in row]
    assert [
        row for row in tables(out)["ratings"] if row[3] == "thumbs" and row[1] == talk.turns[-1].id
    ]
    (line,) = conflicts_of(out).read_text().splitlines()
    assert json.loads(line)["row"]["value"] == '"from there"'
    assert json.loads(line)["kept"]["value"] == '"from here"'


def test_of_a_reply_that_was_still_written_the_whole_one_is_taken(
    site: Study, tmp_path: Path
) -> None:
    conversation = Conversation(new_id(), "v")
    said = site.log.record_turn(conversation, Turn("user", "hi"))
    assert said
    begun = site.log.record_started(conversation.then(said), "red", Plan())
    site.log.record_progress(begun, Reply(("Half",), "CHAT"))
    early = went_on(site.log, tmp_path / "early.db")
    site.log.record_finished(begun, Reply(("Half and whole.",), "CHAT"), "ok")
    site.log.record_undone(said.id)
    paths = [early.path, site.log.path]
    for n, logs in enumerate((paths, paths[::-1])):
        assert merge(logs, tmp_path / f"{n}.db").conflicts == []
        assert tables(tmp_path / f"{n}.db") == tables(site.log.path)
    early.close()


def test_what_cannot_stand_beside_the_others_is_named(site: Study, tmp_path: Path) -> None:
    """A click that reached both copies of a log under two numbers."""
    copy = went_on(site.log, tmp_path / "copy.db")
    (talk,) = {row[0] for row in tables(site.log.path)["dialogues"]} - {
        row[2] for row in tables(site.log.path)["turns"] if row[6] == "a comedy"
    }
    for log in (site.log, copy):
        again = log.restore(str(talk), CATALOG)
        assert again
        log.record_turn(again.conversation, Turn("user", f"of {log.path.name}"), "click")
    merged = merge([site.log.path, copy.path], tmp_path / "all.db")
    assert [(one.table, one.kept) for one in merged.conflicts] == [("turns", None)]
    assert "of copy.db" in conflicts_of(tmp_path / "all.db").read_text()
    copy.close()


# Studies


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Lab]:
    (tmp_path / "study").mkdir()
    made = lab(tmp_path / "study")
    yield made
    made.log.close()


def test_a_study_at_two_sites_that_began_from_one_log(made: Lab, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    made.desk.prepare()
    backup(made.log.path, tmp_path / "there" / "feedback.db")
    copyfile(secret_of(made.log.path), tmp_path / "there" / "feedback.db.secret")
    there = lab(tmp_path / "there")
    made.annotator("ann").finish()
    there.annotator("bob").finish()
    once, again = made.annotator("eve"), there.annotator("eve")
    out = tmp_path / "all.db"
    merged = merge([made.log.path, there.log.path], out)
    assert merged.conflicts == [] and merged.twice == [(once.id, again.id)]
    assert secret_of(out).read_text() == secret_of(made.log.path).read_text()
    found = tables(out)
    assert len(found["annotators"]) == 4 and len(found["completions"]) == 2
    assert len(found["replays"]) == len(tables(made.log.path)["replays"])
    shared = {row[2] for row in found["replays"]}
    judged = [
        {row[1] for row in tables(path)["verdicts"]} & shared
        for path in (made.log.path, there.log.path, out)
    ]
    assert judged[0] & judged[1] and judged[2] == judged[0] | judged[1]
    assert tables(tmp_path / "all.db")["answers"]
    there.log.close()


@pytest.mark.parametrize("first", [0, 1])
def test_who_was_erased_in_one_log_does_not_come_back_from_the_other(
    made: Lab, tmp_path: Path, first: int
) -> None:
    ann = made.annotator("ann")
    ann.said.clear()
    while not ann.said:
        ann.act()
    with closing(went_on(made.log, tmp_path / "copy.db")) as copy:
        assert copy.path.is_file()
    words = ann.said[0].encode()
    assert words in (tmp_path / "copy.db").read_bytes()
    made.desk.withdraw(ann.id, erase=True)
    logs = [made.log.path, tmp_path / "copy.db"]
    out = tmp_path / "all.db"
    merged = merge(logs[::-1] if first else logs, out)
    assert [row[0] for row in tables(out)["erasures"]] == [ann.id]
    left = [path for path in (out, conflicts_of(out)) if path.exists()]
    assert not [path for path in left if words in path.read_bytes()], merged.conflicts
    assert [one for one in noted(out) if isinstance(one, TakenBack)]
    assert [
        one for one in noted(made.log.path) if isinstance(one, Copied) and one.where == str(out)
    ]


def test_who_took_part_at_two_sites_is_erased_at_both(made: Lab, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    made.desk.prepare()
    backup(made.log.path, tmp_path / "there" / "feedback.db")
    copyfile(secret_of(made.log.path), tmp_path / "there" / "feedback.db.secret")
    there = lab(tmp_path / "there")
    here, again = made.annotator("eve"), there.annotator("eve")
    again.finish()
    made.desk.withdraw(here.id, erase=True)
    out = tmp_path / "all.db"
    merge([made.log.path, there.log.path], out)
    assert {row[0] for row in tables(out)["erasures"]} == {here.id, again.id}
    words = again.said[0]
    assert words in str(tables(there.log.path)) and words not in str(tables(out))
    assert {one.annotator for one in noted(out) if isinstance(one, TakenBack)} == {
        here.id,
        again.id,
    }
    there.log.close()


def test_the_joined_log_knows_that_its_sources_hold_the_same(
    site: Study, other: Study, tmp_path: Path
) -> None:
    paths = [site.log.path, other.log.path]
    merge(paths, tmp_path / "all.db")
    held = [Path(one.where) for one in noted(tmp_path / "all.db") if isinstance(one, Copied)]
    assert [path for path in held if path in paths] == paths


def test_how_long_one_side_took_is_kept_where_the_other_failed(site: Study, tmp_path: Path) -> None:
    sides = "left_turn, right_turn, right_generation, left_generation, 'red', 'blue'"
    with site.log.file.writing() as db:
        db.execute(
            f"insert into comparisons select 99, 'new', policy, seed, {sides}, null, null, "
            "app_version, created_at from comparisons"
        )
    early = went_on(site.log, tmp_path / "early.db")
    early.close()
    with site.log.file.writing() as db:
        db.execute("update comparisons set left_ready_ms = 11.9 where id = 'new'")
    for n, logs in enumerate(([early.path, site.log.path], [site.log.path, early.path])):
        assert merge(logs, tmp_path / f"{n}.db").conflicts == []
        times = [row[10:12] for row in tables(tmp_path / f"{n}.db")["comparisons"]]
        assert (11.9, None) in times


def test_a_withdrawal_holds_whatever_was_agreed_to_elsewhere_later(
    made: Lab, tmp_path: Path
) -> None:
    ann = made.annotator("ann", begun=False)
    with closing(went_on(made.log, tmp_path / "copy.db")) as copy:
        made.desk.withdraw(ann.id, erase=False)
        with copy.file.writing() as db:
            row = {"annotator": ann.id, "decision": "given", "document": "1"}
            row |= {"document_sha256": "0", "app_version": "1", "created_at": "2999-01-01"}
            db.table("consents").insert(row)
    merge([made.log.path, tmp_path / "copy.db"], tmp_path / "all.db")
    with closing(sqlite3.connect(tmp_path / "all.db")) as db:
        assert db.execute("select annotator from withdrawn").fetchall() == [(ann.id,)]


# What is refused


def test_an_older_log_is_brought_up_to_date_and_stays_as_it_is(site: Study, tmp_path: Path) -> None:
    old = connect(tmp_path / "old.db", 1, create=True)
    MIGRATIONS[0](old)
    old.execute("pragma user_version = 1")
    old.execute(f"pragma application_id = {APPLICATION_ID}")
    old.execute("insert into visitors (id, app_version) values ('early', '0.0.1')")
    old.close()
    before = (tmp_path / "old.db").read_bytes()
    merge([tmp_path / "old.db", site.log.path], tmp_path / "all.db")
    assert {row[0] for row in tables(tmp_path / "all.db")["visitors"]} == {"early", "v"}
    assert (tmp_path / "old.db").read_bytes() == before


def test_people_and_a_simulation_are_never_mixed(site: Study, tmp_path: Path) -> None:
    (tmp_path / "crowd").mkdir()
    crowd = study(tmp_path / "crowd")
    crowd.talked("simulated-1", "hello")
    with pytest.raises(BadInputError, match="of a simulation"):
        merge([site.log.path, crowd.log.path], tmp_path / "all.db")
    assert not (tmp_path / "all.db").exists()
    crowd.log.close()


def test_opinions_that_wait_are_not_missed(site: Study, other: Study, tmp_path: Path) -> None:
    append(outbox_of(other.log.path), b"{}")
    with pytest.raises(BadInputError, match="deliver --db"):
        merge([site.log.path, other.log.path], tmp_path / "all.db")


def test_no_file_is_written_over(site: Study, tmp_path: Path) -> None:
    for name in ("", ".conflicts.jsonl", ".copies.jsonl", ".secret"):
        name = f"all.db{name}"
        (tmp_path / name).write_text("mine")
        with pytest.raises(BadInputError, match="there already"):
            merge([site.log.path], tmp_path / "all.db")
        assert (tmp_path / name).read_text() == "mine"
        (tmp_path / name).unlink()


def test_what_could_not_be_finished_leaves_nothing_behind(
    made: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.annotator("ann")
    monkeypatch.setattr("os.replace", full_disk)
    with pytest.raises(BadInputError, match="cannot be written: .*No space left"):
        merge([made.log.path], tmp_path / "new" / "all.db")
    assert list((tmp_path / "new").iterdir()) == []


def full_disk(source: str, to: Path) -> None:
    if to.name == "all.db" and "new" in to.parts[-2]:
        raise OSError(28, "No space left on device")
    Path(source).rename(to)
