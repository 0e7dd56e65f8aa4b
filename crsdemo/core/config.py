"""Flags from a frozen dataclass: each field is a flag, its metadata the help.

What a config names as its `outputs` is not written into shipped folders without `--force`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import MISSING, field, fields
from pathlib import Path
from typing import Any, Protocol, TypeVar, get_type_hints, runtime_checkable

from crsdemo.core.shipped import refuse_shipped

T = TypeVar("T")


@runtime_checkable
class Writes(Protocol):
    """A config of a command that writes files."""

    @property
    def outputs(self) -> tuple[Path, ...]:
        """Files and folders that are made or replaced."""
        ...


def flag(default: Any = MISSING, help: str = "") -> Any:
    """A field of a config with its help."""
    return field(default=default, metadata={"help": help})


def positional(help: str) -> Any:
    """A field for what is given without a flag: one value or more, of the type of the tuple."""
    return field(metadata={"help": help, "positional": True})


def parse(config: type[T], argv: Sequence[str], prog: str) -> T:
    """`argv` as an instance of a dataclass; a field without default is a required flag.

    A field whose name would be a word of Python has "_" behind it: `from_` is --from. Raises
    BadInputError for outputs in a shipped folder.
    """
    parser = argparse.ArgumentParser(prog=prog, description=(config.__doc__ or "").strip())
    types = get_type_hints(config)
    for one in fields(config):  # type: ignore[arg-type]  # always a dataclass
        name, kind, default = _flag_of(one.name), types[one.name], one.default
        text = one.metadata.get("help", "")
        if one.metadata.get("positional"):
            parser.add_argument(one.name, nargs="+", type=kind.__args__[0], help=text)
        elif kind is bool:
            way = argparse.BooleanOptionalAction
            parser.add_argument(name, dest=one.name, action=way, default=default, help=text)
        elif isinstance(default, tuple):
            parser.add_argument(
                name, dest=one.name, action="append", default=list(default), help=text
            )
        elif default is MISSING:
            parser.add_argument(name, dest=one.name, type=kind, required=True, help=text)
        else:
            text = f"{text} (default: %(default)s)"
            parser.add_argument(name, dest=one.name, type=_scalar(kind), default=default, help=text)
    writes = hasattr(config, "outputs")
    if writes:
        add_force(parser)
    given = vars(parser.parse_args(argv))
    force = given.pop("force") if writes else True
    made = config(**{k: tuple(v) if isinstance(v, list) else v for k, v in given.items()})
    if isinstance(made, Writes) and not force:
        refuse_shipped(*made.outputs)
    return made


def add_force(parser: argparse.ArgumentParser) -> None:
    """The flag that lets shipped files be overwritten."""
    parser.add_argument("--force", action="store_true", help="overwrite what came with crsdemo")


def _flag_of(field_name: str) -> str:
    return "--" + field_name.rstrip("_").replace("_", "-")


def _scalar(kind: Any) -> Any:
    """The type itself, or of an optional one the type that is not None."""
    options = [option for option in getattr(kind, "__args__", ()) if option is not type(None)]
    return options[0] if options else kind
