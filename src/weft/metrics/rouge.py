"""ROUGE for any script.

Lin 2004, "ROUGE: a package for automatic evaluation of summaries". The usual package, `rouge-score`, sees `a-z0-9`
alone, and gives two identical Chinese sentences 0; this is equal to it for texts in Latin script. Letters: N texts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import chain
from typing import Literal

import numpy as np
import regex

from weft.errors import InputError, did_you_mean
from weft.metrics.overlap import check_rows
from weft.metrics.systems import CorpusScore, mean_score
from weft.text.unspaced import CLUSTER, LETTER, NO_SPACES

Measure = Literal["rouge1", "rouge2", "rougeL", "rougeLsum"]

# `rouge-score` takes other Latin letters than a-z for blanks, and so do we: `café` is `caf` in all published figures.
_TOKEN = regex.compile(
    r"[a-z0-9]+"
    rf"|{CLUSTER}|[\p{{Han}}{NO_SPACES}]"
    rf"|[\p{{L}}--[\p{{Latin}}\p{{Common}}]][[\p{{L}}\p{{M}}\p{{N}}]--[\p{{Latin}}\p{{Han}}{NO_SPACES}]]*",
    flags=regex.VERSION1,
)
_LETTERS = rf"[[\p{{L}}\p{{M}}\p{{N}}]--[\p{{Han}}{LETTER}]]"
# As the Penn treebank cuts words (`do n't`, `it 's`), but without the marks that the captioning scorer leaves out.
_TREEBANK = regex.compile(
    rf"\p{{Han}}|{CLUSTER}"
    r"|n['’]t\b|['’](?:s|re|ve|ll|d|m)\b"
    rf"|{_LETTERS}+?(?=n['’]t\b)"
    r"|\p{N}+(?:[.,:]\p{N}+)+"
    rf"|{_LETTERS}+(?:[-/&]{_LETTERS}+)*"
    r"|[[\p{S}%#&@*/]--`]",
    flags=regex.VERSION1,
)

Tokens = list[str]


@dataclass(frozen=True, slots=True)
class Rouge:
    """One measure of N texts: precision, recall and F1 of each, 0 to 100, against the reference of the best F1."""

    signature: str
    precision_N: np.ndarray
    recall_N: np.ndarray
    f1_N: np.ndarray

    @property
    def score(self) -> CorpusScore:
        """Mean F1, which papers call ROUGE."""
        return mean_score(self.f1_N, signature=self.signature)


def rouge(
    hypotheses: Sequence[str],
    references: Sequence[Sequence[str]],
    *,
    measures: Sequence[Measure] = ("rouge1", "rouge2", "rougeL"),
) -> dict[str, Rouge]:
    """Compute ROUGE-1 and ROUGE-2 (Lin 2004, section 2), ROUGE-L and ROUGE-Lsum (sections 3.1 and 3.2), unstemmed.

    Tokens are lower-cased: runs of `a-z0-9`, single characters of Han and other scripts without spaces, and words of
    the rest. For ROUGE-Lsum, sentences stand on lines of their own. Of several references the one of the best F1
    counts, as in `score_multi` of `rouge-score`.

    Args:
        hypotheses: a text each, which may be empty.
        references: for each hypothesis its one or more references.
        measures: which to count.

    Raises:
        InputError: as `weft.metrics.overlap.bleu`, or there is no such measure.

    """
    check_rows(hypotheses, references)
    for name in set(measures) - set(_COUNTED):
        raise InputError(f"there is no measure `{name}`", hint=did_you_mean(name, _COUNTED))
    rows = [(_lines(text), [_lines(one) for one in row]) for text, row in zip(hypotheses, references, strict=True)]
    made = f"nrefs:{_nrefs(references)}|case:lc|tok:latin+han|stem:no|best:f1|version:weft-{version('weft')}"
    return {
        name: Rouge(made, *100 * np.array([_best(_COUNTED[name], ours, theirs) for ours, theirs in rows]).T)
        for name in measures
    }


def rouge_l(hypotheses: Sequence[str], references: Sequence[Sequence[str]], *, beta: float = 1.2) -> CorpusScore:
    """Compute ROUGE-L of the MS COCO captioning scorer (Chen et al. 2015, section 4.2), and so of the E2E challenge.

    It differs from `rouge` in three ways, all of which make it higher with several references: the highest precision
    and the highest recall may come from two of them; recall counts beta² times as much as precision; and tokens are
    those of the Penn treebank, in lower case, without punctuation. With one reference, `beta=1` and texts without
    punctuation and contractions, both are the same. That scorer cuts texts with Stanford's tokenizer, a program in
    Java; our rules stand in for it, and may differ from it in rare forms. Arguments and errors as `rouge`.
    """
    check_rows(hypotheses, references)
    f_N = np.zeros(len(hypotheses))
    for number, (text, row) in enumerate(zip(hypotheses, references, strict=True)):
        ours = _treebank(text)
        found = [_ratios(lcs(ours, theirs), len(ours), len(theirs)) for theirs in map(_treebank, row)]
        precision, recall = max(one[0] for one in found), max(one[1] for one in found)
        f_N[number] = _f(precision, recall, beta=beta)
    made = f"nrefs:{_nrefs(references)}|case:lc|tok:ptb|beta:{beta:g}|best:each|version:weft-{version('weft')}"
    return mean_score(100 * f_N, signature=made)


def tokens(text: str) -> Tokens:
    """Split one text into the tokens that `rouge` compares."""
    return _TOKEN.findall(text.lower())


def lcs(first: Sequence[str], second: Sequence[str]) -> int:
    """Return the length of the longest common subsequence, a row of the table in a few operations on a long integer."""
    return len(first) - _lcs_rows(first, second)[-1].bit_count()


def _lcs_rows(first: Sequence[str], second: Sequence[str]) -> list[int]:
    """Return for each prefix of `second` the places of `first` at which the common subsequence does not grow, as bits.

    Hyyrö 2004, "Bit-parallel LCS-length computation revisited".
    """
    places: dict[str, int] = {}
    for place, token in enumerate(first):
        places[token] = places.get(token, 0) | 1 << place
    every = row = (1 << len(first)) - 1
    rows = [row]
    for token in second:
        met = row & places.get(token, 0)
        row = ((row + met) | (row - met)) & every
        rows.append(row)
    return rows


def _common_places(first: Tokens, second: Tokens) -> set[int]:
    """Return the places in `first` of one longest common subsequence; of several, the one that `rouge-score` takes."""
    rows, places = _lcs_rows(first, second), set()
    here, there = len(first), len(second)
    while here and there:
        if first[here - 1] == second[there - 1]:
            here, there = here - 1, there - 1
            places.add(here)
        elif _prefix(rows[there - 1], here) > _prefix(rows[there], here - 1):
            there -= 1
        else:
            here -= 1
    return places


def _prefix(row: int, size: int) -> int:
    """Return the length of the longest common subsequence with the first `size` tokens."""
    return size - (row & ((1 << size) - 1)).bit_count()


Lines = list[Tokens]
Counts = tuple[int, int, int]
"""Hits, number of tokens of the hypothesis, and of the reference."""


def _ngrams(size: int) -> Callable[[Lines, Lines], Counts]:
    def counted(ours: Lines, theirs: Lines) -> Counts:
        one, other = (
            Counter(zip(*(joined[start:] for start in range(size)), strict=False))
            for joined in (_joined(ours), _joined(theirs))
        )
        return (one & other).total(), one.total(), other.total()

    return counted


def _subsequence(ours: Lines, theirs: Lines) -> Counts:
    one, other = _joined(ours), _joined(theirs)
    return lcs(one, other), len(one), len(other)


def _union_of_subsequences(ours: Lines, theirs: Lines) -> Counts:
    """Match each line of the reference with all of the hypothesis; no token counts more often than on either side."""
    left_ours, left_theirs = Counter(_joined(ours)), Counter(_joined(theirs))
    sizes = left_ours.total(), left_theirs.total()
    hits = 0
    for line in theirs:
        for place in sorted(set().union(*(_common_places(line, one) for one in ours))):
            token = line[place]
            if left_ours[token] > 0 and left_theirs[token] > 0:
                hits += 1
                left_ours[token] -= 1
                left_theirs[token] -= 1
    return hits, *sizes


_COUNTED: dict[str, Callable[[Lines, Lines], Counts]] = {
    "rouge1": _ngrams(1),
    "rouge2": _ngrams(2),
    "rougeL": _subsequence,
    "rougeLsum": _union_of_subsequences,
}


def _lines(text: str) -> Lines:
    return [tokens(line) for line in text.split("\n")]


def _joined(lines: Lines) -> Tokens:
    return list(chain.from_iterable(lines))


def _treebank(text: str) -> Tokens:
    return _TREEBANK.findall(text.lower())


def _best(count: Callable[[Lines, Lines], Counts], ours: Lines, theirs: Sequence[Lines]) -> tuple[float, float, float]:
    """Return precision, recall and F1 against the first of the references that has the best F1."""
    found = [_ratios(*count(ours, one)) for one in theirs]
    return max(((*one, _f(*one, beta=1)) for one in found), key=lambda one: one[2])


def _ratios(hits: int, ours: int, theirs: int) -> tuple[float, float]:
    return hits / max(ours, 1), hits / max(theirs, 1)


def _f(precision: float, recall: float, *, beta: float) -> float:
    return (1 + beta**2) * precision * recall / (recall + beta**2 * precision) if precision and recall else 0.0


def _nrefs(references: Sequence[Sequence[str]]) -> str:
    counts = {len(row) for row in references}
    return str(counts.pop()) if len(counts) == 1 else "var"
