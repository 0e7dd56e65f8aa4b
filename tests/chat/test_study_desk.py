"""Annotators meet exactly what the study says, evenly drawn, whenever and wherever they come."""

from __future__ import annotations

import json
import sqlite3
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Barrier
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_studies import FILE, SHORT, Annotator, Lab, lab, prolific_id
from stand_in import StandIn

from crsdemo.__main__ import main
from crsdemo.chat.study_desk import TEST_CODE
from crsdemo.chat.study_steps import Ask, AskConsent, Declined, Done, Explain, Stay, Withdrawn, Work
from crsdemo.core.comparison import Comparison, Judgment, Side
from crsdemo.core.errors import BadInputError, CrsdemoError, FeedbackError, KeptAsideError
from crsdemo.export.examples import Reason
from crsdemo.export.judgments import ExportConfig, export
from crsdemo.feedback.judgments import reading_judgments
from crsdemo.feedback.votes import VoteFilter, load_votes
from crsdemo.studies.annotators import arrival, secret_beside, signed_link
from crsdemo.studies.assignment import Shared, Tally, deal
from crsdemo.studies.statistics.report import results
from crsdemo.studies.study import Study, parse_study
from crsdemo.studies.tasks import Replayed


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Lab]:
    made = lab(tmp_path)
    yield made
    made.log.close()


def at(annotator: Annotator, kind: str) -> Work:
    """Works until a task of this kind is at hand."""
    for _ in range(200):
        step = annotator.step
        if isinstance(step, Work) and step.assignment.kind == kind:
            return step
        annotator.act()
    raise AssertionError(f"no {kind} came")


def waiting(annotator: Annotator, kind: str) -> Comparison:
    """Two replies in a task of this kind that wait for a verdict."""
    while not (comparison := at(annotator, kind).to_judge):
        annotator.act()
    return comparison


# What an annotator meets


def test_an_annotator_meets_exactly_what_the_file_says(made: Lab) -> None:
    annotator = made.annotator("ann", begun=False)
    assert isinstance(annotator.step, AskConsent)
    assert annotator.finish() == "C0FFEE"
    kinds = made.rows("select kind, count(*), sum(messages) from assignments group by kind")
    assert {kind: (n, messages) for kind, n, messages in kinds} == {
        "practice": (1, 1),
        "free": (2, 4),
        "scenario": (1, 1),
        "replay": (2, 2),
        "attention": (1, 1),
    }
    judged = made.rows("select count(*), count(distinct comparison_id) from current_verdicts")
    assert judged == [(1 + made.desk.study.to_judge,) * 2]
    asked = made.rows("select questionnaire, count(distinct about) from answers group by 1")
    assert asked == [("about-you", 1), ("short-compared", 2)]
    assert made.rows("select code from completions") == [("C0FFEE",)]


def test_practice_comes_first_and_attention_never_opens_the_work(made: Lab) -> None:
    for n in range(12):
        made.annotator(f"p{n}")
    rows = made.rows("select place, kind from assignments order by place")
    assert {kind for place, kind in rows if place == 0} == {"practice"}
    assert "attention" not in {kind for place, kind in rows if place == 1}
    assert len({kind for place, kind in rows if place == 1}) > 1  # in random order


def test_progress_counts_what_is_judged_and_the_time_shrinks(made: Lab) -> None:
    annotator, seen = made.annotator("ann"), []
    while not isinstance(annotator.step, Done):
        if isinstance(work := annotator.step, Work) and work.to_judge:
            seen.append((work.done, work.of))
        annotator.act()
    total = made.desk.study.to_judge
    assert seen == [(0, total), *((n, total) for n in range(total))]  # practice counts for nothing
    first = made.annotator("bob").step
    assert isinstance(first, Work) and first.minutes_left == 12


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 40), st.integers(2, 4), st.integers(0, 10**6))
def test_pairs_sides_and_replays_are_drawn_evenly(people: int, n_systems: int, seed: int) -> None:
    study = _study(seed, n_systems)
    shared = {
        replay.name: Shared(f"c-{replay.name}", "s0", "s1")
        for task in study.tasks
        for replay in task.replays
    }
    tally = Tally()
    for person in range(people):
        for one in deal(study, f"p{seed}-{person}", shared, tally):
            if one.replay_of:
                tally.replays[one.replay_of, one.swapped] += 1
            elif one.kind != "practice":
                tally.pairs[one.names] += 1
    drawn = [tally.pairs[pair] for pair in study.pairs]
    assert max(drawn) - min(drawn) <= 1 and sum(drawn) == 3 * people
    for task in study.tasks:
        of = [f"c-{replay.name}" for replay in task.replays]
        assert all(abs(tally.replays[c, False] - tally.replays[c, True]) <= 1 for c in of)
        judges = [tally.judges(c) for c in of]
        assert sum(judges) == (task.each * people if of else 0)
        begun = [n for n in judges if isinstance(task, Replayed) and 0 < n < task.overlap]
        assert len(begun) <= task.each  # the others are done or were not begun


