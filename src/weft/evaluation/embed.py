"""Vectors of texts and images by a trained model: of length 1, so that products are cosines."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from torch import nn

from weft.data.loader import by_length
from weft.errors import InputError
from weft.evaluation.evaluate import BATCH_ROWS, BATCH_TOKENS
from weft.inputs.base import Alone
from weft.models.autoencoder import Autoencoder
from weft.models.classifier import PooledEncoder
from weft.models.dual_encoder import DualEncoder
from weft.tasks.base import Task


def embed(
    task: Task,
    model: nn.Module,
    values: Sequence[str],
    *,
    device: torch.device,
    width: int | None = None,
    kind: Alone = "text",
) -> np.ndarray:
    """Compute the vector of each text or image, float32 [E, D], of length 1; zero for a text of which nothing is known.

    Of a text that is read in windows it is the mean of theirs.

    Args:
        task: of a model that reads one text, or one image, alone.
        model: in evaluation mode.
        values: any number of texts, or of paths of images.
        device: of the model.
        width: the first so many numbers are taken, scaled anew; None: all.
        kind: of the values.

    Raises:
        ConfigError: the model makes no vector of such a value.
        InputError: the vectors are not so wide.

    """
    read = task.reads_alone(kind)
    assert isinstance(model, PooledEncoder | DualEncoder | Autoencoder)
    vector = partial(model.vector, name=kind) if isinstance(model, DualEncoder) else model.vector
    if width is not None and not 0 < width <= model.width:
        raise InputError(f"expected a width from 1 to {model.width}, found {width}", where="width")
    sums_ED = np.zeros((len(values), model.width), dtype=np.float32)
    columns = read.encode([[text] for text in values] if kind == "text" else values) if values else None
    if columns is not None:
        with torch.inference_mode():
            for rows in by_length(columns.cost_R, batch_rows=BATCH_ROWS, batch_tokens=BATCH_TOKENS):
                vectors_BD = vector(read.collate(columns, rows).to(device)).float().cpu().numpy()
                np.add.at(sums_ED, columns.owner_R[rows], vectors_BD)
    sums_ED = sums_ED[:, :width]
    return sums_ED / np.maximum(np.linalg.norm(sums_ED, axis=1, keepdims=True), 1e-9)
