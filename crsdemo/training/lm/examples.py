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

import numpy as np

from crsdemo.core.dialogue import Turn
from crsdemo.language.corpus import CorpusDialogue
from crsdemo.language.people import PeopleLinker
from crsdemo.model.talk import Said, TalkFormat, pieces_of
from crsdemo.training.lm.candidates import CandidateSampler, Target
from crsdemo.training.lm.sequences import IdPaths, TrainingSequence
from crsdemo.training.lm.typos import mistyped
from crsdemo.training.ranking.affinity import Teacher
from crsdemo.training.ranking.distil import Answer
from crsdemo.training.turns import clean_words, turn_of
from crsdemo.training.written.data import AssistantTurn, FollowUp, UserTurn, WrittenDialogue
from crsdemo.training.written.follow_ups import FollowUps
from crsdemo.training.written.made_wishes import SIMILAR, Facts, Weights, rows_of, shares, told

GOLD_SHARE = 0.5  # weight of the film that was recommended against what the teacher says
LONGEST = 768  # tokens of a conversation
MOST_LIKED = 5  # films of a set
WITH_YEAR = 0.5  # of their names
SEARCHED = 0.6  # of the turns with a search: it stands before the film, as ReGeS writes it
MOST_DRAWN = 20  # of what fits a wish, among the candidates of the item expert
TO_ID = 0.85  # of the cards: from facts to the ID, which is what has to be learned
DEEP = 150  # items of the teacher's distribution
SHORTER = 2.0  # exponent by which short conversations, which are plainer, come more often
MISTYPED = 0.15  # of what users type, where it was not typed by people
FOLLOWED = 0.2  # of the written conversations: cut short, and questions about a film put behind
ASKING_FOR = (
    "do you have {}?", "have you got {}", "do you know {}?", "have you heard of {}", "who made {}?",
    "what about {}?", "i want to see {}", "is {} any good?", "something like {}", "is {} here?",
)  # fmt: skip


