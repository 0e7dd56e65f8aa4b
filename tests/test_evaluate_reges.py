"""The choice of the item expert: by hand where it can be, with the tiny model where it must."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from films import CATALOG
from tiny import byte_level_tokenizer, semantic_ids

from crsdemo.corpus import CorpusDialogue, load_dialogues
from crsdemo.decoding import Decoder
from crsdemo.dialogue import Dialogue, Turn
from crsdemo.errors import BadInputError
from crsdemo.evaluate import evaluate
from crsdemo.evaluate_reges import Retrieved, Written, _ItemExpert, _shares, evaluate_item_expert
from crsdemo.evaluate_stages_text import told
from crsdemo.generative import Generative
from crsdemo.guide import Guidance
from crsdemo.prompt import PromptWriter
from crsdemo.protocol import Case
from crsdemo.slots import slots_of
from crsdemo.tokens import add_control_tokens

IDS = [item.id for item in CATALOG]


class FirstOfTheCatalog:
    """Finds the first films of the catalog for everybody, and has no scores for them."""

    is_read = True

    def look(self, dialogue: Dialogue, exclude: Collection[str] = frozenset()) -> Guidance:
        found = [item for item in IDS if item not in exclude]
        return Guidance(shortlist=tuple(found[:10]), hidden=frozenset(IDS[-1:]))

    def look_all(
        self, dialogues: Sequence[Dialogue], excludes: Sequence[Collection[str]]
    ) -> list[Guidance]:
        return [self.look(d, e) for d, e in zip(dialogues, excludes, strict=True)]

    def describe(self) -> dict[str, Any]:
        return {}


@pytest.fixture(scope="module")
def expert(generative: Generative) -> Generative:
    return Generative("expert", generative.speaker, CATALOG, FirstOfTheCatalog())


@pytest.fixture(scope="module")
def dialogues(trained) -> list[CorpusDialogue]:
    return load_dialogues(trained.redial, CATALOG, {})


def turn(*shortlist: str, hidden: Collection[str] = ()) -> Retrieved:
    context = Dialogue((Turn("user", "a film please"),))
    look = Guidance(shortlist=shortlist, hidden=frozenset(hidden))
    return Retrieved(Case(0, 1, context, (IDS[4],)), look)


def test_the_right_film_takes_the_last_place_unless_it_is_there() -> None:
    assert turn("f00", "f01", "f02").with_gold("f07").look.shortlist == ("f00", "f01", "f07")
    assert turn("f00", "f07", "f02").with_gold("f07").look.shortlist == ("f00", "f07", "f02")
    assert turn("f00", hidden=["f07", "f08"]).with_gold("f07").look.hidden == {"f08"}
    assert turn("f00", "f01", "f02").best(2).look.shortlist == ("f00", "f01")


@pytest.fixture(scope="module")
def report(expert: Generative, dialogues: list[CorpusDialogue]) -> dict[str, Any]:
    return json.loads(json.dumps(evaluate_item_expert(expert, dialogues, sizes=(10, 4, 1))))


def test_the_end_to_end_figures_are_those_of_evaluate(report, expert, dialogues, tmp_path) -> None:
    overall = report["candidates"]["10"]["overall"]
    whole = evaluate(expert, CATALOG, dialogues, state=tmp_path / "state").as_json()
    new = whole["parts"]["new"]
    assert overall["n"] == new["n"] > 5
    for k in (1, 10):
        assert overall[f"recall@{k}"] == new["metrics"][f"recall@{k}"]["value"]
    assert "recall@50" not in overall  # there are ten candidates


def test_choosing_reorders_what_was_retrieved_and_adds_nothing(report) -> None:
    ten = report["candidates"]["10"]
    assert ten["overall"]["recall@10"] == ten["retriever_alone"]["recall@10"] > 0
    assert ten["overall"]["n"] == ten["retriever_alone"]["n"]


def test_with_the_right_film_among_the_candidates_it_is_found_among_them(report) -> None:
    made = report["candidates"]
    assert made["10"]["item_generation"]["recall@10"] == 1
    assert made["1"]["item_generation"]["recall@1"] == 1  # there is no other
    assert made["4"]["item_generation"]["recall@1"] < 1
    assert made["10"]["item_generation"]["n"] >= made["10"]["overall"]["n"] - 2


def test_under_the_constraint_nothing_but_candidates_is_chosen(report) -> None:
    for size in report["candidates"].values():
        constrained, free = size["constrained"], size["free"]
        assert constrained["n"] == free["n"] == report["turns"]
        assert constrained["no_item"]["share"] == constrained["no_candidate"]["share"] == 0
        assert constrained["kinds"][Written.CANDIDATE] == report["turns"]
        assert sum(free["kinds"].values()) == report["turns"]


def test_what_is_no_item_is_also_no_candidate() -> None:
    kinds = [Written.NO_ID, Written.UNKNOWN, Written.OTHER, *[Written.CANDIDATE] * 5]
    shares = _shares(kinds)
    assert (shares["n"], shares["no_item"]["share"], shares["no_candidate"]["share"]) == (
        8, 0.25, 0.375
    )  # fmt: skip
    low, high = shares["no_candidate"]["ci95"]
    assert 0 < low < 0.375 < high < 1


TOKENIZER = byte_level_tokenizer()
CONTROL = add_control_tokens(TOKENIZER, 3, 8, slots_of(CATALOG))
CODES = dict(zip(CATALOG.row, semantic_ids(len(CATALOG)).values(), strict=True))
NOBODY = next(
    (a, b, c)
    for a in range(8)
    for b in range(8)
    for c in range(8)
    if (a, b, c) not in CODES.values()
)


@dataclass
class Scripted:
    """A speaker and decoder whose model says given tokens, whatever it reads."""

    tokens: Sequence[int]
    said: int = 0
    control: Any = CONTROL
    write_item = Decoder.write_item
    writer: PromptWriter = field(
        default_factory=lambda: PromptWriter(TOKENIZER, CONTROL, CATALOG, CODES)
    )

    def read(
        self,
        dialogues: Sequence[Dialogue],
        before: Sequence[Sequence[int]],
        after: Sequence[Sequence[int]],
    ) -> Any:
        assert len(dialogues) == len(before) == len(after) == 1
        return SimpleNamespace(logits=None)

    def feed(self, context: Any, tokens: Sequence[int]) -> None:
        context.logits = torch.zeros(1, len(TOKENIZER))
        if self.said < len(self.tokens):
            context.logits[0, self.tokens[self.said]] = 1
        self.said += 1


def kind_of(*tokens: int) -> Written:
    """Of what a model wrote, with f00 and f01 as candidates."""
    script = Scripted(tokens)
    recommender = SimpleNamespace(speaker=script, decoder=script, writer=script.writer)
    return _ItemExpert(recommender)._kind_of_free(turn("f00", "f01"))  # type: ignore[arg-type]


def test_what_is_written_freely_is_told_apart() -> None:
    word = TOKENIZER.encode("You")[0]
    assert kind_of(*CONTROL.item(CODES["f01"])) == Written.CANDIDATE
    assert kind_of(*CONTROL.item(CODES["f02"])) == Written.OTHER
    assert kind_of(*CONTROL.item(NOBODY)) == Written.UNKNOWN
    assert kind_of(CONTROL.item(NOBODY)[0], word, word) == Written.NO_ID
    assert kind_of(*reversed(CONTROL.item(CODES["f01"]))) == Written.NO_ID  # levels out of order


def test_a_recommender_that_retrieves_nothing_is_refused(generative, dialogues) -> None:
    for guide in (None, generative.guide):
        whole = Generative("whole", generative.speaker, CATALOG, guide)
        with pytest.raises(BadInputError, match="whole finds no candidates"):
            evaluate_item_expert(whole, dialogues)


# with all parts of ReGeS


@pytest.mark.parametrize("stage", ["retrieval", "item"])
def test_each_stage_is_measured_from_the_command_line(
    capsys, trained, reges_folder: Path, tmp_path: Path, stage: str
) -> None:
    from crsdemo.__main__ import main

    flags = ["evaluate", "--recommender", str(reges_folder), "--catalog", str(trained.catalog)]
    flags += ["--dialogues", str(trained.redial), "--stage", stage, "--limit", "3"]
    path = tmp_path / "report.json"
    assert main([*flags, "--figures", str(tmp_path), "--json", str(path)]) == 0
    row, text = json.loads(path.read_text()), capsys.readouterr().out.strip()
    assert text == told(stage, row)
    assert all(line.startswith("|") == line.endswith("|") for line in text.splitlines())
    assert (row["recommender"], row["dialogues"], row["left_out"]) == ("reges", 3, 0)
    if stage == "retrieval":
        assert len(row["searches"]) == 9
        assert all(one["new"]["recall@100"] == 1 for one in row["searches"])  # there are 32 films
        assert (tmp_path / "recall.html").is_file()
    else:
        assert row["candidates"]["50"]["constrained"]["no_candidate"]["share"] == 0
