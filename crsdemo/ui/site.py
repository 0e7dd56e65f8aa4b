"""All pages of the project in one Gradio app: the talk at `/`, side by side at `/compare`."""

from __future__ import annotations

import gradio as gr

from crsdemo.catalog import Catalog
from crsdemo.exchange import Exchange
from crsdemo.side_by_side import SideBySide
from crsdemo.ui import chat, compare


def build(exchange: Exchange, side_by_side: SideBySide, catalog: Catalog) -> gr.Blocks:
    """The pages, ready to be launched with the theme and the style sheet of `look`."""
    with gr.Blocks(title="crsdemo", analytics_enabled=False, fill_width=True) as blocks:
        chat.place(blocks, exchange, catalog)
    with blocks.route("Side by side", "/compare", show_in_navbar=False):
        compare.place(blocks, side_by_side, catalog)
    return blocks.queue(max_size=64, default_concurrency_limit=8)
