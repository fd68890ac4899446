"""The convolutional encoder against torch's own convolution."""

import pytest
import torch
from torch import nn

from weft.config import validated
from weft.errors import ConfigError
from weft.models.cnn import CnnEncoder, CnnEncoderConfig
from weft.models.embedding import Embedding

WIDTH, MAPS = 6, 4


def convolutions(encoder):
    """A `Conv1d` with the same weights for each window."""
    blocks = encoder.taps.weight.split([size * MAPS for size in encoder.windows])
    biases = encoder.bias.split(MAPS)
    for size, block, bias in zip(encoder.windows, blocks, biases, strict=True):
        conv = nn.Conv1d(WIDTH, MAPS, size, padding="same")
        conv.weight.data = block.view(size, MAPS, WIDTH).permute(1, 2, 0)
        conv.bias.data = bias
        yield conv


@pytest.mark.filterwarnings("ignore:Using padding=.same. with even kernel")
@pytest.mark.parametrize("windows", [(1,), (2,), (3,), (4,), (5,), (1, 2, 3), (5, 4, 2)], ids=str)
@pytest.mark.parametrize("lengths", [[7, 3, 0, 1], [2, 1], [1], [0]], ids=str)
def test_states_are_those_of_conv1d(tokens, windows, lengths):
    encoder = CnnEncoder(Embedding((20,), WIDTH), windows=windows, maps=MAPS).eval()
    nn.init.normal_(encoder.bias)
    source = tokens(lengths)
    embedded_BDS = (encoder.embedding(source) * source.mask_BS[..., None]).transpose(1, 2)
    expected_BDS = torch.cat([conv(embedded_BDS) for conv in convolutions(encoder)], 1).relu()
    torch.testing.assert_close(encoder(source).states_BSD, expected_BDS.transpose(1, 2))


@pytest.mark.parametrize("windows", [[], [0], [2, -1]])
def test_windows_that_see_nothing_are_refused(windows):
    with pytest.raises(ConfigError, match="windows"):
        validated(CnnEncoderConfig, {"windows": windows})
