"""Hierarchies of labels: each level is scored as if the labels ended there."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score

from weft.metrics.hierarchy import level_scores, separator_of

LABELS = ["酒店 > 房间 > 床", "酒店 > 房间 > 浴室", "酒店 > staff", "food > soup", "food > 面"]


@pytest.mark.parametrize(
    ("labels", "mark"),
    [
        (LABELS, " > "),
        (["a::b", "a::c", "d"], "::"),
        (["a>b", "c>d"], ">"),
        (["a", "b > c", "d"], None),
        (["pos", "neg"], None),
        (["> 5", "< 5"], None),
        (["a > b"], None),
        (["数码/手机", "数码/耳机", "食品/乳品", "食品/粮油"], "/"),
        (["digital / phones", "digital / audio", "food / milk"], " / "),
        (["N/A", "and/or", "pos", "neg"], None),
        (["yes/no", "and/or", "him/her"], None),
        (["1/2", "1/3", "2/3", "2/5"], None),
    ],
)
def test_the_mark_between_levels(labels, mark):
    assert separator_of(labels) == mark


def test_each_level_is_scored_as_if_the_labels_ended_there():
    draws = np.random.default_rng(0)
    gold_E, guess_E = draws.integers(0, 5, (2, 200))
    found = level_scores(gold_E, guess_E, LABELS)
    assert [(one.level, one.labels) for one in found] == [(1, 2), (2, 4), (3, 5)]
    for one in found:
        cut = [" > ".join(label.split(" > ")[: one.level]) for label in LABELS]
        gold, guess = ([cut[number] for number in numbers] for numbers in (gold_E, guess_E))
        assert one.accuracy == pytest.approx(accuracy_score(gold, guess))
        assert one.macro_f1 == pytest.approx(f1_score(gold, guess, average="macro"))
    assert level_scores(gold_E % 2, guess_E % 2, ["pos", "负"]) == []
