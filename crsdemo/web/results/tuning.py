"""What votes may become and what became of them: enough to learn from, versions, who won."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path

from crsdemo.export.judgments import ExportConfig
from crsdemo.export.preferences import Readiness, readiness
from crsdemo.feedback.judgments import reading_judgments
from crsdemo.recommenders.loading import ALONE, Version
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


def exhibits(
    found: Readiness,
    db: Path,
    study: str,
    places: Places,
    votes: Sequence[Vote],
    version: Callable[[str], Version | None],
) -> dict[str, Exhibit]:
    """By name. `votes`: those that count; `version`: of a name."""
    shown = {"learning": learning(found, db, study, places)}
    tuned = {name: one for name in places if not name.endswith(ALONE) and (one := version(name))}
    if tuned:
        shown["versions"] = versions(votes, tuned, places)
    return shown


def ready(db: Path, study: str = "") -> Readiness:
    """Of the verdicts of the study of this title, or of all. Raises FeedbackError."""
    with reading_judgments(db) as log:
        return readiness(log, ExportConfig(db=db, format="dpo", out=db, study=study))


def learning(found: Readiness, db: Path, study: str, places: Places) -> Exhibit:
    """Whether votes are enough; the command, which gives the version a name that is free."""
    enough = (
        f"{found.train:,} pairs of a better and a worse reply can be learned from, and "
        f"{found.needed:,} are needed; {found.frozen:,} of other people are kept to measure on."
    )
    answer = f"Not enough yet: {found.missing}." if found.missing else enough
    parent = found.adapter.removesuffix(ALONE)
    if parent:
        then = "When there are enough: " if found.missing else "A new version learns by "
        answer = f"{answer} {then}`{_tune(db, study, parent, places)}`"
    row = cells(
        "count",
        {"to learn from": found.train, "needed": found.needed, "to measure on": found.frozen},
    )
    return Exhibit("Can a system learn from these votes?", answer, Table.of([row]), Bars([]))


def _tune(db: Path, study: str, parent: str, places: Places) -> str:
    numbered = (f"{parent}-{n}" for n in count(2))
    new = next(one for one in numbered if one not in places and not (VERSIONS / one).exists())
    of = ("--study", study) if study else ()
    start = places.get(parent, parent)
    flags = ["--db", str(db), *of, "--from", start, "--out", str(VERSIONS / new)]
    return f"python -m crsdemo tune {shlex.join(flags)}"


def versions(votes: Sequence[Vote], known: Versions, places: Places) -> Exhibit:
    """Each version against the one that it was tuned from, head to head, by votes that count."""
    met = {name: compare_pair(votes, name, version.parent) for name, version in known.items()}
    rows = [
        Dot(f"{name} against {known[name].parent}", pair.share, share(pair.share))
        for name, pair in met.items()
        if pair.tally.votes
    ]
    said = [
        f"{name}, {version.told}: {_headline(places.get(name, name), met[name])}."
        for name, version in known.items()
    ]
    table = Table.of(_row(name, version, met[name]) for name, version in known.items())
    figure = Dots(rows, HALF)
    return Exhibit("Is a version better than its parent?", " ".join(said), table, figure)


def _headline(place: str, pair: PairResult) -> str:
    if pair.tally.votes:
        return pair.sentence
    return (
        "not compared with its parent yet; `python -m crsdemo rematch --of "
        f"{shlex.quote(place)}` writes a study that does"
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
