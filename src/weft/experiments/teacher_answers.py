"""Collects a teacher's predictions in a file, which can be resumed."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from weft.bundle import Model
from weft.data.examples.labelled import SoftLabelledText
from weft.data.examples.source_target import SourceTarget
from weft.data.sources import open_table
from weft.dataset import DataConfig, Examples, left_out
from weft.errors import ConfigError, InputError, Interrupted, RunFolderError
from weft.tasks.classification import Classification
from weft.tasks.texts import in_order
from weft.training.reports import Note, Report

CHUNK = 1024
"""Number of texts that are predicted at a time: at most this many predictions are lost when the teacher is stopped."""
SAID_SECONDS = 10.0
"""Least number of seconds between two reports of the teacher's progress."""
KINDS = ("classification", "seq2seq")
"""Tasks that a student can learn from a teacher."""
TINY = np.finfo(np.float64).tiny
Targets = Literal["teacher", "both"]
"""Use of a generating teacher's texts: in place of the true targets, or beside them."""


def check_kind(kind: str) -> None:
    """Raise ConfigError for a task whose models cannot teach."""
    if kind not in KINDS:
        hint = f"a teacher of task {' or '.join(f'`{one}`' for one in KINDS)} is needed"
        raise ConfigError(f"a model of task `{kind}` cannot teach", where="teacher", hint=hint)


def check_teacher(teacher: Model, examples: Examples) -> None:
    """Raise ConfigError or InputError if a student of these examples cannot learn from this teacher."""
    task = teacher.task
    check_kind(task.config.kind)
    if examples.task.kind != task.config.kind:
        what = f"the teacher's task is `{task.config.kind}`, the student's is `{examples.task.kind}`"
        raise ConfigError(what, where="task.kind", hint=f"set it to `{task.config.kind}`")
    if not isinstance(task, Classification):
        return
    if task.each != len(examples.train[0].texts):
        what = "one of teacher and training file has pairs of texts, the other single ones"
        raise InputError(what, hint="name the columns that the teacher was trained on")
    mine = {str(one.label) for one in examples.train}
    if others := sorted(mine ^ set(task.labels)):
        whose = "the training file" if others[0] in mine else "the teacher"
        what = f"teacher and training file differ in their labels: only {whose} knows `{others[0]}`"
        raise InputError(what, hint="give the file that the teacher was trained on, or one with the same labels")


def questions(train: Sequence[Any], more: Sequence[Any]) -> list[Any]:
    """Return the inputs for the teacher: every text, every source once."""
    texts = [*train, *more]
    return list({one.source: one for one in texts}.values()) if isinstance(texts[0], SourceTarget) else texts


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
    stands_in = {_key(one): part for part in ("train", "dev", "test") for one in getattr(examples, part)}
    for file in files:
        table = open_table(file, encoding=data.encoding, on_bad_row=data.on_bad_row)
        named = {next(iter(examples.task.columns), "column"): column}
        rows = list(examples.task.for_inputs(table, named=named).read_inputs(table))
        gone: Counter[str] = Counter()
        for one in rows:
            key = _key(one)
            if key in stands_in:
                gone[stands_in[key]] += 1
            else:
                stands_in[key] = "unlabelled"
                found.append(one)
        said.append(f"{file}: {len(rows) - gone.total():,} unlabelled texts to learn from, of {len(rows):,}")
        said += [
            f"{file}: left out {gone[part]:,} texts that stand in the {part} part, which is scored"
            for part in ("dev", "test")
            if gone[part]
        ]
        if again := gone["train"] + gone["unlabelled"]:
            said.append(f"{file}: left out {again:,} texts that stand in the training part, or stood before")
        said += left_out(table)
    if files and not found:
        raise InputError("no unlabelled text is left to learn from", where=files[0], hint="; ".join(said))
    return found, said


def answered(
    teacher: Model, texts: Sequence[Any], path: Path, *, stop: Callable[[], int]
) -> Generator[Report, None, list[Any]]:
    """Predict each text by the teacher, yielding reports; a line of `path` each, and those that exist already are kept.

    For a classifier these are logarithms of probabilities, in the order of its labels; else the generated text. Raises
    RunFolderError if the file is not of these texts, Interrupted when `stop` gives a signal.
    """
    done = _kept(path)
    if len(done) > len(texts):
        raise RunFolderError("holds more answers than there are texts", where=str(path), hint="remove it")
    if not done:
        yield Note(f"the teacher answers {len(texts):,} texts")
    elif len(done) < len(texts):
        yield Note(f"the teacher goes on: {len(done):,} of {len(texts):,} texts are answered")
    ask = teacher.task.config.example
    first, started = len(done), time.monotonic()
    told = started
    with path.open("a", encoding="utf-8", newline="\n") as file:
        while len(done) < len(texts):
            chunk = [ask(*one.texts) for one in texts[len(done) : len(done) + CHUNK]]
            new = [_said(one) for one in teacher.answer(chunk)]
            file.writelines(json.dumps(one, ensure_ascii=False) + "\n" for one in new)
            file.flush()
            done += new
            now = time.monotonic()
            pace = (len(done) - first) / max(1e-9, now - started)
            if now - told >= SAID_SECONDS and len(done) < len(texts):
                told = now
                left = f"{pace:,.0f} a second, {(len(texts) - len(done)) / pace:,.0f} s left"
                yield Note(f"the teacher has answered {len(done):,} of {len(texts):,} texts, {left}")
            if signal := stop():
                what = f"stopped after {len(done):,} answers of the teacher"
                raise Interrupted(what, signal=signal, hint="go on with --resume")
    return done


def taught(
    teacher: Model, asked: Sequence[Any], answers: Sequence[Any], *, train: Sequence[Any], targets: Targets
) -> list[Any]:
    """Return the examples of a student: texts with the teacher's predictions, or sources with its generated texts.

    A source for which it generated nothing is left out. `train` are the true pairs.
    """
    if isinstance(teacher.task, Classification):
        order = [teacher.task.numbers[label] for label in in_order(teacher.task.numbers)]
        return [
            SoftLabelledText(
                one.text,
                one.label,
                one.line,
                one.second,
                one.file,
                one.other,
                soft=tuple(said[place] for place in order),
            )
            for one, said in zip(asked, answers, strict=True)
        ]
    written = zip(asked, answers, strict=True)
    pairs = [SourceTarget(one.source, (text,), one.line) for one, text in written if text.strip()]
    return [*train, *pairs] if targets == "both" else pairs


def _said(answer: Any) -> Any:
    """Convert a prediction for the file; five digits are enough, and the same on every resume."""
    if not hasattr(answer, "probabilities"):
        return answer.text
    return [round(float(np.log(max(one, TINY))), 5) for one in answer.probabilities.values()]


def _kept(path: Path) -> list[Any]:
    """Read the whole lines of a file of predictions; a line that was cut off by a kill is removed."""
    if not path.is_file():
        return []
    whole = path.read_bytes()
    whole = whole[: whole.rfind(b"\n") + 1]
    path.write_bytes(whole)
    return [json.loads(line) for line in whole.decode("utf-8").split("\n") if line]


def _key(example: Any) -> str:
    """Return the key of a text, ignoring blanks, case and punctuation; of one without letters, itself."""
    folded = "".join(filter(str.isalnum, example.whole.casefold()))
    return folded or example.whole
