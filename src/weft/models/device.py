"""Choice of the device that a model runs on: a CPU or a GPU."""

from __future__ import annotations

from typing import Literal

import torch

from weft.errors import DeviceError

Device = Literal["auto", "cpu", "cuda", "mps"]


def pick(name: Device) -> torch.device:
    """Return the device of that name; `auto` takes a GPU if there is one. Raises DeviceError where it is missing."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return torch.device(next(kind for kind, found in there.items() if found))
    if not there[name]:
        found = ", ".join(f"`{kind}`" for kind, available in there.items() if available)
        raise DeviceError(f"there is no device `{name}` that torch can use here", hint=f"found: {found}")
    return torch.device(name)
