"""Tune an adapter on what people preferred: a new version, which the app offers beside its parent.

    python -m crsdemo tune --db feedback.db --from gcrs --out versions/gcrs-2

docs/preference-tuning.md tells the way from votes to a blind rematch.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from crsdemo.core.catalog import Catalog
from crsdemo.core.config import parse
from crsdemo.core.errors import BadInputError
from crsdemo.core.shipped import refuse_shipped
from crsdemo.core.text_files import folder_written_whole
from crsdemo.export.preferences import (
    Divided,
    Vote,
    Votes,
    check_enough,
    divided,
    read_votes,
    shuffled,
)
from crsdemo.feedback.judgments import JudgmentReader, reading_judgments
from crsdemo.model.base import base_location
from crsdemo.model.checkpoint import (
    CARD,
    CheckpointCard,
    Tuned,
    load_card,
    save_card,
    sha256_of,
)
from crsdemo.model.trainable import load_base
from crsdemo.recommenders.loading import found_checkpoints
from crsdemo.training.lm.gcrs import continued, save_adapter
from crsdemo.training.preference.config import TuneConfig
from crsdemo.training.preference.examples import Example, Reader
from crsdemo.training.preference.loop import PreferenceFlags, Preferring
from crsdemo.training.preference.outcome import (
    PREFERRED,
    Figures,
    Share,
    behaviour,
    check_inputs,
    losses,
    moved,
    percent,
    preferred,
    told,
)
from crsdemo.training.preference.parent import Parent
from crsdemo.training.preference.transcribe import Transcriber

MOVED = "frozen votes moved the right way"


def main(argv: Sequence[str]) -> None:
    print(tune(parse(TuneConfig, argv, "crsdemo tune")))


def tune(config: TuneConfig) -> str:
    """Write the new checkpoint; returns what came of it, in words.

    Raises BadInputError for votes that are too few or too much alone and for a folder that is
    there already, CheckpointError for a parent that cannot be tuned, FeedbackError for a log that
    cannot be read.
    """
    torch.manual_seed(config.seed)
    _refuse_what_is_there(config)
    catalog = Catalog.load(config.catalog)
    check_inputs(catalog, config.catalog, config.dialogues, config.without, config.checks)
    parent = Parent.load(config.from_, catalog, config.catalog)
    if config.out.resolve() in (parent.folder.resolve(), parent.adapter.resolve()):
        raise BadInputError(f"{config.out} is what is started from; name a new folder with --out")
    parent.check_child(config.out, found_checkpoints(config.catalog))
    with reading_judgments(config.db) as log:
        votes = read_votes(log, config.filters())
        train, frozen, left_out = _examples(config, parent, log, votes)
    print(_counts(train, frozen, left_out), flush=True)
    _check_writable(config.out)
    return _tuned(config, parent, votes, train, frozen, left_out)


def _refuse_what_is_there(config: TuneConfig) -> None:
    """Only what `tune` wrote is written over: by a run that goes on, or if one says so."""
    out = config.out
    if config.state and not config.force:
        refuse_shipped(config.state)
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    tuned = load_card(out).tuned if (out / CARD).is_file() else None
    if tuned is None:
        raise BadInputError(
            f"{out} is there already, and `tune` did not write it; name a new folder with --out"
        )
    if tuned.figures and not config.force:  # without figures a run was interrupted
        raise BadInputError(
            f"{out} is there already; name a new folder with --out, or overwrite it with --force"
        )


def _check_writable(out: Path) -> None:
    """Makes the folder. Raises BadInputError if that cannot be, before anything is learned."""
    try:
        with folder_written_whole(out):
            pass
    except OSError as error:
        raise BadInputError(
            f"{out} cannot be written ({error}); name another folder with --out"
        ) from error


def _examples(
    config: TuneConfig, parent: Parent, log: JudgmentReader, votes: Votes
) -> tuple[list[Example], list[Example], Counter[str]]:
    """What is learned, what is measured on, and what was left out by reason.

    Raises BadInputError if it is not enough.
    """
    transcriber = Transcriber(parent.talk, parent.searches)
    base = sha256_of(Path(base_location(parent.card.base)))
    reader = Reader(log, transcriber, base, config.learn)  # type: ignore[arg-type]  # the config has checked it
    known, unfit = reader.examples(votes.usable)
    split: Divided = divided([one.vote for one in known], config.frozen_share)
    left_out = votes.left_out + unfit + split.left_out
    check_enough(split, config.at_least, left_out)
    of = {one.vote.opinion: one for one in known}
    train = [of[vote.opinion] for vote in split.train]
    if config.shuffle_labels:
        turned = shuffled(split.train, config.seed)
        train = [_turned(one, vote) for one, vote in zip(train, turned, strict=True)]
    return train, [of[vote.opinion] for vote in split.frozen], left_out


def _turned(one: Example, vote: Vote) -> Example:
    """The example of a vote that may have been turned round."""
    same = vote.replies == one.vote.replies
    return Example(vote, one.sides if same else one.sides[::-1])


def _tuned(
    config: TuneConfig,
    parent: Parent,
    votes: Votes,
    train: Sequence[Example],
    frozen: Sequence[Example],
    left_out: Counter[str],
) -> str:
    layer = parent.first_layer if config.first_layer is None else config.first_layer
    base = load_base(parent.card.base)
    model = continued(parent.card.base, parent.adapter, parent.talk, base, layer)
    parent_sha256 = sha256_of(parent.adapter)
    method: Any = config.method
    start = f"{parent_sha256} {layer}"
    eos = parent.talk.control.eos
    learning = Preferring(model, eos, method, config, start, config.state)
    before, after = learning.learn(train, frozen)
    state = learning.state(train, frozen)
    tuned = Tuned(
        parent=parent.name,
        parent_sha256=parent_sha256,
        judgments_sha256=votes.sha256,
        method=config.method,
        learn=config.learn,
        seed=config.seed,
        votes=len(train),
        frozen_votes=len(frozen),
        annotators=len({one.vote.annotator for one in (*train, *frozen)}),
        simulated=votes.simulated,
        shuffled=config.shuffle_labels,
        settings={one.name: getattr(config, one.name) for one in fields(PreferenceFlags)}
        | {"first_layer": layer, "frozen_share": config.frozen_share},
        left_out=dict(left_out),
    )
    # Not offered before it is known what it has lost
    card = replace(parent.card, tuned=tuned, offered=False)
    with folder_written_whole(config.out) as out:
        parent.copy_rest(out)
        save_adapter(out, model, parent.talk, card)
    del learning, model, base
    said = _measured(config, parent, card, frozen, before, after)
    state.unlink(missing_ok=True)
    return said


def _measured(
    config: TuneConfig,
    parent: Parent,
    card: CheckpointCard,
    frozen: Sequence[Example],
    before: Tensor,
    after: Tensor,
) -> str:
    """Figures before and after onto the card, with whether it is offered; the same in words."""
    was, now = (
        _figures(config, folder, preferred(frozen, found))
        for folder, found in ((parent.folder, before), (config.out, after))
    )
    shift = moved(frozen, before, after).estimate
    lost = list(losses(was.shares, now.shares, config.margin))
    offered = config.offer or not lost
    assert card.tuned
    changes = {name: now.shares[name].above(one).ends for name, one in was.shares.items()}
    figures = {"before": was.as_json(), "after": now.as_json(), "changes": changes, "lost": lost}
    figures[MOVED] = shift.ends
    save_card(
        config.out, replace(card, tuned=replace(card.tuned, figures=figures), offered=offered)
    )
    moves = f"{MOVED}: {percent(shift)}; a half is chance"
    return "\n".join([told(was, now), "", moves, _verdict(config, lost, offered)])


def _figures(config: TuneConfig, folder: Path, agreed: Share) -> Figures:
    of = behaviour(folder, config.catalog, config.dialogues, config.without, config.checks)
    return replace(of, shares={PREFERRED: agreed, **of.shares})


def _verdict(config: TuneConfig, lost: Sequence[str], offered: bool) -> str:
    name, why = config.out.name, "; ".join(lost)
    if offered:
        is_found = config.out.resolve().parent == found_checkpoints(config.catalog).resolve()
        start = shlex.join(("--recommenders", config.from_, str(config.out)))
        how = "" if is_found else f" if it is started with `{start}`"
        though = f", as --offer says, though {why}" if lost else ""
        return f"{config.out} is written; the app offers it as {name}{how}{though}."
    return (
        f"{config.out} is written, but the app does not offer it: {why}. --margin says how much "
        "may be lost, --offer offers it all the same."
    )


def _counts(train: Sequence[Example], frozen: Sequence[Example], left_out: Counter[str]) -> str:
    of = Counter(one.vote.concern for one in train)
    kinds = ", ".join(f"{n:,} about {_ABOUT[concern]}" for concern, n in of.most_common())
    people = len({one.vote.annotator for one in train})
    lines = [
        f"{len(train):,} votes of {people:,} people to learn from ({kinds}); {len(frozen):,} frozen"
    ]
    return "\n".join([*lines, *(f"  left out, {why}: {n:,}" for why, n in left_out.most_common())])


_ABOUT = {"item": "the film", "words": "the words", "both": "both"}
