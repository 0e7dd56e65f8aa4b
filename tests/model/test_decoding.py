from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from itertools import islice
from typing import Any

import pytest
import torch
from tiny import SLOTS, byte_level_tokenizer, causal_lm, semantic_ids

from crsdemo.core.recommender import Mode
from crsdemo.core.slots import TITLE
from crsdemo.model.decoding import Context, Decoder
from crsdemo.model.grammar import Grammar
from crsdemo.model.leaning import Leaning, Retelling
from crsdemo.model.numbers import Numbers, digits_among
from crsdemo.model.sampling import Sampling, TextConstraint, TokenSampler
from crsdemo.model.tokens import add_control_tokens, decoded

TOKENIZER = byte_level_tokenizer()
CONTROL = add_control_tokens(TOKENIZER, 3, 8, SLOTS)
ITEMS = semantic_ids(60)
PROMPT = [40, 41, 42, 43, CONTROL.rec, CONTROL.boi]
KINDS = ("qwen3", "llama", "gpt2")


@pytest.fixture(scope="module")
def grammar(tmp_path_factory: pytest.TempPathFactory) -> Grammar:
    return Grammar(TOKENIZER, CONTROL, ITEMS, tmp_path_factory.mktemp("grammars"))


@pytest.fixture(scope="module")
def decoders(grammar: Grammar) -> dict[str, Decoder]:
    return {kind: Decoder(causal_lm(kind, len(TOKENIZER)), grammar) for kind in KINDS}


@pytest.fixture(scope="module")
def decoder(decoders: dict[str, Decoder]) -> Decoder:
    return decoders["qwen3"]


def read(decoder: Decoder, *prompt: int) -> Context:
    return decoder.read(torch.tensor([prompt or PROMPT]))


def write(
    decoder: Decoder, mode: Mode = "REC", n: int = 60, seed: int = 0, **limits: Any
) -> list[int]:
    context = read(decoder, 40, 41 + seed % 9, CONTROL.mode(mode), CONTROL.resp)
    sampling = limits.pop("sampling", Sampling(n, temperature=5.0, seed=seed))
    constraint = TextConstraint(
        decoder.grammar, mode, limits.get("slots", ()), limits.get("sayable", ITEMS)
    )
    return list(decoder.write(context, TokenSampler(constraint, sampling)))


def items_in(tokens: list[int]) -> list[tuple[int, ...]]:
    """The semantic IDs in a text; fails if a code stands outside or an item is not whole."""
    starts = [place for place, token in enumerate(tokens) if token == CONTROL.boi]
    assert [start + 4 for start in starts] == [p for p, t in enumerate(tokens) if t == CONTROL.eoi]
    assert sum(token in CONTROL.code for token in tokens) == 3 * len(starts)
    return [tuple(CONTROL.code[t][1] for t in tokens[start + 1 : start + 4]) for start in starts]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_holds_only_text_allowed_slots_and_sayable_items(
    decoders: dict[str, Decoder], kind: str
) -> None:
    sayable = {"item-3", "item-4", "item-50"}
    limits: dict[str, Any] = {"slots": SLOTS[:2], "sayable": sayable}
    chats = [write(decoders[kind], "CHAT", seed=seed, **limits) for seed in range(10)]
    recs = [write(decoders[kind], "REC", seed=seed, **limits) for seed in range(10)]
    said = {codes for tokens in chats + recs for codes in items_in(tokens)}
    assert said and said <= {ITEMS[item_id] for item_id in sayable}
    item = {CONTROL.boi, CONTROL.eoi, *CONTROL.code}
    assert {token for tokens in chats for token in tokens} & CONTROL.ids <= item
    slots = {token for tokens in recs for token in tokens} & CONTROL.ids - item
    assert slots and slots <= {CONTROL.slot[slot] for slot in SLOTS[:2]}


@pytest.mark.parametrize("kind", KINDS)
def test_no_slot_follows_the_name_of_another_item(decoders: dict[str, Decoder], kind: str) -> None:
    """A fact must not seem to be said of a film that it is not of."""
    said = named = 0
    for seed in range(60):
        text = write(decoders[kind], "REC", seed=seed, slots=SLOTS, sayable={"item-3", "item-4"})
        after = text.index(CONTROL.eoi) if CONTROL.eoi in text else len(text)
        assert not set(text[after:]) & CONTROL.slot_of.keys()
        said += bool(set(text[:after]) & CONTROL.slot_of.keys())
        named += CONTROL.eoi in text
    assert said and named


