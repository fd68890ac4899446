"""Simple methods beside a model: figures and words by worked cases, and the intervals of the paired bootstrap."""

import numpy as np
import pytest

from weft.metrics.floors import Floor, beside, scored_floors, together, unbeaten
from weft.metrics.systems import CorpusScore, compare, mean_score, paired_difference

ROWS = 200


def accuracy(*, right: int, rows: int = ROWS) -> CorpusScore:
    return mean_score((np.arange(rows) < right).astype(float), signature="texts right")


def test_the_model_is_better_no_better_or_worse_and_says_so():
    model, name = {"accuracy": accuracy(right=160)}, "always `好`"
    said = [beside(model, {name: Floor.of({"accuracy": accuracy(right=right)})}) for right in (100, 160, 190)]
    found = [one["against"][name] for one in said]
    assert [one["better"] for one in found] == [True, False, False]
    assert [one["said"].split(" than")[0] for one in found] == ["better", "no better", "worse"]
    assert found[0]["said"].startswith("better than always `好` (accuracy +30.0 points, 95% interval +")
    assert found[1]["said"].endswith("(accuracy +0.0 points, 95% interval +0.0 to +0.0)")
    assert [unbeaten(one) == [] for one in said] == [True, False, False]
    assert scored_floors(said[0]) == [(name, "accuracy", 0.5)]


def test_of_losses_the_lower_one_is_better():
    rows = np.random.default_rng(0).normal(1.0, 0.1, 50)
    model, floor = (
        CorpusScore("nats", np.stack([one, np.ones(50)], 1), lambda sums: sums[..., 0] / sums[..., 1], "lower")
        for one in (rows, rows + 0.5)
    )
    found = beside({"log_loss": model}, {"counts": Floor.of({"log_loss": floor})})["against"]["counts"]
    assert found["better"]
    assert found["said"] == ("better than counts (log loss -0.500, 95% interval -0.500 to -0.500; lower is better)")


def test_few_rows_decide_nothing():
    model, floor = ({"accuracy": accuracy(right=right, rows=9)} for right in (9, 0))
    found = beside(model, {"chance": Floor.of(floor)})["against"]["chance"]
    assert not found["better"]
    assert found["said"] == "no better than chance (accuracy +100.0 points, too few texts for an interval)"


@pytest.mark.parametrize("rows", [30, 400])
def test_the_interval_of_kinds_of_rows_is_that_of_the_rows(rows):
    draws = np.random.default_rng(rows).random((2, rows)) < 0.6
    one, other = (mean_score(row.astype(float), signature="right") for row in draws)
    kinds = paired_difference(one, other, resamples=4000)
    whole = compare({"right": one}, {"right": other}, resamples=4000, trials=1)["right"].difference
    assert kinds.value == whole.value
    assert (kinds.low, kinds.high) == pytest.approx((whole.low, whole.high), abs=0.25 / rows**0.5)


def test_floors_that_learn_stand_after_those_that_count():
    model = {"accuracy": accuracy(right=160)}
    first, second = (beside(model, {name: Floor.of(model)}) for name in ("one", "two"))
    both = together({"labels": ["a"], **first}, second)
    assert [*both["floors"]] == [*both["against"]] == ["one", "two"]
    assert together(both, {}) == both
