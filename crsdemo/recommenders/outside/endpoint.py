"""A system behind an HTTP address, in the plain form or in that of OpenAI's chat completions.

plain   POST {"dialogue": [{"role": "user", "content": "..."}], "avoid": [], "seed": 0, ...}
        -> {"text": "...", "items": ["Title (Year)"], "evidence": {"query": "..."}}
openai  POST {"model": "...", "messages": [...], "stream": true}
        -> a completion, or its words as server-sent events
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from crsdemo.core.catalog import Catalog
from crsdemo.core.dialogue import Dialogue
from crsdemo.core.errors import OutsideError
from crsdemo.core.recommender import Plan
from crsdemo.recommenders.outside.base import About, Outside
from crsdemo.recommenders.outside.said import Linker, Said, messages, names, read_said, words
from crsdemo.recommenders.outside.systems import Endpoint
from crsdemo.recommenders.outside.wire import Answering, Wire, read_json

PACE = 0.1  # seconds between two looks at words that grow
_DONE = "[DONE]"


@dataclass
class _Heard:
    """A completion of OpenAI's form as far as it has come."""

    about: About  # model, system_fingerprint, finish_reason
    text: str = ""

    def take(self, row: Any, part: str) -> None:
        """A completion, or a piece of one, whose words are in `part`. Raises OutsideError."""
        if isinstance(row, dict) and row.get("error"):
            error = row["error"]
            said = error.get("message") if isinstance(error, dict) else error
            raise OutsideError(f"answered an error: {str(said)[:200]}")
        try:
            choices = row["choices"]
            for choice in choices[:1]:
                content = choice[part].get("content")
                if isinstance(content, list):  # in parts, of which some are text
                    content = "".join(one.get("text") or "" for one in content)
                self.text += content or ""
                self._note("finish_reason", choice.get("finish_reason"))
        except (AttributeError, KeyError, TypeError) as error:
            raise OutsideError(
                f"its answer is no chat completion ({type(error).__name__}: {error}); "
                "is `form` right?"
            ) from error
        for name in ("model", "system_fingerprint"):
            self._note(name, row.get(name))

    def _note(self, name: str, value: object) -> None:
        if isinstance(value, str) and value:
            self.about[name] = value[:200]


class OverHttp(Outside):
    """A recommender that is asked over HTTP.

    Raises BadInputError if its key is not in the environment.
    """

    def __init__(self, endpoint: Endpoint, catalog: Catalog, linker: Linker) -> None:
        super().__init__(endpoint.name, catalog, linker)
        self.endpoint = endpoint
        self.wire = Wire(endpoint)

    @property
    def origin(self) -> dict[str, Any]:
        """The address, without its query, and what is asked for there."""
        endpoint = self.endpoint
        return {
            "endpoint": urlsplit(endpoint.address)._replace(query="").geturl(),
            "form": "openai" if endpoint.is_openai else "plain",
            "model": endpoint.model,
            "version": endpoint.version,
            "options": endpoint.options,
        }

    @property
    def asked_how(self) -> str:
        endpoint = self.endpoint
        address = urlsplit(endpoint.address)._replace(query="").geturl()
        used, other = ("openai", "plain") if endpoint.is_openai else ("plain", "openai")
        how = f"it was asked at {address} in the form {used!r}"
        if endpoint.form:
            return f"{how}, as `form` says"
        ends = "ends" if endpoint.is_openai else "does not end"
        return (
            f"{how}, since its address {ends} in /v1 or /chat/completions; if that is the wrong "
            f'form, write form = "{other}" in the study\'s file'
        )

    def _answers(self, body: dict[str, Any], about: About) -> Iterator[str | Said]:
        with self.wire.ask(body) as answer:
            if not self.endpoint.is_openai:
                yield read_said(answer.whole())
                return
            heard = _Heard(about)
            yield from self._growing(answer, heard)
        yield Said(text=heard.text)

    def _body(self, dialogue: Dialogue, plan: Plan) -> dict[str, Any]:
        if self.endpoint.is_openai:
            return self._completion(dialogue, plan)
        return super()._body(dialogue, plan)

    def _growing(self, answer: Answering, heard: _Heard) -> Iterator[str]:
        """Words as they grow, not more often than a person can see."""
        if not answer.is_stream:
            heard.take(answer.whole(), "message")
            return
        shown, is_done = time.monotonic(), False
        for data in answer.events():
            if is_done := data.strip() == _DONE:
                break
            heard.take(read_json(data), "delta")
            if time.monotonic() - shown >= PACE and (text := words(heard.text)):
                yield text
                shown = time.monotonic()
        if not is_done and "finish_reason" not in heard.about:
            raise OutsideError("broke off in its answer: the stream ended without an end")

    def _completion(self, dialogue: Dialogue, plan: Plan) -> dict[str, Any]:
        system = [self.endpoint.instruction, *self._wishes(plan)]
        first = [{"role": "system", "content": "\n".join(filter(None, system))}]
        said = (first if any(system) else []) + messages(dialogue)
        row: dict[str, Any] = {"messages": said, "stream": True, **self.endpoint.options}
        if self.endpoint.model:
            row["model"] = self.endpoint.model
        if plan.temperature:
            row["temperature"] = plan.temperature
        return row

    def _wishes(self, plan: Plan) -> Iterator[str]:
        """A plan in words: a model can be asked, not forced."""
        if plan.item_id:
            yield f"In this answer recommend {self.catalog.item(plan.item_id).name}."
        elif plan.mode:
            what = "recommend something" if plan.mode == "REC" else "talk, without recommending"
            yield f"In this answer {what}."
        if avoid := names(plan.avoid, self.catalog):
            yield f"Do not recommend any of these: {'; '.join(avoid)}."
