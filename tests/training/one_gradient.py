"""Run as a program, alone or under torchrun: writes the gradient of one global batch, as the optimisers get it."""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.training.conftest import small_job, small_pairs_job, without_dropout
from weft.training import distributed, loop

encoder, path = sys.argv[1:]
group, _ = distributed.join(torch.device("cpu"))
sets = ["training.epochs=1", "training.batch_rows=32", "training.precision=float64", "training.clip=null"]
if encoder == "pairs":
    job = small_pairs_job("transformer", *sets, "task.decoder.dropout=0", group=group)
else:
    job = small_job(encoder, *sets, *without_dropout(encoder), group=group)
divide = loop.divide_and_clip


def divide_and_write(*given, **more):
    divide(*given, **more)
    if group.leads:
        save_file({name: one.grad.to_dense() for name, one in job.model.named_parameters()}, path)
    group.wait()
    sys.exit()


loop.divide_and_clip = divide_and_write
list(loop.train(job))
