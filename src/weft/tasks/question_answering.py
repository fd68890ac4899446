"""Answering a question from a passage: what is read and learned, its loss, where the answer stands, its scores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from pydantic import Field
from torch import nn
from torch.nn import functional

from weft.data.checks.findings import counted
from weft.data.columns import Columns, Ragged
from weft.data.examples.span_questions import Question, find_columns, learnable, questions_of
from weft.data.sources import Table
from weft.errors import InputError
from weft.files import read_json, write_json
from weft.inputs.question_passage import QuestionBatch, collate_rows, layout_rows, letters_of, targets, text_of
from weft.models.span import ReaderKind, SpanConfig, SpanReader, best_spans
from weft.tasks.base import TUNED, Loss, Scores
from weft.tasks.passage_task import PassageTask, PassageTaskConfig, rows_by_example
from weft.tasks.span_answers import (
    RowSpans,
    SpanAnswer,
    averaged,
    best_threshold,
    matches,
    merged,
    recorded,
    scored,
)
from weft.text.tokenizers.base import Tokenizer

NONE_AT_ALL = 1.0
"""The threshold where nothing was tuned."""


class QuestionAnsweringConfig(PassageTaskConfig):
    """The answer to a question is a part of a passage, or the passage has none."""

    kind: Literal["question_answering"] = "question_answering"
    asked: ClassVar[str] = "questions"
    together: ClassVar[str] = "both"
    text: str | None = None
    """The columns of question and passage, joined by a comma; None: guessed from the file, and said."""
    label: str | None = None
    """The column of the answers; None: guessed from the file, and said."""
    max_question: int = Field(default=64, ge=1)
    """Tokens of a question that are read."""
    max_answer: int = Field(default=48, ge=1)
    """Tokens that an answer has at most, when one is given."""
    candidates: int = Field(default=5, ge=1)
    """Parts of the passage that are named, the best first, beside the answer."""
    reader: ReaderKind | Literal["auto"] = "auto"
    """`joint` reads question and passage in one row, `attention` each by itself and then each with the other in view;
    `auto`: `joint` for Transformers and pre-trained encoders."""
    span: SpanConfig = SpanConfig()

    def resolved(self, table: Table) -> Self:
        """The same with the columns named."""
        text, label = self.found_columns(table, text=self.text, label=self.label)
        if label is None:
            hint = "name the column of the answers with --label"
            raise InputError("has questions and passages, and no answers", where=table.path, hint=hint)
        return self.model_copy(update={"text": text, "label": label})

    def found_columns(self, table: Table, *, text: str | None, label: str | None) -> tuple[str, str | None]:
        """Those of question and passage, and that of the answers."""
        return find_columns(table, text=text, label=label)

    def read(self, table: Table) -> Iterator[Question]:
        """The questions of a table."""
        return questions_of(table, text=self.text or "", label=self.label)

    def example(self, text: str, second: str | None = None) -> Question:
        """A question, and the passage that it is about."""
        return Question(text, second or "")

    def filter_training(self, examples: Sequence[Question]) -> tuple[list[Question], list[str]]:
        """Those with an answer that can be learned, or none, and what was found."""
        return learnable(examples)

    def learn(self, examples: Sequence[Question]) -> QuestionAnswering:
        """The tokenizer. Raises ConfigError where parts do not go together, InputError where nothing is answered."""
        if not any(one.answers for one in examples):
            raise InputError("no question has an answer in its passage", hint="is task.label the right column?")
        config, tokenizer = self.decided(examples)
        return QuestionAnswering(config, tokenizer, always=all(one.answers for one in examples))

    def load(self, folder: Path) -> QuestionAnswering:
        """Load what `QuestionAnswering.save` wrote."""
        assert self.tokenizer is not None
        tuned, learned = folder / TUNED, read_json(folder / "questions.json")
        task = QuestionAnswering(self, self.tokenizer.load(folder), always=learned["always"])
        task.threshold = read_json(tuned)["threshold"] if tuned.exists() else NONE_AT_ALL
        return task


class QuestionAnswering(PassageTask):
    """A tokenizer, and whether every passage that was learned from has the answer; its config has a reader."""

    config: QuestionAnsweringConfig
    metric: ClassVar[str] = "f1"
    metrics: ClassVar[tuple[str, ...]] = ("exact_match", "f1")

    threshold: float = NONE_AT_ALL
    """There is an answer if its probability over that of none is so much."""

    def __init__(self, config: QuestionAnsweringConfig, tokenizer: Tokenizer, *, always: bool) -> None:
        super().__init__(config, tokenizer)
        self.always = always

    def save(self, folder: Path) -> None:
        """The tokenizer's files, `questions.json`, and `tuned.json` where a threshold was tuned."""
        self.tokenizer.save(folder)
        write_json(folder / "questions.json", {"always": self.always})
        if self.threshold != NONE_AT_ALL:
            write_json(folder / TUNED, {"threshold": self.threshold})

    def build_model(self) -> SpanReader:
        """The encoder and its head, with fresh weights."""
        assert self.config.reader != "auto"
        return self.config.span.build(self.config.encoder.build(self.read_sizes), reader=self.config.reader)

    def initialize(self, model: nn.Module, columns: Columns) -> list[str]:  # noqa: ARG002
        """Start from what was trained before, where that is asked for."""
        return self.started(model)

    def encode(self, examples: Sequence[Question]) -> Columns:
        """Rows of ids with their places, and the first and last position of the first answer of each, where known."""
        examples = list(examples)
        found = layout_rows(self.tokenizer, examples, self.layout)
        rows, owner_R = found.passage.rows, found.passage.owner_R
        ragged = {"passage": rows}
        cost_R = rows.lengths_R
        if self.layout.frame is None:
            ragged["question"] = Ragged.of(found.question.flat(owner_R)[0], found.question.lengths_R[owner_R])
            cost_R = cost_R + ragged["question"].lengths_R
        ragged["text"] = letters_of([examples[owner].passage for owner in owner_R.tolist()])
        fixed = {}
        if examples and all(one.answers is not None for one in examples):
            fixed = {"answer": targets(rows, [examples[owner] for owner in owner_R.tolist()])}
        spelled = found.encoded.letters
        letters = (
            {}
            if spelled is None
            else dict.fromkeys(("passage", "question"), Ragged.of(spelled.ids_N, spelled.lengths_U))
        )
        facts = {
            "known": 1 - found.encoded.unknown / max(1, len(found.encoded.values_NW)),
            "long": found.passage.long_texts / max(1, len(examples)),
            "long_questions": found.long_questions / max(1, len(examples)),
        }
        return Columns(ragged, fixed, owner_R, cost_R, facts, letters)

    def check(self, examples: Sequence[Question]) -> list[str]:
        """Refuse questions whose answers are not known."""
        for one in examples:
            if one.answers is None:
                raise InputError("there is no answer", where=f"line {one.line}" if one.line else "")
        lost = sum(bool(one.unplaced) and not one.answers for one in examples)
        said = f"{counted(lost, 'question')} cannot be answered correctly: no answer is in the passage"
        return [said] if lost else []

    def collate(self, columns: Columns, rows: np.ndarray) -> QuestionBatch:
        """Gather and pad some rows."""
        return collate_rows(columns, rows, by=self.told_by)

    def loss(self, model: nn.Module, batch: QuestionBatch, step: int) -> Loss:  # noqa: ARG002  (no schedule here)
        """Cross-entropy of where the answer starts, and of where it ends, halved; the count is the number of rows."""
        if batch.first_B is None or batch.last_B is None:
            raise InputError("there are questions without an answer known among those to learn from")
        scores = model(batch.source)
        first = functional.cross_entropy(scores.start_BS1, batch.first_B, reduction="sum")
        last = functional.cross_entropy(scores.end_BS1, batch.last_B, reduction="sum")
        return Loss((first + last) / 2, torch.tensor(float(len(batch.first_B))).to(first))

    def predict(self, model: nn.Module, batch: QuestionBatch) -> list[RowSpans]:
        """The best spans of each row, in characters of its passage."""
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
        """The answer of all rows of each question."""
        text = columns.ragged["text"]
        return [
            merged(
                [parts[row] for row in rows],
                text_of(text, rows[0]),
                always=self.always,
                threshold=self.threshold,
                keep=self.config.candidates,
            )
            for rows in rows_by_example(columns)
        ]

    @property
    def tunes(self) -> tuple[str, ...]:
        """When there is no answer, where that can be."""
        return () if self.always else ("threshold",)

    def tune(self, answers: Sequence[SpanAnswer], examples: Sequence[Question]) -> list[str]:
        """Find the no-answer threshold with the best F1."""
        if self.always or all(one.answers for one in examples):
            return []
        self.threshold = best_threshold(answers, examples)
        what = f"no-answer threshold {self.threshold:.2g} (probability of an answer over that of none)"
        return [f"{what}, with the best F1 on the dev set"]

    def average(self, answers: Sequence[Sequence[SpanAnswer]]) -> list[SpanAnswer]:
        """The mean of the probabilities of several models."""
        return [averaged(of_one, threshold=self.threshold) for of_one in zip(*answers, strict=True)]

    def quick_scores(self, answers: Sequence[SpanAnswer], examples: Sequence[Question]) -> dict[str, float]:
        """Exact match and F1."""
        exact_N, f1_N = matches([one.text for one in answers], examples)
        return {"exact_match": float(exact_N.mean()), "f1": float(f1_N.mean())}

    def samples(self, answers: Sequence[SpanAnswer], examples: Sequence[Question]) -> list[dict[str, str]]:
        """The answers to the first three questions."""
        return [
            {"answer": given.text, "source": one.question, "reference": " / ".join(one.right)}
            for given, one in list(zip(answers, examples, strict=True))[:3]
        ]

    def score(self, answers: Sequence[SpanAnswer], examples: Sequence[Question]) -> Scores:
        """Exact match and F1; details are those of questions with an answer, and how often none is rightly given."""
        return scored(answers, examples)

    def record(self, answer: SpanAnswer, example: Question) -> dict[str, Any]:
        """The question, its right answers where they are known, the answer with its place, and the best candidates."""
        return recorded(answer, example)
