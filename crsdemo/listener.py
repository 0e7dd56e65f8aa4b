"""The ear of a small decoder: a soft prefix from the pretrained encoder.

A decoder of 13 M parameters has read too little to know that "terrified" means horror; MiniLM
has. Its states of the recent turns, the vectors of the films that were mentioned and of the people
who were named pass through a small transformer into a few vectors, which stand before the text as
image features stand in a vision-language model. With a large base model there is no listener.

Shapes: B dialogues, T word pieces, M item vectors, D_e encoder width, D_i item width, D decoder.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from tqdm import tqdm

from crsdemo.catalog import Catalog
from crsdemo.dialogue import Dialogue, Turn
from crsdemo.encoder import MINILM, TextEncoder
from crsdemo.errors import CheckpointError
from crsdemo.mentions import PeopleLinker
from crsdemo.tokens import encode_text

LAST_USER_TURN, EARLIER_USER_TURN, ASSISTANT_TURN = 0, 1, 2  # who said a word piece
# where an item vector comes from; the last two: items that sound like what the user said
BY_USER, BY_ASSISTANT, PERSON, LIKE_LAST_TURN, LIKE_ALL_TURNS = 0, 1, 2, 3, 4
N_KINDS = 5
N_SOUNDING, SHARPNESS = 24, 25.0  # items that make such a vector; softmax over cosines times this


@dataclass(frozen=True)
class ListenerConfig:
    """The shape of a listener and how far back it hears."""

    d_item: int
    d_model: int  # of the decoder
    encoder: str = MINILM
    d_encoder: int = 384
    width: int = 256
    n_layers: int = 2
    n_heads: int = 4
    n_prefix: int = 4
    max_pieces: int = 56
    max_items: int = 8


class Heard(NamedTuple):
    """What is heard of one dialogue."""

    pieces: list[int]  # word pieces of the recent turns, oldest first
    roles: list[int]  # who said each piece
    items: Tensor  # (M, D_i)
    kinds: list[int]  # where each item vector comes from
    ages: list[int]  # 0 for the newest of its kind
    states: Tensor | None = None  # (T, D_e) the encoder's, if they were kept


class ListenerInput(NamedTuple):
    """A batch of dialogues, padded at the right."""

    states: Tensor  # (B, T, D_e)
    piece_mask: Tensor  # (B, T) bool
    roles: Tensor  # (B, T)
    items: Tensor  # (B, M, D_i)
    item_mask: Tensor  # (B, M) bool
    kinds: Tensor  # (B, M)
    ages: Tensor  # (B, M)


class Listener(nn.Module):
    """Encoder states and item vectors -> soft prefix (B, n_prefix + N_KINDS, D)."""

    def __init__(self, config: ListenerConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.text = nn.Linear(config.d_encoder, width)
        self.item = nn.Linear(config.d_item, width)
        self.role = nn.Embedding(3, width)
        self.kind = nn.Embedding(N_KINDS, width)
        self.age = nn.Embedding(config.max_items, width)
        self.query = nn.Parameter(torch.randn(config.n_prefix, width) * 0.02)
        layer = nn.TransformerEncoderLayer(
            width, config.n_heads, 4 * width, 0.0, "gelu", batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, config.n_layers, enable_nested_tensor=False)
        self.out = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, config.d_model))
        self.direct = nn.Linear(config.d_item, config.d_model)
        self.direct_kind = nn.Embedding(N_KINDS, config.d_model)

    def forward(self, heard: ListenerInput) -> Tensor:
        queries = self.query.expand(len(heard.states), -1, -1)
        said = self.text(heard.states) + self.role(heard.roles)
        named = self.item(heard.items) + self.kind(heard.kinds) + self.age(heard.ages)
        always = torch.ones(queries.shape[:2], dtype=torch.bool, device=queries.device)
        mask = torch.cat([always, heard.piece_mask, heard.item_mask], 1)
        hidden = self.layers(torch.cat([queries, said, named], 1), src_key_padding_mask=~mask)
        return torch.cat([self.out(hidden[:, : self.config.n_prefix]), self._direct(heard)], 1)

    def _direct(self, heard: ListenerInput) -> Tensor:
        """(B, N_KINDS, D) the mean item vector of each kind, past the transformer.

        The short way: with the long one alone a small decoder learns popularity first and takes
        very long to listen.
        """
        of_kind = nn.functional.one_hot(heard.kinds, N_KINDS) * heard.item_mask[..., None]
        share = of_kind / of_kind.sum(1, keepdim=True).clamp(min=1)
        mean = torch.einsum("bmk,bmd->bkd", share.to(heard.items.dtype), heard.items)
        return self.direct(mean) + self.direct_kind.weight


class Ear:
    """Turns dialogues into what a listener takes. Immutable: share it between threads."""

    def __init__(
        self,
        config: ListenerConfig,
        encoder: TextEncoder,
        catalog: Catalog,
        item_vectors: Tensor,
        people: PeopleLinker,
    ) -> None:
        """`item_vectors`: (n_items, D_i), the encoder's view in the first columns.

        Raises CheckpointError if the listener was trained on vectors of another width.
        """
        if item_vectors.shape[1] != config.d_item:
            raise CheckpointError(
                f"the listener hears item vectors of {config.d_item} numbers, those of this "
                f"catalog have {item_vectors.shape[1]}; train again or restore the vectors"
            )
        self.config = config
        self.encoder = encoder
        self.catalog = catalog
        self.middle = item_vectors.mean(0)
        self.spread = (item_vectors - self.middle).norm(dim=1).mean()
        self.item_vectors = item_vectors
        self.themes = nn.functional.normalize(item_vectors[:, : config.d_encoder], dim=1)
        self.people = people
        films: dict[str, list[int]] = {}
        for row, item in enumerate(catalog):
            for person in item.people:
                films.setdefault(person, []).append(row)
        self.films_of: Mapping[str, list[int]] = films

    def hear(self, dialogue: Dialogue) -> Heard:
        pieces, roles = self._pieces(dialogue.turns)
        vectors, kinds, ages = [], [], []
        for age, (row, kind) in enumerate(self._mentions(dialogue)):
            vectors.append(self.item_vectors[row])
            kinds.append(kind)
            ages.append(age)
        for age, person in enumerate(self._named(dialogue)):
            vectors.append(self.item_vectors[self.films_of[person]].mean(0))
            kinds.append(PERSON)
            ages.append(age)
        items = torch.stack(vectors) if vectors else torch.zeros(0, self.config.d_item)
        return Heard(pieces, roles, items, kinds, ages)

    def _pieces(self, turns: Sequence[Turn]) -> tuple[list[int], list[int]]:
        """Word pieces of the newest turns that fit, and who said them."""
        tokenizer = self.encoder.tokenizer
        pieces: list[int] = []
        roles: list[int] = []
        room = self.config.max_pieces - 1
        last_user = max((i for i, t in enumerate(turns) if t.speaker == "user"), default=-1)
        for position in range(len(turns) - 1, -1, -1):
            if len(pieces) >= room:
                break
            turn = turns[position]
            ids = encode_text(tokenizer, turn.text)
            role = ASSISTANT_TURN
            if turn.speaker == "user":
                role = LAST_USER_TURN if position == last_user else EARLIER_USER_TURN
            ids = [*ids, tokenizer.sep_token_id][-(room - len(pieces)) :]
            pieces = ids + pieces
            roles = [role] * len(ids) + roles
        return [tokenizer.cls_token_id, *pieces], [LAST_USER_TURN, *roles]

    def _mentions(self, dialogue: Dialogue) -> Iterator[tuple[int, int]]:
        """(row, kind) of the newest mentioned items, newest first, each once."""
        newest: dict[int, int] = {}
        for turn in reversed(dialogue.turns):
            kind = BY_USER if turn.speaker == "user" else BY_ASSISTANT
            for item_id in reversed(turn.item_ids):
                if item_id in self.catalog.row:
                    newest.setdefault(self.catalog.row[item_id], kind)
        yield from list(newest.items())[: self.config.max_items]

    def _named(self, dialogue: Dialogue) -> list[str]:
        """The people whom the user named, newest first."""
        said = [turn.text for turn in reversed(dialogue.turns) if turn.speaker == "user"][:4]
        named = dict.fromkeys(p for text in said for p in self.people.link_people(text[-400:]))
        return [p for p in named if p in self.films_of][: self.config.max_items // 2]

    def batch(self, heard: Sequence[Heard]) -> ListenerInput:
        """Pad and encode. The encoder reads all word pieces of one dialogue as one text."""
        n, length = len(heard), max(len(h.pieces) for h in heard)
        width = max(1, *(len(h.kinds) for h in heard))
        pieces = torch.zeros(n, length, dtype=torch.long)
        piece_mask = torch.zeros(n, length, dtype=torch.bool)
        roles = torch.zeros(n, length, dtype=torch.long)
        items = torch.zeros(n, width, self.config.d_item)
        item_mask = torch.zeros(n, width, dtype=torch.bool)
        kinds = torch.zeros(n, width, dtype=torch.long)
        ages = torch.zeros(n, width, dtype=torch.long)
        for row, h in enumerate(heard):
            t, m = len(h.pieces), len(h.kinds)
            pieces[row, :t], roles[row, :t] = torch.tensor(h.pieces), torch.tensor(h.roles)
            piece_mask[row, :t], item_mask[row, :m] = True, True
            items[row, :m] = h.items
            kinds[row, :m] = torch.tensor(h.kinds, dtype=torch.long)
            ages[row, :m] = torch.tensor(h.ages, dtype=torch.long)
        states = self._states(heard, pieces, piece_mask)
        for kind, said in (
            (LIKE_LAST_TURN, piece_mask & (roles == LAST_USER_TURN)),
            (LIKE_ALL_TURNS, piece_mask & (roles != ASSISTANT_TURN)),
        ):
            items = torch.cat([items, self._sounding_like(states, said)[:, None]], 1)
            item_mask = torch.cat([item_mask, said.sum(1, keepdim=True) > 2], 1)
            kinds = torch.cat([kinds, torch.full((n, 1), kind)], 1)
            ages = torch.cat([ages, torch.zeros(n, 1, dtype=torch.long)], 1)
        return ListenerInput(states, piece_mask, roles, items, item_mask, kinds, ages)

    def _sounding_like(self, states: Tensor, said: Tensor) -> Tensor:
        """(B, D_i) mean vector of the items whose themes are nearest to the words `said` (B, T).

        The encoder was trained to bring such texts together: without this, a small decoder takes
        very long to find out that "cowboys and gunfights" are westerns.
        """
        weights = said[..., None].float()
        query = nn.functional.normalize((states * weights).sum(1), dim=1)
        cosine, rows = (query @ self.themes.T).topk(min(N_SOUNDING, len(self.themes)))
        share = (SHARPNESS * cosine).softmax(1)
        mean = torch.einsum("bk,bkd->bd", share, self.item_vectors[rows])
        # means lie close together: as far from the middle of the catalog as single items are
        away = nn.functional.normalize(mean - self.middle, dim=1)
        return self.middle + self.spread * away

    def keep_states(self, heard: Sequence[Heard], batch_size: int = 64) -> list[Heard]:
        """The same with the encoder's states, in half the precision, for use in many epochs."""
        order = sorted(range(len(heard)), key=lambda i: len(heard[i].pieces))
        kept = list(heard)
        for start in tqdm(range(0, len(order), batch_size), desc="encoding turns"):
            rows = order[start : start + batch_size]
            batch = self.batch([heard[i] for i in rows])
            for i, states, mask in zip(rows, batch.states, batch.piece_mask, strict=True):
                kept[i] = heard[i]._replace(states=states[mask].bfloat16())
        return kept

    def _states(self, heard: Sequence[Heard], pieces: Tensor, mask: Tensor) -> Tensor:
        """(B, T, D_e)"""
        if any(h.states is None for h in heard):
            return self.encoder.states(pieces, mask.long()).states.clone()
        states = torch.zeros(*pieces.shape, self.config.d_encoder)
        for row, h in enumerate(heard):
            if h.states is not None:
                states[row, : len(h.pieces)] = h.states.float()
        return states


def save_listener(listener: Listener, folder: Path) -> None:
    """`listener.json` and `listener.safetensors` (half precision)."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "listener.json").write_text(json.dumps(asdict(listener.config), indent=1) + "\n")
    weights = {name: value.half().contiguous() for name, value in listener.state_dict().items()}
    save_file(weights, folder / "listener.safetensors")


def load_listener(folder: Path) -> Listener:
    """Raises CheckpointError if the files are damaged."""
    try:
        config = ListenerConfig(**json.loads((folder / "listener.json").read_text()))
        listener = Listener(config)
        weights = load_file(folder / "listener.safetensors")
        listener.load_state_dict({name: value.float() for name, value in weights.items()})
    except (OSError, ValueError, TypeError, RuntimeError, SafetensorError) as error:
        raise CheckpointError(
            f"the listener in {folder} is damaged ({error}); train it again with "
            "`python -m crsdemo train-base` or fetch the checkpoint anew"
        ) from error
    return listener.eval()
