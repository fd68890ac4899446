"""The bag of n-grams: a mean, with a sparse gradient."""

import torch

from weft.data.batch import Ngrams
from weft.models.bag import BagEncoder

ROWS = [[3, 1, 3], [], [7], [2, 2], []]


def bag(rows):
    lengths = torch.tensor([len(row) for row in rows])
    return Ngrams(torch.tensor([number for row in rows for number in row]).long(), lengths.cumsum(0) - lengths)


def test_the_mean_of_each_row_and_zero_for_none():
    encoder = BagEncoder(9, 4)
    memory = encoder(bag(ROWS))
    for row, state in zip(ROWS, memory.states_BSD[:, 0], strict=True):
        vectors = [encoder.table.weight[number] for number in row]
        torch.testing.assert_close(state, sum(vectors) / len(row) if row else torch.zeros(4))
    assert memory.mask_BS.tolist() == [[True]] * len(ROWS)


def test_no_ngram_at_all():
    assert BagEncoder(9, 4)(bag([[], []])).states_BSD.tolist() == [[[0.0] * 4]] * 2


def test_the_gradient_is_sparse_and_that_of_the_mean():
    encoder = BagEncoder(9, 4)
    weight_BD = torch.randn(len(ROWS), 4)
    (encoder(bag(ROWS)).states_BSD[:, 0] * weight_BD).sum().backward()
    grad = encoder.table.weight.grad
    expected = torch.zeros(9, 4)
    for row, weight_D in zip(ROWS, weight_BD, strict=True):
        for number in row:
            expected[number] += weight_D / len(row)
    assert grad.is_sparse
    assert set(grad.coalesce().indices()[0].tolist()) == {1, 2, 3, 7}
    torch.testing.assert_close(grad.to_dense(), expected)


def test_a_frozen_table_is_read_too():
    encoder = BagEncoder(9, 4).requires_grad_(False)
    assert not encoder(bag(ROWS)).states_BSD.requires_grad
