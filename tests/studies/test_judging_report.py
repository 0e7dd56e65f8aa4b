"""Habits, exclusions and the whole report, from a real log to what the command prints."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from ballots import ballots, mirrored, study, vote
from stand_in import NoLinker, StandIn, StandIns, stand_ins

from crsdemo.__main__ import main
from crsdemo.chat.side_by_side import SideBySide
from crsdemo.core.comparison import Comparison, Judgment, Series, Verdict
from crsdemo.core.conversation import blind_id, new_id
from crsdemo.core.errors import BadInputError, FeedbackError
from crsdemo.feedback.log import FeedbackLog
from crsdemo.feedback.votes import VoteFilter, load_votes, open_votes
from crsdemo.studies.statistics.exclusion import counted, flagged
from crsdemo.studies.statistics.habits import aspect_scores, position_bias, progress, times
from crsdemo.studies.statistics.judging import FLAGS, Flag, Scores, Vote
from crsdemo.studies.statistics.pairs import Tally
from crsdemo.studies.statistics.report import results
from crsdemo.web.results.answer import answer, text

# exclusions


def flags_of(*votes: Vote) -> list[set[str]]:
    return [set(one.flags) for one in flagged(votes)]


def test_a_vote_that_is_faster_than_reading_is_flagged_and_no_other() -> None:
    found = flags_of(
        vote("ann", "left", 1, seconds=2.9),
        vote("ann", "left", 2, seconds=3.0),
        vote("ann", "left"),
    )
    assert found == [set(), {"too_fast"}, set()]  # by time; the last one comes first


def test_whoever_always_takes_one_side_is_flagged_from_eight_votes_on() -> None:
    assert flags_of(*ballots("ann: l l g l l l l l / bob: r r r r r r r r")) == [
        *[set()] * 8,
        *[{"one_sided"}] * 8,
    ]
    random = Random(0)
    same_winner = [vote("ann", "left", n) for n in range(30)]  # an opinion is not a side
    swapped = [mirrored(one) if random.random() < 0.5 else one for one in same_winner]
    assert not any(flags_of(*swapped))


def test_a_failed_attention_item_flags_all_votes_of_that_annotator() -> None:
    votes = [vote("ann", "left", 1), vote("ann", "right", 2, expected="left")]
    votes += [vote("bob", "left", 3), vote("bob", "both_bad", 4, expected="both_bad")]
    assert flags_of(*votes) == [{"attention_failed"}] * 2 + [set()] * 2


def test_the_second_vote_on_the_same_pair_is_a_duplicate() -> None:
    again = [vote("ann", "left", 1), vote("ann", "right", 2, task="task 1")]
    other = [vote("bob", "left", 3, task="task 1"), vote("ann", "left", 4, task="task 1", left="x")]
    assert flags_of(*again, *other) == [set(), {"duplicate"}, set(), set()]


def test_flags_are_reversible() -> None:
    votes = flagged([vote("ann", "left", 1, seconds=1.0)])
    assert votes[0].flags == {"too_fast"}
    assert counted(votes) == ()
    assert counted(votes, ()) == votes
    rules: tuple[Flag, ...] = ("duplicate",)
    assert counted(votes, rules) == votes


# habits


def test_position_bias_is_the_share_of_left_with_an_exact_test() -> None:
    found = position_bias(ballots("ann: l l l l r g / bob: l l l l r ?"))
    assert (found.decided, found.left, found.share.value) == (10, 8, 0.8)
    assert found.test == pytest.approx(112 / 1024)
    assert found.share.low == pytest.approx(0.4902, abs=1e-4)  # Wilson, 8 of 10
    assert position_bias(()).share.value is None


def test_a_check_of_attention_has_no_side_and_no_time_and_is_no_vote() -> None:
    check = vote("ann", "left", 1, expected="left", seconds=40.0)
    assert position_bias([check]).decided == 0
    assert (times([check]).votes, times([check]).unknown) == (0, 0)
    (ann,) = progress(flagged([check, vote("ann", "right", 2, seconds=9.0)]))
    assert (ann.votes, ann.checks, ann.failed, ann.left, ann.seconds) == (1, 1, 0, 0.0, 9.0)


def test_what_counts_and_what_is_left_out_adds_up_to_all_votes() -> None:
    """Ben fails his check, and one of his four votes is hasty too."""
    votes = [vote("ann", "left", n, seconds=9.0) for n in range(4)]
    votes += [vote("ben", "right", 10 + n, seconds=1.0 + 9 * (n > 0)) for n in range(4)]
    votes += [vote("ann", "left", 20, expected="left"), vote("ben", "right", 21, expected="left")]
    found = results(votes)
    assert (found.votes, found.counted, found.people) == (8, 4, 2)
    assert found.flags["too_fast"] == 1 and found.flags["attention_failed"] == 4
    assert found.left_out == {"too_fast": 1, "attention_failed": 3}
    assert sum(found.left_out.values()) == found.votes - found.counted
    said = answer(found).notes[0]
    assert said.startswith("8 votes by 2 people in all; 4 left out (too fast to have read 1, ")
    assert "inattentive 3), 4 count. Figures are of those that count" in said
    assert said.endswith(" 2 checks of attention, no votes.")
    freely = answer(results(votes, ())).notes[0]
    assert freely.startswith("8 votes by 2 people in all; all of them count.")
    assert [one.votes for one in found.progress] == [4, 4]
    assert found.position.decided == found.counted  # the same votes as above them


def test_times_are_quartiles_of_what_is_known() -> None:
    votes = [vote("ann", "left", n, seconds=float(n)) for n in (1, 5, 9, 13, 17)]
    found = times(flagged([*votes, vote("ann", "left")]))
    assert (found.votes, found.lower, found.median, found.upper) == (5, 5, 9, 13)
    assert found.unknown == 1
    assert found.slots == (1, 2, 1, 1, 0, 0, 0, 0, 0, 0)
    assert times(()).median is None


def test_progress_tells_who_did_what_when() -> None:
    late = [vote("bob", "both_bad", 60 * 24 + n, seconds=4.0 + 2 * n) for n in range(3)]
    votes = flagged([vote("ann", "left", 1), vote("ann", "right", 2), *late])
    ann, bob = progress(votes)
    assert (ann.annotator, ann.votes, ann.left, ann.seconds, ann.flags) == ("ann", 2, 0.5, None, ())
    assert (bob.votes, bob.left, bob.seconds) == (3, None, 6.0)
    assert bob.last - bob.first == timedelta(minutes=2)


def test_aspects_are_means_by_recommender_wherever_it_stood() -> None:
    one = vote("ann", "left", 1, aspects={"relevance": Scores(3, 0), "novelty": Scores(None, 2)})
    two = mirrored(vote("bob", "left", 2, aspects={"relevance": Scores(2, 1)}))
    found = {(s.recommender, s.aspect): s for s in aspect_scores([one, two])}
    assert found.keys() == {("red", "relevance"), ("blue", "relevance"), ("blue", "novelty")}
    assert found["red", "relevance"].mean.value == 2.5
    assert found["blue", "relevance"].mean.value == 0.5
    assert found["blue", "novelty"].scores == 1
    assert found["blue", "novelty"].mean.low is None  # one annotator says nothing of others


# the log


@pytest.fixture
def log(tmp_path: Path) -> Iterator[FeedbackLog]:
    log = FeedbackLog(tmp_path / "feedback.db")
    yield log
    log.close()


def compared(log: FeedbackLog, visitor: str, left: str = "red", right: str = "blue") -> Comparison:
    """Two whole replies side by side, as on the blind page."""
    table = StandIns(stand_ins("red", "blue", "green"))
    pair = SideBySide(table, NoLinker(), log)
    *_, last = pair.say(Series(blind_id(new_id()), visitor, "own"), "something odd", (left, right))
    return last


def judge(log: FeedbackLog, comparison: Comparison, visitor: str, *what: object) -> None:
    pair = SideBySide(StandIns(()), NoLinker(), log)
    pair.comparisons.record_verdict(comparison.id, visitor, Judgment(*what))  # type: ignore[arg-type]  # a verdict and its time


def test_votes_are_the_newest_verdicts_of_the_log(log: FeedbackLog) -> None:
    one = compared(log, "ann")
    judge(log, one, "ann", "left", 5200.0)
    judge(log, one, "ann", "both_bad", 9100.0)
    judge(log, compared(log, "bob", "green", "red"), "bob", "right")
    first, second = load_votes(log.file)
    assert (first.annotator, first.left, first.right) == ("ann", "red", "blue")
    assert (first.verdict, first.seconds, first.task) == ("both_bad", 9.1, one.id)
    assert first.created.utcoffset() == timedelta(0)
    assert (second.winner, second.seconds, second.flags) == ("red", None, frozenset())


def test_details_of_a_verdict_become_part_of_the_vote(log: FeedbackLog) -> None:
    aspects = {"relevance": {"left": 3, "right": None}, "interest": {"right": 1}}
    details = {"strength": 2, "names_shown": False, "aspects": aspects}
    judge(log, compared(log, "ann"), "ann", "left", None, "stacked", details)
    judge(log, compared(log, "bob"), "bob", "same")
    first, second = load_votes(log.file)
    assert (first.strength, first.blind) == (2, True)
    assert first.aspects == {"relevance": Scores(3, None), "interest": Scores(None, 1)}
    assert (second.verdict, second.blind) == ("same", False)
    assert load_votes(log.file, VoteFilter(blind_only=True)) == (first,)


@pytest.mark.parametrize(
    "details",
    [{"strength": 9}, {"strength": "much"}, {"aspects": [1]}, {"aspects": {"novelty": "good"}}],
)
def test_details_that_make_no_sense_are_refused_with_their_place(
    log: FeedbackLog,
    details: dict[str, dict[str, str]] | dict[str, int] | dict[str, list[int]] | dict[str, str],
) -> None:
    one = compared(log, "ann")  # written by another program: ours would have refused them
    with log.file.writing() as db:
        db.execute(
            "insert into visitors (id, app_version) values ('bob', '') on conflict do nothing"
        )
        db.table("verdicts").insert(
            {
                "comparison_id": one.id,
                "visitor": "bob",
                "verdict": "left",
                "revision": 1,
                "layout": "stacked",
                "details": json.dumps(details),
                "app_version": "",
            }
        )
    with pytest.raises(BadInputError, match=f"comparison {one.id} has details that make no sense"):
        load_votes(log.file)


def test_reading_votes_leaves_a_reply_that_is_being_written_alone(log: FeedbackLog) -> None:
    table = StandIns((StandIn(0, "red"), StandIn(0, "blue")))
    pair = SideBySide(table, NoLinker(), log)
    growing = pair.say(pair.start("ann", "own"), "very slowly please", ("red", "blue"))
    begun = next(growing)
    assert open_votes(log.path) == ()
    *_, last = growing
    assert (begun.id, last.can_be_judged) == (last.id, True)


def test_a_log_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(FeedbackError, match="there is no log at"):
        open_votes(tmp_path / "feedback.db")
    assert list(tmp_path.iterdir()) == []


# the report


def three_way(n: int) -> list[Vote]:
    """Votes of 6 annotators on three recommenders, red the best, each task judged by two."""
    random = Random(2)
    votes: list[Vote] = []
    verdicts: tuple[Verdict, ...] = ("left", "right", "both_bad")
    for number in range(n):
        left, right = random.sample(["red", "blue", "green"], 2)
        verdict = random.choices(verdicts, [7 if left == "red" else 4, 4, 3])[0]
        for person in random.sample(range(6), 2):
            aspects = {"relevance": Scores(random.randint(0, 3), random.randint(0, 3))}
            more: dict[str, Any] = {
                "left": left,
                "right": right,
                "task": f"task {number}",
                "aspects": aspects,
            }
            votes.append(vote(f"p{person}", verdict, number, seconds=9.0, **more))
    return votes


def test_an_empty_log_gives_an_empty_report(log: FeedbackLog) -> None:
    found = results(load_votes(log.file))
    assert (found.votes, found.pairs, found.strengths, found.progress) == (0, (), None, ())
    assert text(found).startswith("Nobody has voted yet.")


def test_the_report_has_a_common_scale_from_three_recommenders_on() -> None:
    assert results(study(5, 6, 0.4, 0.0, seed=0)).strengths is None
    strengths = results(three_way(60)).strengths
    assert strengths is not None and len(strengths.standings) == 3


def test_what_is_left_out_counts_for_times_and_people_but_not_for_results() -> None:
    hasty = [vote("hasty", "left", 500 + n, seconds=0.1) for n in range(4)]
    found = results([*study(5, 6, 0.4, 0.0, seed=0), *hasty])
    assert (found.votes, found.counted, found.people) == (34, 30, 6)
    assert found.flags["too_fast"] == 4
    assert found.pairs[0].people == 5
    assert (found.position.decided, found.times.votes) == (30, 4)
    assert [p.annotator for p in found.progress][-1:] == ["p4"]


def test_the_report_as_json_holds_every_figure_and_the_sentence() -> None:
    found = results(three_way(40))
    row = found.as_json()
    assert row == json.loads(json.dumps(row))
    assert [pair["sentence"] for pair in row["pairs"]] == [pair.sentence for pair in found.pairs]
    assert row["progress"][0]["first"].startswith("2026-03-01T09:")
    assert row["agreement"]["verdicts"]["percent"] == 1.0
    assert list(row["flags"]) == list(FLAGS)


def test_the_report_as_text_shows_every_table() -> None:
    told = text(results(three_way(40)))
    for part in ("blue and red: Too few votes to tell", "net win rate", "points", "relevance"):
        assert part in told
    for part in ("winner or none", "for the left", "stands out", "Needed is what finds"):
        assert part in told


def test_the_command_prints_the_report_of_a_log(
    log: FeedbackLog, capsys: pytest.CaptureFixture[str]
) -> None:
    judge(log, compared(log, "ann"), "ann", "left", 8000.0)
    assert main(["results", "--db", str(log.path)]) == 0
    assert "red wins 100% of decided comparisons" in capsys.readouterr().out
    assert main(["results", "--db", str(log.path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["votes"] == 1
    assert main(["results", "--db", str(log.path) + ".not"]) == 2
    assert "there is no log at" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("said", "good", "is_out"),
    [
        ("left", "red", False), ("right", "red", True), ("both_bad", "red", False),
        ("both_good", "red", True), ("same", "red", False), ("cannot_tell", "red", False),
        ("same", "written-good", True), ("both_bad", "written-good", False),
        ("right", "written-good", True),
    ],
)  # fmt: skip
def test_an_honest_answer_to_a_check_of_attention_is_no_fault(
    said: Verdict, good: str, *, is_out: bool
) -> None:
    check = vote("ann", said, 2, expected="left", left=good, right="written-bad")
    first, _ = flagged([vote("ann", "left", 1), check])
    assert ("attention_failed" in first.flags) == is_out


def test_votes_on_identical_replies_are_ties_by_rule_and_counted_apart(log: FeedbackLog) -> None:
    table = StandIns((StandIn(0, "red"), StandIn(0, "blue")))
    pair = SideBySide(table, NoLinker(), log)
    said: tuple[Verdict, ...] = ("left", "right", "cannot_tell", "both_bad")
    for n, verdict in enumerate(said):
        *_, twin = pair.say(pair.start(f"p{n}", "own"), "something odd", ("red", "blue"))
        judge(log, twin, f"p{n}", verdict, 9000.0, "side_by_side", {"strength": 3})
    votes = load_votes(log.file)
    assert [vote.verdict for vote in votes] == ["same", "same", "same", "both_bad"]
    (found,) = results(votes).pairs
    assert found.tally == Tally(0, 0, 0, 0, 0, 0, identical=4)
    assert found.net.value == 0.0 and found.lean.value is None
    assert results(votes).agreement.verdicts.units == 0
    assert "identical replies" in text(results(votes))
