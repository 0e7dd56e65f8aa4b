"""What all systems that are not ours have in common: asked once, answered once, a `Reply` of ours.

What they say is in said.py; how each kind is reached, in endpoint.py and function.py.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

from crsdemo.core.catalog import Catalog
from crsdemo.core.dialogue import Dialogue
from crsdemo.core.errors import OutsideError
from crsdemo.core.recommender import Plan, Provenance, Recommendation, Reply
from crsdemo.recommenders.outside.said import Linker, Reader, Said, asked, to_json

About = dict[str, str]  # what an answer says of who answered: model, version, ...


class Outside(ABC):
    """A recommender that is not ours. Thread-safe; its replies raise OutsideError."""

    def __init__(self, name: str, catalog: Catalog, linker: Linker) -> None:
        self.name = name
        self.catalog = catalog
        self.reader = Reader(catalog, linker)

    @property
    @abstractmethod
    def origin(self) -> dict[str, Any]:
        """Where it is asked and for what, fit for JSON; never a key."""

    @property
    @abstractmethod
    def asked_how(self) -> str:
        """The same in a sentence, for who set it up; visitors are not told."""

    @abstractmethod
    def _answers(self, body: dict[str, Any], about: About) -> Iterator[str | Said]:
        """Its words as they grow, where they do, last all that it says; fills `about`."""

    def recommend(
        self, dialogue: Dialogue, k: int, *, exclude: frozenset[str] = frozenset()
    ) -> list[Recommendation]:
        """What its reply lists, else what it names, in that order."""
        *_, reply = self.stream(dialogue, Plan(avoid=exclude))
        listed = reply.evidence.candidates
        if not listed and reply.item:
            listed = (Recommendation(reply.item, 1.0),)
        return [one for one in listed if one.item.id not in exclude][:k]

    def stream(self, dialogue: Dialogue, plan: Plan = Plan()) -> Iterator[Reply]:
        started = time.monotonic()
        body, about = self._body(dialogue, plan), About()
        prompt = to_json(body)
        try:
            for said in self._answers(body, about):
                if isinstance(said, str):
                    made = self._provenance(plan, about)
                    yield Reply((said,), "CHAT", provenance=made, prompt=prompt, complete=False)
                    continue
                about |= {name: of for name in ("model", "version") if (of := getattr(said, name))}
                ms = 1000 * (time.monotonic() - started)
                yield self.reader.reply(said, dialogue, self._provenance(plan, about), prompt, ms)
        except OutsideError as error:
            raise OutsideError(f"{self.name}: {error}") from None  # the log keeps these words

    def _body(self, dialogue: Dialogue, plan: Plan) -> dict[str, Any]:
        """What it is sent."""
        return asked(dialogue, plan, self.catalog)

    def _provenance(self, plan: Plan, about: About) -> Provenance:
        how = {"temperature": plan.temperature, "seed": plan.seed, "answered": about}
        decoding = to_json(self.origin | how)
        return Provenance(self.name, catalog_sha256=self.catalog.fingerprint, decoding=decoding)