def test_after_its_own_title_facts_may_follow_again(grammar: Grammar) -> None:
    tokenizer = byte_level_tokenizer()
    control = add_control_tokens(tokenizer, 3, 8, (TITLE, *SLOTS))
    place = TextConstraint(Grammar(tokenizer, control, ITEMS), "REC", (TITLE, *SLOTS), {"item-3"})
    year = control.slot[SLOTS[0]]
    assert year in place.allowed
    for token in (control.boi, *control.item(ITEMS["item-3"]), control.eoi):
        place.advance(token)
    assert year not in place.allowed and control.slot[TITLE] in place.allowed
    place.advance(control.slot[TITLE])
    assert year in place.allowed and control.slot[TITLE] not in place.allowed


def test_any_item_of_the_catalog_may_be_named(decoder: Decoder) -> None:
    said = {codes for seed in range(20) for codes in items_in(write(decoder, "CHAT", seed=seed))}
    assert len(said) > 3 and said <= set(ITEMS.values())


def test_the_words_are_greedy_over_what_is_allowed(decoder: Decoder) -> None:
    """The cached loop writes what full forward passes without a cache would."""
    ids = [40, 41, CONTROL.chat, CONTROL.resp]
    state = decoder.grammar.text_state["CHAT"]
    expected: list[int] = []
    while len(expected) < 12:
        logits = decoder.model(torch.tensor([ids + expected])).logits[0, -1]
        allowed = decoder.grammar.allowed(state)
        allowed = allowed[allowed != CONTROL.boi]  # no item may be named
        token = int(allowed[logits[allowed].argmax()])
        if token == CONTROL.eos:
            break
        expected.append(token)
        state = decoder.grammar.next_state(state, token)
    assert expected
    written = write(decoder, "CHAT", sampling=Sampling(12), sayable=())
    assert written[:12] == expected


def test_an_item_begun_is_completed_beyond_the_limit(decoder: Decoder) -> None:
    for seed in range(40):
        tokens = write(decoder, n=3, seed=seed)
        assert tokens.count(CONTROL.boi) == tokens.count(CONTROL.eoi)
        assert len(tokens) <= 3 + 4
        decoded(TOKENIZER, tokens).encode("utf-8")
        assert "\ufffd" not in TOKENIZER.decode(tokens)


def test_with_nothing_sayable_no_item_is_opened(decoder: Decoder) -> None:
    assert not any(CONTROL.boi in write(decoder, seed=s, sayable=()) for s in range(10))


def test_the_same_seed_writes_the_same_and_another_seed_something_else(decoder: Decoder) -> None:
    assert write(decoder) == write(decoder)
    varied = {tuple(write(decoder, sampling=Sampling(20, 2.5, seed=s))) for s in range(5)}
    assert len(varied) == 5


def test_no_run_of_tokens_is_written_twice(decoder: Decoder) -> None:
    def runs(tokens: list[int]) -> list[tuple[int, ...]]:
        """Runs of three that do not end within a character of several bytes."""
        found, state = [], decoder.grammar.text_state["CHAT"]
        for place, token in enumerate(tokens):
            if place >= 2 and decoder.grammar.may_end(state):
                found.append(tuple(tokens[place - 2 : place + 1]))
            state = decoder.grammar.next_state(state, token)
        return found

    loops = 0
    for seed in range(6):
        plain = Sampling(60, seed=seed)
        free = runs(write(decoder, "CHAT", seed=seed, sampling=plain, sayable=()))
        guarded = replace(plain, no_repeat_ngram=3)
        varied = runs(write(decoder, "CHAT", seed=seed, sampling=guarded, sayable=()))
        loops += len(set(free)) < len(free)
        assert len(set(varied)) == len(varied)
    assert loops  # without the guard a random model repeats itself


def test_what_was_written_before_is_not_written_again(decoder: Decoder) -> None:
    def written(before: list[int]) -> list[int]:
        sampling = Sampling(12, no_repeat_ngram=3)
        sampler, context = (
            TokenSampler(TextConstraint(decoder.grammar, "CHAT", (), ()), sampling, before),
            read(decoder),
        )
        while (token := sampler.next(context.logits[0])) is not None:
            decoder.feed(context, [token])
        return sampler.written

    first = written([])
    second = written([*first, CONTROL.eos])
    assert len(first) > 3 and first != second and first[:2] == second[:2]
    closed = {tuple(first[i : i + 3]) for i in range(len(first) - 2)}
    assert tuple(second[:3]) not in closed


def test_what_is_owed_is_said_soon_after_the_text_would_have_ended(grammar: Grammar) -> None:
    owed = SLOTS[1]
    token, logits = CONTROL.slot[owed], torch.full((len(TOKENIZER),), -9.0)
    word = TOKENIZER.encode("w", add_special_tokens=False)[0]
    logits[[word, token, CONTROL.eos]] = torch.tensor([5.0, 0.0, 1.0])
    constraint = TextConstraint(grammar, "REC", SLOTS, (), owed=[owed])
    sampler = TokenSampler(constraint, Sampling(60))
    assert [sampler.next(logits) for _ in range(20)] == [word] * 20, "it goes on of its own accord"
    logits[CONTROL.eos] = 6.0
    said = [sampler.next(logits) for _ in range(8)]
    assert token in said and said[-1] is None, "said once, and then it ends"


