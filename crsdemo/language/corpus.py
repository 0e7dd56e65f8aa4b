"""Dataset files as distributed become dialogues. Nothing else knows a dataset's format.

ReDial (Li et al. 2018): one JSON object per line; the initiator seeks, the respondent recommends.
INSPIRED (Hayati et al. 2020): one utterance per row of a TSV; `movies` lists `Title (year);...`.
Consecutive messages of one speaker are one turn, as in the protocols of the field.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crsdemo.core.catalog import Catalog
from crsdemo.core.dialogue import Dialogue, Mention, Speaker, Turn
from crsdemo.core.errors import BadInputError
from crsdemo.core.tables import read_table
from crsdemo.core.text_files import json_lines
from crsdemo.language.typed_words import words_of

_TITLE_YEAR = re.compile(r"^\s*(.*?)\s*(?:[(（\[](\d{4})(?: film)?[)）\]])?\s*$", re.DOTALL)


@dataclass(frozen=True)
class CorpusDialogue:
    """A dialogue of a dataset. Mentions of films outside the catalog keep the dataset's own id."""

    id: str
    dialogue: Dialogue
    liked: frozenset[str] = frozenset()  # items that the seeker said to like, where known


def load_dialogues(
    path: Path, catalog: Catalog, aliases: Mapping[str, str]
) -> list[CorpusDialogue]:
    """Read a ReDial `.jsonl` or an INSPIRED `.tsv`.

    `aliases` maps a dataset's own item ids to ids of the catalog (see `load_aliases`). Raises
    BadInputError with the line for a file that is neither.
    """
    if not path.is_file():
        raise BadInputError(
            f"no dialogues at {path}: give a ReDial .jsonl or an INSPIRED .tsv file"
        )
    reader = {".jsonl": _read_redial, ".tsv": _read_inspired}.get(path.suffix.lower())
    if reader is None:
        raise BadInputError(
            f"{path} ends in {path.suffix!r}; expected .jsonl (ReDial) or .tsv (INSPIRED)"
        )
    dialogues = list(reader(path, Titles(catalog), aliases))
    if not dialogues:
        raise BadInputError(f"{path} holds no dialogue")
    return dialogues


def load_all(paths: str, catalog: Catalog, aliases: Mapping[str, str]) -> list[CorpusDialogue]:
    """The dialogues of comma-separated files, one file after the other; see `load_dialogues`."""
    files = [Path(path.strip()) for path in paths.split(",")]
    return [one for file in files for one in load_dialogues(file, catalog, aliases)]


def load_aliases(folder: Path) -> dict[str, str]:
    """`redial_ids.json` of a catalog folder: ReDial's film ids -> item ids; empty without one."""
    path = folder / "redial_ids.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


class Titles:
    """Finds the item of a title as a dataset writes it."""

    def __init__(self, catalog: Catalog) -> None:
        self._with_year: dict[tuple[str, int | None], str] = {}
        self._most_popular: dict[str, str] = {}
        for item in sorted(catalog, key=lambda item: item.popularity):
            key = plain_title(item.title)
            self._with_year[key, item.year] = item.id
            self._most_popular[key] = item.id

    def find(self, written: str) -> str | None:
        """The item of `Title (year)` (a year may be off by 1) or of a bare title, or None."""
        match = _TITLE_YEAR.match(html.unescape(written))
        assert match is not None  # the pattern matches any text
        key = plain_title(match[1])
        if not key:  # "???": its like would all be one
            return None
        if not match[2]:
            return self._most_popular.get(key)
        year = int(match[2])
        near = (self._with_year.get((key, y)) for y in (year, year - 1, year + 1))
        return next((item for item in near if item), None)


def plain_title(title: str) -> str:
    """Plain words of any script, a leading or trailing article dropped."""
    words = words_of(title)
    if len(words) > 1 and words[0] in {"the", "a", "an"}:
        words = words[1:]
    if len(words) > 1 and words[-1] in {"the", "a", "an"}:
        words = words[:-1]
    return " ".join(words)


