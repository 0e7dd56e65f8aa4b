"""Flags from a frozen dataclass: each field is a flag, its metadata the help."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import MISSING, field, fields
from typing import Any, TypeVar, get_type_hints

T = TypeVar("T")


def flag(default: Any = MISSING, help: str = "") -> Any:
    """A field of a config with its help."""
    return field(default=default, metadata={"help": help})


def positional(help: str) -> Any:
    """A field for what is given without a flag: one value or more, of the type of the tuple."""
    return field(metadata={"help": help, "positional": True})


def parse(config: type[T], argv: Sequence[str], prog: str) -> T:
    """`argv` as an instance of a dataclass; a field without default is a required flag."""
    parser = argparse.ArgumentParser(prog=prog, description=(config.__doc__ or "").strip())
    types = get_type_hints(config)
    for one in fields(config):  # type: ignore[arg-type]
        name, kind, default = "--" + one.name.replace("_", "-"), types[one.name], one.default
        text = one.metadata.get("help", "")
        if one.metadata.get("positional"):
            parser.add_argument(one.name, nargs="+", type=kind.__args__[0], help=text)
        elif kind is bool:
            way = argparse.BooleanOptionalAction
            parser.add_argument(name, action=way, default=default, help=text)
        elif isinstance(default, tuple):
            parser.add_argument(name, action="append", default=list(default), help=text)
        elif default is MISSING:
            parser.add_argument(name, type=kind, required=True, help=text)
        else:
            text = f"{text} (default: %(default)s)"
            parser.add_argument(name, type=_scalar(kind), default=default, help=text)
    given = vars(parser.parse_args(argv))
    return config(**{k: tuple(v) if isinstance(v, list) else v for k, v in given.items()})


def _scalar(kind: Any) -> Any:
    """The type itself, or of an optional one the type that is not None."""
    options = [option for option in getattr(kind, "__args__", ()) if option is not type(None)]
    return options[0] if options else kind
