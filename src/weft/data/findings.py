"""What is found when data is looked over: parts, rows, findings; knows their shape, not how they are made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["error", "warning", "fine"]
"""`error`: scores or answers would be wrong; `warning`: worth a look; `fine`: looked at, and nothing to mend."""


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one file, as columns: the text, label and line (from 1) of each; `files` where each row has its own.

    `name` is train, dev or test. Texts and labels are as the file has them, blanks at the ends included.
    """

    name: str
    path: str
    texts: Sequence[str]
    labels: Sequence[str]
    lines: Sequence[int]
    files: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.texts)

    def row(self, number: int, *, note: str = "") -> Row:
        """One row to be shown, with what is to be said of it."""
        line = self.lines[number]
        where = self.files[line - 1] if self.files else f"{self.path}:{line}"
        return Row(self.name, line, where, self.texts[number], self.labels[number].strip(), note)

    def place(self, number: int) -> str:
        """The row in a few words: `train line 7`."""
        return f"{self.name} line {self.lines[number]:,}"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the data that a finding is about; `line` is its number in a folder of texts, whose file is `where`."""

    part: str
    line: int
    where: str
    text: str
    label: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: what it is, how bad, how often, in which rows, and how to mend it.

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


def verb(word: str, number: int) -> str:
    """`repeats` of one, `repeat` of several."""
    return f"{word}s" if number == 1 else word


def counted(number: int, one: str, many: str = "") -> str:
    """`1 text`, `1,351 texts`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
