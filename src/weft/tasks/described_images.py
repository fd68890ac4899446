"""Settings of tasks on images with texts that describe them: the images, and rows with one or more texts each."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Self

from weft.data.checks.findings import counted
from weft.data.sources import Table
from weft.errors import InputError
from weft.inputs.image import ImageInputConfig
from weft.tasks.base import TaskConfig


class DescribedImages(TaskConfig):
    """Settings shared by the tasks whose examples are images with texts."""

    image: ImageInputConfig = ImageInputConfig()
    """Column of the names of the images, or all settings of images."""

    @property
    def unit_name(self) -> str:
        """Name of the examples in a sentence."""
        return "images"

    @property
    def split_rule(self) -> str:
        """Rule by which examples are held out."""
        return "the texts of an image are kept together"

    @property
    def columns_beside(self) -> tuple[str, ...]:
        """The column of the images."""
        return self.image.columns_read

    def absent_notes(self, columns: Collection[str] = ()) -> list[str]:  # noqa: ARG002
        """Return nothing: an image is never read as missing."""
        return []

    def resolved(self, table: Table) -> Self:
        """Return a copy with its columns named. Raises InputError where that of the images is not there."""
        config = self.model_copy(update={"image": self.image.resolved(table)})
        return super(DescribedImages, config).resolved(table)

    def with_columns(self, table: Table, found: Mapping[str, Sequence[str]]) -> Self:
        """Return a copy with the columns that were found in a table, and that of the images."""
        return super().with_columns(table, found).model_copy(update={"image": self.image.resolved(table)})

    def described(self, table: Table, place: str, *, answering: bool) -> Iterator[tuple[str, tuple[str, ...], int]]:
        """Yield the images of a table, their texts and lines; a row without an image or a text of `place` is refused.

        Where they are to be answered, there need be no column of texts.
        """
        names = self.columns_of(place, table)
        for row in table:
            texts = [text for name in names for text in row.values_of(name) if text.strip()]
            if not texts and (names or not answering):
                table.reject(row.line, f"{place} is empty", column=(*names, "")[0])
                continue
            try:
                yield self.image.value_of(row), tuple(dict.fromkeys(texts)), row.line
            except InputError as error:
                table.reject(row.line, error.what, column=self.image.name, hint=error.hint)

    def filter_training(self, examples: Sequence[Any]) -> tuple[list[Any], list[str]]:
        """Return an example for each image, with all its texts."""
        found = list(self.evaluation_examples(examples))
        texts = sum(len(one.label) for one in found)
        return found, [f"{counted(len(found), 'image')} with {counted(texts, 'text')} to learn from"]

    def data_notes(
        self, parts: Mapping[str, Sequence[Any]], files: Mapping[str, str], named: Mapping[str, str]
    ) -> list[str]:
        """Say how many images of train stand in other parts too."""
        del named
        train = {one.whole for one in parts["train"]}
        again = {name: sum(one.whole in train for one in rows) for name, rows in parts.items() if name != "train"}
        return [f"{files[name]}: {counted(n, 'image')} of {name} also in train" for name, n in again.items() if n]
