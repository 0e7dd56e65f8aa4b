"""Synthetic wishes and conversations, written from the catalog by a grammar of our own sentences.

They teach a small model to hear a wish: every wish has as its targets all items that fit it. The
replies teach it to speak of an item by slots only. Nothing here is copied from a dialogue corpus.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from crsdemo.catalog import Catalog, Item
from crsdemo.dialogue import Dialogue, Turn
from crsdemo.errors import CatalogError
from crsdemo.recommender import Mode, Reply
from crsdemo.slots import fill
from crsdemo.train import answers, wants, wording
from crsdemo.train import phrases_chat as chat
from crsdemo.train import phrases_replies as replies
from crsdemo.train import phrases_wishes as say
from crsdemo.train.example import Example
from crsdemo.train.phrases import Chooser, Talk, expand
from crsdemo.train.wants import Index, Targets, Want

MAX_TURNS = 8  # of the user in one conversation
TRIES = 40  # to draw a wish that some item fits


@dataclass(frozen=True)
class Wish:
    """What is wanted and not wanted, and how it was said."""

    turn: Turn
    wants: tuple[Want, ...]
    nots: tuple[Want, ...]
    targets: Targets


@dataclass
class Conversation:
    """A conversation as it is written."""

    dialogue: Dialogue = Dialogue()
    examples: list[Example] = field(default_factory=list)
    wants: tuple[Want, ...] = ()
    nots: tuple[Want, ...] = ()
    item: Item | None = None  # what was recommended last
    asked: set[tuple[tuple[str, ...], str]] = field(default_factory=set)  # question, item
    over: bool = False


# Questions of the assistant, answers to them, and what comes of it.
Response = tuple[tuple[str, ...], tuple[str, ...], Callable[[Conversation, Sequence[str]], bool]]


class Writer:
    """Writes examples for ever. Two writers with the same seed write the same.

    `neighbours` gives for an item those like it with a weight; `flatness` is the power of
    (popularity + 1) by which the items that fit a wish are weighed, 0 making them equal; `limit`
    is the number of targets at most; `with_reply` the share of wishes with a reply; `breadth` how
    many sentences of a kind the replies draw on. Raises
    CatalogError if the catalog has no genres to wish for.
    """

    def __init__(
        self,
        catalog: Catalog,
        neighbours: Mapping[str, Sequence[tuple[str, float]]],
        seed: int,
        *,
        flatness: float = 0.5,
        limit: int = 300,
        with_reply: float = 0.7,
        breadth: int = 1000,
    ) -> None:
        self.catalog, self.with_reply = catalog, with_reply
        self.rng = Chooser(seed)
        self.rng.breadth = breadth
        self.index = Index(catalog, neighbours, flatness, limit)
        if not self.index.genres:
            raise CatalogError(
                "no item of the catalog has a genre that wishes can name; synthetic wishes are "
                "written for films, so train on your own dialogues instead"
            )
        self._ids = [item.id for item in catalog]
        self._liked = [catalog.item(item) for item in self.index.neighbours]
        self._moves: list[tuple[Callable[[Conversation], bool], float]] = [
            (self._ask, 90),
            (self._ask_about, 3),
            (self._another, 12),
            (self._seen, 9),
            (self._loved, 5),
            (self._hated, 3),
            (self._older, 5),
            (self._newer, 5),
            (self._more, 9),
            (self._also, 9),
            (self._not, 7),
            (self._correct, 4),
            (self._change, 6),
            (self._accept, 16),
            (self._chat, 4),
        ]
        self._responses = self._known_responses()

    def wish(self) -> Example:
        """A short example: a wish in one turn, its targets, and mostly a reply."""
        wish = self.draw()
        dialogue = Dialogue((wish.turn,))
        item = self._choose(wish.targets)
        reply: tuple[answers.Piece, ...] = ()
        if self.rng.random() < self.with_reply:
            acks = replies.NOT_ACKS if wish.nots and self.rng.random() < 0.6 else ()
            reply = answers.recommendation(item, wish.wants, acks, self.rng)
        return Example(dialogue, "REC", self._weights(wish.targets), item if reply else None, reply)

    def dialogue(self) -> list[Example]:
        """A whole conversation: one example for every turn of the assistant."""
        talk = Conversation()
        self._begin(talk)
        length = self.rng.choice((2, 3, 3, 4, 4, 5, 5, 6, 7, MAX_TURNS))
        while not talk.over and len(talk.examples) < length:
            self._move(talk)
        if not talk.over and self.rng.random() < 0.6 and talk.item:
            self._accept(talk)
        return talk.examples

    def draw(self) -> Wish:
        """A wish that at least one item fits. Raises CatalogError if none is found."""
        for _ in range(TRIES):
            drawn, nots = self._draw_wants()
            targets = self.index.targets(drawn, nots, _films(drawn, nots))
            if targets is not None and (drawn or nots):
                text, named = wording.wish(drawn, nots, self.rng)
                text = wording.framed(text, self.rng) if len(text) < 120 else text
                return Wish(wording.turn(text, named, self.rng), tuple(drawn), tuple(nots), targets)
        raise CatalogError(
            f"no wish that an item fits in {TRIES} tries; the catalog of {len(self.catalog):,} "
            "items has too few genres, people and years for synthetic wishes"
        )

    # What is wanted.

    def _draw_wants(self) -> tuple[list[Want], list[Want]]:
        n = self.rng.choices((0, 1, 2, 3), (2, 62, 28, 8))[0]
        drawn = self._single() if n == 1 else self._combined(n) if n else []
        nots = [self._refused(drawn)] if n == 0 or self.rng.random() < 0.1 else []
        return drawn, [want for want in nots if want is not None]

    def _single(self) -> list[Want]:
        kind = self.rng.choices(
            ("genre", "mood", "theme", "keyword", "person", "era", "like"),
            (26, 13, 14, 6, 20, 6, 15),
        )[0]
        want = self._of_kind(kind)
        return [want] if want else self._single()

    def _of_kind(self, kind: str) -> Want | None:
        rng, index = self.rng, self.index
        groups = {
            "genre": index.genres,
            "mood": index.moods,
            "theme": index.themes,
            "keyword": index.keywords,
        }
        if kind in groups:
            return rng.choice(groups[kind]) if groups[kind] else None
        if kind == "person":
            return index.person(index.draw_person(rng), rng) if index.people else None
        if kind == "era":
            return self._era(self._anchor())
        return self._like()

    def _like(self) -> Want | None:
        if not self._liked:
            return None
        first = self._popular(self._liked)
        if self.rng.random() < 0.35:
            near = [self.catalog[row] for row, _ in self.index.neighbours[first.id]]
            second = self._popular(near if self.rng.random() < 0.7 else self._liked)
            if second is not first:
                return self.index.like([first, second])
        return self.index.like([first])

    def _combined(self, n: int) -> list[Want]:
        """`n` wants that one item, drawn at random, fits."""
        anchor = self._anchor()
        about = self.rng.sample(["theme", "theme", "person", "era", "like"], n)
        drawn: list[Want] = []
        for kind in about:
            want = self._that_fits(anchor, kind)
            if want is not None and all(_apart(want, other) for other in drawn):
                drawn.append(want)
        return drawn

    def _that_fits(self, item: Item, kind: str) -> Want | None:
        """A want that `item` fits."""
        rng, row = self.rng, self.catalog.row[item.id]
        if kind == "theme":
            return rng.choice(self.index.wants_of[row] or [None])
        if kind == "era":
            return self._era(item)
        if kind == "like":
            admirers = self.index.admirers[row]
            return self.index.like([self.catalog.item(rng.choice(admirers))]) if admirers else None
        if rng.random() < 0.15:
            return self.index.pair(item, rng)
        people = [name for name in item.people if name in self.index.people]
        return self.index.person(rng.choice(people), rng) if people else None

    def _era(self, item: Item) -> Want | None:
        """A span of years around that of `item`."""
        if not item.year:
            return None
        year, chance, newest = item.year, self.rng.random(), int(self.index.year.max())
        if chance < 0.1:
            return self.index.era(year, year, wants.years("in", year))
        if chance < 0.16:
            bound = min(year + self.rng.randint(1, 8), newest)
            return self.index.era(1, bound - 1, wants.years("before", bound))
        if chance < 0.22:
            bound = year - self.rng.randint(0, 5)
            return self.index.era(bound, newest, wants.years("since", bound))
        if year < 1970 and chance < 0.6:
            return self.index.era(1, 1969, wants.OLD)
        if year > newest - 6 and chance < 0.6:
            return self.index.era(newest - 5, newest, wants.NEW)
        first = year // 10 * 10
        return self.index.era(first, first + 9, wants.decade(first))

    def _refused(self, drawn: Sequence[Want]) -> Want | None:
        """Something not wanted that leaves room for what is wanted: mostly what would come up."""
        rng, index = self.rng, self.index
        targets = index.targets(drawn, (), _films(drawn, ()))
        if targets is None:
            return None
        item, kind = self._choose(targets), rng.random()
        row = self.catalog.row[item.id]
        if kind < 0.2:
            want: Want | None = rng.choice(index.genres)
        elif kind < 0.45:
            want = rng.choice(
                [want for want in index.wants_of[row] if want.kind == "genre"] or [None]
            )
        elif kind < 0.7:
            want = rng.choice([want for want in index.less if want.fit[row]] or [None])
        elif kind < 0.87:
            people = [name for name in item.people if name in index.people]
            want = index.person(rng.choice(people), rng) if people else None
        else:
            want = index.near(item) if item.popularity else None
        clash = want is None or any(want.value in (other.value, *_words(other)) for other in drawn)
        return None if clash else want

    def _anchor(self) -> Item:
        return self.catalog[self.rng.randrange(len(self.catalog))]

    def _popular(self, items: Sequence[Item]) -> Item:
        """One of `items`, the better known of three."""
        return max(self.rng.choices(items, k=3), key=lambda item: item.popularity)

    def _choose(self, targets: Targets) -> Item:
        row = self.rng.choices(targets.rows.tolist(), targets.weights.tolist())[0]
        return self.catalog[row]

    def _weights(self, targets: Targets) -> dict[str, float]:
        ids = map(self._ids.__getitem__, targets.rows.tolist())
        return dict(zip(ids, targets.weights.tolist(), strict=True))

    # Turns.

    def _say(self, talk: Conversation, text: str, named: wording.Named | None = None) -> None:
        talk.dialogue = talk.dialogue.say(wording.turn(text, named or {}, self.rng, noise=0.8))

    def _reply(
        self,
        talk: Conversation,
        mode: Mode,
        pieces: Sequence[answers.Piece],
        item: Item | None = None,
        targets: Mapping[str, float] | None = None,
        fields: frozenset[str] = frozenset(),
    ) -> None:
        talk.examples.append(
            Example(talk.dialogue, mode, targets or {}, item, tuple(pieces), fields)
        )
        talk.dialogue = talk.dialogue.say(Reply(fill(pieces, item), mode).turn())

    def _exchange(self, talk: Conversation, exchange: chat.Exchange) -> None:
        self._say(talk, expand(self.rng.choice(exchange.user), self.rng))
        self._reply(talk, "CHAT", (self.rng.phrase(exchange.reply),))

    def _recommend(
        self,
        talk: Conversation,
        text: str,
        named: wording.Named,
        targets: Targets,
        acks: Sequence[str],
    ) -> None:
        self._say(talk, text, named)
        item = self._choose(targets)
        pieces = answers.recommendation(item, talk.wants, acks, self.rng)
        self._reply(talk, "REC", pieces, item, self._weights(targets))
        talk.item = item

    def _try(
        self,
        talk: Conversation,
        drawn: Sequence[Want],
        nots: Sequence[Want],
        say_it: Callable[[], tuple[str, wording.Named]],
        acks: Sequence[str] = (),
    ) -> bool:
        """Recommend for `drawn` and `nots` if an item is left that was not mentioned yet."""
        avoid = {*talk.dialogue.mentioned, *_films(drawn, nots)}
        targets = self.index.targets(drawn, nots, avoid)
        if targets is None:
            return False
        talk.wants, talk.nots = tuple(drawn), tuple(nots)
        text, named = say_it()
        self._recommend(talk, text, named, targets, acks)
        return True

    # The course of a conversation.

    def _begin(self, talk: Conversation) -> None:
        chance = self.rng.random()
        if chance < 0.3:
            self._exchange(talk, chat.GREETING)
        elif chance < 0.42:
            self._vague(talk)
        elif chance < 0.52:
            self._chat(talk)
        elif chance < 0.57:
            self._ask_about(talk)

    def _move(self, talk: Conversation) -> None:
        if talk.item is None:
            self._open(talk)
            return
        if self.rng.random() < 0.6 and self._respond(talk):
            return
        moves, weights = zip(*self._moves, strict=True)
        while not self.rng.choices(moves, weights)[0](talk):
            pass

    def _open(self, talk: Conversation) -> None:
        """The first wish, or what comes before it."""
        chance, asked = self.rng.random(), bool(talk.examples)
        if chance < 0.08:
            self._chat(talk)
        elif chance < 0.16 and asked:
            self._exchange(talk, chat.UNSURE)
        elif chance < 0.22:
            self._vague(talk)
        elif not (asked and self.rng.random() < 0.6 and self._answer(talk)):
            self._wish(talk, "{wish}", framed=not asked)

    def _answer(self, talk: Conversation) -> bool:
        """A film or a person, if the assistant has just asked for one."""
        asked = talk.dialogue.turns[-1].text
        if re.search(r"[Ww]hich (film|one|was)|[Nn]ame a film|last film|film (that )?you", asked):
            want = self._like()
            texts: Sequence[str] = say.ANSWER_FILM
        elif re.search(r"\bactor", asked) and self.index.people:
            want, texts = self._of_kind("person"), say.ANSWER_PERSON
        else:
            return False
        if want is None or "second" in want.named:
            return False
        text, named = expand(self.rng.choice(texts), self.rng), want.named
        return self._try(talk, [want], (), lambda: (text, named))

    def _known_responses(self) -> list[Response]:
        """The questions of the assistant, with short answers and what these lead to."""
        again = self._again

        def seen(talk: Conversation, texts: Sequence[str]) -> bool:
            return again(talk, talk.wants, texts, replies.SEEN_ACKS)

        def another(talk: Conversation, texts: Sequence[str]) -> bool:
            return again(talk, talk.wants, texts, replies.ANOTHER_ACKS)

        def older(talk: Conversation, texts: Sequence[str]) -> bool:
            return self._shifted(talk, 1, -4, texts, replies.OLD_ACKS)

        def newer(talk: Conversation, texts: Sequence[str]) -> bool:
            return self._shifted(talk, 4, 9999, texts, replies.NEW_ACKS)

        return [
            (replies.SEEN_IT, say.YES_SEEN, seen),
            (replies.SEEN_IT, say.NO_SEEN, self._tell),
            (replies.SOUNDS_GOOD, say.YES_GOOD, self._agree),
            (replies.SOUNDS_GOOD, say.NO_GOOD, another),
            (replies.GO_ON, say.YES, another),
            (replies.LEARN_MORE, say.YES, self._tell),
            (replies.WHICH_TIME, say.ANSWER_OLDER, older),
            (replies.WHICH_TIME, say.ANSWER_NEWER, newer),
        ]

    def _respond(self, talk: Conversation) -> bool:
        """A word or two in answer to the question of the assistant, if it asked one."""
        said = talk.dialogue.turns[-1].text
        known = [(texts, move) for asked, texts, move in self._responses if said.endswith(asked)]
        if not known:
            return False
        texts, move = self.rng.choice(known)
        return move(talk, texts)

    def _agree(self, talk: Conversation, texts: Sequence[str]) -> bool:
        self._exchange(talk, chat.Exchange(tuple(texts), chat.ACCEPT.reply))
        talk.over = self.rng.random() < 0.5
        return True

    def _tell(self, talk: Conversation, texts: Sequence[str]) -> bool:
        if talk.item is None:
            return False
        self._say(talk, expand(self.rng.choice(texts), self.rng))
        self._inform(talk, chat.ABOUT, talk.item)
        return True

    def _vague(self, talk: Conversation) -> bool:
        """The user names no wish: the assistant asks, or offers something well known."""
        targets = self.index.targets((), (), talk.dialogue.mentioned)
        if self.rng.random() < 0.85 or targets is None:
            self._exchange(talk, chat.VAGUE)
        else:
            text = expand(self.rng.choice(chat.VAGUE.user), self.rng)
            self._recommend(talk, text, {}, targets, replies.VAGUE_ACKS)
        return True

    def _wish(
        self, talk: Conversation, frame: str, framed: bool = False, acks: Sequence[str] = ()
    ) -> bool:
        """A new wish, whatever was wished before."""
        for _ in range(TRIES):
            drawn, nots = self._draw_wants()

            def said(
                drawn: list[Want] = drawn, nots: list[Want] = nots
            ) -> tuple[str, wording.Named]:
                text, named = wording.wish(drawn, nots, self.rng)
                text = wording.framed(text, self.rng) if framed else text
                return expand(frame, self.rng).replace("{wish}", text), named

            if (drawn or nots) and self._try(talk, drawn, nots, said, acks):
                return True
        return False

    def _chat(self, talk: Conversation) -> bool:
        self._exchange(talk, self.rng.choice(chat.CHATS))
        return True

    def _ask(self, talk: Conversation) -> bool:
        """A question about the film just recommended."""
        if talk.item is None:
            return False
        question = self.rng.choice(chat.QUESTIONS)
        if (question.user, talk.item.id) in talk.asked:
            return False
        talk.asked.add((question.user, talk.item.id))
        self._say(talk, expand(self.rng.choice(question.user), self.rng))
        self._inform(talk, question, talk.item)
        return True

    def _ask_about(self, talk: Conversation) -> bool:
        """A question about a film that the user names."""
        item = self._popular(self.catalog.items)
        question, texts = self.rng.choice(chat.FILM_QUESTIONS)
        text = expand(self.rng.choice(texts), self.rng)
        talk.asked.add((question.user, item.id))
        self._say(talk, text + ("" if text[-1] == "?" else "."), {"film": item})
        self._inform(talk, question, item)
        talk.item = item
        return True

    def _inform(self, talk: Conversation, question: chat.Question, item: Item) -> None:
        pieces = answers.answer(chat.fitting(question, item.genres), item, self.rng)
        self._reply(talk, "REC", pieces, item, {item.id: 1.0}, question.fields)

    def _another(self, talk: Conversation) -> bool:
        return self._again(talk, talk.wants, say.ANOTHER, replies.ANOTHER_ACKS)

    def _seen(self, talk: Conversation) -> bool:
        return self._again(talk, talk.wants, say.SEEN, replies.SEEN_ACKS)

    def _loved(self, talk: Conversation) -> bool:
        """Seen and loved: more like it, or a word about it."""
        near = self.index.like([talk.item]) if talk.item else None
        if near is None:
            return False
        kept = [want for want in talk.wants if want.kind != "like"]
        return self._again(talk, [*kept, near], say.LOVED_IT, replies.LOVED_ACKS) or self._again(
            talk, [near], say.LOVED_IT, replies.LOVED_ACKS
        )

    def _hated(self, talk: Conversation) -> bool:
        if talk.item is None:
            return False
        nots = [*talk.nots, self.index.near(talk.item, 5)]
        text = expand(self.rng.choice(say.HATED_IT), self.rng)
        return self._try(talk, talk.wants, nots, lambda: (text, {}), replies.HATED_ACKS)

    def _older(self, talk: Conversation) -> bool:
        return self._shifted(talk, 1, -4, say.OLDER, replies.OLD_ACKS)

    def _newer(self, talk: Conversation) -> bool:
        return self._shifted(talk, 4, 9999, say.NEWER, replies.NEW_ACKS)

    def _shifted(
        self, talk: Conversation, first: int, last: int, texts: Sequence[str], acks: Sequence[str]
    ) -> bool:
        """The same wish, from years before or after the last recommendation.

        `first` and `last` bound the years wanted; those below 10 count from the film's year.
        """
        if talk.item is None or not talk.item.year:
            return False
        year = talk.item.year
        span = (1, year + last) if last < 0 else (year + first, last)
        era = self.index.era(*span, Talk())
        kept = [want for want in talk.wants if want.kind != "era"]
        return self._again(talk, [*kept, era], texts, acks)

    def _again(
        self, talk: Conversation, drawn: Sequence[Want], texts: Sequence[str], acks: Sequence[str]
    ) -> bool:
        text = expand(self.rng.choice(texts), self.rng)
        return self._try(talk, drawn, talk.nots, lambda: (text, {}), acks)

    def _more(self, talk: Conversation) -> bool:
        """A higher dose of a genre or mood: "funnier"."""
        if self.rng.random() < 0.3 and self.index.less:
            refused = self.rng.choice(self.index.less)
            drawn, nots, talk_of = talk.wants, (*talk.nots, refused), refused.talk
        else:
            want = self.rng.choice([*self.index.genres, *self.index.moods])
            drawn, nots, talk_of = (*talk.wants, want), talk.nots, want.talk
        if not talk_of.more or len(drawn) > 3:
            return False

        def said() -> tuple[str, wording.Named]:
            more = expand(self.rng.choice(talk_of.more), self.rng)
            frame = expand(self.rng.choice(say.MORE_QUALITY), self.rng)
            return self._aside() + frame.replace("{more}", more), {}

        return self._try(talk, drawn, nots, said, replies.REFINE_ACKS)

    def _also(self, talk: Conversation) -> bool:
        """One more constraint on top of the wish."""
        if len(talk.wants) > 2:
            return False
        avoid = {*talk.dialogue.mentioned, *_films(talk.wants, talk.nots)}
        targets = self.index.targets(talk.wants, talk.nots, avoid)
        kind = self.rng.choice(("theme", "theme", "person", "era"))
        want = self._that_fits(self._choose(targets), kind) if targets else None
        if want is None or any(want.kind == other.kind for other in talk.wants):
            return False

        def said() -> tuple[str, wording.Named]:
            frame = expand(self.rng.choice(say.AND_ALSO), self.rng)
            return frame.replace("{after}", wording.after(want, self.rng)), want.named

        return self._try(talk, (*talk.wants, want), talk.nots, said, replies.REFINE_ACKS)

    def _not(self, talk: Conversation) -> bool:
        """Something is ruled out after the first recommendation."""
        refused = self._refused(talk.wants)
        if refused is None or refused.kind == "like" or len(talk.nots) > 1:
            return False

        def said() -> tuple[str, wording.Named]:
            text, named = wording.refusal(refused, self.rng)
            text = text.removeprefix("but ")
            return expand(self.rng.choice(say.NO_MORE), self.rng).replace("{not}", text), named

        return self._try(talk, talk.wants, (*talk.nots, refused), said, replies.NOT_ACKS)

    def _correct(self, talk: Conversation) -> bool:
        """The user insists on something the assistant did not hear."""
        drawn = self._single()
        if not drawn or drawn[0].kind == "like" or drawn[0] in talk.wants:
            return False

        def said() -> tuple[str, wording.Named]:
            frame = expand(self.rng.choice(say.CORRECTION), self.rng)
            return frame.replace("{one}", wording.one(drawn, self.rng)), drawn[0].named

        return self._try(talk, drawn, (), said, replies.CORRECTION_ACKS)

    def _change(self, talk: Conversation) -> bool:
        return self._wish(talk, self.rng.choice(say.CHANGE_OF_MIND), acks=replies.CHANGE_ACKS)

    def _accept(self, talk: Conversation) -> bool:
        """The user takes the film; then thanks, a goodbye, or another wish."""
        chance = self.rng.random()
        if chance < 0.12:
            return self._wish(talk, self.rng.choice(say.AND_FOR_LATER))
        if chance < 0.8:
            self._exchange(talk, chat.ACCEPT)
        if chance > 0.5:
            self._exchange(talk, chat.THANKS)
        if chance > 0.75:
            self._exchange(talk, chat.GOODBYE)
        talk.over = True
        return True

    def _aside(self) -> str:
        return expand(self.rng.choice(say.ASIDE), self.rng) if self.rng.random() < 0.3 else ""


def _apart(want: Want, other: Want) -> bool:
    """Whether a wish can hold both: two genres, or constraints of different kinds."""
    if want.kind == other.kind == "genre":
        return not set(_words(want)) & set(_words(other))
    return want.kind != other.kind


def _films(drawn: Sequence[Want], nots: Sequence[Want]) -> list[str]:
    """Ids of the items that the wish itself names."""
    named = [value for want in (*drawn, *nots) for value in want.named.values()]
    return [value.id for value in named if isinstance(value, Item)]


def _words(want: Want) -> list[str]:
    return [value for values in want.facts.values() for value in values]
