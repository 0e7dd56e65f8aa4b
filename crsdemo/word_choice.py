"""The next token of a reply's text: what the grammar and the caller allow, and which is taken."""

from __future__ import annotations

from collections.abc import Collection
from copy import copy
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from crsdemo.grammar import Grammar
from crsdemo.recommender import Mode
from crsdemo.slots import Slot

ROOM_TO_NAME = 8  # tokens kept at the end of a reply for an item that was not named yet


@dataclass(frozen=True)
class Sampling:
    """How the words are chosen. At temperature 0 the most probable token is taken."""

    max_tokens: int = 80
    temperature: float = 0.0
    top_p: float = 1.0  # sample among the most probable tokens that hold this share
    no_repeat_ngram: int = 0  # write no run of this many tokens twice; 0 sets no limit
    seed: int = 0


class Pen:
    """Writes one text, token by token. Belongs to one request."""

    def __init__(self, place: Place, sampling: Sampling) -> None:
        self.place = place
        self.sampling = sampling
        self.written: list[int] = []
        self.sure: list[float] = []  # the probability of each token among all; 1 within an item
        self.wanted: list[float] = []  # the same as a share of the most probable token's
        self.is_done = False
        self.ending = 1.0  # the probability of the end, where the text has ended
        self._choice = sampling  # how this one pen chooses
        self._generator = torch.Generator().manual_seed(sampling.seed)
        self._beginning = 0  # the rank of the token that is written next, if it is not the best

    def fork(self, number: int) -> Pen:
        """A pen that has written the same and goes on by itself.

        Two begin with each of the most probable tokens (as in Wang and Zhou 2024, Chain-of-thought
        reasoning without prompting): one of even `number`, which then takes no chances, one of odd.
        """
        other = Pen(self.place.fork(), self.sampling)
        if number % 2 == 0:
            other._choice = replace(self.sampling, temperature=0.0)
        seed = (31 * self.sampling.seed + len(self.written) + number) % 2**31
        other._generator.manual_seed(seed)
        other._beginning = number // 2
        other.written, other.sure = [*self.written], [*self.sure]
        other.wanted = [*self.wanted]
        return other

    def next(self, logits: Tensor) -> int | None:
        """The token that is written next, None at the end of the text. `logits`: (V,)

        An item once begun is completed, if need be beyond `max_tokens`, and one that is owed is
        named before the end.
        """
        place, sampling = self.place, self.sampling
        if len(self.written) >= sampling.max_tokens and place.may_end:
            self.is_done = True
            return None
        banned = repeats(self.written, sampling.no_repeat_ngram) if place.may_end else set()
        late = len(self.written) >= sampling.max_tokens - ROOM_TO_NAME
        allowed = place.naming if late and place.owes_a_name else place.allowed
        if self._beginning:
            free = allowed[~torch.isin(allowed, torch.tensor(sorted(banned), dtype=torch.long))]
            best = logits[free].topk(min(self._beginning + 1, len(free))).indices
            allowed, self._beginning = free[best[-1:]], 0
        token = choose_token(logits, allowed, banned, self._choice, self._generator)
        # among all tokens: where the model wanted what it may not say, the draft is a bad one
        sure = float((logits[token] - logits.logsumexp(0)).exp())
        is_choice = place.prefix is None
        if token == place.grammar.control.eos:
            self.is_done, self.ending = True, sure
            return None
        self.written.append(token)
        self.sure.append(min(sure, 1 - 1e-6) if is_choice else 1.0)
        self.wanted.append(float((logits[token] - logits.max()).exp()) if is_choice else 1.0)
        place.advance(token)
        return token


