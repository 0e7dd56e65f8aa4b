"""The story behind a reply is true to its numbers, and says so when there is none."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from stand_in import FILM, FILMS, StandIn, path_to
from test_render import NASTY, Reader

from crsdemo.chat.replies import FIXED
from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.core.recommender import (
    Branch,
    Evidence,
    Mode,
    PathStep,
    Provenance,
    Quote,
    Recommendation,
    Reply,
    Signal,
    reply,
)
from crsdemo.core.reply_json import as_json, evidence_from_json
from crsdemo.recommenders.evidence import Order, decided
from crsdemo.web.shared import evidence as story_of
from crsdemo.web.shared.colors import REASONS, color_of
from crsdemo.web.shared.markup import branch_name


def told(answer: Reply) -> str:
    return story_of.story(answer, FILM)


def outline(n_items: int) -> str:
    return story_of.outline(n_items, FILM)


@pytest.fixture(scope="module")
def recommended() -> Reply:
    return reply(StandIn(), Dialogue((Turn("user", "a quiet film"),)))


@pytest.fixture(scope="module")
def chatted() -> Reply:
    return reply(StandIn(), Dialogue((Turn("user", "thanks"),)))


def story(answer: Reply | None) -> str:
    return Reader(told(answer) if answer else outline(8012)).text


def test_the_story_has_four_steps_in_order(recommended: Reply) -> None:
    words = story(recommended)
    steps = ("What I decided", "How I got to the film", "What else was close", "Time")
    assert sorted(steps, key=words.index) == list(steps)


def test_the_decision_shows_both_probabilities(recommended: Reply, chatted: Reply) -> None:
    assert "Recommend a film" in story(recommended) and "recommend 87%" in story(recommended)
    assert "Talk" in story(chatted) and "talk 94%" in story(chatted)


def test_the_question_that_words_lean_on_is_told_and_kept(chatted: Reply) -> None:
    assert "lean on answers" not in story(chatted)
    evidence = replace(chatted.evidence, question="is it <long>?")
    leaning = replace(chatted, evidence=evidence)
    assert "lean on answers" in story(leaning) and "is it <long>?" in story(leaning)
    kept = json.loads(json.dumps(as_json(leaning)))
    assert evidence_from_json(kept, Catalog(FILMS)).question == "is it <long>?"


def test_a_decision_against_the_odds_is_explained(recommended: Reply) -> None:
    assert "settled beforehand" not in story(recommended)
    either: tuple[tuple[Mode, Mode], ...] = ("REC", "CHAT"), ("CHAT", "REC")
    for mode, leaned in either:
        modes = ((leaned, 0.77), (mode, 0.23))
        forced = replace(
            recommended, mode=mode, evidence=replace(recommended.evidence, modes=modes)
        )
        words = story(forced)
        assert "settled beforehand" in words and "leaned the other way, by 77%" in words
        assert "Recommend a film" not in words and "Talk, without" not in words


def test_the_path_multiplies_to_the_probability_of_the_film(recommended: Reply) -> None:
    assert "62% × 48% × 81% × 100% = 24%" in story(recommended)


def forks(path: tuple[PathStep, ...], item: Item | None) -> str:
    """The picture of the path."""
    html = told(Reply(("x",), "REC", item, Evidence(path=path)))
    return html[html.index('<ol class="forks">') : html.index("</ol>", html.index("forks"))]


def test_the_picture_names_every_branch_with_its_probability_and_ends_at_the_film() -> None:
    path = path_to(FILMS[0])
    words = Reader(forks(path, FILMS[0])).text
    for step in path:
        taken = step.chosen
        assert f"{branch_name(taken)} {FILM.count(taken.n_items)} · code {taken.code}" in words
        assert all(f"{branch_name(b)} {b.code}" in words for b in step.alternatives)
    assert "62%" in words and "21%" in words
    assert words.rstrip().endswith("After Life 1998")


def test_a_branch_with_one_film_has_its_title() -> None:
    alone = Branch(1, 0.7, "boxing, revenge", 1, ("Rocky",))
    step = PathStep(3, alone, (Branch(2, 0.3, "boxing, family", 2, ("Creed", "Warrior")),), 2, 1.0)
    words = Reader(forks((step,), None)).text
    assert "Rocky" in words and "revenge" not in words and "Creed" not in words


def test_bars_are_as_long_as_probabilities_and_the_chosen_ones_are_strong() -> None:
    path = path_to(FILMS[0])
    drawn = re.findall(r'class="fork (\w+)"[^>]*><i style="width:([\d.]+)%', forks(path, None))
    told = [
        (kind, 100 * branch.probability)
        for step in path
        for kind, branch in [("taken", step.chosen), *(("passed", b) for b in step.alternatives)]
    ]
    assert [kind for kind, _ in drawn] == [kind for kind, _ in told]
    widths = [width for _, width in told]
    assert [float(width) for _, width in drawn] == pytest.approx(widths)


def test_pointing_at_a_branch_names_films_under_it() -> None:
    assert 'title="412 films: Tokyo Story, Still Walking"' in forks(path_to(FILMS[0]), None)


@pytest.mark.parametrize("text", NASTY[:3])
def test_labels_with_markup_are_words(text: str) -> None:
    step = PathStep(0, Branch(1, 0.5, text, 2, (text,)), (Branch(2, 0.5, text, 1, ()),), 2, 1.0)
    assert not re.search(r"<(script|img|MODE)", forks((step,), None))
    answer = Reply(("x",), "REC", None, Evidence(path=(step,), query=text))
    assert text in story(answer)


def test_candidates_are_a_ranked_table_with_the_answer_marked(recommended: Reply) -> None:
    words = story(recommended)
    titles = [c.item.title for c in recommended.evidence.candidates]
    table = words[words.index("What else was close") :]
    assert sorted(titles, key=table.index) == titles
    assert re.search(r"After Life\s*1998\s*my answer", table)


def test_scores_that_are_no_probabilities_are_called_scores() -> None:
    candidates = tuple(
        Recommendation(item, 1200.0 - n, (Signal("mentions", 800.0), Signal("words", 400.0)))
        for n, item in enumerate(FILMS[:3])
    )
    answer = Reply(("x",), "REC", FILMS[0], Evidence(candidates=candidates))
    words = story(answer)
    assert "Score" in words and "1,200" in words and "%" not in words
    assert "mentions" in words and "words" in words


def test_a_score_that_is_no_number_is_a_dash() -> None:
    scores = (0.5, float("-inf"), float("nan"))
    candidates = tuple(Recommendation(i, s) for i, s in zip(FILMS, scores, strict=False))
    answer = Reply(("x",), "REC", FILMS[0], Evidence(candidates=candidates))
    assert "–" in story(answer) and "nan" not in story(answer)


def test_a_chat_reply_says_that_no_film_was_looked_for(chatted: Reply) -> None:
    assert "not looking for a film" in story(chatted)
    assert "forks" not in told(chatted)


def test_a_recommender_without_a_path_says_so_by_name() -> None:
    ranked = Evidence(candidates=(Recommendation(FILMS[0], 3.0),))
    answer = Reply(("x",), "REC", FILMS[0], ranked, Provenance("popularity"))
    assert "popularity ranks the films as a whole" in story(answer)
    silent = Reply(("x",), "REC", FILMS[0], provenance=Provenance("mine"))
    assert "mine does not tell how it got there" in story(silent)


def test_a_query_is_quoted() -> None:
    answer = Reply(("x",), "REC", FILMS[0], Evidence(query="slow films of the sea"))
    assert "slow films of the sea" in story(answer)


def test_what_a_query_took_from_the_talk_is_marked_in_it_and_named() -> None:
    evidence = Evidence(query="Sea films, not seasonal", query_sources=("sea", "Jaws (1975)", " "))
    html = told(Reply(("x",), "REC", FILMS[0], evidence))
    assert "<q><mark>Sea</mark> films, not seasonal</q>" in html
    assert "<li>sea</li><li>Jaws (1975)</li></ul>" in html


def test_who_put_the_film_where_is_told() -> None:
    films = tuple(Recommendation(film, 0.5) for film in FILMS[:2])
    orders = (
        Order("the item expert", np.log([0.8, 0.2])),
        Order("the retriever", np.log([0.25, 0.75])),
    )
    candidates, deciders = decided(films, orders, FILMS[0].id)
    assert [(d.place, d.of, round(d.share, 2)) for d in deciders] == [(1, 2, 0.8), (2, 2, 0.25)]
    assert candidates[0].signals[0].value == pytest.approx(np.log(4))
    assert candidates[0].signals[1].value == 0 == candidates[1].signals[0].value
    answer = Reply(("x",), "REC", FILMS[0], Evidence(candidates=candidates, deciders=deciders))
    assert "the item expert puts it 1st of 2 (80% of its belief)" in story(answer)
    assert "the retriever puts it 2nd of 2 (25% of its belief)" in story(answer)
    again = evidence_from_json(json.loads(json.dumps(as_json(answer))), Catalog(FILMS))
    assert again.deciders == deciders and again.candidates == candidates
    assert decided(films, orders, "unknown")[1] == ()


def test_a_film_that_was_given_is_not_said_to_be_chosen(recommended: Reply) -> None:
    given = replace(recommended, evidence=replace(recommended.evidence, is_given=True))
    assert "given beforehand" in story(given) and "given beforehand" not in story(recommended)
    words = story(given)
    assert "Nothing was weighed for this one" in words and "I weighed" not in words
    assert "surer I would have been" in words and "surer I was" not in words
    assert "Recommend a film" not in words and "my answer" not in words and "given" in words
    bare = replace(given, evidence=replace(given.evidence, path=()))
    assert "weighed" not in story(bare) and "given beforehand" in story(bare)
    again = evidence_from_json(as_json(given), Catalog(FILMS))
    assert again.is_given


def test_time_adds_up(recommended: Reply) -> None:
    assert "525 ms in all" in story(recommended) and "writing310 ms" in story(recommended)


def test_talk_names_the_film_that_it_is_about(chatted: Reply) -> None:
    about = replace(chatted, evidence=replace(chatted.evidence, about=FILMS[2]))
    words = story(about)
    assert "Which film this is about" in words and "Paprika 2006" in words
    assert "not looking for a film" in words and "How I got to" not in words
    assert evidence_from_json(as_json(about), Catalog(FILMS)).about == FILMS[2]


def test_a_fixed_reply_says_that_it_is_one() -> None:
    html = told(FIXED)
    words = Reader(html).text
    assert "written beforehand" in words and "none was" in words and not Reader(html).open
    assert "What else was close" not in words and "Recommend" not in words


@pytest.mark.parametrize("typed", ["zombie", *NASTY[:3]])
def test_the_words_that_a_person_typed_are_quoted(recommended: Reply, typed: str) -> None:
    quotes = (Quote(typed, "a theme you named", "zombies"), Quote("Heat", "a film you named", ""))
    quoting = replace(recommended, evidence=replace(recommended.evidence, quotes=quotes))
    words = story(quoting)
    assert f"you said {typed}: a theme you named, zombies" in words
    assert "you said Heat: a film you named" in words
    assert not re.search(r"<(script|img|MODE)", told(quoting))
    assert evidence_from_json(as_json(quoting), Catalog(FILMS)).quotes == quotes


def test_every_reason_has_one_colour_and_no_two_the_same() -> None:
    ours = [*REASONS, "mentions in training dialogues", "named in this conversation", "a b", "c d"]
    assert len({color_of(reason) for reason in ours}) == len(ours)


def test_a_reason_has_the_same_colour_in_a_and_b() -> None:
    names = ("the language model", "the retriever", "much talked about")
    shown = []
    for order in (names, names[::-1]):
        signals = tuple(Signal(name, 1.0) for name in order)
        answer = Reply(
            ("x",), "REC", FILMS[0], Evidence(candidates=(Recommendation(FILMS[0], 1, signals),))
        )
        legend = re.findall(r'<li><i style="background:([^"]+)"></i>([^<]+)</li>', told(answer))
        assert len({color for color, _ in legend}) == len(legend) == 3
        shown.append({name: color for color, name in legend})
    assert shown[0] == shown[1]


def test_without_a_reply_an_outline_tells_what_will_come() -> None:
    assert "8,012 films" in story(None) and "Time" in story(None)


def test_the_story_is_well_formed(recommended: Reply, chatted: Reply) -> None:
    bare = replace(recommended, evidence=Evidence())
    for html in (told(recommended), told(chatted), told(bare), outline(8)):
        assert not Reader(html).open
