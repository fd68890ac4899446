import numpy as np
import pytest

from weft.data.checks.findings import Part
from weft.experiments.inspection.meaning import grouped, k_means, repeated


def around(middles, each, *, seed=0):
    """Unit vectors near some of the axes, so many for each."""
    draw = np.random.default_rng(seed)
    found = np.repeat(np.eye(8)[middles], each, axis=0) + 0.05 * draw.normal(size=(len(middles) * each, 8))
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def test_groups_are_those_that_were_put_in():
    group_N, middles_KD = k_means(around([0, 3, 5], 20), count=3)
    assert sorted(np.bincount(group_N)) == [20, 20, 20]
    assert all(len({*group_N[at : at + 20].tolist()}) == 1 for at in (0, 20, 40))
    np.testing.assert_allclose(np.linalg.norm(middles_KD, axis=1), 1, rtol=1e-5)
    found = grouped(["one", "猫", "dog"] * 20, around([0, 3, 5], 20), seed=0)
    assert found.table[0] == ("texts", "mean cosine", "most typical text")
    assert sum(int(row[0]) for row in found.table[1:]) == 60


def test_equal_vectors_are_one_group():
    group_N, _ = k_means(np.ones((5, 4), np.float32) / 2, count=3)
    assert len({*group_N.tolist()}) == 1


@pytest.mark.parametrize(("texts", "count"), [(["a", "b", "c"], 1), (["a", "a", "c"], 0)])
def test_what_says_the_same_in_other_words_is_named_with_its_line(texts, count):
    vectors_ND = np.array([[1, 0], [0.99, 0.14], [0, 1]], np.float32)
    found = repeated(Part("train", "a.csv", texts, [""] * 3, [2, 3, 4]), vectors_ND)
    assert found.count == count
    assert [(row.where, row.note) for row in found.rows] == [("a.csv:3", "cosine 0.99 with train line 2")] * count
