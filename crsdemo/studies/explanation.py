"""How a study works, in the lines that its people read before they begin."""

from __future__ import annotations

from collections.abc import Sequence

from crsdemo.core.comparison import Policy
from crsdemo.studies.tasks import Talk, Task

TWO = (
    "Two assistants that recommend {items} answer the same message. "
    "Their replies are called A and B.",
    "You say which of the two replies helps more.",
)
BETTER = "In a conversation the talk goes on from the better reply."
ONE = "You talk about {items} with one assistant, and answer questions about it."
ALSO_ONE = "Elsewhere you talk with one assistant alone, and answer questions about it."
FREELY = "There is no right or wrong: we want to know what you think."


def explained(tasks: Sequence[Task], policy: Policy) -> tuple[str, ...]:
    """What the file of a study need not say: {items} become words of the catalog."""
    of_two = [task for task in tasks if not task.is_single]
    talks = [task for task in of_two if isinstance(task, Talk) and task.messages > 1]
    return (
        *(TWO if of_two else ()),
        *([BETTER] if talks and policy == "shared" else ()),
        *([ALSO_ONE if of_two else ONE] if len(of_two) < len(tasks) else ()),
        FREELY,
    )
