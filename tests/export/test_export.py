"""Judgments come out of the log as TRL and researchers want them, and all are accounted for."""

from __future__ import annotations

import csv
import hashlib
import json
import sqlite3
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from judged import Scribe, Study, last, study
from stand_in import NoLinker

from crsdemo.__main__ import main
from crsdemo.chat.exchange import Exchange
from crsdemo.core.comparison import VERDICTS, Judgment
from crsdemo.core.conversation import Conversation, ItemMark, new_id
from crsdemo.core.dialogue import Turn
from crsdemo.core.errors import BadInputError, FeedbackError
from crsdemo.core.recommender import Plan, Reply
from crsdemo.export.examples import Reason
from crsdemo.export.files import split_of
from crsdemo.export.judgments import ExportConfig, export
from crsdemo.export.tables import csv_cell
from crsdemo.feedback.results import pseudonym

HOSTILE = (
    '=HYPERLINK("http://evil.example";"x")\r\n"quoted", <b>\u2028\u202e\'; drop table turns; --'
)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Study]:
    made = study(tmp_path)
    yield made
    made.log.close()


def exported(lab: Study, format: str, **options: Any) -> tuple[Path, dict[str, Any]]:
    """The folder and its manifest; everybody is in the train split unless one says otherwise."""
    out = lab.log.path.with_name(f"{format}-{new_id()}")
    options = {"test_share": 0.0} | options
    manifest = export(ExportConfig(db=lab.log.path, format=format, out=out, **options))
    assert manifest == json.loads((out / "manifest.json").read_text())
    return out, manifest


