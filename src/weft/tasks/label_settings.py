"""The settings that all tasks with labels share, and what is said of the labels in their files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from weft.config import read_saved
from weft.data.checks.findings import part_of
from weft.data.checks.labels_and_lengths import brief
from weft.data.examples.label_separators import separator_hint, separator_notes
from weft.data.examples.label_spelling import Spelling, spelled, whole_numbers
from weft.data.examples.roles import LABEL, TEXT, Names, Role, as_option
from weft.data.sources import Row, Table
from weft.errors import InputError
from weft.inputs.base import Input
from weft.metrics.hierarchy import separator_of
from weft.store import shared
from weft.tasks.base import TUNED, Doctor
from weft.tasks.deciding_settings import DecidingTaskConfig
from weft.tasks.saved_labels import read_labels


class LabelTaskConfig(DecidingTaskConfig):
    """Settings shared by the tasks with labels: their column, their spelling, calibration."""

    roles: ClassVar[tuple[Role, ...]] = (TEXT, LABEL)
    inspected_as: ClassVar[Doctor | None] = "labels"
    label: Names = None
    """Column of the label; None: guessed from the file, and named in the run."""
    label_spelling: Spelling | None = None
    """Spelling of labels: `exact` keeps each as it stands, `whole` reads whole numbers written as floats as such (`1`
    for `1.0`), `joined` takes all spellings of one value for one (`pos` for `POS`, `1` for `1.0` and `True`); None:
    `whole` where the file has whole numbers alone, else `exact`."""
    calibrate: Literal["none", "temperature"] = "none"
    """Calibration of probabilities: `temperature` divides all scores by one number, which is fitted on the dev set
    after training (Guo et al. 2017, section 4.2); no answer changes."""

    @property
    def found_in_table(self) -> dict[str, Any]:
        """The settings that `resolved` finds in a table."""
        return {**super().found_in_table, "label_spelling": self.label_spelling}

    def resolved(self, table: Table) -> Self:
        """Return a copy with its columns named, and the spelling of its labels."""
        config = super().resolved(table)
        if config.label_spelling is not None or len(names := config.columns_of("label", table)) != 1:
            return config
        spelling: Spelling = "whole" if whole_numbers(table, names[0]) else "exact"
        return config.model_copy(update={"label_spelling": spelling})

    def filter_training(self, examples: Sequence[Any]) -> tuple[Sequence[Any], list[str]]:
        """Return all examples, with notes on labels that look as if they had another separator."""
        labels = shared(one.label for one in examples)
        return examples, [*separator_notes(labels, separator=self.separator), *_hierarchy_notes(labels)]

    def data_notes(
        self, parts: Mapping[str, Sequence[Any]], files: Mapping[str, str], named: Mapping[str, str]
    ) -> list[str]:
        """Return in short the findings of `weft inspect`, which are about texts; and settings without an effect."""
        if not self.reads_text:
            return self.idle_notes
        found = [part_of(name, files[name], rows) for name, rows in parts.items()]
        said = brief(
            found,
            options=named,
            weighted=self.weighs_labels,
            ordered=self.orders_labels,
            label=as_option(self.label),
        )
        return [*self.idle_notes, *said]

    def inspected_answer(self, row: Row) -> str | tuple[str, ...]:
        """Read the label of a row as the checks of data compare it, empty or not."""
        return spelled(row.values.get(as_option(self.label), ""), self.label_spelling)

    def hint_on(self, table: Table, column: str, error: InputError) -> str:
        """Return the hint of an error, else one on labels that look as if they had a separator."""
        return error.hint or separator_hint(table, column)

    @property
    def weighs_labels(self) -> bool:
        """Whether the loss weighs rare labels up."""
        raise NotImplementedError

    @property
    def orders_labels(self) -> bool:
        """Whether the order of the labels is learned."""
        return False

    def saved(self, folder: Path, read: Input[Any, Any] | None) -> Saved:
        """Read what `LabelTask.save` wrote; without the inputs, where `read` is given."""
        found, path = read_labels(folder), folder / TUNED
        tuned = read_saved(path, dict[str, float | list[float]]) if path.exists() else {}
        read = read or self.loaded_input(folder, each=found.each)
        return Saved(read, found.labels, found.counts, texts=found.texts, tuned=tuned)


def _hierarchy_notes(labels: Sequence[Any]) -> list[str]:
    """Say where labels, of which a text has one, form a hierarchy."""
    mark = separator_of(sorted({one for one in labels if isinstance(one, str)}))
    return [f"labels form a hierarchy, their levels between `{mark.strip()}`: each level is scored too"] if mark else []


@dataclass(frozen=True, slots=True)
class Saved:
    """Inputs, labels and counts that a task learned, and the values tuned after training."""

    read: Input[Any, Any]
    labels: Sequence[str]
    counts: Sequence[int]
    texts: int
    tuned: Mapping[str, Any]
