"""The recurrent encoder against torch's own, packed and in both directions."""

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from weft.models.base import TokenSpec
from weft.models.rnn import GruEncoderConfig, LstmEncoderConfig, PlainRnnEncoderConfig

LENGTHS = [4, 1, 7, 2]
KINDS = {
    "rnn": (PlainRnnEncoderConfig, nn.RNN),
    "lstm": (LstmEncoderConfig, nn.LSTM),
    "gru": (GruEncoderConfig, nn.GRU),
}


def ours_and_torchs(kind, *, layers, directions):
    config, theirs = KINDS[kind]
    ours = config(width=6, hidden=5, layers=layers, directions=directions).build(TokenSpec((20,))).eval()
    reference = theirs(6, 5, num_layers=layers, bidirectional=directions == 2, batch_first=True)
    for depth, parts in enumerate(ours.layers):
        for part, suffix in zip(parts, ("", "_reverse"), strict=False):
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                getattr(reference, f"{name}_l{depth}{suffix}").data.copy_(getattr(part, f"{name}_l0"))
    return ours, reference


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("directions", [1, 2])
def test_states_and_final_are_those_of_torch(tokens, kind, layers, directions):
    ours, reference = ours_and_torchs(kind, layers=layers, directions=directions)
    source = tokens(LENGTHS)
    memory = ours(source)
    packed = pack_padded_sequence(ours.embedding(source), source.lengths_B, batch_first=True, enforce_sorted=False)
    states, hidden = reference(packed)
    states_BSD, _ = pad_packed_sequence(states, batch_first=True)
    last = hidden[0] if kind == "lstm" else hidden
    torch.testing.assert_close(memory.states_BSD[source.mask_BS], states_BSD[source.mask_BS])
    torch.testing.assert_close(memory.final_BD, torch.cat(list(last[-directions:]), 1))
    assert ours.width == 5 * directions
