"""It learns what is preferred, goes on where it was interrupted, refuses other states."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from judged import Scribe
from scipy.stats import norm
from stand_in import CATALOG
from tiny import causal_lm

from crsdemo.core.errors import BadInputError, CatalogError, CheckpointError
from crsdemo.evaluation.checks.check_talk import Expected, Talk
from crsdemo.export.preferences import Vote
from crsdemo.feedback.judgments import JudgedReply
from crsdemo.training.preference import loop
from crsdemo.training.preference.examples import Example, mismatched
from crsdemo.training.preference.loop import PreferenceFlags, Preferring
from crsdemo.training.preference.outcome import (
    Share,
    check_inputs,
    losses,
    moved,
    preferred,
    talk_figures,
)
from crsdemo.training.preference.transcribe import Place, Scored

FLAGS = PreferenceFlags(learning_rate=3e-3, epochs=8, batch=4, tokens=60)


def said(prompt: list[int], *reply: int) -> Scored:
    """The first token of the reply among ten, the rest among all."""
    n = len(prompt)
    places = (Place(n, tuple(range(20, 30))), *(Place(n + k, ()) for k in range(1, len(reply))))
    return Scored((*prompt, *reply), places, n)


def votes(method: str, n: int = 24) -> list[Example]:
    """Twenty is preferred to twenty-one, after whatever was said."""
    found = []
    for number in range(n):
        prompt = [5 + (number * k) % 90 for k in range(1, 4 + number % 5)]
        good, bad = said(prompt, 20, 100 + number), said(prompt, 21, 140 + number, 7)
        who = f"p{number % 6}"
        if method == "dpo":
            found.append(Example(Vote(who, "both", ()), (good, bad)))
        else:
            liked = number % 2 == 0
            found.append(Example(Vote(who, "both", (), liked), (good if liked else bad,)))
    return found


def model() -> Any:
    return causal_lm("llama", 400)


def run(method: str, lm: Any, state: Path, **options: Any) -> tuple[torch.Tensor, torch.Tensor]:
    flags = PreferenceFlags(**{**vars(FLAGS), **options})
    preferring = Preferring(lm, 1, method, flags, "parent", state)  # type: ignore[arg-type]  # one of the methods
    return preferring.learn(votes(method), votes(method)[:12])


def weights(lm: Any) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in lm.parameters()]).clone()


@pytest.mark.parametrize("method", ["dpo", "kto"])
def test_it_learns_what_is_preferred(method: str, tmp_path: Path) -> None:
    before, after = run(method, model(), tmp_path / "s.pt")
    some = votes(method)[:12]
    assert before.shape == (12, 2 if method == "dpo" else 1)
    assert moved(some, before, before).estimate.value == 0.5, "nothing has moved at the start"
    assert moved(some, before, after).values.mean() > 0.9
    assert preferred(some, after).values.mean() >= preferred(some, before).values.mean()


def test_raters_who_slip_are_allowed_for(tmp_path: Path) -> None:
    before, after = run("dpo", model(), tmp_path / "s.pt", noise=0.2)
    assert moved(votes("dpo")[:12], before, after).values.mean() > 0.9


@pytest.mark.parametrize("method", ["dpo", "kto"])
def test_an_interrupted_run_ends_as_if_it_had_not_been(
    method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = model()
    expected = run(method, whole, tmp_path / "whole.pt")
    monkeypatch.setattr(loop, "SAVE_STEPS", 1)
    steps = 0

    def height(step: int, n_steps: int) -> float:
        nonlocal steps
        steps += 1
        if steps == 6:
            raise KeyboardInterrupt
        return was(step, n_steps)

    was = loop._height
    monkeypatch.setattr(loop, "_height", height)
    with pytest.raises(KeyboardInterrupt):
        run(method, model(), tmp_path / "s.pt")
    kept = torch.load(tmp_path / "s.pt", weights_only=True)
    assert kept["step"] == 5
    second = model()
    found = run(method, second, tmp_path / "s.pt")
    assert torch.equal(weights(second), weights(whole))
    assert torch.equal(found[0], expected[0]) and torch.equal(found[1], expected[1])
    assert not list(tmp_path.glob("*.partial"))


def test_where_it_started_is_computed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("dpo", model(), tmp_path / "s.pt")
    told: list[str] = []
    was = Preferring._of

    def counted(
        self: Preferring, votes: Sequence[Sequence[Scored]], about: str = ""
    ) -> torch.Tensor:
        told.append(about)
        return was(self, votes, about)

    monkeypatch.setattr(Preferring, "_of", counted)
    run("dpo", model(), tmp_path / "s.pt")
    assert told == ["frozen votes"]


def test_parts_change_nothing(tmp_path: Path) -> None:
    """Memory decides how much goes through the model at once, not what is learned."""
    small, large = model(), model()
    run("dpo", small, tmp_path / "a.pt", tokens=1, epochs=2)
    run("dpo", large, tmp_path / "b.pt", tokens=10_000, epochs=2)
    assert torch.allclose(weights(small), weights(large), atol=1e-4)


def test_the_state_of_another_run_is_refused(tmp_path: Path) -> None:
    run("dpo", model(), tmp_path / "s.pt")
    with pytest.raises(CheckpointError, match="does not continue this run"):
        run("dpo", model(), tmp_path / "s.pt", epochs=9)
    (tmp_path / "s.pt").write_bytes(b"half a fi")
    with pytest.raises(CheckpointError, match="remove it to begin anew"):
        run("dpo", model(), tmp_path / "s.pt")


def heard_in(dialogue: str, side: Scored) -> Example:
    reply = JudgedReply.model_construct(dialogue_id=dialogue)
    return Example(Vote("v", "both", (reply,)), (side,))


def test_the_kl_term_is_of_replies_to_other_conversations() -> None:
    """The two sides of a tie answer the same, and so may two turns of one conversation."""
    tie = [heard_in("a", said([5, 6], 20, n)) for n in (8, 9)]
    later, other = heard_in("a", said([5, 6, 4], 22, 7)), heard_in("b", said([3], 21, 6))
    same_words = heard_in("c", said([5, 6], 23, 5))
    others = mismatched([*tie, later, same_words, other])
    assert [one.ids for one in others] == [
        (5, 6, 21, 6), (5, 6, 21, 6), (5, 6, 4, 23, 5), (5, 6, 21, 6), (3, 20, 8),
    ]  # fmt: skip
    assert [[place.at for place in one.places] for one in others[2:]] == [[3, 4], [2, 3], [1, 2]]
    assert others[0].places[0].options == tuple(range(20, 30))


def test_votes_of_one_conversation_have_no_kl_term() -> None:
    with pytest.raises(BadInputError, match="several conversations"):
        mismatched([heard_in("a", said([5, n], 20, 8)) for n in (1, 2)])


def test_a_reply_in_the_kl_term_is_whole_whatever_is_learned_of_it() -> None:
    """Tag, film and words follow each other as they are written, though some are not learned."""
    film = Scored((5, 6, 20, 30, 40), (Place(2, (20, 21)), Place(3, (30, 31))), 2)
    words = Scored((7, 21, 31, 41, 50), (Place(4, ()),), 1)
    first, second = mismatched([heard_in("a", film), heard_in("b", words)])
    assert first.ids == (5, 6, 21, 31, 41, 50) and first.places == (Place(5, ()),)
    assert second.ids == (7, 20, 30, 40)
    assert [place.at for place in second.places] == [1, 2] and second.start == 1


@pytest.mark.parametrize(
    ("options", "method"),
    [({"noise": 0.5}, "dpo"), ({"noise": 0.1}, "kto"), ({"batch": 0}, "dpo"),
     ({"beta": -1.0}, "dpo"), ({"learning_rate": 0.0}, "kto")],
)  # fmt: skip
def test_flags_out_of_range_are_refused(options: dict[str, Any], method: str) -> None:
    with pytest.raises(BadInputError):
        PreferenceFlags(**options).check(method)  # type: ignore[arg-type]  # of any type on purpose


def test_a_run_goes_on_whatever_its_adapter_is_to_be_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless one names it the state is named by the run: start, votes and how it learns."""
    monkeypatch.chdir(tmp_path)
    some = votes("dpo")
    one = Preferring(None, 1, "dpo", FLAGS, "parent")
    same = Preferring(None, 1, "dpo", replace(FLAGS, tokens=9), "parent")
    assert one.state(some, some[:2]) == same.state(some, some[:2])
    others = {
        one.state(some, some[:2]),
        one.state(some[1:], some[:2]),
        Preferring(None, 1, "dpo", FLAGS, "parent 12").state(some, some[:2]),
        Preferring(None, 1, "dpo", replace(FLAGS, seed=1), "parent").state(some, some[:2]),
    }
    assert len(others) == 4


