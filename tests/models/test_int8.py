"""Products in 8 bits: near those in floating point, and nothing else changes."""

import pytest
import torch
from torch import nn

from weft.models.base import Memory
from weft.models.gpt import GptDecoderConfig
from weft.models.int8 import Int8Linear, in_int8
from weft.models.rnn_decoder import LstmDecoderConfig
from weft.models.transformer_decoder import TransformerDecoderConfig

VOCABULARY = 50


@pytest.mark.parametrize("bias", [True, False])
def test_a_layer_is_near_the_one_it_was_made_from(bias):
    layer, values = nn.Linear(64, 48, bias=bias), torch.randn(3, 5, 64)
    with torch.no_grad():
        exact, found = layer(values), Int8Linear(layer.weight, layer.bias)(values)
    assert found.shape == exact.shape
    assert (found - exact).norm() < 0.02 * exact.norm()


@pytest.mark.parametrize("config", [TransformerDecoderConfig, GptDecoderConfig, LstmDecoderConfig])
def test_a_decoder_scores_nearly_the_same_and_the_original_stays(config):
    decoder = config(width=64).build(VOCABULARY, memory_width=None if config is GptDecoderConfig else 32).eval()
    memory = (
        Memory(torch.randn(4, 6, 32), torch.ones(4, 6, dtype=torch.bool)) if config is not GptDecoderConfig else None
    )
    ids_BT = torch.randint(2, VOCABULARY, (4, 7))
    small = in_int8(decoder)
    with torch.no_grad():
        exact, found = (one.logits(one(ids_BT, one.start(memory, rows=4))[0]) for one in (decoder, small))
        again = decoder.logits(decoder(ids_BT, decoder.start(memory, rows=4))[0])
    assert (found - exact).norm() < 0.05 * exact.norm()
    assert not torch.equal(found, exact)
    torch.testing.assert_close(again, exact, rtol=0, atol=0)
    assert not any(type(one) is nn.Linear for one in small.modules())


@pytest.mark.parametrize("config", [TransformerDecoderConfig, LstmDecoderConfig])
def test_a_decoder_that_copies_does_so_too(config):
    decoder = config(width=64, copying="yes", copied_unknown=2).build(VOCABULARY, memory_width=32).eval()
    mask_BS, ids_BT = torch.ones(4, 6, dtype=torch.bool), torch.randint(2, VOCABULARY, (4, 7))
    memory = Memory(torch.randn(4, 6, 32), mask_BS, ids_BS=torch.randint(2, VOCABULARY, (4, 6)))
    with torch.no_grad():
        exact, found = (one.logits(one(ids_BT, one.start(memory, rows=4))[0]) for one in (decoder, in_int8(decoder)))
    torch.testing.assert_close(found.exp().sum(-1), torch.ones(4, 7))
    assert (found - exact).norm() < 0.05 * exact.norm()
