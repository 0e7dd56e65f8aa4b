"""The report of `evaluate --stage dialogue` as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from crsdemo.evaluation.checks.facts import KINDS
from crsdemo.evaluation.text_metrics import ROUGES
from crsdemo.studies.statistics.shares import percent, table

Report = Mapping[str, Any]


def render(report: Report) -> str:
    """Tables of everything that is in a report of `evaluate_dialogue`."""
    head = (
        f"{report['recommender']}: {report['turns']:,} turns of {report['dialogues']:,} dialogues. "
        "Shares in percent with their 95% Wilson interval."
    )
    return "\n\n".join([head, *_sections(report)])


def _sections(report: Report) -> Iterator[str]:
    forced, free, people = report["forced"], report["free"], report["reference"]
    names = ("", "mode forced", "free", "the references")
    yield table(names, [*_overlap(forced, free), *_variety(forced, free, people)])
    yield table(("", "mode forced", "free"), _truth(forced, free))
    names = ("accuracy", "precision", "recall", "f1")
    scores = [f"{100 * free['mode']['as_said'][name]:.1f}" for name in names]
    yield table(("choice of REC", "accuracy", "precision", "recall", "F1"), [["free", *scores]])
    yield table(("a wrong item forced", ""), _wrong_item(report["wrong_item"]))
    if "references" in report:
        yield from _references(report["references"])


def _overlap(forced: Report, free: Report) -> Iterator[list[str]]:
    yield ["BLEU", f"{forced['bleu']:.2f}", f"{free['bleu']:.2f}", ""]
    for name in ROUGES:
        yield [name, f"{100 * forced[name]:.2f}", f"{100 * free[name]:.2f}", ""]


def _variety(*columns: Report) -> Iterator[list[str]]:
    yield ["words per reply", *(f"{one['words_per_reply']:.1f}" for one in columns)]
    yield ["item ratio", *(percent(one["item_ratio"]) for one in columns)]
    for key, unit in (("distinct_by_ngrams", "n-grams"), ("distinct_by_replies", "replies")):
        for n in columns[0][key]:
            yield [f"distinct-{n} by {unit}", *(f"{one[key][n]:.4f}" for one in columns)]


def _truth(*columns: Report) -> Iterator[list[str]]:
    outside = [percent(one["items_outside_the_catalog"]) for one in columns]
    yield ["items outside the catalog", *outside]
    yield from _facts(*columns)
    yield from _faithfulness(*columns)


def _facts(*columns: Report) -> Iterator[list[str]]:
    for kind in KINDS:
        yield [f"wrong claims: {kind}", *(percent(one["facts"]["wrong"][kind]) for one in columns)]
    yield ["replies with a wrong claim", *(percent(one["facts"]["replies"]) for one in columns)]


def _faithfulness(*columns: Report) -> Iterator[list[str]]:
    for key, name in (
        ("names_the_chosen_item", "words name the chosen item"),
        ("names_another_item", "words name another item"),
    ):
        yield [name, *(percent(one["faithfulness"][key]) for one in columns)]


def _wrong_item(report: Report) -> Iterator[list[str]]:
    yield from _faithfulness(report)
    yield from _facts(report)


def _references(report: Report) -> Iterator[str]:
    yield (
        f"Tokenizer: {report['tokenizer']}. Left out, for a film outside the catalog: "
        f"{report['left_out']:,} turns."
    )
    rows = (("all", "every turn"), ("gold", "turns with an item"), ("wrong", "a wrong item before"))
    yield table(
        ("perplexity of the references", "per token", "per word", "tokens", "turns"),
        [[name, *_perplexity(report[key])] for key, name in rows],
    )


def _perplexity(found: Report) -> list[str]:
    if "per_token" not in found:
        return ["", "", f"{found['tokens']:,}", f"{found['turns']:,}"]
    return [
        f"{found['per_token']:.2f}",
        f"{found['per_word']:.2f}",
        f"{found['tokens']:,}",
        f"{found['turns']:,}",
    ]