# what came of it


def test_agreement_is_per_token_and_resampled_by_person() -> None:
    long, short = said([5], 20, 7, 7, 7), said([5], 21)
    some = [Example(Vote(f"p{n}", "both", ()), (long, short)) for n in range(8)]
    found = torch.tensor([[-4.0, -2.0]] * 8)
    estimate = preferred(some, found).estimate
    assert estimate.ends == (1.0, 1.0, 1.0), "one nat a token against two"
    assert preferred(some, found * torch.tensor([3.0, 1.0])).estimate.value == 0.0


def single(good: bool, who: str = "p") -> Example:
    return Example(Vote(who, "both", (), good), (said([5], 20),))


def test_single_replies_are_compared_good_with_bad() -> None:
    some = [single(good) for good in (True, True, False)]
    assert preferred(some, torch.tensor([[-1.0], [-3.0], [-2.0]])).estimate.value == 0.5
    assert preferred(some[:2], torch.tensor([[-1.0], [-3.0]])).estimate.value is None


def test_single_replies_have_an_interval_as_wide_as_that_of_the_area() -> None:
    """95 of 100 intervals hold what is true of more people: here, in 300 samples of 40."""
    lot, truth, held = np.random.default_rng(0), float(norm.cdf(1 / math.sqrt(2))), 0
    some = [single(n % 4 > 0, f"p{n}") for n in range(40)]
    for _ in range(300):
        found = [[lot.normal(1.0 if one.vote.good else 0.0)] for one in some]
        estimate = preferred(some, torch.tensor(found)).estimate
        held += not estimate.excludes(truth)
    assert 0.9 < held / 300 < 0.99


