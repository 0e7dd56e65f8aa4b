"""`python -m crsdemo STAGE`: every command of the project."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable

from crsdemo.core.errors import CrsdemoError

# stage -> the module that has it, the function, and what it does; modules load when called
STAGES = {
    "chat": ("crsdemo.cli.commands", "chat", "talk to a recommender in the terminal"),
    "evaluate": ("crsdemo.cli.commands", "evaluate", "recommendation on ReDial or INSPIRED"),
    "tabulate": (
        "crsdemo.cli.commands",
        "tabulate",
        "one table of several evaluations, with tests",
    ),
    "measure": (
        "crsdemo.evaluation.measure",
        "main",
        "every shipped system, for the report and the tables",
    ),
    "get-data": (
        "crsdemo.cli.get_data",
        "main",
        "ReDial or INSPIRED from where they are published",
    ),
    "check-wishes": ("crsdemo.cli.commands", "check_wishes", "are 80 hand-written wishes heard?"),
    "check-facts": ("crsdemo.cli.commands", "check_facts", "is what replies say of films true?"),
    "compare-systems": (
        "crsdemo.evaluation.checks.compare_systems",
        "main",
        "are two systems really two, and do their models decide?",
    ),
    "check-talk": ("crsdemo.cli.commands", "check_talk", "does it answer what was said?"),
    "check-labels": (
        "crsdemo.evaluation.checks.check_labels",
        "main",
        "are the steps to a film true?",
    ),
    "check-written": (
        "crsdemo.cli.commands",
        "check_written",
        "do the texts written for this project keep their rules?",
    ),
    "benchmark": ("crsdemo.cli.commands", "benchmark", "speed and memory, as ratios in one run"),
    "bench-side-by-side": (
        "crsdemo.cli.commands",
        "bench_side_by_side",
        "speed of two recommenders, alone and together",
    ),
    "bench-retrieval": (
        "crsdemo.cli.commands",
        "bench_retrieval",
        "how fast items are found, of a million too",
    ),
    "bench-decode": (
        "crsdemo.evaluation.bench.bench_decode",
        "main",
        "how fast a token is written",
    ),
    "check-study": (
        "crsdemo.studies.check_study",
        "main",
        "is a study file right, and what does it ask?",
    ),
    "results": ("crsdemo.cli.commands", "results", "what the votes in a log say of recommenders"),
    "export": (
        "crsdemo.export.judgments",
        "main",
        "judgments as DPO, KTO or SFT examples, or as tables",
    ),
    "backup": (
        "crsdemo.feedback.backup",
        "backup_main",
        "a whole copy of the log, also while it is used",
    ),
    "restore": (
        "crsdemo.feedback.backup",
        "restore_main",
        "a backup in the place of the log",
    ),
    "build-catalog": (
        "crsdemo.items.build_catalog",
        "main",
        "a catalog from a CSV or JSONL of yours",
    ),
    "semantic-ids": ("crsdemo.cli.commands", "semantic_ids", "stage 1: item vectors, semantic IDs"),
    "compare-ids": ("crsdemo.cli.commands", "compare_ids", "ways to make semantic IDs, compared"),
    "fit-prior": (
        "crsdemo.cli.commands",
        "fit_prior",
        "stage 1b: what is known of items beside the model",
    ),
    "tune-retriever": (
        "crsdemo.training.ranking.tune_retriever",
        "main",
        "how the retriever reads what is searched for",
    ),
    "distil": ("crsdemo.training.ranking.distil", "main", "the ranker's answers, for train-gcrs"),
    "train-reges": (
        "crsdemo.training.lm.reges",
        "main",
        "ReGeS on a pretrained base: searching, choosing, talking",
    ),
    "train-gcrs": (
        "crsdemo.training.lm.gcrs",
        "main",
        "the generative recommender on a pretrained base, SmolLM2 by default",
    ),
    "fit-retriever": (
        "crsdemo.training.ranking.fit_retriever",
        "main",
        "documents and ranker of ReGeS, once its experts are trained",
    ),
}


def main(argv: list[str]) -> int:
    """Run one stage; an error that has a reason is one line on stderr and status 2."""
    if not argv or argv[0] not in STAGES:
        known = "\n".join(f"  {name:18} {about}" for name, (_, _, about) in STAGES.items())
        asked = argv[0] if argv else ""
        wanted_help = asked in {"", "-h", "--help"}
        print(f"usage: python -m crsdemo STAGE [--help]\n\n{known}")
        if not wanted_help:
            print(f"\nno stage {asked!r}", file=sys.stderr)
        return 0 if wanted_help else 2
    module, function, _ = STAGES[argv[0]]
    run: Callable[[list[str]], int | None] = getattr(importlib.import_module(module), function)
    try:
        return run(argv[1:]) or 0
    except CrsdemoError as error:
        print(f"crsdemo: {error}", file=sys.stderr)
        return 2


def run() -> None:
    """The command `crsdemo`."""
    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    run()
