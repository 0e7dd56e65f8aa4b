"""What people answered to questionnaires, and of which system: an answer, and many of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from crsdemo.studies.questionnaire import SIDES_SAID, About, QuestionKind, Value
from crsdemo.studies.statistics.bootstrap import Estimate, ratio


@dataclass(frozen=True)
class Answer:
    """The newest answer of one person to one question.

    What the log of an earlier version does not know of a question is None.
    """

    visitor: str
    study: str  # its title
    study_sha256: str
    task: str  # empty at the end of a study
    kind: str  # of the task, empty likewise
    questionnaire: str
    item: str
    question: str | None
    form: QuestionKind | None
    about: About | None
    labels: tuple[str, ...]
    lowest: int
    value: Value
    left: str  # who answered on this person's left (A), on the right (B); empty at the end
    right: str
    answered_at: str  # UTC, ISO 8601
    is_test: bool

    @property
    def system(self) -> str:
        """The one that the answer is about, where only one answered."""
        return self.left if self.left == self.right else ""

    @property
    def comparison(self) -> str:
        """Both, A first, where two answered."""
        return f"{self.left} vs {self.right}" if self.left != self.right else ""

    @property
    def chosen(self) -> str:
        """Of a question for A or B the system that stood there."""
        if self.form != "sides":
            return ""
        return {SIDES_SAID[0]: self.left, SIDES_SAID[-1]: self.right}.get(str(self.value), "")

    @property
    def label(self) -> str:
        """The words of a step of a scale."""
        if self.form == "scale" and isinstance(self.value, int):
            step = self.value - self.lowest
            return self.labels[step] if 0 <= step < len(self.labels) else ""
        return ""


@dataclass(frozen=True)
class ScaleMean:
    """A question on a scale, of one system, or of nobody in particular."""

    questionnaire: str
    item: str
    question: str
    of: str
    answers: int
    people: int
    mean: Estimate  # clustered by person
    lowest: int
    highest: int

    @property
    def on_unit(self) -> Estimate:
        """From 0 for the lowest step to 1 for the highest."""
        width = self.highest - self.lowest
        return self.mean.scaled(1 / width, -self.lowest / width)


@dataclass(frozen=True)
class ChoiceCount:
    """How often each answer was given: a label, or of a question for A or B a system."""

    questionnaire: str
    item: str
    question: str
    of: str  # a system, two of them, or empty
    people: int
    chosen: tuple[tuple[str, int], ...]


def counting(answers: Iterable[Answer], left_out: Collection[str]) -> tuple[Answer, ...]:
    """Those of people of whom anything counts; see `exclusion.py: left_out`."""
    return tuple(one for one in answers if one.visitor not in left_out)


def scale_means(answers: Iterable[Answer]) -> tuple[ScaleMean, ...]:
    """Every question on a scale about what people met, of every system.

    Steps that say something of a person ("under 30", "30 to 50") have no mean that means anything.
    """
    found = []
    met = (one for one in answers if one.about != "person")
    for of, rows in _asked_alike(met, "scale"):
        people, one = [row.visitor for row in rows], rows[0]
        mean = ratio([int(row.value) for row in rows], np.ones(len(rows)), people)
        top = one.lowest + len(one.labels) - 1
        about = one.questionnaire, one.item, one.question or "", of
        found.append(ScaleMean(*about, len(rows), len(set(people)), mean, one.lowest, top))
    return tuple(found)


def choice_counts(answers: Iterable[Answer]) -> tuple[ChoiceCount, ...]:
    """Every question but those for a text, of every system or two of them."""
    found = []
    for of, rows in _asked_alike(answers, "scale", "choice", "sides"):
        one = rows[0]
        said = Counter(row.chosen or row.value for row in rows)
        given: Sequence[Value] = one.labels
        if one.form == "sides":
            first, _, second = of.partition(" / ")
            given = (first, SIDES_SAID[1], second)
        elif one.form == "scale":
            given = range(one.lowest, one.lowest + len(one.labels))
        words = [str(answer) for answer in given] if one.form == "sides" else one.labels
        people = len({row.visitor for row in rows})
        counts = tuple((name, said[answer]) for name, answer in zip(words, given, strict=True))
        about = one.questionnaire, one.item, one.question or "", of
        found.append(ChoiceCount(*about, people, counts))
    return tuple(found)


def written(answers: Iterable[Answer]) -> tuple[Answer, ...]:
    """What people wrote, in the order of the questions."""
    texts = (one for one in answers if one.form == "text" and one.value)
    return tuple(sorted(texts, key=lambda one: (one.questionnaire, one.item, one.system)))


def _asked_alike(
    answers: Iterable[Answer], *forms: QuestionKind
) -> Iterator[tuple[str, list[Answer]]]:
    """Whom answers are about, and those to one question in the same words, on the same steps.

    Two files may have one name, as the two of a study that changed; their scales are two.
    """
    asked: defaultdict[tuple[str, str, str, str, tuple[str, ...], int], list[Answer]]
    asked = defaultdict(list)
    for one in answers:
        if one.form in forms and len(one.labels) > 1:
            question = one.question or "", one.labels, one.lowest
            of = one.system or _both(one)
            asked[one.questionnaire, one.item, of, *question].append(one)
    for (_, _, of, *_), rows in sorted(asked.items()):
        yield of, rows


def _both(one: Answer) -> str:
    """Two systems whichever stood left, in alphabetical order; nothing at the end of a study."""
    return " / ".join(sorted({one.left, one.right} - {""}))
