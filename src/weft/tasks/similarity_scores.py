"""Scores of similarity: correlations of scored pairs, retrieval of like texts, beside those of simple methods.

A text that equals the query is none of its candidates, unless it is its own second text: it would be found first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from weft.metrics.floors import Floor, beside
from weft.metrics.lexical import Bm25, TfIdf, tfidf_cosines
from weft.metrics.regression import correlations
from weft.metrics.retrieval import ranks_of, retrieval_scores
from weft.metrics.systems import CorpusScore, intervals
from weft.tasks.results import Scores

QUICK = {
    "scores": ("spearman", "pearson"),
    "ranks": ("ndcg_at_10", "mrr", "recall_at_1", "recall_at_5", "recall_at_10"),
}
"""The scores of pairs with scores, and of pairs that are ranked; the first chooses the best weights."""
MISSES = 12
"""Number of missed texts that are kept for the page."""
SEARCHED = 5_000
"""Number of queries beyond which simple methods, which take milliseconds for each, are not measured."""


@dataclass(frozen=True, slots=True)
class Scored:
    """Pairs of texts with true scores and predicted cosines [N], or with vectors of both, each [N, D]."""

    firsts: Sequence[str]
    seconds: Sequence[str]
    true_N: np.ndarray | None = None
    cosine_N: np.ndarray | None = None
    vectors: tuple[np.ndarray, np.ndarray] | None = None


@dataclass(frozen=True, slots=True)
class _Lists:
    """Distinct queries [Q] and texts [N] by a pair that has them, and the relevant texts of the queries [P].

    `own_Q` is the text that equals the query and is none of its relevant ones, so no candidate; -1: there is none.
    """

    queries_Q: np.ndarray
    texts_N: np.ndarray
    query_P: np.ndarray
    text_P: np.ndarray
    own_Q: np.ndarray

    @classmethod
    def of(cls, pairs: Scored) -> _Lists:
        queries_Q, query_N = _distinct(pairs.firsts)
        texts_N, text_N = _distinct(pairs.seconds)
        both = np.unique(np.stack([query_N, text_N], 1), axis=0)
        numbers = {pairs.seconds[place]: number for number, place in enumerate(texts_N)}
        own_Q = np.array([numbers.get(pairs.firsts[place], -1) for place in queries_Q], dtype=np.int64)
        query_P, text_P = both.T
        own_Q[query_P[text_P == own_Q[query_P]]] = -1
        return cls(queries_Q, texts_N, query_P, text_P, own_Q)

    def of_others(self, scores_of: Any) -> Any:
        """Return the scores of the candidates of some queries: minus infinity for a text that is the query itself."""

        def scores(queries_q: np.ndarray) -> np.ndarray:
            scores_qN = np.array(scores_of(queries_q), dtype=np.float64)
            own_q = self.own_Q[queries_q]
            scores_qN[np.flatnonzero(own_q >= 0), own_q[own_q >= 0]] = -np.inf
            return scores_qN

        return scores

    def ranks(self, scores_of: Any) -> np.ndarray:
        return ranks_of(self.of_others(scores_of), self.query_P, self.text_P, texts=len(self.texts_N))


def quick_scores(pairs: Scored) -> dict[str, float]:
    """Compute the scores that are watched in training."""
    return {name: one.value for name, one in _scores(pairs).items()}


def scored(pairs: Scored) -> Scores:
    """Compute all scores with their intervals.

    Details are the scores of simple methods (`floors`), the differences to them with paired bootstrap intervals
    (`against`), and for texts that are ranked how many there are, and the worst misses.
    """
    own = _scores(pairs)
    details = beside(own, {name: Floor.of(found) for name, found in _floors(pairs).items()})
    if pairs.vectors is not None:
        details |= _misses(pairs)
    return Scores(intervals(own), details)


def _scores(pairs: Scored) -> dict[str, CorpusScore]:
    if pairs.vectors is None:
        assert pairs.true_N is not None
        assert pairs.cosine_N is not None
        found = correlations(pairs.true_N, pairs.cosine_N)
        return {name: found[name] for name in QUICK["scores"]}
    lists = _Lists.of(pairs)
    return _ranked(lists, lists.ranks(_by_vectors(pairs, lists)))


def _ranked(lists: _Lists, ranks_P: np.ndarray) -> dict[str, CorpusScore]:
    found = retrieval_scores(ranks_P, lists.query_P)
    return {name: found[name] for name in QUICK["ranks"]}


def _by_vectors(pairs: Scored, lists: _Lists) -> Any:
    assert pairs.vectors is not None
    first_QD, second_ND = pairs.vectors[0][lists.queries_Q], pairs.vectors[1][lists.texts_N]
    return lambda queries_q: first_QD[queries_q] @ second_ND.T


def _floors(pairs: Scored) -> Mapping[str, dict[str, CorpusScore]]:
    if pairs.vectors is None:
        cosine_N = tfidf_cosines(pairs.firsts, pairs.seconds)
        return {"tf-idf cosine": _scores(Scored(pairs.firsts, pairs.seconds, pairs.true_N, cosine_N))}
    lists = _Lists.of(pairs)
    if len(lists.queries_Q) > SEARCHED:
        return {}
    queries = [pairs.firsts[place] for place in lists.queries_Q]
    texts = [pairs.seconds[place] for place in lists.texts_N]
    methods = {"BM25": Bm25(texts), "tf-idf cosine": TfIdf(texts)}
    return {
        name: _ranked(
            lists, lists.ranks(lambda queries_q, one=one: np.stack([one.scores(queries[q]) for q in queries_q]))
        )
        for name, one in methods.items()
    }


def _misses(pairs: Scored) -> dict[str, Any]:
    """Return the number of queries and texts, and the queries whose text is found last, with what is found first."""
    lists = _Lists.of(pairs)
    scores_of = lists.of_others(_by_vectors(pairs, lists))
    ranks_P = lists.ranks(scores_of)
    worst = [int(one) for one in np.argsort(-ranks_P, kind="stable")[:MISSES] if ranks_P[one] > 1]
    rows = []
    for place in worst:
        scores_N = scores_of(lists.query_P[place : place + 1])[0]
        first = lists.texts_N[int(scores_N.argmax())]
        rows.append(
            {
                "query": pairs.firsts[lists.queries_Q[lists.query_P[place]]],
                "text": pairs.seconds[lists.texts_N[lists.text_P[place]]],
                "found": pairs.seconds[first],
                "rank": int(ranks_P[place]),
            }
        )
    return {"queries": len(lists.queries_Q), "texts": len(lists.texts_N), "misses": rows}


def _distinct(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the place of each distinct text, and the number of the text at each place."""
    numbers: dict[str, int] = {}
    number_N = np.array([numbers.setdefault(text, len(numbers)) for text in texts], dtype=np.int64)
    return np.unique(number_N, return_index=True)[1], number_N
