"""Words of a wish that rules can read: genres by whatever words, years."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from crsdemo.core.traced import Stretch, Traced, lower
from crsdemo.language.refusals import without_refusals

_TABLE = tomllib.loads((files(__package__) / "wish_words.toml").read_text(encoding="utf-8"))
_GENRES: dict[str, str] = _TABLE["genres"]  # what means each; a pattern after a word boundary
_NAMES: dict[str, str] = _TABLE["names"]  # what names all of each
_WORD_OF_DECADE: dict[str, int] = _TABLE["decades"]
_ROM_COM = re.compile(r"\brom-?\s?coms?\b", re.IGNORECASE)
_OWN = "".join(  # who is "in my fifties" tells an age
    rf"(?<!in {whose} )(?<!in {whose} early )(?<!in {whose} mid )(?<!in {whose} late )"
    for whose in ("my", "his", "her", "our", "their", "your")
)
_DECADE = re.compile(rf"{_OWN}\b(?:(19|20)?([0-9])0'?s|({'|'.join(_WORD_OF_DECADE)}))\b")
_YEAR = re.compile(r"\b(19[2-9]\d|20[0-2]\d)\b")
_DECADES = r"(?:(?:19|20)?[0-9]0'?s|" + "|".join(_WORD_OF_DECADE) + r")\b"
_OLD_YEAR = r"(?:19[0-9]\d|20[0-4]\d)\b"
_BORN = r"(?:(?:i|we|my \w+|he|she) (?:was|were) (?:even )?born,? (?:in )?)?"
_WHEN = rf"{_BORN}(?:the |early |mid[- ]?|late |year )*(?P<when>{_DECADES}|{_OLD_YEAR})"
_MADE = r"(?:made|shot|filmed|released|came out|dated?)"
_OF_FILMS = (
    r"(?:comedies|films?|movies?|flicks?|pictures?|ones?|classics?|cinema|rom[- ]?coms?|sci[- ]?fi|"
    + "|".join(sorted(genre for genre in _GENRES if genre != "war"))
    + r")"
)
# Between a decade and what is of it: "80s teen horror", not "the 80s when I loved horror"
_KIND = (
    r"(?!(?:set|about|i|we|he|she|they|was|were|is|are|when|where|with|and|or|but|in|of|for|to|"
    r"a|an|the|my|your|by|on|at|as|it|that|not|no)\b)[\w-]+"
)
# A clause that is nothing but a decade: "no, i meant the 90s", "90s instead"
_FILLING = (
    r"(?:no|nah|sorry|i|mean|meant|make|it|rather|maybe|perhaps|actually|ok|okay|then|the|try|"
    r"something|anything|(?:how|what) about|let['’]?s|say|go|with|early|mid|late|want|wanted|said|"
    r"more|now|well|oh|yes|yeah|and|but|prefer|please|pls|instead|ones?|stuff|style|vibes?)"
)
_CLAUSE = rf"(?:^|[.,;:!?\n]) *+(?:{_FILLING}\b[ -]*+)*+\b"
_CLAUSE_ENDS = rf"(?:[ -]*+{_FILLING}\b)*+(?= *(?:$|[.,;!?\n]))"
_OR = r",? (?:or|and)"
_NOT = r"\b(?:no|not|nothing|none|never)(?: \w+){0,2}"
# The first that is found says what is set; the limits in the whole text, refusals included
_LIMITS = (
    (rf"{_NOT} (?:older than|earlier than|before|prior to|pre-?) ?{_WHEN}", "since"),
    (rf"{_NOT} (?:newer than|later than|after) {_WHEN}", "until"),
)
_SPANS = (
    (rf"\b(?:before|pre|prior to|older than|earlier than|up to)[ -]{_WHEN}", "before"),
    (rf"\b(?:after|post|newer than|later than|more recent than)[ -]{_WHEN}", "after"),
    (rf"\bsince {_WHEN}", "since"),
    (rf"\b{_WHEN}(?:{_OR} (?:later|newer|after)| on\b| onwards?)", "since"),
    (rf"\b{_WHEN}{_OR} (?:earlier|older|before)", "until"),
    (rf"\b(?:from|{_MADE} in|out of) {_WHEN}", "in"),
    (rf"(?<!\bin )(?<!in the )\b{_WHEN} (?:{_KIND} ){{0,2}}{_OF_FILMS}\b", "in"),
    (rf"{_CLAUSE}(?P<when>{_DECADES}){_CLAUSE_ENDS}", "in"),
)
_BETWEEN = re.compile(
    rf"\b(?:(?:between|from) )?({_OLD_YEAR})(?: ?[-–] ?| to )({_OLD_YEAR})|"
    rf"\b(?:between|from) ({_OLD_YEAR}) and ({_OLD_YEAR})"
)
_BETWEEN_DECADES = re.compile(
    rf"\b(?:between|from) (?:the )?(?P<first>{_DECADES}) (?:and|to|till|until|or|-) (?:the )?"
    rf"(?P<last>{_DECADES})"
)
# "before i was born in 88"
_SHORT_YEAR = re.compile(r"(?:(?<=born in )|(?<=born ))['’]?(?P<year>[2-9]\d)\b(?!s)")
# What somebody tells of their own years, and what need not be
_TOLD = re.compile(
    r"\b(?:(?:i|we|they|he|she|my \w+)(?:['’]?ve|['’]?d| have| had)?(?:n['’]?t)? (?:\w+ ){0,2}?"
    r"(?:seen|saw|watched|loved|liked|hated|knew|rented|enjoyed|grew up)|"
    r"(?:have|has|had)(?:n['’]?t)? seen|grew up|"
    r"(?:do|does|did|need)(?:n['’]?t| not) (?:(?:have|need) to )?be)\b"
    rf"(?:(?!\b(?:but|now|so|and(?! (?:the )?{_DECADES}))\b)[^.,!?;\n])*"
    r"|(?<=n't )(?:\w+ ){1,8}?since [\w']+|(?<=nt )(?:\w+ ){1,8}?since [\w']+"
    r"|\b(?:have|['’]ve|has) (?:been|lived|known|worked|had)\b[^.,!?;\n]*? since [\w']+"
)
_NEEDED = re.compile(
    r"\b(?:do|does|did|need)(?:n['’]?t| not) (?:(?:have|need) to )?be\b(?P<what>[^.,!?;\n]*)", re.I
)
_COUNT = {
    "a couple of": 2, "couple of": 2, "few": 5, "two": 2, "three": 3, "four": 4, "five": 5,
    "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "fifteen": 15, "twenty": 20,
    "thirty": 30, "forty": 40, "fifty": 50,
}  # fmt: skip
_N = rf"(?P<n>\d{{1,2}}|{'|'.join(sorted(_COUNT, key=len, reverse=True))})"
_N2 = _N.replace("<n>", "<n2>")
_OF_PEOPLE = re.compile(  # whose age is no film's
    r"\b(?:kids?|child(?:ren)?|sons?|daughters?|nephews?|nieces?|he|she|boys?|girls?|toddlers?|"
    r"i['’]?m|i am|we are|we['’]re|they are|they['’]re|people|audience)\b[^.!?\n]*\Z"
)
FEW = 5  # years that "the last years" and "recent" reach back
_LAST_YEARS = re.compile(
    rf"\b(?:of|from|within|released in|made in|out in|{_OF_FILMS} in|during|over) (?:only )?"
    rf"(?:the )?(?:last|past|previous|latest|recent)(?: {_N})? (?P<unit>year|decade)s?\b"
)
_NOT_THAT_OLD = re.compile(
    rf"\b(?:(?:(?:no|not) older|younger|newer) than {_N} (?P<unit>year|decade)s?|"
    rf"(?:less than|under|at most|no more than|not more than|within|up to) {_N2} "
    r"(?P<unit2>year|decade)s? (?:old|ago))\b"
)
_THAT_OLD = re.compile(
    rf"\b(?:older than {_N} (?P<unit>year|decade)s?|"
    rf"(?:more than|at least|over) {_N2} (?P<unit2>year|decade)s? (?:old|ago))\b"
)
_RECENT = re.compile(
    r"\b(?:recent|newest|latest|brand[- ]?new|contemporary|up[- ]to[- ]date)(?: \w+)? "
    rf"{_OF_FILMS}\b|\b(?:something|anything|one|ones|more|quite|fairly|pretty|be|is|from) "
    r"(?:more )?(?:recent|recently|up[- ]to[- ]date)\b(?! years)|"
    r"\brecently (?:made|released|out)\b|\bcame out recently\b"
)
_THIS_YEAR = re.compile(r"\b(?:from|of|made|released|out)(?: in)? (this|last) year\b")
_THIS_CENTURY = re.compile(r"\b(?:this|the 21st|the current|our) century\b")
_LAST_CENTURY = re.compile(r"\bfrom (?:the )?(?:last|20th|previous) century\b")
FIRST, LAST = 1800, 2200  # no film is from before or after
VIOLENT = re.compile(r"\b(?:violen(?:t|ce)|brutal|fighting|killings?|blood ?shed)", re.IGNORECASE)
VIOLENT_GENRES = frozenset(["action", "horror", "war"])


@cache
def genre_pattern(genre: str) -> re.Pattern[str]:
    """What names or plainly means a genre; for one of another catalog its own name."""
    words = _GENRES.get(genre, re.escape(genre))
    return re.compile(rf"\b(?:{words})[\w-]*", re.IGNORECASE)  # whole words that begin so


def genres_named(text: str, genres: Sequence[str]) -> list[bool]:
    """Of each of `genres` whether it was named or plainly meant: "funnier" is comedy."""
    return [bool(genre_pattern(genre).search(text)) for genre in genres]


def genres_refused(what: str, genres: Sequence[str]) -> list[frozenset[str]]:
    """The genres that a refusal names: each set, the genres that a refused item has all of.

    "horror and westerns" refuses both, "romantic comedies" only what is both. A theme of a genre
    ("aliens") refuses no genre.
    """
    return [group for _, _, group in genres_refused_at(what, genres)]


def genres_refused_at(what: str, genres: Sequence[str]) -> list[tuple[int, int, frozenset[str]]]:
    """(start, end, genres) of each."""
    found = sorted(
        (match.start(), match.end(), genre)
        for genre in genres
        for match in _named_whole(genre).finditer(what)
    )
    groups: list[tuple[int, int, frozenset[str]]] = []
    end = -1
    for start, after, genre in found:
        if groups and end >= 0 and what[end:start].strip(" -") == "" and start >= end:
            begin, _, group = groups[-1]
            groups[-1] = begin, after, group | {genre}
        else:
            groups.append((start, after, frozenset([genre])))
        end = after
    rom_com = _ROM_COM.search(what)
    if rom_com and {"romance", "comedy"} <= set(genres):
        groups.append((*rom_com.span(), frozenset(["romance", "comedy"])))
    return groups


@cache
def _named_whole(genre: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{_NAMES.get(genre, re.escape(genre))})[\w-]*", re.IGNORECASE)


class Years(NamedTuple):
    """The first and the last year that `text[start:end]` means, both included."""

    first: int
    last: int
    start: int
    end: int


# What stands before a decade that is no refused one: "nothing older than the 80s", "set in the 80s"
_BESIDE = re.compile(
    r"\b(?:than|before|after|since|pre|post|past|until|till|to|about|like|during|"
    r"(?<!made )(?<!shot )(?<!filmed )in)[ -](?:the )?(?:(?:early|mid|late)[ -])?$",
    re.IGNORECASE,
)


def decades_refused(what: str, before: str) -> list[Years]:
    """The decades whose films a refusal names; `before`: the text before what it refuses."""
    return [one for one in decades_in(what) if not _BESIDE.search(before + what[: one.start])]


def decades_named(text: str) -> list[int]:
    """The first years of the decades that a text names: "the nineties" is 1990."""
    return [decade.first for decade in decades_in(text)]


def decades_in(text: str) -> list[Years]:
    """The decades that a text names."""
    found = []
    for match in _DECADE.finditer(lower(text)):
        century, digit, word = match.groups()
        ten = int(digit or 0) * 10
        near = int(century or ("20" if ten < 30 else "19")) * 100 + ten
        first = _WORD_OF_DECADE[word] if word else near
        found.append(Years(first, first + 9, *match.span()))
    return found


def years_set(text: str, newest: int | None = None) -> tuple[int, int] | None:
    """The first and the last year of films that a text sets, both included, if it sets any.

    "a western from the 60s", "2000 or later", "nothing older than 1990" set some; a film "set in
    the 60s" may be of any year. `newest`: of the catalog; "recent" and "the last ten years" count
    from there, and set nothing without it.
    """
    found = years_limit(text, newest)
    return (found.first, found.last) if found else None


def years_limit(typed: str, newest: int | None = None) -> Years | None:
    """The years that a text sets, and the words that set them."""
    small = Traced.of(lower(typed))
    text = small.reworded(_SHORT_YEAR.sub(lambda year: f"19{year['year']}", small.text))
    wished = without_refusals(text)
    wished = wished.without(Stretch(*told.span()) for told in _TOLD.finditer(wished.text))
    if newest is not None and (years := _relative_years(text, wished, newest)):
        return years
    if found := _BETWEEN_DECADES.search(wished.text):
        first, last = (decades_named(found[name])[0] for name in ("first", "last"))
        span = (first, last + 9) if first <= last else (last, first + 9)
        return Years(*span, *wished.origin(*found.span()))
    if found := _BETWEEN.search(wished.text):
        first, last = sorted(int(found[n] or found[n + 2]) for n in (1, 2))
        return Years(first, last, *wished.origin(*found.span()))
    for patterns, where in ((_LIMITS, text), (_SPANS, wished)):
        for pattern, kind in patterns:
            if found := re.search(pattern, where.text):
                return Years(*_span(found["when"], kind), *where.origin(*found.span()))
    return None


def not_needed(text: str) -> str:
    """What of a text is said not to be needed: "it doesn't have to be from the 80s"."""
    return " ".join(found["what"] for found in _NEEDED.finditer(text))


def _relative_years(text: Traced, wished: Traced, newest: int) -> Years | None:
    """Years that are counted from the newest of the catalog."""
    for pattern, where in ((_NOT_THAT_OLD, text), (_LAST_YEARS, wished), (_THAT_OLD, wished)):
        found = pattern.search(where.text)
        if found and not _OF_PEOPLE.search(where.text[: found.start()]):
            said = found.groupdict("")
            number, unit = said["n"] or said.get("n2", ""), said["unit"] or said.get("unit2", "")
            count = _COUNT.get(number) or int(number or (1 if unit == "decade" else FEW))
            ages = 10 * count if unit == "decade" else count
            span = (FIRST, newest - ages) if pattern is _THAT_OLD else (newest - ages, LAST)
            return Years(*span, *where.origin(*found.span()))
    if found := _RECENT.search(wished.text):
        return Years(newest - FEW, LAST, *wished.origin(*found.span()))
    if found := _THIS_YEAR.search(wished.text):
        year = newest - (found[1] == "last")
        return Years(year, year, *wished.origin(*found.span()))
    if found := _THIS_CENTURY.search(wished.text):
        return Years(2000, LAST, *wished.origin(*found.span()))
    if found := _LAST_CENTURY.search(wished.text):
        return Years(FIRST, 1999, *wished.origin(*found.span()))
    return None


def _span(when: str, kind: str) -> tuple[int, int]:
    decades = decades_named(when)
    first, last = (decades[0], decades[0] + 9) if decades else (int(when), int(when))
    spans = {
        "before": (FIRST, first - 1),
        "after": (last + 1, LAST),
        "since": (first, LAST),
        "until": (FIRST, last),
        "in": (first, last),
    }
    return spans[kind]


def years_named(text: str) -> list[int]:
    """Single years that a text names; those of a decade ("1990s") are none."""
    return [year.first for year in years_in(text)]


def years_in(text: str) -> list[Years]:
    """The single years that a text names."""
    text = _DECADE.sub(lambda found: " " * len(found[0]), lower(text))
    return [Years(int(found[0]), int(found[0]), *found.span()) for found in _YEAR.finditer(text)]
