"""TRL's trainers take the exported files as they are: one step of each, on a tiny random model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from judged import study
from tiny import byte_level_tokenizer, causal_lm

from crsdemo.export.judgments import ExportConfig, export

TEMPLATE = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of a model that reads chats."""
    folder = tmp_path_factory.mktemp("model")
    tokenizer = byte_level_tokenizer()
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(folder)
    causal_lm("qwen3", len(tokenizer)).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What four people judged; each format finds something in it."""
    lab = study(tmp_path_factory.mktemp("judged"))
    for person in range(4):
        for verdict in ("left", "both_good", "both_bad"):
            lab.judged(lab.start(f"person {person}"), f"something {verdict}", verdict)
    lab.log.close()
    return lab.log.path


@pytest.mark.parametrize("format", ["dpo", "kto", "sft"])
@pytest.mark.parametrize("text", ["exact", "messages"])
def test_a_trainer_of_trl_learns_from_what_was_exported(
    model: str, log: Path, tmp_path: Path, format: str, text: str
) -> None:
    import trl
    from datasets import load_dataset

    out = tmp_path / "out"
    export(ExportConfig(db=log, format=format, text=text, out=out, test_share=0))
    data = load_dataset("json", data_files=str(out / "train.jsonl"), cache_dir=str(tmp_path))
    config = getattr(trl, f"{format.upper()}Config")
    trainer: Any = getattr(trl, f"{format.upper()}Trainer")
    args = config(
        str(tmp_path / "adapter"),
        max_steps=1,
        per_device_train_batch_size=2,
        max_length=128,
        save_strategy="no",
        report_to="none",
        use_cpu=True,
        bf16=False,
    )
    done = trainer(model, args=args, train_dataset=data["train"].shuffle(seed=0)).train()
    assert done.global_step == 1 and done.training_loss > 0
