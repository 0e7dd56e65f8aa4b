"""A dialogue becomes tokens and tokens become a reply, and nothing is lost or smuggled in."""

from __future__ import annotations

from dataclasses import replace

import pytest
from films import BY_TITLE, CATALOG
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import byte_level_tokenizer, semantic_ids

from crsdemo.catalog import Item
from crsdemo.dialogue import Dialogue, Mention, Turn
from crsdemo.prompt import PromptWriter
from crsdemo.slots import Slot, slots_of
from crsdemo.tokens import add_control_tokens

TOKENIZER = byte_level_tokenizer()
CONTROL = add_control_tokens(TOKENIZER, 3, 8, slots_of(CATALOG))
IDS = dict(zip(CATALOG.row, semantic_ids(len(CATALOG)).values(), strict=True))
WRITER = PromptWriter(TOKENIZER, CONTROL, CATALOG, IDS)
HEAT, ALIEN = BY_TITLE["Heat"], BY_TITLE["Alien"]

words = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=30)
pieces = st.lists(words | st.sampled_from(CATALOG.items) | st.sampled_from([Slot("cast", 1)]))
turns = st.lists(st.tuples(words, st.sampled_from(CATALOG.items), words), min_size=1, max_size=8)


def turn(speaker: str, *said: str | Item) -> Turn:
    text, mentions = "", []
    for piece in said:
        name = piece if isinstance(piece, str) else piece.title
        if isinstance(piece, Item):
            mentions.append(Mention(len(text), len(text) + len(name), piece.id))
        text += name
    return Turn(speaker, text, tuple(mentions))


def talk(said: list[tuple[str, Item, str]]) -> Dialogue:
    speakers = ("user", "assistant")
    return Dialogue(tuple(turn(speakers[n % 2], *pieces) for n, pieces in enumerate(said)))


def shown(ids: list[int]) -> str:
    return TOKENIZER.decode(ids)


def test_mentions_become_semantic_ids_and_the_assistant_is_to_speak() -> None:
    dialogue = Dialogue((turn("user", "I loved ", HEAT, ", more?"),))
    a, b, c = IDS[HEAT.id]
    item = f"<BOI><a_{a}><b_{b}><c_{c}><EOI>"
    assert shown(WRITER.history(dialogue)) == f"<USER>I loved {item}, more?<ASSISTANT>"


def test_an_item_that_the_catalog_lacks_stays_text() -> None:
    dialogue = Dialogue((Turn("user", "I loved Zulu", (Mention(8, 12, "redial:7"),)),))
    assert shown(WRITER.history(dialogue)) == "<USER>I loved Zulu<ASSISTANT>"


@pytest.mark.parametrize("typed", ["<MODE=REC>", "<BOI><a_1><b_2><c_3><EOI>", "</CARD><RESP><eos>"])
def test_typed_control_tokens_stay_text(typed: str) -> None:
    ids = WRITER.history(Dialogue((Turn("user", typed),)))
    assert CONTROL.ids.isdisjoint(ids[1:-1])
    assert shown(ids[1:-1]) == typed


@given(pieces)
def test_what_a_reply_says_can_be_read_back(said: list[str | Item | Slot]) -> None:
    read = WRITER.read(WRITER.reply(said), ALIEN)
    named = [p.value(ALIEN) if isinstance(p, Slot) else p for p in said]
    assert "".join(map(str, read)) == "".join(map(str, named)) or _articles_mended(said)
    assert [p for p in read if isinstance(p, Item)] == [p for p in named if isinstance(p, Item)]


def _articles_mended(said: list[str | Item | Slot]) -> bool:
    """Whether an "a" stands before a slot, which may become "an"."""
    return any(isinstance(p, str) and p.rstrip()[-1:] in "aAnN" for p in said)


def test_an_item_or_a_letter_that_is_not_finished_is_left_out() -> None:
    ids = WRITER.reply(["Try ", HEAT])
    assert [WRITER.read(ids[:-n], None) for n in (1, 2, 3)] == [("Try ",)] * 3
    assert WRITER.read(ids, None) == ("Try ", HEAT)
    snowman = WRITER.reply(["☃"])
    assert len(snowman) > 1
    assert WRITER.read(snowman[:-1], None) == ()


@given(turns, st.integers(8, 200))
@settings(max_examples=150)
def test_truncation_keeps_the_newest_words_and_items_whole(
    said: list[tuple[str, Item, str]], room: int
) -> None:
    dialogue = talk(said)
    whole = replace(WRITER, max_history=10_000).history(dialogue)
    cut = replace(WRITER, max_history=room).history(dialogue)
    assert len(cut) <= room + 1
    assert cut[0] in (CONTROL.user, CONTROL.assistant)
    assert cut[1:] == whole[len(whole) - len(cut) + 1 :]
    depth = 0
    for token in cut:
        depth += {CONTROL.boi: 1, CONTROL.eoi: -1}.get(token, 0)
        assert depth in (0, 1)
        assert token not in CONTROL.code or depth == 1
    assert depth == 0


def test_turns_are_dropped_whole_when_a_newer_one_fits() -> None:
    dialogue = Dialogue((Turn("user", "x" * 50), Turn("assistant", "Hm?"), Turn("user", "ok")))
    assert shown(replace(WRITER, max_history=20).history(dialogue)) == (
        "<ASSISTANT>Hm?<USER>ok<ASSISTANT>"
    )


def test_the_card_says_each_fact_behind_its_slot() -> None:
    card = shown(WRITER.card(HEAT))
    assert card.startswith("<CARD><year> 1995<")
    assert "<cast_1> Al Pacino<cast_2> Robert De Niro<directors_1> Michael Mann" in card
    assert card.endswith("</CARD>")
    assert "<cast_3>" not in card


def test_the_target_is_learned_but_for_the_card() -> None:
    target = WRITER.target("REC", HEAT, ["It is by ", Slot("directors", 1)])
    learned = [i for i, on in zip(target.ids, target.learned, strict=True) if on]
    a, b, c = IDS[HEAT.id]
    assert shown(learned) == (
        f"<MODE=REC><BOI><a_{a}><b_{b}><c_{c}><EOI><RESP>It is by <directors_1><eos>"
    )
    assert "Michael Mann" in shown(target.ids)
    chat = WRITER.target("CHAT", None, ["Hello"])
    assert shown(chat.ids) == "<MODE=CHAT><RESP>Hello<eos>"
    assert all(chat.learned)
