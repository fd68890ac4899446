"""Weights by name: each tensor once, and back into a network that is alike."""

import pytest
import torch
from torch import nn

from weft.models.weights import own_weights, put_weights


class Tied(nn.Module):
    """Two names of one table, and a buffer."""

    def __init__(self, size=5, *, shared=True):
        super().__init__()
        self.read = nn.Embedding(size, 3)
        self.tell = nn.Linear(3, size)
        if shared:
            self.tell.weight = self.read.weight
        self.register_buffer("seen_N", torch.randn(4))


def test_a_tensor_of_several_names_is_held_once_by_the_first():
    assert list(own_weights(Tied())) == ["seen_N", "read.weight", "tell.bias"]
    assert list(own_weights(Tied(shared=False))) == ["seen_N", "read.weight", "tell.weight", "tell.bias"]


def test_they_are_the_weights_themselves_without_their_gradients():
    network = Tied()
    held = own_weights(network)["read.weight"]
    assert not held.requires_grad
    network.read.weight.data.zero_()
    assert not held.any()


def test_what_was_held_comes_back_under_all_names():
    network, other = Tied(), Tied()
    put_weights(other, {name: value.clone() for name, value in own_weights(network).items()})
    assert other.tell.weight is other.read.weight
    for name, value in network.state_dict().items():
        assert torch.equal(other.state_dict()[name], value)
    assert other.read.weight.data_ptr() != network.read.weight.data_ptr()
    assert other.read.weight.requires_grad


@pytest.mark.parametrize(
    ("other", "named"),
    [(Tied(shared=False), "tell.weight"), (nn.Linear(3, 5), "bias")],
    ids=["one tensor more", "another network"],
)
def test_weights_of_another_network_are_refused(other, named):
    with pytest.raises(KeyError, match=f"weights of another network: {named}"):
        put_weights(Tied(), own_weights(other))
    with pytest.raises(KeyError, match=f"weights of another network: {named}"):
        put_weights(other, own_weights(Tied()))


def test_weights_of_another_size_are_refused():
    with pytest.raises(RuntimeError, match=r"read\.weight has the shape \[6, 3\], expected \[5, 3\]"):
        put_weights(Tied(5), own_weights(Tied(6)))