def _study(seed: int, n_systems: int) -> Study:
    names = ", ".join(f'"s{n}"' for n in range(n_systems))
    text = FILE.replace("seed = 20", f"seed = {seed}").replace('"red", "blue"', names)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "study.toml"
        file.write_text(text)
        return parse_study(file)


def test_the_same_seed_draws_the_same_for_the_same_person() -> None:
    study = _study(7, 3)
    shared = {r.name: Shared(f"c-{r.name}", "s0", "s1") for t in study.tasks for r in t.replays}
    drawn = [
        [replace(one, id="") for one in deal(study, who, shared, Tally())]
        for who in ("ann", "ann", "bob")
    ]
    assert drawn[0] == drawn[1] != drawn[2]


def test_all_judges_of_a_replay_see_the_same_two_replies_each_their_own_way_round(
    made: Lab,
) -> None:
    seen: dict[str, set[tuple[str, str]]] = {}
    for n in range(4):
        annotator = made.annotator(f"p{n}")
        for _ in range(2):
            comparison = waiting(annotator, "replay")
            replies = comparison.left.reply.id, comparison.right.reply.id
            seen.setdefault(comparison.id, set()).add(replies)
            annotator.act()
    assert any(len(ways) == 2 for ways in seen.values())
    for ways in seen.values():
        assert len({frozenset(replies) for replies in ways}) == 1
    n_made = made.rows("select count(*) from replays")
    assert n_made == [(1 + 4 + 1,)]  # practice, shared, attention: once for all


# Judging


def test_a_verdict_lands_on_the_system_that_was_seen_there(made: Lab) -> None:
    for n, likes in enumerate(("red", "blue") * 2):
        annotator = made.annotator(f"p{n}")
        replace(annotator, likes=likes).finish()
    assert made.rows("select count(*) > 0 from verdicts where swapped") == [(1,)]
    votes = [vote for vote in load_votes(made.log.file) if vote.is_measured]
    liked = {vote.annotator: vote.winner for vote in votes}
    assert Counter(liked.values()) == {"red": 2, "blue": 2}
    assert all(vote.winner == liked[vote.annotator] and vote.blind for vote in votes)
    with reading_judgments(made.log.path) as log:
        for pair in log.pairs():
            if pair.kind not in ("practice", "attention"):
                side = pair.left if pair.verdict == "left" else pair.right
                assert side.recommender == pair.winner == liked[pair.visitor]


def test_practice_is_no_vote_and_attention_has_what_was_expected(made: Lab) -> None:
    made.annotator("ann").finish()
    votes = load_votes(made.log.file, VoteFilter(study="Which reply helps more?"))
    assert len(votes) == made.desk.study.to_judge
    (checked,) = [vote for vote in votes if vote.expected]
    assert {checked.left, checked.right} & {"red", "blue"}
    good = checked.left if checked.expected == "left" else checked.right
    assert good in ("red", "blue")
    assert Counter(vote.study_task for vote in votes) == {
        "talk": 4,
        "family": 1,
        "shared": 2,
        "attention": 1,
    }
    assert load_votes(made.log.file, VoteFilter(study="another")) == ()


def test_whoever_fails_the_attention_item_is_flagged(made: Lab) -> None:
    for name in ("ann", "bob"):
        annotator = made.annotator(name)
        seen = waiting(annotator, "attention")
        is_left = seen.left.recommender == "written-bad"
        annotator.judge(seen, "left" if is_left == (name == "bob") else "right")
        annotator.finish()
    found = results(load_votes(made.log.file))
    assert found.flags["attention_failed"] == made.desk.study.to_judge - 1  # a check is no vote
    assert (found.checks.judged, found.checks.failed, found.checks.people_failed) == (2, 1, 1)


