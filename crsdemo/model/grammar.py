"""What a reply may be: one Outlines automaton over the live catalog, and the trie of its items.

    reply  = ( <MODE=REC> item | <MODE=CHAT> item? ) <RESP> ( text | slot | item )* eos
    search = <MODE=REC> <QUERY> text eos                           what ReGeS writes before it
    item   = <BOI> one of the catalog's semantic IDs <EOI>         slots only where an item stands

Control tokens are single symbols here, not strings: each is mapped to one private-use character
of plane 16, so that `<a_7>` cannot be spelled by `<`, `a`, `_7`, `>`, and text cannot contain a
control token. Nothing here knows about models.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import pickle
import re
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import version
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import torch
from outlines_core import Index, Vocabulary
from transformers import PreTrainedTokenizerBase
from transformers.convert_slow_tokenizer import bytes_to_unicode

from crsdemo.core.errors import CatalogError, CheckpointError
from crsdemo.core.recommender import Mode
from crsdemo.items.semantic_ids import check_codes
from crsdemo.items.trie import Trie
from crsdemo.model.base import cache_folder
from crsdemo.model.tokens import ControlTokens

log = logging.getLogger(__name__)

# Every character of plane 16 starts with the byte F4 in UTF-8 and nothing else does: dropping the
# tokens that hold this byte keeps text from spelling a symbol and loses no character in use.
FIRST_SYMBOL, LAST_SYMBOL = 0x100000, 0x10FFFD
SYMBOL_BYTE = 0xF4
TEXT = "[^\U00100000-\U0010ffff]"
MOST_ITEMS = 100_000  # that the automaton holds; of more, minutes and gigabytes, it knows the form


class Grammar:
    """The automaton of all valid replies over one catalog. Immutable: share it between threads.

    Of more than MOST_ITEMS it knows the form of an ID alone, and which there are only the trie:
    the beam and the words go by that anyway.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        control: ControlTokens,
        semantic_ids: Mapping[str, Sequence[int]],
        cache_dir: Path | None = None,
    ) -> None:
        """Build the automaton or take it from `cache_dir` (default: the user's cache folder).

        Raises CatalogError for semantic IDs that are not unique or do not fit the control tokens,
        CheckpointError for a tokenizer whose tokens are neither byte-level nor SentencePiece.
        """
        if not semantic_ids:
            raise CatalogError("there are no semantic IDs; assign them to the catalog first")
        check_codes(semantic_ids, control.n_levels, control.codebook_size)
        self.control = control
        self.trie = Trie(semantic_ids, control.n_levels)
        symbols = _symbols(control)
        self.knows_items = len(semantic_ids) <= MOST_ITEMS
        rows = self.trie.semantic_ids.tolist() if self.knows_items else None
        regex = _regex(control, symbols, rows)
        spelling = _spelling(tokenizer, control, symbols)
        # Outlines wants an end token outside the grammar; nothing follows eos, so any will do
        end = control.user
        self.index = _cached_index(regex, spelling, end, cache_dir or cache_folder())
        self.start: int = self.index.get_initial_state()
        first = (control.rec, control.boi, *control.item(self.trie.semantic_ids[0]), control.eoi)
        self.text_state: dict[Mode, int] = {  # where the text of a reply begins
            "CHAT": self._after((control.chat, control.resp)),
            "REC": self._after((*first, control.resp)),
        }
        # where the words of a search begin
        self.search_state = self._after((control.rec, control.query))
        self._allowed: dict[int, torch.Tensor] = {}

    def _after(self, tokens: Iterable[int]) -> int:
        state = self.start
        for token in tokens:
            state = self.next_state(state, token)
        return state

    def allowed(self, state: int) -> torch.Tensor:
        """The tokens that may follow in `state`, ascending: (n,) int64."""
        if state not in self._allowed:
            self._allowed[state] = torch.tensor(sorted(self.index.get_allowed_tokens(state)))
        return self._allowed[state]

    def next_state(self, state: int, token: int) -> int:
        """Raises ValueError if `token` may not follow in `state`."""
        following: int | None = self.index.get_next_state(state, token)
        if following is None:
            raise ValueError(f"token {token} may not follow in state {state} of the grammar")
        return following

    def may_end(self, state: int) -> bool:
        """Whether the text may end here: not inside an item or a character of several bytes."""
        return self.index.get_next_state(state, self.control.eos) is not None


def _symbols(control: ControlTokens) -> dict[int, str]:
    """Each token that the model may write beside text -> its private-use character."""
    frame = (control.chat, control.rec, control.boi, control.eoi, control.resp, control.eos)
    tokens = (*frame, control.query, *control.slot_of, *control.code)
    if len(tokens) > LAST_SYMBOL - FIRST_SYMBOL + 1:
        raise CatalogError(f"{len(tokens):,} control tokens are too many; use smaller codebooks")
    return {token: chr(FIRST_SYMBOL + n) for n, token in enumerate(tokens)}


