"""The vision Transformer: a state for each patch, each image by itself, positions told apart."""

import pytest
import torch
from torch.nn import functional

from weft.config import validated
from weft.data.batch import Pixels
from weft.errors import ConfigError
from weft.models.resnet import PixelSpec
from weft.models.vit import VitEncoderConfig

TINY = {"width": 8, "layers": 1, "heads": 2, "feed_forward": 12, "dropout": 0.0}


def images(size, rows=3):
    torch.manual_seed(1)
    return Pixels(torch.randint(0, 256, (rows, 3, size, size), dtype=torch.uint8))


def built(size, **settings):
    torch.manual_seed(0)
    spec = PixelSpec(size, 3, mean=(100.0,) * 3, deviation=(50.0,) * 3)
    return VitEncoderConfig(**TINY, **settings).build(spec).eval()


@pytest.mark.parametrize(
    ("size", "patch", "states"), [(32, None, 64), (28, None, 81), (9, None, 16), (10, 5, 4), (8, 99, 1)]
)
def test_a_state_stands_for_each_patch(size, patch, states):
    memory = built(size, patch=patch)(images(size))
    assert memory.states_BSD.shape == (3, states, 8)
    assert memory.mask_BS.all()


def test_batched_is_single():
    encoder, batch = built(16), images(16)
    whole = encoder(batch).states_BSD
    for row in range(3):
        one = encoder(Pixels(batch.bytes_BCXY[row : row + 1])).states_BSD[0]
        torch.testing.assert_close(one, whole[row], rtol=1e-4, atol=1e-5)


def test_patches_are_embedded_row_by_row():
    encoder, batch = built(8, patch=4), images(8)
    standard = (batch.bytes_BCXY.float() - 100) / 50
    corner = standard[:, :, :4, 4:]  # the second patch: first row, second column
    expected = functional.linear(corner.flatten(1), encoder.embed.weight.flatten(1), encoder.embed.bias)
    found = encoder.embed(encoder.pixels(batch)).flatten(2).transpose(1, 2)[:, 1]
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_heads_have_to_share_the_width():
    with pytest.raises(ConfigError, match="cannot be shared"):
        validated(VitEncoderConfig, {"width": 10, "heads": 4})
