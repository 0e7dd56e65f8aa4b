"""What votes may become and what became of them: enough to learn from, versions, who won."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from crsdemo.export.judgments import ExportConfig
from crsdemo.export.preferences import Readiness, readiness
from crsdemo.feedback.judgments import reading_judgments
from crsdemo.recommenders.loading import ALONE, CATALOG, Version
from crsdemo.studies.statistics.bootstrap import Estimate
from crsdemo.studies.statistics.judging import Vote
from crsdemo.studies.statistics.pairs import PairResult, compare_pair
from crsdemo.web.results.exhibits import HALF
from crsdemo.web.results.figures import Bars, Dot, Dots
from crsdemo.web.results.tables import Cell, Column, Table, cells
from crsdemo.web.results.words import Exhibit, interval, share

Versions = Mapping[str, Version]  # by name, of those that were tuned
Places = Mapping[str, str]  # of all recommenders: name and, where a command needs it, folder
VERSIONS = Path("versions")  # where a new one is to lie, unless one names another folder


@dataclass(frozen=True)
class Commands:
    """What the operator may type next, ready to be pasted."""

    db: Path
    places: Places
    study: str = ""  # whose votes are to be learned from; "" for all
    catalog: Path = CATALOG

    def tune(self, parent: str) -> str:
        """Gives the version a name that is free."""
        numbered = (f"{parent}-{n}" for n in count(2))
        new = next(n for n in numbered if n not in self.places and not (VERSIONS / n).exists())
        of = ("--study", self.study) if self.study else ()
        start = self.places.get(parent, parent)
        given = ("--db", str(self.db), *of, "--from", start, "--out", str(VERSIONS / new))
        return self._command("tune", *given)

    def rematch(self, version: str) -> str:
        return self._command("rematch", "--of", self.places.get(version, version))

    def _command(self, *words: str) -> str:
        other = () if self.catalog == CATALOG else ("--catalog", str(self.catalog))
        return f"python -m crsdemo {shlex.join([*words, *other])}"


def exhibits(
    found: Readiness, then: Commands, votes: Sequence[Vote], tuned: Versions
) -> dict[str, Exhibit]:
    """By name. `votes`: those that count."""
    shown = {"learning": learning(found, then)}
    if tuned:
        shown["versions"] = versions(votes, tuned, then)
    return shown


def tuned_among(names: Iterable[str], version: Callable[[str], Version | None]) -> Versions:
    """Those that came from votes. `version`: of a name, if it is one."""
    return {name: one for name in names if not name.endswith(ALONE) and (one := version(name))}


def ready(db: Path, study: str = "") -> Readiness:
    """Of the verdicts of the study of this title, or of all. Raises FeedbackError."""
    with reading_judgments(db) as log:
        return readiness(log, ExportConfig(db=db, format="dpo", out=db, study=study))


def learning(found: Readiness, commands: Commands) -> Exhibit:
    """Whether votes are enough, and the command."""
    enough = (
        f"{found.train:,} pairs of a better and a worse reply can be learned from, and "
        f"{found.needed:,} are needed; {found.frozen:,} of other people are kept to measure on."
    )
    answer = f"Not enough yet: {found.missing}." if found.missing else enough
    parent = found.adapter.removesuffix(ALONE)
    if parent:
        then = "When there are enough: " if found.missing else "A new version learns by "
        answer = f"{answer} {then}`{commands.tune(parent)}`"
    if found.left_out:
        why = "; ".join(f"{reason}: {n:,}" for reason, n in found.left_out.items())
        answer = f"{answer} Left out: {why}."
    row = cells(
        "count",
        {"to learn from": found.train, "needed": found.needed, "to measure on": found.frozen},
    )
    return Exhibit("Can a system learn from these votes?", answer, Table.of([row]), Bars([]))


def versions(votes: Sequence[Vote], known: Versions, commands: Commands) -> Exhibit:
    """Each version against the one that it was tuned from, head to head, by votes that count."""
    met = {name: compare_pair(votes, name, version.parent) for name, version in known.items()}
    rows = [
        Dot(f"{name} against {known[name].parent}", pair.share, share(pair.share))
        for name, pair in met.items()
        if pair.tally.votes
    ]
    said = [
        f"{name}, {version.told}: {_headline(commands.rematch(name), met[name])}."
        for name, version in known.items()
    ]
    table = Table.of(_row(name, version, met[name]) for name, version in known.items())
    figure = Dots(rows, HALF)
    return Exhibit("Is a version better than its parent?", " ".join(said), table, figure)


def _headline(rematch: str, pair: PairResult) -> str:
    if pair.tally.votes:
        return pair.sentence
    return (
        f"not compared with its parent yet; `{rematch}`, or the button at the end of the page of "
        "results, writes a study that does"
    )


def _row(name: str, version: Version, pair: PairResult) -> dict[Column, Cell]:
    row = cells("words", {"version": name, "from": version.parent})
    row |= cells("count", {"learned votes": version.votes, "people": version.annotators})
    row |= cells("words", {"judgments": version.judgments_sha256[:12]})
    kinds = (("simulated", version.simulated), ("control", version.shuffled))
    row |= cells("words", {"kind": ", ".join(kind for kind, is_so in kinds if is_so)})
    row |= cells("count", {"wins": pair.tally.wins, "losses": pair.tally.losses})
    row |= interval("share of wins", "share", pair.share if pair.tally.votes else Estimate(None))
    return row | cells("chance", {"sign test": pair.sign_test})
