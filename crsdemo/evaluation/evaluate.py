"""Recommendation and mode choice of any recommender on dialogues of a dataset.

What is a sample, and which samples are reported together, is a protocol's to say (`protocol.py`).
Every metric comes with its 95% interval over dialogues and the number of samples it is of.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Protocol as Interface
from typing import runtime_checkable

from tqdm import tqdm

from crsdemo.core.catalog import Catalog
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.core.errors import BadInputError
from crsdemo.core.recommender import Mode, Plan, Provenance, Recommender, reply
from crsdemo.evaluation.protocol import OURS, Case, Part, Protocol, cases
from crsdemo.evaluation.rankings import BATCH, Rankings, Request, State, ranked, run_key
from crsdemo.evaluation.report import ListFigures, PartFigures, Report, Sample
from crsdemo.evaluation.slices import list_figures, slices
from crsdemo.evaluation.statistics import CUTOFFS, figures
from crsdemo.language.corpus import CorpusDialogue
from crsdemo.studies.statistics.metrics import BinaryScores, binary_scores, rank_of

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
    wanted = [_with_samples(turns, protocol, catalog) for protocol in protocols]
    requests = [
        [request for case in with_samples for request in _requests(case, protocol, catalog)]
        for protocol, with_samples in zip(protocols, wanted, strict=True)
    ]
    rankings = ranked(recommender, [*chain.from_iterable(requests)], CUTOFFS[-1], kept)
    mode = _mode(recommender, turns) if isinstance(recommender, ModeRecommender) else None
    reports = []
    for protocol, with_samples, own in zip(protocols, wanted, requests, strict=True):
        lists = {request: rankings[request] for request in own}
        found = _Found(catalog, dialogues, protocol, with_samples, lists)
        report = Report(
            recommender=recommender.name,
            provenance=provenance,
            protocol=protocol.name,
            data=source.name,
            dialogues=len(dialogues),
            left_out=source.left_out,
            turns=len(turns),
            parts={part.name: found.figures(part) for part in protocol.parts},
            lists={part.name: found.lists(part) for part in protocol.parts},
            slices=tuple(s for part in protocol.parts for s in slices(found.of(part), part)),
            mode=mode,
            samples=found.samples,
        )
        reports.append(report)
    kept.done()
    return reports


def _with_samples(turns: Sequence[Case], protocol: Protocol, catalog: Catalog) -> list[Case]:
    """Raises BadInputError if there are none."""
    found = [case for case in turns if case.samples(protocol, catalog)]
    if not found:
        raise BadInputError(
            f"none of the {len(turns)} recommender turns that something was said before names a "
            "film; nothing can be evaluated"
        )
    return found


def provenance_of(recommender: Recommender) -> Provenance:
    """What speaks, as it says with every reply."""
    hello = Dialogue((Turn("user", "Hello"),))
    return reply(recommender, hello, Plan(mode="CHAT")).provenance


def _requests(case: Case, protocol: Protocol, catalog: Catalog) -> Iterator[Request]:
    """The lists in which the samples of a case are looked for."""
    news = {_is_new(case, target) for target in case.samples(protocol, catalog)}
    for part in protocol.parts:
        if any(part.holds(is_new) for is_new in news):
            yield _request(case, part.hides_named)


def _request(case: Case, hides_named: bool) -> Request:
    return Request(case.context, frozenset(case.context.mentioned if hides_named else ()))


def _is_new(case: Case, target: str) -> bool:
    return target not in case.context.mentioned


class _Found:
    """The samples of a run, and figures of them."""

    def __init__(
        self,
        catalog: Catalog,
        dialogues: Sequence[CorpusDialogue],
        protocol: Protocol,
        turns: Sequence[Case],
        rankings: Rankings,
    ) -> None:
        self.catalog, self.dialogues, self.protocol = catalog, dialogues, protocol
        self.turns, self.rankings = turns, rankings
        self.samples = tuple(
            self._sample(case, target)
            for case in turns
            for target in case.samples(protocol, catalog)
        )

    def of(self, part: Part) -> list[Sample]:
        return [sample for sample in self.samples if part.holds(sample.is_new)]

    def figures(self, part: Part) -> PartFigures:
        samples = self.of(part)
        names = [sample.dialogue for sample in samples]
        ranks = [sample.rank_in(part) for sample in samples]
        return PartFigures(len(samples), len(set(names)), figures(ranks, names))

    def lists(self, part: Part) -> ListFigures:
        """Of every turn that has a sample of the part."""
        made = [(self.dialogues[case.dialogue].id, self._list(case, part)) for case in self.turns]
        lists = [(name, one) for name, one in made if one is not None]
        return list_figures([one for _, one in lists], [name for name, _ in lists], self.catalog)

    def _list(self, case: Case, part: Part) -> tuple[str, ...] | None:
        targets = case.samples(self.protocol, self.catalog)
        if not any(part.holds(_is_new(case, target)) for target in targets):
            return None
        return self.rankings[_request(case, part.hides_named)]

    def _sample(self, case: Case, target: str) -> Sample:
        dialogue, is_new = self.dialogues[case.dialogue], _is_new(case, target)
        known = self.catalog.item(target) if target in self.catalog.row else None
        without_named = self.rankings.get(_request(case, hides_named=True), ())
        return Sample(
            dialogue=dialogue.id,
            turn=case.turn,
            n_turns=len(dialogue.dialogue.turns),
            target=target,
            is_new=is_new,
            n_named=len(case.context.mentioned),
            popularity=known.popularity if known else None,
            rank=rank_of(target, self.rankings.get(_request(case, hides_named=False), ())),
            rank_new=rank_of(target, without_named) if is_new else None,
        )


def _mode(recommender: ModeRecommender, turns: Sequence[Case]) -> BinaryScores:
    """Of REC, which is right if the turn names an item."""
    predicted = [chosen["REC"] > chosen["CHAT"] for chosen in chosen_modes(recommender, turns)]
    return binary_scores(predicted, [bool(case.targets) for case in turns])


def chosen_modes(
    recommender: ModeRecommender, turns: Sequence[Case]
) -> Iterator[dict[Mode, float]]:
    """How likely each mode is in each turn; shows progress on stderr."""
    for start in tqdm(range(0, len(turns), BATCH), desc="choosing modes", unit="batch"):
        yield from recommender.mode_probabilities(
            [case.context for case in turns[start : start + BATCH]]
        )
