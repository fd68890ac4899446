"""Inputs of a trained model, from options, a file or standard input, and its answers to them."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weft.cli import options
from weft.cli.printing import say
from weft.data.checks.findings import counted
from weft.data.examples.labelled import LabelledText
from weft.data.examples.roles import named_by_user
from weft.data.formats.class_folders import COLUMNS as FOLDER
from weft.data.formats.class_folders import encoding_of_texts, flat_texts, read_as
from weft.data.formats.folders import parts_of
from weft.data.formats.line_rows import as_json
from weft.data.formats.parallel_files import side_files, suffix_of
from weft.data.sources import FORMS, OnBadRow, Table, open_table
from weft.errors import InputError
from weft.text.out_of_vocabulary import notes_on

if TYPE_CHECKING:  # else PyTorch would be imported before a mistake in the command line is told
    from weft import bundle

CHUNK = 4096
"""Number of inputs answered at a time: answers are on disk while the rest is still being read."""
SAID = 5
"""Number of inputs that are named when they were not read to their end."""

Place = Callable[[int, Any], str]
"""Function that names an input, by its number from 1 and as an example."""
Found = Iterator[tuple[Any, Any]]
"""Answers with their examples."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """Examples to be answered, how to name their places, and the table that they were read from, with its columns.

    `in_place` are plain lines, none of which is left out.
    """

    examples: Iterator[Any]
    place: Place
    table: Table | None = None
    columns: tuple[str, ...] = ()
    in_place: bool = False

    def say_left_out(self) -> None:
        """Say, on standard error, which rows could not be read."""
        if self.table is not None and not self.in_place:
            say_left_out(self.table)


@dataclass(frozen=True, slots=True)
class Blank:
    """A line with no text to answer, which keeps its place among the answers."""

    line: int


def inputs(
    model: bundle.Model, file: str | None, *, column: str | None, names: tuple[str, ...] | None = None, **reading: Any
) -> Inputs:
    """Return the inputs of a file or of standard input.

    `reading` are the encoding, and what becomes of a bad row, where they are given. Of plain lines, which are known by
    nothing but their number, none is left out: those without a text are `Blank`, unless a bad row is to stop.
    Raises InputError where the column is not there.
    """
    given = {name: value for name, value in reading.items() if value is not None}
    file = part_of(file or "-", ("test", "dev", "train"))
    texts = flat_texts(file) if model.task.config.example_type is LabelledText else ()
    if texts:
        how = "".join(f"; {said}" for said in read_as(texts))
        say(f"{file}: each of its {len(texts):,} files is read as a text{how}", err=True)
        found = encoding_of_texts(texts, given.get("encoding", "auto"))
        table = Table(file, file, "folder", found, FOLDER, given.get("on_bad_row", "stop"), files=texts)
    else:
        table = open_table(file, form=_form(model, file), columns=names, **given)
    from weft.inputs.media import refuse_others

    refuse_others(model.task.config, table)
    config = model.task.config.for_inputs(table, named={next(iter(model.task.config.columns), "column"): column})
    options.say_columns(model.task.config, config, table)
    say_absent(config.absent_notes(table.columns))
    plain = table.form == "parallel" or (table.form, table.columns) == ("txt", ("text",))
    in_place = plain and reading.get("on_bad_row") != "stop"
    if in_place:
        table.on_bad_row = "skip"
    examples = config.read_inputs(table)
    examples = _in_place(examples, table) if in_place else examples
    examples = examples if in_place else some(examples, table)
    places = [role.place for role in config.all_roles if not role.answer]
    columns = tuple(name for setting in dict.fromkeys(places) for name in config.columns_of(setting, table))
    return Inputs(examples, lambda _, example: table.place(example.line), table, columns, in_place)


def part_of(source: str, parts: Sequence[str] = ("test", "dev")) -> str:
    """Return the first of some parts of a data set that lies in a folder, and say so; any other source as it is."""
    found = parts_of(source, forms=FORMS) if Path(source).is_dir() else {}
    part = next((one for one in parts if one in found), None)
    if part is None:
        return source
    say(f"{source}: of its parts {found[part]} is read ({part})", err=True)
    return found[part]


def _form(model: bundle.Model, file: str) -> str:
    """Yield plain lines, where a file ends as the sources of training: `test.en` of a model of `train.en,train.zh`."""
    suffix = model.task.config.line_suffix
    alone = not side_files(file) and suffix_of(file).lower() not in FORMS
    return "txt" if suffix and alone and suffix_of(file) == f".{suffix}" else "auto"


def _in_place(examples: Iterator[Any], table: Table) -> Iterator[Any]:
    """Yield the examples of a table with a `Blank` for each refused line; after the last, print the number of these."""
    told = 0
    for example in chain(examples, [None]):
        yield from (Blank(bad.line) for bad in table.bad[told:])
        told = len(table.bad)
        if example is not None:
            yield example
    if table.bad:
        what = "a line is empty and has" if told == 1 else f"{told:,} lines are empty, this is the first; each has"
        say(f"{table.bad[0].place}: {what} an empty answer (--on-bad-row stop refuses it)", err=True)


def typed(model: bundle.Model, texts: Sequence[str], seconds: Sequence[str] = ()) -> Inputs:
    """Return the inputs of options. Raises InputError for an empty one, where the task has no use for it."""
    first, second, *more = model.task.config.texts
    if more:
        hint = f"give a FILE whose rows have {first}, {second} and {more[0]}"
        raise InputError(f"a {first} with its {more[0]} is no text", where="--text", hint=hint)
    make = model.task.config.example
    pairs = list(map(make, texts, seconds)) if seconds else list(map(make, texts))
    for pair in pairs:
        if empty := [place for place, text in enumerate(pair.texts) if not text.strip()]:
            if empty == [1]:
                ask = ", or run: weft answer FOLDER --passage FILE" if second == "passage" else ""
                raise InputError(f"the {second} is missing", where="--text", hint=f"give it with --second{ask}")
            raise InputError("text is empty", where="--text")
    say_absent(model.task.config.absent_notes())
    return Inputs(iter(pairs), lambda number, _: f"--text {number}")


def answered(
    model: bundle.Model, examples: Iterator[Any], *, place: Place, on_bad_row: OnBadRow = "stop"
) -> Iterator[tuple[Any, Any]]:
    """Yield each answer with its example, None for a blank line; says what was not read to its end, or not known.

    Raises InputError, which names the place, for an input that the model cannot read; to skip it is to leave it blank.
    """
    number = cut = 0
    unseen: Counter[str] = Counter()
    strange: Counter[str] = Counter()
    while chunk := list(islice(examples, CHUNK)):
        asked = [example for example in chunk if not isinstance(example, Blank)]
        try:
            answers = iter(model.answer(asked))
        except InputError:
            chunk = list(readable(model, chunk, place=place, on_bad_row=on_bad_row, before=number))
            asked = [example for example in chunk if not isinstance(example, Blank)]
            answers = iter(model.answer(asked))
        unseen += model.task.unseen(asked)
        strange += model.task.without_content(asked)
        for example in chunk:
            number += 1
            given = None if isinstance(example, Blank) else next(answers)
            if given is not None and (unread := model.task.unread(given)):
                cut += 1
                if cut <= SAID:
                    say_unread(model, unread, where=place(number, example))
            yield given, example
    if cut > SAID:
        say(f"and {cut - SAID:,} more; `unread` in the answers as JSON has them all", err=True)
    for what, count in strange.items():
        if count:
            thing, _, how = what.partition(" ")
            any_such = f"what the model answers there is what it would answer to any such {thing}"
            say(f"{counted(count, thing)} {how}: {any_such}", err=True)
    say_unseen(unseen)


def some(examples: Iterator[Any], table: Table) -> Iterator[Any]:
    """Yield the inputs of a table. Raises InputError where there are none, since each row was left out."""
    left = True
    for example in examples:
        left = False
        yield example
    if left and table.bad:
        say_left_out(table)
        raise InputError("no row is left to answer", where=table.path)


def readable(
    model: bundle.Model, examples: Iterable[Any], *, place: Place, on_bad_row: OnBadRow, before: int = 0
) -> Iterator[Any]:
    """Return the examples, numbered after those `before`, with a `Blank` and a note for one that the model cannot read.

    Raises InputError instead, where a bad row is to stop.
    """
    for number, example in enumerate(examples, before + 1):
        try:
            if not isinstance(example, Blank):
                model.task.encode([example])
        except InputError as error:
            where = place(number, example)
            if on_bad_row == "stop":
                way_out = ", or pass --on-bad-row skip to leave its answer empty" if example.line else ""
                raise InputError(error.what, where=where, hint=f"{error.hint}{way_out}") from None
            say(f"{where}: {error.what}: it has an empty answer", err=True)
            yield Blank(example.line)
        else:
            yield example


def records(model: bundle.Model, found: Iterator[tuple[Any, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the record of each answer; that of a blank line has the same fields, with nothing in them but its line."""
    fields: dict[str, None] = {}
    waiting: list[Blank] = []
    for given, example in found:
        if given is not None:
            record = model.task.record(given, example)
            fields = fields or dict.fromkeys(record)
        else:
            record = None
            waiting.append(example)
        if fields:
            yield from ({**fields, "line": blank.line} for blank in waiting)
            waiting.clear()
        if record is not None:
            yield record
    yield from ({"answer": None, "line": blank.line} for blank in waiting)