def test_who_fails_the_attention_item_is_not_learned_from(made: Lab, tmp_path: Path) -> None:
    annotator = made.annotator("bob")
    seen = waiting(annotator, "attention")
    annotator.judge(seen, "left" if seen.left.recommender == "written-bad" else "right")
    annotator.finish()
    config = ExportConfig(db=made.log.path, format="dpo", out=tmp_path / "o", text="messages")
    counts = export(config)["counts"]
    assert counts["written"] == 0
    assert counts["excluded"][Reason.INATTENTIVE] == made.desk.study.to_judge - 1
    assert export(replace(config, out=tmp_path / "all", with_left_out=True))["counts"]["written"]


def test_several_judges_of_a_replay_agree_on_one_subject(made: Lab) -> None:
    for n in range(3):
        made.annotator(f"p{n}").finish()
    subjects = Counter(v.subject for v in load_votes(made.log.file) if v.study_task == "shared")
    assert sorted(subjects.values()) == [3, 3]  # overlap: those begun are brought to three first


def test_what_the_export_has_is_seen_as_the_annotator_saw_it(made: Lab, tmp_path: Path) -> None:
    made.annotator("ann").finish()
    out = tmp_path / "out"
    manifest = export(ExportConfig(db=made.log.path, format="jsonl", out=out))
    assert manifest["counts"]["excluded"] == {Reason.PRACTICE: 1, Reason.ATTENTION: 1}
    rows = [json.loads(line) for line in (out / "verdicts.jsonl").read_text().splitlines()]
    assert {row["task"] for row in rows} == {"talk", "family", "shared"}
    assert {row["study"] for row in rows} == {"Which reply helps more?"}
    for row in rows:
        assert row["winner"] == row[f"{row['verdict']}_recommender"] == "red"
        assert row["details"]["names_shown"] is False


def test_tests_of_colleagues_count_only_if_one_asks(made: Lab, tmp_path: Path) -> None:
    annotator = Annotator(made.desk, made.desk.arrive({"test": "me"}, None))
    annotator.finish()
    assert load_votes(made.log.file) == ()
    assert load_votes(made.log.file, VoteFilter(with_tests=True, blind_only=True))
    config = ExportConfig(db=made.log.path, format="dpo", out=tmp_path / "o", text="messages")
    assert export(config)["counts"]["excluded"][Reason.TEST] == 7
    again = replace(config, with_tests=True, out=tmp_path / "o2")
    assert Reason.TEST not in export(again)["counts"]["excluded"]


def test_somebody_elses_replies_cannot_be_judged(made: Lab) -> None:
    ann, bob = made.annotator("ann"), made.annotator("bob")
    seen = waiting(ann, "scenario")
    with pytest.raises(BadInputError, match="not yours to judge"):
        bob.judge(seen, "left")
    with pytest.raises(BadInputError, match="not known here"):
        made.desk.judge("nobody", seen.id, Judgment("left"))


def test_a_changed_mind_is_a_revision_and_counts_once(made: Lab) -> None:
    annotator = made.annotator("ann")
    seen = waiting(annotator, "scenario")
    annotator.judge(seen, "left")
    annotator.judge(seen, "both_bad", strength=None, comment="<b>'; drop table turns; --")
    annotator.finish()
    (vote,) = [v for v in load_votes(made.log.file) if v.study_task == "family"]
    assert vote.verdict == "both_bad"
    sql = f"select count(*) from verdicts where comparison_id = '{seen.id}'"
    assert made.rows(sql) == [(2,)]


def test_a_failed_side_cannot_be_judged_and_another_message_takes_its_place(made: Lab) -> None:
    annotator = made.annotator("ann")
    at(annotator, "scenario")
    failed = annotator.say("break down: red")
    assert failed and not failed.can_be_judged
    with pytest.raises(FeedbackError, match="not whole"):
        annotator.judge(failed, "left")
    work = annotator.step
    assert isinstance(work, Work) and work.to_judge is None and work.assignment.kind == "scenario"
    assert annotator.finish() == "C0FFEE"


def test_who_meets_a_side_that_keeps_failing_is_to_come_back_later(made: Lab) -> None:
    annotator = made.annotator("ann")
    at(annotator, "free")

    def after(said: str) -> Work:
        annotator.say(said)
        assert isinstance(annotator.step, Work)
        return annotator.step

    first = annotator.step
    assert isinstance(first, Work) and not first.keeps_failing
    assert not after("break down: red").keeps_failing
    assert not after("break down: blue").keeps_failing
    assert not after("break down: red").keeps_failing
    assert not after("break down").keeps_failing
    last = after("break down: red")
    assert last.keeps_failing and last.done == first.done  # their place is kept
    assert not after("hello").keeps_failing
    assert annotator.finish() == "C0FFEE"


