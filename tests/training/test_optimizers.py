"""Our optimisers against torch's own, and what is saved by not using those."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from weft.training import checkpoint, optim
from weft.training.checkpoint import Progress

Reference = Callable[[list[nn.Parameter]], torch.optim.Optimizer]
CASES: dict[str, tuple[optim.OptimizerConfig, Reference]] = {
    "adamw": (
        optim.AdamWConfig(learning_rate=0.1),
        lambda every: torch.optim.AdamW([{"params": every[:1]}, {"params": every[1:], "weight_decay": 0}], 0.1),
    ),
    "adam": (optim.AdamConfig(learning_rate=0.1), lambda every: torch.optim.Adam(every, 0.1)),
    "adam-l2": (
        optim.AdamConfig(learning_rate=0.1, weight_decay=0.1, betas=(0.5, 0.9)),
        lambda every: torch.optim.Adam(every, 0.1, (0.5, 0.9), weight_decay=0.1),
    ),
    "sgd": (optim.SgdConfig(), lambda every: torch.optim.SGD(every, 0.1)),
    "sgd-momentum": (
        optim.SgdConfig(momentum=0.9, weight_decay=0.1),
        lambda every: torch.optim.SGD(every, 0.1, 0.9, weight_decay=0.1),
    ),
    "adagrad": (optim.AdagradConfig(per="entry"), lambda every: torch.optim.Adagrad(every, 0.3)),
    "rmsprop": (optim.RmspropConfig(), lambda every: torch.optim.RMSprop(every, 1e-3, 0.99)),
}
every_case = pytest.mark.parametrize(("config", "reference"), CASES.values(), ids=CASES)
SHAPES = [(4, 3), (3,), (1,)]


def fresh() -> list[nn.Parameter]:
    torch.manual_seed(0)
    return [nn.Parameter(torch.randn(shape, dtype=torch.float64)) for shape in SHAPES]


def give_gradients(step: int, parameters: list[nn.Parameter]) -> None:
    """The gradients of a step; now and then the last parameter has none."""
    draw = torch.Generator().manual_seed(step)
    for parameter in parameters:
        parameter.grad = torch.randn(parameter.shape, generator=draw, dtype=torch.float64)
    if step % 3 == 0:
        parameters[-1].grad = None


@every_case
def test_the_weights_are_those_of_torch(config: optim.OptimizerConfig, reference: Reference) -> None:
    ours, theirs = fresh(), fresh()
    optimizers = config.build(ours), reference(theirs)
    assert config.kind in {kind().kind for kind in optim.OPTIMIZERS}
    for step in range(12):
        for optimizer, parameters in zip(optimizers, (ours, theirs), strict=True):
            if step:
                give_gradients(step, parameters)
            for group in optimizer.param_groups:
                group["lr"] *= 0.9
            optimizer.step()
            optimizer.zero_grad()
    assert all(one.grad is None for one in ours)
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


def test_of_vectors_adagrad_by_rows_is_that_by_entries() -> None:
    rows, entries = fresh()[1:], fresh()[1:]
    pairs = [(optim.AdagradConfig().build(rows), rows), (optim.AdagradConfig(per="entry").build(entries), entries)]
    for step in range(1, 6):
        for optimizer, parameters in pairs:
            give_gradients(step, parameters)
            optimizer.step()
    for one, other in zip(rows, entries, strict=True):
        torch.testing.assert_close(one, other)


@every_case
def test_a_checkpoint_brings_the_state_back(
    tmp_path: Path, config: optim.OptimizerConfig, reference: Reference
) -> None:
    def steps(model: nn.Module, optimizer: Any, numbers: range) -> None:
        for step in numbers:
            give_gradients(step, list(model.parameters()))
            optimizer.step()

    torch.manual_seed(0)
    whole, resumed = nn.Linear(3, 2).double(), nn.Linear(3, 2).double()
    optimizer = config.build(list(whole.parameters()))
    steps(whole, optimizer, range(4))
    path = checkpoint.save(tmp_path, Progress(step=4), whole, [optimizer], {})
    steps(whole, optimizer, range(4, 8))
    again = config.build(list(resumed.parameters()))
    checkpoint.restore(path, resumed, [again])
    steps(resumed, again, range(4, 8))
    assert torch.equal(whole.weight, resumed.weight)
    assert torch.equal(whole.bias, resumed.bias)
    theirs = reference(list(whole.parameters()))
    steps(whole, theirs, range(1, 2))
    if config.kind in ("adamw", "adam"):
        assert again.state[resumed.weight].keys() == theirs.state[whole.weight].keys(), "the names of torch"


def test_to_train_does_not_import_torchs_compiler() -> None:
    program = """
import sys, torch
from torch import nn
from weft.training import optim
layer = nn.Linear(2, 1)
dense = optim.AdagradConfig(per="entry")
for kind in (optim.AdamWConfig(), optim.AdamConfig(), optim.SgdConfig(), optim.RmspropConfig(), dense):
    layer(torch.ones(1, 2)).sum().backward()
    (optimizer,) = optim.build(layer, kind, table_rate=0.1)
    optimizer.step()
    optimizer.zero_grad()
    print(kind.kind, "torch._dynamo" in sys.modules)
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said.split()[1::2] == ["False"] * 5, said
