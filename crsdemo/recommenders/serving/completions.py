"""A language model behind a server of OpenAI's completions, told token by token what may follow.

    POST /v1/completions {"prompt": [ids], "structured_outputs": {"choice": [...]}, ...}

The fields are those of vLLM (0.12 and later); `allowed_token_ids` keeps a control token from being
spelled by letters. What comes back is checked: a server that knows neither is found out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import exp
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from crsdemo.core.checked import shown
from crsdemo.core.errors import OutsideError
from crsdemo.recommenders.outside.systems import Endpoint
from crsdemo.recommenders.outside.wire import Wire, read_json

MOST_SHARES = 20  # tokens of which a server tells the probability, unless it is told otherwise
PLAIN = {"spaces_between_special_tokens": False, "add_special_tokens": False}
DONE = "[DONE]"


class _LogProbs(BaseModel):
    top_logprobs: list[dict[str, float] | None] = []


class _Choice(BaseModel):
    text: str
    finish_reason: str | None = None
    logprobs: _LogProbs | None = None


class _Completion(BaseModel):
    choices: list[_Choice]


class Token(NamedTuple):
    """The token that followed, and what is known of those that might have."""

    id: int
    shares: dict[int, float]  # among the tokens allowed, as far as they were told, best first
    mass: float  # of the model, unconstrained, on these


@dataclass(frozen=True)
class Completions:
    """Thread-safe. Raises OutsideError for whatever keeps an answer from coming."""

    endpoint: Endpoint  # with the address of the API, as http://gpu:8000/v1
    spelled: Callable[[int], str]  # a token as the server writes it

    @cached_property
    def _wire(self) -> Wire:
        address = self.endpoint.url.rstrip("/") + "/completions"
        return Wire(self.endpoint.model_copy(update={"url": address, "form": "plain"}))

    def next_token(
        self, ids: Sequence[int], allowed: Sequence[int], by: float, **sampling: Any
    ) -> Token:
        """What follows `ids`, one of `allowed`; nobody is asked where there is only one.

        `by`: on `time.monotonic()`, when it has to have answered.
        """
        if len(allowed) == 1:
            return Token(allowed[0], {allowed[0]: 1.0}, 1.0)
        token_of = {self.spelled(token): token for token in allowed}
        body = self._body(ids, 1, {"choice": list(token_of)}, sampling)
        body |= {"allowed_token_ids": list(allowed), "logprobs": min(MOST_SHARES, len(allowed))}
        with self._wire.ask(body, by) as answer:
            choice = _read(answer.whole())
        if choice.text.strip() not in token_of:
            raise OutsideError(
                f"wrote {shown(choice.text)}, which is none of the {len(allowed)} tokens that may "
                "follow; does it know `structured_outputs` and `allowed_token_ids`, as vLLM does?"
            )
        told = (choice.logprobs.top_logprobs[:1] if choice.logprobs else []) or [None]
        nats = {token_of[t]: nat for t, nat in (told[0] or {}).items() if t in token_of}
        return _token(token_of[choice.text.strip()], {t: exp(nat) for t, nat in nats.items()})

    def text(
        self, ids: Sequence[int], regex: str, most: int, end: str, by: float, **sampling: Any
    ) -> Iterator[str]:
        """What is written after `ids`, at most so many tokens of `regex`, as far as it has come."""
        body = self._body(ids, most, {"regex": regex}, sampling)
        text, is_done = "", False
        with self._wire.ask(body | {"stream": True, "stop": [end]}, by) as answer:
            if not answer.is_stream:
                yield _read(answer.whole()).text
                return
            for data in answer.events():
                if data.strip() == DONE:
                    is_done = True
                    break
                choice = _read(read_json(data))
                text, is_done = text + choice.text, is_done or choice.finish_reason is not None
                yield text
        if not is_done:
            raise OutsideError("broke off in its answer: the stream ended without an end")

    def _body(
        self, ids: Sequence[int], most: int, structure: dict[str, Any], sampling: dict[str, Any]
    ) -> dict[str, Any]:
        body = {"prompt": list(ids), "max_tokens": most, "structured_outputs": structure}
        named = {"model": self.endpoint.model} if self.endpoint.model else {}
        return {**body, **PLAIN, **named, **sampling, **self.endpoint.options}


def _read(row: Any) -> _Choice:
    """Raises OutsideError for what is no completion."""
    if isinstance(row, dict) and row.get("error"):
        raise OutsideError(f"answered an error: {shown(row['error'])}")
    try:
        return _Completion.model_validate(row).choices[0]
    except (ValidationError, IndexError) as error:
        raise OutsideError(f"its answer is no completion: {shown(row)}") from error


def _token(chosen: int, weights: dict[int, float]) -> Token:
    total = sum(weights.values())
    if chosen not in weights or total <= 0:
        return Token(chosen, {chosen: 1.0}, 1.0)  # it does not tell
    best = sorted(weights, key=lambda token: -weights[token])
    return Token(chosen, {token: weights[token] / total for token in best}, min(1.0, total))
