"""`python -m crsdemo STAGE`: every command of the project."""

from __future__ import annotations

import os
import reprlib
import sys
from collections.abc import Callable
from pkgutil import resolve_name

from crsdemo.core.errors import CrsdemoError

# stage -> what is called with the flags, loaded no earlier than then; what it does
STAGES = {
    "chat": ("cli.commands:chat", "talk to a recommender in the terminal"),
    "evaluate": ("cli.commands:evaluate", "recommendation on ReDial or INSPIRED"),
    "tabulate": ("cli.commands:tabulate", "one table of several evaluations, with tests"),
    "measure": ("evaluation.measure:main", "every shipped system, for the report and the tables"),
    "get-data": ("cli.get_data:main", "ReDial or INSPIRED from where they are published"),
    "check-wishes": ("evaluation.checks.check_wishes:main", "are 80 hand-written wishes heard?"),
    "check-facts": ("evaluation.checks.check_facts:main", "is what replies say of films true?"),
    "compare-systems": (
        "evaluation.checks.compare_systems:main",
        "are two systems really two, and do their models decide?",
    ),
    "check-talk": ("evaluation.checks.check_talk:main", "does it answer what was said?"),
    "check-labels": ("evaluation.checks.check_labels:main", "are the steps to a film true?"),
    "check-written": (
        "cli.commands:check_written",
        "do the texts written for this project keep their rules?",
    ),
    "benchmark": ("evaluation.bench.benchmark:main", "speed and memory, as ratios in one run"),
    "bench-side-by-side": (
        "evaluation.bench.bench_side_by_side:main",
        "speed of two recommenders, alone and together",
    ),
    "bench-retrieval": (
        "evaluation.bench.bench_retrieval:main",
        "how fast items are found, of a million too",
    ),
    "bench-trie": (
        "evaluation.bench.bench_trie:main",
        "what trie and automaton cost, of a million items too",
    ),
    "check-study": ("cli.check_study:main", "is a study file right, and what does it ask?"),
    "bench-votes": ("evaluation.bench.bench_votes:main", "how many votes a second a log keeps"),
    "rematch": ("studies.rematch:main", "a study of a tuned version against its parent"),
    "power": ("cli.power:power", "how many people and votes a study needs"),
    "sign-links": ("studies.sign_links:main", "links to a study that nobody can guess"),
    "simulate-votes": (
        "evaluation.crowd:main",
        "votes of raters with known tastes, into a scratch log",
    ),
    "results": ("cli.commands:results", "what the votes in a log say of recommenders"),
    "export": ("export.judgments:main", "judgments as DPO, KTO or SFT examples, or as tables"),
    "backup": ("feedback.backup:backup_main", "a whole copy of the log, also while it is used"),
    "restore": ("feedback.backup:restore_main", "a backup in the place of the log"),
    "copies": ("feedback.copies:main", "which copies hold words that were erased since"),
    "merge": (
        "feedback.merge:main",
        "the logs of several sites, or of a copy that went on, in one",
    ),
    "deliver": ("feedback.deliver:main", "opinions that wait beside the log, into it"),
    "build-catalog": ("items.build_catalog:main", "a catalog from a CSV or JSONL of yours"),
    "semantic-ids": ("cli.commands:semantic_ids", "stage 1: item vectors, semantic IDs"),
    "compare-ids": ("cli.commands:compare_ids", "ways to make semantic IDs, compared"),
    "fit-prior": ("cli.commands:fit_prior", "stage 1b: what is known of items beside the model"),
    "tune-retriever": (
        "training.ranking.tune_retriever:main",
        "how the retriever reads what is searched for",
    ),
    "train-stance": ("training.lm.stance:main", "who wants what they name, and who does not"),
    "distil": ("training.ranking.distil:main", "the ranker's answers, for train-gcrs"),
    "train-reges": (
        "training.lm.reges:main",
        "ReGeS on a pretrained base: searching, choosing, talking",
    ),
    "train-gcrs": (
        "training.lm.gcrs:main",
        "the generative recommender on a pretrained base, SmolLM2 by default",
    ),
    "whole-weights": (
        "cli.whole_weights:main",
        "a checkpoint and its base as one model, for vLLM and the like",
    ),
    "tune": ("training.preference.tune:main", "an adapter tuned on what people preferred"),
    "fit-retriever": (
        "training.ranking.fit_retriever:main",
        "documents and ranker of ReGeS, once its experts are trained",
    ),
}


def main(argv: list[str]) -> int:
    """Run one stage; an error that has a reason is one line on stderr and status 2."""
    asked, *flags = argv or [""]
    if asked not in STAGES:
        known = "\n".join(f"  {name:18} {about}" for name, (_, about) in STAGES.items())
        print(f"usage: python -m crsdemo STAGE [--help]\n\n{known}")
        if asked in {"", "-h", "--help"}:
            return 0
        print(f"\nno stage {asked!r}", file=sys.stderr)
        return 2
    run: Callable[[list[str]], int | None] = resolve_name(f"crsdemo.{STAGES[asked][0]}")
    try:
        return run(flags) or 0
    except CrsdemoError as error:
        print(f"crsdemo: {error}", file=sys.stderr)
        return 2
    except Exception as error:  # a file that was named and is damaged ends in errors of every kind
        if os.environ.get("CRSDEMO_TRACEBACK"):
            raise
        about = reprlib.repr(" ".join(str(error).split()))
        print(
            f"crsdemo: {asked} cannot go on ({type(error).__name__}: {about}); is a file damaged? "
            "CRSDEMO_TRACEBACK=1 shows where",
            file=sys.stderr,
        )
        return 2


def run() -> None:
    """The command `crsdemo`."""
    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    run()
