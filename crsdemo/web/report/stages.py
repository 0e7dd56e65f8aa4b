"""Exhibits of what stages found: the wishes, then every dataset by part of the system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crsdemo.evaluation.published import DATASETS
from crsdemo.evaluation.stages.figures import Wishes
from crsdemo.evaluation.stages.folder import Measured, Stages, T
from crsdemo.studies.statistics.bootstrap import Estimate
from crsdemo.web.report import ids, parts, talk
from crsdemo.web.report.rows import WHOLE, apart, colors, legend, mark, told
from crsdemo.web.results.figures import PALETTE, Dots, Mark
from crsdemo.web.results.tables import Column, Table
from crsdemo.web.results.words import Exhibit, drawn

AT_ONCE, LATE = "asked at once", "asked late in a talk"
N_IN_KINDS = 3  # systems that are drawn; the table has all

AllWishes = Sequence[Measured[Wishes]]


def exhibits(stages: Stages) -> dict[str, Exhibit]:
    """By a name that is good for a file, in the order in which they are shown."""
    found: dict[str, Exhibit] = {}
    if stages.wishes or stages.late_wishes:
        found["wishes"] = wishes(stages.wishes, stages.late_wishes)
        found["wish-kinds"] = wish_kinds(stages.wishes, stages.late_wishes)
    for dataset in DATASETS:
        found |= _of_dataset(stages, dataset)
    return found


def _of_dataset(stages: Stages, dataset: str) -> dict[str, Exhibit]:
    found: dict[str, Exhibit] = {}
    if searched := _on(stages.retrieval, dataset):
        found[f"queries-{dataset}"] = parts.queries(dataset, searched)
        found[f"cosines-{dataset}"] = parts.cosines(dataset, searched)
    if chosen := _on(stages.item, dataset):
        found[f"choice-{dataset}"] = parts.choice(dataset, chosen)
    if written := _on(stages.generative, dataset):
        found[f"levels-{dataset}"] = ids.levels(dataset, written)
        found[f"lost-{dataset}"] = ids.lost(dataset, written)
        found[f"codes-{dataset}"] = ids.codes(dataset, written)
    if said := _on(stages.dialogue, dataset):
        found[f"modes-{dataset}"] = talk.modes(dataset, said)
        found[f"truth-{dataset}"] = talk.truth(dataset, said)
        found[f"words-{dataset}"] = talk.likeness(dataset, said)
        found[f"variety-{dataset}"] = talk.variety(dataset, said)
    return found


def _on(found: Sequence[Measured[T]], dataset: str) -> list[Measured[T]]:
    return [one for one in found if one.dataset == dataset]


def wishes(at_once: AllWishes, late: AllWishes) -> Exhibit:
    """Of every system, those first that hear best."""
    early, later = _by_system(at_once), _by_system(late)
    rows, cells = [], []
    for system in _best_first(at_once, late):
        both = ((AT_ONCE, early, PALETTE[0]), (LATE, later, PALETTE[1]))
        known = [(when, found[system], color) for when, found, color in both if system in found]
        marks = tuple(mark(when, Estimate(one.fit), color) for when, one, color in known)
        rows.append(Dots(system, told([one.fit for _, one, _ in known]), marks))
        cells += [(system, when, one.n, one.fit, one.disliked) for when, one, _ in known]
    columns = (Column("system"), Column("asked"), Column("wishes", "count"))
    shares = (Column("fit", "percent"), Column("disliked", "percent"))
    table = Table((*columns, *shares), tuple(cells))
    n = (*at_once, *late)[0].found.n
    answer = (
        f"Share of the ten best that fit, of {n:,} wishes that people might type, judged by "
        "facts of the catalog. Late: after a talk about something else. The table also tells "
        "how many films were among them that the wish ruled out."
    )
    shown = legend({AT_ONCE: PALETTE[0], LATE: PALETTE[1]})
    return Exhibit("Is the wish heard?", answer, table, drawn(rows, WHOLE), shown)


def wish_kinds(at_once: AllWishes, late: AllWishes) -> Exhibit:
    """By kind, of the systems that hear best."""
    early, later = _by_system(at_once), _by_system(late)
    shown = _best_first(at_once, late)[:N_IN_KINDS]
    color = colors(shown)
    kinds = dict.fromkeys(kind for one in (*at_once, *late) for kind in one.found.kinds)
    rows = [
        Dots(
            kind,
            told([_fit(early, who, kind) for who in shown]),
            apart({who: _marks(who, kind, (early, later), color) for who in shown}),
        )
        for kind in kinds
    ]
    table = Table(
        (
            Column("system"),
            Column("asked"),
            Column("kind"),
            Column("wishes", "count"),
            Column("fit", "percent"),
        ),
        tuple(
            (one.system, when, kind, of_kind.n, of_kind.fit)
            for when, found in ((AT_ONCE, at_once), (LATE, late))
            for one in found
            for kind, of_kind in one.found.kinds.items()
        ),
    )
    answer = (
        "The same by what is wished for, of the systems that hear best. Rings: asked late in a "
        "talk. Few wishes of a kind tell little; the table says how many."
    )
    return Exhibit("Which wishes are heard?", answer, table, drawn(rows, WHOLE), legend(color))


def _marks(
    system: str, kind: str, found: tuple[dict[str, Wishes], ...], color: Mapping[str, str]
) -> list[Mark]:
    """Asked at once, and as a ring asked late."""
    return [
        mark(system, Estimate(_fit(one, system, kind)), color[system], hollow=ring)
        for one, ring in zip(found, (False, True), strict=True)
    ]


def _fit(found: Mapping[str, Wishes], system: str, kind: str) -> float | None:
    """None if it was not asked."""
    if system not in found or kind not in found[system].kinds:
        return None
    return found[system].kinds[kind].fit


def _by_system(found: AllWishes) -> dict[str, Wishes]:
    return {one.system: one.found for one in found}


def _best_first(at_once: AllWishes, late: AllWishes) -> list[str]:
    """Every system once, by the wishes asked at once; those asked late alone come last."""
    early = sorted(at_once, key=lambda one: one.found.fit, reverse=True)
    later = sorted(late, key=lambda one: one.found.fit, reverse=True)
    return list(dict.fromkeys(one.system for one in (*early, *later)))
