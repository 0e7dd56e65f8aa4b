"""What is spelt inside a cell: lists in any way people write them, numbers, years, titles."""

from __future__ import annotations

import ast
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator

NOTHING = frozenset(
    ["", "nan", "NaN", "NAN", "null", "NULL", "None", "N/A", "n/a", "\\N", "-"]
    + ["(no genres listed)"]  # MovieLens
)
LONG = 4  # words of a part between commas, at most; more is prose
_EXCEL = re.compile(r'="(.*)"', re.DOTALL)  # how text is kept from becoming a number: ="0439"
_LISTS = {"[": "]", "{": "}", "(": ")"}
# A text in quotes, a quote in it doubled or after a backslash; or what stands between commas
_PART = re.compile(
    r"""\s*(?:'((?:[^'\\]|\\.|'')*)'|"((?:[^"\\]|\\.|"")*)"|([^,'"\s][^,]*))\s*,?""", re.DOTALL
)
_COMMA = re.compile(r"\s*,(?!\s*(?:\d{3}|Jr|Sr|II|III|IV)\b)\s*")
_NAME = re.compile(r"[^\W\da-z][\w.'’-]*(?: [\w.'’-]+)* [^\W\da-z][\w.'’-]*,?(?: \w+\.?)?")
_YEAR_AT_END = re.compile(r"(.*\S)\s*\((1[89]\d\d|20\d\d)\)")
_ARTICLE_AT_END = re.compile(
    r"([^()]+), (The|An?|L[ae]s?|Der|Die|Das|El|Los|Il|Un[ae]?)(?=$|\)| \()"
)
_DATE = re.compile(
    r"(-?\d{1,4})(?:\.0+)?(?:-\d\d?(?:-\d\d?(?:[T ].*)?)?)?|\d\d?[/.]\d\d?[/.](\d{4})"
)


def plain(cell: str) -> str:
    """A cell without the signs that spreadsheets need; empty if it says that nothing is known."""
    cell = cell.strip()
    if excel := _EXCEL.fullmatch(cell):
        cell = excel[1].strip()
    return "" if cell in NOTHING else cell


def spelt_list(cell: str) -> list[object] | None:
    """The values of a list as JSON, Python, numpy or SQL write it; None for a cell that is none.

    Of objects with a name, as TMDB has them, the names. Raises ValueError for half a list.
    """
    end = _LISTS.get(cell[:1])
    inside = cell[1:].lstrip()
    quoted = inside.startswith(("'", '"'))
    if end is None or (cell[0] == "(" and not quoted and inside != ")"):
        return None
    if not cell.endswith(end):
        if quoted:
            raise ValueError(f"a list begins and does not end ({cell[:40]!r})")
        return None
    for read in (json.loads, ast.literal_eval):
        try:
            found = read(cell)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(found, dict) or any(isinstance(one, dict) for one in found):
            return [found] if isinstance(found, dict) and found else list(map(named, found))
        if read is json.loads:
            return list(found)
    return list(_parts(cell))


def named(part: object) -> object:
    """The name of an object that has one, as in the tables of TMDB."""
    return part.get("name", part) if isinstance(part, dict) else part


def _parts(cell: str) -> Iterator[str]:
    inside, place = cell[1:-1], 0
    while place < len(inside.rstrip()):
        found = _PART.match(inside, place)
        if found is None:
            raise ValueError(f"a list that cannot be read ({cell[:40]!r})")
        single, double, bare = found.groups()
        if single is not None:
            yield re.sub(r"\\(.)", r"\1", single.replace("''", "'"))
        elif double is not None:
            yield re.sub(r"\\(.)", r"\1", double.replace('""', '"'))
        else:
            yield bare
        place = found.end()


def list_separator(cells: Iterable[str], is_list: bool) -> str:
    """What divides the values in the cells of a column: a bar, a semicolon, a comma, or nothing.

    Commas divide where `is_list` says that the column is one, and where the parts are short and
    either come again or are names like "Ann Lee"; "Lee, Ann" stays whole.
    """
    texts = [cell for cell in cells if cell[:1] not in _LISTS]
    for separator in ("|", ";"):
        if any(separator in text for text in texts):
            return separator
    divided = [_COMMA.split(text) for text in texts if "," in text]
    parts = [part for one in divided for part in one if part]
    if not any(len(one) > 1 for one in divided) or any(len(part.split()) > LONG for part in parts):
        return ""
    if is_list:
        return ","
    if all(_NAME.fullmatch(part) for part in parts):
        return ","
    times = Counter(part for text in texts for part in _COMMA.split(text))
    return "," if 2 * sum(times[part] > 1 for part in parts) >= len(parts) else ""


def divided(text: str, separator: str) -> list[str]:
    if not separator:
        return [text]
    return _COMMA.split(text) if separator == "," else text.split(separator)


def number(text: str) -> float | None:
    """Also with commas or spaces between thousands. Raises ValueError."""
    found = float(re.sub(r"(?<=\d)[, \u00a0](?=\d{3}\b)", "", text)) if text else None
    if found is not None and not math.isfinite(found):
        raise ValueError
    return found


def year(text: str) -> int | None:
    """Of a year or a date. Raises ValueError."""
    if not text:
        return None
    found = _DATE.fullmatch(text)
    if found is None:
        raise ValueError
    return int(found[1] or found[2])


def title_and_year(title: str) -> tuple[str, int | None]:
    """ "Matrix, The (1999)" as people say it: "The Matrix", 1999."""
    found = _YEAR_AT_END.fullmatch(title)
    title, at_end = (found[1], int(found[2])) if found else (title, None)
    return _ARTICLE_AT_END.sub(_before, title), at_end


def _before(found: re.Match[str]) -> str:
    return f"{found[2]} {found[1]}"
