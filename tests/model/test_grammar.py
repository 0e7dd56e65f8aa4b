from __future__ import annotations

import logging
import re
from copy import copy
from itertools import product
from pathlib import Path

import outlines
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from outlines.backends.outlines_core import OutlinesCoreLogitsProcessor
from tiny import (
    SLOTS,
    byte_level_tokenizer,
    causal_lm,
    generated,
    semantic_ids,
    sentencepiece_tokenizer,
)
from transformers import LogitsProcessorList, PreTrainedModel

import crsdemo.model.grammar
from crsdemo.core.errors import CatalogError
from crsdemo.items.trie import Trie
from crsdemo.model.grammar import Grammar
from crsdemo.model.outlines_processor import CatalogProcessor
from crsdemo.model.sampling import TextConstraint
from crsdemo.model.tokens import add_control_tokens, encode_text, item_token

TOKENIZER = byte_level_tokenizer()
CONTROL = add_control_tokens(TOKENIZER, 3, 8, SLOTS)
ITEMS = semantic_ids(60)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("grammars")


@pytest.fixture(scope="module")
def grammar(kept: Path) -> Grammar:
    return Grammar(TOKENIZER, CONTROL, ITEMS, kept)


@pytest.fixture(scope="module")
def model() -> PreTrainedModel:
    return causal_lm("qwen3", len(TOKENIZER))


def mistake(written: list[int], items: dict[str, tuple[int, ...]]) -> str | None:
    """What is wrong with a reply, by regular expressions over its token names, not by a trie."""
    names = TOKENIZER.convert_ids_to_tokens(written)
    said = "".join(n if i in CONTROL.ids else "." for n, i in zip(names, written, strict=True))
    said = said.split("<eos>")[0]
    known = {"".join(item_token(*c) for c in enumerate(codes)) for codes in items.values()}
    unknown = set(re.findall("<BOI>(.*?)<EOI>", said)) - known
    shape = re.sub("<BOI>[^.]*?<EOI>", "I", said)
    shape = re.sub("<BOI>(<[abc]_[0-9]+>)*$", "", shape)  # the limit fell into an item
    rest = r"(<RESP>([.I]|<year>|<cast_[12]>|<genres_1>)*)?"
    about, talk, search = rf"<MODE=(REC|CHAT)>I?{rest}", "<MODE=CHAT>(<RESP>[.I]*)?", "<QUERY>[.]*"
    well_formed = re.fullmatch(rf"{about}|{talk}|<MODE=REC>{search}", shape)
    return None if well_formed and not unknown else said


def names(state: int, grammar: Grammar) -> set[str]:
    return set(TOKENIZER.convert_ids_to_tokens(grammar.allowed(state).tolist()))


def accepted(grammar: Grammar) -> set[tuple[int, ...]]:
    """Every semantic ID that the automaton lets through, found by walking all of its paths."""
    control = grammar.control
    found: set[tuple[int, ...]] = set()
    after_mode = grammar.next_state(grammar.start, control.rec)
    begun: tuple[int, ...] = ()
    open_paths = [(begun, grammar.next_state(after_mode, control.boi))]
    while open_paths:
        codes, state = open_paths.pop()
        for token in grammar.allowed(state).tolist():
            if token == control.eoi:
                found.add(codes)
            else:
                _, code = control.code[token]
                open_paths.append(((*codes, code), grammar.next_state(state, token)))
    return found


def test_of_too_many_items_the_automaton_knows_the_form_and_the_trie_the_rest(
    monkeypatch: pytest.MonkeyPatch, kept: Path
) -> None:
    monkeypatch.setattr(crsdemo.model.grammar, "MOST_ITEMS", 50)
    grammar = Grammar(TOKENIZER, CONTROL, ITEMS, kept)
    assert accepted(grammar) == set(product(range(8), repeat=3)) > set(ITEMS.values())
    with pytest.raises(CatalogError, match="60 items knows only the form"):
        CatalogProcessor(grammar)
    words = TextConstraint(grammar, "CHAT", (), list(ITEMS)[:2])
    written = list[tuple[int, ...]]()
    for codes in product(range(8), repeat=3):
        said = copy(words)
        for token in (CONTROL.boi, *CONTROL.item(codes), CONTROL.eoi):
            if token not in said.allowed.tolist():
                break
            said.advance(token)
        else:
            written.append(codes)
    assert sorted(written) == sorted(ITEMS[item] for item in list(ITEMS)[:2])
    assert Grammar(TOKENIZER, CONTROL, semantic_ids(55), kept).index == grammar.index


