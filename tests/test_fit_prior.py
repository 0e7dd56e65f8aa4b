"""What a training turn may be told: nothing that its own dialogue adds to counts and memory."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from films import CATALOG

from crsdemo.corpus import CorpusDialogue
from crsdemo.dialogue import Mention, Turn
from crsdemo.train import fit_prior
from crsdemo.train.fit_prior import Case, PriorConfig
from crsdemo.train.stages import Ground, lay_ground


@pytest.fixture(scope="module")
def config(trained) -> PriorConfig:
    return PriorConfig(turns=50, wishes=0, **trained.sources)


@pytest.fixture(scope="module")
def ground(trained, config) -> Ground:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(trained.folder)
        return lay_ground(config)


def cases(config: PriorConfig, ground: Ground) -> list[Case]:
    turns = list(fit_prior.training_turns(ground, config.seed))
    prior = fit_prior.blank_prior(config, ground)
    prior.memory = fit_prior.what_wishes_mean(ground, prior, turns, replace(config, meanings=4))
    talks = np.stack([prior.remembered(turn.history) for turn in turns])
    return fit_prior.gather(config, ground, prior, turns, talks, [])


def test_signals_do_not_tell_what_the_same_dialogue_names_later(config, ground) -> None:
    place = next(i for i, one in enumerate(ground.dialogues) if _first(cases(config, ground), one))
    talk = ground.dialogues[place]
    unheard = [item for item in CATALOG if item.id not in talk.dialogue.mentioned]
    found = []
    for film in unheard[:2]:
        more = Turn("assistant", film.title, (Mention(0, len(film.title), film.id),))
        longer = replace(talk, dialogue=talk.dialogue.say(Turn("user", "And?")).say(more))
        others = [*ground.dialogues[:place], longer, *ground.dialogues[place + 1 :]]
        found.append(_first(cases(config, replace(ground, dialogues=others)), longer))
    one, other = found
    assert one is not None
    assert other is not None
    assert one.dialogue == other.dialogue
    np.testing.assert_array_equal(one.signals, other.signals)


def _first(found: list[Case], talk: CorpusDialogue) -> Case | None:
    """The first turn of a dialogue that became a case."""
    beginnings = [talk.dialogue.before(position) for position in range(len(talk.dialogue.turns))]
    return next((case for case in found if case.dialogue in beginnings), None)
