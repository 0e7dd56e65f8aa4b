"""The page that says how good the recommenders are. It is for everybody and holds no visitor.

All of it is known when the app starts, so it has no event. `report.html` is how it looks.
"""

from __future__ import annotations

from collections.abc import Sequence

import gradio as gr

from crsdemo.evaluation.published import DATASETS, Published, published
from crsdemo.evaluation.report import Report
from crsdemo.evaluation.stages.folder import Measured
from crsdemo.web.report import recall, stages
from crsdemo.web.shared import render
from crsdemo.web.shared.controls import html
from crsdemo.web.shared.markup import TEMPLATES


def place(reports: Sequence[Report], measured: Sequence[Measured]) -> None:
    """Lay the page out, inside a route of the app."""
    html("masthead", render.masthead("report"), "shared/masthead.js")
    with gr.Column(elem_id="results"), gr.Column(elem_id="inside"):
        html("report", shown(reports, measured, published()))


def shown(
    reports: Sequence[Report], measured: Sequence[Measured], papers: Sequence[Published]
) -> str:
    """The page as HTML."""
    found = [recall.of_dataset(dataset, reports, papers) for dataset in DATASETS]
    return TEMPLATES.get_template("report/report.html").render(
        datasets=[one for one in found if one],
        protocols=recall.protocols(reports),
        wishes=stages.wishes(measured),
        parts=stages.parts(measured),
        stages=stages.details(measured),
    )
