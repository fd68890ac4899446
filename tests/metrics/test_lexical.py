import math

import numpy as np
import pytest

from weft.metrics.lexical import Bm25, TfIdf, letters_of, tfidf_cosines, words_of

FIRSTS = ["A man plays a guitar.", "The cat sat", "他在弹吉他", "马云 is in Oslo", "…"]
SECONDS = ["A man is playing the guitar!", "dogs", "他弹了一把吉他", "Oslo 的马云", "…"]


def test_letters_and_words_of_both_scripts():
    assert letters_of("It 好吃") == [" i", "it", "t ", " it", "it ", " it ", "好", "吃", "好吃"]
    assert words_of("It's 好吃!") == ["it", "s", "好", "吃", "好吃"]


def test_cosines_equal_those_of_scikit_learn():
    text = pytest.importorskip("sklearn.feature_extraction.text")
    vectorizer = text.TfidfVectorizer(analyzer=letters_of).fit([*FIRSTS, *SECONDS])
    one, other = (vectorizer.transform(texts) for texts in (FIRSTS, SECONDS))
    expected = np.asarray(one.multiply(other).sum(1)).ravel()
    np.testing.assert_allclose(tfidf_cosines(FIRSTS, SECONDS), expected)


def test_letters_of_english_are_those_of_scikit_learn():
    text = pytest.importorskip("sklearn.feature_extraction.text")
    theirs = text.TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4)).build_analyzer()
    for sentence in FIRSTS[:2]:
        assert sorted(letters_of(sentence)) == sorted(theirs(sentence))


def test_tfidf_ranks_as_its_cosines():
    text = pytest.importorskip("sklearn.feature_extraction.text")
    vectorizer = text.TfidfVectorizer(analyzer=letters_of).fit(SECONDS)
    expected = (vectorizer.transform(SECONDS) @ vectorizer.transform([FIRSTS[0]]).T).toarray().ravel()
    found = TfIdf(SECONDS).scores(FIRSTS[0])
    np.testing.assert_allclose(found / np.linalg.norm(found), expected / np.linalg.norm(expected), atol=1e-12)


def test_bm25_equals_what_is_worked_by_hand():
    texts = ["cat cat dog", "dog", "bird 鸟"]  # of 3, 1 and 2 words; the mean is 2
    idf = math.log(1 + (3 - 2 + 0.5) / (2 + 0.5))
    dog = [idf * 2.2 / (1 + 1.2 * (0.25 + 0.75 * length / 2)) for length in (3, 1)]
    np.testing.assert_allclose(Bm25(texts).scores("Dog"), [*dog, 0])
    np.testing.assert_allclose(Bm25(texts).scores("dog dog fish"), [2 * dog[0], 2 * dog[1], 0])
    assert Bm25(texts).scores("鸟")[2] > 0
