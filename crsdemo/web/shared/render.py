"""Dialogue and replies -> HTML of the conversation. Escapes all text; knows no event and no log."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from crsdemo.core.catalog import Item
from crsdemo.core.conversation import Aspect, ItemKind, LoggedTurn, RatingValue
from crsdemo.core.recommender import Reply
from crsdemo.web.shared.markup import attribute, escape, icon, listed, title

Marks = frozenset[tuple[str, ItemKind]]
Page = Literal["talk", "compare", "blind", "report"]

PAGES: tuple[tuple[Page, str, str], ...] = (  # with addresses that hold from each of them
    ("talk", "./", "talk"),
    ("compare", "compare", "side by side"),
    ("blind", "blind", "blind"),
    ("report", "report", "scores"),
)

WISHES = (
    "Something like Inception, but funnier",
    "A quiet film set in Japan",
    "My kids loved Frozen. What next?",
)
HUES = {
    "action": 14, "adventure": 32, "animation": 188, "biography": 46, "comedy": 44, "crime": 350,
    "documentary": 160, "drama": 216, "family": 96, "fantasy": 276, "film noir": 240,
    "history": 28, "horror": 0, "music": 312, "musical": 318, "mystery": 256, "romance": 336,
    "science fiction": 200, "sci-fi": 200, "sport": 130, "thriller": 230, "war": 74, "western": 24,
}  # fmt: skip
RELEVANCE = ("not at all", "a little", "mostly", "exactly")  # 0 to 3
INTEREST = ("no", "a bit", "yes")  # 0 to 2
ITEM_KINDS: tuple[tuple[ItemKind, str], ...] = (
    ("seen", "seen it"),
    ("want", "want it"),
    ("not_for_me", "not for me"),
)
GOOD_REASONS = ("heard my wish", "good film", "new to me", "well explained", "nice to talk to")
BAD_REASONS = (
    "ignored my wish", "already seen", "wrong film", "too early", "repeats itself",
    "made-up fact", "hard to understand",
)  # fmt: skip
N_PEOPLE = 4  # named on a card beside the director
N_TAGS = 6  # on a card


@dataclass(frozen=True)
class Opinion:
    """What a visitor thinks of one reply, as its rating row shows it, saved or not."""

    ratings: Mapping[Aspect, RatingValue] = field(default_factory=dict)
    marks: Marks = frozenset()  # (item id, kind)
    saved: bool = False
    failed: bool = False  # something shown here could not be saved yet

    @property
    def thumb(self) -> int:
        """1 up, -1 down, 0 none."""
        value = self.ratings.get("thumbs", 0)
        return value if isinstance(value, int) else 0

    @property
    def reasons(self) -> tuple[str, ...]:
        value = self.ratings.get("reasons", ())
        return value if isinstance(value, tuple) else ()


def masthead(page: Page) -> str:
    """The name, the way to the other pages, and what can be done here."""
    links = "".join(
        f'<a href="{address}"{current}>{words}</a>'
        for name, address, words in PAGES
        for current in (' aria-current="page"' if name == page else "",)
    )
    what = "conversation" if page == "talk" else "comparison"
    new = (
        f'<button type="button" data-act="fresh" aria-label="new {what}">new'
        f'<span class="long"> {what}</span></button>'
    )
    return (
        '<header><h1 class="name">crsdemo</h1>'
        f'<nav aria-label="Pages">{links}</nav><span class="space"></span>'
        f"{'' if page == 'report' else new}"
        '<button type="button" data-act="theme" aria-label="Light or dark">'
        '<span class="long">light / </span>dark</button>'
        "</header>"
    )


def fold() -> str:
    """What opens the evidence on a phone."""
    return '<button type="button" aria-expanded="false">Why this film?</button>'


def conversation(
    turns: Sequence[LoggedTurn],
    opinions: Mapping[str, Opinion],
    selected: str | None,
    *,
    running: bool = False,
) -> str:
    """The settled turns. `opinions` and `selected` go by the id of a reply's turn.

    The last turn can be answered again or taken back unless a reply is `running`.
    """
    parts = [_turn(t, opinions.get(t.id, Opinion()), selected == t.id) for t in turns]
    return "".join(parts) + ("" if running or not turns else _ending(turns[-1]))


def stamped(content: str, moment: int, click: int, label: str = "Conversation") -> str:
    """What was true at a moment, drawn in answer to a click (0 for none)."""
    return (
        f'<div role="log" aria-label="{label}" aria-live="off" '
        f'data-moment="{int(moment)}" data-click="{int(click)}">{content}</div>'
    )


def _turn(logged: LoggedTurn, opinion: Opinion, selected: bool) -> str:
    if logged.reply is None:
        return said_by_user(logged.turn.text)
    return _answer(logged, logged.reply, opinion, selected)


def welcome(name: str, n_items: int) -> str:
    """The empty state: what this is, three wishes to begin with, who answers."""
    return invitation(
        "Talk about films, and see why each one was chosen.",
        f"You talk with <b>{escape(name)}</b>, which knows {n_items:,} films.",
    )


def invitation(heading: str, below: str) -> str:
    """An empty page: a heading, wishes to begin with, and one more line of HTML."""
    wishes = "".join(
        f'<button type="button" class="wish" data-act="wish" data-text="{attribute(wish)}">'
        f"{escape(wish)}</button>"
        for wish in WISHES
    )
    return (
        f'<div class="welcome"><h2>{escape(heading)}</h2><div class="wishes">{wishes}</div>'
        f"<p>{below}</p></div>"
    )


def growing(said: str, reply: Reply | None, n_items: int) -> str:
    """The turn that is being answered: before the first word, what is happening."""
    if reply is None or not reply.text:
        return said_by_user(said) + status(reply, n_items)
    spoken = f'<div class="words" dir="auto">{words(reply)}</div>'
    return f'{said_by_user(said)}<div class="answer growing">{spoken}{cards(reply)}</div>'


def notice(text: str) -> str:
    """One line above the box that says what went wrong."""
    return f'<p class="notice" role="alert">{escape(text)}</p>' if text else ""


def film_card(item: Item, reply_id: str | None = None, marks: Marks = frozenset()) -> str:
    """A film as a typographic card. Without a reply that is in the log it has no buttons yet."""
    facts = "".join(f"<p>{line}</p>" for line in _fact_lines(item))
    genres = f'<p class="genres">{listed(_genres(item))}</p>' if item.genres else ""
    about = f'<p class="about">{escape(item.logline)}</p>' if item.logline else ""
    buttons = "" if reply_id is None else _item_buttons(item, reply_id, marks)
    return (
        f'<article class="film" style="--hue:{hue(item)}">'
        f'<div class="face"><h2>{title(item)}</h2>{genres}{about}{facts}{_tags(item)}</div>'
        f'<footer>{buttons}<span class="links">{_links(item)}</span></footer></article>'
    )


def hue(item: Item) -> int:
    """Degrees on the colour wheel of the main genre; the same name always has the same hue."""
    genre = item.genres[0].lower() if item.genres else ""
    return HUES.get(genre, zlib.crc32(genre.encode()) % 360)


def reasons_for(thumb: int) -> tuple[str, ...]:
    """The reasons that fit a thumb."""
    return {1: GOOD_REASONS, -1: BAD_REASONS}.get(thumb, ())


def said_by_user(text: str) -> str:
    return (
        '<div class="said-by-user" role="group" aria-label="You">'
        f'<bdi dir="auto">{escape(text)}</bdi></div>'
    )


def status(reply: Reply | None, n_items: int) -> str:
    doing = (
        f"choosing among {n_items:,} films"
        if reply is None or reply.item is None
        else "finding the words"
    )
    return (
        f'<p class="status" role="status">{doing}<span class="dots" aria-hidden="true"></span></p>'
    )


def _answer(logged: LoggedTurn, reply: Reply, opinion: Opinion, selected: bool) -> str:
    current = ' aria-current="true"' if selected else ""
    cut = "" if logged.status in ("ok", "running") else '<p class="quiet cut">stopped here</p>'
    return (
        f'<section class="answer" aria-label="Reply" data-reply="{attribute(logged.id)}"{current}>'
        f'<div class="words" dir="auto">{words(reply)}</div>{cut}'
        f"{cards(reply, logged.id, opinion.marks)}"
        f"{_rating(logged.id, opinion, selected)}</section>"
    )


def _ending(last: LoggedTurn) -> str:
    unanswered = "" if last.reply else "<span>This has no answer yet.</span>"
    return (
        f'<div class="ending">{unanswered}'
        f'<button type="button" data-act="again">{icon("again")}answer again</button>'
        f'<button type="button" data-act="undo">{icon("undo")}take back</button></div>'
    )


def words(reply: Reply) -> str:
    return "".join(
        escape(piece) if isinstance(piece, str) else f"<b><bdi>{escape(piece.name)}</bdi></b>"
        for piece in reply.pieces
    )


def cards(reply: Reply, reply_id: str | None = None, marks: Marks = frozenset()) -> str:
    return "".join(film_card(item, reply_id, marks) for item in _films(reply))


def _films(reply: Reply) -> Iterator[Item]:
    """The recommendation first, then other films named, each once."""
    named = [piece for piece in reply.pieces if isinstance(piece, Item)]
    films = {item.id: item for item in ([reply.item] if reply.item else []) + named}
    return iter(films.values())


def _fact_lines(item: Item) -> Iterator[str]:
    """Who made it and who plays; for things that are not films, their first two facts."""
    directors, cast = item.facts.get("directors", ()), item.facts.get("cast", ())
    if directors:
        yield f"<span>directed by</span> {listed(directors[:2], ', ')}"
    if cast:
        yield f"<span>with</span> {listed(cast[:N_PEOPLE], ', ')}"
    if not directors and not cast:
        others = [(n, v) for n, v in item.facts.items() if v and n not in ("genres", "keywords")]
        for name, values in others[:2]:
            yield f"<span>{escape(name)}</span> {listed(values[:N_PEOPLE], ', ')}"


def _tags(item: Item) -> str:
    """What people like to know before they choose, as far as there is room for it."""
    if not item.tags:
        return ""
    tags = "".join(f"<li>{escape(tag)}</li>" for tag in item.tags[:N_TAGS])
    return f'<ul class="tags" aria-label="Tags">{tags}</ul>'


def _genres(item: Item) -> list[str]:
    return [genre[:1].upper() + genre[1:] for genre in item.genres[:3]]


def _links(item: Item) -> str:
    return "".join(
        f'<a href="{attribute(url)}" target="_blank" rel="noopener noreferrer">{escape(site)}'
        f"{icon('out')}</a>"
        for site, url in item.links.items()
        if url.startswith(("https://", "http://"))
    )


def _item_buttons(item: Item, reply_id: str, marks: Marks) -> str:
    buttons = "".join(
        f'<button type="button" data-act="mark" data-reply="{attribute(reply_id)}" '
        f'data-item="{attribute(item.id)}" data-kind="{kind}" '
        f'aria-pressed="{_bool((item.id, kind) in marks)}" '
        f'aria-label="{words}: {attribute(item.name)}">{words}</button>'
        for kind, words in ITEM_KINDS
    )
    return f'<span class="actions">{buttons}</span>'


def _rating(reply_id: str, opinion: Opinion, selected: bool) -> str:
    thumb = opinion.thumb
    thumbs = _thumb(1, "up", "Good answer", thumb) + _thumb(-1, "down", "Bad answer", thumb)
    why = (
        f'<button type="button" class="why" data-act="select" aria-pressed="{_bool(selected)}">'
        "why?</button>"
    )
    return (
        f'<form class="rating" data-reply="{attribute(reply_id)}"><div class="row">{thumbs}{why}'
        f"{_saved(opinion)}</div>"
        f"{_details(reply_id, opinion) if thumb else ''}</form>"
    )


def _thumb(value: int, picture: str, words: str, thumb: int) -> str:
    return (
        f'<button type="button" class="thumb" data-act="thumbs" data-value="{value}" '
        f'aria-pressed="{_bool(thumb == value)}" aria-label="{words}" title="{words}">'
        f"{icon(picture)}</button>"
    )


def _saved(opinion: Opinion) -> str:
    if opinion.failed:
        return (
            '<span class="failed" role="alert">not saved '
            '<button type="button" data-act="retry">try again</button></span>'
        )
    return f'<span class="saved" role="status">{"saved" if opinion.saved else ""}</span>'


def _details(reply_id: str, opinion: Opinion) -> str:
    chips = "".join(
        f'<button type="button" class="chip" data-act="reasons" data-value="{attribute(reason)}" '
        f'aria-pressed="{_bool(reason in opinion.reasons)}">{escape(reason)}</button>'
        for reason in dict.fromkeys((*reasons_for(opinion.thumb), *opinion.reasons))
    )
    ratings = opinion.ratings
    fit, curious = 'data-act="relevance"', 'data-act="interest"'
    return (
        '<div class="details">'
        f"{scale('Does it fit your wish?', RELEVANCE, ratings.get('relevance'), fit)}"
        f"{scale('Does it make you curious?', INTEREST, ratings.get('interest'), curious)}"
        f'<div class="chips" role="group" aria-label="Reasons">{chips}</div>'
        '<div class="comment"><input type="text" name="comment" aria-label="Comment" '
        f'placeholder="Anything else? Enter saves it." id="comment-{attribute(reply_id)}" '
        f'value="{attribute(str(ratings.get("comment", "")))}">'
        '<button type="button" class="withdraw" data-act="withdraw">withdraw rating</button></div>'
        "</div>"
    )


def scale(question: str, words: Sequence[str], chosen: object, data: str, *, first: int = 0) -> str:
    """A question with its answers as a row of buttons, which count from `first`.

    `data` are attributes of each button; `chosen` is the number that is pressed.
    """
    options = "".join(
        f'<button type="button" {data} data-value="{n}" aria-pressed="{_bool(chosen == n)}">'
        f"{escape(word)}</button>"
        for n, word in enumerate(words, first)
    )
    return (
        f'<div class="scale" role="group" aria-label="{escape(question)}">'
        f'<span>{escape(question)}</span><span class="options">{options}</span></div>'
    )


def _bool(value: bool) -> str:
    return "true" if value else "false"
