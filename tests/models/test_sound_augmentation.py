"""Random changes of sounds: each does what it says, in training alone, from torch's generator."""

import math

import pytest
import torch

from weft.models.sound_augmentation import SoundAugmentationConfig

STILL = {"speed": 0, "delay": 0, "loudness": 0, "noise": 0, "frequency_masks": 0, "time_masks": 0}
RATE = 8000
LENGTHS = torch.tensor([4000, 1600])


def waves():
    tone = torch.sin(2 * math.pi * 400 * torch.arange(4000) / RATE).repeat(2, 1)
    tone[1, 1600:] = 0
    return tone


def changed(seed=0, **settings):
    torch.manual_seed(seed)
    module = SoundAugmentationConfig(**{**STILL, **settings}).build()
    return module.of_samples(waves(), LENGTHS, rate=RATE)


def crossings(row):
    """The frequency of a tone, by how often it rises above zero."""
    return int(((row[1:] > 0) & (row[:-1] <= 0)).sum()) / len(row) * RATE


def test_while_answering_and_without_settings_nothing_changes():
    answering = SoundAugmentationConfig().build().eval()
    for module in (answering, SoundAugmentationConfig(**STILL).build()):
        found, lengths = module.of_samples(waves(), LENGTHS, rate=RATE)
        assert found.equal(waves())
        assert lengths.equal(LENGTHS)
        bands = torch.ones(2, 20, 30)
        assert module.of_bands(bands, torch.tensor([30, 12])).equal(bands)
    assert SoundAugmentationConfig(**STILL).build().described == "nothing"


def test_a_faster_sound_is_shorter_and_higher():
    found, lengths = changed(speed=0.5)
    assert lengths.max() == found.shape[1]
    for row, before in enumerate((4000, 1600)):
        factor = before / int(lengths[row])
        assert 0.5 <= factor <= 1.5
        assert crossings(found[row, : lengths[row]]) == pytest.approx(400 * factor, rel=0.03)
        assert (found[row, lengths[row] :] == 0).all()


def test_a_later_sound_is_the_same_after_silence():
    found, lengths = changed(delay=0.1)
    late = lengths - LENGTHS
    assert ((late >= 0) & (late <= 800)).all()
    assert late[0] != late[1]
    for row, (before, start) in enumerate(zip(LENGTHS.tolist(), late.tolist(), strict=True)):
        torch.testing.assert_close(found[row, start : start + before], waves()[row, :before])
        assert (found[row, :start] == 0).all()


def test_noise_and_loudness_are_within_their_bounds_and_the_padding_stays_silent():
    noisy, _ = changed(noise=0.1)
    added = (noisy - waves())[0].square().mean().sqrt() / waves()[0].square().mean().sqrt()
    assert 0 < added <= 0.11
    assert (noisy[1, 1600:] == 0).all()
    louder, _ = changed(loudness=6.0)
    gain = louder.abs().amax(1)
    assert ((gain >= 10 ** (-6 / 20) - 1e-3) & (gain <= 10 ** (6 / 20) + 1e-3)).all()
    assert gain[0] != gain[1]


def test_masks_are_stretches_within_their_shares_of_each_sound():
    module = SoundAugmentationConfig(**{**STILL, "frequency_masks": 1, "time_masks": 1, "time_mask": 0.5}).build()
    frames, ones = torch.tensor([30, 12]), torch.ones(2, 20, 30)
    widths = set()
    for seed in range(40):
        torch.manual_seed(seed)
        masked = module.of_bands(ones, frames) == 0
        for row, count in enumerate(frames.tolist()):
            bands, times = masked[row].all(1), masked[row, :, :count].all(0)
            assert bands.sum() <= 0.15 * 20
            assert times.sum() <= 0.5 * count
            assert (times[1:] & ~times[:-1]).sum() + times[0] <= 1, "one stretch"
            widths.add(int(times.sum()))
    assert len(widths) > 5


def test_a_seed_draws_the_same_again():
    one, again, other = (changed(seed, speed=0.1, delay=0.1, noise=0.1)[0] for seed in (3, 3, 4))
    assert one.equal(again)
    assert one.shape != other.shape or not one.equal(other)


def test_the_changes_are_said_in_words():
    said = SoundAugmentationConfig(noise=0, time_masks=1).build().described
    assert said.startswith("faster and slower (by up to 10%), later (by up to 0.1 s)")
    assert "noisy" not in said
    assert said.endswith("time masked (1 stretch of up to 5%)")
