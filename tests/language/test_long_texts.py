"""Whatever somebody types is read at once: no pattern's work explodes with the length of a text."""

from __future__ import annotations

import signal
from collections.abc import Callable
from functools import partial
from types import FrameType

import pytest
from films import CATALOG

from crsdemo.core.conversation import MAX_TYPED
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.core.traced import Traced
from crsdemo.language import (
    asked_facts,
    distress,
    limits,
    open_wish,
    pronouns,
    refusals,
    typed_words,
    wish_words,
)
from crsdemo.language.mentions import MentionLinker
from crsdemo.language.people import PeopleLinker
from crsdemo.language.themes import Themes
from crsdemo.recommenders.hearing import Hearing

# Seconds of this process alone. Most need less than a tenth of one and a pattern that explodes
# needs hours: between the two there is room for a machine that is busy with other things.
MOST = 30.0
HEARING, LINKER, PEOPLE, THEMES = (
    Hearing(CATALOG), MentionLinker(CATALOG), PeopleLinker(CATALOG), Themes(CATALOG),
)  # fmt: skip
MEANT = pronouns.Meant("Al Pacino", "Michael Mann", "Al Pacino", {"director": "Michael Mann"})
READERS: dict[str, Callable[[str], object]] = {
    "asks_story": asked_facts.asks_story,
    "asked_facts": partial(asked_facts.asked_facts, domain=CATALOG.domain),
    "is_in_distress": distress.is_in_distress,
    "limits_set": lambda text: list(limits.limits_set(text)),
    "asks_for_several": open_wish.asks_for_several,
    "asks_for_one": open_wish.asks_for_one,
    "asks_for_another": open_wish.asks_for_another,
    "likes": open_wish.likes,
    "with_names": partial(pronouns.with_names, meant=MEANT),
    "refusals": refusals.refusals,
    "wanted": refusals.wanted,
    "wanted_again": refusals.wanted_again,
    "tokens_of": typed_words.tokens_of,
    "years_limit": partial(wish_words.years_limit, newest=2020),
    "decades_in": wish_words.decades_in,
    "decades_refused": partial(wish_words.decades_refused, before="nothing from "),
    "not_needed": wish_words.not_needed,
    "years_in": wish_words.years_in,
    "genres_named": partial(wish_words.genres_named, genres=CATALOG.genres),
    "genres_refused_at": partial(wish_words.genres_refused_at, genres=CATALOG.genres),
    "link_people": PEOPLE.link_people,
    "asked_for": PEOPLE.asked_for,
    "themes named": THEMES.named,
    "themes refused": THEMES.refused,
    "without_tags": lambda text: THEMES.without_tags(Traced.of(text)),
    "mended": HEARING.named.mended,
    "link": LINKER.link,
    "understood": lambda text: HEARING.understood(Dialogue((Turn("user", text),))),
}
BEFORE = ("", "i hate ", "no ", "what ", "not the ")
AGAIN = (
    "westerns, musicals, horror, dramas, comedies, ", "a, ", "not a ", "ands ", "and ", "or ",
    "horror and ", "horror or ", "(", "()", '"', "'", "a'", "a", "a ", "A", "1", "19 ", "1990 ",
    "1.1", " ", "\n", "-", "a-", ".", "?", ",", ", ", "is not ", "i don't like ", "too so ",
    "from the last ", "anything unless it's ", "horror no ", "enough. ", "scare easily ",
    "映", "é", "the film with the man ", "what is ", "keep a ", "i saw ",
    "is it ", "it is ", "no i mean ", "the 80s ", "we have been ", "have not ", "van ",
)  # fmt: skip


def too_long(signum: int, frame: FrameType | None) -> None:
    raise AssertionError(f"more than {MOST} seconds")


@pytest.mark.parametrize("reader", READERS)
def test_long_texts_are_read_at_once(reader: str) -> None:
    read, text = READERS[reader], ""
    read("no horror")  # tables are read once
    before = signal.signal(signal.SIGVTALRM, too_long)
    try:
        for text in [
            (first + again * MAX_TYPED)[:MAX_TYPED] for first in BEFORE for again in AGAIN
        ]:
            signal.setitimer(signal.ITIMER_VIRTUAL, MOST)
            read(text)
    except AssertionError as error:
        raise AssertionError(f"{error} for {text[:50]!r} and so on") from None
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
