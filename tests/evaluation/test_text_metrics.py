"""BLEU, ROUGE, distinct n-grams and perplexity, by hand."""

from __future__ import annotations

import math

import pytest

from crsdemo.core.dialogue import Mention, Turn
from crsdemo.evaluation.text_metrics import bleu, distinct, perplexity, rouge, without_titles, words


def test_titles_are_one_word_whatever_their_length() -> None:
    text = "See Alien (1979)\nor Up!"
    turn = Turn("assistant", text, (Mention(4, 16, "a"), Mention(20, 22, "u")))
    assert without_titles(turn) == "See <movie> or <movie>!"
    assert len(words(without_titles(turn))) == 5


def test_an_item_that_was_not_said_leaves_no_mark() -> None:
    assert without_titles(Turn("assistant", "Try it", (Mention(6, 6, "a"),))) == "Try it"


def test_bleu_of_the_reference_itself_is_100_and_of_other_words_0() -> None:
    said = ["you will like <movie> a lot", "what do you like to see"]
    assert bleu(said, said) == pytest.approx(100)
    assert bleu(["red green blue black white"], ["one two three four five"]) == 0


def test_bleu_counts_a_title_once() -> None:
    # 4 of 5 words agree, and 3 of 4, 2 of 3, 1 of 2 runs, if a title is one word
    wanted = 100 * (4 / 5 * 3 / 4 * 2 / 3 * 1 / 2) ** (1 / 4)
    assert bleu(["a b c d <movie>"], ["a b c d e"]) == pytest.approx(wanted)


def test_rouge_by_hand() -> None:
    # rouge-1: precision 1, recall 2/3; rouge-2: precision 1, recall 1/2
    found = rouge(["the <movie>"], ["the <movie> sat"])
    assert found == pytest.approx({"rouge1": 0.8, "rouge2": 2 / 3, "rougeL": 0.8})


def test_rouge_is_the_mean_over_replies() -> None:
    assert rouge(["red", "blue"], ["red", "one"])["rouge1"] == 0.5


def test_distinct_by_ngrams_and_by_texts() -> None:
    texts = ["Go go go", "go on"]  # 5 words, 2 different; 3 runs of two, 2 different
    assert distinct(texts, 1) == (2 / 5, 2 / 2)
    assert distinct(texts, 2) == (2 / 3, 2 / 2)
    assert distinct(texts, 4) == (0, 0)


def test_perplexity_of_a_fair_die_is_its_sides() -> None:
    assert perplexity(10 * math.log(6), 10) == pytest.approx(6)
