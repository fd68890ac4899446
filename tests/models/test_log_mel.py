"""Log-mel bands: equal to librosa's, and to a plain formula; padding and precision change none."""

import math

import numpy as np
import pytest
import torch

from weft.models.log_mel import FLOOR, LogMel, fft_size, frames_in, hop_of, mel_filters, most_bands

RATES = [(16000, 64), (8000, 64), (22050, 80), (11025, 40)]


def noise(rate, *, seconds=0.3, seed=0):
    return np.random.default_rng(seed).normal(0, 0.1, round(rate * seconds)).astype(np.float32)


def hertz_of(mel):
    """Slaney's scale, from mels to hertz."""
    return mel * 200 / 3 if mel < 15 else 1000 * 6.4 ** ((mel - 15) / 27)


def mel_of(hertz):
    return hertz * 3 / 200 if hertz < 1000 else 15 + 27 * math.log(hertz / 1000, 6.4)


def by_hand(wave, rate, bands):
    """Each frame by the sum of the Fourier transform itself, each triangle by its corners, float64."""
    size, hop, length = fft_size(rate), hop_of(rate), round(0.025 * rate)
    window = np.zeros(size)
    window[(size - length) // 2 :][:length] = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
    padded = np.pad(wave.astype(np.float64), size // 2)
    waves = np.exp(-2j * np.pi * np.outer(np.arange(size // 2 + 1), np.arange(size)) / size)
    corners = [hertz_of(mel_of(rate / 2) * at / (bands + 1)) for at in range(bands + 2)]
    hertz = np.arange(size // 2 + 1) * rate / size
    banks = [
        np.interp(hertz, corners[at : at + 3], [0, 2 / (corners[at + 2] - corners[at]), 0], left=0, right=0)
        for at in range(bands)
    ]
    frames = [padded[at * hop :][:size] * window for at in range(1 + len(wave) // hop)]
    return np.log(np.maximum(np.array(banks) @ np.abs(waves @ np.array(frames).T) ** 2, FLOOR))


@pytest.mark.parametrize(("rate", "bands"), RATES)
def test_bands_are_those_of_the_plain_formula(rate, bands):
    wave = noise(rate, seconds=0.1)
    found = LogMel(rate=rate, bands=bands)(torch.from_numpy(wave)[None])[0].numpy()
    np.testing.assert_allclose(found, by_hand(wave, rate, bands), atol=1e-4)
    assert found.shape == (bands, frames_in(len(wave), rate=rate))


@pytest.mark.parametrize(("rate", "bands"), RATES)
def test_bands_are_those_of_librosa(rate, bands):
    librosa = pytest.importorskip("librosa")
    wave, size = noise(rate), fft_size(rate)
    settings = {"n_fft": size, "win_length": round(0.025 * rate), "hop_length": hop_of(rate), "n_mels": bands}
    power = librosa.feature.melspectrogram(y=wave, sr=rate, power=2.0, **settings)
    found = LogMel(rate=rate, bands=bands)(torch.from_numpy(wave)[None])[0].numpy()
    np.testing.assert_allclose(found, np.log(np.maximum(power, FLOOR)), atol=1e-4)


def test_padded_and_in_half_precision_the_bands_are_the_same():
    log_mel, waves = (
        LogMel(rate=8000, bands=40),
        [noise(8000, seconds=s, seed=i) for i, s in enumerate((0.3, 0.11, 0.01))],
    )
    lengths = torch.tensor([*map(len, waves)])
    batch = torch.stack([torch.from_numpy(np.pad(wave, (0, 2400 - len(wave)))) for wave in waves])
    with torch.autocast("cpu", torch.bfloat16):
        found = log_mel(batch)
    assert found.dtype == torch.float32
    for row, (wave, frames) in enumerate(zip(waves, log_mel.frames(lengths).tolist(), strict=True)):
        alone = log_mel(torch.from_numpy(wave)[None])[0]
        assert alone.shape[1] == frames
        torch.testing.assert_close(found[row, :, :frames], alone)


def test_silence_is_the_floor_and_a_tone_is_in_its_band():
    log_mel = LogMel(rate=16000, bands=64)
    assert (log_mel(torch.zeros(1, 1600)) == math.log(FLOOR)).all()
    tone = torch.sin(2 * math.pi * 1000 * torch.arange(1600) / 16000)[None]
    middles = [hertz_of(mel_of(8000) * at / 65) for at in range(1, 65)]
    assert log_mel(tone)[0, :, 5].argmax() == np.argmin(np.abs(np.array(middles) - 1000))


@pytest.mark.parametrize("rate", [1000, 8000, 16000, 44100])
def test_no_band_is_empty_up_to_the_most(rate):
    filters = mel_filters(rate, bands=min(64, most_bands(rate)))
    assert (filters.sum(1) > 0).all()
