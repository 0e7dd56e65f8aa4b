"""How fast two recommenders answer: alone, side by side, and many visitors at once; their memory.

python -m crsdemo bench-side-by-side --left gcrs --right reges
"""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from statistics import median

from crsdemo.chat.side_by_side import SideBySide
from crsdemo.core.catalog import Catalog
from crsdemo.core.config import flag, parse
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.core.recommender import Recommender, reply
from crsdemo.evaluation.bench.figures import MESSAGES, Figure, peak_memory, tell, timed
from crsdemo.feedback.log import FeedbackLog
from crsdemo.language.mentions import MentionLinker
from crsdemo.recommenders.loading import CATALOG, DEFAULT, Shelf

ALONE, TOGETHER, MEMORY = 2.6, 3.5, 2.5  # targets: seconds, seconds, GB
VISITORS = 8
AT_ONCE = 3  # times the throughput of one after the other
GREETINGS = ("Hi.", "Hello.", "Hey.", "Hi there.")  # so that no message was read before


def measure(catalog: Catalog, shelf: Shelf, left: str, right: str) -> Iterator[Figure]:
    """Medians over messages that begin a talk; each recommender has answered once before.

    Side by side is timed from the message to the last word of both, log included.
    """
    linker = MentionLinker(catalog)
    for name in dict.fromkeys((left, right)):
        recommender = shelf.get(name)
        seconds = [_seconds_alone(recommender, linker, text) for text in (MESSAGES[0], *MESSAGES)]
        yield Figure(f"whole reply of {name}, median", median(seconds[1:]), "s", at_most=ALONE)
    with tempfile.TemporaryDirectory() as folder:
        log = FeedbackLog(Path(folder) / "bench.db")
        both = SideBySide(shelf, linker, log)
        seconds = [_seconds_together(both, text, (left, right)) for text in MESSAGES]
        log.close()
    yield Figure(f"{left} and {right} side by side, median", median(seconds), "s", at_most=TOGETHER)
    for name in dict.fromkeys((left, right)):
        yield _throughput(shelf.get(name), linker)
    yield peak_memory("peak memory with both", at_most=MEMORY)


def _throughput(recommender: Recommender, linker: MentionLinker) -> Figure:
    """How many times as fast visitors are answered at once as one after the other, in turn."""
    queued, at_once = [], []
    with ThreadPoolExecutor(VISITORS) as pool:
        for n, greeting in enumerate(GREETINGS):
            texts = [f"{greeting} {text}" for text in islice(cycle(MESSAGES), VISITORS)]
            answer = partial(_seconds_alone, recommender, linker)
            if n % 2:
                at_once.append(timed(partial(deque, pool.map(answer, texts), 0))[0])
            else:
                queued.append(timed(partial(deque, map(answer, texts), 0))[0])
    name = f"throughput of {recommender.name}, {VISITORS} visitors at once"
    return Figure(name, sum(queued) / sum(at_once), "times", at_least=AT_ONCE)


def _seconds_alone(recommender: Recommender, linker: MentionLinker, text: str) -> float:
    start = Dialogue()
    return timed(lambda: reply(recommender, start.say(Turn("user", text, linker.link(text)))))[0]


def _seconds_together(both: SideBySide, text: str, names: tuple[str, str]) -> float:
    return timed(lambda: deque(both.say(both.start("benchmark", "shared"), text, names), 0))[0]


@dataclass(frozen=True)
class SideBySideConfig:
    """Measure how fast two recommenders answer, alone and side by side."""

    left: str = flag(DEFAULT, "name of a recommender")
    right: str = flag("reges", "name of another")
    catalog: Path = flag(CATALOG, "folder of the catalog")
    json: Path | None = flag(None, "write the figures there")

    @property
    def outputs(self) -> tuple[Path, ...]:
        return (self.json,) if self.json else ()


def main(argv: Sequence[str]) -> None:
    config = parse(SideBySideConfig, argv, "crsdemo bench-side-by-side")
    catalog = Catalog.load(config.catalog)
    shelf = Shelf(catalog, config.catalog)
    tell(measure(catalog, shelf, config.left, config.right), config.json)