def _regex(control: ControlTokens, symbols: Mapping[int, str], rows: list[list[int]] | None) -> str:
    """The grammar of the module's docstring as a regular expression over symbols.

    `rows`: the codes of all items, None for any codes.
    The end is a symbol too: outlines_core 0.2.14 drops the tokens that hold a part of a character
    wherever the text so far would match already.
    """
    levels = [[symbols[token] for token in tokens] for tokens in control.item_token]
    any_item = "".join(f"[{''.join(level)}]" for level in levels)
    codes = any_item if rows is None else _trie_regex(rows, levels)
    item = symbols[control.boi] + codes + symbols[control.eoi]
    slots = "".join(symbols[token] for token in control.slot_of)
    pieces = f"{TEXT}|{item}" + (f"|[{slots}]" if slots else "")
    rec, chat, resp = (symbols[token] for token in (control.rec, control.chat, control.resp))
    about = f"[{rec}{chat}]{item}{resp}(?:{pieces})*"
    talk = f"{chat}{resp}(?:{TEXT}|{item})*"
    search = f"{rec}{symbols[control.query]}{TEXT}+"
    return f"(?:{about}|{talk}|{search}){symbols[control.eos]}"


def _trie_regex(rows: Sequence[Sequence[int]], levels: list[list[str]], level: int = 0) -> str:
    """All semantic IDs; codes with equal subtrees share them, which keeps the automaton small."""
    codes_with: dict[str, list[str]] = {}
    for code, group in groupby(rows, key=itemgetter(level)):
        under = _trie_regex(list(group), levels, level + 1) if level + 1 < len(levels) else ""
        codes_with.setdefault(under, []).append(levels[level][code])
    branches = [f"[{''.join(codes)}]{under}" for under, codes in codes_with.items()]
    return branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})"


def _spelling(
    tokenizer: PreTrainedTokenizerBase, control: ControlTokens, symbols: Mapping[int, str]
) -> dict[bytes, list[int]]:
    """What each token writes, in bytes -> the tokens: all text tokens and the symbols."""
    text_bytes = _text_bytes(tokenizer)
    added = {*tokenizer.added_tokens_decoder, *tokenizer.all_special_ids, *control.ids}
    spelling: dict[bytes, list[int]] = {c.encode(): [token] for token, c in symbols.items()}
    for token, token_id in tokenizer.get_vocab().items():
        if token_id not in added and (said := text_bytes(token)) and SYMBOL_BYTE not in said:
            spelling.setdefault(said, []).append(token_id)
    return spelling


def _text_bytes(tokenizer: PreTrainedTokenizerBase) -> Callable[[str], bytes]:
    """The function from a vocabulary entry to the bytes that it writes."""
    decoder = json.loads(tokenizer.backend_tokenizer.to_str())["decoder"] or {}
    kinds = {part["type"] for part in (decoder, *decoder.get("decoders", ())) if part}
    if "ByteLevel" in kinds:
        return _byte_level_bytes
    if kinds & {"ByteFallback", "Metaspace"}:
        return _sentencepiece_bytes
    raise CheckpointError(
        f"the tokenizer decodes by {sorted(kinds) or 'nothing'}, which is neither byte-level nor "
        "SentencePiece; use another base model"
    )


BYTE = {char: value for value, char in bytes_to_unicode().items()}


def _byte_level_bytes(token: str) -> bytes:
    """Empty for an entry that no text can become."""
    return bytes(BYTE[char] for char in token) if BYTE.keys() >= set(token) else b""


def _sentencepiece_bytes(token: str) -> bytes:
    if re.fullmatch(r"<0x[0-9A-F]{2}>", token):
        return bytes([int(token[3:5], 16)])
    return token.replace("\u2581", " ").encode()


def _cached_index(regex: str, spelling: dict[bytes, list[int]], end: int, folder: Path) -> Index:
    """The automaton of `regex`, from `folder` if an undamaged one lies there."""
    words = sorted((said.hex(), tokens) for said, tokens in spelling.items())
    key = json.dumps([version("outlines_core"), regex, end, words]).encode()
    path = folder / f"grammar-{hashlib.sha256(key).hexdigest()}.pickle"
    index = _load_index(path)
    if index is None:
        started = time.perf_counter()
        index = Index(regex, Vocabulary(end, spelling))
        log.info("built the grammar of the catalog in %.1f s", time.perf_counter() - started)
        _save_index(index, path)
    return index


def _load_index(path: Path) -> Index | None:
    """None if there is no such file or if it is not what `_save_index` wrote."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        log.warning("cannot read the kept grammar (%s); building it again", error)
        return None
    digest, pickled = content[:32], content[32:]
    if hashlib.sha256(pickled).digest() != digest:
        log.warning("the kept grammar %s is damaged; building it again", path)
        return None
    return pickle.loads(pickled)


def _save_index(index: Index, path: Path) -> None:
    """Write in one step, so that another process never sees half a file."""
    pickled = pickle.dumps(index)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(hashlib.sha256(pickled).digest() + pickled)
        os.replace(file.name, path)
    except OSError as error:
        log.warning(
            "cannot keep the grammar in %s (%s); the next start builds it again", path.parent, error
        )
