"""Whoever answers: distress gets one fixed reply, and an open wish more than one film."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from stand_in import CATALOG, FILMS, NoLinker, StandIn, StandIns

from crsdemo.chat.exchange import Exchange
from crsdemo.chat.replies import CARE, replies
from crsdemo.chat.side_by_side import SideBySide
from crsdemo.core.comparison import Comparison, Judgment
from crsdemo.core.conversation import Conversation, ItemKind, ItemMark
from crsdemo.core.dialogue import Dialogue, Mention, Turn
from crsdemo.core.errors import RefusedError
from crsdemo.core.recommender import Plan, Reply
from crsdemo.core.reply_json import as_json
from crsdemo.export.examples import Excluded, Reason, dpo, kto
from crsdemo.feedback.judgments import JudgedPair, reading_judgments
from crsdemo.feedback.log import FeedbackLog
from crsdemo.feedback.votes import load_votes

FIRST_SAID = Turn("assistant", FILMS[0].name, (Mention(0, len(FILMS[0].name), FILMS[0].id),))
SAD = "i dont want to live anymore"


@pytest.fixture
def log(tmp_path: Path) -> Iterator[FeedbackLog]:
    log = FeedbackLog(tmp_path / "feedback.db")
    yield log
    log.close()


@pytest.fixture
def exchange(log: FeedbackLog) -> Exchange:
    return Exchange(StandIn(0), NoLinker(), log)


def said(exchange: Exchange, text: str, after: Conversation | None = None) -> Conversation:
    *_, last = exchange.say(after or exchange.start("v"), text)
    return last


def compared(log: FeedbackLog, text: str) -> Comparison:
    pair = SideBySide(StandIns((StandIn(0, "red"), StandIn(0, "blue"))), NoLinker(), log)
    *_, last = pair.say(pair.start("v", "own"), text, ("red", "blue"))
    return last


def judged(log: FeedbackLog) -> list[JudgedPair]:
    with reading_judgments(log.path) as reader:
        return list(reader.pairs())


def test_whoever_is_in_distress_gets_the_fixed_reply(exchange: Exchange, log: FeedbackLog) -> None:
    talk = said(exchange, SAD)
    reply = talk.turns[-1].reply
    assert reply and reply.text == CARE and "findahelpline.com" in CARE and "emergency" in CARE
    assert (reply.mode, reply.item, reply.also) == ("CHAT", None, ())
    assert reply.evidence.is_fixed and as_json(reply)["is_fixed"]
    restored = log.restore(talk.id, CATALOG)
    assert restored and restored.conversation.turns[-1].reply == reply
    *_, again = exchange.regenerate(talk)
    assert again.turns[-1].turn.text == CARE


def test_the_talk_goes_on_after_it(exchange: Exchange) -> None:
    talk = said(exchange, "thank you. a comedy please", said(exchange, SAD))
    reply = talk.turns[-1].reply
    assert reply and reply.item and not reply.evidence.is_fixed


def test_side_by_side_both_say_it_and_nobody_can_vote(log: FeedbackLog) -> None:
    comparison = compared(log, SAD)
    assert [s.reply.turn.text for s in (comparison.left, comparison.right)] == [CARE, CARE]
    assert comparison.is_settled and not comparison.can_be_judged
    assert compared(log, "a comedy").can_be_judged
    pair = SideBySide(StandIns(()), NoLinker(), log)
    with pytest.raises(RefusedError, match="nothing to judge"):
        pair.judge(comparison.id, "v", Judgment("left"))


def test_a_fixed_reply_is_no_example_and_no_vote(exchange: Exchange, log: FeedbackLog) -> None:
    talk = said(exchange, SAD)
    exchange.rate(talk.turns[-1].id, "v", {"thumbs": 1})
    with reading_judgments(log.path) as reader:
        (opinion,) = reader.opinions()
    (considered,) = kto(opinion, "messages", winners=True)
    assert considered == Excluded(opinion, Reason.FIXED)
    one, other = compared(log, SAD), compared(log, "a comedy")
    with sqlite3.connect(log.path) as db:  # as an older version let one
        for comparison in (one, other):
            db.execute(
                "insert into verdicts (comparison_id, visitor, verdict, revision, details, layout, "
                "app_version) values (?, 'v', 'left', 1, '{}', 'side_by_side', '0')",
                [comparison.id],
            )
    assert [vote.task for vote in load_votes(log.file)] == [other.id]
    first, second = judged(log)
    assert dpo(first, "messages") == Excluded(first, Reason.FIXED)
    assert dpo(second, "messages") == Excluded(second, Reason.SAME_REPLY)


def test_who_asks_for_several_is_offered_three(exchange: Exchange, log: FeedbackLog) -> None:
    talk = said(exchange, "show me a few options")
    reply = talk.turns[-1].reply
    assert reply and reply.item == FILMS[0] and reply.also == FILMS[1:3]
    restored = log.restore(talk.id, CATALOG)
    kept = restored and restored.conversation.turns[-1].reply
    assert kept and kept.also == reply.also
    assert [one["id"] for one in as_json(reply)["also"]] == [film.id for film in FILMS[1:3]]
    one = said(exchange, "a quiet film").turns[-1].reply
    assert one and one.also == ()


def test_what_was_offered_is_not_offered_again(exchange: Exchange) -> None:
    talk = said(exchange, "show me more", said(exchange, "show me a few options"))
    first, second = (turn.reply for turn in talk.turns if turn.reply)
    assert first and second
    assert not {film.id for film in first.also} & {film.id for film in second.also}
    *_, again = exchange.regenerate(talk)
    third = again.turns[-1].reply
    assert third and not {f.id for f in third.also} & {f.id for f in (*first.also, *second.also)}


def test_side_by_side_each_offers_three(log: FeedbackLog) -> None:
    comparison = compared(log, "three films")
    for answer in (comparison.left, comparison.right):
        assert answer.reply.reply and len(answer.reply.reply.also) == 2


def test_talk_offers_nothing_beside_it(exchange: Exchange) -> None:
    reply = said(exchange, "thanks, show me more later").turns[-1].reply
    assert reply and reply.mode == "CHAT" and reply.also == ()


def test_a_film_is_good_or_bad_and_not_both(exchange: Exchange, log: FeedbackLog) -> None:
    talk = said(exchange, "three films")
    reply_id, film = talk.turns[-1].id, FILMS[1].id
    for kind in ("up", "want", "down", "not_for_me", "seen"):
        exchange.mark("v", ItemMark(reply_id, film, kind))
    restored = log.restore(talk.id, CATALOG)
    assert restored and {m.kind for m in restored.marks} == {"down", "not_for_me", "seen"}
    exchange.mark("v", ItemMark(reply_id, film, "want"))
    restored = log.restore(talk.id, CATALOG)
    assert restored and {m.kind for m in restored.marks} == {"down", "want", "seen"}


class Remembers(StandIn):
    """Keeps the plans that it was asked with."""

    plans: list[Plan]

    def stream(self, dialogue: Dialogue, plan: Plan = Plan()) -> Iterator[Reply]:
        self.plans = [*getattr(self, "plans", []), plan]
        return super().stream(dialogue, plan)


def test_what_was_marked_as_seen_or_not_wanted_is_avoided(log: FeedbackLog) -> None:
    asked = Remembers(0)
    exchange = Exchange(asked, NoLinker(), log)
    talk = said(exchange, "three films")
    films = [film.id for film in FILMS[:3]]
    kinds: tuple[ItemKind, ...] = ("seen", "not_for_me", "down")
    for film, kind in zip(films, kinds, strict=True):
        exchange.mark("v", ItemMark(talk.turns[-1].id, film, kind))
    said(exchange, "a western", talk)
    assert {*films} <= asked.plans[-1].avoid
    assert films[2] not in asked.plans[-1].avoid - talk.offered
    [*exchange.say(talk, "this one", Plan(item_id=films[0]))]
    assert films[0] not in asked.plans[-1].avoid, "it was asked for"
    *_, fresh = exchange.say(exchange.start("somebody else"), "a western")
    assert asked.plans[-1].avoid == frozenset()


def test_whoever_asks_for_several_is_recommended_one_first() -> None:
    asked, given = Remembers(0), Plan(item_id=FILMS[0].id)
    for text, plan in (("show me more", Plan()), ("why?", Plan()), ("a few options", given)):
        list(replies(Dialogue((Turn("user", text),)), plan, lambda: asked))
    assert asked.plans == [Plan(mode="REC"), Plan(), given]


def test_whoever_asks_for_something_is_recommended_it_unless_that_is_all_that_was_said() -> None:
    asked = Remembers(0)
    bare, again = Turn("user", "what should i watch?"), Turn("user", "no idea, surprise me")
    told, why = Turn("assistant", "Films are good."), Turn("user", "why?")
    robots = Turn("user", "can you recommend something with robots?")
    like = Turn("user", "recommend something like Paprika", (Mention(25, 32, FILMS[2].id),))
    for turns in ((bare,), (robots,), (like,), (bare, told, again), (why, told, bare), (why,)):
        list(replies(Dialogue(turns), Plan(), lambda: asked))
    assert [plan.mode for plan in asked.plans] == [None, "REC", "REC", "REC", "REC", None]


def test_whoever_knows_it_or_likes_what_is_new_is_recommended_something() -> None:
    asked = Remembers(0)
    begun = (Turn("user", "a film"), FIRST_SAID)
    seen, other = Turn("user", "seen it"), Turn("user", "something else please")
    new = Turn("user", "we loved Paprika", (Mention(9, 16, FILMS[2].id),))
    old = Turn("user", f"I love {FILMS[0].name}", (Mention(7, 11, FILMS[0].id),))
    asks = Turn("user", "did you like Paprika?", (Mention(13, 20, FILMS[2].id),))
    for turns in ((*begun, seen), (*begun, other), (*begun, new), (*begun, old), (*begun, asks)):
        list(replies(Dialogue(turns), Plan(), lambda: asked))
    no_film = (Turn("user", "hi"), Turn("assistant", "Hello."), seen)
    list(replies(Dialogue(no_film), Plan(), lambda: asked))
    assert [plan.mode for plan in asked.plans] == ["REC", "REC", "REC", None, None, None]


def test_no_is_about_the_film_unless_something_was_asked() -> None:
    asked, no = Remembers(0), Turn("user", "nope")
    begun = (Turn("user", "a film"), FIRST_SAID)
    text = f"{FIRST_SAID.text} Would that do?"
    asks = replace(FIRST_SAID, text=text)
    told = (*begun, Turn("user", "who is in it?"), Turn("assistant", "Two people."))
    for turns in ((*begun, no), (begun[0], asks, no), (*told, no), (no,)):
        list(replies(Dialogue(turns), Plan(), lambda: asked))
    assert [plan.mode for plan in asked.plans] == ["REC", None, None, None]
