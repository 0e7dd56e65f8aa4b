"""Does it answer what was said? Short conversations with expectations that a program can judge.

    python -m crsdemo check-talk --recommender gcrs

The lines of `talks.jsonl` are typed one after the other, the recommender's replies stand in
between, and the last reply is judged. They were written apart from everything that models learn
from, by a large language model; see the card in `training/written/README.md`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from tqdm import tqdm

from crsdemo.chat.exchange import Linker
from crsdemo.core.catalog import Item
from crsdemo.core.config import flag, parse
from crsdemo.core.dialogue import Dialogue
from crsdemo.core.recommender import Recommender, Reply
from crsdemo.evaluation.checks.check_wishes import Expectation
from crsdemo.evaluation.checks.converse import converse
from crsdemo.evaluation.config import RecommenderConfig
from crsdemo.evaluation.files import read_lines, write_json
from crsdemo.language.mentions import MentionLinker
from crsdemo.studies.statistics.shares import table

TALKS = files(__package__) / "talks.jsonl"
ADMITS = re.compile(
    r"\b(?:don['’]?t|do not|can['’]?t|cannot|can not|couldn['’]?t|haven['’]?t|have not|isn['’]?t|"
    r"not|no) (?:really |actually )?(?:know|tell|say|sure|see|seen|find|have|place|recogni[sz]e|"
    r"listed|idea|watch(?:ed)?|known|able|in (?:the|my) catalog|record|judge|check|feel)|"
    r"\bnever (?:seen|watched|heard)|\bonly (?:know|have) films|\bI['’]?m (?:only )?a program|"
    r"\bunknown to me|\bmissing from|\bout of my reach|\bbeyond (?:me|what I know)|"
    r"\bno (?:scores|ratings|running time|length|prices|age rating)|\blink (?:on|below|to)|"
    r"\b(?:isn|aren)['’]?t (?:noted|mine|given|marked)|\bnot on (?:the|my|its) card|"
    r"\b(?:behind|at|by|through) (?:the|its) link|\bcard keeps quiet|\bto the linked page|"
    r"\b(?:the|its) link(?:ed page)? (?:shows?|knows?|has|tells?)|"
    r"\bnone of (?:that|those|this)|\bwith films? only|\bfilms are all I",
    re.IGNORECASE,
)


class Expected(BaseModel):
    """What the last reply should be like; what is not given is not judged."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    film: Literal["new", "same", "first", "none"] | None = None
    fits: Expectation = Expectation()
    mentions: Literal["cast", "directors", "year", "genres"] | None = None
    admits: bool | None = None  # that it cannot know; False: it can, and must not say so
    asks: bool | None = None


