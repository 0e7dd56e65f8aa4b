"""A study of a tuned version against the one that it came from, ready to be read and started.

python -m crsdemo rematch --of gcrs-2 --out rematch.toml
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from crsdemo.core.config import flag, parse
from crsdemo.core.errors import BadInputError
from crsdemo.recommenders.loading import CATALOG, found_checkpoints, is_checkpoint, version_of
from crsdemo.studies.study import Study, parse_study

TEMPLATE = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True, kw_only=True)
class RematchConfig:
    """Write a study file in which people compare a tuned version with its parent, blind."""

    of: str = flag(help="name or folder of the version, such as gcrs-2 or versions/gcrs-2")
    out: Path = flag(Path("rematch.toml"), "a new file")
    seed: int = flag(0, "of everything that is drawn by lot in the study")
    catalog: Path = flag(CATALOG, "folder of the catalog")

    @property
    def outputs(self) -> tuple[Path, ...]:
        return (self.out,)


def rematch(config: RematchConfig) -> Study:
    """Write the file and return the study in it.

    Raises BadInputError for what is no version, and for a file that is there already.
    """
    version = version_of(config.of, found_checkpoints(config.catalog))
    if version is None:
        raise BadInputError(f"{config.of!r} is no version that `tune` wrote, so it has no parent")
    title = f"{Path(config.of).name} against {version.parent}"
    beside = Path(config.of).parent / version.parent
    parent = str(beside) if is_checkpoint(beside) else version.parent
    words = {
        "TITLE": json.dumps(title, ensure_ascii=False),
        "SEED": str(config.seed),
        "SYSTEMS": json.dumps([parent, config.of], ensure_ascii=False),
        "FILE": config.out.name,
    }
    text = TEMPLATE.read_text(encoding="utf-8")
    text = re.sub(rf"\b({'|'.join(words)})\b", lambda found: words[found[0]], text)
    try:
        config.out.parent.mkdir(parents=True, exist_ok=True)
        with config.out.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise BadInputError(
            f"{config.out} is there already; name another file with --out"
        ) from None
    return parse_study(config.out)


def main(argv: Sequence[str]) -> None:
    config = parse(RematchConfig, argv, "crsdemo rematch")
    study = rematch(config)
    print(
        f"{config.out} is a study of {study.title}. Read it, put your own words into its consent, "
        f"then:\n  python -m crsdemo check-study {config.out}\n"
        f"  python app.py --study {config.out} --db rematch.db --password-file password.txt"
    )
