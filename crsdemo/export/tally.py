"""What became of everything that an export considered, counted."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from crsdemo.export.examples import Considered, Excluded, Reason
from crsdemo.export.files import Split


@dataclass
class Tally:
    """What became of everything that was considered."""

    written: Counter[str] = field(default_factory=Counter)  # by recommenders
    excluded: defaultdict[str, Counter[str]] = field(  # by recommenders, then by reason
        default_factory=lambda: defaultdict(Counter)
    )
    visitors: dict[Split, set[str]] = field(default_factory=lambda: {"train": set(), "test": set()})

    def count(self, one: Considered, split: Split) -> None:
        who = " vs ".join(sorted(reply.recommender for reply in one.judgment.replies))
        reason = one.reason if isinstance(one, Excluded) else None
        self.add(who, one.judgment.visitor, split, reason)

    def add(self, who: str, visitor: str, split: Split, reason: Reason | None) -> None:
        if reason:
            self.excluded[who][reason] += 1
        else:
            self.written[who] += 1
            self.visitors[split].add(visitor)

    def as_json(self) -> dict[str, Any]:
        """The whole, then the same by recommenders. Considered is written plus excluded."""
        names = sorted(self.written.keys() | self.excluded.keys())
        all_excluded = sum(self.excluded.values(), Counter[str]())
        return {
            "counts": _counts(self.written.total(), all_excluded),
            "by_recommenders": {n: _counts(self.written[n], self.excluded[n]) for n in names},
        }


def _counts(n_written: int, excluded: Counter[str]) -> dict[str, Any]:
    return {
        "considered": n_written + excluded.total(),
        "written": n_written,
        "excluded": dict(excluded.most_common()),
    }
