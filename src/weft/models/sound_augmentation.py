"""Random changes of sounds while training: of speed, start, loudness and noise, with bands and times masked."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor, nn

from weft.config import Config


class SoundAugmentationConfig(Config):
    """Random changes of each sound in each step of training, which do not change what is heard in it."""

    speed: float = Field(default=0.1, ge=0, lt=1)
    """Largest change of speed, and of pitch with it, as a share: 0.1 is from 0.9 to 1.1 times (Ko et al. 2015)."""
    delay: float = Field(default=0.1, ge=0, le=10)
    """Longest silence that is put before a sound, in seconds."""
    loudness: float = Field(default=6.0, ge=0, le=60)
    """Largest change of loudness, in decibels to either side."""
    noise: float = Field(default=0.02, ge=0, le=10)
    """Loudest white noise that is added, as a share of the loudness of the sound."""
    frequency_masks: int = Field(default=1, ge=0, le=100)
    """Number of stretches of bands that are masked (SpecAugment, Park et al. 2019)."""
    frequency_mask: float = Field(default=0.15, ge=0, le=1)
    """Widest stretch of bands that is masked, as a share of all bands."""
    time_masks: int = Field(default=1, ge=0, le=100)
    """Number of stretches of time that are masked."""
    time_mask: float = Field(default=0.05, ge=0, le=1)
    """Longest stretch of time that is masked, as a share of the length of the sound."""

    def build(self) -> SoundAugmentation:
        """Build the changes."""
        return SoundAugmentation(self)


class SoundAugmentation(nn.Module):
    """The changes, of a whole batch at once; while answering sounds stay as they are.

    Draws from torch's global generator, as dropout does, so that a resumed run draws what it would have drawn.
    """

    def __init__(self, config: SoundAugmentationConfig) -> None:
        super().__init__()
        self.config = config

    @property
    def described(self) -> str:
        """The changes in words; `nothing` where there are none."""
        config = self.config
        bands, times = (
            count * bool(share) and f"{count} stretch{'es' if count > 1 else ''} of up to {share:.0%}"
            for count, share in (
                (config.frequency_masks, config.frequency_mask),
                (config.time_masks, config.time_mask),
            )
        )
        parts = {
            "faster and slower": config.speed and f"by up to {config.speed:.0%}",
            "later": config.delay and f"by up to {config.delay:g} s",
            "louder and softer": config.loudness and f"by up to {config.loudness:g} dB",
            "noisy": config.noise and f"up to {config.noise:.0%} of the loudness",
            "bands masked": bands,
            "time masked": times,
        }
        return ", ".join(f"{name} ({how})" for name, how in parts.items() if how) or "nothing"

    def extra_repr(self) -> str:
        """Show the settings in the module's description."""
        return f"{self.config.model_dump()}"

    def of_samples(self, waves_BN: Tensor, lengths_B: Tensor, *, rate: int) -> tuple[Tensor, Tensor]:
        """Change speed, start, loudness and noise of amplitudes [B, N]; returns them with the new lengths."""
        config = self.config
        if not self.training:
            return waves_BN, lengths_B
        if config.speed or config.delay:
            waves_BN, lengths_B = _moved(waves_BN, lengths_B, speed=config.speed, delay=config.delay * rate)
        if config.noise:
            power_B1 = waves_BN.square().sum(1, keepdim=True) / lengths_B[:, None].clamp_min(1)
            level_B1 = torch.rand_like(power_B1) * config.noise * power_B1.sqrt()
            real_BN = torch.arange(waves_BN.shape[1], device=waves_BN.device) < lengths_B[:, None]
            waves_BN = waves_BN + torch.randn_like(waves_BN) * level_B1 * real_BN
        if config.loudness:
            decibels_B1 = (torch.rand_like(waves_BN[:, :1]) * 2 - 1) * config.loudness
            waves_BN = waves_BN * 10 ** (decibels_B1 / 20)
        return waves_BN, lengths_B

    def of_bands(self, bands_BFS: Tensor, frames_B: Tensor) -> Tensor:
        """Mask stretches of bands and of time of standardised log-powers [B, F, S]: they become 0, the mean."""
        config = self.config
        if not self.training:
            return bands_BFS
        rows, bands, steps = bands_BFS.shape
        masked_BFS = torch.zeros(rows, bands, steps, dtype=torch.bool, device=bands_BFS.device)
        all_B = frames_B.new_full((rows,), bands)
        for _ in range(config.frequency_masks):
            masked_BFS |= _stretch(all_B, bands, share=config.frequency_mask)[:, :, None]
        for _ in range(config.time_masks):
            masked_BFS |= _stretch(frames_B, steps, share=config.time_mask)[:, None]
        return bands_BFS.masked_fill(masked_BFS, 0.0)


def _moved(waves_BN: Tensor, lengths_B: Tensor, *, speed: float, delay: float) -> tuple[Tensor, Tensor]:
    """Play each row at a speed of its own after a silence, by linear interpolation; returns rows and their lengths."""
    device, size = waves_BN.device, waves_BN.shape[1]
    factor_B1 = 1 + (torch.rand(len(waves_BN), 1, device=device) * 2 - 1) * speed
    late_B1 = (torch.rand(len(waves_BN), 1, device=device) * delay).round()
    moved_B = (torch.ceil(lengths_B[:, None] / factor_B1) + late_B1)[:, 0].long()
    # float64: a place beyond the 16 millionth sample would be rounded in float32
    place_BN = (torch.arange(int(moved_B.max()), device=device, dtype=torch.float64) - late_B1) * factor_B1
    inside_BN = (place_BN >= 0) & (place_BN <= lengths_B[:, None] - 1)
    before_BN = place_BN.long().clamp(0, size - 1)
    part_BN = (place_BN - before_BN).to(waves_BN.dtype)
    after_BN = (before_BN + 1).clamp_max(size - 1)
    new_BN = waves_BN.gather(1, before_BN) * (1 - part_BN) + waves_BN.gather(1, after_BN) * part_BN
    return new_BN * inside_BN, moved_B


def _stretch(lengths_B: Tensor, size: int, *, share: float) -> Tensor:
    """Draw a stretch of at most a share of each length, bool [B, size], True within it."""
    width_B = torch.floor(torch.rand(len(lengths_B), device=lengths_B.device) * (share * lengths_B + 1))
    start_B = torch.floor(torch.rand(len(lengths_B), device=lengths_B.device) * (lengths_B - width_B + 1))
    places = torch.arange(size, device=lengths_B.device)
    return (places >= start_B[:, None]) & (places < (start_B + width_B)[:, None])
