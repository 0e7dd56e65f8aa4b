"""The quality of what a recommender says, on the recommender turns of a dataset.

Each turn is answered with its mode forced, REC if the reference names an item and CHAT otherwise
(GCRS, App. C), and freely. The replies are compared with the references (BLEU, ROUGE), with each
other (distinct n-grams), with the catalog (items and facts that it lacks) and with the item that
was chosen before the words. To see whether words follow the item, a wrong one is forced as well.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from tqdm import tqdm

from crsdemo.core.catalog import Catalog
from crsdemo.core.errors import BadInputError
from crsdemo.core.recommender import Plan, Recommender, Reply, reply
from crsdemo.evaluation.checks.facts import KINDS, Claim, FactJudge
from crsdemo.evaluation.protocol import Case, cases
from crsdemo.evaluation.stages.reference_words import reference_figures
from crsdemo.evaluation.text_metrics import (
    ORDERS,
    TITLE,
    bleu,
    distinct,
    rouge,
    without_titles,
    words,
)
from crsdemo.language.corpus import CorpusDialogue
from crsdemo.language.mentions import MentionLinker
from crsdemo.recommenders.talking import TalkingRecommender
from crsdemo.studies.statistics.shares import binary_scores, share, share_of


@dataclass(frozen=True)
class Said:
    """A reply to what was said before a turn, and what the reply claims."""

    case: Case
    reply: Reply
    claims: tuple[Claim, ...]
    named: frozenset[str]  # items in its words, be it as items or in letters


def evaluate_dialogue(
    recommender: Recommender,
    catalog: Catalog,
    linker: MentionLinker,
    dialogues: Sequence[CorpusDialogue],
    seed: int = 0,
) -> dict[str, Any]:
    """The figures of this module, ready for JSON; shows progress on stderr.

    `forced` and `free` tell of the replies, `reference` of what people said, `wrong_item` of
    replies with a wrong item forced. Of a language model `references` tells how well it foretells
    what people said. `seed`: of the wrong items and the choice of words. Raises BadInputError if
    there is no recommender turn.
    """
    turns = cases(dialogues)
    if not turns:
        raise BadInputError(
            f"none of the {len(dialogues)} dialogues has a recommender turn after another turn; "
            "there is nothing to answer"
        )
    answers = partial(_answers, recommender, FactJudge(catalog, linker))
    forced = answers([(one, Plan(one.mode, seed=seed)) for one in turns], "forced")
    free = answers([(one, Plan(seed=seed)) for one in turns], "free")
    wrong = answers(list(_strange_plans(forced, catalog, seed)), "with a wrong item")
    report: dict[str, Any] = {
        "recommender": recommender.name,
        "dialogues": len(dialogues),
        "turns": len(turns),
        "reference": _variety([without_titles(one.said) for one in turns]),
        "forced": _figures(forced, catalog),
        "free": _figures(free, catalog) | {"mode": _modes(free)},
        "wrong_item": _keeping(wrong),
    }
    if isinstance(recommender, TalkingRecommender):
        report["references"] = reference_figures(recommender, turns, seed)
    return report


def _answers(
    recommender: Recommender, judge: FactJudge, plans: Sequence[tuple[Case, Plan]], how: str
) -> list[Said]:
    """Lets a recommender answer and reads what it says."""
    answers = []
    for case, plan in tqdm(plans, desc=f"{recommender.name} answers, {how}", unit="turn"):
        said = reply(recommender, case.context, plan)
        claims = judge.claims(case.context, said)
        answers.append(Said(case, said, claims, judge.named(case.context, said)))
    return answers


def _strange_plans(
    forced: Sequence[Said], catalog: Catalog, seed: int
) -> Iterator[tuple[Case, Plan]]:
    """Where something was recommended, the plan to recommend an item that nobody spoke of."""
    rng = random.Random(seed)
    for one in forced:
        if one.reply.item is None:
            continue
        spoken_of = {*one.case.context.mentioned, *one.case.targets, *one.named}
        strangers = [item.id for item in catalog if item.id not in spoken_of | {one.reply.item.id}]
        if strangers:
            yield one.case, Plan("REC", rng.choice(strangers), seed=seed)


def _figures(answers: Sequence[Said], catalog: Catalog) -> dict[str, Any]:
    texts = [without_titles(one.reply.turn()) for one in answers]
    references = [without_titles(one.case.said) for one in answers]
    return {
        "modes": {m: sum(one.reply.mode == m for one in answers) for m in ("REC", "CHAT")},
        "bleu": round(bleu(texts, references), 3),
        **{name: round(value, 5) for name, value in rouge(texts, references).items()},
        **_variety(texts),
        "items_outside_the_catalog": _outside(answers, catalog),
        **_keeping(answers),
    }


def _variety(texts: Sequence[str]) -> dict[str, Any]:
    """How much is said and how differently; texts hold `<movie>` where they name an item."""
    both = {str(n): distinct(texts, n) for n in ORDERS}
    return {
        "words_per_reply": round(sum(len(words(text)) for text in texts) / len(texts), 3),
        "item_ratio": share_of([TITLE in text for text in texts]),
        "distinct_by_ngrams": {n: round(share, 5) for n, (share, _) in both.items()},
        "distinct_by_replies": {n: round(each, 5) for n, (_, each) in both.items()},
    }


def _outside(answers: Sequence[Said], catalog: Catalog) -> dict[str, Any]:
    """The hallucination ratio: of the items that were chosen or named, those it lacks."""
    chosen = [[*one.named, *([one.reply.item.id] if one.reply.item else [])] for one in answers]
    return share_of([item_id not in catalog.row for ids in chosen for item_id in {*ids}])


def _keeping(answers: Sequence[Said]) -> dict[str, Any]:
    """Whether words keep to the facts, and to the item that was chosen.

    Of each kind of claim the share that is wrong, and of the replies those with one. Of the replies
    that recommend whether they name the chosen item, and any other: what the user spoke of before
    may be named beside it and counts as another all the same.
    """
    claims = [claim for one in answers for claim in one.claims]
    wrong = {k: share_of([bool(claim.wrong) for claim in claims if claim.kind == k]) for k in KINDS}
    replies = share_of([any(claim.wrong for claim in one.claims) for one in answers])
    about = [(one.named, one.reply.item.id) for one in answers if one.reply.item is not None]
    return {
        "facts": {"wrong": wrong, "replies": replies},
        "faithfulness": {
            "names_the_chosen_item": share_of([item in named for named, item in about]),
            "names_another_item": share_of([bool(named - {item}) for named, item in about]),
        },
    }


def _modes(answers: Sequence[Said]) -> dict[str, Any]:
    """The choice of REC, as the recommender made it, against whether the reference names an item.

    With an interval of the accuracy.
    """
    actual = [one.case.mode == "REC" for one in answers]
    predicted = [one.reply.mode == "REC" for one in answers]
    scores = asdict(binary_scores(predicted, actual))
    right = sum(a == b for a, b in zip(predicted, actual, strict=True))
    rounded = {name: round(value, 5) for name, value in scores.items()}
    return {"as_said": rounded | {"ci95": share(right, len(actual))["ci95"]}}
