"""The gradient of a global batch, and runs of `weft train`, in this process or under torchrun as one of several."""

import contextlib
import io
import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.training.conftest import small_job, small_pairs_job, without_dropout
from weft.cli.main import main
from weft.training import distributed, loop
from weft.training.distributed import Group


class Taken(Exception):
    """The gradient is there: no step is to be taken."""


def gradient(kind: str, group: Group) -> dict[str, torch.Tensor]:
    """The gradient of all weights from 32 rows, as the optimisers get it."""
    sets = ["training.epochs=1", "training.batch_rows=32", "training.precision=float64", "training.clip=null"]
    if kind == "pairs":
        job = small_pairs_job("transformer", *sets, "task.decoder.dropout=0", group=group)
    else:
        job = small_job(kind, *sets, *without_dropout(kind), group=group)
    divide = loop.divide_and_clip

    def take(*given, **more):
        divide(*given, **more)
        raise Taken

    loop.divide_and_clip = take
    try:
        list(loop.train(job))
    except Taken:
        return {name: one.grad.to_dense() for name, one in job.model.named_parameters()}
    finally:
        loop.divide_and_clip = divide
    raise AssertionError("no gradient was taken")


def weft(*arguments: str) -> str:
    """Run `weft` with these arguments in this process; returns what it wrote to stderr."""
    before, sys.argv = sys.argv, ["weft", *arguments]
    try:
        with contextlib.redirect_stderr(io.StringIO()) as said:
            main()
    finally:
        sys.argv = before
    return said.getvalue()


if __name__ == "__main__":
    folder, lines = Path(sys.argv[1]), json.loads(sys.argv[2])
    group, _ = distributed.join(torch.device("cpu"))
    for kind in ("cnn", "pairs"):
        found = gradient(kind, group)
        if group.leads:
            save_file(found, folder / f"{kind}.safetensors")
    for name, line in lines.items():
        said = weft(*line)
        (folder / f"{name}-{group.rank}.txt").write_text(said, encoding="utf-8")
    group.wait()
