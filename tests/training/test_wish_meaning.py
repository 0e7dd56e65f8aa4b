"""Which words ask afresh is learned from wishes and from talk that goes on."""

from __future__ import annotations

import pytest
from chatml import ALIEN, WRITTEN
from conftest import Trained
from films import CATALOG

from crsdemo.core.catalog import Catalog
from crsdemo.recommenders.dialogue_regression import DialogueRegression
from crsdemo.recommenders.prior import AFRESH, AFRESH_WHEN_NAMED, ItemPrior
from crsdemo.training.data import load_training_data
from crsdemo.training.ranking.fit_prior import PriorConfig, blank_prior
from crsdemo.training.ranking.wish_meaning import what_wishes_mean
from crsdemo.training.written.made_wishes import WishMaker


@pytest.fixture(scope="module")
def prior(trained: Trained) -> ItemPrior:
    config = PriorConfig(**trained.sources)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(trained.folder)
        return blank_prior(config, load_training_data(config))


def asked(prior: ItemPrior, regression: DialogueRegression, *texts: str) -> list[float]:
    return list(regression.asked(prior.encoder.embed(list(texts))).tolist())


def test_what_is_said_of_a_film_that_was_given_is_no_wish(prior: ItemPrior) -> None:
    wishes = WishMaker(CATALOG, [], seed=0).draw(60)
    regression = what_wishes_mean(prior, wishes, [], [WRITTEN])
    of_film, wish = asked(prior, regression, "what is it about?", "any good horror film?")
    assert of_film < wish
    horror = CATALOG.genres.index("horror")
    scary, calm = prior.encoder.embed(["any good horror film?", "a family film please"])
    assert regression.meant(scary)[horror] > regression.meant(calm)[horror]


def test_without_any_talk_only_words_that_name_something_ask_afresh(prior: ItemPrior) -> None:
    wishes = WishMaker(CATALOG, [], seed=0).draw(10)
    fewer = Catalog(tuple(item for item in CATALOG if item != ALIEN))
    assert not WRITTEN.is_of(fewer) and WRITTEN.is_of(CATALOG)
    for written in ([], [WRITTEN.model_copy(update={"turns": WRITTEN.turns[:4]})]):
        regression = what_wishes_mean(prior, wishes, [], written)
        (chance,) = asked(prior, regression, "what is it about?")
        assert AFRESH_WHEN_NAMED < chance < AFRESH
