"""Writes the gradient of a global batch of every small task, as the optimisers get it; run as one of some processes."""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.small_tasks import SMALL_TASKS, SmallTask, drawn_by_place
from weft.training import distributed, loop
from weft.training.distributed import Group


class Taken(Exception):
    """The gradient is there: no step is to be taken."""


def gradients(group: Group) -> dict[str, torch.Tensor]:
    """The gradients of all weights, `task: weight`, summed over the processes and divided."""
    found: dict[str, torch.Tensor] = {}
    divide, rand = loop.divide_and_clip, torch.rand

    def take(*given, **more):
        divide(*given, **more)
        raise Taken

    loop.divide_and_clip, torch.rand = take, drawn_by_place
    try:
        for small in SMALL_TASKS:
            job = _job(small, group)
            try:
                list(loop.train(job))
            except Taken:
                found |= {f"{small.name}: {name}": one.grad.to_dense() for name, one in job.model.named_parameters()}
    finally:
        loop.divide_and_clip, torch.rand = divide, rand
    return found


def _job(small: SmallTask, group: Group) -> loop.Job:
    """One step on nine rows in float64: two processes get five and four of them."""
    return loop.Job(
        task=small.task,
        model=small.built(small.task).double(),
        columns=small.columns,
        dev_columns=small.columns,
        dev_examples=small.examples,
        config=small.config(batch_rows=9, clip=None).training,
        seed=0,
        device=torch.device("cpu"),
        precision="float64",
        group=group,
    )


if __name__ == "__main__":
    joined, _ = distributed.join(torch.device("cpu"))
    torch.set_num_threads(1)
    both = gradients(joined)
    if joined.leads:
        save_file(both, sys.argv[1])
    joined.wait()
