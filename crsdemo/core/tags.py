"""The closed vocabulary of tags: what people like to know of an item before they choose it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from crsdemo.core.errors import CatalogError
from crsdemo.core.text_files import write_whole

TAGS_FILE = "tags.json"


@dataclass(frozen=True)
class Tag:
    """A mood, a theme, a setting, a style, an occasion, a caution ... that items can have."""

    name: str
    kind: str = ""
    definition: str = ""
    says: tuple[str, ...] = ()  # how people ask for it; without any, by its name

    @property
    def phrases(self) -> tuple[str, ...]:
        return self.says or (self.name,)


def read_tags(folder: Path) -> tuple[Tag, ...]:
    """The vocabulary in a catalog folder; empty if it has none. Raises CatalogError."""
    path = folder / TAGS_FILE
    if not path.is_file():
        return ()
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        tags = tuple(_tag(row) for row in rows)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CatalogError(
            f"{path} is not a vocabulary of tags ({error!r}); expected a JSON list of objects "
            "with name, kind, definition and says"
        ) from error
    names = [tag.name for tag in tags]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise CatalogError(f"{path} has the tag {min(twice)!r} twice; keep one")
    return tags


def save_tags(tags: Iterable[Tag], folder: Path) -> None:
    """One tag a line, so that changes can be read."""
    lines = [json.dumps(asdict(tag), ensure_ascii=False) for tag in tags]
    text = "[\n" + ",\n".join(lines) + "\n]\n"
    write_whole(folder / TAGS_FILE, text)


def _tag(row: dict[str, Any]) -> Tag:
    texts = (row["name"], row.get("kind", ""), row.get("definition", ""), *row.get("says", ()))
    if not all(isinstance(text, str) for text in texts) or not row["name"].strip():
        raise TypeError(f"a tag is {row!r}, expected texts")
    return Tag(row["name"], row.get("kind", ""), row.get("definition", ""), tuple(row["says"]))
