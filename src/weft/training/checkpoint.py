"""Checkpoints, by which training goes on from disk: weights, optimisers, place in the run, scores.

No state of a random generator is kept: the loop seeds each step by its number.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from weft.config import read_saved
from weft.errors import RunFolderError
from weft.files import placed, remove, sweep, write_json, written_folder
from weft.models.weights import own_weights, put_weights
from weft.run_folder import WEIGHTS
from weft.training.ema import Average
from weft.training.optimizers import Optimizer

_NAME = re.compile(r"step-[0-9]{9,}")


@dataclass(slots=True)
class Progress:
    """The place in a run, and what the loop remembers of the way there."""

    step: int = 0
    epoch: int = 0
    batch: int = 0
    """Batches of this epoch that are done."""
    best: list[float] | None = None
    """The score of the best step, and the one that decides a tie, each turned so that more is better."""
    best_step: int = 0
    waited: int = 0
    """Evaluations since the best one."""
    rising: bool = False
    """Whether the last evaluation had the best score, beyond a tie."""
    stopped: bool = False
    """Whether patience ran out."""
    seconds: float = 0.0
    """Seconds spent in steps so far."""
    loss: float = 0.0
    count: float = 0.0
    """The loss and its count since the last report, so that a resumed run reports what the other would have."""


Weights = dict[str, Tensor]


def save(
    folder: Path,
    progress: Progress,
    model: nn.Module,
    optimizers: list[Optimizer],
    best: Weights,
    *,
    average: Average | None = None,
) -> Path:
    """Write a checkpoint under `folder`, whole or not at all, and drop the one before it."""
    path = folder / f"step-{progress.step:09d}"
    with written_folder(path) as fresh:
        tensors = {WEIGHTS: own_weights(model), "best.safetensors": best}
        for number, optimizer in enumerate(optimizers):
            tensors[f"optimizer-{number}.safetensors"] = _optimizer_state(optimizer)
        if average is not None:
            tensors["average.safetensors"] = average.state()
        for name, weights in tensors.items():
            with placed(fresh / name) as part:
                save_file(_plain(weights), part)
        write_json(fresh / "progress.json", asdict(progress))
    sweep(folder)
    for other in _checkpoints(folder):
        if other != path:
            remove(other)
    return path


def drop(folder: Path) -> None:
    """Remove all checkpoints under `folder`, and it too where nothing else is in it."""
    if not folder.is_dir():
        return
    sweep(folder)
    for one in _checkpoints(folder):
        remove(one)
    with suppress(OSError):  # something is in it that no run wrote
        folder.rmdir()


def latest(folder: Path) -> Path | None:
    """Find the newest whole checkpoint under `folder`, if there is one."""
    return max(_checkpoints(folder), default=None)


def _checkpoints(folder: Path) -> list[Path]:
    """List what checkpoints there are: folders of their names, and neither links nor anything else."""
    found = folder.iterdir() if folder.is_dir() else ()
    return [one for one in found if _NAME.fullmatch(one.name) and one.is_dir() and not one.is_symlink()]


def step_of(path: Path) -> int:
    """Return the step after which a checkpoint was written."""
    return int(path.name.removeprefix("step-"))


def restore(
    path: Path, model: nn.Module, optimizers: list[Optimizer], *, average: Average | None = None
) -> tuple[Progress, Weights]:
    """Put a checkpoint back into a model, its optimisers and average; returns the place and the best weights so far.

    Raises RunFolderError where the checkpoint does not fit or is damaged.
    """
    try:
        put_weights(model, load_file(path / WEIGHTS))
        for number, optimizer in enumerate(optimizers):
            saved = load_file(path / f"optimizer-{number}.safetensors")
            for name, mine in _optimizer_state(optimizer).items():
                mine.copy_(saved[name])
        if average is not None:
            average.load(load_file(path / "average.safetensors"))
        return read_saved(path / "progress.json", Progress), load_file(path / "best.safetensors")
    except (OSError, ValueError, KeyError, RuntimeError, TypeError, SafetensorError) as error:
        reason = str(error).splitlines()[0]
        raise RunFolderError(
            f"the checkpoint cannot be read: {reason}", where=str(path), hint="delete it to start afresh"
        ) from None


def _plain(weights: Weights) -> Weights:
    return {name: value.detach().cpu().contiguous() for name, value in weights.items()}


def _optimizer_state(optimizer: Optimizer) -> Weights:
    """Return the tensors of the state themselves, named by the place of their parameter."""
    parameters = [one for group in optimizer.param_groups for one in group["params"]]
    return {
        f"{number}.{name}": value
        for number, parameter in enumerate(parameters)
        for name, value in optimizer.state[parameter].items()
    }
