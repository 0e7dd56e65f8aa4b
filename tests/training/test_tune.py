"""From simulated votes to a new version in the app, on tiny models, and what `tune` refuses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Trained
from films import CATALOG
from safetensors.torch import load_file

from crsdemo.__main__ import main
from crsdemo.core import shipped
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.core.errors import BadInputError, CheckpointError
from crsdemo.core.recommender import reply
from crsdemo.evaluation.crowd import CrowdConfig, simulate
from crsdemo.export.judgments import ExportConfig
from crsdemo.export.preferences import read_votes
from crsdemo.feedback.judgments import reading_judgments
from crsdemo.model.checkpoint import load_card, sha256_of
from crsdemo.model.trainable import load_base
from crsdemo.recommenders.gcrs import Gcrs
from crsdemo.recommenders.loading import Shelf, names, version_of
from crsdemo.recommenders.reges import Reges
from crsdemo.studies.systems import read_systems
from crsdemo.training.lm.gcrs import continued
from crsdemo.training.preference import examples, tune
from crsdemo.training.preference.config import TuneConfig
from crsdemo.training.preference.examples import Reader
from crsdemo.training.preference.loop import Preferring
from crsdemo.training.preference.outcome import PREFERRED, Figures, Share
from crsdemo.training.preference.parent import Parent
from crsdemo.training.preference.transcribe import Transcriber

WEIGHTS = "adapter_model.safetensors"


@pytest.fixture(scope="module")
def votes(trained: Trained, talking: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of a crowd that talked with the tiny gcrs."""
    return crowd(trained, talking, tmp_path_factory.mktemp("votes") / "gcrs.db", "gcrs")


def crowd(trained: Trained, talking: Path, db: Path, system: str, raters: int = 12) -> Path:
    config = CrowdConfig(
        db=db, recommenders=system, raters=raters, votes=2, catalog=trained.catalog, seed=1
    )
    simulate(config, Shelf(CATALOG, trained.catalog, talking))
    return db


