"""The results page, for the operator alone.

Gradio's events can be called without the page, so each handler asks first whether the caller may
see what it shows: by the signed token that came with the event, and by where the request is from.
What is shown is computed anew from the log each time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from crsdemo.core.errors import AccessError, CrsdemoError
from crsdemo.export.take_home import Handout, TakeHome
from crsdemo.feedback.results import ResultsLog
from crsdemo.feedback.votes import VoteFilter, load_votes
from crsdemo.studies.rematch import RematchConfig, rematch
from crsdemo.studies.statistics import judging
from crsdemo.studies.statistics.answers import counting
from crsdemo.studies.statistics.disputes import disputes
from crsdemo.studies.statistics.exclusion import counted, flagged, left_out
from crsdemo.studies.statistics.judging import Vote
from crsdemo.studies.statistics.report import results
from crsdemo.web.demo import Demo
from crsdemo.web.operator import COOKIE, Caller
from crsdemo.web.results import tuning
from crsdemo.web.results.answer import answer
from crsdemo.web.results.exhibits import exhibits
from crsdemo.web.results.html import ADDRESS, N_DISPUTES, PARTS
from crsdemo.web.results.screen import ALL_PAIRS, ALL_STUDIES, Screen, Wanted, layout
from crsdemo.web.results.words import Exhibit
from crsdemo.web.shared.controls import Binding, Room, Updates

TAKE_HOME: Room = {"concurrency_limit": 1, "concurrency_id": "take home"}
FETCH = "() => document.querySelector('#taken a.take')?.click()"
# For /health, a plain page: it is sent to this site alone, and ends with the browser
KEEP_TOKEN = f"""(token) => {{
  const secure = location.protocol === 'https:' ? '; Secure' : '';
  document.cookie = `{COOKIE}=${{token}}; SameSite=Strict${{secure}}`;
}}"""
GO_TO_PASSWORD = "() => document.querySelector('#password input')?.focus()"


@dataclass(frozen=True)
class ResultsPage:
    """What happens on the page. Holds no visitor: they come with each event."""

    demo: Demo
    screen: Screen

    # One event each

    def show(self, request: gr.Request, token: str, *wanted: Any) -> Updates:
        """The operator comes, or wants to see other votes."""
        return self._for_operator(request, token, lambda: self._open(Wanted(*wanted)))

    def sign_in(self, request: gr.Request, password: str, _: str, *wanted: Any) -> Updates:
        """Let in whoever knows the password."""
        try:
            token = self.demo.operator.sign_in(password, _caller(request))
        except AccessError as error:
            return {**self._shut(error), self.screen.password: ""}
        opened = self._for_operator(request, token, lambda: self._open(Wanted(*wanted)))
        return {**opened, self.screen.token: token, self.screen.password: ""}

    def leave(self, request: gr.Request, token: str, *_: Any) -> Updates:
        """Let nobody in any more without the password."""
        try:
            self.demo.operator.sign_out(token, _caller(request))
        except AccessError as error:
            return self._shut(error)
        return self._shut(AccessError("you are signed out"))

    def export(
        self, request: gr.Request, format_: str, text: str, token: str, *wanted: Any
    ) -> Updates:
        """The judgments of the study that is looked at, or all."""
        title = Wanted(*wanted).title
        return self._for_operator(
            request, token, lambda: self._handed(self._home.export(format_, title, text))
        )

    def backup(self, request: gr.Request, token: str, *_: Any) -> Updates:
        """The whole log."""
        return self._for_operator(request, token, lambda: self._handed(self._home.backup()))

    def rematch(self, request: gr.Request, version: str, token: str, *_: Any) -> Updates:
        """A study of a version against its parent, and how it is started."""
        return self._for_operator(request, token, lambda: self._studied(version))

    # What is true

    @property
    def _home(self) -> TakeHome:
        return TakeHome(self.demo.exchange.log.path, self.demo.handouts)

    def _for_operator(self, request: gr.Request, token: str, do: Callable[[], Updates]) -> Updates:
        """What `do` shows, for who may see it; for others the way in, and nothing else."""
        try:
            self.demo.operator.check(token, _caller(request))
        except AccessError as error:
            return self._shut(error)
        try:
            return {**do(), self.screen.gate: gr.Column(visible=False)}
        except CrsdemoError as error:
            return {
                self.screen.notice: PARTS.trouble(str(error)),
                self.screen.taken: "",  # else what was made before would be fetched again
                self.screen.inside: gr.Column(visible=True),
            }

    def _shut(self, error: AccessError) -> Updates:
        """The way in, if there is one; what was shown before goes."""
        s = self.screen
        return {
            s.inside: gr.Column(visible=False),
            s.gate: gr.Column(visible=True),
            s.reason: PARTS.shut(str(error)),
            s.password: gr.Textbox(visible=self.demo.operator.has_password),
            **dict.fromkeys((s.notice, s.found, s.taken), ""),
        }

    def _open(self, wanted: Wanted) -> Updates:
        """The results of the votes that are wanted, of the whole log or a part of it."""
        s, file = self.screen, self.demo.exchange.log.file
        log = ResultsLog(file)
        taken = load_votes(file, VoteFilter(wanted.title, wanted.blind_only))
        votes = flagged(vote for vote in taken if _is_of(vote, wanted.pair))
        found = results(votes, wanted.known_rules)
        unheard = left_out(flagged(taken), wanted.known_rules)
        answers = counting(log.answers(wanted.title), unheard)
        kept = counted(votes, wanted.known_rules)
        shown = exhibits(found, log.participants(wanted.title), answers)
        names = (*self.demo.side_by_side.recommenders.names, *found.recommenders)
        tuned = tuning.tuned_among(names, self.demo.side_by_side.recommenders.version)
        shown |= self._tuning(wanted.title, kept, names, tuned)
        disputed = disputes(kept)
        seen = log.seen_pairs(one.task for one in disputed[:N_DISPUTES])
        return {
            **self._choices(log.studies(), taken, wanted),
            s.inside: gr.Column(visible=True),
            s.found: PARTS.page(answer(found), shown, disputed, seen),
            **dict.fromkeys((s.notice, s.taken), ""),
            s.rematches: gr.Row(visible=bool(tuned)),
            s.version: gr.Dropdown([*tuned], value=next(iter(tuned), None)),
        }

    def _tuning(
        self, title: str, votes: Sequence[Vote], names: Sequence[str], tuned: tuning.Versions
    ) -> dict[str, Exhibit]:
        """Whether there is enough to learn from, and what came of it."""
        recommenders, path = self.demo.side_by_side.recommenders, self.demo.exchange.log.path
        places = {name: recommenders.place(name) for name in names}
        then = tuning.Commands(Path(path.name), places, title, recommenders.catalog_folder)
        return tuning.exhibits(tuning.ready(path, title), then, votes, tuned)

    def _studied(self, version: str) -> Updates:
        recommenders = self.demo.side_by_side.recommenders
        of, catalog = recommenders.place(version), recommenders.catalog_folder

        def write(path: Path) -> None:
            rematch(RematchConfig(of=of, out=path, catalog=catalog))

        handout = self.demo.handouts.make(f"rematch-{Path(version).name}.toml", write)
        return self._handed(handout) | {self.screen.taken: PARTS.study(handout)}

    def _choices(
        self, studies: tuple[str, ...], votes: tuple[Vote, ...], wanted: Wanted
    ) -> Updates:
        """What can be chosen, with what is chosen now even if it has no votes any more."""
        pairs = dict.fromkeys([ALL_PAIRS, *map(_label, judging.pairs(votes)), wanted.pair])
        titles = dict.fromkeys([ALL_STUDIES, *studies, wanted.study])
        return {
            self.screen.study: gr.Dropdown([*titles], value=wanted.study, visible=bool(studies)),
            self.screen.pair: gr.Dropdown([*pairs], value=wanted.pair),
        }

    def _handed(self, handout: Handout) -> Updates:
        return {self.screen.taken: PARTS.taken(handout), self.screen.notice: ""}


def routes(demo: Demo) -> list[Route]:
    """Where files that the operator asked for are fetched."""

    def fetch(request: Request) -> Response:
        handout = demo.handouts.find(request.path_params["ticket"])
        if handout is None:
            return PlainTextResponse("This link is unknown or too old; ask again.", 404)
        fresh = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        return FileResponse(handout.path, filename=handout.name, headers=fresh)

    return [Route(f"/{ADDRESS}/{{ticket}}", fetch)]


def _caller(request: gr.Request) -> Caller:
    """Where an event comes from."""
    assert request.request is not None  # Gradio makes some without one, for examples
    return Caller.of_scope(request.request.scope)


def _label(pair: tuple[str, str]) -> str:
    return f"{pair[0]} / {pair[1]}"


def _is_of(vote: Vote, label: str) -> bool:
    """Attention items count for the pair whose people they test, so they stay."""
    return label in (ALL_PAIRS, _label(vote.pair)) or vote.is_check


def place(blocks: gr.Blocks, demo: Demo) -> None:
    """Lay the page out and bring it to life, inside `blocks`."""
    has_password, study_runs = demo.operator.has_password, demo.study is not None
    _wire(blocks, ResultsPage(demo, layout(has_password=has_password, study_runs=study_runs)))


def _wire(blocks: gr.Blocks, page: ResultsPage) -> None:
    s = page.screen
    quiet: Binding = {
        "outputs": s.shown,
        "show_progress": "hidden",
        "api_visibility": "private",
    }
    once, newest = quiet | {"trigger_mode": "once"}, quiet | {"trigger_mode": "always_last"}
    blocks.load(page.show, s.asked, **quiet)
    s.masthead.fresh(page.show, s.asked, **quiet)
    s.token.change(None, s.token, js=KEEP_TOKEN)
    s.password.submit(page.sign_in, [s.password, *s.asked], **quiet)
    for filter_ in (s.study, s.pair, s.blind_only, s.rules):
        filter_.input(page.show, s.asked, **newest)
    export = s.export.click(page.export, [s.format, s.text, *s.asked], **once, **TAKE_HOME)
    export.then(None, js=FETCH)
    s.backup.click(page.backup, s.asked, **once, **TAKE_HOME).then(None, js=FETCH)
    s.rematch.click(page.rematch, [s.version, *s.asked], **once, **TAKE_HOME).then(None, js=FETCH)
    s.leave.click(page.leave, s.asked, **quiet).then(None, js=GO_TO_PASSWORD)
