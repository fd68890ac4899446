"""Options that several verbs share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

device: Decorator = click.option(
    "--device", type=click.Choice(["auto", "cpu", "cuda", "mps"]), help="Where to run. Default: a GPU if there is one."
)
encoding: Decorator = click.option("--encoding", help="Encoding of the files. Default: found out, and said.")
on_bad_row: Decorator = click.option(
    "--on-bad-row", type=click.Choice(["stop", "skip"]), help="skip leaves bad rows out and lists them."
)
