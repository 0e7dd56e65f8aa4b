"""What a person types: wants put into words, titles and names as people write them, slips."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence

from crsdemo.catalog import Item
from crsdemo.dialogue import Mention, Turn
from crsdemo.train import phrases_wishes as say
from crsdemo.train.phrases import HOLE, Talk, a, expand, plural
from crsdemo.train.wants import Want

FILM = ("film", "movie")
# Adjectives that follow what they describe: "good for children".
TRAILING = re.compile(r" (for|to|in|off|but|with|as|heavy) |^(not|okay|under|set) ")
# Clauses in the order in which they read best after a noun.
ORDER = ("about ", "by ", "directed ", "with ", "starring ", "from ", "set ", "made ", "like ")
Named = Mapping[str, "str | Item"]
Segment = tuple[str, "str | None"]  # a stretch of text and the id of the item it names

# Nouns that take no article and have no plural.
MASS = {
    "horror",
    "sci-fi",
    "animation",
    "film noir",
    "noir",
    "food for thought",
    "romance",
    "fantasy",
}
SHORTER = {
    "please": "pls",
    "you": "u",
    "something": "smth",
    "and": "&",
    "are": "r",
    "thanks": "thx",
    "with": "w/",
}


def wish(wants: Sequence[Want], nots: Sequence[Want], rng: random.Random) -> tuple[str, Named]:
    """A sentence or two that ask for `wants` and refuse `nots`, with its open holes bound."""
    named = {hole: value for want in wants for hole, value in want.named.items()}
    texts = [refusal(want, rng) for want in nots]
    named |= {hole: value for _, bound in texts for hole, value in bound.items()}
    refused = [text for text, _ in texts]
    if not wants:
        return expand(rng.choice(say.ONLY_NOT), rng).replace(
            "{not}", refused[0].removeprefix("but ")
        ), named
    said = _positive(wants, rng)
    for text in refused:
        said = _join(said, text, rng)
    return said, named


def framed(text: str, rng: random.Random) -> str:
    """`text` with what people say before and after it."""
    greets = text.startswith(("ok", "hmm", "so,", "um"))
    opener = expand(rng.choice(say.OPENERS), rng) if rng.random() < 0.22 and not greets else ""
    chatter = expand(rng.choice(say.CHATTER), rng) if rng.random() < 0.14 else ""
    tail = expand(rng.choice(say.TAILS), rng) if rng.random() < 0.2 else ""
    if tail[:2].isupper() or tail[1:2].isupper():
        text = text if text[-1] in ".?!" else text + "."
    elif tail:
        text = text.rstrip(".?!")
        tail = tail if tail.startswith(" a") else rng.choice((tail, "," + tail))
    if opener and chatter:
        chatter = chatter[0].lower() + chatter[1:]
    return opener + chatter + text + tail


def refusal(want: Want, rng: random.Random) -> tuple[str, Named]:
    """A way to say that `want` is not wanted."""
    if want.kind == "person":
        name = want.named["person"]
        return _renamed(rng.choice(say.NOT_PERSON), "person", "unloved", rng), {"unloved": name}
    if want.kind == "like":
        return _renamed(rng.choice(say.NOT_FILM), "film", "hated", rng), {
            "hated": want.named["film"]
        }
    qualities = want.talk.adjectives
    if qualities and rng.random() < 0.45:
        quality = expand(rng.choice(qualities), rng)
        return expand(rng.choice(say.NOT_QUALITY), rng).replace("{quality}", quality), {}
    names = _plural_name(want, rng)
    return expand(rng.choice(say.NOT_NAMES), rng).replace("{names}", names), {}


def _plural_name(want: Want, rng: random.Random) -> str:
    """What is not wanted as a plural or mass noun."""
    if want.kind == "less":
        return rng.choice(want.talk.nouns)
    before = [
        f"{expand(word, rng)} {head}"
        for word in want.talk.modifiers[:4]
        for head in ("film", "movie")
    ]
    name = rng.choice([*want.talk.nouns, *before, want.value + " film"])
    return name if _is_mass(name) else plural(name)


def one(wants: Sequence[Want], rng: random.Random) -> str:
    """`wants` as a noun phrase with its article: "a funny film with {person}"."""
    return _phrases(wants, rng)["one"]


def after(want: Want, rng: random.Random) -> str:
    """`want` as it follows a noun: "with {person}", "that is funny"."""
    talk = want.talk
    if talk.clauses and (not talk.adjectives or rng.random() < 0.7):
        return expand(rng.choice(talk.clauses), rng)
    if talk.adjectives:
        return "that is " + expand(rng.choice(talk.adjectives), rng)
    return "that is " + a(f"{expand(rng.choice(talk.modifiers), rng)} {rng.choice(FILM)}")


def turn(text: str, named: Named, rng: random.Random, noise: float = 1.0) -> Turn:
    """The user's turn: holes filled, then typed as carelessly as people type."""
    segments = _segments(text, named, rng)
    segments = _careless(_capitalised(segments, rng), rng, noise)
    said, mentions = "", []
    for piece, item_id in segments:
        if item_id is not None:
            mentions.append(Mention(len(said), len(said) + len(piece), item_id))
        said += piece
    return Turn("user", said, tuple(mentions))


