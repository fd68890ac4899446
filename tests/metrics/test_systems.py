"""Intervals and tests of corpus scores: equal to resampling texts, seeded, and right about chance itself."""

import numpy as np
import pytest

from weft.errors import InputError
from weft.metrics import systems
from weft.metrics.bootstrap import mean
from weft.metrics.overlap import bleu, chrf, ter
from weft.metrics.rouge import rouge
from weft.metrics.systems import CorpusScore, compare, intervals, mean_score

PLACES = ["the hall", "the snow", "a boat", "汤里", "山上", "a small house"]
REFERENCES = [[f"a dog sits in {PLACES[number % 6]} and sees 狗 {number}"] for number in range(60)]
GOOD = [row[0] if number % 3 else row[0].replace("sits", "is") for number, row in enumerate(REFERENCES)]
BAD = [text.replace("dog", "cat").replace("狗", "猫") for text in GOOD]


def scored(hypotheses):
    both = rouge(hypotheses, REFERENCES, measures=["rouge1"])
    return {
        "bleu": bleu(hypotheses, REFERENCES),
        "chrf": chrf(hypotheses, REFERENCES),
        "ter": ter(hypotheses, REFERENCES),
        "rouge1": both["rouge1"].score,
    }


def test_an_interval_of_means_is_that_of_the_plain_bootstrap():
    value_N = 100 * np.random.default_rng(0).random(400)
    found = intervals({"one": mean_score(value_N, signature="")}, resamples=2000)["one"]
    plain = mean(value_N, resamples=2000, seed=1)
    assert (found.value, found.low, found.high) == pytest.approx((plain.value, plain.low, plain.high), abs=0.4)


def test_intervals_hold_the_values_and_follow_the_seed():
    good = scored(GOOD)
    found = intervals(good)
    for name, one in found.items():
        assert one.low < one.value < one.high, name
        assert one.value == good[name].value
    assert intervals(good) == found
    assert intervals(good, seed=1) != found


def test_chunks_change_no_interval(monkeypatch):
    good = scored(GOOD)
    whole = intervals(good)
    monkeypatch.setattr("weft.metrics.bootstrap.AT_ONCE", 1000)
    assert intervals(good) == whole


def test_a_worse_system_is_told_from_a_better_one():
    found = compare(scored(GOOD), scored(BAD), trials=2000)
    for name, one in found.items():
        assert (one.difference.value < 0) == (name == "ter")
        assert one.ahead == 1
        assert max(one.p_bootstrap, one.p_randomization) < 0.002
    back = compare(scored(BAD), scored(GOOD), trials=2000)["ter"]
    assert (back.ahead, back.difference.value) == (0, -found["ter"].difference.value)


def test_a_system_is_no_better_than_itself():
    for one in compare(scored(GOOD), scored(GOOD), resamples=200, trials=200).values():
        assert (one.difference.value, one.difference.low, one.difference.high) == (0, 0, 0)
        assert (one.ahead, one.p_bootstrap, one.p_randomization) == (0.5, 1, 1)


def test_randomization_is_that_of_swapped_texts():
    ones, others = GOOD[:5], ["a cat sits in the hall", *GOOD[1:4], "汤"]
    rows = REFERENCES[:5]
    found = compare({"chrf": chrf(ones, rows)}, {"chrf": chrf(others, rows)}, trials=30_000)["chrf"]
    pairs = list(zip(ones, others, strict=True))
    seen = abs(chrf(ones, rows).value - chrf(others, rows).value)
    as_far = []
    for coins in np.ndindex(*(2,) * 5):
        first = [pair[coin] for pair, coin in zip(pairs, coins, strict=True)]
        second = [pair[1 - coin] for pair, coin in zip(pairs, coins, strict=True)]
        as_far.append(abs(chrf(first, rows).value - chrf(second, rows).value) >= seen - 1e-9)
    assert found.p_randomization == pytest.approx(np.mean(as_far), abs=0.015)


def test_both_tests_find_what_is_not_there_one_time_in_twenty():
    draw, pairs = np.random.default_rng(0), 200
    ones, others = ({name: mean_score(draw.random(50), signature="") for name in range(pairs)} for _ in range(2))
    found = compare(ones, others, resamples=400, trials=400).values()
    for p_P in ([one.p_bootstrap for one in found], [one.p_randomization for one in found]):
        assert 0.02 < np.mean(np.array(p_P) < 0.05) < 0.09


def test_very_many_sentences_take_fewer_trials(monkeypatch):
    monkeypatch.setattr(systems, "AT_MOST", 1)
    monkeypatch.setattr(systems, "FEWEST_TRIALS", 9)
    found = compare(scored(GOOD), scored(BAD))["bleu"]
    assert found.p_randomization == 0.1


def test_what_cannot_be_compared_is_said():
    one, two = mean_score(np.ones(3), signature="a"), mean_score(np.ones(4), signature="a")
    with pytest.raises(InputError, match="of the same sentences, found 3 and 4"):
        compare({"x": one}, {"x": two})
    with pytest.raises(InputError, match="of the same sentences, found 3 and 4"):
        intervals({"x": one, "y": two})
    with pytest.raises(InputError, match="made in different ways: `a` and `b`"):
        compare({"x": one}, {"x": CorpusScore("b", one.statistics_NF, one.formula)})
    with pytest.raises(InputError, match="found none"):
        compare({"x": one}, {"y": one})