@pytest.fixture
def options(
    trained: Trained, talking: Path, votes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """Flags for a small run; four in ten are frozen, for there are few raters."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(trained.folder / "cache"))
    return {
        "db": votes, "from_": str(talking / "gcrs"), "out": tmp_path / "shelf" / "gcrs-2",
        "catalog": trained.catalog, "at_least": 3, "frozen_share": 0.4, "epochs": 2,
        "learning_rate": 1e-3,
    }  # fmt: skip


def argv(options: dict[str, Any]) -> list[str]:
    flags = []
    for name, value in options.items():
        flag = "--" + name.rstrip("_").replace("_", "-")
        flags += [flag] if value is True else [flag, str(value)]
    return ["tune", *flags]


def test_votes_become_a_version_that_the_app_lists_behind_its_parent(
    options: dict[str, Any],
    trained: Trained,
    talking: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shelf = tmp_path / "shelf"
    for name in ("gcrs", "reges"):
        shutil.copytree(talking / name, shelf / name)
    assert main(argv(options | {"offer": True})) == 0
    said = capsys.readouterr().out
    assert "votes of" in said and PREFERRED in said and "before" in said
    card = load_card(shelf / "gcrs-2")
    with reading_judgments(options["db"]) as log:
        config = ExportConfig(db=options["db"], format="dpo", out=tmp_path / "none")
        digest = read_votes(log, config).sha256
    assert card.tuned is not None and card.offered
    assert card.tuned.parent == "gcrs"
    assert card.tuned.parent_sha256 == sha256_of(talking / "gcrs")
    assert card.tuned.judgments_sha256 == digest
    assert (card.tuned.method, card.tuned.learn, card.tuned.seed) == ("dpo", "auto", 0)
    assert card.tuned.votes >= 3 and card.tuned.frozen_votes >= 3
    assert card.tuned.simulated and not card.tuned.shuffled
    assert card.tuned.settings["epochs"] == 2 and card.tuned.settings["first_layer"] == 0
    assert set(card.tuned.figures) == {"before", "after", "changes", "lost", tune.MOVED}
    assert card.tuned.figures["changes"].keys() == card.tuned.figures["before"].keys()
    assert card.training == load_card(talking / "gcrs").training
    assert not list((tmp_path / "runs").glob("tune-*")), "nothing is left of a run that ended"
    assert names(shelf) == ["gcrs", "gcrs-2", "reges"]
    offered = Shelf(CATALOG, trained.catalog, shelf)
    versions = [offered.version(name) for name in ("gcrs", "gcrs-2", "gcrs-2-alone", "reges")]
    version = versions[1]
    assert version and versions == [None, version, version, None]
    assert version.judgments_sha256 == digest
    assert version.told == f"tuned from gcrs on {card.tuned.votes} SIMULATED votes"
    mine = offered.get("gcrs-2")
    assert isinstance(mine, Gcrs)
    assert mine.talker.loaded.adapter_sha256 != sha256_of(talking / "gcrs")
    assert reply(mine, Dialogue((Turn("user", "I loved Heat"),))).complete


@pytest.mark.slow
def test_tuning_of_nothing_gives_the_parent_again(options: dict[str, Any], talking: Path) -> None:
    """Whatever is written is the adapter that was started from, moved by the votes alone."""
    tune.tune(TuneConfig(**options | {"learning_rate": 1e-12, "offer": True}))
    old, new = load_file(talking / "gcrs" / WEIGHTS), load_file(options["out"] / WEIGHTS)
    assert old.keys() == new.keys()
    assert all((old[name] - new[name]).abs().max() < 1e-6 for name in old)
    figures = load_card(options["out"]).tuned.figures  # type: ignore[union-attr]  # what was tuned says how
    assert figures["before"] == pytest.approx(figures["after"])


@pytest.mark.filterwarnings("error:Converting a tensor with requires_grad")
def test_an_adapter_with_dropout_goes_on(talking: Path, trained: Trained, tmp_path: Path) -> None:
    adapter = tmp_path / "dropping"
    shutil.copytree(talking / "gcrs", adapter)
    path = adapter / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"lora_dropout": 0.5}))
    parent = Parent.load(str(adapter), CATALOG, trained.catalog)
    base = load_base(parent.card.base)
    model = continued(parent.card.base, adapter, parent.talk, base, 0)
    assert any(p.requires_grad for p in model.parameters())


@pytest.mark.slow
def test_single_replies_teach_by_kto(options: dict[str, Any]) -> None:
    said = tune.tune(TuneConfig(**options | {"method": "kto", "offer": True}))
    assert "is written" in said
    assert load_card(options["out"]).tuned.method == "kto"  # type: ignore[union-attr]  # what was tuned says how


def test_reges_keeps_its_choice_and_learns_to_search(
    options: dict[str, Any],
    trained: Trained,
    talking: Path,
    tmp_path_factory: pytest.TempPathFactory,
    tmp_path: Path,
) -> None:
    db = crowd(trained, talking, tmp_path_factory.mktemp("reges") / "reges.db", "reges", 12)
    shelf = tmp_path / "shelf"
    shutil.copytree(talking / "reges", shelf / "reges")
    out = shelf / "reges-2"
    config = options | {"db": db, "from_": str(talking / "reges"), "out": out, "offer": True}
    tune.tune(TuneConfig(**config | {"at_least": 1}))
    mine = Shelf(CATALOG, trained.catalog, shelf).get("reges-2")
    assert isinstance(mine, Reges)
    assert mine.talker.loaded.adapter_sha256 == sha256_of(out) != sha256_of(talking / "gcrs")
    assert names(shelf) == ["reges", "reges-2"]


def fell(*after: float) -> Any:
    """Stands in for `behaviour`: recall before, all of eight dialogues, and after."""
    found = iter([np.ones(8), np.array(after)])
    clusters = tuple(map(str, range(8)))
    return lambda *_: Figures({"recall@10": Share(next(found), clusters)})


def test_what_has_lost_too_much_is_written_and_not_offered(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tune, "behaviour", fell(0, 0, 0, 0, 0, 0, 0, 1))
    nothing = Share(np.zeros(0), ())
    monkeypatch.setattr(tune, "preferred", lambda *_: nothing)
    assert main(argv(options)) == 0
    assert "does not offer it: recall@10 fell from 100.0" in capsys.readouterr().out
    card = load_card(options["out"])
    assert not card.offered and card.tuned
    assert card.tuned.figures["lost"][0].startswith("recall@10 fell from 100.0")
    assert names(options["out"].parent) == []
    shelf = Shelf(CATALOG, options["catalog"], systems=read_systems([str(options["out"])]))
    assert shelf.names == ("gcrs-2",), "who names it gets it"
    monkeypatch.setattr(tune, "behaviour", fell(0, 0, 0, 0, 0, 0, 0, 1))
    again = options | {"out": options["out"].with_name("offered"), "offer": True}
    said = tune.tune(TuneConfig(**again))
    assert "the app offers it as offered if it is started with `--recommenders" in said
    assert "as --offer says" in said
    assert names(options["out"].parent) == ["offered"]


@pytest.mark.slow
def test_it_is_not_offered_before_it_is_known_what_it_lost(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(tune, "behaviour", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tune.tune(TuneConfig(**options))
    assert (options["out"] / WEIGHTS).is_file() and names(options["out"].parent) == []
    monkeypatch.undo()
    monkeypatch.chdir(options["out"].parents[1])
    tune.tune(TuneConfig(**options | {"offer": True}))
    assert names(options["out"].parent) == ["gcrs-2"], "the same command goes on"
    assert not list(Path("runs").glob("*"))


@pytest.mark.slow
def test_a_control_learns_from_labels_turned_round(options: dict[str, Any]) -> None:
    tune.tune(TuneConfig(**options | {"shuffle_labels": True, "offer": True}))
    assert load_card(options["out"]).tuned.shuffled  # type: ignore[union-attr]  # what was tuned says how
    version = version_of(options["out"].name, options["out"].parent)
    assert version and version.told.startswith("a control with shuffled labels, from gcrs on")


@pytest.mark.slow
def test_recall_is_measured_before_and_after(options: dict[str, Any], trained: Trained) -> None:
    said = tune.tune(TuneConfig(**options | {"dialogues": trained.redial, "offer": True}))
    assert "recall@1 " in said and "recall@50" in said
    figures = load_card(options["out"]).tuned.figures  # type: ignore[union-attr]  # what was tuned says how
    assert {"recall@1", "recall@10", "recall@50"} <= figures["before"].keys()


# what is refused


@pytest.mark.parametrize("force", [True, False])
@pytest.mark.parametrize("place", ["gcrs", "", "gcrs/crsdemo.json"])
def test_what_tune_did_not_write_is_not_overwritten(
    options: dict[str, Any], talking: Path, place: str, force: bool
) -> None:
    """Whatever is in `runs/`: the checkpoints that came with crsdemo are of this kind."""
    before = {path: path.read_bytes() for path in talking.rglob("*") if path.is_file()}
    Path("runs").mkdir()
    (Path("runs") / "tune-gcrs.pt").write_bytes(b"of an earlier run")
    with pytest.raises(BadInputError, match="is there already, and `tune` did not write it"):
        tune.tune(TuneConfig(**options | {"out": talking / place, "force": force}))
    assert {path: path.read_bytes() for path in talking.rglob("*") if path.is_file()} == before


def test_a_version_is_overwritten_if_one_says_so_but_never_by_its_child(
    options: dict[str, Any],
) -> None:
    options |= {"epochs": 1, "offer": True}
    tune.tune(TuneConfig(**options))
    with pytest.raises(BadInputError, match="overwrite it with --force"):
        tune.tune(TuneConfig(**options))
    own = options | {"from_": str(options["out"]), "force": True}
    with pytest.raises(BadInputError, match="is what is started from"):
        tune.tune(TuneConfig(**own))
    tune.tune(TuneConfig(**options | {"seed": 1, "force": True}))
    assert load_card(options["out"]).tuned.seed == 1  # type: ignore[union-attr]  # what was tuned says how


def test_a_state_is_not_kept_over_what_came_with_crsdemo(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(shipped, "FOLDERS", (tmp_path / "shipped",))
    with pytest.raises(BadInputError, match="came with crsdemo"):
        tune.tune(TuneConfig(**options | {"state": tmp_path / "shipped" / "weights"}))


def test_too_few_votes_are_refused_before_anything_is_written(options: dict[str, Any]) -> None:
    with pytest.raises(BadInputError, match=r"can be learned from and 900 are needed"):
        tune.tune(TuneConfig(**options | {"at_least": 900}))
    assert not options["out"].exists()


@pytest.mark.parametrize(
    ("name", "said"),
    [("gcrs", "another recommender is called 'gcrs'"), ("popularity", "another recommender"),
     ("gcrs-2-alone", "no name for a version"), ("a,b", "no name for a version")],
)  # fmt: skip
def test_a_version_has_a_name_that_can_be_chosen_beside_all_others(
    options: dict[str, Any], name: str, said: str
) -> None:
    with pytest.raises(BadInputError, match=said):
        tune.tune(TuneConfig(**options | {"out": options["out"].with_name(name)}))


def test_a_folder_that_cannot_be_written_is_refused_before_anything_is_learned(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(Preferring, "learn", None)
    (tmp_path / "file").write_text("kept")
    with pytest.raises(BadInputError, match="cannot be written .* name another folder"):
        tune.tune(TuneConfig(**options | {"out": tmp_path / "file" / "gcrs-2"}))


def test_a_catalog_that_the_parent_does_not_know_is_refused(
    options: dict[str, Any], tmp_path: Path
) -> None:
    other = tmp_path / "catalog"
    shutil.copytree(options["catalog"], other)
    path = other / "semantic_ids.json"
    row = json.loads(path.read_text())
    first, second, *_ = row["codes"]
    row["codes"][first], row["codes"][second] = row["codes"][second], row["codes"][first]
    path.write_text(json.dumps(row))
    with pytest.raises(CheckpointError, match="other semantic IDs"):
        tune.tune(TuneConfig(**options | {"catalog": other}))


@pytest.mark.parametrize(
    ("spoiled", "reason"),
    [
        ({"catalog_sha256": "x"}, examples.OTHER_CATALOG),
        ({"model_sha256": "x"}, examples.OTHER_BASE),
        ({"prompt": "<|user|> hi"}, examples.OTHER_FORMAT),
        ({"output": "hello"}, examples.OTHER_FORMAT),
    ],
)
def test_votes_of_another_catalog_base_or_format_are_left_out(
    options: dict[str, Any], trained: Trained, spoiled: dict[str, str], reason: str
) -> None:
    parent = Parent.load(options["from_"], CATALOG, trained.catalog)
    base = sha256_of(Path(parent.card.base))
    with reading_judgments(options["db"]) as log:
        config = ExportConfig(db=options["db"], format="dpo", out=options["out"])
        vote, *_ = read_votes(log, config).usable
        reader = Reader(log, Transcriber(parent.talk), base, "auto")
        whole, left_out = reader.examples([vote])
        assert len(whole) == 1 and not left_out, "as it is it can be learned from"
        won, lost = vote.replies
        wrong = vote.__class__(vote.annotator, vote.concern, (won, lost.model_copy(update=spoiled)))
        assert reader.examples([wrong]) == ([], {reason: 1})


@pytest.mark.parametrize(
    "wrong",
    [{"method": "ppo"}, {"learn": "style"}, {"frozen_share": 0.0}, {"margin": 1.0},
     {"at_least": 0}, {"noise": 0.7}],
)  # fmt: skip
def test_wrong_flags_are_refused(options: dict[str, Any], wrong: dict[str, Any]) -> None:
    with pytest.raises(BadInputError):
        TuneConfig(**options | wrong)
