"""The head of masked pre-training: tied to the encoder's table, on any encoder that keeps positions."""

import pytest
import torch

from weft.data.batch import Tokens
from weft.models.base import Encoder, Memory, TokenSpec
from weft.models.cnn import CnnEncoderConfig
from weft.models.masked import MaskedModel
from weft.models.rnn import LstmEncoderConfig
from weft.models.transformer import TransformerEncoderConfig
from weft.models.weights import own_weights

ENCODERS = [
    CnnEncoderConfig(width=8, maps=4),
    LstmEncoderConfig(width=8, hidden=6),
    TransformerEncoderConfig(width=8, heads=2, feed_forward=16),
]
IDS = torch.tensor([[2, 3, 4, 5], [6, 7, 0, 0]])
CHOSEN = torch.tensor([[False, True, False, True], [True, False, False, False]])


@pytest.mark.parametrize("config", ENCODERS, ids=lambda config: config.kind)
def test_only_what_is_chosen_is_scored_by_the_table_of_the_encoder(config):
    model = MaskedModel(config.build(TokenSpec((20, 30))), size=20, first=2)
    scores_NV = model(Tokens(IDS, IDS > 0, IDS[..., None]), CHOSEN)
    assert scores_NV.shape == (3, 18)
    scores_NV.logsumexp(-1).sum().backward()
    table = model.encoder.embedding.tables[0]
    assert model.table is table
    assert not table.weight.grad.is_sparse
    assert table.weight.grad[2:].abs().sum(1).min() > 0
    assert not table.weight.grad[0].any()
    assert not [name for name in own_weights(model) if name.startswith("own")]


def test_an_encoder_without_such_a_table_gets_one_beside_it():
    class Ones(Encoder):
        width = 5

        def forward(self, source):
            return Memory(torch.ones(*source.ids_BS.shape, 5), source.mask_BS)

    model = MaskedModel(Ones(), size=20, first=0)
    assert model(Tokens(IDS, IDS > 0), CHOSEN).shape == (3, 20)
    assert "own.weight" in own_weights(model)
