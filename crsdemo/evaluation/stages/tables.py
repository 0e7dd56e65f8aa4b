"""What stages found, as tables: printed in Markdown by the command line, shown by `/report`.

They are made of the JSON alone. Of JSON that is no such stage making them raises KeyError,
IndexError, TypeError, ValueError or AttributeError.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crsdemo.evaluation.stages.sheets import Row, Sheet
from crsdemo.studies.statistics.shares import percent, with_ends

RETRIEVAL, ITEM, GENERATIVE, DIALOGUE = "retrieval", "item", "generative", "dialogue"
ORACLE_WIDTH = 50  # of the beam that is given the first codes
MISSED = 10  # a target that is not among the first so many is asked where it was lost


@dataclass(frozen=True)
class Findings:
    """What a stage found of one system."""

    about: str
    summary: Mapping[str, str]  # what a reader wants first: figures by their names
    sheets: Sequence[Sheet]  # everything


def findings(stage: str, row: Row) -> Findings:
    """Of one of the stages that are measured on dialogues."""
    read = {RETRIEVAL: _retrieval, ITEM: _item, GENERATIVE: _generative, DIALOGUE: _dialogue}
    about = f"{row['turns']:,} turns of {row['dialogues']:,} dialogues, with 95% intervals."
    return read[stage](row, f"{row['recommender']}: {about}" if "recommender" in row else about)


def told(stage: str, row: Row) -> str:
    """The same in Markdown."""
    found = findings(stage, row)
    return "\n\n".join([found.about, *(one.markdown() for one in found.sheets)])


def wishes(asked: Sequence[tuple[str, str, Row]]) -> Sheet:
    """A row for each system, when it was asked, and what `check-wishes` wrote of it."""
    return Sheet.of(
        "Percent of the ten best that fit, of all wishes and by what is wished for (how many). "
        "Ruled out: films among them that the wish said no to.",
        [
            {
                "system": system, "asked": when, "n": row["wishes"],
                "all": _points(row["fit"]), "ruled out": _points(row["disliked"]),
                **{f"{k} ({one['n']})": _points(one["fit"]) for k, one in row["kinds"].items()},
            }
            for system, when, row in asked
        ],
    )  # fmt: skip


def _retrieval(row: Row, about: str) -> Findings:
    searches = row["searches"]
    used = [one for one in searches if one["ranker"] == searches[-1]["ranker"]]  # by replies

    def table(about: str, part: str) -> Sheet:
        some = [one for one in searches if part in one]
        who = [{"searched for": one["query"], "ranked by": one["ranker"]} for one in some]
        return Sheet.of(about, [row | one[part] for row, one in zip(who, some, strict=True)])

    return Findings(
        about,
        {f"recall@50, searched by {one['query']}": _recall(one["new"], 50) for one in used},
        [
            table("Films not named before.", "new"),
            table("All films.", "all"),
            table("More than by the whole dialogue: films not named before, points.", "better_by"),
            Sheet.of("Cosine of the search and the right film's description.", row["cosines"]),
        ],
    )


def _item(row: Row, about: str) -> Findings:
    sizes = row["candidates"]
    found = [
        {"candidates": size, "order": order.replace("_", " "), **recalls}
        for size, orders in sizes.items()
        for order, recalls in orders.items()
    ]
    most = next(iter(sizes))
    return Findings(
        about,
        {
            f"recall@10 of {most} candidates, {one['order']}": _recall(one, 10)
            for one in found
            if one["candidates"] == most
        },
        [
            Sheet.of(
                "Films not named before. Overall: in the order of both together; item generation: "
                "the same with the right film put among the candidates.",
                found,
            )
        ],
    )


def _generative(row: Row, about: str) -> Findings:
    levels, forced = row["levels"], row["first_codes_forced"]
    given = {f"first {n} codes forced": one for n, one in enumerate(forced)}
    return Findings(
        f"{about} {row['targets']:,} new targets, {row['outside']:,} outside the catalog left out. "
        f"Mode right: {percent(row['mode'])} of all recommender turns.",
        {
            "first code right": percent(levels[0]["after_right_codes"]),
            "whole ID right, greedily": percent(levels[-1]["greedy_up_to_here"]),
            **{f"recall@10, {name}": _recall(one, 10) for name, one in [*given.items()][:2]},
        },
        [
            Sheet.of(
                "Each code: whether the right one is the most probable, after the right codes and "
                "on the greedy way. Allowed mass: on codes of the catalog without the trie.",
                [{"level": n, **one} for n, one in enumerate(levels, 1)],
            ),
            Sheet.of(
                f"At which level a beam loses the films that are not among its first {MISSED}.",
                [{"beam": width, **one} for width, one in row["beams"].items()],
            ),
            Sheet.of(
                f"By a beam of {ORACLE_WIDTH}, if the first codes were given.",
                [
                    {"given": name, **one}
                    for name, one in {
                        **given,
                        "no code, nor the mode": row["mode_not_forced"],
                    }.items()
                ],
            ),
        ],
    )


def _dialogue(row: Row, about: str) -> Findings:
    forced, mode = row["forced"], row["free"]["mode"]["as_said"]
    accuracy = with_ends(mode["accuracy"], mode["ci95"])
    scores = {name: mode[name] for name in ("n", "precision", "recall", "f1")}
    columns = {
        "mode forced": forced,
        "free": {**row["free"], "mode": {"accuracy": accuracy, **scores}},
        "a wrong item forced": row["wrong_item"],
        "people": row["reference"],
    }
    return Findings(
        f"{about} Mode forced: it recommends where people did.",
        {
            "recommends where people did": accuracy,
            "names the film it chose": percent(forced["faithfulness"]["names_the_chosen_item"]),
            "says something wrong": percent(forced["facts"]["replies"]),
            "BLEU": f"{forced['bleu']:.2f}",
            "ROUGE-L": f"{forced['rougeL']:.3f}",
        },
        [
            Sheet.side_by_side(
                "In percent is what has an interval. Facts: claims that are wrong, and replies "
                "with one.",
                columns,
            ),
            *map(_perplexity, [row["references"]] if "references" in row else []),
        ],
    )


def _perplexity(read: Row) -> Sheet:
    return Sheet.of(
        f"Perplexity of what people said, by {read['tokenizer']}; wrong: with a wrong item before "
        f"it. {read['left_out']:,} turns left out, for a film outside the catalog.",
        [{"read": name, **read[name]} for name in ("all", "gold", "wrong")],
    )


def _recall(found: Row, k: int) -> str:
    """Of nothing nothing is known."""
    name = f"recall@{k}"
    return with_ends(found[name], found["ci95"][name]) if found["n"] else ""


def _points(share: float) -> str:
    return f"{100 * share:.1f}"
