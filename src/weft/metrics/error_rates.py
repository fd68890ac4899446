"""Error rates of transcripts: insertions, deletions and substitutions over the length of the reference."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from weft.metrics.systems import CorpusScore


def error_rates(hypotheses: Sequence[str], references: Sequence[str]) -> dict[str, CorpusScore]:
    """Compute `cer` and `wer`, the rates of wrong characters and words (Morris et al. 2004), and `exact_match`.

    Runs of blanks count as one, those at the ends as none. Words stand between blanks, so syllables of pinyin are
    words. Rates are 0 to 100, and above where more is inserted than there is. Equal to `jiwer`.
    """
    pairs = [
        (" ".join(made.split()), " ".join(true.split())) for made, true in zip(hypotheses, references, strict=True)
    ]
    right_N = np.array([made == true for made, true in pairs], dtype=float)
    return {
        "cer": _rate([(made, true) for made, true in pairs], signature="character errors, blanks count"),
        "wer": _rate(
            [(made.split(), true.split()) for made, true in pairs], signature="errors of words between blanks"
        ),
        "exact_match": CorpusScore("transcripts right", np.stack([right_N, np.ones(len(right_N))], 1), _share),
    }


def edits(made: Sequence[object], true: Sequence[object]) -> int:
    """Count the fewest insertions, deletions and substitutions between two sequences (Levenshtein 1966)."""
    if not made or not true:
        return len(made) + len(true)
    numbers = {one: number for number, one in enumerate(dict.fromkeys([*made, *true]))}
    true_T, places = np.array([numbers[one] for one in true]), np.arange(len(true) + 1)
    fewest = places.copy()
    for row, one in enumerate(made, 1):
        best = np.minimum(fewest[1:] + 1, fewest[:-1] + (true_T != numbers[one]))
        # an insertion after an insertion: the smallest of what is to the left, and one for each step from there
        fewest = np.minimum.accumulate(np.concatenate([[row], best]) - places) + places
    return int(fewest[-1])


def _rate(pairs: Sequence[tuple[Sequence[object], Sequence[object]]], *, signature: str) -> CorpusScore:
    found = np.array([(edits(made, true), len(true)) for made, true in pairs], dtype=np.float64).reshape(-1, 2)
    return CorpusScore(signature, found, _percent, better="lower")


def _percent(sums: np.ndarray) -> np.ndarray:
    return 100 * _share(sums)


def _share(sums: np.ndarray) -> np.ndarray:
    return sums[..., 0] / np.maximum(1, sums[..., 1])
