"""The plan of batches: every row once, within the limits, and the same for the same seed and epoch."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.data.loader import by_length, cut, plan, share

costs = st.lists(st.integers(1, 40), max_size=300).map(lambda found: np.array(found, dtype=np.int64))
rows_limits = st.integers(1, 9)
token_limits = st.none() | st.integers(1, 120)
seeds = st.integers(0, 5)


def same(one, other):
    return [batch.tolist() for batch in one] == [batch.tolist() for batch in other]


def rows_of(batches):
    return [row for batch in batches for row in batch.tolist()]


def within(batches, cost_R, *, batch_rows, batch_tokens):
    return all(
        0 < len(batch) <= batch_rows
        and (batch_tokens is None or len(batch) == 1 or len(batch) * cost_R[batch].max() <= batch_tokens)
        for batch in batches
    )


@settings(deadline=None)
@given(cost_R=costs, batch_rows=rows_limits, batch_tokens=token_limits, seed=seeds, epoch=seeds)
def test_every_row_once_within_the_limits_and_pure(cost_R, batch_rows, batch_tokens, seed, epoch):
    limits = {"batch_rows": batch_rows, "batch_tokens": batch_tokens}
    planned = plan(cost_R, **limits, seed=seed, epoch=epoch)
    assert sorted(rows_of(planned)) == list(range(len(cost_R)))
    assert within(planned, cost_R, **limits)
    np.random.seed(7)
    assert same(planned, plan(cost_R, **limits, seed=seed, epoch=epoch))


@settings(deadline=None)
@given(cost_R=costs, batch_rows=rows_limits, batch_tokens=token_limits)
def test_by_length_is_every_row_once_the_longest_first(cost_R, batch_rows, batch_tokens):
    limits = {"batch_rows": batch_rows, "batch_tokens": batch_tokens}
    planned = by_length(cost_R, **limits)
    rows = rows_of(planned)
    assert sorted(rows) == list(range(len(cost_R)))
    assert (np.diff(cost_R[rows]) <= 0).all()
    assert within(planned, cost_R, **limits)


@settings(deadline=None)
@given(cost_R=costs, batch_rows=rows_limits, batch_tokens=token_limits)
def test_cutting_keeps_the_order_and_cuts_only_where_it_must(cost_R, batch_rows, batch_tokens):
    limits = {"batch_rows": batch_rows, "batch_tokens": batch_tokens}
    order = np.arange(len(cost_R))[::-1]
    batches = cut(cost_R, order, **limits)
    assert rows_of(batches) == order.tolist()
    for batch, following in pairwise(batches):
        assert not within([np.append(batch, following[0])], cost_R, **limits)


@pytest.mark.parametrize("batch_tokens", [None, 60])
def test_seeds_and_epochs_differ(batch_tokens):
    cost_R = np.arange(1, 41)
    plans = [
        plan(cost_R, batch_rows=4, batch_tokens=batch_tokens, seed=seed, epoch=epoch)
        for seed in range(3)
        for epoch in range(3)
    ]
    assert len({str(rows_of(planned)) for planned in plans}) == len(plans)


def test_rows_of_like_length_come_together_and_batches_are_shuffled():
    cost_R = np.random.default_rng(0).integers(1, 200, size=5000)
    planned = plan(cost_R, batch_rows=32, batch_tokens=None, seed=0, epoch=0)
    padded = sum(len(batch) * cost_R[batch].max() for batch in planned)
    assert padded < 1.03 * cost_R.sum()
    tops = [cost_R[batch].max() for batch in planned]
    assert abs(np.corrcoef(tops[1:], tops[:-1])[0, 1]) < 0.3


shapes = st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), max_size=200)


@settings(deadline=None)
@given(shapes=shapes, batch_rows=rows_limits, batch_tokens=token_limits, seed=seeds)
def test_rows_of_one_shape_come_together(shapes, batch_rows, batch_tokens, seed):
    cost_R = np.array([sum(shape) for shape in shapes], dtype=np.int64)
    order_R = np.array([10 * first + second for first, second in shapes], dtype=np.int64)
    limits = {"batch_rows": batch_rows, "batch_tokens": batch_tokens, "seed": seed, "epoch": 0}
    planned = plan(cost_R, **limits, order_R=order_R)
    assert sorted(rows_of(planned)) == list(range(len(shapes)))
    assert within(planned, cost_R, batch_rows=batch_rows, batch_tokens=batch_tokens)
    assert same(planned, plan(cost_R, **limits, order_R=order_R))
    if len(shapes) <= batch_rows * 1024:  # a single pool: the batches are stretches of one sorted order
        stretches = sorted(sorted(order_R[batch].tolist()) for batch in planned)
        assert [shape for stretch in stretches for shape in stretch] == sorted(order_R.tolist())


def test_pairs_of_two_lengths_are_hardly_padded():
    draw = np.random.default_rng(0)
    first_R = draw.integers(5, 25, size=30_000)
    second_R = np.maximum(1, first_R + draw.integers(-5, 6, size=30_000))
    limits = {"batch_rows": 32, "batch_tokens": None, "seed": 0, "epoch": 0}

    def padded(planned):
        tokens = sum(len(batch) * int(first_R[batch].max() + second_R[batch].max()) for batch in planned)
        return tokens / int((first_R + second_R).sum())

    by_shape = plan(first_R + second_R, **limits, order_R=first_R * 1000 + second_R)
    assert padded(by_shape) < 1.03 < padded(plan(first_R + second_R, **limits))


def test_a_row_beyond_the_budget_stands_alone():
    batches = cut(np.array([3, 100, 3, 3]), np.arange(4), batch_rows=8, batch_tokens=10)
    assert [batch.tolist() for batch in batches] == [[0], [1], [2, 3]]


@settings(deadline=None)
@given(batch=st.lists(st.integers(0, 99), unique=True), parts=st.integers(1, 5))
def test_shares_partition_the_batch(batch, parts):
    shares = [share(np.array(batch, dtype=np.int64), part=part, parts=parts).tolist() for part in range(parts)]
    assert sorted(row for rows in shares for row in rows) == sorted(batch)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_shares_are_like_in_cost():
    cost_R = np.arange(64)
    shares = [share(cost_R, part=part, parts=4) for part in range(4)]
    assert max(map(np.sum, shares)) - min(map(np.sum, shares)) <= 3 * 16