def test_ten_thousand_generations_hold_no_invalid_item(
    grammar: Grammar, model: PreTrainedModel
) -> None:
    processor = CatalogProcessor(grammar)
    torch.manual_seed(1)
    prompts = torch.randint(2, 300, (500, 4))
    mistakes, items = [], 0
    for _ in range(20):
        processor.reset()
        out = generated(
            model,
            prompts,
            do_sample=True,
            temperature=3.0,
            max_new_tokens=9,
            logits_processor=LogitsProcessorList([processor]),
        )
        replies = out[:, 4:].tolist()
        mistakes += [wrong for reply in replies if (wrong := mistake(reply, ITEMS))]
        items += sum(reply.count(CONTROL.eoi) for reply in replies)
    assert mistakes == []
    assert items > 3000


def test_without_the_grammar_the_same_model_makes_mistakes(model: PreTrainedModel) -> None:
    torch.manual_seed(1)
    prompts = torch.randint(2, 300, (50, 4))
    out = generated(model, prompts, do_sample=True, temperature=3.0, max_new_tokens=9)
    assert sum(mistake(reply, ITEMS) is not None for reply in out[:, 4:].tolist()) > 40


def test_beam_search_holds_no_invalid_item(grammar: Grammar, model: PreTrainedModel) -> None:
    processor = CatalogProcessor(grammar)
    mistakes, items = [], set()
    for seed in range(20):
        processor.reset()
        torch.manual_seed(seed)
        out = generated(
            model,
            torch.randint(2, 300, (2, 4)),
            num_beams=5,
            num_return_sequences=5,
            max_new_tokens=10,
            logits_processor=LogitsProcessorList([processor]),
        )
        mistakes += [wrong for r in out[:, 4:].tolist() if (wrong := mistake(r, ITEMS))]
        items |= {tuple(row) for row in out[:, 6:9].tolist() if row[0] in CONTROL.code}
    assert mistakes == []
    assert len(items) > 3


def test_the_stock_processor_fails_under_beam_search(
    grammar: Grammar, model: PreTrainedModel
) -> None:
    """Why `CatalogProcessor` exists. Should this fail one day, it can go."""
    stock = LogitsProcessorList([OutlinesCoreLogitsProcessor(grammar.index, "torch")])
    torch.manual_seed(0)
    prompts = torch.randint(2, 300, (2, 4))
    with torch.compiler.set_stance("force_eager"), pytest.raises(ValueError, match="No next state"):
        generated(model, prompts, num_beams=5, max_new_tokens=10, logits_processor=stock)


def test_outlines_generates_a_batch_under_the_grammar(
    grammar: Grammar, model: PreTrainedModel
) -> None:
    generator = outlines.Generator(
        outlines.from_transformers(model, TOKENIZER),  # type: ignore[arg-type]  # takes both kinds
        processor=CatalogProcessor(grammar),
    )
    replies = generator.batch(["a calm film", "hello", "something funny tonight"], max_new_tokens=7)
    assert isinstance(replies, list) and len(replies) == 3
    for reply in replies:
        item = r"<BOI><a_\d><b_\d><c_\d><EOI><RESP>"
        assert re.match(rf"<MODE=REC>({item}|<QUERY>)|<MODE=CHAT>({item}|<RESP>)", reply)


@given(st.sets(st.tuples(*[st.integers(0, 7)] * 3), min_size=1, max_size=40))
@settings(max_examples=25, deadline=None)
def test_the_automaton_admits_exactly_the_items_of_the_catalog(
    kept: Path, codes: set[tuple[int, ...]]
) -> None:
    items = {f"i{n}": c for n, c in enumerate(codes)}
    grammar = Grammar(TOKENIZER, CONTROL, items, kept)
    assert accepted(grammar) == codes
    assert {grammar.trie.codes(item_id) for item_id in items} == codes


