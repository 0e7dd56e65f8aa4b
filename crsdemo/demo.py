"""What all pages of the app stand on, put together by app.py."""

from __future__ import annotations

from dataclasses import dataclass, field

from crsdemo.catalog import Catalog
from crsdemo.exchange import Exchange
from crsdemo.operator import Operator
from crsdemo.side_by_side import SideBySide


@dataclass(frozen=True)
class Demo:
    """Who answers, where it is kept, and who may look at the results."""

    exchange: Exchange
    side_by_side: SideBySide
    catalog: Catalog
    operator: Operator = field(default_factory=Operator)
