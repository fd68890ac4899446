"""The regressor keeps scikit-learn's contract, learns numbers of English and Chinese texts, and teaches mistakes."""

from typing import Any

import numpy as np
import pytest
from sklearn.utils import Tags
from sklearn.utils.estimator_checks import parametrize_with_checks

import weft
from tests.estimators.test_classifier import EXEMPT, FAST, words
from weft.errors import InputError

PRICES = {"studio": 500.0, "house": 2000.0, "公寓": 900.0, "flat": 1000.0}
TEXTS = [
    f"a {size} {kind} {number}" for number in range(10) for kind in PRICES for size in ("small", "large", "很大的")
]
VALUES = [PRICES[text.split()[2]] + 100 * ("small" not in text) for text in TEXTS]


class ReadsNumbers(weft.TextRegressor):
    """Writes rows of numbers as texts, so that scikit-learn's checks, which know no others, run."""

    def fit(self, X: Any, y: Any) -> "ReadsNumbers":
        return super().fit(words(X), y)

    def predict(self, X: Any) -> np.ndarray:
        return super().predict(words(X))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.no_validation = True, True
        tags.input_tags.one_d_array = tags.input_tags.string = False
        tags.regressor_tags.poor_score = True
        return tags


READER = ReadsNumbers(encoder="bag", dev_share=0.2, settings={"device": FAST["device"]})


@parametrize_with_checks([READER], expected_failed_checks=lambda _: EXEMPT)
def test_what_scikit_learn_asks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def fitted():
    return weft.TextRegressor(settings={"device": "cpu"}).fit(TEXTS, VALUES)


def test_numbers_come_with_intervals_around_them(fitted):
    found, (low, high) = fitted.predict(TEXTS), fitted.predict_interval(TEXTS)
    assert found.shape == low.shape == (len(TEXTS),)
    assert fitted.score(TEXTS, VALUES) > 0.95
    assert fitted.predict([]).shape == fitted.predict_interval([])[0].shape == (0,)
    assert (low <= found).all()
    assert (found <= high).all()
    assert fitted.predict(["a large 公寓"])[0] == pytest.approx(1000, abs=150)


def test_a_saved_regressor_is_loaded(fitted, tmp_path):
    fitted.save(tmp_path / "model")
    (given,) = weft.load(tmp_path / "model", device="cpu").answer(["a small house"])
    assert given.value == fitted.predict(["a small house"])[0]
    assert given.values == {"value": given.value}


def test_several_numbers_are_rows():
    both = np.stack([VALUES, np.arange(len(VALUES))], axis=1)
    model = weft.TextRegressor(settings={"device": "cpu"}).fit(TEXTS, both)
    assert model.predict(TEXTS[:3]).shape == (3, 2)
    assert model.predict([]).shape == (0, 2)
    assert list(model.model_.answer(TEXTS[:1])[0].values) == ["value1", "value2"]


def test_mistakes_are_taught(fitted):
    with pytest.raises(InputError, match="2 texts and 1 numbers"):
        fitted.fit(["a b", "上海"], [1.0])
    with pytest.raises(InputError, match="between") as caught:
        fitted.fit(["a b", "上海"], [1.0, float("inf")])
    assert caught.value.where == "numbers[1]"
    with pytest.raises(InputError, match=r"numbers\[2\]: expected a number, found `much`"):
        fitted.fit(["a b", "上海", "c"], [1.0, "12", "much"])
    with pytest.raises(InputError, match="something else"):
        fitted.fit(["a b", "上海"], [[1.0], [1.0, 2.0]])
    few = weft.TextRegressor(settings={"device": "cpu"}).fit(TEXTS[:20], VALUES[:20])
    with pytest.raises(InputError, match="no intervals"):
        few.predict_interval(["a small house"])
