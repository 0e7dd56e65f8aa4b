"""Whoever knows an id of another's talk, from an export say, can write nothing into it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from judged import Study, last, study
from stand_in import CATALOG, FILMS, NoLinker

from crsdemo.chat.exchange import Exchange
from crsdemo.core.comparison import Judgment, Series
from crsdemo.core.conversation import Conversation, ItemMark
from crsdemo.core.errors import RefusedError
from crsdemo.core.recommender import Plan
from crsdemo.feedback.outbox import Outbox, Picked


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Study]:
    made = study(tmp_path)
    yield made
    made.log.close()


def counts(lab: Study) -> dict[str, int]:
    """Rows of all tables."""
    with sqlite3.connect(lab.log.path) as db:
        names = db.execute("select name from sqlite_master where type = 'table'").fetchall()
        return {name: db.execute(f"select count(*) from {name}").fetchone()[0] for (name,) in names}


def refused(lab: Study, *deeds: Callable[[], object]) -> None:
    """Each in words, and nothing is left of it: not even who tried."""
    before = counts(lab)
    for deed in deeds:
        with pytest.raises(RefusedError, match="not yours.*reload the page"):
            deed()
        assert counts(lab) == before
    assert Outbox(lab.log).n_waiting() == 0


def test_nobody_says_anything_in_a_dialogue_of_another(lab: Study) -> None:
    talk = lab.talked("owner", "a western")
    exchange = Exchange(lab.scribes[0], NoLinker(), lab.log)
    posing = replace(talk, visitor="thief")
    empty = Conversation(talk.id, "thief")
    refused(
        lab,
        lambda: next(exchange.say(posing, "my words")),
        lambda: next(exchange.say(empty, "my words")),
        lambda: next(exchange.say(empty, "my words", Plan(), "click")),
        lambda: next(exchange.regenerate(posing)),
    )
    assert list(exchange.say(talk, "and another"))


@pytest.mark.parametrize("policy", ["own", "shared"])
def test_nobody_goes_on_with_a_series_of_another(lab: Study, policy: Any) -> None:
    series = lab.judged(lab.start("owner", policy), "a western", "left")
    names = (lab.scribes[0].name, lab.scribes[1].name)
    dialogues = {last(series).side(side).heard.id for side in ("left", "right")}
    talk = lab.talked("owner", "elsewhere")
    refused(
        lab,
        *(
            lambda name=name: next(lab.pair.say(Series(name, "thief", policy), "mine", names))
            for name in (*dialogues, talk.id)
        ),
    )
    mine = lab.judged(lab.start("thief", "own"), "mine", "left")
    right = last(mine).right
    stolen = replace(right, heard=replace(right.heard, id=talk.id))
    refused(
        lab,
        lambda: next(
            lab.pair.say(
                replace(mine, comparisons=(replace(last(mine), right=stolen),)), "mine", names
            )
        ),
    )
    lab.judged(series, "and another", "right")


def test_nobody_thinks_anything_of_replies_to_another(lab: Study) -> None:
    talk, series = lab.talked("owner", "a western"), lab.judged(lab.start("owner"), "hi", "left")
    exchange = Exchange(lab.scribes[0], NoLinker(), lab.log)
    shown = last(series)
    for reply in (talk.turns[-1].id, shown.left.reply.id, shown.right.reply.id):
        mark = ItemMark(reply, FILMS[0].id, "want")
        refused(
            lab,
            partial(exchange.rate, reply, "thief", {"thumbs": -1}),
            partial(exchange.rate, reply, "thief", {"thumbs": None}),
            partial(exchange.mark, "thief", mark),
            partial(exchange.mark, "thief", mark, on=False),
            partial(lab.pair.mark, "thief", mark),
        )
        exchange.rate(reply, "owner", {"thumbs": 1})
        exchange.mark("owner", mark)


def test_nobody_marks_what_a_reply_does_not_name(lab: Study) -> None:
    """Or a list of what is wanted would grow without end, of things that nobody recommended."""
    reply = lab.talked("owner", "a western").turns[-1].id
    shown = last(lab.judged(lab.start("owner"), "hi"))
    before = counts(lab)
    for of in (reply, shown.left.reply.id):
        for item in ("=HYPERLINK()", FILMS[-1].id, "x" * 200):
            for kind in ("want", "seen", "up"):
                with pytest.raises(RefusedError, match="does not name"):
                    lab.log.record_mark("owner", ItemMark(of, item, kind))
    assert counts(lab) == before
    lab.log.record_mark("owner", ItemMark(reply, FILMS[0].id, "want"))


def test_sixty_made_up_names_have_no_vote_on_the_comparison_of_another(lab: Study) -> None:
    shown = last(lab.judged(lab.start("owner"), "a western"))
    refused(
        lab,
        *(lambda n=n: lab.pair.judge(shown.id, f"name {n}", Judgment("left")) for n in range(60)),
        lambda: lab.pair.pick(shown.id, "thief", "left"),
        lambda: lab.pair.judge("no such comparison", "thief", Judgment("left")),
    )
    lab.pair.judge(shown.id, "owner", Judgment("left"))
    lab.pair.pick(shown.id, "owner", "right")
    assert counts(lab)["verdicts"] == counts(lab)["picks"] == 1


def test_whoever_has_seen_the_names_changes_nothing_any_more(lab: Study) -> None:
    series = lab.judged(lab.start("v"), "a western")
    made, record = last(series), lab.pair.comparisons
    reply = made.right.reply.id
    mark = ItemMark(reply, FILMS[0].id, "want")
    lab.log.record_mark("v", mark)
    record.record_verdict(made.id, "v", Judgment("same"))
    record.record_pick(made.id, "v", "left")
    record.record_verdict(made.id, "v", Judgment("same", details={"finished": True}))
    before = counts(lab)
    deeds: tuple[Callable[[], object], ...] = (
        lambda: lab.log.record_mark("v", mark, on=False),
        lambda: lab.log.record_rating(reply, "v", "thumbs", 1),
        lambda: record.record_pick(made.id, "v", "right"),
        lambda: record.record_verdict(made.id, "v", Judgment("left")),
    )
    for deed in deeds:
        with pytest.raises(RefusedError, match="have seen who answered"):
            deed()
    assert counts(lab) == before
    other = last(lab.judged(series, "and another"))
    lab.log.record_mark("v", ItemMark(other.left.reply.id, FILMS[1].id, "want"))
    record.record_pick(other.id, "v", "left")


@pytest.mark.parametrize(("series", "was_seen"), [("open", True), ("blind-open", False)])
def test_nothing_that_was_seen_with_names_is_kept_as_judged_blind(
    lab: Study, series: str, was_seen: bool
) -> None:
    """Whichever page says so."""
    made = last(lab.judged(Series(series, "v", "shared"), "a western"))
    details = {"names_shown": False, "strength": 1, "more_names_shown": False}
    lab.pair.judge(made.id, "v", Judgment("left", details=details))
    lab.pair.judge(made.id, "v", Judgment("left", details=details | {"strength": 2}))
    kept = lab.pair.comparisons.judgment(made.id, "v")
    assert kept and kept.details["strength"] == 2
    assert kept.details["names_shown"] is kept.details["more_names_shown"] is was_seen


def test_what_waits_of_a_thief_is_set_apart_and_an_old_pick_is_its_owners(lab: Study) -> None:
    """Picks of before November 2026 do not say whose they are."""
    series = lab.judged(lab.start("owner"), "a western", "both_good")
    outbox, name = Outbox(lab.log), last(series).id
    old = f'{{"kind": "Picked", "comparison_id": "{name}", "side": "left"}}\n'
    theirs = old.replace('"side"', '"visitor": "thief", "side"')
    outbox.path.write_text(old + theirs)
    assert outbox.drain() == 1 and outbox.n_damaged() == 1
    assert counts(lab)["picks"] == 1
    outbox.submit(Picked(name, "owner", "right"))
    assert last(lab.seen(series)).picked == "right"
    assert lab.pair.comparisons.restore(series.id, CATALOG)
