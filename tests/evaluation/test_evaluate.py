"""The protocol of evaluation on tiny dialogues in both formats, with figures worked out by hand."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import Dialogue
from crsdemo.core.errors import BadInputError
from crsdemo.core.recommender import Mode, Recommendation
from crsdemo.evaluation.evaluate import evaluate, evaluate_all
from crsdemo.evaluation.protocol import (
    ALL,
    HE,
    NEW,
    OURS,
    PECRS,
    PROTOCOLS,
    UNICRS,
    Protocol,
    cases,
    protocol_named,
)
from crsdemo.evaluation.report import Report
from crsdemo.language.corpus import CorpusDialogue, load_dialogues
from crsdemo.recommenders.popularity import Popularity, RepeatLast

TITLES = ["Harbour Lights", "Paper Moose", "Seven Kettles", "The Long Way Down", "Zebra Street"]
CATALOG = Catalog(
    tuple(Item(f"f{n}", title, 2000 + n, popularity=9 - n) for n, title in enumerate(TITLES))
)  # f0 is the most popular film


def redial(name: str, *messages: tuple[str, str]) -> str:
    """One line of a ReDial file; `S` seeks, `R` recommends, `@n` names film n."""
    return json.dumps(
        {
            "conversationId": name,
            "initiatorWorkerId": 10,
            "respondentWorkerId": 20,
            "movieMentions": {str(n): f"{t} ({2000 + n})" for n, t in enumerate(TITLES)},
            "initiatorQuestions": {},
            "respondentQuestions": {},
            "messages": [
                {"text": text, "senderWorkerId": 10 if who == "S" else 20, "messageId": n}
                for n, (who, text) in enumerate(messages)
            ],
        }
    )


@pytest.fixture
def dialogues(tmp_path: Path) -> list[CorpusDialogue]:
    path = tmp_path / "train_data.jsonl"
    first = redial(
        "one",
        ("R", "Hello, did you see @4 ?"),  # nothing was said before: no case
        ("S", "I did. Something like @2 please"),
        ("R", "Then @1 ."),  # with the next one: one turn that names f1, f2, f0
        ("R", "Or @2 once more, or @0 , yes @1 !"),
        ("S", "Fine."),
        ("R", "You are welcome."),  # names nothing
    )
    second = redial("two", ("S", "A film please"), ("R", "Try @0 ."))
    path.write_text(f"{first}\n{second}\n")
    return load_dialogues(path, CATALOG, {})


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state.jsonl"


def value(report: Report, part: str, metric: str) -> float | None:
    return report.parts[part].metrics[metric].value


def test_each_recommender_turn_with_a_context_is_a_case(dialogues: list[CorpusDialogue]) -> None:
    found = cases(dialogues)
    assert [(case.dialogue, case.turn) for case in found] == [(0, 2), (0, 4), (1, 1)]
    assert [case.targets for case in found] == [("f1", "f2", "f0"), (), ("f0",)]
    assert [m.item_id for m in found[0].said.mentions] == ["f1", "f2", "f0", "f1"]
    assert found[0].new_targets == ("f1", "f0")
    assert [len(case.context.turns) for case in found] == [2, 4, 1]


def test_protocols_count_different_samples(dialogues: list[CorpusDialogue], state: Path) -> None:
    """Turn 2 names f1 f2 f0 f1, f2 was named before; the second dialogue names f0."""

    def counted(protocol: Protocol) -> dict[str, int]:
        report = evaluate(Popularity(CATALOG), CATALOG, dialogues, protocol, state=state)
        return {name: part.n for name, part in report.parts.items()}

    assert counted(OURS) == {"new": 3, "all": 4}
    assert counted(UNICRS) == counted(PECRS) == {"all": 5}  # f1 twice
    assert counted(HE) == {"new": 3, "new, seen kept": 3, "repeated": 1, "all": 4}


def test_protocols_together_give_what_each_gives_and_rank_each_list_once(
    dialogues: list[CorpusDialogue], state: Path
) -> None:
    asked = []

    class Counting(Popularity):
        def recommend(
            self, dialogue: Dialogue, k: int, *, exclude: frozenset[str] = frozenset()
        ) -> list[Recommendation]:
            asked.append((dialogue, exclude))
            return super().recommend(dialogue, k, exclude=exclude)

    together = evaluate_all(Counting(CATALOG), CATALOG, dialogues, PROTOCOLS, state=state)
    assert len(asked) == len(set(asked)) > 0
    assert not state.exists()
    for protocol, report in zip(PROTOCOLS, together, strict=True):
        assert report == evaluate(Counting(CATALOG), CATALOG, dialogues, protocol, state=state)


def test_films_outside_the_catalog_are_missed_or_no_samples(
    dialogues: list[CorpusDialogue], state: Path
) -> None:
    smaller = Catalog(CATALOG.items[1:])  # without f0
    ours = evaluate(Popularity(smaller), smaller, dialogues, OURS, state=state)
    unicrs = evaluate(Popularity(smaller), smaller, dialogues, UNICRS, state=state)
    assert (ours.parts["all"].n, unicrs.parts["all"].n) == (4, 3)
    assert value(ours, "all", "recall@50") == 0.5
    assert value(unicrs, "all", "recall@50") == 1


def test_named_films_are_hidden_only_where_a_part_says_so(
    dialogues: list[CorpusDialogue], state: Path
) -> None:
    report = evaluate(Popularity(CATALOG), CATALOG, dialogues, HE, state=state)
    # f1 and f0 are new, and f0; popularity puts f0 f1 f2 f3 f4, of which f2 and f4 were named.
    assert value(report, "new", "mrr@10") == pytest.approx((1 / 2 + 1 + 1) / 3)
    assert value(report, "repeated", "mrr@10") == pytest.approx(1 / 3)
    three = evaluate(Backwards(CATALOG), CATALOG, dialogues, HE, state=state)
    assert value(three, "new, seen kept", "mrr@10") == pytest.approx((1 / 4 + 1 / 5 + 1 / 5) / 3)
    assert value(three, "new", "mrr@10") == pytest.approx((1 / 2 + 1 / 3 + 1 / 5) / 3)


def test_protocols_are_found_by_name() -> None:
    assert protocol_named("he") is HE
    assert (HE.part(), HE.part("all"), UNICRS.part()) == (NEW, ALL, ALL)
    with pytest.raises(BadInputError, match="there are: ours, unicrs, he, pecrs"):
        protocol_named("theirs")
    with pytest.raises(BadInputError, match="no part 'new'; it has: all"):
        UNICRS.part("new")


def test_figures_of_popularity_on_redial(dialogues: list[CorpusDialogue], state: Path) -> None:
    report = evaluate(Popularity(CATALOG), CATALOG, dialogues, state=state)
    assert (report.recommender, report.turns, report.dialogues) == ("popularity", 3, 2)
    # Ranks by popularity: f1 2nd, f2 3rd, f0 1st; then f0 1st.
    assert (report.parts["all"].n, report.parts["all"].dialogues) == (4, 2)
    assert value(report, "all", "recall@1") == 0.5
    assert value(report, "all", "recall@10") == value(report, "all", "recall@50") == 1
    assert value(report, "all", "mrr@10") == pytest.approx((1 / 2 + 1 / 3 + 1 + 1) / 4)
    # New: f1 and f0, then f0; f4 and f2 were named, which leaves f0, f1, f3.
    assert report.parts["new"].n == 3
    assert value(report, "new", "recall@1") == pytest.approx(2 / 3)
    assert value(report, "new", "mrr@10") == pytest.approx((1 / 2 + 1 + 1) / 3)
    assert report.mode is None


def test_every_sample_is_kept_with_its_ranks(dialogues: list[CorpusDialogue], state: Path) -> None:
    report = evaluate(Popularity(CATALOG), CATALOG, dialogues, state=state)
    rows = [(s.dialogue, s.turn, s.target, s.is_new, s.rank, s.rank_new) for s in report.samples]
    assert rows == [
        ("one", 2, "f1", True, 2, 2),
        ("one", 2, "f2", False, 3, None),
        ("one", 2, "f0", True, 1, 1),
        ("two", 1, "f0", True, 1, 1),
    ]
    assert [(s.n_turns, s.n_named, s.popularity) for s in report.samples[2:]] == [
        (5, 2, 9),
        (2, 0, 9),
    ]


def test_repeating_finds_old_targets_but_no_new_ones_first(
    dialogues: list[CorpusDialogue], state: Path
) -> None:
    report = evaluate(RepeatLast(CATALOG), CATALOG, dialogues, state=state)
    # Named f4, then f2: the first list is f2 f4 f0 f1 f3, the second f0 ...
    assert value(report, "all", "recall@1") == 0.5  # f2, f0 of the second dialogue
    assert value(report, "all", "mrr@10") == pytest.approx((1 / 4 + 1 + 1 / 3 + 1) / 4)
    assert value(report, "new", "mrr@10") == pytest.approx((1 / 2 + 1 + 1) / 3)


def test_figures_on_inspired_and_films_that_the_catalog_does_not_hold(
    tmp_path: Path, state: Path
) -> None:
    path = tmp_path / "dev.tsv"
    rows = [
        ("d1", "SEEKER", "Paper Moose was fun", "Paper Moose (2001)"),
        ("d1", "RECOMMENDER", "Then Zebra Street or Nowhere", "Zebra Street (2004);Nowhere (1999)"),
        ("d1", "SEEKER", "Thanks", ""),
        ("d1", "RECOMMENDER", "Paper Moose again!", "Paper Moose (2001)"),
    ]
    lines = ["dialog_id\tspeaker\ttext\tmovies", *("\t".join(row) for row in rows)]
    path.write_text("\n".join(lines) + "\n")
    dialogues = load_dialogues(path, CATALOG, {})
    report = evaluate(Popularity(CATALOG), CATALOG, dialogues, state=state)
    assert report.turns == 2
    assert report.parts["all"].n == 3  # Zebra Street 5th, Nowhere missed, Paper Moose 2nd
    assert value(report, "all", "mrr@10") == pytest.approx((1 / 5 + 0 + 1 / 2) / 3)
    assert report.parts["new"].n == 2  # Zebra Street is 4th without Paper Moose
    assert value(report, "new", "mrr@10") == pytest.approx((1 / 4 + 0) / 2)
    by = {(s.part, s.by, s.name): s.n for s in report.slices}
    assert by["all", "target", "not in the catalog"] == 1


class Backwards(Popularity):
    """Ranks the catalog backwards, and only in batches; chats while nothing was named."""

    def recommend_batch(
        self, dialogues: Sequence[Dialogue], k: int, excludes: Sequence[frozenset[str]]
    ) -> list[list[Recommendation]]:
        return [
            [Recommendation(i, 0) for i in reversed(self.catalog.items) if i.id not in exclude][:k]
            for _, exclude in zip(dialogues, excludes, strict=True)
        ]

    def mode_probabilities(self, dialogues: Sequence[Dialogue]) -> list[dict[Mode, float]]:
        probable = [0.9 if dialogue.mentioned else 0.2 for dialogue in dialogues]
        return [{"REC": rec, "CHAT": 1 - rec} for rec in probable]


def test_batches_are_used_where_offered_and_the_mode_is_scored(
    dialogues: list[CorpusDialogue], state: Path
) -> None:
    report = evaluate(Backwards(CATALOG), CATALOG, dialogues, state=state)
    # f4 f3 f2 f1 f0 for all; f3 f1 f0 for the new ones of the first case.
    assert value(report, "all", "mrr@10") == pytest.approx((1 / 4 + 1 / 3 + 1 / 5 + 1 / 5) / 4)
    assert value(report, "new", "mrr@10") == pytest.approx((1 / 2 + 1 / 3 + 1 / 5) / 3)
    # Says REC, REC, CHAT where REC, CHAT, REC is right.
    mode = report.mode
    assert mode is not None
    assert (mode.n, mode.precision, mode.recall, mode.f1) == (3, 0.5, 0.5, 0.5)
    assert mode.accuracy == pytest.approx(1 / 3)


def test_a_report_is_read_as_it_was_saved(
    dialogues: list[CorpusDialogue], state: Path, tmp_path: Path
) -> None:
    report = evaluate(Backwards(CATALOG), CATALOG, dialogues, state=state)
    path = tmp_path / "deep" / "report.json"
    report.save(path)
    again = Report.load(path)
    assert (again.samples, again.provenance) == (report.samples, report.provenance)
    assert again.as_json() == report.as_json() == json.loads(path.read_text())
    row = report.as_json()
    assert row["schema"] == 2
    assert row["parts"]["all"]["metrics"]["recall@1"].keys() == {"value", "low", "high"}
    assert row["mode"]["n"] == 3


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 1}'])
def test_what_is_no_report_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text(text)
    with pytest.raises(BadInputError, match="is no report .* evaluate again"):
        Report.load(path)


def test_dialogues_without_a_recommender_turn_are_refused(state: Path) -> None:
    with pytest.raises(BadInputError, match="none of the 0 recommender turns"):
        evaluate(Popularity(CATALOG), CATALOG, [], state=state)
