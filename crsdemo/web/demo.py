"""What all pages of the app stand on, put together by app.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from crsdemo.chat.exchange import Exchange
from crsdemo.chat.side_by_side import SideBySide
from crsdemo.chat.study_desk import StudyDesk
from crsdemo.core.catalog import Catalog
from crsdemo.evaluation.report import Report
from crsdemo.evaluation.stages.folder import Measured
from crsdemo.export.take_home import Handouts
from crsdemo.feedback.backup import Backups
from crsdemo.language.stances import Judge
from crsdemo.recommenders.hearing import Hearing
from crsdemo.web.guard.callers import Proxies
from crsdemo.web.operator import Operator
from crsdemo.web.upkeep import Upkeep


@dataclass(frozen=True)
class Demo:
    """Who answers, where it is kept, and who may look at the results."""

    exchange: Exchange
    side_by_side: SideBySide
    catalog: Catalog
    operator: Operator = field(default_factory=Operator)
    backups: Backups | None = None
    hidden: tuple[
        str, ...
    ] = ()  # who answers on the blind page; empty: as `web/compare/blind.py` has it
    study: StudyDesk | None = None  # that runs; then the other pages are closed to visitors
    reports: tuple[Report, ...] = ()  # evaluations that are shown
    stages: tuple[Measured, ...] = ()  # what was measured beside them
    proxies: Proxies = Proxies()  # of whom it is believed for whom they ask
    judge: Judge | None = None  # of what is refused, as the recommenders have it
    at_once: int | None = None  # replies that are made at once, where it is not this process alone

    @cached_property
    def hearing(self) -> Hearing:
        """What is understood of talks, on every page."""
        return Hearing(self.catalog, self.judge)

    @cached_property
    def upkeep(self) -> Upkeep:
        """To be started by whoever serves the pages."""
        return Upkeep(self.exchange.outbox, self.backups, self.handouts)

    @cached_property
    def handouts(self) -> Handouts:
        """Files that the operator asked for."""
        return Handouts()
