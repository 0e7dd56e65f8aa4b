"""What people ask for that a catalog cannot tell: limits without a field, names of nobody in it.

Who asks for "a French film", or for "anything by Yasujiro Ozu" where nobody of that name is known,
must be told so, and not be given just anything.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from crsdemo.core.catalog import Catalog
from crsdemo.core.traced import Stretch
from crsdemo.language.limits import NAME, Limit, limits_set
from crsdemo.language.people import PeopleLinker
from crsdemo.language.stances import Stances
from crsdemo.language.themes import Themes
from crsdemo.language.typed_words import is_known, is_ordinary, words_of

_LINK = r"(?:de|del|di|da|du|la|le|van|von|der|ben|al|bin|el)"
_WORD = r"[^\W\d_](?:[\w'’-]*\w)?\.?"
_CAPITAL = r"(?-i:[A-ZÀ-ÖØ-Þ])(?:[\w'’-]*\w)?\.?"
_MADE = (
    r"(?:directed by|written by|made by|starring|featuring|(?:something|anything|ones?|films?|"
    r"movies?|flicks?|books?|novels?|songs?|albums?|games?|more|stuff|works?|comed(?:y|ies)|"
    r"thrillers?|dramas?|westerns?) by)"
)
_ENDS = r"(?=\s*(?:$|[.,;!?\n]|(?:please|pls|or|and|but|tonight|if)\b))"
_NAMES = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # with capitals two words or more, or a single one where nothing but a name can follow
        rf"\b(?:by|with|starring) (?P<name>{_CAPITAL}(?: (?:{_LINK} )?{_CAPITAL}){{1,3}})",
        rf"\b{_MADE} (?P<name>{_WORD} (?:{_LINK} )?{_WORD}){_ENDS}",
        rf"\b{_MADE} (?P<name>{_WORD}){_ENDS}",
    )
]


class NotKnown:
    """Finds it in texts. Immutable: share it between threads."""

    def __init__(
        self,
        catalog: Catalog,
        people: PeopleLinker,
        themes: Themes,
        stances: Stances,
        kept: Collection[str] = (),
    ) -> None:
        """`kept`: kinds of limits that are known and heeded."""
        self._people = people
        self._themes = themes
        self._stances = stances
        fields = {field.replace("_", " ") for item in catalog for field in item.facts}
        singular = {re.sub(r"ies$", "y", field) for field in fields}
        # kinds of facts that it does know, "country" of "countries"
        self._fields = fields | singular | {field.removesuffix("s") for field in fields} | {*kept}
        told = (" ".join((item.title, item.logline, *item.people)) for item in catalog)
        tags = (" ".join(tag.phrases) for tag in catalog.tags)
        # characters and places are known by what is told of items
        self._told = f" {' '.join(word for text in (*told, *tags) for word in words_of(text))} "

    def limits(self, text: str) -> tuple[Limit, ...]:
        """What a text without titles asks for and the catalog cannot tell; each once.

        A limit that a theme of the catalog covers ("oscar winner") is known, and one that is a part
        of somebody's name ("oscar isaac") is none.
        """
        people = [Stretch(start, end) for start, end, _ in self._people.named_at(text)]
        limits = [
            one
            for one in limits_set(text, self._fields)
            if not self._themes.named(one.said) and not any(one.at.meets(who) for who in people)
        ]
        refused = (Stretch(one.start, one.end) for one in self._stances.refusals(text))
        names = self._names(text, [*people, *refused, *(one.at for one in limits)])
        return tuple({str(one): one for one in (*limits, *names)}.values())

    def _names(self, text: str, known: Collection[Stretch]) -> Iterator[Limit]:
        """Names that are asked for. `known`: what of the text was understood."""
        taken = list(known)
        for pattern in _NAMES:
            for found in pattern.finditer(text):
                at = Stretch(*found.span("name"))
                if self._is_unknown(found["name"]) and not any(at.meets(one) for one in taken):
                    taken.append(at)
                    yield Limit(NAME, found["name"], found["name"], at.start)

    def _is_unknown(self, name: str) -> bool:
        """Whether it is hardly anything but a name, and nothing of the catalog is called so."""
        words = words_of(name)
        if not words or f" {' '.join(words)} " in self._told:
            return False
        is_typed_small = len(words) == 1 or name.islower()
        return not all(map(is_known if is_typed_small else is_ordinary, words))
