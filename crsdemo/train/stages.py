"""The stages that make the generative recommender, in order.

python -m crsdemo semantic-ids --dialogues redial/train_data.jsonl,inspired/train.tsv ...
python -m crsdemo train-base --dialogues ... --likes ratings.csv
python -m crsdemo train-generative --dialogues ... --likes ratings.csv
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedTokenizerBase,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from crsdemo.catalog import Catalog
from crsdemo.config import flag
from crsdemo.corpus import CorpusDialogue, load_aliases, load_all
from crsdemo.encoder import MINILM, TextEncoder
from crsdemo.errors import BadInputError
from crsdemo.factorisation import Factorisation
from crsdemo.listener import (
    Ear,
    Listener,
    ListenerConfig,
    load_item_vectors,
    load_listener,
    save_item_vectors,
    save_listener,
)
from crsdemo.mentions import PeopleLinker
from crsdemo.overlap import without_copies
from crsdemo.prompt import PromptWriter
from crsdemo.semantic_ids import SemanticIDs
from crsdemo.slots import slots_of
from crsdemo.tokens import ControlTokens, add_control_tokens
from crsdemo.train.adapter import AdapterFlags, Apprentice
from crsdemo.train.affinity import Affinity, Teacher, load_likes
from crsdemo.train.instances import InstanceWriter, Paths, Voice
from crsdemo.train.item_vectors import (
    TextVectors,
    assign_semantic_ids,
    item_vectors,
    read_plots,
    text_vectors,
)
from crsdemo.train.loop import LoopConfig, mixture, train
from crsdemo.train.material import Material, neighbours
from crsdemo.train.synthetic import Writer
from crsdemo.train.tokenizer import train_tokenizer

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sources:
    """Where the data is. Only --dialogues is needed; the more there is, the better it hears."""

    dialogues: str = flag(
        help="training dialogues, comma-separated .jsonl (ReDial), .tsv (INSPIRED)"
    )
    hold_out: str = flag(
        "",
        "dialogues kept for evaluation, comma-separated; training dialogues that repeat them are "
        "dropped",
    )
    likes: Path | None = flag(None, "CSV of ratings: user_id, movie_id, rating")
    plots: Path | None = flag(None, "JSONL with id and plot, for the item vectors only")
    prose: Path | None = flag(None, "JSONL with `extract`: general English about the items")
    catalog: Path = flag(Path("catalog"), "folder of the catalog")
    encoder: str = flag(MINILM, "text encoder: MiniLM or any by name")
    breadth: int = flag(4, "sentences of a kind that replies draw on; a large model takes more")
    real_words: bool = flag(
        False,
        "learn the words of the dialogues too, not only when to recommend what; for a large model",
    )
    seed: int = flag(0, "of all randomness")


@dataclass(frozen=True)
class SemanticIDConfig(Sources):
    """Make item vectors and semantic IDs for a catalog (GCRS, sec. 3.2)."""

    n_levels: int = flag(4, "codes per item")
    codebook_size: int = flag(64, "codes per level")


@dataclass(frozen=True)
class BaseConfig(Sources):
    """Train a base model of our own, from scratch."""

    out: Path = flag(Path("checkpoints/base"), "folder of the base model")
    state: Path = flag(Path("runs/base.pt"), "file that lets an interrupted run go on")
    minutes: float = flag(60.0, "how long to learn")
    learning_rate: float = flag(1e-3, "at its height")
    start_from: Path | None = flag(None, "folder of an earlier base model to go on from")
    width: int = flag(384, "of the decoder")
    layers: int = flag(6, "of the decoder")
    vocabulary: int = flag(8000, "text tokens")
    talks: int = flag(4000, "synthetic conversations from which the vocabulary is learned")
    batch: int = flag(192, "items per alignment batch")
    talk_batch: int = flag(16, "dialogues per batch of words")
    real: float = flag(0.3, "share of real dialogues among the whole ones")
    talk: float = flag(0.28, "share of the batches that teach whole dialogues")
    threads: int = flag(0, "0 leaves torch's own choice")


@dataclass(frozen=True)
class GenerativeConfig(AdapterFlags, Sources):
    """Train the LoRA adapter of the generative recommender (GCRS, sec. 3.3, Table 7)."""

    out: Path = flag(Path("checkpoints/gcrs"), "folder of the adapter")
    state: Path = flag(Path("runs/gcrs.pt"), "file that lets an interrupted run go on")
    minutes: float = flag(30.0, "how long to learn")
    rank: int = flag(16, "LoRA r")
    modules: str | None = flag("all-linear", "what learns: all-linear, or queries and values")
    real: float = flag(0.35, "share of real dialogues")
    factorisation: Factorisation = flag(
        Factorisation.MODE_ITEM_REPLY,
        f"what is answered, one of {', '.join(Factorisation)}; all but the first are ablations",
    )
    words: bool = flag(True, "hear the words of a dialogue; without, only the items named in it")


@dataclass(frozen=True)
class Ground:
    """What every stage stands on."""

    catalog: Catalog
    dialogues: list[CorpusDialogue]
    likes: list[list[str]]
    affinity: Affinity
    texts: TextVectors


def lay_ground(sources: Sources) -> Ground:
    for path in (sources.likes, sources.plots, sources.prose):
        if path is not None and not path.is_file():
            raise BadInputError(f"there is no file at {path}; leave the flag out or correct it")
    catalog = Catalog.load(sources.catalog)
    dialogues = training_dialogues(sources, catalog)
    likes = load_likes(sources.likes, catalog) if sources.likes else []
    affinity = Affinity.of(catalog, [d.dialogue.mentioned for d in dialogues], likes)
    plots = read_plots(sources.plots) if sources.plots else {}
    return Ground(catalog, dialogues, likes, affinity, _texts_encoded(sources, catalog, plots))


def training_dialogues(sources: Sources, catalog: Catalog) -> list[CorpusDialogue]:
    """The training dialogues, each once, without those held out. Raises BadInputError if none."""
    aliases = load_aliases(sources.catalog)
    read = load_all(sources.dialogues, catalog, aliases)
    held_out = load_all(sources.hold_out, catalog, aliases) if sources.hold_out else []
    kept = without_copies(read, held_out)
    if dropped := len(read) - len(kept):
        log.warning("%s of %s training dialogues dropped as copies", dropped, len(read))
    if not kept:
        raise BadInputError(
            f"every dialogue of {sources.dialogues} repeats one of {sources.hold_out}; nothing is "
            "left to learn from"
        )
    return kept


def _texts_encoded(sources: Sources, catalog: Catalog, plots: Mapping[str, str]) -> TextVectors:
    """Kept in `runs/` for the next stage, under a name that says what they were made of."""
    known = [item.knowledge.to_json() for item in catalog]
    key = json.dumps([sources.encoder, catalog.fingerprint, known, sorted(plots.items())])
    path = Path("runs") / f"texts-{hashlib.sha256(key.encode()).hexdigest()[:16]}.npz"
    if path.is_file():
        kept = np.load(path)
        return TextVectors(kept["themes"], kept["facts"])
    encoder = TextEncoder(sources.encoder, torch.bfloat16)
    texts = text_vectors(catalog, encoder, plots)
    path.parent.mkdir(exist_ok=True)
    np.savez(path, themes=texts.themes, facts=texts.facts)
    return texts


def make_semantic_ids(config: SemanticIDConfig) -> None:
    """Stage 1: `item_vectors.safetensors` and `semantic_ids.json` beside the catalog."""
    ground = lay_ground(config)
    vectors = item_vectors(ground.catalog, ground.texts, ground.affinity, seed=config.seed)
    semantic_ids = assign_semantic_ids(
        ground.catalog, vectors, config.n_levels, config.codebook_size, config.seed
    )
    save_item_vectors(vectors, config.catalog)
    semantic_ids.save(config.catalog)


def train_base(config: BaseConfig) -> None:
    """Stage 2: tokenizer, decoder and listener from scratch, on everything."""
    ground = lay_ground(config)
    semantic_ids = SemanticIDs.load(config.catalog, ground.catalog)
    tokenizer, control = _own_tokenizer(config, ground, semantic_ids)
    voice = _own_voice(config, ground, len(tokenizer), control)
    material, ear = _material(config, ground, semantic_ids, tokenizer, control, voice.listener)
    rest = 1 - config.talk
    draws = {
        "wish": (0.58 * rest, lambda: material.wishes(config.batch)),
        "real": (0.22 * rest, lambda: material.real(config.batch)),
        "liked": (0.17 * rest, lambda: material.liked(config.batch)),
        "talk": (config.talk, lambda: material.talk(config.talk_batch, config.real)),
    }
    if prose := _prose(config):
        draws["prose"] = (0.03 * rest, lambda: material.prose(config.talk_batch, prose))

    def save() -> None:
        _save_weights(voice.model, config.out)
        tokenizer.save_pretrained(config.out)
        if voice.listener is not None:
            save_listener(voice.listener, config.out)

    loop = LoopConfig(
        minutes=config.minutes,
        learning_rate=config.learning_rate,
        threads=config.threads,
        seed=config.seed,
    )
    train(voice, ear, control, mixture(draws, config.seed), loop, config.state, save)


def train_generative(config: GenerativeConfig) -> None:
    """Stage 3: the adapter, on whole dialogues in the format of the paper."""
    ground = lay_ground(config)
    semantic_ids = SemanticIDs.load(config.catalog, ground.catalog)
    one = Apprentice.of(config, ground.catalog, semantic_ids, known_rows=True)
    material, ear = _material(
        config,
        ground,
        semantic_ids,
        one.tokenizer,
        one.control,
        one.voice.listener,
        factorisation=config.factorisation,
        hears_words=config.words,
    )
    draws = {"talk": (1.0, lambda: material.talk(config.batch, config.real))}
    card = replace(
        one.card("generative", config.out, asdict(config)),
        factorisation=config.factorisation,
        hears_words=config.words,
    )
    batches = mixture(draws, config.seed)
    one.learn(config, ear, batches, config.state, config.out, card, config.seed)


def _own_tokenizer(
    config: BaseConfig, ground: Ground, semantic_ids: SemanticIDs
) -> tuple[PreTrainedTokenizerBase, ControlTokens]:
    """Loaded from the output folder if a run goes on."""
    slots = slots_of(ground.catalog)
    shape = (semantic_ids.n_levels, semantic_ids.codebook_size)
    kept = config.out if config.state.is_file() else config.start_from
    if kept is not None:
        tokenizer = AutoTokenizer.from_pretrained(kept)
        return tokenizer, ControlTokens.of(tokenizer, *shape, slots)
    tokenizer = train_tokenizer(_texts(config, ground), config.vocabulary)
    control = add_control_tokens(tokenizer, *shape, slots)
    tokenizer.save_pretrained(config.out)
    return tokenizer, control


def _texts(config: BaseConfig, ground: Ground) -> Iterator[str]:
    """What people and replies say, and the facts of the catalog."""
    for dialogue in ground.dialogues:
        yield from (turn.text for turn in dialogue.dialogue.turns)
    for item in ground.catalog:
        yield item.name
        yield from (value for values in item.facts.values() for value in values)
    empty: dict[str, list[tuple[str, float]]] = {item.id: [] for item in ground.catalog}
    writer = Writer(ground.catalog, empty, config.seed)
    for _ in range(config.talks):
        for example in writer.dialogue():
            yield example.dialogue.turns[-1].text
            yield from (piece for piece in example.reply if isinstance(piece, str))
    yield from _prose(config)


def _prose(config: Sources) -> list[str]:
    if config.prose is None:
        return []
    with config.prose.open(encoding="utf-8") as lines:
        return [json.loads(line)["extract"] for line in lines]


def _own_voice(
    config: BaseConfig, ground: Ground, vocabulary: int, control: ControlTokens
) -> Voice:
    torch.manual_seed(config.seed)
    model = Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=vocabulary,
            hidden_size=config.width,
            num_hidden_layers=config.layers,
            num_attention_heads=config.width // 64,
            num_key_value_heads=max(1, config.width // 192),
            head_dim=64,
            intermediate_size=config.width * 8 // 3,
            max_position_embeddings=2048,
            tie_word_embeddings=True,
            bos_token_id=control.eos,
            eos_token_id=control.eos,
        )
    )
    vectors = load_item_vectors(config.catalog, ground.catalog)
    listener = Listener(ListenerConfig(vectors.shape[1], config.width, config.encoder))
    if config.start_from is not None:
        model = AutoModelForCausalLM.from_pretrained(config.start_from, dtype=torch.float32)
        listener = load_listener(config.start_from)
    model.set_attn_implementation("eager")  # twice as fast as sdpa on short CPU batches
    return Voice(model, listener)


def ear_of(
    config: Sources, catalog: Catalog, listener: Listener | None, people: PeopleLinker
) -> Ear | None:
    """What a listener hears with, if the model has one."""
    if listener is None:
        return None
    encoder = TextEncoder(listener.config.encoder, torch.bfloat16)
    vectors = load_item_vectors(config.catalog, catalog)
    return Ear(listener.config, encoder, catalog, vectors, people)


def _material(
    config: Sources,
    ground: Ground,
    semantic_ids: SemanticIDs,
    tokenizer: PreTrainedTokenizerBase,
    control: ControlTokens,
    listener: Listener | None,
    *,
    factorisation: Factorisation = Factorisation.MODE_ITEM_REPLY,
    hears_words: bool = True,
) -> tuple[Material, Ear | None]:
    """The data of both training stages, and the ear if the model has one."""
    people = PeopleLinker(ground.catalog)
    ear = ear_of(config, ground.catalog, listener, people)
    writer = PromptWriter(tokenizer, control, ground.catalog, semantic_ids, factorisation)
    paths = Paths(ground.catalog, semantic_ids)
    instances = InstanceWriter(writer, paths, ear, config.seed, hears_words=hears_words)
    teacher = Teacher(ground.affinity, ground.texts.themes, ground.texts.facts)
    likes = neighbours(ground.catalog, teacher)
    synthetic = Writer(ground.catalog, likes, config.seed, breadth=config.breadth)
    material = Material(
        instances,
        teacher,
        ground.dialogues,
        ground.likes,
        synthetic,
        people,
        config.seed,
        real_words=config.real_words,
    )
    return material, ear


def _save_weights(model: Any, folder: Path) -> None:
    """In bfloat16: half the size, and exactly what the training multiplied with."""
    half = {name: value.bfloat16() for name, value in model.state_dict().items()}
    model.save_pretrained(folder, state_dict=half)
