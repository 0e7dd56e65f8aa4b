"""What of a comparison is on the screen beside its words, and what its sides are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from crsdemo.core.comparison import Judgment, Side, Verdict
from crsdemo.web.shared.render import Marks

LETTERS: dict[Side, str] = {"left": "A", "right": "B"}


@dataclass(frozen=True)
class Shown:
    """An open comparison unless told otherwise. `BLIND` shows no names and no evidence."""

    marks: Mapping[str, Marks] = field(default_factory=dict)  # reply -> on its films
    judgment: Judgment | None = None  # what this person says of it, saved or not
    unsaved: bool = False  # the judgment is not in the log yet
    named: bool = True
    revealed: bool = False  # the names were hidden until the verdict
    finishable: bool = False  # there is a button that tells the names and ends all changes
    locked: bool = False  # the names are told: nothing can be changed
    held: bool = False  # words that grow, so that no one sees which side is faster
    evidence: bool = True
    alike_told: bool = True  # nearly the same words are called so: no study may suggest it
    markable: bool = True  # a film can be marked as seen, wanted or not
    is_open: bool = False  # the evidence, without a click
    unfolded: bool = False  # the form that says more, without a click
    understood: str = ""  # of the message, as HTML
    went_on: Side | None = None  # the side that the next message went on from

    @property
    def verdict(self) -> Verdict | None:
        return self.judgment.verdict if self.judgment else None


BLIND = Shown(named=False, evidence=False, held=True, unfolded=True)
