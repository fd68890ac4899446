"""The recurrent decoders against torch's cells, the papers' formulas, and a walk step by step."""

import pytest
import torch
from torch import nn

from weft.models.base import Memory
from weft.models.rnn_decoder import GruDecoderConfig, LstmDecoderConfig

MASK = torch.arange(5) < torch.tensor([5, 2, 3])[:, None]
KINDS = {"lstm": (LstmDecoderConfig, nn.LSTM), "gru": (GruDecoderConfig, nn.GRU)}
every_kind = pytest.mark.parametrize("kind", KINDS)


def small(kind="lstm", *, memory_width=None, **settings):
    settings = {"width": 6, "hidden": 7, **settings}
    return KINDS[kind][0](**settings).build(20, memory_width=memory_width).eval()


def torchs(decoder, kind):
    """Torch's own stack of layers with the decoder's weights."""
    first = decoder.layers[0].input_size
    theirs = KINDS[kind][1](first, decoder.hidden, num_layers=len(decoder.layers), batch_first=True)
    for depth, layer in enumerate(decoder.layers):
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            getattr(theirs, f"{name}_l{depth}").data.copy_(getattr(layer, f"{name}_l0"))
    return theirs


def bridged(decoder, memory, last_BD, kind):
    """What torch's layers begin with: the decoder's own start, which holds what the bridge made and nothing else."""
    state = decoder.start(memory, rows=len(last_BD))
    made = torch.tanh(decoder.bridge(last_BD))
    held = [state.states_LND] if state.cells_LND is None else [state.states_LND, state.cells_LND]
    assert sorted(torch.stack(held).flatten().tolist()) == sorted(made.flatten().tolist())
    return state.states_LND if kind == "gru" else (state.states_LND, state.cells_LND)


@every_kind
@pytest.mark.parametrize("layers", [1, 3])
def test_alone_it_is_torchs_stack(kind, layers):
    decoder, ids_BT = small(kind, layers=layers), torch.randint(20, (3, 8))
    expected, last = torchs(decoder, kind)(decoder.embedding(ids_BT))
    told, state = decoder(ids_BT, decoder.start(None, rows=3))
    torch.testing.assert_close(told, decoder.tell(expected))
    states, cells = last if kind == "lstm" else (last, None)
    torch.testing.assert_close(state.states_LND, states)
    assert (state.cells_LND is None) == (cells is None)
    if cells is not None:
        torch.testing.assert_close(state.cells_LND, cells)


@every_kind
def test_scores_come_from_the_embedding_and_a_bias(kind):
    decoder, states = small(kind), torch.randn(2, 3, 6)
    decoder.bias_V.data.normal_()
    torch.testing.assert_close(decoder.logits(states), states @ decoder.embedding.weight.T + decoder.bias_V)


@every_kind
@pytest.mark.parametrize("layers", [1, 2])
def test_without_attention_the_memory_is_its_last_state(kind, layers):
    decoder, ids_BT = small(kind, memory_width=4, attention="none", layers=layers), torch.randint(20, (3, 8))
    last_BD = torch.randn(3, 4)
    memory = Memory(torch.randn(3, 5, 4), MASK, last_BD)
    expected, _ = torchs(decoder, kind)(decoder.embedding(ids_BT), bridged(decoder, memory, last_BD, kind))
    told, _ = decoder(ids_BT, decoder.start(memory, rows=3))
    torch.testing.assert_close(told, decoder.tell(expected))
    other = Memory(torch.randn(3, 5, 4), MASK, last_BD)
    assert torch.equal(decoder(ids_BT, decoder.start(other, rows=3))[0], told)


@every_kind
@pytest.mark.parametrize("attention", ["additive", "multiplicative", "none"])
def test_where_no_last_state_is_held_the_mean_serves(kind, attention):
    decoder, states_BSD = small(kind, memory_width=4, attention=attention), torch.randn(3, 5, 4)
    mean_BD = torch.stack([states_BSD[row][MASK[row]].mean(0) for row in range(3)])
    ids_BT = torch.randint(20, (3, 4))
    with_mean, without = (
        decoder(ids_BT, decoder.start(Memory(states_BSD, MASK, last), rows=3))[0] for last in (mean_BD, None)
    )
    torch.testing.assert_close(with_mean, without)


