"""How values become HTML on every page: templates that escape, and words for items and numbers."""

from __future__ import annotations

import math
import unicodedata
import zlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import markupsafe
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from crsdemo.core.catalog import Item
from crsdemo.core.domain import Domain
from crsdemo.core.recommender import Branch, PathStep, Reply

HUES = {
    "action": 14, "adventure": 32, "animation": 188, "biography": 46, "comedy": 44, "crime": 350,
    "documentary": 160, "drama": 216, "family": 96, "fantasy": 276, "film noir": 240,
    "history": 28, "horror": 0, "music": 312, "musical": 318, "mystery": 256, "romance": 336,
    "science fiction": 200, "sci-fi": 200, "sport": 130, "thriller": 230, "war": 74, "western": 24,
}  # fmt: skip
N_VALUES = 4  # of a fact on a card

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent.parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Macros:
    """The macros of a template, by its path below `web`: they escape all text they are given.

    Those that have words for the items of a catalog can be called only `of` its domain.
    """

    def __init__(self, name: str, words: Mapping[str, Domain] = {}) -> None:
        self._name = name
        self._module = TEMPLATES.get_template(name).make_module(dict(words))

    def of(self, domain: Domain) -> Macros:
        """The same macros in the words of a domain."""
        return _of(self._name, domain)

    def __getattr__(self, macro: str) -> Callable[..., str]:
        """A plain string, for `Markup` would escape what is added to it."""
        return lambda *given, **named: str(getattr(self._module, macro)(*given, **named))


@cache
def _of(name: str, domain: Domain) -> Macros:
    return Macros(name, {"domain": domain})


def escape(text: str) -> Markup:
    """Text as HTML that shows exactly its characters.

    Line breaks are kept; other control characters, which HTML cannot hold, become blanks.
    """
    visible = (c if c == "\n" or unicodedata.category(c) != "Cc" else " " for c in text)
    return markupsafe.escape("".join(visible)).replace("\n", Markup("<br>"))


def coded(text: str) -> Markup:
    """Text in which what stands between backticks is a command."""
    parts = (Markup("<code>{}</code>" if n % 2 else "{}") for n in range(text.count("`") + 1))
    return Markup("").join(
        part.format(words) for part, words in zip(parts, text.split("`"), strict=True)
    )


def titled(item: Item) -> Markup:
    """The name of an item with its year set apart."""
    year = Markup(' <span class="year">{}</span>').format(item.year) if item.year else ""
    return Markup('<bdi class="title">{}</bdi>{}').format(item.title, year)


def hue(item: Item) -> int:
    """Degrees on the colour wheel of the main genre; the same name always has the same hue."""
    genre = item.genres[0].lower() if item.genres else ""
    return HUES.get(genre, zlib.crc32(genre.encode()) % 360)


def spoken_of(reply: Reply) -> list[Item]:
    """The recommendation first, then other films named, each once."""
    named = [piece for piece in reply.pieces if isinstance(piece, Item)]
    first: dict[str, Item] = {}
    for item in [*filter(None, [reply.item]), *named]:
        first.setdefault(item.id, item)
    return list(first.values())


def offered(reply: Reply) -> list[Item]:
    """The recommendation and what stands beside it to choose from; none if it stands alone."""
    return [*filter(None, [reply.item]), *reply.also] if reply.also else []


def linked(item: Item) -> list[tuple[str, str]]:
    """The sites that tell more of it, with addresses that a browser may open."""
    return [(s, url) for s, url in item.links.items() if url.startswith(("https://", "http://"))]


def facts(item: Item, domain: Domain) -> list[tuple[str, tuple[str, ...]]]:
    """Who made it; if nobody is known, its first two facts."""
    people = [
        (maker.says, item.facts.get(maker.field, ())[: maker.shown]) for maker in domain.makers
    ]
    others = [(n, v[:N_VALUES]) for n, v in item.facts.items() if n not in ("genres", "keywords")]
    return [fact for fact in people if fact[1]] or [fact for fact in others if fact[1]][:2]


def percent(probability: float) -> str:
    """'62%', with one decimal where rounding would say 0 or 100 of something else."""
    if not math.isfinite(probability):
        return "–"
    if 0 < probability < 0.005:
        return "<1%"
    if 0.995 <= probability < 1:
        return ">99%"
    return f"{probability:.0%}"


def duration(milliseconds: float) -> str:
    """'0.4 ms', '38 ms' or '1.2 s'."""
    if not math.isfinite(milliseconds):
        return "–"
    if milliseconds >= 1000:
        return f"{milliseconds / 1000:.1f} s"
    return f"{milliseconds:.0f} ms" if milliseconds >= 1 else f"{milliseconds:.1f} ms"


def branch_name(branch: Branch) -> str:
    """What its items share; for a single one its title, which says more."""
    return branch.examples[0] if branch.n_items == 1 and branch.examples else branch.label


def ordinal(place: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th ..."""
    ending = "th" if place % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(place % 10)
    return f"{place}{ending or 'th'}"


def step_heading(step: PathStep, domain: Domain) -> str:
    """How many ways led on from here."""
    if step.n_allowed == 1:
        return f"Step {step.level + 1}: only one way on"
    first = f"groups of {domain.items}" if step.level == 0 else "ways on"
    return f"Step {step.level + 1}: {step.n_allowed} {first} to choose from"


TEMPLATES.filters |= {
    "worded": lambda text, domain: domain.worded(text),
    "lines": escape,
    "coded": coded,
    "titled": titled,
    "hue": hue,
    "spoken_of": spoken_of,
    "offered": offered,
    "linked": linked,
    "facts": facts,
    "percent": percent,
    "duration": duration,
    "branch_name": branch_name,
    "ordinal": ordinal,
    "step_heading": step_heading,
}
