"""The head that scores a label or the blank at each position (connectionist temporal classification)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from weft.models.base import Encoder


class CtcModel(nn.Module):
    """An encoder, and one linear layer over each of its states; the blank is the last id."""

    def __init__(self, encoder: Encoder, *, labels: int) -> None:
        super().__init__()
        self.encoder, self.blank = encoder, labels
        self.scores = nn.Linear(encoder.width, labels + 1)

    def forward(self, source: Any) -> tuple[Tensor, Tensor]:
        """Return log-probabilities, float32 [B, S, V + 1], and the number of real positions of each row, [B]."""
        memory = self.encoder(source)
        scores_BSV = self.scores(memory.states_BSD)
        wide = torch.promote_types(scores_BSV.dtype, torch.float32)
        return scores_BSV.to(wide).log_softmax(-1), memory.mask_BS.sum(1)


def ctc_nats(
    log_probabilities_BSV: Tensor, positions_B: Tensor, target_BT: Tensor, lengths_B: Tensor, *, blank: int
) -> Tensor:
    """Return the negative log-probability of each target over all its paths, [B]; 0 for one that has no path.

    A target without a path, for which there are too few positions, has no gradient.
    """
    return functional.ctc_loss(
        log_probabilities_BSV.transpose(0, 1),
        target_BT,
        positions_B,
        lengths_B,
        blank=blank,
        reduction="none",
        zero_infinity=True,
    )
