"""The interface of tasks: examples in, answers and scores out. The kinds of tasks are in `choices`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from pydantic import model_validator
from pydantic_core import PydanticCustomError
from torch import nn

from weft.data.columns import Columns
from weft.data.examples.column_settings import as_setting
from weft.data.examples.roles import Names, Role, find_roles, named_columns, settings_of
from weft.data.sources import Table
from weft.data.split import Split, split
from weft.decoding.choices import SearchConfig
from weft.errors import ConfigError, InputError, typed
from weft.inputs.base import Alone, Input, no_vector
from weft.metrics.systems import CorpusScore
from weft.store import shared
from weft.tasks.decided_by_rows import DecidedByRows
from weft.tasks.results import Loss, Scores

TUNED = "tuned.json"
"""File of all that `tune` decides, apart from the rest: training that is resumed must not know it."""


AnswerForm = Literal["label", "labels", "number", "text", "tokens", "span", "option", "tags", "score", "several"]
"""Form of an answer: `label` is one of a known set, with the probability of each; `number` may be several; `score` is
of a pair of texts; `several` is one of each task."""
Doctor = Literal["labels", "pairs", "questions", "scores", "tags", "sounds"]
"""Kind of data that `weft inspect` checks a file as."""


class TaskConfig(DecidedByRows):
    """Base of the configs of tasks."""

    texts: ClassVar[tuple[str, ...]] = ("text", "second text")
    """Names of the texts of an input."""
    kind: str
    roles: ClassVar[tuple[Role, ...]] = ()
    """Roles of the columns that are read of a table."""
    further_columns: ClassVar[tuple[str, ...]] = ()
    """Settings, beside those of the roles, that name columns of a table."""
    taken_over: ClassVar[tuple[str, ...]] = ()
    """Settings that a student has of its teacher, unless others are named."""
    answers_with: ClassVar[AnswerForm]
    example_type: ClassVar[type[Any]] = object
    """The class of the examples that are answered."""
    parts: ClassVar[tuple[str, ...]] = ("encoder",)
    """The settings that are parts of the model; the last is the one that comparisons and distillation vary."""
    headline: ClassVar[tuple[str, ...]]
    """The scores that the last line of a run and the head of its page show, the first before all."""
    page: ClassVar[str] = "labels"
    """The kind of page that a run has, one of `weft.report.choices`."""
    next_step: ClassVar[str] = "next: weft predict {} --text ..."
    """Command to type next, with `{}` for the folder of the trained model."""
    implied_by: ClassVar[tuple[str, ...]] = ()
    """The settings that no other task has: where one is given, the task need not be named."""
    implied_together: ClassVar[tuple[str, ...]] = ()
    """The settings that, where all of them are given, imply the task before any other."""
    parallel: ClassVar[bool] = False
    """Whether two files that belong together line by line imply the task."""
    offer: ClassVar[str] = ""
    """Hint where the columns of labelled texts are not found: the options of this task, and their use."""
    objective: ClassVar[str | None] = None
    """The word by which `weft pretrain` chooses the task; None: it is no pre-training."""
    inspected_as: ClassVar[Doctor | None] = None
    """Kind of data that `weft inspect` checks a file as; None: it checks none."""
    compared_by: ClassVar[tuple[str, ...]] = ()
    """Scores by which `weft compare` compares models, of which the first decides; none: they are not compared."""
    compared_kinds: ClassVar[tuple[str, ...]] = ()
    """The kinds of the varied part that are compared where none are named."""
    teaches: ClassVar[bool] = False
    """Whether a model can teach a smaller one: its Task is a `weft.tasks.teaching.Teacher`."""

    @model_validator(mode="before")
    @classmethod
    def _reads_these_inputs(cls, settings: Any) -> Any:
        for name in ("numbers", "categories", "image", "sound", "inputs"):
            if isinstance(settings, Mapping) and settings.get(name) and name not in cls.model_fields:
                reads = " and ".join(dict.fromkeys(role.name for role in cls.roles if not role.answer)) or "texts"
                what = "a model of this task reads {reads} alone, since each output depends on places in them"
                hint = "further inputs stand beside a text that gets labels: classification or multilabel"
                raise PydanticCustomError("inputs", what, {"reads": reads, "hint": hint})
        return settings

    @classmethod
    def fits(cls, table: Table, *, label: str | None) -> bool:  # noqa: ARG003
        """Whether a table can only be for this task, by its form or columns; `label` is a column named by hand."""
        return False

    @classmethod
    def may_fit(cls, table: Table) -> bool:
        """Whether a table looks as if it were for this task, which then is offered first where none fits."""
        return cls.fits(table, label=None)

    @property
    def all_roles(self) -> tuple[Role, ...]:
        """Roles of the columns that are read of a table, with those that these settings add."""
        return self.roles

    @property
    def columns(self) -> tuple[str, ...]:
        """Settings that name columns: of the inputs, then of the right answer, where there is one."""
        return settings_of(self.all_roles)

    @property
    def columns_beside(self) -> tuple[str, ...]:
        """Columns of a table that are read beside those of the roles, and so are never guessed to be one of these."""
        return ()

    def then(self, folder: str | Path) -> str:
        """Return the command to type next, for the folder of a trained model."""
        return self.next_step.format(typed(str(folder)))

    def absent_notes(self, columns: Collection[str] = ()) -> list[str]:
        """Say which columns beside those of the roles texts lack, that come with some `columns` or with none."""
        absent = [f"`{name}`" for name in self.columns_beside if name not in columns]
        verb = "is" if len(absent) == 1 else "are"
        return [f"{', '.join(absent)} {verb} read as missing: plain texts have no further columns"] if absent else []

    @property
    def unit_name(self) -> str:
        """Name of the examples of a file, in a sentence."""
        return "rows"

    @property
    def split_rule(self) -> str:
        """Rule by which examples are held out, in a sentence."""
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
        """Whether a teacher has a share in the loss."""
        return True

    @property
    def starts_from_words(self) -> bool:
        """Whether embeddings can start from vectors of words that a teacher gives (the setting `vectors`)."""
        return False

    def check_comparable(self) -> None:
        """Raise InputError for data whose answers `comparable` refuses; the columns are named."""

    def comparable(self, record: Mapping[str, Any]) -> tuple[Any, Any]:
        """Read source, references and generated text from a line of a table of answers, for `corpus_scores`.

        Raises KeyError, TypeError or ValueError where the line is not of this task.
        """
        raise NotImplementedError

    def corpus_scores(self, given: Sequence[Any], made: Sequence[Any]) -> dict[str, CorpusScore]:
        """Compute the scores of generated texts by which models that answered the same sources are compared."""
        raise NotImplementedError

    def resolved(self, table: Table) -> Self:
        """Return the config with columns named, or guessed from a table. Raises InputError where that is unclear."""
        return self.with_columns(
            table, find_roles(table, self.all_roles, named=self._named, beside=self.columns_beside)
        )

    def for_table(self, table: Table, *, named: Mapping[str, Names] | None = None) -> Self:
        """Return the config for a table other than that of training: columns as named, as in training, or guessed.

        `named` are columns by setting. Raises ConfigError for a setting that names none here.
        """
        return self._again(table, named or {}, answering=False)

    def for_inputs(self, table: Table, *, named: Mapping[str, Names] | None = None) -> Self:
        """Return the config for a table of inputs without right answers: columns as in `for_table`."""
        return self._again(table, named or {}, answering=True)

    def with_columns(self, table: Table, found: Mapping[str, Sequence[str]]) -> Self:  # noqa: ARG002
        """Return the config with the columns that were found in a table, by setting; those that were not are None."""
        return self.model_copy(update={name: as_setting(found.get(name, ())) for name in self.columns})

    def columns_of(self, setting: str, table: Table) -> tuple[str, ...]:
        """Return the columns of a table that a setting names."""
        return named_columns(getattr(self, setting), table.columns)

    @property
    def _named(self) -> dict[str, Names]:
        return {name: getattr(self, name) for name in self.columns}

    def _again(self, table: Table, named: Mapping[str, Names], *, answering: bool) -> Self:
        for name, column in named.items():
            if column is not None and name not in self.columns:
                hint = f"its columns are named by {' and '.join(f'--{one}' for one in self.columns)}"
                raise ConfigError(f"a model of task `{self.kind}` has none", where=f"--{name}", hint=hint)
        beside, trained = self.columns_beside, self._named
        found = find_roles(table, self.all_roles, named=named, trained=trained, answering=answering, beside=beside)
        return self.with_columns(table, found)

    def read(self, table: Table) -> Iterator[Any]:
        """Yield the examples of a table; rows that are bad for this task are refused by `table.reject`."""
        raise NotImplementedError

    def read_inputs(self, table: Table) -> Iterator[Any]:
        """Read the examples of a table that are to be answered, of a config that `for_inputs` gave."""
        return self.read(table)

    def example(self, text: str, second: str | None = None) -> Any:
        """Make an example to be answered."""
        raise NotImplementedError

    def question_of(self, example: Any) -> Any:
        """Return an example without its right answer, to be answered."""
        return self.example(*example.texts)

    def example_of(self, fields: Mapping[str, Any]) -> Any:
        """Make an example to be answered from its fields by name of column. Raises InputError where there is none."""
        del fields
        hint = f"hand over texts, or examples as weft.{self.example_type.__name__}(...)"
        raise InputError(f"a model of task `{self.kind}` reads no table", hint=hint)

    def filter_training(self, examples: Sequence[Any]) -> tuple[Sequence[Any], list[str]]:
        """Return the examples of a training file without those that training leaves out, and notes on them."""
        return examples, []

    def data_notes(
        self, parts: Mapping[str, Sequence[Any]], files: Mapping[str, str], named: Mapping[str, str]
    ) -> list[str]:
        """Return notes on the parts of the data by name, train first, before anything is learned.

        `files` are theirs, `named` the options by which they were read.
        """
        raise NotImplementedError

    def evaluation_examples(self, examples: Sequence[Any]) -> Sequence[Any]:
        """Return the examples of a part that answers are scored on, which may be fewer than its rows."""
        return examples

    def held_out(self, examples: Sequence[Any], *, share: float, seed: int) -> Split:
        """Split examples into those to learn from and about a `share` held out, with duplicates in one split."""
        strata = shared(one.stratum for one in examples)
        return split(strata, (one.whole for one in examples), share=share, seed=seed)

    def learn(self, examples: Sequence[Any]) -> Task:
        """Learn a task, with all that comes before a model: vocabulary and labels, from training examples alone."""
        raise NotImplementedError

    def load(self, folder: Path) -> Task:
        """Load the task that was saved in a folder."""
        raise NotImplementedError


class Task(ABC):
    """One kind of work, with what was learned for it. Stateless towards models: they are handed in."""

    config: Any
    """Config of the task, of its own class."""
    metric: ClassVar[str]
    """The dev score by which the best weights are chosen, unless the training settings name another."""
    tie_metric: ClassVar[str | None] = None
    """The dev score that decides between weights of equal scores; None: the earlier ones are kept."""
    metrics: ClassVar[tuple[str, ...]]
    """The names in `quick_scores`: what the training settings may name."""

    tasks: Mapping[str, Task] = MappingProxyType({})
    """Tasks that this one joins, by name; none of one that stands alone."""

    def known_answers(self, name: str, answers: Sequence[Any], examples: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        """Return the answers of one of the joined tasks, and its examples, where the right answer is known."""
        raise NotImplementedError

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write what was learned into an existing folder."""

    @abstractmethod
    def build_model(self) -> nn.Module:
        """Build the model with fresh weights, from torch's global generator."""

    def initialize(self, model: nn.Module, columns: Columns) -> list[str]:  # noqa: ARG002
        """Start fresh weights from trained parts, word vectors or counts; returns notes for the user."""
        return []

    @abstractmethod
    def encode(self, examples: Sequence[Any]) -> Columns:
        """Encode many examples at once."""

    @abstractmethod
    def check(self, examples: Sequence[Any]) -> list[str]:
        """Raise InputError for the first example that could not be scored, as `score` would; encodes nothing.

        Returns what is to be said of examples that can be scored, but not answered rightly.
        """

    def gaps(self, examples: Sequence[Any]) -> list[str]:  # noqa: ARG002
        """Count, in sentences for the user, the values of examples that are missing, or that training never saw."""
        return []

    def without_content(self, examples: Sequence[Any]) -> Counter[str]:  # noqa: ARG002
        """Count the inputs that any such input would be answered like, by what they are."""
        return Counter()

    def unseen(self, examples: Sequence[Any]) -> Counter[str]:  # noqa: ARG002
        """Count the characters to be read that training never saw; only for tasks that generate text."""
        return Counter()

    def for_validation(self) -> Task:
        """Return a copy that answers in its quickest way, for the dev set during training."""
        return self

    def unread(self, answer: Any) -> int:  # noqa: ARG002
        """Return the number of tokens of an input that were not read, by its answer."""
        return 0

    def with_search(self, search: SearchConfig) -> Task:
        """Return a copy that generates by another search. Raises ConfigError for a task that generates no text."""
        what = f"`{search.kind}` is a search, and a model of task `{self.config.kind}` generates no text"
        raise ConfigError(what, where="search", hint="leave the search out")

    def stream(self, model: nn.Module, example: Any) -> Iterator[str]:
        """Yield the text for an example as it is generated. Raises ConfigError where none is, or only as a whole."""
        del model, example
        raise ConfigError(f"a model of task `{self.config.kind}` generates no text", where="stream")

    def reads_alone(self, kind: Alone = "text") -> Input[Any, Any]:
        """Return the input by which a model makes a vector of one text or image. Raises ConfigError where none does."""
        raise no_vector(kind, task=self.config.kind)

    def extra_results(self, model: nn.Module, examples: Sequence[Any], *, device: torch.device) -> dict[str, Any]:
        """Return more to show of a trained model, beside its scores; `examples` are those it learned from."""
        del model, examples, device
        return {}

    @abstractmethod
    def collate(self, columns: Columns, rows: np.ndarray) -> Any:
        """Gather the batch of some rows."""

    @abstractmethod
    def loss(self, model: nn.Module, batch: Any, step: int) -> Loss:
        """Compute the loss of a batch; `step` drives schedules."""

    @abstractmethod
    def predict(self, model: nn.Module, batch: Any) -> Sequence[Any]:
        """Predict a part of an answer for each row of a batch."""

    @abstractmethod
    def answers(self, parts: Sequence[Any], columns: Columns) -> list[Any]:
        """Return an answer for each example, the parts of its rows merged; `parts` are in the order of the rows."""

    @property
    def outputs_per_row(self) -> int:
        """Number of outputs of a row at a time: batches to be answered are smaller by this factor."""
        return 1

    @property
    def tunes(self) -> tuple[str, ...]:
        """Names of all that `tune` decides."""
        return ()

    def tune(self, answers: Sequence[Any], examples: Sequence[Any]) -> list[str]:  # noqa: ARG002
        """Fit thresholds or a temperature after training, once; returns notes for the user.

        `answers` are those of the best weights to the dev `examples`, given before anything was tuned.
        """
        return []

    @abstractmethod
    def average(self, answers: Sequence[Sequence[Any]]) -> list[Any]:
        """Merge the answers of several models to the same examples: by the mean of their probabilities.

        Labels are matched by name. Raises InputError where the models do not answer with the same labels.
        """

    @abstractmethod
    def quick_scores(self, answers: Sequence[Any], examples: Sequence[Any]) -> dict[str, float]:
        """Compute scores without intervals, for the dev set during training."""

    def samples(self, answers: Sequence[Any], examples: Sequence[Any]) -> list[dict[str, str]]:  # noqa: ARG002
        """Return some answers of the dev set, to watch in training: `answer`, `source`, `reference`."""
        return []

    def permutable(self, examples: Sequence[Any]) -> list[str]:  # noqa: ARG002
        """Name what examples are read by, where that is more than one thing: inputs, and columns of a table."""
        return []

    def permuted(self, examples: Sequence[Any], column: str, order_E: np.ndarray) -> list[Any]:
        """Return the examples with what `permutable` named taken from others, in an order."""
        raise NotImplementedError

    @abstractmethod
    def score(self, answers: Sequence[Any], examples: Sequence[Any]) -> Scores:
        """Compute scores with their intervals."""

    def learned_floors(self, train: Sequence[Any], answers: Sequence[Any], examples: Sequence[Any]) -> dict[str, Any]:  # noqa: ARG002
        """Return what simple methods get that learn from `train`, as `weft.metrics.floors.beside` does; {}: none."""
        return {}

    @abstractmethod
    def record(self, answer: Any, example: Any) -> dict[str, Any]:
        """Return a line of a table of answers."""

    @abstractmethod
    def notes(self, columns: Mapping[str, Columns]) -> list[str]:
        """Return notes on the encoded parts of the data, by name: coverage, and texts that are cut."""
