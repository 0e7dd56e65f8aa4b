"""Who takes part, from the command line or a file, and whether those that are not ours answer."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from crsdemo.core.catalog import Item
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.core.errors import CrsdemoError, OutsideError
from crsdemo.core.recommender import Recommender, Reply
from crsdemo.core.recommender import reply as reply_of
from crsdemo.core.toml_file import Many, TomlFile, read_toml
from crsdemo.language.veil import names_of, veiled
from crsdemo.recommenders.loading import Shelf
from crsdemo.recommenders.outside.base import Outside
from crsdemo.recommenders.outside.systems import Named, System, parse_system
from crsdemo.studies.assignment import replayed_pair
from crsdemo.studies.study import Study


class SystemsFile(TomlFile):
    """A file that holds `systems`, as a study does."""

    systems: Many[System]


def read_systems(given: Sequence[str]) -> tuple[System, ...]:
    """Of names, NAME=URL, NAME=MODULE:FUNCTION and TOML files, also several by commas.

    Raises BadInputError for what is none of these.
    """
    found: list[System] = []
    for one in filter(None, (part.strip() for text in given for part in text.split(","))):
        is_file = one.endswith(".toml") and "=" not in one
        found += read_toml(Path(one), SystemsFile).systems if is_file else [parse_system(one)]
    return tuple(found)


def tried(shelf: Shelf) -> Iterator[str]:
    """What each that is not ours answers to one message. Raises CrsdemoError if one does not."""
    outside = _outside(shelf)
    if not outside:
        return
    known = max(shelf.catalog, key=lambda item: item.popularity).name
    said = f"I liked {known}. What would you recommend next?"
    turn = Turn("user", said, shelf.linker.link(said, Dialogue()))
    for name in outside:
        yield _told(shelf.get(name), Dialogue((turn,)))


def load_all(shelf: Shelf) -> None:
    """Every system that was given, before somebody waits for it. Raises CrsdemoError."""
    for name in shelf.systems:
        try:
            shelf.get(name)
        except CrsdemoError:
            raise
        except Exception as error:  # a damaged file ends in errors of every kind
            raise CrsdemoError(
                f"{name} cannot be loaded ({type(error).__name__}: {error}); is it damaged?"
            ) from error


def check_answers(study: Study, shelf: Shelf) -> None:
    """Whether those that are not ours answer what several people will judge.

    Raises CrsdemoError if one does not.
    """
    outside = _outside(shelf)
    replays = [one for task in study.tasks for one in task.replays]
    for n, replay in enumerate(replays):
        said = Turn("user", replay.message, shelf.linker.link(replay.message, Dialogue()))
        asked = [] if replay.comparison else replayed_pair(study, replay, n)
        for name in filter(outside.__contains__, asked):
            try:
                answer_of(shelf.get(name), Dialogue((said,)))
            except CrsdemoError as error:
                raise CrsdemoError(f"to {replay.message!r} of {replay.name!r}: {error}") from error


def _outside(shelf: Shelf) -> list[str]:
    return [name for name, of in shelf.systems.items() if not isinstance(of, Named)]


def answer_of(recommender: Recommender, dialogue: Dialogue) -> Reply:
    """Its whole reply. Raises CrsdemoError, also for what a function raises of its own."""
    try:
        return reply_of(recommender, dialogue)
    except OutsideError as error:
        how = f"; {recommender.asked_how}" if isinstance(recommender, Outside) else ""
        raise CrsdemoError(f"{error}{how}") from error
    except CrsdemoError:
        raise
    except Exception as error:
        raise CrsdemoError(f"{recommender.name}: {type(error).__name__}: {error}") from error


def _told(recommender: Recommender, dialogue: Dialogue) -> str:
    began = time.monotonic()
    reply = answer_of(recommender, dialogue)
    took = time.monotonic() - began
    named = ", ".join(item.name for item in _items(reply)) or "nothing that the catalog has"
    names_itself = veiled(reply, names_of([recommender.name], [reply])) != reply
    said = "; it says who it is, which is covered on blind pages" if names_itself else ""
    return f"{recommender.name} answered in {took:.1f} s: {reply.text!r}, naming {named}{said}"


def _items(reply: Reply) -> list[Item]:
    return [piece for piece in reply.pieces if not isinstance(piece, str)]