class Place:
    """A place in the text of a reply: what may follow there."""

    def __init__(
        self,
        grammar: Grammar,
        mode: Mode,
        slots: Collection[Slot],
        sayable: Collection[str] | None,
        about: str | None = None,
        *,
        owes_a_fact: bool = False,
    ) -> None:
        """Nothing is said twice: no fact and no title.

        `owes_a_fact`: the text may not end before one was said.
        `about`: the item whose facts the slots hold; none may follow the name of another, and the
        text may not end before it was named.
        """
        self.grammar = grammar
        self.state = grammar.text_state[mode]
        self.prefix: tuple[int, ...] | None = None  # codes of the item that is open
        trie = grammar.trie
        everything = np.ones(len(trie.item_ids), np.bool_)
        self.counts = trie.count(everything if sayable is None else trie.leaves(sayable))
        control = grammar.control
        said = {control.slot[slot] for slot in slots if slot in control.slot}
        self.forbidden = control.slot_of.keys() - said
        if not self.counts[0].any():
            self.forbidden |= {control.boi}
        self.about = None if about is None else trie.codes(about)
        self.is_elsewhere = False  # the item named last is not the one that the slots are about
        self._text: dict[tuple[int, bool, bool, int], Tensor] = {}
        self.is_named = about is None
        self.owes_a_fact = owes_a_fact and bool(slots)
        self.unsaid = None if sayable is None else {trie.codes(item_id) for item_id in sayable}

    def fork(self) -> Place:
        """The same place, from where another text may go on."""
        other = copy(self)
        other._text = dict(self._text)
        other.unsaid = None if self.unsaid is None else set(self.unsaid)
        return other

    @property
    def may_end(self) -> bool:
        return self.grammar.may_end(self.state)

    @property
    def allowed(self) -> Tensor:
        """(n,) token ids"""
        if self.prefix is not None:
            return torch.tensor(self._item_tokens(self.prefix))
        # what is forbidden only ever grows, so that its size tells it apart
        is_open = self.owes_a_fact or not self.is_named
        place = (self.state, self.is_elsewhere, is_open, len(self.forbidden))
        if place not in self._text:
            allowed = self.grammar.allowed(self.state)
            slots = self.grammar.control.slot_of.keys() if self.is_elsewhere else set()
            end = {self.grammar.control.eos} if is_open else set()
            forbidden = torch.tensor(sorted(self.forbidden | slots | end), dtype=torch.long)
            self._text[place] = allowed[~torch.isin(allowed, forbidden)]
        return self._text[place]

    @property
    def owes_a_name(self) -> bool:
        """Whether the item that the text is about could be named here, and was not yet."""
        return not self.is_named and self.prefix is None and self.may_end

    @property
    def naming(self) -> Tensor:
        """(1,) the token that begins the name of an item"""
        return torch.tensor([self.grammar.control.boi])

    def _item_tokens(self, prefix: tuple[int, ...]) -> list[int]:
        control, trie, depth = self.grammar.control, self.grammar.trie, len(prefix)
        if depth == trie.n_levels:
            return [control.eoi]
        start, end = trie.first_child[depth][trie.node(prefix) :][:2]
        codes = trie.code[depth + 1][start:end][self.counts[depth + 1][start:end] > 0]
        return [control.item_token[depth][code] for code in codes]

    def advance(self, token: int) -> None:
        control = self.grammar.control
        self.state = self.grammar.next_state(self.state, token)
        if token == control.boi:
            self.prefix = ()
        elif token == control.eoi:
            self.is_elsewhere = self.about is not None and self.prefix != self.about
            self.is_named |= not self.is_elsewhere
            self._name(self.prefix or ())
            self.prefix = None
        elif token in control.slot_of:
            self.forbidden = self.forbidden | {token}
            self.owes_a_fact = False
        elif self.prefix is not None:
            self.prefix += (control.code[token][1],)

    def _name(self, codes: tuple[int, ...]) -> None:
        """An item that was named is not named again."""
        if self.unsaid is None:
            return
        self.unsaid.discard(codes)
        trie = self.grammar.trie
        left = {trie.items(other)[0] for other in self.unsaid}
        self.counts = trie.count(trie.leaves(left))
        if not left:
            self.forbidden = self.forbidden | {self.grammar.control.boi}


class TitlePlace(Place):
    """A place in a reply about an item whose title, a slot, must be said before the end."""

    def __init__(
        self, grammar: Grammar, slots: Collection[Slot], sayable: Collection[str], title: int
    ) -> None:
        """`title`: the token of the slot."""
        super().__init__(grammar, "REC", slots, sayable)
        self.is_named, self.title = False, title

    @property
    def naming(self) -> Tensor:
        return torch.tensor([self.title])

    def advance(self, token: int) -> None:
        super().advance(token)
        self.is_named |= token == self.title


class SearchPlace(Place):
    """A place in the text of a search: words alone, one at least."""

    def __init__(self, grammar: Grammar) -> None:
        """Raises ValueError if the tokenizer has no token for a search."""
        if grammar.search_state is None:
            raise ValueError("the tokenizer has no token for a search; train the adapter again")
        super().__init__(grammar, "CHAT", (), ())
        self.state = grammar.search_state


def choose_token(
    logits: Tensor,
    allowed: Tensor,
    banned: set[int],
    sampling: Sampling,
    generator: torch.Generator,
) -> int:
    """One of the `allowed` token ids. `logits`: (V,)"""
    if banned:
        logits = logits.index_fill(0, torch.tensor(list(banned)), -torch.inf)
    scores = logits[allowed]
    if sampling.temperature == 0:
        return int(allowed[scores.argmax()])
    probability = (scores / sampling.temperature).softmax(0)
    if sampling.top_p < 1:
        probability, order = probability.sort(descending=True)
        above = probability.cumsum(0) - probability
        probability[above >= sampling.top_p] = 0
        allowed = allowed[order]
    return int(allowed[torch.multinomial(probability, 1, generator=generator)])


def repeats(written: list[int], n: int) -> set[int]:
    """The tokens that would complete a run of `n` tokens that was written before."""
    if n == 0:
        return set()
    tail = written[max(0, len(written) - n + 1) :]
    starts = range(len(written) - n + 1)
    return {written[i + n - 1] for i in starts if written[i : i + n - 1] == tail}
