"""A causal LM with its ear and its grammar: it reads dialogues and says replies.

One merged model per adapter: adapters are never switched, so that several threads may ask.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from crsdemo.catalog import Catalog
from crsdemo.checkpoint import Loaded, load_checkpoint
from crsdemo.commons import Commons
from crsdemo.decoding import Context, Decoder, left_pad
from crsdemo.dialogue import Dialogue
from crsdemo.grammar import Grammar
from crsdemo.listener import N_KINDS, Ear
from crsdemo.prompt import PromptWriter
from crsdemo.semantic_ids import SemanticIDs


class Speaker:
    """Reads dialogues, each behind its soft prefix. Safe to call from several threads."""

    def __init__(
        self, loaded: Loaded, catalog: Catalog, semantic_ids: SemanticIDs, ear: Ear | None
    ) -> None:
        self.loaded = loaded
        self.ear = ear
        self.writer = PromptWriter(
            loaded.tokenizer, loaded.control, catalog, semantic_ids, loaded.factorisation
        )
        self.decoder = Decoder(
            loaded.model, Grammar(loaded.tokenizer, loaded.control, semantic_ids)
        )

    @classmethod
    def load(cls, folder: Path, commons: Commons) -> Speaker:
        """Raises CheckpointError or CatalogError if anything is missing or does not match."""
        loaded = load_checkpoint(folder, commons.catalog, commons.made)
        ear = None
        if loaded.listener is not None:
            config = loaded.listener.config
            encoder, vectors = commons.encoder(config.encoder), commons.files.vectors
            ear = Ear(config, encoder, commons.catalog, torch.from_numpy(vectors), commons.people)
        return cls(loaded, commons.catalog, commons.files.semantic_ids, ear)

    def read(
        self,
        dialogues: Sequence[Dialogue],
        before: Sequence[Sequence[int]] = (),
        after: Sequence[Sequence[int]] = (),
    ) -> Context:
        """The dialogues up to `<ASSISTANT>`.

        `before`: for each dialogue the tokens that stand between its soft prefix and its words;
        `after`: those that follow `<ASSISTANT>`.
        """
        dialogues = [self.heard(dialogue) for dialogue in dialogues]
        nothing: Sequence[Sequence[int]] = [()] * len(dialogues)
        rows = [
            [*first, *self.writer.history(dialogue), *last]
            for first, dialogue, last in zip(
                before or nothing, dialogues, after or nothing, strict=True
            )
        ]
        ids, mask = left_pad(rows, pad=0)
        if self.ear is None:
            return self.decoder.read(ids, mask=mask)
        return self.decoder.read(
            inputs_embeds=self._embed(dialogues, ids, mask), mask=self._wide(mask)
        )

    def heard(self, dialogue: Dialogue) -> Dialogue:
        """What the model takes in of it: all, or the items alone."""
        return dialogue if self.loaded.hears_words else dialogue.wordless

    @cached_property
    def sentence_ends(self) -> frozenset[int]:
        """The tokens after which a sentence is over."""
        tokens = self.loaded.tokenizer.get_vocab().items()
        return frozenset(number for token, number in tokens if token[-1:] in ".!?")

    def text(self, ids: Sequence[int]) -> str:
        """Tokens as text, control tokens included."""
        said: str = self.loaded.tokenizer.decode(ids)
        return said

    @torch.inference_mode()
    def _embed(self, dialogues: Sequence[Dialogue], ids: Tensor, mask: Tensor) -> Tensor:
        """Soft prefix and token embeddings, (B, P + n_prefix, D), padding at the left."""
        listener, ear = self.loaded.listener, self.ear
        assert listener is not None and ear is not None
        words = self.loaded.model.get_input_embeddings()(ids)
        distinct = list(dict.fromkeys(dialogues))  # one may be read with several shortlists
        heard = listener(ear.batch([ear.hear(d) for d in distinct]))
        prefix_of = dict(zip(distinct, heard, strict=True))
        padded = [
            torch.cat([row[~real], prefix_of[dialogue], row[real]])
            for row, real, dialogue in zip(words, mask, dialogues, strict=True)
        ]
        return torch.stack(padded)

    def _wide(self, mask: Tensor) -> Tensor:
        """`mask` (B, P) with room for the soft prefix behind the padding."""
        assert self.ear is not None
        length = self.ear.config.n_prefix + N_KINDS
        room = torch.ones(len(mask), length, dtype=torch.bool)
        return torch.cat([room, mask], 1).sort(dim=1, stable=True).values
