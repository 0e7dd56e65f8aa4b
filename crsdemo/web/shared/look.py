"""How the pages look: Gradio's base theme, one style sheet, fonts that come from this server."""

from __future__ import annotations

import base64
from pathlib import Path

import gradio as gr
from gradio.themes import Font, LocalFont

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
    "shared/reply.css",
    "talk/heard.css",
    "compare/compare.css",
    "study/study.css",
    "results/results.css",
)
# What Gradio draws has the colours of the style sheet, which knows light and dark
COLORS = {
    "paper": "body_background_fill",
    "ink": "body_text_color checkbox_label_text_color button_secondary_text_color",
    "quiet": "block_info_text_color block_title_text_color input_placeholder_color",
    "surface": "background_fill_primary input_background_fill input_background_fill_focus "
    "checkbox_background_color button_secondary_background_fill",
    "sunken": "button_secondary_background_fill_hover",
    "line-strong": "border_color_primary input_border_color checkbox_border_color "
    "button_secondary_border_color",
    "accent": "input_border_color_focus checkbox_background_color_selected "
    "checkbox_border_color_selected",
}
BARE = (
    "block_background_fill checkbox_label_background_fill checkbox_label_background_fill_hover "
    "checkbox_label_background_fill_selected"
)
SIZES = {
    "0px": "block_border_width block_padding checkbox_label_padding checkbox_label_border_width "
    "checkbox_label_border_width_dark",
    "1px": "input_border_width",
    "14px": "block_title_text_size checkbox_label_text_size input_text_size button_small_text_size",
    "10px": "input_radius button_small_radius",
    "6px 10px": "input_padding",
    "8px 15px": "button_small_padding",
    "400": "button_small_text_weight",
    "none": "block_shadow checkbox_label_shadow",
}


def theme() -> gr.themes.Base:
    """IBM Plex for words and codes; of its weights Gradio has 400 and 700 whole."""
    sans: list[Font | str] = [
        LocalFont("IBM Plex Sans", weights=(400, 700)),
        "system-ui",
        "sans-serif",
    ]
    mono: list[Font | str] = [
        LocalFont("IBM Plex Mono", weights=(400,)),
        "ui-monospace",
        "monospace",
    ]
    base = gr.themes.Base(font=sans, font_mono=mono)
    colors = {name: f"var(--{color})" for color, of in COLORS.items() for name in of.split()}
    colors |= dict.fromkeys(BARE.split(), "transparent")
    dark = {f"{name}_dark": color for name, color in colors.items()}
    sizes = {name: size for size, of in SIZES.items() for name in of.split()}
    return base.set(**colors, **dark, **sizes)


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
