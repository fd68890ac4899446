import numpy as np
import pytest

from weft.metrics.retrieval import ranks_of, retrieval_scores

SCORES = np.array([[0.9, 0.1, 0.8, 0.2], [0.3, 0.2, 0.1, 0.4], [0.5, 0.5, 0.5, 0.5]])


def test_scores_equal_those_worked_by_hand():
    # query 0 finds its texts at 1 and 3, query 1 its one at 12, query 2 its one at 2
    ranks_P, query_P = np.array([1, 3, 12, 2]), np.array([0, 0, 1, 2])
    found = {name: one.value for name, one in retrieval_scores(ranks_P, query_P).items()}
    assert found["recall_at_1"] == pytest.approx((0.5 + 0 + 0) / 3)
    assert found["recall_at_5"] == pytest.approx((1 + 0 + 1) / 3)
    assert found["recall_at_10"] == pytest.approx((1 + 0 + 1) / 3)
    assert found["mrr"] == pytest.approx((1 + 1 / 12 + 1 / 2) / 3)
    first = (1 + 1 / np.log2(4)) / (1 + 1 / np.log2(3))
    assert found["ndcg_at_10"] == pytest.approx((first + 0 + 1 / np.log2(3)) / 3)


def test_scores_equal_those_of_pytrec_eval():
    pytrec_eval = pytest.importorskip("pytrec_eval")
    draw = np.random.default_rng(0)
    scores_QN, relevant_QN = draw.random((20, 30)), draw.random((20, 30)) < 0.1
    relevant_QN[:, 0] = True
    query_P, text_P = np.nonzero(relevant_QN)
    ranks_P = ranks_of(lambda queries_q: scores_QN[queries_q], query_P, text_P, texts=30)
    wanted = {str(q): {str(n): 1 for n in np.flatnonzero(row)} for q, row in enumerate(relevant_QN)}
    run = {str(q): {str(n): float(value) for n, value in enumerate(row)} for q, row in enumerate(scores_QN)}
    measures = {
        "ndcg_at_10": "ndcg_cut_10",
        "mrr": "recip_rank",
        "recall_at_5": "recall_5",
        "recall_at_10": "recall_10",
    }
    theirs = pytrec_eval.RelevanceEvaluator(wanted, {"ndcg_cut.10", "recip_rank", "recall.5,10"}).evaluate(run)
    for name, one in retrieval_scores(ranks_P, query_P).items():
        if name in measures:
            assert one.value == pytest.approx(np.mean([found[measures[name]] for found in theirs.values()])), name


def test_ranks_count_what_scores_as_much_or_more():
    query_P, text_P = np.array([0, 0, 1, 2]), np.array([2, 3, 3, 1])
    ranks_P = ranks_of(lambda queries_q: SCORES[queries_q], query_P, text_P, texts=4)
    assert ranks_P.tolist() == [2, 3, 1, 4]


def test_ranks_are_the_same_a_query_at_a_time(monkeypatch):
    query_P, text_P = np.array([0, 1, 2]), np.array([0, 1, 2])
    whole = ranks_of(lambda queries_q: SCORES[queries_q], query_P, text_P, texts=4)
    monkeypatch.setattr("weft.metrics.retrieval.AT_ONCE", 4)
    assert ranks_of(lambda queries_q: SCORES[queries_q], query_P, text_P, texts=4).tolist() == whole.tolist()
