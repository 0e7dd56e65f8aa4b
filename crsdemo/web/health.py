"""How the demo is, for the operator: `/health` to read, `/health.json` for a monitor.

Plain pages without Gradio, so that they answer also when its queue does not. A browser asks for
the password of the operator by itself (HTTP Basic, any name); a monitor sends it along:

    curl -u operator:PASSWORD http://127.0.0.1:7860/health.json     # 200 well, 503 not
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from crsdemo.core.errors import AccessError
from crsdemo.web.demo import Demo
from crsdemo.web.health_figures import HOURS, Health, examine
from crsdemo.web.operator import Caller
from crsdemo.web.shared import look
from crsdemo.web.shared.markup import escape

_ASK = {"WWW-Authenticate": 'Basic realm="crsdemo, for the operator", charset="UTF-8"'}
_FRESH = {"Cache-Control": "no-store"}


def routes(demo: Demo) -> list[Route]:
    """The two addresses, for the server that also shows the Gradio pages."""

    def page(request: Request) -> Response:
        return _refusal(demo, request) or HTMLResponse(draw(examine(demo.upkeep)), headers=_FRESH)

    def numbers(request: Request) -> Response:
        if refusal := _refusal(demo, request):
            return refusal
        health = examine(demo.upkeep)
        return JSONResponse(health.as_json(), 200 if health.is_well else 503, _FRESH)

    return [Route("/health", page), Route("/health.json", numbers)]


def draw(health: Health) -> str:
    """The page: what is wrong first, then the numbers."""
    problems = "".join(f'<li class="failed">{escape(text)}</li>' for text in health.problems())
    verdict = f"<ul>{problems}</ul>" if problems else '<p class="saved">All is well.</p>'
    rows = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in _rows(health)
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>crsdemo: health</title>'
        '<meta name="viewport" content="width=device-width">'
        f"<style>{look.css()}{_STYLE}</style></head><body><script>{_THEME}</script><main>"
        f"<h1>How the demo is</h1>{verdict}<table>{rows}</table>"
        f'<p class="quiet">{health.moment:%Y-%m-%d %H:%M:%S} UTC; counts are of the last '
        f'{HOURS:.0f} hours. <a href="health.json">The same for a monitor</a>, '
        '<a href="results">what people prefer</a></p></main></body></html>'
    )


_STYLE = """
@font-face { font-family: "IBM Plex Sans";
  src: url("static/fonts/IBMPlexSans/IBMPlexSans-Regular.woff2") format("woff2"); }
body { margin: 0; font: 15px/1.5 "IBM Plex Sans", system-ui, sans-serif; }
main { max-width: 44rem; margin: 9vh auto 2rem; padding: 0 1rem; }
h1 { font: 600 32px/1.2 Lora, Georgia, serif; margin: 0 0 12px; }
table { border-collapse: collapse; width: 100%; margin: 20px 0; }
th, td { text-align: left; font-weight: 400; padding: 7px 0; vertical-align: top;
  border-top: 1px solid var(--line); }
th { color: var(--quiet); padding-right: 24px; }
li { list-style: none; margin: 4px 0; }
ul { padding: 0; }
.saved { padding: 0; }
a { color: var(--accent); }
"""
_THEME = """
const chosen = localStorage.getItem('crsdemo-theme');
const night = matchMedia('(prefers-color-scheme: dark)').matches;
document.body.classList.toggle('dark', chosen ? chosen === 'dark' : night);
"""  # as on the other pages: what was chosen there, else what the reader's machine prefers


def _rows(health: Health) -> Iterable[tuple[str, str]]:
    failed = (f"{n} × {reason}" for reason, n in health.failed_writes.items())
    yield "failed writes since the start", "; ".join(failed) or "none"
    yield "opinions in the outbox", str(health.n_waiting)
    yield "replies given up half-way", f"{health.abandoned_share:.1%}"
    yield "verdicts per hour", f"{health.verdicts_per_hour:.1f}"
    for name, seconds in health.latency_p95.items():
        yield f"95 of 100 replies of {name} are whole within", f"{seconds:.1f} s"
    yield "last backup", _backup(health)
    yield "disk free", f"{health.free_bytes / 2**30:.1f} GB"


def _backup(health: Health) -> str:
    if health.backup_every is None:
        return "none are made; start the app with --backups FOLDER"
    return f"{health.last_backup:%Y-%m-%d %H:%M:%S} UTC" if health.last_backup else "none yet"


def _refusal(demo: Demo, request: Request) -> Response | None:
    """What is answered to anyone but the operator."""
    address = request.client.host if request.client else ""
    try:
        demo.operator.sign_in(_password(request), Caller.of(address, request.headers))
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
