"""The weights of a network by name, each tensor once, for saving and loading."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor, nn

from weft.errors import ConfigError


def own_weights(network: nn.Module) -> dict[str, Tensor]:
    """Return weights and buffers as `state_dict` gives them; of the names of one tensor (tied weights) the first."""
    named, seen = {}, set()
    for name, value in network.state_dict(keep_vars=True).items():
        if id(value) not in seen:
            seen.add(id(value))
            named[name] = value.detach()
    return named


def put_weights(network: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Copy weights that `own_weights` named into a network. Raises KeyError or RuntimeError where they do not fit."""
    check_fit(network, {name: value.shape for name, value in weights.items()})
    for name, value in own_weights(network).items():
        value.copy_(weights[name])


def check_fit(network: nn.Module, shapes: Mapping[str, Sequence[int]]) -> None:
    """Raise KeyError or RuntimeError where a network does not have the weights of these names and shapes."""
    mine = own_weights(network)
    if mine.keys() != shapes.keys():
        odd = sorted(mine.keys() ^ shapes.keys())
        raise KeyError(f"weights of another network: {odd[0]}")
    for name, value in mine.items():
        if list(value.shape) != list(shapes[name]):
            raise RuntimeError(f"{name} has the shape {list(shapes[name])}, expected {list(value.shape)}")


def saved_shapes(path: Path) -> dict[str, list[int]]:
    """Read the names and shapes of saved weights, and not the weights."""
    with safe_open(path, framework="pt") as file:
        return {name: file.get_slice(name).get_shape() for name in file.keys()}  # noqa: SIM118


def sketch(build: Callable[[], nn.Module]) -> nn.Module | None:
    """Build a network without memory for its weights; None where it has a part that cannot be built so.

    Raises ConfigError for one that does not fit into the memory of this machine.
    """
    try:
        with torch.device("meta"):
            network = build()
    except Exception as error:
        if "overflow" in str(error):
            raise _too_large("more weights than can be counted") from None
        if "meta" in str(error):  # a part of a user's own may compute with its weights while it is built
            return None
        raise
    size = sum(one.numel() * one.element_size() for one in chain(network.parameters(), network.buffers()))
    if size > (memory := _memory()):
        raise _too_large(f"weights of {size / 1e9:,.1f} GB, and this machine has {memory / 1e9:,.1f} GB of memory")
    return network


def _memory() -> float:
    """Return the bytes of memory of this machine; infinity where it does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return float("inf")


def _too_large(what: str) -> ConfigError:
    return ConfigError(f"the model has {what}", where="task", hint="lower its widths, lengths or number of layers")
