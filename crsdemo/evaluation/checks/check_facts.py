"""Is what a recommender says of items true? Its words, compared with the catalog.

    python -m crsdemo check-facts --recommender gcrs

It is talked with in the words of `messages.toml`; what a reply claims is found by `facts.py`.
"""

from __future__ import annotations

import random
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import islice

from tqdm import tqdm

from crsdemo.core.catalog import Catalog
from crsdemo.core.config import flag, parse
from crsdemo.core.dialogue import Dialogue
from crsdemo.core.recommender import Plan, Recommender, Reply
from crsdemo.evaluation.checks.converse import converse
from crsdemo.evaluation.checks.facts import KINDS, Claim, FactJudge
from crsdemo.evaluation.config import RecommenderConfig
from crsdemo.language.mentions import MentionLinker

MESSAGES = files(__package__) / "messages.toml"
WELL_KNOWN = 200  # items whose titles and people are put into our messages


@dataclass(frozen=True)
class Checked:
    """A reply, what it answers, and what it claims."""

    dialogue: Dialogue  # ends with the user's turn
    reply: Reply
    claims: tuple[Claim, ...]

    @property
    def is_wrong(self) -> bool:
        return any(claim.wrong for claim in self.claims)

    def __str__(self) -> str:
        lines = [f"\n> {self.dialogue.turns[-1].text}", f"{self.reply.mode:<5} {self.reply.text}"]
        for claim in self.claims:
            verdict = f"WRONG, {claim.wrong}" if claim.wrong else "right"
            lines.append(f"      {claim.kind} {claim.said!r}: {verdict}")
        return "\n".join(lines)


def check(
    recommender: Recommender, catalog: Catalog, linker: MentionLinker, n_replies: int
) -> list[Checked]:
    """Talk with the recommender until `n_replies` replies are read; shows progress on stderr."""
    judge = FactJudge(catalog, linker)
    read = islice(_talks(recommender, catalog, linker), n_replies)
    progress = tqdm(read, total=n_replies, desc="reading replies", unit="reply")
    return [Checked(talk, answer, judge.claims(talk, answer)) for talk, answer in progress]


def render(name: str, replies: Sequence[Checked], *, verbose: bool = False) -> str:
    """Counts per kind of claim, then every false claim; with `verbose` every reply."""
    modes = Counter(one.reply.mode for one in replies)
    counts = ", ".join(f"{number} {mode}" for mode, number in sorted(modes.items()))
    lines = [f"{name}: {len(replies)} replies read ({counts})", ""]
    for kind in KINDS:
        claims = [claim for one in replies for claim in one.claims if claim.kind == kind]
        n_wrong = sum(bool(claim.wrong) for claim in claims)
        lines.append(f"{kind:<8}{len(claims):>6} claims {n_wrong:>4} wrong")
    wrong = [one for one in replies if one.is_wrong]
    unnamed = sum(bool(r.item) and r.item not in r.pieces for r in (one.reply for one in replies))
    lines += ["", f"replies with a wrong claim: {len(wrong)}"]
    lines += [f"recommendations that do not name their film: {unnamed}"]
    return "\n".join([*lines, *map(str, replies if verbose else wrong)])


def _talks(
    recommender: Recommender, catalog: Catalog, linker: MentionLinker
) -> Iterator[tuple[Dialogue, Reply]]:
    """Conversations without end, always the same: (dialogue up to the user's turn, reply)."""
    for number, messages in enumerate(_conversations(catalog)):
        plan = Plan(seed=number, temperature=0.7 if number % 2 else 0.0)
        yield from converse(recommender, linker, messages, plan)


def _conversations(catalog: Catalog) -> Iterator[list[str]]:
    """What we say: a wish, two to four follow-ups, sometimes a goodbye."""
    rng = random.Random(0)
    texts = tomllib.loads(MESSAGES.read_text(encoding="utf-8"))
    known = sorted(catalog, key=lambda item: -item.popularity)[:WELL_KNOWN]
    people = [person for item in known for person in item.people] or ["Jane Doe"]
    while True:
        for wish in rng.sample(texts["wishes"], len(texts["wishes"])):
            asked = rng.sample(texts["follow_ups"], rng.randint(2, 4))
            said = [wish, *asked, *rng.sample(texts["closings"], rng.randint(0, 1))]
            yield [
                text.format(title=rng.choice(known).name, person=rng.choice(people))
                for text in said
            ]


@dataclass(frozen=True)
class FactsConfig(RecommenderConfig):
    """Let the recommender reply and compare what it says of films with the catalog."""

    replies: int = flag(300, "how many replies to read")
    verbose: bool = flag(False, "show every reply")


def main(argv: Sequence[str]) -> int:
    """Status 1 if something false is said."""
    config = parse(FactsConfig, argv, "crsdemo check-facts")
    recommender, catalog = config.load()
    replies = check(recommender, catalog, MentionLinker(catalog), config.replies)
    print(render(recommender.name, replies, verbose=config.verbose))
    return 1 if any(one.is_wrong for one in replies) else 0
