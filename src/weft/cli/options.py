"""Options that several verbs share."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from weft.data.guess import named_by_user
from weft.data.sources import Table
from weft.errors import InputError
from weft.tasks.base import TaskConfig

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

device: Decorator = click.option(
    "--device", type=click.Choice(["auto", "cpu", "cuda", "mps"]), help="Where to run. Default: a GPU if there is one."
)
encoding: Decorator = click.option("--encoding", help="Encoding of the files. Default: found out, and said.")
label_separator: Decorator = click.option(
    "--label-separator", help="A text may have several labels, or none, with this between them, as in 新闻|体育."
)
on_bad_row: Decorator = click.option(
    "--on-bad-row", type=click.Choice(["stop", "skip"]), help="skip leaves bad rows out and lists them."
)


def check_file(path: str) -> None:
    """Refuse, before any work is done, a path under which no file can be written."""
    if Path(path).is_dir():
        raise InputError("is a folder, expected a file to write", where=path)
    check_place(path)


def check_place(path: str) -> None:
    """Refuse, before any work is done, a path that cannot be made: a file on the way, or no leave to write."""
    there = next(parent for parent in Path(path).absolute().parents if parent.exists())
    if not there.is_dir():
        raise InputError(f"cannot be written: `{there.name}` is a file, not a folder", where=path)
    if not os.access(there, os.W_OK):
        raise InputError(f"cannot be written: no leave to write in {there}", where=path)


def say_columns(trained: TaskConfig, used: TaskConfig, table: Table) -> None:
    """Say, on standard error, where another column is read than in training."""
    if not named_by_user(table):
        return
    for part in trained.columns:
        before, now = getattr(trained, part, None), getattr(used, part, None)
        if now is not None and now != before:
            click.echo(f"{part} from column `{now}` (in training it was `{before}`)", err=True)
