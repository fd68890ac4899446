"""Similarity: pairs of texts by the cosine of their vectors, which one encoder makes of each text by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from torch import Tensor, nn

from weft.config import read_saved
from weft.data.batch import Moves
from weft.data.checks.findings import counted
from weft.data.columns import Columns, Ragged, Share
from weft.data.examples.base import place_of
from weft.data.examples.roles import Names, Role
from weft.data.examples.text_pairs import ROLES, TextPair
from weft.data.examples.valued import number_of
from weft.data.sources import Row, Table
from weft.errors import ConfigError, InputError
from weft.files import write_json
from weft.hashing import number_of_text
from weft.inputs.base import Alone, Input
from weft.inputs.text import TextInput, TextSettings, text_input, texts_of
from weft.metrics.regression import correlations
from weft.metrics.systems import CorpusScore
from weft.models.base import NeedsCounts
from weft.models.bi_encoder import BiEncoder, BiEncoderConfig, normalized
from weft.models.choices import VectorEncoderChoice
from weft.models.projection import ProjectionEncoderConfig
from weft.store import shared
from weft.tasks.base import AnswerForm, Doctor, Task, TaskConfig
from weft.tasks.results import Loss, Scores
from weft.tasks.similarity_losses import (
    LossKind,
    SimilarityLossConfig,
    cosine_loss,
    negatives_loss,
    ranking_loss,
)
from weft.tasks.similarity_scores import QUICK, Scored, quick_scores, scored
from weft.tasks.teaching import TeacherOfUnlabelled
from weft.text.tokenizers.choices import wide_share
from weft.text.tokenizers.ngrams import NgramTokenizerConfig

FILE = "similarity.json"
"""File of the range of the scores of training."""
SIDES = ("text", "second text", "negative text")
"""Keys of the texts of a pair among the columns."""


@dataclass(frozen=True, slots=True)
class SimilarityAnswer:
    """Answer to a pair of texts: their cosine, and the score that it stands for, on the scale of the training scores.

    Without scores in training, the score is the cosine. `vectors` are those of both texts, where they are ranked.
    """

    score: float
    cosine: float
    vectors: tuple[np.ndarray, ...] = ()


@dataclass(frozen=True, slots=True)
class PairBatch(Moves):
    """Sources of the texts of B rows: first, second, negative (None: there are none), with their scores [B] (or None).

    `ids_B2` tells equal first texts, and equal second ones.
    """

    first: Any
    second: Any
    negative: Any
    score_B: Tensor | None
    ids_B2: Tensor


@dataclass(frozen=True, slots=True)
class _Range:
    """Content of `similarity.json`: the least and the largest score of training; None where there were none."""

    low: float | None = None
    high: float | None = None


class SimilarityConfig(TaskConfig, TextSettings):
    """Settings of similarity: vectors of texts, learned from pairs with a score or from pairs that are just alike."""

    kind: Literal["similarity"] = "similarity"
    answers_with: ClassVar[AnswerForm] = "score"
    example_type: ClassVar[type[Any]] = TextPair
    roles: ClassVar[tuple[Role, ...]] = ROLES
    headline: ClassVar[tuple[str, ...]] = ("spearman", "pearson", "ndcg_at_10", "recall_at_1", "recall_at_10")
    page: ClassVar[str] = "pairs"
    inspected_as: ClassVar[Doctor | None] = "scores"
    next_step: ClassVar[str] = "next: weft search {} FILE --query ..."
    offer: ClassVar[str] = "--task similarity for pairs of texts that are alike, or more or less so by a score"
    compared_by: ClassVar[tuple[str, ...]] = ("spearman", "pearson")
    teaches: ClassVar[bool] = True
    compared_kinds: ClassVar[tuple[str, ...]] = ("projection", "cnn", "lstm", "transformer")
    text: Names = None
    """Columns of the two texts, as a list; None: guessed from the file, and named in the run."""
    negative: str | None = None
    """Column of a text that is not like the first one, for the loss `negatives`; None: by a usual name, if there is
    one."""
    value: str | None = None
    """Column of the score of a pair, any number, of which more is more alike; None: by a usual name, if there is one.
    Without scores all pairs are alike."""
    encoder: VectorEncoderChoice = ProjectionEncoderConfig()
    """Encoder that reads each text by itself; the default starts as the cosine of tf-idf and learns the weight of each
    n-gram, which few thousand pairs teach better than vectors of their own."""
    bi_encoder: BiEncoderConfig = BiEncoderConfig()
    loss: SimilarityLossConfig = SimilarityLossConfig()

    @property
    def name(self) -> str:
        """The key of the texts among the values of an example."""
        return "text"

    @property
    def unit_name(self) -> str:
        """Name of the examples in a sentence."""
        return "pairs"

    @property
    def loss_kind(self) -> LossKind:
        """The loss: the one that is set, or the one that suits the pairs."""
        suits: LossKind = "cosine" if self.value else "negatives"
        return suits if self.loss.kind == "default" else self.loss.kind

    def resolved(self, table: Table) -> Self:
        """Return a copy with its columns named. Raises ConfigError for a loss that has no use for the scores."""
        config = super().resolved(table).widened()
        if (config.loss_kind == "negatives") == bool(config.value):
            needs = "needs scores: name their column with --value" if not config.value else "has no use for scores"
            hint = (
                "leave task.loss.kind out" if not config.value else "take `cosine` or `ranking`, or a file without them"
            )
            raise ConfigError(f"the loss `{config.loss_kind}` {needs}", where="task.loss.kind", hint=hint)
        if config.negative and config.value:
            config = config.model_copy(update={"negative": None})
        return config

    def read(self, table: Table) -> Iterator[TextPair]:
        """Yield the pairs of a table; a row without one of its texts, or with a score that is no number, is refused."""
        names = (*self.columns_of("text", table), *([self.negative] if self.negative else []))
        for row in table:
            if empty := [name for name in names if not row.values.get(name, "").strip()]:
                table.reject(row.line, f"{empty[0]} is empty", column=empty[0], blank=empty[0])
                continue
            try:
                score = self._score(row)
            except InputError as error:
                table.refuse(row.line, error, column=self.value or "")
                continue
            first, second, negative = (*(row.values[name] for name in names), None)[:3]
            yield TextPair(str(first), str(second), score, negative, row.line)

    def _score(self, row: Row) -> float | None:
        return number_of(row.values.get(self.value, "")) if self.value else None

    def example(self, text: str, second: str | None = None) -> TextPair:
        """Make a pair of two texts. Raises InputError where there is one."""
        if second is None:
            hint = "give both, as --text ... --second ...; for the vector of one text: weft embed, or model.embed"
            raise InputError("expected a pair of texts, found one", hint=hint)
        return TextPair(text, second)

    def data_notes(
        self, parts: Mapping[str, Sequence[TextPair]], files: Mapping[str, str], named: Mapping[str, str]
    ) -> list[str]:
        """Say how many pairs of train stand in other parts too."""
        del named
        train = {*shared(one.whole for one in parts["train"])}
        again = {name: sum(one.whole in train for one in rows) for name, rows in parts.items() if name != "train"}
        return [f"{files[name]}: {counted(n, 'pair')} of {name} also in train" for name, n in again.items() if n]

    def learn(self, examples: Sequence[TextPair]) -> Similarity:
        """Learn the tokenizer and the range of the scores. Raises InputError where all scores are one."""
        scores = [one.score for one in examples if one.score is not None]
        found = _Range(min(scores), max(scores)) if scores else _Range()
        if scores and found.low == found.high:
            hint = "leave --value out where all pairs are alike"
            raise InputError(f"all pairs have the score {found.low:g}", hint=hint)
        config = self._tokenized(examples).decided(examples, classes=2)
        if config.encoder.solved or config.encoder.kind == "bag":
            hint = "take `projection`, a bag whose vectors start as those of tf-idf"
            raise ConfigError(
                "a `bag` starts from vectors of zeros, which have no cosine", where="task.encoder", hint=hint
            )
        return Similarity(config, text_input(config, config.learned(examples).tokenizer, each=1), found)

    def _tokenized(self, examples: Sequence[TextPair]) -> Self:
        """Return a copy whose n-grams are chosen where n-grams are read: words with their letters, and each Han one."""
        if self.tokenizer is not None or self.start or not isinstance(self.encoder, ProjectionEncoderConfig):
            return self
        han = wide_share(texts_of(examples, self.name)[0]) > 0.3
        tokenizer = NgramTokenizerConfig(order=1, letters=None if han else (2, 4))
        return self.model_copy(update={"tokenizer": tokenizer})

    def load(self, folder: Path) -> Similarity:
        """Load what `Similarity.save` wrote."""
        return Similarity(self, self.loaded_text(folder, each=1), read_saved(folder / FILE, _Range))

    def check_comparable(self) -> None:
        """Raise InputError for pairs without scores, which are ranked among each other."""
        if not self.value:
            ways = "name their column with --value, or train each model with weft train --task similarity --encoder ..."
            hint = f"{ways} on the same files, and compare their pages"
            raise InputError("no models are compared on pairs without scores", hint=hint)

    def comparable(self, record: Mapping[str, Any]) -> tuple[Any, Any]:
        """Read the pair with its score, and the predicted one, from a line of a table of answers."""
        return (record["text"], record["second"], float(record["label"])), float(record["answer"])

    def corpus_scores(self, given: Sequence[Any], made: Sequence[Any]) -> dict[str, CorpusScore]:
        """Compute the correlations of models that scored the same pairs."""
        found = correlations(np.array([score for *_, score in given]), np.array(made))
        return {name: found[name] for name in self.compared_by}


class Similarity(TeacherOfUnlabelled, Task):
    """The input of one text, and the range of the scores."""

    config: SimilarityConfig
    metric: ClassVar[str] = "spearman"
    metrics: ClassVar[tuple[str, ...]] = QUICK["scores"]

    def __init__(self, config: SimilarityConfig, read: TextInput, found: _Range) -> None:
        self.config, self.input, self.range = config, read, found
        self.metrics = QUICK["scores" if self.has_scores else "ranks"]  # ty: ignore[invalid-attribute-access]
        self.metric = self.metrics[0]  # ty: ignore[invalid-attribute-access]

    @property
    def has_scores(self) -> bool:
        """Whether pairs have scores; else they are ranked."""
        return self.range.low is not None

    def save(self, folder: Path) -> None:
        """Write the tokenizer's files and `similarity.json`."""
        self.input.save(folder)
        write_json(folder / FILE, {"low": self.range.low, "high": self.range.high})

    def build_model(self) -> BiEncoder:
        """Build the encoder with its pooling, with fresh weights."""
        return self.config.bi_encoder.build(self.input.build_encoder())

    def initialize(self, model: nn.Module, columns: Columns) -> list[str]:
        """Start the encoder from trained weights, word vectors or counts over all texts."""
        self._check_widths(model)
        if not (self.config.vectors or isinstance(model.encoder, NeedsCounts)):
            return self.input.initialize(model, columns, ())
        sides = [columns.ragged[name] for name in SIDES if name in columns.ragged]
        lengths_R = np.concatenate([one.lengths_R for one in sides])
        every_R = np.arange(len(lengths_R))
        texts = {self.input.name: Ragged.of(np.concatenate([one.values for one in sides]), lengths_R)}
        return self.input.initialize(model, Columns(texts, {}, every_R, np.ones_like(every_R)), ())

    def _check_widths(self, model: nn.Module) -> None:
        assert isinstance(model, BiEncoder)
        if wide := [width for width in self.config.bi_encoder.widths if width >= model.width]:
            hint = f"name smaller ones than {model.width}, the width of the vectors"
            raise ConfigError(f"{wide[0]} is no smaller width", where="task.bi_encoder.widths", hint=hint)

    def reads_alone(self, kind: Alone = "text") -> Input[Any, Any]:
        """Return the input of one text."""
        return self.input if kind == "text" else super().reads_alone(kind)

    def encode(self, examples: Sequence[TextPair]) -> Columns:
        """Encode the texts of each pair, with their scores where all have one."""
        sides = {"text": [one.text for one in examples], "second text": [one.second for one in examples]}
        negatives = [one.negative for one in examples if one.negative is not None]
        if examples and len(negatives) == len(examples):
            sides["negative text"] = negatives
        found = {name: self.input.encode([[text] for text in texts]) for name, texts in sides.items()}
        own = self.input.name
        fixed = {
            "ids": np.array([[number_of_text(text) for text in one.texts] for one in examples], dtype=np.int64).reshape(
                -1, 2
            )
        }
        if all(one.score is not None for one in examples) and self.has_scores:
            fixed["score"] = np.array([one.score for one in examples], dtype=np.float32)
        return Columns(
            {name: one.ragged[own] for name, one in found.items()},
            fixed,
            np.arange(len(examples)),
            np.sum([one.cost_R for one in found.values()], axis=0),
            {name: _pooled([one.facts[name] for one in found.values()]) for name in found["text"].facts},
            {name: one.letters[own] for name, one in found.items() if own in one.letters},
        )

    def check(self, examples: Sequence[TextPair]) -> list[str]:
        """Refuse a pair without a score, where pairs have scores."""
        for one in examples:
            if self.has_scores and one.score is None:
                raise InputError("there is no score", where=place_of(one), hint="name its column with --value")
        return []

    def collate(self, columns: Columns, rows: np.ndarray) -> PairBatch:
        """Gather and pad some rows."""
        own = self.input.name

        def source(name: str) -> Any:
            if name not in columns.ragged:
                return None
            letters = {own: columns.letters[name]} if name in columns.letters else {}
            return self.input.collate(replace(columns, ragged={own: columns.ragged[name]}, letters=letters), rows)

        score_B = columns.fixed.get("score")
        ids_B2 = torch.from_numpy(columns.fixed["ids"][rows])
        return PairBatch(*map(source, SIDES), None if score_B is None else torch.from_numpy(score_B[rows]), ids_B2)

    def loss(self, model: nn.Module, batch: PairBatch, step: int) -> Loss:  # noqa: ARG002  (no schedule here)
        """Compute the loss of the rows, averaged over the widths that are trained; the count is that of rows."""
        if batch.score_B is None and self.has_scores:
            raise InputError("there are pairs without scores among those to learn from")
        assert isinstance(model, BiEncoder)
        sources = [one for one in (batch.first, batch.second, batch.negative) if one is not None]
        vectors = [model.vector(one) for one in sources]
        with torch.autocast(vectors[0].device.type, enabled=False):
            widths = (None, *self.config.bi_encoder.widths)
            losses = [self._loss([normalized(one, width) for one in vectors], batch) for width in widths]
        total = torch.stack(losses).mean()
        return Loss(total, total.new_tensor(len(batch.ids_B2)))

    def _loss(self, vectors: Sequence[Tensor], batch: PairBatch) -> Tensor:
        """Compute the loss of the rows by the first, second and maybe negative vectors [B, D]."""
        first_BD, second_BD, *more = vectors
        kind, scale = self.config.loss_kind, self.config.loss.scale
        if kind == "negatives":
            one_B, other_B = batch.ids_B2.unbind(1)
            same_BB = (one_B[:, None] == one_B) | (other_B[:, None] == other_B)
            return negatives_loss(first_BD, second_BD, more[0] if more else None, same_BB, scale=scale)
        cosine_B = (first_BD * second_BD).sum(1)
        assert batch.score_B is not None
        if kind == "ranking":
            return ranking_loss(cosine_B, batch.score_B, scale=scale)
        return cosine_loss(cosine_B, self._cosine_of(batch.score_B).to(cosine_B))

    @property
    def _lowest(self) -> float:
        return 0.0 if self.config.loss.lowest == "zero" else -1.0

    def _cosine_of(self, score: Any) -> Any:
        """Return the cosine that stands for a score."""
        assert self.range.low is not None
        assert self.range.high is not None
        return self._lowest + (1 - self._lowest) * (score - self.range.low) / (self.range.high - self.range.low)

    def _score_of(self, cosine: float) -> float:
        """Return the score that a cosine stands for."""
        if self.range.low is None or self.range.high is None:
            return cosine
        return self.range.low + (cosine - self._lowest) / (1 - self._lowest) * (self.range.high - self.range.low)

    def predict(self, model: nn.Module, batch: PairBatch) -> list[tuple[np.ndarray, np.ndarray]]:
        """Compute the vectors of both texts of each row."""
        assert isinstance(model, BiEncoder)
        first_BD, second_BD = (model.vector(one).cpu().numpy() for one in (batch.first, batch.second))
        return list(zip(first_BD, second_BD, strict=True))

    def answers(self, parts: Sequence[tuple[np.ndarray, np.ndarray]], columns: Columns) -> list[SimilarityAnswer]:
        """Compare the vectors of each pair, which are kept where texts are ranked."""
        del columns
        cosines = [float(one.astype(np.float64) @ other.astype(np.float64)) for one, other in parts]
        return [
            SimilarityAnswer(self._score_of(cosine), cosine, () if self.has_scores else both)
            for cosine, both in zip(cosines, parts, strict=True)
        ]

    def average(self, answers: Sequence[Sequence[SimilarityAnswer]]) -> list[SimilarityAnswer]:
        """Average scores and cosines. Raises InputError for vectors, whose directions are those of their model."""
        if not self.has_scores:
            raise InputError("the vectors of several models cannot be averaged: each has directions of its own")
        return [
            SimilarityAnswer(*np.mean([(one.score, one.cosine) for one in same], axis=0).tolist())
            for same in zip(*answers, strict=True)
        ]

    def quick_scores(self, answers: Sequence[SimilarityAnswer], examples: Sequence[TextPair]) -> dict[str, float]:
        """Compute the correlations or, without scores, how well second texts are found."""
        return quick_scores(self._scored(answers, examples))

    def score(self, answers: Sequence[SimilarityAnswer], examples: Sequence[TextPair]) -> Scores:
        """Compute all scores; details are those of simple methods, and the worst misses."""
        return scored(self._scored(answers, examples))

    def _scored(self, answers: Sequence[SimilarityAnswer], examples: Sequence[TextPair]) -> Scored:
        texts = [one.text for one in examples], [one.second for one in examples]
        if self.has_scores:
            return Scored(
                *texts,
                true_N=np.array([one.score for one in examples]),
                cosine_N=np.array([one.cosine for one in answers]),
            )
        return Scored(
            *texts,
            vectors=(np.stack([one.vectors[0] for one in answers]), np.stack([one.vectors[1] for one in answers])),
        )

    def said(self, answer: SimilarityAnswer) -> float:
        """Return the score. Raises InputError where training had none."""
        if not self.has_scores:
            raise InputError("a teacher that was trained on pairs without scores tells none")
        return round(answer.score, 5)

    def told(self, example: TextPair, said: float) -> TextPair:
        """Return a pair with the score that a teacher gave."""
        return replace(example, score=said)

    def record(self, answer: SimilarityAnswer, example: TextPair) -> dict[str, Any]:
        """Return both texts, their score where it is known, and the predicted one with the cosine."""
        return {
            "text": example.text,
            "second": example.second,
            **({} if example.score is None else {"label": example.score}),
            "answer": round(answer.score, 6),
            "cosine": round(answer.cosine, 6),
            **({"line": example.line} if example.line else {}),
        }

    def notes(self, columns: Mapping[str, Columns]) -> list[str]:
        """Describe the scores, the negatives and the input."""
        low, high, kind = self.range.low, self.range.high, self.config.loss_kind
        found = f"scores from {low:g} to {high:g}" if self.has_scores else "pairs without scores, all of them alike"
        batch = {
            "cosine": "",
            "ranking": "; pairs are ranked with the others of their batch",
            "negatives": "; the second texts of other pairs in a batch are wrong ones to be told apart",
        }[kind]
        hard = " and the column of negatives" if self.config.negative else ""
        return [f"{found}, learned by the loss `{kind}`{batch}{hard}", *self.input.notes(columns)]


def _pooled(facts: Sequence[float]) -> Share:
    shares = [one for one in facts if isinstance(one, Share)]
    return Share(sum(one.part for one in shares), sum(one.whole for one in shares))
