"""Evaluation protocols of the field by name: what a sample is, and which samples are reported.

Numbers of two papers can be compared only if they are of the same samples. Here a protocol is a
value; `evaluate` does the rest. All of them join consecutive messages of one speaker into a turn,
take every recommender turn that something was said before, and make one sample per film that the
turn names. They differ in the fields of `Protocol`.

What belongs to a model and not to a protocol (how much of the context it reads, how its output is
parsed) is not imitated: every recommender reads the whole context and ranks the whole catalog.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crsdemo.core.catalog import Catalog
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.core.errors import BadInputError
from crsdemo.core.recommender import Mode
from crsdemo.language.corpus import CorpusDialogue

METRICS_SHOWN = ("recall@1", "recall@10", "recall@50", "ndcg@10", "mrr@10")  # of those there are


@dataclass(frozen=True)
class Part:
    """Some of the samples of a protocol, reported together."""

    name: str
    is_new: bool | None = None  # only films not named before, only those named before; None: all
    hides_named: bool = False  # whether films named before are struck from the list

    def holds(self, is_new: bool) -> bool:
        return self.is_new is None or self.is_new == is_new


ALL = Part("all")
NEW = Part("new", is_new=True, hides_named=True)
NEW_SEEN_KEPT = Part("new, seen kept", is_new=True)
REPEATED = Part("repeated", is_new=False)


@dataclass(frozen=True)
class Protocol:
    """What a sample is, and the parts that are reported, the one to be compared first."""

    name: str
    parts: tuple[Part, ...]
    counts_mentions: bool = False  # a film named twice in a turn is two samples
    knows_catalog_only: bool = False  # a film outside the catalog is no sample, else it is missed

    def part(self, name: str = "") -> Part:
        """The one that comes first without a name. Raises BadInputError for an unknown one."""
        found = next((part for part in self.parts if part.name == (name or part.name)), None)
        if found is None:
            known = ", ".join(part.name for part in self.parts)
            raise BadInputError(f"protocol {self.name} has no part {name!r}; it has: {known}")
        return found


@dataclass(frozen=True)
class Case:
    """A recommender turn, and what was said before."""

    dialogue: int  # position among the dialogues
    turn: int  # position of the turn in its dialogue, from 0
    context: Dialogue  # never empty
    said: Turn

    @property
    def mode(self) -> Mode:
        """REC if the turn names an item (GCRS, App. C)."""
        return "REC" if self.said.mentions else "CHAT"

    @property
    def targets(self) -> tuple[str, ...]:
        """The items that the turn names, each once; empty if it recommends nothing."""
        return self.said.item_ids

    @property
    def new_targets(self) -> tuple[str, ...]:
        return tuple(filter(self.is_new, self.targets))

    def is_new(self, item_id: str) -> bool:
        """Not named before."""
        return item_id not in self.context.mentioned

    def samples(self, protocol: Protocol, catalog: Catalog) -> tuple[str, ...]:
        """The item of each sample."""
        found = self.targets
        if protocol.counts_mentions:
            found = tuple(mention.item_id for mention in self.said.mentions)
        return tuple(i for i in found if not protocol.knows_catalog_only or i in catalog.row)


OURS = Protocol("ours", (NEW, ALL))
"""One sample per distinct film of a turn; films outside the catalog count as missed."""

UNICRS = Protocol("unicrs", (ALL,), counts_mentions=True, knows_catalog_only=True)
"""UniCRS (Wang et al., KDD 2022; src/data/redial/process_mask.py, src/dataset_rec.py).

One sample per linked film of a turn, repeats kept within a turn and of earlier turns; nothing is
hidden. Turns whose only context is empty are skipped. Its candidates are the films recommended in
any split, ours are the catalog.
"""

HE = Protocol("he", (NEW, NEW_SEEN_KEPT, REPEATED, ALL))
"""He et al. (CIKM 2023; AaronHeee/LLMs-as-Zero-Shot-Conversational-RecSys, src/tools/evaluate.py).

One sample per film, new ones ("recommendation") apart from repeated ones ("discussion"), and new
ones with films named before kept in the list or struck from it. Its settings with and without
titles outside the vocabulary are the same here: a recommender of ours can name nothing else.
"""

PECRS = Protocol("pecrs", (ALL,), counts_mentions=True, knows_catalog_only=True)
"""PECRS (Ravaut et al., EACL 2024; dataset.py), on the data of MESE, which joins messages too.

One sample per mention of a film that its database knows; the first utterance is context only;
nothing is hidden. So the samples are those of UniCRS, but for how titles were linked; the choice
to recommend or not is measured over all recommender turns (`mode`). The released code puts the
films of a turn before the second and later samples of that turn; that leak is not imitated.
"""

PROTOCOLS = (OURS, UNICRS, HE, PECRS)


def protocol_named(name: str) -> Protocol:
    """Raises BadInputError for an unknown one."""
    found = next((one for one in PROTOCOLS if one.name == name), None)
    if found is None:
        known = ", ".join(one.name for one in PROTOCOLS)
        raise BadInputError(f"no protocol {name!r}; there are: {known}")
    return found


def cases(dialogues: Sequence[CorpusDialogue]) -> list[Case]:
    """Every recommender turn that something was said before, in order."""
    return [
        Case(number, position, one.dialogue.before(position), turn)
        for number, one in enumerate(dialogues)
        for position, turn in enumerate(one.dialogue.turns)
        if turn.speaker == "assistant" and position > 0
    ]
