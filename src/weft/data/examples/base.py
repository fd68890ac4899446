"""The attributes that examples of every task share, and the name of their place in a file."""

from __future__ import annotations

from typing import Any, Protocol


class Example(Protocol):
    """An example of any task, as it stands in a file."""

    @property
    def line(self) -> int:
        """The line of its file, 0 for none."""
        ...

    @property
    def texts(self) -> tuple[Any, ...]:
        """Its texts."""
        ...


def place_of(example: Example) -> str:
    """Name the line of an example, as an error's `where`; empty where it has none."""
    return f"line {example.line}" if example.line else ""