def test_after_a_catalog_change_exactly_the_new_items_are_admitted(
    kept: Path, grammar: Grammar
) -> None:
    new = {"new": (0, 0, 7), "newer": (6, 7, 7)}
    assert set(new.values()).isdisjoint(ITEMS.values())
    changed = dict(list(ITEMS.items())[10:]) | new
    assert accepted(Grammar(TOKENIZER, CONTROL, changed, kept)) == set(changed.values())
    assert accepted(grammar) == set(ITEMS.values())


def test_every_step_allows_what_the_grammar_says(grammar: Grammar) -> None:
    assert names(grammar.start, grammar) == {"<MODE=CHAT>", "<MODE=REC>"}
    rec = grammar.next_state(grammar.start, CONTROL.rec)
    chat = grammar.next_state(grammar.start, CONTROL.chat)
    assert names(rec, grammar) == {"<BOI>", "<QUERY>"}
    assert names(chat, grammar) == {"<BOI>", "<RESP>"}, "talk may go on about a film"
    assert names(grammar.search_state, grammar).isdisjoint({"<BOI>", "<eos>"}), (
        "something is sought"
    )
    word = encode_text(TOKENIZER, "a")[0]
    searching = names(grammar.next_state(grammar.search_state, word), grammar)
    assert "<eos>" in searching and "<BOI>" not in searching
    control = {*TOKENIZER.convert_ids_to_tokens(sorted(CONTROL.ids)), "<pad>"}
    assert names(grammar.text_state["CHAT"], grammar) & control == {"<BOI>", "<eos>"}
    slots = {slot.token for slot in SLOTS}
    assert names(grammar.text_state["REC"], grammar) & control == {"<BOI>", "<eos>"} | slots


@given(st.sampled_from(sorted(ITEMS)), st.integers(0, 3), st.sampled_from(["rec", "chat", "text"]))
@settings(max_examples=120, deadline=None)
def test_the_trie_allows_what_the_automaton_allows(
    grammar: Grammar, item_id: str, depth: int, where: str
) -> None:
    """The beam walks the trie, the automaton is what holds: the same sets on any prefix."""
    state = {
        "rec": grammar.next_state(grammar.start, CONTROL.rec),
        "chat": grammar.next_state(grammar.start, CONTROL.chat),
        "text": grammar.text_state["REC"],
    }[where]
    prefix = ITEMS[item_id][:depth]
    for token in (CONTROL.boi, *CONTROL.item(prefix)):
        state = grammar.next_state(state, token)
    codes = grammar.trie.children(prefix)
    by_trie = {CONTROL.item_token[depth][c] for c in codes} if codes else {CONTROL.eoi}
    assert set(grammar.allowed(state).tolist()) == by_trie


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
@settings(max_examples=150, deadline=None)
def test_the_text_may_be_any_text_in_any_script(grammar: Grammar, text: str) -> None:
    private = any(ord(char) >= 0x100000 for char in text)
    state = grammar.text_state["CHAT"]
    try:
        for token in encode_text(TOKENIZER, text):
            state = grammar.next_state(state, token)
    except ValueError:
        assert private
    else:
        assert grammar.may_end(state) and not private


def test_a_character_must_be_complete_before_the_text_ends(grammar: Grammar) -> None:
    first, *_ = encode_text(TOKENIZER, "\U0001f3ac")
    state = grammar.next_state(grammar.text_state["CHAT"], first)
    assert not grammar.may_end(state)
    assert CONTROL.eos not in grammar.allowed(state)


def test_what_may_not_follow_is_refused(grammar: Grammar) -> None:
    with pytest.raises(ValueError, match="may not follow"):
        grammar.next_state(grammar.start, CONTROL.boi)


def test_a_sentencepiece_tokenizer_writes_spaces_and_bytes(kept: Path) -> None:
    tokenizer = sentencepiece_tokenizer()
    control = add_control_tokens(tokenizer, 3, 8, SLOTS)
    grammar = Grammar(tokenizer, control, ITEMS, kept)
    assert accepted(grammar) == set(ITEMS.values())
    state = grammar.text_state["CHAT"]
    for token in encode_text(tokenizer, "a film d\u00e9j\u00e0 vu \U0001f3ac"):
        state = grammar.next_state(state, token)
    assert grammar.may_end(state)


