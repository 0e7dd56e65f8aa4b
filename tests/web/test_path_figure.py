"""The picture beside the talk says what the path says: names, numbers, lengths, examples."""

import re
from functools import partial
from typing import Any

import pytest
from stand_in import FILM, FILMS, path_to
from test_render import NASTY

from crsdemo.core.recommender import Branch, PathStep
from crsdemo.web.shared.markup import percent
from crsdemo.web.talk import path_figure as drawing

path_figure = partial(drawing.path_figure, domain=FILM)
PATH = path_to(FILMS[0])
BRANCHES = [branch for step in PATH for branch in (step.chosen, *step.alternatives)]


def words(figure: Any) -> list[str]:
    return [text for trace in figure.data for text in trace.text or ()]


def hover(figure: Any) -> list[str]:
    return [text for trace in figure.data if trace.customdata for text in trace.customdata]


def bars(figure: Any) -> Any:
    """The trace whose bars have the lengths of probabilities."""
    return [trace for trace in figure.data if trace.type == "bar"][-1]


def test_without_a_path_there_is_no_picture() -> None:
    assert path_figure((), FILMS[0]) is None


def test_every_branch_has_its_name_code_and_probability_and_the_film_comes_last() -> None:
    written = words(path_figure(PATH, FILMS[0]))
    for step in PATH:
        taken = next(text for text in written if text.startswith(f"<b>{step.chosen.label}</b>"))
        assert f"code {step.chosen.code}" in taken
        for branch in step.alternatives:
            assert any(branch.label[:30] in w and f">{branch.code}<" in w for w in written)
    chances = [re.sub("</?b>", "", text) for text in written if re.search(r"\d%", text)]
    assert chances == [percent(branch.probability) for branch in BRANCHES]
    assert written[-1] == "<b>After Life</b>  1998"


def test_a_branch_with_one_film_has_its_title() -> None:
    alone = Branch(1, 0.7, "boxing, revenge", 1, ("Rocky",))
    step = PathStep(3, alone, (Branch(2, 0.3, "boxing, family", 2, ("Creed", "Warrior")),), 2, 1.0)
    written = " ".join(words(path_figure((step,), None)))
    assert "<b>Rocky</b>" in written and "revenge" not in written and "Creed" not in written


def test_bars_are_as_long_as_probabilities_and_the_chosen_ones_are_strong() -> None:
    drawn = bars(path_figure(PATH, FILMS[0]))
    full = drawn.x[0] / BRANCHES[0].probability
    assert drawn.x == pytest.approx([branch.probability * full for branch in BRANCHES])
    assert drawn.base + full == 1  # the end of the row
    colors = dict(zip(map(id, BRANCHES), drawn.marker.color, strict=True))
    chosen = {colors.pop(id(step.chosen)) for step in PATH}
    assert len(chosen) == 1 and len(set(colors.values())) == 1
    assert chosen.isdisjoint(colors.values())


def test_pointing_at_a_branch_names_films_under_it() -> None:
    said = hover(path_figure(PATH, FILMS[0]))
    assert len(said) == len(BRANCHES)
    for text in ("62%", "412 films", "Tokyo Story", "Still Walking"):
        assert text in said[0]


def test_nothing_lies_outside_the_frame_or_on_something_else() -> None:
    for film in (FILMS[0], FILMS[3], None):  # a title of one line, of two, and none
        figure = path_figure(PATH, film)
        assert figure
        assert figure.layout.yaxis.range == (figure.layout.height, 0)
        for trace in figure.data:
            assert all(0 <= y < figure.layout.height for y in trace.y if y is not None)
            assert all(0 <= x <= 1 for x in trace.x if x is not None)
        drawn = bars(figure)
        edges = [
            edge
            for y, w in zip(drawn.y, drawn.width, strict=True)
            for edge in (y - w / 2, y + w / 2)
        ]
        assert edges == sorted(edges)


def test_a_long_title_has_two_lines_and_a_long_label_is_cut() -> None:
    assert "Spotless Mind</b>  2004" in words(path_figure(PATH, FILMS[3]))[-1].split("<br><b>")
    step = PathStep(0, Branch(1, 1.0, "x" * 60, 2, ()), (), 1, 1.0)
    assert any("xxx…" in text for text in words(path_figure((step,), None)))


@pytest.mark.parametrize("text", NASTY[:3])
def test_labels_with_markup_are_words(text: str) -> None:
    step = PathStep(0, Branch(1, 0.5, text, 2, (text,)), (Branch(2, 0.5, text, 1, ()),), 2, 1.0)
    figure = path_figure((step,), None)
    assert not any(re.search(r"<(script|img|MODE)", w) for w in words(figure) + hover(figure))
