"""A residual convolutional encoder of sounds, over bands and time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from weft.data.batch import Waves
from weft.models.base import Encoder, EncoderConfig, InputSpec, Memory, Precision
from weft.models.log_mel import FULL, LogMel, SoundSpec
from weft.models.resnet import StandardisedConv
from weft.models.sound_augmentation import SoundAugmentation, SoundAugmentationConfig


class SoundEncoderConfig(EncoderConfig):
    """Base of the configs of encoders of sounds, which begin with convolutional stages over bands and time."""

    reads: ClassVar[type] = Waves
    precision: ClassVar[Mapping[str, Precision]] = {"cpu": "bfloat16", "cuda": "bfloat16"}
    augmentation: SoundAugmentationConfig = SoundAugmentationConfig()
    """Random changes of the sounds while training."""
    channels: int = Field(default=16, ge=8, multiple_of=8)
    """Number of channels of the first stage; each further one has twice as many."""
    stages: int = Field(default=3, ge=1, le=6)
    """Number of stages; each halves the number of bands and of positions."""
    blocks: int = Field(default=1, ge=0, le=100)
    """Number of residual blocks of a stage."""
    width: int = Field(default=128, ge=1)
    """Width of the states."""

    @property
    def frames_a_position(self) -> int:
        """Number of frames of 10 ms that one position of the states stands for."""
        return 2**self.stages

    def mel_stages(self, spec: SoundSpec) -> MelStages:
        """Build the stages, with fresh weights."""
        return MelStages(spec.bands, channels=self.channels, stages=self.stages, blocks=self.blocks, width=self.width)


class SoundCnnEncoderConfig(SoundEncoderConfig):
    """Stages of convolutions with residual blocks (He et al. 2016) over the log-mel bands and time, each at half the
    resolution of the one before in both.

    Each frame is normalised by itself, so that no sound depends on the others of its batch, nor on its padding.
    """

    kind: Literal["cnn"] = "cnn"
    recommended: ClassVar[Mapping[str, Any]] = {
        "epochs": 20,
        "batch_rows": 32,
        "patience": None,
        "ema": 0.998,
        "optimizer": {"kind": "adamw", "learning_rate": 0.002, "weight_decay": 0.05},
    }

    def build(self, spec: InputSpec) -> SoundCnnEncoder:
        """Build the encoder, with fresh weights."""
        assert isinstance(spec, SoundSpec)
        return SoundCnnEncoder(StandardisedBands(spec, self.augmentation.build()), self.mel_stages(spec))


class SoundCnnEncoder(Encoder):
    """States [B, S, D] at the positions of the last stage, one for `2 ** stages` frames."""

    head_dropout = 0.2

    def __init__(self, bands: StandardisedBands, stages: MelStages) -> None:
        super().__init__()
        self.bands, self.stages, self.width = bands, stages, stages.width

    def forward(self, source: Waves) -> Memory:
        """Read a batch."""
        states_BSD, mask_BS = self.stages(*self.bands(source))
        return Memory(states_BSD, mask_BS)


class StandardisedBands(nn.Module):
    """Augments samples, computes their log-mel bands, and standardises these by means and deviations of training."""

    def __init__(self, spec: SoundSpec, augmentation: SoundAugmentation) -> None:
        super().__init__()
        self.rate, self.augmentation = spec.rate, augmentation
        self.log_mel = LogMel(rate=spec.rate, bands=spec.bands)
        self.register_buffer("mean_F1", torch.tensor(spec.mean)[:, None])
        self.register_buffer("deviation_F1", torch.tensor(spec.deviation)[:, None])

    def forward(self, source: Waves) -> tuple[Tensor, Tensor]:
        """Return standardised log-powers [B, F, S], and the number of real frames of each row, [B]."""
        waves_BN = source.samples_BN.float() / FULL
        waves_BN, lengths_B = self.augmentation.of_samples(waves_BN, source.lengths_B, rate=self.rate)
        frames_B = self.log_mel.frames(lengths_B)
        bands_BFS = (self.log_mel(waves_BN) - self.mean_F1) / self.deviation_F1
        return self.augmentation.of_bands(bands_BFS.to(self.mean_F1.dtype), frames_B), frames_B


class MelStages(nn.Module):
    """Convolutional stages over bands and time, whose bands and channels are projected to states [B, S, D]."""

    def __init__(self, bands: int, *, channels: int, stages: int, blocks: int, width: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = 1
        for stage in range(stages):
            outputs = channels << stage
            layers += [HalvingFrames(inputs, outputs), *(FrameBlock(outputs) for _ in range(blocks))]
            inputs, bands = outputs, -(-bands // 2)
        self.layers, self.width = nn.ModuleList(layers), width
        self.project, self.norm = nn.Linear(inputs * bands, width), nn.LayerNorm(width)

    def forward(self, bands_BFS: Tensor, frames_B: Tensor) -> tuple[Tensor, Tensor]:
        """Return states [B, S, D] and their mask [B, S]; no state depends on what lies beyond the end of its row."""
        maps, real_BS = bands_BFS[:, None], _real(frames_B, bands_BFS.shape[2])
        for layer in self.layers:
            if isinstance(layer, FrameBlock):
                maps = layer(maps, real_BS)
            else:
                maps, frames_B = layer(maps * real_BS[:, None, None]), (frames_B + 1) // 2
                real_BS = _real(frames_B, maps.shape[3])
        states_BSD = self.norm(self.project(maps.permute(0, 3, 1, 2).flatten(2)))
        return states_BSD, real_BS


class HalvingFrames(nn.Sequential):
    """A convolution to more channels at half the bands and half the frames, normalisation and GELU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(StandardisedConv(inputs, outputs, stride=2), FrameNorm(outputs), nn.GELU())


class FrameBlock(nn.Module):
    """Two convolutions, each normalised, whose output is added to the input; it begins as the identity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = StandardisedConv(width, width), StandardisedConv(width, width)
        self.norm, self.last = FrameNorm(width), FrameNorm(width)
        nn.init.zeros_(self.last.gain_C)

    def forward(self, maps: Tensor, real_BS: Tensor) -> Tensor:
        """Compute new maps [B, C, F, S]; nothing of what is not real is read."""
        real = real_BS[:, None, None]
        inner = functional.gelu(self.norm(self.first(maps * real)))
        return functional.gelu(maps + self.last(self.second(inner * real)))


class FrameNorm(nn.Module):
    """Group normalisation (Wu and He 2018) of each frame by itself, over the bands and 8 channels a group."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.groups = width // 8
        self.gain_C, self.bias_C = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))

    def forward(self, maps: Tensor) -> Tensor:
        """Normalise maps [B, C, F, S]."""
        grouped = maps.float().unflatten(1, (self.groups, -1))
        variance, mean = torch.var_mean(grouped, dim=(2, 3), keepdim=True, correction=0)
        normal = ((grouped - mean) * torch.rsqrt(variance + 1e-5)).flatten(1, 2).to(maps.dtype)
        return normal * self.gain_C[:, None, None] + self.bias_C[:, None, None]


def _real(lengths_B: Tensor, size: int) -> Tensor:
    """Return which positions are real, bool [B, size]."""
    return torch.arange(size, device=lengths_B.device) < lengths_B[:, None]
