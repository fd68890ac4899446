"""The n-gram model: equal to the formula worked out with dictionaries, and a distribution after any context."""

import math
from collections import Counter, defaultdict

import numpy as np
import pytest

from weft.metrics.kneser_ney import KneserNey

ROWS = [[0, 1, 2, 1, 2, 3, 0], [0, 1, 2, 2, 3, 1, 2, 0], [0, 3], [0], [0, 1, 2, 3, 4, 1, 2, 3, 0]]
HELD_OUT = [[0, 1, 2, 3, 1, 2, 5, 5, 1], [0], [0, 4, 4], [0, 1, 2, 1]]
VOCABULARY = 6


def flat(rows):
    return np.array([one for row in rows for one in row]), np.array([len(row) for row in rows])


def worked(rows, order):
    """Probabilities by the definition, an n-gram as a tuple; `None` stands before a row."""
    ngrams = Counter(
        tuple([*[None] * order, *row][place + 1 : place + order + 1]) for row in rows for place in range(1, len(row))
    )
    tables = {order: ngrams}
    for length in range(order - 1, 0, -1):
        tables[length] = Counter(ngram[1:] for ngram in tables[length + 1])
    discounts = {}
    for length, table in tables.items():
        once, twice = (sum(count == times for count in table.values()) for times in (1, 2))
        discounts[length] = min(max(once / max(1, once + 2 * twice), 0.1), 0.9)

    def share(context, token, length):
        if length == 0:
            return 1 / VOCABULARY
        own = context[len(context) - (length - 1) :]
        followers = {ngram[-1]: count for ngram, count in tables[length].items() if ngram[:-1] == own}
        shorter = share(context, token, length - 1)
        if not followers:
            return shorter
        kept = max(followers.get(token, 0) - discounts[length], 0)
        return (kept + discounts[length] * len(followers) * shorter) / sum(followers.values())

    return lambda context, token: share(context, token, order)


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_equal_to_the_definition(order):
    model, share = KneserNey(*flat(ROWS), vocabulary=VOCABULARY, order=order), worked(ROWS, order)
    for rows in (ROWS, HELD_OUT):
        found = iter(model.nats(*flat(rows)).tolist())
        for row in rows:
            padded = [*[None] * order, *row]
            assert next(found) == 0
            for place in range(1, len(row)):
                context = tuple(padded[place + 1 : place + order])
                assert next(found) == pytest.approx(-math.log(share(context, row[place])))


def test_what_may_follow_sums_to_one():
    model = KneserNey(*flat(ROWS), vocabulary=VOCABULARY, order=3)
    sums = defaultdict(float)
    for begin in ([0], [0, 1], [0, 1, 2], [0, 5, 5], [3, 3, 3]):
        for token in range(VOCABULARY):
            sums[tuple(begin)] += math.exp(-model.nats(*flat([[*begin, token]]))[-1])
    assert list(sums.values()) == pytest.approx([1.0] * 5)


@pytest.mark.parametrize("rows", [[], [[0]]])
def test_of_nothing_all_ids_are_equally_likely(rows):
    model = KneserNey(np.array([0][: len(rows)]), np.array([1][: len(rows)], dtype=int), vocabulary=4)
    assert model.nats(*flat([[0, 3, 1]])).tolist() == pytest.approx([0, math.log(4), math.log(4)])
