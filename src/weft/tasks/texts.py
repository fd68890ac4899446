"""What every task that reads texts shares: columns, tokenizer, ids, windows, notes; of labels it knows the names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from weft.data.checks.findings import part_of
from weft.data.checks.labels_and_lengths import brief
from weft.data.examples.label_separators import separator_hint, separator_notes
from weft.data.examples.labelled import LabelledText
from weft.data.examples.roles import LABEL, TEXT, Names, Role, named_columns
from weft.data.sources import Row, Table
from weft.errors import InputError, did_you_mean
from weft.files import read_json
from weft.inputs.base import Input, InputConfig
from weft.inputs.choices import InputChoice
from weft.inputs.several import SeveralInputs, folder_of
from weft.inputs.tabular import ColumnNames, TabularInputConfig
from weft.inputs.text import TextSettings
from weft.models.classifier import ClassifierConfig
from weft.models.fusion import FusionConfig
from weft.store import shared
from weft.tasks.base import TUNED, Doctor, TaskConfig


class LabelTaskConfig(TaskConfig, TextSettings):
    """What is read of a file, how texts become ids, and the model that reads them."""

    roles: ClassVar[tuple[Role, ...]] = (TEXT, LABEL)
    further_columns: ClassVar[tuple[str, ...]] = ("numbers", "categories", "inputs")
    inspected_as: ClassVar[Doctor | None] = "labels"
    example_type: ClassVar[type[Any]] = LabelledText
    text: Names = None
    """The column of the text, or a list of two for pairs of texts; None: guessed from the file, and said."""
    label: str | None = None
    """The column of the label; None: guessed from the file, and said."""
    numbers: ColumnNames = ()
    """Columns of numbers that are read beside the text, standardised; missing ones are flagged."""
    categories: ColumnNames = ()
    """Columns of categories that are read beside the text, embedded; missing and unseen ones share a vector."""
    inputs: tuple[InputChoice, ...] = ()
    """Further inputs, each with its kind, columns and encoder; the text is then read where `text` names its column."""
    fusion: FusionConfig = FusionConfig()
    """How several inputs are joined."""
    classifier: ClassifierConfig = ClassifierConfig()
    calibrate: Literal["none", "temperature"] = "none"
    """`temperature` divides all scores by one number, which is fitted on the dev set after training, so that
    probabilities can be trusted more (Guo et al. 2017, section 4.2); no answer changes."""

    @property
    def name(self) -> str:
        """The key of the texts among the values of an example."""
        return "text"

    @property
    def reads_text(self) -> bool:
        """Whether a text is read: where its column is named, and wherever there are no further inputs."""
        return self.text is not None or not self.inputs

    @property
    def columns_read(self) -> tuple[str, ...]:
        """The column of the text, or of both."""
        return named_columns(self.text or "text", ()) if self.reads_text else ()

    @property
    def all_roles(self) -> tuple[Role, ...]:
        """Text and label, or the label alone where no text is read."""
        return self.roles if self.reads_text else (LABEL,)

    @property
    def every_input(self) -> tuple[InputConfig, ...]:
        """What is read: the text, numbers and categories beside it, further inputs."""
        return (*((self,) if self.reads_text else ()), *self.beside)

    @property
    def beside(self) -> tuple[InputConfig, ...]:
        """The inputs that are read beside the text."""
        if not (self.numbers or self.categories):
            return self.inputs
        return (TabularInputConfig(numbers=self.numbers, categories=self.categories), *self.inputs)

    def resolved(self, table: Table) -> Self:
        """Return a copy of this config with its columns named, and an encoder as wide as the vectors."""
        return super().resolved(table).widened()

    def with_columns(self, table: Table, found: Mapping[str, Sequence[str]]) -> Self:
        """Return a copy with the columns that were found in a table, those of the inputs beside the text too."""
        beside = [one.resolved(table) for one in self.beside]
        config = super().with_columns(table, found)
        return config.model_copy(update={"inputs": tuple(beside[len(beside) - len(self.inputs) :])})

    def example(self, text: str, second: str | None = None) -> LabelledText:
        """A text without a label; what is read beside it is missing."""
        return LabelledText(text, second=second, other={one.name: one.absent() for one in self.beside})

    def example_of(self, fields: Mapping[str, Any]) -> LabelledText:
        """An example to be answered, from its fields by column, `text` and `second` for the texts.

        Raises InputError for a field that cannot be read, or that no input has.
        """
        names = list(dict.fromkeys([*(("text", "second") if self.reads_text else ()), *self.columns_read]))
        known = [*names, *(name for one in self.beside for name in one.columns_read)]
        if strange := [name for name in fields if name not in known]:
            raise InputError(f"there is no column `{strange[0]}`", hint=did_you_mean(strange[0], known))
        texts = [str(fields[name]) for name in names if name in fields] if self.reads_text else []
        row = Row({name: "" if value is None else str(value) for name, value in fields.items()}, 0)
        other = {one.name: one.value(row) for one in self.beside}
        return LabelledText((*texts, "")[0], second=(*texts, None, None)[1], other=other)

    def filter_training(self, examples: Sequence[Any]) -> tuple[Sequence[Any], list[str]]:
        """All of them, and whether their labels look as if they were separated otherwise."""
        return examples, separator_notes(shared(one.label for one in examples), separator=self.separator)

    def data_notes(
        self, parts: Mapping[str, Sequence[Any]], files: Mapping[str, str], named: Mapping[str, str]
    ) -> list[str]:
        """The short form of what `weft inspect` says."""
        return brief([part_of(name, files[name], rows) for name, rows in parts.items()], options=named)

    def read(self, table: Table) -> Iterator[LabelledText]:
        """The labelled texts of a table; what is empty is refused. Without `label`, texts alone."""
        names = self.columns_of("text", table) if self.reads_text else ()
        beside = self.beside
        for row in table:
            texts = [row.values.get(name, "") for name in names]
            empty = [name for name, text in zip(names, texts, strict=True) if not text.strip()]
            if empty:
                table.reject(row.line, "text is empty", column=empty[0])
            else:
                try:
                    label = self.labels_of(row) if self.label else None
                    file = table.files[row.line - 1] if table.files else ""
                    other = {one.name: one.value(row) for one in beside}
                    first, second = (*texts, None, None)[:2]
                    yield LabelledText(first or "", label, row.line, second, file, other)
                except InputError as error:
                    column = self.label or ""
                    stops = table.on_bad_row == "stop"  # else there is nobody to read a hint
                    hint = error.hint or (separator_hint(table, column) if stops else "")
                    table.reject(row.line, error.what, column=column, hint=hint)

    def labels_of(self, row: Row) -> str | tuple[str, ...]:
        """The label of a row, or its labels. Raises InputError where there is none and there has to be one."""
        raise NotImplementedError

    def learned_input(self, examples: Sequence[LabelledText], *, classes: int) -> tuple[Self, Input[Any, Any]]:
        """Decide what was left open, and learn what is read, from training examples.

        Args:
            examples: the training set.
            classes: how many labels exclude each other; 2 where each label is a yes or no of its own.

        Returns this config, decided, and what is read.

        """
        config = self.decided(examples, classes=classes) if self.reads_text else self
        further = tuple(one.decided(examples, classes=classes) for one in config.inputs)
        config = config.model_copy(update={"inputs": further})
        return config, config._joined([one.learned(examples) for one in config.every_input])

    def loaded_input(self, folder: Path, *, each: int) -> Input[Any, Any]:
        """Read what `Input.save` wrote; `each` is how many texts an example has."""
        return self._joined(
            [
                self.loaded_text(folder, each=each) if one is self else one.loaded(folder_of(folder, place))
                for place, one in enumerate(self.every_input)
            ]
        )

    def _joined(self, inputs: Sequence[Input[Any, Any]]) -> Input[Any, Any]:
        return inputs[0] if len(inputs) == 1 else SeveralInputs(inputs, self.fusion)

    def saved(self, folder: Path) -> Saved:
        """Read what `LabelTask.save` wrote."""
        found, tuned = read_json(folder / "labels.json"), folder / TUNED
        return Saved(
            self.loaded_input(folder, each=found.get("each", 1)),
            found["labels"],
            found["counts"],
            texts=found.get("texts", 0),
            tuned=read_json(tuned) if tuned.exists() else {},
        )


@dataclass(frozen=True, slots=True)
class Saved:
    """What a task learns of texts and labels, and what was tuned after training."""

    read: Input[Any, Any]
    labels: Sequence[str]
    counts: Sequence[int]
    texts: int
    tuned: Mapping[str, Any]


def in_order(labels: Mapping[str, int]) -> list[str]:
    """Labels that are numbers in their order, before words in theirs."""
    return sorted(labels, key=_natural)


def _natural(label: str) -> tuple[int, float, str]:
    try:
        return (0, float(label), label)
    except ValueError:
        return (1, 0.0, label)
