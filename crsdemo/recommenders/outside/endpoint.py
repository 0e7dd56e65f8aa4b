"""A system behind an HTTP address, in the plain form or in that of OpenAI's chat completions.

plain   POST {"dialogue": [{"role": "user", "content": "..."}], "avoid": [], "seed": 0, ...}
        -> {"text": "...", "items": ["Title (Year)"], "evidence": {"query": "..."}}
openai  POST {"model": "...", "messages": [...], "stream": true}
        -> a completion, or its words as server-sent events
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from crsdemo.core.catalog import Catalog
from crsdemo.core.dialogue import Dialogue
from crsdemo.core.errors import OutsideError
from crsdemo.core.recommender import Plan, Provenance, Recommendation, Reply
from crsdemo.recommenders.outside.said import (
    Linker,
    Reader,
    Said,
    asked,
    messages,
    names,
    read_said,
    to_json,
    words,
)
from crsdemo.recommenders.outside.systems import Endpoint
from crsdemo.recommenders.outside.wire import Answering, Wire, read_json

PACE = 0.1  # seconds between two looks at words that grow
_DONE = "[DONE]"


@dataclass
class _Heard:
    """A completion of OpenAI's form as far as it has come."""

    text: str = ""
    about: dict[str, str] = field(default_factory=dict)  # model, system_fingerprint, finish_reason

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


class OverHttp:
    """A recommender that is asked over HTTP. Thread-safe.

    Raises BadInputError if its key is not in the environment; its replies raise OutsideError.
    """

    def __init__(self, endpoint: Endpoint, catalog: Catalog, linker: Linker) -> None:
        self.name = endpoint.name
        self.endpoint = endpoint
        self.catalog = catalog
        self.reader = Reader(catalog, linker)
        self.wire = Wire(endpoint)

    def recommend(
        self, dialogue: Dialogue, k: int, *, exclude: frozenset[str] = frozenset()
    ) -> list[Recommendation]:
        """What its reply lists or names, in that order."""
        *_, reply = self.stream(dialogue, Plan(avoid=exclude))
        return ranked(reply, k, exclude)

    def stream(self, dialogue: Dialogue, plan: Plan = Plan()) -> Iterator[Reply]:
        started = time.monotonic()
        body = self._completion(dialogue, plan) if self.endpoint.is_openai else None
        body = body or asked(dialogue, plan, self.catalog)
        prompt, heard = to_json(body), _Heard()
        try:
            with self.wire.ask(body) as answer:
                if not self.endpoint.is_openai:
                    said = read_said(answer.whole())
                else:
                    for text in self._growing(answer, heard):
                        made = self._provenance(plan, heard.about)
                        yield Reply((text,), "CHAT", provenance=made, prompt=prompt, complete=False)
                    said = Said(text=heard.text)
            about = heard.about | {
                name: of for name in ("model", "version") if (of := getattr(said, name))
            }
            ms = 1000 * (time.monotonic() - started)
            provenance = self._provenance(plan, about)
            yield self.reader.reply(said, dialogue, provenance, prompt, ms)
        except OutsideError as error:
            raise OutsideError(f"{self.name}: {error}") from None  # the log keeps these words

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

    def _provenance(self, plan: Plan, about: dict[str, str]) -> Provenance:
        """Where it was asked, for what, and who says to have answered; never the key."""
        endpoint, parts = self.endpoint, urlsplit(self.endpoint.address)
        decoding = {
            "endpoint": parts._replace(query="").geturl(),
            "form": "openai" if endpoint.is_openai else "plain",
            "model": endpoint.model,
            "version": endpoint.version,
            "options": endpoint.options,
            "temperature": plan.temperature,
            "answered": about,
        }
        return Provenance(
            self.name, catalog_sha256=self.catalog.fingerprint, decoding=to_json(decoding)
        )


def ranked(reply: Reply, k: int, exclude: frozenset[str]) -> list[Recommendation]:
    """What a reply lists, else what it names, without what is excluded."""
    listed = reply.evidence.candidates
    if not listed and reply.item:
        listed = (Recommendation(reply.item, 1.0),)
    return [one for one in listed if one.item.id not in exclude][:k]
