"""The folder of a run: the names of its files, its states, and the check that it is whole.

A run folder holds

- `config.yaml` and `data.json`, written first: the settings, and the fingerprint of the data;
- `checkpoints/`, while the run is not finished;
- `reports.jsonl`: what was reported on the way, a line each;
- `task/` and `weights.safetensors`: the model;
- `scores.json` and `answers.jsonl`: of the test set, or of the validation set where there is no test set;
- `attention.json`, where a model attends to its source;
- `learning_curve.json`, where it was asked for: the scores after training on shares of the rows;
- `page.html`;
- `bundle.json`, written last: the SHA-256 of every file of the model. With it the run is finished.

A folder that an estimator saved has the model and `bundle.json` alone. All of them are files and folders of its own: a
link is refused, since what it points to is no part of the run.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from weft.config import read_saved
from weft.errors import RunFolderError, WeftError
from weft.files import TEMPORARY, sha256, write_json
from weft.lock import LOCK

CONFIG = "config.yaml"
DATA = "data.json"
CHECKPOINTS = "checkpoints"
REPORTS = "reports.jsonl"
TASK = "task"
WEIGHTS = "weights.safetensors"
SCORES = "scores.json"
ANSWERS = "answers.jsonl"
ATTENTION = "attention.json"
LEARNING_CURVE = "learning_curve.json"
PAGE = "page.html"
SEAL = "bundle.json"
FILES = (CONFIG, DATA, REPORTS, TASK, WEIGHTS, SCORES, ANSWERS, ATTENTION, PAGE, SEAL)
"""All that a run writes, but its checkpoints."""

FORMAT = 1
"""Version of the format, which rises when older folders can no longer be read."""

State = Literal["absent", "foreign", "started", "finished"]
"""`absent`: free to write, as an empty folder is; `foreign`: something that no run wrote, or a file.