def test_a_written_answer_holds_once_it_has_begun() -> None:
    leaning = Leaning(((1, 2, 3, 4), (1, 2, 9, 9), (5, 6, 7, 8)), 4.0)
    assert leaning.pull([]) == {1: 4.0, 5: 4.0}
    assert leaning.pull([1, 2]) == {3: 8.0, 9: 8.0}
    assert leaning.pull([1, 2, 3]) == {4: 8.0}
    assert leaning.pull([1, 2, 4]) == leaning.pull([1, 2, 3, 4]) == {}


def test_a_story_is_told_on_from_where_it_was_begun(grammar: Grammar) -> None:
    story = Retelling((1, 2, 3, 1, 2, 4, 5, 6), 1.5)
    assert story.pull([]) == story.pull([2]) == story.pull([7, 2]) == {}, "a word alone is none"
    assert story.pull([9, 1, 2]) == {3: 1.5, 4: 1.5}
    assert story.pull([3, 1, 2]) == {3: 1.5, 4: 3.0}
    assert story.pull([1, 2, 4, 5]) == {6: 4.5} and story.pull([4, 5, 6]) == {}

    words = [TOKENIZER.encode(letter, add_special_tokens=False)[0] for letter in "abcdz"]
    logits = torch.full((len(TOKENIZER),), -9.0)
    logits[words] = torch.tensor([1.0, 0.0, 0.0, 0.0, 0.9])
    constraint = TextConstraint(grammar, "CHAT", (), ())
    told = TokenSampler(constraint, Sampling(6), leanings=[Retelling((*words[3:0:-1],), 1.5)])
    told.written += [words[3], words[2]]
    assert [told.next(logits) for _ in range(2)] == [words[1], words[0]]


def test_no_number_is_written_but_those_that_are_known(grammar: Grammar) -> None:
    tokens = [TOKENIZER.encode(digit, add_special_tokens=False)[0] for digit in "0123456789"]
    digits = digits_among(TOKENIZER.get_vocab())
    assert [digits[token] for token in tokens] == list("0123456789")
    numbers = Numbers(digits, frozenset(["2004", "20", "7"]))
    logits = torch.full((len(TOKENIZER),), -99.0)
    word = TOKENIZER.encode("w", add_special_tokens=False)[0]
    for seed in range(30):
        logits[tokens] = torch.rand(10, generator=torch.Generator().manual_seed(seed))
        logits[word] = 0.5
        constraint = TextConstraint(grammar, "CHAT", (), (), numbers=numbers)
        sampler = TokenSampler(constraint, Sampling(60, temperature=1.0, seed=seed))
        said = [token for _ in range(40) if (token := sampler.next(logits)) is not None]
        text = "".join("w" if token == word else str(tokens.index(token)) for token in said)
        found = [number for number in text.split("w") if number]
        assert found and set(found[:-1]) <= numbers.known, text
        constraint.speak_of(replace(numbers, known=frozenset(["7"])))
        assert set(tokens) & set(constraint.allowed.tolist()) <= {tokens[7]}


def test_a_small_top_p_is_greedy(decoder: Decoder) -> None:
    narrow = Sampling(20, temperature=1.0, top_p=1e-6, seed=3)
    assert write(decoder, sampling=narrow) == write(decoder, sampling=Sampling(20))


def test_the_text_streams_and_may_be_stopped(decoder: Decoder) -> None:
    context = read(decoder, 40, CONTROL.chat, CONTROL.resp)
    constraint = TextConstraint(decoder.grammar, "CHAT", (), ITEMS)
    text = decoder.write(context, TokenSampler(constraint, Sampling(50, temperature=2.5)))
    assert len(list(islice(text, 2))) == 2
    assert context.cache.get_seq_length() == 4  # the second token is not read before it is shown
    assert isinstance(text, Generator)
    text.close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_text_is_scored_as_one_token_after_the_other_is_read(
    decoders: dict[str, Decoder], kind: str
) -> None:
    decoder, tokens, wanted = decoders[kind], [5, 9, 5, 2], []
    found = decoder.score(read(decoder, 40, 41), tokens)
    context = read(decoder, 40, 41)
    for token in tokens:
        wanted.append(float(context.logits[0].log_softmax(0)[token]))
        decoder.feed(context, [token])
    assert found.tolist() == pytest.approx(wanted, abs=1e-4)