def test_a_catalog_without_slots_has_a_grammar(kept: Path) -> None:
    tokenizer = byte_level_tokenizer()
    control = add_control_tokens(tokenizer, 3, 8, [])
    assert accepted(Grammar(tokenizer, control, ITEMS, kept)) == set(ITEMS.values())


# the kept automaton


def test_the_automaton_is_built_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Grammar(TOKENIZER, CONTROL, ITEMS, tmp_path)
    monkeypatch.setattr(crsdemo.model.grammar, "Index", None)  # building would now fail
    assert accepted(Grammar(TOKENIZER, CONTROL, ITEMS, tmp_path)) == accepted(first)


@pytest.mark.parametrize("damage", [b"", b"no pickle", None])
def test_a_damaged_file_is_named_and_built_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: bytes | None
) -> None:
    Grammar(TOKENIZER, CONTROL, ITEMS, tmp_path)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole[:-5] if damage is None else damage)
    again = Grammar(TOKENIZER, CONTROL, ITEMS, tmp_path)
    assert "damaged; building it again" in caplog.text and str(path) in caplog.text
    assert accepted(again) == set(ITEMS.values())
    caplog.clear()
    Grammar(TOKENIZER, CONTROL, ITEMS, tmp_path)
    assert caplog.text == ""  # the file is whole again


def test_a_folder_that_cannot_be_written_is_only_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    grammar = Grammar(TOKENIZER, CONTROL, ITEMS, tmp_path / "file" / "below")
    assert accepted(grammar) == set(ITEMS.values())
    assert "cannot keep the grammar" in caplog.text


def test_grammars_are_kept_in_the_users_cache_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with caplog.at_level(logging.INFO):
        Grammar(TOKENIZER, CONTROL, ITEMS)
    assert len(list((tmp_path / "crsdemo").iterdir())) == 1
    assert "built the grammar" in caplog.text


# what is refused


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ({}, "no semantic IDs"),
        ({"x": (1, 2)}, r"'x' has the semantic ID \(1, 2\).*3 codes from 0 to 7"),
        ({"x": (1, 2, 8)}, r"\(1, 2, 8\)"),
        ({"x": (1, 2, -1)}, r"\(1, 2, -1\)"),
        ({"x": (1, 2, 3), "y": (1, 2, 3)}, "'x' and 'y' share"),
    ],
)
def test_semantic_ids_that_cannot_be_used_are_refused(
    items: dict[str, tuple[int, ...]], message: str, tmp_path: Path
) -> None:
    with pytest.raises(CatalogError, match=message):
        Grammar(TOKENIZER, CONTROL, items, tmp_path)


# the trie

CODES = st.sets(st.tuples(*[st.integers(0, 3)] * 3), min_size=1, max_size=30)


@given(CODES, st.lists(st.integers(0, 3), max_size=3))
def test_children_and_items_of_a_prefix_are_those_of_a_plain_search(
    codes: set[tuple[int, ...]], prefix: list[int]
) -> None:
    trie = Trie({str(c): c for c in codes}, 3)
    n = len(prefix)
    under = sorted(c for c in codes if c[:n] == tuple(prefix))
    assert trie.items(prefix) == tuple(str(c) for c in under)
    assert trie.children(prefix) == tuple(sorted({c[n] for c in under} if n < 3 else ()))
    assert (trie.node(prefix) is None) == (not under)


@given(CODES, st.data())
def test_counts_follow_the_allowed_items_up_to_the_root(
    codes: set[tuple[int, ...]], data: st.DataObject
) -> None:
    trie = Trie({str(c): c for c in codes}, 3)
    allowed = data.draw(st.sets(st.sampled_from(sorted(codes))))
    counts = trie.count(trie.leaves([*map(str, allowed), "unknown"]))
    assert counts[0].tolist() == [len(allowed)]
    for depth in range(1, 4):
        for prefix in {c[:depth] for c in codes}:
            expected = sum(c[:depth] == prefix for c in allowed)
            assert counts[depth][trie.node(prefix)] == expected


def test_an_unknown_item_is_named() -> None:
    with pytest.raises(CatalogError, match="'nowhere' has no semantic ID"):
        Trie({"x": (1, 2, 3)}, 3).codes("nowhere")
