"""How the pages look: Gradio's base theme, one style sheet, fonts that come from this server."""

from __future__ import annotations

import base64
from pathlib import Path

import gradio as gr
from gradio.themes import LocalFont

WEB = Path(__file__).parent.parent
# Gradio brings IBM Plex along; of Lora it has no Latin letters, so these files are ours (OFL).
LORA = {  # file -> the characters it draws
    "lora-latin-wght-normal.woff2": "U+0000-00FF, U+0131, U+0152-0153, U+02BB-02BC, U+02C6, "
    "U+02DA, U+02DC, U+2000-206F, U+20AC, U+2122, U+2212, U+FEFF, U+FFFD",
    "lora-latin-ext-wght-normal.woff2": "U+0100-02BA, U+02BD-02C5, U+02C7-02CC, U+02CE-02D7, "
    "U+02DD-02FF, U+1D00-1DBF, U+1E00-1E9F, U+1EF2-1EFF, U+2020, U+20A0-20AB, U+20AD-20C0",
}
SHEETS = (
    "shared/style.css",
    "compare/verdict.css",
    "study/study.css",
    "results/results.css",
    "report/report.css",
)


def theme() -> gr.themes.Base:
    """IBM Plex for words and codes; of its weights Gradio has 400 and 700 whole."""
    sans = [LocalFont("IBM Plex Sans", weights=(400, 700)), "system-ui", "sans-serif"]
    mono = [LocalFont("IBM Plex Mono", weights=(400,)), "ui-monospace", "monospace"]
    return gr.themes.Base(font=sans, font_mono=mono)


def css() -> str:
    """The style sheets with the letters of the film titles in them."""
    faces = "".join(
        _font_face(Path(__file__).parent / "fonts" / name, range_) for name, range_ in LORA.items()
    )
    return faces + "".join((WEB / sheet).read_text(encoding="utf-8") for sheet in SHEETS)


def _font_face(path: Path, characters: str) -> str:
    data = base64.b64encode(path.read_bytes()).decode()
    return (
        "@font-face { font-family: Lora; font-weight: 400 700; font-display: swap; "
        f"unicode-range: {characters}; "
        f'src: url("data:font/woff2;base64,{data}") format("woff2"); }}\n'
    )