# Two tabs, double clicks, coming back


def test_two_tabs_cannot_take_the_place_of_one_message(made: Lab) -> None:
    annotator = made.annotator("ann")
    work, both = at(annotator, "scenario"), Barrier(2)

    def tab(text: str) -> list[object]:
        both.wait()
        try:
            return list(made.desk.say(annotator.id, text))
        except BadInputError:
            return []

    with ThreadPoolExecutor(2) as pool:
        grown = list(pool.map(tab, ("from one tab", "from the other")))
    assert sorted(map(bool, grown)) == [False, True]
    sql = f"select count(*) from turns where dialogue_id = '{work.assignment.id}'"
    assert made.rows(f"{sql} and speaker = 'user'") == [(1,)]


def test_a_double_click_says_and_judges_once(made: Lab) -> None:
    annotator = made.annotator("ann")
    at(annotator, "scenario")
    seen = annotator.say("a film for children")
    assert seen and annotator.say("a film for children") is None
    with pytest.raises(BadInputError, match="judge the two replies first"):
        annotator.say("something else")
    for verdict in ("left", "right"):
        made.desk.judge(annotator.id, seen.id, Judgment(verdict), "one click")
    sql = f"select verdict from verdicts where comparison_id = '{seen.id}'"
    assert made.rows(sql) == [("left",)]


def test_two_tabs_that_begin_are_dealt_once(made: Lab) -> None:
    annotator = made.annotator("ann", begun=False)
    made.desk.consent(annotator.id, given=True)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(made.desk.begin, [annotator.id] * 4))
    assert made.rows("select count(*) from assignments") == [(7,)]
    assert made.rows("select count(*) from replays") == [(6,)]


def test_people_come_back_where_they_were_after_every_single_act(tmp_path: Path) -> None:
    made, steps = lab(tmp_path), 0
    annotator = made.annotator("ann", begun=False)
    while not isinstance(annotator.step, Done):
        annotator.act()
        before = annotator.step
        made.log.close()
        made, steps = lab(tmp_path), steps + 1  # another server, another day
        annotator = made.annotator("ann", begun=False)
        assert _same(annotator.step, before)
    made.log.close()
    assert steps == 23


def _same(one: object, other: object) -> bool:
    if isinstance(one, Ask) and isinstance(other, Ask):
        return (one.questionnaire.name, one.about, one.answers) == (
            other.questionnaire.name,
            other.about,
            other.answers,
        )
    return one == other


# Who comes


def test_the_same_person_is_known_by_the_link_or_else_by_the_browser(made: Lab) -> None:
    arrive = made.desk.arrive
    one, other = prolific_id("ann"), prolific_id("eve")
    ann = arrive({"PROLIFIC_PID": one, "STUDY_ID": "s", "SESSION_ID": "1"}, None)
    assert arrive({"prolific_pid": one, "Session_Id": "2"}, "browser") == ann
    assert arrive({"PROLIFIC_PID": other}, None) != ann
    bob = arrive({}, "browser")
    assert bob != "browser" and arrive({"utm": "x"}, "browser") == bob
    assert arrive({"participant": one}, None) not in (ann, bob)


def test_a_browser_that_keeps_nothing_needs_a_link_with_a_name(made: Lab) -> None:
    with pytest.raises(BadInputError, match="does not say who you are"):
        made.desk.arrive({}, None)


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"PROLIFIC_PID": "  "}, "not filled in: its PROLIFIC_PID is empty"),
        ({"participant": ""}, "not filled in: its participant is empty"),
        ({"test": ""}, "not filled in: its test is empty"),
        ({"Participant": "undefined"}, "its Participant is 'undefined', the same for everybody"),
        ({"PROLIFIC_PID": "NAME"}, "'NAME' is no ID of Prolific's, which has 24 letters"),
        ({"prolific_pid": "5f1"}, "The prolific_pid '5f1' is no ID"),
        ({"workerId": "abc"}, "'workerId', which is not read here"),
        ({"participant_id": "abc"}, "'participant_id', which is not read here"),
        ({"PROLIFIC_PID": "{{%PROLIFIC_PID%}}"}, "not filled in"),
        ({"participant": "x" * 1_000_000}, "cannot be a name"),
    ],
)
def test_a_link_that_names_nobody_is_refused(
    made: Lab, parameters: dict[str, str], says: str
) -> None:
    with pytest.raises(BadInputError, match=says):
        made.desk.arrive(parameters, "a browser that could be known again")
    assert not made.rows("select 1 from annotators")  # nobody has come


