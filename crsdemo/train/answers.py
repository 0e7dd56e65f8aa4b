"""Replies that name a film and give a reason with its facts, which stay slots."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from crsdemo.catalog import Item
from crsdemo.slots import MAX_VALUES, Slot
from crsdemo.train import phrases_replies as say
from crsdemo.train.phrases import HOLE, Chooser, expand
from crsdemo.train.phrases_chat import Question
from crsdemo.train.phrases_themes import is_topic
from crsdemo.train.wants import Want

Piece = str | Item | Slot
Holes = Mapping[str, "Item | Slot"]

ALONE = frozenset(  # genres that make a noun phrase without "film"
    [
        "comedy",
        "drama",
        "thriller",
        "documentary",
        "western",
        "musical",
        "romance",
        "mystery",
        "biography",
        "adventure",
    ]
) | {"film noir"}
# Genres from the one that says most about a film to the one that says least.
SALIENCE = (
    "documentary",
    "horror",
    "western",
    "animation",
    "musical",
    "film noir",
    "war",
    "science fiction",
    "sport",
    "romance",
    "comedy",
    "fantasy",
    "biography",
    "mystery",
    "thriller",
    "crime",
    "action",
    "adventure",
    "family",
    "history",
    "music",
    "drama",
)
SHORTEST, LONGEST = 8, 45  # words of a reply
TRIES = 12


def recommendation(
    item: Item, wants: Sequence[Want], acks: Sequence[str], rng: Chooser
) -> tuple[Piece, ...]:
    """One to three sentences: what was heard, the film with a reason, perhaps a question.

    `acks` answer a move of the conversation; without any, the wish itself is answered.
    """
    shown = [w for w in wants if (w.kind == "like" and not rng.is_narrow) or w.evidence(item)]
    main = rng.choice(shown) if shown else None
    for _ in range(TRIES):
        texts = _texts(item, main, wants, acks, rng)
        reply = _assembled(texts, item)
        if reply is not None and SHORTEST <= _words(reply, item) <= LONGEST:
            return reply
    return _first(say.BARE, {"item": item}, item, rng) or (item,)


def answer(question: Question, item: Item, rng: Chooser) -> tuple[Piece, ...]:
    """What is known of `item` on `question`: the first group of replies that it can fill."""
    holes = _facts(item, None)
    for name, wanted, hole in (
        ("genres", question.genres, "genre"),
        ("keywords", question.keywords, "tag"),
    ):
        values = item.facts.get(name, ())[:MAX_VALUES]
        place = next((n for n, value in enumerate(values, 1) if value in wanted), None)
        if place is not None:
            holes[hole] = Slot(name, place)
    for group in question.replies:
        reply = _first(group, holes, item, rng)
        if reply is not None:
            return reply
    raise ValueError(f"no reply to {question.user[0]!r} does without facts of {item.name}")


def _texts(
    item: Item, main: Want | None, wants: Sequence[Want], acks: Sequence[str], rng: Chooser
) -> Sequence[tuple[str, Holes]]:
    """Sentences with their holes bound, in the order in which they are said."""
    holes = _facts(item, main)
    frames = _frames(item, main, holes, rng)
    texts = [(rng.phrase(frames), holes)]
    if rng.random() < 0.6 or acks:
        ack = rng.phrase(acks or _acks(main, wants, holes, rng))
        texts.insert(0, (ack, holes))
    for want in wants:
        if want is not main and rng.random() < 0.7 and want.evidence(item):
            texts.append((rng.phrase(_also(want, item)), _facts(item, want)))
            break
    else:
        if rng.random() < 0.3:
            texts.append((rng.phrase(say.EXTRAS), holes))
    if rng.random() < 0.27:
        texts.append((rng.phrase(say.QUESTIONS), holes))
    return texts


def _facts(item: Item, want: Want | None) -> dict[str, Item | Slot]:
    """What each hole stands for; holes that `item` cannot fill are missing."""
    shown = want.evidence(item) if want else None
    holes: dict[str, Item | Slot] = {"item": item}
    if item.year:
        holes["year"] = Slot("year")
    for name, hole in (
        ("cast", "actor"),
        ("genres", "genre"),
        ("keywords", "tag"),
        ("directors", "director"),
    ):
        slots = [Slot(name, n + 1) for n in range(min(len(item.facts.get(name, ())), MAX_VALUES))]
        rest = [slot for slot in slots if slot != shown]
        if name == "genres":
            rest.sort(key=lambda slot: _salience(slot.value(item)))
            rest = [shown, *rest] if shown in slots else rest
        holes |= {f"{hole}{n}": slot for n, slot in enumerate(rest, 1)}
    holes |= {hole: holes[f"{hole}1"] for hole in ("actor", "director") if f"{hole}1" in holes}
    if want and shown:
        holes |= _shown(want, item, shown)
    for hole, other in zip(("other", "second"), _others(want), strict=False):
        holes[hole] = other
    return holes


def _salience(genre: str | None) -> int:
    return SALIENCE.index(genre) if genre in SALIENCE else len(SALIENCE)


def _shown(want: Want, item: Item, shown: Slot) -> dict[str, Item | Slot]:
    if shown.field == "genres":
        alone = shown.value(item) in ALONE
        return {"genre": shown, "alone": shown} if alone else {"genre": shown}
    if shown.field == "keywords":
        return {"tag": shown, "topic": shown} if is_topic(shown.value(item)) else {"tag": shown}
    return {"person": shown} if want.kind == "person" else {}


def _others(want: Want | None) -> list[Item]:
    if want is None or want.kind != "like":
        return []
    return [value for value in want.named.values() if isinstance(value, Item)]


def _frames(
    item: Item, main: Want | None, holes: dict[str, Item | Slot], rng: Chooser
) -> Sequence[str]:
    """The sentences that give the reason for `item` that `main` asks for."""
    if main is None:
        return say.PLAIN
    if main.kind == "like":
        return _shared(item, _others(main)[0], holes, rng)
    if main.kind == "era":
        return say.ERA
    if "person" in holes:
        return say.CAST if holes["person"].field == "cast" else say.DIRECTED  # type: ignore[union-attr]
    if "tag" in holes and "genre" not in holes:
        return say.TOPIC if "topic" in holes and rng.random() < 0.5 else say.TAG
    if "alone" in holes and rng.random() < 0.3:
        return say.ALONE
    return say.GENRE


def _shared(item: Item, other: Item, holes: dict[str, Item | Slot], rng: Chooser) -> Sequence[str]:
    """Frames for a film like `other`, by what both have in common."""
    common = [
        (frames, hole, Slot(name, place))
        for name, hole, frames in (
            ("genres", "genre", say.LIKE_GENRE),
            ("cast", "person", say.LIKE_PERSON),
            ("directors", "person", say.LIKE_PERSON),
            ("keywords", "tag", say.LIKE_TAG),
        )
        for place, value in enumerate(item.facts.get(name, ())[:MAX_VALUES], 1)
        if value in other.facts.get(name, ())
    ]
    if not common or rng.random() < 0.35:
        return say.LIKE
    frames, hole, slot = rng.choice(common)
    holes[hole] = slot
    return frames


def _acks(main: Want | None, wants: Sequence[Want], holes: Holes, rng: Chooser) -> Sequence[str]:
    if main is None or rng.random() < 0.25:
        return say.ACKS
    if main.kind == "like":
        return say.TWO_LIKES_ACKS if "second" in holes else say.LIKE_ACKS
    if main.kind == "era":
        return say.ERA_ACKS
    if "person" in holes:
        return say.PERSON_ACKS
    if "genre" in holes and rng.random() < 0.3:
        return say.GENRE_ACKS
    return main.talk.acks or say.ACKS


def _also(want: Want, item: Item) -> Sequence[str]:
    """How to say that a second want is met too."""
    shown = want.evidence(item)
    assert shown is not None
    return {
        "year": say.ALSO_ERA,
        "cast": say.ALSO_CAST,
        "directors": say.ALSO_DIRECTOR,
        "genres": say.ALSO_GENRE,
        "keywords": say.ALSO_TAG,
    }[shown.field]


def _assembled(texts: Iterable[tuple[str, Holes]], item: Item) -> tuple[Piece, ...] | None:
    """Sentences as pieces, or None if a hole stays open or a fact is said twice."""
    pieces: list[Piece] = []
    for text, holes in texts:
        sentence = _filled(text, _with_kinds(holes, item))
        if sentence is None:
            return None
        pieces += [" ", *sentence] if pieces else sentence
    said = [piece.value(item) for piece in pieces if isinstance(piece, Slot)]
    items = [piece for piece in pieces if isinstance(piece, Item)]
    if len(set(said)) < len(said) or len(set(items)) < len(items):
        return None
    return _merged(pieces)


def _with_kinds(holes: Holes, item: Item) -> Holes:
    """`holes` with {kind}: the genre if it can stand before "film"; "a film noir film" cannot."""
    kinds = {
        kind: holes[genre]
        for genre, kind in (("genre", "kind"), ("genre1", "kind1"))
        if isinstance(slot := holes.get(genre), Slot) and slot.value(item) != "film noir"
    }
    return {**holes, **kinds}


def _filled(text: str, holes: Holes) -> list[Piece] | None:
    parts = HOLE.split(text)
    if any(hole not in holes for hole in parts[1::2]):
        return None
    return [holes[part] if place % 2 else part for place, part in enumerate(parts) if part]


def _merged(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    merged: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and merged and isinstance(merged[-1], str):
            merged[-1] += piece
        else:
            merged.append(piece)
    return tuple(merged)


def _first(
    frames: Sequence[str], holes: Holes, item: Item, rng: Chooser
) -> tuple[Piece, ...] | None:
    few, more = frames[: rng.breadth], frames[rng.breadth :]
    for frame in (*rng.sample(few, len(few)), *more):
        reply = _assembled([(expand(frame, rng), holes)], item)
        if reply is not None:
            return reply
    return None


def _words(pieces: Iterable[Piece], item: Item) -> int:
    said: Callable[[Piece], str] = lambda piece: (  # noqa: E731
        piece
        if isinstance(piece, str)
        else piece.name
        if isinstance(piece, Item)
        else piece.value(item) or ""
    )
    return len("".join(said(piece) for piece in pieces).split())
