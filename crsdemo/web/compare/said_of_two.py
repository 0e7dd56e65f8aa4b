"""What the browser says of two answers -> a `Judgment`: the counterpart of `judge.js`.

Each click says what it changes and how; all that was said earlier stays. Both are in terms of
what this person sees. Knows no log and no page: whoever draws a comparison with
`verdicts` can read their events here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from crsdemo.core.checked import shown
from crsdemo.core.comparison import SIDES, Judgment, checked_side
from crsdemo.core.domain import Domain
from crsdemo.core.errors import BadInputError
from crsdemo.web.compare.verdicts import REASONS

Given = dict[str, Any]  # of one click, as `judge.js` sends it
Pending = dict[str, Given]  # comparison -> what could not be saved yet

MANNER = ("by", "evidence_open", "names_shown", "shown_ms")  # how a verdict came about


def together(waiting: Given | None, given: Given) -> Given:
    """A click with the earlier ones that could not be saved: one, under the name of the newer."""
    if waiting is None:
        return given
    judges = any(change["about"] == "verdict" for change in given["changes"])
    manner = given if judges else waiting
    changes = last_words([*waiting["changes"], *given["changes"]])
    return {**manner, "id": given["id"], "changes": changes}


def last_words(changes: Sequence[Given]) -> list[Given]:
    """Of several changes of the same thing the last, in the order in which they came."""
    last: dict[tuple[str, ...], Given] = {}
    for change in changes:
        names = ("about", "side", "value") if change["about"] == "reason" else ("about", "side")
        of = tuple(str(change.get(name)) for name in names)
        last.pop(of, None)
        last[of] = change
    return list(last.values())


def judgment(
    given: Given,
    earlier: Judgment | None,
    *,
    domain: Domain,
    names_shown: bool,
    swapped: bool = False,
) -> Judgment:
    """What a person says of two answers after a click.

    `domain`: in whose words the page offers reasons.
    `names_shown` says whether they know who answered. A verdict that stays keeps how it came
    about; what is said of it later notes that as `more_names_shown`.
    Raises BadInputError for what cannot be read, or off its scale, or before any verdict.
    """
    try:
        said = _judged(given, earlier, names_shown=names_shown, swapped=swapped)
        for change in last_words(given["changes"]):
            said = _changed(said, change, [domain.worded(reason) for reason in REASONS])
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise BadInputError(
            f"the page said something that cannot be read ({shown(error)}); reload it"
        ) from error
    more = any(name not in MANNER for name in said.details)
    return _detailed(said, more_names_shown=names_shown) if more and said != earlier else said


def _judged(
    given: Given, earlier: Judgment | None, *, names_shown: bool, swapped: bool
) -> Judgment:
    """The verdict with how it came about. With a new one, how strong it is must be said anew."""
    verdicts = [c["value"] for c in given["changes"] if c["about"] == "verdict"]
    if earlier and (not verdicts or verdicts[-1] == earlier.verdict):
        return earlier
    if not verdicts:
        raise BadInputError("Say first which answer is better.")
    waited = given["decided_ms"]
    more = {} if earlier is None else {**earlier.details, "strength": None}
    manner = {
        "by": "key" if given["by"] == "key" else "click",
        "evidence_open": bool(given["evidence_open"]),
        "names_shown": names_shown,
        "shown_ms": _ms(given["shown_ms"]),
    }
    details = {name: value for name, value in (more | manner).items() if value is not None}
    return Judgment(verdicts[-1], _ms(waited), given["layout"], details, swapped)


def _changed(said: Judgment, change: Mapping[str, Any], reasons: Sequence[str]) -> Judgment:
    """One change of the details; None takes back. `reasons`: those that are offered."""
    about, value = change["about"], change["value"]
    if about == "verdict":
        return said
    if about == "finish":
        return _detailed(said, finished=True)
    if about in ("strength", "comment"):
        return _detailed(said, **{about: value})
    side = checked_side(change["side"])
    if about == "reason":
        every = dict(said.details.get("reasons") or {})
        given = every.get(side, ())
        # What was given when other words were offered can be taken back, and no more
        if value not in reasons and (change["on"] or value not in given):
            raise BadInputError(f"a reason is one of {', '.join(reasons)}; got {shown(value)}")
        kept = [reason for reason in given if reason != value]
        every[side] = [*kept, value] if change["on"] else kept
        return _detailed(said, reasons={s: every[s] for s in SIDES if every.get(s)})
    aspects = dict(said.details.get("aspects") or {})
    scores = {**aspects.get(about, {}), side: value}
    aspects[about] = {s: scores[s] for s in SIDES if scores.get(s) is not None}
    return _detailed(said, aspects={name: of for name, of in aspects.items() if of})


def _detailed(said: Judgment, **changes: Any) -> Judgment:
    """Other details; what says nothing is left out. Raises BadInputError off a scale."""
    details = {**said.details, **changes}
    kept = {name: value for name, value in details.items() if value not in (None, "", {}, [])}
    return replace(said, details=kept)


def _ms(value: object) -> float | None:
    """A time that the browser measured; None if it does not know."""
    ms = float(value) if isinstance(value, int | float) else None
    return ms if ms is not None and math.isfinite(ms) else None
