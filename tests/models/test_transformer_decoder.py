"""The Transformer decoder against torch's own layer, its norms and positions, and the room that it is given."""

import pytest
import torch
from torch import nn

from weft.config import validated
from weft.errors import ConfigError
from weft.models.attention import CrossAttention, apply_rotary
from weft.models.base import Memory
from weft.models.gpt import GptDecoderConfig
from weft.models.transformer import sinusoids
from weft.models.transformer_decoder import TransformerDecoderConfig, normalization

SIZES = {"width": 8, "heads": 2, "layers": 1, "feed_forward": 12}
MASK = torch.arange(5) < torch.tensor([5, 2, 3])[:, None]


def small(kind=TransformerDecoderConfig, *, memory_width=None, **settings):
    return kind(**{**SIZES, **settings}).build(20, memory_width=memory_width).eval()


def copied(theirs, pairs):
    """Torch's module with our weights: names in torch's, and the linear layers and norms that stand for them."""
    theirs.load_state_dict(
        {f"{name}{part}": getattr(ours, part) for name, ours in pairs.items() for part in ("weight", "bias")}
    )
    return theirs.eval()


def test_a_layer_with_a_memory_is_torchs_pre_norm_layer():
    decoder = small(memory_width=8)
    layer, read = decoder.layers[0], decoder.layers[0].attention_to_memory
    theirs = nn.TransformerDecoderLayer(8, 2, 12, activation="gelu", batch_first=True, norm_first=True)
    weights = {
        "self_attn.in_proj_": layer.attention.project,
        "self_attn.out_proj.": layer.attention.join,
        "multihead_attn.out_proj.": read.join,
        "linear1.": layer.widen,
        "linear2.": layer.narrow,
        "norm1.": layer.attention_norm,
        "norm2.": layer.memory_norm,
        "norm3.": layer.feed_norm,
    }
    asked = nn.Linear(8, 24)
    asked.weight.data = torch.cat([read.ask.weight, read.project.weight])
    asked.bias.data = torch.cat([read.ask.bias, read.project.bias])
    copied(theirs, {**weights, "multihead_attn.in_proj_": asked})
    ids_BT, memory = torch.randint(20, (3, 6)), Memory(torch.randn(3, 5, 8), MASK)
    placed = 8**0.5 * decoder.embedding(ids_BT) + sinusoids(torch.zeros(3, 6, 8))
    later = nn.Transformer.generate_square_subsequent_mask(6)
    read_BTD = theirs(placed, memory.states_BSD, tgt_mask=later, memory_key_padding_mask=~MASK)
    told, _ = decoder(ids_BT, decoder.start(memory, rows=3))
    torch.testing.assert_close(told, decoder.norm(read_BTD))
    torch.testing.assert_close(decoder.logits(told), told @ decoder.embedding.weight.T)


def test_layers_alone_are_torchs_encoder_under_a_causal_mask():
    decoder = small(layers=2)
    placed = states = 8**0.5 * decoder.embedding(torch.arange(6)[None]) + sinusoids(torch.zeros(1, 6, 8))
    for layer in decoder.layers:
        theirs = nn.TransformerEncoderLayer(8, 2, 12, activation="gelu", batch_first=True, norm_first=True)
        pairs = {
            "self_attn.in_proj_": layer.attention.project,
            "self_attn.out_proj.": layer.attention.join,
            "linear1.": layer.widen,
            "linear2.": layer.narrow,
            "norm1.": layer.attention_norm,
            "norm2.": layer.feed_norm,
        }
        states = copied(theirs, pairs)(states, src_mask=nn.Transformer.generate_square_subsequent_mask(6))
    assert not torch.allclose(states, placed)
    told, _ = decoder(torch.arange(6)[None], decoder.start(None, rows=1))
    torch.testing.assert_close(told, decoder.norm(states))


def test_gpt_is_rotary_with_rms_norms_and_no_biases():
    decoder = small(GptDecoderConfig)
    assert not [name for name, _ in decoder.named_parameters() if name.endswith("bias")]
    (layer,), ids_BT = decoder.layers, torch.randint(20, (3, 6))
    for norm in (layer.attention_norm, layer.feed_norm, decoder.norm):
        norm.weight.data.uniform_(0.5, 2)
    states = decoder.embedding(ids_BT)
    q, k, v = layer.attention.project(layer.attention_norm(states)).unflatten(2, (3, 2, 4)).permute(2, 0, 3, 1, 4)
    scores_BHTT = apply_rotary(q) @ apply_rotary(k).transpose(2, 3) / 2
    later = torch.ones(6, 6, dtype=torch.bool).triu(1)
    found = scores_BHTT.masked_fill(later, -torch.inf).softmax(3) @ v
    states = states + layer.attention.join(found.transpose(1, 2).flatten(2))
    inner = nn.functional.gelu(layer.widen(layer.feed_norm(states)))
    expected = decoder.norm(states + layer.narrow(inner))
    torch.testing.assert_close(decoder(ids_BT, decoder.start(None, rows=3))[0], expected)


def test_rms_norm_divides_by_the_root_of_the_mean_square():
    norm, states = normalization(8, "rms"), 3 + 5 * torch.randn(2, 3, 8)
    norm.weight.data.uniform_(0.5, 2)
    rms = ((states**2).mean(-1, keepdim=True) + 1e-6).sqrt()
    torch.testing.assert_close(norm(states), norm.weight * states / rms)
    assert list(norm.state_dict()) == ["weight"]