def typed(item: Item, rng: random.Random) -> str:
    """A title as people type it: with the year, without its subtitle, in quotes."""
    title, chance = item.title, rng.random()
    short = re.split(r": | - ", title)[0]
    if chance < 0.12 and item.year:
        return rng.choice(
            (f"{title} ({item.year})", f"{title} {item.year}", f"{title} from {item.year}")
        )
    if chance < 0.25 and len(short) > 4:
        return short
    if chance < 0.32 and title.startswith("The ") and len(title) > 9:
        return title[4:]
    if chance < 0.39:
        return rng.choice((f'"{title}"', f"'{title}'"))
    return title


def _positive(wants: Sequence[Want], rng: random.Random) -> str:
    first, *rest = rng.sample(wants, len(wants))
    if first.talk.sentences and rng.random() < (0.25 if rest else 0.42):
        said = expand(rng.choice(first.talk.sentences), rng)
        for want in rest:
            said = _and(said, want, rng) if rng.random() < 0.4 else _more(said, want, rng)
        return said
    if rest and rng.random() < 0.2:
        return _more(_noun_phrase([first, *rest[:-1]], rng), rest[-1], rng)
    return _noun_phrase(wants, rng)


def _noun_phrase(wants: Sequence[Want], rng: random.Random) -> str:
    phrases, chance = _phrases(wants, rng), rng.random()
    if "many" in phrases and chance < 0.3:
        frame = expand(rng.choice(say.PLURAL), rng)
    elif "bare" in phrases and chance < 0.5:
        frame = expand(rng.choice(say.BARE), rng)
    else:
        frame = expand(rng.choice(say.SINGULAR), rng)
    return HOLE.sub(lambda hole: phrases.get(hole[1], hole[0]), frame)


def _and(said: str, want: Want, rng: random.Random) -> str:
    """A second sentence: "I loved {film}. I want to laugh."."""
    if not want.talk.sentences:
        return _more(said, want, rng)
    text = expand(rng.choice(want.talk.sentences), rng)
    joint = rng.choice((". ", ". ", ". And ", ", and ", " and "))
    return said.rstrip(".?!") + joint + (text[0].upper() + text[1:] if joint == ". " else text)


def _more(said: str, want: Want, rng: random.Random) -> str:
    """An afterthought: "... Preferably one with {person}."."""
    follows = after(want, rng)
    is_it = follows if not follows.startswith("that ") else f"one {follows}"
    text = expand(rng.choice(say.MORE_OF_IT), rng)
    text = text.replace("{after_is}", is_it).replace("{after}", follows)
    said = said.rstrip(".?") if text[0] == "," or text[:2] == " -" else said
    return said + ("." if text[1:2].isupper() and said[-1] not in ".?!" else "") + text


def _phrases(wants: Sequence[Want], rng: random.Random) -> dict[str, str]:
    """`wants` as "one", "many" (where that reads well) and "bare" noun phrases."""
    noun, said_as = "", _places()
    adjectives, modifiers, clauses = said_as.values()
    for want in sorted(
        rng.sample(wants, len(wants)), key=lambda w: w.kind not in ("era", "person")
    ):
        role, words = _role(want.talk, bool(noun), len(adjectives) + len(modifiers), rng)
        said = expand(words, rng)
        if role == "noun":
            noun = said
        elif role == "adjective" and TRAILING.search(said):
            clauses.append("that is " + said)
        else:
            said_as[role].append(said)
    tail = "".join(f" {clause}" for clause in sorted(clauses, key=_order))
    if not noun and not modifiers and rng.random() < 0.35:
        some = " ".join(["something", *adjectives]) + tail
        return {"one": some}
    if rng.random() < 0.12:
        adjectives.insert(0, rng.choice(say.QUALITY))
    head = noun or rng.choice(say.HEADS)
    before = " ".join([*adjectives, *modifiers, ""])
    return _numbered(before, head, tail)


def _order(clause: str) -> int:
    """Its rank in ORDER; what is not there comes late, relative clauses last."""
    ranks = (rank for rank, start in enumerate(ORDER) if clause.startswith(start))
    return next(ranks, len(ORDER) + clause.startswith(("that ", "where ", "in which ")))


def _places() -> dict[str, list[str]]:
    return {"adjective": [], "modifier": [], "clause": []}


