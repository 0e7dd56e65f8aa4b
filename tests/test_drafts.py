"""Drafts of a sentence on real tiny models: which beginnings are tried, and which one is kept."""

from __future__ import annotations

import math

import pytest
import torch
from tiny import SLOTS, byte_level_tokenizer, causal_lm, semantic_ids
from torch import Tensor

from crsdemo import drafts
from crsdemo.decoding import Context, Decoder
from crsdemo.grammar import Grammar
from crsdemo.tokens import add_control_tokens
from crsdemo.word_choice import Pen, Place, Sampling

TOKENIZER = byte_level_tokenizer()
CONTROL = add_control_tokens(TOKENIZER, 3, 8, SLOTS)
ITEMS = semantic_ids(60)
SAMPLING = Sampling(max_tokens=14, temperature=0.9, seed=3)
DOTS = frozenset(TOKENIZER.encode("."))


@pytest.fixture(scope="module")
def decoder(tmp_path_factory: pytest.TempPathFactory) -> Decoder:
    grammar = Grammar(TOKENIZER, CONTROL, ITEMS, tmp_path_factory.mktemp("grammars"))
    return Decoder(causal_lm("qwen3", len(TOKENIZER)), grammar)


def read(decoder: Decoder, word: str) -> Context:
    prompt = [*TOKENIZER.encode(word), CONTROL.chat, CONTROL.resp]
    return decoder.read(torch.tensor([prompt]))


def pen(decoder: Decoder) -> Pen:
    return Pen(Place(decoder.grammar, "CHAT", (), None), SAMPLING)


def alone(decoder: Decoder, word: str, number: int) -> Pen:
    """Draft `number` of the whole text, written without others beside it."""
    context, one = read(decoder, word), pen(decoder).fork(number)
    while (token := one.next(context.logits[0])) is not None:
        decoder.feed(context, [token])
    return one


@pytest.mark.parametrize("word", ["calm", "tonight", "French"])
def test_the_best_of_the_drafts_is_kept(decoder: Decoder, word: str) -> None:
    found = list(drafts.write(decoder, read(decoder, word), pen(decoder), 6, ()))
    each = [alone(decoder, word, number) for number in range(6)]
    best = max(each, key=lambda one: drafts.sureness(one, 0))
    assert found == best.written
    assert len({tuple(one.written) for one in each}) > 2


def test_sentence_by_sentence_the_text_goes_on_from_the_draft_that_was_kept(decoder) -> None:
    ends = {int(pen(decoder).place.allowed[9]), *alone(decoder, "calm", 0).written[4:6]}
    found = list(drafts.write(decoder, read(decoder, "calm"), pen(decoder), 4, ends))
    first = next(place for place, token in enumerate(found, 1) if token in ends)
    assert first < len(found)
    context, begun = read(decoder, "calm"), pen(decoder)
    for token in found[:first]:
        decoder.feed(context, [token])
        begun.place.advance(token)
    begun.written, begun.sure, begun.wanted = found[:first], [1.0] * first, [1.0] * first
    assert list(drafts.write(decoder, context, begun, 4, ends)) == found[first:]


def test_two_begin_with_each_of_the_most_probable_tokens(decoder: Decoder) -> None:
    context = read(decoder, "calm")
    allowed = pen(decoder).place.allowed
    best = allowed[context.logits[0][allowed].argsort(descending=True)].tolist()
    begun = [alone(decoder, "calm", number).written[0] for number in range(6)]
    assert begun[0] == best[0]
    assert begun[2:] == [best[1], best[1], best[2], best[2]]


def logits(wanted: dict[int, float]) -> Tensor:
    """Of a model that gives these tokens these probabilities, and no other one any."""
    found = torch.full((len(TOKENIZER),), -40.0)
    for token, probability in wanted.items():
        found[token] = math.log(probability)
    return found


def test_one_word_that_the_model_did_not_want_outweighs_a_rare_beginning(decoder: Decoder) -> None:
    a, b, c = (TOKENIZER.encode(letter)[0] for letter in "abc")
    dot = next(iter(DOTS))
    sure_but_once = pen(decoder).fork(0)
    sure_but_once.place.forbidden = {b}
    for wanted in ({a: 0.6, c: 0.4}, {b: 0.97, dot: 0.03}, *[{a: 1.0}] * 11):
        sure_but_once.next(logits(wanted))
    rare = pen(decoder).fork(2)
    for wanted in ({a: 0.6, c: 0.4}, {b: 0.7, a: 0.3}, {a: 0.7, b: 0.3}):
        rare.next(logits(wanted))
    assert rare.written[0] == c
    assert drafts.sureness(rare, 0) > drafts.sureness(sure_but_once, 0)


def rec_pen(decoder: Decoder) -> Pen:
    return Pen(Place(decoder.grammar, "REC", SLOTS[:1], set(), owes_a_fact=True), SAMPLING)


def test_an_answer_is_the_draft_whose_words_lead_to_the_fact(decoder: Decoder) -> None:
    year, slots = CONTROL.slot[SLOTS[0]], [CONTROL.slot[slot] for slot in SLOTS]
    surest_is_another = 0
    for word in ("calm", "slow", "funny", "French", "story", "mood", "rainy", "nineties"):
        whole = f"{word} and slow"
        found = drafts.answer(
            decoder, read(decoder, word), read(decoder, whole), rec_pen(decoder), 8
        )
        sure, fit, texts = [], [], []
        for number in range(8):
            context, one = read(decoder, word), rec_pen(decoder).fork(number)
            while (token := one.next(context.logits[0])) is not None:
                decoder.feed(context, [token])
            sure.append(drafts.sureness(one, 0))
            fit.append(math.log(drafts.LEAST))  # of a draft that never came to the fact
            if year in one.written:
                again = read(decoder, whole)
                for token in one.written[: one.written.index(year)]:
                    decoder.feed(again, [token])
                fit[-1] = float(again.logits[0][slots].log_softmax(0)[slots.index(year)])
            texts.append(one.written)
        best = max(range(8), key=lambda row: sure[row] + fit[row])
        assert found == texts[best]
        surest_is_another += texts[best] != texts[max(range(8), key=sure.__getitem__)]
    assert surest_is_another


def test_texts_of_different_length_are_read_at_once(decoder: Decoder) -> None:
    texts = [TOKENIZER.encode("slow and calm"), TOKENIZER.encode("so")]
    prompt = torch.tensor([[*TOKENIZER.encode("calm"), CONTROL.chat, CONTROL.resp]] * 2)
    together = decoder.feed_texts(decoder.read(prompt), texts)
    for text, logits in zip(texts, together, strict=True):
        context = read(decoder, "calm")
        assert len(logits) == len(text)
        for row, token in zip(logits, text, strict=True):
            torch.testing.assert_close(row, context.logits[0], atol=1e-4, rtol=1e-4)
            decoder.feed(context, [token])


def test_a_beginning_that_would_repeat_a_run_is_not_tried(decoder: Decoder) -> None:
    run = TOKENIZER.encode("calm.")
    sampling = Sampling(max_tokens=40, temperature=0.9, no_repeat_ngram=len(run))
    begun = Pen(Place(decoder.grammar, "CHAT", (), None), sampling)
    begun.written = [*run, *run[:-1]]
    begun.sure = begun.wanted = [1.0] * len(begun.written)
    scores = torch.zeros(len(TOKENIZER))
    scores[run[-1]] = 5.0
    scores[TOKENIZER.encode("a")[0]], scores[TOKENIZER.encode("b")[0]] = 6.0, 4.0
    for number in (2, 3):
        assert begun.fork(number).next(scores) == TOKENIZER.encode("b")[0]
