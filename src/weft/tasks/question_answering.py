"""Extractive question answering: the span of a passage that answers a question, with loss, answers and scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from weft.config import read_saved
from weft.data.batch import Moves
from weft.data.checks.findings import counted
from weft.data.columns import Columns
from weft.data.examples.base import place_of
from weft.data.examples.roles import Names, Role, has_columns
from weft.data.examples.span_questions import ANSWERS, ROLES, Question, answered_in_passages, learnable, questions_of
from weft.data.sources import Table
from weft.errors import InputError
from weft.files import write_json
from weft.inputs.question_passage import (
    PassageInput,
    targets,
    text_of,
)
from weft.metrics.floors import beside
from weft.models.span import Reading, SpanConfig, SpanReader, best_spans
from weft.tasks.base import TUNED, AnswerForm, Doctor, Task
from weft.tasks.passage_task import PassageTaskConfig, rows_by_example
from weft.tasks.results import Loss, Scores
from weft.tasks.span_answers import (
    RowSpans,
    Rule,
    SpanAnswer,
    averaged,
    best_rule,
    matches,
    merged,
    recorded,
    row_scores,
    scored,
)
from weft.tasks.span_floors import learned_floors


@dataclass(frozen=True, slots=True)
class QuestionBatch(Moves):
    """Questions and passages of B rows, the characters of each position of a passage [B, S, 2], and the answers.

    `first_B` and `last_B` are the positions at which the answers start and end, S where a row has none; None when
    predicting.
    """

    source: Reading
    places_BS2: Tensor
    first_B: Tensor | None
    last_B: Tensor | None


class QuestionAnsweringConfig(PassageTaskConfig):
    """Settings of extractive question answering: an answer is a span of a passage, or the passage has none."""

    kind: Literal["question_answering"] = "question_answering"
    answers_with: ClassVar[AnswerForm] = "span"
    example_type: ClassVar[type[Any]] = Question
    headline: ClassVar[tuple[str, ...]] = ("exact_match", "f1")
    page: ClassVar[str] = "spans"
    next_step: ClassVar[str] = "next: weft answer {} --passage FILE --question ..."
    offer: ClassVar[str] = "--task question_answering for questions on passages"
    inspected_as: ClassVar[Doctor | None] = "questions"
    roles: ClassVar[tuple[Role, ...]] = ROLES
    text: Names = None
    """Columns of question and passage, as a list; None: guessed from the file, and named in the run."""
    label: str | None = None
    """Column of the answers; None: guessed from the file, and named in the run."""
    max_answer: int = Field(default=48, ge=1)
    """Largest number of tokens of a predicted answer."""
    candidates: int = Field(default=5, ge=1)
    """Number of candidate spans that are given beside the answer, the best first."""
    span: SpanConfig = SpanConfig()

    @classmethod
    def fits(cls, table: Table, *, label: str | None) -> bool:
        """Whether a table is of SQuAD's form, or has columns of questions, passages and answers that stand in them."""
        lists = label is None and has_columns(table, *ROLES[:2], ANSWERS)
        return table.form == "questions" or lists or (label is None and answered_in_passages(table))

    def read(self, table: Table) -> Iterator[Question]:
        """Yield the questions of a table."""
        return questions_of(table, columns=self.columns_of("text", table), label=self.label)

    def example(self, text: str, second: str | None = None) -> Question:
        """Make a question on a passage."""
        return Question(text, second or "")

    def filter_training(self, examples: Sequence[Question]) -> tuple[list[Question], list[str]]:
        """Return the questions with an answer that can be learned, or with none, and notes on the others."""
        return learnable(examples)

    def learn(self, examples: Sequence[Question]) -> QuestionAnswering:
        """Learn the tokenizer. Raises ConfigError where parts do not fit, InputError where nothing is answered."""
        if not any(one.answers for one in examples):
            raise InputError("no question has an answer in its passage", hint="is task.label the right column?")
        config, tokenizer = self.with_tokenizer(examples)
        return QuestionAnswering(config, PassageInput(config, tokenizer), always=all(one.answers for one in examples))

    def load(self, folder: Path) -> QuestionAnswering:
        """Load what `QuestionAnswering.save` wrote."""
        assert self.tokenizer is not None
        tuned, learned = folder / TUNED, read_saved(folder / "questions.json", _Saved)
        task = QuestionAnswering(self, PassageInput(self, self.tokenizer.load(folder)), always=learned.always)
        task.rule = read_saved(tuned, Rule) if tuned.exists() else Rule()
        return task


