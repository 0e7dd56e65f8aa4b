"""Rankings for an evaluation: in batches, each list once, kept on disk until all are made.

An interrupted run goes on where it stopped: the file of a run is named after everything that its
lists rest on, so that lists of other weights, data or code are never mixed in.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

from tqdm import tqdm

from crsdemo.core.dialogue import Dialogue
from crsdemo.core.errors import BadInputError
from crsdemo.core.recommender import Provenance, Recommendation, Recommender
from crsdemo.language.corpus import CorpusDialogue

T = TypeVar("T")
BATCH = 16


@runtime_checkable
class BatchRecommender(Protocol):
    """A recommender that ranks for several dialogues at once faster than for one at a time."""

    def recommend_batch(
        self, dialogues: Sequence[Dialogue], k: int, excludes: Sequence[frozenset[str]]
    ) -> list[list[Recommendation]]: ...


@dataclass(frozen=True)
class Request:
    """A list that is wanted: after what was said, without some items."""

    context: Dialogue
    hidden: frozenset[str] = frozenset()


Rankings = dict[Request, tuple[str, ...]]  # item ids, best first


def ranked(recommender: Recommender, requests: Sequence[Request], k: int, state: State) -> Rankings:
    """At most `k` items for each request; shows progress on stderr.

    Requests of one context are ranked together, so that it need not be understood twice, and short
    contexts with short ones, so that little is padded.
    """
    wanted = sorted(dict.fromkeys(requests), key=_length)
    found = dict(zip(wanted, state.kept(), strict=False))
    progress = tqdm(
        total=len(wanted), initial=len(found), desc=f"ranking by {recommender.name}", unit="list"
    )
    with progress:
        for start in range(len(found), len(wanted), BATCH):
            batch = wanted[start : start + BATCH]
            lists = list(_ranked(recommender, batch, k))
            state.keep(lists)
            found |= zip(batch, lists, strict=True)
            progress.update(len(batch))
    return found


def batches(rows: Sequence[T], about: str) -> Iterator[Sequence[T]]:
    """Of `BATCH` rows; shows progress on stderr."""
    for start in tqdm(range(0, len(rows), BATCH), desc=about, unit="batch"):
        yield rows[start : start + BATCH]


def _ranked(
    recommender: Recommender, batch: Sequence[Request], k: int
) -> Iterator[tuple[str, ...]]:
    contexts, hidden = [one.context for one in batch], [one.hidden for one in batch]
    if isinstance(recommender, BatchRecommender):
        lists = recommender.recommend_batch(contexts, k, hidden)
    else:
        pairs = zip(contexts, hidden, strict=True)
        lists = [recommender.recommend(context, k, exclude=items) for context, items in pairs]
    for recommendations in lists:
        yield tuple(one.item.id for one in recommendations)


def _length(request: Request) -> int:
    return sum(len(turn.text) for turn in request.context.turns)


@dataclass(frozen=True)
class State:
    """The lists made so far, one JSON array per line after a line with the key of the run."""

    path: Path
    key: str  # from `run_key`

    def kept(self) -> list[tuple[str, ...]]:
        """Those of an interrupted run; what was cut off at the end is made again.

        Raises BadInputError if the file is of another run.
        """
        if not self.path.is_file():
            return []
        head, *lines = self.path.read_text(encoding="utf-8").split("\n")
        if head != self._head:
            raise BadInputError(
                f"{self.path} holds lists of another run (other weights, data, protocol or code); "
                "remove it, or give another --state"
            )
        whole = lines[:-1]  # what follows the last line break was cut off, or is nothing
        self.path.write_text("\n".join([head, *whole, ""]), encoding="utf-8")
        return [tuple(json.loads(line)) for line in whole]

    def keep(self, lists: Sequence[tuple[str, ...]]) -> None:
        """Adds to what is kept."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps(ids) + "\n" for ids in lists]
        if not self.path.is_file():
            lines.insert(0, self._head + "\n")
        with self.path.open("a", encoding="utf-8") as file:
            file.writelines(lines)

    def done(self) -> None:
        """All was made: nothing is left to go on with."""
        self.path.unlink(missing_ok=True)

    @property
    def _head(self) -> str:
        return json.dumps({"run": self.key})


def run_key(
    provenance: Provenance,
    dialogues: Sequence[CorpusDialogue],
    protocol: str,
    files: Sequence[Path] = (),
) -> str:
    """sha256 of all that lists rest on: the recommender, the dialogues, the protocol, the code.

    `files`: folders of the catalog and the checkpoint, for what the provenance does not tell.
    """
    about: list[Any] = [asdict(provenance), protocol, [asdict(one.dialogue) for one in dialogues]]
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    package = sorted(Path(__file__).parents[1].rglob("*"))
    code = [path for path in package if path.suffix in {".py", ".toml", ".tsv", ".txt"}]
    of_folders = (path for folder in files for path in sorted(folder.rglob("*")) if path.is_file())
    for path in (*code, *of_folders):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
