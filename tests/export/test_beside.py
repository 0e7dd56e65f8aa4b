"""Beside judgments: answers to questionnaires with what they are about, marks, and plain turns."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from judged import Study
from judged import study as judged_study
from made_studies import FILE, SINGLE, Annotator, Lab, lab
from stand_in import FILMS, NoLinker, StandIn

from crsdemo.__main__ import main
from crsdemo.chat.exchange import Exchange
from crsdemo.chat.study_steps import Ask, Work
from crsdemo.core.comparison import Verdict
from crsdemo.core.conversation import ItemMark
from crsdemo.core.errors import CrsdemoError
from crsdemo.export.examples import Reason
from crsdemo.export.judgments import ExportConfig, export
from crsdemo.feedback.judgments import reading_judgments
from crsdemo.feedback.results import ResultsLog, pseudonym
from crsdemo.studies.statistics.answers import choice_counts, scale_means
from crsdemo.studies.statistics.report import results
from crsdemo.web.results.answer import text
from crsdemo.web.results.exhibits import exhibits

BOTH = SINGLE + FILE[FILE.index('[[tasks]]\nname = "talk"') :]


def rows(made: Lab | Study, table: str, folder: Path, **options: object) -> list[dict[str, str]]:
    config = ExportConfig(db=made.log.path, format="csv", out=folder / "out", **options)  # type: ignore[arg-type]  # flags of any type
    manifest = export(config)
    counts = manifest["counts"]
    assert counts["considered"] == counts["written"] + sum(counts["excluded"].values())
    assert counts["written"] == sum(file["rows"] for file in manifest["files"].values())
    with (folder / "out" / f"{table}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Lab]:
    made = lab(tmp_path, BOTH.replace('systems = ["red", "blue"]', 'systems = ["red", "blue"]'))
    yield made
    made.log.close()


def answered(annotator: Annotator) -> None:
    """To the end; red is rated 4, blue 2, and what is asked about two is answered for red."""
    for _ in range(200):
        step = annotator.step
        if isinstance(step, Ask):
            of = {one.id: one for one in annotator.desk._standing(annotator.id).assignments}
            about = of.get(step.about)
            question = next(q for q in step.questionnaire.questions if q.name not in step.answers)
            value: object = "fine"
            if question.kind == "sides":
                assert about
                value = "A" if about.left == "red" else "B"
            elif question.kind == "scale":
                value = (4 if about.left == "red" else 2) if about else 1
            annotator.desk.answer(
                annotator.id, step.questionnaire.name, step.about, question.name, value
            )
        elif isinstance(step, Work):
            annotator.act()
        else:
            return


def test_each_answer_is_a_row_that_says_of_whom(made: Lab, tmp_path: Path) -> None:
    people = [made.annotator(name) for name in ("ann", "bob")]
    for one in people:
        answered(one)
    found = rows(made, "answers", tmp_path)
    assert len(found) == 2 * (2 * 3 + 2 * 3)
    assert {row["participant"] for row in found} == {pseudonym(one.id) for one in people}
    short = [row for row in found if row["questionnaire"] == "short"]
    assert {(row["system"], row["answer"], row["label"]) for row in short} == {
        ("red", "4", "agree"),
        ("blue", "2", "disagree"),
    }
    assert {(row["study"], row["task"], row["comparison"]) for row in short} == {
        ("One at a time", "alone", "")
    }
    two = [row for row in found if row["questionnaire"] == "short-compared"]
    assert {row["chosen"] for row in two} == {"red"} and {row["system"] for row in two} == {""}
    assert all(
        row["comparison"] == ("red vs blue" if row["answer"] == "A" else "blue vs red")
        for row in two
    )
    assert {row["item"] for row in two} == {"relevance", "helpfulness", "would_choose"}


def test_the_results_show_the_answers_of_each_system(
    made: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("ann", "bob"):
        answered(made.annotator(name))
    answers = ResultsLog(made.log.file).answers("One at a time")
    means = {(one.item, one.of): one for one in scale_means(answers)}
    assert means["relevance", "red"].mean.value == 4 and means["relevance", "blue"].mean.value == 2
    assert (means["relevance", "red"].lowest, means["relevance", "red"].highest) == (1, 5)
    assert means["relevance", "red"].on_unit.value == 0.75
    counts = {(one.item, one.of): one.chosen for one in choice_counts(answers)}
    both = (("blue", 0), ("about the same", 0), ("red", 4))
    assert counts["helpfulness", "blue / red"] == both
    shown = exhibits(results(()), (), answers)
    assert {"answers", "means"} <= shown.keys()
    assert "relevance: red" in [row.name for row in shown["means"].figure.rows]
    assert "would_choose" in text(results(()), answers)
    assert main(["results", "--db", str(made.log.path)]) == 0
    assert "short-compared" in capsys.readouterr().out
    assert main(["results", "--db", str(made.log.path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["answers"][0]["item"] == "helpfulness"


def test_one_study_alone_is_told_and_an_unknown_one_is_named(
    made: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answered(made.annotator("ann"))
    db = str(made.log.path)
    assert main(["results", "--db", db, "--study", "One at a time"]) == 0
    assert "short-compared" in capsys.readouterr().out
    out = str(tmp_path / "none")
    for command in (
        ["results", "--db", db],
        ["power", "--each", "4", "--db", db],
        ["export", "--db", db, "--format", "csv", "--out", out],
    ):
        assert main([*command, "--study", "One at time"]) == 2
        said = capsys.readouterr().err
        assert "the log has no study 'One at time'; there are: 'One at a time'" in said
    assert not Path(out).exists()


def test_tests_and_whoever_withdrew_answer_nothing(made: Lab, tmp_path: Path) -> None:
    tester = Annotator(made.desk, made.desk.arrive({"test": "me"}, None))
    made.desk.consent(tester.id, given=True)
    made.desk.begin(tester.id)
    answered(tester)
    for name in ("ann", "bob"):
        answered(made.annotator(name))
    ann = made.annotator("ann", begun=False)
    made.desk.withdraw(ann.id, erase=False)
    who = {row["participant"] for row in rows(made, "answers", tmp_path)}
    assert who == {pseudonym(made.annotator("bob", begun=False).id)}
    out = tmp_path / "more"
    config = ExportConfig(db=made.log.path, format="jsonl", out=out, with_tests=True)
    assert Reason.TEST not in export(config)["counts"]["excluded"]
    assert pseudonym(tester.id) in (out / "answers.jsonl").read_text()
    assert {pseudonym(one.visitor) for one in ResultsLog(made.log.file).answers()} == who


def test_every_table_says_who_failed_a_check_of_attention(tmp_path: Path) -> None:
    made = lab(tmp_path, BOTH)
    ann, bob, eve = (made.annotator(name) for name in ("ann", "bob", "eve"))
    for one in (ann, bob, eve):
        while isinstance(step := one.step, Work | Ask):
            if isinstance(step, Work) and step.assignment.expected:
                if one is eve:
                    break  # leaves before the check
                right = step.assignment.expected
                wrong: Verdict = "left" if right == "right" else "right"
                assert step.to_judge
                one.judge(step.to_judge, right if one is ann else wrong)
            else:
                one.act()
    names = [pseudonym(one.id) for one in (ann, bob, eve)]
    said = dict(zip(names, ("False", "True", ""), strict=True))
    for n, table in enumerate(("verdicts", "answers")):
        found = rows(made, table, tmp_path / str(n))
        assert {*names[:2]} <= {row["participant"] for row in found}
        assert all(row["inattentive"] == said[row["participant"]] for row in found)
    with reading_judgments(made.log.path) as log:
        assert log.inattentive() == {ann.id: False, bob.id: True}
    made.log.close()


def test_marks_are_a_table(tmp_path: Path) -> None:
    made = judged_study(tmp_path)
    talk = made.talked("ann", "a quiet film")
    film = FILMS[0].id
    for kind in ("seen", "want"):
        made.log.record_mark("ann", ItemMark(talk.turns[-1].id, film, kind))
    made.log.record_mark("ann", ItemMark(talk.turns[-1].id, film, "seen"), on=False)
    (row,) = rows(made, "marks", tmp_path)
    assert (row["kind"], row["item_id"], row["recommender"]) == ("want", film, "red")
    assert row["item_title"] == "After Life" and row["participant"] == pseudonym("ann")
    made.log.close()


@pytest.mark.parametrize("format", ["kto", "sft"])
def test_two_messages_in_a_row_are_one_after_a_reply_that_failed(
    tmp_path: Path, format: str
) -> None:
    made = judged_study(tmp_path)
    exchange = Exchange(StandIn(0, "red"), NoLinker(), made.log)
    talk = begun = exchange.start("ann")
    with pytest.raises(CrsdemoError):
        for grown in exchange.say(begun, "break down"):
            talk = grown
    *_, talk = exchange.say(talk, "a quiet film")
    made.log.record_rating(talk.turns[-1].id, "ann", "thumbs", 1)
    out = tmp_path / "out"
    export(ExportConfig(db=made.log.path, format=format, out=out, text="messages", test_share=0.0))
    (row,) = map(json.loads, (out / "train.jsonl").read_text().splitlines())
    assert row["prompt"] == [{"role": "user", "content": "break down\na quiet film"}]
    made.log.close()
