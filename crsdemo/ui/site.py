"""All pages of the project in one Gradio app: a talk, two systems side by side, the results."""

from __future__ import annotations

import gradio as gr

from crsdemo.demo import Demo
from crsdemo.ui import blind, chat, compare, results


def build(demo: Demo) -> gr.Blocks:
    """The pages, ready to be launched with the theme and the style sheet of `look`."""
    with gr.Blocks(title="crsdemo", analytics_enabled=False, fill_width=True) as blocks:
        chat.place(blocks, demo.exchange, demo.catalog)
    with blocks.route("Side by side", "/compare", show_in_navbar=False):
        compare.place(blocks, demo.side_by_side, demo.catalog)
    with blocks.route("Blind", "/blind", show_in_navbar=False):
        blind.place(blocks, demo.side_by_side, demo.catalog, demo.hidden)
    with blocks.route("Results", "/results", show_in_navbar=False):
        results.place(blocks, demo)
    return blocks.queue(max_size=64, default_concurrency_limit=8)
