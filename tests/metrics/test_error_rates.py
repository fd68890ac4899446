"""Error rates of transcripts: equal to worked cases, to jiwer, and to the plain recursion."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.metrics.error_rates import edits, error_rates
from weft.metrics.names import measure
from weft.metrics.systems import intervals

TEXTS = st.text(alphabet="ab好 ", max_size=12)


def by_recursion(made, true):
    @cache
    def fewest(i, j):
        if not i or not j:
            return i + j
        return min(fewest(i - 1, j) + 1, fewest(i, j - 1) + 1, fewest(i - 1, j - 1) + (made[i - 1] != true[j - 1]))

    return fewest(len(made), len(true))


@given(TEXTS, TEXTS)
def test_edits_are_those_of_the_recursion(made, true):
    assert edits(made, true) == by_recursion(made, true)


def test_rates_of_worked_cases():
    found = error_rates(["xu qiu", "hai xu", "", "ni hao ma"], ["xu qiu", "hai xiu", "he mu", "ni hao"])
    assert found["cer"].value == pytest.approx(100 * (0 + 1 + 5 + 3) / (6 + 7 + 5 + 6))
    assert found["wer"].value == pytest.approx(100 * (0 + 1 + 2 + 1) / 8)
    assert found["exact_match"].value == 0.25
    assert error_rates(["a  b "], [" a b"])["cer"].value == 0
    assert error_rates(["一二三四"], ["一"])["cer"].value == 300, "above 100 where more is inserted than there is"


def test_rates_have_intervals_and_less_is_better():
    found = error_rates(["你好", "再见"] * 10, ["你好", "不见"] * 10)
    interval = intervals(found)["cer"]
    assert interval.low < interval.value < interval.high
    assert {name: measure(name).better for name in found} == {"cer": "lower", "wer": "lower", "exact_match": "higher"}


@given(st.lists(st.tuples(TEXTS, TEXTS.filter(str.strip)), min_size=1, max_size=5))
def test_rates_are_those_of_jiwer(pairs):
    jiwer = pytest.importorskip("jiwer")
    made, true = ([" ".join(one.split()) for one in side] for side in zip(*pairs, strict=True))
    found = error_rates(made, true)
    assert found["cer"].value == pytest.approx(100 * jiwer.cer(true, made))
    assert found["wer"].value == pytest.approx(100 * jiwer.wer(true, made))