def test_recorded_attention_is_the_plain_one_of_the_last_layer():
    attention = CrossAttention(8, 2, memory_width=6, dropout=0.0)
    states_BTD, memory = torch.randn(3, 4, 8), Memory(torch.randn(3, 5, 6), MASK)
    read = attention.read(memory)
    looks_BTS = torch.zeros(3, 4, 5)
    found = torch.zeros(3, 4, 8)
    keys, values = attention.project(memory.states_BSD).split(8, 2)
    for head in (slice(0, 4), slice(4, 8)):
        scores = torch.einsum("btk,bsk->bts", attention.ask(states_BTD)[..., head], keys[..., head]) / 2
        shares = scores.masked_fill(~MASK[:, None], -torch.inf).softmax(2)
        looks_BTS += shares / 2
        found[..., head] = shares @ values[..., head]
    torch.testing.assert_close(attention.with_weights(states_BTD, read, MASK)[1], looks_BTS)
    torch.testing.assert_close(attention(states_BTD, read, MASK), attention.join(found))

    decoder, memory = small(memory_width=8, layers=2), Memory(torch.randn(3, 5, 8), MASK)
    seen = []
    decoder.layers[-1].memory_norm.register_forward_hook(lambda _, __, asked: seen.append(asked))
    _, state = decoder(torch.randint(20, (3, 4)), decoder.start(memory, rows=3, record=True))
    last = decoder.layers[-1].attention_to_memory
    assert torch.equal(state.seen[0], last.with_weights(seen[0], last.read(memory), MASK)[1])


@pytest.mark.parametrize("kind", [TransformerDecoderConfig, GptDecoderConfig])
def test_no_token_is_written_beyond_the_room(kind):
    decoder = small(kind)
    _, full = decoder(torch.ones(2, 3, dtype=torch.long), decoder.start(None, rows=2, capacity=3))
    with pytest.raises(IndexError, match="room for 3 tokens, and 4 are written"):
        decoder(torch.ones(2, 1, dtype=torch.long), full)
    with pytest.raises(IndexError, match="room for 3 tokens, and 5 are written"):
        decoder(torch.ones(2, 5, dtype=torch.long), decoder.start(None, rows=2, capacity=3))
    wide = full.widen(2)
    with pytest.raises(IndexError):
        decoder(torch.ones(4, 1, dtype=torch.long), wide)


def test_beams_that_change_places_move_no_keys_and_values():
    decoder = small()
    _, state = decoder(torch.ones(2, 3, dtype=torch.long), decoder.start(None, rows=2, capacity=6))
    _, state = decoder(torch.arange(4)[:, None], state.widen(2))
    moved = state.select(torch.tensor([1, 1, 3, 2]))
    assert moved.pasts is state.pasts
    assert moved.places_NT.tolist() == [[4], [4], [4], [3]]
    fewer = moved.select(torch.tensor([3, 2]))
    assert [len(past.keys_BHCK) for past in fewer.pasts] == [1]


def test_the_keys_and_values_of_a_memory_are_not_copied_for_each_beam():
    decoder, memory = small(memory_width=8), Memory(torch.randn(3, 5, 8), MASK)
    state = decoder.start(memory, rows=3, capacity=4)
    assert state.widen(7).read is state.read


@pytest.mark.parametrize("positions", ["sinusoidal", "rotary"])
def test_every_kind_of_position_tells_the_order(positions):
    decoder = small(positions=positions)
    one, other = torch.tensor([[3, 4, 5]]), torch.tensor([[4, 3, 5]])
    states, turned = (decoder(ids_BT, decoder.start(None, rows=1))[0][:, -1] for ids_BT in (one, other))
    assert not torch.allclose(states, turned, atol=1e-4)


@pytest.mark.parametrize("kind", [TransformerDecoderConfig, GptDecoderConfig])
@pytest.mark.parametrize("wrong", [{"width": 10, "heads": 4}, {"width": 7}, {"heads": 0}, {"dropout": 1.0}])
def test_settings_that_cannot_be_are_refused(kind, wrong):
    with pytest.raises(ConfigError):
        validated(kind, wrong)


def test_rotary_positions_need_an_even_width_a_head():
    assert validated(TransformerDecoderConfig, {"width": 6, "heads": 2}).width == 6
    for kind, more in ((TransformerDecoderConfig, {"positions": "rotary"}), (GptDecoderConfig, {})):
        with pytest.raises(ConfigError, match="rotary positions turn pairs"):
            validated(kind, {"width": 6, "heads": 2, **more})


def test_learned_positions_end_where_they_were_learned():
    decoder = small(GptDecoderConfig, positions="learned", norm="layer", max_length=6)
    ids_BT = torch.randint(20, (2, 6))
    whole, _ = decoder(ids_BT, decoder.start(None, rows=2))
    state = decoder.start(None, rows=2, capacity=7)
    first, state = decoder(ids_BT[:, :4], state)
    last, state = decoder(ids_BT[:, 4:], state)
    torch.testing.assert_close(torch.cat([first, last], 1), whole)
    with pytest.raises(ConfigError, match="6 positions are learned, and position 7 is asked for"):
        decoder(ids_BT[:, :1], state)
