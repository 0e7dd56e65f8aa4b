"""The page that says how good the recommenders are. It is for everybody and holds no visitor.

All of it is known when the app starts, so it has no event.
"""

from __future__ import annotations

from collections.abc import Sequence

import gradio as gr

from crsdemo.evaluation.folder import dataset_of
from crsdemo.evaluation.protocol import OURS
from crsdemo.evaluation.published import DATASETS, published
from crsdemo.evaluation.report import Report
from crsdemo.evaluation.stages.folder import Stages
from crsdemo.recommenders.loading import BASELINES
from crsdemo.web.report import stages as report_stages
from crsdemo.web.report.exhibits import MAIN, best_first, exhibits
from crsdemo.web.results import html as results_html
from crsdemo.web.results.words import Exhibit, counted, share
from crsdemo.web.shared import render
from crsdemo.web.shared.controls import html
from crsdemo.web.shared.markup import escape

QUESTION = "How good are they?"
COMMAND = "python -m crsdemo measure --data data --out docs/reports"


def place(reports: Sequence[Report], stages: Stages) -> None:
    """Lay the page out, inside a route of the app."""
    html("masthead", render.masthead("report"), "shared/masthead.js")
    with gr.Column(elem_id="results"), gr.Column(elem_id="inside"):
        html("answer", answer(reports))
        with gr.Column(elem_id="exhibits", elem_classes="report"):
            shown = exhibits(reports, published()) | report_stages.exhibits(stages)
            for name, exhibit in shown.items():
                _exhibit(name, exhibit)


def _exhibit(name: str, exhibit: Exhibit) -> None:
    with gr.Column(elem_id=name, elem_classes="exhibit"):
        html(f"{name}-head", results_html.head(exhibit))
        if exhibit.figure is not None:
            gr.Plot(exhibit.figure, show_label=False, container=False, elem_classes="picture")
        html(f"{name}-foot", results_html.foot(exhibit, name))


def answer(reports: Sequence[Report]) -> str:
    """The question and its answer in a sentence, one for each dataset."""
    ours = [report for report in reports if report.protocol == OURS.name]
    told = [
        _sentence(dataset, best_first(mine))
        for dataset in DATASETS
        if (mine := [report for report in ours if dataset_of(report) == dataset])
    ]
    if not told:
        said = (
            '<p class="verdict">No recommendation has been measured yet.</p>'
            '<p class="quiet">Evaluations '
            f"are shown once they are made with <code>{COMMAND}</code>, or are in the folder that "
            "<code>app.py --reports</code> names.</p>"
        )
    else:
        first, *rest = told
        more = "".join(f'<p class="so-far">{words}</p>' for words in rest)
        said = f'<p class="verdict">{first}</p>{more}'
    return f'<section class="answer-first"><h2>{QUESTION}</h2>{said}</section>'


def _sentence(dataset: str, reports: Sequence[Report]) -> str:
    """The best system, beside the best baseline if that is another one."""
    best = reports[0]
    n = counted(best.parts["new"].n, "recommendation")
    words = (
        f"In {_recalled(best)} of {n} of a new film on {dataset}, {escape(best.recommender)} has "
        "the right one among its first ten"
    )
    baseline = next((report for report in reports if report.recommender in BASELINES), None)
    if baseline is None or baseline is best:
        return f"{words}."
    return f"{words}; {escape(baseline.recommender)}, the best baseline, in {_recalled(baseline)}."


def _recalled(report: Report) -> str:
    return share(report.parts["new"].metrics[MAIN], digits=1)