def merge_turns(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    """Join consecutive turns of one speaker with a line break and drop empty ones."""
    merged: list[Turn] = []
    for turn in turns:
        if not turn.text:
            continue
        if merged and merged[-1].speaker == turn.speaker:
            before = merged.pop()
            shift = len(before.text) + 1
            moved = (Mention(m.start + shift, m.end + shift, m.item_id) for m in turn.mentions)
            turn = Turn(turn.speaker, f"{before.text}\n{turn.text}", (*before.mentions, *moved))
        merged.append(turn)
    return tuple(merged)


def _read_redial(
    path: Path, titles: Titles, aliases: Mapping[str, str]
) -> Iterator[CorpusDialogue]:
    for number, row in json_lines(path):
        try:
            if isinstance(row, ValueError):
                raise row
            yield _redial_dialogue(row, titles, aliases)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadInputError(
                f"{path}, line {number}: not a ReDial dialogue ({error!r})"
            ) from error


def _redial_dialogue(
    row: dict[str, Any], titles: Titles, aliases: Mapping[str, str]
) -> CorpusDialogue:
    """As its authors publish it, or as Hugging Face does: films as lists of objects or columns."""
    films = _by_film(row["movieMentions"])
    names = {film: one["movieName"] if isinstance(one, dict) else one for film, one in films}
    item_of = {
        film: aliases.get(film) or titles.find(str(name or "")) or f"redial:{film}"
        for film, name in names.items()
    }
    respondent, seeker = _worker(row["respondentWorkerId"]), _worker(row.get("initiatorWorkerId"))
    turns = []
    for message in _objects(row["messages"]):
        sender = _worker(message["senderWorkerId"])
        if sender not in (respondent, seeker or sender):
            raise ValueError(f"a message is of {sender}, who is not one of the two")
        speaker: Speaker = "assistant" if sender == respondent else "user"
        turns.append(_redial_turn(speaker, message["text"], names, item_of))
    liked = frozenset(
        item_of[film]
        for film, answer in _by_film(row.get("initiatorQuestions"))
        if film in item_of and answer.get("liked") == 1
    )
    return CorpusDialogue(str(row["conversationId"]), Dialogue(merge_turns(turns)), liked)


def _by_film(value: Any) -> list[tuple[str, Any]]:
    """What is said of each film, with its id."""
    if isinstance(value, dict) and "movieId" not in value:
        return list(value.items())
    return [(str(one["movieId"]), one) for one in _objects(value or [])]


def _objects(value: Any) -> list[dict[str, Any]]:
    """A list of objects, which `datasets` may have turned into an object of lists."""
    if isinstance(value, dict):
        return [dict(zip(value, one, strict=True)) for one in zip(*value.values(), strict=True)]
    return list(value)


def _worker(value: Any) -> str:
    """The number of a worker, whether written as 7, 7.0 or "7"; empty if it is not said."""
    return "" if value is None else str(value).strip().removesuffix(".0")


def _redial_turn(
    speaker: Speaker, text: str, names: Mapping[str, str], item_of: Mapping[str, str]
) -> Turn:
    """A message with each `@id` written out as the film's title, and mentioned.

    Ids are numbers in ReDial, and any words in data of others; an `@` before what is none stays.
    """
    said, mentions, end = "", [], 0
    text = " ".join(text.split())
    ids = "|".join(re.escape(one) for one in sorted(names, key=len, reverse=True) if one)
    for match in re.finditer(rf"@({ids})(?!\d)", text) if ids else ():
        said += text[end : match.start()]
        end = match.end()
        title = " ".join(html.unescape(names[match[1]] or "a film").split())
        mentions.append(Mention(len(said), len(said) + len(title), item_of[match[1]]))
        said += title
    return Turn(speaker, said + text[end:], tuple(mentions))


def _read_inspired(
    path: Path, titles: Titles, aliases: Mapping[str, str]
) -> Iterator[CorpusDialogue]:
    rows: dict[str, list[Turn]] = {}
    for _, row in read_table(path).dicts("dialog_id", "speaker", "text", "movies"):
        speaker: Speaker = "assistant" if row["speaker"] == "RECOMMENDER" else "user"
        films = [film for film in row["movies"].split(";") if film.strip()]
        turn = _inspired_turn(speaker, " ".join(row["text"].split()), films, titles)
        rows.setdefault(row["dialog_id"], []).append(turn)
    for dialog_id, turns in rows.items():
        yield CorpusDialogue(dialog_id, Dialogue(merge_turns(turns)))


def _inspired_turn(speaker: Speaker, text: str, films: list[str], titles: Titles) -> Turn:
    """The films of a row, each at the place where its title stands, else at the end of the text."""
    mentions: list[Mention] = []
    for film in films:
        item_id = titles.find(film) or f"inspired:{' '.join(film.split())}"
        title = re.sub(r"\s*\(\d{4}\)\s*$", "", film).strip()
        found = re.search(rf"\b{re.escape(title)}\b(?:\s*\(\d{{4}}\))?", text, re.IGNORECASE)
        start, end = found.span() if found else (len(text), len(text))
        if not any(m.start < end and start < m.end for m in mentions):
            mentions.append(Mention(start, end, item_id))
    return Turn(speaker, text, tuple(sorted(mentions, key=lambda m: (m.start, m.end))))
