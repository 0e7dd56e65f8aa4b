"""Every option that the documents name with a command exists."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

import app
from crsdemo.__main__ import STAGES, main
from crsdemo.core.shipped import HOME

COMMAND = re.compile(r"python (app\.py|-m crsdemo) ?([^\n`#|]*)")


def documented() -> Iterator[tuple[str, str, str]]:
    """File, stage (or app.py) and option of each command in README.md and docs/."""
    for path in (HOME / "README.md", *sorted((HOME / "docs").glob("*.md"))):
        for program, words in COMMAND.findall(path.read_text(encoding="utf-8")):
            stage, *rest = ("app.py " + words if program == "app.py" else words).split() or [""]
            if stage in ("app.py", *STAGES):
                for option in (word.split("=")[0] for word in rest if word.startswith("--")):
                    yield path.name, stage, option


FOUND = sorted(set(documented()))


def test_there_are_commands_to_check() -> None:
    assert ("preference-tuning.md", "tune", "--shuffle-labels") in FOUND
    assert ("preference-tuning.md", "app.py", "--study") in FOUND


@pytest.mark.parametrize("stage", sorted({stage for _, stage, _ in FOUND}))
def test_documented_options_exist(stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        app.main(["--help"]) if stage == "app.py" else main([stage, "--help"])
    told = set(re.findall(r"--[a-z][\w-]*", capsys.readouterr().out))
    assert [one for one in FOUND if one[1] == stage and one[2] not in told] == []
