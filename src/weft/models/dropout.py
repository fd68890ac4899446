"""Dropout that draws few random numbers."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_ALL = -(2**63), 2**63 - 1


class Dropout(nn.Module):
    """Zeroes entries with probability `rate` while training, and scales the others so that the mean stays.

    As `nn.Dropout` (Srivastava et al. 2014, section 4), but on CPU each entry takes 8 random bits in place of a number
    of its own: to draw those took a seventh of the time of training a CNN. So the rate is the nearest multiple
    of 1/256 there, and the scale is that of this multiple.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def extra_repr(self) -> str:
        """Show the probability in the module's description."""
        return f"rate={self.rate}"

    def forward(self, values: Tensor) -> Tensor:
        """Drop entries; the shape stays."""
        return dropped(values, self.rate) if self.training else values


def dropped(values: Tensor, rate: float) -> Tensor:
    """Zero entries with probability `rate`; draws from torch's global generator."""
    if rate == 0 or values.device.type != "cpu":
        return functional.dropout(values, rate)
    zeroed = round(256 * rate)
    words = torch.empty(-(-values.numel() // 8), dtype=torch.int64).random_(*_ALL)
    kept = (words.view(torch.uint8)[: values.numel()] >= zeroed).view(values.shape)
    return values * kept.to(values.dtype).mul_(256 / (256 - zeroed) if zeroed < 256 else 0.0)
