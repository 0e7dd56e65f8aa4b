"""Reports in one table, compared sample by sample, and what cannot be compared."""

from dataclasses import replace

import pytest

from crsdemo.core.errors import BadInputError
from crsdemo.core.recommender import Provenance
from crsdemo.evaluation.protocol import ALL
from crsdemo.evaluation.report import PartFigures, Report, Sample
from crsdemo.evaluation.statistics import figures
from crsdemo.evaluation.table import paired_tests, table

N = 40


def report(name: str, ranks: list[int | None]) -> Report:
    """One sample per dialogue."""
    samples = tuple(
        Sample(f"d{n}", 1, 2, "f0", True, 0, 3, rank, rank) for n, rank in enumerate(ranks)
    )
    dialogues = [sample.dialogue for sample in samples]
    part = PartFigures(len(ranks), len(ranks), figures(ranks, dialogues))
    return Report(
        name, Provenance(name), "unicrs", "dev.tsv", len(ranks), 0, len(ranks), {"all": part}, {},
        (), None, samples,
    )  # fmt: skip


GOOD = report("good", [1] * 30 + [None] * (N - 30))
BAD = report("bad", [2] * 30 + [None] * (N - 30))


def test_a_table_shows_percent_intervals_and_n() -> None:
    shown = table({"good": GOOD, "bad": BAD}, ALL, ["recall@1", "recall@5"])
    lines = shown.splitlines()
    assert "dev.tsv, protocol unicrs, part all: 40 samples of 40 dialogues" in lines[0]
    good, bad = lines[4:6]
    name, n, first, _ = (cell.strip() for cell in good.strip("|").split("|"))
    assert (name, n, first[:6]) == ("good", "40", "75.0 [")
    assert "0.0 [0.0, 0.0]" in bad
    assert "What each scores" not in shown


def test_systems_are_tested_against_a_baseline_sample_by_sample() -> None:
    tests = paired_tests({"good": GOOD, "bad": BAD}, ALL, ["recall@1", "recall@5"], "bad")
    first, second = tests
    assert (first.system, first.metric, first.found.by.value) == ("good", "recall@1", 0.75)
    assert first.found.p < 0.001
    assert (second.found.by.value, second.found.p) == (0.0, 1.0)
    shown = table({"good": GOOD, "bad": BAD}, ALL, ["recall@1"], against="bad")
    assert "+75.0 [" in shown and "], p < 0.001" in shown


def test_more_tests_make_each_weaker() -> None:
    near = report("near", [1] * 6 + [2] * 24 + [None] * (N - 30))
    alone = paired_tests({"near": near, "bad": BAD}, ALL, ["recall@1"], "bad")
    with_others = paired_tests({"near": near, "bad": BAD}, ALL, ["recall@1", "mrr@1"], "bad")
    assert with_others[0].found.p == pytest.approx(2 * alone[0].found.p)


def test_latex_is_a_booktabs_table_with_its_caption_as_a_comment() -> None:
    shown = table({"a_b": GOOD}, ALL, ["recall@1"], format="latex")
    assert shown.startswith("% dev.tsv")
    assert "\\toprule" in shown and "a\\_b" in shown


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (report("short", [1] * 5), "40 and 5, 35 are in one only"),
        (replace(GOOD, protocol="he"), "evaluate both by one"),
    ],
)
def test_reports_of_other_samples_are_not_compared(other: Report, message: str) -> None:
    with pytest.raises(BadInputError, match=message):
        table({"good": GOOD, "other": other}, ALL, ["recall@1"])


def test_unknown_names_are_told_with_what_there_is() -> None:
    with pytest.raises(BadInputError, match="no metric 'hit@1'; there are: recall@1"):
        table({"good": GOOD}, ALL, ["hit@1"])
    with pytest.raises(BadInputError, match="markdown or latex"):
        table({"good": GOOD}, ALL, ["recall@1"], format="html")
    with pytest.raises(BadInputError, match="no report 'ugly' .* there are: good"):
        table({"good": GOOD}, ALL, ["recall@1"], against="ugly")
