"""Parts, rows and findings of the data checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from weft.store import column

Severity = Literal["error", "warning", "fine"]
"""Severity of a finding; `error`: scores or predictions would be wrong; `warning`: worth a look; `fine`: checked,
nothing to fix."""


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one file, as columns: the text, label and line (from 1) of each.

    `name` is train, dev or test. Texts and labels are as in the file, blanks at the ends included. The label is a tuple
    if a text may have several, or none. Of pairs of texts, `halves` are all first and all second ones, and `texts` has
    both of a row, one to a line. `where` names the place of a line, which may be that of another file. `beside` are the
    values of further columns that are read, of which equal texts may have unlike ones. `called` is the word for a row.
    """

    name: str
    path: str
    texts: Sequence[str]
    labels: Sequence[str] | Sequence[tuple[str, ...]]
    lines: Sequence[int]
    halves: Sequence[Sequence[str]] = ()
    where: Callable[[int], str] | None = None
    beside: Sequence[str] = ()
    called: str = "text"

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def thing(self) -> str:
        """Kind of a row: a `text`, a `pair`, or as it is called."""
        return "pair" if self.halves else self.called

    @property
    def several(self) -> bool:
        """Whether a text may have several labels, or none."""
        return any(isinstance(label, tuple) for label in self.labels[:1])

    @property
    def each(self) -> Iterator[tuple[str, ...]]:
        """The text of each row, or both."""
        return zip(*(self.halves or [self.texts]), strict=True)

    def spelled(self, number: int) -> tuple[str, ...]:
        """Return the labels of a row as in the file, none if it has none."""
        return _spelled(self.labels[number])

    def names(self, number: int) -> tuple[str, ...]:
        """Return the labels of a row without blanks at the ends."""
        return tuple(map(str.strip, self.spelled(number)))

    @property
    def every_name(self) -> Iterator[str]:
        """The labels of all rows in order, without blanks at the ends."""
        return (label.strip() for labels in self.labels for label in _spelled(labels))

    def stratum(self, number: int) -> str:
        """Return the label by which rows are split evenly, the first one of several."""
        return next(iter(self.names(number)), "")

    def row(self, number: int, *, note: str = "") -> Row:
        """Return one row to be shown, with a note about it."""
        line = self.lines[number]
        where = self.where(line) if self.where else f"{self.path}:{line}"
        first, *second = (column[number] for column in self.halves or [self.texts])
        return Row(self.name, line, where, first, ", ".join(self.names(number)), note, *second)

    def place(self, number: int) -> str:
        """Return the place of a row, as in `train line 7`."""
        return f"{self.name} line {self.lines[number]:,}"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the data that a finding is about; in a folder of texts `line` is its number, and `where` its file.

    `second` is the second text of a pair; several labels are joined by commas.
    """

    part: str
    line: int
    where: str
    text: str
    label: str
    note: str = ""
    second: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """Result of one check: its title, severity, count, rows, and how to fix it.

    `table` is a small table to be shown, its first row the names of its columns.
    """

    key: str
    title: str
    severity: Severity
    said: str
    count: int = 0
    fix: str = ""
    rows: Sequence[Row] = ()
    table: Sequence[Sequence[str]] = ()

    def to_json(self) -> dict[str, Any]:
        """Convert to JSON values, every row included."""
        return asdict(self)


SEVERITIES: Mapping[Severity, int] = {"error": 0, "warning": 1, "fine": 2}
"""Order in which findings are shown."""


def all_rows(parts: Sequence[Part]) -> Iterator[tuple[Part, int]]:
    """Yield every row of every part, with its number in the part."""
    for part in parts:
        for number in range(len(part)):
            yield part, number


def _spelled(label: str | tuple[str, ...]) -> tuple[str, ...]:
    return label if isinstance(label, tuple) else (label,) if label.strip() else ()


def verb(word: str, number: int) -> str:
    """Inflect a verb: `repeats` for one, `repeat` for several."""
    return f"{word}s" if number == 1 else word


def in_digits(value: float, digits: int, *, sign: Literal["", "+"] = "") -> str:
    """Write a number in some digits, `0.0123` or `12.3`, and a larger one in full and without decimals, `12,345`."""
    return f"{value:{sign},.0f}" if abs(value) >= 10**digits - 0.5 else f"{value:{sign}.{digits}g}"


def counted(number: int, one: str, many: str = "") -> str:
    """Format a count with its noun: `1 text`, `1,351 texts`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(words: Sequence[str]) -> str:
    """List the first eight of some words, and the number of the others."""
    return ", ".join(words[:8]) + (f" and {len(words) - 8} more" if len(words) > 8 else "")


def part_of(name: str, file: str, rows: Sequence[Any], *, where: Callable[[int], str] | None = None) -> Part:
    """Labelled examples as the data doctor reads them; `where` names the places of their lines."""
    first, second = (column(rows, lambda one, half=half: one.texts[half : half + 1]) for half in (0, 1))
    columns = (column(rows, lambda one, of=of: (getattr(one, of),)) for of in ("whole", "label", "line"))
    beside = column(rows, lambda one: (repr(one.other),)) if getattr(rows[0], "other", None) else ()
    return Part(name, file, *columns, (first, second) if len(rows[0].texts) > 1 else (), where=where, beside=beside)
