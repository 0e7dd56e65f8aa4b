"""What both recommenders on a pretrained base do with one message: tag, film or talk, words.

The model's own probability of the tag decides unless a plan does, and who tells the story of a film
that was not named asks for it; in talk it may go on about a film that was spoken of. How a film is
found is each system's own.
"""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from math import exp
from typing import Any, ClassVar
from zlib import crc32

import torch

from crsdemo.core.catalog import Item
from crsdemo.core.dialogue import Dialogue
from crsdemo.core.recommender import Evidence, Mode, Plan, Provenance, Recommendation, Reply, Timing
from crsdemo.core.traced import Traced
from crsdemo.language.asked_facts import asked_facts, asks_story
from crsdemo.model.decoding import Context
from crsdemo.recommenders.candidate_scores import CandidateScores
from crsdemo.recommenders.facts_named import FactsNamed
from crsdemo.recommenders.quotes import quotes
from crsdemo.recommenders.stories import Stories
from crsdemo.recommenders.talker import TO_RETELL, Talker
from crsdemo.recommenders.written_answers import Asked, Because

WISHED = 2.0  # nats by which who names what they want gets a recommendation rather than talk
MOST_REASONS = 2  # told to who asks why
TINY = 1e-9  # below any probability that decides


@dataclass(frozen=True)
class Found:
    """The film that a reply speaks of, if any, and how it was found."""

    item: Item | None
    written: tuple[int, ...]  # the tokens of the reply so far, up to the ID of the film
    evidence: Evidence = Evidence()
    timings: tuple[Timing, ...] = ()


