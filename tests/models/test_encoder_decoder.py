"""Every encoder that keeps positions in front of every decoder, and the table that both may share."""

from dataclasses import replace

import pytest
import torch

from tests.kinds import DECODERS, READERS
from weft.config import kind_of
from weft.models.base import TokenSpec
from weft.models.encoder_decoder import EncoderDecoder
from weft.models.weights import own_weights, put_weights

TINY = {"width": 8, "hidden": 6, "maps": 3, "feed_forward": 10, "heads": 2, "layers": 1}
every_pair = pytest.mark.parametrize(
    ("encoder", "decoder"),
    [(encoder, decoder) for encoder in READERS for decoder in DECODERS],
    ids=[f"{kind_of(encoder)}-{kind_of(decoder)}" for encoder in READERS for decoder in DECODERS],
)


def small(kind):
    return kind(**{name: value for name, value in TINY.items() if name in kind.model_fields})


def built(encoder, decoder, *, tying="separate", views=1, seed=0):
    torch.manual_seed(seed)
    reader = small(encoder).build(TokenSpec((20,) * views))
    return EncoderDecoder(reader, small(decoder).build(20, memory_width=reader.width), tying=tying).eval()


@every_pair
@pytest.mark.parametrize("tying", ["shared", "separate"])
def test_a_pair_is_written_the_same_alone_and_among_others(tokens, encoder, decoder, tying):
    network, source, ids_BT = built(encoder, decoder, tying=tying), tokens([5, 2, 3]), torch.randint(20, (3, 4))
    states_BTD = network(source, ids_BT)
    assert states_BTD.shape == (3, 4, network.decoder.width)
    for row, length in enumerate([5, 2, 3]):
        one = slice(row, row + 1)
        alone = replace(source, ids_BS=source.ids_BS[one, :length], mask_BS=source.mask_BS[one, :length])
        torch.testing.assert_close(network(alone, ids_BT[one]), states_BTD[one], rtol=1e-5, atol=1e-5)


@every_pair
@pytest.mark.parametrize("tying", ["shared", "separate"])
def test_a_step_of_training_changes_every_weight(tokens, encoder, decoder, tying):
    network, source, ids_BT = built(encoder, decoder, tying=tying), tokens([5, 2, 3]), torch.randint(20, (3, 4))
    before = {name: value.clone() for name, value in own_weights(network).items()}
    scores_BTV = network.decoder.logits(network(source, ids_BT))
    (scores_BTV * torch.randn_like(scores_BTV)).sum().backward()
    torch.optim.SGD(network.parameters(), lr=1.0).step()
    assert not [name for name, value in own_weights(network).items() if torch.equal(value, before[name])]


@pytest.mark.parametrize("decoder", DECODERS, ids=kind_of)
def test_a_shared_table_is_one_tensor_read_and_told_by_both_sides(tokens, decoder):
    network = built(READERS[-1], decoder, tying="shared")
    table = network.decoder.embedding
    assert network.encoder.embedding.tables[0] is table
    names = [name for name, value in network.state_dict(keep_vars=True).items() if value is table.weight]
    assert len(names) == 2
    assert [name for name in own_weights(network) if name in names] == names[:1]
    assert sum(parameter is table.weight for parameter in network.parameters()) == 1

    source, ids_BT = tokens([4]), torch.tensor([[2, 3, 4]])
    source = replace(source, ids_BS=torch.tensor([[11, 12, 13, 14]]))
    states_BTD = network(source, ids_BT)
    (read,) = torch.autograd.grad(states_BTD.square().sum(), table.weight)
    assert read.any(1).nonzero()[:, 0].tolist() == [2, 3, 4, 11, 12, 13, 14]
    (told,) = torch.autograd.grad(network.decoder.logits(states_BTD.detach()).square().sum(), table.weight)
    assert told.any(1).all()
    with torch.no_grad():
        table.weight[11] *= -1
    assert not torch.allclose(network(source, ids_BT), states_BTD)


@pytest.mark.parametrize("decoder", DECODERS, ids=kind_of)
@pytest.mark.parametrize("tying", ["shared", "separate"])
def test_what_is_saved_comes_back(tokens, decoder, tying):
    network, again = (built(READERS[-1], decoder, tying=tying, seed=seed) for seed in (0, 1))
    source, ids_BT = tokens([5, 2, 3]), torch.randint(20, (3, 4))
    assert not torch.equal(network(source, ids_BT), again(source, ids_BT))
    put_weights(again, {name: value.clone() for name, value in own_weights(network).items()})
    assert torch.equal(network(source, ids_BT), again(source, ids_BT))
    assert (again.encoder.embedding.tables[0] is again.decoder.embedding) == (tying == "shared")


def test_weights_of_another_tying_are_refused():
    shared, separate = (built(READERS[-1], DECODERS[0], tying=tying) for tying in ("shared", "separate"))
    for one, other in ((shared, separate), (separate, shared)):
        with pytest.raises(KeyError, match=r"decoder\.embedding\.weight"):
            put_weights(one, own_weights(other))


def test_further_views_of_the_source_keep_their_own_tables(tokens):
    network, source = built(READERS[-1], DECODERS[0], tying="shared", views=3), tokens([5, 2], views=3)
    first, *others = network.encoder.embedding.tables
    assert first is network.decoder.embedding
    assert all(table.weight is not first.weight for table in others)
    ids_BT = torch.randint(20, (2, 3))
    changed = replace(source, views_BSW=source.views_BSW % 19 + 1)
    assert not torch.allclose(network(source, ids_BT), network(changed, ids_BT))


@pytest.mark.parametrize("tying", ["shared", "separate"])
def test_no_gradient_is_sparse(tokens, tying):
    network = built(READERS[0], DECODERS[0], tying=tying, views=2)
    network(tokens([5, 2], views=2), torch.randint(20, (2, 3))).sum().backward()
    assert not any(parameter.grad.is_sparse for parameter in network.parameters())
