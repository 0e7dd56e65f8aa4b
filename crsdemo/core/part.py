"""Parts of files that people write, as pydantic models: strict, and no keys but their own."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

T = TypeVar("T")


def is_readable(text: str) -> bool:
    """Whether there is anything to see, which a space of no width is not."""
    return any(c.isprintable() and not c.isspace() for c in text)


def wrong(expectation: str, *at: str | int) -> PydanticCustomError:
    """What a validator raises: what belongs `at` a place in the part that is checked."""
    return PydanticCustomError("wrong", "{text}", {"text": expectation, "at": at})


def _seen(text: object) -> object:
    if isinstance(text, str) and not is_readable(text):
        raise wrong("it is a text in quotes, not an empty one")
    return text


SEEN = BeforeValidator(_seen)
Text = Annotated[str, SEEN]
Name = Annotated[str, Field(max_length=200), SEEN]  # what a log and a page call it
Many = Annotated[tuple[T, ...], Field(strict=False)]  # TOML has lists


class Part(BaseModel):
    """A table of a file, which has no keys but these. Texts lose the white space around them."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", str_strip_whitespace=True)

    @model_validator(mode="before")
    @classmethod
    def _knows_every_key(cls, given: object) -> object:
        """First of all: a key that is missing is most likely one that was misspelt."""
        known = sorted(field.alias or name for name, field in cls.model_fields.items())
        for key in given if isinstance(given, dict) else ():
            if key not in known:
                near = "".join(f"do you mean `{one}`? " for one in get_close_matches(key, known, 1))
                raise wrong(f"no such key is known here; {near}there are: {', '.join(known)}", key)
        return given
