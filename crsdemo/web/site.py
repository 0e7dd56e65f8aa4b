"""All pages in one Gradio app: a talk, two systems side by side, a study, reports, results."""

from __future__ import annotations

import gradio as gr

from crsdemo.chat.study_desk import StudyDesk
from crsdemo.web.compare import blind, compare
from crsdemo.web.demo import Demo
from crsdemo.web.report import page as report
from crsdemo.web.results import page as results
from crsdemo.web.shared.controls import MODEL
from crsdemo.web.study import closed
from crsdemo.web.study import page as study
from crsdemo.web.talk import page as chat

N_AT_ONCE = 16  # events that ask neither the model nor for an opinion to be kept


def build(demo: Demo) -> gr.Blocks:
    """The pages, ready to be launched with the theme and the style sheet of `look`.

    While a study runs, it and the results are all there is: on the others an annotator would find
    the names of the systems, and could ask them one by one.
    """
    blocks = _with_study(demo.study, demo) if demo.study else _without_study(demo)
    for function in blocks.fns.values():  # what has no room of its own shares one
        if function.concurrency_limit == "default":
            function.concurrency_limit, function.concurrency_id = N_AT_ONCE, "page"
        if demo.at_once and function.concurrency_id == MODEL["concurrency_id"]:
            function.concurrency_limit = demo.at_once
    # `guard/rooms.py` says who may wait where
    blocks.queue(max_size=None, api_open=False)
    return blocks


def _with_study(desk: StudyDesk, demo: Demo) -> gr.Blocks:
    title = desk.study.title
    blocks = gr.Blocks(title=title, analytics_enabled=False, fill_width=True)
    with blocks:
        closed.place_elsewhere(title)
    with blocks.route("Study", "/study", show_in_navbar=False):
        study.place(blocks, desk)
    for address in ("compare", "blind", "report"):  # whoever kept one is told where to go
        with blocks.route(address.title(), f"/{address}", show_in_navbar=False):
            closed.place_elsewhere(title)
    with blocks.route("Results", "/results", show_in_navbar=False):
        results.place(blocks, demo)
    return blocks


def _without_study(demo: Demo) -> gr.Blocks:
    blocks = gr.Blocks(title="crsdemo", analytics_enabled=False, fill_width=True)
    with blocks:
        chat.place(blocks, demo.exchange, demo.hearing)
    with blocks.route("Side by side", "/compare", show_in_navbar=False):
        compare.place(blocks, demo.side_by_side, demo.hearing)
    with blocks.route("Blind", "/blind", show_in_navbar=False):
        blind.place(blocks, demo.side_by_side, demo.catalog, demo.hidden)
    with blocks.route("Report", "/report", show_in_navbar=False):
        report.place(demo.reports, demo.stages)
    with blocks.route("Study", "/study", show_in_navbar=False):
        closed.place_closed()
    with blocks.route("Results", "/results", show_in_navbar=False):
        results.place(blocks, demo)
    return blocks
