"""What may come from a page: types, sizes and values, checked before anything is kept or queued."""

from __future__ import annotations

import reprlib
from dataclasses import fields
from typing import Annotated, Any, TypeVar, dataclass_transform

from pydantic import ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from crsdemo.core.errors import BadInputError

T = TypeVar("T")

# Of a visitor, a dialogue, a reply, a comparison, a click
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9 _.:@+'-]{1,64}$")]
# What a catalog or the file of a study has given a name
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Words = Annotated[str, StringConstraints(max_length=2_000)]
Whole = Annotated[int, Field(ge=-(2**31), lt=2**31)]
Number = Annotated[float, Field(ge=-1e15, le=1e15, allow_inf_nan=False)]

_ID: TypeAdapter[str] = TypeAdapter(Id, config=ConfigDict(strict=True))


def checked_id(value: object) -> str:
    """Raises BadInputError."""
    try:
        return _ID.validate_python(value)
    except ValidationError as error:
        raise BadInputError(in_words(error)) from error


@dataclass_transform(frozen_default=True)
def from_page(cls: type[T]) -> type[T]:
    """A frozen dataclass that takes nothing but what its fields name, also inside of them.

    Making one raises BadInputError; reading one from JSON raises pydantic's ValidationError.
    """
    config = ConfigDict(strict=True, extra="forbid", revalidate_instances="always")
    made: Any = dataclass(cls, frozen=True, config=config)
    accept, names = made.__init__, [field.name for field in fields(made)]

    def init(self: T, *given: object, **named: object) -> None:
        try:
            accept(self, *given, **named)
        except ValidationError as error:
            raise BadInputError(in_words(error, names)) from error

    made.__init__ = init
    checked: type[T] = made
    return checked


def in_words(error: ValidationError, names: list[str] | None = None) -> str:
    """What is wrong first, in one short sentence; `names` are those of positions."""
    first, *_ = error.errors(include_url=False)
    place, *inside = first["loc"] or ("it",)
    if names and isinstance(place, int):
        place = names[place] if place < len(names) else "what follows"
    at = ".".join(map(str, [place, *inside]))
    return f"{at[:100]} is {shown(first['input'])}; {first['msg']}: please reload the page"


def shown(value: object) -> str:
    """A value in few characters, whatever it is."""
    try:
        return reprlib.repr(value)
    except Exception:  # an integer of 5,000 digits
        return f"a {type(value).__name__}"
