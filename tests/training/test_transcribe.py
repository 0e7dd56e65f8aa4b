"""Replies of the log become the very tokens that training has for them."""

from __future__ import annotations

import films
import pytest
import tiny
from chatml import ALIEN, HEAT, WRITTEN, chat_tokenizer

from crsdemo.core.dialogue import Dialogue, Mention, Turn
from crsdemo.core.slots import TITLE, Slot, slots_of
from crsdemo.model.talk import Said, TalkFormat, history_of
from crsdemo.model.tokens import add_control_tokens, decoded
from crsdemo.training.lm.candidates import Target
from crsdemo.training.lm.examples import ExampleSampler
from crsdemo.training.lm.sequences import TrainingSequence
from crsdemo.training.preference.transcribe import OtherFormatError, Transcriber, scored

CODES = dict(zip(films.CATALOG.row, tiny.semantic_ids(len(films.CATALOG)).values(), strict=True))
ASKED = Turn("user", "loved heat <BOI>", (Mention(6, 10, HEAT.id),))
PIECES = ("Try ", ALIEN, " of ", Slot("year"), ", or ", HEAT, "!")


@pytest.fixture(scope="module")
def talk() -> TalkFormat:
    tokenizer = chat_tokenizer()
    control = add_control_tokens(tokenizer, 3, 8, (TITLE, *slots_of(films.CATALOG)))
    return TalkFormat(tokenizer, control, films.CATALOG, CODES)


def trained_on(talk: TalkFormat, said: Said, before: tuple[Turn, ...] = ()) -> TrainingSequence:
    """The sequence that `train-gcrs` makes of a conversation, without the line break at its end."""
    sampler = ExampleSampler(talk, None, [], [], [WRITTEN], [])  # type: ignore[arg-type]  # no teacher is asked
    sequence = TrainingSequence()
    for turn in (*before, ASKED):
        sequence.add(talk.user(turn))
    target = Target.only(talk.catalog.row[said.item.id]) if said.item else None
    sampler._reply(sequence, said, target)
    del sequence.ids[-1], sequence.are_words[-1]
    return sequence


def written(talk: TalkFormat, said: Said, search: str = "") -> list[int]:
    """What the model writes of it: `output_token_ids` of the log."""
    control = talk.control
    ids = [control.mode(said.mode)]
    if search:
        ids += [control.query, *talk.text(search), control.eos]
    ids += talk.code(said.item.id) if said.item else []
    words = talk.words(said.pieces, said.item)
    told = [token for token, is_word in zip(*words, strict=True) if is_word]
    return [*ids, control.resp, *told, control.eos]


@pytest.mark.parametrize(
    "said",
    [Said("REC", ALIEN, PIECES), Said("CHAT", HEAT, ("Yes. ", HEAT)), Said("CHAT", None, ("Hi.",))],
)
def test_tags_ids_and_words_are_tokens_as_in_training(talk: TalkFormat, said: Said) -> None:
    history = history_of(Dialogue((ASKED,)), talk)
    ours = Transcriber(talk).reply(history, written(talk, said))
    assert ours == trained_on(talk, said)


def test_a_card_that_was_given_is_not_given_again(talk: TalkFormat) -> None:
    text = f"Try {ALIEN.name}."
    before = Turn("assistant", text, (Mention(4, 4 + len(ALIEN.name), ALIEN.id),))
    history = history_of(Dialogue((ASKED, before, ASKED)), talk)
    ours = Transcriber(talk).reply(history, written(talk, Said("CHAT", ALIEN, ("Yes.",))))
    assert ours.ids.count(talk.control.card) == 1


def read(talk: TalkFormat, sequence: TrainingSequence, concern: str) -> str:
    """The tokens that are learned."""
    learned = scored(sequence, concern, talk.control.resp)  # type: ignore[arg-type]  # one of the concerns
    assert learned.ids == tuple(sequence.ids[: len(learned.ids)])
    assert learned.ids[learned.start] in (talk.control.chat, talk.control.rec)
    assert learned.places[-1].at == len(learned.ids) - 1, "nothing is read in vain"
    return decoded(talk.tokenizer, [learned.ids[place.at] for place in learned.places])


def test_a_film_is_its_tag_and_its_id_and_words_are_the_rest(talk: TalkFormat) -> None:
    said = Said("REC", ALIEN, PIECES)
    sequence = Transcriber(talk).reply(history_of(Dialogue((ASKED,)), talk), written(talk, said))
    codes = talk.tokenizer.decode(talk.code(ALIEN.id)[1:-1])
    words = f"Try <title> of <year>, or {talk.tokenizer.decode(talk.code(HEAT.id))}!<|im_end|>"
    assert read(talk, sequence, "item") == f"<MODE=REC>{codes}"
    assert read(talk, sequence, "words") == words
    assert read(talk, sequence, "both") == f"<MODE=REC>{codes}{words}"


def test_of_reges_the_search_stands_for_the_film(talk: TalkFormat) -> None:
    said, search = Said("REC", ALIEN, ("Try ", ALIEN)), "a crew in the dark"
    history, tokens = history_of(Dialogue((ASKED,)), talk), written(talk, said, search)
    searching = Transcriber(talk, searches=True).reply(history, tokens)
    assert read(talk, searching, "item") == f"<MODE=REC>{search}<|im_end|>"
    assert read(talk, searching, "words") == "Try <title><|im_end|>"
    generative = Transcriber(talk).reply(history, tokens)
    assert generative == Transcriber(talk).reply(history, written(talk, said))


@pytest.mark.parametrize("spoiled", ["no tag", "other film", "half", "no end", "nothing"])
def test_what_is_no_reply_in_this_format_is_refused(talk: TalkFormat, spoiled: str) -> None:
    tokens = written(talk, Said("REC", ALIEN, PIECES))
    taken = {tuple(talk.control.item(codes)) for codes in CODES.values()}
    a, b, c = talk.control.item_token
    free = next(x for x in ((i, j, k) for i in a for j in b for k in c) if x not in taken)
    wrong = {
        "no tag": tokens[1:],
        "other film": [*tokens[:2], *free, *tokens[5:]],
        "half": tokens[:4],
        "no end": tokens[:-1],
        "nothing": [],
    }[spoiled]
    with pytest.raises(OtherFormatError):
        Transcriber(talk).reply(history_of(Dialogue((ASKED,)), talk), wrong)
