"""Files of stages written by hand, with figures that nobody measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from crsdemo.evaluation.stages.folder import StageName

Row = dict[str, Any]
TARGETS = 1400


def share(value: float, n: int = TARGETS) -> Row:
    return {"share": value, "n": n, "ci95": around(value) if n else [0.0, 1.0]}


def around(value: float) -> list[float]:
    return [round(max(0.0, value - 0.02), 5), round(min(1.0, value + 0.02), 5)]


def recalls(*values: float, cutoffs: tuple[int, ...] = (1, 10, 50)) -> Row:
    named = {f"recall@{k}": value for k, value in zip(cutoffs, values, strict=False)}
    return {"n": TARGETS, **named, "ci95": {name: around(value) for name, value in named.items()}}


def wishes(name: str, fit: float) -> Row:
    kinds = {"genre": 30, "person": 16, "similar": 8, "theme": 10, "decade": 8, "dislike": 8}
    fits = {kind: min(1.0, fit + 0.04 * place) for place, kind in enumerate(kinds)}
    return {
        "recommender": name,
        "wishes": 80,
        "fit": fit,
        "kinds": {kind: {"n": n, "fit": fits[kind]} for kind, n in kinds.items()},
        "disliked": 0.05,
        "outcomes": [],
    }


def retrieval() -> Row:
    searches, cosines = [], []
    queries = ("whole dialogue", "last user turn", "query of the expert")
    for better, ranker in enumerate(("untuned encoder", "tuned encoder", "all signals")):
        for place, query in enumerate(queries):
            base = 0.02 + 0.03 * better + 0.01 * place
            found = recalls(base, 2 * base, 4 * base, cutoffs=(5, 20, 50))
            row: Row = {"query": query, "ranker": ranker, "all": found, "new": found}
            if place:
                gain = {"mean": 0.01 * place, "ci95": [-0.01, 0.03]}
                row["better_by"] = {f"recall@{k}": gain for k in (5, 20, 50)}
            searches.append(row)
            median = 0.2 + 0.1 * place + 0.1 * better
            near = {"query": query, "ranker": ranker, "n": 1300, "mean": median}
            if better < 2:
                cosines.append(near | {"quartiles": [median - 0.12, median, median + 0.1]})
    return {"dialogues": 195, "turns": 900, "searches": searches, "cosines": cosines}


def item(name: str) -> Row:
    return {
        "recommender": name,
        "dialogues": 195,
        "turns": 800,
        "candidates": {
            "50": choice((0.03, 0.19, 0.41), (0.04, 0.21, 0.41)),
            "10": choice((0.03, 0.19), (0.04, 0.19)),
        },
    }


def choice(retriever: tuple[float, ...], both: tuple[float, ...]) -> Row:
    return {
        "retriever_alone": recalls(*retriever),
        "expert_alone": recalls(*(value / 2 for value in retriever)),
        "overall": recalls(*both),
        "item_generation": recalls(*(2 * value for value in both)),
    }


def generative(name: str, *, best: float = 0.05) -> Row:
    found = recalls(best, 4 * best, 8 * best)
    return {
        "recommender": name,
        "dialogues": 195,
        "turns": 800,
        "targets": TARGETS,
        "outside": 20,
        "mode": share(0.7),
        "levels": [
            {
                "after_right_codes": share(4 * best + 0.2 * n),
                "probability": 0.15 + 0.2 * n,
                "choices": 64.0 / (n + 1),
                "allowed_mass": 0.9 + 0.02 * n,
                "greedy_after_right_greedy": share(0.2 + 0.2 * n),
                "greedy_up_to_here": share(best + 0.1 / (n + 1)),
                "recall_where_right": recalls(min(1.0, best * 3), 0.7, 0.9),
            }
            for n in range(4)
        ],
        "beams": {
            str(width): found
            | {
                "missed_first_lost_at": {
                    str(n + 1): share(part, 1000) for n, part in enumerate((0.4, 0.2, 0.05, 0.01))
                },
                "missed_but_kept": share(0.34, 1000),
            }
            for width in (10, 50, 200)
        },
        "first_codes_forced": [
            recalls(*(min(1.0, value * (n + 1)) for value in (best, 4 * best, 8 * best)))
            for n in range(4)
        ],
        "mode_not_forced": found,
    }


def dialogue(name: str, bleu: float, *, is_model: bool = True) -> Row:
    """The lower `bleu`, the more is wrong."""
    right = 0.65 + bleu / 50
    scores = {"n": 1300, "accuracy": right, "precision": 0.6, "recall": 0.8, "f1": 0.69}
    mode = scores | {"ci95": around(right)}
    row: Row = {
        "recommender": name,
        "dialogues": 195,
        "turns": 1300,
        "reference": variety(0.3),
        "forced": replies(bleu),
        "free": replies(bleu - 0.5) | {"mode": {"as_said": mode}},
        "wrong_item": keeping(0.1 / bleu),
    }
    if is_model:
        read = {"turns": 1200, "tokens": 9000, "words": 7000, "per_token": 21.5, "per_word": 52.25}
        nothing = {"turns": 0, "tokens": 0, "words": 0}
        row["references"] = {
            "tokenizer": "its own", "left_out": 100, "all": read, "gold": read, "wrong": nothing
        }  # fmt: skip
    return row


def replies(bleu: float) -> Row:
    return {
        "modes": {"REC": 700, "CHAT": 600},
        "bleu": bleu,
        "rouge1": bleu / 10,
        "rouge2": 0.03,
        "rougeL": 0.15,
        **variety(0.05 * bleu),
        "items_outside_the_catalog": share(0.0, 700),
        **keeping(0.05 / bleu),
    }


def variety(first: float) -> Row:
    return {
        "words_per_reply": 11.3,
        "item_ratio": share(0.5, 1300),
        "distinct_by_ngrams": {str(n): first * n**0.5 for n in range(1, 5)},
        "distinct_by_replies": {str(n): 5 * first * n for n in range(1, 5)},
    }


def keeping(wrong: float) -> Row:
    kinds = ("film", "person", "year", "genre", "name")
    return {
        "facts": {
            "wrong": {kind: share(wrong, 0 if kind == "name" else 400) for kind in kinds},
            "replies": share(wrong, 1300),
        },
        "faithfulness": {
            "names_the_chosen_item": share(0.98, 700),
            "names_another_item": share(0.02, 700),
        },
    }


def write_stages(folder: Path, *baselines: str) -> Path:
    """All stages of gcrs and reges on both datasets, and wishes of further systems too."""
    for place, name in enumerate(("gcrs", "reges", *baselines)):
        write(folder, StageName("wishes", name, ""), wishes(name, 0.8 - 0.1 * place))
        write(folder, StageName("late-wishes", name, ""), wishes(name, 0.7 - 0.1 * place))
    for dataset in ("redial", "inspired"):
        write(folder, StageName("retrieval", "reges", dataset), retrieval())
        write(folder, StageName("item", "reges", dataset), item("reges"))
        write(folder, StageName("generative", "gcrs", dataset), generative("gcrs"))
        for name, bleu in (("gcrs", 1.5), ("reges", 2.5)):
            write(folder, StageName("dialogue", name, dataset), dialogue(name, bleu))
    return folder


def write(folder: Path, name: StageName, row: Row) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name.file
    path.write_text(json.dumps(row))
    return path
