"""The seam of the project: a dialogue goes in, a reply with its evidence comes out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, Protocol

from crsdemo.core.catalog import Item
from crsdemo.core.dialogue import Dialogue, Mention, Turn

Mode = Literal["CHAT", "REC"]


@dataclass(frozen=True)
class Plan:
    """What is fixed before the model writes: nothing, the mode, or the mode and the item.

    The three ways of use of GCRS (arXiv 2605.21987, sec. 3). An item needs the mode REC.
    """

    mode: Mode | None = None
    item_id: str | None = None
    seed: int = 0
    temperature: float = 0.0  # of the item choice and the words; 0 takes the most probable
    avoid: frozenset[str] = frozenset()  # items not to recommend beside those already mentioned

    def __post_init__(self) -> None:
        if self.item_id is not None and self.mode == "CHAT":
            raise ValueError("a plan with an item needs mode 'REC' or none, got 'CHAT'")


@dataclass(frozen=True)
class Signal:
    """One reason for a rank: its name in plain words and what it added to the score."""

    name: str
    value: float


@dataclass(frozen=True)
class Recommendation:
    """An item and its score: for the generative model a probability, for others any number."""

    item: Item
    score: float
    signals: tuple[Signal, ...] = ()


@dataclass(frozen=True)
class Branch:
    """A node of the ID trie as seen from its parent."""

    code: int
    probability: float  # among the children of the parent that lead to an allowed item
    label: str  # what the films under this node share, in words
    n_items: int  # catalog items under this node
    examples: tuple[str, ...]  # titles of well-known items under this node


@dataclass(frozen=True)
class PathStep:
    """One level of the semantic ID: the branch taken and the ones that nearly won."""

    level: int  # from 0
    chosen: Branch
    alternatives: tuple[Branch, ...]  # most probable first, without the chosen one
    n_allowed: int  # children that the catalog allows here
    allowed_mass: float  # probability that the unconstrained model gave to the allowed children


@dataclass(frozen=True)
class Decider:
    """One of those whose orders decided together, and what it made of the item that was taken."""

    name: str  # in plain words
    place: int  # of the item in its own order, from 1
    of: int  # so many items
    share: float  # of its own belief among these


@dataclass(frozen=True)
class Quote:
    """Words that a person typed, and what of an item they speak for."""

    words: str  # to the letter
    reason: str  # in plain words: "a theme you named"
    fact: str  # of the item: "zombies"


@dataclass(frozen=True)
class Timing:
    """How long one step took."""

    step: str  # in plain words
    milliseconds: float


@dataclass(frozen=True)
class Evidence:
    """Why a reply is what it is. Empty fields do not apply to the recommender that made it."""

    modes: tuple[tuple[Mode, float], ...] = ()  # both modes, most probable first
    path: tuple[PathStep, ...] = ()
    candidates: tuple[Recommendation, ...] = ()  # best first
    query: str = ""
    query_sources: tuple[str, ...] = ()  # words and titles of the dialogue that the query took up
    timings: tuple[Timing, ...] = ()
    deciders: tuple[Decider, ...] = ()
    is_given: bool = False  # the item came with the plan; it was not chosen
    is_fixed: bool = False  # the words were written beforehand, and no recommender was asked
    about: Item | None = None  # what talk goes back to, of all that was spoken of
    question: str = ""  # one with written answers that the message is near: the words lean on these
    quotes: tuple[Quote, ...] = ()  # what of the person's own words speaks for the item


@dataclass(frozen=True)
class Provenance:
    """What is needed to say later which system spoke, and to let it speak again."""

    recommender: str
    model_sha256: str = ""
    adapter_sha256: str = ""
    catalog_sha256: str = ""
    decoding: str = ""  # JSON: everything that shapes the output beside weights and prompt


@dataclass(frozen=True)
class Reply:
    """What a recommender answers in one turn.

    `pieces` are strings and items in the order in which they are said, so that a page may set
    titles apart without searching for them. While `complete` is false more is to come.
    """

    pieces: tuple[str | Item, ...]
    mode: Mode
    item: Item | None = None  # the recommendation of this turn
    evidence: Evidence = field(default_factory=Evidence)
    provenance: Provenance = field(default_factory=lambda: Provenance(""))
    prompt: str = ""  # exactly what the model read, as text with its control tokens
    output_ids: tuple[int, ...] = ()  # exactly what it wrote
    output: str = ""  # the same as text with its control tokens
    complete: bool = True
    also: tuple[Item, ...] = ()  # offered beside `item` to who asked for several; not in the words

    @property
    def text(self) -> str:
        return "".join(p if isinstance(p, str) else p.name for p in self.pieces)

    def says_the_same(self, other: Reply) -> bool:
        """Whether of the two none can be called better: the same words and the same item.

        `feedback/schema.py: TWIN` asks it of the log.
        """
        items = [one.item.id if one.item else None for one in (self, other)]
        return self.text == other.text != "" and items[0] == items[1]

    def turn(self) -> Turn:
        """This reply as a turn of the history, with its mentions where the titles stand."""
        text, mentions = "", []
        for piece in self.pieces:
            said = piece if isinstance(piece, str) else piece.name
            if isinstance(piece, Item):
                mentions.append(Mention(len(text), len(text) + len(said), piece.id))
            text += said
        return Turn("assistant", text, tuple(mentions))


class Recommender(Protocol):
    """Anything that answers a dialogue. Safe to call from several threads at once."""

    @property
    def name(self) -> str: ...

    def recommend(
        self, dialogue: Dialogue, k: int, *, exclude: frozenset[str] = frozenset()
    ) -> list[Recommendation]:
        """At most `k` items, best first, without those in `exclude`."""
        ...

    def stream(self, dialogue: Dialogue, plan: Plan = Plan()) -> Iterator[Reply]:
        """The reply as it grows; the last one is complete and carries all evidence."""
        ...


def reply(recommender: Recommender, dialogue: Dialogue, plan: Plan = Plan()) -> Reply:
    """The complete reply to a dialogue that ends with the user's turn."""
    *_, last = recommender.stream(dialogue, plan)
    return last