class TalkingRecommender(ABC):
    """Answers with one causal LM under the grammar of the catalog. Thread-safe."""

    voice: ClassVar[int] = 0  # whose share of the written answers it leans on

    def __init__(self, name: str, talker: Talker) -> None:
        self.name = name
        self.talker = talker
        self.catalog = talker.catalog

    @property
    @abstractmethod
    def stories(self) -> Stories | None:
        """What each item tells, where that is known."""

    @property
    @abstractmethod
    def named(self) -> FactsNamed | None:
        """What finds genres, themes and people in what is said, where that is known."""

    @abstractmethod
    def recommend_batch(
        self, dialogues: Sequence[Dialogue], k: int, exclude: Sequence[frozenset[str]]
    ) -> list[list[Recommendation]]:
        """The `k` best items of each dialogue with the mode forced to REC."""

    @abstractmethod
    def look(self, dialogue: Dialogue, exclude: frozenset[str] = frozenset()) -> CandidateScores:
        """What is known before the choice; `exclude`: what is not to be chosen."""

    @abstractmethod
    def find(self, context: Context, dialogue: Dialogue, plan: Plan) -> Found:
        """What to recommend; `context` stands before the tag and grows up to the last code."""

    @abstractmethod
    def decoding(self) -> dict[str, Any]:
        """What shapes its choice beside weights and prompt, ready for JSON."""

    def mode_probabilities(self, dialogues: Sequence[Dialogue]) -> list[dict[Mode, float]]:
        """How likely it recommends in the next turn of each."""
        context = self.talker.read([self.talker.history(dialogue) for dialogue in dialogues])
        return [
            self._modes(row, dialogue, self._asked(dialogue))
            for row, dialogue in zip(context.logits, dialogues, strict=True)
        ]

    def _modes(
        self, logits: torch.Tensor, dialogue: Dialogue, asked: Asked | None
    ) -> dict[Mode, float]:
        """The tags, most probable first; to recommend is as many nats likelier as a story tells.

        And by WISHED where something is wished or refused by name; as many less likely as a
        question is near one that has written answers. `logits`: (V,)
        """
        modes = self.talker.modes(logits)
        nats = self._told(dialogue) + self._wished(dialogue) - (asked.nats if asked else 0)
        odds = modes["REC"] / max(modes["CHAT"], TINY) * exp(nats)
        recommends = odds / (1 + odds)
        both: dict[Mode, float] = {"REC": recommends, "CHAT": 1 - recommends}
        return dict(sorted(both.items(), key=lambda mode: -mode[1]))

    def _wished(self, dialogue: Dialogue) -> float:
        """Nats for a newest message that names what is wanted or not, and asks for no fact."""
        if self.named is None or not dialogue.turns:
            return 0.0
        said = self.named.as_meant(dialogue).turns[-1].untitled
        if asks_story(said) or asked_facts(said, self.catalog.domain):
            return 0.0
        stances, wish = self.named.stances, self.named.stances.wanted(said)
        refused = (self.named.refused_in(Traced.of(one.what)) for one in stances.refusals(said))
        names = self.named.names_something(wish) or any(map(any, refused))
        return WISHED if names or self.named.sets_limits(wish) else 0.0

    def _asked(self, dialogue: Dialogue) -> Asked | None:
        """The question with a written answer that the newest message is near, if any."""
        return self.talker.asked(dialogue, lambda item: self._because(dialogue, item))

    def _because(self, dialogue: Dialogue, item: Item) -> Because:
        """What spoke for an item, of what the user had said, when it was said first."""
        named = (
            place
            for place, turn in enumerate(dialogue.turns)
            if turn.speaker == "assistant" and item.id in turn.item_ids
        )
        place = next(named, None)
        if place is None or self.named is None:
            return Because()
        before = dialogue.before(place)
        found = quotes(self.named, before, self.look(before), item)
        return Because(
            _listed(f'"{quote.words}"' for quote in found if quote.fact),
            _listed(quote.words for quote in found if not quote.fact),
        )

    def _declining(self, dialogue: Dialogue) -> tuple[tuple[int, ...], ...]:
        """How to begin where the newest message sets what the catalog cannot tell."""
        if self.named is None or not dialogue.turns:
            return ()
        limits = self.named.not_known.limits(dialogue.turns[-1].untitled)
        return self.talker.rules.declining(limits, self.voice)

    def _told(self, dialogue: Dialogue) -> float:
        """Nats for the item whose story the user tells now; 0 if it was named, now or before."""
        if self.stories is None or not dialogue.turns or dialogue.turns[-1].mentions:
            return 0.0
        scores = self.stories.scores(dialogue.turns[-1].untitled)
        best = int(scores.argmax())
        return 0.0 if self.catalog[best].id in dialogue.mentioned else float(scores[best])

    def recommend(
        self, dialogue: Dialogue, k: int, *, exclude: frozenset[str] = frozenset()
    ) -> list[Recommendation]:
        return self.recommend_batch([dialogue], k, [exclude])[0]

    def stream(self, dialogue: Dialogue, plan: Plan = Plan()) -> Iterator[Reply]:
        """Free, with the mode forced, or with mode and item forced (GCRS, sec. 3.4)."""
        talker, control, started = self.talker, self.talker.control, time.perf_counter()
        history = talker.history(dialogue)
        context = talker.read([history])
        reading = Timing("reading", 1000 * (time.perf_counter() - started))
        asked = self._asked(dialogue)
        modes = self._modes(context.logits[0], dialogue, asked)
        free = max(modes, key=modes.__getitem__)
        mode: Mode = plan.mode or ("REC" if plan.item_id else free)
        asked = asked.voiced(self.voice) if asked and mode == "CHAT" else None
        found = (
            self.find(context, dialogue, plan)
            if mode == "REC"
            else self._talk(context, dialogue, asked)
        )
        item, written = found.item, found.written
        if item is not None:
            talker.show(context, item, history.carded)
            written += tuple(talker.format.code(item.id))
        written += (control.resp,)
        timings = (reading, *found.timings)
        reply = Reply(
            (),
            mode,
            item=item if mode == "REC" else None,
            evidence=replace(found.evidence, modes=tuple(modes.items()), timings=timings),
            provenance=self._provenance(plan),
            prompt=talker.text(history.ids),
            complete=False,
        )
        yield reply
        started = time.perf_counter()
        said: list[int] = []
        own = replace(plan, seed=plan.seed + crc32(self.name.encode()))  # no two draw alike
        openings = self._declining(dialogue) if mode == "REC" else ()
        for token in talker.words(context, mode, item, dialogue, own, asked, openings):
            said.append(token)
            yield replace(reply, pieces=talker.pieces(said, item))
        timings = (*timings, Timing("writing", 1000 * (time.perf_counter() - started)))
        output = (*written, *said, control.eos)
        yield replace(
            reply,
            pieces=talker.pieces(said, item),
            evidence=replace(reply.evidence, timings=timings),
            output_ids=output,
            output=talker.text(output),
            complete=True,
        )

    def _talk(self, context: Context, dialogue: Dialogue, asked: Asked | None) -> Found:
        started = time.perf_counter()
        chat = self.talker.control.chat
        self.talker.decoder.feed(context, [chat])
        item = self.talker.spoken_of(context, dialogue, asked)
        choosing = Timing("choosing what to talk of", 1000 * (time.perf_counter() - started))
        question = asked.question if asked else ""
        return Found(item, (chat,), Evidence(about=item, question=question), (choosing,))

    def _provenance(self, plan: Plan) -> Provenance:
        talker, loaded = self.talker, self.talker.loaded
        words = {k: v for k, v in asdict(talker.wording).items() if k != "seed"}
        decoding = {
            "words": words,
            "temperature": plan.temperature,
            "retelling": TO_RETELL,
            "wished": WISHED,
            **self.decoding(),
            **({"answers": talker.answers.sha256} if talker.answers else {}),
        }
        return Provenance(
            recommender=self.name,
            model_sha256=loaded.base_sha256,
            adapter_sha256=loaded.adapter_sha256,
            catalog_sha256=self.catalog.fingerprint,
            decoding=json.dumps(decoding, sort_keys=True),
        )


def _listed(said: Iterable[str]) -> str:
    """The first two of what was said, each once."""
    return " and ".join(list(dict.fromkeys(said))[:MOST_REASONS])
