"""What data checks return: parts of the data, their rows, and findings. Does not find anything itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["error", "warning", "fine"]
"""`error`: scores or answers would be wrong; `warning`: worth a look; `fine`: checked, and nothing to fix."""


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one file, as columns: the text, label and line (from 1) of each; `files` where each row has its own.

    `name` is train, dev or test. Texts and labels are as the file has them, blanks at the ends included. The label is a
    tuple where a text may have several, or none. Of pairs of texts, `halves` are all first and all second ones, and
    `texts` has both of a row, one to a line.
    """

    name: str
    path: str
    texts: Sequence[str]
    labels: Sequence[str] | Sequence[tuple[str, ...]]
    lines: Sequence[int]
    files: Sequence[str] = ()
    halves: Sequence[Sequence[str]] = ()

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def thing(self) -> str:
        """What a row holds: a `text`, or a `pair`."""
        return "pair" if self.halves else "text"

    @property
    def several(self) -> bool:
        """Whether a text may have several labels, or none."""
        return any(isinstance(label, tuple) for label in self.labels[:1])

    @property
    def each(self) -> Iterator[tuple[str, ...]]:
        """The text of each row, or both."""
        return zip(*(self.halves or [self.texts]), strict=True)

    def spelled(self, number: int) -> tuple[str, ...]:
        """The labels of a row as the file has them, none where it has none."""
        return _spelled(self.labels[number])

    def names(self, number: int) -> tuple[str, ...]:
        """The labels of a row as they are read, without blanks at the ends."""
        return tuple(map(str.strip, self.spelled(number)))

    @property
    def every_name(self) -> Iterator[str]:
        """The labels of all rows as they are read, in their order."""
        return (label.strip() for labels in self.labels for label in _spelled(labels))

    def stratum(self, number: int) -> str:
        """The label by which rows are dealt evenly, the first one of several."""
        return next(iter(self.names(number)), "")

    def row(self, number: int, *, note: str = "") -> Row:
        """One row to be shown, with what is to be said of it."""
        line = self.lines[number]
        where = self.files[line - 1] if self.files else f"{self.path}:{line}"
        first, *second = (column[number] for column in self.halves or [self.texts])
        return Row(self.name, line, where, first, ", ".join(self.names(number)), note, *second)

    def place(self, number: int) -> str:
        """The row in a few words: `train line 7`."""
        return f"{self.name} line {self.lines[number]:,}"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the data that a finding is about; `line` is its number in a folder of texts, whose file is `where`.

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
    """The result of one check: what was found, how bad it is, how often, in which rows, and how to fix it.

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
        """All of it, every row included."""
        return asdict(self)


SEVERITIES: Mapping[Severity, int] = {"error": 0, "warning": 1, "fine": 2}
"""The order in which findings are shown."""


def all_rows(parts: Sequence[Part]) -> Iterator[tuple[Part, int]]:
    """Every row of every part, with its number in the part."""
    for part in parts:
        for number in range(len(part)):
            yield part, number


def _spelled(label: str | tuple[str, ...]) -> tuple[str, ...]:
    return label if isinstance(label, tuple) else (label,) if label.strip() else ()


def verb(word: str, number: int) -> str:
    """`repeats` of one, `repeat` of several."""
    return f"{word}s" if number == 1 else word


def counted(number: int, one: str, many: str = "") -> str:
    """`1 text`, `1,351 texts`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
