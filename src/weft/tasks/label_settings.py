"""The settings that all tasks with labels share, and the reading of their rows: text, columns beside it, labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from pydantic import model_validator

from weft.config import read_saved, validated
from weft.data.checks.findings import listed, part_of
from weft.data.checks.labels_and_lengths import brief
from weft.data.examples.label_separators import separator_hint, separator_notes
from weft.data.examples.label_spelling import Spelling, whole_numbers
from weft.data.examples.labelled import LabelledText
from weft.data.examples.roles import LABEL, TEXT, ColumnsUnclear, Names, Role, as_option, named_by_user, named_columns
from weft.data.formats.line_rows import nested_paths
from weft.data.sources import Row, Table
from weft.errors import ConfigError, InputError, did_you_mean
from weft.inputs.base import Input, InputConfig
from weft.inputs.choices import InputChoice
from weft.inputs.several import SeveralInputs, check_names, folder_of
from weft.inputs.tabular import COLUMNS, ColumnNames, TabularInputConfig, check_columns
from weft.inputs.text import TextSettings
from weft.models.auto import AutoEncoderConfig
from weft.models.choices import LabelEncoderChoice
from weft.models.classifier import ClassifierConfig
from weft.models.fusion import FusionConfig
from weft.models.tabular import TabularEncoderConfig
from weft.store import shared
from weft.tasks import label_defaults
from weft.tasks.base import TUNED, Doctor
from weft.tasks.decided_by_rows import Fitted
from weft.tasks.joining import JoinableConfig
from weft.tasks.saved_labels import read_labels


class LabelTaskConfig(JoinableConfig, TextSettings):
    """Settings shared by the tasks with labels: columns, inputs, classifier, calibration."""

    roles: ClassVar[tuple[Role, ...]] = (TEXT, LABEL)
    further_columns: ClassVar[tuple[str, ...]] = ("numbers", "categories", "inputs")
    inspected_as: ClassVar[Doctor | None] = "labels"
    example_type: ClassVar[type[Any]] = LabelledText
    text: Names = None
    """Column of the text, or a list of two for pairs of texts; None: guessed from the file, and named in the run."""
    label: Names = None
    """Column of the label; None: guessed from the file, and named in the run."""
    encoder: LabelEncoderChoice = AutoEncoderConfig()
    """Encoder that reads the texts; `auto`: one that suits what is read, which the run names with the reason."""
    label_spelling: Spelling | None = None
    """Spelling of labels: `exact` keeps each as it stands, `whole` reads whole numbers written as floats as such (`1`
    for `1.0`), `joined` takes all spellings of one value for one (`pos` for `POS`, `1` for `1.0` and `True`); None:
    `whole` where the file has whole numbers alone, else `exact`."""
    numbers: ColumnNames = ()
    """Columns of numbers that are read beside the text, standardised; missing values are flagged."""
    categories: ColumnNames = ()
    """Columns of categories that are read beside the text, embedded; missing and unseen values share a vector."""
    tabular: TabularEncoderConfig = TabularEncoderConfig()
    """The encoder of numbers and categories."""
    inputs: tuple[InputChoice, ...] = ()
    """Further inputs, each with its kind, columns and encoder; the text is then read where `text` names its column."""
    fusion: FusionConfig = FusionConfig()
    """Fusion of the vectors of several inputs."""
    classifier: ClassifierConfig = ClassifierConfig()
    calibrate: Literal["none", "temperature"] = "none"
    """Calibration of probabilities: `temperature` divides all scores by one number, which is fitted on the dev set
    after training (Guo et al. 2017, section 4.2); no answer changes."""

    @model_validator(mode="after")
    def _has_columns_once(self) -> Self:
        check_columns(*self.numbers, *self.categories)
        return self

    @property
    def found_in_table(self) -> dict[str, Any]:
        """The settings that `resolved` finds in a table."""
        return {**super().found_in_table, "label_spelling": self.label_spelling}

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
        """Settings of all inputs: the text, numbers and categories beside it, further inputs."""
        return (*((self,) if self.reads_text else ()), *self.beside)

    @property
    def beside(self) -> tuple[InputConfig, ...]:
        """The inputs that are read beside the text."""
        if not (self.numbers or self.categories):
            return self.inputs
        columns = TabularInputConfig(numbers=self.numbers, categories=self.categories, encoder=self.tabular)
        return (columns, *self.inputs)

    @property
    def columns_beside(self) -> tuple[str, ...]:
        """Columns of the inputs beside the text."""
        return tuple(name for one in self.beside for name in one.columns_read)

    @property
    def part_configs(self) -> tuple[Any, ...]:
        """The encoders of all inputs, as far as they are decided."""
        return tuple(encoder for one in self.every_input if (encoder := getattr(one, "encoder", None)) is not None)

    def resolved(self, table: Table) -> Self:
        """Return a copy of this config with its columns named, and an encoder as wide as the vectors."""
        try:
            config = super().resolved(table).widened()
        except ColumnsUnclear as error:
            if self.text is None and (self.numbers or self.categories):
                given = ", ".join(f"{kind}: [{names}]" for kind in COLUMNS if (names := as_option(getattr(self, kind))))
                alone = f'--set "task.inputs=[{{kind: tabular, {given}}}]"'
                error.hint += f"; to read these columns without a text, pass {alone} in place of their options"
            raise
        if config.label_spelling is not None or len(names := config.columns_of("label", table)) != 1:
            return config
        spelling: Spelling = "whole" if whole_numbers(table, names[0]) else "exact"
        return config.model_copy(update={"label_spelling": spelling})

    def with_columns(self, table: Table, found: Mapping[str, Sequence[str]]) -> Self:
        """Return a copy with the columns that were found in a table, those of the inputs beside the text too."""
        beside = [one.resolved(table) for one in self.beside]
        config = super().with_columns(table, found)
        answers, read = found.get("label", ()), found.get("text", ())
        for one in beside:
            if both := sorted({*one.columns_read} & {*answers}):
                what = f"`{both[0]}` is named as the label and as an input, which would be its own answer"
                raise InputError(what, where=table.path, hint="leave it out of the inputs, or name another --label")
            if one.kind == "tabular" and (both := sorted({*one.columns_read} & {*read})):
                what = f"`{both[0]}` is named as the text and as a number or category"
                raise InputError(what, where=table.path, hint="leave it out of one of them")
        return config.model_copy(update={"inputs": tuple(beside[len(beside) - len(self.inputs) :])})

    def for_inputs(self, table: Table, *, named: Mapping[str, Names] | None = None) -> Self:
        """Return the config for a table of inputs; plain lines have no further columns, which are read as missing.

        Raises InputError where the model reads no text, or an input that must not be missing.
        """
        if not self.beside or named_by_user(table):
            return super().for_inputs(table, named=named)
        self._absent()
        text_alone = self.model_copy(update={"numbers": (), "categories": (), "inputs": ()})
        return self.model_copy(update=text_alone.for_inputs(table, named=named).found_in_table)

    def then(self, folder: str | Path) -> str:
        """Return the command to type next: with a text, or a file of columns where no text is read."""
        return super().then(folder) if self.reads_text else f"next: weft predict {folder} FILE"

    def example(self, text: str, second: str | None = None) -> LabelledText:
        """Make an example of a text, without label and further inputs.

        Raises InputError where the model reads no text, or an input that must not be missing.
        """
        return LabelledText(text, second=second, other=self._absent())

    def _absent(self) -> dict[str, Any]:
        """Return the values of the inputs beside a text that comes alone."""
        if not self.reads_text:
            what = f"this model reads no text, but columns: {listed([f'`{name}`' for name in self.columns_beside])}"
            names = ", ".join(f'"{name}": ...' for name in self.columns_beside[:2])
            hint = f"write them into a csv with a header, and pass that file; in Python model.answer([{{{names}}}])"
            raise InputError(what, hint=hint)
        return {one.name: one.absent() for one in self.beside}

    def question_of(self, example: LabelledText) -> LabelledText:
        """Return the texts and further values of an example, without its label."""
        return LabelledText(example.text, second=example.second, other=example.other)

    def example_of(self, fields: Mapping[str, Any]) -> LabelledText:
        """Make an example to be answered, from its fields by column, `text` and `second` for the texts.

        Raises InputError for a field that cannot be read, or that no input has.
        """
        names = list(dict.fromkeys([*(("text", "second") if self.reads_text else ()), *self.columns_read]))
        known = [*names, *self.columns_beside]
        if strange := [name for name in fields if name not in known]:
            raise InputError(f"there is no column `{strange[0]}`", hint=did_you_mean(strange[0], known))
        if strange := [name for name, value in fields.items() if isinstance(value, Mapping | list | tuple | set)]:
            found = type(fields[strange[0]]).__name__
            raise InputError(f"expected a text or a number as `{strange[0]}`, found {found}")
        if self.reads_text and not any(str(fields.get(name) or "").strip() for name in names):
            beside = f", with {listed([f'`{name}`' for name in self.columns_beside])} beside it" if self.beside else ""
            raise InputError("the text is missing", hint=f"give it as `{(self.columns_read or names)[0]}`{beside}")
        if not fields:
            raise InputError("no column is given", hint=f"give {listed([f'`{name}`' for name in known])}")
        texts = [str(fields[name]) for name in names if name in fields] if self.reads_text else []
        row = Row({name: "" if value is None else str(value) for name, value in fields.items()}, 0)
        other = {one.name: one.value(row) for one in self.beside}
        return LabelledText((*texts, "")[0], second=(*texts, None, None)[1], other=other)

    def filter_training(self, examples: Sequence[Any]) -> tuple[Sequence[Any], list[str]]:
        """Return all examples, with notes on labels that look as if they had another separator."""
        return examples, separator_notes(shared(one.label for one in examples), separator=self.separator)

    def data_notes(
        self, parts: Mapping[str, Sequence[Any]], files: Mapping[str, str], named: Mapping[str, str]
    ) -> list[str]:
        """Return in short the findings of `weft inspect`, which are about texts; and settings without an effect."""
        idle = self.fusion != FusionConfig() and len(self.every_input) < 2
        none = ["task.fusion has no effect: nothing is read beside the text (--numbers, --categories, task.inputs)"]
        if not self.reads_text:
            return none if idle else []
        found = [part_of(name, files[name], rows) for name, rows in parts.items()]
        return [*(none if idle else []), *brief(found, options=named, weighted=self.weighs_labels)]

    def read(self, table: Table) -> Iterator[LabelledText]:
        """Yield the labelled texts of a table; what is empty is refused. Without `label`, texts alone."""
        names = self.columns_of("text", table) if self.reads_text else ()
        beside = self.beside
        for row in table:
            texts = [row.values.get(name, "") for name in names]
            empty = [name for name, text in zip(names, texts, strict=True) if not text.strip()]
            if empty:
                what = "is an object, expected a text" if isinstance(row.whole.get(empty[0]), dict) else "is empty"
                inside = [path for path in nested_paths(row.whole) if path.startswith(f"{empty[0]}.")]
                hint = f"name a field of it by its path, as in --text {inside[0]}" if inside else ""
                table.reject(row.line, f"text {what}", column=empty[0], hint=hint)
            else:
                try:
                    label = self.labels_of(row) if self.label else None
                    file = table.place(row.line) if table.files or table.parts else ""
                    other = {one.name: one.value(row) for one in beside}
                    first, second = (*texts, None, None)[:2]
                    yield LabelledText(first or "", label, row.line, second, file, other)
                except InputError as error:
                    column = (*self.columns_of("label", table), "")[0]
                    stops = table.on_bad_row == "stop"  # else there is nobody to read a hint
                    hint = error.hint or (separator_hint(table, column) if stops else "")
                    table.reject(row.line, error.what, column=column, hint=hint)

    def labels_of(self, row: Row) -> str | tuple[str, ...]:
        """Read the label of a row, or its labels. Raises InputError where there is none and there has to be one."""
        raise NotImplementedError

    def lacks_answer(self, row: Row) -> bool:
        """Whether the field of the label is empty, or not there."""
        names = named_columns(self.label, tuple(row.values))
        return not any(row.values.get(name, "").strip() for name in names)

    def answered(self, row: Row, text: str) -> LabelledText:
        """Make the example of a row whose text is read already."""
        return LabelledText(text, self.labels_of(row) if self.label else None, row.line)

    @property
    def decides_alone(self) -> bool:
        """Whether the text is all that is read, with fresh weights, and the loss is the plain one of the labels."""
        return self.reads_text and not (self.beside or self.start or self.vectors) and self.has_plain_loss

    @property
    def weighs_labels(self) -> bool:
        """Whether the loss weighs rare labels up."""
        raise NotImplementedError

    @property
    def has_plain_loss(self) -> bool:
        """Whether all settings of the loss are the defaults."""
        raise NotImplementedError

    def chosen(self, examples: Sequence[Any], *, by_steps: Sequence[str] = ()) -> tuple[Self, list[str]]:
        """Return a copy whose encoder is chosen where it is `auto`, and a note on the choice."""
        encoder, notes = label_defaults.chosen(self, examples, by_steps=by_steps)
        return self.model_copy(update={"encoder": encoder}).widened() if notes else self, notes

    def floor(self, examples: Sequence[Any]) -> Self | None:
        """Return the config of a plain linear model over the tf-idf of the text alone; None where no text is read."""
        return self.model_copy(update=label_defaults.floor(self, examples)) if self.reads_text else None

    def fitted(self, examples: Sequence[Any], *, device: str, by_steps: Sequence[str] = ()) -> Fitted:
        """Choose the encoder, and a number of steps that suits the number of labels where it is trained by steps.

        With a budget for trials, it is left to them.
        """
        if self.reads_text and isinstance(self.encoder, AutoEncoderConfig) and self.encoder.budget is not None:
            encoders = label_defaults.candidates(self, examples, by_steps=by_steps)
            given = {name: getattr(self, name) for name in self.model_fields_set}
            tasks = {name: validated(type(self), {**given, "encoder": one}).widened() for name, one in encoders.items()}
            tries = {name: task.fitted(examples, device=device, by_steps=by_steps) for name, task in tasks.items()}
            return Fitted(self, tries=tries, budget=self.encoder.budget)
        task, notes = self.chosen(examples, by_steps=by_steps)
        solved = task.decides_alone and task.encoder.deciding_alone(1).solved
        return Fitted(task, notes=tuple(notes), steps=None if solved else label_defaults.steps(examples))

    def learned_input(
        self, examples: Sequence[LabelledText], read: Input[Any, Any] | None, *, classes: int, scores: int
    ) -> tuple[Self, Input[Any, Any]]:
        """Decide what was left open in a config, and learn its inputs from training examples.

        Args:
            examples: the training set.
            read: what is read, where it is learned already.
            classes: how many labels exclude each other; 2 where each label is a yes or no of its own.
            scores: how many scores decide: one for two labels that exclude each other, else one a label.

        Returns this config, decided, and what is read.

        """
        if read is not None:
            return self, read
        check_names([one.name for one in self.every_input])
        config, _ = self.chosen(examples)
        if self.decides_alone:
            config = config.model_copy(update={"encoder": config.encoder.deciding_alone(scores)})
        elif self.reads_text and config.encoder.solved:
            what = "solves a model of one text and a plain loss, and not beside further inputs or with other losses"
            raise ConfigError(what, where="task.encoder.solver", hint="leave it out: vectors are trained by steps then")
        config = config.decided(examples, classes=classes) if self.reads_text else self
        further = tuple(one.decided(examples, classes=classes) for one in config.inputs)
        config = config.model_copy(update={"inputs": further})
        return config, config._joined([one.learned(examples) for one in config.every_input])

    def loaded_input(self, folder: Path, *, each: int) -> Input[Any, Any]:
        """Read what `Input.save` wrote; `each` is the number of texts of an example."""
        check_names([one.name for one in self.every_input])
        return self._joined(
            [
                self.loaded_text(folder, each=each) if one is self else one.loaded(folder_of(folder, place))
                for place, one in enumerate(self.every_input)
            ]
        )

    def _joined(self, inputs: Sequence[Input[Any, Any]]) -> Input[Any, Any]:
        return inputs[0] if len(inputs) == 1 else SeveralInputs(inputs, self.fusion)

    def saved(self, folder: Path, read: Input[Any, Any] | None) -> Saved:
        """Read what `LabelTask.save` wrote; without the inputs, where `read` is given."""
        found, path = read_labels(folder), folder / TUNED
        tuned = read_saved(path, dict[str, float | list[float]]) if path.exists() else {}
        read = read or self.loaded_input(folder, each=found.each)
        return Saved(read, found.labels, found.counts, texts=found.texts, tuned=tuned)


@dataclass(frozen=True, slots=True)
class Saved:
    """Inputs, labels and counts that a task learned, and the values tuned after training."""

    read: Input[Any, Any]
    labels: Sequence[str]
    counts: Sequence[int]
    texts: int
    tuned: Mapping[str, Any]
