"""What a value in a row becomes, by the field of the item that it is for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from crsdemo.core.catalog import LONGEST
from crsdemo.items.cells import divided, named, number, plain, spelt_list, year
from crsdemo.items.columns import Column

_UNSEEN = re.compile(r"[\x00-\x1f\x7f\s]+")


def fact(column: Column, value: Any) -> tuple[str, ...]:
    """The distinct values of a fact or of tags. This and all below raise ValueError."""
    if isinstance(value, str):
        cell = plain(value)
        value = spelt_list(cell)
        if value is None:
            value = divided(cell, column.separator)
    parts = [named(one) for one in (value if isinstance(value, list) else [value])]
    texts = (_shortened(column, _text(column, one)) for one in parts)
    return tuple(dict.fromkeys(filter(None, texts)))


def lowered(texts: Iterable[str]) -> tuple[str, ...]:
    """One vocabulary, whatever the capitals."""
    return tuple(dict.fromkeys(text.lower() for text in texts))


def _text(column: Column, value: Any) -> str:
    """One line without signs that nobody sees; empty for nothing."""
    if isinstance(value, dict | list):
        raise ValueError(
            f"{column.name} is {str(value)[:40]!r}, expected a text, a number or a list of these"
        )
    return _UNSEEN.sub(" ", plain("" if value is None else str(value))).strip()


def _needed(column: Column, value: Any) -> str:
    text = _text(column, value)
    if not text:
        raise ValueError(f"no {column.field}")
    if len(text) > LONGEST:
        raise ValueError(
            f"the {column.field} has {len(text):,} characters, expected {LONGEST} at most"
        )
    return text


def _id(column: Column, value: Any) -> str:
    """Pandas writes 7 as 7.0 where another row has none."""
    return re.sub(r"^(\d+)\.0$", r"\1", _needed(column, value))


def _year(column: Column, value: Any) -> int | None:
    try:
        return year(_text(column, value))
    except ValueError:
        raise ValueError(f"year is {value!r}, expected a whole number or a date") from None


def _popularity(column: Column, value: Any) -> int:
    try:
        found = number(_text(column, value)) or 0
        if found < 0:
            raise ValueError
    except ValueError:
        raise ValueError(f"popularity is {value!r}, expected a number from 0 on") from None
    return round(found)


def _description(column: Column, value: Any) -> str:
    return _shortened(column, _text(column, value))


def _shortened(column: Column, text: str) -> str:
    """At most `LONGEST` characters, whole words."""
    if len(text) <= LONGEST:
        return text
    column.cut += 1
    return text[: LONGEST - 1].rsplit(" ", 1)[0] + "…"


def _links(column: Column, value: Any) -> dict[str, str]:
    """Site -> URL. One bare URL is named after its host. Only http and https are links."""
    if isinstance(value, str) and value.strip().startswith("{"):
        value = json.loads(value)
    if isinstance(value, str):
        url = plain(value)
        value = {urlsplit(url).hostname or "link": url} if url else {}
    if not value:
        return {}
    if not isinstance(value, dict):
        raise ValueError(f"links are {value!r}, expected a URL or an object of site and URL")
    for url in value.values():
        if not str(url).startswith(("https://", "http://")):
            raise ValueError(
                f"a link is {url!r}, expected a URL that starts with https:// or http://"
            )
    return {str(site): str(url) for site, url in value.items()}


READERS: Mapping[str, Callable[[Column, Any], Any]] = {
    "id": _id,
    "title": _needed,
    "year": _year,
    "popularity": _popularity,
    "links": _links,
    "description": _description,
}
