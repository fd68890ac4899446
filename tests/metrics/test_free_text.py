"""Free text by hand-counted n-grams: variety, repetition, and what is copied from training, in both languages."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.errors import InputError
from weft.metrics.free_text import distinct, novelty, repetition

texts = st.lists(st.lists(st.sampled_from(["the", "cat", "春", "眠", ","]), max_size=8).map(" ".join), max_size=5)


def ngrams(text, n):
    pieces = text.split()
    return [tuple(pieces[start : start + n]) for start in range(len(pieces) - n + 1)]


@settings(max_examples=40, deadline=None)
@given(texts, st.integers(1, 4))
def test_distinct_is_that_of_sets(sample, n):
    every = [gram for text in sample for gram in ngrams(text, n)]
    assert distinct(sample, n=n) == pytest.approx(len(set(every)) / max(1, len(every)))


@settings(max_examples=40, deadline=None)
@given(texts, st.integers(1, 4))
def test_repetition_is_that_of_sets(sample, n):
    each = [1 - len(set(grams)) / len(grams) for text in sample if (grams := ngrams(text, n))]
    assert repetition(sample, n=n) == pytest.approx(sum(each) / max(1, len(each)))


@settings(max_examples=40, deadline=None)
@given(texts.filter(len), texts, st.integers(1, 4))
def test_novelty_is_that_of_sets(sample, training, n):
    learned = {gram for text in training for gram in ngrams(text, n)}
    new = [gram not in learned for text in sample for gram in ngrams(text, n)]
    assert novelty(sample, training, n=n).new_ngrams == pytest.approx(sum(new) / max(1, len(new)))


def test_han_counts_by_character():
    assert distinct(["春眠春眠"], n=1) == 0.5
    assert distinct(["春眠", "春晓"], n=2) == 1
    assert repetition(["春眠春眠春眠", "the cat sat"], n=2) == pytest.approx((1 - 2 / 5) / 2)


def test_what_is_copied_stands_whole_in_one_training_text():
    training = ["春眠不觉晓，处处闻啼鸟", "the cat  sat on the mat"]
    sample = ["不觉晓", "处处 闻啼鸟", "鸟the", "cat sat on", "at sat", "夜来风雨声", ""]
    assert novelty(sample, training, n=2).copied == pytest.approx(3 / 7)
    assert novelty(["春眠"], [], n=1).copied == 0
    assert novelty(["春眠"], ["春", "眠"], n=2) == novelty(["春眠"], [], n=2)


def test_what_cannot_be_counted_is_said():
    for count in (distinct, repetition):
        with pytest.raises(InputError, match="at least 1, found 0"):
            count(["春"], n=0)
    with pytest.raises(InputError, match="no text"):
        novelty([], ["春"], n=1)
    assert (distinct([], n=2), repetition(["", "春"], n=2)) == (0, 0)
