"""The protocol of evaluation on tiny dialogues in both formats, with figures worked out by hand."""

import json

import pytest

from crsdemo.catalog import Catalog, Item
from crsdemo.corpus import load_dialogues
from crsdemo.errors import BadInputError
from crsdemo.evaluate import Hit, cases, evaluate, recall_interval
from crsdemo.popularity import Popularity, RepeatLast
from crsdemo.recommender import Recommendation

TITLES = ["Harbour Lights", "Paper Moose", "Seven Kettles", "The Long Way Down", "Zebra Street"]
CATALOG = Catalog(
    tuple(Item(f"f{n}", title, 2000 + n, popularity=9 - n) for n, title in enumerate(TITLES))
)  # f0 is the most popular film


def redial(*messages: tuple[str, str], liked: tuple[int, ...] = ()) -> str:
    """One line of a ReDial file; `S` seeks, `R` recommends, `@n` names film n."""
    return json.dumps(
        {
            "conversationId": "1",
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
def dialogues(tmp_path):
    path = tmp_path / "train_data.jsonl"
    first = redial(
        ("R", "Hello, did you see @4 ?"),  # nothing was said before: no case
        ("S", "I did. Something like @2 please"),
        ("R", "Then @1 ."),  # with the next one: one turn that names f1, f2, f0
        ("R", "Or @2 once more, or @0 , yes @1 !"),
        ("S", "Fine."),
        ("R", "You are welcome."),  # names nothing
    )
    second = redial(("S", "A film please"), ("R", "Try @0 ."))
    path.write_text(f"{first}\n{second}\n")
    return load_dialogues(path, CATALOG, {})


def test_each_recommender_turn_with_a_context_is_a_case(dialogues):
    found = cases(dialogues)
    assert [case.dialogue for case in found] == [0, 0, 1]
    assert [case.targets for case in found] == [("f1", "f2", "f0"), (), ("f0",)]
    assert found[0].new_targets == ("f1", "f0")
    assert [len(case.context.turns) for case in found] == [2, 4, 1]


def test_figures_of_popularity_on_redial(dialogues):
    report = evaluate(Popularity(CATALOG), dialogues)
    assert (report["recommender"], report["turns"]) == ("popularity", 3)
    # Ranks by popularity: f1 2nd, f2 3rd, f0 1st; then f0 1st.
    assert report["all"]["n"] == 4
    assert report["all"]["recall@1"] == 0.5
    assert report["all"]["recall@10"] == report["all"]["recall@50"] == 1
    assert report["all"]["mrr@10"] == pytest.approx((1 / 2 + 1 / 3 + 1 + 1) / 4, abs=1e-5)
    # New: f1 and f0, then f0; f4 and f2 were named, which leaves f0, f1, f3.
    assert report["new"]["n"] == 3
    assert report["new"]["recall@1"] == pytest.approx(2 / 3, abs=1e-5)
    assert report["new"]["mrr@10"] == pytest.approx((1 / 2 + 1 + 1) / 3, abs=1e-5)
    assert "mode" not in report


def test_repeating_finds_old_targets_but_no_new_ones_first(dialogues):
    report = evaluate(RepeatLast(CATALOG), dialogues)
    # Named f4, then f2: the first list is f2 f4 f0 f1 f3, the second f0 ...
    assert report["all"]["recall@1"] == 0.5  # f2, f0 of the second dialogue
    assert report["all"]["mrr@10"] == pytest.approx((1 / 4 + 1 + 1 / 3 + 1) / 4, abs=1e-5)
    assert report["new"]["mrr@10"] == pytest.approx((1 / 2 + 1 + 1) / 3, abs=1e-5)


def test_figures_on_inspired_and_films_that_the_catalog_does_not_hold(tmp_path):
    path = tmp_path / "dev.tsv"
    rows = [
        ("d1", "SEEKER", "Paper Moose was fun", "Paper Moose (2001)"),
        ("d1", "RECOMMENDER", "Then Zebra Street or Nowhere", "Zebra Street (2004);Nowhere (1999)"),
        ("d1", "SEEKER", "Thanks", ""),
        ("d1", "RECOMMENDER", "Paper Moose again!", "Paper Moose (2001)"),
    ]
    lines = ["dialog_id\tspeaker\ttext\tmovies", *("\t".join(row) for row in rows)]
    path.write_text("\n".join(lines) + "\n")
    report = evaluate(Popularity(CATALOG), load_dialogues(path, CATALOG, {}))
    assert report["turns"] == 2
    assert report["all"]["n"] == 3  # Zebra Street 5th, Nowhere missed, Paper Moose 2nd
    assert report["all"]["mrr@10"] == pytest.approx((1 / 5 + 0 + 1 / 2) / 3, abs=1e-5)
    assert report["new"]["n"] == 2  # Zebra Street is 4th without Paper Moose
    assert report["new"]["mrr@10"] == pytest.approx((1 / 4 + 0) / 2, abs=1e-5)


class InBatches(Popularity):
    """Ranks the catalog backwards, and only in batches; chats while nothing was named."""

    def recommend(self, dialogue, k, *, exclude=frozenset()):
        raise AssertionError("a batch was expected")

    def recommend_batch(self, dialogues, k, excludes):
        return [
            [Recommendation(i, 0) for i in reversed(CATALOG.items) if i.id not in exclude][:k]
            for _, exclude in zip(dialogues, excludes, strict=True)
        ]

    def mode_probabilities(self, dialogues):
        probable = [0.9 if dialogue.mentioned else 0.2 for dialogue in dialogues]
        return [{"REC": rec, "CHAT": 1 - rec} for rec in probable]


def test_batches_are_used_where_offered_and_the_mode_is_scored(dialogues):
    report = evaluate(InBatches(CATALOG), dialogues)
    # f4 f3 f2 f1 f0 for all; f3 f1 f0 for the new ones of the first case.
    assert report["all"]["mrr@10"] == pytest.approx((1 / 4 + 1 / 3 + 1 / 5 + 1 / 5) / 4, abs=1e-5)
    assert report["new"]["mrr@10"] == pytest.approx((1 / 2 + 1 / 3 + 1 / 5) / 3, abs=1e-5)
    # Says REC, REC, CHAT where REC, CHAT, REC is right.
    assert report["mode"] == {
        "n": 3, "accuracy": 0.33333, "precision": 0.5, "recall": 0.5, "f1": 0.5
    }  # fmt: skip


def test_the_report_of_one_dialogue_is_json(dialogues):
    report = evaluate(Popularity(CATALOG), dialogues[:1])
    assert report["dialogues"] == 1 and report["turns"] == 2 and report["all"]["n"] == 3
    assert json.loads(json.dumps(report))["all"]["recall@1"] == pytest.approx(1 / 3, abs=1e-5)


def test_dialogues_without_a_recommender_turn_are_refused():
    with pytest.raises(BadInputError, match="none of the 0 dialogues"):
        evaluate(Popularity(CATALOG), [])


def test_the_interval_holds_the_recall_and_narrows_with_more_dialogues():
    few = recall_interval([Hit(d, 1 if d % 4 else None) for d in range(20)], 1, 20)
    many = recall_interval([Hit(d, 1 if d % 4 else None) for d in range(2000)], 1, 2000)
    assert few[0] < many[0] < 0.75 < many[1] < few[1]
    assert recall_interval([Hit(0, 1)] * 9, 1, 1) == (1, 1)
