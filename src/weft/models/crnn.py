"""A recurrent encoder of sounds over convolutions, whose positions follow each other closely."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from weft.data.batch import Waves
from weft.models.base import Encoder, InputSpec, Memory
from weft.models.dropout import Dropout
from weft.models.log_mel import SoundSpec
from weft.models.rnn import RnnLayers
from weft.models.sound_cnn import MelStages, SoundEncoderConfig, StandardisedBands


class CrnnEncoderConfig(SoundEncoderConfig):
    """Gated recurrent units (Cho et al. 2014) in both directions over convolutional stages (as in Amodei et al. 2016,
    Deep Speech 2), for what has an order in time.
    """

    kind: Literal["crnn"] = "crnn"
    recommended: ClassVar[Mapping[str, Any]] = {
        "epochs": 40,
        "batch_rows": 16,
        "patience": None,
        "ema": 0.998,
        "optimizer": {"kind": "adamw", "learning_rate": 0.002, "weight_decay": 0.02},
    }
    bfloat16_on_any_cpu: ClassVar[bool] = False
    channels: int = Field(default=16, ge=8, multiple_of=8)
    """Number of channels of the first convolutional stage; each further one has twice as many."""
    stages: int = Field(default=2, ge=1, le=6)
    """Number of convolutional stages; each halves the number of positions, which are 10 ms apart before the first."""
    blocks: int = Field(default=0, ge=0, le=100)
    """Number of residual blocks of a stage."""
    width: int = Field(default=256, ge=1)
    """Width of what the recurrent layers read."""
    hidden: int = Field(default=128, ge=1)
    """Width of the state of each direction."""
    layers: int = Field(default=1, ge=1, le=1000)
    """Number of recurrent layers."""
    dropout: float = Field(default=0.2, ge=0, lt=1)
    """Dropout before each recurrent layer and after the last one."""

    def build(self, spec: InputSpec) -> CrnnEncoder:
        """Build the encoder, with fresh weights."""
        assert isinstance(spec, SoundSpec)
        bands = StandardisedBands(spec, self.augmentation.build())
        return CrnnEncoder(bands, self.mel_stages(spec), hidden=self.hidden, layers=self.layers, dropout=self.dropout)


class CrnnEncoder(Encoder):
    """States [B, S, 2 * hidden] at the positions of the last stage, one for `2 ** stages` frames."""

    head_dropout = 0.2

    def __init__(
        self, bands: StandardisedBands, stages: MelStages, *, hidden: int, layers: int, dropout: float
    ) -> None:
        super().__init__()
        self.bands, self.stages, self.width = bands, stages, 2 * hidden
        self.dropout = Dropout(dropout)
        self.layers = RnnLayers(stages.width, cell="gru", hidden=hidden, layers=layers, dropout=dropout)

    def forward(self, source: Waves) -> Memory:
        """Read a batch."""
        states_BSD, mask_BS = self.stages(*self.bands(source))
        memory = self.layers(self.dropout(states_BSD), mask_BS)
        return Memory(self.dropout(memory.states_BSD), memory.mask_BS, memory.final_BD)
