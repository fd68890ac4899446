"""The private parts of torch that weft needs, under names of our own: where a release breaks one, it breaks here.

The functions on lists of tensors change all of them by one call, which is what makes a step of many small weights fast;
torch's own optimisers are made of them.
"""

from __future__ import annotations

import torch
from torch import Tensor

add_each = torch._foreach_add
"""Add to each tensor of a list that of another list, or a number; returns a new list."""
add_each_ = torch._foreach_add_
"""Add in place."""
multiply_each_ = torch._foreach_mul_
"""Multiply each tensor by a number or a tensor [], in place."""
add_products_ = torch._foreach_addcmul_
"""Add to each tensor the product of two others, times a number, in place."""
add_quotients_ = torch._foreach_addcdiv_
"""Add to each tensor the quotient of two others, times a number, in place."""
root_each = torch._foreach_sqrt
"""Take the square root of each tensor; returns a new list."""
move_each_ = torch._foreach_lerp_
"""Move each tensor a share of the way to that of another list, in place."""
norm_each = torch._foreach_norm
"""Take the Euclidean norm of each tensor, [] each."""
adam_ = torch._fused_adam_
"""Take one step of Adam with L2 decay, in place."""
adamw_ = torch._fused_adamw_
"""Take one step of Adam with decoupled weight decay, in place."""


def listed_rows(gradient: Tensor) -> tuple[Tensor, Tensor]:
    """Return the rows [N] of a table that a sparse gradient lists, and their parts [N, D], none merged."""
    return gradient._indices()[0], gradient._values()


def seed_cpu(seed: int) -> None:
    """Seed the draws on the CPU; `torch.manual_seed` takes a hundred times as long, noting it for GPUs too."""
    torch.default_generator.manual_seed(seed)


def cpu_has_bfloat16() -> bool:
    """Whether the CPU has instructions for bfloat16."""
    return torch.cpu._is_avx512_bf16_supported()
