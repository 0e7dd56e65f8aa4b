"""Is what a recommender says of items true? Its words, compared with the catalog.

Titles and facts reach a reply as items and slots, which cannot be wrong; what the model writes
itself can be. So every film, person, year, genre and name in the words of a reply is a claim, and
is held against the items of the reply, the conversation so far and what the user said.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Literal

from tqdm import tqdm

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import Dialogue, Mention, Turn
from crsdemo.core.recommender import Plan, Recommender, Reply, reply
from crsdemo.language.mentions import MentionLinker
from crsdemo.language.people import PeopleLinker
from crsdemo.language.title_clues import ReadText
from crsdemo.language.typed_words import is_ordinary, tokens_of, words_of

Kind = Literal["film", "person", "year", "genre", "name"]
KINDS: tuple[Kind, ...] = ("film", "person", "year", "genre", "name")

WISHES = (
    "I feel like something with a good twist at the end",
    "Got any films to make a long train ride short?",
    "any good westerns?",
    "Recommend me a comedy that isn't stupid.",
    "something scary for tonight, we are four people",
    "My kids are 6 and 9. What could we watch together?",
    "I want to cry my eyes out",
    "an old black and white film please",
    "A love story, but without a happy ending",
    "What's a good science fiction film about robots",
    "something from the eighties",
    "Is there anything newer, say after 2010?",
    "I'm looking for a musical",
    "war films that are not about heroes",
    "A documentary on nature or the sea?",
    "Surprise me",
    "I had a terrible day at work",
    "What would you show to somebody who hates films?",
    "crime film with a clever detective",
    "I need a film about cooking, I'm hungry",
    "I loved {title}",
    "Something like {title}, but funnier",
    "tell me about {title}",
    "Who directed {title}?",
    "{title} was boring, don't give me that again",
    "I'm a big fan of {person}",
    "Do you know a film with {person} that few people have seen?",
    "Nothing with {person} please, otherwise I'm open",
    "hello there",
    "hey, what can you do?",
)
FOLLOW_UPS = (
    "who is in it?",
    "when was it made?",
    "is it a comedy?",
    "Who made it?",
    "what is it about",
    "How old is that film?",
    "Is it scary?",
    "which genre is that?",
    "Is {person} in it?",
    "tell me more",
    "I've seen that one",
    "Something else please",
    "Hmm, I don't like it. Less violent?",
    "not my thing, I can't stand horror",
    "I'd rather have something older",
    "Is there something more recent?",
    "And one with {person}?",
    "Is it anything like {title}?",
    "can I watch it with my grandmother",
    "More romantic, please.",
    "why that one?",
    "ok, and another?",
    "Do you have something shorter and lighter?",
    "What else did the director make?",
    "is it sad?",
)
CLOSINGS = (
    "thanks!",
    "Great, that's what I'll watch tonight",
    "Thank you, bye",
    "sounds perfect",
    "no, thank you, I'll read a book",
)
WELL_KNOWN = 200  # items whose titles and people are put into our messages

_DECADES = {
    "twenties": (1920, 2020), "thirties": (1930,), "forties": (1940,), "fifties": (1950,),
    "sixties": (1960,), "seventies": (1970,), "eighties": (1980,), "nineties": (1990,),
    "noughties": (2000,), "two-thousands": (2000,), "twenty-tens": (2010,),
}  # fmt: skip
_YEAR = re.compile(
    r"\b(?P<year>(?:18|19|20)\d\d)(?P<many>'?s)?\b|(?<!\d)'?\b(?P<short>\d0)'?s\b"
    rf"|\b(?P<word>{'|'.join(_DECADES)})\b",
    re.IGNORECASE,
)
_AGE = re.compile(r"\b(?:his|her|their|my|your)\s+(?:early |mid |late )?$", re.IGNORECASE)

# How genres are said beside their own names -> what an item must be, all of it
_GENRE_WORDS: Mapping[str, tuple[str, ...]] = {
    "sci-fi": ("science fiction",), "scifi": ("science fiction",), "sf": ("science fiction",),
    "science-fiction": ("science fiction",), "romcom": ("romance", "comedy"),
    "rom-com": ("romance", "comedy"), "romantic comedy": ("romance", "comedy"),
    "comedies": ("comedy",), "comedic": ("comedy",), "dramedy": ("comedy", "drama"),
    "love story": ("romance",), "romantic": ("romance",), "animated": ("animation",),
    "cartoon": ("animation",), "biopic": ("biography",), "noir": ("film noir",),
    "whodunit": ("mystery",), "gangster film": ("crime",),
}  # fmt: skip
# Genres that are ordinary words too: claims only where a noun for films follows, or an article
# stands before those in the second group
_NEED_NOUN = frozenset({"family", "music", "history", "crime", "sport", "war", "action"})
_NEED_FRAME = frozenset({"adventure", "mystery", "fantasy", "drama", "biography", "romance"})
_FILM_NOUN = r"films?|movies?|flicks?|pictures?|story|stories|classics?|comedy|drama|thriller"
_DENIED = re.compile(
    r"\b(?:not|no|isn't|never|nor|without|hardly)\s+(?:(?:a|an|any|in)\s+)?$", re.I
)
_SENTENCE = re.compile(r"[^.!?\n]*(?:[.!?\n]+(?=\s|$)|$|[.!?\n])")
_CAPITALISED = re.compile(r"[^\W\d_a-z][\w'’.-]*\w(?:\s+[^\W\d_a-z][\w'’.-]*\w)*")
_POSSESSIVE = re.compile(r"(?<=\w)['’]s\b")
_ITSELF = re.compile(r"\b(?:it|that|this)(?:'s|\s+(?:is|was))\b", re.IGNORECASE)


@dataclass(frozen=True)
class Claim:
    """Something that a reply says of the world of the catalog; `wrong` says why it is false."""

    kind: Kind
    said: str
    wrong: str = ""


@dataclass(frozen=True)
class Checked:
    """A reply, what it answers, and what it claims."""

    dialogue: Dialogue  # ends with the user's turn
    reply: Reply
    claims: tuple[Claim, ...]

    @property
    def wrong(self) -> tuple[Claim, ...]:
        return tuple(claim for claim in self.claims if claim.wrong)


@dataclass(frozen=True)
class Report:
    """All replies that were read."""

    recommender: str
    replies: tuple[Checked, ...]

    @property
    def wrong(self) -> tuple[Checked, ...]:
        """The replies that say something false."""
        return tuple(checked for checked in self.replies if checked.wrong)

    @property
    def unnamed(self) -> tuple[Checked, ...]:
        """The recommendations whose words leave out the recommended film."""
        return tuple(c for c in self.replies if c.reply.item and c.reply.item not in c.reply.pieces)

    def count(self, kind: Kind) -> tuple[int, int]:
        """How many claims of a kind were read, and how many are wrong."""
        claims = [c for checked in self.replies for c in checked.claims if c.kind == kind]
        return len(claims), sum(bool(claim.wrong) for claim in claims)


def check(
    recommender: Recommender, catalog: Catalog, linker: MentionLinker, n_replies: int
) -> Report:
    """Talk with the recommender until `n_replies` replies are read; shows progress on stderr."""
    judge = FactJudge(catalog, linker)
    read = islice(_talks(recommender, catalog, linker), n_replies)
    progress = tqdm(read, total=n_replies, desc="reading replies", unit="reply")
    checked = (Checked(talk, answer, judge.claims(talk, answer)) for talk, answer in progress)
    return Report(recommender.name, tuple(checked))


def render(report: Report, *, verbose: bool = False) -> str:
    """Counts per kind of claim, then every false claim; with `verbose` every reply."""
    modes = Counter(checked.reply.mode for checked in report.replies)
    counts = ", ".join(f"{number} {mode}" for mode, number in sorted(modes.items()))
    lines = [f"{report.recommender}: {len(report.replies)} replies read ({counts})", ""]
    for kind in KINDS:
        read, wrong = report.count(kind)
        lines.append(f"{kind:<8}{read:>6} claims {wrong:>4} wrong")
    lines += ["", f"replies with a wrong claim: {len(report.wrong)}"]
    lines += [f"recommendations that do not name their film: {len(report.unnamed)}"]
    for checked in report.replies if verbose else report.wrong:
        lines += _lines(checked)
    return "\n".join(lines)


def _lines(checked: Checked) -> Iterator[str]:
    yield f"\n> {checked.dialogue.turns[-1].text}"
    yield f"{checked.reply.mode:<5} {checked.reply.text}"
    for claim in checked.claims:
        verdict = f"WRONG, {claim.wrong}" if claim.wrong else "right"
        yield f"      {claim.kind} {claim.said!r}: {verdict}"


def _talks(
    recommender: Recommender, catalog: Catalog, linker: MentionLinker
) -> Iterator[tuple[Dialogue, Reply]]:
    """Conversations without end, always the same: (dialogue up to the user's turn, reply)."""
    for number, messages in enumerate(_conversations(catalog)):
        dialogue = Dialogue()
        plan = Plan(seed=number, temperature=0.7 if number % 2 else 0.0)
        for text in messages:
            dialogue = dialogue.say(Turn("user", text, linker.link(text, dialogue)))
            answer = reply(recommender, dialogue, plan)
            yield dialogue, answer
            dialogue = dialogue.say(answer.turn())


def _conversations(catalog: Catalog) -> Iterator[list[str]]:
    """What we say: a wish, two to four follow-ups, sometimes a goodbye."""
    rng = random.Random(0)
    known = sorted(catalog, key=lambda item: -item.popularity)[:WELL_KNOWN]
    people = [person for item in known for person in item.people] or ["Jane Doe"]
    while True:
        for wish in rng.sample(WISHES, len(WISHES)):
            asked = rng.sample(FOLLOW_UPS, rng.randint(2, 4))
            said = [wish, *asked, *rng.sample(CLOSINGS, rng.randint(0, 1))]
            yield [
                text.format(title=rng.choice(known).name, person=rng.choice(people))
                for text in said
            ]


class FactJudge:
    """Finds the claims in replies over one catalog. Immutable."""

    def __init__(self, catalog: Catalog, linker: MentionLinker) -> None:
        self.catalog = catalog
        self.linker = linker
        self.people = PeopleLinker(catalog)
        plural = {f"{genre}s": (genre,) for genre in catalog.genres if genre[-1] not in "ys"}
        said = {w: needed for w, needed in _GENRE_WORDS.items() if {*needed} <= {*catalog.genres}}
        self.genre_words: Mapping[str, tuple[str, ...]] = {
            **{genre: (genre,) for genre in catalog.genres},
            **plural,
            **said,
        }
        longest_first = sorted(self.genre_words, key=len, reverse=True)
        self.genre = re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b", re.I)

    def claims(self, dialogue: Dialogue, answer: Reply) -> tuple[Claim, ...]:
        """Every claim of a reply to `dialogue`, which ends with the user's turn."""
        words = _Words(self.catalog, dialogue, answer)
        films = self._in_letters(words)
        people = tuple(self._people(words))
        judged = " ".join(claim.said for claim in people)
        return (
            *map(self._item, words.items),
            *_films(words, films),
            *people,
            *_years(words, films),
            *self._genres(words),
            *_names(words, films, words.known.union(words_of(judged))),
        )

    def named(self, dialogue: Dialogue, answer: Reply) -> frozenset[str]:
        """The ids of the films that a reply names, be it as items or in letters."""
        words = _Words(self.catalog, dialogue, answer)
        return frozenset(m.item_id for m in (*words.places, *self._in_letters(words)))

    def _in_letters(self, words: _Words) -> tuple[Mention, ...]:
        """The titles that the model spelled itself."""
        found = self.linker.link(words.text, words.dialogue)
        return tuple(mention for mention in found if _is_name(words.text, mention))

    def _item(self, item: Item) -> Claim:
        is_known = item.id in self.catalog.row and self.catalog.item(item.id) == item
        return Claim("film", item.name, "" if is_known else "no item of the catalog")

    def _people(self, words: _Words) -> Iterator[Claim]:
        """Each must be of a film that its sentence speaks of, or have been named by the user."""
        by_user = self.people.link_people(words.typed)
        for position, person in sorted([*words.own_people, *self._named(words.text)]):
            films = words.subjects(position) or words.items
            right = person in by_user or any(person in film.people for film in films)
            of = ", ".join(film.name for film in films) or "any film of this reply"
            yield Claim("person", person, "" if right else f"not among the people of {of}")

    def _named(self, text: str) -> Iterator[tuple[int, str]]:
        """(place, person) as `link_people` finds them, but no word counts as a typo."""
        text = _POSSESSIVE.sub("  ", text)
        tokens = tokens_of(text)
        for first, _, person in self.people.spans(ReadText(text, tokens, {})):
            yield tokens[first].start, person

    def _genres(self, words: _Words) -> Iterator[Claim]:
        for found in self.genre.finditer(words.text) if self.genre_words else ():
            subjects = words.subjects(found.start())
            if subjects and _is_genre_here(found):
                yield _genre_claim(found, self.genre_words[found[0].lower()], subjects)


class _Words:
    """The words of one reply and what they may speak of.

    In `text` the titles, the full names of the items' people and their facts of other kinds
    (keywords, tags) are blotted out, so that nothing is read out of them.
    """

    def __init__(self, catalog: Catalog, dialogue: Dialogue, answer: Reply) -> None:
        self.catalog, self.dialogue, self.item = catalog, dialogue, answer.item
        said = [piece for piece in answer.pieces if isinstance(piece, Item)]
        self.items = tuple({i.id: i for i in (*said, answer.item) if i is not None}.values())
        turn = answer.turn()
        self.places = turn.mentions
        text = _blotted(turn.text, [(m.start, m.end) for m in turn.mentions])
        text = _blotted(text, _places_of(self._own_facts(), text))
        people = {person.lower(): person for item in self.items for person in item.people}
        named = _places_of(people, text)
        self.own_people = [(start, people[text[start:end].lower()]) for start, end in named]
        self.text = _blotted(text, named)

    def _own_facts(self) -> set[str]:
        judged = ("genres", "directors", "cast")
        facts = (pair for item in self.items for pair in item.facts.items())
        told = {value for name, values in facts if name not in judged for value in values}
        return told | {tag for item in self.items for tag in item.tags}

    @cached_property
    def typed(self) -> str:
        """All that the user said."""
        return "\n".join(turn.text for turn in self.dialogue.turns if turn.speaker == "user")

    @cached_property
    def known(self) -> frozenset[str]:
        """Plain words of the items spoken of and of what the user said: these may be names."""
        spoken_of = [*self.items, *map(self.catalog.item, self._mentioned)]
        names = [v for item in spoken_of for values in item.facts.values() for v in values]
        names += [text for item in spoken_of for text in (item.title, item.logline, *item.tags)]
        return frozenset(words_of(" ".join([*names, self.typed])))

    @property
    def _mentioned(self) -> list[str]:
        return [item_id for item_id in self.dialogue.mentioned if item_id in self.catalog.row]

    def may_name(self, item_id: str) -> bool:
        return item_id in self.dialogue.mentioned or item_id in {item.id for item in self.items}

    def _sentence(self, position: int) -> tuple[int, int]:
        spans = (match.span() for match in _SENTENCE.finditer(self.text))
        return next(span for span in spans if span[0] <= position < span[1])

    def subjects(self, position: int) -> Sequence[Item]:
        """What a fact at a place is said of: the items of its sentence, else the last one before,
        else the item of the reply, else ("it is ...") what was spoken of before.

        Nothing if the sentence names no item and asks a question.
        """
        start, end = self._sentence(position)
        near = [m for m in self.places if start <= m.start < end]
        if not near and self.text[start:end].rstrip().endswith("?"):
            return []
        before = [m for m in self.places if m.start < start][-1:]
        named = {mention.item_id for mention in near or before}
        found = [item for item in self.items if item.id in named]
        if found or self.item is not None:
            return found or [item for item in (self.item,) if item is not None]
        is_about_it = _ITSELF.search(self.text[start:end])
        return [self.catalog.item(i) for i in self._mentioned[-1:] if is_about_it]


def _blotted(text: str, places: Iterable[tuple[int, int]]) -> str:
    """`text` with zeros at these places, which are no words to any of the linkers."""
    for start, end in places:
        text = text[:start] + "0" * (end - start) + text[end:]
    return text


def _places_of(values: Collection[str], text: str) -> list[tuple[int, int]]:
    """Where one of `values` stands, whatever its case; the longest first."""
    if not values:
        return []
    said = "|".join(map(re.escape, sorted(values, key=len, reverse=True)))
    found = re.finditer(rf"(?<!\w)(?:{said})(?!\w)", text, re.IGNORECASE)
    return [match.span() for match in found]


def _is_name(text: str, mention: Mention) -> bool:
    """Whether a title is more than ordinary words ("against all odds"), which replies use too."""
    said = text[mention.start : mention.end]
    inner = said[1:] if _begins_sentence(text[: mention.start]) else said
    return inner != inner.lower() or any(c.isdigit() for c in said) or not _is_plain(said)


def _films(words: _Words, films: Sequence[Mention]) -> Iterator[Claim]:
    """Films named in letters, beside the items."""
    for mention in films:
        right = words.may_name(mention.item_id)
        reason = "" if right else f"{words.catalog.item(mention.item_id).name} is not spoken of"
        yield Claim("film", words.text[mention.start : mention.end], reason)


def _years(words: _Words, films: Sequence[Mention]) -> Iterator[Claim]:
    by_user = {span for found in _YEAR.finditer(words.typed) for span in _spans_of(found)}
    for found in _YEAR.finditer(words.text):
        subjects = words.subjects(found.start())
        is_age = _AGE.search(words.text[: found.start()])
        if not subjects or is_age or _in_film(found, films):
            continue
        years = [item.year for item in subjects if item.year]
        spans = _spans_of(found)
        true = any(first <= year <= last for first, last in spans for year in years)
        right = true or not by_user.isdisjoint(spans)
        known = ", ".join(item.name for item in subjects)
        yield Claim("year", found[0], "" if right else f"but it is {known}")


def _spans_of(found: re.Match[str]) -> list[tuple[int, int]]:
    """First and last year of what a date may mean."""
    if found["year"]:
        year = int(found["year"])
        return [(year, year + 9 if found["many"] else year)]
    if found["word"]:
        decades: Sequence[int] = _DECADES[found["word"].lower()]
    else:
        decades = [century + int(found["short"]) for century in (1900, 2000)]
    return [(decade, decade + 9) for decade in decades]


def _in_film(found: re.Match[str], films: Sequence[Mention]) -> bool:
    return any(film.start <= found.start() < film.end for film in films)


def _is_genre_here(found: re.Match[str]) -> bool:
    """Whether an ordinary word ("family", "mystery") is meant as a genre."""
    word, after = found[0].lower(), found.string[found.end() :]
    if word not in _NEED_NOUN | _NEED_FRAME:
        return True
    if re.match(rf"\s+(?:{_FILM_NOUN})\b", after, re.IGNORECASE):
        return True
    before = re.search(r"\b(?:a|an|counts as|filed under)\s+$", found.string[: found.start()])
    return word in _NEED_FRAME and bool(before)


def _genre_claim(found: re.Match[str], needed: Sequence[str], items: Sequence[Item]) -> Claim:
    """That some item is of the genre, or, after "not", that some item is not."""
    holds = any(set(needed) <= set(item.genres) for item in items)
    denied = _DENIED.search(found.string[: found.start()])
    if denied:
        holds = any(not set(needed) <= set(item.genres) for item in items)
    of = "; ".join(f"{item.name}: {', '.join(item.genres)}" for item in items)
    said = (denied[0] if denied else "") + found[0]
    return Claim("genre", said, "" if holds else f"but {of}")


def _names(words: _Words, films: Sequence[Mention], known: Collection[str]) -> Iterator[Claim]:
    """Capitalised words inside a sentence that are no words of the language."""
    for found in _CAPITALISED.finditer(words.text):
        run = found[0].split()
        inner = run[1:] if _begins_sentence(words.text[: found.start()]) else run
        names = [word for word in inner if not _is_plain(word)]
        if names and not _in_film(found, films):
            unknown = [name for name in names if not _is_known(name, known)]
            yield Claim("name", found[0], f"{unknown[0]!r} is not known here" if unknown else "")


def _begins_sentence(before: str) -> bool:
    return re.search(r"(?:^|[.!?:…\n\"“‘(–—-])\s*[\"'“‘(]?$", before) is not None


def _is_plain(word: str) -> bool:
    """An ordinary word, which somebody chose to write with a capital."""
    return all(is_ordinary(w) for w in words_of(word))


def _is_known(word: str, known: Collection[str]) -> bool:
    parts = {plain for said in words_of(word) for plain in (said, said.removesuffix("s"))}
    return any(part in known for part in parts)
