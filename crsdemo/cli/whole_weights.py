"""A checkpoint and its base as one model in a folder, as servers of large models want it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from crsdemo.core.catalog import Catalog
from crsdemo.core.config import flag, parse
from crsdemo.core.text_files import folder_written_whole
from crsdemo.recommenders.loading import CATALOG, DEFAULT, checkpoint_folder, found_checkpoints


@dataclass(frozen=True)
class WholeWeights:
    """Write the base with its adapter merged, and the tokenizer, for vLLM and the like."""

    out: Path = flag(help="folder to write")
    checkpoint: str = flag(DEFAULT, "name or folder of a generative checkpoint")
    catalog: Path = flag(CATALOG, "folder of the catalog")

    @property
    def outputs(self) -> tuple[Path, ...]:
        return (self.out,)


def main(argv: list[str]) -> None:
    """Flags in, one folder."""
    config = parse(WholeWeights, argv, "crsdemo whole-weights")
    from crsdemo.model.checkpoint import save_whole
    from crsdemo.recommenders.resources import Resources

    folder = checkpoint_folder(config.checkpoint, found_checkpoints(config.catalog))
    resources = Resources(Catalog.load(config.catalog), config.catalog)
    loaded = resources.checkpoint(folder)
    with folder_written_whole(config.out) as out:
        save_whole(loaded, out)
    print(f"{config.out} holds {folder.name} as one model: vllm serve {config.out}")
