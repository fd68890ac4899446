"""Multiple choice: the option that answers a question on a passage, with loss, answers and scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from weft.data.batch import Moves
from weft.data.columns import Columns
from weft.data.examples.base import place_of
from weft.data.examples.option_questions import (
    ROLES,
    WITHOUT_PASSAGE,
    Choice,
    choices_of,
    lacks_passage,
    learnable,
    question_columns,
)
from weft.data.examples.roles import Names, Role, has_columns, named_columns
from weft.data.sources import Table
from weft.errors import InputError
from weft.inputs.overlap_features import COUNTS
from weft.inputs.question_options import OptionsInput, options_of
from weft.metrics.bootstrap import mean
from weft.metrics.floors import beside
from weft.metrics.systems import CorpusScore, mean_score
from weft.models.options import Offered, OptionConfig, OptionReader
from weft.models.span import ReaderKind
from weft.tasks.base import AnswerForm, Task
from weft.tasks.option_floors import counted_floors, learned_floors
from weft.tasks.passage_task import PassageTaskConfig, rows_by_example
from weft.tasks.results import Loss, Scores


@dataclass(frozen=True, slots=True)
class ChoiceAnswer:
    """The predicted option, its number from 0, its confidence, and the probability of each option."""

    option: str
    number: int
    probability: float
    probabilities: tuple[float, ...] = field(repr=False)
    options: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class OptionBatch(Moves):
    """Options of B rows, and the number of the right one of each, [B]; None when predicting."""

    source: Offered
    answer_B: Tensor | None


class MultipleChoiceConfig(PassageTaskConfig):
    """Settings of multiple choice: a question on a passage has several options, of which one is right."""

    kind: Literal["multiple_choice"] = "multiple_choice"
    answers_with: ClassVar[AnswerForm] = "option"
    example_type: ClassVar[type[Any]] = Choice
    headline: ClassVar[tuple[str, ...]] = ("accuracy",)
    next_step: ClassVar[str] = "next: weft predict {} FILE"
    offer: ClassVar[str] = "--task multiple_choice for questions with options"
    texts: ClassVar[tuple[str, ...]] = ("question", "passage", "options")
    unit: ClassVar[str] = "options"
    together: ClassVar[str] = "all"
    roles: ClassVar[tuple[Role, ...]] = ROLES
    text: Names = None
    """Columns of question, passage and options, as a list: the options in one column of lists, or in one column each;
    without a passage, those of one option each end in `A`, `B` and so on; None: guessed from the file, and named in the
    run."""
    label: str | None = None
    """Column of the answer: the number of an option from 0, its letter or its text; None: guessed from the file, and
    named in the run."""
    max_question: int = Field(default=96, ge=1)
    """Largest number of tokens of a question with an option that are read; the rest is cut."""
    reader: ReaderKind | Literal["auto"] = "auto"
    """Reader of question, option and passage: `joint` reads all in one row, `attention` the passage by itself, with
    attention to the others; `auto`: `joint` for Transformers and pre-trained encoders, `attention` for others."""
    option: OptionConfig = OptionConfig()

    @classmethod
    def fits(cls, table: Table, *, label: str | None) -> bool:
        """Whether a table has columns of questions, options and answers, and of passages, if need be."""
        known = has_columns(table, *ROLES) or (has_columns(table, ROLES[-1]) and bool(question_columns(table)))
        return label is None and known

    @property
    def all_roles(self) -> tuple[Role, ...]:
        """Roles of the columns that are read of a table: of a passage, where the texts that are named have one."""
        return WITHOUT_PASSAGE if lacks_passage(named_columns(self.text, ())) else ROLES

    @property
    def split_rule(self) -> str:
        """Rule by which examples are held out, in a sentence."""
        return super().split_rule if self.all_roles == ROLES else "equal questions are kept in one split"

    def resolved(self, table: Table) -> Self:
        """Return a copy with columns named; of questions and options alone, no passage is looked for."""
        text = self.text or question_columns(table) or None
        return super(MultipleChoiceConfig, self.model_copy(update={"text": text})).resolved(table)

    def read(self, table: Table) -> Iterator[Choice]:
        """Yield the questions of a table."""
        return choices_of(table, columns=self.columns_of("text", table), label=self.label)

    def example(self, text: str, second: str | None = None) -> Choice:
        """Make a question on a passage, still without its options."""
        return Choice(text, second or "")

    def filter_training(self, examples: Sequence[Choice]) -> tuple[list[Choice], list[str]]:
        """Return all examples, with notes on their options and answers."""
        return learnable(examples)

    def learn(self, examples: Sequence[Choice]) -> MultipleChoice:
        """Learn the tokenizer. Raises ConfigError where parts do not go together."""
        config, tokenizer = self.with_tokenizer(examples)
        return MultipleChoice(config, OptionsInput(config, tokenizer))

    def load(self, folder: Path) -> MultipleChoice:
        """Load what `MultipleChoice.save` wrote."""
        assert self.tokenizer is not None
        return MultipleChoice(self, OptionsInput(self, self.tokenizer.load(folder)))


class MultipleChoice(Task):
    """The input of questions with options; its config has a reader."""

    config: MultipleChoiceConfig
    metric: ClassVar[str] = "accuracy"
    tie_metric: ClassVar[str | None] = "log_loss"
    metrics: ClassVar[tuple[str, ...]] = ("accuracy", "log_loss")

    def __init__(self, config: MultipleChoiceConfig, read: OptionsInput) -> None:
        self.config, self.input = config, read

    def save(self, folder: Path) -> None:
        """Write the tokenizer's files."""
        self.input.save(folder)

    def build_model(self) -> OptionReader:
        """Build the encoder and its head, with fresh weights."""
        assert self.config.reader != "auto"
        return self.config.option.build(self.input.build_encoder(), reader=self.config.reader, counted=COUNTS)

    def initialize(self, model: nn.Module, columns: Columns) -> list[str]:
        """Learn the scale of the counted features, and start from trained weights, where that is asked for."""
        assert isinstance(model, OptionReader)
        model.prepare(torch.from_numpy(np.array(columns.ragged["overlap"].values)))
        return self.input.initialize(model, columns)

    def encode(self, examples: Sequence[Choice]) -> Columns:
        """Encode all options of each question as rows. Raises InputError where it has fewer than two."""
        for one in examples:
            if len(one.options) < 2:
                hint = "write weft.Choice(question, passage, options)"
                where = place_of(one)
                raise InputError(f"expected two options or more, found {len(one.options)}", where=where, hint=hint)
        columns = self.input.encode([one.texts for one in examples])
        if any(one.answer is None for one in examples):
            return columns
        answer_E = np.array([one.answer for one in examples], dtype=np.int64)
        return replace(columns, fixed={"answer": answer_E[columns.owner_R]})

    def check(self, examples: Sequence[Choice]) -> list[str]:
        """Refuse questions whose answers are not known."""
        for one in examples:
            if one.answer is None:
                raise InputError("there is no answer", where=place_of(one))
        return []

    def collate(self, columns: Columns, rows: np.ndarray) -> OptionBatch:
        """Gather and pad some rows."""
        answer = columns.fixed.get("answer")
        return OptionBatch(
            self.input.collate(columns, rows), None if answer is None else torch.from_numpy(answer[rows])
        )

    def loss(self, model: nn.Module, batch: OptionBatch, step: int) -> Loss:  # noqa: ARG002  (no schedule here)
        """Compute the cross-entropy over the options of each row; the count is the number of rows."""
        if batch.answer_B is None:
            raise InputError("there are questions without an answer known among those to learn from")
        total = functional.cross_entropy(model(batch.source), batch.answer_B, reduction="sum")
        return Loss(total, torch.tensor(float(len(batch.answer_B))).to(total))

    def predict(self, model: nn.Module, batch: OptionBatch) -> list[np.ndarray]:
        """Predict the probability of each option of each row, float64 [O]; 0 beyond the last one."""
        return list(model(batch.source).double().softmax(-1).cpu().numpy())

    def answers(self, parts: Sequence[np.ndarray], columns: Columns) -> list[ChoiceAnswer]:
        """Average over the windows of each passage, and take the best option."""
        found = []
        for rows in rows_by_example(columns):
            options = options_of(columns, rows[0])
            found.append(_chosen(options, np.mean([parts[row][: len(options)] for row in rows], axis=0)))
        return found

    def average(self, answers: Sequence[Sequence[ChoiceAnswer]]) -> list[ChoiceAnswer]:
        """Average the probabilities of several models, and take the best option."""
        if not answers or len({tuple(one.options for one in given) for given in answers}) > 1:
            raise InputError("expected answers of one or more models to the same questions with the same options")
        each = zip(*answers, strict=True)
        return [_chosen(of_one[0].options, np.mean([one.probabilities for one in of_one], axis=0)) for of_one in each]

    def quick_scores(self, answers: Sequence[ChoiceAnswer], examples: Sequence[Choice]) -> dict[str, float]:
        """Compute accuracy and log loss."""
        right_N, loss_N = _matches(answers, examples)
        return {"accuracy": float(right_N.mean()), "log_loss": float(loss_N.mean())}

    def score(self, answers: Sequence[ChoiceAnswer], examples: Sequence[Choice]) -> Scores:
        """Compute accuracy and log loss; details are the accuracy by number of options, and simple methods."""
        right_N, loss_N = _matches(answers, examples)
        many_N = np.array([len(one.options) for one in examples])
        each = [
            {"options": many, "questions": int(ours_N.sum()), "accuracy": asdict(mean(right_N[ours_N]))}
            for many in np.unique(many_N).tolist()
            for ours_N in [many_N == many]
        ]
        details = {"by_options": each, **beside(_row_scores(right_N), counted_floors(examples))}
        return Scores({"accuracy": mean(right_N), "log_loss": mean(loss_N)}, details)

    def learned_floors(
        self, train: Sequence[Choice], answers: Sequence[ChoiceAnswer], examples: Sequence[Choice]
    ) -> dict[str, Any]:
        """Compare with the commonest place of the answer, and with the sliding window of MCTest."""
        right_N, _ = _matches(answers, examples)
        return beside(_row_scores(right_N), learned_floors(train, examples))

    def record(self, answer: ChoiceAnswer, example: Choice) -> dict[str, Any]:
        """Return the question, its right option where it is known, the chosen one, and the probability of each."""
        return {
            **({"id": example.id} if example.id else {}),
            "text": example.question,
            **({} if example.right is None else {"label": example.right}),
            "answer": answer.option,
            "number": answer.number,
            "probability": round(answer.probability, 6),
            "probabilities": {
                option: round(value, 6) for option, value in zip(answer.options, answer.probabilities, strict=True)
            },
            **({"passage": example.passage} if example.passage else {}),
            **({"line": example.line} if example.line else {}),
        }

    def notes(self, columns: Mapping[str, Columns]) -> list[str]:
        """Describe the tokenizer with its coverage, the reader, and what is long."""
        return self.input.notes(columns)


def _chosen(options: Sequence[str], probability_O: np.ndarray) -> ChoiceAnswer:
    best = int(probability_O.argmax())
    return ChoiceAnswer(options[best], best, float(probability_O[best]), tuple(probability_O.tolist()), tuple(options))


def _row_scores(right_N: np.ndarray) -> dict[str, CorpusScore]:
    return {"accuracy": mean_score(right_N, signature="questions right")}


def _matches(answers: Sequence[ChoiceAnswer], examples: Sequence[Choice]) -> tuple[np.ndarray, np.ndarray]:
    """Compute correctness of each answer, and minus the log-probability of the right option, [N] each."""
    right_N = np.array([given.option == one.right for given, one in zip(answers, examples, strict=True)], dtype=float)
    of_right_N = np.array([given.probabilities[one.answer or 0] for given, one in zip(answers, examples, strict=True)])
    return right_N, -np.log(np.maximum(of_right_N, 1e-12))
