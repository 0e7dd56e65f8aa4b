"""What the scripts of the pages send with an event, and what a browser remembers: names and shapes.

A script that was written by somebody else can send anything. What is not of these shapes is
answered before it reaches a page.
"""

from __future__ import annotations

from typing import Annotated, Any

import gradio as gr
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from crsdemo.core.checked import Id, Name, Whole
from crsdemo.web.guard.bodies import RefusedRequestError
from crsdemo.web.shared.remembered import is_ours

MOST_CHANGES = 20  # of a click; the pages send one
Typed = Annotated[str, Field(max_length=1_000_000)]  # told that it is too long by those who know
_HELD = TypeAdapter(dict[Name, Name] | None, config=ConfigDict(strict=True))


class Sent(BaseModel):
    """More than what is named may come along."""

    model_config = ConfigDict(strict=True)


class Wished(Sent):
    text: Typed


class SelectedReply(Sent):
    reply: Id


class SelectedComparison(Sent):
    comparison: Id


class Reopened(Sent):
    dialogue: Id


class Unwanted(Sent):
    item: Name


class Heard(Sent):
    turn: Id
    kind: Name
    at: Whole
    counts: bool


class Clicked(Sent):
    click: Whole


class Rated(Clicked):
    reply: Id
    changes: dict[Name, Any]


class Marked(Clicked):
    reply: Id
    item: Name
    kind: Name
    on: bool


class MarkedHere(Marked):
    origin: Name


class Said(Sent):
    """What a click says of two answers; `compare/said_of_two.py` knows more of it."""

    id: Id
    changes: Annotated[list[dict[str, Any]], Field(max_length=MOST_CHANGES)]


class Judged(Clicked):
    comparison: Id
    origin: Name
    again: bool
    judgment: Said | None = None


class Picked(Clicked):
    comparison: Id
    side: Name
    origin: Name


class Answer(Sent):
    id: Id
    questionnaire: Name
    about: Id
    name: Name
    value: Any


class Answered(Clicked):
    answer: Answer


Shapes = dict[str, type[Sent]]  # by the name of the event
TALK: Shapes = {
    "wish": Wished,
    "select": SelectedReply,
    "rate": Rated,
    "mark": Marked,
    "unwant": Unwanted,
    "reopen": Reopened,
    "hear": Heard,
    "reword": Wished,
}
OF_TWO: Shapes = {
    "wish": Wished,
    "select": SelectedComparison,
    "judge": Judged,
    "hear": Heard,
    "pick": Picked,
    "mark": MarkedHere,
    "answer": Answered,
    "again": Clicked,  # of a study: save once more what could not be saved
}
KNOWN = {"crsdemo-visit": "visitor", "crsdemo-compare": "series", "crsdemo-blind": "series"}
TYPED = {"wish", "reword", "rate", "judge", "answer"}  # events with words in them
NOT_OURS = RefusedRequestError(400, "This is not what the page sends: please reload it.")


def shapes_of(page: str) -> Shapes:
    """Of the events of a page; "" is the talk, and on all others two answer."""
    return TALK if page == "" else OF_TWO


def check(function: Any, given: dict[str, Any], secret_key: bytes) -> None:
    """Raises RefusedRequestError for what no page sends. `function`: Gradio's record of it.

    What a browser remembers of who somebody is was signed with `secret_key`.
    """
    data, names = given.get("data", []), {name for _, name in function.targets}
    if len(data) != len(function.inputs):
        raise NOT_OURS
    for component, value in zip(function.inputs, data, strict=True):
        if isinstance(component, gr.Textbox) and not isinstance(value, str):
            raise NOT_OURS
        if isinstance(component, gr.BrowserState):
            held = _remembered(component, value)
            needed = _needed(component, function.page)
            if "load" not in names and not (needed <= held.keys() and is_ours(held, secret_key)):
                raise NOT_OURS
    for name in names & shapes_of(function.page).keys():
        try:
            shapes_of(function.page)[name].model_validate(given.get("event_data"))
        except ValidationError as error:
            raise NOT_OURS from error


def _remembered(component: Any, value: Any) -> dict[str, str]:
    """Names without meaning; none, where it is a token. Raises RefusedRequestError."""
    if component.default_value == "":
        if value is not None and not isinstance(value, str):
            raise NOT_OURS
        return {}
    try:
        return _HELD.validate_python(value) or {}
    except ValidationError as error:
        raise NOT_OURS from error


def _needed(component: Any, page: str) -> set[str]:
    """Names that are there once a page was opened."""
    needed = {KNOWN.get(component.storage_key, "")} - {""}
    return needed | ({"dialogue"} if page == "" and needed else set())