def share(*values: float) -> Share:
    return Share(np.array(values), tuple(map(str, range(len(values)))))


def test_what_surely_fell_by_more_than_the_margin_is_named() -> None:
    before = {"recall@10": share(*[1.0] * 40), "wishes met": share(*[0.5, 0.7] * 20)}
    after = {"recall@10": share(*[1.0, 1.0, 0.0, 0.0] * 10), "wishes met": share(*[0.5] * 40)}
    (said,) = losses(before, after, 0.2)
    assert said.startswith("recall@10 fell from 100.0") and "to 50.0 [" in said
    assert len(list(losses(before, after, 0.0))) == 2
    assert list(losses(before, after, 0.8)) == [] == list(losses(before, before, 0.0))


def test_a_fall_that_may_be_chance_is_no_loss() -> None:
    """Six of ten to five of ten is what ten votes do of themselves; all of eighty is not."""
    few, fewer = share(*[1.0] * 6, *[0.0] * 4), share(*[1.0] * 5, *[0.0] * 5)
    assert list(losses({"x": few}, {"x": fewer}, 0.05)) == []
    many, less = share(*[1.0, 0.0] * 40), share(*[1.0, 0.0, 0.0, 0.0] * 20)
    assert len(list(losses({"x": many}, {"x": less}, 0.05))) == 1
    one = Share(np.ones(10), ("ann",) * 10)
    assert list(losses({"x": one}, {"x": Share(np.zeros(10), one.clusters)}, 0.05)) == []


def test_before_and_after_are_compared_sample_by_sample() -> None:
    """Every dialogue lost a little: the same means in another order would be noise."""
    before = share(*np.linspace(0, 1, 20))
    after = share(*np.linspace(0, 0.8, 20))
    assert list(losses({"x": before}, {"x": after}, 0.05))
    assert not list(losses({"x": before}, {"x": share(*np.linspace(0.8, 0, 20))}, 0.05))


def test_talk_is_measured_with_length_and_variety() -> None:
    talks = (Talk(act="wish", say=("hi", "a film"), expect=Expected(film="new")),
             Talk(act="bye", say=("thanks",), expect=Expected(film="new")))  # fmt: skip
    figures = talk_figures(Scribe(name="red", pause=0), CATALOG, talks)
    assert figures.shares["talk as expected"].estimate.value == 0.5
    assert figures.told["words per reply"] > 5
    assert 0 < figures.told["distinct pairs of words"] <= 1
    assert figures.told["distinct films"] == 1.0


def test_what_cannot_be_measured_is_refused_before_anything_is_learned(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="not in the catalog"):
        check_inputs(CATALOG, tmp_path, None, "", checks=True)
    empty = tmp_path / "dev.jsonl"
    empty.write_text("")
    with pytest.raises(BadInputError):
        check_inputs(CATALOG, tmp_path, empty, "", checks=False)
