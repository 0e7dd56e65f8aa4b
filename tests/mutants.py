"""Do the tests notice a fault? Each fault of `mutants.toml` is put into a copy of the sources.

    python tests/mutants.py [name ...]

A mutant is killed if its tests fail by an assertion or an error, and survives if they pass; one
that takes too long or cannot be tested counts as neither. The same tests must pass without any.
Exit status 1 if fewer than `ENOUGH` of all are killed, or one of those that were named is not.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tabulate import tabulate

ROOT = Path(__file__).parents[1]
COPIED = ("crsdemo", "tests", "docs", "app.py", "pyproject.toml", "README.md")
LINKED = ("catalog", "checkpoints")  # large, and read only
ENOUGH = 36
SECONDS = 600  # in which the tests of a mutant end
PASSED, FAILED = 0, 1  # exit statuses of pytest; others are of no test


@dataclass(frozen=True)
class Mutant:
    """A fault: `after` in the place of `before`, which stands exactly once in `file`."""

    name: str
    file: str
    before: str
    after: str
    breaks: str  # what people would notice
    tests: tuple[str, ...]  # files, or tests in them (file::test), of which one should fail

    def applied(self, text: str) -> str:
        """The file with the fault in it. Raises ValueError if it does not apply exactly once."""
        if (n := text.count(self.before)) != 1:
            raise ValueError(f"{self.name}: {self.before!r} stands {n} times in {self.file}, not 1")
        return text.replace(self.before, self.after)


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant."""

    mutant: Mutant
    fate: str  # killed, survived, timed out, no test ran
    by: str  # the first test that failed, file::test, or nothing
    seconds: float

    @property
    def row(self) -> tuple[str, str, str, str]:
        """As docs/testing.md has it."""
        file, _, test = self.by.removeprefix("tests/").partition("::")
        how = f"`{file}`: {test.removeprefix('test_').replace('_', ' ')}"
        place = f"`{self.mutant.file.removeprefix('crsdemo/')}`"
        by = how if self.fate == "killed" else f"**{self.fate}**"
        return self.mutant.name, place, self.mutant.breaks, by


def load() -> tuple[Mutant, ...]:
    """All of `mutants.toml`."""
    rows = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    return tuple(Mutant(**row | {"tests": tuple(row["tests"])}) for row in rows["mutants"])


@contextmanager
def copied() -> Iterator[Path]:
    """The repository in a folder of its own, as far as tests need it."""
    with TemporaryDirectory(prefix="mutants-") as name:
        folder = Path(name)
        for entry in COPIED:
            if (ROOT / entry).is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(ROOT / entry, folder / entry, ignore=ignored)
            else:
                shutil.copy(ROOT / entry, folder / entry)
        for entry in LINKED:
            (folder / entry).symlink_to(ROOT / entry)
        yield folder


def tested(folder: Path, tests: Sequence[str]) -> tuple[int | None, str]:
    """The exit status of pytest, None if it took too long, and the first test that failed."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider"]
    own = {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            [*command, *tests],
            cwd=folder,
            env=os.environ | own,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        return None, ""
    found = re.search(r"^(?:FAILED|ERROR) (\S+?::\w+)", done.stdout, re.MULTILINE)
    return done.returncode, found[1] if found else ""


def tried(mutant: Mutant) -> Outcome:
    """The outcome of the mutant's tests with the fault in the sources."""
    started = time.monotonic()
    with copied() as folder:
        file = folder / mutant.file
        file.write_text(mutant.applied(file.read_text(encoding="utf-8")), encoding="utf-8")
        status, by = tested(folder, mutant.tests)
    fates = {PASSED: "survived", FAILED: "killed", None: "timed out"}
    fate = fates.get(status, "no test ran")
    return Outcome(mutant, fate, by, time.monotonic() - started)


def without_faults(mutants: Sequence[Mutant]) -> None:
    """Raises SystemExit if a test fails anyway: then it could not tell."""
    tests = sorted({test for mutant in mutants for test in mutant.tests})
    print(f"{len(tests)} files or tests without any fault ...", flush=True)
    with copied() as folder:
        status, by = tested(folder, tests)
    if status != PASSED:
        raise SystemExit(f"{by or 'the tests'}: fails without any fault (status {status})")


def main(names: Sequence[str]) -> int:
    every = {mutant.name: mutant for mutant in load()}
    if unknown := [name for name in names if name not in every]:
        raise SystemExit(f"no such mutant: {', '.join(unknown)}")
    chosen = [every[name] for name in names] if names else list(every.values())
    without_faults(chosen)
    outcomes = []
    for n, mutant in enumerate(chosen, 1):
        print(f"{n}/{len(chosen)} {mutant.name} ...", end=" ", flush=True)
        outcomes.append(one := tried(mutant))
        print(f"{one.fate} in {one.seconds:.0f} s {one.by}", flush=True)
    head = ("mutant", "in `crsdemo/`", "what it would break", "killed by")
    print(tabulate([one.row for one in outcomes], head, "pipe"))
    killed = sum(one.fate == "killed" for one in outcomes)
    print(f"{killed} of {len(chosen)} killed")
    return int(killed < (len(chosen) if names else ENOUGH))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