def test_no_name_of_a_person_is_anywhere_in_the_folder(made: Lab) -> None:
    name = prolific_id("ann")
    made.annotator("ann").finish()
    made.log.close()
    for file in made.log.path.parent.iterdir():
        assert name.encode() not in file.read_bytes()


def test_the_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    log = tmp_path / "feedback.db"
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: secret_beside(log), range(32)))
    assert len(keys) == 1 and len(keys.pop()) == 32
    key = tmp_path / "feedback.db.secret"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["feedback.db.secret"]
    one, two = (arrival({"participant": "x"}, None, bytes([n]) * 32) for n in (1, 2))
    assert one.external_hmac != two.external_hmac  # nothing is told without the key
    key.write_text("nonsense")
    with pytest.raises(FeedbackError, match="cannot be used"):
        secret_beside(log)


# A log that cannot be written


def test_what_the_log_does_not_take_is_kept_aside_and_comes_later(tmp_path: Path) -> None:
    made = lab(tmp_path, busy_seconds=0.05)
    annotator = made.annotator("ann")
    seen = waiting(annotator, "scenario")
    while not isinstance(asked := annotator.step, Ask):
        annotator.act()
    question, of = asked.questionnaire.questions[0], (asked.questionnaire.name, asked.about)
    value = 1 if question.kind == "scale" else "B"
    with sqlite3.connect(made.log.path) as db:
        db.execute("begin immediate")
        with pytest.raises(KeptAsideError):
            annotator.judge(seen, "both_good", comment="later")
        with pytest.raises(KeptAsideError):
            made.desk.answer(annotator.id, *of, question.name, value)
        db.execute("rollback")
    made.desk.side_by_side.outbox.drain()
    sql = f"select verdict from current_verdicts where comparison_id = '{seen.id}'"
    assert made.rows(sql) == [("both_good",)]
    kept = made.rows("select question, value from answers")
    assert (question.name, json.dumps(value)) in kept
    made.log.close()


def test_many_replays_are_made_at_once_whatever_a_visitor_may_ask_for(tmp_path: Path) -> None:
    messages = ", ".join(f'"Film {n}?"' for n in range(30))
    made = lab(tmp_path, SHORT.replace('"A quiet film."', messages))
    made.desk.prepare()
    assert made.rows("select count(*) from replays") == [(30,)]
    pairs = made.rows("select left_recommender, count(*) from comparisons group by 1")
    assert pairs == [("blue", 15), ("red", 15)]
    made.log.close()


# Consent, and taking it back


def test_nothing_is_kept_of_whoever_has_not_agreed(made: Lab) -> None:
    annotator = made.annotator("ann", begun=False)
    acts: tuple[Callable[[], object], ...] = (
        lambda: made.desk.begin(annotator.id),
        lambda: made.desk.answer(annotator.id, "about-you", "study", "how_often", 1),
    )
    for act in acts:
        with pytest.raises(BadInputError, match="not agreed"):
            act()
    made.desk.consent(annotator.id, given=False)
    assert isinstance(annotator.step, Declined)
    made.desk.consent(annotator.id, given=True)
    made.desk.consent(annotator.id, given=True)
    assert isinstance(annotator.step, Explain)
    consent = made.desk.study.consent
    assert made.rows("select decision, document, document_sha256 from consents") == [
        ("declined", "1", consent.sha256),
        ("given", "1", consent.sha256),
    ]


def test_whoever_withdraws_is_gone_from_votes_and_export_and_may_not_go_on(
    made: Lab, tmp_path: Path
) -> None:
    for name in ("ann", "bob"):
        made.annotator(name).finish()
    ann = made.annotator("ann", begun=False)
    made.desk.withdraw(ann.id, erase=False)
    assert isinstance(ann.step, Withdrawn)
    assert {vote.annotator for vote in load_votes(made.log.file)} == {
        made.annotator("bob", begun=False).id
    }
    export(ExportConfig(db=made.log.path, format="jsonl", out=tmp_path / "out"))
    assert ann.id not in (tmp_path / "out" / "verdicts.jsonl").read_text()
    with pytest.raises(BadInputError, match="withdrawn"):
        made.desk.consent(ann.id, given=True)
    with pytest.raises(BadInputError, match="not agreed"):
        made.desk.begin(ann.id)