def lines(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def written(lab: Study, format: str, **options: Any) -> list[dict[str, Any]]:
    return lines(exported(lab, format, **options)[0] / "train.jsonl")


def left_out(lab: Study, format: str, **options: Any) -> dict[str, int]:
    excluded: dict[str, int] = exported(lab, format, **options)[1]["counts"]["excluded"]
    return excluded


def one(lab: Study, sql: str) -> Any:
    with sqlite3.connect(lab.log.path) as db:
        ((value,),) = db.execute(sql).fetchall()
    return value


# What becomes what


def test_a_verdict_is_a_pair_of_what_was_read_and_written_to_the_letter(lab: Study) -> None:
    series = lab.judged(lab.start("v"), "a western", "right")
    lab.judged(series, "an older one", "left")
    first, second = written(lab, "dpo")
    assert first == {
        "prompt": "<user>a western",
        "chosen": "<RESP>blue<eos>",
        "rejected": "<RESP>red<eos>",
    }
    assert second["chosen"] == "<RESP>red<eos>"
    assert second["prompt"] == one(
        lab, "select prompt from generations join turns using (id) where position = 3 limit 1"
    )
    assert second["prompt"].startswith("<user>a western<assistant>blue says: ")


def test_with_histories_of_their_own_only_the_first_turn_makes_a_pair(lab: Study) -> None:
    series = lab.judged(lab.start("v", "own"), "a western", "left")
    lab.judged(series, "an older one", "left")
    _, manifest = exported(lab, "dpo", text="messages")
    assert manifest["counts"] == {
        "considered": 2,
        "written": 1,
        "excluded": {Reason.OTHER_CONTEXT: 1},
    }


def test_ties_and_unsure_verdicts_make_no_pair(lab: Study) -> None:
    for verdict in ("both_good", "both_bad", "cannot_tell"):
        lab.judged(lab.start("v"), "a western", verdict)
    lab.judged(lab.start("v"), "never judged")
    out, manifest = exported(lab, "dpo")
    assert manifest["counts"]["excluded"] == {Reason.NO_WINNER: 3}
    assert manifest["database"]["holds"]["comparisons_without_verdict"] == 1
    assert [path.name for path in out.iterdir()] == ["manifest.json"]  # no file is empty


def test_two_prompts_make_no_exact_pair_but_one_of_what_people_read(tmp_path: Path) -> None:
    lab = study(tmp_path, Scribe(name="gcrs"), Scribe(name="reges", reads="<CARD>50</CARD>"))
    series = lab.judged(lab.start("v"), "a western", "left")
    lab.judged(series, "an older one", "right")
    assert left_out(lab, "dpo") == {Reason.OTHER_PROMPT: 2}
    pairs = written(lab, "dpo", text="messages")
    assert [said["role"] for said in pairs[1]["prompt"]] == ["user", "assistant", "user"]
    assert pairs[1]["prompt"][-1] == {"role": "user", "content": "an older one"}
    ((winner, loser),) = [(pairs[1]["chosen"], pairs[1]["rejected"])]
    assert [said["role"] for said in (*winner, *loser)] == ["assistant", "assistant"]
    assert winner[0]["content"].startswith("reges says: ")


def test_the_same_words_on_both_sides_are_no_pair(tmp_path: Path) -> None:
    lab = study(tmp_path, Scribe(name="same"), Scribe(name="same"))
    lab.judged(lab.start("v"), "thanks", "left")
    assert left_out(lab, "dpo") == {Reason.SAME_REPLY: 1}


def test_a_recommender_without_prompt_is_taken_by_what_people_read(lab: Study) -> None:
    from stand_in import StandIn

    lab = Study(lab.log, (StandIn(name="red"), Scribe(name="blue")))
    lab.judged(lab.start("v"), "a western", "left")
    assert left_out(lab, "dpo") == {Reason.NO_PROMPT: 1}
    assert len(written(lab, "dpo", text="messages")) == 1


def test_what_results_leave_out_is_not_learned_from_unless_one_asks(lab: Study) -> None:
    lab.judged(lab.start("v"), "a western", "left")
    hasty = lab.judged(lab.start("hasty"), "a western", "left", seconds=1)
    lab.judged(hasty, "another", "left")
    series = lab.start("one sided")
    for _ in range(8):
        series = lab.judged(series, "one more", "right")
    for format in ("dpo", "kto", "sft"):
        options = {"winners": True} if format == "kto" else {}
        sides = 2 if format in ("kto", "sft") else 1
        found = left_out(lab, format, **options)
        assert (found[Reason.TOO_FAST], found[Reason.ONE_SIDED]) == (sides, 8 * sides)
        kept = left_out(lab, format, with_left_out=True, **options)
        assert not {Reason.TOO_FAST, Reason.ONE_SIDED} & kept.keys()
    assert len(written(lab, "dpo")) == 2
    assert len(lines(exported(lab, "jsonl")[0] / "verdicts.jsonl")) == 11  # a table has everybody


def test_thumbs_and_ties_are_unpaired_preferences(lab: Study) -> None:
    lab.talked("v", "liked", 1)
    lab.talked("v", "disliked", -1)
    for verdict in ("both_good", "both_bad", "cannot_tell", "left"):
        lab.judged(lab.start("v"), verdict, verdict)
    rows = written(lab, "kto")
    assert [(row["prompt"], row["label"]) for row in rows] == [
        ("<user>liked", True),
        ("<user>disliked", False),
        *[("<user>both_good", True)] * 2,
        *[("<user>both_bad", False)] * 2,
    ]
    assert left_out(lab, "kto") == {Reason.SAYS_NOTHING: 2, Reason.ONLY_BETTER: 2}
    labels = {row["completion"]: row["label"] for row in written(lab, "kto", winners=True)[6:]}
    assert labels == {"<RESP>red<eos>": True, "<RESP>blue<eos>": False}


def test_the_thumb_of_a_person_counts_before_a_verdict_of_the_same(lab: Study) -> None:
    series = lab.judged(lab.start("v"), "a western", "both_good")
    lab.log.record_rating(last(series).left.reply.id, "v", "thumbs", -1)
    lab.thumb(last(series).right.reply.id, "someone else", -1)
    out, manifest = exported(lab, "kto")
    rows = [(row["completion"], row["label"]) for row in lines(out / "train.jsonl")]
    assert rows == [
        ("<RESP>red<eos>", False),
        ("<RESP>blue<eos>", False),
        ("<RESP>blue<eos>", True),
    ]
    assert manifest["counts"]["excluded"] == {Reason.HAS_THUMB: 1}


def test_what_is_liked_or_wins_is_shown_as_an_example_once(lab: Study) -> None:
    lab.talked("v", "liked", 1)
    lab.talked("v", "disliked", -1)
    series = lab.judged(lab.start("v"), "a western", "right")
    lab.thumb(last(series).right.reply.id, "another", 1)
    rows = written(lab, "sft")
    assert [(row["prompt"], row["completion"]) for row in rows] == [
        ("<user>liked", "<RESP>red<eos>"),
        ("<user>a western", "<RESP>blue<eos>"),
    ]
    assert left_out(lab, "sft") == {Reason.NOT_LIKED: 2, Reason.TWICE: 1}


def test_only_what_holds_now_is_a_judgment(lab: Study) -> None:
    series = lab.judged(lab.start("v"), "a western", "left")
    comparison_id = last(series).id
    lab.pair.comparisons.record_verdict(comparison_id, "v", Judgment("both_bad"))
    withdrawn = lab.talked("v", "liked", 1).turns[-1].id
    lab.log.record_rating(withdrawn, "v", "thumbs", None)
    assert [row["label"] for row in written(lab, "kto")] == [False, False]


def test_what_was_taken_back_or_stopped_is_left_out_by_name(lab: Study) -> None:
    series = lab.judged(lab.start("v"), "a western", "left")
    lab.log.record_undone(last(series).left.heard.turns[-1].id)
    exchange = Exchange(lab.scribes[0], NoLinker(), lab.log)
    growth = exchange.say(exchange.start("v"), "stop me")
    stopped = [next(growth) for _ in range(3)][-1]
    growth.close()
    lab.log.record_rating(stopped.turns[-1].id, "v", "thumbs", 1)
    assert left_out(lab, "dpo") == {Reason.UNDONE: 1}
    assert left_out(lab, "kto", winners=True) == {Reason.UNDONE: 2, Reason.NOT_WHOLE: 1}


def test_a_rating_without_a_thumb_is_no_label(lab: Study) -> None:
    conversation = lab.talked("v", "a western")
    lab.log.record_rating(conversation.turns[-1].id, "v", "relevance", 3)
    assert left_out(lab, "kto") == {Reason.NO_THUMB: 1}


# Loaded by the library that TRL loads with


@pytest.mark.parametrize(
    ("format", "columns"),
    [
        ("dpo", ["prompt", "chosen", "rejected"]),
        ("kto", ["prompt", "completion", "label"]),
        ("sft", ["prompt", "completion"]),
    ],
)
@pytest.mark.parametrize("text", ["exact", "messages"])
def test_datasets_loads_both_splits_with_the_columns_of_trl(
    lab: Study, tmp_path: Path, format: str, columns: list[str], text: str
) -> None:
    import datasets

    by_split = {split_of(f"p{n}", 0.5): f"p{n}" for n in range(20)}
    for verdict in ("left", "both_good"):
        for person in by_split.values():
            lab.judged(lab.start(person), HOSTILE, verdict)
    out, manifest = exported(lab, format, text=text, test_share=0.5)
    files = {name.removesuffix(".jsonl"): str(out / name) for name in manifest["files"]}
    assert files.keys() == {"train", "test"}
    loaded = datasets.load_dataset("json", data_files=files, cache_dir=str(tmp_path / "cache"))
    assert loaded["train"].column_names == loaded["test"].column_names == columns
    assert loaded["train"].to_list() == lines(out / "train.jsonl")
    kind = str if text == "exact" else list
    assert type(loaded["test"][0]["prompt"]) is kind
    if format == "kto":
        assert {type(label) for label in loaded["train"]["label"]} == {bool}


# People and splits


def test_nobody_is_in_both_splits_and_everybody_stays_where_they_were(lab: Study) -> None:
    people = [new_id() for _ in range(30)]
    for person in people[:20]:
        lab.talked(person, f"by {person}", 1)

    def splits() -> dict[str, set[str]]:
        out, manifest = exported(lab, "sft", test_share=0.3)
        found = {
            split: {row["prompt"] for row in lines(out / f"{split}.jsonl")}
            for split in ("train", "test")
        }
        assert manifest["split"]["visitors"] == {name: len(rows) for name, rows in found.items()}
        return found

    early = splits()
    for person in people[20:]:
        lab.talked(person, f"by {person}", 1)
    late = splits()
    assert not late["train"] & late["test"] and len(late["train"] | late["test"]) == 30
    assert early["train"] <= late["train"] and early["test"] <= late["test"]


def test_a_tenth_of_many_people_is_about_a_tenth() -> None:
    n_test = sum(split_of(f"person {n}", 0.1) == "test" for n in range(5_000))
    assert 420 < n_test < 580
    assert {split_of(f"person {n}", 0.0) for n in range(100)} == {"train"}


def test_a_split_without_anybody_is_pointed_out(
    lab: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    lab.talked(next(f"p{n}" for n in range(99) if split_of(f"p{n}", 0.1) == "train"), "hi", 1)
    out = lab.log.path.with_name("out")
    assert main(["export", "--db", str(lab.log.path), "--format", "kto", "--out", str(out)]) == 0
    assert "nobody is in the test split" in capsys.readouterr().out


# The manifest


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Study]:
    """Whatever may happen, by lot."""
    lot = Random(4)
    made = study(tmp_path_factory.mktemp("mixed"))
    for n in range(12):
        series = made.start(f"v{n % 5}", lot.choice(("own", "shared")))
        for text in ("one", "two"):
            series = made.judged(series, text, lot.choice(VERDICTS), seconds=lot.choice((1, 9)))
            reply = lot.choice((last(series).left, last(series).right)).reply
            if lot.random() < 0.5:
                made.thumb(reply.id, f"v{n % 4}", lot.choice((-1, 1)))
            if lot.random() < 0.2:
                made.log.record_undone(reply.id)
    yield made
    made.log.close()


@pytest.mark.parametrize("format", ["dpo", "kto", "sft", "csv", "jsonl"])
@pytest.mark.parametrize("options", [{}, {"min_seconds": 5.0}, {"policy": "own", "winners": True}])
def test_everything_that_was_considered_is_accounted_for(
    mixed: Study, format: str, options: dict[str, Any]
) -> None:
    out, manifest = exported(mixed, format, test_share=0.4, **options)
    counts = manifest["counts"]
    assert counts["considered"] == counts["written"] + sum(counts["excluded"].values()) > 0
    parts = manifest["by_recommenders"].values()
    for name in ("considered", "written"):
        assert counts[name] == sum(part[name] for part in parts)
    assert counts["written"] == sum(file["rows"] for file in manifest["files"].values())
    assert {path.name for path in out.iterdir()} == {"manifest.json", *manifest["files"]}
    for name, file in manifest["files"].items():
        content = (out / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file["sha256"]
        assert len(content) == file["bytes"]


def test_the_manifest_names_the_judgments_by_a_hash_of_what_they_say(lab: Study) -> None:
    series = lab.judged(lab.start("v"), "a western", "left")

    def digest(**options: Any) -> str:
        return str(exported(lab, "dpo", **options)[1]["database"]["judgments_sha256"])

    before = digest()
    assert digest(text="messages") == before
    lab.pair.comparisons.record_verdict(last(series).id, "v", Judgment("right"))
    assert digest() != before


def test_the_manifest_says_how_it_came_to_be(lab: Study) -> None:
    lab.talked("v", "liked", 1)
    out = lab.log.path.with_name("with a space")
    argv = (
        "--db",
        str(lab.log.path),
        "--format",
        "kto",
        "--out",
        str(out),
        "--since",
        "2020-01-01",
    )
    assert main(["export", *argv]) == 0
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["command"].endswith(f"--out '{out}' --since 2020-01-01")
    assert manifest["filters"] == {"since": "2020-01-01"}
    assert manifest["database"]["holds"]["rated_replies"] == 1
    assert manifest["app_version"] and manifest["created"].endswith("+00:00")


# Filters


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"recommenders": "red, green"}, Reason.RECOMMENDER),
        ({"policy": "own"}, Reason.POLICY),
        ({"since": "2999-01-01"}, Reason.TIME),
        ({"until": "2020-01-01"}, Reason.TIME),
        ({"without_visitors": f"{pseudonym('someone')},{pseudonym('v')}"}, Reason.VISITOR),
        ({"min_seconds": 6.0}, Reason.HASTE),
    ],
)
def test_a_filter_leaves_out_by_name(lab: Study, options: dict[str, Any], reason: str) -> None:
    lab.judged(lab.start("v"), "a western", "left", seconds=5)
    assert left_out(lab, "dpo", **options) == {reason: 1}
    kept: dict[str, Any] = {"recommenders": "red,blue", "policy": "shared", "since": "2020-01-01"}
    kept |= {"until": "2999-01-01", "without_visitors": pseudonym("w"), "min_seconds": 5.0}
    assert len(written(lab, "dpo", **{name: kept[name] for name in options})) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"format": "parquet"},
        {"text": "tokens"},
        {"policy": "theirs"},
        {"since": "yesterday"},
        {"test_share": 1.0},
        {"test_share": -0.1},
        {"without_visitors": "0123456789abcdef0123456789abcdef"},
    ],
)
def test_a_flag_that_makes_no_sense_is_refused(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(BadInputError, match=r"got .+"):
        fine: dict[str, Any] = {"db": tmp_path, "format": "dpo", "out": tmp_path}
        ExportConfig(**fine | wrong)


# Tables


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_row_of_the_table_holds_all_that_is_known_of_a_verdict(lab: Study) -> None:
    series = lab.judged(lab.start("v"), "a western", "right", seconds=2.5)
    right = last(series).right.reply
    assert right.reply and right.reply.item
    lab.log.record_rating(right.id, "v", "relevance", 3)
    lab.log.record_rating(right.id, "v", "reasons", ("a good fit",))
    lab.log.record_mark("v", ItemMark(right.id, right.reply.item.id, "want"))
    out, _ = exported(lab, "jsonl")
    (row,) = lines(out / "verdicts.jsonl")
    assert row["verdict"] == "right" and row["winner"] == row["right_recommender"] == "blue"
    assert (row["participant"], row["decided_ms"], row["policy"]) == (
        pseudonym("v"),
        2500.0,
        "shared",
    )
    assert row["same_context"] is True and row["message"] == "a western" and row["split"] == "train"
    assert row["right_text"] == right.turn.text
    assert row["right_item_title"] == right.reply.item.title
    said = {"speaker": "user", "text": "a western", "mentions": [], "unheard": []}
    assert list(row["right_heard"]) == [said]
    assert row["left_prompt"] == "<user>a western" and row["left_output"] == "<RESP>red<eos>"
    assert (row["right_relevance"], row["right_reasons"]) == (3, ["a good fit"])
    assert row["left_relevance"] is None and row["left_ready_ms"] >= 0
    assert row["right_marks"] == [{"item_id": right.reply.item.id, "kind": "want"}]
    (rating,) = lines(out / "ratings.jsonl")
    assert rating["comparison_id"] == row["comparison_id"] and rating["relevance"] == 3


def test_the_spreadsheet_says_the_same_as_the_lines_of_json(mixed: Study) -> None:
    as_csv, _ = exported(mixed, "csv")
    as_json, _ = exported(mixed, "jsonl")
    for kind in ("verdicts", "ratings"):
        rows, cells = lines(as_json / f"{kind}.jsonl"), table(as_csv / f"{kind}.csv")
        assert [list(row) for row in cells] == [list(row) for row in rows]
        assert [{n: csv_text(v) for n, v in row.items()} for row in rows] == cells


def csv_text(value: object) -> str:
    cell = csv_cell(value)
    return "" if cell is None else str(cell)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@cmd", "\t=1", "\n=1", "＝1", "'quoted"])
def test_no_text_begins_as_a_formula_and_an_apostrophe_taken_away_gives_it_back(text: str) -> None:
    cell = csv_cell(text)
    assert isinstance(cell, str) and cell.startswith("'") and cell[1:] == text
    assert csv_cell(f"so {text}") == f"so {text}"
    assert csv_cell(-1) == -1 and csv_cell(None) is None


@pytest.mark.parametrize("format", ["csv", "jsonl", "kto"])
def test_hostile_words_of_a_megabyte_survive(tmp_path: Path, format: str) -> None:
    words = HOSTILE * (1_000_000 // len(HOSTILE))
    lab = study(tmp_path, Scribe(name="red", adds=words))
    conversation = lab.talked("v", HOSTILE, 1)
    user, assistant = conversation.turns
    lab.log.record_rating(assistant.id, "v", "comment", HOSTILE)
    out, _ = exported(lab, format)
    if format == "kto":
        (example,) = lines(out / "train.jsonl")
        assert example["completion"] == f"<RESP>red{words}<eos>"
        assert example["prompt"] == f"<user>{user.turn.text}"
        return
    csv.field_size_limit(10**8)
    row: dict[str, Any]
    (row,) = table(out / "ratings.csv") if format == "csv" else lines(out / "ratings.jsonl")
    assert row["text"] == assistant.turn.text and words in row["text"]
    assert row["comment"] == ("'" if format == "csv" else "") + user.turn.text
    heard: Any = json.loads(row["heard"]) if format == "csv" else row["heard"]
    assert heard[0]["text"] == user.turn.text


# Files and the log


def test_a_folder_with_something_in_it_is_refused_and_left_as_it_is(lab: Study) -> None:
    out = lab.log.path.with_name("out")
    out.mkdir()
    (out / "mine.txt").write_text("keep")
    with pytest.raises(BadInputError, match="name a new folder"):
        export(ExportConfig(db=lab.log.path, format="dpo", out=out))
    assert [path.name for path in out.iterdir()] == ["mine.txt"]
    (out / "mine.txt").unlink()
    export(ExportConfig(db=lab.log.path, format="dpo", out=out))
    assert [path.name for path in out.iterdir()] == ["manifest.json"]


def test_an_export_that_fails_leaves_nothing(lab: Study, tmp_path: Path) -> None:
    with sqlite3.connect(lab.log.path) as db:
        lab.talked("v", "liked", 1)
        db.execute("pragma ignore_check_constraints = on")
        db.execute("drop trigger generations_stay")
        db.execute("update generations set timings = 'no JSON'")
    out = tmp_path / "out"
    with pytest.raises(ValueError):
        export(ExportConfig(db=lab.log.path, format="kto", out=out))
    assert {path.name.split(".db")[0] for path in tmp_path.iterdir()} == {"feedback"}


def test_a_log_that_is_not_there_is_named_and_not_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing, out = tmp_path / "missing.db", tmp_path / "out"
    assert main(["export", "--db", str(missing), "--format", "dpo", "--out", str(out)]) == 2
    assert "there is no log" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_database_of_another_program_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.db") as db:
        db.execute("create table recipes (name)")
    config = ExportConfig(db=tmp_path / "other.db", format="dpo", out=tmp_path / "out")
    with pytest.raises(FeedbackError, match="another program"):
        export(config)


def test_the_log_is_only_read_while_the_app_writes(lab: Study) -> None:
    conversation = Conversation(new_id(), "v")
    said = lab.log.record_turn(conversation, Turn("user", "hi"))
    assert said
    lab.log.record_started(conversation.then(said), "red", Plan())
    exported(lab, "kto")
    assert one(lab, "select status from generations") == "running"


def test_a_large_log_is_not_held_in_memory(lab: Study) -> None:
    for n in range(60):
        conversation = Conversation(new_id(), f"v{n}")
        said = lab.log.record_turn(conversation, Turn("user", "hi"))
        assert said
        of = lab.log.record_started(conversation.then(said), "red", Plan())
        big = Reply(("x" * 200_000,), "CHAT", prompt="hi", output="y" * 200_000)
        lab.log.record_finished(of, big, "ok")
        lab.log.record_rating(of, f"v{n}", "thumbs", 1)
    tracemalloc.start()
    exported(lab, "kto")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8_000_000  # of 24 MB
