"""One process at a time writes into a folder; the other is told who does, and a killed one leaves no lock."""

import errno
import json
import multiprocessing
import os
import platform
import signal
import sys
import time
from pathlib import Path

import pytest

import weft
from weft import lock
from weft.cli.main import main
from weft.config import overridden, validated
from weft.errors import Interrupted, RunFolderError
from weft.lock import LOCK, held

pytestmark = pytest.mark.skipif(os.name != "posix", reason="locks of the system are those of POSIX")
FORK = multiprocessing.get_context("fork") if os.name == "posix" else multiprocessing.get_context()
SETTINGS = ("data.train=评语.csv", "task.encoder.width=8", "device=cpu", "training.epochs=9")
ENCODERS = ("bag", "cnn")


def hold(folder: Path, taken: Path) -> None:
    """Hold a folder until the end of time, and say when it is held."""
    with held(folder):
        taken.touch()
        signal.pause()


def killed(folder: Path) -> None:
    """Let another process hold a folder, and kill it."""
    taken = folder.parent / "taken"
    process = FORK.Process(target=hold, args=(folder, taken))
    process.start()
    while not taken.exists():
        time.sleep(0.001)
    with pytest.raises(RunFolderError, match=f"is in use by process {process.pid} on "), held(folder):
        pass
    process.kill()
    process.join()


def test_a_held_folder_is_refused_and_free_again_when_its_holder_ends(tmp_path):
    with (
        held(tmp_path / "跑" / "run"),
        pytest.raises(RunFolderError, match=f"is in use by process {os.getpid()} on ") as caught,
        held(tmp_path / "跑" / "run"),
    ):
        pass
    assert "--output" in caught.value.hint
    assert list(tmp_path.iterdir()) == []
    with held(tmp_path / "run"):
        (tmp_path / "run" / "a.txt").touch()
    assert [one.name for one in (tmp_path / "run").iterdir()] == ["a.txt"]
    with held(tmp_path / "run"):
        pass


def test_a_killed_holder_leaves_no_lock(tmp_path):
    killed(tmp_path / "run")
    assert (tmp_path / "run" / LOCK).exists()
    with held(tmp_path / "run"):
        pass
    assert not (tmp_path / "run" / LOCK).exists()


def test_where_there_are_no_locks_a_holder_that_no_longer_runs_is_followed(tmp_path, monkeypatch):
    def unknown(*_):
        raise OSError(errno.ENOLCK, "no locks available")

    monkeypatch.setattr(lock.fcntl, "flock", unknown)
    killed(tmp_path / "run")
    with held(tmp_path / "run"), pytest.raises(RunFolderError, match=f"process {os.getpid()} "), held(tmp_path / "run"):
        pass
    (tmp_path / "run" / LOCK).write_text(json.dumps({"pid": 1, "host": f"not {platform.node()}", "since": "昨天"}))
    with pytest.raises(RunFolderError, match="since 昨天"), held(tmp_path / "run"):
        pass


def test_a_link_in_place_of_the_lock_is_not_followed(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / LOCK).symlink_to(tmp_path / "made.txt")
    with pytest.raises(RunFolderError, match="cannot be written"), held(tmp_path / "run"):
        pass
    assert not (tmp_path / "made.txt").exists()


def told(arguments: list[str], file: str) -> None:
    """Run the command line in a process of its own, and keep its exit code and what it says in a file."""
    sys.argv, code = ["weft", "train", *arguments], 0
    with open(file, "w", encoding="utf-8") as sys.stderr:
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
    Path(f"{file}.code").write_text(str(code))


def race(*, resume: bool) -> None:
    """Let two trainings start at once into one folder: one runs to its end, the other is told and changes nothing."""
    sets = [word for setting in SETTINGS[1:] for word in ("--set", setting)]
    calls = [["评语.csv", "--output", "run", "--encoder", one, *sets] for one in ENCODERS]
    if resume:
        config = validated(weft.RunConfig, overridden({}, [*SETTINGS, "task.encoder.kind=bag"]))
        with pytest.raises(Interrupted):
            list(weft.train(config, "run", stop=lambda: 15))
        calls = [[*calls[0], "--resume"]] * 2
    processes = [FORK.Process(target=told, args=(call, f"{place}.txt")) for place, call in enumerate(calls)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    codes = [int(Path(f"{place}.txt.code").read_text()) for place in (0, 1)]
    assert sorted(codes) == [0, 2], [Path(f"{place}.txt").read_text() for place in (0, 1)]
    said = Path(f"{codes.index(2)}.txt").read_text()
    holds = f"run: is in use by process {processes[codes.index(0)].pid} on "
    assert holds in said or "run: exists already" in said  # on a busy machine one may end before the other begins
    model = weft.load("run")
    assert model.task.config.encoder.kind == ("bag" if resume else ENCODERS[codes.index(0)])
    assert not Path("run", LOCK).exists()
    reports = [json.loads(line) for line in Path("run/reports.jsonl").read_text(encoding="utf-8").splitlines()]
    steps = [report["step"] for report in reports if report["kind"] == "step"]
    assert steps == sorted(set(steps))
    assert sum(report["kind"] == "done" for report in reports) == 1


@pytest.mark.parametrize(
    ("races", "resume"),
    [(1, False), *(pytest.param(50, resume, marks=pytest.mark.slow) for resume in (False, True))],
)
def test_of_two_trainings_at_once_into_one_folder_one_wins(tmp_path, monkeypatch, races, resume, one_thread):
    rows = [f"{text} {number},{label}" for number in range(12) for text, label in (("很好", "a"), ("bad", "b"))]
    for number in range(races):
        folder = tmp_path / str(number)
        folder.mkdir()
        monkeypatch.chdir(folder)
        Path("评语.csv").write_text("\n".join(["text,label", *rows]), encoding="utf-8")
        race(resume=resume)
