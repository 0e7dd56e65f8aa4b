"""Learn which genres words mean, and which words ask for something afresh.

Shapes: m texts, d numbers of the text encoder, g genres.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from tqdm import tqdm

from crsdemo.core.catalog import Catalog
from crsdemo.core.dialogue import Dialogue
from crsdemo.recommenders.dialogue_regression import NEVER, DialogueRegression
from crsdemo.recommenders.prior import ItemPrior
from crsdemo.training.written.data import WrittenDialogue
from crsdemo.training.written.made_wishes import Wish

Floats = NDArray[np.float32]
NEARLY = 0.8  # of the weight of the targets; written wishes have few, of which one may differ
UNTOLD = -0.85  # log-odds of a fresh wish where no talk was seen: those that name something are


def what_wishes_mean(
    prior: ItemPrior,
    wishes: Sequence[Wish],
    histories: Iterable[Dialogue],
    written: Iterable[WrittenDialogue],
) -> DialogueRegression:
    """The regression of `prior` that knows the genres that wishes mean, and what is a wish.

    `histories`: what was said before a film was recommended; `written`: conversations, of which
    those about other catalogs are left out.
    """
    words = prior.encoder.embed([prior.texts(wish.dialogue)[1] or " " for wish in wishes])
    labels = np.stack([_genres_shared(prior.catalog, wish) for wish in wishes])
    answered = (pair for one in written for pair in one.answered(prior.catalog))
    told = (history for history, reply in answered if reply.move in ("talk", "chat"))
    talk = list(_talk_that_goes_on(chain(histories, told)))
    asked = [wish.dialogue.turns[-1].untitled.strip() for wish in wishes[: len(talk)]]
    asking = np.zeros(words.shape[1] + 1, np.float32)
    asking[-1] = UNTOLD
    if talk:
        asking = _asking(prior.encoder.embed(asked), prior.encoder.embed(talk))
    return replace(prior.regression, meaning=_meaning(words, labels), asking=asking)


def _talk_that_goes_on(histories: Iterable[Dialogue]) -> Iterator[str]:
    """The last words of the user, titles apart, where a film was given before."""
    for history in histories:
        given = any(turn.mentions for turn in history.turns if turn.speaker == "assistant")
        own = [turn for turn in history.turns if turn.speaker == "user"]
        text = own[-1].untitled.strip() if given and own else ""
        if text:
            yield text


def _asking(wishes: Floats, talk: Floats) -> Floats:
    """(d + 1,) by logistic regression; `wishes` and `talk`: (m, d)."""
    words = np.concatenate([wishes, talk])
    model = LogisticRegression(max_iter=1000).fit(words, np.arange(len(words)) < len(wishes))
    return np.concatenate([model.coef_[0], model.intercept_]).astype(np.float32)


def _meaning(words: Floats, labels: NDArray[np.bool_]) -> Floats:
    """(d + 1, g) by logistic regression; a wish means the genres that nearly all it targets share.

    `words`: (m, d), `labels`: (m, g)
    """
    learned = np.full((words.shape[1] + 1, labels.shape[1]), 0, np.float32)
    for place, wanted in enumerate(tqdm(labels.T, desc="genres")):
        if wanted.all() or not wanted.any():
            learned[-1, place] = NEVER
            continue
        model = LogisticRegression(C=10.0, max_iter=300).fit(words, wanted)
        learned[:-1, place], learned[-1, place] = model.coef_[0], model.intercept_[0]
    return learned


def _genres_shared(catalog: Catalog, wish: Wish) -> NDArray[np.bool_]:
    """(g,)"""
    share = np.zeros(len(catalog.genres))
    for item_id, weight in wish.targets.items():
        share[[catalog.genres.index(genre) for genre in catalog.item(item_id).genres]] += weight
    return share >= NEARLY * sum(wish.targets.values())
