"""What the tasks share that learn from texts as such: columns, units, what is held out; knows no model and no loss."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal, Self

import numpy as np

from weft.data.examples.documents import Document, documents_of
from weft.data.examples.roles import ColumnsUnclear, guess_text_column, text_column_again
from weft.data.sources import Table
from weft.data.split import Split, split
from weft.errors import ConfigError, InputError
from weft.tasks.base import TaskConfig


class PlainTextConfig(TaskConfig):
    """What is read of a file of texts without labels."""

    columns: ClassVar[tuple[str, ...]] = ("text",)
    text: str | None = None
    """The column of the text; None: guessed from the file, and said."""
    unit: Literal["auto", "stream", "row"] = "auto"
    """`stream`: a file is one long text, with its line breaks; `row`: each row is a text of its own; `auto`: a stream
    where the file is plain text."""

    @property
    def unit_name(self) -> str:
        """Texts of their own, or parts of one."""
        return "passages" if self.unit == "stream" else "texts"

    @property
    def split_rule(self) -> str:
        """What is held out."""
        return "validation is the end of the text" if self.unit == "stream" else super().split_rule

    def resolved(self, table: Table) -> Self:
        """The same with the column named, and the unit."""
        text = self.text
        lists = text is not None and text in table.columns
        text = text if lists else _column(table, text)
        unit = ("stream" if table.form == "txt" else "row") if self.unit == "auto" else self.unit
        return self.model_copy(update={"text": text, "unit": unit})

    def for_table(self, table: Table, *, text: str | None = None, label: str | None = None) -> Self:
        """The same for another table."""
        if label is not None:
            raise ConfigError(f"a model of task `{self.kind}` has no labels", where="label", hint="leave it out")
        return self.model_copy(update={"text": text or self._found(table)}).resolved(table)

    def for_inputs(self, table: Table, *, text: str | None = None) -> Any:
        """The same: there are no labels."""
        return self.for_table(table, text=text)

    def _found(self, table: Table) -> str | None:
        return text_column_again(table, trained=self.text) if self.text else None

    def read(self, table: Table) -> Iterator[Any]:
        """The texts of a table."""
        return documents_of(table, column=self.text or "", unit="stream" if self.unit == "stream" else "row")

    def data_notes(
        self, parts: Mapping[str, Sequence[Any]], files: Mapping[str, str], named: Mapping[str, str]
    ) -> list[str]:
        """Which texts of the other parts stand in train too."""
        del files, named
        train = {one.text for one in parts["train"]}
        again = {name: sum(one.text in train for one in rows) for name, rows in parts.items() if name != "train"}
        return [
            f"{count:,} of {len(parts[name]):,} {name} texts also in train" for name, count in again.items() if count
        ]

    def held_out(self, examples: Sequence[Document], *, share: float, seed: int) -> Split:
        """Of a stream the end, else texts drawn by the seed, equal ones on one side."""
        if self.unit != "stream":
            return split([""] * len(examples), [one.text for one in examples], share=share, seed=seed)
        sums = np.cumsum([len(one.text) for one in examples])
        first = min(int(np.searchsorted(sums, (1 - share) * sums[-1])) + 1, len(examples) - 1) if len(sums) else 0
        places = np.arange(len(examples))
        return Split(places[:first], places[first:] if first else places[:0])


def _column(table: Table, text: str | None) -> str:
    """The column of the text. Raises InputError where it cannot be told; two are never read as a pair here."""
    try:
        return guess_text_column(table, text=text)
    except ColumnsUnclear as error:
        raise InputError(error.what, where=error.where, hint="name the one to learn from: --text NAME") from None