class Talk(BaseModel):
    """What a user types, line by line, and what should come of the last line."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    act: str
    say: tuple[str, ...] = Field(min_length=1)
    expect: Expected


@dataclass(frozen=True)
class Played:
    """A conversation as it went."""

    talk: Talk
    replies: tuple[Reply, ...]
    faults: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        said = [answered.text for answered in self.replies]
        about = {"act": self.talk.act, "say": self.talk.say}
        return about | {"replies": said, "faults": self.faults}


def load_talks(source: Traversable = TALKS) -> tuple[Talk, ...]:
    """Raises BadInputError with the line that is no conversation."""
    return read_lines(source, Talk)


def play(recommender: Recommender, linker: Linker, talk: Talk) -> Played:
    """Type every line and judge the last reply."""
    dialogues, replies = zip(*converse(recommender, linker, talk.say), strict=True)
    return Played(talk, replies, tuple(faults_of(talk, replies, dialogues[-1])))


def faults_of(talk: Talk, replies: Sequence[Reply], earlier: Dialogue) -> Iterator[str]:
    """What is wrong with the last of `replies`; `earlier` was said before it."""
    last, expect = replies[-1], talk.expect
    if not last.text.strip():
        yield "it says nothing"
    if last.text in [before.text for before in replies[:-1]]:
        yield "it repeats an earlier reply"
    given = [item for one in replies[:-1] if (item := film_of(one))]
    film = film_of(last)
    if expect.film is not None:
        yield from _film_faults(expect.film, film, given, earlier)
    if film is not None and not expect.fits.is_met_by(film):
        yield f"{film.name} does not fit"
    if expect.mentions is not None:
        about = film or (given[-1] if given else None)
        if about is None or not _mentions(last.text, about, expect.mentions):
            yield f"it does not say the {expect.mentions}"
    if expect.admits is not None and bool(ADMITS.search(last.text)) != expect.admits:
        yield (
            "it does not admit what it cannot know" if expect.admits else "it denies what it knows"
        )
    if expect.asks is not None and ("?" in last.text) != expect.asks:
        yield "it asks nothing" if expect.asks else "it asks, though it should answer"


def film_of(one: Reply) -> Item | None:
    """The film that a reply recommends, else the first that it names."""
    named = [piece for piece in one.pieces if isinstance(piece, Item)]
    return one.item or (named[0] if named else None)


def _film_faults(
    wanted: str, film: Item | None, given: Sequence[Item], earlier: Dialogue
) -> Iterator[str]:
    if wanted == "none" and film is not None:
        yield f"it names {film.name}"
    elif wanted == "new" and film is None:
        yield "it recommends nothing"
    elif wanted == "new" and film is not None and film.id in earlier.mentioned:
        yield f"{film.name} was named before"
    elif wanted in ("same", "first"):
        if not given:
            yield "no film was recommended before"
            return
        kept = given[-1] if wanted == "same" else given[0]
        if film is not None and film != kept:
            yield f"it speaks of {film.name} instead of {kept.name}"
        if film is None and wanted == "first":
            yield f"it does not go back to {kept.name}"


def _mentions(text: str, item: Item, fact: str) -> bool:
    values = [str(item.year)] if fact == "year" else item.facts.get(fact, ())
    return any(value.lower() in text.lower() for value in values)


def render(name: str, played: Sequence[Played]) -> str:
    """Share of the conversations that went as expected, by what the user did."""
    acts = list(dict.fromkeys(one.talk.act for one in played))
    rows = []
    for act in [*acts, "all"]:
        some = [one for one in played if act in (one.talk.act, "all")]
        good = sum(not one.faults for one in some)
        rows.append((act, str(len(some)), f"{100 * good / max(1, len(some)):.0f}"))
    return f"{name}: last replies that do what is expected, in percent\n\n" + table(
        ("user act", "n", "as expected"), rows
    )


def transcript(one: Played) -> str:
    """A conversation that went wrong, and what was wrong."""
    lines = [f"\n[{one.talk.act}] " + "; ".join(one.faults)]
    for said, answered in zip(one.talk.say, one.replies, strict=True):
        lines += [f"  > {said}", f"    {answered.text}"]
    return "\n".join(lines)


@dataclass(frozen=True)
class TalkConfig(RecommenderConfig):
    """Play short conversations and see whether the last line of each is answered."""

    verbose: bool = flag(False, "show every conversation that went wrong")
    json: Path | None = flag(None, "write the report there")

    @property
    def outputs(self) -> tuple[Path, ...]:
        return (self.json,) if self.json else ()


def main(argv: Sequence[str]) -> None:
    config = parse(TalkConfig, argv, "crsdemo check-talk")
    recommender, catalog = config.load()
    linker = MentionLinker(catalog)
    played = [play(recommender, linker, talk) for talk in tqdm(load_talks(), unit="talk")]
    if config.json:
        rows = [one.as_json() for one in played]
        write_json(config.json, {"recommender": recommender.name, "talks": rows})
    print(render(recommender.name, played))
    if config.verbose:
        print("\n".join(transcript(one) for one in played if one.faults))
