"""The grammar of a catalog for `outlines.Generator` and transformers' `generate`."""

from __future__ import annotations

import torch
from outlines.processors import OutlinesLogitsProcessor

from crsdemo.core.errors import CatalogError
from crsdemo.model.grammar import MOST_ITEMS, Grammar


class CatalogProcessor(OutlinesLogitsProcessor):
    """An Outlines logits processor that knows a row by what it has written, not by its place.

    The stock processor keeps a cursor per row, which beam search breaks when it reorders the rows.
    It also calls compiled kernels, which cost seconds at the first token; this one does not.
    Call `reset` before every generation, as `outlines.Generator` does.
    """

    def __init__(self, grammar: Grammar) -> None:
        """Raises CatalogError where the automaton does not know which items there are."""
        if not grammar.knows_items:
            raise CatalogError(
                f"the automaton of {len(grammar.trie.item_ids):,} items knows only the form of "
                f"their IDs; it holds {MOST_ITEMS:,} at most. Our recommenders go by the trie"
            )
        super().__init__("torch")
        self.grammar = grammar
        self.reset()

    def reset(self) -> None:
        self._prompt_length: int | None = None
        # what the rows had written at the last step -> state, None after the end
        self._states: dict[tuple[int, ...], int | None] = {(): self.grammar.start}

    def process_logits(  # type: ignore[override]  # theirs is for tensors of any library
        self, input_ids: torch.Tensor, logits: torch.Tensor
    ) -> torch.Tensor:
        """Mask in place what may not follow. `input_ids`: (B, T), `logits`: (B, V)."""
        if self._prompt_length is None:
            self._prompt_length = input_ids.shape[1]
        written = [tuple(row) for row in input_ids[:, self._prompt_length :].tolist()]
        self._states = {tokens: self._state(tokens) for tokens in written}
        for row, tokens in enumerate(written):
            allowed = self._allowed(self._states[tokens]).to(logits.device)
            kept = logits[row, allowed]
            logits[row] = -torch.inf
            logits[row, allowed] = kept
        return logits

    def _allowed(self, state: int | None) -> torch.Tensor:
        if state is None:
            return torch.tensor([self.grammar.control.eos])
        return self.grammar.allowed(state)

    def _state(self, written: tuple[int, ...]) -> int | None:
        """The state after `written`; every row extends some row of the step before."""
        if written in self._states:
            return self._states[written]
        state = self._states[written[:-1]]
        if state is None or written[-1] == self.grammar.control.eos:
            return None  # what follows the end is padding
        return self.grammar.next_state(state, written[-1])
