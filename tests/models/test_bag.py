"""The bag of n-grams: a weighted sum, with a sparse gradient; its weights are naive-Bayes ratios."""

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import TfidfTransformer

from weft.data.batch import Ngrams
from weft.models.bag import BagEncoder, BagEncoderConfig, inverse_frequency, ratio_spread, weigh

ROWS = [[1, 3], [], [7], [2, 3, 8], []]


def bag(rows):
    lengths = torch.tensor([len(row) for row in rows])
    return Ngrams(torch.tensor([number for row in rows for number in row]).long(), lengths.cumsum(0) - lengths)


def filled(weight_V=None):
    encoder = BagEncoder(9, 4)
    torch.nn.init.normal_(encoder.table.weight)
    if weight_V is not None:
        encoder.weight_V.copy_(weight_V)
    return encoder


def scales(encoder, row):
    weights = encoder.weight_V[row]
    return weights / weights.square().sum().sqrt()


@pytest.mark.parametrize("weight_V", [None, torch.arange(9.0)])
def test_the_weighted_sum_of_each_row_and_zero_for_none(weight_V):
    encoder = filled(weight_V)
    memory = encoder(bag(ROWS))
    for row, state in zip(ROWS, memory.states_BSD[:, 0], strict=True):
        expected = scales(encoder, row) @ encoder.table.weight[row] if row else torch.zeros(4)
        torch.testing.assert_close(state, expected)
    assert memory.mask_BS.tolist() == [[True]] * len(ROWS)


def test_no_ngram_at_all():
    assert filled()(bag([[], []])).states_BSD.tolist() == [[[0.0] * 4]] * 2


def test_fresh_weights_say_nothing():
    assert not BagEncoder(9, 4)(bag(ROWS)).states_BSD.any()


def test_the_gradient_is_sparse_and_that_of_the_sum():
    encoder = filled(torch.arange(9.0))
    weight_BD = torch.randn(len(ROWS), 4)
    (encoder(bag(ROWS)).states_BSD[:, 0] * weight_BD).sum().backward()
    grad = encoder.table.weight.grad
    expected = torch.zeros(9, 4)
    for row, weight_D in zip(ROWS, weight_BD, strict=True):
        for number, scale in zip(row, scales(encoder, row), strict=True):
            expected[number] += weight_D * scale
    assert grad.is_sparse
    assert set(grad.coalesce().indices()[0].tolist()) == {1, 2, 3, 7, 8}
    torch.testing.assert_close(grad.to_dense(), expected)


def test_a_frozen_table_is_read_too():
    encoder = filled().requires_grad_(False)
    assert not encoder(bag(ROWS)).states_BSD.requires_grad


def ratios(rows, rows_of_C, size):
    """Written out from Wang and Manning 2012, equation 2, for each label against the others, [C, V]."""
    found = []
    for mine in rows_of_C:
        inside, outside = np.ones(size), np.ones(size)
        for number, row in enumerate(rows):
            for ngram in row:
                (inside if number in mine else outside)[ngram] += 1
        found.append(np.log((inside / inside.sum()) / (outside / outside.sum())))
    return np.array(found)


@pytest.mark.parametrize("rows_of_C", [[[0, 1], [2, 3, 4]], [[0], [1, 2], [3, 4]], [[0, 3], [3, 4]]])
def test_ngrams_are_weighed_by_how_unlike_their_shares_in_the_labels_are(rows_of_C):
    ids_of_C = [np.array([ngram for row in rows for ngram in ROWS[row]], dtype=np.int32) for rows in rows_of_C]
    ids_N, ratios_CV = np.array([ngram for row in ROWS for ngram in row]), ratios(ROWS, rows_of_C, 9)
    weight_V, spread_V = weigh(ids_N, ids_of_C, size=9), ratio_spread(ids_N, ids_of_C, size=9)
    np.testing.assert_allclose(weight_V, np.abs(ratios_CV).max(0), rtol=1e-5)
    np.testing.assert_allclose(spread_V, ratios_CV.std(0), rtol=1e-5, atol=1e-6)
    assert weight_V.dtype == spread_V.dtype == np.float32
    encoder = BagEncoder(9, 4, weighting="supervised")
    encoder.prepare(ids_N, ids_of_C, rows=5)
    expected_V = inverse_frequency(ids_N, rows=5, size=9) * (1 + 2 * ratios_CV.std(0))
    np.testing.assert_allclose(encoder.weight_V, expected_V, rtol=1e-5)


