"""Text as it lies in files: whatever encoding, JSON lines, and files that are written whole."""

from __future__ import annotations

import codecs
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

from charset_normalizer import from_bytes

from crsdemo.core.errors import BadInputError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),  # begins as UTF-16 does
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_NO_TEXT = ((b"PK\x03\x04", "a workbook or another archive"), (b"\x1f\x8b", "compressed"))
# What cp1252 has that West European text uses; more than this is another code page read wrongly
_WESTERN = frozenset("àâäáãåæçèéêëìíîïñòóôöõøœßùúûüýÿÀÂÄÁÃÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÖÕØŒÙÚÛÜÝŸŠšŽž")
_SIGNS = frozenset("“”‘’„‚–—…«»°©®™€£§·•¡¿½¼¾²×\u00a0´")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_SAVE_AGAIN = "save it again as UTF-8"


@dataclass(frozen=True)
class Text:
    """What a file holds."""

    text: str  # without a byte order mark
    encoding: str  # as people call it
    guessed: bool = False  # the letters beyond ASCII may be wrong

    @property
    def lines(self) -> Iterator[str]:
        """With their ends, which may be those of any system."""
        return (found[0] for found in _LINE.finditer(self.text))


def read_text(path: Path, guess: bool = False) -> Text:
    """The text of a file in UTF-8, or in UTF-16 or UTF-32 that say so.

    `guess`: read other encodings too. Raises BadInputError with the line that is in another one.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadInputError(f"{path} cannot be read: {error.strerror}") from error
    for start, what in _NO_TEXT:
        if raw.startswith(start):
            raise BadInputError(
                f"{path} is {what}, not text; save it as text in UTF-8, a table as CSV"
            )
    for bom, codec, name in _BOMS:
        if raw.startswith(bom):
            return Text(_decoded(path, raw, codec), f"{name} with a byte order mark")
    for codec, places in (("utf-16-le", raw[1::2]), ("utf-16-be", raw[0::2])):
        if len(raw) % 2 == 0 and places.count(0) > len(places) / 2:
            return Text(_decoded(path, raw, codec), "UTF-16")
    if b"\0" in raw:
        line = raw[: raw.index(b"\0")].count(b"\n") + 1
        raise BadInputError(f"{path}, line {line}: a NUL byte, so it is not text; {_SAVE_AGAIN}")
    try:
        return Text(raw.decode(), "UTF-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
    text = raw.decode(errors="surrogateescape")
    broken = sum("\udc80" <= letter <= "\udcff" for letter in text)
    if not guess or sum(letter > "\x7f" for letter in text) > 2 * broken:
        raise BadInputError(
            f"{path}, line {line}: not UTF-8"
            + (f", while the rest is; mend the line, or {_SAVE_AGAIN}" if guess else "")
            + ("" if guess else f"; {_SAVE_AGAIN}")
        )
    return _guessed(path, raw, line)


def _decoded(path: Path, raw: bytes, codec: str) -> str:
    try:
        return raw.decode(codec)
    except UnicodeDecodeError as error:
        raise BadInputError(f"{path} is damaged {codec} ({error.reason}); {_SAVE_AGAIN}") from error


def _guessed(path: Path, raw: bytes, line: int) -> Text:
    western = raw.decode("cp1252", errors="replace")
    if _is_western(western):
        return Text(western, "cp1252", guessed=True)
    best = from_bytes(raw).best()
    if best is None:
        raise BadInputError(f"{path}, line {line}: text of an unknown encoding; {_SAVE_AGAIN}")
    return Text(str(best), best.encoding, guessed=True)


def _is_western(text: str) -> bool:
    """Whether accents stand among plain letters, as in French, and not only with each other."""
    beyond = [letter for letter in text if letter > "\x7f"]
    words = [word for word in re.findall(r"\w+", text) if not word.isascii()]
    accents = sum(letter > "\x7f" for word in words for letter in word)
    return _WESTERN.union(_SIGNS).issuperset(beyond) and accents <= 0.75 * sum(map(len, words))


def json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any] | ValueError]]:
    """As `json_rows`, of a file in UTF-8. Raises BadInputError for one that is not text, too."""
    return json_rows(read_text(path), path)


def json_rows(text: Text, path: Path) -> Iterator[tuple[int, dict[str, Any] | ValueError]]:
    """Number of each line from 1, and its object or what is wrong with it; blank ones are skipped.

    Raises BadInputError, with the path that the text is from, if it is one JSON list.
    """
    if re.match(r"\s*\[\s*(?:\{|$)", text.text, re.MULTILINE):
        raise BadInputError(
            f"{path} is one JSON list; write one object per line, for example with `jq -c '.[]'`"
        )
    for number, line in enumerate(text.lines, 1):
        if line.strip():
            yield number, _object(line)


def _object(line: str) -> dict[str, Any] | ValueError:
    try:
        row = json.loads(line, parse_constant=_no_number, object_pairs_hook=_pairs)
    except RecursionError:
        return ValueError("not JSON (nested too deeply)")
    except ValueError as error:
        return ValueError(f"not JSON ({getattr(error, 'msg', error)})")
    if not isinstance(row, dict):
        return ValueError("not a JSON object")
    if "\\ud" in line.lower():  # only so a line in UTF-8 can hold it
        try:
            json.dumps(row, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            return ValueError("half of a character (such as \\ud83d alone); write the whole one")
    return row


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON, write null")


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{max(names, key=names.count)!r} is there twice")
    return row


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A file beside `path` to write to, which takes its place at the end.

    What stands at `path` stays if anything fails; the folder is made where there is none.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def folder_written_whole(folder: Path) -> Iterator[Path]:
    """A folder beside `folder` to write to, whose files take their places there at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as name:
        yield Path(name)
        for file in sorted(Path(name).rglob("*")):  # a folder comes before what is in it
            place = folder / file.relative_to(name)
            if file.is_dir():
                place.mkdir(exist_ok=True)
            else:
                file.replace(place)


def write_whole(path: Path, text: str) -> None:
    """UTF-8, all of it or nothing."""
    with written_whole(path) as part:
        part.write_text(text, encoding="utf-8")
