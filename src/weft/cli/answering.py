"""Inputs of a trained model, from options, a file or standard input, and its answers to them; prints no answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

import click

from weft import bundle
from weft.cli import options
from weft.data.sources import Table, open_table
from weft.errors import InputError
from weft.tasks.unseen import told

CHUNK = 4096
"""Inputs answered at a time: answers are on disk while the rest is still being read."""
SAID = 5
"""So many inputs that were not read to their end are named."""

Place = Callable[[int, Any], str]
"""What an input is called, by its number from 1 and as an example."""


def inputs(
    model: bundle.Model, file: str | None, *, column: str | None, **reading: Any
) -> tuple[Iterator[Any], Table, Place]:
    """The inputs of a file, or of standard input, with the table that they come from.

    `reading` are the encoding, and what becomes of a bad row, where they are given.
    Raises InputError where the column is not there.
    """
    table = open_table(file or "-", **{name: value for name, value in reading.items() if value is not None})
    try:
        config = model.task.config.for_inputs(table, text=column)
        options.say_columns(model.task.config, config, table)
        return config.read(table), table, lambda _, example: table.place(example.line)
    except InputError as error:
        # --text is the option of the other verbs: here it brings a text
        raise InputError(error.what, where=error.where, hint=error.hint.replace("--text", "--column")) from None


def typed(model: bundle.Model, texts: Sequence[str], seconds: Sequence[str] = ()) -> tuple[Iterator[Any], Place]:
    """The inputs of options. Raises InputError for an empty one, where the task has no use for it."""
    make = model.task.config.example
    pairs = list(map(make, texts, seconds)) if seconds else list(map(make, texts))
    for pair in pairs:
        if empty := [place for place, text in enumerate(pair.texts) if not text.strip()]:
            if empty == [1]:
                raise InputError("the second text is missing", where="--text", hint="give it with --second")
            raise InputError("text is empty", where="--text")
    return iter(pairs), lambda number, _: f"--text {number}"


def answered(model: bundle.Model, examples: Iterator[Any], *, place: Place) -> Iterator[tuple[Any, Any]]:
    """Each answer with its example; says of which inputs the end was not read, and which characters were not known."""
    number = cut = 0
    unseen: Counter[str] = Counter()
    while chunk := list(islice(examples, CHUNK)):
        unseen += model.task.unseen(chunk)
        for given, example in zip(model.answer(chunk), chunk, strict=True):
            number += 1
            if unread := getattr(given, "unread", 0):
                cut += 1
                if cut <= SAID:
                    say_unread(model, unread, where=place(number, example))
            yield given, example
    if cut > SAID:
        click.echo(f"and {cut - SAID:,} more; `unread` in the answers as JSON has them all", err=True)
    say_unseen(unseen)


def say_unseen(unseen: Counter[str]) -> None:
    """Say, on standard error, which characters of the inputs the model never saw."""
    for said in told(unseen):
        click.echo(f"of the inputs {said}", err=True)


def say_unread(model: bundle.Model, unread: int, *, where: str) -> None:
    """Say, on standard error, how much of an input was not read."""
    read = getattr(model.task.config, "max_source", None)
    what = "the last token was" if unread == 1 else f"the last {unread:,} tokens were"
    click.echo(f"{where}: {what} not read: the model reads {read} (task.max_source)", err=True)


def say_left_out(table: Table) -> None:
    """Say, on standard error, which rows could not be read."""
    for bad in table.bad:
        click.echo(f"left out {bad.file}:{bad.line}: {bad.what}", err=True)