@dataclass(frozen=True, slots=True)
class _Saved:
    """Content of `questions.json`."""

    always: bool


class QuestionAnswering(Task):
    """The input of questions on passages, and whether all had an answer in training; its config has a reader."""

    config: QuestionAnsweringConfig
    metric: ClassVar[str] = "f1"
    metrics: ClassVar[tuple[str, ...]] = ("exact_match", "f1")

    rule: Rule = Rule()
    """Rule by which there is an answer, and the confidence in it."""

    def __init__(self, config: QuestionAnsweringConfig, read: PassageInput, *, always: bool) -> None:
        self.config, self.input, self.always = config, read, always

    def save(self, folder: Path) -> None:
        """Write the tokenizer's files, `questions.json`, and `tuned.json` where a threshold was tuned."""
        self.input.save(folder)
        write_json(folder / "questions.json", {"always": self.always})
        if self.rule != Rule():
            write_json(folder / TUNED, asdict(self.rule))

    def build_model(self) -> SpanReader:
        """Build the encoder and its head, with fresh weights."""
        assert self.config.reader != "auto"
        return self.config.span.build(self.input.build_encoder(), reader=self.config.reader)

    def initialize(self, model: nn.Module, columns: Columns) -> list[str]:
        """Start from trained weights, where that is asked for."""
        return self.input.initialize(model, columns)

    def encode(self, examples: Sequence[Question]) -> Columns:
        """Encode questions and passages, with first and last position of the first answer of each, where known."""
        columns = self.input.encode([one.texts for one in examples])
        if not examples or any(one.answers is None for one in examples):
            return columns
        answer_R2 = targets(columns.ragged["passage"], [examples[owner] for owner in columns.owner_R.tolist()])
        return replace(columns, fixed={"answer": answer_R2})

    def check(self, examples: Sequence[Question]) -> list[str]:
        """Refuse questions whose answers are not known."""
        for one in examples:
            if one.answers is None:
                raise InputError("there is no answer", where=place_of(one))
        lost = sum(bool(one.unplaced) and not one.answers for one in examples)
        said = f"{counted(lost, 'question')} cannot be answered correctly: no answer is in the passage"
        return [said] if lost else []

    def collate(self, columns: Columns, rows: np.ndarray) -> QuestionBatch:
        """Gather and pad some rows."""
        read = self.input.collate(columns, rows)
        if "answer" not in columns.fixed:
            return QuestionBatch(read.source, read.places_BS2, None, None)
        answer_B2 = torch.from_numpy(columns.fixed["answer"][rows])
        answer_B2 = torch.where(answer_B2 < 0, read.places_BS2.shape[1], answer_B2)
        return QuestionBatch(read.source, read.places_BS2, answer_B2[:, 0], answer_B2[:, 1])

    def loss(self, model: nn.Module, batch: QuestionBatch, step: int) -> Loss:  # noqa: ARG002  (no schedule here)
        """Compute the mean of the cross-entropies of start and end of the answer; the count is the number of rows."""
        if batch.first_B is None or batch.last_B is None:
            raise InputError("there are questions without an answer known among those to learn from")
        scores = model(batch.source)
        first = functional.cross_entropy(scores.start_BS1, batch.first_B, reduction="sum")
        last = functional.cross_entropy(scores.end_BS1, batch.last_B, reduction="sum")
        return Loss((first + last) / 2, torch.tensor(float(len(batch.first_B))).to(first))

    def predict(self, model: nn.Module, batch: QuestionBatch) -> list[RowSpans]:
        """Predict the best spans of each row, in characters of its passage."""
        keep = 2 * self.config.candidates
        best = best_spans(model(batch.source), longest=self.config.max_answer, keep=keep)
        rows_B1 = torch.arange(len(best.odds_BN), device=best.odds_BN.device)[:, None]
        last_BN = best.last_BN.clamp_max(batch.places_BS2.shape[1] - 1)
        start_BN, end_BN = batch.places_BS2[rows_B1, best.first_BN, 0], batch.places_BS2[rows_B1, last_BN, 1]
        columns = (one.cpu().numpy() for one in (best.odds_BN, start_BN, end_BN))
        rows = zip(*columns, best.total_B.tolist(), strict=True)
        return [
            RowSpans(odds_N[real_N], start_N[real_N], end_N[real_N], total)
            for odds_N, start_N, end_N, total in rows
            for real_N in [np.isfinite(odds_N)]
        ]

    def answers(self, parts: Sequence[RowSpans], columns: Columns) -> list[SpanAnswer]:
        """Merge the spans of all rows of each question to its answer."""
        text = columns.ragged["text"]
        return [
            merged(
                [parts[row] for row in rows],
                text_of(text, rows[0]),
                always=self.always,
                rule=self.rule,
                keep=self.config.candidates,
            )
            for rows in rows_by_example(columns)
        ]

    @property
    def tunes(self) -> tuple[str, ...]:
        """Names of all that is tuned: the no-answer threshold, where questions without an answer exist."""
        return () if self.always else ("threshold",)

    def tune(self, answers: Sequence[SpanAnswer], examples: Sequence[Question]) -> list[str]:
        """Find the no-answer threshold with the best F1, and fit the confidence to it."""
        if self.always or all(one.answers for one in examples):
            return []
        self.rule = best_rule(answers, examples)
        what = f"no-answer threshold {self.rule.threshold:.2g} (probability of an answer over that of none)"
        return [f"{what}, with the best F1 on the dev set"]

    def average(self, answers: Sequence[Sequence[SpanAnswer]]) -> list[SpanAnswer]:
        """Average the probabilities of several models."""
        return [averaged(of_one, rule=self.rule) for of_one in zip(*answers, strict=True)]

    def quick_scores(self, answers: Sequence[SpanAnswer], examples: Sequence[Question]) -> dict[str, float]:
        """Compute exact match and F1."""
        exact_N, f1_N = matches([one.text for one in answers], examples)
        return {"exact_match": float(exact_N.mean()), "f1": float(f1_N.mean())}

    def samples(self, answers: Sequence[SpanAnswer], examples: Sequence[Question]) -> list[dict[str, str]]:
        """Return the answers to the first three questions."""
        return [
            {"answer": given.text, "source": one.question, "reference": " / ".join(one.right)}
            for given, one in list(zip(answers, examples, strict=True))[:3]
        ]

    def score(self, answers: Sequence[SpanAnswer], examples: Sequence[Question]) -> Scores:
        """Compute exact match and F1; details are those of questions with an answer, and the accuracy without one."""
        return scored(answers, examples)

    def learned_floors(
        self, train: Sequence[Question], answers: Sequence[SpanAnswer], examples: Sequence[Question]
    ) -> dict[str, Any]:
        """Compare with the sentence most like the question, and with the words nearest to those of the question."""
        return beside(row_scores([one.text for one in answers], examples), learned_floors(train, examples))

    def record(self, answer: SpanAnswer, example: Question) -> dict[str, Any]:
        """Return the question, right answers where they are known, the answer with its place, and candidates."""
        return recorded(answer, example)

    def notes(self, columns: Mapping[str, Columns]) -> list[str]:
        """Describe the tokenizer with its coverage, the reader, and what is long."""
        return self.input.notes(columns)