def test_what_is_done_stays_open_as_long_as_somebody_looks_at_it(made: Lab) -> None:
    ann = made.annotator("ann")
    first = ann.step
    assert isinstance(first, Work) and first.to_judge and not first.is_done
    ann.judge(first.to_judge, "both_good")
    still = made.desk.step(ann.id, Stay(comparison=first.to_judge.id))
    assert isinstance(still, Work) and still.assignment == first.assignment and still.is_done
    assert isinstance(ann.step, Work) and ann.step.assignment != first.assignment
    bob = made.annotator("bob")
    assert made.desk.step(bob.id, Stay(comparison=first.to_judge.id)) == bob.step or (
        isinstance(bob.step, Work) and bob.step.to_judge == first.to_judge
    )
    while not isinstance(ann.step, Ask):
        ann.act()
    asked: Ask = ann.step
    while ann.step == replace(asked, answers=getattr(ann.step, "answers", {})):
        ann.act()
    stay = Stay(questionnaire=asked.questionnaire.name, about=asked.about)
    answered = made.desk.step(ann.id, stay)
    assert isinstance(answered, Ask) and asked.questionnaire.is_answered(dict(answered.answers))
    made.desk.withdraw(ann.id, erase=False)
    assert made.desk.step(ann.id, stay) == Withdrawn(is_kept=True)
    made.desk.withdraw(ann.id, erase=True)
    assert made.desk.step(ann.id, stay) == Withdrawn(is_kept=False)


def test_without_a_winner_one_may_pick_from_where_to_go_on_but_not_in_a_replay(made: Lab) -> None:
    ann = made.annotator("ann")
    practice = ann.step
    assert isinstance(practice, Work) and practice.to_judge
    with pytest.raises(BadInputError, match="Nothing follows"):
        made.desk.pick(ann.id, practice.to_judge.id, "left")
    at(ann, "free")
    ann.act()
    seen = waiting(ann, "free")
    ann.judge(seen, "both_bad")
    other: Side = "left" if seen.onward.side == "right" else "right"
    made.desk.pick(ann.id, seen.id, other)
    work = at(ann, "free")
    assert work.series.last and work.series.last.onward == (other, "hand")
    with pytest.raises(BadInputError, match="not yours"):
        made.desk.pick(made.annotator("bob").id, seen.id, "left")


def test_erasing_leaves_no_byte_of_a_person_and_all_of_the_others(tmp_path: Path) -> None:
    made = lab(tmp_path)
    words = "zyzzyva and quokka"
    ann, bob = made.annotator("ann"), made.annotator("bob")
    at(ann, "scenario")
    seen = ann.say(words)
    assert seen
    ann.judge(seen, "left", comment=f"because {words}")
    made.log.record_rating(seen.left.reply.id, ann.id, "comment", words)
    ann.finish()
    bob.finish()
    before = [vote for vote in load_votes(made.log.file) if vote.annotator == bob.id]
    made.desk.withdraw(ann.id, erase=True)
    for file in tmp_path.iterdir():  # while the log is open
        assert b"quokka" not in file.read_bytes(), file.name
    assert list(load_votes(made.log.file)) == before
    assert made.rows("pragma foreign_key_check") == []
    for table in ("answers", "assignments"):
        assert made.rows(f"select count(*) from {table} where annotator = '{ann.id}'") == [(0,)]
    assert isinstance(ann.step, Withdrawn)
    assert made.annotator("ann", begun=False).id == ann.id  # known again, and not let in again
    made.desk.withdraw(ann.id, erase=True)
    made.log.close()


def test_nothing_can_be_deleted_but_of_the_erased(made: Lab) -> None:
    made.annotator("ann").finish()
    tables = ("verdicts", "comparisons", "assignments", "answers", "consents", "annotators")
    with sqlite3.connect(made.log.path) as db:
        for table in (*tables, "completions", "replays", "studies"):
            for statement in (f"delete from {table}", f"update {table} set created_at = ''"):
                with pytest.raises(sqlite3.IntegrityError):
                    db.execute(statement)


# Replays of what the log has


