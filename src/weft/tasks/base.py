"""What every task owes the rooms above it: examples in, answers and scores out. Knows no task (see `choices`)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from torch import Tensor, nn

from weft.config import Config
from weft.data.columns import Columns
from weft.data.examples.roles import Names, Role, as_setting, find_roles, named_columns, settings_of
from weft.data.sources import Table
from weft.data.split import Split, split
from weft.decoding.choices import SearchConfig
from weft.errors import ConfigError, InputError
from weft.metrics.bootstrap import Score
from weft.metrics.systems import CorpusScore
from weft.store import shared

TUNED = "tuned.json"
"""What a task saves of `tune`: training that goes on after it must not know it."""


AnswerForm = Literal["label", "labels", "text", "tokens", "span", "option"]
"""What an answer is: `label` is one of a known set, with the probability of each."""
Doctor = Literal["labels", "pairs", "questions"]
"""What `weft inspect` looks a file over as."""


@dataclass(frozen=True, slots=True)
class Loss:
    """A sum over rows and what it is to be divided by, so that parts of a batch can be added before the division."""

    sum: Tensor
    count: Tensor


@dataclass(frozen=True, slots=True)
class Scores:
    """Named scores with their intervals, and details (a confusion matrix, scores of each class) ready for JSON."""

    values: Mapping[str, Score]
    details: Mapping[str, Any]


@contextmanager
def examples_of(file: str) -> Generator[None]:
    """Names the file in an InputError about examples, which know of their place no more than the line."""
    try:
        yield
    except InputError as error:
        line = error.where.removeprefix("line ")
        raise InputError(error.what, where=f"{file}:{line}" if line else file, hint=error.hint) from None


class TaskConfig(Config):
    """Base of the configs of tasks."""

    texts: ClassVar[tuple[str, ...]] = ("text", "second text")
    """What the texts of an input are called."""
    kind: str
    roles: ClassVar[tuple[Role, ...]] = ()
    """What is read of a table."""
    further_columns: ClassVar[tuple[str, ...]] = ()
    """The settings, beside those of the roles, that say what is read of a table."""
    answers_with: ClassVar[AnswerForm]
    example_type: ClassVar[type[Any]] = object
    """The class of the examples that are answered."""
    parts: ClassVar[tuple[str, ...]] = ("encoder",)
    """The settings that are parts of the model; the last is the one that comparisons and distillation vary."""
    headline: ClassVar[tuple[str, ...]]
    """The scores that the last line of a run and the head of its page show, the first before all."""
    page: ClassVar[str] = "labels"
    """The kind of page that a run has, one of `weft.report.choices`."""
    next_step: ClassVar[str] = "ask: weft predict {} --text ..."
    """What is done with the folder of a trained model."""
    implied_by: ClassVar[tuple[str, ...]] = ()
    """The settings that no other task has: where one is given, the task need not be named."""
    parallel: ClassVar[bool] = False
    """Whether two files that belong together line by line imply the task."""
    offer: ClassVar[str] = ""
    """What is offered where the columns of labelled texts are looked for in vain: options, and what they are for."""
    objective: ClassVar[str | None] = None
    """The word by which `weft pretrain` chooses the task; None: it is no pre-training."""
    inspected_as: ClassVar[Doctor | None] = None
    """What `weft inspect` looks a file over as; None: not at all."""
    compared_by: ClassVar[tuple[str, ...]] = ()
    """The scores by which `weft compare` compares models, the first decides; none: they are not compared."""
    compared_kinds: ClassVar[tuple[str, ...]] = ()
    """The kinds of the varied part that are compared where none are named."""
    teaches: ClassVar[bool] = False
    """Whether a model can teach a smaller one: its Task is a `weft.tasks.teaching.Teacher`."""

    @property
    def all_roles(self) -> tuple[Role, ...]:
        """What is read of a table, with what these settings add."""
        return self.roles

    @property
    def columns(self) -> tuple[str, ...]:
        """The settings that name columns: of what is read, then of the right answer, where there is one."""
        return settings_of(self.all_roles)

    @property
    def unit_name(self) -> str:
        """What a file is read as, in words."""
        return "rows"

    @property
    def split_rule(self) -> str:
        """What is held out, in words."""
        return "duplicates are kept in one split"

    @property
    def part_configs(self) -> tuple[Any, ...]:
        """The configs of the parts of the model, as far as they are decided."""
        return tuple(part for name in self.parts if (part := getattr(self, name)) is not None)

    @property
    def found_in_table(self) -> dict[str, Any]:
        """The settings that `resolved` finds in a table."""
        return {name: getattr(self, name) for name in self.columns}

    @property
    def streamed(self) -> bool:
        """Whether the examples are stretches of one long text, whose order counts."""
        return False

    @property
    def separator(self) -> str | None:
        """The string between the labels of one row; None: a row has one label at most."""
        return None

    @property
    def own_search(self) -> SearchConfig | None:
        """The search by which text is written; None where none is."""
        return None

    @property
    def line_suffix(self) -> str | None:
        """The suffix of files whose lines are inputs, where the training files were such; None: there is none."""
        return None

    @property
    def input_limit(self) -> tuple[str, int] | None:
        """The setting that limits how many tokens of an input are read, and its value; None: nothing is left out."""
        return None

    def hearing(self) -> Self:
        """Return a copy that learns from a teacher's probabilities too, where it can."""
        return self

    def alone(self) -> Self:
        """Return a copy without a teacher."""
        return self

    @property
    def hears(self) -> bool:
        """Whether anything of a teacher is learned."""
        return True

    @property
    def starts_from_words(self) -> bool:
        """Whether embeddings can start from vectors of words that a teacher gives (the setting `vectors`)."""
        return False

    def comparable(self, record: Mapping[str, Any]) -> tuple[Any, Any]:
        """What was given and what was made of it, from a line of a table of answers, for `corpus_scores`.

        Raises KeyError, TypeError or ValueError where the line is not of this task.
        """
        raise NotImplementedError

    def corpus_scores(self, given: Sequence[Any], made: Sequence[Any]) -> dict[str, CorpusScore]:
        """The scores by which models are compared that made something of the same that was given."""
        raise NotImplementedError

    def resolved(self, table: Table) -> Self:
        """The config with its columns named, guessed from a table where that is obvious. Raises InputError else."""
        return self.with_columns(table, find_roles(table, self.all_roles, named=self._named))

    def for_table(self, table: Table, *, named: Mapping[str, Names] | None = None) -> Self:
        """The config for another table than that of training: columns as named, else as in training, else guessed.

        `named` are columns by setting. Raises ConfigError for a setting that names none here.
        """
        return self._again(table, named or {}, answering=False)

    def for_inputs(self, table: Table, *, named: Mapping[str, Names] | None = None) -> Self:
        """The config for a table of inputs without right answers: columns as in `for_table`."""
        return self._again(table, named or {}, answering=True)

    def with_columns(self, table: Table, found: Mapping[str, Sequence[str]]) -> Self:  # noqa: ARG002
        """The config with the columns that were found in a table, by setting; those that were not are None."""
        return self.model_copy(update={name: as_setting(found.get(name, ())) for name in self.columns})

    def columns_of(self, setting: str, table: Table) -> tuple[str, ...]:
        """The columns of a table that a setting names."""
        return named_columns(getattr(self, setting), table.columns)

    @property
    def _named(self) -> dict[str, Names]:
        return {name: getattr(self, name) for name in self.columns}

    def _again(self, table: Table, named: Mapping[str, Names], *, answering: bool) -> Self:
        for name, column in named.items():
            if column is not None and name not in self.columns:
                hint = f"its columns are named by {' and '.join(f'--{one}' for one in self.columns)}"
                raise ConfigError(f"a model of task `{self.kind}` has none", where=f"--{name}", hint=hint)
        found = find_roles(table, self.all_roles, named=named, trained=self._named, answering=answering)
        return self.with_columns(table, found)

    def read(self, table: Table) -> Iterator[Any]:
        """The examples of a table, as they come; rows that are bad for this task are refused by `table.reject`."""
        raise NotImplementedError

    def read_inputs(self, table: Table) -> Iterator[Any]:
        """Read the examples of a table that are to be answered, of a config that `for_inputs` gave."""
        return self.read(table)

    def example(self, text: str, second: str | None = None) -> Any:
        """An example to be answered."""
        raise NotImplementedError

    def example_of(self, fields: Mapping[str, Any]) -> Any:
        """An example to be answered, from its fields by the name of their column. Raises InputError where none is."""
        del fields
        raise InputError(f"a model of task `{self.kind}` reads no table", hint="hand over texts or examples")

    def filter_training(self, examples: Sequence[Any]) -> tuple[Sequence[Any], list[str]]:
        """The examples of a training file without those that are not to be learned from, and what is said of it."""
        return examples, []

    def data_notes(
        self, parts: Mapping[str, Sequence[Any]], files: Mapping[str, str], named: Mapping[str, str]
    ) -> list[str]:
        """What is to be said of the parts of the data by name, train first, before anything is learned.

        `files` are theirs, `named` the options by which they were read.
        """
        raise NotImplementedError

    def evaluation_examples(self, examples: Sequence[Any]) -> Sequence[Any]:
        """The examples of a part that answers are scored on, which may be fewer than its rows."""
        return examples

    def held_out(self, examples: Sequence[Any], *, share: float, seed: int) -> Split:
        """Which examples are learned from and which are held out, about `share` of them: duplicates in one split."""
        strata = shared(one.stratum for one in examples)
        return split(strata, (one.whole for one in examples), share=share, seed=seed)

    def learn(self, examples: Sequence[Any]) -> Task:
        """A task with all that is learned before a model: vocabulary and labels, from training examples alone."""
        raise NotImplementedError

    def load(self, folder: Path) -> Task:
        """The task that was saved in a folder."""
        raise NotImplementedError


