"""What a judgment is about, and which judgments are learned from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from judged import Study, last, study
from stand_in import StandIn

from crsdemo.core.comparison import Judgment
from crsdemo.core.conversation import ItemKind, ItemMark, LoggedTurn
from crsdemo.core.errors import BadInputError
from crsdemo.export import concerns, preferences
from crsdemo.export.concerns import concern_of, label_of, learned
from crsdemo.export.examples import Reason
from crsdemo.export.files import split_of
from crsdemo.export.judgments import ExportConfig
from crsdemo.export.preferences import Vote, Votes, check_enough, divided, read_votes, shuffled
from crsdemo.feedback.judgments import JudgedPair, JudgedReply, Ratings, reading_judgments
from crsdemo.feedback.results import pseudonym
from crsdemo.web.compare import verdicts
from crsdemo.web.shared import render

DIALOGUES = count()  # each reply in one of its own


def judged_reply(**known: Any) -> JudgedReply:
    usual: dict[str, Any] = {
        "id": "r", "mode": "REC", "item_id": "f1", "item_title": "Heat", "item_year": 1995,
        "text": "Try Heat (1995).", "prompt": "p", "ratings": Ratings(), "marks": [],
        "dialogue_id": str(next(DIALOGUES)),
    }  # fmt: skip
    return JudgedReply.model_construct(**usual | known)


OTHER = {"item_id": "f2", "item_title": "Up", "item_year": 2009}


def pair(right: dict[str, Any], verdict: str = "left", **details: Any) -> JudgedPair:
    return JudgedPair.model_construct(
        left=judged_reply(), right=judged_reply(**right), verdict=verdict, details=details
    )


@pytest.mark.parametrize(
    ("right", "details", "concern"),
    [
        ({"text": "See Heat (1995)!"}, {}, "words"),
        ({"text": "See Heat (1995)!"}, {"reasons": {"left": ["wrong film"]}}, "words"),
        (OTHER | {"text": "Try Up (2009)."}, {}, "item"),
        (OTHER | {"text": "See Up (2009)!"}, {}, "both"),
        ({"mode": "CHAT", "item_id": None, "text": "What else?"}, {}, "both"),
        (OTHER | {"text": "!"}, {"reasons": {"right": ["wrong film"]}}, "item"),
        (OTHER | {"text": "!"}, {"reasons": {"right": ["dull words"]}}, "words"),
        (OTHER | {"text": "!"}, {"reasons": {"left": ["dull words"], "right": ["wrong film"]}},
         "both"),
        (OTHER | {"text": "!"}, {"reasons": {"right": ["my own reason"]}}, "both"),
        (OTHER | {"text": "!"}, {"aspects": {"relevance": {"left": 3, "right": 1}}}, "item"),
        (OTHER | {"text": "!"}, {"aspects": {"interest": {"left": 2, "right": 0}}}, "item"),
        (OTHER | {"text": "!"}, {"aspects": {"relevance": {"left": 2, "right": 2}}}, "words"),
        (OTHER | {"text": "!"}, {"aspects": {"relevance": {"left": 0, "right": 2}}}, "both"),
        (OTHER | {"text": "!"}, {"aspects": {"relevance": {"left": 2}, "interest": None}}, "both"),
        (OTHER | {"text": "!"}, {"aspects": {"satisfaction": {"left": 4, "right": 0}}}, "both"),
    ],
)  # fmt: skip
def test_what_a_verdict_prefers(
    right: dict[str, Any], details: dict[str, Any], concern: str
) -> None:
    assert concern_of(pair(right, **details)) == concern


def test_every_reason_of_the_pages_is_of_one_kind() -> None:
    offered = {*verdicts.REASONS, *render.GOOD_REASONS, *render.BAD_REASONS}
    assert offered == concerns.OF_ITEM | concerns.OF_WORDS
    assert not concerns.OF_ITEM & concerns.OF_WORDS


def marked(*kinds: str, item: str = "f1") -> dict[str, Any]:
    return {"marks": [{"item_id": item, "kind": kind} for kind in kinds]}


@pytest.mark.parametrize(
    ("known", "scores", "label"),
    [
        ({"ratings": Ratings(thumbs=1)}, {}, (True, "both")),
        ({"ratings": Ratings(thumbs=-1, reasons=["wrong film"])}, {}, (False, "item")),
        ({"ratings": Ratings(thumbs=1, relevance=0)}, {}, (True, "both")),
        ({}, {"satisfaction": 4}, (True, "both")),
        ({}, {"satisfaction": 1}, (False, "both")),
        ({}, {"satisfaction": 2}, None),
        ({"ratings": Ratings(relevance=2)}, {}, (True, "item")),
        ({"ratings": Ratings(relevance=1)}, {"satisfaction": None}, (False, "item")),
        ({"ratings": Ratings(relevance=3)}, {"relevance": None}, (True, "item")),
        ({"ratings": Ratings(interest=2)}, {}, (True, "item")),
        ({"ratings": Ratings(interest=1)}, {}, None),
        ({}, {"interest": 0}, (False, "item")),
        (marked("want"), {}, (True, "item")),
        (marked("want", "seen"), {}, (True, "item")),
        (marked("seen"), {}, (False, "item")),
        (marked("not_for_me"), {}, (False, "item")),
        (marked("want", item="f9"), {}, None),
        ({}, {}, None),
    ],
)
def test_what_a_thumb_a_scale_or_a_mark_says(
    known: dict[str, Any], scores: dict[str, int], label: tuple[bool | str, ...] | None
) -> None:
    assert label_of(judged_reply(**known), scores) == label


def test_the_operator_chooses_what_is_learned() -> None:
    table = {
        learn: [learned(c, learn) for c in ("item", "words", "both")]
        for learn in ("auto", "item", "words", "both")
    }
    assert table == {
        "auto": ["item", "words", "both"],
        "item": ["item", None, "item"],
        "words": [None, "words", "words"],
        "both": ["both", "both", "both"],
    }


# out of a log


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Study]:
    made = study(tmp_path)
    yield made
    made.log.close()


def votes(lab: Study, format: str, **filters: Any) -> Votes:
    config = ExportConfig(db=lab.log.path, format=format, out=lab.log.path / "none", **filters)
    with reading_judgments(lab.log.path) as log:
        return read_votes(log, config)


def test_verdicts_are_pairs_with_the_winner_first(lab: Study) -> None:
    lab.judged(lab.judged(lab.start("v"), "a western", "right"), "another", "both_good")
    found = votes(lab, "dpo")
    (vote,) = found.usable
    assert [reply.recommender for reply in vote.replies] == ["blue", "red"]
    assert vote.annotator == "v" and found.left_out == {Reason.NO_WINNER: 1}
    assert len(found.sha256) == 64 and not found.simulated


def test_what_reads_no_prompt_is_left_out_without_a_flag_that_tune_has_not(lab: Study) -> None:
    outside = Study(lab.log, (StandIn(0, "red"), StandIn(0, "blue", "Watch ")))
    outside.judged(outside.start("v"), "a western", "left")
    found = votes(lab, "dpo")
    assert found.left_out == {"a recommender that reads no prompt": 1} and not found.usable


def test_thumbs_ties_scales_and_marks_are_single_votes(lab: Study) -> None:
    lab.talked("v", "thumbed", -1)
    marked = lab.talked("v", "marked").turns[-1]
    film = marked.reply.item if marked.reply else None
    assert film
    lab.log.record_mark("v", ItemMark(marked.id, film.id, "want"))
    lab.judged(lab.start("w"), "tied", "both_bad")
    series = lab.judged(lab.start("x"), "scored")
    scored = {"relevance": {"left": 3, "right": 0}}
    lab.pair.judge(last(series).id, "x", Judgment("left", details={"aspects": scored}))
    found = votes(lab, "kto").usable
    assert [(vote.annotator, vote.good, vote.concern) for vote in found] == [
        ("v", False, "both"), ("v", True, "item"), ("w", False, "both"), ("w", False, "both"),
        ("x", True, "item"), ("x", False, "item"),
    ]  # fmt: skip


def _mark(lab: Study, visitor: str, reply: LoggedTurn, kind: ItemKind) -> None:
    assert reply.reply and reply.reply.item
    lab.log.record_mark(visitor, ItemMark(reply.id, reply.reply.item.id, kind))


def test_one_person_has_one_vote_on_a_reply(lab: Study) -> None:
    """What a tie says of both counts before a mark on the film of one; a thumb before the tie."""
    tied = last(lab.judged(lab.start("v"), "tied", "both_bad"))
    _mark(lab, "v", tied.left.reply, "want")
    lab.log.record_rating(tied.right.reply.id, "v", "thumbs", 1)
    found = votes(lab, "kto")
    assert {vote.replies[0].id: vote.good for vote in found.usable} == {
        tied.left.reply.id: False, tied.right.reply.id: True,
    }  # fmt: skip
    assert len(found.usable) == 2
    assert found.left_out == {preferences.AGAIN: 1, Reason.HAS_THUMB: 1}


def test_the_scores_of_a_verdict_count_before_a_mark(lab: Study) -> None:
    scored = last(lab.judged(lab.start("x"), "scored"))
    _mark(lab, "x", scored.left.reply, "not_for_me")
    aspects = {"satisfaction": {"left": 4, "right": 0}}
    lab.pair.judge(scored.id, "x", Judgment("left", details={"aspects": aspects}))
    found = votes(lab, "kto").usable
    assert {vote.replies[0].id: vote.good for vote in found} == {
        scored.left.reply.id: True, scored.right.reply.id: False,
    }  # fmt: skip
    assert len(found) == 2


def test_two_people_have_a_vote_each_on_a_reply(lab: Study) -> None:
    tied = last(lab.judged(lab.start("v"), "tied", "both_good"))
    lab.thumb(tied.left.reply.id, "w", -1)
    found = votes(lab, "kto").usable
    assert Counter((vote.annotator, vote.good) for vote in found) == {
        ("v", True): 2, ("w", False): 1,
    }  # fmt: skip


def test_simulated_votes_and_those_of_people_are_never_learned_together(lab: Study) -> None:
    lab.judged(lab.start("simulated-0-1"), "a western", "left")
    assert votes(lab, "dpo").simulated
    comparison = last(lab.judged(lab.start("simulated-0-1"), "a drama")).id
    lab.kept("verdicts", "ann", comparison_id=comparison, verdict="left", layout="stacked")
    with pytest.raises(BadInputError, match="simulated votes and votes of 1 people"):
        votes(lab, "dpo")
    assert len(votes(lab, "dpo", without_visitors=pseudonym("ann")).usable) == 1


# who is held out, and whether it is enough


def vote(annotator: str, prompt: str, n: int = 0) -> Vote:
    return Vote(annotator, "both", (judged_reply(id=f"a{n}", prompt=prompt),
                                    judged_reply(id=f"b{n}", prompt=prompt)))  # fmt: skip


TRAINED, FROZEN = (
    [name for name in map(str, range(500)) if split_of(name, 0.1) == side][:20]
    for side in ("train", "test")
)


def test_nobody_and_no_conversation_is_in_both_splits() -> None:
    both = [vote(FROZEN[0], "shared", 0), vote(FROZEN[1], "own", 1)]
    both += [vote(TRAINED[0], "shared", 2), vote(TRAINED[1], "another", 3)]
    split = divided(both, 0.1)
    assert [one.prompt for one in split.frozen] == ["shared", "own"]
    assert [one.prompt for one in split.train] == ["another"]
    assert split.left_out == {preferences.LEAK: 1}


@pytest.mark.parametrize("format", ["dpo", "kto"])
def test_no_turn_of_a_frozen_conversation_is_learned_from(lab: Study, format: str) -> None:
    """Two people judged turns of one conversation, as in the replays of a study."""
    first = lab.judged(lab.start(TRAINED[0]), "a western", "left")
    second = last(lab.judged(first, "another"))
    alone = last(lab.judged(lab.start(TRAINED[1]), "a drama", "left"))
    for pair, who in ((last(first), TRAINED[0]), (alone, TRAINED[1])):
        lab.thumb(pair.left.reply.id, who, 1)
    lab.kept("verdicts", FROZEN[0], comparison_id=second.id, verdict="right", layout="stacked")
    lab.thumb(second.left.reply.id, FROZEN[0], 1)
    found = divided(votes(lab, format).usable, 0.1)
    assert [vote.annotator for vote in found.frozen] == [FROZEN[0]]
    assert [vote.annotator for vote in found.train] == [TRAINED[1]]
    assert found.left_out == {preferences.LEAK: 1}


def test_a_flood_by_one_person_is_capped_and_said() -> None:
    flood = [vote(TRAINED[0], f"p{n}", n) for n in range(preferences.MOST_OF_ONE + 30)]
    split = divided([*flood, vote(TRAINED[1], "q", 999)], 0.1)
    assert Counter(one.annotator for one in split.train) == {
        TRAINED[0]: preferences.MOST_OF_ONE,
        TRAINED[1]: 1,
    }
    assert split.left_out == {preferences.FLOOD: 30}
    again = divided([*flood[::-1], vote(TRAINED[1], "q", 999)], 0.1)
    assert {one.opinion for one in split.train} == {one.opinion for one in again.train}


def refused(votes: list[Vote], needed: int, **why: int) -> str:
    with pytest.raises(BadInputError) as error:
        check_enough(divided(votes, 0.1), needed, Counter(why))
    return str(error.value)


def test_too_few_votes_are_counted_with_what_was_left_out() -> None:
    some = [vote(name, f"p{name}") for name in TRAINED[:9]]
    said = refused(some, 10, **{"another catalog": 4})
    assert said.startswith("9 votes can be learned from and 10 are needed")
    assert "4 left out: another catalog" in said


def test_somebody_has_to_be_frozen() -> None:
    some = [vote(name, f"p{name}") for name in TRAINED[:12]]
    assert "none of the 12 people is among the frozen ones" in refused(some, 12)
    some += [vote(FROZEN[0], "f")]
    assert "1 votes are frozen and 10 are needed" in refused(some, 12)
    some += [vote(FROZEN[0], f"f{n}", n) for n in range(9)]
    check_enough(divided(some, 0.1), 12, Counter())


def test_a_control_has_half_of_its_labels_turned_round() -> None:
    some = tuple(vote(name, f"p{name}") for name in map(str, range(400)))
    turned = [a.replies == b.replies[::-1] for a, b in zip(some, shuffled(some, 0), strict=True)]
    assert 150 < sum(turned) < 250
    single = [Vote("a", "both", (judged_reply(),), True)] * 400
    assert 150 < sum(not one.good for one in shuffled(single, 0)) < 250
