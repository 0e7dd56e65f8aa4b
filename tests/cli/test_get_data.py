"""Downloads from a server of our own: checked, written down, compared the next time."""

import hashlib
import io
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from crsdemo.cli.get_data import INSPIRED, REDIAL, SUMS, Distribution, get_data, main, read_sums
from crsdemo.core.errors import BadInputError


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder and its address."""
    folder = tmp_path / "served"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def tables(base: str, **changes: tuple[str, ...]) -> Distribution:
    return Distribution("made up", base, ("train.tsv", "dev.tsv"), **changes)


def test_the_first_download_is_written_down_and_later_ones_must_agree(
    served: tuple[Path, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, base = served
    (folder / "train.tsv").write_text("one")
    (folder / "dev.tsv").write_text("two")
    out = tmp_path / "data"
    get_data(tables(base), out)
    assert (out / "train.tsv").read_text() == "one"
    assert read_sums(out) == {"train.tsv": sha256("one"), "dev.tsv": sha256("two")}
    assert (out / SUMS).read_text().splitlines()[0] == f"{sha256('one')}  train.tsv"
    assert sha256("two") in capsys.readouterr().out
    get_data(tables(base), out)
    (folder / "dev.tsv").write_text("changed")
    with pytest.raises(BadInputError, match=f"has the sha256 {sha256('changed')}, expected was"):
        get_data(tables(base), out)
    assert (out / "dev.tsv").read_text() == "two"
    assert {path.name for path in out.iterdir()} == {"train.tsv", "dev.tsv", SUMS}
    get_data(tables(base), out, [sha256("one"), sha256("changed")])
    assert (out / "dev.tsv").read_text() == "changed"


def test_a_published_checksum_holds_for_the_first_download(
    served: tuple[Path, str], tmp_path: Path
) -> None:
    folder, base = served
    (folder / "train.tsv").write_text("one")
    with pytest.raises(BadInputError, match="expected was 00"):
        get_data(tables(base, sha256=("00", "11")), tmp_path / "data")
    assert list((tmp_path / "data").iterdir()) == []


def test_an_archive_is_unpacked_beside_it(served: tuple[Path, str], tmp_path: Path) -> None:
    folder, base = served
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("redial_dataset/train_data.jsonl", "{}")
        archive.writestr("redial_dataset/other.txt", "not wanted")
    (folder / "all.zip").write_bytes(packed.getvalue())
    source = Distribution("made up", base, ("all.zip",), unpacked=("train_data.jsonl",))
    get_data(source, tmp_path / "data")
    assert (tmp_path / "data" / "train_data.jsonl").read_text() == "{}"
    assert not (tmp_path / "data" / "other.txt").exists()
    missing = Distribution("made up", base, ("all.zip",), unpacked=("dev.jsonl",))
    with pytest.raises(BadInputError, match="is no archive with dev.jsonl"):
        get_data(missing, tmp_path / "data")


def test_what_cannot_be_had_is_named(served: tuple[Path, str], tmp_path: Path) -> None:
    _, base = served
    with pytest.raises(BadInputError, match="train.tsv cannot be downloaded .* 404"):
        get_data(tables(base), tmp_path)
    with pytest.raises(BadInputError, match="has 2 files .* given 1 times"):
        get_data(tables(base), tmp_path, ["00"])
    with pytest.raises(BadInputError, match="no dataset 'netflix'; there are: redial, inspired"):
        main(["netflix"])


def test_the_official_files_are_named_as_the_loaders_read_them() -> None:
    assert {"train_data.jsonl", "test_data.jsonl"} == set(REDIAL.unpacked)
    assert INSPIRED.files == ("train.tsv", "dev.tsv", "test.tsv")
    assert len(REDIAL.sha256[0]) == 64
