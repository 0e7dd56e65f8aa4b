"""Figures of texts: BLEU, ROUGE, distinct n-grams, perplexity. Pure functions of strings, numbers.

Titles are one word beforehand (`without_titles`), so that a system gains nothing by long titles.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

from crsdemo.core.dialogue import Turn

TITLE = "<movie>"
ONE_WORD = "titleofamovie"  # what tokenizers are shown: they would take `<movie>` for three tokens
TOKENIZER = Tokenizer13a()
ROUGES = ("rouge1", "rouge2", "rougeL")
ORDERS = (1, 2, 3, 4)


def without_titles(turn: Turn) -> str:
    """The text of a turn with `<movie>` in the place of each title (GCRS, App. D), on one line.

    An item that a dataset lists without a place in the text was not said, and leaves no mark.
    """
    said, end = "", 0
    for mention in turn.mentions:
        if mention.end > mention.start:
            said += turn.text[end : mention.start] + TITLE
            end = mention.end
    return " ".join((said + turn.text[end:]).split())


def bleu(texts: Sequence[str], references: Sequence[str]) -> float:
    """Corpus BLEU-4 from 0 to 100 by SacreBLEU: 13a tokens, exponential smoothing, cased."""
    hypotheses, gold = [[text.replace(TITLE, ONE_WORD) for text in s] for s in (texts, references)]
    return float(BLEU().corpus_score(hypotheses, [gold]).score)


def rouge(texts: Sequence[str], references: Sequence[str]) -> dict[str, float]:
    """Mean F1 of ROUGE-1, ROUGE-2 and ROUGE-L from 0 to 1, without stemming, in lower case."""
    scorer = RougeScorer(list(ROUGES))
    scores = [
        scorer.score(reference.replace(TITLE, ONE_WORD), text.replace(TITLE, ONE_WORD))
        for text, reference in zip(texts, references, strict=True)
    ]
    return {
        name: math.fsum(score[name].fmeasure for score in scores) / max(1, len(scores))
        for name in ROUGES
    }


def distinct(texts: Sequence[str], n: int) -> tuple[float, float]:
    """Different n-grams, by all n-grams (GCRS) and by texts (UniCRS, PECRS, CRSLab).

    Both fall or rise with how much is said, so compare them only at the same number of texts. The
    words are BLEU's, in lower case.
    """
    grams = [gram for text in texts for gram in _grams(words(text.lower()), n)]
    different = len(set(grams))
    return different / max(1, len(grams)), different / max(1, len(texts))


def _grams(tokens: Sequence[str], n: int) -> list[tuple[str, ...]]:
    return [tuple(tokens[start : start + n]) for start in range(len(tokens) - n + 1)]


def words(text: str) -> list[str]:
    """The 13a tokens of a text, `<movie>` being one."""
    tokens: str = TOKENIZER(text.replace(TITLE, ONE_WORD))
    return tokens.split()


def perplexity(nats: float, n: int) -> float:
    """exp of the mean surprise; `nats` in all over `n` tokens or words."""
    return math.exp(nats / n)
