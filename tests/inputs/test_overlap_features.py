import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.data.examples.option_questions import Choice
from weft.inputs.overlap_features import COUNTS, overlap_features

HALF = COUNTS // 2
ENGLISH = Choice(
    "Where does Ada live?", "Bob was in Rome with Eve. Now Ada does live in Oslo.", ("Rome", "Oslo", "Bonn")
)
CHINESE = Choice("李明住在哪里？", "王芳生于北京，后来去了广州。李明现在住在上海。", ("北京", "上海", "成都"))


@pytest.mark.parametrize("one", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_the_right_option_stands_nearest_to_what_is_asked(one):
    found = overlap_features([one.texts])
    window, distance = found[:, 0], found[:, 2]
    assert window.argmax() == 1
    assert distance.argmin() == 1
    assert distance[2] == 1
    assert found[:, 3].tolist() == [1, 1, 0]  # Bonn and 成都 are not in the passage


def test_shares_are_of_the_option():
    (row,) = overlap_features([Choice("Who?", "Ada is very old", ("ada is old now",)).texts])
    assert row[3:6].tolist() == pytest.approx([3 / 4, 1 / 3, 0])
    assert row[6] == pytest.approx(1 / 2)
    assert row[7] == pytest.approx(np.log(5))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text("ab 一二，。\n😀", max_size=12), min_size=3, max_size=6))
def test_whatever_the_texts_the_numbers_are_finite_and_of_each_question_alone(texts):
    question, passage, *options = texts
    one = Choice(question, passage, tuple(options))
    found = overlap_features([one.texts, ENGLISH.texts, one.texts])
    assert found.shape == (2 * len(options) + 3, COUNTS)
    assert np.isfinite(found).all()
    assert np.array_equal(found[: len(options)], found[len(options) + 3 :])
    assert np.array_equal(found[: len(options)], overlap_features([one.texts]))
