"""The output layer that copies: equal to its formula, and nothing generated that only copying can write."""

import pytest
import torch

from weft.errors import ConfigError
from weft.models.base import Memory
from weft.models.copying import Copied, Copier
from weft.models.rnn_decoder import LstmDecoderConfig
from weft.models.transformer_decoder import TransformerDecoderConfig

SIZE, WIDTH = 9, 4
IDS_BS = torch.tensor([[3, 5, 3, 8], [2, 2, 7, 0]])


def layer(*, first_copied=SIZE):
    torch.manual_seed(0)
    copier = Copier(WIDTH, memory_width=WIDTH, first_copied=first_copied).double()
    states_BTD, table = torch.randn(2, 3, WIDTH, dtype=torch.double), torch.randn(SIZE, WIDTH, dtype=torch.double)
    attention_BTS = torch.randn(2, 3, 4, dtype=torch.double).softmax(2)
    return copier, states_BTD.requires_grad_(), attention_BTS.requires_grad_(), table.requires_grad_()


def by_hand(copier, states_BTD, attention_BTS, table):
    scores = states_BTD @ table.T
    scores[..., copier.first_copied :] = -torch.inf
    gate = copier.gate(states_BTD).sigmoid()
    one_hot_BSV = torch.nn.functional.one_hot(IDS_BS, SIZE).double()
    return (gate * scores.softmax(-1) + (1 - gate) * attention_BTS @ one_hot_BSV).log()


def by_layer(copier, states_BTD, attention_BTS, table):
    copied = Copied.of(Memory(states_BTD, IDS_BS > 0, ids_BS=IDS_BS))
    return copier(copier.joined(states_BTD, attention_BTS, copied), lambda states: states @ table.T)


def test_the_mixture_is_that_of_the_paper_and_sums_to_one():
    given = layer()
    logs_BTV = by_layer(*given)
    torch.testing.assert_close(logs_BTV, by_hand(*given))
    torch.testing.assert_close(logs_BTV.exp().sum(-1), torch.ones(2, 3, dtype=torch.double))


def test_its_gradients_are_those_of_the_mixture():
    copier, *given = layer()
    weights = torch.randn(2, 3, SIZE, dtype=torch.double)
    both = [
        torch.autograd.grad((one(copier, *given) * weights).sum(), [*given, *copier.gate.parameters()])
        for one in (by_layer, by_hand)
    ]
    for mine, theirs in zip(*both, strict=True):
        torch.testing.assert_close(mine, theirs)


def test_what_is_beyond_the_vocabulary_is_copied_and_never_generated():
    given = layer(first_copied=7)
    logs_BTV, expected_BTV = by_layer(*given), by_hand(*given)
    copied = expected_BTV > -torch.inf
    torch.testing.assert_close(logs_BTV[copied], expected_BTV[copied])
    assert (logs_BTV[~copied] < -50).all()
    assert copied[0, :, 8].all()
    assert not copied[0, :, 7].any()


def test_groups_of_rows_copy_from_their_own_source():
    copier, states_BTD, attention_BTS, _ = layer()
    copied = Copied.of(Memory(states_BTD, IDS_BS > 0, ids_BS=IDS_BS))
    wide = copier.joined(states_BTD.repeat_interleave(3, 0), attention_BTS.repeat_interleave(3, 0), copied)
    alone = copier.joined(states_BTD, attention_BTS, copied)
    assert torch.equal(wide, alone.repeat_interleave(3, 0))
    assert torch.equal(copied.select(torch.tensor([1])).ids_BS, IDS_BS[1:])


def test_in_bfloat16_ids_stay_whole():
    copier = Copier(WIDTH, memory_width=WIDTH, first_copied=200_000)
    ids_BS = torch.tensor([[199_999, 100_001, 199_999]])
    states_BTD, attention = torch.zeros(1, 1, WIDTH, dtype=torch.bfloat16), torch.full((1, 1, 3), 1 / 3).bfloat16()
    joined = copier.joined(states_BTD, attention, Copied.of(Memory(states_BTD, ids_BS > 0, ids_BS=ids_BS)))
    assert joined[0, 0, -3:].long().tolist() == ids_BS[0].tolist()
    assert joined[0, 0, WIDTH : WIDTH + 3].tolist() == pytest.approx([2 / 3, 1 / 3, 0], abs=0.01)


@pytest.mark.parametrize("config", [TransformerDecoderConfig(copying="yes"), LstmDecoderConfig(copying="yes")])
def test_a_decoder_alone_has_nothing_to_copy(config):
    with pytest.raises(ConfigError, match="no attention to a source"):
        config.build(SIZE, memory_width=None)


def test_nor_has_one_without_attention():
    with pytest.raises(ConfigError, match="no attention to a source"):
        LstmDecoderConfig(copying="yes", attention="none").build(SIZE, memory_width=8)


@pytest.mark.parametrize("copying", ["auto", "no"])
def test_without_copying_the_weights_are_as_before(copying):
    torch.manual_seed(1)
    plain = TransformerDecoderConfig(width=8, layers=1, copying=copying).build(SIZE, memory_width=8)
    assert plain.copier is None
    assert not any(name.startswith("copier") for name in plain.state_dict())
    torch.manual_seed(1)
    first = torch.nn.Embedding(SIZE, 8)
    torch.nn.init.normal_(first.weight, std=8**-0.5)
    assert torch.equal(plain.embedding.weight, first.weight), "and nothing is drawn before them"


def test_each_place_is_read_with_the_one_before_it_and_with_none_after():
    copier = Copier(WIDTH, memory_width=WIDTH, first_copied=SIZE)
    states_BSD = torch.randn(2, 4, WIDTH)
    read = copier.read(Memory(states_BSD, IDS_BS > 0, ids_BS=IDS_BS))
    assert torch.equal(read.states_BSD[:, 0], states_BSD[:, 0])
    torch.testing.assert_close(read.states_BSD[:, 1:], states_BSD[:, 1:] + copier.before(states_BSD[:, :-1]))
    assert read.ids_BS is IDS_BS
