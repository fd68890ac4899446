"""Autoencoding: images without labels, each squeezed into a vector from which it is drawn again, to be searched by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from torch import nn

from weft.data.batch import Pixels
from weft.data.columns import Columns
from weft.data.examples.captioned import CaptionedImage, OneValue
from weft.data.sources import Table
from weft.errors import ConfigError, InputError
from weft.inputs.base import Alone, Input, no_vector
from weft.inputs.image import ImageInput
from weft.metrics.floors import Floor, beside
from weft.metrics.systems import CorpusScore, intervals
from weft.models.augmentation import AugmentationConfig
from weft.models.autoencoder import Autoencoder
from weft.tasks.base import AnswerForm, Task
from weft.tasks.decided_by_rows import Fitted
from weft.tasks.described_images import DescribedImages
from weft.tasks.results import Loss, Scores

STILL = AugmentationConfig(flip=False, shift=0)
"""No changes: the encoder sees images as they are to be drawn."""
_NUMBERS = 100_000_000
"""Largest number of colours of training images whose principal components are computed."""
SHOWN, FOUND = 12, 8
"""Number of images that are shown with those most like them, and how many of these."""


@dataclass(frozen=True, slots=True)
class DrawnImage:
    """The vector of an image [D], and the squared errors of its drawing and of the mean colours, summed over it."""

    vector_D: np.ndarray
    error: float
    spread: float


class AutoencodingConfig(DescribedImages):
    """Settings of an autoencoder of images: they are read, squeezed into vectors, and drawn again."""

    kind: Literal["autoencoding"] = "autoencoding"
    answers_with: ClassVar[AnswerForm] = "score"
    example_type: ClassVar[type[Any]] = CaptionedImage
    further_columns: ClassVar[tuple[str, ...]] = ("image",)
    parts: ClassVar[tuple[str, ...]] = ()
    headline: ClassVar[tuple[str, ...]] = ("r2",)
    page: ClassVar[str] = "gallery"
    next_step: ClassVar[str] = "next: weft search {} IMAGES --image IMAGE"
    objective: ClassVar[str | None] = "autoencoder"
    width: int = Field(default=128, ge=1)
    """Width of the vectors: the fewer numbers, the less of an image is kept."""
    hidden: float = Field(default=0.25, ge=0, lt=1)
    """Share of each training image that is hidden from the encoder, in patches of random places, and has to be drawn
    all the same: a denoising autoencoder (Vincent et al. 2008); 0 is a plain one."""

    centering: float = Field(default=1.0, ge=0)
    """Weight in the loss of the squared length of the mean vector of a batch: at 0 all vectors may point the same way,
    and their cosines tell less."""

    @property
    def split_rule(self) -> str:
        """Rule by which examples are held out."""
        return "equal images are kept in one split"

    @property
    def part_configs(self) -> tuple[Any, ...]:
        """The encoder."""
        return (self.image.encoder,)

    def read(self, table: Table) -> Iterator[CaptionedImage]:
        """Yield the images of a table; a row without one is refused."""
        for row in table:
            try:
                yield CaptionedImage(self.image.value_of(row), (), row.line)
            except InputError as error:
                table.reject(row.line, error.what, column=self.image.name, hint=error.hint)

    def example(self, text: str, second: str | None = None) -> CaptionedImage:
        """Make an example of the path of an image."""
        del second
        return self.example_of({self.image.name: text})

    def example_of(self, fields: Mapping[str, Any]) -> CaptionedImage:
        """Make an example of the path of an image, by the name of its column."""
        (name,) = fields
        return CaptionedImage(str(fields[name]), ())

    def question_of(self, example: CaptionedImage) -> CaptionedImage:
        """Return the example: there is no right answer but the image."""
        return example

    def filter_training(self, examples: Sequence[CaptionedImage]) -> tuple[list[CaptionedImage], list[str]]:
        """Return the examples: none is left out."""
        return list(examples), []

    def fitted(self, examples: Sequence[Any], *, device: str, by_steps: Sequence[str] = ()) -> Fitted:
        """Take batches of 64 images."""
        del examples, device, by_steps
        return Fitted(self, {"batch_rows": 64, "batch_tokens": None})

    def learn(self, examples: Sequence[CaptionedImage]) -> Autoencoding:
        """Learn how images are read. Raises ConfigError for an encoder whose weights are frozen."""
        if self.image.encoder.ready().keeps_features:
            hint = "take `resnet` or `vit`; by a frozen one images are searched without training (--task retrieval)"
            raise ConfigError(f"`{self.image.encoder.kind}` learns nothing", where="task.image.encoder", hint=hint)
        images = OneValue.each(self.image.name, (one.image for one in examples))
        config = self.model_copy(update={"image": self.image.decided(images, classes=2)})
        return Autoencoding(config, config.image.learned(images))

    def load(self, folder: Path) -> Autoencoding:
        """Load what `Autoencoding.save` wrote."""
        return Autoencoding(self, self.image.loaded(folder))


class Autoencoding(Task):
    """The input of images."""

    config: AutoencodingConfig
    metric: ClassVar[str] = "r2"
    metrics: ClassVar[tuple[str, ...]] = ("r2",)

    def __init__(self, config: AutoencodingConfig, read: ImageInput) -> None:
        self.config, self.input = config, read

    def save(self, folder: Path) -> None:
        """Write how images are read."""
        self.input.save(folder)

    def build_model(self) -> Autoencoder:
        """Build encoder and decoder, with fresh weights."""
        spec: Any = self.input.spec()
        known = self.config.image.encoder
        still = known.model_copy(update={"augmentation": STILL})
        augmentation = known.augmentation.build(colors=spec.colors)
        return Autoencoder(still.build(spec), spec, augmentation, width=self.config.width, hidden=self.config.hidden)

    def reads_alone(self, kind: Alone = "text") -> Input[Any, Any]:
        """Return the input of images. Raises ConfigError for texts."""
        if kind != "image":
            raise no_vector(kind, task=self.config.kind)
        return self.input

    def encode(self, examples: Sequence[CaptionedImage]) -> Columns:
        """Decode the images."""
        return self.input.encode([one.image for one in examples])

    def check(self, examples: Sequence[CaptionedImage]) -> list[str]:
        """Find nothing: every image is its own right answer."""
        del examples
        return []

    def collate(self, columns: Columns, rows: np.ndarray) -> Pixels:
        """Gather some images."""
        found = self.input.collate(columns, rows)
        assert isinstance(found, Pixels)
        return found

    def loss(self, model: nn.Module, batch: Pixels, step: int) -> Loss:  # noqa: ARG002  (no schedule here)
        """Compute the squared error of a colour, and the squared length of the mean vector, summed over images."""
        assert isinstance(model, Autoencoder)
        vector_BD, error_B, _ = model(batch)
        total = error_B.sum() / batch.bytes_BCXY[0].numel()
        off_center = self.config.centering * len(error_B) * vector_BD.mean(0).square().sum()
        return Loss(total + off_center, torch.tensor(float(len(error_B))).to(total))

    def predict(self, model: nn.Module, batch: Pixels) -> list[DrawnImage]:
        """Compute the vector of each image, and the errors of its drawing."""
        assert isinstance(model, Autoencoder)
        vectors, errors, spreads = (one.float().cpu().numpy() for one in model(batch))
        return [DrawnImage(*one) for one in zip(vectors, errors.tolist(), spreads.tolist(), strict=True)]

    def answers(self, parts: Sequence[DrawnImage], columns: Columns) -> list[DrawnImage]:
        """Return the answers: each image has one row."""
        del columns
        return list(parts)

    def average(self, answers: Sequence[Sequence[DrawnImage]]) -> list[DrawnImage]:
        """Raise InputError: the directions of vectors are those of their model."""
        del answers
        raise InputError("the vectors of several models cannot be averaged: each has directions of its own")

    def quick_scores(self, answers: Sequence[DrawnImage], examples: Sequence[CaptionedImage]) -> dict[str, float]:
        """Compute the share of the variance of the colours that the drawings explain."""
        del examples
        return {"r2": _explained(answers).value}

    def score(self, answers: Sequence[DrawnImage], examples: Sequence[CaptionedImage]) -> Scores:
        """Compute the explained share with its interval; details are some images with those most like them."""
        found = {"r2": _explained(answers)}
        return Scores(intervals(found), {"images": len(examples), "sheets": {"alike": _alike(answers, examples)}})

    def learned_floors(
        self, train: Sequence[CaptionedImage], answers: Sequence[DrawnImage], examples: Sequence[CaptionedImage]
    ) -> dict[str, Any]:
        """Compare with as many principal components of the training images as the vectors are wide."""
        numbers = int(np.prod(self.collate(self.encode(train[:1]), np.arange(1)).bytes_BCXY.shape))
        known = train[:: max(1, -(-len(train) * numbers // _NUMBERS))]
        width = min(self.config.width, len(known) - 1)
        if width < 1:
            return {}
        mean_P, axes_PD = principal_axes(self._colors(known), width=width)
        error_E, spread_E = [], []
        for start in range(0, len(examples), 500):
            part_EP = self._colors(examples[start : start + 500])
            apart_EP = part_EP - mean_P
            left_EP = apart_EP - (apart_EP @ axes_PD) @ axes_PD.T
            error_E.append(left_EP.square().sum(1).numpy())
            spread_E.append(part_EP.square().sum(1).numpy())
        floor = Floor.of({"r2": _of(np.concatenate(error_E), np.concatenate(spread_E))})
        return beside({"r2": _explained(answers)}, {f"{width} principal components of the colours": floor})

    def _colors(self, examples: Sequence[CaptionedImage]) -> torch.Tensor:
        """Return the standardised colours of images, [E, P]."""
        pixels = self.collate(self.encode(examples), np.arange(len(examples))).bytes_BCXY.float()
        mean, deviation = (torch.tensor(one)[:, None, None] for one in (self.input.mean, self.input.deviation))
        return ((pixels - mean) / deviation).flatten(1)

    def record(self, answer: DrawnImage, example: CaptionedImage) -> dict[str, Any]:
        """Return the image, and how much of its variance is explained."""
        explained = round(1 - answer.error / max(answer.spread, 1e-9), 6)
        return {"image": example.image, "answer": explained, **({"line": example.line} if example.line else {})}

    def notes(self, columns: Mapping[str, Columns]) -> list[str]:
        """Describe the images, and what is kept of each."""
        spec: Any = self.input.spec()
        numbers = spec.colors * spec.size**2
        kept = f"each image, {numbers:,} numbers, is squeezed into {self.config.width} and drawn again"
        hidden = f"; {self.config.hidden:.0%} of it is hidden in training" if self.config.hidden else ""
        return [*self.input.notes(columns), f"{kept}{hidden}"]


def principal_axes(colors_EP: torch.Tensor, *, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the mean [P] and the first principal axes [P, D] of rows, by the smaller one of both products."""
    mean_P = colors_EP.mean(0)
    apart_EP = colors_EP - mean_P
    if len(apart_EP) < apart_EP.shape[1]:
        _, vectors = torch.linalg.eigh(apart_EP @ apart_EP.T)
        axes_PD = apart_EP.T @ vectors[:, -width:]
        return mean_P, axes_PD / axes_PD.norm(dim=0).clamp_min(1e-9)
    _, vectors = torch.linalg.eigh(apart_EP.T @ apart_EP)
    return mean_P, vectors[:, -width:]


