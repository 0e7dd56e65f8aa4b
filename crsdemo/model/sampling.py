"""The next token of a reply's text: what the grammar and the caller allow, and which is taken."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from crsdemo.core.recommender import Mode
from crsdemo.core.slots import TITLE, Slot
from crsdemo.model.grammar import Grammar
from crsdemo.model.leaning import Leaning, Retelling
from crsdemo.model.numbers import Numbers

FEW = 256  # tokens that mostly hold nearly all probability; to sort the others takes long
OVERDUE = 1.0  # nats a token by which what is owed grows likelier once the text would have ended
ROOM_TO_NAME = 8  # tokens kept at the end of a reply for what was not said yet and is owed


@dataclass(frozen=True)
class Sampling:
    """How the words are chosen. At temperature 0 the most probable token is taken."""

    max_tokens: int = 80
    temperature: float = 0.0
    top_p: float = 1.0  # sample among the most probable tokens that hold this share
    no_repeat_ngram: int = 0  # write no run of this many tokens again; 0 sets no limit
    seed: int = 0


class TokenSampler:
    """Writes one text, token by token. Belongs to one request."""

    def __init__(
        self,
        constraint: TextConstraint,
        sampling: Sampling,
        before: Sequence[int] = (),
        leanings: Sequence[Leaning | Retelling] = (),
    ) -> None:
        """`before`: tokens that were written earlier, of which no long run is written again."""
        self.constraint = constraint
        self.sampling = sampling
        self.leanings = leanings
        self.before = list(before)
        self.written: list[int] = []
        self.overdue = 0.0  # nats by which what is owed is likelier by now
        self._generator = torch.Generator().manual_seed(sampling.seed)

    def next(self, logits: Tensor) -> int | None:
        """The token that is written next, None at the end of the text. `logits`: (V,)

        An item once begun is completed, if need be beyond `max_tokens`, and what is owed is said
        before the end.
        """
        constraint, sampling = self.constraint, self.sampling
        if len(self.written) >= sampling.max_tokens and constraint.may_end:
            return None
        said = [*self.before, *self.written]
        banned = repeats(said, sampling.no_repeat_ngram) if constraint.may_end else set()
        banned |= {run[-1] for run in constraint.never if ends_in(self.written, run[:-1])}
        late = len(self.written) >= sampling.max_tokens - ROOM_TO_NAME
        allowed = constraint.paying if late and constraint.owes else constraint.allowed
        logits = self._pressed(self._drawn(logits))
        token = choose_token(logits, allowed, banned, sampling, self._generator)
        if token == constraint.grammar.control.eos:
            return None
        self.written.append(token)
        constraint.advance(token)
        return token

    def _drawn(self, logits: Tensor) -> Tensor:
        """With what the texts that it leans on draw to: (V,)"""
        pulls = [pull for one in self.leanings if (pull := one.pull(self.written))]
        if pulls:
            logits = logits.clone()
        for pull in pulls:
            logits[list(pull)] += torch.tensor(list(pull.values()))
        return logits

    def _pressed(self, logits: Tensor) -> Tensor:
        """Once the text would have ended but for what it owes, that is ever likelier: (V,)"""
        constraint = self.constraint
        if not constraint.owes:
            return logits
        end = logits[constraint.grammar.control.eos]
        if self.overdue or bool(end >= logits[constraint.allowed].max()):
            self.overdue += OVERDUE
            logits = logits.clone()
            logits[constraint.unpaid] += self.overdue
        return logits


class TextConstraint:
    """A place in the text of a reply: what may follow there."""

    def __init__(
        self,
        grammar: Grammar,
        mode: Mode,
        slots: Collection[Slot],
        sayable: Collection[str],
        *,
        owes_a_title: bool = False,
        owed: Collection[Slot] = (),
        denials: frozenset[int] = frozenset(),
        is_known: bool = False,
        before_title: frozenset[int] = frozenset(),
        openings: Collection[tuple[int, ...]] = (),
        never: Collection[tuple[int, ...]] = (),
        numbers: Numbers | None = None,
    ) -> None:
        """Nothing is said twice: no fact, no title and no item.

        `sayable`: the items that may be named. `slots`: facts of the item that the text is about;
        none may follow the name of another before its own title was said. `owes_a_title`: the text
        may not end before it was; nor before the facts that are `owed`, and until then no token of
        `denials` may be written, nor anywhere where what is asked for `is_known`. `before_title`:
        tokens that may not be written before the title that is owed. `openings`: how the text
        has to begin, one of these. `never`: runs of tokens that no text has. `numbers`: those that
        it may have.
        """
        self.grammar = grammar
        self.state = grammar.text_state[mode]
        self.prefix: tuple[int, ...] | None = None  # codes of the item that is open
        self.unsaid = {grammar.trie.codes(item_id) for item_id in sayable}
        control = grammar.control
        self.title = control.slot.get(TITLE)
        said = {control.slot[slot] for slot in slots if slot in control.slot}
        self.forbidden = (control.slot_of.keys() - said) | {
            run[0] for run in never if len(run) == 1
        }
        self.never = [run for run in never if len(run) > 1]
        if not self.unsaid:
            self.forbidden |= {control.boi}
        self.is_elsewhere = False  # the item named last is not the one that the slots are about
        self.denials = denials
        self.is_known = is_known
        self.before_title = before_title
        self.numbers = numbers
        self.number = ""  # what is written of the number that is open
        self.openings = set(openings)  # what is left of those that go on as the text does
        self.owed = {control.slot[slot] for slot in owed} & said
        self._text: dict[tuple[int, bool, bool, int, int, str], Tensor] = {}
        self.is_named = not (owes_a_title and self.title in said)

    @property
    def may_end(self) -> bool:
        return self.grammar.may_end(self.state)

    @property
    def allowed(self) -> Tensor:
        """(n,) token ids"""
        if self.openings:
            return torch.tensor(sorted({opening[0] for opening in self.openings}))
        if self.prefix is not None:
            return torch.tensor(self._item_tokens(self.prefix))
        # what is forbidden only ever grows, so that its size tells it apart
        said = (len(self.forbidden), len(self.owed), self.number)
        key = (self.state, self.is_elsewhere, self.is_named, *said)
        if key not in self._text:
            allowed = self.grammar.allowed(self.state)
            slots = self.grammar.control.slot_of.keys() - {self.title}
            shut = self.forbidden | (slots if self.is_elsewhere else set())
            shut |= set() if self.is_named and not self.owed else {self.grammar.control.eos}
            shut |= self.denials if self.owed or self.is_known else frozenset()
            shut |= frozenset() if self.is_named else self.before_title
            forbidden = torch.tensor(sorted(shut), dtype=torch.long)
            allowed = allowed[~torch.isin(allowed, forbidden)]
            self._text[key] = self.numbers.after(self.number, allowed) if self.numbers else allowed
        return self._text[key]

    @property
    def owes(self) -> bool:
        """Whether a title or a fact is owed that could be said here."""
        return bool(self.owed or not self.is_named) and self.prefix is None and self.may_end

    @property
    def unpaid(self) -> list[int]:
        """The tokens of what is owed: the title first."""
        return sorted(self.owed) if self.is_named or self.title is None else [self.title]

    @property
    def paying(self) -> Tensor:
        """(1,) the token of the title that is owed, else of a fact."""
        return torch.tensor(self.unpaid[:1])

    def _item_tokens(self, prefix: tuple[int, ...]) -> list[int]:
        control, depth = self.grammar.control, len(prefix)
        if depth == control.n_levels:
            return [control.eoi]
        codes = sorted({codes[depth] for codes in self.unsaid if codes[:depth] == prefix})
        return [control.item_token[depth][code] for code in codes]

    def advance(self, token: int) -> None:
        control = self.grammar.control
        self.state = self.grammar.next_state(self.state, token)
        self.number = self.numbers.going_on(self.number, token) if self.numbers else ""
        going_on = {opening[1:] for opening in self.openings if opening[0] == token}
        self.openings = set() if () in going_on else going_on
        if token == control.boi:
            self.prefix = ()
        elif token == control.eoi:
            self.is_elsewhere = True
            self._name(self.prefix or ())
            self.prefix = None
        elif token in control.slot_of:
            self.forbidden = self.forbidden | {token}
            self.owed = self.owed - {token}
            if token == self.title:
                self.is_named, self.is_elsewhere = True, False
        elif self.prefix is not None:
            self.prefix += (control.code[token][1],)

    def speak_of(self, numbers: Numbers) -> None:
        """From here on these are the numbers that may be said: another item was named."""
        self.numbers = numbers
        self._text.clear()

    def _name(self, codes: tuple[int, ...]) -> None:
        """An item that was named is not named again."""
        self.unsaid.discard(codes)
        if not self.unsaid:
            self.forbidden = self.forbidden | {self.grammar.control.boi}


class SearchConstraint(TextConstraint):
    """A place in the text of a search: words alone, one at least."""

    def __init__(self, grammar: Grammar) -> None:
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
        probability, order = _most_probable(probability, sampling.top_p)
        above = probability.cumsum(0) - probability
        probability[above >= sampling.top_p] = 0
        allowed = allowed[order]
    return int(allowed[torch.multinomial(probability, 1, generator=generator)])


def _most_probable(probability: Tensor, share: float) -> tuple[Tensor, Tensor]:
    """The most probable, in order, that hold a share at least, and where they stand: (m,) each."""
    first = probability.topk(min(FEW, len(probability)))
    if float(first.values.sum()) >= share:
        return first.values, first.indices
    values, places = probability.sort(descending=True)
    return values, places


def ends_in(written: list[int], run: tuple[int, ...]) -> bool:
    return tuple(written[-len(run) :]) == run


def repeats(written: list[int], n: int) -> set[int]:
    """The tokens that would complete a run of `n` tokens that was written before."""
    if n == 0:
        return set()
    tail = written[max(0, len(written) - n + 1) :]
    starts = range(len(written) - n + 1)
    return {written[i + n - 1] for i in starts if written[i : i + n - 1] == tail}
