"""From a name to a recommender: the baselines, and every checkpoint that is found."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as pydantic_dataclass

from crsdemo.core.catalog import Catalog
from crsdemo.core.errors import BadInputError, CheckpointError
from crsdemo.core.recommender import Recommender
from crsdemo.core.shipped import CATALOG as CATALOG
from crsdemo.core.shipped import CHECKPOINTS as CHECKPOINTS
from crsdemo.core.shipped import HOME as HOME
from crsdemo.core.shipped import checkpoints_of
from crsdemo.core.traced import Stretch
from crsdemo.language.mentions import MentionLinker
from crsdemo.recommenders.outside.systems import Endpoint, Function, Named, parse_system
from crsdemo.recommenders.popularity import Popularity, RepeatLast
from crsdemo.recommenders.ranker import FILE as RANKER_FILE
from crsdemo.recommenders.ranker import Ranker

if TYPE_CHECKING:
    from crsdemo.recommenders.resources import Resources

DEFAULT = "gcrs"
ALONE = "-alone"  # behind the name of a generative checkpoint: without the prior
CARD = "crsdemo.json"  # of an adapter; a generative recommender, unless there is CHOICE
CHOICE = "choice.safetensors"  # of ReGeS: the item expert's choice
CO_OCCURRENCE, SIGNALS, SIGNALS_TREES = "co-occurrence", "signals", "signals-trees"
PLAIN = (Popularity.name, RepeatLast.name)  # baselines that need the catalog alone
INFORMED = (CO_OCCURRENCE, SIGNALS, SIGNALS_TREES)  # those that need what `fit-prior` makes
BASELINES = (*PLAIN, *INFORMED)


def _informed(name: str, resources: Resources) -> Recommender:
    """A baseline of `INFORMED`."""
    from crsdemo.recommenders.candidate_scores import ItemKnowledge
    from crsdemo.recommenders.prior import SIGNALS as NAMES
    from crsdemo.recommenders.signal_baselines import CoOccurrence, SignalSum

    if name == CO_OCCURRENCE:
        return CoOccurrence(resources.catalog, resources.files.neighbours.together)
    ranker = Ranker.load(resources.folder / RANKER_FILE, NAMES)
    if name == SIGNALS:
        ranker = replace(ranker, trees=None)
    return SignalSum(ItemKnowledge(resources.prior, ranker), name)


def checkpoint_folder(name: str, checkpoints: Path = CHECKPOINTS) -> Path:
    """Where a checkpoint lies. Raises CheckpointError, saying what there is, if it is nowhere."""
    folder = _place(name, checkpoints)
    if not is_checkpoint(folder):
        found = ", ".join([*BASELINES, *names(checkpoints)])
        raise CheckpointError(f"no recommender {name!r}; there are: {found}")
    return folder


def is_checkpoint(folder: Path) -> bool:
    return any((folder / kind).is_file() for kind in (CARD, CHOICE))


def _place(name: str, checkpoints: Path) -> Path:
    return checkpoints / name if (checkpoints / name).is_dir() else Path(name)


def _from_checkpoint(name: str, folder: Path, resources: Resources) -> Recommender:
    from crsdemo.recommenders.gcrs import Gcrs
    from crsdemo.recommenders.reges import Reges

    if (folder / CHOICE).is_file():
        return Reges.load(folder, resources)
    return Gcrs.load(folder, resources, with_prior=not name.endswith(ALONE), name=Path(name).name)


def names(checkpoints: Path = CHECKPOINTS) -> list[str]:
    """The checkpoints that can answer and are offered, by name; versions stand behind parents."""
    found = [path for kind in (CARD, CHOICE) for path in checkpoints.glob(f"*/{kind}")]
    every = {path.relative_to(checkpoints).parts[0] for path in found}
    offered = [name for name in every if _card(checkpoints / name).get("offered", True)]
    return sorted(offered, key=lambda name: _descent(name, checkpoints))


@pydantic_dataclass(frozen=True)
class Version:
    """How a checkpoint came from another one by votes: a part of `model/checkpoint.py: Tuned`."""

    parent: str
    votes: int  # that were learned from
    annotators: int
    judgments_sha256: str  # of all judgments read, as in the manifest of `export`
    simulated: bool
    shuffled: bool

    @property
    def told(self) -> str:
        """Beside the name, wherever one can choose it."""
        kind = "a control with shuffled labels, from" if self.shuffled else "tuned from"
        whose = " SIMULATED" if self.simulated else ""
        return f"{kind} {self.parent} on {self.votes:,}{whose} votes"


_VERSION = TypeAdapter(Version)


def version_of(name: str, checkpoints: Path = CHECKPOINTS) -> Version | None:
    """How one, by name or folder, was tuned on votes; None if not, or if its card is damaged."""
    try:
        return _VERSION.validate_python(_card(_place(name, checkpoints))["tuned"])
    except (KeyError, ValidationError):
        return None


def _descent(name: str, checkpoints: Path) -> tuple[str, ...]:
    """The first ancestor, then each version down to `name`."""
    line = [name]
    while (version := version_of(line[0], checkpoints)) and version.parent not in line:
        line.insert(0, version.parent)
    return tuple(line)


def _card(folder: Path) -> dict[str, Any]:
    """What the card says; nothing if there is none or it is damaged, which loading it will tell."""
    try:
        card: dict[str, Any] = json.loads((folder / CARD).read_text(encoding="utf-8"))
        return card if isinstance(card, dict) else {}
    except (OSError, ValueError):
        return {}


def found_checkpoints(catalog: Path) -> Path:
    """Those of a catalog, where it has any; else the shipped ones."""
    own = checkpoints_of(catalog)
    return own if own.is_dir() else CHECKPOINTS


def check_systems(
    systems: Sequence[Named | Endpoint | Function], checkpoints: Path = CHECKPOINTS
) -> None:
    """Raises CheckpointError for one of ours that is not here, BadInputError for a name taken."""
    ours = {*BASELINES, *names(checkpoints), *(name + ALONE for name in names(checkpoints))}
    for system in systems:
        is_ours = isinstance(system, Named) and _is_of(checkpoints, system)
        if system.name in ours and not is_ours:
            raise BadInputError(f"{system.name!r} is one of ours already; give yours another name")
        if isinstance(system, Named) and system.name not in ours:
            checkpoint_folder((system.folder or system.name).removesuffix(ALONE), checkpoints)
    if len({system.name for system in systems}) < len(systems):
        raise BadInputError("two systems have one name; give each its own")


def _is_of(checkpoints: Path, system: Named) -> bool:
    """Whether a name of ours is meant so, and not as that of a folder elsewhere."""
    return not system.folder or Path(system.folder).resolve().parent == checkpoints.resolve()


class Shelf:
    """Recommenders by name, each loaded when first asked for. Share it between threads."""

    def __init__(
        self,
        catalog: Catalog,
        catalog_folder: Path = CATALOG,
        checkpoints: Path | None = None,
        systems: Sequence[Named | Endpoint | Function] = (),
    ) -> None:
        """`checkpoints`: by default those of the catalog, where it has any, else the shipped.

        With `systems`, these and no others can answer. Raises as `check_systems` does.
        """
        self.checkpoints = checkpoints or found_checkpoints(catalog_folder)
        check_systems(systems, self.checkpoints)
        self.systems = {system.name: system for system in systems}
        self.catalog = catalog
        self.catalog_folder = catalog_folder
        self._loaded: dict[str, Recommender] = {}
        self._resources: Resources | None = None
        self._loading = Lock()

    @property
    def names(self) -> tuple[str, ...]:
        """What can answer: the checkpoints, what they are alone, the baselines; if all is there.

        Of the systems that were given, these.
        """
        if self.systems:
            return tuple(self.systems)
        fitted = (self.catalog_folder / RANKER_FILE).is_file()
        found = names(self.checkpoints)
        alone = [name + ALONE for name in found if not (self.checkpoints / name / CHOICE).is_file()]
        return (*found, *(alone if fitted else ()), *(BASELINES if fitted else PLAIN))

    @cached_property
    def linker(self) -> MentionLinker:
        return MentionLinker(self.catalog)

    def version(self, name: str) -> Version | None:
        """How one was tuned on votes from another; None if it was not."""
        return version_of(self.place(name).removesuffix(ALONE), self.checkpoints)

    def place(self, name: str) -> str:
        """As a command names it: the folder, where it was given by that."""
        system = self.systems.get(name)
        return (isinstance(system, Named) and system.folder) or name

    def get(self, name: str) -> Recommender:
        """One of the systems given, of `BASELINES`, a checkpoint by name or folder, or what
        `parse_system` reads, as `mine=http://localhost:9000/chat`.

        With `ALONE` behind it the model alone ranks the items. Raises CheckpointError, saying what
        there is, if it is none of these or cannot be used, and CatalogError if the catalog lacks
        what a baseline counts.
        """
        with self._loading:
            if name not in self._loaded:
                self._loaded[name] = self._load(name)
            return self._loaded[name]

    def _load(self, name: str) -> Recommender:
        """Checkpoints share encoders and what is known of the items."""
        system = self.systems.get(name) or parse_system(name)
        if not isinstance(system, Named):
            return self._outside(system)
        for plain in (Popularity, RepeatLast):
            if name == plain.name:
                return plain(self.catalog)
        if name in INFORMED:
            return _informed(name, self._known())
        place = (system.folder or name).removesuffix(ALONE)
        return _from_checkpoint(name, checkpoint_folder(place, self.checkpoints), self._known())

    def judge(self, text: str, words: Sequence[Stretch]) -> Sequence[float]:
        """What the recommenders hear refused, see `language/stances.py: Judge`."""
        with self._loading:
            stance = self._known().stance
        return stance.log_odds(text, words)

    def _known(self) -> Resources:
        # torch is loaded only when weights are
        from crsdemo.recommenders.resources import Resources

        self._resources = self._resources or Resources(self.catalog, self.catalog_folder)
        return self._resources

    def get_outside(self) -> None:
        """Those that are not ours. Raises BadInputError for one without its key or its module."""
        for name, system in self.systems.items():
            if not isinstance(system, Named):
                self.get(name)

    def _outside(self, system: Endpoint | Function) -> Recommender:
        from crsdemo.recommenders.outside.endpoint import OverHttp
        from crsdemo.recommenders.outside.function import OverCall

        if isinstance(system, Endpoint) and system.checkpoint:
            from crsdemo.recommenders.serving.served import Served

            folder = checkpoint_folder(system.checkpoint, self.checkpoints)
            return Served.load(system, folder, self._known())
        if isinstance(system, Endpoint):
            return OverHttp(system, self.catalog, self.linker)
        return OverCall(system, self.catalog, self.linker)
