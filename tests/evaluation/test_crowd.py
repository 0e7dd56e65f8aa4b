"""Raters with known tastes vote as they like, through the code of the page, and say so."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from judged import Scribe, Study, study
from stand_in import CATALOG, FILMS, StandIns

from crsdemo.__main__ import main
from crsdemo.core.comparison import Answer, Comparison
from crsdemo.core.conversation import Conversation, LoggedTurn
from crsdemo.core.dialogue import Dialogue
from crsdemo.core.errors import BadInputError, RefusedError
from crsdemo.core.recommender import Plan, Reply
from crsdemo.evaluation.crowd import Crowd, CrowdConfig, Taste, simulate
from crsdemo.feedback.judgments import JudgedPair, reading_judgments
from crsdemo.feedback.log import FeedbackLog

TWO = StandIns((Scribe(name="red", pause=0), Scribe(name="blue", pause=0)))
HORROR = next(film for film in FILMS if "horror" in film.genres)
DRAMA = next(film for film in FILMS if "drama" in film.genres)


@pytest.fixture
def config(tmp_path: Path) -> CrowdConfig:
    CATALOG.save(tmp_path / "catalog")
    return made(tmp_path)


def made(folder: Path, **options: Any) -> CrowdConfig:
    known: dict[str, Any] = {
        "recommenders": "red,blue",
        "raters": 3,
        "votes": 5,
        "catalog": folder / "catalog",
    }
    return CrowdConfig(db=folder / "scratch.db", **known | options)


def pairs(db: Path) -> list[JudgedPair]:
    with reading_judgments(db) as log:
        return list(log.pairs())


def told(*replies: tuple[Any, str]) -> Comparison:
    heard = Conversation("d", "v")
    left, right = (
        Answer("x", heard, LoggedTurn(name, reply.turn(), reply))
        for name, (item, text) in zip("ab", replies, strict=True)
        for reply in [Reply((text,), "REC", item)]
    )
    return Comparison("c", "shared", 0, left, right)


def verdicts(comparison: Comparison, config: CrowdConfig, n: int = 200) -> Counter[str]:
    crowd = Crowd(config, CATALOG)
    return Counter(crowd.rater(number).judgment(comparison).verdict for number in range(n))


def test_what_is_liked_wins_in_either_place(tmp_path: Path) -> None:
    sure = made(tmp_path, genres="horror", agree=1.0, noise=0.0, left=0.0)
    assert verdicts(told((HORROR, "a b"), (DRAMA, "a c")), sure) == {"left": 200}
    assert verdicts(told((DRAMA, "a b"), (HORROR, "a c")), sure) == {"right": 200}
    assert verdicts(told((HORROR, "a b"), (HORROR, "c d")), sure) == {"both_good": 200}
    assert verdicts(told((DRAMA, "a b"), (DRAMA, "c d")), sure) == {"both_bad": 200}
    assert verdicts(told((DRAMA, "a b"), (DRAMA, "a b")), sure) == {"same": 200}


def test_short_replies_win_if_they_are_liked(tmp_path: Path) -> None:
    two = told((DRAMA, "word " * 30), (DRAMA, "short"))
    options: dict[str, Any] = {"genres": "horror", "agree": 1.0, "noise": 0.0, "left": 0.0}
    assert verdicts(two, made(tmp_path, shorter=1.0, **options)) == {"right": 200}
    assert verdicts(two, made(tmp_path, shorter=0.0, **options)) == {"both_bad": 200}


def test_they_slip_lean_and_do_not_all_agree(tmp_path: Path) -> None:
    better = told((DRAMA, "a"), (HORROR, "b"))
    noisy = verdicts(better, made(tmp_path, genres="horror", agree=1.0, noise=0.5, left=0.0))
    assert 0.6 < noisy["right"] / 200 < 0.95 and noisy["left"] > 0
    leaning = verdicts(better, made(tmp_path, genres="horror", agree=1.0, noise=0.0, left=2.0))
    assert leaning == {"left": 200}
    own = verdicts(better, made(tmp_path, genres="horror", agree=0.0, noise=0.0, left=0.0))
    assert own["left"] > 20


def test_decades_count_too() -> None:
    taste = Taste(frozenset({"horror"}), 1980)
    assert [taste.fits(item) for item in (HORROR, DRAMA, None)] == [1.0, 0.0, 0.0]
    assert Taste(frozenset(), 1980).fits(HORROR) == 1.0 and Taste(frozenset()).fits(HORROR) == 0.0


def test_they_go_through_the_page_s_code_and_say_that_they_are_simulated(
    config: CrowdConfig,
) -> None:
    counts = simulate(config, TWO)
    found = pairs(config.db)
    assert counts.total() == len(found) == 15
    assert Counter(pair.visitor for pair in found) == {f"simulated-0-{n}": 5 for n in range(3)}
    assert all(pair.details["simulated"] is True for pair in found)
    assert all(pair.same_context and pair.policy == "shared" for pair in found)
    assert {pair.left.recommender for pair in found} == {"red", "blue"}, "sides are drawn"
    assert max(len(pair.left.heard) for pair in found) == 3, "a conversation has two messages"
    assert any(reply.marks for pair in found for reply in pair.replies)


def test_the_sides_are_balanced_for_they_lean_to_the_left(config: CrowdConfig) -> None:
    """Also where it was interrupted, and among three."""
    for raters in (1, 2, 3, 4):
        simulate(made(config.db.parent, raters=raters), TWO)
        stood = Counter(pair.left.recommender for pair in pairs(config.db))
        assert stood.total() == 5 * raters and abs(stood["red"] - stood["blue"]) <= 1
    three = StandIns((*TWO.recommenders, Scribe(name="green", pause=0)))
    db = config.db.with_name("three.db")
    systems = "red,blue,green"
    simulate(
        CrowdConfig(db=db, recommenders=systems, raters=3, votes=4, catalog=config.catalog), three
    )
    stood_so = Counter((pair.left.recommender, pair.right.recommender) for pair in pairs(db))
    assert set(stood_so.values()) == {2} and len(stood_so) == 6


def test_results_say_first_that_votes_are_simulated(
    config: CrowdConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    simulate(config, TWO)
    assert main(["results", "--db", str(config.db)]) == 0
    assert capsys.readouterr().out.startswith("All votes are SIMULATED: given by a program")
    lab = study(config.db.parent)
    lab.judged(lab.start("ann"), "a western", "left")
    lab.log.close()
    assert main(["results", "--db", str(lab.log.path)]) == 0
    assert "All votes are SIMULATED" not in capsys.readouterr().out


def test_what_is_exported_of_a_simulation_says_so(
    config: CrowdConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    simulate(config, TWO)
    out = config.db.parent / "pairs"
    assert main(["export", "--db", str(config.db), "--format", "dpo", "--out", str(out)]) == 0
    assert " SIMULATED -> " in capsys.readouterr().out
    assert json.loads((out / "manifest.json").read_text())["simulated"] is True


def test_an_interrupted_simulation_goes_on(
    config: CrowdConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulate(made(config.db.parent, raters=2), TWO)
    assert simulate(config, TWO).total() == 5
    assert simulate(config, TWO).total() == 0
    assert len(pairs(config.db)) == 15
    simulate(made(config.db.parent, votes=7), TWO)
    texts = Counter((p.visitor, p.left.heard[0].text, p.left.heard[-1].text)
                    for p in pairs(config.db))  # fmt: skip
    assert texts.total() == 21 and len(texts) > 18, "nothing is said once more"


def test_a_log_of_people_is_refused_and_stays_as_it_is(
    config: CrowdConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    lab = study(config.db.parent)
    lab.judged(lab.start("ann"), "a western", "left")
    lab.log.close()
    with sqlite3.connect(lab.log.path) as db:
        before = list(db.iterdump())
    options = ["--catalog", str(config.catalog), "--recommenders", "popularity"]
    assert main(["simulate-votes", "--db", str(lab.log.path), *options]) == 2
    assert "holds what 1 people said" in capsys.readouterr().err
    with sqlite3.connect(lab.log.path) as db:
        assert list(db.iterdump()) == before


def test_nobody_votes_in_a_log_of_a_simulation(config: CrowdConfig) -> None:
    """Whoever opens the app on it may look at the results, and nothing more."""
    simulate(config, TWO)
    log = FeedbackLog(config.db)
    before = len(pairs(config.db))
    with pytest.raises(RefusedError, match="votes of a simulation"):
        lab = Study(log)
        lab.judged(lab.start("ann"), "a western", "left")
    assert len(pairs(config.db)) == before
    log.close()


def test_a_simulation_does_not_vote_among_people_who_came_meanwhile(config: CrowdConfig) -> None:
    lab = study(config.db.parent)
    lab.judged(lab.start("ann"), "a western", "left")
    with pytest.raises(RefusedError, match="votes of people"):
        lab.judged(lab.start("simulated-0-1"), "a western", "left")
    lab.log.close()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"genres": "polka"}, "no film is 'polka'"), ({"raters": 0}, "--raters is 1 or more"),
     ({"recommenders": " , "}, "names nobody"),
     ({"agree": 2.0}, "--agree is a share"), ({"recommenders": "nobody"}, "no recommender")],
)  # fmt: skip
def test_wrong_flags_say_what_there_is(
    config: CrowdConfig, wrong: dict[str, Any], said: str
) -> None:
    with pytest.raises(BadInputError, match=said):
        simulate(made(config.db.parent, **wrong), TWO)


def test_a_reply_that_fails_ends_it_and_says_why(config: CrowdConfig) -> None:
    class Broken(Scribe):
        def stream(self, dialogue: Dialogue, plan: Plan = Plan()) -> Iterator[Reply]:
            raise RuntimeError("no weights")

    with pytest.raises(BadInputError, match="no weights"):
        simulate(config, StandIns((Broken(name="red"), Broken(name="blue"))))
