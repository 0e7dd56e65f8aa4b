"""Models that answer in fewer parts, or hear fewer: trained in a second, ranked all the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from films import BY_TITLE, CATALOG
from tiny import byte_level_tokenizer, semantic_ids

from crsdemo.catalog import Item
from crsdemo.checkpoint import load_card
from crsdemo.dialogue import Dialogue, Mention, Turn
from crsdemo.errors import CheckpointError
from crsdemo.factorisation import Factorisation
from crsdemo.generative import Generative
from crsdemo.loading import load_recommender
from crsdemo.prompt import PromptWriter
from crsdemo.recommender import Plan, reply
from crsdemo.reply_first import MOST_WORDS, ReplyFirst
from crsdemo.slots import slots_of
from crsdemo.tokens import add_control_tokens
from crsdemo.train import stages
from crsdemo.train.example import Example
from crsdemo.train.instances import InstanceWriter, Paths

TOKENIZER = byte_level_tokenizer()
CONTROL = add_control_tokens(TOKENIZER, 3, 8, slots_of(CATALOG))
IDS = dict(zip(CATALOG.row, semantic_ids(len(CATALOG)).values(), strict=True))
HEAT, ALIEN = BY_TITLE["Heat"], BY_TITLE["Alien"]
LIKES_HEAT = Dialogue((Turn("user", "I loved Heat", (Mention(8, 12, HEAT.id),)),))
SAID = Example(LIKES_HEAT, "REC", {ALIEN.id: 1.0}, ALIEN, ("Try ", ALIEN, " tonight"))
ITEM = "<BOI><a_{}><b_{}><c_{}><EOI>"
TEXT_ONLY = (Factorisation.MODE_REPLY, Factorisation.REPLY)


def instances(parts: Factorisation, *, hears_words: bool = True) -> InstanceWriter:
    writer = PromptWriter(TOKENIZER, CONTROL, CATALOG, IDS, parts)
    return InstanceWriter(writer, Paths(CATALOG, IDS), None, hears_words=hears_words)


def shown(ids: list[int]) -> str:
    return TOKENIZER.decode(ids).partition("<ASSISTANT>")[2]


@pytest.mark.parametrize(
    ("parts", "target"),
    [
        (Factorisation.MODE_REPLY, "<MODE=REC><RESP>Try {item} tonight<eos>"),
        (Factorisation.REPLY, "<RESP>Try {item} tonight<eos>"),
        (Factorisation.MODE_ITEM, "<MODE=REC>{item}"),
    ],
)
def test_each_factorisation_has_its_parts(parts: Factorisation, target: str) -> None:
    found = instances(parts).whole(SAID)
    assert shown(found.ids) == target.format(item=ITEM.format(*IDS[ALIEN.id]))
    assert (found.mode_at is None) == (parts is Factorisation.REPLY)
    assert found.item_at is not None and found.ids[found.item_at] == CONTROL.boi
    assert tuple(found.levels.path) == IDS[ALIEN.id]


@pytest.mark.parametrize("parts", TEXT_ONLY)
def test_words_learn_where_an_item_begins_and_the_levels_which(parts: Factorisation) -> None:
    found = instances(parts).whole(SAID)
    learned = [i for i, is_word in zip(found.ids, found.learned, strict=True) if is_word]
    assert shown([CONTROL.assistant, *learned]).replace("<RESP>", "") == "Try <BOI> tonight<eos>"


@pytest.mark.parametrize("parts", TEXT_ONLY)
def test_an_item_without_words_is_learned_alone(parts: Factorisation) -> None:
    found = instances(parts).whole(Example(LIKES_HEAT, "REC", {ALIEN.id: 1.0}, ALIEN, ()))
    assert not any(found.learned)
    assert found.item_at == found.ids.index(CONTROL.resp) + 1


def test_without_words_the_items_of_a_history_are_left() -> None:
    found = instances(Factorisation.MODE_ITEM, hears_words=False).whole(SAID)
    history = TOKENIZER.decode(found.ids).partition("<ASSISTANT>")[0]
    assert history == "<USER>" + ITEM.format(*IDS[HEAT.id])
    silent = Dialogue((Turn("user", "hello"), *LIKES_HEAT.turns)).wordless
    assert [turn.item_ids for turn in silent.turns] == [(HEAT.id,)]


# trained


def train(trained, out: Path, **options: object) -> Generative:
    config = trained.generative | {"minutes": 0.01, "out": out, "state": out / "state.pt"}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(trained.folder)
        stages.train_generative(stages.GenerativeConfig(**config | {"real_words": True} | options))
    found = load_recommender(str(out), CATALOG, trained.catalog)
    assert isinstance(found, Generative)
    return found


@pytest.fixture(scope="module", params=TEXT_ONLY)
def in_words(trained, request) -> Generative:
    return train(trained, trained.folder / "ablations" / request.param, factorisation=request.param)


def test_the_card_says_how_a_checkpoint_answers(trained, in_words) -> None:
    card = load_card(trained.folder / "ablations" / in_words.name)
    assert isinstance(in_words, ReplyFirst)
    assert card.factorisation == in_words.writer.factorisation == in_words.name
    assert not isinstance(
        load_recommender("gcrs", CATALOG, trained.catalog, trained.checkpoints), ReplyFirst
    )


def test_an_unknown_factorisation_is_refused(trained, in_words, tmp_path) -> None:
    card = (trained.folder / "ablations" / in_words.name / "crsdemo.json").read_text()
    (tmp_path / "crsdemo.json").write_text(card.replace(f'"{in_words.name}"', '"backwards"'))
    with pytest.raises(CheckpointError, match="backwards"):
        load_card(tmp_path)


def test_items_are_ranked_after_the_words_that_the_model_writes(in_words) -> None:
    alone = in_words.without_guide()
    nothing = frozenset[str]()
    before = alone.before_item([LIKES_HEAT], alone.look_all([LIKES_HEAT], [nothing]), [nothing])
    (ranking,) = alone.decoder.beam(before.context, 200)
    wanted = [item.item.id for item in alone.recommend(LIKES_HEAT, 10)]
    assert wanted == list(ranking.item_ids[:10])
    at_once = alone.speaker.read([LIKES_HEAT])
    n_written = before.context.mask.shape[1] - at_once.mask.shape[1]
    opening = 3 if in_words.writer.factorisation.has_mode else 2  # and <BOI>
    assert opening <= n_written <= opening + MOST_WORDS


def test_several_dialogues_are_ranked_as_one_is(in_words) -> None:
    other = Dialogue((Turn("user", "hello, something funny please"),))
    together = in_words.recommend_batch([LIKES_HEAT, other], 5, [frozenset({ALIEN.id})] * 2)
    alone = in_words.recommend(other, 5, exclude=frozenset({ALIEN.id}))
    assert [one.item for one in together[1]] == [one.item for one in alone]
    assert ALIEN.id not in {one.item.id for ranking in together for one in ranking}


def test_a_reply_recommends_the_first_item_of_its_words(in_words) -> None:
    said = reply(in_words, LIKES_HEAT, Plan("REC"))
    named = [piece for piece in said.pieces if isinstance(piece, Item)]
    assert said.item == (named[0] if named else None)
    assert said.complete and HEAT not in named
    forced = reply(in_words, LIKES_HEAT, Plan("REC", ALIEN.id))
    assert {piece for piece in forced.pieces if isinstance(piece, Item)} <= {ALIEN}


def test_a_mode_without_modes_is_what_the_words_do(in_words) -> None:
    (modes,) = in_words.mode_probabilities([LIKES_HEAT])
    assert sum(modes.values()) == pytest.approx(1)
    if not in_words.writer.factorisation.has_mode:
        assert set(modes.values()) == {0, 1}


def test_a_model_of_items_alone_ranks_and_says_nothing(trained) -> None:
    out = trained.folder / "ablations" / "silent"
    silent = train(trained, out, factorisation=Factorisation.MODE_ITEM, words=False)
    assert not silent.speaker.loaded.hears_words
    other = Dialogue((Turn("user", "Heat bored me", (Mention(0, 4, HEAT.id),)),))
    alone = silent.without_guide()
    assert alone.recommend(LIKES_HEAT, 5) == alone.recommend(other, 5)
