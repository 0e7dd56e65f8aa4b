"""Replies that the file of a study has look like those of a system."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from made_studies import FILE, lab
from stand_in import CATALOG

from crsdemo.chat.study_desk import StudyDesk
from crsdemo.chat.study_steps import Work
from crsdemo.core.catalog import Item
from crsdemo.core.comparison import SIDES
from crsdemo.language.mentions import MentionLinker


def test_an_item_that_a_written_reply_names_has_its_card(tmp_path: Path) -> None:
    made = lab(tmp_path, FILE.replace("Groundhog Day is light.", "Groundhog Day (1993) is light."))
    pair = replace(made.desk.side_by_side, linker=MentionLinker(CATALOG))
    desk: StudyDesk = replace(made.desk, side_by_side=pair)
    ann = desk.arrive({"test": "ann"}, None)
    desk.consent(ann, given=True)
    desk.begin(ann)
    step = desk.step(ann)
    assert isinstance(step, Work) and step.is_practice and step.to_judge
    replies = [step.to_judge.side(side).reply.reply for side in SIDES]
    named = {p.name for r in replies if r for p in r.pieces if isinstance(p, Item)}
    assert "Groundhog Day (1993)" in named
    assert {r.text for r in replies if r} == {
        "Groundhog Day (1993) is light.",
        "The Shining is not light.",
    }
    made.log.close()
