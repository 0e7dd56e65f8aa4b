"""What can be chosen, as the session has it; and how many values a program has to send.

Gradio looks at both itself, but prints a traceback with all that was sent, whoever sent it.
"""

from __future__ import annotations

from typing import Any

import gradio as gr

from crsdemo.web.guard.bodies import RefusedRequestError
from crsdemo.web.guard.events import NOT_OURS


def check_choices(blocks: gr.Blocks, function: Any, given: dict[str, Any]) -> None:
    """Raises RefusedRequestError for a choice that the page does not offer."""
    session = blocks.app.state_holder.session_data.get(given["session_hash"])
    shown = session.blocks_config.blocks if session else {}
    for component, value in zip(function.inputs, given["data"], strict=True):
        if not _is_offered(shown.get(component._id, component), value):
            raise NOT_OURS


def check_arguments(function: Any, given: dict[str, Any]) -> None:
    """Raises RefusedRequestError for a call with too few values, or too many."""
    n_given, n_taken = len(given.get("data", [])), len(function.inputs)
    if n_given != n_taken:
        raise RefusedRequestError(
            400, f"/{function.api_name} takes {n_taken} values in `data`, this has {n_given}."
        )


def _is_offered(component: Any, value: Any) -> bool:
    if isinstance(component, gr.BrowserState):  # that key makes it an order to Gradio
        return not (isinstance(value, dict) and "__type__" in value)
    if isinstance(component, gr.Checkbox):
        return isinstance(value, bool)
    if isinstance(component, gr.CheckboxGroup):
        return isinstance(value, list) and all(one in _values(component) for one in value)
    if isinstance(component, gr.Dropdown | gr.Radio):
        return value is None or value in _values(component)
    return True


def _values(component: Any) -> list[Any]:
    return [value for _, value in component.choices]
