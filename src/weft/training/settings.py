"""The settings of training, with the batch size and the precision that follow from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import torch
from pydantic import BeforeValidator, Field

from weft.config import Config
from weft.errors import ConfigError
from weft.models.base import PartConfig, Precision
from weft.models.torch_private import cpu_has_bfloat16
from weft.training.optim import AdamWConfig, OptimizerChoice, Schedule


def _several(given: Any) -> Any:
    """Return a list of one file for its name alone."""
    return (given,) if isinstance(given, str) else given


class TrainingConfig(Config):
    """Settings of training."""

    epochs: float = Field(default=6, gt=0, le=1_000_000)
    """Number of passes over the training rows, unless `patience` ends it before; 1.5 sees half of them twice. Where it
    is left out and rows get labels, it is larger for few rows and many labels, which need as many steps; the run names
    it."""
    batch_rows: int | None = Field(default=32, ge=1)
    """Number of rows of a global batch, over all micro-batches and processes; None: 128, or fewer of little data (at
    least 8), so that an epoch has 50 steps; the run names the number."""
    batch_tokens: int | None = Field(default=None, ge=1)
    """Largest number of tokens in a global batch, padding included; None: no such limit."""
    accumulate: int = Field(default=1, ge=1)
    """Number of micro-batches that a global batch is cut into, to save memory; the result stays the same."""
    optimizer: OptimizerChoice = AdamWConfig()
    """Optimiser of all weights but embedding tables."""
    table_rate: float = Field(default=0.03, gt=0)
    """Learning rate of the embedding tables, which row-wise Adagrad changes: only the rows that a batch holds."""
    schedule: Schedule = "linear"
    """Course of the learning rate after the warm-up."""
    warmup: float = Field(default=0.1, ge=0, lt=1)
    """Share of the run in which the learning rate rises from 0."""
    clip: float | None = Field(default=1.0, gt=0)
    """Largest norm of the gradient, to which longer ones are clipped; None: no limit."""
    ema: float | None = Field(default=None, gt=0, lt=1)
    """Decay of an exponential moving average of the weights, such as 0.995, which is then evaluated and kept; None: no
    average."""
    precision: Precision | Literal["auto"] = "auto"
    """Precision of training; `auto`: bfloat16 where all parts of the model train fastest in it on the device, else
    float32; the run names it."""
    metric: str | None = None
    """Score on the dev set by which the best weights are chosen; None: the score that the task names."""
    patience: int | None = Field(default=3, ge=1)
    """Number of evaluations without a better score after which training stops (early stopping); None: it never does."""
    evaluate_every: int | None = Field(default=None, ge=1)
    """Number of steps between evaluations on the dev set; None: they come after each epoch."""
    report_every: int = Field(default=20, ge=1)
    """Number of steps between reports of the loss; a terminal shows each, a log one line in five seconds at most."""
    checkpoint_every: int = Field(default=1000, ge=1)
    """Number of steps between checkpoints; each writes the weights twice, so a large model wants them rare."""


class SelfTrainingConfig(Config):
    """Settings of self-training: a model labels texts that have no label, and the next one learns from the surest."""

    unlabelled: Annotated[tuple[str, ...], Field(min_length=1), BeforeValidator(_several)]
    """Files of texts without labels. Texts of the dev or test set in them are left out, and labels not read."""
    column: str | None = None
    """Column of their text; None: that of the training file, else it is guessed."""
    share: float = Field(default=0.5, gt=0, le=1)
    """Share of the unlabelled texts that a model learns from with the labels of the one before: the surest of each
    label, as many of a label as it has of the labelled texts, so that each label has a threshold of its own. With 100
    and 500 labels of imdb a fifth and four fifths were within 1.5 points of a half."""
    rounds: int = Field(default=1, ge=1, le=20)
    """Number of models that are trained one after another, each with labels of the one before; of all of them and of
    that of the labels alone the best on the dev set is kept. On imdb two more brought a point with 100 labels, and
    nothing with 500."""


OF_STEPS = frozenset(TrainingConfig.model_fields) - {"precision", "metric", "report_every", "checkpoint_every"}
"""The settings that only training by steps has a use for."""


def rows_for(asked: int | None, *, rows: int) -> int:
    """Return the batch size asked for or, where none is, a fiftieth of all `rows`, from 8 to 128."""
    return min(128, max(8, rows // 50)) if asked is None else asked


def epochs_for(steps: int, *, rows: int, batch_rows: int | None) -> int:
    """Return the epochs, 6 to 30, that so many steps take."""
    steps_an_epoch = max(1.0, rows / rows_for(batch_rows, rows=rows))
    return max(6, min(30, round(steps / steps_an_epoch)))


def precision_for(
    parts: Sequence[PartConfig], device: torch.device, *, asked: Precision | Literal["auto"] = "auto"
) -> Precision:
    """Return the precision asked for or, for `auto`, the one in which a model of these parts trains fastest.

    Each part says its own, by device: bfloat16 is taken where all agree on it and the processor has instructions for
    it. It is not measured: a choice by timing would break "same seed, same weights".
    Raises ConfigError where the device cannot do what is asked.
    """
    native = device.type != "cpu" or cpu_has_bfloat16()
    able = native or all(part.bfloat16_on_any_cpu for part in parts)
    if (asked == "bfloat16" and not able) or (asked == "float64" and device.type == "mps"):
        kinds = " + ".join(dict.fromkeys(part.kind for part in parts))
        what = f"`{kinds}` cannot be trained in {asked} on this {device.type}"
        raise ConfigError(what, where="training.precision", hint="leave it out, or take float32")
    if asked != "auto":
        return asked
    if not parts or any(part.precision.get(device.type) != "bfloat16" for part in parts):
        return "float32"
    return "bfloat16" if native and (device.type != "cuda" or torch.cuda.is_bf16_supported()) else "float32"
