"""How the demo is, for the operator: `/health` to read, `/health.json` for a monitor.

Plain pages without Gradio, so that they answer also when its queue does not. Whoever signed in at
/results is let in by a cookie; else a browser asks for the password of the operator by itself (HTTP
Basic, any name); a monitor sends it along:

    curl -u operator:PASSWORD http://127.0.0.1:7860/health.json     # 200 well, 503 not
"""

from __future__ import annotations

import base64
import binascii
import shutil
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from crsdemo.core.errors import AccessError, CrsdemoError, FeedbackError
from crsdemo.feedback.health import Activity, activity
from crsdemo.web.demo import Demo
from crsdemo.web.operator import COOKIE, Caller
from crsdemo.web.shared import look
from crsdemo.web.shared.markup import TEMPLATES
from crsdemo.web.shared.render import PAGES
from crsdemo.web.upkeep import Upkeep

T = TypeVar("T")

HOURS = 24.0  # that are looked back on
LEAST_FREE = 500 * 2**20  # bytes of the disk
MOST_ABANDONED = 0.1
LONGEST_REASON = 300  # characters of an error
FEW = 10  # replies: of fewer no share is called too high

_PAGE = TEMPLATES.get_template("health.html")
_ASK = {"WWW-Authenticate": 'Basic realm="crsdemo, for the operator", charset="UTF-8"'}
_FRESH = {"Cache-Control": "no-store"}


@dataclass(frozen=True)
class Health:
    """A moment of the demo. Times are UTC."""

    moment: datetime
    activity: Activity  # empty if the log cannot be read
    is_readable: bool
    failed_writes: dict[str, int]  # since the start, by reason
    n_waiting: int  # opinions in the outbox
    n_damaged: int  # lines that could not be delivered
    troubles: dict[str, str]  # of the upkeep
    last_backup: datetime | None
    backup_every: timedelta | None  # None: no backups are made
    free_bytes: int

    @property
    def abandoned_share(self) -> float:
        """Of the replies that are not being written now; 0 where there is none."""
        ended = {s: n for s, n in self.activity.generations.items() if s != "running"}
        return ended.get("abandoned", 0) / max(1, sum(ended.values()))

    @property
    def verdicts_per_hour(self) -> float:
        return self.activity.n_verdicts / HOURS

    @property
    def is_well(self) -> bool:
        return not any(self.problems())

    def problems(self) -> Iterator[str]:
        """What the operator should look at, each in a sentence."""
        if not self.is_readable:
            yield "The log cannot be read."
        if self.n_waiting:
            yield f"{self.n_waiting} opinions wait in the outbox: the log could not be written."
        yield from (f"Could not {what}: {why}" for what, why in self.troubles.items())
        for name, times, reason in self.activity.failing:
            why = textwrap.shorten(reason, LONGEST_REASON, placeholder="...")
            yield (
                f"{name} has failed {times} times in a row and answered nothing since, last with: "
                f"{why}. This line goes with its next answer."
            )
        if self.free_bytes < LEAST_FREE:
            yield f"The disk of the log has only {self.free_bytes / 2**20:.0f} MB left."
        if sum(self.activity.generations.values()) >= FEW and self.abandoned_share > MOST_ABANDONED:
            yield f"{self.abandoned_share:.0%} of the replies were given up half-way."
        if self._backup_is_late:
            yield "No backup was made for more than twice the time set."

    def as_json(self) -> dict[str, Any]:
        """For a monitor: `well` first, then all the numbers."""
        return {
            "well": self.is_well,
            "problems": list(self.problems()),
            "moment": self.moment.isoformat(),
            "failed_writes": self.failed_writes,
            "outbox": self.n_waiting,
            "outbox_damaged": self.n_damaged,
            "hours": HOURS,
            "replies": self.activity.generations,
            "failing": {one.recommender: one.times for one in self.activity.failing},
            "abandoned_share": self.abandoned_share,
            "verdicts_per_hour": self.verdicts_per_hour,
            "ratings": self.activity.n_ratings,
            "latency_p95_s": self.activity.latency_p95,
            "last_backup": self.last_backup and self.last_backup.isoformat(),
            "disk_free_bytes": self.free_bytes,
        }

    @property
    def _backup_is_late(self) -> bool:
        if self.backup_every is None or self.last_backup is None:
            return False  # a first one that failed is among the troubles
        return self.moment - self.last_backup > 2 * self.backup_every


def examine(upkeep: Upkeep) -> Health:
    """How the demo is now."""
    outbox, backups, log = upkeep.outbox, upkeep.backups, upkeep.outbox.log
    moment, troubles = datetime.now(UTC), dict(upkeep.troubles)

    def read(what: str, get: Callable[[], T], otherwise: T) -> T:
        """What cannot be read is among the troubles, and the rest still shown."""
        try:
            return get()
        except (CrsdemoError, OSError) as error:
            troubles[f"read {what}"] = str(error)
            return otherwise

    try:
        happened, is_readable = activity(log.file, HOURS), True
    except FeedbackError:
        happened, is_readable = Activity(), False  # which is what the page then says
    return Health(
        moment=moment,
        activity=happened,
        is_readable=is_readable,
        failed_writes=dict(log.file.failures),
        n_waiting=read("the outbox", outbox.n_waiting, 0),
        n_damaged=read("what was set apart", outbox.n_damaged, 0),
        last_backup=read("the backups", lambda: backups.last(moment) if backups else None, None),
        troubles=troubles,
        backup_every=backups.every if backups else None,
        free_bytes=read("the disk", lambda: shutil.disk_usage(log.path.absolute().parent).free, 0),
    )


def routes(demo: Demo) -> list[Route]:
    """The two addresses, for the server that also shows the Gradio pages."""

    def page(request: Request) -> Response:
        if refusal := _refusal(demo, request):
            return refusal
        pages = () if demo.study else PAGES  # while a study runs they are closed
        health = examine(demo.upkeep)
        drawn = _PAGE.render(health=health, hours=HOURS, css=look.css(), pages=pages)
        return HTMLResponse(drawn, headers=_FRESH)

    def numbers(request: Request) -> Response:
        if refusal := _refusal(demo, request):
            return refusal
        health = examine(demo.upkeep)
        return JSONResponse(health.as_json(), 200 if health.is_well else 503, _FRESH)

    return [Route("/health", page), Route("/health.json", numbers)]


def _refusal(demo: Demo, request: Request) -> Response | None:
    """What is answered to anyone but the operator."""
    password, caller = _password(request), Caller.of_scope(request.scope)
    try:
        if password:
            demo.operator.sign_in(password, caller)
        else:
            demo.operator.check(request.cookies.get(COOKIE, ""), caller)
        return None
    except AccessError as error:
        ask = demo.operator.has_password
        return PlainTextResponse(str(error), 401 if ask else 403, _ASK if ask else None)


def _password(request: Request) -> str:
    """As it came in the header, "" for none."""
    scheme, _, coded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(coded, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""
