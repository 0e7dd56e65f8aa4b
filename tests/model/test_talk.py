"""One format for histories and targets, and what is learned from it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import films
import numpy as np
import pytest
import tiny
import torch
from chatml import WRITTEN, chat_tokenizer, save_base, write_written
from chatml import chat_model as model
from numpy.typing import NDArray

from crsdemo.__main__ import main
from crsdemo.core.catalog import Catalog
from crsdemo.core.dialogue import Dialogue, Mention, Turn
from crsdemo.core.domain import NEUTRAL, domain_file, read_domain
from crsdemo.core.errors import CheckpointError
from crsdemo.core.recommender import Plan, Recommender, reply
from crsdemo.core.shipped import CATALOG as shipped_catalog
from crsdemo.core.slots import TITLE, Slot, slots_of
from crsdemo.language.corpus import CorpusDialogue
from crsdemo.model import talk as talk_format
from crsdemo.model.decoding import Context
from crsdemo.model.talk import Said, TalkFormat, card_slots
from crsdemo.model.tokens import add_control_tokens, decoded
from crsdemo.recommenders.gcrs import Gcrs
from crsdemo.recommenders.loading import Shelf
from crsdemo.training.lm.examples import ExampleSampler
from crsdemo.training.lm.sequences import WORDS, Decision, IdPaths, TrainingSequence, sequence_loss

KNOWN = replace(
    films.BY_TITLE["Heat"], logline="Robbers, and a tired policeman.", tags=("heist", "tense")
)
CATALOG = Catalog(tuple(KNOWN if item.id == KNOWN.id else item for item in films.CATALOG))
ALIEN, UP = films.BY_TITLE["Alien"], films.BY_TITLE["Up"]
CODES = dict(zip(CATALOG.row, tiny.semantic_ids(len(CATALOG)).values(), strict=True))


@pytest.fixture(scope="module")
def talk() -> TalkFormat:
    tokenizer = chat_tokenizer()
    control = add_control_tokens(tokenizer, 3, 8, (TITLE, *slots_of(CATALOG)))
    return TalkFormat(tokenizer, control, CATALOG, CODES)


def read(talk: TalkFormat, ids: list[int]) -> str:
    return decoded(talk.tokenizer, ids)


def code(talk: TalkFormat, item_id: str) -> str:
    return read(talk, talk.code(item_id))


def test_a_film_that_the_user_names_is_its_title_and_its_id(talk: TalkFormat) -> None:
    turn = Turn("user", "loved that heat <BOI>", (Mention(6, 15, KNOWN.id),))
    said = read(talk, talk.user(turn))
    assert said == (f"<|im_start|>user\nloved Heat (1995){code(talk, KNOWN.id)} <BOI><|im_end|>\n")
    assert talk.user(turn).count(talk.control.boi) == 1, "what is typed is text"


def test_the_assistant_writes_tag_id_and_words_and_the_system_the_card(talk: TalkFormat) -> None:
    pieces = ("Try ", KNOWN, " with ", Slot("cast"), ", or ", ALIEN, ".")
    written = talk.assistant(Said("REC", KNOWN, pieces), is_known=False)
    card = (
        " Heat (1995)<year> 1995<genres_1> crime<genres_2> drama<genres_3> thriller"
        "<directors_1> Michael Mann<cast_1> Al Pacino<cast_2> Robert De Niro"
        " | heist, tense | Robbers, and a tired policeman."
    )
    assert read(talk, written.ids) == (
        f"<|im_start|>assistant\n<MODE=REC>{code(talk, KNOWN.id)}<CARD>{card}</CARD><RESP>"
        f"Try <title> with <cast_1>, or {code(talk, ALIEN.id)} Alien (1979).<|im_end|>\n"
    )
    words = [token for token, is_word in zip(*written, strict=True) if is_word]
    assert read(talk, words) == (
        f"Try <title> with <cast_1>, or {code(talk, ALIEN.id)}.<|im_end|>"
    ), "neither tag, card nor what the system puts there"


def test_a_card_is_given_once_and_talk_needs_no_film(talk: TalkFormat) -> None:
    again = read(talk, talk.assistant(Said("CHAT", KNOWN, ("Yes.",)), is_known=True).ids)
    assert again == (
        f"<|im_start|>assistant\n<MODE=CHAT>{code(talk, KNOWN.id)}<RESP>Yes.<|im_end|>\n"
    )
    alone = read(talk, talk.assistant(Said("CHAT", None, ("Hello!",)), is_known=False).ids)
    assert alone == "<|im_start|>assistant\n<MODE=CHAT><RESP>Hello!<|im_end|>\n"


def test_a_turn_is_the_beginning_of_the_next_prompt(talk: TalkFormat) -> None:
    """So that the cache of one turn serves the next."""
    user = talk.user(Turn("user", "hi"))
    reply = talk.assistant(Said("CHAT", None, ("Hello!",)), is_known=False).ids
    assert reply[: len(talk.opening())] == talk.opening()
    assert read(talk, user + reply).endswith("Hello!<|im_end|>\n")


def test_a_tokenizer_without_chatml_is_refused() -> None:
    tokenizer = tiny.byte_level_tokenizer()
    control = add_control_tokens(tokenizer, 3, 8, (TITLE,))
    with pytest.raises(CheckpointError, match="ChatML"):
        TalkFormat(tokenizer, control, CATALOG, CODES).opening()


def test_books_have_cards_too() -> None:
    book = replace(KNOWN, facts={"authors": ("Ann Lee",), "keywords": ("sea",)})
    assert card_slots(book) == [Slot("year"), Slot("authors")]


# what is learned


@pytest.fixture(scope="module")
def paths(talk: TalkFormat) -> IdPaths:
    return IdPaths(CATALOG, CODES, talk.control)


def test_each_code_is_a_decision_among_what_the_catalog_allows(
    talk: TalkFormat, paths: IdPaths
) -> None:
    rows, weights = np.array([0, 1, 2]), np.array([0.5, 0.3, 0.2])
    sequence = TrainingSequence()
    paths.write(sequence, 0, rows, weights)
    assert tuple(sequence.ids) == talk.control.item(CODES[CATALOG[0].id])
    levels = np.array(list(CODES.values()))
    for level, one in enumerate(sequence.decisions):
        assert one.at == level and sum(one.wanted) == pytest.approx(1)
        prefix = levels[0, :level]
        below = levels[(levels[:, :level] == prefix).all(1), level]
        assert set(one.options) == {talk.control.item_token[level][c] for c in below}
        left = [r for r in rows if (levels[r, :level] == prefix).all()]
        share = {c: sum(weights[r] for r in left if levels[r, level] == c) for c in set(below)}
        whole = sum(share.values())
        for token, wanted in zip(one.options, one.wanted, strict=True):
            place = talk.control.item_token[level].index(token)
            assert wanted == pytest.approx(share[place] / whole)


def test_the_loss_is_that_of_words_and_decisions_and_of_nothing_else(talk: TalkFormat) -> None:
    lm = model(len(talk.tokenizer)).eval()
    sequence = TrainingSequence([5, 6, 7, 8], [False, False, True, False])
    sequence.decisions.append(Decision(3, (8, 9), (0.25, 0.75), "mode"))
    logits = lm(torch.tensor([sequence.ids])).logits[0].float()
    words = -logits[1].log_softmax(0)[7]
    log_p = logits[2, [8, 9]].log_softmax(0)
    wanted = torch.tensor([0.25, 0.75])
    divergence = (wanted * (wanted.log() - log_p)).sum()
    loss = sequence_loss(lm, [sequence], pad=0)
    assert loss.total.item() == pytest.approx((WORDS * words + divergence).item(), rel=1e-4)
    assert loss.parts == {
        "words": pytest.approx(words.item(), rel=1e-4),
        "mode": pytest.approx(divergence.item(), rel=1e-4),
    }


def test_many_decisions_do_not_drown_the_words(talk: TalkFormat) -> None:
    """The mean of each kind counts, however many decisions of it a conversation has."""
    lm = model(len(talk.tokenizer)).eval()
    sequence = TrainingSequence([5, 6, 7, 8], [False] * 4)
    sequence.decisions.append(Decision(3, (8, 9), (0.25, 0.75), "mode"))
    once = sequence_loss(lm, [sequence], pad=0).total.item()
    sequence.decisions *= 5
    assert sequence_loss(lm, [sequence], pad=0).total.item() == pytest.approx(once, rel=1e-4)


def test_padding_does_not_change_the_loss(talk: TalkFormat) -> None:
    lm = model(len(talk.tokenizer)).eval()
    short = TrainingSequence([5, 6, 7], [False, True, True])
    long = TrainingSequence([5] * 9, [False] * 9)
    alone = sequence_loss(lm, [short], pad=0).total.item()
    assert sequence_loss(lm, [short, long], pad=0).total.item() == pytest.approx(alone, rel=1e-4)


class EvenTeacher:
    def top(
        self, mentioned: list[int], k: int, without: Sequence[int] = ()
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        rows = np.array([r for r in range(len(CATALOG)) if r not in mentioned][:k])
        return rows, np.full(len(rows), 1 / len(rows))


@pytest.fixture
def sampler(talk: TalkFormat) -> ExampleSampler:
    wishes = [("robbers", [KNOWN.id]), ("of another catalog", ["nobody"])]
    liked = [[KNOWN.id, ALIEN.id, UP.id]]
    return ExampleSampler(talk, EvenTeacher(), [], liked, [WRITTEN], wishes)  # type: ignore[arg-type]  # stand-ins


def chosen(sequence: TrainingSequence, kind: str) -> list[tuple[int, int]]:
    """(the token that stands there, the token most wanted) of each decision of a kind."""
    return [
        (sequence.ids[one.at], one.options[int(np.argmax(one.wanted))])
        for one in sequence.decisions
        if one.kind == kind
    ]


def test_a_conversation_teaches_a_decision_and_words_at_every_reply(
    talk: TalkFormat, sampler: ExampleSampler
) -> None:
    sequence = sampler.conversation()
    control = talk.control
    assert chosen(sequence, "mode") == [(m, m) for m in (control.chat, control.rec, control.chat)]
    assert chosen(sequence, "film") == [(m, m) for m in (control.resp, control.boi)]
    assert len(chosen(sequence, "level 1")) == 2 == len(chosen(sequence, "level 3"))
    words = [t for t, is_word in zip(sequence.ids, sequence.are_words, strict=True) if is_word]
    assert read(talk, words) == (
        "What do you like?<|im_end|>Try <title> of <year>.<|im_end|>"
        "A <genres_1> in space.<|im_end|>"
    )
    assert read(talk, sequence.ids).count("</CARD>") == 1, "the card is given once"


def test_every_kind_is_drawn_and_alike_again(talk: TalkFormat, sampler: ExampleSampler) -> None:
    kinds = sampler.kinds
    assert set(kinds) == {"card", "fact", "wish", "liked", "absent", "written"}
    for draw in kinds.values():
        for _ in range(20):
            sequence = draw()
            assert len(sequence.ids) == len(sequence.are_words)
            for one in sequence.decisions:
                assert one.at > 0 and sequence.ids[one.at] in one.options
                assert min(one.wanted) >= 0 and sum(one.wanted) == pytest.approx(1)
                token = one.options.index(sequence.ids[one.at])
                assert one.wanted[token] > 0, "what stands there is among what is wanted"
    assert sampler.wishes == [("robbers", [CATALOG.row[KNOWN.id]])]


def test_the_command_trains_an_adapter_that_goes_on_and_talks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    catalog = tmp_path / "catalog"
    CATALOG.save(catalog)
    (catalog / "redial_ids.json").write_text(
        json.dumps({str(100 + row): item.id for row, item in enumerate(CATALOG)})
    )
    (tmp_path / "likes.csv").write_text("user_id,movie_id,rating\n1,f00,5\n1,f01,5\n1,f02,5\n")
    talks = films.write_redial(tmp_path / "talks.jsonl")
    written = write_written(tmp_path / "written")
    save_base(tmp_path / "base")
    sources = ["--dialogues", str(talks), "--likes", "likes.csv", "--catalog", str(catalog)]
    assert main(["semantic-ids", *sources, "--codebook-size", "8", "--n-levels", "3"]) == 0
    options = [*sources, "--base-model", str(tmp_path / "base"), "--written", str(written)]
    options += ["--out", "out", "--state", "s.pt", "--tokens", "300"]
    assert main(["train-gcrs", *options, "--minutes", "0.05"]) == 0
    steps = torch.load(tmp_path / "s.pt", weights_only=True)["step"]
    assert steps > 0 and Path("out/adapter_model.safetensors").is_file()
    assert main(["train-gcrs", *options, "--minutes", "0.1"]) == 0
    assert torch.load(tmp_path / "s.pt", weights_only=True)["step"] > steps
    assert main(["train-gcrs", *options, "--rank", "4", "--minutes", "0.2"]) == 2
    spoken_to(Shelf(CATALOG, catalog).get("out"))


def spoken_to(recommender: Recommender) -> None:
    """Two turns and a forced one, whatever a tiny model says."""
    assert isinstance(recommender, Gcrs)
    dialogue = Dialogue((Turn("user", "a heist film"),))
    first = reply(recommender, dialogue, Plan(mode="REC"))
    assert first.item is not None and first.complete and len(first.evidence.path) == 3
    assert first.prompt == "<|im_start|>user\na heist film<|im_end|>\n<|im_start|>assistant\n"
    control = recommender.talker.control
    assert first.output_ids[:2] == (control.rec, control.boi)
    assert first.output_ids[2:5] == control.item(
        recommender.talker.format.semantic_ids[first.item.id]
    )
    assert first.item in first.pieces, "what is recommended is named"
    dialogue = dialogue.say(first.turn()).say(Turn("user", "not that one"))
    second = reply(recommender, dialogue, Plan(mode="REC"))
    assert second.item is not None and second.item.id not in dialogue.mentioned
    assert second.prompt.startswith(first.prompt), "a conversation is one growing sequence"
    forced = reply(recommender, dialogue, Plan(item_id=UP.id))
    assert forced.item == CATALOG.item(UP.id)
    free = reply(recommender, dialogue)
    assert (free.mode == "REC") == (dict(free.evidence.modes)["REC"] >= 0.5)
    pointed_back(recommender, dialogue)
    cut_off(recommender)
    best = recommender.recommend(dialogue, 5)
    assert [one.score for one in best] == sorted((one.score for one in best), reverse=True)
    without = recommender.recommend(dialogue, 40, exclude=frozenset([best[0].item.id]))
    assert len(without) == len(CATALOG) - 1 and best[0].item not in [one.item for one in without]


def pointed_back(recommender: Gcrs, dialogue: Dialogue) -> None:
    """In talk only a film that was spoken of can follow, or none; its card is read once."""
    control, decoder = recommender.talker.control, recommender.decoder
    fed: list[int] = []
    wanted = control.boi

    def feed(context: Context, tokens: Sequence[int], **options: bool) -> None:
        fed.extend(tokens)
        type(decoder).feed(decoder, context, tokens, **options)
        if list(tokens) == [control.chat]:
            context.logits = context.logits.clone()
            context.logits[0, wanted] = context.logits.max() + 9

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decoder, "feed", feed)
        talked = reply(recommender, dialogue, Plan(mode="CHAT"))
        assert talked.item is None and talked.output_ids[1] == control.boi
        codes = talked.output_ids[2:5]
        spoken = {
            control.item(recommender.talker.format.semantic_ids[i]) for i in dialogue.mentioned
        }
        assert codes in spoken
        assert control.end_card not in fed, "the card stands in the conversation already"
        fed.clear()
        unlikely = recommender.recommend(Dialogue((Turn("user", "that?"),)), 40)[-1].item.id
        named = Dialogue((Turn("user", "that?", (Mention(0, 4, unlikely),)),))
        talked = reply(recommender, named, Plan(mode="CHAT"))
        assert talked.output_ids[2:5] == control.item(
            recommender.talker.format.semantic_ids[unlikely]
        )
        assert fed.count(control.end_card) == 1, "the user named it, so no card was given yet"
        wanted = control.resp
        assert reply(recommender, dialogue, Plan(mode="CHAT")).output_ids[1] == control.resp
        wanted = control.boi
        alone = Dialogue((Turn("user", "hello"),))
        assert reply(recommender, alone, Plan(mode="CHAT")).output_ids[1] == control.resp


def test_a_public_dialogue_does_not_help_to_predict_itself(talk: TalkFormat) -> None:
    """Half of the weight lies on the film recommended; the teacher leaves the talk's counts out."""
    asked: list[tuple[list[int], list[int]]] = []

    class Asked(EvenTeacher):
        def top(
            self, mentioned: list[int], k: int, without: Sequence[int] = ()
        ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
            asked.append((list(mentioned), list(without)))
            return super().top(mentioned, k, without)

    heat, alien = CATALOG.row[KNOWN.id], CATALOG.row[ALIEN.id]
    turns = (
        Turn("user", "liked heat", (Mention(6, 10, KNOWN.id),)),
        Turn("assistant", "then alien", (Mention(5, 10, ALIEN.id),)),
    )
    one = CorpusDialogue("1", Dialogue(turns))
    sampler = ExampleSampler(talk, Asked(), [one], [], [], [])  # type: ignore[arg-type]  # stand-ins
    sequence = sampler.real()
    assert asked == [([heat], [heat, alien])]
    first = next(one for one in sequence.decisions if one.kind == "level 1")
    right = first.wanted[first.options.index(sequence.ids[first.at])]
    assert right >= 0.5 and chosen(sequence, "mode") == [(talk.control.rec, talk.control.rec)]


def test_what_the_ranker_said_of_a_turn_is_learned_before_what_the_teacher_says(
    talk: TalkFormat,
) -> None:
    heat, alien, up = (CATALOG.row[one.id] for one in (KNOWN, ALIEN, UP))
    turns = (
        Turn("user", "liked heat", (Mention(6, 10, KNOWN.id),)),
        Turn("assistant", "then alien", (Mention(5, 10, ALIEN.id),)),
    )
    one = CorpusDialogue("1", Dialogue(turns))
    answers = {("1", 1): (np.array([up]), np.array([1.0]))}
    sampler = ExampleSampler(talk, EvenTeacher(), [one], [], [], [], answers=answers)  # type: ignore[arg-type]  # stand-ins
    first = next(one for one in sampler.real().decisions if one.kind == "level 1")
    codes = {talk.control.item(talk.semantic_ids[CATALOG[row].id])[0] for row in (alien, up)}
    wanted = {token for token, share in zip(first.options, first.wanted, strict=True) if share}
    assert wanted == codes and heat not in (alien, up)


def test_the_words_of_public_dialogues_are_learned_only_if_wished(talk: TalkFormat) -> None:
    turns = (
        Turn("user", "hello, what should I watch tonight?"),
        Turn("assistant", "What kind of films do you like best?"),
    )
    one = CorpusDialogue("1", Dialogue(turns))
    for real_words in (True, False):
        sampler = ExampleSampler(talk, EvenTeacher(), [one], [], [], [], real_words=real_words)  # type: ignore[arg-type]  # stand-ins
        sequence = sampler.real()
        assert any(sequence.are_words) == real_words
        assert chosen(sequence, "mode") == [(talk.control.chat, talk.control.chat)]


def cut_off(recommender: Gcrs) -> None:
    """The newest turns are kept; a film whose card fell away with an older one gets it again."""
    again = Turn("assistant", "Heat, yes", (Mention(0, 4, KNOWN.id),))
    dialogue = Dialogue((Turn("user", "hi"), again, Turn("user", "hm"), again, Turn("user", "so?")))
    whole = recommender.talker.history(dialogue)
    assert whole.carded == {KNOWN.id} and whole.ids.count(recommender.talker.control.card) == 1
    last = recommender.talker.format.user(dialogue.turns[-1])
    for room in (len(whole.ids) - 20, len(last)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(talk_format, "MAX_HISTORY", room)
            cut = recommender.talker.history(dialogue)
        assert cut.carded == (
            set() if recommender.talker.control.card not in cut.ids else {KNOWN.id}
        )
        assert cut.ids[: -len(recommender.talker.format.opening())][-len(last) :] == last
    assert cut.carded == frozenset()


def test_what_the_shipped_model_reads_of_films_is_as_it_was_trained_with() -> None:
    """Whatever the items of a catalog are called: the weights know this text, token for token."""
    shipped = Catalog.load(shipped_catalog)
    codes = {item.id: (0, 0, 0) for item in shipped}
    tokenizer = chat_tokenizer()
    control = add_control_tokens(tokenizer, 3, 8, (TITLE, *slots_of(shipped)))
    digests = set()
    for domain in (shipped.domain, NEUTRAL, read_domain(domain_file("book"))):
        talk = TalkFormat(tokenizer, control, replace(shipped, domain=domain), codes)
        digest = hashlib.sha256()
        for item in talk.catalog.items[::100]:
            turn = Turn(
                "user", f"loved {item.title}, more?", (Mention(6, 6 + len(item.title), item.id),)
            )
            said = Said("REC", item, ("Try ", item, ", by ", Slot("directors"), "."))
            written = talk.assistant(said, is_known=False)
            digest.update(read(talk, [*talk.user(turn), *written.ids]).encode())
        digests.add(digest.hexdigest())
    assert digests == {"c87903cd3eb7efb749c8ec05d2edaa788bc172a065422e394fc6691cb6794582"}
