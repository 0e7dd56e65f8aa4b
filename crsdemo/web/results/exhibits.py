"""All exhibits of the results page, by name and in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Callable

from crsdemo.web.results import trust, who
from crsdemo.web.results.words import Exhibit, Findings

EXHIBITS: dict[str, Callable[[Findings], Exhibit]] = {
    "verdicts": who.verdicts,
    "net-win-rate": who.net_rates,
    "strengths": who.strengths,
    "aspects": who.aspects,
    "sensitivity": who.sensitivity,
    "agreement": trust.agreement,
    "position": trust.position,
    "seconds": trust.seconds,
    "days": trust.days,
    "progress": trust.progress,
}
