"""Which of several options answers a question on a passage: what is read and learned, its loss, answers and scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import torch
from pydantic import Field, SerializeAsAny
from torch import nn
from torch.nn import functional

from weft.config import one_of
from weft.data.columns import Columns
from weft.data.sources import Table
from weft.errors import ConfigError, InputError
from weft.metrics.bootstrap import mean
from weft.models.base import EncoderConfig
from weft.models.choices import ENCODERS, FOLDERS
from weft.models.options import OptionConfig, OptionReader
from weft.models.rnn import GruEncoderConfig
from weft.models.span import ReaderKind
from weft.tasks.base import Loss, Scores, Task, TaskConfig
from weft.tasks.option_columns import OptionBatch, option_batch, option_columns, options_of
from weft.tasks.option_counts import COUNTS
from weft.tasks.options import Choice, choices_of, find_columns, learnable, plain_scores
from weft.tasks.question_answering import JOINT
from weft.tasks.question_columns import PARTS, Layout
from weft.tasks.texts import with_folder
from weft.text.choices import TokenizerChoice, fitting
from weft.text.tokenizer import Frame, Tokenizer

OptionEncoder = Annotated[
    SerializeAsAny[EncoderConfig], one_of(EncoderConfig, ENCODERS, default=GruEncoderConfig), FOLDERS
]


@dataclass(frozen=True, slots=True)
class ChoiceAnswer:
    """The option that was chosen, which one it is, from 0, and how probable; and the probability of each option."""

    option: str
    number: int
    probability: float
    probabilities: tuple[float, ...] = field(repr=False)
    options: tuple[str, ...] = field(repr=False)


class MultipleChoiceConfig(TaskConfig):
    """A question on a passage has several options, of which one is right."""

    kind: Literal["multiple_choice"] = "multiple_choice"
    text: str | None = None
    """The columns of question, passage and options, joined by commas: one column of lists, or one for each option;
    None: guessed from the file, and said."""
    label: str | None = None
    """The column of the answer: the number of an option from 0, its letter or its text; None: guessed, and said."""
    tokenizer: TokenizerChoice | None = None
    """How texts become ids; None: that of the encoder, else chosen by script."""
    max_length: int = Field(default=512, ge=16)
    """Positions that are read at once; a longer passage is read in windows that overlap by a quarter."""
    max_question: int = Field(default=96, ge=1)
    """Tokens of a question with an option that are read."""
    encoder: OptionEncoder = GruEncoderConfig()
    """What reads the ids."""
    reader: ReaderKind | Literal["auto"] = "auto"
    """`joint` reads question, option and passage in one row, `attention` the passage by itself and then with the others
    in view; `auto`: `joint` for Transformers and pre-trained encoders."""
    option: OptionConfig = OptionConfig()

    @property
    def sides(self) -> str:
        """What is held out, in words."""
        return "questions on one passage are on one side"

    def resolved(self, table: Table) -> Self:
        """The same with the columns named."""
        text, label = find_columns(table, text=self.text, label=self.label)
        if label is None:
            hint = "name the column of the right option with --label"
            raise InputError("has questions with options, and no answers", where=table.path, hint=hint)
        return self.model_copy(update={"text": text, "label": label})

    def for_table(self, table: Table, *, text: str | None = None, label: str | None = None) -> Self:
        """The same for another table."""
        named = label or (self.label if self.label in table.columns else None)
        return self.model_copy(update={"text": text or self._there(table), "label": named}).resolved(table)

    def for_inputs(self, table: Table, *, text: str | None = None) -> Self:
        """The same for questions without answers."""
        found, _ = find_columns(table, text=text or self._there(table), label=None)
        return self.model_copy(update={"text": found, "label": None})

    def _there(self, table: Table) -> str | None:
        return self.text if set((self.text or "").split(",")) <= set(table.columns) else None

    def read(self, table: Table) -> Iterator[Choice]:
        """The questions of a table."""
        return choices_of(table, text=self.text or "", label=self.label)

    def example(self, text: str, second: str | None = None) -> Choice:
        """A question, and the passage that it is about: the options are still to be given."""
        return Choice(text, second or "")

    def cleaned(self, examples: Sequence[Choice]) -> tuple[list[Choice], list[str]]:
        """All of them, and what was found."""
        return learnable(examples)

    def remarks(
        self, parts: Mapping[str, Sequence[Any]], files: Mapping[str, str], named: Mapping[str, str]
    ) -> list[str]:
        """How many questions of the other parts are on passages of the training part."""
        del files, named
        known = {one.passage for one in parts["train"]}
        seen = {name: sum(one.passage in known for one in rows) for name, rows in parts.items() if name != "train"}
        return [f"{count:,} questions of {name} are on passages of train" for name, count in seen.items() if count]

    def learn(self, examples: Sequence[Choice]) -> MultipleChoice:
        """The tokenizer. Raises ConfigError where parts do not go together."""
        encoder = self.encoder.ready()
        texts = list(dict.fromkeys(text for one in examples for text in one.texts))
        tokenizer = with_folder(self.tokenizer, encoder.reads_with) or fitting(texts, ordered=True)
        reader = self.reader if self.reader != "auto" else "joint" if encoder.kind in JOINT else "attention"
        decided: dict[str, Any] = {"encoder": encoder, "tokenizer": tokenizer, "reader": reader}
        if "max_length" not in self.model_fields_set and encoder.longest is not None:
            decided["max_length"] = min(self.max_length, encoder.longest)
        return MultipleChoice(self.model_copy(update=decided), tokenizer.learn(texts))

    def load(self, folder: Path) -> MultipleChoice:
        """Load what `MultipleChoice.save` wrote."""
        assert self.tokenizer is not None
        return MultipleChoice(self, self.tokenizer.load(folder))


class MultipleChoice(Task):
    """A tokenizer; its config has a reader."""

    config: MultipleChoiceConfig
    metric: ClassVar[str] = "accuracy"
    tie_metric: ClassVar[str | None] = "log_loss"
    metrics: ClassVar[tuple[str, ...]] = ("accuracy", "log_loss")
    lower_is_better: ClassVar[frozenset[str]] = frozenset({"log_loss"})

    def __init__(self, config: MultipleChoiceConfig, tokenizer: Tokenizer) -> None:
        self.config, self.tokenizer = config, tokenizer
        mark, frame = tokenizer.sizes[0], tokenizer.frame
        if config.reader == "joint":
            frame = frame or Frame((mark,), (mark,), (mark,))
        elif frame is not None:
            hint = "set task.reader to joint"
            raise ConfigError("a pre-trained encoder reads all in one row", where="task.reader", hint=hint)
        self.layout = Layout(frame, config.max_length, config.max_question)
        _check(config, self.layout)

    def save(self, folder: Path) -> None:
        """The tokenizer's files."""
        self.tokenizer.save(folder)

    def build_model(self) -> OptionReader:
        """The encoder and its head, with fresh weights."""
        first, *views = self.tokenizer.sizes
        sizes = (first,) if self.tokenizer.frame else (first + 1, PARTS, *views)
        assert self.config.reader != "auto"
        return self.config.option.build(self.config.encoder.build(sizes), reader=self.config.reader, counted=COUNTS)

    def initialize(self, model: nn.Module, columns: Columns) -> list[str]:
        """Learn the scale of what was counted, and start a pre-trained encoder."""
        assert isinstance(model, OptionReader)
        model.prepare(torch.from_numpy(np.array(columns.ragged["counted"].values)))
        return self.config.encoder.start(model.encoder)

    def encode(self, examples: Sequence[Choice]) -> Columns:
        """Rows of ids for all options of a question. Raises InputError where it has fewer than two."""
        for one in examples:
            if len(one.options) < 2:
                hint = "write weft.Choice(question, passage, options)"
                where = f"line {one.line}" if one.line else ""
                raise InputError(f"expected two options or more, found {len(one.options)}", where=where, hint=hint)
        return option_columns(self.tokenizer, list(examples), self.layout)

    def check(self, examples: Sequence[Choice]) -> list[str]:
        """Refuse questions whose answers are not known; says how good it would be to choose by length or overlap."""
        for one in examples:
            if one.answer is None:
                raise InputError("there is no answer", where=f"line {one.line}" if one.line else "")
        return [_compared(examples)]

    def collate(self, columns: Columns, rows: np.ndarray) -> OptionBatch:
        """Gather and pad some rows."""
        return option_batch(columns, rows, by="segments" if self.tokenizer.frame else "views")

    def loss(self, model: nn.Module, batch: OptionBatch, step: int) -> Loss:  # noqa: ARG002  (no schedule here)
        """Cross-entropy over the options of each row; the count is the number of rows."""
        if batch.answer_B is None:
            raise InputError("there are questions without an answer known among those to learn from")
        total = functional.cross_entropy(model(batch.source), batch.answer_B, reduction="sum")
        return Loss(total, torch.tensor(float(len(batch.answer_B))).to(total))

    def predict(self, model: nn.Module, batch: OptionBatch) -> list[np.ndarray]:
        """The probability of each option of each row, float64 [O]; 0 beyond the last one."""
        return list(model(batch.source).double().softmax(-1).cpu().numpy())

    def answers(self, parts: Sequence[np.ndarray], columns: Columns) -> list[ChoiceAnswer]:
        """The mean over the windows of each passage, and its best option."""
        of: dict[int, list[int]] = {}
        for row, owner in enumerate(columns.owner_R.tolist()):
            of.setdefault(owner, []).append(row)
        found = []
        for rows in of.values():
            options = options_of(columns, rows[0])
            found.append(_chosen(options, np.mean([parts[row][: len(options)] for row in rows], axis=0)))
        return found

    def average(self, answers: Sequence[Sequence[ChoiceAnswer]]) -> list[ChoiceAnswer]:
        """The mean of the probabilities of several models, and its best option."""
        if not answers or len({tuple(one.options for one in given) for given in answers}) > 1:
            raise InputError("expected answers of one or more models to the same questions with the same options")
        each = zip(*answers, strict=True)
        return [_chosen(of_one[0].options, np.mean([one.probabilities for one in of_one], axis=0)) for of_one in each]

    def quick_scores(self, answers: Sequence[ChoiceAnswer], examples: Sequence[Choice]) -> dict[str, float]:
        """Accuracy, and the mean negative logarithm of the probability of the right option."""
        right_N, loss_N = _matches(answers, examples)
        return {"accuracy": float(right_N.mean()), "log_loss": float(loss_N.mean())}

    def score(self, answers: Sequence[ChoiceAnswer], examples: Sequence[Choice]) -> Scores:
        """Accuracy and log loss; details are the accuracy by the number of options, and what needs no model."""
        right_N, loss_N = _matches(answers, examples)
        many_N = np.array([len(one.options) for one in examples])
        each = [
            {"options": many, "questions": int(ours_N.sum()), "accuracy": asdict(mean(right_N[ours_N]))}
            for many in np.unique(many_N).tolist()
            for ours_N in [many_N == many]
        ]
        details = {"by_options": each, "without_a_model": plain_scores(examples)}
        return Scores({"accuracy": mean(right_N), "log_loss": mean(loss_N)}, details)

    def record(self, answer: ChoiceAnswer, example: Choice) -> dict[str, Any]:
        """The question, its right option where it is known, the chosen one, and the probability of each."""
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
            "passage": example.passage,
            **({"line": example.line} if example.line else {}),
        }

    def notes(self, columns: Mapping[str, Columns]) -> list[str]:
        """The tokenizer with its coverage, the reader, and what is long."""
        described = self.config.tokenizer.describe() if self.config.tokenizer else ""
        sizes = " + ".join(f"{size:,}" for size in self.tokenizer.sizes)
        known = ", ".join(f"{part.facts['known']:.1%} of {name}" for name, part in columns.items())
        said = [f"tokenizer: {described}; {sizes} ids, which cover {known}", f"reader: {self.config.reader}"]
        for name, part in columns.items():
            if part.facts["long"]:
                long = f"{part.facts['long']:.1%} of the {name} options are on passages longer than"
                said.append(f"{long} {self.layout.room} tokens, read in windows")
            if part.facts["long_questions"]:
                said.append(f"{part.facts['long_questions']:.1%} of the {name} options are cut at max_question")
        return said


