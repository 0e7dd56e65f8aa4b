"""The control vocabulary: the tokens that mean something other than text (GCRS, arXiv 2605.21987).

A reply is `<MODE=REC><BOI><a_7><b_0><c_3><d_1><EOI><RESP>You might like ...` or
`<MODE=CHAT><RESP>...`. What a person types never becomes one of these tokens: see `encode_text`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from tokenizers import AddedToken, Tokenizer
from transformers import PreTrainedTokenizerBase

from crsdemo.core.errors import CatalogError, CheckpointError
from crsdemo.core.recommender import Mode
from crsdemo.core.slots import Slot

FRAME = {  # by their names in `ControlTokens`
    "chat": "<MODE=CHAT>",
    "rec": "<MODE=REC>",
    "boi": "<BOI>",  # the semantic ID of an item follows
    "eoi": "<EOI>",
    "resp": "<RESP>",  # the text of the reply follows
    "card": "<CARD>",  # an item's facts follow; written by the system, not the model
    "end_card": "</CARD>",
    "user": "<USER>",
    "assistant": "<ASSISTANT>",
    "query": "<QUERY>",  # what is searched for follows (ReGeS)
}
LEVELS = "abcdefgh"  # one letter per level


def item_token(level: int, code: int) -> str:
    """The token of one code of a semantic ID: `<a_0>` is code 0 of the first level."""
    return f"<{LEVELS[level]}_{code}>"


@dataclass(frozen=True)
class ControlTokens:
    """The id of every control token in one tokenizer."""

    chat: int
    rec: int
    boi: int
    eoi: int
    resp: int
    card: int
    end_card: int
    user: int
    assistant: int
    query: int
    eos: int
    item_token: tuple[tuple[int, ...], ...]  # [level][code]
    slot: Mapping[Slot, int] = field(hash=False)

    @property
    def n_levels(self) -> int:
        return len(self.item_token)

    @property
    def codebook_size(self) -> int:
        return len(self.item_token[0])

    def mode(self, mode: Mode) -> int:
        return self.rec if mode == "REC" else self.chat

    def item(self, codes: Sequence[int]) -> tuple[int, ...]:
        """The item tokens of a semantic ID or of its first codes, without `<BOI>` and `<EOI>`."""
        return tuple(self.item_token[level][code] for level, code in enumerate(codes))

    @cached_property
    def code(self) -> dict[int, tuple[int, int]]:
        """Item token -> its level and code."""
        return {
            token: (level, code)
            for level, tokens in enumerate(self.item_token)
            for code, token in enumerate(tokens)
        }

    @cached_property
    def slot_of(self) -> dict[int, Slot]:
        """Slot token -> the slot that it stands for."""
        return {token: slot for slot, token in self.slot.items()}

    @cached_property
    def ids(self) -> frozenset[int]:
        """Every control token and the end of the sequence."""
        frame = (getattr(self, name) for name in FRAME)
        return frozenset((*frame, self.eos, *self.code, *self.slot_of))

    @classmethod
    def of(
        cls,
        tokenizer: PreTrainedTokenizerBase,
        n_levels: int,
        codebook_size: int,
        slots: Iterable[Slot],
    ) -> ControlTokens:
        """Look the tokens up in a tokenizer that has them.

        Raises CheckpointError if one is missing, if the tokenizer has no end-of-sequence token
        or if plain text could be read as a control token.
        """
        vocabulary = _Lookup(tokenizer.get_vocab())
        if tokenizer.eos_token_id is None:
            raise CheckpointError("the tokenizer has no end-of-sequence token; set its `eos_token`")
        items = tuple(
            tuple(vocabulary[item_token(level, code)] for code in range(codebook_size))
            for level in range(n_levels)
        )
        slot = {slot: vocabulary[slot.token] for slot in slots}
        frame = {name: vocabulary[token] for name, token in FRAME.items()}
        control = cls(**frame, eos=tokenizer.eos_token_id, item_token=items, slot=slot)
        _refuse_leaks(tokenizer, control)
        return control


class _Lookup(dict[str, int]):
    """Token -> id, with an error that helps for a token that is not there."""

    def __missing__(self, token: str) -> int:
        raise CheckpointError(
            f"the tokenizer has no token {token}: it was made for other semantic IDs or another "
            "catalog. Train again, or start from `add_control_tokens`"
        )


def control_strings(n_levels: int, codebook_size: int, slots: Iterable[Slot]) -> list[str]:
    """Every control token, each once. Raises CatalogError if a slot would be an item token."""
    if not 1 <= n_levels <= len(LEVELS):
        raise CatalogError(f"semantic IDs have 1 to {len(LEVELS)} levels, got {n_levels}")
    items = [item_token(lv, code) for lv in range(n_levels) for code in range(codebook_size)]
    taken = {*FRAME.values(), *items}
    fields = list(dict.fromkeys(slots))
    for slot in fields:
        if slot.token in taken:
            raise CatalogError(
                f"the fact {slot.field!r} would be written {slot.token}, which is a control token; "
                "rename that column of the catalog"
            )
    return [*FRAME.values(), *items, *(slot.token for slot in fields)]


def add_control_tokens(
    tokenizer: PreTrainedTokenizerBase, n_levels: int, codebook_size: int, slots: Iterable[Slot]
) -> ControlTokens:
    """Add the control vocabulary to any Hugging Face tokenizer; tokens it has already stay.

    Afterwards resize the model: `model.resize_token_embeddings(len(tokenizer))`. The tokens are
    not "special", so that decoding with `skip_special_tokens=True`, as Outlines does, keeps them.
    """
    slots = tuple(slots)
    tokens = control_strings(n_levels, codebook_size, slots)
    tokenizer.add_tokens([AddedToken(token, special=False, normalized=False) for token in tokens])
    return ControlTokens.of(tokenizer, n_levels, codebook_size, slots)


def encode_text(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """The token ids of what a person typed: text, whatever it looks like.

    A typed `<MODE=REC>` or `</s>` comes out as the letters it is made of, since the added
    vocabulary takes no part. (`split_special_tokens=True` would not do: it covers only special
    tokens, and it changes a setting of the tokenizer that all threads share.) Half a surrogate
    pair, which is not Unicode text, becomes "?".
    """
    clean = text.encode("utf-8", "replace").decode("utf-8")
    ids: list[int] = _plain(tokenizer).encode(clean, add_special_tokens=False).ids
    return ids


def decoded(tokenizer: PreTrainedTokenizerBase, ids: Sequence[int]) -> str:
    """What the tokens say, control tokens included."""
    text = tokenizer.decode(list(ids))
    assert isinstance(text, str)  # several, of several sequences
    return text


@lru_cache(maxsize=8)
def _plain(tokenizer: PreTrainedTokenizerBase) -> Tokenizer:
    """A copy of the tokenizer's text part: no added vocabulary, template, padding or limit."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise CheckpointError(
            f"{type(tokenizer).__name__} is not backed by the tokenizers library; "
            "use a model whose repository holds a tokenizer.json"
        )
    description = json.loads(backend.to_str())
    description |= {"added_tokens": [], "post_processor": None}
    description |= {"padding": None, "truncation": None}
    return Tokenizer.from_str(json.dumps(description))


def _refuse_leaks(tokenizer: PreTrainedTokenizerBase, control: ControlTokens) -> None:
    """Check `encode_text` on the spelling of every control token. Raises CheckpointError."""
    spelled = tokenizer.convert_ids_to_tokens(sorted(control.ids))
    for text, encoding in zip(spelled, _plain(tokenizer).encode_batch(spelled), strict=True):
        if not control.ids.isdisjoint(encoding.ids):
            raise CheckpointError(
                f"this tokenizer reads the typed text {text!r} as a control token, so visitors "
                "could steer the model; add the control tokens with `add_control_tokens`"
            )
