"""Which requests pass: what the pages need and what docs/using.md names. All else is not there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

API = "/gradio_api"
PROGRAMS = ("say", "compare_say")  # what other programs may call

_PARTS = re.compile(
    rf"/(assets|static|svelte)/.+|/(config|theme\.css|favicon\.ico|robots\.txt|manifest\.json"
    rf"|pwa_icon(/\d+)?|health|health\.json)/?|{API}/(info|app_id|login_check|user"
    rf"|startup-events|theme\.css|openapi\.json|queue/(data|status))/?|{API}/heartbeat/[^/]+"
)
_CALL = re.compile(rf"{API}/call/([^/]+)(?:/([^/]+)|/?)")
_UPLOADS = re.compile(rf"{API}/(upload|process_recording|component_server).*")


@dataclass(frozen=True)
class Doors:
    """`pages` are the addresses of pages, `folders` those whose files are fetched."""

    pages: frozenset[str]
    folders: tuple[str, ...]

    @classmethod
    def of(cls, pages: Iterable[str], folders: Iterable[str]) -> Doors:
        """Pages are named as Gradio does: without the slash."""
        return cls(frozenset(f"/{page}" for page in pages), tuple(f"/{one}/" for one in folders))

    def opens(self, method: str, path: str) -> bool:
        """Whether there is something at this address for this way of asking."""
        call = _CALL.fullmatch(path)
        if method == "POST":
            if call:
                return call[1] in PROGRAMS and not call[2]
            return path.rstrip("/") in (f"{API}/queue/join", f"{API}/cancel", f"{API}/reset")
        if method == "OPTIONS":
            return True
        if method not in ("GET", "HEAD"):
            return False
        if call:
            return call[1] in PROGRAMS and bool(call[2])
        return (
            path in self.pages
            or path.rstrip("/") in self.pages
            or _PARTS.fullmatch(path) is not None
            or (path.startswith(self.folders) and path.count("/") == 2)
        )


def called(path: str) -> str | None:
    """The function that a program calls by name; None for any other request."""
    call = _CALL.fullmatch(path)
    return call[1] if call else None


def fetched(path: str) -> str | None:
    """The event whose result a program fetches; None for any other request."""
    call = _CALL.fullmatch(path)
    return call[2] if call else None


def takes_files(path: str) -> bool:
    """Where Gradio would take a file."""
    return _UPLOADS.fullmatch(path) is not None
