"""What people answered is counted for those alone whose votes count, each question on its scale."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from ballots import vote
from made_studies import FILE, Annotator, lab

from crsdemo.__main__ import main
from crsdemo.core.comparison import Comparison, Verdict
from crsdemo.studies.statistics.answers import Answer, choice_counts, scale_means
from crsdemo.studies.statistics.exclusion import flagged, left_out
from crsdemo.studies.statistics.report import results
from crsdemo.studies.tasks import BAD
from crsdemo.web.results.answer import COUNTING
from crsdemo.web.results.exhibits import exhibits
from crsdemo.web.results.html import PARTS

FIVE = ("no", "rather no", "so so", "rather yes", "yes")
ONE = Answer(
    visitor="ann", study="s", study_sha256="0", task="t", kind="single", questionnaire="own",
    item="ease", question="Was it easy?", form="scale", about="system", labels=FIVE, lowest=1,
    value=5, left="red", right="red", answered_at="2026-03-01", is_test=False,
)  # fmt: skip


@dataclass(frozen=True)
class Rater(Annotator):
    """Finds all good, and of a check one reply better, which is the right one or not."""

    is_attentive: bool = True

    def verdict(self, seen: Comparison) -> Verdict:
        if BAD not in (seen.left.recommender, seen.right.recommender):
            return "both_good"
        return "left" if (seen.left.recommender == BAD) != self.is_attentive else "right"


def test_one_name_for_two_scales_gives_two_means() -> None:
    """Files called own.toml of two studies, or a file that changed between two runs."""
    seven = replace(ONE, visitor="bob", labels=(*FIVE, "very", "utterly"), value=7)
    from_zero = replace(ONE, visitor="cy", lowest=0, value=0)
    reworded = replace(ONE, visitor="dot", question="Was it hard?", value=1)
    found = scale_means([ONE, seven, from_zero, reworded, replace(ONE, visitor="eve", value=4)])
    assert {(one.question, one.lowest, one.highest, one.mean.value) for one in found} == {
        ("Was it easy?", 1, 5, 4.5),
        ("Was it easy?", 1, 7, 7.0),
        ("Was it easy?", 0, 4, 0.0),
        ("Was it hard?", 1, 5, 1.0),
    }
    assert all(0 <= (one.on_unit.value or 0) <= 1 for one in found)


def test_one_name_for_two_choices_gives_two_counts() -> None:
    tea = replace(ONE, form="choice", labels=("tea", "none"), value="tea")
    coffee = replace(tea, visitor="bob", labels=("coffee", "none"), value="coffee")
    found = choice_counts([tea, coffee])
    assert {one.chosen for one in found} == {
        (("tea", 1), ("none", 0)),
        (("coffee", 1), ("none", 0)),
    }


def test_of_a_person_steps_are_counted_and_never_averaged() -> None:
    age = replace(
        ONE, about="person", left="", right="", question="How old are you?", lowest=0, value=0,
        labels=("under 30", "30 to 50", "over 50"),
    )  # fmt: skip
    asked = [age, replace(age, visitor="bob", value=2), ONE]
    assert [one.question for one in scale_means(asked)] == ["Was it easy?"]
    counted = {one.question: one.chosen for one in choice_counts(asked)}
    assert counted["How old are you?"] == (("under 30", 1), ("30 to 50", 0), ("over 50", 1))
    assert counted["Was it easy?"][-1] == ("yes", 1)


def test_what_people_wrote_is_shown_with_what_they_were_asked() -> None:
    text = replace(ONE, form="text", labels=(), question="What would you change?", value="<b>it")
    shown = exhibits(results(()), answers=[text, replace(text, visitor="bob", value="")])
    assert list(shown) == ["texts"]
    page = PARTS.page(COUNTING, shown, (), {})
    assert "&lt;b&gt;it" in page and "<b>it" not in page and "What would you change?, red" in page
    assert len(shown["texts"].table.rows) == 1  # an empty one says nothing


def test_who_is_left_out_is_who_breaks_a_rule_on_people() -> None:
    inattentive = [vote("ann", "right", expected="left"), vote("ann", "left", 1)]
    one_sided = [vote("bob", "left", n) for n in range(8)]
    hasty = [vote("cy", "left", seconds=1.0), vote("cy", "right", 1, seconds=9.0)]
    votes = flagged([*inattentive, *one_sided, *hasty])
    assert left_out(votes) == {"ann", "bob"}  # a hasty vote says nothing of what else one said
    assert left_out(votes, ["one_sided"]) == {"bob"}
    assert left_out(votes, []) == frozenset()


def test_whose_votes_do_not_count_has_no_say_in_the_answers_of_the_results(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = lab(tmp_path, FILE)
    for name in ("ann", "bob"):
        Rater(made.desk, made.annotator(name).id, is_attentive=name == "ann").finish()
    made.log.close()
    assert main(["results", "--db", str(made.log.path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["flags"]["attention_failed"] > 0
    assert found["answers"] and {one["people"] for one in found["answers"]} == {1}
