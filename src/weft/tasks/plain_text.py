"""The common part of tasks on texts without labels: columns, units, the rule of the split."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal, Self

import numpy as np

from weft.data.examples.documents import Document, documents_of
from weft.data.examples.roles import TEXT, Role
from weft.data.sources import Table
from weft.data.split import Split, split
from weft.tasks.base import TaskConfig


class PlainTextConfig(TaskConfig):
    """Settings shared by the tasks on texts without labels."""

    roles: ClassVar[tuple[Role, ...]] = (replace(TEXT, most=1, again="name"),)
    text: str | None = None
    """Column of the text; None: guessed from the file, and named in the run."""
    unit: Literal["auto", "stream", "row"] = "auto"
    """Unit of the texts: `stream` reads a file as one long text, with its line breaks, `row` each row as a text of its
    own; `auto`: `stream` where the file is plain text."""

    @property
    def found_in_table(self) -> dict[str, Any]:
        """Return the settings of the column and the unit."""
        return {**super().found_in_table, "unit": self.unit}

    @property
    def streamed(self) -> bool:
        """Whether a file is one long text."""
        return self.unit == "stream"

    @property
    def unit_name(self) -> str:
        """Name of the examples in a sentence: texts of their own, or parts of one."""
        return "passages" if self.streamed else "texts"

    @property
    def split_rule(self) -> str:
        """Rule of the split into training and validation, in words."""
        return "validation is the end of the text" if self.streamed else super().split_rule

    def with_columns(self, table: Table, found: Mapping[str, Sequence[str]]) -> Self:
        """Return the config with the column named, and the unit."""
        unit = ("stream" if table.form == "txt" else "row") if self.unit == "auto" else self.unit
        return super().with_columns(table, found).model_copy(update={"unit": unit})

    def read(self, table: Table) -> Iterator[Any]:
        """Yield the texts of a table."""
        return documents_of(table, column=self.text or "", unit="stream" if self.streamed else "row")

    def data_notes(
        self, parts: Mapping[str, Sequence[Any]], files: Mapping[str, str], named: Mapping[str, str]
    ) -> list[str]:
        """Return notes on texts of the other parts that stand in train too."""
        del files, named
        train = {one.text for one in parts["train"]}
        again = {name: sum(one.text in train for one in rows) for name, rows in parts.items() if name != "train"}
        return [
            f"{count:,} of {len(parts[name]):,} {name} texts also in train" for name, count in again.items() if count
        ]

    def held_out(self, examples: Sequence[Document], *, share: float, seed: int) -> Split:
        """Hold out the end of a stream, or texts drawn by the seed, with equal ones in one split."""
        if not self.streamed:
            return split([""] * len(examples), [one.text for one in examples], share=share, seed=seed)
        sums = np.cumsum([len(one.text) for one in examples])
        first = min(int(np.searchsorted(sums, (1 - share) * sums[-1])) + 1, len(examples) - 1) if len(sums) else 0
        places = np.arange(len(examples))
        return Split(places[:first], places[first:] if first else places[:0])
