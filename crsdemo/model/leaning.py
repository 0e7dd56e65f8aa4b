"""Texts that what is written leans on: answers to go on as, and a story to tell again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BEGUN, HOLDS = 1, 2.0  # tokens of a text from which on it draws so many times as much
RUN = 4  # tokens of a text before the next one that count


@dataclass(frozen=True)
class Leaning:
    """Texts one of which what is written may go on as, and how much that is drawn to.

    As nearest-neighbour language models do (Khandelwal et al. 2020), by whole texts. Once some
    words of one are written it holds, for its beginning with the end of another is nonsense.
    """

    texts: tuple[tuple[int, ...], ...]  # tokens, with the closing eos
    nats: float  # by which a token is likelier with which one of them goes on

    def pull(self, written: Sequence[int]) -> dict[int, float]:
        """Nats by the tokens with which the texts that begin as what is `written` go on."""
        n, so_far = len(written), tuple(written)
        nats = self.nats * (HOLDS if n >= BEGUN else 1)
        going_on = (text[n] for text in self.texts if text[:n] == so_far and len(text) > n)
        return dict.fromkeys(going_on, nats)


@dataclass(frozen=True)
class Retelling:
    """A text that what is written may tell again from any place, and how much it is drawn to.

    A small model that tells it in its own words mixes it up. Where the last tokens written stand
    in it, the token that follows there is likelier, as pointers do it (See et al. 2017, arXiv
    1704.04368), here without learning: the longer the run, the more.
    """

    text: tuple[int, ...]
    nats: float  # for each token of the run beyond the first, up to RUN

    @property
    def texts(self) -> tuple[tuple[int, ...], ...]:
        return (self.text,)

    def pull(self, written: Sequence[int]) -> dict[int, float]:
        """Nats by the tokens that follow in the text where the last ones `written` stand in it."""
        pulls = dict[int, float]()
        for place in range(1, len(self.text)):
            run = 0
            while run < min(RUN, place, len(written)):
                if self.text[place - 1 - run] != written[-1 - run]:
                    break
                run += 1
            if run > 1:
                token, nats = self.text[place], self.nats * (run - 1)
                pulls[token] = max(nats, pulls.get(token, 0))
        return pulls
