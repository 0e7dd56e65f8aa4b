"""A visitor finds their own talks and the films they want, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from stand_in import CATALOG, FILMS, NoLinker, StandIn, StandIns

from crsdemo.chat.exchange import Exchange
from crsdemo.chat.side_by_side import SideBySide
from crsdemo.core.catalog import Catalog
from crsdemo.core.conversation import ItemMark
from crsdemo.feedback import visits
from crsdemo.feedback.log import FeedbackLog
from crsdemo.feedback.visits import MAX_WORDS, past_talks, wanted


@pytest.fixture
def log(tmp_path: Path) -> Iterator[FeedbackLog]:
    log = FeedbackLog(tmp_path / "feedback.db")
    yield log
    log.close()


def test_own_talks_newest_first_with_how_they_began(log: FeedbackLog) -> None:
    exchange = Exchange(StandIn(0), NoLinker(), log)
    *_, first = exchange.say(exchange.start("v"), "a  quiet\nfilm " + "of the sea " * 20)
    *_, second = exchange.say(exchange.start("v"), "a western")
    [*exchange.say(exchange.start("another"), "not mine")]
    pair = SideBySide(StandIns((StandIn(0, "red"), StandIn(0, "blue"))), NoLinker(), log)
    [*pair.say(pair.start("v", "own"), "compared", ("red", "blue"))]
    [*pair.say(pair.start("v", "shared"), "compared", ("red", "blue"))]
    assert [talk.id for talk in past_talks(log, "v")] == [second.id, first.id]
    [*exchange.say(first, "and another")]
    newest, other = past_talks(log, "v")
    assert (newest.id, newest.n_messages, other.n_messages) == (first.id, 2, 1)
    assert newest.words.startswith("a quiet film of the sea") and len(newest.words) <= MAX_WORDS
    exchange.undo(second)
    assert [talk.id for talk in past_talks(log, "v")] == [first.id]
    assert past_talks(log, "nobody") == ()


def test_a_message_in_other_words_is_listed_once_in_these(log: FeedbackLog) -> None:
    exchange = Exchange(StandIn(0), NoLinker(), log)
    *_, talk = exchange.say(exchange.start("v"), "a quiet film")
    *_, anew = exchange.say_instead(talk, "a loud film")
    *_, again = exchange.say_instead(anew, "a western")
    *_, on = exchange.say(again, "and another")
    [*exchange.say_instead(on, "and one more")]
    (found,) = past_talks(log, "v")
    assert (found.words, found.n_messages) == ("a western", 2)
    exchange.undo(exchange.undo(on))
    assert past_talks(log, "v") == ()


def test_what_is_wanted_each_once_and_as_long_as_it_is(
    log: FeedbackLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange = Exchange(StandIn(0), NoLinker(), log)
    *_, first = exchange.say(exchange.start("v"), "three films")
    *_, second = exchange.say(exchange.start("v"), "three films")
    one, other = first.turns[-1].id, second.turns[-1].id
    for reply, film in ((one, FILMS[2]), (one, FILMS[0]), (other, FILMS[2])):
        exchange.mark("v", ItemMark(reply, film.id, "want"))
    exchange.mark("v", ItemMark(one, FILMS[1].id, "seen"))
    assert wanted(log, "v", CATALOG) == (FILMS[2], FILMS[0])
    exchange.mark("v", ItemMark(one, FILMS[0].id, "want"), on=False)
    assert wanted(log, "v", CATALOG) == (FILMS[2],)
    assert wanted(log, "another", CATALOG) == ()
    for film in FILMS[:3]:
        exchange.mark("v", ItemMark(one, film.id, "want"))
    monkeypatch.setattr(visits, "MOST_WANTED", 2)
    assert wanted(log, "v", CATALOG) == (FILMS[0], FILMS[1]), "the newest"
    for film in (FILMS[1], FILMS[0]):
        exchange.mark("v", ItemMark(one, film.id, "want"), on=False)
    gone = wanted(log, "v", Catalog(FILMS[:1]))
    assert [film.id for film in gone] == [FILMS[2].id]
