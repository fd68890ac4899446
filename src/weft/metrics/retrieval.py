"""Scores of retrieval: recall at k, reciprocal rank, nDCG, from the ranks of the relevant texts among all.

Letters: Q queries, N texts that are searched, D width, P pairs of a query and a relevant text.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from weft.metrics.systems import CorpusScore, mean_score

CUTS = (1, 5, 10)
"""Numbers of texts found at which recall is measured."""
AT_ONCE = 1 << 24
"""Number of scores that are held at a time."""


def retrieval_scores(ranks_P: np.ndarray, query_P: np.ndarray) -> dict[str, CorpusScore]:
    """Collect what recall at 1, 5 and 10, MRR and nDCG at 10 are made of, by query.

    Recall at k is the share of the relevant texts of a query that are among the first k; MRR is the mean of one over
    the rank of the first relevant one; nDCG at 10 weighs each by one over log2 of its rank plus 1, over the best that
    is possible (Jarvelin and Kekalainen 2002, with gains of 0 and 1).

    Args:
        ranks_P: the rank of each relevant text in the list of its query, from 1.
        query_P: the number of its query; every query from 0 has one relevant text or more.

    """
    count_Q = np.bincount(query_P)

    def mean_of(value_P: np.ndarray, over_Q: np.ndarray, signature: str) -> CorpusScore:
        return mean_score(np.bincount(query_P, weights=value_P) / over_Q, signature=signature)

    best_Q = np.full(len(count_Q), np.iinfo(np.int64).max)
    np.minimum.at(best_Q, query_P, ranks_P)
    gains = 1 / np.log2(np.arange(2, 12))
    gain_P = np.where(ranks_P <= 10, gains[np.minimum(ranks_P, 10) - 1], 0.0)
    ideal_Q = np.cumsum(gains)[np.minimum(count_Q, 10) - 1]
    return {
        "ndcg_at_10": mean_of(gain_P, ideal_Q, "nDCG at 10"),
        "mrr": mean_score(1 / best_Q, signature="reciprocal rank"),
        **{f"recall_at_{k}": mean_of(ranks_P <= k, count_Q, f"recall at {k}") for k in CUTS},
    }


def ranks_of(
    scores_of: Callable[[np.ndarray], np.ndarray], query_P: np.ndarray, text_P: np.ndarray, *, texts: int
) -> np.ndarray:
    """Return the rank of each relevant text among all, int64 [P]; of texts with one score it is the last of them.

    So a method that gives all texts one score finds nothing. A relevant text is not held against another of its query
    by ties.

    Args:
        scores_of: the scores of all texts for some queries, by their numbers: float [q, N]; minus infinity for a text
            that is no candidate of the query, such as one that equals it.
        query_P: the number of the query of each relevant text.
        text_P: the number of the text.
        texts: how many texts there are, N.

    """
    ranks_P = np.empty(len(query_P), dtype=np.int64)
    queries_Q = np.unique(query_P)
    step = max(1, AT_ONCE // max(1, texts))
    for start in range(0, len(queries_Q), step):
        queries_q = queries_Q[start : start + step]
        scores_qN = scores_of(queries_q)
        for place in np.flatnonzero(np.isin(query_P, queries_q)).tolist():
            own_N = scores_qN[np.searchsorted(queries_q, query_P[place])]
            ranks_P[place] = (own_N >= own_N[text_P[place]]).sum()
    return ranks_P
