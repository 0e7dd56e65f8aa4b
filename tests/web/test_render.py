"""The conversation as HTML: everything typed or generated shows as text, nothing else."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from stand_in import FILM, FILMS, StandIn

from crsdemo.core.catalog import Item
from crsdemo.core.conversation import LoggedTurn
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.core.recommender import Reply, reply
from crsdemo.web.shared import render
from crsdemo.web.shared.markup import duration, escape, hue, percent
from crsdemo.web.shared.render import Opinion

PARTS = render.PARTS.of(FILM)
NASTY = (
    "<script>alert(1)</script>",
    "<MODE=REC><BOI><a_12>",
    "\"><img src=x onerror='alert(1)'>",
    "{{value}} ${value} `${1}`",
    "a & b &lt; c",
)
VOID = {"img", "br", "input", "path"}


class Reader(HTMLParser):
    """What a browser would show, and which elements and handlers it would find."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def answered(text: str, **changes: Any) -> LoggedTurn:
    dialogue = Dialogue((Turn("user", text),))
    answer = reply(StandIn(), dialogue)
    return LoggedTurn("reply-1", answer.turn(), answer, **changes)


def shown(*turns: LoggedTurn, opinion: Opinion = Opinion(), selected: str | None = None) -> str:
    return render.conversation(turns, {"reply-1": opinion}, selected, domain=FILM)


@pytest.mark.parametrize("text", NASTY)
def test_markup_of_a_visitor_shows_as_it_was_typed(text: str) -> None:
    page = Reader(shown(LoggedTurn("said", Turn("user", text)), answered(text)))
    assert text in page.text
    assert "script" not in page.tags and "img" not in page.tags
    assert not page.open


@pytest.mark.parametrize("text", NASTY)
def test_markup_in_the_catalog_shows_as_text(text: str) -> None:
    item = Item(text, text, facts={"genres": (text,), "directors": (text,), text: (text,)})
    page = Reader(PARTS.card(item, "reply-1"))
    assert page.text.lower().count(text.lower()) >= 3
    assert "script" not in page.tags and "onerror" not in page.attributes


@pytest.mark.parametrize("text", NASTY)
def test_a_comment_comes_back_as_it_was_typed(text: str) -> None:
    opinion = Opinion({"thumbs": 1, "comment": text})
    page = shown(answered("hello"), opinion=opinion)
    assert f'value="{escape(text)}"' in page
    assert "script" not in Reader(page).tags


def test_a_link_that_is_no_web_address_is_left_out() -> None:
    item = Item("x", "X", links={"Bad": "javascript:alert(1)", "IMDb": "https://imdb.com/x"})
    card = PARTS.card(item)
    assert "javascript" not in card
    assert "https://imdb.com/x" in card


def test_a_title_is_bold_in_the_sentence_and_large_on_its_card() -> None:
    html = shown(answered("a film"))
    assert "<b><bdi>After Life (1998)</bdi></b>" in html
    assert '<bdi class="title">After Life</bdi> <span class="year">1998</span>' in html
    assert "Hirokazu Kore-eda" in html and "Drama · Fantasy" in html


def test_each_film_of_a_reply_has_one_card_and_the_recommendation_comes_first() -> None:
    first, second = FILMS[:2]
    answer = Reply((second, " or ", first, " or ", second), "REC", first)
    html = shown(LoggedTurn("reply-1", answer.turn(), answer))
    assert html.count('class="film"') == 2
    assert html.index(f">{first.title}</bdi> <span") < html.index(f">{second.title}</bdi> <span")


def test_a_catalog_of_books_shows_its_own_facts() -> None:
    book = Item("b", "Emma", 1815, {"author": ("Jane Austen",), "pages": ("474",)})
    card = Reader(PARTS.card(book)).text
    assert "author Jane Austen" in card and "pages 474" in card


def test_the_hue_of_a_genre_is_always_the_same() -> None:
    made_up = [Item("x", "X", facts={"genres": ("Nordic Noir",)}) for _ in range(2)]
    assert hue(made_up[0]) == hue(made_up[1])
    assert 0 <= hue(made_up[0]) < 360
    assert hue(FILMS[6]) != hue(FILMS[4])


def test_before_the_first_word_a_line_says_what_happens() -> None:
    assert "choosing among 8,012 films" in PARTS.growing("a film", None, 8012)


