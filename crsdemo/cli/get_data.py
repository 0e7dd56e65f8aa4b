"""ReDial and INSPIRED from where their authors publish them, on request, checked by sha256.

    python -m crsdemo get-data redial --out data

`SHA256SUMS` beside the files says what was downloaded, in the format of `sha256sum --check`: the
first download is trusted and written down, later ones must agree with it. Of ReDial a published
checksum is known, which the first download must agree with as well. `--sha256` demands another.
"""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tqdm import tqdm

from crsdemo.core.config import flag, parse, positional
from crsdemo.core.errors import BadInputError
from crsdemo.core.text_files import write_whole, written_whole

SUMS = "SHA256SUMS"
PATIENCE = 60  # seconds without a byte


@dataclass(frozen=True)
class Distribution:
    """Where a dataset is published."""

    name: str
    base: str  # URL of a folder
    files: tuple[str, ...]
    sha256: tuple[str, ...] = ()  # published elsewhere, one per file
    unpacked: tuple[str, ...] = ()  # members that are wanted of an archive


# The checksum is the one that ParlAI publishes (parlai/tasks/redial/build.py).
REDIAL = Distribution(
    "redial",
    "https://github.com/ReDialData/website/raw/data",
    ("redial_dataset.zip",),
    ("b48756681ec6f84e0af36979c5e9baa21ea8d9e7036b8764ea9b787bb0baf69b",),
    ("train_data.jsonl", "test_data.jsonl"),
)
INSPIRED = Distribution(
    "inspired",
    "https://raw.githubusercontent.com/sweetpeach/Inspired/master/data/dialog_data",
    ("train.tsv", "dev.tsv", "test.tsv"),
)


@dataclass(frozen=True, kw_only=True)
class DataConfig:
    """Download the official files of a dataset. Its authors' licence applies."""

    dataset: tuple[str, ...] = positional("redial, inspired or both")
    out: Path = flag(Path("data"), "folder in which each gets one of its own")
    sha256: tuple[str, ...] = flag((), "what a file must have, in their order; may be given again")

    @property
    def outputs(self) -> tuple[Path, ...]:
        return (self.out,)


def main(argv: Sequence[str]) -> None:
    config = parse(DataConfig, argv, "crsdemo get-data")
    known = {one.name: one for one in (REDIAL, INSPIRED)}
    if unknown := [name for name in config.dataset if name not in known]:
        raise BadInputError(f"no dataset {unknown[0]!r}; there are: {', '.join(known)}")
    for name in config.dataset:
        get_data(known[name], config.out / name, config.sha256)


def get_data(source: Distribution, folder: Path, sha256: Sequence[str] = ()) -> None:
    """Every file of `source` in `folder`, its archive unpacked; shows progress, prints checksums.

    `sha256`: one per file, in place of what is known. Raises BadInputError if a file cannot be had
    or is not the expected one; then nothing of it is kept.
    """
    if sha256 and len(sha256) != len(source.files):
        raise BadInputError(
            f"{source.name} has {len(source.files)} files ({', '.join(source.files)}), but "
            f"--sha256 was given {len(sha256)} times; give it once for each"
        )
    folder.mkdir(parents=True, exist_ok=True)
    recorded = read_sums(folder)
    published, demanded = (
        dict(zip(source.files, s, strict=False)) for s in (source.sha256, sha256)
    )
    expected = published | recorded | demanded
    for name in source.files:
        found = _download(f"{source.base}/{name}", folder / name, expected.get(name, ""))
        print(f"{found}  {name}")
        recorded[name] = found
        lines = [f"{found}  {name}\n" for name, found in recorded.items()]
        write_whole(folder / SUMS, "".join(lines))
        if name.endswith(".zip"):
            _unpack(folder / name, source.unpacked)


def read_sums(folder: Path) -> dict[str, str]:
    """File name -> sha256, as written down; empty if nothing was downloaded before."""
    path = folder / SUMS
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return {name: found for found, name in (line.split("  ", 1) for line in lines)}


def _download(url: str, path: Path, expected: str) -> str:
    """The sha256 of what now lies at `path`."""
    partial = path.with_name(path.name + ".part")
    try:
        found = _fetch(url, partial)
        if expected and found != expected.lower():
            raise BadInputError(
                f"{url} has the sha256 {found}, expected was {expected}; it changed or is damaged. "
                "If you trust it, say so with --sha256, once for each file"
            )
        partial.replace(path)
    except (URLError, OSError) as error:
        raise BadInputError(f"{url} cannot be downloaded to {path}: {error}") from error
    finally:
        partial.unlink(missing_ok=True)
    return found


def _fetch(url: str, path: Path) -> str:
    with urlopen(url, timeout=PATIENCE) as answer, path.open("w+b") as file:
        size = int(answer.headers.get("Content-Length") or 0) or None
        with tqdm.wrapattr(answer, "read", total=size, desc=path.stem) as body:
            shutil.copyfileobj(body, file)
        if size not in (None, file.tell()):
            raise OSError(f"it ended after {file.tell():,} of {size:,} bytes")
        file.seek(0)
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unpack(archive: Path, members: Sequence[str]) -> None:
    """The members beside the archive, wherever in it they lie."""
    try:
        with zipfile.ZipFile(archive) as opened:
            found = {Path(name).name: name for name in opened.namelist()}
            for member in members:
                with written_whole(archive.parent / member) as part:
                    part.write_bytes(opened.read(found[member]))
    except (zipfile.BadZipFile, KeyError) as error:
        raise BadInputError(
            f"{archive} is no archive with {', '.join(members)} ({error}); remove it and its line "
            f"in {SUMS}, and download it again"
        ) from error
