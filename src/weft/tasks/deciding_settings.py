"""The settings that all tasks share which decide by what is read: texts, columns beside them, further inputs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import model_validator

from weft.config import validated
from weft.data.blank_rows import BlankField
from weft.data.checks.findings import listed
from weft.data.examples.labelled import LabelledText
from weft.data.examples.lists_of_texts import spread_texts
from weft.data.examples.roles import ColumnsUnclear, Names, Role, as_option, named_by_user, named_columns
from weft.data.examples.set_aside import accepted, is_sum
from weft.data.formats.line_rows import nested_paths
from weft.data.sources import Row, Table
from weft.errors import ConfigError, InputError, did_you_mean, typed
from weft.inputs.base import Input, InputConfig
from weft.inputs.choices import InputChoice
from weft.inputs.image import ImageInputConfig
from weft.inputs.media import MediaInputConfig, column_of, is_folder_of
from weft.inputs.several import SeveralInputs, check_names, folder_of
from weft.inputs.sound import SoundInputConfig
from weft.inputs.tabular import COLUMNS, ColumnNames, TabularInputConfig, check_columns
from weft.inputs.text import TextSettings
from weft.models.auto import AutoEncoderConfig
from weft.models.choices import LabelEncoderChoice
from weft.models.classifier import ClassifierConfig
from weft.models.fusion import FusionConfig
from weft.models.tabular import TabularEncoderConfig
from weft.tasks import label_defaults
from weft.tasks.decided_by_rows import Fitted
from weft.tasks.joining import JoinableConfig


class DecidingTaskConfig(JoinableConfig, TextSettings):
    """Settings shared by the tasks that decide by inputs: columns, encoders, fusion, head."""

    further_columns: ClassVar[tuple[str, ...]] = ("numbers", "categories", "image", "sound", "inputs")
    example_type: ClassVar[type[Any]] = LabelledText
    text: Names = None
    """Column of the text, or a list of two for pairs of texts; None: guessed from the file, and named in the run."""
    encoder: LabelEncoderChoice = AutoEncoderConfig()
    """Encoder that reads the texts; `auto`: one that suits what is read, which the run names with the reason."""
    numbers: ColumnNames = ()
    """Columns of numbers that are read beside the text, standardised; missing values are flagged."""
    categories: ColumnNames = ()
    """Columns of categories that are read beside the text, embedded; missing and unseen values share a vector."""
    tabular: TabularEncoderConfig = TabularEncoderConfig()
    """The encoder of numbers and categories."""
    image: ImageInputConfig | None = None
    """Column of the names of images that are read, alone or, where `text` is named, beside the text; or all settings of
    images; None: none are, unless the file holds nothing but images and labels."""
    sound: SoundInputConfig | None = None
    """Column of the names of sounds that are read, alone or, where `text` is named, beside the text; or all settings of
    sounds; None: none are, unless the file holds nothing but sounds and labels."""
    inputs: tuple[InputChoice, ...] = ()
    """Further inputs, each with its kind, columns and encoder; the text is then read where `text` names its column."""
    fusion: FusionConfig = FusionConfig()
    """Fusion of the vectors of several inputs."""
    classifier: ClassifierConfig = ClassifierConfig()

    @model_validator(mode="after")
    def _has_columns_once(self) -> Self:
        check_columns(*self.numbers, *self.categories)
        return self

    @property
    def name(self) -> str:
        """The key of the texts among the values of an example."""
        return "text"

    @property
    def reads_text(self) -> bool:
        """Whether a text is read: where its column is named, or nothing else is read but columns beside it."""
        return self.text is not None or not (self.inputs or self.image or self.sound)

    @property
    def unit_name(self) -> str:
        """Name of the examples of a file, in a sentence: rows, or the images or sounds that are read alone."""
        return f"{self.media[0].kind}s" if self.media and not self.reads_text else super().unit_name

    @property
    def columns_read(self) -> tuple[str, ...]:
        """The column of the text, or of both."""
        return named_columns(self.text or "text", ()) if self.reads_text else ()

    @property
    def all_roles(self) -> tuple[Role, ...]:
        """Text and right answer, or that alone where no text is read."""
        return self.roles if self.reads_text else (self.answer_role,)

    @property
    def answer_role(self) -> Role:
        """Role of the columns of the right answer."""
        return next(role for role in self.roles if role.answer)

    @property
    def every_input(self) -> tuple[InputConfig, ...]:
        """Settings of all inputs: the text, numbers and categories beside it, further inputs."""
        return (*((self,) if self.reads_text else ()), *self.beside)

    @property
    def beside(self) -> tuple[InputConfig, ...]:
        """The inputs that are read beside the text."""
        found: list[InputConfig] = []
        if self.numbers or self.categories:
            found.append(TabularInputConfig(numbers=self.numbers, categories=self.categories, encoder=self.tabular))
        found += [one for one in (self.image, self.sound) if one is not None]
        return (*found, *self.inputs)

    @property
    def media(self) -> tuple[MediaInputConfig, ...]:
        """The inputs that are images or sounds."""
        return tuple(one for one in self.beside if isinstance(one, MediaInputConfig))

    def file_of(self, example: LabelledText) -> str:
        """Return the path of the image or sound of an example, of the first input that is one."""
        return example.other[self.media[0].name]

    @property
    def columns_beside(self) -> tuple[str, ...]:
        """Columns of the inputs beside the text."""
        return tuple(name for one in self.beside for name in one.columns_read)

    @property
    def part_configs(self) -> tuple[Any, ...]:
        """The encoders of all inputs, as far as they are decided."""
        return tuple(encoder for one in self.every_input if (encoder := getattr(one, "encoder", None)) is not None)

    def resolved(self, table: Table) -> Self:
        """Return a copy of this config with its columns named, and an encoder as wide as the vectors.

        Where a file has images or sounds and no text, they are read.
        """
        for kind in (ImageInputConfig, SoundInputConfig) if self.text is None and not self.beside else ():
            if column := column_of(kind.media, table):
                return self.model_copy(update={kind.media.kind: kind(column=column)}).resolved(table)
        if self.reads_text:
            spread_texts(table, self.text)
        try:
            return super().resolved(table).widened()
        except ColumnsUnclear as error:
            if self.text is None and (self.numbers or self.categories):
                given = ", ".join(f"{kind}: [{names}]" for kind in COLUMNS if (names := as_option(getattr(self, kind))))
                alone = f'--set "task.inputs=[{{kind: tabular, {given}}}]"'
                error.hint += f"; to read these columns without a text, pass {alone} in place of their options"
            raise

    def _again(self, table: Table, named: Mapping[str, Names], *, answering: bool) -> Self:
        if self.reads_text and (text := named.get("text") or self.text):
            spread_texts(table, text)
        return super()._again(table, named, answering=answering)

    def with_columns(self, table: Table, found: Mapping[str, Sequence[str]]) -> Self:
        """Return a copy with the columns that were found in a table, those of the inputs beside the text too."""
        beside = [one.resolved(table) for one in self.beside]
        config = super().with_columns(table, found)
        role = self.answer_role
        answers, read = found.get(role.place, ()), found.get("text", ())
        for one in beside:
            if both := sorted({*one.columns_read} & {*answers}):
                what = f"`{both[0]}` is named as the {role.name} and as an input, which would be its own answer"
                hint = f"leave it out of the inputs, or name another --{role.place}"
                raise InputError(what, where=table.path, hint=hint)
            if one.kind == "tabular" and (both := sorted({*one.columns_read} & {*read})):
                what = f"`{both[0]}` is named as the text and as a number or category"
                raise InputError(what, where=table.path, hint="leave it out of one of them")
        return config.model_copy(update=_named_beside(self, beside))

    def for_inputs(self, table: Table, *, named: Mapping[str, Names] | None = None) -> Self:
        """Return the config for a table of inputs; plain lines have no further columns, which are read as missing.

        Raises InputError where the model reads no text, or an input that must not be missing.
        """
        files = any(is_folder_of(one.media, table) for one in (self.image, self.sound) if one is not None)
        if files and self.reads_text:
            what = f"the model reads {listed([f'`{name}`' for name in self.columns_read])} beside each of these files"
            hint = "write the names of the files and the texts into a csv with a header, and pass that file"
            raise InputError(what, where=table.path, hint=hint)
        if not self.beside or named_by_user(table) or files:
            return super().for_inputs(table, named=named)
        self._absent()
        text_alone = self.model_copy(
            update={"numbers": (), "categories": (), "image": None, "sound": None, "inputs": ()}
        )
        return self.model_copy(update=text_alone.for_inputs(table, named=named).found_in_table)

    def absent_notes(self, columns: Collection[str] = ()) -> list[str]:
        """Say which columns beside the text are lacking; images and sounds never are: without them none is answered."""
        media = [one.name for one in (self.image, self.sound) if one is not None]
        return super().absent_notes([*columns, *media])

    def then(self, folder: str | Path) -> str:
        """Return the command to type next: with a text, or a file where images, sounds or columns alone are read."""
        by_text = self.reads_text and not self.media
        return super().then(folder) if by_text else f"next: weft predict {typed(str(folder))} FILE"

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
        other = {one.name: one.value_of(row) for one in self.beside}
        return LabelledText((*texts, "")[0], second=(*texts, None, None)[1], other=other)

    def read(self, table: Table) -> Iterator[LabelledText]:
        """Yield the examples of a table; a blank is refused. Without a column of right answers, texts alone."""
        names = self.columns_of("text", table) if self.reads_text else ()
        beside, place = self.beside, self.answer_role.place
        judged = (*names, *self.columns_of(place, table))
        for row in accepted(table, read=judged) if getattr(self, place) else table:
            texts = [row.values.get(name, "") for name in names]
            empty = [name for name, text in zip(names, texts, strict=True) if not text.strip()]
            if empty and is_sum(row):
                table.aside["rows of sums"] += 1
            elif empty:
                kinds = {dict: "is an object, expected a text", list: "is a list, expected a text"}
                what = kinds.get(type(row.whole.get(empty[0]) or None), "is empty")
                inside = [path for path in nested_paths(row.whole) if path.startswith(f"{empty[0]}.")]
                hint = f"name a field of it by its path, as in --text {typed(inside[0])}" if inside else ""
                lacks = "text" if what == "is empty" else ""
                table.reject(row.line, f"text {what}", column=empty[0], hint=hint, blank=lacks)
            else:
                try:
                    label = self.answer_of(row) if getattr(self, place) else None
                    file = table.place(row.line) if table.files or table.parts else ""
                    other = {one.name: one.value_of(row) for one in beside}
                    first, second = (*texts, None, None)[:2]
                    yield LabelledText(first or "", label, row.line, second, file, other)
                except InputError as error:
                    if is_sum(row):
                        table.aside["rows of sums"] += 1
                        continue
                    column = (*self.columns_of(place, table), "")[0]
                    if table.on_bad_row in ("stop", "stop" if isinstance(error, BlankField) else "skip_blank"):
                        error.hint = self.hint_on(table, column, error)  # else nobody reads it
                    table.refuse(row.line, error, column=column)

    def answer_of(self, row: Row) -> str | tuple[str, ...] | tuple[float, ...]:
        """Read the right answer of a row. Raises InputError where there is none and there has to be one."""
        raise NotImplementedError

    def inspected_answer(self, row: Row) -> str | tuple[str, ...]:
        """Read the right answer of a row as the checks of data compare it; a label that is empty is shown by them."""
        raise NotImplementedError

    def hint_on(self, table: Table, column: str, error: InputError) -> str:  # noqa: ARG002
        """Return the hint on a right answer that cannot be read, by more of its column than the error tells."""
        return error.hint

    @property
    def idle_notes(self) -> list[str]:
        """Notes on settings without an effect."""
        if self.fusion == FusionConfig() or len(self.every_input) > 1:
            return []
        return [
            "task.fusion has no effect: nothing is read beside the text"
            " (--numbers, --categories, --image, --sound, task.inputs)"
        ]

    def lacks_answer(self, row: Row) -> bool:
        """Whether the fields of the answer are empty, or not there."""
        names = named_columns(getattr(self, self.answer_role.place), tuple(row.values))
        return not any(row.values.get(name, "").strip() for name in names)

    def answered(self, row: Row, text: str) -> LabelledText:
        """Make the example of a row whose text is read already."""
        known = getattr(self, self.answer_role.place) is not None
        return LabelledText(text, self.answer_of(row) if known else None, row.line)

    @property
    def decides_alone(self) -> bool:
        """Whether the text is all that is read, with fresh weights, and the loss is the plain one."""
        return self.reads_text and not (self.beside or self.start or self.vectors) and self.has_plain_loss

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
            encoders = label_defaults.candidates(self, by_steps=by_steps)
            given = {name: getattr(self, name) for name in self.model_fields_set}
            tasks = {name: validated(type(self), {**given, "encoder": one}).widened() for name, one in encoders.items()}
            tries = {name: task.fitted(examples, device=device, by_steps=by_steps) for name, task in tasks.items()}
            return Fitted(self, tries=tries, budget=self.encoder.budget)
        task, notes = self.chosen(examples, by_steps=by_steps)
        solved = task.decides_alone and task.encoder.deciding_alone(1).solved
        by_epochs = solved or bool(task.media)  # whose encoders advise epochs
        return Fitted(task, notes=tuple(notes), steps=None if by_epochs else label_defaults.steps(examples))

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
            alone = config.encoder.deciding_alone(scores, texts=len(examples[0].texts))
            config = config.model_copy(update={"encoder": alone})
        elif self.reads_text and config.encoder.solved:
            what = "solves a model of one text and a plain loss, and not beside further inputs or with other losses"
            raise ConfigError(what, where="task.encoder.solver", hint="leave it out: vectors are trained by steps then")
        config = config.decided(examples, classes=classes) if self.reads_text else self
        decided = [one.decided(examples, classes=classes) for one in config.beside]
        config = config.model_copy(update=_named_beside(config, decided))
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


def _named_beside(config: DecidingTaskConfig, beside: Sequence[InputConfig]) -> dict[str, Any]:
    """Return the settings of inputs beside the text, of the configs of them all in their order."""
    further = len(beside) - len(config.inputs)
    named = [name for name in ("image", "sound") if getattr(config, name) is not None]
    found = dict(zip(named, beside[further - len(named) : further], strict=True))
    return {**found, "inputs": tuple(beside[further:])}
