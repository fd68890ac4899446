"""Scores of retrieval: recall at k, reciprocal rank, nDCG, from the ranks of the relevant texts among all.

Letters: Q queries, N texts that are searched, D width, P pairs of a query and a relevant text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Hits:
    """Rank of the first relevant item of each query, from 1, and its average precision, each [Q]."""

    first_Q: np.ndarray
    precision_Q: np.ndarray


def hits_of(
    scores_of: Callable[[np.ndarray], np.ndarray], query_P: np.ndarray, item_P: np.ndarray, *, queries: int, items: int
) -> Hits:
    """Find for each query its first relevant item, and how far up all of them stand; of equal scores the wrong first.

    Average precision is the mean, over the relevant items, of the share of relevant ones down to each (Manning et al.
    2008, section 8.4).

    Args:
        scores_of: the scores of all items for some queries, by their numbers: float [q, N].
        query_P: the query of each relevant item, in order; every query from 0 has one or more.
        item_P: the relevant item.
        queries: Q.
        items: N.

    """
    first_Q, precision_Q = np.empty(queries, dtype=np.int64), np.empty(queries)
    starts_Q1 = np.searchsorted(query_P, np.arange(queries + 1))
    step = max(1, AT_ONCE // max(1, items * max(1, len(query_P) // max(1, queries))))
    for start in range(0, queries, step):
        end = min(queries, start + step)
        scores_qN = np.array(scores_of(np.arange(start, end)), dtype=np.float64)
        here = slice(starts_Q1[start], starts_Q1[end])
        query_p, item_p = query_P[here] - start, item_P[here]
        own_p = scores_qN[query_p, item_p]
        scores_qN[query_p, item_p] = -np.inf  # what is left are the wrong ones
        above_p = (scores_qN[query_p] >= own_p[:, None]).sum(1)
        order_p = np.lexsort((above_p, query_p))
        nth_p = np.arange(len(order_p)) - (starts_Q1[start:end] - starts_Q1[start])[query_p[order_p]] + 1
        above_p = above_p[order_p]
        sums_q = np.bincount(query_p, weights=nth_p / (nth_p + above_p), minlength=end - start)
        precision_Q[start:end] = sums_q / np.bincount(query_p, minlength=end - start)
        first_Q[start:end] = 1 + above_p[nth_p == 1]
    return Hits(first_Q, precision_Q)


def chance_of_a_hit(relevant_Q: np.ndarray, *, items: int, top: int) -> np.ndarray:
    """Return the probability that a relevant item is among the first `top` of a random order, [Q]."""
    missed_Q = np.ones(len(relevant_Q))
    for place in range(min(top, items)):
        missed_Q *= np.maximum(0, items - relevant_Q - place) / (items - place)
    return 1 - missed_Q
