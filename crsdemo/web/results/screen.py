"""What the results page is made of: its components, and what is wanted when an event comes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

import gradio as gr

from crsdemo.export.examples import Text
from crsdemo.export.judgments import Format
from crsdemo.studies.statistics.judging import FLAGS, Flag
from crsdemo.web.results import html as results_html
from crsdemo.web.results.answer import COUNTING
from crsdemo.web.results.words import RULES
from crsdemo.web.shared.controls import html

ALL_STUDIES, ALL_PAIRS = "all votes", "all pairs"
FORMATS: dict[Format, str] = {
    "dpo": "pairs to train on (dpo)",
    "kto": "single good and bad replies (kto)",
    "sft": "good replies (sft)",
    "csv": "a table (csv)",
    "jsonl": "a table (jsonl)",
}
TEXTS: dict[Text, str] = {
    "messages": "what people read",
    "exact": "exact, of our models",
}
assert set(FORMATS) == set(get_args(Format)) and set(TEXTS) == set(get_args(Text))


@dataclass(frozen=True)
class Screen:
    """The components that events read and write."""

    token: gr.BrowserState  # that the operator was let in; the server checks it each time
    masthead: gr.HTML
    gate: gr.Column
    reason: gr.HTML
    password: gr.Textbox
    notice: gr.HTML
    inside: gr.Column
    study: gr.Dropdown
    pair: gr.Dropdown
    blind_only: gr.Checkbox
    rules: gr.CheckboxGroup
    found: gr.HTML
    format: gr.Dropdown
    text: gr.Dropdown
    export: gr.Button
    backup: gr.Button
    rematches: gr.Row  # shown where there is a version
    version: gr.Dropdown
    rematch: gr.Button
    leave: gr.Button
    taken: gr.HTML

    @property
    def asked(self) -> list[Any]:
        """What makes up the token and a `Wanted`, with which the handlers begin."""
        return [self.token, self.study, self.pair, self.blind_only, self.rules]

    @property
    def shown(self) -> list[Any]:
        """Everything that a handler may change."""
        gate = [self.token, self.gate, self.reason, self.password, self.inside]
        rematch = [self.rematches, self.version]
        return [*gate, self.study, self.pair, self.notice, self.found, self.taken, *rematch]


@dataclass(frozen=True)
class Wanted:
    """Which votes are to be looked at, as the browser has it."""

    study: str
    pair: str
    blind_only: bool
    rules: list[str]

    @property
    def title(self) -> str:
        """Of the study; empty for all votes."""
        return "" if self.study == ALL_STUDIES else self.study

    @property
    def known_rules(self) -> tuple[Flag, ...]:
        return tuple(flag for flag in FLAGS if flag in self.rules)


def layout(*, has_password: bool, study_runs: bool) -> Screen:
    token = gr.BrowserState("", storage_key="crsdemo-operator", secret="crsdemo")
    masthead = html("masthead", results_html.masthead(study_runs=study_runs), "shared/masthead.js")
    with gr.Column(elem_id="results"):
        with gr.Column(elem_id="gate", visible=False) as gate:
            reason = html("reason")
            password = gr.Textbox(
                label="Password of the operator",
                type="password",
                submit_btn="Open",
                max_length=1000,
                elem_id="password",
            )
        notice = html("notice")
        with gr.Column(elem_id="inside") as inside:
            study, pair, blind, rules = _filters()
            found = html("found", results_html.PARTS.page(COUNTING, {}, (), {}))
            home = _home(has_password=has_password)
    before = token, masthead, gate, reason, password, notice, inside
    return Screen(*before, study, pair, blind, rules, found, **home)


def _filters() -> tuple[gr.Dropdown, gr.Dropdown, gr.Checkbox, gr.CheckboxGroup]:
    rules = [(words, flag) for flag, words in RULES.items()]
    with gr.Column(elem_id="setup"):
        with gr.Row():
            study = _chooser("Study", ALL_STUDIES)
            pair = _chooser("Pair", ALL_PAIRS)
            blind = gr.Checkbox(False, label="blind votes only", elem_id="blind-only")
        flags = gr.CheckboxGroup(rules, value=list(FLAGS), label="Left out", elem_id="rules")
    return study, pair, blind, flags


def _chooser(label: str, all_: str) -> gr.Dropdown:
    return gr.Dropdown([all_], value=all_, label=label, filterable=False, elem_id=label.lower())


def _home(*, has_password: bool) -> dict[str, Any]:
    """What can be taken home, by the name of its field in `Screen`."""
    with gr.Column(elem_id="home"):
        html("home-head", results_html.PARTS.home())
        with gr.Row(elem_id="ways"):
            formats = [(words, name) for name, words in FORMATS.items()]
            chosen = gr.Dropdown(formats, value="dpo", label="Export as", filterable=False)
            texts = [(words, name) for name, words in TEXTS.items()]
            text = gr.Dropdown(texts, value="messages", label="Texts to train on", filterable=False)
            export = gr.Button("Export", size="sm", elem_id="export")
            backup = gr.Button("Back up the log", size="sm", elem_id="backup")
            leave = gr.Button("Sign out", size="sm", elem_id="leave", visible=has_password)
        with gr.Row(elem_id="rematches", visible=False) as rematches:
            label = "A blind study of a version against its parent"
            version = gr.Dropdown([], label=label, filterable=False, elem_id="version")
            rematch = gr.Button("Write the study", size="sm", elem_id="rematch")
        taken = html("taken")
    return {
        "format": chosen,
        "text": text,
        "export": export,
        "backup": backup,
        "rematches": rematches,
        "version": version,
        "rematch": rematch,
        "leave": leave,
        "taken": taken,
    }
