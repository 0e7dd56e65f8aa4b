"""One message, two recommenders: what each hears, what goes wrong, and what the log keeps."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Barrier, Event

import pytest
from stand_in import CATALOG, FILMS, NoLinker

from crsdemo.chat.side_by_side import SideBySide
from crsdemo.core.comparison import Comparison, Judgment, Policy, Series, checked_policy
from crsdemo.core.conversation import ItemMark
from crsdemo.core.dialogue import Dialogue
from crsdemo.core.errors import BadInputError, CheckpointError, FeedbackError, RefusedError
from crsdemo.core.recommender import Plan, Recommendation, Recommender, Reply
from crsdemo.core.traced import Stretch
from crsdemo.feedback.comparisons import ComparisonLog
from crsdemo.feedback.file import connect
from crsdemo.feedback.log import FeedbackLog
from crsdemo.feedback.schema import APPLICATION_ID, MIGRATIONS
from crsdemo.recommenders.loading import CATALOG as CATALOG_FOLDER
from crsdemo.recommenders.loading import Version


@dataclass(frozen=True)
class Teller:
    """Says its own name and what it heard; `before` runs when it is asked."""

    name: str
    before: Callable[[], object] = lambda: None
    heard: list[tuple[Dialogue, Plan]] = field(default_factory=list)

    def recommend(
        self, dialogue: Dialogue, k: int, *, exclude: frozenset[str] = frozenset()
    ) -> list[Recommendation]:
        return [Recommendation(FILMS[0], 1.0)]

    def stream(self, dialogue: Dialogue, plan: Plan = Plan()) -> Iterator[Reply]:
        self.heard.append((dialogue, plan))
        said = f"{self.name} heard {dialogue.turns[-1].text}. "
        whole = Reply((said, FILMS[0]), "REC", FILMS[0])
        yield replace(whole, pieces=(said,), complete=False)
        self.before()
        yield whole


@dataclass(frozen=True)
class Table:
    """Recommenders by name."""

    recommenders: dict[str, Recommender]
    catalog_folder = CATALOG_FOLDER

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.recommenders, "damaged")

    def version(self, name: str) -> Version | None:
        return None

    def place(self, name: str) -> str:
        return name

    def get(self, name: str) -> Recommender:
        if name == "damaged":
            raise CheckpointError("these weights are damaged; train them again")
        return self.recommenders[name]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[FeedbackLog]:
    log = FeedbackLog(tmp_path / "feedback.db")
    yield log
    log.close()


def side_by_side(log: FeedbackLog, *tellers: Recommender) -> SideBySide:
    table = {teller.name: teller for teller in tellers or (Teller("red"), Teller("blue"))}
    return SideBySide(Table(table), NoLinker(), log)


def said(pair: SideBySide, series: Series, text: str, *names: str) -> Series:
    """The series after both replies, as the log has it."""
    left, right = names or ("red", "blue")
    *_, _last = pair.say(series, text, (left, right))
    return restored(pair, series)


def restored(pair: SideBySide, series: Series) -> Series:
    found = pair.comparisons.restore(series.id, CATALOG)
    assert found
    return found.series


def last(series: Series) -> Comparison:
    assert series.last
    return series.last


def judge(pair: SideBySide, series: Series, verdict: str, click: str | None = None) -> Series:
    judgment = Judgment(verdict)  # type: ignore[arg-type]  # one of the verdicts
    pair.comparisons.record_verdict(last(series).id, series.visitor, judgment, click)
    return restored(pair, series)


def texts(dialogue: Dialogue) -> list[str]:
    return [turn.text for turn in dialogue.turns]


def rows(log: FeedbackLog, sql: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(log.path) as db:
        return db.execute(sql).fetchall()


def fail(error: Exception) -> Callable[[], object]:
    def raise_it() -> object:
        raise error

    return raise_it


def test_both_sides_write_at_the_same_time(log: FeedbackLog) -> None:
    meeting = Barrier(2, timeout=10)  # neither passes it alone
    pair = side_by_side(log, Teller("red", meeting.wait), Teller("blue", meeting.wait))
    grown = list(pair.say(pair.start("v", "own"), "hello", ("red", "blue")))
    assert grown[0].left.reply.turn.text == grown[0].right.reply.turn.text == ""
    assert grown[-1].can_be_judged and grown[-1].message == "hello"
    assert grown[-1].left.reply.turn.text == "red heard hello. After Life (1998)"
    assert grown[-1].right.reply.turn.text == "blue heard hello. After Life (1998)"


def test_the_log_gives_back_the_comparison_that_was_shown(log: FeedbackLog) -> None:
    pair = side_by_side(log)
    *_, shown = pair.say(series := pair.start("v", "own"), "hello", ("red", "blue"))
    assert restored(pair, series) == series.then(shown)
    ready = rows(log, "select left_ready_ms >= 0, right_ready_ms >= 0 from comparisons")
    assert ready == [(1, 1)]


def test_each_side_keeps_its_own_history(log: FeedbackLog) -> None:
    red, blue = Teller("red"), Teller("blue")
    pair = side_by_side(log, red, blue)
    series = judge(pair, said(pair, pair.start("v", "own"), "one"), "left")
    series = said(pair, series, "two")
    assert texts(red.heard[-1][0]) == ["one", "red heard one. After Life (1998)", "two"]
    assert texts(blue.heard[-1][0]) == ["one", "blue heard one. After Life (1998)", "two"]
    assert rows(log, "select count(distinct dialogue_id) from turns") == [(2,)]


@pytest.mark.parametrize(("verdict", "winner"), [("left", "red"), ("right", "blue")])
def test_the_chosen_reply_becomes_the_shared_history(
    log: FeedbackLog, verdict: str, winner: str
) -> None:
    red, blue = Teller("red"), Teller("blue")
    pair = side_by_side(log, red, blue)
    series = judge(pair, said(pair, pair.start("v", "shared"), "one"), verdict)
    series = said(pair, series, "two")
    for teller in (red, blue):
        heard = texts(teller.heard[-1][0])
        assert heard == ["one", f"{winner} heard one. After Life (1998)", "two"]
    assert series.went_on(series.comparisons[0]) == verdict
    assert rows(log, "select count(distinct dialogue_id) from turns") == [(1,)]
    siblings = "select count(*) from turns where speaker = 'assistant' group by parent"
    assert rows(log, siblings) == [(2,), (2,)]


@pytest.mark.parametrize("verdict", [None, "both_good", "both_bad", "cannot_tell"])
def test_without_a_winner_the_stored_seed_draws_and_the_visitor_may_pick(
    log: FeedbackLog, verdict: str | None
) -> None:
    pair = side_by_side(log)
    series = said(pair, pair.start("v", "shared"), "one")
    series = judge(pair, series, verdict) if verdict else series
    drawn = last(series).onward
    assert drawn.because == "lot" and restored(pair, series).last.onward == drawn  # type: ignore[union-attr]  # it was restored
    other = "left" if drawn.side == "right" else "right"
    pair.comparisons.record_pick(last(series).id, "v", other)  # type: ignore[arg-type]  # one of the sides
    series = restored(pair, series)
    assert last(series).onward == (other, "hand")
    series = said(pair, series, "two")
    assert series.went_on(series.comparisons[0]) == other


def test_the_lot_falls_on_both_sides_over_many_seeds(log: FeedbackLog) -> None:
    pair = side_by_side(log)
    comparison = last(said(pair, pair.start("v", "shared"), "one"))
    sides = [replace(comparison, seed=seed).onward.side for seed in range(400)]
    assert 150 < sides.count("left") < 250


@pytest.mark.parametrize(
    ("error", "words"),
    [(RuntimeError("out of ink"), "RuntimeError: out of ink"), (CheckpointError("no"), "no")],
)
def test_one_side_fails_and_the_other_goes_on(
    log: FeedbackLog, error: Exception, words: str
) -> None:
    pair = side_by_side(log, Teller("red", fail(error)), Teller("blue"))
    *_, shown = pair.say(series := pair.start("v", "shared"), "hello", ("red", "blue"))
    assert (shown.left.reply.status, shown.right.reply.status) == ("failed", "ok")
    assert words in shown.left.reply.error
    assert shown.left.reply.turn.text == "red heard hello. "  # what was written is kept
    assert restored(pair, series) == series.then(shown)
    assert not shown.can_be_judged and shown.onward == ("right", "works")
    with pytest.raises(FeedbackError, match="not whole"):
        judge(pair, restored(pair, series), "right")


def test_a_reply_that_never_becomes_whole_is_a_failure(log: FeedbackLog) -> None:
    @dataclass(frozen=True)
    class Breaking(Teller):
        def stream(self, dialogue: Dialogue, plan: Plan = Plan()) -> Iterator[Reply]:
            yield Reply(("Let me",), "CHAT", complete=False)

    pair = side_by_side(log, Teller("red"), Breaking("blue"))
    series = said(pair, pair.start("v", "own"), "hello")
    assert last(series).right.reply.status == "failed"
    assert "stopped before its reply was whole" in last(series).right.reply.error


def test_a_recommender_that_cannot_be_loaded_fails_on_its_side_alone(log: FeedbackLog) -> None:
    pair = side_by_side(log)
    series = said(pair, pair.start("v", "own"), "hello", "damaged", "blue")
    assert last(series).left.reply.error == (
        "CheckpointError: these weights are damaged; train them again"
    )
    assert last(series).left.reply.reply is None and last(series).right.is_whole
    series = said(pair, series, "again", "red", "blue")  # the talk goes on
    assert texts(last(series).left.heard.dialogue) == ["hello", "again"]


def test_whoever_stops_listening_stops_both_and_keeps_what_was_written(log: FeedbackLog) -> None:
    go_on = Event()
    pair = side_by_side(log, Teller("red", go_on.wait), Teller("blue", go_on.wait))
    series = pair.start("v", "own")
    growth = pair.say(series, "hello", ("red", "blue"))
    grown = [next(growth) for _ in range(3)][-1]  # begun, then the first words of both
    assert grown.left.reply.turn.text and grown.right.reply.turn.text
    growth.close()
    go_on.set()
    deadline = time.monotonic() + 10
    while not last(restored(pair, series)).is_settled and time.monotonic() < deadline:
        time.sleep(0.01)
    comparison = last(restored(pair, series))
    assert comparison.is_settled and not comparison.can_be_judged or comparison.left.is_whole
    assert comparison.left.reply.turn.text.startswith("red heard hello. ")


def test_the_same_recommender_twice_answers_with_two_seeds(log: FeedbackLog) -> None:
    red = Teller("red")
    pair = side_by_side(log, red)
    said(pair, pair.start("v", "own"), "hello", "red", "red")
    (_, one), (_, two) = red.heard
    assert abs(one.seed - two.seed) == 1 and one.temperature == two.temperature > 0


def test_a_double_click_is_one_comparison(log: FeedbackLog) -> None:
    pair = side_by_side(log)
    series = pair.start("v", "own")
    assert list(pair.say(series, "hello", ("red", "blue"), "click"))
    assert not list(pair.say(series, "hello", ("red", "blue"), "click"))
    assert rows(log, "select count(*) from comparisons") == [(1,)]


@pytest.mark.parametrize("names", [("red", "green"), ("nobody", "blue")])
def test_an_unknown_name_is_refused_before_anything_is_kept(
    log: FeedbackLog, names: tuple[str, str]
) -> None:
    pair = side_by_side(log)
    with pytest.raises(BadInputError, match="there are: red, blue, damaged"):
        next(pair.say(pair.start("v", "own"), "hello", names))
    assert rows(log, "select count(*) from turns") == [(0,)]


def test_a_verdict_is_kept_in_revisions_and_a_repeated_one_is_none(log: FeedbackLog) -> None:
    pair = side_by_side(log)
    series = said(pair, pair.start("v", "own"), "hello")
    for verdict, click in (("left", "1"), ("left", "2"), ("both_bad", "3"), ("left", "1")):
        series = judge(pair, series, verdict, click)
    assert last(series).verdict == "both_bad"
    kept = rows(log, "select verdict, revision from verdicts order by number")
    assert kept == [("left", 1), ("both_bad", 2)]


@pytest.mark.parametrize(
    ("verdict", "winner"), [("left", "blue"), ("right", "red"), ("same", None)]
)
def test_a_verdict_of_someone_who_saw_the_sides_swapped_names_the_right_winner(
    log: FeedbackLog, verdict: str, winner: str | None
) -> None:
    pair = side_by_side(log)
    series = said(pair, pair.start("v", "own"), "hello")
    judgment = Judgment(verdict, swapped=True)  # type: ignore[arg-type]  # one of the verdicts
    pair.comparisons.record_verdict(last(series).id, "v", judgment)
    assert rows(log, "select winner, swapped from current_verdicts") == [(winner, 1)]


def test_a_change_of_strength_or_comment_is_a_revision_with_all_details(log: FeedbackLog) -> None:
    pair = side_by_side(log)
    comparison = last(said(pair, pair.start("v", "own"), "hello"))
    for details in (
        {"by": "key"},
        {"by": "click"},
        {"by": "click", "strength": 2},
        {"by": "click", "strength": 2, "comment": " \x00<b>better</b>\r\n"},
    ):
        pair.comparisons.record_verdict(comparison.id, "v", Judgment("left", details=details))
    assert rows(log, "select revision, details from verdicts order by number") == [
        (1, '{"by": "key"}'),
        (2, '{"by": "click", "strength": 2}'),
        (3, '{"by": "click", "strength": 2, "comment": "<b>better</b>"}'),
    ]


@pytest.mark.parametrize("verdict", ["left", "right", "both_good", "same"])
@pytest.mark.parametrize("names", [("red", "blue"), ("blue", "red")])
def test_the_winner_is_named_however_the_two_stood(
    log: FeedbackLog, verdict: str, names: tuple[str, str]
) -> None:
    pair = side_by_side(log)
    judge(pair, said(pair, pair.start("v", "own"), "hello", *names), verdict)
    winner = {"left": names[0], "right": names[1]}.get(verdict)
    seen = rows(log, "select left_recommender, right_recommender, winner from current_verdicts")
    assert seen == [(*names, winner)]


def test_how_a_verdict_came_about_is_kept(log: FeedbackLog) -> None:
    pair = side_by_side(log)
    comparison = last(said(pair, pair.start("v", "own"), "hello"))
    judgment = Judgment("right", 1234.5, "stacked", {"by": "key", "names_shown": True})
    pair.comparisons.record_verdict(comparison.id, "v", judgment)
    sql = "select decided_ms, layout, details ->> 'by', details ->> 'names_shown' from verdicts"
    assert rows(log, sql) == [(1234.5, "stacked", "key", 1)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"verdict": "better"},
        {"verdict": "left", "details": {"strength": 4}},
        {"verdict": "left", "details": {"strength": "much"}},
        {"verdict": "left", "details": {"aspects": {"beauty": {"left": 1}}}},
        {"verdict": "left", "details": {"aspects": {"relevance": {"left": 4}}}},
        {"verdict": "left", "details": {"aspects": {"relevance": {"middle": 1}}}},
        {"verdict": "left", "details": {"aspects": [1]}},
        {"verdict": "left", "details": {"reasons": {"left": "made up"}}},
        {"verdict": "left", "details": {"comment": "x" * 1_000_000}},
        {"verdict": "left", "decided_ms": -1.0},
        {"verdict": "left", "decided_ms": float("nan")},
        {"verdict": "left", "layout": "tabs"},
    ],
)
def test_a_verdict_off_the_scale_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadInputError):
        Judgment(**wrong)  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(BadInputError, match="own, shared"):
        checked_policy("theirs")


@pytest.mark.parametrize(
    "sql",
    [
        "update verdicts set verdict = 'right'",
        "delete from verdicts",
        "update comparisons set seed = 1",
        "update comparisons set left_ready_ms = 1",
        "delete from comparisons",
        "update picks set side = 'left'",
        "insert into verdicts (comparison_id, visitor, verdict, revision, layout, app_version) "
        "select id, 'v', 'much better', 9, 'stacked', '' from comparisons",
    ],
)
def test_the_file_itself_refuses_to_forget(log: FeedbackLog, sql: str) -> None:
    pair = side_by_side(log)
    series = judge(pair, said(pair, pair.start("v", "own"), "hello"), "left")
    pair.comparisons.record_pick(last(series).id, "v", "left")
    with sqlite3.connect(log.path) as db, pytest.raises(sqlite3.IntegrityError):
        db.execute(sql)


def test_marks_on_films_come_back_with_the_series(log: FeedbackLog) -> None:
    pair = side_by_side(log)
    series = said(pair, pair.start("v", "own"), "hello")
    mark = ItemMark(last(series).right.reply.id, FILMS[0].id, "seen")
    log.record_mark("v", mark)
    found = pair.comparisons.restore(series.id, CATALOG)
    assert found and found.marks == (mark,)


@pytest.mark.parametrize("policy", ["own", "shared"])
def test_two_tabs_on_one_series_lose_nothing(log: FeedbackLog, policy: Policy) -> None:
    pair = side_by_side(log)
    series = said(pair, pair.start("v", policy), "one")
    for text in ("two", "another two"):  # both from what they saw
        *_, _ = pair.say(series, text, ("red", "blue"))
    messages = [comparison.message for comparison in restored(pair, series).comparisons]
    assert messages == ["one", "two", "another two"]
    assert len(last(restored(pair, series)).left.heard.turns) == 3


def test_a_database_from_before_comparisons_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    old = connect(path, 1, create=True)
    for migration in MIGRATIONS[:2]:
        migration(old)
    old.execute("pragma user_version = 2")
    old.execute(f"pragma application_id = {APPLICATION_ID}")
    old.execute("insert into visitors (id, app_version) values ('early', '0.0.1')")
    old.close()
    log = FeedbackLog(path)
    pair = side_by_side(log)
    judge(pair, said(pair, pair.start("early", "shared"), "hello"), "right")
    assert rows(log, "select visitor, winner from current_verdicts") == [("early", "blue")]
    assert ComparisonLog(log).series_of("no such comparison") is None


@pytest.mark.parametrize("policy", ["shared", "own"])
def test_what_was_understood_is_taken_back_by_both_until_it_is_judged(
    log: FeedbackLog, policy: Policy
) -> None:
    red, blue = Teller("red"), Teller("blue")
    pair = side_by_side(log, red, blue)
    series = said(pair, pair.start("anna", policy), "Hello.")
    series = said(pair, series, "no horror")
    first, former = series.comparisons
    words = (Stretch(3, 9),)
    with pytest.raises(BadInputError, match="cannot be changed any more"):
        [*pair.take_back(series, first.turns[0], words, is_on=True)]
    *_, made = pair.take_back(series, former.turns[0], words, is_on=True)
    assert [one.heard[-1][0].turns[-1].text for one in (red, blue)] == ["no ", "no "]
    assert made.seed == former.seed and made.message == "no horror"

    series = restored(pair, series)
    assert [one.id for one in series.comparisons] == [first.id, made.id]
    assert [s.heard.turns[-1].turn.unheard for s in (made.left, made.right)] == [words, words]
    *_, again = pair.take_back(series, made.turns[0], words, is_on=False)
    assert red.heard[-1][0].turns[-1].text == "no horror"
    assert [one.turns for one in restored(pair, series).comparisons] == [first.turns, again.turns]

    pair.judge(again.id, "anna", Judgment("left", 100.0))
    stale = restored(pair, series)
    with pytest.raises(BadInputError, match="cannot be changed any more"):
        [*pair.take_back(stale, again.turns[0], words, is_on=True)]
    unjudged = replace(stale, comparisons=(first, again))  # judged in another tab meanwhile
    with pytest.raises(RefusedError, match="were judged meanwhile"):
        [*pair.take_back(unjudged, again.turns[0], words, is_on=True)]
