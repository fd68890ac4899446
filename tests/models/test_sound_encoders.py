"""Encoders of sounds: what is beyond the end of a sound, and what else is in the batch, changes nothing."""

import pytest
import torch

from weft.data.batch import Waves
from weft.models.log_mel import SoundSpec
from weft.models.sound_choices import SOUND_ENCODERS

SPEC = SoundSpec(8000, 20, (-8.0,) * 20, (3.0,) * 20)
LENGTHS = torch.tensor([1500, 420, 1, 801])
every = pytest.mark.parametrize("kind", SOUND_ENCODERS, ids=lambda kind: kind().kind)


def built(kind):
    torch.manual_seed(0)
    encoder = kind(channels=8, blocks=1).build(SPEC)
    for one in encoder.parameters():
        one.data += 0.1 * torch.randn_like(one)  # residual blocks begin as the identity
    return encoder.eval()


def batch():
    torch.manual_seed(1)
    samples = torch.randint(-9000, 9000, (4, 1500), dtype=torch.int16)
    samples[torch.arange(1500) >= LENGTHS[:, None]] = 0
    return Waves(samples, LENGTHS)


@every
def test_a_sound_is_read_alone_as_it_is_padded_among_others(kind):
    encoder, source = built(kind), batch()
    whole = encoder(source)
    for row, length in enumerate(LENGTHS.tolist()):
        alone = encoder(Waves(source.samples_BN[row : row + 1, :length], LENGTHS[row : row + 1]))
        positions = alone.states_BSD.shape[1]
        assert whole.mask_BS[row].sum() == positions == alone.mask_BS.sum()
        torch.testing.assert_close(whole.states_BSD[row, :positions], alone.states_BSD[0], atol=2e-5, rtol=1e-4)


@every
def test_positions_are_as_many_as_the_config_says(kind):
    config = kind(channels=8)
    mask_BS = config.build(SPEC).eval()(batch()).mask_BS
    frames_B = 1 + LENGTHS // 80
    each = config.frames_a_position
    assert mask_BS.sum(1).tolist() == [-(-frames // each) for frames in frames_B.tolist()]


@every
def test_training_draws_from_torchs_generator(kind):
    encoder, source = built(kind).train(), batch()
    torch.manual_seed(5)
    one = encoder(source).states_BSD
    torch.manual_seed(5)
    assert one.equal(encoder(source).states_BSD)
    later = encoder(source).states_BSD
    assert later.shape != one.shape or not later.equal(one)