def test_a_growing_reply_has_cards_without_buttons() -> None:
    html = PARTS.growing("a film", answered("a film").reply, 8)
    assert 'class="film"' in html
    assert 'data-act="mark"' not in html


def test_details_open_after_a_thumb_with_reasons_that_fit_it() -> None:
    closed = shown(answered("hello"))
    up = shown(answered("hello"), opinion=Opinion({"thumbs": 1}))
    down = shown(answered("hello"), opinion=Opinion({"thumbs": -1}))
    assert "details" not in closed
    assert "heard my wish" in up and "ignored my wish" not in up
    assert "ignored my wish" in down and "heard my wish" not in down


def test_what_was_rated_is_pressed() -> None:
    opinion = Opinion({"thumbs": -1, "relevance": 2, "interest": 0, "reasons": ("too early",)})
    html = shown(answered("hello"), opinion=opinion)
    for pressed in (
        'data-act="thumbs" data-value="-1" aria-pressed="true"',
        'data-act="relevance" data-value="2" aria-pressed="true"',
        'data-act="interest" data-value="0" aria-pressed="true"',
        'data-value="too early" aria-pressed="true"',
    ):
        assert pressed in html
    assert html.count('aria-pressed="true"') == 4


def test_saved_and_not_saved_are_never_said_together() -> None:
    saved = Reader(shown(answered("x"), opinion=Opinion({"thumbs": 1}, saved=True))).text
    failed = Reader(shown(answered("x"), opinion=Opinion({"thumbs": 1}, failed=True))).text
    assert "saved" in saved and "not saved" not in saved
    assert "not saved" in failed and "try again" in failed


def test_only_the_last_turn_can_be_answered_again_and_none_while_a_reply_grows() -> None:
    turns = (answered("one"), LoggedTurn("said", Turn("user", "two")), answered("two"))
    assert render.conversation(turns, {}, None, domain=FILM).count('data-act="again"') == 1
    assert 'data-act="again"' not in render.conversation(turns, {}, None, domain=FILM, running=True)


def test_a_message_without_an_answer_can_be_answered() -> None:
    html = shown(LoggedTurn("said", Turn("user", "hello")))
    assert "no answer yet" in html and 'data-act="again"' in html


def test_a_stopped_reply_says_so() -> None:
    assert "stopped here" in shown(answered("hello", status="stopped"))
    assert "stopped here" not in shown(answered("hello"))


def test_the_empty_page_names_who_answers_and_how_many_films_it_knows() -> None:
    page = Reader(PARTS.welcome("generative", 8012))
    assert "generative" in page.text and "8,012 films" in page.text
    assert all(wish in page.text for wish in FILM.starters)


def test_every_button_has_words() -> None:
    html = shown(answered("x"), opinion=Opinion({"thumbs": 1}, failed=True))
    for part in html.split("<button")[1:]:
        button = part.split("</button>")[0]
        assert "aria-label=" in button or Reader("<button" + button + "</button>").text.strip()


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.0, "0%"), (0.004, "<1%"), (0.62, "62%"), (0.997, ">99%"), (1.0, "100%")],
)
def test_a_percentage_never_rounds_to_a_certainty(value: float, words: str) -> None:
    assert percent(value) == words


def test_numbers_that_are_none_are_dashes() -> None:
    assert percent(float("nan")) == "–" == duration(float("inf"))
    assert [duration(ms) for ms in (0.44, 38.2, 1234)] == ["0.4 ms", "38 ms", "1.2 s"]


def luminance(color: str) -> float:
    channels = [int(color[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", [":root", ".dark"])
@pytest.mark.parametrize(
    ("front", "back"),
    [
        ("ink", "paper"), ("ink", "surface"), ("ink", "accent-soft"), ("quiet", "paper"),
        ("quiet", "surface"), ("quiet", "sunken"), ("accent", "paper"), ("accent-ink", "accent"),
        ("alarm", "alarm-soft"), ("alarm", "paper"), ("side-a", "side-a-soft"),
        ("side-b", "side-b-soft"), ("paper", "side-a"), ("paper", "side-b"),
    ],
)  # fmt: skip
def test_words_stand_out_in_both_themes(theme: str, front: str, back: str) -> None:
    style = Path(render.__file__).with_name("style.css").read_text()
    block = style[style.index(theme + " {") :].split("}")[0]
    colors = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
    dark, light = sorted((luminance(colors[front]), luminance(colors[back])))
    assert (light + 0.05) / (dark + 0.05) >= 4.5
