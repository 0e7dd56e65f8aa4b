"""A study file says what annotators meet; one that is wrong says where, and what belongs there."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_studies import FILE, SINGLE
from stand_in import NoLinker, StandIn

from crsdemo.__main__ import main
from crsdemo.cli.check_study import told
from crsdemo.core.errors import BadInputError
from crsdemo.core.recommender import Reply
from crsdemo.studies.questionnaire import READY_MADE, parse_questionnaire, ready_made
from crsdemo.studies.statistics.sizes import need
from crsdemo.studies.study import Study, parse_study
from crsdemo.studies.twins import Answered, twins

EXAMPLE = Path(__file__).parents[2] / "docs" / "example-study.toml"


def study(folder: Path, text: str = FILE) -> Study:
    path = folder / "study.toml"
    path.write_text(text, encoding="utf-8")
    return parse_study(path)


def test_the_example_of_the_docs_is_a_study() -> None:
    example = parse_study(EXAMPLE)
    assert example.to_judge == 12
    assert {task.kind for task in example.tasks} == {
        "practice",
        "free",
        "scenario",
        "single",
        "replay",
        "attention",
    }


def test_a_study_tells_what_an_annotator_judges(tmp_path: Path) -> None:
    found = study(tmp_path)
    assert found.to_judge == 2 * 2 + 1 + 2 + 1
    assert found.pairs == (("red", "blue"), ("blue", "red"))
    assert [q.name for q in found.task("talk").questionnaires] == ["short-compared"]
    assert found.policy == "shared"


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ('kind = "free"', 'kind = "chat"', "`kind` is 'chat'; it is one of practice, free"),
        (
            "messages = 2",
            "messages = 0",
            "`messages` is 0; it should be greater than or equal to 1",
        ),
        ("minutes = 12", "minutes = true", "`minutes` is True; it is a whole number"),
        (
            "seed = 20",
            "seeds = 20",
            "`seeds` is 20; no such key is known here",
        ),
        (
            "minutes = 12",
            "minuts = 12",
            "known here; do you mean `minutes`?",
        ),
        ("minutes = 12", "", "`minutes` is missing; it has to be there"),
        ("minutes = 12", "duration = 12", "`duration` is 12; no such key is known here; there are"),
        ("[[tasks]]", "[[task]]", "do you mean `tasks`?"),
        ('kind = "scenario"', 'kimd = "scenario"', "`kind` is missing; do you mean it by `kimd`?"),
        ('systems = ["red", "blue"]', 'systems = ["red", "red"]', "name two or more, each once"),
        ('version = "1"', "version = 1", "`version` is 1; it is a text in quotes"),
        ("each = 2\noverlap", "each = 5\noverlap", "`each` is 5; it is a whole number from 1 to 4"),
        ('"short-compared"', '"sus"', "'sus' is neither a file there nor one of about-you, crs"),
        ('bad = "Boil', 'bed = "Boil', "`bed` is 'Boil the potatoes.'; no such key"),
        ('name = "family"', 'name = "talk"', "another task has this name"),
        ('name = "family"', 'name = "shared 2"', "another task has this name"),
        ("overlap = 3", "overlap = 3\nsince = 1", "`since` is 1; no such key is known here"),
        ('instruction = "Find', 'instructions = "Find', "do you mean `instruction`?"),
        ('"C0FFEE"', '"C"\ncompletion_code_env = "X"', "there is `completion_code` already"),
        ("A western?", "x" * 2001, "at most 2000 characters"),
    ],
)
def test_a_wrong_study_names_file_line_key_and_what_belongs_there(
    tmp_path: Path, right: str, wrong: str, says: str
) -> None:
    text = FILE.replace(right, wrong)
    assert text != FILE
    with pytest.raises(BadInputError) as caught:
        study(tmp_path, text)
    found = str(caught.value)
    assert says in found and found.startswith(f"{tmp_path / 'study.toml'}, line ")


@pytest.mark.parametrize(
    ("right", "wrong", "line"),
    [
        ('kind = "scenario"', 'kind = "play"', 'kind = "play"'),
        ("messages = 1", "messages = -1", "messages = -1"),
        ("minutes = 12", "minuts = 12", "minuts = 12"),
        ('kind = "scenario"', 'kimd = "scenario"', 'kimd = "scenario"'),
        (
            'text = "We keep what you write."',
            'text = """\nkind = 7\n"""\nversion2 = 1',
            "version2 = 1",
        ),
        ('instruction = "Find a film for children."\n', "", 'name = "family"'),
        ('"A loud film."', '\n""', 'messages = ["A quiet film.", '),
    ],
)
def test_the_line_that_is_named_is_the_one_to_change(
    tmp_path: Path, right: str, wrong: str, line: str
) -> None:
    text = FILE.replace(right, wrong)
    with pytest.raises(BadInputError) as caught:
        study(tmp_path, text)
    number = text.splitlines().index(line) + 1
    number -= line == 'name = "family"'  # the header of the part that lacks the key
    assert f"line {number}:" in str(caught.value)


def test_what_is_no_toml_or_no_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="is not TOML: .*line 2"):
        study(tmp_path, '\ntitle "x"')
    with pytest.raises(BadInputError, match="cannot be read: No such file"):
        parse_study(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes("title = 'é'".encode("latin-1"))
    with pytest.raises(BadInputError, match="not UTF-8"):
        parse_study(tmp_path / "latin.toml")


def test_practice_and_attention_alone_are_no_study(tmp_path: Path) -> None:
    head, *_ = FILE.partition('[[tasks]]\nname = "talk"')
    with pytest.raises(BadInputError, match="nothing tells of the systems"):
        study(tmp_path, head)


def test_the_code_may_lie_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    by_name = study(
        tmp_path, FILE.replace('completion_code = "C0FFEE"', 'completion_code_env = "C"')
    )
    with pytest.raises(BadInputError, match="the environment has no C"):
        by_name.read_code()
    monkeypatch.setenv("C", " T3A ")
    assert by_name.read_code() == "T3A"
    by_file = study(tmp_path, FILE.replace('_code = "C0FFEE"', '_code_file = "code.txt"'))
    (tmp_path / "code.txt").write_text("M1LK\n")
    assert by_file.read_code() == "M1LK"


def test_a_changed_file_is_another_study(tmp_path: Path) -> None:
    assert study(tmp_path).sha256 != study(tmp_path, FILE + "\n# a comment").sha256


@pytest.mark.parametrize("name", ready_made())
def test_the_ready_made_questionnaires_can_be_asked(name: str) -> None:
    asked = parse_questionnaire(READY_MADE / f"{name}.toml")
    for question in asked.questions:
        value = question.steps[-1] if question.kind == "scale" else "fine"
        value = question.labels[-1] if question.kind in ("choice", "sides") else value
        assert question.checked(value) == value


def test_the_scales_are_those_of_the_paper() -> None:
    eval_form = parse_questionnaire(READY_MADE / "crsarena-eval.toml")
    tops = {q.name: q.steps[-1] for q in eval_form.questions if q.kind == "scale"}
    assert tops == {
        "understanding": 2,
        "task_completion": 2,
        "interest_arousal": 2,
        "efficiency": 1,
        "overall": 4,
    }
    crs_que = parse_questionnaire(READY_MADE / "crs-que-short.toml")
    assert len(crs_que.questions) == 10 and {q.steps for q in crs_que.questions} == {range(1, 6)}


@pytest.mark.parametrize("value", [3, -1, True, "2", None, 1.0])
def test_an_answer_off_the_scale_is_refused(value: object) -> None:
    question = parse_questionnaire(READY_MADE / "crsarena-eval.toml").question("understanding")
    with pytest.raises(BadInputError, match="a number from 0 to 2"):
        question.checked(value)


def test_a_questionnaire_of_ones_own_lies_beside_the_study(tmp_path: Path) -> None:
    own = 'title = "You"\n[[questions]]\nname = "age"\ntext = "Age?"\nkind = "choice"\n'
    (tmp_path / "you.toml").write_text(own + 'labels = ["18 to 30", "above"]\n')
    found = study(tmp_path, FILE.replace('"about-you"', '"you.toml"'))
    (asked,) = found.questionnaires
    assert asked.question("age").checked("above") == "above"
    (tmp_path / "you.toml").write_text(own)
    with pytest.raises(BadInputError, match="you.toml, line 2: `labels` is missing"):
        study(tmp_path, FILE.replace('"about-you"', '"you.toml"'))


def test_check_study_says_in_plain_words_what_annotators_meet(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "study.toml"
    example = EXAMPLE.read_text(encoding="utf-8")
    path.write_text(example.replace('["gcrs", "reges"]', '["popularity", "repeat-last"]'))
    assert main(["check-study", str(path)]) == 2
    assert "no completion code: the environment has no CRSDEMO" in capsys.readouterr().err
    monkeypatch.setenv("CRSDEMO_COMPLETION_CODE", "C0FFEE")
    assert main(["check-study", str(path)]) == 0
    told = capsys.readouterr().out
    assert "C0FFEE" not in told
    assert "12 comparisons to judge, 6 messages to one system alone, in random order" in told
    assert "4 of 6 replays, each judged by 3 people" in told
    path.write_text(FILE)
    assert main(["check-study", str(path)]) == 2
    assert "no recommender 'red'; there are: " in capsys.readouterr().err


def asking(folder: Path, tasks: str, end: str = "") -> Study:
    head = FILE.partition("[[tasks]]")[0].replace('["about-you"]', end or "[]")
    return study(folder, head + tasks)


TWO = '[[tasks]]\nname = "t"\nkind = "free"\n'
ALONE = '[[tasks]]\nname = "t"\nkind = "single"\n'


@pytest.mark.parametrize("about", ["short", "crs-que-short", "crsarena-eval", "own.toml"])
def test_what_is_asked_of_one_assistant_is_refused_where_two_answer(
    tmp_path: Path, about: str
) -> None:
    own = 'title = "Views"\n[[questions]]\nname = "ease"\ntext = "{}"\nlabels = ["no", "yes"]\n'
    (tmp_path / "own.toml").write_text(own.format("The system was easy to use."))
    asked = f'questionnaires = ["{about}"]\n'
    assert asking(tmp_path, ALONE + asked).tasks[0].questionnaires
    with pytest.raises(BadInputError, match='line 17: .*the kind "single".*"short-compared"'):
        asking(tmp_path, TWO + asked)
    with pytest.raises(BadInputError, match="line 6: .*at the end several have answered"):
        asking(tmp_path, ALONE, f'["{about}"]')


def test_a_single_talk_asks_the_short_questions_unless_told_otherwise(tmp_path: Path) -> None:
    for tasks, names in [
        (ALONE, ["short"]),
        (ALONE + "questionnaires = []\n", []),
        (ALONE + 'questionnaires = ["crs-que-short"]\n', ["crs-que-short"]),
        (TWO, []),
    ]:
        assert [one.name for one in asking(tmp_path, tasks).tasks[0].questionnaires] == names


def test_what_compares_two_is_asked_where_two_answer_and_there_alone(tmp_path: Path) -> None:
    asked = 'questionnaires = ["short-compared", "about-you"]\n'
    assert asking(tmp_path, TWO + asked, '["about-you"]').asked[0].about == "comparison"
    with pytest.raises(BadInputError, match="line 17: .*one system answers here"):
        asking(tmp_path, ALONE + asked)
    with pytest.raises(BadInputError, match="line 6: .*at the end several have answered"):
        asking(tmp_path, TWO, '["short-compared"]')
    own = 'title = "T"\nabout = "person"\n[[questions]]\nname = "n"\ntext = "t"\nkind = "sides"\n'
    (tmp_path / "own.toml").write_text(own)
    with pytest.raises(BadInputError, match='needs `about = "comparison"`'):
        asking(tmp_path, TWO + 'questionnaires = ["own.toml"]\n')


@pytest.mark.parametrize("message", ['"A quiet film."', "A western?", "Something light, please."])
def test_a_message_that_gets_the_fixed_reply_is_a_problem(tmp_path: Path, message: str) -> None:
    hurt = message.replace(message.strip('"'), "i want to die")
    assert message in FILE
    (found,) = study(tmp_path, FILE.replace(message, hurt, 1)).problems(("red", "blue"))
    assert "'i want to die'" in found and "whichever system is asked" in found


def test_check_study_finds_all_that_would_stop_the_app(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = FILE.replace('completion_code = "C0FFEE"', 'completion_code_file = "none.txt"')
    found = study(tmp_path, code).problems(("red",))
    assert len(found) == 2 and "'blue'" in found[0] and "no completion code" in found[1]
    assert study(tmp_path).problems(("red", "blue")) == ()
    assert main(["check-study", str(tmp_path / "study.toml")]) == 2
    assert "The app would not start: no recommender" in capsys.readouterr().err


def test_a_check_without_a_good_side_says_so(tmp_path: Path) -> None:
    assert "Careful: the check 'attention' has no `good` reply" in told(study(tmp_path))
    good = FILE.replace('bad = "Boil', 'good = "Unforgiven."\nbad = "Boil')
    assert "Careful" not in told(study(tmp_path, good))


def test_a_practice_without_a_good_side_says_so(tmp_path: Path) -> None:
    bare = FILE.replace('good = "Groundhog Day is light."\n', "")
    assert "Careful: the practice 'practice' has no `good` reply" in told(study(tmp_path, bare))


@pytest.mark.parametrize(
    ("was", "becomes", "where"),
    [
        ("Which reply helps more?", "Green or RED? (pilot)", "the title names 'red'"),
        ("We keep what you write.", "We compare red, and more.", "the consent names 'red'"),
        ("A quiet film.", "A red film.", "a message of the task 'shared' names 'red'"),
        (
            "Boil the potatoes.",
            "I am Blue.",
            "a written reply of the task 'attention' names 'blue'",
        ),
        ("Find a film", "Ask blue for a film", "the instruction of the task 'family' names 'blue'"),
    ],
)
def test_a_study_whose_own_words_name_a_system_says_so(
    tmp_path: Path, was: str, becomes: str, where: str
) -> None:
    assert "names" not in told(study(tmp_path))
    assert f"Careful: {where}" in told(study(tmp_path, FILE.replace(was, becomes)))
    harmless = "Tired of blueish infrared?"
    assert "names" not in told(study(tmp_path, FILE.replace("Which reply helps more?", harmless)))


def test_the_questions_of_a_study_are_read_for_names_too(tmp_path: Path) -> None:
    own = 'title = "T"\nabout = "person"\n[[questions]]\nname = "n"\ntext = "Fine?"\n'
    (tmp_path / "own.toml").write_text(own + 'labels = ["no", "as good as lab-7b"]\n')
    entrant = '[{name = "red", url = "http://localhost:1/v1", model = "lab-7b"}, "blue"]'
    text = FILE.replace('["red", "blue"]', entrant).replace("about-you", "own.toml")
    assert "the questionnaire 'own' names 'lab-7b'" in told(study(tmp_path, text))


def test_the_share_of_twins_is_told_before_the_launch(tmp_path: Path) -> None:
    found = study(tmp_path)
    assert "not measured yet: `check-study --twins`" in told(found)
    table = {"red": StandIn(0, "red"), "blue": StandIn(0, "blue")}
    measured = twins(found, table.__getitem__, NoLinker().link)
    assert (measured.pairs, measured.same) == (4, 4)
    assert "    red and blue say the same\n'A loud film.'" in measured.told
    table["blue"] = StandIn(0, "blue", "Watch ")
    measured = twins(found, table.__getitem__, NoLinker().link)
    assert (measured.pairs, measured.same) == (4, 0) and "0 of 4 pairs" in measured.told
    first, red, blue, second, *_ = measured.told.splitlines()[1:]
    assert (first, second) == ("'A quiet film.'", "'A loud film.'")
    assert red.startswith('    red: You said "A quiet film.". Try ')
    assert blue.startswith('    blue: You said "A quiet film.". Watch ')
    answer = Reply(("I am red.\nTry Alien.",), "CHAT")
    seen = Answered("Hi", {"red": answer, "blue": answer}).lines()
    assert list(seen)[1] == "    red: I am [hidden].\n    Try Alien."  # as annotators read it


THREE = FILE.replace('["red", "blue"]', '["red", "blue", "green"]')
GOLD = FILE.replace('bad = "Boil', 'good = "Unforgiven."\nbad = "Boil')


@pytest.mark.parametrize(
    ("text", "votes", "pairs"), [(FILE, 7, 1), (THREE, 7, 3), (GOLD, 7, 1), (SINGLE, 0, 1)]
)
def test_people_needed_are_reckoned_from_votes_on_each_pair(
    tmp_path: Path, text: str, votes: int, pairs: int
) -> None:
    """A check of attention is judged, and is no vote on two systems; every two share the rest."""
    found = study(tmp_path, text)
    assert found.votes == votes == found.to_judge - sum(t.kind == "attention" for t in found.tasks)
    note = f"about {need(0.6, votes / pairs).people} people" if votes else "no such note"
    assert (note in told(found)) == bool(votes)
    assert (f"each of {pairs} pairs" in told(found)) == (pairs > 1)


def test_the_example_asks_for_45_people() -> None:
    """By hand: of 12 comparisons 11 are votes, of which 7.7 decide, each worth 1.67 less.

    With 44 degrees of freedom t is 2.015 and 0.850: 203 x 1.67 / 7.7 = 44.03.
    """
    assert "about 45 people (495 votes)" in told(parse_study(EXAMPLE))
