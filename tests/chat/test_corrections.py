"""What was understood is taken back, and a message is said in other words; the log keeps all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from test_exchange import (
    CATALOG,
    Speller,
    TitleLinker,
    exchange,
    last,
    rows,
    texts,
    whole_reply,
)

from crsdemo.chat.exchange import Exchange
from crsdemo.core.conversation import Conversation
from crsdemo.core.dialogue import Dialogue
from crsdemo.core.errors import BadInputError, RefusedError
from crsdemo.core.recommender import Plan, Reply
from crsdemo.core.traced import Stretch
from crsdemo.export.examples import Example, kto
from crsdemo.feedback.file import connect
from crsdemo.feedback.judgments import reading_judgments
from crsdemo.feedback.log import FeedbackLog
from crsdemo.feedback.schema import APPLICATION_ID, MIGRATIONS


@pytest.fixture
def log(tmp_path: Path) -> Iterator[FeedbackLog]:
    log = FeedbackLog(tmp_path / "feedback.db")
    yield log
    log.close()


TEXT = "a sad drama, no horror"
HORROR = (Stretch(13, 22),)


def restored(talk: Exchange, conversation: Conversation) -> Conversation:
    found = talk.log.restore(conversation.id, CATALOG)
    assert found
    return found.conversation


def test_what_was_taken_back_is_not_heard_by_whoever_answers(log: FeedbackLog) -> None:
    speller = Speller()
    talk = exchange(log, speller)
    said = last(talk.say(talk.start("v"), TEXT))
    less = last(talk.take_back(said, said.turns[0].id, HORROR, is_on=True))
    heard, plan = speller.heard[-1]
    assert [turn.text for turn in heard.turns] == ["a sad drama, "]
    assert plan == Plan()
    assert len(less.turns) == 2 and less.turns[0].turn.text == TEXT
    assert restored(talk, less) == less
    assert restored(talk, less).turns[0].turn.unheard == HORROR

    more = last(talk.take_back(less, said.turns[0].id, HORROR, is_on=False))
    assert speller.heard[-1][0].turns[0].text == TEXT
    assert restored(talk, more) == more
    assert rows(log, "select start_at, end_at, is_on from taken_back") == [(13, 22, 1), (13, 22, 0)]
    assert rows(log, "select attempt from generations") == [(1,), (2,), (3,)]


def test_what_an_earlier_message_said_can_be_taken_back_and_the_last_one_is_answered(
    log: FeedbackLog,
) -> None:
    speller = Speller()
    talk = exchange(log, speller)
    said = last(talk.say(last(talk.say(talk.start("v"), TEXT)), "another one"))
    less = last(talk.take_back(said, said.turns[0].id, HORROR, is_on=True))
    assert len(less.turns) == 4
    assert [turn.text for turn in speller.heard[-1][0].turns][0::2] == [
        "a sad drama, ",
        "another one",
    ]
    last(talk.say(less, "and one more"))
    assert speller.heard[-1][0].turns[0].text == "a sad drama, "


def test_the_same_click_twice_is_one_change(log: FeedbackLog) -> None:
    talk = exchange(log)
    said = last(talk.say(talk.start("v"), TEXT))
    for _ in range(2):
        last(talk.take_back(said, said.turns[0].id, HORROR, is_on=True))
    assert rows(log, "select count(*) from taken_back") == [(1,)]


def test_nobody_takes_back_what_others_said_or_what_nobody_said(log: FeedbackLog) -> None:
    talk = exchange(log)
    said = last(talk.say(talk.start("v"), TEXT))
    stranger = Conversation(said.id, "w", said.turns)
    with pytest.raises(RefusedError):
        last(talk.take_back(stranger, said.turns[0].id, HORROR, is_on=True))
    for turn in ("unknown", said.turns[1].id):
        with pytest.raises(BadInputError):
            last(talk.take_back(said, turn, HORROR, is_on=True))
    with pytest.raises(BadInputError):
        last(talk.take_back(talk.start("v"), said.turns[0].id, HORROR, is_on=True))
    log.record_taken_back(said, said.turns[0].id, [Stretch(10, 1000)], is_on=True)
    assert rows(log, "select * from taken_back") == []


def test_an_export_has_what_each_reply_had_heard(log: FeedbackLog) -> None:
    talk = exchange(log)
    said = last(talk.say(talk.start("v"), TEXT))
    less = last(talk.take_back(said, said.turns[0].id, HORROR, is_on=True))
    for conversation in (said, less):
        log.record_rating(conversation.turns[-1].id, "v", "thumbs", 1)
    with reading_judgments(log.path) as judged:
        first, second = judged.opinions()
    assert [turn.unheard for turn in first.reply.heard] == [()]
    assert [turn.unheard for turn in second.reply.heard] == [HORROR]
    made = [one for of in (first, second) for one in kto(of, "messages", winners=False)]
    prompts = [one.columns["prompt"][-1]["content"] for one in made if isinstance(one, Example)]
    assert prompts == [TEXT, "a sad drama, "]


def test_a_message_can_be_said_in_other_words_and_the_log_keeps_both(log: FeedbackLog) -> None:
    speller = Speller()
    talk = exchange(log, speller)
    before = last(talk.say(talk.start("v"), "hello"))
    said = last(talk.say(before, "a sad darma"))
    anew = last(talk.say_instead(said, "a sad drama like Lighthouse Summer"))
    assert texts(anew)[::2] == ["hello", "a sad drama like Lighthouse Summer"]
    assert anew.turns[:2] == before.turns and anew.turns[2].turn.item_ids == ("f1",)
    assert restored(talk, anew) == anew
    assert rows(log, "select text from turns where speaker = 'user' order by number") == [
        ("hello",),
        ("a sad darma",),
        ("a sad drama like Lighthouse Summer",),
    ]
    replaced = "select b.text from turns t join turns b on t.replaces = b.id"
    assert rows(log, replaced) == [("a sad darma",)]
    assert "darma" not in " ".join(turn.text for turn in speller.heard[-1][0].turns)


def test_taking_back_a_message_takes_back_what_it_was_said_instead_of(log: FeedbackLog) -> None:
    talk = exchange(log)
    said = last(talk.say(talk.start("v"), "first words"))
    anew = last(talk.say_instead(last(talk.say_instead(said, "second")), "third"))
    talk.undo(anew)
    assert log.restore(said.id, CATALOG) is None
    assert rows(log, "select count(*) from turns where undone_at is null") == [(0,)]


def test_there_must_be_a_message_to_say_in_other_words(log: FeedbackLog) -> None:
    talk = exchange(log)
    with pytest.raises(BadInputError):
        last(talk.say_instead(talk.start("v"), "hello"))
    said = last(talk.say(talk.start("v"), "hello"))
    with pytest.raises(BadInputError):
        last(talk.say_instead(said, "  "))
    assert restored(talk, said) == said


@dataclass(frozen=True)
class Chatty(Speller):
    """Talks unless asked for a film, and does as the plan says."""

    def stream(self, dialogue: Dialogue, plan: Plan = Plan()) -> Iterator[Reply]:
        is_wish = plan.mode != "CHAT" and "film" in dialogue.turns[-1].text
        reply = whole_reply(("What about it?",), CATALOG[0])
        self.heard.append((dialogue, plan))
        yield reply if is_wish else Reply(("By me.",), "CHAT", None, reply.evidence)


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("who directed the film?", "CHAT"),
        ("why that film?", "CHAT"),
        ("thanks a lot", "CHAT"),
        ("another film", "REC"),
    ],
)
def test_a_question_that_is_answered_again_is_still_a_question(
    log: FeedbackLog, text: str, mode: str
) -> None:
    talk = exchange(log, Chatty())
    said = last(talk.say(last(talk.say(talk.start("v"), "a film like Lighthouse Summer")), text))
    for _ in range(2):
        said = last(talk.regenerate(said))
        answer = said.turns[-1].reply
    assert answer and answer.mode == mode


def test_a_database_from_before_corrections_still_opens(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    old = connect(path, 1, create=True)
    n = len(MIGRATIONS) - 1
    for migration in MIGRATIONS[:n]:
        migration(old)
    old.execute(f"pragma user_version = {n}")
    old.execute(f"pragma application_id = {APPLICATION_ID}")
    old.execute("insert into visitors (id, app_version) values ('v', '0.0.1')")
    old.execute("insert into dialogues (id, visitor) values ('d', 'v')")
    of = "(id, dialogue_id, position, speaker, text)"
    old.execute(f"insert into turns {of} values ('t', 'd', 0, 'user', ?)", [TEXT])
    old.close()
    log = FeedbackLog(path)
    talk = Exchange(Speller(), TitleLinker(), log)
    kept = log.restore("d", CATALOG)
    assert kept
    conversation = kept.conversation
    less = last(talk.take_back(conversation, "t", HORROR, is_on=True))
    assert less.turns[0].turn.unheard == HORROR
    assert restored(talk, less) == less
    log.close()
