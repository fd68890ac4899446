"""Minimum Bayes risk: chrF as sacreBLEU counts it, and the text that is most like all of them."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sacrebleu.metrics import CHRF

from weft.decoding.minimum_bayes_risk import _chrf, _grams, least_risk

texts = st.text(alphabet="ab c马在 。", max_size=14)


def chrf(hypothesis: str, reference: str) -> float:
    return _chrf(_grams(hypothesis), _grams(reference))


@given(texts, texts)
@settings(max_examples=150, deadline=None)
@example("the cat sat", "the cat sat on the mat")
@example("一个男人在骑马", "男人在骑马。")
@example("a b", "ab")
@example("", "a")
@example("", "")
def test_chrf_is_sacrebleus(one, other):
    same = "".join(one.split()) == "".join(other.split())
    expected = 1.0 if same else CHRF().sentence_score(one, [other]).score / 100
    assert chrf(one, other) == pytest.approx(expected, abs=1e-9)


@given(st.lists(texts, min_size=1, max_size=7))
@settings(max_examples=60, deadline=None)
def test_the_text_with_the_highest_mean_utility_is_chosen(found):
    gains = [sum(chrf(one, other) for other in found) for one in found]
    chosen = least_risk(found)
    assert gains[chosen] == pytest.approx(max(gains))
    assert chosen == found.index(found[chosen]), "of equal texts the first"


def test_what_most_say_wins_over_what_is_unlike_the_rest():
    english = ["the stock fell", "a man rides a horse", "a man rides horses", "one man rides a horse"]
    assert english[least_risk(english)] == "a man rides a horse"
    chinese = ["股票跌了", "一个男人在骑马", "一个男人骑着马", "男人在骑马"]
    assert chinese[least_risk(chinese)] == "一个男人在骑马"


def test_a_text_drawn_often_weighs_as_often():
    assert least_risk(["xyz", "好的", "好的", "xyz", "好的"]) == 1
    assert least_risk(["好", "xyz"]) == 0, "of equal ones the first"
    assert least_risk([""]) == 0
