"""What the items of a catalog are called: `domain.toml` beside it, docs/your-own-catalog.md.

Films have directors and are watched, books have authors and are read. Pages, replies and the
reading of questions take their words from here; a catalog without the file has `NEUTRAL` ones.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from crsdemo.core.errors import BadInputError
from crsdemo.core.part import Many, Part, Text, wrong
from crsdemo.core.toml_file import read_toml

FILE = "domain.toml"
_READY_MADE = Path(__file__).parent / "domains"


def asking(patterns: Sequence[str]) -> re.Pattern[str]:
    """Any of these regular expressions, each from the beginning of a word. Raises re.error."""
    return re.compile(rf"\b(?:{'|'.join(patterns)})", re.IGNORECASE)


class Maker(Part):
    """A fact that holds people: directors, authors."""

    field: Text  # of the facts of an item
    roles: Many[Text]  # of one of them: "the same director" asks for it
    says: Text  # on a card, before the names: "directed by"
    asked: Many[Text] = ()  # regular expressions of questions for it: "who wrote "
    in_it: bool = False  # they are in it, as actors are, and did not make it
    shown: Annotated[int, Field(ge=1, le=10)] = 4  # names on a card

    @model_validator(mode="after")
    def _can_be_asked(self) -> Self:
        for patterns in (*((one,) for one in self.asked), self.asked):
            try:
                asking(patterns)
            except re.error as error:
                said = " | ".join(patterns)
                raise wrong(f"{said!r} is no regular expression: {error}", "asked") from error
        if not self.roles:
            raise wrong('name one or more, as ["author", "writer"]', "roles")
        return self


class Domain(Part):
    """Words for an item. Immutable."""

    item: Text  # one of them: "film"
    items: Text
    called: Many[Text] = ()  # other words for one of them: "movie"
    use: Text  # what people do with one: "watch"
    used: Text  # what they have done with one they know: "seen"
    prompt: Text  # in the box, before anything is typed
    want: Text = "want it"  # on the button of a card
    starters: Many[Text]  # wishes to begin with
    makers: Many[Maker] = ()

    @property
    def maker_fields(self) -> tuple[str, ...]:
        """The facts that hold people."""
        return tuple(maker.field for maker in self.makers)

    @property
    def an_item(self) -> str:
        """ "a film", "an item"."""
        return f"{'an' if self.item[0].lower() in 'aeiou' else 'a'} {self.item}"

    def own_words(self, name: str) -> str:
        """The name of a signal, which fitted files know as one of films, in words of the domain."""
        name = re.sub(r"\ba film\b", self.an_item, name)
        return re.sub(r"\bfilm(s?)\b", lambda film: self.items if film[1] else self.item, name)

    def count(self, n: int) -> str:
        """ "1 film", "8,012 films"."""
        return f"{n:,} {self.item if n == 1 else self.items}"

    def worded(self, text: str) -> str:
        """A text with {item}, {items}, {an item}, {use} and {used} filled in."""
        words = self.model_dump(include={"item", "items", "use", "used"})
        words["an item"] = self.an_item
        return re.sub(r"\{([a-z ]+)\}", lambda found: words.get(found[1], found[0]), text)


def ready_made() -> dict[str, Path]:
    """The files that come with the project, by name."""
    return {path.stem: path for path in sorted(_READY_MADE.glob("*.toml"))}


def domain_file(name: str) -> Path:
    """A ready-made file by its name, or any other. Raises BadInputError if there is none."""
    path = ready_made().get(name, Path(name))
    if not path.is_file():
        known = ", ".join(ready_made())
        raise BadInputError(f"no domain {name!r}; name a file, or one of these: {known}")
    return path


def read_domain(path: Path) -> Domain:
    """Raises BadInputError that names file, line and key, and what belongs there."""
    return read_toml(path, Domain)


def _neutral() -> Domain:
    known = [read_domain(path) for path in ready_made().values()]
    return Domain(
        item="item",
        items="items",
        called=tuple(name for domain in known for name in (domain.item, *domain.called)),
        use="choose",
        used="known",
        prompt="What are you looking for?",
        starters=("Something that many people like", "Something new", "Surprise me"),
        makers=tuple(maker for domain in known for maker in domain.makers),
    )


NEUTRAL = _neutral()  # of a catalog that does not say what it holds; it may be any of the known