class ExampleSampler:
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
        follow_ups: Sequence[FollowUp] = (),
        answers: Mapping[tuple[str, int], Answer] | None = None,
        candidates: CandidateSampler | None = None,
        searches: Mapping[tuple[str, int], str] | None = None,
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
        self.people = PeopleLinker(talk.catalog) if real_words else None
        self.paths = IdPaths(talk.catalog, talk.semantic_ids, talk.control)
        self.seed = seed
        self.rng = np.random.default_rng(seed)
        self.dialogues = [one for one in dialogues if len(one.dialogue.turns) > 1]
        self.written = [one for one in written if one.is_of(self.catalog)]
        self.sets = [kept for one in likes if len(kept := self._rows(one)) > 1]
        self.sets += [kept for d in dialogues if len(kept := self._rows(d.dialogue.mentioned)) > 1]
        self.follow_ups = FollowUps(self.catalog, follow_ups)
        self.wishes = [(text, rows) for text, ids in wishes if (rows := self._rows(ids))]
        self.facts = Facts(self.catalog)
        self.titles = frozenset(item.title.lower() for item in self.catalog)

    @cached_property
    def _by_length(self) -> Weights:
        return shares(np.array([len(one.turns) ** -SHORTER for one in self.written]))

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
            return self._asked(Turn("user", told(item, self.rng)), Target.only(row))
        sequence = TrainingSequence()
        sequence.add(self.talk.code(item.id))
        card = self.talk.card(item)
        sequence.add(card, [True] * len(card))
        return sequence

    def fact(self) -> TrainingSequence:
        """One fact, or two that some item has together; those of well-known items more often."""
        text, rows = self.facts.draw(self.rng)
        weights = self.facts.known[rows]
        drawn = self.rng.choice(rows, min(len(rows), MOST_DRAWN), False, p=shares(weights)).tolist()
        return self._asked(Turn("user", text), Target(drawn[0], rows, weights, drawn))

    def wish(self) -> TrainingSequence:
        text, rows = self.wishes[int(self.rng.integers(len(self.wishes)))]
        drawn = self.rng.permutation(rows).tolist()
        target = Target(drawn[0], np.array(rows), np.ones(len(rows)), drawn)
        return self._asked(Turn("user", text), target)

    def liked(self) -> TrainingSequence:
        """Some films of a set are named; the teacher says what else goes with them."""
        rows = self.sets[int(self.rng.integers(len(self.sets)))]
        most = min(len(rows), MOST_LIKED)
        named = self.rng.permutation(rows)[: int(self.rng.integers(1, most + 1))].tolist()
        before, after = SIMILAR[int(self.rng.integers(len(SIMILAR)))]
        before = self.catalog.domain.worded(before)
        pieces: list[str | tuple[str, str]] = [before]
        for item in (self.catalog[row] for row in named):
            name = item.name if self.rng.random() < WITH_YEAR else item.title
            pieces += [(name, item.id), ", "]
        wanted, weights = self.teacher.top(named[::-1], DEEP)
        chosen = int(self.rng.choice(wanted, p=shares(weights)))
        target = Target(chosen, wanted, weights, [chosen], near=wanted)
        return self._asked(turn_of("user", [*pieces[:-1], after]), target)

    def absent(self) -> TrainingSequence:
        """The first words of a title and the last of another one, which together are none."""
        title = ""
        while not title or title.lower() in self.titles:
            drawn = (self.catalog[int(self.rng.integers(len(self.catalog)))] for _ in range(2))
            first, last = (item.title.split() for item in drawn)
            title = " ".join([*first[:2], *last[-2:]])
        text = ASKING_FOR[int(self.rng.integers(len(ASKING_FOR)))].format(title)
        sequence = TrainingSequence()
        sequence.add(self.talk.user(Turn("user", text)))
        self._reply(sequence, Said("CHAT", None, ()), None, words=False)
        return sequence

    def _typed(self, turn: Turn) -> list[int]:
        """What a user types, with slips at times."""
        return self.talk.user(mistyped(turn, self.rng) if self.rng.random() < MISTYPED else turn)

    def _asked(self, turn: Turn, target: Target) -> TrainingSequence:
        """A message and the ID that follows; its tag is learned from whole conversations."""
        sequence = TrainingSequence()
        sequence.add(self._typed(turn))
        sequence.add([*self.talk.opening(), self.talk.control.rec])
        self._film(sequence, target, turn.text)
        return sequence

    def _film(self, sequence: TrainingSequence, target: Target, text: str) -> None:
        """`<BOI>`, where the item expert chooses among candidates near to `text`, and the ID."""
        sequence.add([self.talk.control.boi])
        if self.candidates is not None:
            sequence.choose(*self.candidates.draw(text, target, self.rng))
        self.paths.write(sequence, target.row, target.rows, target.weights)

    # whole conversations

    def real(self) -> TrainingSequence:
        """A public dialogue; the words are learned where they claim nothing of a film."""
        drawn = self.dialogues[int(self.rng.integers(len(self.dialogues)))]
        sequence, seen = TrainingSequence(), list[int]()
        for place, turn in enumerate(drawn.dialogue.turns):
            if len(sequence.ids) > LONGEST:
                break
            new = [row for row in self._rows(turn.item_ids) if row not in seen]
            if turn.speaker == "user":
                sequence.add(self.talk.user(turn))
            else:
                target = self._recommended(drawn, place, new, seen) if new else None
                said, are_clean = self._heard(turn, target)
                if place:
                    self._reply(sequence, said, target, words=are_clean)
                else:  # nothing was said before
                    sequence.add(self.talk.assistant(said, is_known=False).ids)
            seen += new
        return sequence

    def _recommended(
        self, drawn: CorpusDialogue, place: int, new: Sequence[int], seen: Sequence[int]
    ) -> Target:
        """The `new` films of a turn and, for the rest of the weight, what is likely after `seen`.

        The dialogue's own counts must not tell.
        """
        row = int(self.rng.choice(new))
        answer = self.answers.get((drawn.id, place)) or self.teacher.top(
            list(reversed(seen)), DEEP, without=self._rows(drawn.dialogue.mentioned)
        )
        rows = np.concatenate([answer[0], new]).astype(np.int64)
        gold = [GOLD_SHARE / len(new)] * len(new)
        weights = np.concatenate([(1 - GOLD_SHARE) * shares(answer[1]), gold])
        return Target(row, rows, weights, new, self.searches.get((drawn.id, place)), answer[0])

    def _heard(self, turn: Turn, target: Target | None) -> tuple[Said, bool]:
        """What a public turn says, and whether its words may be learned."""
        item = None if target is None else self.catalog[target.row]
        clean = clean_words(turn, self.catalog, self.people) if self.people else ()
        pieces = clean or pieces_of(turn, self.catalog)
        return Said("CHAT" if item is None else "REC", item, pieces), bool(clean)

    def conversation(self) -> TrainingSequence:
        """A written conversation with all its words, short ones more often."""
        written = self.written[int(self.rng.choice(len(self.written), p=self._by_length))]
        if self.rng.random() < FOLLOWED:
            written = self.follow_ups.followed(written, self.rng)
        sequence, known = TrainingSequence(), set[str | None]()
        for turn in written.turns:
            if len(sequence.ids) > LONGEST:
                break
            if isinstance(turn, UserTurn):
                sequence.add(self._typed(turn.turn()))
                continue
            target = Target.only(self.catalog.row[turn.item], turn.search) if turn.item else None
            self._reply(sequence, self._said(turn), target, is_known=turn.item in known)
            known.add(turn.item)
        return sequence

    def _said(self, turn: AssistantTurn) -> Said:
        item = self.catalog.item(turn.item) if turn.item else None
        return Said("REC" if turn.move == "recommend" else "CHAT", item, turn.pieces(self.catalog))

    def _reply(
        self,
        sequence: TrainingSequence,
        said: Said,
        target: Target | None,
        *,
        is_known: bool = False,
        words: bool = True,
    ) -> None:
        """A turn of the assistant with its decisions (tag, film or none, ID) and its `words`."""
        control = self.talk.control
        written = self.talk.assistant(said, is_known=is_known)
        start = len(self.talk.opening())
        sequence.add(written.ids[:start])
        sequence.decide_for(written.ids[start], (control.chat, control.rec), "mode")
        start += 1
        if said.mode == "CHAT":
            sequence.decide_for(written.ids[start], (control.boi, control.resp), "film")
            start += 1
            if target is not None:
                self.paths.write(sequence, target.row, target.rows, target.weights)
                start += control.n_levels
        elif target is not None:
            self._search(sequence, target.search)
            self._film(sequence, target, target.search or "")
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
        return list(map(int, rows_of(item_ids, self.catalog)))
