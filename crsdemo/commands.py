"""The command line: flags in, one call, print."""

from __future__ import annotations

from crsdemo.config import parse


def semantic_ids(argv: list[str]) -> None:
    from crsdemo.train import stages

    stages.make_semantic_ids(parse(stages.SemanticIDConfig, argv, "crsdemo semantic-ids"))


def train_base(argv: list[str]) -> None:
    from crsdemo.train import stages

    stages.train_base(parse(stages.BaseConfig, argv, "crsdemo train-base"))


def train_generative(argv: list[str]) -> None:
    from crsdemo.train import stages

    stages.train_generative(parse(stages.GenerativeConfig, argv, "crsdemo train-generative"))
