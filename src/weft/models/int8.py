"""Dynamic 8-bit quantization of the linear layers of a trained network, for predictions on CPUs."""

from __future__ import annotations

import copy
import warnings
from typing import TypeVar

import torch
from torch import Tensor, nn

from weft.models.base import Decoder

Network = TypeVar("Network", bound=nn.Module)


class Int8Linear(nn.Module):
    """A linear layer with weights in 8 bits, scaled by output, and inputs in 7, scaled anew at each call.

    All rows of a call share their scale, so that an output depends a little on the rows beside it. Seven bits, as the
    sums of products on CPUs without VNNI would overflow (Khudia et al. 2021, section 3).
    """

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        scale = weight.detach().abs().amax(1).clamp_min(1e-12).double() / 127
        zero = torch.zeros(len(weight), dtype=torch.long)
        with (
            warnings.catch_warnings()
        ):  # torch 2.13 means to drop this type of tensor, but has no other way to pack yet
            warnings.filterwarnings("ignore", message=".*quantize", category=UserWarning)
            whole = torch.quantize_per_channel(weight.detach().float(), scale, zero, 0, torch.qint8)
        self.packed = torch.ops.quantized.linear_prepack(whole, None if bias is None else bias.detach().float())

    def forward(self, values: Tensor) -> Tensor:
        """Map inputs [..., in] to outputs [..., out]."""
        return torch.ops.quantized.linear_dynamic(values, self.packed, True)


def in_int8(network: Network) -> Network:
    """Return a copy of a network on the CPU, all of whose linear layers are in 8 bits, that which scores tokens too.

    It answers and cannot be trained. Layers with sub-layers of their own (recurrent ones) stay as they are.
    """
    network = copy.deepcopy(network).cpu().eval()
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Linear):
                setattr(module, name, Int8Linear(child.weight, child.bias))
        if isinstance(module, Decoder) and module.scores_by_embedding:
            # the method is shadowed: the table it multiplies by also embeds, and stays as it is for that
            vars(module)["scores"] = Int8Linear(module.embedding.weight, getattr(module, "bias_V", None))  # ty: ignore
    return network
