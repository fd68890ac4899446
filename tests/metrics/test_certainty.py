"""The surest texts of each class, and how torn a model is, by cases worked by hand."""

import numpy as np
import pytest

from weft.metrics.certainty import surest, uncertainty


def test_each_class_gets_its_share_by_a_threshold_of_its_own():
    # a model that prefers class 1: all but one text have more than half of it
    one_N = np.array([0.95, 0.9, 0.8, 0.75, 0.7, 0.65, 0.6, 0.45])
    found = surest(np.log(np.stack([1 - one_N, one_N], 1)), np.array([10, 10]), share=0.5)
    assert found.rows_K.tolist() == [0, 1, 6, 7]
    assert found.class_K.tolist() == [1, 1, 0, 0]
    assert found.threshold_C == pytest.approx([0.4, 0.9])


def test_rare_classes_get_one_text_and_absent_ones_none():
    share_NC = np.array([[0.6, 0.3, 0.1], [0.5, 0.1, 0.4], [0.7, 0.2, 0.1], [0.8, 0.1, 0.1]])
    found = surest(np.log(share_NC), np.array([98, 2, 0]), share=0.5)
    assert dict(zip(found.rows_K.tolist(), found.class_K.tolist(), strict=True)) == {3: 0, 0: 1}
    assert found.threshold_C[2] == 1


def test_a_text_that_ranks_high_for_two_classes_goes_to_the_likelier():
    share_NC = np.array([[0.5, 0.49, 0.01], [0.1, 0.2, 0.7]])
    found = surest(np.log(share_NC), np.array([1, 1, 1]), share=1)
    assert dict(zip(found.rows_K.tolist(), found.class_K.tolist(), strict=True)) == {0: 0, 1: 2}


def test_all_texts_are_taken_for_the_side_of_the_quantile():
    one_N = np.random.default_rng(0).random(100)
    found = surest(np.log(np.stack([1 - one_N, one_N], 1)), np.array([30, 70]), share=1)
    assert len(found.rows_K) == 100
    assert (found.class_K == (one_N >= np.sort(one_N)[30])).all()


def test_uncertainty_is_one_minus_the_margin():
    shares_NC = np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0], [0.2, 0.5, 0.3]])
    assert uncertainty(shares_NC) == pytest.approx([1.0, 0.0, 0.8])
