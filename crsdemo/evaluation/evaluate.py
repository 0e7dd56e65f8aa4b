"""Recommendation and mode choice of any recommender on dialogues of a dataset.

What is a sample, and which samples are reported together, is a protocol's to say (`protocol.py`).
Every metric comes with its 95% interval over dialogues and the number of samples it is of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Protocol as Interface
from typing import runtime_checkable

from crsdemo.core.catalog import Catalog
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.core.errors import BadInputError
from crsdemo.core.recommender import Mode, Plan, Provenance, Recommender, reply
from crsdemo.evaluation.protocol import OURS, Case, Part, Protocol, cases
from crsdemo.evaluation.rankings import Rankings, Request, State, batches, ranked, run_key
from crsdemo.evaluation.report import ListFigures, PartFigures, Report, Sample
from crsdemo.evaluation.slices import list_figures, slices
from crsdemo.evaluation.statistics import CUTOFFS, figures
from crsdemo.language.corpus import CorpusDialogue, load_dialogues
from crsdemo.language.overlap import without_copies
from crsdemo.recommenders.loading import (
    ALONE,
    BASELINES,
    checkpoint_folder,
    found_checkpoints,
)
from crsdemo.studies.statistics.shares import binary_scores, rank_of

STATES = Path("runs")  # where interrupted runs are kept


@runtime_checkable
class ModeRecommender(Interface):
    """A recommender that can say how likely it recommends in the next turn of each dialogue."""

    def mode_probabilities(self, dialogues: Sequence[Dialogue]) -> list[dict[Mode, float]]: ...


@dataclass(frozen=True)
class Source:
    """Where dialogues come from, for the record."""

    name: str = ""  # of the file
    left_out: int = 0  # dialogues that repeat training dialogues
    files: tuple[Path, ...] = ()  # folders of catalog and checkpoint


def load_unseen(
    file: Path,
    training: Sequence[CorpusDialogue] | None,
    catalog: Catalog,
    aliases: Mapping[str, str],
) -> tuple[Source, list[CorpusDialogue]]:
    """The dialogues of a file that repeat neither `training` nor each other; None: all there are.

    Raises BadInputError if none is left; see also `load_dialogues`.
    """
    read = load_dialogues(file, catalog, aliases)
    own = read if training is None else without_copies(read, training)
    if not own:
        raise BadInputError(
            f"every dialogue of {file} repeats a training dialogue; evaluate on dialogues that "
            "were not trained on"
        )
    return Source(file.name, len(read) - len(own)), own


def files_of(system: str, catalog: Path, checkpoints: Path | None = None) -> tuple[Path, ...]:
    """The folders of the catalog and, unless `system` is a baseline, of its checkpoint."""
    if system in BASELINES:
        return (catalog,)
    own = checkpoints or found_checkpoints(catalog)
    return catalog, checkpoint_folder(system.removesuffix(ALONE), own)


def evaluate(
    recommender: Recommender,
    catalog: Catalog,
    dialogues: Sequence[CorpusDialogue],
    protocol: Protocol = OURS,
    source: Source = Source(),
    state: Path | None = None,
) -> Report:
    """Ranks for every sample of `protocol`; shows progress on stderr.

    `state`: file in which lists are kept until all are made, by default one in `runs/`; the same
    call goes on from there after an interruption. Raises BadInputError if there is no sample.
    """
    return evaluate_all(recommender, catalog, dialogues, (protocol,), source, state)[0]


def evaluate_all(
    recommender: Recommender,
    catalog: Catalog,
    dialogues: Sequence[CorpusDialogue],
    protocols: Sequence[Protocol],
    source: Source = Source(),
    state: Path | None = None,
) -> list[Report]:
    """The same by several protocols, in their order. Lists that they share are made once."""
    turns = cases(dialogues)
    provenance = provenance_of(recommender)
    key = run_key(provenance, dialogues, " ".join(p.name for p in protocols), source.files)
    kept = State(state or STATES / f"evaluate-{key[:16]}.jsonl", key)
    asked = [_Asked(protocol, catalog, dialogues, turns) for protocol in protocols]
    requests = [*chain.from_iterable(one.requests() for one in asked)]
    rankings = ranked(recommender, requests, CUTOFFS[-1], kept)
    mode = None
    if isinstance(recommender, ModeRecommender):  # REC is right if the turn names an item
        predicted = [one["REC"] > one["CHAT"] for one in chosen_modes(recommender, turns)]
        mode = binary_scores(predicted, [bool(case.targets) for case in turns])
    reports = []
    for one in asked:
        lists = {request: rankings[request] for request in one.requests()}
        parts, samples = one.protocol.parts, one.samples(lists)
        of = {part.name: [s for s in samples if part.holds(s.is_new)] for part in parts}
        report = Report(
            recommender=recommender.name,
            provenance=provenance,
            protocol=one.protocol.name,
            data=source.name,
            dialogues=len(dialogues),
            left_out=source.left_out,
            turns=len(turns),
            parts={part.name: _part_figures(of[part.name], part) for part in parts},
            lists={part.name: one.lists(part, lists) for part in parts},
            slices=tuple(s for part in parts for s in slices(of[part.name], part)),
            mode=mode,
            samples=samples,
        )
        reports.append(report)
    kept.done()
    return reports


def provenance_of(recommender: Recommender) -> Provenance:
    """What speaks, as it says with every reply."""
    hello = Dialogue((Turn("user", "Hello"),))
    return reply(recommender, hello, Plan(mode="CHAT")).provenance


class _Asked:
    """The samples of a protocol, and the lists in which they are looked for.

    Raises BadInputError if there is no sample.
    """

    def __init__(
        self,
        protocol: Protocol,
        catalog: Catalog,
        dialogues: Sequence[CorpusDialogue],
        turns: Sequence[Case],
    ) -> None:
        self.protocol, self.catalog, self.dialogues = protocol, catalog, dialogues
        found = [(case, case.samples(protocol, catalog)) for case in turns]
        self.turns = [(case, targets) for case, targets in found if targets]
        if not self.turns:
            raise BadInputError(
                f"none of the {len(turns)} recommender turns that something was said before names "
                "a film; nothing can be evaluated"
            )

    def requests(self) -> Iterator[Request]:
        for case, targets in self.turns:
            for part in self.protocol.parts:
                if _holds_any(part, case, targets):
                    yield _request(case, part.hides_named)

    def lists(self, part: Part, rankings: Rankings) -> ListFigures:
        """Of every turn that has a sample of the part."""
        turns = [case for case, targets in self.turns if _holds_any(part, case, targets)]
        lists = [rankings[_request(case, part.hides_named)] for case in turns]
        return list_figures(lists, list(map(self._name, turns)), self.catalog)

    def _name(self, case: Case) -> str:
        return self.dialogues[case.dialogue].id

    def samples(self, rankings: Rankings) -> tuple[Sample, ...]:
        return tuple(
            self._sample(case, target, rankings)
            for case, targets in self.turns
            for target in targets
        )

    def _sample(self, case: Case, target: str, rankings: Rankings) -> Sample:
        is_new = case.is_new(target)
        known = self.catalog.item(target) if target in self.catalog.row else None
        whole, without_named = (
            rankings.get(_request(case, hides_named), ()) for hides_named in (False, True)
        )
        return Sample(
            dialogue=self._name(case),
            turn=case.turn,
            n_turns=len(self.dialogues[case.dialogue].dialogue.turns),
            target=target,
            is_new=is_new,
            n_named=len(case.context.mentioned),
            popularity=known.popularity if known else None,
            rank=rank_of(target, whole),
            rank_new=rank_of(target, without_named) if is_new else None,
        )


def _holds_any(part: Part, case: Case, targets: Sequence[str]) -> bool:
    return any(part.holds(case.is_new(target)) for target in targets)


def _request(case: Case, hides_named: bool) -> Request:
    return Request(case.context, frozenset(case.context.mentioned if hides_named else ()))


def _part_figures(samples: Sequence[Sample], part: Part) -> PartFigures:
    names = [sample.dialogue for sample in samples]
    ranks = [sample.rank_in(part) for sample in samples]
    return PartFigures(len(samples), len(set(names)), figures(ranks, names))


def chosen_modes(
    recommender: ModeRecommender, turns: Sequence[Case]
) -> Iterator[dict[Mode, float]]:
    """How likely each mode is in each turn; shows progress on stderr."""
    for some in batches(turns, "choosing modes"):
        yield from recommender.mode_probabilities([case.context for case in some])
