"""A model that names its item nowhere but in its words: the ablations RESP and MODE+RESP of GCRS.

To rank, the model writes greedily what it wants to say (after its mode, forced to REC, if it has
one) up to the first `<BOI>`; there the beam over the ID trie ranks the catalog, as it does after
`<MODE=REC>` in the full model. Where the model would end before it names anything, or has written
`MOST_WORDS` tokens, `<BOI>` is put there: that something is recommended is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from crsdemo.catalog import Item
from crsdemo.decoding import Context, mode_probabilities
from crsdemo.dialogue import Dialogue
from crsdemo.generative import BeforeItem, Generative, planned_mode
from crsdemo.guide import Guidance
from crsdemo.recommender import Evidence, Mode, Plan, Recommendation, Reply
from crsdemo.recommenders.evidence import trimmed

MOST_WORDS = 40  # tokens before the first item


class ReplyFirst(Generative):
    """Answers in one stretch of words, and recommends the first item that these name."""

    def mode_probabilities(self, dialogues: Sequence[Dialogue]) -> list[dict[Mode, float]]:
        """Without modes it recommends for certain where its greedy words name an item."""
        if self.writer.factorisation.has_mode:
            return super().mode_probabilities(dialogues)
        return [_certainly(self._write_to_item(self.speaker.read([d]))) for d in dialogues]

    def recommend_guided(
        self,
        dialogues: Sequence[Dialogue],
        looks: Sequence[Guidance],
        k: int,
        exclude: Sequence[frozenset[str]],
    ) -> list[list[Recommendation]]:
        """One dialogue after the other, for their words are of different length."""
        found = []
        for dialogue, look, left_out in zip(dialogues, looks, exclude, strict=True):
            found += super().recommend_guided([dialogue], [look], k, [left_out])
        return found

    def before_item(
        self,
        dialogues: Sequence[Dialogue],
        looks: Sequence[Guidance],
        exclude: Sequence[frozenset[str]],
    ) -> BeforeItem:
        """Of one dialogue: its words up to the first `<BOI>`."""
        (dialogue,), (look,), (left_out,) = dialogues, looks, exclude
        context = self._read([dialogue], [look])
        is_asked = not self._write_to_item(context)
        hidden = [self._hidden(look, left_out)]
        return BeforeItem(context, hidden, self._prior([look]), is_asked)

    def _write_to_item(self, context: Context) -> bool:
        """Write up to and with `<BOI>`; whether the model itself put it there."""
        control, grammar = self.decoder.control, self.decoder.grammar
        self.decoder.feed(context, self._opening("REC"))
        allowed = grammar.allowed(grammar.text_state["REC"]).to(context.logits.device)
        token = control.resp
        for _ in range(MOST_WORDS):
            token = int(allowed[context.logits[0, allowed].argmax()])
            if token in {control.boi, control.eos}:
                break
            self.decoder.feed(context, [token])
        self.decoder.feed(context, [control.boi])
        return token == control.boi

    def _opening(self, mode: Mode) -> list[int]:
        """What stands before the words."""
        control = self.decoder.control
        said = [control.mode(mode)] if self.writer.factorisation.has_mode else []
        return [*said, control.resp]

    def stream(self, dialogue: Dialogue, plan: Plan = Plan()) -> Iterator[Reply]:
        """Words that may name any item, or of a plan's items that one alone; the prior is silent.

        Facts are left out, for the item is not known when they are to be said. A mode is forced
        only on a model that has modes.
        """
        seen = frozenset(dialogue.mentioned) | plan.avoid
        look = self._look(dialogue, seen)
        context = self._read([dialogue], [look])
        modes: dict[Mode, float] = {}
        mode: Mode = "REC"
        if self.writer.factorisation.has_mode:
            modes = mode_probabilities(context.logits[0], self.decoder.control)
            mode = planned_mode(plan, modes, look)
        self.decoder.feed(context, self._opening(mode))
        begun = Reply(
            (),
            mode,
            evidence=Evidence(modes=tuple(modes.items())),
            provenance=self._provenance(plan),
            prompt=self._prompt(dialogue, look),
            complete=False,
        )
        yield begun
        said: list[int] = []
        sayable = self._sayable(mode, plan, self._hidden(look, seen))
        sampling = replace(self._sampling(dialogue, plan), temperature=plan.temperature)
        for token in self.decoder.write(context, mode, sampling, sayable=sayable):
            said.append(token)
            yield replace(begun, pieces=self.writer.read(said, None))
        pieces = trimmed(self.writer.read(said, None))
        item = next((piece for piece in pieces if isinstance(piece, Item)), None)
        output = (*self._opening(mode), *said, self.decoder.control.eos)
        yield replace(
            begun,
            pieces=pieces,
            item=item,
            mode=mode if self.writer.factorisation.has_mode or item else "CHAT",
            output_ids=output,
            output=self.speaker.text(output),
            complete=True,
        )

    def _sayable(self, mode: Mode, plan: Plan, hidden: frozenset[str]) -> set[str]:
        if mode == "CHAT":
            return set()
        return {plan.item_id} if plan.item_id else self.catalog.row.keys() - hidden


def _certainly(names_an_item: bool) -> dict[Mode, float]:
    return {"REC": float(names_an_item), "CHAT": float(not names_an_item)}
