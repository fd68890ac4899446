"""Data-parallel training by several processes (torchrun): the rank of this one, and sums over all.

Gradients are summed here, once a step after all micro-batches, and not by `DistributedDataParallel`: a slice of a
global batch may be empty, tables may have sparse gradients, and the one division by the global count comes after.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn

from weft.models.torch_private import listed_rows


@dataclass(frozen=True, slots=True)
class Group:
    """The rank of this process among `world`; rank 0 writes files and reports."""

    rank: int = 0
    world: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process writes and speaks."""
        return self.rank == 0

    def sum(self, values: Tensor) -> Tensor:
        """Sum a tensor over all processes, in place."""
        if self.world > 1:
            dist.all_reduce(values)
        return values

    def from_leader(self, values: Tensor) -> Tensor:
        """Take the values of rank 0, in place."""
        if self.world > 1:
            dist.broadcast(values, 0)
        return values

    def wait(self) -> None:
        """Wait until every process is here."""
        if self.world > 1:
            dist.barrier()

    def sum_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Sum the gradient of every parameter over all processes; one that read nothing adds zero."""
        if self.world == 1:
            return
        for parameter in parameters:
            # which parameters have gradients, and of which layout, depends on data: all must agree before they add
            layout = torch.zeros(2)
            if parameter.grad is not None:
                layout[1 if parameter.grad.is_sparse else 0] = 1
            dense, sparse = self.sum(layout.to(parameter.device)).tolist()
            if sparse:
                parameter.grad = self._sum_sparse(parameter)
            elif dense:
                if parameter.grad is None:
                    parameter.grad = torch.zeros_like(parameter)
                dist.all_reduce(parameter.grad)

    def _sum_sparse(self, parameter: nn.Parameter) -> Tensor:
        if parameter.grad is None:
            rows_N = torch.zeros(0, dtype=torch.long, device=parameter.device)
            values_ND = parameter.new_zeros(0, parameter.shape[1])
        else:
            rows_N, values_ND = listed_rows(parameter.grad)
        counts = torch.zeros(self.world, dtype=torch.long, device=parameter.device)
        counts[self.rank] = len(rows_N)
        longest = int(self.sum(counts).max())
        all_rows = [rows_N.new_zeros(longest) for _ in range(self.world)]
        all_values = [values_ND.new_zeros(longest, parameter.shape[1]) for _ in range(self.world)]
        padding = longest - len(rows_N)
        dist.all_gather(all_rows, nn.functional.pad(rows_N, (0, padding)))
        dist.all_gather(all_values, nn.functional.pad(values_ND, (0, 0, 0, padding)))
        rows = torch.cat([part[:count] for part, count in zip(all_rows, counts.tolist(), strict=True)])
        values = torch.cat([part[:count] for part, count in zip(all_values, counts.tolist(), strict=True)])
        return torch.sparse_coo_tensor(rows[None], values, parameter.shape, check_invariants=False)


def leads() -> bool:
    """Whether this process writes and speaks, among those that torchrun has started; asked before `join`."""
    return int(os.environ.get("RANK", "0")) == 0


def join(device: torch.device) -> tuple[Group, torch.device]:
    """Join the group of this process, of one without torchrun; returns it and the device of the process."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        return Group(), device
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(device)
    if not dist.is_initialized():
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
        # it has threads of its own, and a process that ends before them may end in an abort
        atexit.register(dist.destroy_process_group)
    return Group(dist.get_rank(), world), device
