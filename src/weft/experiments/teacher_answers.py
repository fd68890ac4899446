"""Collects a teacher's predictions in a file, which can be resumed."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

from weft.bundle import Model
from weft.data.examples.roles import named_columns
from weft.dataset import DataConfig, Examples, left_out
from weft.errors import ConfigError, InputError, Interrupted, RunFolderError
from weft.files import parsed, write_text
from weft.run_folder import reading
from weft.tasks.base import TaskConfig
from weft.tasks.choices import KINDS
from weft.tasks.teaching import Teacher
from weft.training.reports import Note, Report

CHUNK = 1024
"""Number of texts that are predicted at a time: at most this many predictions are lost when the teacher is stopped."""
SAID_SECONDS = 10.0
"""Least number of seconds between two reports of the teacher's progress."""


def teaching(kind: str) -> type[TaskConfig]:
    """Return the task of a kind. Raises ConfigError where its models cannot teach."""
    teachers = {name: task for name, task in KINDS.items() if task.teaches}
    if kind not in teachers:
        hint = f"a teacher of task {' or '.join(f'`{one}`' for one in teachers)} is needed"
        raise ConfigError(f"a model of task `{kind}` cannot teach", where="teacher", hint=hint)
    return teachers[kind]


def checked(teacher: Model, examples: Examples) -> Teacher:
    """Return the teacher's task. Raises ConfigError or InputError if it cannot teach a student of these examples."""
    task = teacher.task
    teaching(task.config.kind)
    if examples.task.kind != task.config.kind:
        what = f"the teacher's task is `{task.config.kind}`, the student's is `{examples.task.kind}`"
        raise ConfigError(what, where="task.kind", hint=f"set it to `{task.config.kind}`")
    assert isinstance(task, Teacher)
    task.check_students(examples.train)
    return task


def new_texts(
    files: Sequence[str], examples: Examples, data: DataConfig, *, column: str | None
) -> tuple[list[Any], list[str]]:
    """Read the texts of some files that are new, without their labels, with notes about those left out.

    A text that also occurs in the validation or test set is left out, or scores would be of texts that were learned
    from; one that occurs in the training set, or occurred before, would add nothing. Texts are compared by their
    letters and digits: blanks, case and punctuation often differ in another copy of the same text. Raises InputError if
    a file cannot be read or nothing is left.
    """
    found: list[Any] = []
    said: list[str] = []
    stands_in = places_of(examples)
    for file in files:
        table = data.open(file)
        named = {next(iter(examples.task.columns), "column"): column}
        rows = list(examples.task.for_inputs(table, named=named).read_inputs(table))
        given = [name for name in _answer_columns(examples.task) if name in table.columns]
        absent = examples.task.absent_notes(table.columns)
        fresh, gone = new_among(rows, stands_in)
        found += fresh
        said.append(f"{file}: {len(rows) - gone.total():,} unlabelled texts for training, of {len(rows):,}")
        said += [
            f"{file}: skipped {gone[part]:,} texts that are in the {part} set, which is evaluated"
            for part in ("dev", "test")
            if gone[part]
        ]
        if again := gone["train"] + gone["unlabelled"]:
            said.append(f"{file}: skipped {again:,} texts that are in the training set, or are repeated")
        said += [f"{file}: the labels in column `{name}` are not read" for name in given]
        said += [*(f"{file}: {one}" for one in absent), *left_out(table)]
    if files and not found:
        raise InputError("no unlabelled text is left to learn from", where=files[0], hint="; ".join(said))
    return found, said


def places_of(examples: Examples) -> dict[str, str]:
    """Return the part in which each text stands, by its key."""
    return {key(one): part for part in ("train", "dev", "test") for one in getattr(examples, part)}


def new_among(rows: Sequence[Any], stands_in: dict[str, str]) -> tuple[list[Any], Counter[str]]:
    """Return the rows whose texts stand nowhere yet, which then do, and how many of the others stand in each part."""
    found, gone = [], Counter[str]()
    for one in rows:
        at = key(one)
        if at in stands_in:
            gone[stands_in[at]] += 1
        else:
            stands_in[at] = "unlabelled"
            found.append(one)
    return found, gone


def _answer_columns(task: TaskConfig) -> list[str]:
    """Return the columns of the right answer in the training file."""
    places = [role.place for role in task.all_roles if role.answer]
    return [name for place in places for name in named_columns(getattr(task, place), ())]


def answered(
    teacher: Model, said: Callable[[Any], Any], texts: Sequence[Any], path: Path, *, stop: Callable[[], int]
) -> Generator[Report, None, list[Any]]:
    """Predict each text by the teacher, yielding reports; a line of `path` each, and those that exist already are kept.

    `said` makes of an answer what is kept of it. Raises RunFolderError if the file is not of these texts, Interrupted
    when `stop` gives a signal.
    """
    done = _kept(path)
    if len(done) > len(texts):
        raise RunFolderError("holds more answers than there are texts", where=str(path), hint="remove it")
    if not done:
        yield Note(f"the teacher answers {len(texts):,} texts")
    elif len(done) < len(texts):
        yield Note(f"the teacher resumes: {len(done):,} of {len(texts):,} texts are labelled")
    ask = teacher.task.config.question_of
    first, started = len(done), time.monotonic()
    told = started
    with path.open("a", encoding="utf-8", newline="\n") as file:
        while len(done) < len(texts):
            chunk = [ask(one) for one in texts[len(done) : len(done) + CHUNK]]
            new = [said(one) for one in teacher.answer(chunk)]
            file.writelines(json.dumps(one, ensure_ascii=False) + "\n" for one in new)
            file.flush()
            done += new
            now = time.monotonic()
            pace = (len(done) - first) / max(1e-9, now - started)
            if now - told >= SAID_SECONDS and len(done) < len(texts):
                told = now
                left = f"{pace:,.0f} per second, {(len(texts) - len(done)) / pace:,.0f} s left"
                yield Note(f"the teacher has labelled {len(done):,} of {len(texts):,} texts, {left}")
            if signal := stop():
                what = f"stopped after {len(done):,} predictions of the teacher"
                raise Interrupted(what, signal=signal, hint="go on with --resume")
    return done


def _kept(path: Path) -> list[Any]:
    """Read the whole lines of a file of predictions; a line that was cut off by a kill is removed."""
    if not path.is_file():
        return []
    whole = path.read_bytes()
    whole = whole[: whole.rfind(b"\n") + 1]
    with reading(path, what="a line of it"):
        kept = [parsed(line) for line in whole.decode("utf-8").split("\n") if line]
    write_text(path, whole.decode("utf-8"))
    return kept


def key(example: Any) -> str:
    """Return the key of a text, ignoring blanks, case and punctuation; of one without letters, itself."""
    folded = "".join(filter(str.isalnum, example.whole.casefold()))
    return folded or example.whole
