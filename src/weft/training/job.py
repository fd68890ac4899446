"""A job of training: the task, the model and the encoded data, with all settings that decide the result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from weft.data.columns import Columns
from weft.tasks.base import Task
from weft.training.distributed import Group
from weft.training.settings import Precision, TrainingConfig


@dataclass(frozen=True, slots=True)
class Job:
    """All that one training needs. `stop` is asked after each step for the number of a signal, 0 for none."""

    task: Task
    model: nn.Module
    columns: Columns
    dev_columns: Columns
    dev_examples: Sequence[Any]
    config: TrainingConfig
    seed: int
    device: torch.device
    precision: Precision = "float32"
    group: Group = field(default_factory=Group)
    checkpoints: Path | None = None
    stop: Callable[[], int] = lambda: 0
    notes: tuple[str, ...] = ()
    """Notes on the fresh weights, reported when training begins."""
    refit: bool = False
    """Whether a model that is solved for may learn from the dev set too, once it has decided what was left open."""

    @property
    def solved(self) -> bool:
        """Whether the model is solved for: so say the configs of all its parts."""
        parts = self.task.config.part_configs
        return bool(parts) and all(getattr(part, "solved", False) for part in parts)
