import numpy as np
import pytest

from weft.errors import InputError
from weft.evaluation import search
from weft.evaluation.search import Index, fingerprint, nearest


def vectors(rows, *, seed=0):
    found = np.random.default_rng(seed).normal(size=(rows, 12)).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


@pytest.mark.parametrize("block", [1, 7, 64, 1000])
def test_search_equals_sorting_all_scores(monkeypatch, block):
    monkeypatch.setattr(search, "BLOCK", block)
    monkeypatch.setattr(search, "QUERIES", 3)
    queries_QD, vectors_ND = vectors(8, seed=1), vectors(200)
    scores_QN = queries_QD @ vectors_ND.T
    found = nearest(queries_QD, vectors_ND, top=5)
    assert found.places_QK.tolist() == np.argsort(-scores_QN, axis=1, kind="stable")[:, :5].tolist()
    np.testing.assert_allclose(found.scores_QK, -np.sort(-scores_QN, axis=1)[:, :5], rtol=1e-5)


def test_of_equal_vectors_the_first_is_found(monkeypatch):
    monkeypatch.setattr(search, "BLOCK", 2)
    one = vectors(1)
    found = nearest(one, np.concatenate([one] * 5), top=3)
    assert found.places_QK.tolist() == [[0, 1, 2]]


def test_no_more_are_found_than_there_are():
    assert nearest(vectors(2), vectors(3), top=10).places_QK.shape == (2, 3)


def test_an_index_is_read_again_and_another_is_refused(tmp_path):
    path, texts = tmp_path / "a.index", fingerprint(["a", "上海"])
    Index(vectors(2), "model", texts).save(path)
    np.testing.assert_array_equal(Index.load(path, model="model", texts=texts).vectors_ND, vectors(2))
    with pytest.raises(InputError, match="of another model"):
        Index.load(path, model="other", texts=texts)
    with pytest.raises(InputError, match="of other texts"):
        Index.load(path, model="model", texts=fingerprint(["a上", "海"]))
    path.write_bytes(b"none")
    with pytest.raises(InputError, match="no index of weft"):
        Index.load(path, model="model", texts=texts)
