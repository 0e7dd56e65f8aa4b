"""The page of a study: what the desk says comes next, one thing at a time.

What is judged is a blind bench whose names are never told. The desk alone knows where somebody
is; the browser remembers who they are, and which page that is done they have not turned yet.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from crsdemo.chat.study_desk import StudyDesk
from crsdemo.chat.study_steps import Ask, AskConsent, Declined, Done, Explain, Step, Withdrawn, Work
from crsdemo.core.comparison import Comparison, Judgment, Series, Side
from crsdemo.core.conversation import Conversation
from crsdemo.core.errors import BadInputError, CrsdemoError
from crsdemo.feedback.comparisons import RestoredSeries
from crsdemo.language.veil import veiled_talk
from crsdemo.studies.questionnaire import Value
from crsdemo.web.compare.bench import Bench, wire_talk
from crsdemo.web.compare.drawing import Snapshot
from crsdemo.web.compare.screen import Look
from crsdemo.web.shared import render
from crsdemo.web.shared.controls import OPINIONS, Updates, box_at_rest
from crsdemo.web.shared.live import private
from crsdemo.web.shared.opinions import may_pass, unsaved_words
from crsdemo.web.shared.placeless import placeless
from crsdemo.web.shared.remembered import ours, signed
from crsdemo.web.shared.shown import BLIND, Shown
from crsdemo.web.study import html as study_html
from crsdemo.web.study.html import PARTS
from crsdemo.web.study.screen import StudyScreen, layout, stay

UNNAMED = replace(BLIND, markable=False, unfolded=False, alike_told=False)


@dataclass(frozen=True)
class StudyPage(Bench):
    """What happens on the page. Holds no annotator: they come with each event."""

    screen: StudyScreen
    desk: StudyDesk

    # Where it differs from other pages with two answers

    def growth(self, view: Look, series: Series, text: str) -> Iterator[Comparison | Conversation]:
        return self.desk.say(view.visitor, text)

    def answered(self, view: Look, snapshot: Snapshot) -> Look:
        """The page stays, so that the last answer of a talk with one system can be read."""
        step = snapshot.step
        if isinstance(step, Work) and step.talk:
            return view.staying(talk=step.assignment.id)
        return view

    def knows_names(self, earlier: Judgment | None) -> bool:
        return False

    def manner(self, earlier: Judgment | None) -> Shown:
        return UNNAMED

    def welcome(self, view: Look) -> str:
        return ""

    def keep(self, view: Look, name: str, said: Judgment, click: str) -> None:
        self.desk.judge(view.visitor, name, said, click)

    def kept(self, view: Look, name: str) -> Look:
        """The page stays, so that more can be said of the two."""
        return view.staying(comparison=name)

    def go_on_from(self, view: Look, name: str, side: Side) -> None:
        self.desk.pick(view.visitor, name, side)

    def above(self, view: Look, snapshot: Snapshot) -> str:
        step = snapshot.step
        if not isinstance(step, Work):
            return ""
        if step.heard is None:
            return PARTS.task(step)
        # A message without an answer stands below, where its answer grows, or in the box
        left_over = "" if view.growing else PARTS.left_over(step)
        return PARTS.task(step) + self._alone(step.heard) + left_over

    def _alone(self, talk: Conversation) -> str:
        """A talk with one system."""
        return self.parts.alone(veiled_talk(talk, self.side_by_side.recommenders.names))

    def _questions(
        self, ask: Ask, unsaved: dict[str, Value], missing: Sequence[str] = (), please: str = ""
    ) -> str:
        """With what they are about."""
        about, work = "", ask.work
        if work and work.heard:
            about = self._alone(work.heard)
        elif work:
            seen = (self._seen(one, UNNAMED) for one in work.series.comparisons)
            about = "".join(self.parts.recalled(one, UNNAMED) for one in seen)
        return study_html.questions(ask, unsaved, missing, please, about)

    def below(self, snapshot: Snapshot, shown: Shown) -> str:
        """What the practice teaches; where the talk goes on from, once it may go on."""
        step = snapshot.step
        if not isinstance(step, Work) or step.to_judge:
            return ""
        taught = study_html.feedback(step) if step.is_practice else ""
        if step.assignment.replay_of or step.is_done:
            return taught
        onward = "" if step.keeps_failing else super().below(snapshot, shown)
        return taught + onward + PARTS.write_on(step)

    def _settled(self, view: Look, snapshot: Snapshot) -> Updates:
        """A message that nobody answered is back in the box."""
        settled, step = super()._settled(view, snapshot), snapshot.step
        again = step.unanswered if isinstance(step, Work) else ""
        return settled | ({self.screen.box: box_at_rest(again)} if again else {})

    def around(self, view: Look, snapshot: Snapshot) -> Updates:
        """The parts of the page that only this one has: the leaf, the way on and the way out."""
        step = snapshot.step
        assert step is not None
        leaf, turn = self._leaf(view, step), study_html.NO_WORDS
        if isinstance(step, Work):
            turn = study_html.turn_page(step, growing=view.growing)
        return {
            self.screen.at: view.at,
            self.screen.masthead: study_html.masthead(
                self.desk.study.title, step, is_test=self.desk.is_test(view.visitor)
            ),
            self.screen.sheet: study_html.leaf(leaf, snapshot.moment, step),
            self.screen.turn: turn,
            self.screen.foot: ""
            if isinstance(step, _OUTSIDE)
            else PARTS.leaving(isinstance(step, Done)),
        }

    def snapshot(self, view: Look) -> Snapshot:
        """Where the annotator is as the desk has it."""
        moment = time.monotonic_ns()
        step = self.desk.step(view.visitor, stay(view.at))
        if not isinstance(step, Work):
            empty = Series(view.visitor, view.visitor, self.desk.study.policy)
            return Snapshot(RestoredSeries(empty), moment, step)
        known = self.side_by_side.comparisons
        said = {c.id: known.judgment(c.id, view.visitor) for c in step.series.comparisons}
        judgments = {name: judgment for name, judgment in said.items() if judgment}
        return Snapshot(RestoredSeries(step.series, (), judgments), moment, step)

    # One event each

    def arrive(self, request: gr.Request, *look: Any) -> Updates:
        """Somebody comes by a link, or comes back."""
        view = Look(*look)
        visit = self.known(view.visit)
        try:
            annotator = self.desk.arrive(dict(request.query_params), visit["visitor"])
        except CrsdemoError as error:
            refused = study_html.leaf(PARTS.refused(placeless(str(error))), time.monotonic_ns())
            return {self.screen.visit: visit, self.screen.sheet: refused}
        was = ours(view.at, self.secret_key)
        at = was if was.get("annotator") == annotator else {"annotator": annotator}
        return self.entered(replace(view, visit=visit, at=signed(at, self.secret_key)))

    def agree(self, *look: Any) -> Updates:
        return self._done(Look(*look), lambda who: self.desk.consent(who, given=True))

    def decline(self, *look: Any) -> Updates:
        return self._done(Look(*look), lambda who: self.desk.consent(who, given=False))

    def begin(self, *look: Any) -> Updates:
        return self._done(Look(*look), self.desk.begin)

    def withdraw(self, *look: Any) -> Updates:
        return self._done(Look(*look), lambda who: self.desk.withdraw(who, erase=False))

    def erase(self, *look: Any) -> Updates:
        return self._done(Look(*look), lambda who: self.desk.withdraw(who, erase=True))

    def turn(self, *look: Any) -> Updates:
        """Leave what is done; what has to be answered first is marked."""
        view = Look(*look)
        try:
            step = self.desk.step(view.visitor, stay(view.at))
            if isinstance(step, Ask) and (held := self._held(view, step)):
                return held
        except CrsdemoError as error:
            return {self.screen.notice: render.notice(str(error))}
        return self._done(view, lambda who: None)

    def answer(self, event: gr.EventData, *look: Any) -> Updates:
        """Save the answer to a question."""
        return self._answered(Look(*look), {event.answer["name"]: event.answer}, event.click)

    def answer_again(self, event: gr.EventData, *look: Any) -> Updates:
        """Save all that could not be saved."""
        view = Look(*look)
        return self._answered(view, view.pending, event.click)

    # What becomes of it

    def _answered(self, view: Look, given: dict[str, Any], click: int) -> Updates:
        """Save answers; those that cannot be saved now are kept on the screen."""
        notice = ""
        for name, one in given.items():
            waiting = {other: kept for other, kept in view.pending.items() if other != name}
            about = {"questionnaire": one["questionnaire"], "about": one["about"]}
            view = view.staying(**about)
            try:
                self.desk.answer(
                    view.visitor, **about, question=name, value=one["value"],
                    client_event_id=one["id"],
                )  # fmt: skip
                view = replace(view, pending=waiting)
            except CrsdemoError as error:
                notice = unsaved_words(error)
                is_kept = may_pass(error) or isinstance(error, BadInputError)  # to be shortened
                view = replace(view, pending={**waiting, name: one} if is_kept else waiting)
        said = {self.screen.pending: view.pending, self.screen.notice: render.notice(notice)}
        try:
            snapshot = self.snapshot(view)
            step = snapshot.step
            assert step is not None
            leaf = study_html.leaf(self._leaf(view, step), snapshot.moment, step, click)
            return {self.screen.at: view.at, self.screen.sheet: leaf, **said}
        except CrsdemoError:  # the log is away: what is on the screen stays
            return said

    def _done(self, view: Look, deed: Callable[[str], None]) -> Updates:
        """The page after a step was taken, as somebody finds it who comes anew."""
        try:
            deed(view.visitor)
        except CrsdemoError as error:
            return {self.screen.notice: render.notice(str(error))}
        return {**self.entered(view.staying()), self.screen.box: box_at_rest()}

    def _held(self, view: Look, step: Ask) -> Updates:
        """The questions with what has to be done first; nothing, if all is done."""
        unsaved = self._unsaved(view, step)
        gaps = tuple(name for name in study_html.missing(step) if name not in unsaved)
        unfit = study_html.unfit(step, unsaved)
        if not gaps and not unsaved:
            return {}
        please = ["Please answer what is marked."] if gaps else [*unfit.values()]
        please = [*please, "Please save it first: try again."]
        leaf = self._questions(step, unsaved, (*gaps, *unfit), please[0])
        return {self.screen.sheet: study_html.leaf(leaf, time.monotonic_ns(), step)}

    def _leaf(self, view: Look, step: Step) -> str:
        """The words that stand alone on the page; none where two replies are."""
        match step:
            case AskConsent():
                return PARTS.consent(self.desk.study)
            case Explain():
                return PARTS.explanation(self.desk.study)
            case Ask():
                return self._questions(step, self._unsaved(view, step))
            case Done(code):
                return PARTS.done(code)
            case Declined():
                return PARTS.declined()
            case Withdrawn(is_kept):
                return PARTS.withdrawn(is_kept)
        return ""

    def _unsaved(self, view: Look, step: Ask) -> dict[str, Value]:
        of = step.questionnaire.name, step.about
        return {
            name: one["value"]
            for name, one in view.pending.items()
            if (one.get("questionnaire"), one.get("about")) == of
        }


_OUTSIDE = (AskConsent, Declined, Withdrawn)


def place(blocks: gr.Blocks, desk: StudyDesk) -> None:
    """Lay the page out and bring it to life, inside `blocks`."""
    screen = layout(desk.study.title, desk.catalog.domain)
    page = StudyPage(desk.side_by_side, desk.catalog, screen, desk.secret, desk)
    quiet = private(screen)
    blocks.load(page.arrive, screen.look, **quiet)
    wire_talk(page)
    once, many = quiet | {"trigger_mode": "once"}, quiet | {"trigger_mode": "multiple"}
    screen.sheet.answer(page.answer, screen.look, **many, **OPINIONS)
    screen.sheet.again(page.answer_again, screen.look, **many, **OPINIONS)
    screen.sheet.redraw(page.redraw, screen.look, **quiet)
    for part in (screen.sheet, screen.turn):
        part.next(page.turn, screen.look, **once)
    for part in (screen.sheet, screen.foot):
        part.erase(page.erase, screen.look, **once)
    screen.sheet.agree(page.agree, screen.look, **once)
    screen.sheet.decline(page.decline, screen.look, **once)
    screen.sheet.begin(page.begin, screen.look, **once)
    screen.foot.withdraw(page.withdraw, screen.look, **once)
