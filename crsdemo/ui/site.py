"""All pages of the project in one Gradio app: the talk at `/`, side by side at `/compare`."""

from __future__ import annotations

import gradio as gr

from crsdemo.demo import Demo
from crsdemo.ui import chat, compare


def build(demo: Demo) -> gr.Blocks:
    """The pages, ready to be launched with the theme and the style sheet of `look`."""
    with gr.Blocks(title="crsdemo", analytics_enabled=False, fill_width=True) as blocks:
        chat.place(blocks, demo.exchange, demo.catalog)
    with blocks.route("Side by side", "/compare", show_in_navbar=False):
        compare.place(blocks, demo.side_by_side, demo.catalog)
    return blocks.queue(max_size=64, default_concurrency_limit=8)