class Task(ABC):
    """One kind of work, with what was learned for it. Stateless towards models: they are handed in."""

    config: Any
    """Its own config class."""
    metric: ClassVar[str]
    """The dev score by which the best weights are chosen, unless the training settings name another."""
    tie_metric: ClassVar[str | None] = None
    """The dev score that decides between weights of equal scores; None: the earlier ones are kept."""
    metrics: ClassVar[tuple[str, ...]]
    """The names in `quick_scores`: what the training settings may name."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write what was learned into an existing folder."""

    @abstractmethod
    def build_model(self) -> nn.Module:
        """The model with fresh weights, from torch's global generator."""

    def initialize(self, model: nn.Module, columns: Columns) -> list[str]:  # noqa: ARG002
        """Start fresh weights from what is known before training; returns what is to be said of it."""
        return []

    @abstractmethod
    def encode(self, examples: Sequence[Any]) -> Columns:
        """Many examples at once."""

    @abstractmethod
    def check(self, examples: Sequence[Any]) -> list[str]:
        """Raise InputError for the first example that could not be scored, as `score` would; encodes nothing.

        Returns what is to be said of examples that can be scored, but not answered rightly.
        """

    def unseen(self, examples: Sequence[Any]) -> Counter[str]:  # noqa: ARG002
        """The characters to be read that training never saw, with their counts; only what writes tells of them."""
        return Counter()

    def for_validation(self) -> Task:
        """The same, answering in its quickest way: how the dev set is answered while training goes on."""
        return self

    def unread(self, answer: Any) -> int:  # noqa: ARG002
        """The number of tokens of an input that were not read, by its answer."""
        return 0

    def with_search(self, search: SearchConfig) -> Task:
        """The same, writing by another search. Raises ConfigError where nothing is written."""
        what = f"`{search.kind}` is a search, and a model of task `{self.config.kind}` writes no text"
        raise ConfigError(what, where="search", hint="leave the search out")

    def stream(self, model: nn.Module, example: Any) -> Iterator[str]:
        """What is written for an example, as it is written. Raises ConfigError where nothing is, or only as a whole."""
        del model, example
        raise ConfigError(f"a model of task `{self.config.kind}` writes no text", where="stream")

    def extra_results(self, model: nn.Module, examples: Sequence[Any], *, device: torch.device) -> dict[str, Any]:
        """What else is to be shown of a trained model, beside its scores; `examples` are those it learned from."""
        del model, examples, device
        return {}

    @abstractmethod
    def collate(self, columns: Columns, rows: np.ndarray) -> Any:
        """The batch of some rows."""

    @abstractmethod
    def loss(self, model: nn.Module, batch: Any, step: int) -> Loss:
        """The loss of a batch; `step` drives schedules."""

    @abstractmethod
    def predict(self, model: nn.Module, batch: Any) -> Sequence[Any]:
        """One part of an answer for each row of a batch."""

    @abstractmethod
    def answers(self, parts: Sequence[Any], columns: Columns) -> list[Any]:
        """One answer for each example, the parts of its rows merged; `parts` are in the order of the rows."""

    @property
    def outputs_per_row(self) -> int:
        """How many outputs are made of a row at a time: by so much smaller are the batches to be answered."""
        return 1

    @property
    def tunes(self) -> tuple[str, ...]:
        """What there is to `tune`, by name."""
        return ()

    def tune(self, answers: Sequence[Any], examples: Sequence[Any]) -> list[str]:  # noqa: ARG002
        """Decide what is decided after training (thresholds, a temperature), once; returns what is to be said of it.

        `answers` are those of the best weights to the dev `examples`, given before anything was tuned.
        """
        return []

    @abstractmethod
    def average(self, answers: Sequence[Sequence[Any]]) -> list[Any]:
        """The answers of several models to the same examples, as one: of the mean of their probabilities.

        Labels are matched by name. Raises InputError where the models do not answer with the same labels.
        """

    @abstractmethod
    def quick_scores(self, answers: Sequence[Any], examples: Sequence[Any]) -> dict[str, float]:
        """Scores without intervals, for the dev set during training."""

    def samples(self, answers: Sequence[Any], examples: Sequence[Any]) -> list[dict[str, str]]:  # noqa: ARG002
        """Some answers of the dev set for people to watch change in training: `answer`, `source`, `reference`."""
        return []

    def permutable(self, examples: Sequence[Any]) -> list[str]:  # noqa: ARG002
        """Name what examples are read by, where that is more than one thing: inputs, and columns of a table."""
        return []

    def permuted(self, examples: Sequence[Any], column: str, order_E: np.ndarray) -> list[Any]:
        """Return the examples with what `permutable` named taken from others, in an order."""
        raise NotImplementedError

    @abstractmethod
    def score(self, answers: Sequence[Any], examples: Sequence[Any]) -> Scores:
        """Scores with their intervals."""

    @abstractmethod
    def record(self, answer: Any, example: Any) -> dict[str, Any]:
        """One line of a table of answers."""

    @abstractmethod
    def notes(self, columns: Mapping[str, Columns]) -> list[str]:
        """What a user should know of the encoded parts of the data, by name: what is known, what is cut."""
