"""Starting the server of all pages: with the guard before them, and asking nothing of others."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from typing import TYPE_CHECKING

from crsdemo.studies.annotators import secret_beside
from crsdemo.web.demo import Demo

if TYPE_CHECKING:
    import gradio as gr

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "FTP_PROXY")
# What Gradio and its server read when they start
_SETTINGS = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_ANALYTICS_MAX_EVENTS": "100",  # it looks at all of them after each event
    "FORWARDED_ALLOW_IPS": "",  # `guard/callers.py` says whose headers are believed
}


@contextmanager
def _alone() -> Iterator[None]:
    """The environment without proxies: the server asks itself whether it is there."""
    proxies = {name: os.environ.pop(name) for name in list(os.environ) if name.upper() in PROXIES}
    earlier = {name: os.environ.get(name) for name in _SETTINGS}
    os.environ.update(_SETTINGS)
    try:
        yield
    finally:
        os.environ.update(proxies)
        for name, value in earlier.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def open_pages(demo: Demo, host: str, port: int | None) -> tuple[gr.Blocks, str]:
    """Start the server and return at once, with its URL. Raises OSError and FeedbackError."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    with _alone():
        return _launched(demo, host, port)


def _launched(demo: Demo, host: str, port: int | None) -> tuple[gr.Blocks, str]:
    from starlette.middleware import Middleware

    from crsdemo.web import health, site
    from crsdemo.web.guard.doors import Doors
    from crsdemo.web.guard.guard import Guard, Watch
    from crsdemo.web.guard.housekeeping import MOST_SESSIONS
    from crsdemo.web.results import html as results_html
    from crsdemo.web.results import page as results
    from crsdemo.web.shared import look

    blocks = site.build(demo)
    doors = Doors.of((page for page, *_ in blocks.pages), [results_html.ADDRESS])
    secret_key = secret_beside(demo.exchange.log.path)
    watch = Watch(blocks, demo.exchange.admission, doors, secret_key, demo.proxies)
    _, url, _ = blocks.launch(
        server_name=host,
        server_port=port,
        theme=look.theme(),
        css=look.css(),
        share=False,
        ssr_mode=False,
        run_history=False,
        footer_links=[],
        quiet=True,
        prevent_thread_lock=True,
        enable_monitoring=False,
        max_file_size=1,  # nobody has to send a file
        state_session_capacity=MOST_SESSIONS,
        blocked_paths=_private(demo),
        app_kwargs={
            "routes": [*health.routes(demo), *results.routes(demo)],
            "middleware": [Middleware(Guard, watch=watch)],
        },
    )
    return blocks, url


def _private(demo: Demo) -> list[str]:
    """What is never served, should Gradio ever be willing to: it serves none of these now."""
    log = demo.exchange.log.path.absolute()
    paths = [log, *log.parent.glob(f"{escape(log.name)}*")]
    paths += [demo.backups.folder.absolute()] if demo.backups else []
    return [str(path) for path in paths]