def test_a_logged_comparison_can_be_replayed_with_its_history(tmp_path: Path) -> None:
    first = lab(tmp_path)
    pair = first.desk.side_by_side
    series = pair.start("visitor", "shared")
    for text in ("a western", "an older one"):
        *_, last = pair.say(series, text, ("blue", "red"))
        pair.comparisons.record_verdict(last.id, "visitor", Judgment("left"))
        series = series.then(replace(last, verdict="left"))
    first.log.close()
    messages = FILE.partition("messages = [")[2].partition("overlap")[0]
    text = FILE.replace(f"messages = [{messages}", f'comparisons = ["{last.id}"]\n')
    made = lab(tmp_path, text)
    seen = waiting(made.annotator("ann"), "replay")
    assert seen.id == last.id and seen.message == "an older one" and seen.verdict is None
    assert len(seen.left.heard.turns) == 3
    made.annotator("ann").finish()
    made.log.close()


def test_what_an_annotator_may_have_erased_is_not_replayed(made: Lab) -> None:
    own = waiting(made.annotator("ann"), "scenario")
    for name in (own.id, "no such comparison"):
        with pytest.raises(FeedbackError, match="cannot be replayed"):
            made.desk.log.record_replay(made.desk.study.sha256, "more", name)


def test_a_comparison_with_the_fixed_reply_is_not_replayed(made: Lab) -> None:
    pair = made.desk.side_by_side
    *_, cared = pair.say(pair.start("visitor", "shared"), "i want to die", ("blue", "red"))
    with pytest.raises(FeedbackError, match="the same whoever is asked"):
        made.desk.log.record_replay(made.desk.study.sha256, "more", cared.id)


def test_a_replay_that_failed_is_tried_again(tmp_path: Path) -> None:
    broken = FILE.replace("A quiet film.", "break down: red")
    made = lab(tmp_path, broken)
    annotator = made.annotator("ann", begun=False)
    made.desk.consent(annotator.id, given=True)
    with pytest.raises(CrsdemoError, match="was not answered by both"):
        made.desk.begin(annotator.id)
    assert isinstance(annotator.step, Explain)
    made.log.close()


def test_a_study_that_names_a_missing_system_does_not_open(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="names the system 'blue'; there are: red"):
        lab(tmp_path, FILE, StandIn(0, "red"))


def test_fifty_annotators_at_once_lose_no_verdict(tmp_path: Path) -> None:
    made = lab(tmp_path, SHORT)
    with ThreadPoolExecutor(50) as pool:
        codes = list(pool.map(lambda n: made.annotator(f"p{n}").finish(), range(50)))
    assert codes == [""] * 50
    assert len(load_votes(made.log.file)) == 50 * made.desk.study.to_judge == 100
    made.log.close()


def test_who_tries_the_study_does_not_see_the_real_code(made: Lab) -> None:
    annotator = Annotator(made.desk, made.desk.arrive({"test": "ann"}, None))
    assert annotator.finish() == TEST_CODE
    assert annotator.step == Done(TEST_CODE), "nor on coming back"
    assert not made.rows("select code from completions where code = 'C0FFEE'")


def test_a_name_lets_nobody_in_without_its_key(tmp_path: Path) -> None:
    made = lab(tmp_path, FILE.replace("plain_names = true\n", ""))
    link = signed_link("https://lab.example/", "anna", made.desk.secret)
    query = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    assert link.startswith("https://lab.example/study?participant=anna&key=")
    anna = made.desk.arrive(query, None)
    assert made.desk.arrive(query, "another browser") == anna
    for wrong in ({}, {"key": ""}, {"key": "é" * 32}, {"key": query["key"][:-1] + "x"}):
        with pytest.raises(BadInputError, match="not whole"):
            made.desk.arrive({"participant": "anna"} | wrong, None)
    with pytest.raises(BadInputError, match="not whole"):
        made.desk.arrive(query | {"participant": "ben"}, None)


def test_the_command_makes_links_that_let_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = lab(tmp_path, FILE.replace("plain_names = true\n", ""))
    assert main(["sign-links", "--db", str(made.log.path), "anna", "b e&n"]) == 0
    for line in capsys.readouterr().out.splitlines():
        query = {name: values[0] for name, values in parse_qs(urlsplit(line).query).items()}
        assert made.desk.arrive(query, None)
    assert main(["sign-links", "--db", str(made.log.path), "x" * 500]) == 2
