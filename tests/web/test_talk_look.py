"""Which turn of a conversation is the reply that grows, while it has no words and no name."""

from __future__ import annotations

from crsdemo.core.conversation import LoggedTurn
from crsdemo.core.dialogue import Turn
from crsdemo.web.talk.screen import Look


def test_a_reply_that_was_stopped_before_its_first_word_is_the_one_that_grew() -> None:
    wordless = LoggedTurn("r", Turn("assistant", ""), None, "stopped")
    asked = LoggedTurn("u", Turn("user", "a western"))
    waiting = Look({}, None, {}, "")
    assert waiting.means(wordless) and not waiting.means(asked)
    growing = Look({}, None, {}, "r")
    assert growing.means(wordless) and not growing.means(LoggedTurn("s", Turn("assistant", "x")))
