"""A run folder that somebody else has made or changed: refused in a sentence, and nothing outside it is touched."""

import os
import shutil
from pathlib import Path

import pytest

import weft
from weft.config import overridden, validated
from weft.errors import Interrupted, RunFolderError, WeftError
from weft.files import read_json, write_json
from weft.run_folder import SEAL, check_whole, state_of
from weft.training import checkpoint

ROWS = [f"{text} {number},{label}" for number in range(6) for text, label in (("很好", "pos"), ("bad", "neg"))]
CONFIG = ("data.train=评语.csv", "task.encoder.width=8", "task.encoder.maps=8", "training.epochs=2", "device=cpu")


def train(folder: str, **options: object) -> None:
    Path("评语.csv").write_text("\n".join(["text,label", *ROWS, ""]), encoding="utf-8")
    list(weft.train(validated(weft.RunConfig, overridden({}, CONFIG)), folder, **options))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a finished run, `done`, and one that was stopped, `stopped`."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        train("done")
        with pytest.raises(Interrupted):
            train("stopped", stop=lambda: 15)
    return folder


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runs: Path) -> None:
    """Copies of both runs, and a folder of somebody's, `home`, in which nothing may change."""
    shutil.copytree(runs, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    Path("home/step-000000001").mkdir(parents=True)
    Path("home/step-000000001/日记.txt").write_text("dear diary", encoding="utf-8")


def home() -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in Path("home").rglob("*") if path.is_file()}


def refused(folder: str, *, says: str) -> None:
    """Assert that neither resuming nor loading goes on in a folder, and that `home` stays as it was."""
    before = home()
    resumes = [] if folder == "done" and says == "is damaged" else [lambda: train(folder, resume=True)]
    for attempt in (*resumes, lambda: weft.load(folder)):
        with pytest.raises(WeftError) as caught:
            attempt()
        assert isinstance(caught.value, RunFolderError), caught.value
        assert says in str(caught.value) or "is not finished" in str(caught.value), caught.value
    assert home() == before


@pytest.mark.parametrize("name", ["checkpoints", "task", "reports.jsonl", "config.yaml", "data.json", ".lock"])
def test_a_link_in_a_stopped_run_is_refused_and_not_followed(name):
    there = Path("stopped", name)
    if there.exists():
        there.rename(Path("home", name))
    there.symlink_to((Path("home", name) if Path("home", name).exists() else Path("home")).absolute())
    refused("stopped", says="is a link out of the run")


def test_a_link_inside_a_folder_of_a_run_is_refused_too():
    Path("stopped/checkpoints/step-000000009").symlink_to(Path("home/step-000000001").absolute())
    refused("stopped", says="is a link out of the run")


@pytest.mark.parametrize("name", ["weights.safetensors", "task", "task/task.json", "bundle.json"])
def test_a_link_in_a_finished_run_is_refused(name):
    Path("done", name).rename("home/original")
    Path("done", name).symlink_to(Path("home/original").absolute())
    refused("done", says="is a link out of the run")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
@pytest.mark.parametrize("name", ["reports.jsonl", "data.json", "config.yaml"])
def test_a_pipe_in_a_run_is_refused_and_not_waited_for(name):
    Path("stopped", name).unlink()
    os.mkfifo(Path("stopped", name))
    with pytest.raises(RunFolderError):
        train("stopped", resume=True)


@pytest.mark.parametrize("name", ["reports.jsonl", "data.json"])
def test_a_folder_in_place_of_a_file_is_refused(name):
    Path("stopped", name).unlink()
    Path("stopped", name).mkdir()
    refused("stopped", says=name)


def test_what_no_run_wrote_stays_where_it_is():
    mine = ["checkpoints/step-abc", "checkpoints/step-000000002", "checkpoints/笔记.txt", "我的.txt"]
    for name in mine:
        Path("stopped", name).write_text("mine", encoding="utf-8")
    train("stopped", resume=True)
    assert [name for name in mine if not Path("stopped", name).exists()] == []
    assert checkpoint.latest(Path("stopped/checkpoints")) is None


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "has no sum of task/task.json"),
        ({"task/task.json": "0"}, "has no sum of weights.safetensors"),
        ({"../home/step-000000001/日记.txt": "0"}, "no file of a model"),
        ({"/etc/passwd": "0"}, "no file of a model"),
        ({"task/../../home": "0"}, "no file of a model"),
        ({"task\\..\\home": "0"}, "no file of a model"),
        ([], "is damaged: files"),
        ({"task/task.json": 5}, "is damaged: files.task/task.json"),
    ],
)
def test_names_in_the_seal_are_those_of_a_model(files, says):
    write_json(Path("done", SEAL), {**read_json(Path("done", SEAL)), "files": files})
    with pytest.raises(RunFolderError, match="bundle") as caught:
        check_whole(Path("done"))
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "[" * 100_000, '{"format": "x", "weft": 1, "files": 2}', "\0", '"好"']
)
@pytest.mark.parametrize(("folder", "name"), [("done", "bundle.json"), ("stopped", "data.json")])
def test_a_damaged_file_is_an_error_of_the_folder(text, folder, name):
    Path(folder, name).write_text(text, encoding="utf-8")
    refused(folder, says="is damaged")


@pytest.mark.parametrize("line", ["{", "[" * 100_000, "1" * 5000, "\udcff"])
def test_damaged_reports_are_an_error_of_the_folder(line):
    path = Path("stopped/reports.jsonl")
    path.write_bytes(line.encode("utf-8", "surrogateescape") + b"\n" + path.read_bytes())
    refused("stopped", says="reports.jsonl:1: damaged")


@pytest.mark.parametrize("text", ['{"step": "一"}', '{"step": 1, "best": [null]}', "[1]", "{"])
def test_damaged_progress_is_an_error_of_the_checkpoint(text):
    (progress,) = Path("stopped/checkpoints").glob("*/progress.json")
    progress.write_text(text, encoding="utf-8")
    refused("stopped", says="progress.json")


def test_a_folder_with_a_lock_and_what_is_written_first_is_free():
    Path("new/task").mkdir(parents=True)
    Path("new/.lock").touch()
    Path("new/.task.0123456789abcdef.part").mkdir()
    assert state_of(Path("new")) == "absent"
    train("new")
    assert not Path("new/.task.0123456789abcdef.part").exists()
    Path("foreign/task").mkdir(parents=True)
    assert state_of(Path("foreign")) == "foreign"


def test_a_full_disk_is_one_line_and_leaves_the_last_checkpoint(monkeypatch):
    written = Path("stopped/checkpoints")
    before = {path: path.read_bytes() for path in written.rglob("*") if path.is_file()}

    def full(*_: object) -> None:
        raise checkpoint.SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(checkpoint, "save_file", full)
    with pytest.raises(OSError, match="No space left on device"):
        train("stopped", resume=True, stop=lambda: 15)
    assert {path: path.read_bytes() for path in written.rglob("*") if path.is_file()} == before
    monkeypatch.undo()
