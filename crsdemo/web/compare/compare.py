"""The open comparison page: two systems that the visitor chooses, named, with their evidence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr
from gradio.events import api

from crsdemo.chat.side_by_side import Recommenders, SideBySide
from crsdemo.core.catalog import Catalog
from crsdemo.core.checked import checked_id
from crsdemo.core.comparison import Answer, Comparison, Judgment, Series, checked_policy
from crsdemo.core.conversation import Conversation, seen_id
from crsdemo.core.errors import BadInputError, CrsdemoError
from crsdemo.core.reply_json import as_json
from crsdemo.recommenders.hearing import Hearing
from crsdemo.recommenders.loading import Version
from crsdemo.studies.annotators import secret_beside
from crsdemo.web.compare.bench import Bench, wire
from crsdemo.web.compare.screen import Look, Screen, parts, states
from crsdemo.web.shared import render
from crsdemo.web.shared.controls import MODEL, Updates, caller, html
from crsdemo.web.shared.live import private
from crsdemo.web.shared.placeless import placeless
from crsdemo.web.shared.shown import Shown
from crsdemo.web.talk.heard import Correction, below_message

Json = dict[str, Any]

POLICIES = (
    ("go on from the better answer", "shared"),
    ("each keeps its own history", "own"),
)


@dataclass(frozen=True)
class ComparePage(Bench):
    """Everyone knows who answers."""

    hearing: Hearing

    def growth(self, view: Look, series: Series, text: str) -> Iterator[Comparison]:
        return self.side_by_side.say(series, text, view.names)

    def understood(self, comparison: Comparison, *, can_be_corrected: bool) -> str:
        heard = comparison.left.heard
        last = len(heard.turns) - 1
        turn_id = comparison.turns[0] if can_be_corrected else None
        return below_message(self.hearing.understood(heard.said)[last], turn_id)

    def hear(self, event: gr.EventData, *look: Any) -> Iterator[Updates]:
        """Ask both again without one thing that was understood, or with it after all."""

        def growth(view: Look, series: Series) -> Iterator[Comparison]:
            click = Correction.of(event)
            said = series.last.left.heard if series.last else Conversation("", view.visitor)
            words = click.words(said, self.hearing)
            yield from self.side_by_side.take_back(series, click.turn, words, is_on=click.counts)

        yield from self.answering(Look(*look), growth, is_said=False)

    def knows_names(self, earlier: Judgment | None) -> bool:
        return True

    def manner(self, earlier: Judgment | None) -> Shown:
        return Shown()

    def welcome(self, view: Look) -> str:
        return self.parts.welcome(view.names, len(self.catalog))

    def setup(self, view: Look, series: Series) -> Updates:
        """The choices that hold; the policy cannot be changed once something was said."""
        assert self.screen.setup
        left, right, policy = self.screen.setup
        free = not (series.comparisons or view.growing)
        chosen = gr.Radio(value=series.policy, interactive=free)
        return {left: view.left, right: view.right, policy: chosen}

    def resumed(self, view: Look, series: Series) -> Look:
        """With the recommenders that answered last, unless a checkpoint has gone since."""
        if series.last is None:
            return view
        names = series.last.left.recommender, series.last.right.recommender
        there = set(names) <= set(self.side_by_side.recommenders.names)
        return replace(view, left=names[0], right=names[1]) if there else view

    def say_from_outside(
        self,
        message: str,
        left: str,
        right: str,
        request: gr.Request,
        policy: str = "shared",
        comparison_id: str = "",
    ) -> Json:
        """Say something to two recommenders and get both replies with their evidence.

        Without `comparison_id` a new series begins; with the one that came with earlier replies
        to the same client, that series goes on, under its own policy. `policy` is "shared" (the
        chosen reply becomes the history of both) or "own" (each keeps its own). It is logged like
        a visit.
        """
        try:
            series = self._series(caller(request), policy, comparison_id)
            *_, answered = self.side_by_side.say(series, message, (left, right))
        except CrsdemoError as error:
            raise gr.Error(placeless(str(error)), print_exception=False) from error
        return _as_json(answered)

    def _series(self, visitor: str, policy: str, comparison_id: str) -> Series:
        """The one that is meant, or a new one. Raises BadInputError for one of another client."""
        if not comparison_id:
            return self.side_by_side.start(visitor, checked_policy(policy))
        name = self.side_by_side.comparisons.series_of(checked_id(comparison_id))
        name = name and seen_id(name)
        restored = self.side_by_side.comparisons.restore(name, self.catalog) if name else None
        if restored is None or restored.series.visitor != visitor:
            raise BadInputError(
                f"no comparison {comparison_id!r} of this client is known here; leave it out to "
                "begin one"
            )
        return restored.series


def _as_json(comparison: Comparison) -> Json:
    onward = comparison.onward
    goes_on = {"side": onward.side, "because": onward.because}
    return {
        "comparison_id": comparison.id,
        "policy": comparison.policy,
        "message": comparison.message,
        "left": _answer_as_json(comparison.left),
        "right": _answer_as_json(comparison.right),
        "goes_on_from": goes_on if comparison.policy == "shared" else None,
    }


def _answer_as_json(answer: Answer) -> Json:
    reply = answer.reply.reply
    return {
        "recommender": answer.recommender,
        "dialogue_id": answer.heard.id,
        "reply_id": answer.reply.id,
        "status": answer.reply.status,
        "error": placeless(answer.reply.error),
        **(as_json(reply) if reply else {}),
    }


def place(blocks: gr.Blocks, side_by_side: SideBySide, hearing: Hearing) -> None:
    """Lay the page out and bring it to life, inside `blocks`."""
    layout = _layout(side_by_side.recommenders, hearing.catalog)
    secret_key = secret_beside(side_by_side.log.path)
    page = ComparePage(side_by_side, hearing.catalog, layout, secret_key, hearing)
    api(page.say_from_outside, api_name="compare_say", **MODEL)
    wire(blocks, page)
    s = page.screen
    assert s.setup
    s.thread.hear(page.hear, s.look, **private(s), trigger_mode="once", **MODEL)
    for chooser in s.setup[:2]:
        chooser.input(page.redraw, s.look, **private(s) | {"trigger_mode": "multiple"})


def _layout(recommenders: Recommenders, catalog: Catalog) -> Screen:
    names = [(_called(name, recommenders.version(name)), name) for name in recommenders.names]
    masthead = html("masthead", render.masthead("compare"), "shared/masthead.js")
    with gr.Row(elem_id="setup"):
        left = _chooser("A", names, 0)
        right = _chooser("B", names, min(1, len(names) - 1))
        policy = gr.Radio(POLICIES, value="shared", label="After each message", elem_id="policy")
    setup = left, right, policy
    return Screen(**states("compare"), masthead=masthead, **parts(catalog.domain), setup=setup)


def _called(name: str, version: Version | None) -> str:
    return name if version is None else f"{name} ({version.told})"


def _chooser(letter: str, names: list[tuple[str, str]], chosen: int) -> gr.Dropdown:
    """`names`: as they are shown, and as they are; `chosen`: the place of one of them."""
    value = names[chosen][1]
    return gr.Dropdown(
        names, value=value, label=letter, filterable=False, elem_id=f"choose-{letter}"
    )
