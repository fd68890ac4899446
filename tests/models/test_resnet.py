"""The residual encoder: positions of the last stage, each image by itself, equal to formulas by hand."""

import pytest
import torch
from torch.nn import functional

from weft.data.batch import Pixels
from weft.models.resnet import PixelSpec, ResidualBlock, ResnetEncoderConfig, StandardisedConv


def images(size, colors=3, rows=3):
    torch.manual_seed(1)
    return Pixels(torch.randint(0, 256, (rows, colors, size, size), dtype=torch.uint8))


def built(size, colors=3, **settings):
    torch.manual_seed(0)
    spec = PixelSpec(size, colors, mean=(100.0,) * colors, deviation=(50.0,) * colors)
    encoder = ResnetEncoderConfig(width=8, **settings).build(spec)
    with torch.no_grad():
        for parameter in encoder.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.1)
    return encoder.eval()


@pytest.mark.parametrize(
    ("size", "stages", "positions"), [(8, 1, 16), (28, 3, 16), (32, 3, 16), (13, 2, 16), (96, 3, 36)]
)
def test_states_stand_for_positions_of_the_last_stage(size, stages, positions):
    encoder = built(size, stages=stages)
    memory = encoder(images(size))
    assert memory.states_BSD.shape == (3, positions, encoder.width) == (3, positions, 8 * 2**stages)
    assert memory.mask_BS.all()


@pytest.mark.parametrize("colors", [1, 3])
def test_batched_is_single(colors):
    encoder, batch = built(16, colors), images(16, colors)
    whole = encoder(batch).states_BSD
    for row in range(3):
        one = encoder(Pixels(batch.bytes_BCXY[row : row + 1])).states_BSD[0]
        torch.testing.assert_close(one, whole[row], rtol=1e-4, atol=1e-5)


def test_the_weights_of_a_convolution_are_standardised_by_channel():
    torch.manual_seed(0)
    conv = StandardisedConv(4, 6)
    maps = torch.randn(2, 4, 5, 5)
    flat = conv.weight.flatten(1)
    by_hand = (flat - flat.mean(1, keepdim=True)) / (flat.var(1, keepdim=True) * flat.shape[1]).sqrt()
    expected = functional.conv2d(maps, by_hand.view_as(conv.weight), padding=1)
    torch.testing.assert_close(conv(maps), expected, rtol=1e-4, atol=1e-5)


def test_a_residual_block_begins_as_the_identity():
    maps = torch.randn(2, 16, 4, 4)
    torch.testing.assert_close(ResidualBlock(16)(maps), functional.gelu(maps))


def test_pixels_are_standardised_by_means_and_deviations():
    encoder, batch = built(8), images(8)
    expected = (batch.bytes_BCXY.float() - 100) / 50
    torch.testing.assert_close(encoder.pixels(batch), expected)
