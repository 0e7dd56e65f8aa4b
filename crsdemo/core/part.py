"""Parts of files that people write, as pydantic models: strict, and no keys but their own."""

from __future__ import annotations

from typing import Annotated, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

T = TypeVar("T")
Text = Annotated[str, Field(min_length=1)]
Name = Annotated[Text, Field(max_length=200)]  # what a log and a page call it
Many = Annotated[tuple[T, ...], Field(strict=False)]  # TOML has lists


class Part(BaseModel):
    """A table of a file, which has no keys but these. Texts lose the white space around them."""

    model_config = ConfigDict(frozen=True, strict=True, extra="allow", str_strip_whitespace=True)

    @model_validator(mode="after")
    def _knows_every_key(self) -> Self:
        for key in self.model_extra or ():  # most likely a typo
            fields = type(self).model_fields.items()
            known = ", ".join(sorted(field.alias or name for name, field in fields))
            raise wrong(f"no such key is known here; there are: {known}", key)
        return self


def wrong(expectation: str, *at: str | int) -> PydanticCustomError:
    """What a validator raises: what belongs `at` a place in the part that is checked."""
    return PydanticCustomError("wrong", "{text}", {"text": expectation, "at": at})