def _chosen(options: Sequence[str], probability_O: np.ndarray) -> ChoiceAnswer:
    best = int(probability_O.argmax())
    return ChoiceAnswer(options[best], best, float(probability_O[best]), tuple(probability_O.tolist()), tuple(options))


def _matches(answers: Sequence[ChoiceAnswer], examples: Sequence[Choice]) -> tuple[np.ndarray, np.ndarray]:
    """Whether each answer is right, and minus the logarithm of the probability of the right option, [N] each."""
    right_N = np.array([given.option == one.right for given, one in zip(answers, examples, strict=True)], dtype=float)
    of_right_N = np.array([given.probabilities[one.answer or 0] for given, one in zip(answers, examples, strict=True)])
    return right_N, -np.log(np.maximum(of_right_N, 1e-12))


def _compared(examples: Sequence[Choice]) -> str:
    found = plain_scores(examples)
    told = {
        "chance": "any option",
        "longest": "the longest",
        "most_in_passage": "the one most like the passage",
    }
    return "without a model: " + ", ".join(f"{said} is right for {found[name]:.1%}" for name, said in told.items())


def _check(config: MultipleChoiceConfig, layout: Layout) -> None:
    encoder = config.encoder
    if not encoder.reads_order:
        hint = "take `gru`, `lstm`, `cnn`, `transformer` or a pre-trained encoder"
        raise ConfigError(f"`{encoder.kind}` keeps no positions", where="task.encoder", hint=hint)
    if layout.room < 8:
        what = f"{config.max_length} leaves no room for a passage beside a question of {config.max_question}"
        raise ConfigError(what, where="task.max_length", hint="raise it, or lower task.max_question")
    if encoder.longest is not None and config.max_length > encoder.longest:
        what = (
            f"`{encoder.kind}` has learned positions for {encoder.longest} tokens, {config.max_length} are to be read"
        )
        raise ConfigError(what, where="task.max_length", hint=f"set it to {encoder.longest}")
