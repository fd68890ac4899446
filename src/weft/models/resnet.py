"""A residual convolutional encoder of images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from weft.data.batch import Pixels
from weft.models.augmentation import Augmentation, AugmentationConfig
from weft.models.base import Encoder, EncoderConfig, InputSpec, Memory, Precision

GRID = 48
"""Largest number of positions across and down that the first stage sees; larger images are read in small patches."""


@dataclass(frozen=True, slots=True)
class PixelSpec(InputSpec):
    """Side of the images in pixels, number of colours, and mean and standard deviation of each colour, of 0 to 255."""

    size: int
    colors: int
    mean: tuple[float, ...]
    deviation: tuple[float, ...]


class ImageEncoderConfig(EncoderConfig):
    """Base of the configs of encoders of images."""

    reads: ClassVar[type] = Pixels
    precision: ClassVar[Mapping[str, Precision]] = {"cpu": "bfloat16", "cuda": "bfloat16"}
    any_size: ClassVar[bool] = True
    """False where images have to be of the size that the weights were trained on."""
    augmentation: AugmentationConfig = AugmentationConfig()
    """Random changes of the images while training."""

    @property
    def pixels(self) -> PixelSpec | None:
        """The images that the weights were trained on; None: it takes any."""
        return None

    @property
    def keeps_features(self) -> bool:
        """Whether the features of an image are computed once by `backbone`, which never changes, and kept."""
        return False

    def backbone(self, *, trained: bool) -> nn.Module:
        """Build the network of the features, of `width` at `positions`; `trained`: with pre-trained weights."""
        raise NotImplementedError


class ResnetEncoderConfig(ImageEncoderConfig):
    """Stages of convolutions with residual blocks (He et al. 2016), each at half the resolution of the one before.

    Groups of channels are normalised (Wu and He 2018) and the weights standardised (Qiao et al. 2019): unlike batch
    normalisation, no image depends on the others of its batch.
    """

    kind: Literal["resnet"] = "resnet"
    recommended: ClassVar[Mapping[str, Any]] = {
        "epochs": 20,
        "batch_rows": None,
        "patience": None,
        "ema": 0.998,
        "optimizer": {"kind": "adamw", "learning_rate": 0.002, "weight_decay": 0.05},
    }
    width: int = Field(default=32, ge=8, multiple_of=8)
    """Number of channels of the stem; each stage has twice as many as the one before."""
    stages: int = Field(default=3, ge=1, le=6)
    """Number of stages; each halves the resolution."""
    blocks: int = Field(default=1, ge=1, le=100)
    """Number of residual blocks of a stage."""

    def build(self, spec: InputSpec) -> ResnetEncoder:
        """Build the encoder, with fresh weights."""
        assert isinstance(spec, PixelSpec)
        augmentation = self.augmentation.build(colors=spec.colors)
        return ResnetEncoder(spec, augmentation, width=self.width, stages=self.stages, blocks=self.blocks)


class ResnetEncoder(Encoder):
    """States [B, S, D] at the positions of the last stage, row by row."""

    head_dropout = 0.2

    def __init__(self, spec: PixelSpec, augmentation: Augmentation, *, width: int, stages: int, blocks: int) -> None:
        super().__init__()
        self.pixels = StandardisedPixels(spec, augmentation)
        step = max(1, -(-spec.size // GRID))
        self.stem = nn.Conv2d(spec.colors, width, max(3, 2 * step - 1), stride=step, padding=max(1, step - 1))
        layers: list[nn.Module] = []
        for _ in range(stages):
            layers += [Halving(width, 2 * width), *(ResidualBlock(2 * width) for _ in range(blocks))]
            width *= 2
        self.stages, self.width = nn.Sequential(*layers), width
        self.norm = nn.LayerNorm(width)

    def forward(self, source: Pixels) -> Memory:
        """Read a batch."""
        maps = self.stages(self.stem(self.pixels(source).contiguous(memory_format=torch.channels_last)))
        states_BSD = self.norm(maps.flatten(2).transpose(1, 2))
        return Memory(states_BSD, states_BSD.new_ones(states_BSD.shape[:2], dtype=torch.bool))


class StandardisedPixels(nn.Module):
    """Augments bytes [B, C, X, Y] and standardises them by the means and deviations of training."""

    def __init__(self, spec: PixelSpec, augmentation: Augmentation) -> None:
        super().__init__()
        self.augmentation = augmentation
        self.register_buffer("mean_C", torch.tensor(spec.mean))
        self.register_buffer("deviation_C", torch.tensor(spec.deviation))

    def forward(self, source: Pixels) -> Tensor:
        """Return standardised colours, float [B, C, X, Y]."""
        images: Tensor = self.augmentation(source.bytes_BCXY)
        mean, deviation = self.mean_C[:, None, None], self.deviation_C[:, None, None]  # ty: ignore
        return (images.to(deviation.dtype) - mean) / deviation


class StandardisedConv(nn.Conv2d):
    """A 3 x 3 convolution without bias whose weights have mean 0 and variance 1 / fan-in, times a learned gain."""

    def __init__(self, inputs: int, outputs: int, *, stride: int = 1) -> None:
        super().__init__(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.gain = nn.Parameter(torch.ones(outputs, 1, 1, 1))

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        """Convolve."""
        variance, mean = torch.var_mean(self.weight, dim=(1, 2, 3), keepdim=True)
        scale = torch.rsqrt((variance * self.weight[0].numel()).clamp_min(1e-4)) * self.gain
        return functional.conv2d(input, (self.weight - mean) * scale, stride=self.stride, padding=1)


class Halving(nn.Sequential):
    """A convolution to more channels, the maximum of each 2 x 2 positions, normalisation and GELU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        pool = nn.MaxPool2d(2, ceil_mode=True)
        super().__init__(StandardisedConv(inputs, outputs), pool, _norm(outputs), nn.GELU())


class ResidualBlock(nn.Module):
    """Two convolutions, each normalised, whose output is added to the input; it begins as the identity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = StandardisedConv(width, width), StandardisedConv(width, width)
        self.norms = nn.ModuleList([_norm(width), _norm(width)])
        nn.init.zeros_(self.norms[1].weight)  # ty: ignore[invalid-argument-type]

    def forward(self, maps: Tensor) -> Tensor:
        """Compute new maps [B, D, X, Y]."""
        inner = functional.gelu(self.norms[0](self.first(maps)))
        return functional.gelu(maps + self.norms[1](self.second(inner)))


def _norm(width: int) -> nn.GroupNorm:
    return nn.GroupNorm(width // 8, width)
