"""Retrieval: images for texts and texts for images, by the cosine of vectors that two encoders learn to agree on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from weft.data.batch import Moves
from weft.data.columns import Columns, Ragged
from weft.data.examples.base import place_of
from weft.data.examples.captioned import CAPTIONS, CaptionedImage, OneValue, grouped_by_image
from weft.data.examples.roles import Names, Role
from weft.data.sources import Table
from weft.errors import ConfigError, InputError
from weft.hashing import number_of_text
from weft.inputs.base import Alone, Input
from weft.inputs.image import ImageInput, nearest_images
from weft.inputs.several import folder_of
from weft.inputs.text import TextInput, TextSettings, text_input
from weft.metrics.floors import Floor, beside
from weft.metrics.lexical import TfIdf
from weft.models.choices import VectorEncoderChoice
from weft.models.classifier import ClassifierConfig
from weft.models.dual_encoder import DualEncoder
from weft.models.rnn import GruEncoderConfig
from weft.tasks.base import AnswerForm, Task
from weft.tasks.decided_by_rows import Fitted
from weft.tasks.described_images import DescribedImages
from weft.tasks.results import Loss, Scores
from weft.tasks.retrieval_losses import ContrastiveLossConfig, infonce_loss, right_pairs, sigmoid_loss
from weft.tasks.retrieval_scores import QUICK, Vectors, all_scores, floor_scores, model_scores

_LENGTHS, _NUMBERS = "lengths of texts", "numbers of texts"
"""Keys of the number of tokens of each text, and of what tells equal texts, among the columns."""
IMAGE, TEXT = "image", "text"
"""Names of the two encoders of a model."""
SEARCHED = 20_000
"""About the largest number of training images, or of texts to score, for which simple methods are measured."""


@dataclass(frozen=True, slots=True)
class RetrievalAnswer:
    """Cosine of an image and its first text, and the vectors of both: [D], and of all texts [M, D]."""

    cosine: float
    image_D: np.ndarray
    texts_MD: np.ndarray


@dataclass(frozen=True, slots=True)
class RetrievalBatch(Moves):
    """Sources of B images and of their M texts in parts, and the image and a number, which equal texts share, of each
    text.
    """

    images: tuple[Any, ...]
    texts: tuple[Any, ...]
    owner_M: Tensor
    number_M: Tensor

    def to(self, device: torch.device) -> RetrievalBatch:
        """Return a copy on another device."""
        images, texts = (tuple(one.to(device) for one in parts) for parts in (self.images, self.texts))
        return RetrievalBatch(images, texts, self.owner_M.to(device), self.number_M.to(device))


class RetrievalConfig(DescribedImages, TextSettings):
    """Settings of retrieval: an encoder of images and one of texts, whose vectors are close where they belong
    together.
    """

    kind: Literal["retrieval"] = "retrieval"
    answers_with: ClassVar[AnswerForm] = "score"
    example_type: ClassVar[type[Any]] = CaptionedImage
    roles: ClassVar[tuple[Role, ...]] = (CAPTIONS,)
    further_columns: ClassVar[tuple[str, ...]] = ("image",)
    headline: ClassVar[tuple[str, ...]] = ("image_recall_at_1", "text_recall_at_1", "mean_recall")
    page: ClassVar[str] = "gallery"
    next_step: ClassVar[str] = "next: weft search {} IMAGES --query ..."
    offer: ClassVar[str] = "--task retrieval --image NAME for images to be found by texts"
    text: Names = None
    """Column of the texts of an image, or a list of several; a JSON file may hold a list in one; None: guessed from
    the file, and named in the run."""
    encoder: VectorEncoderChoice = GruEncoderConfig()
    """Encoder that reads each text."""
    width: int = Field(default=512, ge=1)
    """Width of the vectors of images and texts."""
    loss: ContrastiveLossConfig = ContrastiveLossConfig()
    classifier: ClassifierConfig = ClassifierConfig()

    @property
    def name(self) -> str:
        """The key of the texts among the values of an input."""
        return TEXT

    @property
    def part_configs(self) -> tuple[Any, ...]:
        """Both encoders."""
        return (self.encoder, self.image.encoder)

    def resolved(self, table: Table) -> Self:
        """Return a copy with its columns named. Raises InputError where that of the images is not there."""
        return super().resolved(table).widened()

    def read(self, table: Table) -> Iterator[CaptionedImage]:
        """Yield the images of a table with their texts; a row without an image or a text is refused."""
        for image, texts, line in self.described(table, "text", answering=False):
            yield CaptionedImage(image, texts, line)

    def example(self, text: str, second: str | None = None) -> CaptionedImage:
        """Raise InputError: a text alone is searched with."""
        del text, second
        hint = 'to find images for a text: weft search RUN IMAGES --query "..."; from Python, model.embed(["..."])'
        raise InputError("expected an image with a text, found a text", hint=hint)

    def evaluation_examples(self, examples: Sequence[CaptionedImage]) -> list[CaptionedImage]:
        """Return an example for each image, with all its texts."""
        return grouped_by_image(examples)

    def fitted(self, examples: Sequence[Any], *, device: str, by_steps: Sequence[str] = ()) -> Fitted:
        """Take batches of 128 images: the more, the more wrong ones each text is told from."""
        del examples, device, by_steps
        return Fitted(self, {"batch_rows": 128, "batch_tokens": None})

    def learn(self, examples: Sequence[CaptionedImage]) -> Retrieval:
        """Learn the tokenizer, and how images are read. Raises ConfigError for texts in windows."""
        if self.long == "windows":
            hint = "take `head` or `head-tail`"
            raise ConfigError("the texts of an image cannot be read in windows", where="task.long", hint=hint)
        texts = OneValue.each(TEXT, ((text,) for one in examples for text in one.texts))
        config = self.decided(texts, classes=2)
        if config.encoder.solved or config.encoder.kind == "bag":
            hint = "take `projection`, a bag whose vectors start as those of tf-idf"
            raise ConfigError("a `bag` starts from vectors of zeros", where="task.encoder", hint=hint)
        images = OneValue.each(self.image.name, (one.image for one in examples))
        config = config.model_copy(update={"image": self.image.decided(images, classes=2)})
        read = text_input(config, config.learned(texts).tokenizer, each=1)
        return Retrieval(config, config.image.learned(images), read)

    def load(self, folder: Path) -> Retrieval:
        """Load what `Retrieval.save` wrote."""
        return Retrieval(self, self.image.loaded(folder_of(folder, 1)), self.loaded_text(folder, each=1))


class Retrieval(Task):
    """The inputs of images and of texts."""

    config: RetrievalConfig
    metric: ClassVar[str] = QUICK[0]
    metrics: ClassVar[tuple[str, ...]] = QUICK

    def __init__(self, config: RetrievalConfig, images: ImageInput, texts: TextInput) -> None:
        self.config, self.images, self.texts = config, images, texts

    def save(self, folder: Path) -> None:
        """Write the tokenizer's files, and how images are read into a folder beside them."""
        self.texts.save(folder)
        beside_it = folder_of(folder, 1)
        beside_it.mkdir(parents=True, exist_ok=True)
        self.images.save(beside_it)

    def build_model(self) -> DualEncoder:
        """Build both encoders with their pooling, with fresh weights."""
        head, loss = self.config.classifier, self.config.loss
        readers = {IMAGE: self.images.build_pooled(head), TEXT: self.texts.build_pooled(head)}
        return DualEncoder(readers, width=self.config.width, scale=loss.first_scale, bias=loss.first_bias)

    def initialize(self, model: nn.Module, columns: Columns) -> list[str]:
        """Start both encoders from trained weights, word vectors or counts."""
        assert isinstance(model, DualEncoder)
        texts = self._texts_of(columns, np.arange(len(columns)))
        return [
            *self.images.initialize(model.readers[IMAGE], columns, ()),
            *self.texts.initialize(model.readers[TEXT], texts, ()),
        ]

    def reads_alone(self, kind: Alone = "text") -> Input[Any, Any]:
        """Return the input of images, or of texts."""
        return self.images if kind == IMAGE else self.texts

    def encode(self, examples: Sequence[CaptionedImage]) -> Columns:
        """Encode images, and the texts of each end to end in one row."""
        images = self.images.encode([one.image for one in examples])
        texts = [text for one in examples for text in one.texts]
        found = self.texts.encode([(text,) for text in texts])
        counts_R = np.array([len(one.texts) for one in examples], dtype=np.int64)
        ends_R1 = np.concatenate([[0], np.cumsum(counts_R)])
        own = found.ragged[TEXT]
        numbers = np.array([number_of_text(text) for text in texts], dtype=np.int64)
        ragged = {
            TEXT: Ragged(own.values, own.offsets_R1[ends_R1]),
            _LENGTHS: Ragged.of(own.lengths_R, counts_R),
            _NUMBERS: Ragged.of(numbers, counts_R),
        }
        cost_R = 1 + np.diff(np.concatenate([[0], np.cumsum(found.cost_R)])[ends_R1])
        return Columns(ragged, images.fixed, images.owner_R, cost_R, found.facts, found.letters)

    def check(self, examples: Sequence[CaptionedImage]) -> list[str]:
        """Refuse an image without a text."""
        for one in examples:
            if not one.texts:
                raise InputError("there is no text", where=place_of(one))
        return []

    def _texts_of(self, columns: Columns, rows: np.ndarray) -> Columns:
        """Return the texts of some rows, a row each."""
        lengths_M, _ = columns.ragged[_LENGTHS].flat(rows)
        values, _ = columns.ragged[TEXT].flat(rows)
        every_M = np.arange(len(lengths_M))
        return Columns(
            {TEXT: Ragged.of(values, lengths_M)}, {}, every_M, np.ones_like(every_M), letters=columns.letters
        )

    def collate(self, columns: Columns, rows: np.ndarray) -> RetrievalBatch:
        """Gather and pad some rows, in parts where few are to be read at once."""
        step = self.config.loss.rows_at_once or len(rows)
        parts = [rows[start : start + step] for start in range(0, len(rows), step)]
        texts = [self._texts_of(columns, part) for part in parts]
        counts_B = columns.ragged[_NUMBERS].lengths_of(rows)
        return RetrievalBatch(
            tuple(self.images.collate(columns, part) for part in parts),
            tuple(self.texts.collate(one, np.arange(len(one))) for one in texts),
            torch.from_numpy(np.repeat(np.arange(len(rows)), counts_B)),
            torch.from_numpy(columns.ragged[_NUMBERS].flat(rows)[0]),
        )

    def _vectors(self, model: DualEncoder, batch: RetrievalBatch) -> tuple[Tensor, Tensor]:
        """Compute the vectors of images [B, D] and of texts [M, D]; activations of parts are computed twice."""
        again = len(batch.images) > 1 and torch.is_grad_enabled()

        def read(source: Any, name: str) -> Tensor:
            if again:
                return checkpoint(model.vector, source, name, use_reentrant=False)
            return model.vector(source, name)

        images = torch.cat([read(one, IMAGE) for one in batch.images])
        return images, torch.cat([read(one, TEXT) for one in batch.texts])

    def loss(self, model: nn.Module, batch: RetrievalBatch, step: int) -> Loss:  # noqa: ARG002  (no schedule here)
        """Compute the contrastive loss, summed over texts; the count is their number."""
        assert isinstance(model, DualEncoder)
        images_BD, texts_MD = self._vectors(model, batch)
        with torch.autocast(images_BD.device.type, enabled=False):
            logits_BM = model.scale * (images_BD @ texts_MD.T)
            right_BM = right_pairs(batch.owner_M, batch.number_M, pictures=len(images_BD))
            if model.bias is None:
                total = infonce_loss(logits_BM, batch.owner_M, right_BM)
            else:
                total = sigmoid_loss(logits_BM + model.bias, right_BM)
        return Loss(total, total.new_tensor(len(texts_MD)))

    def predict(self, model: nn.Module, batch: RetrievalBatch) -> list[tuple[np.ndarray, np.ndarray]]:
        """Compute the vectors of each image and of its texts."""
        assert isinstance(model, DualEncoder)
        images_BD, texts_MD = (one.float().cpu().numpy() for one in self._vectors(model, batch))
        counts_B = torch.bincount(batch.owner_M, minlength=len(images_BD)).cumsum(0).tolist()
        ends = list(pairwise([0, *counts_B]))
        return [(image_D, texts_MD[start:end]) for image_D, (start, end) in zip(images_BD, ends, strict=True)]

    def answers(self, parts: Sequence[tuple[np.ndarray, np.ndarray]], columns: Columns) -> list[RetrievalAnswer]:
        """Compare each image with its first text."""
        del columns
        return [
            RetrievalAnswer(float(image_D.astype(np.float64) @ texts_MD[0].astype(np.float64)), image_D, texts_MD)
            for image_D, texts_MD in parts
        ]

    def average(self, answers: Sequence[Sequence[RetrievalAnswer]]) -> list[RetrievalAnswer]:
        """Raise InputError: the directions of vectors are those of their model."""
        del answers
        raise InputError("the vectors of several models cannot be averaged: each has directions of its own")

    def quick_scores(self, answers: Sequence[RetrievalAnswer], examples: Sequence[CaptionedImage]) -> dict[str, float]:
        """Compute the recalls both ways."""
        found = model_scores(_vectors(answers), examples)
        return {name: found[name].value for name in QUICK}

    def score(self, answers: Sequence[RetrievalAnswer], examples: Sequence[CaptionedImage]) -> Scores:
        """Compute all scores; details are chance, and some queries with what is found for them."""
        return all_scores(_vectors(answers), examples)

    def learned_floors(
        self, train: Sequence[CaptionedImage], answers: Sequence[RetrievalAnswer], examples: Sequence[CaptionedImage]
    ) -> dict[str, Any]:
        """Compare with the texts of the training image that has the nearest pixels."""
        texts = [text for one in examples for text in one.texts]
        if len(texts) > SEARCHED:
            return {}
        known = [train[at] for at in range(0, len(train), max(1, len(train) // SEARCHED))]
        places = nearest_images([one.image for one in examples], [one.image for one in known])
        index = TfIdf(texts)
        scores_BM = np.stack([index.scores(" ".join(known[at].texts)) for at in places.tolist()])
        name = "the training image with the nearest pixels"
        floor = {name: Floor.of(floor_scores(scores_BM, examples))}
        return beside(model_scores(_vectors(answers), examples), floor)

    def record(self, answer: RetrievalAnswer, example: CaptionedImage) -> dict[str, Any]:
        """Return the image, its texts, and the cosine of the first."""
        return {
            "image": example.image,
            "texts": list(example.texts),
            "answer": round(answer.cosine, 6),
            **({"line": example.line} if example.line else {}),
        }

    def notes(self, columns: Mapping[str, Columns]) -> list[str]:
        """Describe the loss and both inputs."""
        what = {"infonce": "picked from the others of its batch", "sigmoid": "told from each other one of its batch"}
        loss = self.config.loss.kind
        said = f"learned by the loss `{loss}`: what belongs together is {what[loss]}"
        return [said, *self.images.notes(columns), *self.texts.notes(columns)]


def _vectors(answers: Sequence[RetrievalAnswer]) -> Vectors:
    return Vectors(np.stack([one.image_D for one in answers]), np.concatenate([one.texts_MD for one in answers]))