def scores_of(decoder, hidden_BTD, states_BSD, attention):
    """Each state compared with each position as the papers write it."""
    scores = torch.empty(len(hidden_BTD), hidden_BTD.shape[1], states_BSD.shape[1])
    for row, asked in enumerate(hidden_BTD):
        for step, hidden in enumerate(asked):
            for place, state in enumerate(states_BSD[row]):
                key = decoder.key.weight @ state
                if attention == "multiplicative":  # h W s: Luong et al. 2015, section 3.1, `general`
                    scores[row, step, place] = hidden @ key
                else:  # v tanh(W h + U s): Bahdanau et al. 2015, appendix A.1.2
                    inner = torch.tanh(decoder.ask.weight @ hidden + decoder.ask.bias + key)
                    scores[row, step, place] = decoder.score.weight[0] @ inner
    return scores


@every_kind
@pytest.mark.parametrize("attention", ["additive", "multiplicative"])
def test_attention_is_the_formula(kind, attention):
    decoder, ids_BT = small(kind, memory_width=4, attention=attention, layers=2), torch.randint(20, (3, 4))
    states_BSD, last_BD = torch.randn(3, 5, 4), torch.randn(3, 4)
    memory = Memory(states_BSD, MASK, last_BD)
    hidden_BTD, _ = torchs(decoder, kind)(decoder.embedding(ids_BT), bridged(decoder, memory, last_BD, kind))
    scores_BTS = scores_of(decoder, hidden_BTD, states_BSD, attention).masked_fill(~MASK[:, None], -torch.inf)
    looks_BTS = scores_BTS.softmax(2)
    found_BTD = torch.einsum("bts,bsd->btd", looks_BTS, states_BSD)
    told, state = decoder(ids_BT, decoder.start(memory, rows=3, record=True))
    # tanh(W [found; hidden]): Luong et al. 2015, equation 5
    torch.testing.assert_close(told, torch.tanh(decoder.tell(torch.cat([hidden_BTD, found_BTD], 2))))
    torch.testing.assert_close(torch.cat(state.seen, 1), looks_BTS)


@every_kind
@pytest.mark.parametrize("attention", ["additive", "multiplicative"])
def test_input_feeding_reads_what_the_last_step_told(kind, attention):
    settings = {"attention": attention, "feeding": "attended", "layers": 2}
    decoder, ids_BT = small(kind, memory_width=4, **settings), torch.randint(20, (3, 4))
    states_BSD, last_BD = torch.randn(3, 5, 4), torch.randn(3, 4)
    memory = Memory(states_BSD, MASK, last_BD)
    theirs, hidden = torchs(decoder, kind), bridged(decoder, memory, last_BD, kind)
    fed_BD, expected = torch.zeros(3, 6), []
    for step in range(4):
        joined_BD = torch.cat([decoder.embedding(ids_BT[:, step]), fed_BD], 1)
        hidden_B1D, hidden = theirs(joined_BD[:, None], hidden)
        scores_B1S = scores_of(decoder, hidden_B1D, states_BSD, attention).masked_fill(~MASK[:, None], -torch.inf)
        found_B1D = scores_B1S.softmax(2) @ states_BSD
        fed_BD = torch.tanh(decoder.tell(torch.cat([hidden_B1D, found_B1D], 2)))[:, 0]
        expected.append(fed_BD)
    told, state = decoder(ids_BT, decoder.start(memory, rows=3))
    torch.testing.assert_close(told, torch.stack(expected, 1))
    torch.testing.assert_close(state.fed_ND, fed_BD)


def test_without_attention_there_is_nothing_to_feed():
    for memory_width, attention in ((None, "additive"), (4, "none")):
        fed = small(memory_width=memory_width, attention=attention, feeding="attended")
        assert fed.feeding == "tokens"
        assert fed.layers[0].input_size == 6


@pytest.mark.parametrize("attention", ["additive", "multiplicative", "none"])
def test_a_config_says_what_it_needs_of_a_memory(attention):
    assert LstmDecoderConfig(attention=attention).needs_positions == (attention != "none")


def test_groups_share_the_memory():
    decoder, memory = small(memory_width=4), Memory(torch.randn(3, 5, 4), MASK)
    state = decoder.start(memory, rows=3)
    wide = state.widen(7)
    assert wide.keys_BSD is state.keys_BSD
    assert wide.values_BSD is memory.states_BSD
