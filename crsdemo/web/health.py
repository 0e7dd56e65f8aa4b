"""How the demo is, for the operator: `/health` to read, `/health.json` for a monitor.

Plain pages without Gradio, so that they answer also when its queue does not. A browser asks for
the password of the operator by itself (HTTP Basic, any name); a monitor sends it along:

    curl -u operator:PASSWORD http://127.0.0.1:7860/health.json     # 200 well, 503 not
"""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

from jinja2 import Template
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from crsdemo.core.errors import AccessError
from crsdemo.web.demo import Demo
from crsdemo.web.health_figures import HOURS, Health, examine
from crsdemo.web.operator import Caller
from crsdemo.web.shared import look

_PAGE = Template(Path(__file__).with_suffix(".html").read_text(encoding="utf-8"), autoescape=True)
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
    return _PAGE.render(health=health, hours=HOURS, css=look.css())


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
