"""What the generative recommender learns from, as sequences drawn at random, in kinds:

- card: the facts of a film -> its ID, and back, well-known films more often
- fact: a person, a genre, a decade, a tag in one of the ways people say it -> all that fit
- wish: the wishes written for this project -> the films that fit; a search -> the right film
- liked: sets of films that people mention or like together, with the distribution of the teacher
- real: whole public dialogues; half of the weight on the film that was recommended
- absent: a title that no film has -> talk about no film
- written: whole conversations written for this project, with their words

Shapes: n items of the catalog.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from crsdemo.core.catalog import Catalog
from crsdemo.core.dialogue import Mention, Turn
from crsdemo.language.corpus import CorpusDialogue
from crsdemo.language.people import PeopleLinker
from crsdemo.model.talk import Said, TalkFormat, pieces_of
from crsdemo.training.lm.candidates import CandidateDrawer
from crsdemo.training.lm.sequences import IdPaths, TrainingSequence
from crsdemo.training.lm.typos import mistyped
from crsdemo.training.public_turns import clean_words
from crsdemo.training.ranking.affinity import Teacher
from crsdemo.training.ranking.distil import Answer
from crsdemo.training.written.data import AssistantTurn, UserTurn, WrittenDialogue
from crsdemo.training.written.made_wishes import Facts, Rows, Weights, rows_of, shares, told

GOLD_SHARE = 0.5  # weight of the film that was recommended against what the teacher says
LONGEST = 768  # tokens of a conversation
MOST_LIKED = 5  # films of a set
SEARCHED = 0.6  # of the turns with a search: it stands before the film, as ReGeS writes it
MOST_DRAWN = 20  # of what fits a wish, among the candidates of the item expert
TO_ID = 0.85  # of the cards: from facts to the ID, which is what has to be learned
DEEP = 150  # items of the teacher's distribution
SHORTER = 2.0  # exponent by which short conversations, which are plainer, come more often
MISTYPED = 0.15  # of what users type, where it was not typed by people
ASKING_FOR = (
    "do you have {}?", "have you got {}", "do you know {}?", "have you heard of {}", "who made {}?",
    "what about {}?", "i want to see {}", "is {} any good?", "something like {}", "is {} here?",
)  # fmt: skip


class Film(NamedTuple):
    """What would be right in a turn that recommends."""

    targets: tuple[Rows, Weights]
    right: Sequence[int]  # rows that are among the candidates in any case
    search: str | None  # what finds it
    near: Rows | None = None  # what was found, best first, where that is known


class Drawer:
    """Sequences of each kind, drawn by one random generator."""

    def __init__(
        self,
        talk: TalkFormat,
        teacher: Teacher,
        dialogues: Sequence[CorpusDialogue],
        likes: Sequence[Sequence[str]],
        written: Sequence[WrittenDialogue],
        wishes: Sequence[tuple[str, Sequence[str]]],
        seed: int = 0,
        *,
        answers: Mapping[tuple[str, int], Answer] | None = None,
        candidates: CandidateDrawer | None = None,
        searches: Mapping[tuple[str, int], str] | None = None,
        gold_share: float = GOLD_SHARE,
        real_words: bool = True,
    ) -> None:
        """`wishes`: what is typed, and the ids of what fits; searches are such wishes too.

        `answers`: of the ranker to turns of the `dialogues`; else the teacher is asked.
        `candidates`: for the experts of ReGeS, of which one writes a search and one chooses among
        what it finds; `searches`: those of turns of the `dialogues`. `real_words`: whether the
        words of the `dialogues` are learned, where they claim nothing.
        """
        self.talk = talk
        self.catalog = talk.catalog
        self.teacher = teacher
        self.answers = answers or {}
        self.candidates = candidates
        self.searches = searches or {}
        self.gold_share = gold_share
        self.real_words = real_words
        self.people = PeopleLinker(talk.catalog)
        self.paths = IdPaths(talk.catalog, talk.semantic_ids, talk.control)
        self.seed = seed
        self.rng = np.random.default_rng(seed)
        self.dialogues = [one for one in dialogues if len(one.dialogue.turns) > 1]
        self.written = [one for one in written if one.is_of(self.catalog)]
        self.sets = [kept for one in likes if len(kept := self._rows(one)) > 1]
        self.sets += [kept for d in dialogues if len(kept := self._rows(d.dialogue.mentioned)) > 1]
        self.wishes = [(text, rows) for text, ids in wishes if (rows := self._rows(ids))]
        self.facts = Facts(self.catalog)

    @cached_property
    def _by_length(self) -> Weights:
        return shares(np.array([len(one.turns) ** -SHORTER for one in self.written]))

    @cached_property
    def _titles(self) -> frozenset[str]:
        return frozenset(item.title.lower() for item in self.catalog)

    @cached_property
    def kinds(self) -> dict[str, Callable[[], TrainingSequence]]:
        """Those for which there is something to learn from."""
        drawn: dict[str, tuple[Sequence[object], Callable[[], TrainingSequence]]] = {
            "card": (self.catalog, self.card),
            "fact": (self.facts.said, self.fact),
            "wish": (self.wishes, self.wish),
            "liked": (self.sets, self.liked),
            "absent": (self.catalog, self.absent),
            "real": (self.dialogues, self.real),
            "written": (self.written, self.conversation),
        }
        return {kind: draw for kind, (there, draw) in drawn.items() if len(there)}

    # single wishes

    def card(self) -> TrainingSequence:
        """Mostly from facts to the ID, else from the ID to its card."""
        row = int(self.rng.choice(len(self.catalog), p=shares(self.facts.known)))
        item = self.catalog[row]
        if self.rng.random() < TO_ID:
            film = Film((np.array([row]), np.ones(1)), [row], None)
            return self._asked(told(item, self.rng), film, row)
        sequence = TrainingSequence()
        sequence.add(self.talk.code(item.id))
        card = self.talk.card(item)
        sequence.add(card, [True] * len(card))
        return sequence

    def fact(self) -> TrainingSequence:
        """One fact, or two that some item has together; those of well-known items more often."""
        text, rows = self.facts.draw(self.rng)
        weights = self.facts.known[rows]
        drawn = self.rng.choice(rows, min(len(rows), MOST_DRAWN), False, p=shares(weights))
        return self._asked(text, Film((rows, weights), drawn.tolist(), None), int(drawn[0]))

    def wish(self) -> TrainingSequence:
        text, rows = self.wishes[int(self.rng.integers(len(self.wishes)))]
        drawn = self.rng.permutation(rows).tolist()
        film = Film((np.array(rows), np.ones(len(rows))), drawn, None)
        return self._asked(text, film, drawn[0])

    def liked(self) -> TrainingSequence:
        """Some films of a set are named; the teacher says what else goes with them."""
        rows = self.sets[int(self.rng.integers(len(self.sets)))]
        most = min(len(rows), MOST_LIKED)
        named = self.rng.permutation(rows)[: int(self.rng.integers(1, most + 1))].tolist()
        text, mentions = "i like ", []
        for place, row in enumerate(named):
            name = self.catalog[row].name
            text += ", " if place else ""
            mentions.append(Mention(len(text), len(text) + len(name), self.catalog[row].id))
            text += name
        wanted, weights = self.teacher.top(named[::-1], DEEP)
        chosen = int(self.rng.choice(wanted, p=shares(weights)))
        film = Film((wanted, weights), [chosen], None, wanted)
        return self._asked(text, film, chosen, tuple(mentions))

    def absent(self) -> TrainingSequence:
        """The first words of a title and the last of another one, which together are none."""
        title = ""
        while not title or title.lower() in self._titles:
            first, last = self._title(), self._title()
            title = " ".join([*first.split()[:2], *last.split()[-2:]])
        text = ASKING_FOR[int(self.rng.integers(len(ASKING_FOR)))].format(title)
        sequence = TrainingSequence()
        sequence.add(self.talk.user(Turn("user", text)))
        self._reply(sequence, Said("CHAT", None, ()), is_known=False, words=False)
        return sequence

    def _title(self) -> str:
        return self.catalog[int(self.rng.integers(len(self.catalog)))].title

    def _typed(self, turn: Turn) -> Turn:
        return mistyped(turn, self.rng) if self.rng.random() < MISTYPED else turn

    def _asked(
        self, text: str, film: Film, row: int, mentions: tuple[Mention, ...] = ()
    ) -> TrainingSequence:
        """A message and the ID that follows; its tag is learned from whole conversations."""
        sequence = TrainingSequence()
        sequence.add(self.talk.user(self._typed(Turn("user", text, mentions))))
        sequence.add([*self.talk.opening(), self.talk.control.rec])
        self._film(sequence, row, film, text)
        return sequence

    def _film(self, sequence: TrainingSequence, row: int, film: Film, text: str) -> None:
        """`<BOI>`, where the item expert chooses among candidates, and the ID of the item at `row`.

        `text`: what the candidates are near to.
        """
        sequence.add([self.talk.control.boi])
        if self.candidates is not None:
            drawn = self.candidates.draw(text, *film.targets, film.right, self.rng, film.near)
            sequence.choose(*drawn)
        self.paths.write(sequence, row, *film.targets)

    # whole conversations

    def real(self) -> TrainingSequence:
        """A public dialogue; the words are learned where they claim nothing of a film."""
        drawn = self.dialogues[int(self.rng.integers(len(self.dialogues)))]
        dialogue = drawn.dialogue
        own = self._rows(dialogue.mentioned)
        sequence, seen = TrainingSequence(), list[int]()
        for position, turn in enumerate(dialogue.turns):
            if len(sequence.ids) > LONGEST:
                break
            named = self._rows(turn.item_ids)
            if turn.speaker == "user":
                sequence.add(self.talk.user(turn))
            else:
                new = [row for row in named if row not in seen]
                answer = self.answers.get((drawn.id, position))
                if answer is None:
                    answer = self.teacher.top(list(reversed(seen)), DEEP, without=own)
                search = self.searches.get((drawn.id, position))
                self._real_reply(sequence, turn, new, answer, search, learned=position > 0)
            seen += [row for row in named if row not in seen]
        return sequence

    def _real_reply(
        self,
        sequence: TrainingSequence,
        turn: Turn,
        new: Sequence[int],
        answer: Answer,
        search: str | None,
        *,
        learned: bool,
    ) -> None:
        row = int(self.rng.choice(new)) if new else None
        item = None if row is None else self.catalog[row]
        clean = clean_words(turn, self.catalog, self.people) if self.real_words else ()
        said = Said("CHAT" if item is None else "REC", item, clean or pieces_of(turn, self.catalog))
        if not learned:  # nothing was said before
            sequence.add(self.talk.assistant(said, is_known=False).ids)
        elif row is None:
            self._reply(sequence, said, is_known=False, words=bool(clean))
        else:
            rows, weights = answer
            all_rows = np.concatenate([rows, new]).astype(np.int64)
            gold = [self.gold_share / len(new)] * len(new)
            wanted = np.concatenate([(1 - self.gold_share) * shares(weights), gold])
            film = Film((all_rows, wanted), new, search, rows)
            self._reply(sequence, said, is_known=False, film=film, words=bool(clean))

    def conversation(self) -> TrainingSequence:
        """A written conversation with all its words, short ones more often."""
        written = self.written[int(self.rng.choice(len(self.written), p=self._by_length))]
        sequence, known = TrainingSequence(), set[str]()
        for turn in written.turns:
            if len(sequence.ids) > LONGEST:
                break
            if isinstance(turn, UserTurn):
                sequence.add(self.talk.user(self._typed(turn.turn())))
                continue
            said = _said(turn, self.catalog)
            film = None
            if said.item is not None:
                row = self.catalog.row[said.item.id]
                film = Film((np.array([row]), np.ones(1)), [row], turn.search)
            is_known = said.item is not None and said.item.id in known
            self._reply(sequence, said, is_known=is_known, film=film)
            known.update([said.item.id] if said.item else [])
        return sequence

    def _reply(
        self,
        sequence: TrainingSequence,
        said: Said,
        *,
        is_known: bool,
        film: Film | None = None,
        words: bool = True,
    ) -> None:
        """A turn of the assistant with its decisions (tag, film or none, ID) and its `words`."""
        control = self.talk.control
        written = self.talk.assistant(said, is_known=is_known)
        start = len(self.talk.opening())
        sequence.add(written.ids[:start])
        modes = (control.chat, control.rec)
        tag = control.mode(said.mode)
        sequence.decide(modes, [float(tag == mode) for mode in modes], tag, "mode")
        start += 1
        if said.mode == "CHAT":
            following = written.ids[start]
            options = (control.boi, control.resp)
            wanted = [float(following == one) for one in options]
            sequence.decide(options, wanted, following, "film")
            start += 1
            if said.item is not None and film is not None:
                self.paths.write(sequence, self.catalog.row[said.item.id], *film.targets)
                start += control.n_levels
        elif said.item is not None and film is not None:
            self._search(sequence, film.search)
            row = self.catalog.row[said.item.id]
            self._film(sequence, row, film, film.search or "")
            start += 1 + control.n_levels
        sequence.add(written.ids[start:], written.are_words[start:] if words else None)

    def _search(self, sequence: TrainingSequence, search: str | None) -> None:
        """What is searched for, of the system that searches."""
        query = self.talk.control.query
        searched = self.candidates is not None and self.rng.random() < SEARCHED
        if searched and search and query is not None:
            words = [*self.talk.text(search), self.talk.control.eos]
            sequence.add([query, *words], [False, *[True] * len(words)])

    def _rows(self, item_ids: Sequence[str]) -> list[int]:
        return rows_of(item_ids, self.catalog).tolist()


def _said(turn: AssistantTurn, catalog: Catalog) -> Said:
    item = catalog.item(turn.item) if turn.item else None
    return Said("REC" if turn.move == "recommend" else "CHAT", item, turn.pieces(catalog))