def test_by_default_a_bag_weighs_for_two_labels_and_not_for_more():
    assert [BagEncoderConfig().for_labels(labels).weighting for labels in (2, 3)] == ["naive-bayes", "none"]
    assert BagEncoderConfig(weighting="none").for_labels(2).weighting == "none"
    assert BagEncoderConfig(weighting="naive-bayes").for_labels(9).weighting == "naive-bayes"


def test_only_a_weighted_bag_learns_weights_and_they_are_saved_with_it():
    plain, weighted = BagEncoder(4, 2), BagEncoder(4, 2, weighting="naive-bayes")
    for encoder in (plain, weighted):
        encoder.prepare(np.array([1, 2, 3]), [np.array([1, 2]), np.array([3])], rows=2)
    assert plain.weight_V.tolist() == [1.0] * 4
    assert weighted.weight_V[3] > weighted.weight_V[0]
    again = BagEncoder(4, 2, weighting="naive-bayes")
    again.load_state_dict(weighted.state_dict())
    assert torch.equal(again.weight_V, weighted.weight_V)


def test_tf_idf_is_that_of_scikit_learn():
    rows = [[1, 3], [7], [2, 3, 8], [3, 7]]
    ids_N = np.array([ngram for row in rows for ngram in row])
    theirs = TfidfTransformer().fit(csr_array([[number in row for number in range(9)] for row in rows], dtype=float))
    np.testing.assert_allclose(inverse_frequency(ids_N, rows=4, size=9), theirs.idf_, rtol=1e-6)


def test_balanced_groups_weigh_the_same_together():
    encoder = BagEncoder(9, 4, weighting="tf-idf", groups=True)
    ids_N, group_V = np.array([1, 2, 3, 4, 8, 8]), np.array([0, 0, 0, 1, 1, 2, 2, 2, 2], dtype=np.uint8)
    encoder.prepare(ids_N, [ids_N], rows=3, group_V=group_V)
    weight_N = encoder.weights(bag([[1, 2, 3, 4, 8], [8], []]))
    for start, end in ((0, 2), (2, 4), (4, 5)):
        assert weight_N[start:end].square().sum() == pytest.approx(1 / 3, abs=1e-6)
    assert weight_N[5] == pytest.approx(1)
    assert weight_N[0] / weight_N[1] == pytest.approx(float(encoder.weight_V[1] / encoder.weight_V[2]))


def test_an_exact_solver_has_an_entry_a_score_and_leaves_the_rest_open():
    config = BagEncoderConfig().deciding_alone(7).for_labels(7)
    assert (config.solver, config.width, config.weighting) == ("exact", 7, "default")
    assert [way["balance"] for way in config.ways(scores=7, rows=9, rare=True)] == [
        "lengths",
        "shared",
        "none",
        "lengths",
    ]
    assert [way["weighting"] for way in config.ways(scores=7, rows=9, rare=False)] == [
        "supervised",
        "supervised",
        "tf-idf",
    ]
    assert {way["weighting"] for way in config.ways(scores=7, rows=20_000, rare=False)} == {"tf-idf"}
    assert {way["weighting"] for way in config.ways(scores=0, rows=9, rare=False)} == {"tf-idf"}
    assert BagEncoderConfig(width=4).deciding_alone(7).for_labels(7).solver == "gradient"
    assert BagEncoderConfig(balance="none", weighting="none").ways(scores=1, rows=9, rare=False) == [
        {"weighting": "none", "balance": "none"}
    ]
