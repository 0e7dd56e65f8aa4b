"""What a training turn may be told: nothing that its own dialogue adds to counts and regression."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import Trained
from films import CATALOG

from crsdemo.core.dialogue import Mention, Turn
from crsdemo.core.errors import BadInputError
from crsdemo.language.corpus import CorpusDialogue
from crsdemo.training.data import TrainingData, load_training_data
from crsdemo.training.ranking import fit_prior
from crsdemo.training.ranking.fit_prior import PriorConfig, wishes, wishes_with_meaning
from crsdemo.training.ranking.fit_ranker import Case
from crsdemo.training.ranking.wish_meaning import what_wishes_mean
from crsdemo.training.written.made_wishes import Wish, WishMaker


@pytest.fixture(scope="module")
def config(trained: Trained) -> PriorConfig:
    return PriorConfig(turns=50, wishes=0, **trained.sources)


@pytest.fixture(scope="module")
def data(trained: Trained, config: PriorConfig) -> TrainingData:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(trained.folder)
        return load_training_data(config)


def cases(config: PriorConfig, data: TrainingData) -> list[Case]:
    turns = list(fit_prior.training_turns(data, config.seed))
    prior = fit_prior.blank_prior(config, data)
    wished = WishMaker(CATALOG, [], config.seed).draw(4)
    prior.regression = what_wishes_mean(prior, wished, [turn.history for turn in turns], [])
    talks = np.stack([prior.remembered(turn.history) for turn in turns])
    return fit_prior.gather(config, data, prior, turns, talks, [])


def test_signals_do_not_tell_what_the_same_dialogue_names_later(
    config: PriorConfig, data: TrainingData
) -> None:
    place = next(i for i, one in enumerate(data.dialogues) if _first(cases(config, data), one))
    talk = data.dialogues[place]
    unheard = [item for item in CATALOG if item.id not in talk.dialogue.mentioned]
    found = []
    for film in unheard[:2]:
        more = Turn("assistant", film.title, (Mention(0, len(film.title), film.id),))
        longer = replace(talk, dialogue=talk.dialogue.say(Turn("user", "And?")).say(more))
        others = [*data.dialogues[:place], longer, *data.dialogues[place + 1 :]]
        found.append(_first(cases(config, replace(data, dialogues=others)), longer))
    one, other = found
    assert one is not None
    assert other is not None
    assert one.dialogue == other.dialogue
    np.testing.assert_array_equal(one.signals, other.signals)


def _first(found: list[Case], talk: CorpusDialogue) -> Case | None:
    """The first turn of a dialogue that became a case."""
    beginnings = [talk.dialogue.before(position) for position in range(len(talk.dialogue.turns))]
    return next((case for case in found if case.dialogue in beginnings), None)


def test_no_wish_that_was_written_is_in_both_kinds(config: PriorConfig, tmp_path: Path) -> None:
    """What was learned from a wish may not be a signal of the same wish."""
    texts = [f"wish number {n}" for n in range(8)]
    rows = ({"kind": "plain", "wish": text, "items": ["f00", "f01"]} for text in texts)
    (tmp_path / "wishes.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    config = replace(config, written=tmp_path, wishes=150, meanings=150)
    fitted = written(wishes(config, CATALOG), texts)
    meant = written(wishes_with_meaning(config, CATALOG), texts)
    assert fitted and meant
    assert fitted.isdisjoint(meant)
    assert fitted | meant == set(texts)


def written(drawn: Iterable[Wish], texts: list[str]) -> set[str]:
    said = [wish.dialogue.turns[-1].text for wish in drawn]
    return {text for text in texts if any(one.endswith(text) for one in said)}


def test_dialogues_about_other_things_are_refused(
    config: PriorConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    talks = tmp_path / "talks.tsv"
    rows = ["dialog_id\tspeaker\ttext\tmovies", "1\tSEEKER\thi\t", "1\tRECOMMENDER\thello\t"]
    talks.write_text("\n".join(rows) + "\n")
    with pytest.raises(BadInputError, match=r"in too few dialogues \(0, of 1\)"):
        fit_prior.fit_prior(replace(config, dialogues=str(talks), out=tmp_path))
