"""A system that is a Python function: `module:function`, found from where the app was started.

It is given what an endpoint of the plain form is sent, as a dict, and returns what that answers: a
dict with `text` and `items`, or the words alone.
"""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from operator import attrgetter
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import BoundedSemaphore, Thread
from typing import Any

from crsdemo.core.catalog import Catalog
from crsdemo.core.errors import BadInputError, OutsideError
from crsdemo.recommenders.outside.base import About, Outside
from crsdemo.recommenders.outside.said import Linker, Said, read_said
from crsdemo.recommenders.outside.systems import Function

AT_ONCE = 16  # calls; one that never returns keeps its place


class OverCall(Outside):
    """A recommender that is called, from several threads at once.

    Raises BadInputError if the function cannot be imported. Its replies may also raise whatever it
    raises itself.
    """

    def __init__(self, function: Function, catalog: Catalog, linker: Linker) -> None:
        super().__init__(function.name, catalog, linker)
        self.function = function
        self._call = imported(function)
        self._file_sha256 = _sha256(self._call)  # now: the file may be another one when it answers
        self._free = BoundedSemaphore(AT_ONCE)

    @property
    def origin(self) -> dict[str, Any]:
        """What is called, and the file that it was loaded from."""
        function = self.function
        return {
            "call": function.call,
            "file_sha256": self._file_sha256,
            "version": function.version,
        }

    @property
    def asked_how(self) -> str:
        return f"it was called as {self.function.call}"

    def _answers(self, body: dict[str, Any], about: About) -> Iterator[str | Said]:
        yield read_said(self._answered(body))

    def _answered(self, given: dict[str, Any]) -> object:
        """What it returns, if that comes in time; a thread cannot be stopped from outside."""
        deadline = time.monotonic() + self.function.seconds
        late = f"did not answer within {self.function.seconds:g} s"
        if not self._free.acquire(timeout=self.function.seconds):
            raise OutsideError(f"{late}: {AT_ONCE} earlier calls have not returned")
        done: SimpleQueue[tuple[object, BaseException | None]] = SimpleQueue()

        def run() -> None:
            try:
                done.put((_awaited(self._call(given)), None))
            except BaseException as error:  # also sys.exit(): it ends the call, not the app
                done.put((None, error))
            finally:
                self._free.release()

        Thread(target=run, name=f"call of {self.name}", daemon=True).start()
        try:
            answer, error = done.get(timeout=max(0.0, deadline - time.monotonic()))
        except Empty:
            raise OutsideError(late) from None
        if isinstance(error, Exception):
            raise error
        if error:
            raise OutsideError(f"ended with {type(error).__name__}")
        return answer


def imported(function: Function) -> Callable[[dict[str, Any]], object]:
    """Raises BadInputError that says what is not there."""
    module_name, _, path = function.call.partition(":")
    if (here := os.getcwd()) not in sys.path:
        sys.path.append(here)
    try:
        found: object = attrgetter(path)(import_module(module_name))
    except Exception as error:  # whatever its module does when it is imported
        raise BadInputError(
            f"{function.name} cannot be loaded from {function.call!r} "
            f"({type(error).__name__}: {error}); modules are looked for in {here} and where "
            "Python has its own"
        ) from error
    if not callable(found):
        raise BadInputError(f"{function.call!r} of {function.name} is no function: {found!r:.100}")
    return found


def _awaited(answer: Any) -> object:
    async def wait() -> object:
        return await answer

    return asyncio.run(wait()) if inspect.isawaitable(answer) else answer


def _sha256(call: Callable[..., object]) -> str:
    """Of the file that it is written in, if there is one."""
    with suppress(OSError, TypeError):
        if file := inspect.getsourcefile(inspect.unwrap(call)):
            return hashlib.sha256(Path(file).read_bytes()).hexdigest()
    return ""