def _numbered(before: str, head: str, tail: str) -> dict[str, str]:
    if _is_mass(head):
        return {"one": f"{before or 'some '}{head}{tail}", "bare": before + head + tail}
    article = head != "one" or before
    phrases = {"one": (a(before + head) if article else head) + tail, "bare": before + head + tail}
    if not re.search(r"^ (that|in which|my|the) | that ", tail) and head not in ("picture", "one"):
        phrases["many"] = before + plural(head) + tail
    return phrases


def _is_mass(noun: str) -> bool:
    return noun.rsplit(" ", 1)[-1] in {"noir"} or noun in MASS


def _role(talk: Talk, has_noun: bool, n_before: int, rng: random.Random) -> tuple[str, str]:
    """A place in the noun phrase that is still free, and the words for it."""
    places: list[tuple[str, Sequence[str], int]] = [
        ("noun", () if has_noun else talk.nouns, 3),
        ("adjective", talk.adjectives if n_before < 2 else (), 3),
        ("modifier", talk.modifiers if n_before < 2 else (), 2),
        ("clause", talk.clauses, 3),
    ]
    free = [place for place in places if place[1]] or [
        ("clause", talk.clauses or talk.sentences, 1)
    ]
    role, words, _ = rng.choices(free, [weight for _, _, weight in free])[0]
    return role, rng.choice(words)


def _renamed(text: str, hole: str, new: str, rng: random.Random) -> str:
    return expand(text, rng).replace("{" + hole + "}", "{" + new + "}")


def _join(said: str, refused: str, rng: random.Random) -> str:
    if refused.startswith("but "):
        return said.rstrip(".?!") + rng.choice((", ", " ")) + refused
    if refused.startswith(("I ", "I'", "it ", "{")) or rng.random() < 0.4:
        return (
            said.rstrip(".")
            + ("" if said[-1] in "?!" else ".")
            + " "
            + refused[0].upper()
            + refused[1:]
        )
    return said.rstrip(".?!") + ", " + refused


def _segments(text: str, named: Named, rng: random.Random) -> list[Segment]:
    segments: list[Segment] = []
    for place, part in enumerate(HOLE.split(text)):
        value = named[part] if place % 2 else part
        if place % 2 and isinstance(value, str) and segments:
            segments[-1] = (_with_article(segments[-1][0], value), None)
        if isinstance(value, str):
            segments.append((value, None))
        else:
            segments.append((typed(value, rng), value.id))
    return [segment for segment in segments if segment[0]]


def _with_article(text: str, name: str) -> str:
    """`text` before a name, its closing "a" made to agree: "an Amy Adams film"."""
    article = re.search(r"\b[Aa] $", text)
    return text[:-1] + "n " if article and name[0] in "AEIO" else text


def _capitalised(segments: list[Segment], rng: random.Random) -> list[Segment]:
    """Sentences begin with a capital, for those who care."""
    if rng.random() < 0.35:
        return segments
    (first, item_id), *rest = segments
    return [(first[:1].upper() + first[1:], item_id), *rest]


def _careless(segments: list[Segment], rng: random.Random, noise: float) -> list[Segment]:
    chance = rng.random
    if chance() < 0.12 * noise:
        segments = [(text if named else _shorter(text, rng), named) for text, named in segments]
    if chance() < 0.08 * noise:
        slipped = rng.randrange(len(segments))
        segments = [
            (_slip(text, rng) if place == slipped and named is None else text, named)
            for place, (text, named) in enumerate(segments)
        ]
    if chance() < 0.3 * noise:
        segments = [(text.lower(), named) for text, named in segments]
    if chance() < 0.2 * noise:
        segments = [(text if named else text.replace("'", ""), named) for text, named in segments]
    last, named = segments[-1]
    if named is None and last[-1:] in ".?" and len(last) > 1 and chance() < 0.35 * noise:
        segments = [*segments[:-1], (last[:-1], named)]
    elif last[-1:].isalnum() and chance() < 0.4:
        segments = [*segments, (".", None)]
    return segments


def _shorter(text: str, rng: random.Random) -> str:
    return re.sub(
        r"\w+", lambda m: SHORTER[m[0]] if m[0] in SHORTER and rng.random() < 0.5 else m[0], text
    )


def _slip(text: str, rng: random.Random) -> str:
    """One letter of a longer word swapped, doubled or left out."""
    words = [match for match in re.finditer(r"[a-z]{5,}", text)]
    if not words:
        return text
    start, end = rng.choice(words).span()
    at = rng.randrange(start + 1, end - 1)
    slip = rng.choice((text[at + 1] + text[at], text[at] * 2 + text[at + 1], text[at + 1]))
    return text[:at] + slip + text[at + 2 :]
