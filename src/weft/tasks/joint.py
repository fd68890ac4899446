"""Several tasks on one text at once: one encoder that is run once, a head for each task, and a weighted loss."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import nn

from weft.config import read_saved
from weft.data.batch import of_rows
from weft.data.columns import Columns
from weft.data.examples.joint import JointText
from weft.data.examples.labelled import SoftLabelledText
from weft.errors import ConfigError, InputError
from weft.files import write_json
from weft.inputs.shared import SharedInput, with_states
from weft.inputs.text import TextInput
from weft.inputs.tokens import TokensInput, learned_tokenizer
from weft.metrics.bootstrap import Score, mean
from weft.models.joint import JointModel
from weft.tasks.base import Task
from weft.tasks.joining import JoinableTask
from weft.tasks.joint_columns import JointBatch, named, own, together, where_known
from weft.tasks.joint_scores import ALL_RIGHT, MEAN, JointAnswer, mean_of_firsts, of_task
from weft.tasks.joint_settings import JointSettings
from weft.tasks.results import Loss, Scores
from weft.tasks.teaching import Targets, Teacher, TeacherOfUnlabelled

FILE, FOLDER = "joint.json", "tasks"
"""File of what all tasks have learned together, and folder of each of them."""


@dataclass(frozen=True, slots=True)
class Units:
    """Content of `joint.json`: training texts, and what the loss of each task is divided by over all of them."""

    texts: int
    units: dict[str, int]


class JointConfig(JointSettings):
    """Settings of several tasks on one text at once, such as an intent and the slots of an utterance."""

    kind: Literal["joint"] = "joint"

    def learn(self, examples: Sequence[JointText]) -> Joint:
        """Learn the input for all tasks, then each task. Raises InputError as each of them."""
        if self.reader is not None:
            name, reader = self.reader
            texts: list[Any] = [one.of[name] for one in examples]
            config, tokenizer = learned_tokenizer(self, list(map(reader.tokenized, texts)))
            read: TextInput = TokensInput(config, tokenizer)
        else:
            config = self.decided(examples, classes=2)
            read = config.learned(examples)
        if config.encoder.solved:
            what = "solves a model of one task, and not of several"
            hint = "leave it out: vectors are trained by steps then"
            raise ConfigError(what, where="task.encoder.solver", hint=hint)
        tasks, units = {}, {}
        for name, one in config.named_tasks.items():
            known = known_of(name, examples)
            with _named_in_errors(name):
                tasks[name] = one.learn(known, SharedInput(read, by_token=one.reads_tokens))
            units[name] = tasks[name].units(known)
        return Joint(config, read, tasks, Units(len(examples), units))

    def load(self, folder: Path) -> Joint:
        """Load what `Joint.save` wrote."""
        units, tokenizer = read_saved(folder / FILE, Units), self.loaded_tokenizer(folder)
        read = TokensInput(self, tokenizer) if self.reader else self.loaded_text(folder, each=1)
        tasks = {
            name: one.load(folder / FOLDER / str(number), SharedInput(read, by_token=one.reads_tokens))
            for number, (name, one) in enumerate(self.named_tasks.items())
        }
        return Joint(self, read, tasks, units)


class Joint(Teacher, Task):
    """The input that all tasks share, and each task by its name with what it has learned."""

    config: JointConfig
    tasks: Mapping[str, Any]
    """The tasks by name, a JoinableTask each."""

    def __init__(self, config: JointConfig, read: TextInput, tasks: Mapping[str, JoinableTask], units: Units) -> None:
        self.config, self.input, self.tasks, self.units = config, read, dict(tasks), units
        self.reader = config.reader
        names = [of_task(name, score) for name, one in self.tasks.items() for score in one.metrics]
        ties = [of_task(name, one.tie_metric) for name, one in self.tasks.items() if one.tie_metric]
        self.metric = MEAN  # ty: ignore[invalid-attribute-access]
        self.metrics = (MEAN, ALL_RIGHT, *names)  # ty: ignore[invalid-attribute-access]
        self.tie_metric = next(iter(ties), None)  # ty: ignore[invalid-attribute-access]

    def save(self, folder: Path) -> None:
        """Write the input's files, `joint.json`, and a folder for each task."""
        self.input.save(folder)
        write_json(folder / FILE, {"texts": self.units.texts, "units": self.units.units})
        for number, one in enumerate(self.tasks.values()):
            place = folder / FOLDER / str(number)
            place.mkdir(parents=True, exist_ok=True)
            one.save(place)

    def build_model(self) -> JointModel:
        """Build the encoder, and the head of each task on its states, with fresh weights."""
        return JointModel(self.input.build_encoder(), [one.build_head for one in self.tasks.values()])

    def initialize(self, model: nn.Module, columns: Columns) -> list[str]:
        """Start the encoder from trained weights or word vectors, where that is asked for."""
        return self.input.initialize(model, columns, ())

    def encode(self, examples: Sequence[JointText]) -> Columns:
        """Encode the texts once, with the answers of each task where any are known, and which of them are."""
        columns = self.input.encode([self._value(one) for one in examples])
        known_TE = np.array([[is_known(one.of[name]) for one in examples] for name in self.tasks], dtype=bool)
        if not known_TE.any():
            return columns
        found = [columns]
        for (name, task), known_E in zip(self.tasks.items(), known_TE, strict=True):
            filled = [
                one.of[name] if known else task.stand_in(one.of[name])
                for one, known in zip(examples, known_E, strict=True)
            ]
            further = task.with_answers(columns, filled)
            fixed = {**further.fixed, "known": known_E[columns.owner_R]}
            found.append(named(replace(further, fixed=fixed), name, but=columns))
        return together(found)

    def _value(self, example: JointText) -> Any:
        """Return what the input reads of an example: its text, with its tokens where tokens are read."""
        if self.reader is None:
            return example.texts
        name, config = self.reader
        of_one: Any = example.of[name]
        return config.tokenized(of_one)

    def check(self, examples: Sequence[JointText]) -> list[str]:
        """Refuse what a task cannot score, and texts of which one has no answer at all."""
        notes = []
        for name, task in self.tasks.items():
            known = known_of(name, examples)
            if not known:
                where = f"line {examples[0].line}" if examples[0].line else ""
                raise InputError(f"there is no answer for `{name}` to score", where=where)
            with _named_in_errors(name):
                notes += [f"`{name}`: {said}" for said in task.check(known)]
        return notes

    def collate(self, columns: Columns, rows: np.ndarray) -> JointBatch:
        """Gather and pad some rows."""
        source: Any = self.input.collate(columns, rows)
        each, known = [], []
        for name, task in self.tasks.items():
            of_one = own(columns, name)
            each.append(task.collate(of_one, rows))
            known_B = of_one.fixed.get("known")
            some = known_B is not None and not known_B[rows].all()
            known.append(torch.from_numpy(np.flatnonzero(known_B[rows])) if some else None)
        return JointBatch(source.source if self.reader else source, tuple(each), tuple(known), len(rows))

    def _of_tasks(self, model: nn.Module, batch: JointBatch) -> Iterator[tuple[JoinableTask, nn.Module, Any]]:
        """Read a batch once; yield each task with its head and its batch, whose source is the states."""
        assert isinstance(model, JointModel)
        memory = model(batch.source)
        for task, head, of_one in zip(self.tasks.values(), model.heads, batch.of, strict=True):
            yield task, head, replace(of_one, source=with_states(of_one.source, memory))

    def loss(self, model: nn.Module, batch: JointBatch, step: int) -> Loss:
        """Compute the weighted sum of the losses, each over its mean number of units in a text; the count is of rows.

        So each loss is a mean over its own texts, tokens or decisions, and parts of a batch can be added.
        """
        total = torch.zeros(())
        each = zip(self.tasks, self._of_tasks(model, batch), batch.known, strict=True)
        for name, (task, head, of_one), known in each:
            found = task.loss(head, of_one if known is None else of_rows(of_one, known), step)
            share = self.config.weights.get(name, 1.0) * self.units.texts / self.units.units[name]
            total = total.to(found.sum) + share * found.sum
        return Loss(total, torch.tensor(float(batch.rows)).to(total))

    def predict(self, model: nn.Module, batch: JointBatch) -> list[tuple[Any, ...]]:
        """Predict a part of an answer of each task for each row."""
        each = [task.predict(head, of_one) for task, head, of_one in self._of_tasks(model, batch)]
        return list(zip(*each, strict=True))

    def answers(self, parts: Sequence[tuple[Any, ...]], columns: Columns) -> list[JointAnswer]:
        """Merge the rows of each text, task by task."""
        each = [task.answers([row[n] for row in parts], columns) for n, task in enumerate(self.tasks.values())]
        return self._joined(each)

    def _joined(self, each: Sequence[Sequence[Any]]) -> list[JointAnswer]:
        return [JointAnswer(dict(zip(self.tasks, of_one, strict=True))) for of_one in zip(*each, strict=True)]

    def average(self, answers: Sequence[Sequence[JointAnswer]]) -> list[JointAnswer]:
        """Average the answers of several models, task by task."""
        each = [task.average([[one[name] for one in given] for given in answers]) for name, task in self.tasks.items()]
        return self._joined(each)

    def known_answers(
        self, name: str, answers: Sequence[Any], examples: Sequence[JointText]
    ) -> tuple[list[Any], list[Any]]:
        """Return the answers of one task, and its examples, where the right answer is known."""
        given = [of.of[name] for of, one in zip(answers, examples, strict=True) if is_known(one.of[name])]
        return given, known_of(name, examples)

    def check_students(self, train: Sequence[JointText]) -> None:
        """Refuse tasks whose models cannot teach, and what each task refuses."""
        for name, task in self.tasks.items():
            if not isinstance(task, Teacher):
                what = f"`{name}`: a model of task `{task.config.kind}` cannot teach"
                raise InputError(what, hint="train the student alone, on the labels")
            with _named_in_errors(name):
                task.check_students(known_of(name, train))

    def questions(self, examples: Sequence[JointText]) -> list[JointText]:
        """Return every text."""
        return list(examples)

    def said(self, answer: JointAnswer) -> dict[str, Any]:
        """Return what each task keeps of its answer."""
        return {name: task.said(answer[name]) for name, task in self.tasks.items()}

    def lessons(
        self,
        asked: Sequence[JointText],
        said: Sequence[Mapping[str, Any]],
        *,
        train: Sequence[JointText],
        targets: Targets,
    ) -> list[JointText]:
        """Return texts with the teacher's answers to each task: of tags only to texts without right ones."""
        del train
        of: dict[str, list[Any]] = {}
        for name, task in self.tasks.items():
            known = [one.of[name] for one in asked]
            told = task.lessons(known, [one[name] for one in said], train=[], targets=targets)
            if isinstance(task, TeacherOfUnlabelled):
                told = [one if one.label is not None else its for one, its in zip(known, told, strict=True)]
            of[name] = told
        return [
            replace(one, of=dict(zip(of, each, strict=True))) for one, *each in zip(asked, *of.values(), strict=True)
        ]

    @property
    def tunes(self) -> tuple[str, ...]:
        """Names of all that is tuned, of any task."""
        return tuple(dict.fromkeys(what for one in self.tasks.values() for what in one.tunes))

    def tune(self, answers: Sequence[JointAnswer], examples: Sequence[JointText]) -> list[str]:
        """Tune each task on its own answers."""
        return [
            f"`{name}`: {said}"
            for name, task in self.tasks.items()
            if task.tunes
            for said in task.tune(*self.known_answers(name, answers, examples))
        ]

    def quick_scores(self, answers: Sequence[JointAnswer], examples: Sequence[JointText]) -> dict[str, float]:
        """Compute the quick scores of each task, their mean, and how often all is right."""
        each = {
            name: task.quick_scores(*self.known_answers(name, answers, examples)) for name, task in self.tasks.items()
        }
        values = {of_task(name, score): value for name, found in each.items() for score, value in found.items()}
        firsts = [(task.metric, each[name][task.metric]) for name, task in self.tasks.items()]
        return {MEAN: mean_of_firsts(firsts), ALL_RIGHT: float(self._right(answers, examples).mean()), **values}

    def _right(self, answers: Sequence[JointAnswer], examples: Sequence[JointText]) -> np.ndarray:
        """Return whether all answers to a text are right that are known, [E]."""
        right_E = np.ones(len(examples), dtype=bool)
        for name, task in self.tasks.items():
            if not task.decides_right:
                continue
            known_E = np.array([one.of[name].label is not None for one in examples], dtype=bool)
            right_E[known_E] &= task.right(*self.known_answers(name, answers, examples))
        return right_E

    def score(self, answers: Sequence[JointAnswer], examples: Sequence[JointText]) -> Scores:
        """Compute all scores; details are those of each task, by its name."""
        each = {name: task.score(*self.known_answers(name, answers, examples)) for name, task in self.tasks.items()}
        firsts = [(task.metric, each[name].values[task.metric].value) for name, task in self.tasks.items()]
        values = {of_task(name, score): value for name, one in each.items() for score, value in one.values.items()}
        right_E = self._right(answers, examples).astype(float)
        of_all = {ALL_RIGHT: mean(right_E), MEAN: Score(mean_of_firsts(firsts))}
        details = {name: {**one.details, "kind": self.tasks[name].config.kind} for name, one in each.items()}
        return Scores({**of_all, **values}, {"tasks": details})

    def samples(self, answers: Sequence[JointAnswer], examples: Sequence[JointText]) -> list[dict[str, str]]:
        """Return samples of the tasks that show any."""
        return [
            one
            for name, task in self.tasks.items()
            for one in task.samples(*self.known_answers(name, answers, examples))
        ]

    def record(self, answer: JointAnswer, example: JointText) -> dict[str, Any]:
        """Return the text, and the fields of each task under its name."""
        fields = {
            of_task(name, key): value
            for name, task in self.tasks.items()
            for key, value in task.record(answer[name], example.of[name]).items()
            if key not in ("text", "line")
        }
        return {"text": example.text, **fields, **({"line": example.line} if example.line else {})}

    def notes(self, columns: Mapping[str, Columns]) -> list[str]:
        """Describe each task, then the input. Raises InputError where no text of a part has an answer for a task."""
        for name, (part, one) in product(self.tasks, columns.items()):
            if not own(one, name).fixed.get("known", np.ones(1)).any():
                raise InputError(
                    f"no text of {part} has an answer for `{name}`", hint="name a file that has with --dev"
                )
        of = {name: {part: where_known(own(one, name)) for part, one in columns.items()} for name in self.tasks}
        said = [f"`{name}`: {said}" for name, task in self.tasks.items() for said in task.notes(of[name])]
        return [*said, *self.input.notes(columns)]


@contextmanager
def _named_in_errors(task: str) -> Generator[None]:
    """Name the task in an InputError, and its settings in the hint."""
    try:
        yield
    except InputError as error:
        hint = error.hint.replace("--set task.", f"--set task.tasks.{task}.")
        raise InputError(f"`{task}`: {error.what}", where=error.where, hint=hint) from None


def known_of(name: str, examples: Sequence[JointText]) -> list[Any]:
    """Return the examples of one task, of the texts whose answer is known."""
    return [one.of[name] for one in examples if is_known(one.of[name])]


def is_known(example: Any) -> bool:
    """Whether an example of one task has an answer, the right one or that of a teacher."""
    return example.label is not None or isinstance(example, SoftLabelledText)
