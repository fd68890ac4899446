"""A seed gives the same weights, under the same names, in every version: saved folders and runs stay comparable."""

import pytest
import torch

from weft.models.base import TokenSpec
from weft.models.options import OptionConfig
from weft.models.rnn import LstmEncoderConfig
from weft.models.span import SpanConfig

ENCODER = LstmEncoderConfig(width=4, hidden=3)
LSTM = [f"layers.0.{way}.{name}_l0" for way in (0, 1) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
SHARED = ["both", "encoder.embedding.tables.0.weight", *(f"encoder.{name}" for name in LSTM)]
SHARED += [
    "similar.0.weight",
    "similar.1.weight",
    "merge.weight",
    "merge.bias",
    *(f"modelling.{name}" for name in LSTM),
]
ASKED = ["asked.key.weight", "asked.key.bias", "asked.query.weight"]


def linear(*layers):
    return [f"{layer}.{name}" for layer in layers for name in ("weight", "bias")]


def test_of_a_reader_of_spans():
    torch.manual_seed(0)
    found = SpanConfig(hidden=3).build(ENCODER.build(TokenSpec((9,))), reader="attention").state_dict()
    span = [*(f"ending.{name}" for name in LSTM), *ASKED, *linear("about", "start", "end", "none", "begun")]
    assert list(found) == [*SHARED, *span]
    assert found["begun.bias"][:3].tolist() == pytest.approx([0.1273537, -0.3290755, -0.1971624], abs=1e-6)


def test_of_a_reader_of_options():
    torch.manual_seed(0)
    encoder = ENCODER.build(TokenSpec((9,)))
    found = OptionConfig(hidden=3).build(encoder, reader="attention", counted=2).state_dict()
    names = ["mean_F", "scale_F", *(f"reads.{name}" for name in (*SHARED, *ASKED)), *linear("score", "counted.0")]
    assert list(found) == [*names, "counted.3.weight"]
    assert found["reads.asked.key.bias"][:3].tolist() == pytest.approx([0.3439367, -0.1399062, -0.2252071], abs=1e-6)
    assert found["score.weight"][0, :3].tolist() == pytest.approx([0.2388898, -0.0574610, 0.1658009], abs=1e-6)
