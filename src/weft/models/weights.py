"""The weights of a network by name, each tensor once, for saving and loading."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn


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
    mine = own_weights(network)
    if mine.keys() != weights.keys():
        odd = sorted(mine.keys() ^ weights.keys())
        raise KeyError(f"weights of another network: {odd[0]}")
    for name, value in mine.items():
        if value.shape != weights[name].shape:
            raise RuntimeError(f"{name} has the shape {list(weights[name].shape)}, expected {list(value.shape)}")
    for name, value in mine.items():
        value.copy_(weights[name])
