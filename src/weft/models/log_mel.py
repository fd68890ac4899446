"""Computes log-mel filter banks: the logarithm of the power of a sound in bands that are spaced as it is heard."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from weft.models.base import InputSpec

WINDOW, HOP = 0.025, 0.010
"""Length of the window of a frame, and the distance between frames, in seconds."""
FLOOR = 1e-8
"""Power below which all is silence: about that of a sample's last bit."""
FULL = 32768
"""Sample of the largest amplitude."""
_LINEAR, _STEP = 1000.0, 200 / 3
"""The frequency up to which Slaney's scale is linear, and its hertz a mel there."""
_RATIO = np.log(6.4) / 27


@dataclass(frozen=True, slots=True)
class SoundSpec(InputSpec):
    """Samples a second, number of bands, and mean and standard deviation of the log-power of each band in training."""

    rate: int
    bands: int
    mean: tuple[float, ...]
    deviation: tuple[float, ...]


def hop_of(rate: int) -> int:
    """Return the number of samples from one frame to the next."""
    return max(1, round(HOP * rate))


def frames_in(samples: int, *, rate: int) -> int:
    """Return the number of frames of a sound of so many samples."""
    return 1 + samples // hop_of(rate)


def fft_size(rate: int) -> int:
    """Return the number of samples that are transformed for a frame: the window, brought to a power of two."""
    return 1 << (round(WINDOW * rate) - 1).bit_length()


def most_bands(rate: int) -> int:
    """Return the largest number of bands of which each still has frequencies of its own."""
    return max(2, fft_size(rate) // 4)


def mel_filters(rate: int, *, bands: int) -> np.ndarray:
    """Return triangles over the frequencies of the transform, float32 [F, frequencies], each of area 1.

    The scale is that of Slaney's Auditory Toolbox (1998), which librosa takes too: linear up to 1000 Hz, logarithmic
    above.
    """
    top = rate / 2
    top_mel = top / _STEP if top < _LINEAR else _LINEAR / _STEP + np.log(top / _LINEAR) / _RATIO
    mels = np.linspace(0, top_mel, bands + 2)
    linear = np.minimum(mels, _LINEAR / _STEP)
    edges = linear * _STEP * np.exp(_RATIO * (mels - linear))
    low, middle, high = (edges[at : at + bands, None] for at in range(3))
    hertz = np.linspace(0, top, fft_size(rate) // 2 + 1)
    triangles = np.minimum((hertz - low) / (middle - low), (high - hertz) / (high - middle))
    return (np.maximum(0, triangles) * 2 / (high - low)).astype(np.float32)


class LogMel(nn.Module):
    """Log-mel filter banks of a whole batch: frames are centred every 10 ms, and silence is before and after a sound.

    So a sound has the same frames alone and padded.
    """

    def __init__(self, *, rate: int, bands: int) -> None:
        super().__init__()
        self.size, self.hop, self.length = fft_size(rate), hop_of(rate), round(WINDOW * rate)
        self.register_buffer("window_N", torch.hann_window(self.length), persistent=False)
        self.register_buffer("filters_FK", torch.from_numpy(mel_filters(rate, bands=bands)), persistent=False)

    def frames(self, lengths_B: Tensor) -> Tensor:
        """Return the number of frames of sounds of so many samples, [B]."""
        return 1 + lengths_B // self.hop

    def forward(self, waves_BN: Tensor) -> Tensor:
        """Compute the logarithm of the power of each band and frame, float32 [B, F, S], from amplitudes of 1 at most.

        Computed in float32 whatever the precision of the model, as powers differ by many orders of magnitude.
        """
        with torch.autocast(waves_BN.device.type, enabled=False):
            spectrum = torch.stft(
                waves_BN.float(),
                self.size,
                hop_length=self.hop,
                win_length=self.length,
                window=self.window_N.float(),  # ty: ignore
                pad_mode="constant",
                return_complex=True,
            )
            power_BKS = spectrum.real.square() + spectrum.imag.square()
            return (self.filters_FK.float() @ power_BKS).clamp_min(FLOOR).log()  # ty: ignore
