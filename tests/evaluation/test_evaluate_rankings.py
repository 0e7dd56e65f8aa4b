"""Lists are made once, in batches, and kept when a run is interrupted."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.core.errors import BadInputError
from crsdemo.core.recommender import Provenance, Recommendation
from crsdemo.evaluation import rankings as evaluate_rankings
from crsdemo.evaluation.rankings import BATCH, Request, State, ranked, run_key
from crsdemo.language.corpus import CorpusDialogue
from crsdemo.recommenders.popularity import Popularity

CATALOG = Catalog(tuple(Item(f"f{n}", f"T{n}", popularity=9 - n) for n in range(5)))
SPEAKER = Provenance("popularity")


@dataclass(frozen=True)
class Counting(Popularity):
    """Counts what it ranks, and breaks down when it is told to."""

    asked: list[str] = field(default_factory=list)
    breaks_after: int = 10_000

    def recommend(
        self, dialogue: Dialogue, k: int, *, exclude: frozenset[str] = frozenset()
    ) -> list[Recommendation]:
        if len(self.asked) >= self.breaks_after:
            raise KeyboardInterrupt
        self.asked.append(dialogue.turns[-1].text)
        return super().recommend(dialogue, k, exclude=exclude)


def request(n: int, *hidden: str) -> Request:
    return Request(Dialogue((Turn("user", "x" * n),)), frozenset(hidden))


def test_a_list_is_made_once_and_short_contexts_come_first(tmp_path: Path) -> None:
    recommender = Counting(CATALOG)
    requests = [request(3), request(1), request(3), request(3, "f0")]
    found = ranked(recommender, requests, 2, State(tmp_path / "state", "key"))
    assert recommender.asked == ["x", "xxx", "xxx"]
    assert found == {requests[1]: ("f0", "f1"), request(3): ("f0", "f1"),
                     request(3, "f0"): ("f1", "f2")}  # fmt: skip


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    requests = [request(n) for n in range(1, 3 * BATCH)]
    state = State(tmp_path / "deep" / "state", "key")
    broken = Counting(CATALOG, breaks_after=2 * BATCH + 3)
    with pytest.raises(KeyboardInterrupt):
        ranked(broken, requests, 3, state)
    with state.path.open("a") as file:
        file.write('["f0", "f')  # cut off while it was written
    again = Counting(CATALOG)
    found = ranked(again, requests, 3, state)
    assert len(again.asked) == len(requests) - 2 * BATCH
    assert found == ranked(Popularity(CATALOG), requests, 3, State(tmp_path / "other", "key"))
    state.done()
    assert not state.path.exists()


def test_lists_of_another_run_are_never_taken(tmp_path: Path) -> None:
    path = tmp_path / "state"
    ranked(Popularity(CATALOG), [request(1)], 3, State(path, "one"))
    with pytest.raises(BadInputError, match="holds lists of another run"):
        ranked(Popularity(CATALOG), [request(1)], 3, State(path, "other"))


def test_the_key_of_a_run_is_of_all_that_lists_rest_on(tmp_path: Path) -> None:
    dialogues = [CorpusDialogue("1", Dialogue((Turn("user", "hello"),)))]
    (tmp_path / "weights").write_text("1")
    key = run_key(SPEAKER, dialogues, "ours", [tmp_path])
    assert key == run_key(SPEAKER, dialogues, "ours", [tmp_path])
    others = {
        run_key(replace(SPEAKER, adapter_sha256="x"), dialogues, "ours", [tmp_path]),
        run_key(SPEAKER, dialogues * 2, "ours", [tmp_path]),
        run_key(SPEAKER, dialogues, "he", [tmp_path]),
    }
    (tmp_path / "weights").write_text("2")
    others.add(run_key(SPEAKER, dialogues, "ours", [tmp_path]))
    assert len(others - {key}) == 4


def test_the_key_of_a_run_is_of_the_code_of_all_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate_rankings, "__file__", str(tmp_path / "evaluation" / "rankings.py"))
    code = tmp_path / "recommenders" / "gcrs.py"
    code.parent.mkdir()
    code.write_text("1")
    key = run_key(SPEAKER, [], "ours")
    assert key == run_key(SPEAKER, [], "ours")
    code.write_text("2")
    assert key != run_key(SPEAKER, [], "ours")
