"""The examples of a run: files are read, columns found, parts split, with notes on them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, Self

from pydantic import Field, ModelWrapValidatorHandler, PrivateAttr, model_validator

from weft.config import Config, kind_of
from weft.data.blank_rows import blank_notes
from weft.data.checks.findings import counted
from weft.data.examples.conversations import conversation_columns
from weft.data.examples.label_evidence import other_labels
from weft.data.examples.roles import ColumnsUnclear, LikeQuestions, as_option, named_by_user
from weft.data.examples.source_target import likely_pair, two_texts
from weft.data.formats.folders import as_source, parts_of
from weft.data.sources import FORMS, OnBadRow, Table, open_table
from weft.errors import InputError, typed
from weft.inputs.tabular import COLUMNS, ColumnNames
from weft.store import chosen, kept
from weft.tasks.base import TaskConfig
from weft.tasks.choices import TASKS

PARTS = ("train", "dev", "test")


class DataConfig(Config):
    """Settings of the files of examples: train, dev and test set."""

    train: str
    """File of the training set, which the model learns from; several by commas, a pattern or a folder. A folder with
    parts (`train/` and `test/`, or files named so) brings dev and test set too, where these are not named."""
    dev: str | None = None
    """File of the dev set (validation set), which chooses the best weights; None: a share of the training file."""
    dev_share: float = Field(default=0.1, gt=0, lt=1)
    """Share of the training file that is held out as dev set where `dev` names no file."""
    test: str | None = None
    """File of the test set, which the trained model is scored on; None: the dev set, whose scores flatter a little."""
    encoding: str = "auto"
    """Character encoding of all files; `auto`: it is detected, and named in the run."""
    columns: ColumnNames | None = None
    """Names of the columns of csv, tsv and Excel files without a header, in their order; an empty list numbers them;
    None: the first row names them, unless it is clearly none."""
    on_bad_row: OnBadRow = "skip_blank"
    """Treatment of rows that cannot be read: `stop` ends with an error, `skip` leaves them out and lists them,
    `skip_blank` leaves out those without a text or a right answer, if fewer than half, and stops at any other."""

    _brought: frozenset[str] = PrivateAttr(default=frozenset())

    @model_validator(mode="wrap")
    @classmethod
    def _of_files_and_folders(cls, settings: Any, validate: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(settings, Mapping):
            return validate(settings)
        named = {part: _source(settings[part]) for part in PARTS if settings.get(part) is not None}
        given, train = {*named}, named.get("train")
        if isinstance(train, str) and Path(train).is_dir():
            named = {**parts_of(train, forms=FORMS), **{part: own for part, own in named.items() if part != "train"}}
            named.setdefault("train", train)
        data = validate({**settings, **named})
        data._brought = frozenset(named) - given
        return data

    @property
    def brings_test(self) -> bool:
        """Whether the test set is a part of the folder of the training set, which nobody named."""
        return "test" in self._brought

    def open(self, file: str, *, on_bad_row: OnBadRow | None = None) -> Table:
        """Open one of the files, or another one that is read in the same way."""
        return open_table(file, encoding=self.encoding, on_bad_row=on_bad_row or self.on_bad_row, columns=self.columns)


@dataclass(frozen=True, slots=True)
class Examples:
    """Parts of the data, the task with its columns named, and notes for the user."""

    task: TaskConfig
    train: Sequence[Any]
    dev: Sequence[Any]
    test: Sequence[Any]
    notes: list[str]
    tables: Mapping[str, Table] = field(default_factory=dict)
    """The tables of the parts that were read from files of their own, by `train`, `dev` and `test`."""
    known: Sequence[Any] | None = None
    """Examples that vocabulary, labels and size of the model come from; None: those of `train`."""

    @property
    def fingerprint(self) -> str:
        """Return a checksum of all texts, labels and further values: a resumed run must read the same."""
        digest = hashlib.sha256()
        for example in chain(self.train, self.dev, self.test):
            further = getattr(example, "other", None)
            digest.update(repr((example.whole, example.label, *([further] if further else []))).encode())
        return digest.hexdigest()


class Unanswered(ColumnsUnclear):
    """Error of a dev or test set without right answers."""


LEFT_OUT = "{}: has no labels, and is left out; to predict them, then: weft predict RUN {}"
"""Note on the test part of a folder, with its name twice, the second time as it is typed."""


def read(data: DataConfig, task: TaskConfig, *, seed: int) -> Examples:
    """Read and split. Raises InputError for what is wrong with a file."""
    whole = read_whole(data, task)
    resolved, notes = whole.task, whole.notes
    others: dict[str, Sequence[Any]] = {"dev": [], "test": []}
    tables = dict(whole.tables)
    for part, file in (("dev", data.dev), ("test", data.test)):
        if file:
            other = data.open(file)
            try:
                config = for_scoring(resolved, other, train=data.train)
            except Unanswered:
                if part != "test" or not data.brings_test:
                    raise
                notes.append(LEFT_OUT.format(file, typed(file)))
                continue
            with _hint_at_inspection(other, config, asked=task):
                rows = kept(config.read(other))
            if part == "test" and data.brings_test and rows and all(one.label == "-1" for one in rows):
                notes.append(LEFT_OUT.format(file, typed(file)))  # as GLUE is published
                continue
            tables[part], others[part] = other, config.evaluation_examples(rows)
            notes += _described(other, config, rows) + (_moved(file, resolved, config) if named_by_user(other) else [])
    files = {"train": data.train, "dev": data.dev or "", "test": data.test or ""}
    parts = {name: rows for name, rows in {"train": whole.train, **others}.items() if rows}
    notes += resolved.data_notes(parts, files, _options(data, task))
    train = whole.train
    if not data.dev:
        train, others["dev"] = held_out(train, data, resolved, seed)
        unit, held = resolved.unit_name, len(others["dev"])
        notes.append(f"{len(train):,} training {unit}, {held:,} validation {unit} held out; {resolved.split_rule}")
    return Examples(resolved, train, others["dev"], others["test"], notes, tables)


def read_whole(data: DataConfig, task: TaskConfig) -> Examples:
    """Read the training file alone and split nothing: every row is in `train`. Raises InputError as `read`."""
    table = data.open(data.train)
    resolved = _resolved(task, table)
    with _hint_at_inspection(table, resolved, asked=task):
        rows = kept(resolved.read(table))
    notes = _described(table, resolved, rows)
    rows, said = resolved.filter_training(rows)
    rows = kept(rows)
    if not rows:
        raise InputError("no row is left to learn from", where=table.path, hint="; ".join(said))
    guessed = [name for name in task.columns if getattr(task, name) is None and getattr(resolved, name) is not None]
    if guessed and named_by_user(table):
        columns, doubt = _guesses(resolved, guessed, table)
        said.append(columns if table.sides else columns + doubt)  # the names and the order of files say it
        label = getattr(resolved, "label", None)
        if "label" in guessed and isinstance(label, str) and any(role.looks == "label" for role in task.roles):
            said += other_labels(table, label, texts=resolved.columns_of("text", table))
    return Examples(resolved, rows, [], [], [*notes, *said], {"train": table})


def _guesses(task: TaskConfig, guessed: Sequence[str], table: Table) -> tuple[str, str]:
    """Return from which columns the roles of guessed settings are read, and the options that would name them."""
    said, options = [], []
    for name in guessed:
        roles, columns = [one.name for one in task.roles if one.place == name], task.columns_of(name, table)
        apart = len(roles) == len(columns)
        said += [*zip(roles, columns, strict=True)] if apart else [(name, as_option(getattr(task, name)))]
        options.append(f"--{name} {typed(as_option(columns))}" if apart and len(roles) > 1 else f"--{name}")
    each = [f"{role} from column `{column}`" for role, column in said]
    columns = " and ".join(filter(None, [", ".join(each[:-1]), each[-1]]))
    return columns, f" (guessed; name them with {', '.join(options)})"


def for_scoring(task: TaskConfig, table: Table, *, train: str) -> TaskConfig:
    """Return the config for a dev or test set. Raises InputError, which says so, where it has no right answers."""
    try:
        return task.for_table(table)
    except ColumnsUnclear as error:
        try:
            task.for_inputs(table)
        except InputError:
            raise error from None
        columns = {name: as_option(getattr(task, name)) for name in task.columns if getattr(task, name)}
        options = "".join(f" --{name} {typed(column)}" for name, column in columns.items())
        alone = f"weft train {typed(train)}{options}, and then weft predict RUN {typed(table.source)}"
        hint = f"train without it, and predict its labels: {alone}; or, where another column has them, {error.hint}"
        raise Unanswered(f"has no labels: {error.what}", where=error.where, hint=hint) from None


def _source(named: Any) -> Any:
    """Return the one name of a file or of several."""
    if isinstance(named, list | tuple) and all(isinstance(one, str | os.PathLike) for one in named):
        return as_source([os.fspath(one) for one in named])
    return os.fspath(named) if isinstance(named, os.PathLike) else named


_FILE_A_LABEL = (
    "where each file has the texts of one label, a text a line, make one file of them: "
    'for f in {}/*; do sed "s/^/__label__$(basename "${{f%.*}}") /" "$f"; done > all.txt'
)
"""Hint at a folder of files that are named by labels."""


def _resolved(task: TaskConfig, table: Table) -> TaskConfig:
    """Find the columns of the task. Raises InputError, with a hint at other tasks where no label is found."""
    readers = [f"--task {kind_of(one)}" for one in TASKS if "turns" in one.model_fields]
    if "label" in task.columns and getattr(task, "label", None) is None and (turns := conversation_columns(table)):
        what = f"holds conversations or instructions ({', '.join(f'`{name}`' for name in turns)}), and no labels"
        raise InputError(what, where=table.path, hint=f"pass {' or '.join(readers)}, which learn the answers")
    try:
        return task.resolved(table)
    except ColumnsUnclear as error:
        asked = isinstance(error, LikeQuestions)
        others = "label" in task.columns and not error.suggests
        pair = likely_pair(table) or two_texts(table) if "label" in task.columns else ()
        ways = [f"pass --source {typed(pair[0])} --target {typed(pair[1])} to learn one from the other"] if pair else []
        hints = [error.hint, *([_other_tasks(table, whole=asked)] if others else [])]
        if table.parts and (table.form, table.columns) == ("txt", ("text",)):
            hints.append(_FILE_A_LABEL.format(typed(table.path)))
        of_others = asked or table.form == "txt" or table.holds_chat
        hint = "; ".join([*ways, *(hints[::-1] if of_others else hints)])
        raise InputError(error.what, where=error.where, hint=hint) from None


def _other_tasks(table: Table, *, whole: bool) -> str:
    """List the tasks whose columns may be there where those of labelled texts are not, those of plain text first.

    The likely ones come with their use, or all of them where it is the `whole` list.
    """
    plain = table.form == "txt"
    found = sorted(TASKS, key=lambda one: (not one.may_fit(table), plain and "unit" not in one.model_fields))
    offers = [
        one.offer if whole or one.may_fit(table) else one.offer.partition(" for ")[0] for one in found if one.offer
    ]
    return f"other tasks (see weft train --help): {', '.join(offers)}"


@contextmanager
def _hint_at_inspection(table: Table, task: TaskConfig, *, asked: TaskConfig) -> Generator[None]:
    """Add to the hint of an error about a row, within the block, how to list all bad rows.

    The command names the columns that `asked`, the task as it was given, names.
    """
    try:
        yield
    except InputError as error:
        beside = {name: getattr(task, name, ()) for name in COLUMNS}
        told = {*task.columns_beside} <= {*chain(*beside.values())}
        if "--on-bad-row" in error.hint and task.inspected_as and told:
            named = "" if task.implied_by or isinstance(task, TASKS[0]) else f" --task {task.kind}"
            columns = {name: getattr(asked, name, None) for name in asked.columns} | beside
            named += "".join(f" --{name} {typed(as_option(own))}" for name, own in columns.items() if own)
            error.hint += f"; weft inspect {typed(table.source)}{named} lists all of them"
        raise


def _described(table: Table, task: TaskConfig, rows: Sequence[Any]) -> list[str]:
    """Say what was read of a table. Raises InputError if that is nothing."""
    if not rows:
        what = (
            f", since all {len(table.bad):,} are bad, as {table.bad[0].place}: {table.bad[0].what}" if table.bad else ""
        )
        raise InputError(f"no row is left to read{what}", where=table.path)
    files = ", ".join(table.sides) or table.path
    how = [one for one in (table.encoding, *table.remarks) if one != task.unit_name]
    return [", ".join([f"{files}: {len(rows):,} {task.unit_name}", *how]), *left_out(table)]


def left_out(table: Table) -> list[str]:
    """Describe the rows of a table that could not be read, a sentence each."""
    return [*blank_notes(table.blank, table.rows), *(f"left out {bad.place}: {bad.what}" for bad in table.bad)]


def _options(data: DataConfig, task: TaskConfig) -> dict[str, str]:
    """Return the options of reading that `weft inspect` needs too: those that were named, as it guesses the others."""
    named = {
        **{name: as_option(getattr(task, name, ())) or None for name in (*task.columns, *COLUMNS)},
        "label_separator": task.separator,
    }
    named["encoding"] = None if data.encoding == "auto" else data.encoding
    return {name: value for name, value in named.items() if value is not None}


def _moved(file: str, before: TaskConfig, now: TaskConfig) -> list[str]:
    """Describe the columns of a further file that are others than those of the training file."""
    names = [name for name in before.columns if getattr(before, name) != getattr(now, name)]
    return [f"{file}: {name} from column `{as_option(getattr(now, name))}` (guessed)" for name in names]


def held_out(rows: Sequence[Any], data: DataConfig, task: TaskConfig, seed: int) -> tuple[Sequence[Any], Sequence[Any]]:
    """Split rows into training set and dev set by `data.dev_share`. Raises InputError where there are too few."""
    halves = task.held_out(rows, share=data.dev_share, seed=seed)
    if not len(halves.dev):
        if 2 * (different := len({row.whole for row in rows})) <= len(rows):
            column = as_option(getattr(task, task.columns[0]))
            of = f"`{column}` has" if column else "the texts have"
            which = f"{of} {counted(different, 'value')} in {len(rows):,} rows"
            what = f"{which}, and equal ones stay in one split: too few to hold some out"
            hint = f"is it the right column? name another with --{task.columns[0]}, or a file with --dev"
            raise InputError(what, where=data.train, hint=hint)
        raise InputError("there are too few rows to hold some out", where=data.train, hint="name a file with --dev")
    return chosen(rows, halves.train), task.evaluation_examples(chosen(rows, halves.dev))
