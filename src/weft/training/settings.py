"""The settings of training; knows what may be set, not what is done with it."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field

from weft.config import Config
from weft.errors import ConfigError
from weft.training.optim import AdamWConfig, OptimizerChoice, Schedule

Precision = Literal["float32", "bfloat16", "float64"]


class TrainingConfig(Config):
    """How weights are found."""

    epochs: float = Field(default=6, gt=0)
    """How often every row is seen, unless `patience` ends it before; 1.5 sees half of them twice."""
    batch_rows: int | None = Field(default=32, ge=1)
    """Rows of a global batch: over all micro-batches and processes; None: 128, or of little data fewer (at least 8), so
    that an epoch has 50 steps; said in the run."""
    batch_tokens: int | None = Field(default=None, ge=1)
    """Also at most so many tokens a global batch, padding included; None: no such limit."""
    accumulate: int = Field(default=1, ge=1)
    """Micro-batches that a global batch is cut into, to save memory; does not change the result."""
    optimizer: OptimizerChoice = AdamWConfig()
    """Of all weights but embedding tables."""
    table_rate: float = Field(default=0.03, gt=0)
    """Learning rate of the embedding tables, which row-wise Adagrad changes: only the rows that a batch holds."""
    schedule: Schedule = "linear"
    """How the learning rate falls after the warm-up."""
    warmup: float = Field(default=0.1, ge=0, lt=1)
    """The share of the run in which the learning rate rises from 0."""
    clip: float | None = Field(default=1.0, gt=0)
    """The largest norm of the gradient; None: no limit."""
    ema: float | None = Field(default=None, gt=0, lt=1)
    """Evaluate and keep an exponential moving average of the weights, of this decay (0.995, say); None: the weights."""
    precision: Precision | Literal["auto"] = "auto"
    """`auto`: by kind of encoder and processor, from a fixed table; said in the run."""
    metric: str | None = None
    """The dev score by which the best weights are chosen; None: the task's own."""
    patience: int | None = Field(default=3, ge=1)
    """Stop after so many evaluations without a better score; None: never."""
    evaluate_every: int | None = Field(default=None, ge=1)
    """Steps between evaluations; None: after each epoch."""
    report_every: int = Field(default=20, ge=1)
    """Steps between reports of the loss; a terminal shows each, a log one line in five seconds at most."""
    checkpoint_every: int = Field(default=1000, ge=1)
    """Steps between checkpoints: each writes the weights twice, so a large model wants them rare."""


def rows_for(asked: int | None, *, rows: int) -> int:
    """The rows of a batch asked for or, where none are, a fiftieth of all `rows`, from 8 to 128."""
    return min(128, max(8, rows // 50)) if asked is None else asked


def precision_for(encoder: str, device: torch.device, *, asked: Precision | Literal["auto"] = "auto") -> Precision:
    """The precision asked for or, for `auto`, the one in which this kind of encoder trains fastest on this device.

    A model of several parts has their kinds with ` + ` between them.

    A table and no measurement: a choice by timing would break "same seed, same weights". Recurrent layers and bags
    are slower in bfloat16 on CPU; a CPU without instructions for bfloat16 is slower in it whatever it runs.
    Raises ConfigError where the device cannot do what is asked.
    """
    kinds = set(encoder.split(" + "))
    native = device.type != "cpu" or torch.cpu._is_avx512_bf16_supported()
    recurrent = bool(kinds & {"rnn", "lstm", "gru"})
    if (asked == "bfloat16" and recurrent and not native) or (asked == "float64" and device.type == "mps"):
        what = f"`{encoder}` cannot be trained in {asked} on this {device.type}"
        raise ConfigError(what, where="training.precision", hint="leave it out, or take float32")
    if asked != "auto":
        return asked
    if device.type == "cuda" and encoder != "bag":
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float32"
    faster = {"cnn", "transformer", "gpt", "pretrained"}
    return "bfloat16" if device.type == "cpu" and native and kinds <= faster else "float32"