def with_columns(model: bundle.Model, asked: Inputs, found: Found) -> Iterator[dict[str, Any]]:
    """Yield the records of answers behind all columns of the rows that were answered, these under their own names.

    A column that has the name of a part of an answer is `NAME_in_file`.
    """
    table = asked.table
    if table is None or asked.in_place or not named_by_user(table):
        yield from records(model, found)
        return
    lines: deque[int] = deque()

    def watched() -> Found:
        for given, example in found:
            lines.append(example.line)
            yield given, example

    rows = table.unchecked()
    for record in records(model, watched()):
        line = lines.popleft()
        row = next(row for row in rows if row.line == line)
        read = [None, *(row.values.get(name) for name in asked.columns)]
        before = list(takewhile(lambda name: name != "answer" and not name.endswith(".answer"), record))
        own = {name: value for name, value in record.items() if name not in before or value not in read}
        own = {name: value for name, value in own.items() if name != "columns"}  # they are kept as columns
        whole = {name: as_json(value) for name, value in row.whole.items()} if table.form == "jsonl" else row.values
        yield {**{f"{name}_in_file" if name in own else name: value for name, value in whole.items()}, **own}


def say_absent(notes: Iterable[str]) -> None:
    """Say, on standard error, which columns the texts come without."""
    for said in notes:
        say(said, err=True)


def say_unseen(unseen: Counter[str]) -> None:
    """Say, on standard error, which characters of the inputs the model never saw."""
    for said in notes_on(unseen):
        say(f"of the inputs {said}", err=True)


def say_unread(model: bundle.Model, unread: int, *, where: str) -> None:
    """Say, on standard error, how much of an input was not read."""
    what = "the last token was" if unread == 1 else f"the last {unread:,} tokens were"
    setting, most = model.task.config.input_limit or ("", 0)
    say(f"{where}: {what} not read: the model reads {most} (task.{setting})", err=True)


def say_left_out(table: Table) -> None:
    """Say, on standard error, which rows of a table could not be read."""
    from weft.dataset import left_out

    for said in [*left_out(table), *table.blank_remark]:
        say(said, err=True)
