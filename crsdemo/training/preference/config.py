"""The flags of `tune`, checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from crsdemo.core.config import flag
from crsdemo.core.errors import BadInputError
from crsdemo.export.concerns import Learn
from crsdemo.export.judgments import ExportConfig
from crsdemo.export.preferences import ENOUGH, FROZEN_SHARE, Method
from crsdemo.recommenders.loading import CATALOG, DEFAULT
from crsdemo.training.preference.loop import PreferenceFlags


@dataclass(frozen=True, kw_only=True)
class TuneConfig(PreferenceFlags):
    """Tune the adapter of a recommender on the votes in a log, and say what came of it.

    Verdicts with a winner are learned by DPO; thumbs, ties, scales and marks by KTO. A tenth of
    the people is frozen: their votes are never learned from, they tell whether it worked. The new
    checkpoint is offered by the app beside its parent, unless it has surely lost more than
    --margin.
    """

    db: Path = flag(help="the log that the app writes")
    out: Path = flag(help="a new folder, whose name is that of the version")
    from_: str = flag(DEFAULT, "the checkpoint to start from, by name or folder: gcrs or reges")
    method: str = flag("dpo", "dpo: verdicts with a winner; kto: thumbs, ties, scales and marks")
    learn: str = flag(
        "auto",
        "item: what is recommended; words: how it is said; both; auto: of each vote what it is "
        "about",
    )
    catalog: Path = flag(CATALOG, "folder of the catalog")
    at_least: int = flag(ENOUGH, "votes to learn from; fewer are refused")
    frozen_share: float = flag(
        FROZEN_SHARE, "share of the people whose votes are never learned from"
    )
    first_layer: int | None = flag(
        None, "of the base that learns; by default the one from which its parent learned"
    )
    state: Path | None = flag(
        None, "file that lets an interrupted run go on; by default one in runs/ named by the run"
    )
    recommenders: str = flag("", "only votes on these, comma-separated; of a pair both")
    since: str = flag("", "only votes of this day or later, 2030-12-31, UTC")
    until: str = flag("", "only votes before this day")
    min_seconds: float = flag(0.0, "only verdicts that took this long or whose time is unknown")
    study: str = flag("", "only verdicts of the study with this title or sha256")
    with_left_out: bool = flag(False, "also votes that /results leaves out by its rules")
    without_visitors: str = flag("", "leave out the votes of these people, comma-separated")
    dialogues: Path | None = flag(
        None, "development dialogues: recall at 1, 10 and 50 before and after"
    )
    without: str = flag("", "training dialogues, comma-separated; what repeats one is not measured")
    checks: bool = flag(
        False, "check-talk and check-wishes before and after, with length and variety of replies"
    )
    margin: float = flag(0.05, "share of a figure that may be lost before it is not offered")
    offer: bool = flag(False, "offer it whatever was lost")
    force: bool = flag(False, "overwrite an earlier version that `tune` wrote")
    shuffle_labels: bool = flag(
        False, "a control that has nothing to learn: half of the labels turned round by chance"
    )

    def __post_init__(self) -> None:
        for name, value, known in (
            ("method", self.method, get_args(Method)),
            ("learn", self.learn, get_args(Learn)),
        ):
            if value not in known:
                raise BadInputError(f"--{name} is one of {', '.join(known)}; got {value!r}")
        self.check(self.method)  # type: ignore[arg-type]  # checked above
        if not 0 < self.frozen_share < 1:
            raise BadInputError(f"--frozen-share is above 0 and below 1, got {self.frozen_share}")
        if not 0 <= self.margin < 1:
            raise BadInputError(f"--margin is from 0 to below 1, got {self.margin}")
        if self.at_least < 1:
            raise BadInputError(f"--at-least is 1 or more, got {self.at_least}")

    def filters(self) -> ExportConfig:
        """What `export` would be told."""
        names = (
            "recommenders", "since", "until", "min_seconds", "study", "with_left_out",
            "without_visitors",
        )  # fmt: skip
        given = {name: getattr(self, name) for name in names}
        return ExportConfig(db=self.db, format=self.method, out=self.out, **given)
