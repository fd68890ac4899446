import numpy as np
import pytest

import weft
from weft.errors import InputError
from weft.estimators.embedder import Embedder

THINGS = ["cat", "dog", "house", "tree", "car", "猫", "狗", "房子", "树", "汽车"]
PAIRS = [(f"a {one} by the sea", f"the {other} near water") for one in THINGS for other in THINGS]
SCORES = [5.0 if one.split()[1] == other.split()[1] else 1.0 for one, other in PAIRS]


def embedder(**given):
    return Embedder({"kind": "projection", "width": 128}, epochs=3, settings={"device": "cpu"}, **given)


@pytest.fixture(scope="module")
def fitted():
    return embedder().fit(PAIRS, SCORES)


def test_texts_are_transformed_to_vectors_by_which_pairs_are_scored(fitted):
    vectors = fitted.transform(["a cat by the sea", "the 猫 near water"])
    assert vectors.shape == (2, 128)
    (score,) = fitted.predict([("a cat by the sea", "the 猫 near water")])
    assert score == pytest.approx(1 + 4 * float(vectors[0] @ vectors[1]), abs=1e-4)
    assert fitted.score(PAIRS, SCORES) > 0.25
    assert embedder(width=16).fit(PAIRS, SCORES).transform(["a"]).shape == (1, 16)


def test_a_saved_embedder_is_loaded(fitted, tmp_path):
    fitted.save(tmp_path / "model")
    vectors = weft.load(tmp_path / "model", device="cpu").embed(["a dog", "狗"])
    np.testing.assert_array_equal(vectors, fitted.transform(["a dog", "狗"]))


def test_pairs_are_learned_without_scores_too():
    like = [(one, other) for (one, other), score in zip(PAIRS, SCORES, strict=True) if score == 5] * 3
    assert 0 <= embedder().fit(like).score(like) <= 1
    assert embedder().fit([(*pair, "something else") for pair in like]).transform(["a"]).shape == (1, 128)


def test_a_frozen_embedder_stands_before_a_classifier(fitted):
    frozen = pytest.importorskip("sklearn.frozen")
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    texts, labels = ["a cat by the sea", "the cat near water", "猫", "狗", "汽车和狗"], [*"cccdd"]
    classifier = make_pipeline(frozen.FrozenEstimator(fitted), LogisticRegression()).fit(texts, labels)
    alone = LogisticRegression().fit(fitted.transform(texts), labels)
    assert classifier.predict(texts).tolist() == alone.predict(fitted.transform(texts)).tolist()
    with pytest.raises(InputError, match="expected two texts, found 1") as refused:
        make_pipeline(embedder(), LogisticRegression()).fit(texts, labels)
    assert "FrozenEstimator(embedder)" in refused.value.hint


def test_mistakes_are_taught(fitted):
    for rows, scores, says in (
        ([("a", "b"), ("a",)], None, "expected two texts, found 1"),
        ([("a", "b")], [1.0, 2.0], "expected a score for each pair"),
        ([("a", "b")], ["much"], "expected a number"),
        ([("a", "b"), ("a", "b", "c")], None, "some rows have a third"),
    ):
        with pytest.raises(InputError, match=says):
            embedder().fit(rows, scores)
    with pytest.raises(InputError, match="has learned nothing yet"):
        embedder().transform(["上海"])
    with pytest.raises(InputError, match="expected scores, as in training"):
        fitted.score(PAIRS)
