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

A folder that an estimator saved has the model and `bundle.json` alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from weft.errors import RunFolderError
from weft.files import read_json, sha256, write_json

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

FORMAT = 1
"""Version of the format, which rises when older folders can no longer be read."""

State = Literal["absent", "foreign", "started", "finished"]
"""`absent`: free to write, as an empty folder is; `foreign`: something that no run wrote, or a file.

Damage is no state: to find it every file is read, which `check_whole` does.
"""


def state_of(folder: Path) -> State:
    """Tell the state of a folder by the files that are there."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
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
    return state


def check_may_start_plan(folder: Path, *, plan: str, kind: str, resume: bool) -> bool:
    """Tell whether a folder of several runs, made by the file `plan`, is there to be resumed; False where it is free.

    Raises RunFolderError where it holds anything but `kind`, or is not to be resumed.
    """
    if state_of(folder) == "absent":
        return False
    elsewhere = "name another folder (--output)"
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
    try:
        seal = read_json(folder / SEAL)
        newer, files = seal["format"] > FORMAT, dict(seal["files"])
    except (ValueError, KeyError, TypeError):
        raise RunFolderError("is damaged", where=str(folder / SEAL), hint=again) from None
    if newer:
        what = f"was written by weft {seal['weft']}, whose format is newer"
        raise RunFolderError(what, where=str(folder), hint="pip install -U weft")
    for name, expected in files.items():
        if not (folder / name).is_file():
            raise RunFolderError("is missing", where=str(folder / name), hint="copy the whole folder, or train again")
        if sha256(folder / name) != expected:
            what = f"is damaged: its SHA-256 is not the one in {SEAL}"
            raise RunFolderError(what, where=str(folder / name), hint=again)


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
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                if not line.endswith("\n"):
                    return
                raise RunFolderError(f"damaged: {error.msg}", where=f"{path}:{number}") from error
            if isinstance(row, dict):
                yield row


def _model_files(folder: Path) -> Sequence[str]:
    files = (file.relative_to(folder).as_posix() for file in (folder / TASK).rglob("*") if file.is_file())
    return [WEIGHTS, *sorted(files)]