Damage is no state: to find it every file is read, which `check_whole` does.
"""


def state_of(folder: Path) -> State:
    """Tell the state of a folder by the files that are there.

    A lock and temporary files count for nothing; nor does what a run writes before `config.yaml`, beside its lock.
    """
    if not folder.exists():
        return "absent"
    found = {one.name for one in folder.iterdir()} if folder.is_dir() else {""}
    begun = {TASK, DATA} if LOCK in found else set()
    if all(name in begun or name == LOCK or TEMPORARY.fullmatch(name) for name in found):
        return "absent"
    if is_finished(folder):
        return "finished"
    return "started" if (folder / CONFIG).is_file() else "foreign"


def is_finished(folder: Path) -> bool:
    """Whether a run in this folder came to its end, or a model was saved there."""
    return (folder / SEAL).is_file()


def check_free(folder: Path, *, hint: str) -> None:
    """Raise RunFolderError where something stands in a folder that is to be written."""
    if state_of(folder) != "absent":
        raise RunFolderError("exists already", where=str(folder), hint=hint)


def check_may_start(folder: Path, *, resume: bool) -> State:
    """Tell the state of a folder to train into. Raises RunFolderError where it is taken, or cannot be resumed."""
    state = state_of(folder)
    if not resume:
        go_on = "" if state == "finished" else "go on with --resume (from Python resume=True), or "
        check_free(folder, hint=f"{go_on}name another folder (--output), or remove this one")
    elif state != "absent" and not (folder / CONFIG).is_file():
        raise RunFolderError("is not a run folder", where=str(folder), hint="name another folder (--output)")
    check_own(folder, (*FILES, CHECKPOINTS, LOCK))
    return state


def check_before_lock(folder: Path, *, resume: bool) -> None:
    """Raise RunFolderError where a folder is taken for good; of one that is started, the lock tells who holds it."""
    if state_of(folder) == "started":
        check_own(folder, (LOCK,))
    else:
        check_may_start(folder, resume=resume)


def check_own(folder: Path, names: Collection[str]) -> None:
    """Raise RunFolderError where something under these names in a folder is a link, or neither a file nor a folder."""
    for name in names:
        inner = (os.path.join(at, one) for at, *both in os.walk(folder / name) for some in both for one in some)
        for path in (str(folder / name), *inner):
            kind = os.lstat(path).st_mode if os.path.lexists(path) else stat.S_IFREG
            if not stat.S_ISREG(kind) and not stat.S_ISDIR(kind):
                what = "is a link out of the run" if stat.S_ISLNK(kind) else "is neither a file nor a folder"
                raise RunFolderError(what, where=path, hint="put a copy of what it points to there, or remove it")


def check_may_start_plan(folder: Path, *, plan: str, kind: str, resume: bool) -> bool:
    """Tell whether a folder of several runs, made by the file `plan`, is there to be resumed; False where it is free.

    Raises RunFolderError where it holds anything but `kind`, or is not to be resumed.
    """
    if state_of(folder) == "absent":
        return False
    elsewhere = "name another folder (--output)"
    check_own(folder, os.listdir(folder) if folder.is_dir() else ())
    if not (folder / plan).is_file():
        raise RunFolderError(f"holds something else than {kind}", where=str(folder), hint=elsewhere)
    if not resume:
        check_free(folder, hint=f"go on with --resume (from Python resume=True), or {elsewhere}")
    return True


def check_finished(folder: Path) -> None:
    """Raise RunFolderError where there is no finished run in a folder."""
    if not folder.exists():
        raise RunFolderError("there is no such folder", where=str(folder), hint="expected one that `weft train` wrote")
    if is_finished(folder):
        return
    started = (folder / CONFIG).is_file()
    what = "the run is not finished" if started else "there is no model in this folder"
    hint = "finish it: weft train ... --resume" if started else "expected a folder that `weft train` wrote"
    if is_finished(folder / "student"):
        hint = f"what `weft distil` trained is in {folder / 'student'}"
    raise RunFolderError(what, where=str(folder), hint=hint)


def check_whole(folder: Path) -> None:
    """Raise RunFolderError where a run is not finished, of a newer format, or a file of its model is damaged."""
    check_finished(folder)
    again = "copy the folder again, or train again"
    check_own(folder, (SEAL, WEIGHTS, TASK))
    seal = read_saved(folder / SEAL, Seal)
    if seal.format > FORMAT:
        what = f"was written by weft {seal.weft}, whose format is newer"
        raise RunFolderError(what, where=str(folder), hint="pip install -U weft")
    least = {WEIGHTS, f"{TASK}/task.json"}
    if odd := [name for name in seal.files if not _is_of_model(name)]:
        raise RunFolderError(f"names `{odd[0]}`, no file of a model", where=str(folder / SEAL), hint=again)
    if lacking := sorted(least - seal.files.keys()):
        raise RunFolderError(f"has no sum of {lacking[0]}", where=str(folder / SEAL), hint=again)
    for name, expected in seal.files.items():
        if not (folder / name).is_file():
            raise RunFolderError("is missing", where=str(folder / name), hint="copy the whole folder, or train again")
        if sha256(folder / name) != expected:
            what = f"is damaged: its SHA-256 is not the one in {SEAL}"
            raise RunFolderError(what, where=str(folder / name), hint=again)


@contextmanager
def reading(folder: Path, *, what: str = "the model") -> Generator[None]:
    """Turn whatever goes wrong within the block into a RunFolderError: a folder may hold what nobody foresaw."""
    try:
        yield
    except WeftError:
        raise
    except Exception as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise RunFolderError(f"{what} cannot be read: {reason}", where=str(folder)) from error


@dataclass(frozen=True, slots=True)
class Seal:
    """Content of `bundle.json`: the version of the format and of weft, and the SHA-256 of every file of the model."""

    format: int
    weft: str
    files: Mapping[str, str]


def seal(folder: Path, *, version: str) -> None:
    """Finish a folder with `task/` and weights: write the SHA-256 of every file of the model."""
    sums = {name: sha256(folder / name) for name in _model_files(folder)}
    write_json(folder / SEAL, {"format": FORMAT, "weft": version, "files": sums})


def seal_sum(folder: Path) -> str:
    """Return the SHA-256 that identifies a finished model."""
    return sha256(folder / SEAL)


def size(folder: Path) -> int:
    """Count the bytes that a model takes on disk: weights and assets, no pages or tables."""
    return sum((folder / name).stat().st_size for name in _model_files(folder))


def read_answers(folder: Path) -> Iterator[dict[str, Any]]:
    """Read the answers of a run, a row each; nothing where there are none. Raises RunFolderError for damage."""
    return read_lines(folder / ANSWERS)


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Read the objects of a file, one a line; a last line that was cut off when a run was killed is left out."""
    if not path.exists():
        return
    if not path.is_file():
        raise RunFolderError("is no file", where=str(path), hint="copy the folder again")
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.isspace():
                continue
            try:
                row = json.loads(line.decode("utf-8"))
            except (ValueError, RecursionError) as error:
                if not line.endswith(b"\n"):
                    return
                reason = getattr(error, "msg", None) or getattr(error, "reason", "nested too deep")
                raise RunFolderError(f"damaged: {reason}", where=f"{path}:{number}") from None
            if isinstance(row, dict):
                yield row


def _is_of_model(name: str) -> bool:
    """Whether a name in `bundle.json` is that of the weights, or of a file in the folder of the task."""
    path = PurePosixPath(name)
    inside = path.parts[:1] == (TASK,) and ".." not in path.parts and "\\" not in name and "\0" not in name
    return name == WEIGHTS or (inside and len(path.parts) > 1)


def _model_files(folder: Path) -> Sequence[str]:
    files = (file.relative_to(folder).as_posix() for file in (folder / TASK).rglob("*") if file.is_file())
    return [WEIGHTS, *sorted(files)]
