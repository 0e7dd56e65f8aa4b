"""Tables of figures as they are read. Shares that have an interval are in percent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crsdemo.studies.statistics.shares import percent, table, with_ends

Row = Mapping[str, Any]  # an object of the JSON of a stage, or of a table
NAMES = {"bleu": "BLEU", "rouge1": "ROUGE-1", "rouge2": "ROUGE-2", "rougeL": "ROUGE-L", "f1": "F1"}


@dataclass(frozen=True)
class Sheet:
    """A table, and what is to be read before it."""

    about: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    @classmethod
    def of(cls, about: str, rows: Sequence[Row]) -> Sheet:
        """With a column for each figure of any of the rows."""
        found = [flat(row) for row in rows]
        head = list(dict.fromkeys(name for row in found for name in row))
        return cls(about, head, [[row.get(name, "") for name in head] for row in found])

    @classmethod
    def side_by_side(cls, about: str, columns: Mapping[str, Row]) -> Sheet:
        """With a row for each figure of any of the columns."""
        turned = cls.of(about, list(columns.values()))
        return cls(about, ["", *columns], list(zip(turned.head, *turned.rows, strict=True)))

    def markdown(self) -> str:
        return f"{self.about}\n\n{table(self.head, self.rows)}"


def flat(value: Any, name: str = "") -> dict[str, str]:
    """Every figure in JSON by its name, such as "facts: wrong: genre"; empty if of nothing."""
    match value:
        case {"share": _}:
            return {name: percent(value)}
        case {"mean": mean, "ci95": ends}:
            return {name: with_ends(mean, ends)}
        case {"n": n, "ci95": dict() as spans}:  # of `statistics.recalls`
            recalls = {key: with_ends(value[key], spans[key]) if n else "" for key in spans}
            rest = {key: one for key, one in value.items() if key not in (*spans, "ci95")}
            return flat(rest | recalls, name)
        case {}:
            parts = (flat(one, _joined(name, key)) for key, one in value.items())
            return {own: told for part in parts for own, told in part.items()}
        case float():
            return {name: f"{value:.4g}"}
        case int():
            return {name: f"{value:,}"}
        case list():
            return {name: " / ".join(f"{one:.4g}" for one in value)}
        case _:
            return {name: value or ""}


def _joined(name: str, key: str) -> str:
    own = NAMES.get(key, key.replace("_", " "))
    return f"{name}: {own}" if name else own
