"""Attention against torch's own, and the Transformer around it."""

import math
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional

from weft.config import validated
from weft.errors import ConfigError
from weft.models.attention import SelfAttention, apply_rotary
from weft.models.base import TokenSpec
from weft.models.transformer import TransformerEncoderConfig, sinusoids

MASK = torch.arange(7) < torch.tensor([7, 1, 4])[:, None]


@pytest.mark.parametrize("heads", [1, 2, 4])
def test_as_torchs_multihead_attention(heads):
    ours, theirs = SelfAttention(8, heads, dropout=0.0), nn.MultiheadAttention(8, heads, batch_first=True)
    theirs.load_state_dict(
        {
            "in_proj_weight": ours.project.weight,
            "in_proj_bias": ours.project.bias,
            "out_proj.weight": ours.join.weight,
            "out_proj.bias": ours.join.bias,
        }
    )
    states_BSD = torch.randn(3, 7, 8)
    expected, _ = theirs(states_BSD, states_BSD, states_BSD, key_padding_mask=~MASK, need_weights=False)
    torch.testing.assert_close(ours(states_BSD, MASK), expected)


def test_as_the_fused_kernel():
    ours, states_BSD = SelfAttention(8, 2, dropout=0.0), torch.randn(3, 7, 8)
    q, k, v = (part.unflatten(2, (2, 4)).transpose(1, 2) for part in ours.project(states_BSD).chunk(3, 2))
    read = functional.scaled_dot_product_attention(q, k, v, MASK[:, None, None])
    torch.testing.assert_close(ours(states_BSD, MASK), ours.join(read.transpose(1, 2).flatten(2)))


def test_dropout_is_for_training_alone():
    ours, states_BSD = SelfAttention(8, 2, dropout=0.5), torch.randn(3, 7, 8)
    assert not torch.allclose(ours(states_BSD, MASK), ours(states_BSD, MASK))
    ours.eval()
    assert torch.equal(ours(states_BSD, MASK), ours(states_BSD, MASK))


def test_a_layer_is_torchs_pre_norm_layer(tokens):
    encoder = TransformerEncoderConfig(width=8, heads=2, layers=1, feed_forward=12).build(TokenSpec((20,))).eval()
    layer = encoder.layers[0]
    theirs = nn.TransformerEncoderLayer(8, 2, 12, activation="gelu", batch_first=True, norm_first=True).eval()
    pairs = {
        "self_attn.in_proj_": layer.attention.project,
        "self_attn.out_proj.": layer.attention.join,
        "linear1.": layer.widen,
        "linear2.": layer.narrow,
        "norm1.": layer.attention_norm,
        "norm2.": layer.feed_norm,
    }
    theirs.load_state_dict(
        {f"{name}{part}": getattr(ours, part) for name, ours in pairs.items() for part in ("weight", "bias")}
    )
    source = tokens([7, 1, 4])
    placed = encoder.embedding(source) + 0.1 * sinusoids(torch.zeros(3, 7, 8))
    expected = encoder.norm(theirs(placed, src_key_padding_mask=~source.mask_BS))
    torch.testing.assert_close(encoder(source).states_BSD[source.mask_BS], expected[source.mask_BS])


def test_sinusoids():
    vectors = sinusoids(torch.zeros(1, 5, 6))
    for place in range(5):
        for pair in range(3):
            angle = place / 10_000 ** (2 * pair / 6)
            assert vectors[place, 2 * pair].item() == pytest.approx(math.sin(angle), abs=1e-6)
            assert vectors[place, 2 * pair + 1].item() == pytest.approx(math.cos(angle), abs=1e-6)


def test_rotary_products_depend_on_the_distance_alone():
    query, key = torch.randn(2, 1, 2, 1, 6, dtype=torch.float64)
    q, k = (apply_rotary(one.expand(1, 2, 9, 6)) for one in (query, key))
    scores_HSS = (q @ k.transpose(2, 3))[0]
    for distance in range(-8, 9):
        of_that_distance = scores_HSS.diagonal(distance, 1, 2)
        torch.testing.assert_close(
            of_that_distance, of_that_distance[:, :1].expand_as(of_that_distance), atol=1e-6, rtol=0
        )
    assert len({round(float(one), 6) for one in scores_HSS[0, 0]}) == 9, "and on the distance it does depend"


def test_rotary_turns_by_the_complex_plane():
    vectors = torch.randn(2, 3, 5, 8)
    rates = torch.tensor([10_000 ** (-2 * pair / 8) for pair in range(4)])
    turn_SK = torch.polar(torch.ones(5, 4), torch.arange(5)[:, None] * rates)
    expected = torch.complex(vectors[..., :4], vectors[..., 4:]) * turn_SK
    torch.testing.assert_close(apply_rotary(vectors), torch.cat([expected.real, expected.imag], -1))


@pytest.mark.parametrize("positions", ["sinusoidal", "learned", "rotary"])
def test_every_kind_of_position_tells_the_order(tokens, positions):
    encoder = TransformerEncoderConfig(width=8, heads=2, positions=positions).build(TokenSpec((20,))).eval()
    source = tokens([6])
    turned = replace(source, ids_BS=source.ids_BS.flip(1))
    states, other = encoder(source).states_BSD.mean(1), encoder(turned).states_BSD.mean(1)
    assert not torch.allclose(states, other, atol=1e-4)


def test_learned_positions_end_somewhere(tokens):
    config = TransformerEncoderConfig(width=8, heads=2, positions="learned", max_length=4)
    encoder = config.build(TokenSpec((20,)))
    assert config.longest == 4
    assert encoder(tokens([4])).states_BSD.isfinite().all()
    with pytest.raises(ConfigError, match=r"task\.max_length: 4 positions are learned, and a row has 5"):
        encoder(tokens([2, 5]))
    assert TransformerEncoderConfig(max_length=4).longest is None


@pytest.mark.parametrize(
    "wrong", [{"width": 6, "heads": 2, "positions": "rotary"}, {"width": 10, "heads": 4}, {"width": 7}, {"heads": 0}]
)
def test_a_width_that_heads_cannot_share_is_refused(wrong):
    with pytest.raises(ConfigError):
        validated(TransformerEncoderConfig, wrong)
