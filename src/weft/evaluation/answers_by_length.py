"""Generated texts of a run, with the score of each against its references, best and worst, and by length of source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np

from weft.data.formats.image_files import is_image
from weft.data.formats.sound_files import is_sound
from weft.metrics.error_rates import error_rates
from weft.metrics.overlap import chrf
from weft.metrics.saved_scores import Interval, is_number
from weft.metrics.systems import CorpusScore, intervals
from weft.run_folder import read_answers
from weft.text.segment import segment

BUCKETS = 5
"""Number of groups of sources by length, where there are enough of them."""
FEWEST = 10
"""Least number of texts of a group."""
SHORT = 8
"""Least number of tokens of a text for its loss to mean anything."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """Sources of similar length, from `low` to `high` words, their number, and the score of their outputs."""

    low: int
    high: int
    count: int
    score: Interval


@dataclass(frozen=True, slots=True)
class Answered:
    """Lines of answers that have references: the score of each answer, and the length of each source in words.

    The score is chrF, or the error rate of characters where texts are judged by that, as transcripts are.
    """

    rows: Sequence[Mapping[str, Any]]
    name: Literal["chrf", "cer"]
    score: CorpusScore
    score_N: np.ndarray
    length_N: np.ndarray

    @classmethod
    def read(cls, folder: Path, *, name: Literal["chrf", "cer"] = "chrf") -> Self | None:
        """Read the answers of a run; None where there are none with references. Raises RunFolderError for damage."""
        rows = [row for row in read_answers(folder) if row.get("references") and "answer" in row]
        if not rows:
            return None
        answers, references = [str(row["answer"]) for row in rows], [list(map(str, row["references"])) for row in rows]
        score = (
            chrf(answers, references) if name == "chrf" else error_rates(answers, [one[0] for one in references])[name]
        )
        sources = (str(row.get("source", "")) for row in rows)
        length_N = segment(["" if is_image(one) or is_sound(one) else one for one in sources], "mixed").lengths_R
        return cls(rows, name, score, score.formula(score.statistics_NF), length_N)

    @property
    def exact(self) -> int:
        """Number of answers that equal a reference, letter for letter."""
        return sum(row["answer"] in row["references"] for row in self.rows)

    @property
    def unread(self) -> int:
        """Number of sources whose end was not read."""
        return sum(bool(row.get("unread")) for row in self.rows)

    def worst(self, keep: int) -> list[int]:
        """Return the rows whose answers are furthest from their references, of equal ones the longer sources first."""
        return np.lexsort((-self.length_N, -self._errors_N))[:keep].tolist()

    def best(self, keep: int) -> list[int]:
        """Return the rows whose answers are nearest to their references, of equal ones the longer sources first."""
        return np.lexsort((-self.length_N, self._errors_N))[:keep].tolist()

    @property
    def _errors_N(self) -> np.ndarray:
        return self.score_N if self.score.better == "lower" else -self.score_N

    def buckets(self) -> list[Bucket]:
        """Group rows by the length of the source, in about equal sizes, the shortest first; one length in one group.

        The score of a group is its corpus score with its 95% bootstrap interval, as that of the whole part.
        """
        parts = min(BUCKETS, len(self.rows) // FEWEST)
        lengths, counts = np.unique(self.length_N, return_counts=True)
        upto = np.cumsum(counts)[:-1]
        if parts < 2 or not len(upto):
            return []
        cuts = {int(np.abs(upto - len(self.rows) * part / parts).argmin()) for part in range(1, parts)}
        group_N = np.searchsorted(lengths[sorted(cuts)], self.length_N)
        return [self._bucket(group_N == group) for group in np.unique(group_N)]

    def _bucket(self, ours_N: np.ndarray) -> Bucket:
        part = replace(self.score, statistics_NF=self.score.statistics_NF[ours_N])
        found = Interval.read(asdict(intervals({self.name: part})[self.name]))
        assert found is not None
        lengths = self.length_N[ours_N]
        return Bucket(int(lengths.min()), int(lengths.max()), int(ours_N.sum()), found)


def expected_texts(
    folder: Path, keep: int, *, fewest: int = 0
) -> tuple[Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]]]:
    """Return the texts that a language model found most and least surprising, so many of each, none of them very short.

    Of fewer than `fewest` texts there are none.
    """
    rows = [row for row in read_answers(folder) if "text" in row and is_number(row.get("log_loss"))]
    rows = sorted((row for row in rows if row.get("tokens", SHORT) >= SHORT), key=lambda row: -row["log_loss"])
    keep = min(keep, len(rows) // 2) if len(rows) >= fewest else 0
    return rows[:keep], rows[len(rows) - keep :][::-1]
