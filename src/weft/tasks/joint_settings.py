"""The settings of several tasks on one text, and the reading of its rows: the text once, the answer of each task."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from pydantic import Field, SerializeAsAny, field_serializer, model_validator
from pydantic_core import PydanticCustomError

from weft.config import one_of
from weft.data.blank_rows import BlankField
from weft.data.examples.joint import JointText
from weft.data.examples.lists_of_texts import keep_lists
from weft.data.examples.roles import TEXT_NAMES, Names, Role, as_option, named_columns
from weft.data.sources import Table
from weft.errors import ConfigError, InputError, did_you_mean
from weft.inputs.text import TextSettings
from weft.inputs.tokens import TokenSettings
from weft.metrics.systems import CorpusScore, mean_score
from weft.tasks.base import AnswerForm, TaskConfig
from weft.tasks.classification import ClassificationConfig
from weft.tasks.decided_by_rows import Fitted
from weft.tasks.joint_scores import ALL_RIGHT, of_task
from weft.tasks.multilabel import MultilabelConfig
from weft.tasks.regression import RegressionConfig
from weft.tasks.tagging import TaggingConfig

JOINABLE = (ClassificationConfig, MultilabelConfig, RegressionConfig, TaggingConfig)
"""The tasks that can be answered with others by one encoder."""
SHARED = frozenset({"text", *TextSettings.model_fields} - {"kind"})
"""Settings that all tasks have in common: where and how the text is read."""
ALONE = frozenset({"numbers", "categories", "tabular", "image", "sound", "inputs", "fusion"})
"""Settings that only a task that is answered alone has."""


class JointSettings(TaskConfig, TokenSettings):
    """Settings of several tasks on one text: the tasks, their weights, and where the text stands."""

    answers_with: ClassVar[AnswerForm] = "several"
    example_type: ClassVar[type[Any]] = JointText
    roles: ClassVar[tuple[Role, ...]] = (Role("text", TEXT_NAMES),)
    page: ClassVar[str] = "several"
    teaches: ClassVar[bool] = True
    compared_by: ClassVar[tuple[str, ...]] = (ALL_RIGHT,)
    compared_kinds: ClassVar[tuple[str, ...]] = ("cnn", "lstm", "transformer")
    taken_over: ClassVar[tuple[str, ...]] = ("tasks", "weights")
    implied_by: ClassVar[tuple[str, ...]] = ("tasks",)
    implied_together: ClassVar[tuple[str, ...]] = ("label", "tags")
    offer: ClassVar[str] = "--label NAME --tags NAME for both at once"
    text: str | None = None
    """Column of the tokens or the text; None: guessed from the file, and named in the run."""
    label: Names = None
    """Columns of labels, short for a task of kind classification for each, with its name."""
    tags: str | None = None
    """Column of tags or spans, short for a task of kind tagging with its name."""
    tasks: dict[str, Annotated[SerializeAsAny[TaskConfig], one_of(TaskConfig, JOINABLE)]] = Field(default={})
    """Tasks by name, each with its kind and own settings, but without an encoder, a tokenizer or a text of its own:
    `{intent: {kind: classification, label: intent}, slots: {kind: tagging, tags: tags}}`."""
    weights: dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]] = Field(default={})
    """Weights of the losses by name of the task, each the mean over its own texts, tokens or decisions; 1 where none is
    set."""

    @model_validator(mode="before")
    @classmethod
    def _shares_one_text(cls, settings: Any) -> Any:
        tasks = settings.get("tasks") if isinstance(settings, Mapping) else None
        for name, own in tasks.items() if isinstance(tasks, Mapping) else ():
            given = own if isinstance(own, Mapping) else dict.fromkeys(getattr(own, "model_fields_set", ()), True)
            if found := sorted({*given} & (SHARED | ALONE)):
                what = f"`{found[0]}` is set for the task `{name}`, and all tasks read one text by one encoder"
                where = f"set it once for all: task.{found[0]}"
                hint = "leave it out: nothing is read beside the text" if found[0] in ALONE else where
                raise PydanticCustomError("shared", "{what}", {"what": what, "hint": hint})
        return settings

    @model_validator(mode="after")
    def _weighs_its_tasks(self) -> Self:
        if strange := [name for name in self.weights if self.tasks and name not in self.tasks]:
            context = {"name": strange[0], "hint": did_you_mean(strange[0], self.tasks)}
            raise PydanticCustomError("weights", "there is no task `{name}` to be weighed", context)
        return self

    @field_serializer("tasks")
    def _without_what_is_shared(self, tasks: Mapping[str, Any]) -> dict[str, Any]:
        return {name: one.model_dump(mode="json", exclude={*SHARED, *ALONE}) for name, one in tasks.items()}

    @property
    def named_tasks(self) -> Mapping[str, Any]:
        """The tasks by name, those of `label` and `tags` too, with the settings that all share."""
        short: dict[str, Any] = {name: ClassificationConfig(label=name) for name in named_columns(self.label, ())}
        short |= {self.tags: TaggingConfig(tags=self.tags)} if self.tags else {}
        shared = {name: getattr(self, name) for name in SHARED}
        return {name: one.model_copy(update=shared) for name, one in {**self.tasks, **short}.items()}

    @property
    def reader(self) -> tuple[str, TaggingConfig] | None:
        """The first task that reads token by token, by which the text is read for all; None: there is none."""
        return next(((name, one) for name, one in self.named_tasks.items() if isinstance(one, TaggingConfig)), None)

    @property
    def headline(self) -> tuple[str, ...]:  # ty: ignore[incompatible-property-override]
        """The share of texts with every answer right, and the first scores of each task."""
        each = self.named_tasks.items()
        return (ALL_RIGHT, *(of_task(name, score) for name, one in each for score in one.headline))

    def hearing(self) -> Self:
        """Return a copy each of whose tasks learns from a teacher."""
        return self.model_copy(update={"tasks": {name: one.hearing() for name, one in self.tasks.items()}})

    def alone(self) -> Self:
        """Return a copy without a teacher."""
        return self.model_copy(update={"tasks": {name: one.alone() for name, one in self.tasks.items()}})

    @property
    def hears(self) -> bool:
        """Whether a teacher has a share of any loss."""
        return any(one.hears for one in self.tasks.values())

    @property
    def part_configs(self) -> tuple[Any, ...]:
        """The heads that have settings, and the encoder."""
        heads = [head for one in self.named_tasks.values() for head in one.part_configs if head is not self.encoder]
        return (*heads, self.encoder)

    @property
    def found_in_table(self) -> dict[str, Any]:
        """The column of the text, and the tasks."""
        return {"text": self.text, "label": self.label, "tags": self.tags, "tasks": self.tasks}

    def check_comparable(self) -> None:
        """Refuse numbers alone, which are neither right nor wrong."""
        if all(one.answers_with == "number" for one in self.named_tasks.values()):
            hint = "compare each number by itself: weft compare FILE --value NAME"
            raise InputError("no models of numbers alone are compared", hint=hint)

    def comparable(self, record: Mapping[str, Any]) -> tuple[Any, Any]:
        """Read the text and the right answers, and whether all that are known were given, from a line of answers."""
        truths, right = [], []
        for name, one in self.named_tasks.items():
            own = {key.removeprefix(f"{name}."): value for key, value in record.items() if key.startswith(f"{name}.")}
            if one.answers_with == "number" or not {"label", "labels"} & {*own}:
                continue  # a number is neither right nor wrong
            (_, true), made = one.comparable({"text": record["text"], **own})
            truths.append((name, repr(true)))
            right.append(true == made)
        return (record["text"], tuple(truths)), all(right)

    def corpus_scores(self, given: Sequence[Any], made: Sequence[Any]) -> dict[str, CorpusScore]:  # noqa: ARG002
        """Compute the share of texts with every answer right, by which models that answered the same are compared."""
        return {ALL_RIGHT: mean_score(np.array(made, dtype=float), signature="texts with all answers right")}

    @property
    def unit_name(self) -> str:
        """Name of the examples in a sentence."""
        return "texts"

    @property
    def name(self) -> str:
        """The key of the texts among the values of an example, and the encoded columns."""
        return "text"

    @property
    def columns_read(self) -> tuple[str, ...]:
        """The column of the text."""
        return (self.text,) if self.text else ()

    def fitted(self, examples: Sequence[Any], *, device: str, by_steps: Sequence[str] = ()) -> Fitted:
        """Take the epochs of a task that says how many, else as many steps as the task that needs the most."""
        of_each = [
            one.fitted([known.of[name] for known in examples], device=device, by_steps=by_steps)
            for name, one in self.named_tasks.items()
        ]
        if decided := next((one for one in of_each if "epochs" in one.training), None):
            return Fitted(self, decided.training, decided.notes)
        return Fitted(self, steps=max(one.steps or 0 for one in of_each) or None)

    def resolved(self, table: Table) -> Self:
        """Return a copy with the columns of all tasks named, those of `label` and `tags` among the tasks."""
        config = self.model_copy(update={"label": named_columns(self.label, table.columns)})
        tasks = config.named_tasks
        if not tasks:
            hint = "pass --label and --tags, or write them in a YAML file under task.tasks"
            raise ConfigError("names no task", where="task.tasks", hint=hint)
        found: dict[str, Any] = {}
        text = self.text
        for name in sorted(tasks, key=lambda name: not tasks[name].reads_tokens):
            found[name] = one = tasks[name].model_copy(update={"text": text}).resolved(table)
            text = one.text
            if not isinstance(text, str):
                what = f"expected one column of the text, found {len(text or ())}"
                raise InputError(what, where=table.path, hint="name the one to read with --text")
        if config.reader:
            keep_lists(table)  # of tokens, not of texts that have one label
        updated = {"label": None, "tags": None, "text": text}
        return self.model_copy(update={**updated, "tasks": _bare(tasks, found)}).widened()

    def for_table(self, table: Table, *, named: Mapping[str, Names] | None = None) -> Self:
        """Return a copy for a further table: columns as named, as in training, or guessed."""
        given = {setting: column for setting, column in (named or {}).items() if column is not None}
        tasks = self.named_tasks
        for setting in given:
            having = [name for name, one in tasks.items() if setting in one.columns]
            if setting != "text" and len(having) != 1:
                what = f"{len(having) or 'none'} of the tasks {_listed(tasks)} have such a column"
                hint = "name the columns as in training" if having else "leave it out"
                raise ConfigError(what, where=f"--{setting}", hint=hint)
        found = {
            name: one.for_table(table, named={each: column for each, column in given.items() if each in one.columns})
            for name, one in tasks.items()
        }
        text = next(one.text for one in found.values())
        if self.reader:
            keep_lists(table)
        return self.model_copy(update={"text": text, "tasks": _bare(tasks, found)})

    def for_inputs(self, table: Table, *, named: Mapping[str, Names] | None = None) -> Self:
        """Return a copy for a table of texts without right answers."""
        _, first = self.reader or next(iter(self.named_tasks.items()))
        text = first.for_inputs(table, named=named).text
        tasks = {name: one.without_answers() for name, one in self.named_tasks.items()}
        return self.model_copy(update={"text": text, "tasks": _bare(tasks, tasks)})

    def read(self, table: Table) -> Iterator[JointText]:
        """Yield the texts of a table; a row with none of the answers is refused, one with some of them is not."""
        tasks = self.named_tasks
        asking = {name: one.without_answers() for name, one in tasks.items()}
        reader = asking[self.reader[0]] if self.reader else None
        answered = any(one != asking[name] for name, one in tasks.items())
        for row in table:
            try:
                known = {name: not one.lacks_answer(row) for name, one in tasks.items()}
                if answered and not any(known.values()):
                    raise BlankField("answer", f"there is no answer for any of the tasks {_listed(tasks)}")
                text = reader.answered(row, "").text if reader else row.values.get(self.text or "", "")
                if not text.strip() and self.text in row.lists:
                    raise InputError(
                        "text is a list, which only tags are read with", hint="join its tokens to one text"
                    )
                if not text.strip():
                    raise BlankField("text")
                of = {name: (one if known[name] else asking[name]).answered(row, text) for name, one in tasks.items()}
            except InputError as error:
                line = int(error.where) if error.where.isdecimal() else row.line
                table.refuse(line, error)
            else:
                yield JointText(text, of, row.line)

    def example(self, text: str, second: str | None = None) -> JointText:
        """Make an example of a text, without answers."""
        return JointText(text, {name: one.example(text, second) for name, one in self.named_tasks.items()})

    def question_of(self, example: JointText) -> JointText:
        """Return an example without its answers."""
        tasks = self.named_tasks
        return replace(example, of={name: tasks[name].question_of(one) for name, one in example.of.items()})

    def example_of(self, fields: Mapping[str, Any]) -> JointText:
        """Make an example of the field of the text, by its column or as `text`."""
        known = [name for name in dict.fromkeys((self.text or "text", "text")) if isinstance(fields.get(name), str)]
        if not known:
            raise InputError("the text is missing", hint=f"give it as `{self.text or 'text'}`")
        return self.example(fields[known[0]])

    def data_notes(
        self, parts: Mapping[str, Sequence[Any]], files: Mapping[str, str], named: Mapping[str, str]
    ) -> list[str]:
        """Say how each task reads its answers, and how many are missing."""
        notes, told = [], self.reader or next(iter(self.named_tasks.items()))
        for name, one in self.named_tasks.items():
            own = {part: [example.of[name] for example in rows] for part, rows in parts.items()}
            known = {part: [each for each in rows if each.label is not None] for part, rows in own.items()}
            if one.reads_tokens or name == told[0]:  # what is said of the texts is said once
                columns = {setting: as_option(getattr(one, setting)) for setting in one.columns}
                notes += [f"`{name}`: {said}" for said in one.data_notes(known, files, {**named, **columns})]
            notes += [
                f"{len(rows) - len(known[part]):,} of {len(rows):,} {part} texts have no answer for `{name}`: they do"
                " not count in its loss and scores"
                for part, rows in own.items()
                if len(known[part]) < len(rows)
            ]
        return notes


def _bare(tasks: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """Return tasks in their order, without the settings that all share."""
    plain = {kind: {name: one.get_default() for name, one in kind.model_fields.items() if name in SHARED}
             for kind in {type(one) for one in found.values()}}  # fmt: skip
    return {name: found[name].model_copy(update=plain[type(found[name])]) for name in tasks}


def _listed(tasks: Mapping[str, Any]) -> str:
    return ", ".join(f"`{name}`" for name in tasks)