def _explained(answers: Sequence[DrawnImage]) -> CorpusScore:
    return _of(*(np.array([getattr(one, name) for one in answers]) for name in ("error", "spread")))


def _of(error_E: np.ndarray, spread_E: np.ndarray) -> CorpusScore:
    statistics = np.stack([error_E, spread_E], 1).astype(np.float64)
    return CorpusScore("explained variance of the standardised colours", statistics, _share)


def _share(sums: np.ndarray) -> np.ndarray:
    return 1 - sums[..., 0] / np.maximum(sums[..., 1], 1e-9)


def _alike(answers: Sequence[DrawnImage], examples: Sequence[CaptionedImage]) -> list[dict[str, Any]]:
    """Return some images, evenly over the set, with those most like them."""
    vectors_ED = np.stack([one.vector_D for one in answers])
    found = []
    for place in np.linspace(0, len(examples) - 1, min(SHOWN, len(examples)), dtype=np.int64).tolist():
        cosine_E = vectors_ED @ vectors_ED[place]
        nearest = [one for one in np.argsort(-cosine_E, kind="stable").tolist() if one != place][:FOUND]
        near = [{"image": examples[one].image, "score": float(cosine_E[one])} for one in nearest]
        found.append({"query": examples[place].image, "found": near})
    return found
