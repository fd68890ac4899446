"""Reads questions with their options: a row of ids for each option, those of one question kept together.

A row of the columns is a question on one window of its passage, with all its options: what is read and counted of these
stands end to end, and where each of them ends is told by the lengths beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from weft.data.columns import Columns, Ragged
from weft.inputs.overlap_features import overlap_features
from weft.inputs.question_passage import PassageInput, layout_rows, letters_of, text_of
from weft.models.options import Offered
from weft.text.segment import rules_of


class OptionsInput(PassageInput):
    """Question, passage and options: a row is a question on one window of its passage, with all its options.

    The values are question, passage and then the options.
    """

    def encode(self, values: Sequence[Sequence[str]]) -> Columns:
        """Encode questions with their options. Raises ConfigError where the tokens have no places in a text."""
        many_E = np.array([len(value) - 2 for value in values], dtype=np.int64)
        offered = [(question, passage, option) for question, passage, *options in values for option in options]
        asked = [(f"{question} {option}", passage) for question, passage, option in offered]
        found = layout_rows(self.tokenizer, asked, self.layout)
        option_N = found.passage.owner_R
        window_N = np.arange(len(option_N)) - np.searchsorted(option_N, option_N)
        example_N = np.repeat(np.arange(len(values)), many_E)[option_N]
        order_N = np.lexsort((option_N, window_N, example_N))
        option_N, example_N, window_N = option_N[order_N], example_N[order_N], window_N[order_N]
        starts_R = np.flatnonzero((np.diff(example_N, prepend=-1) != 0) | (np.diff(window_N, prepend=-1) != 0))
        many_R = np.diff(starts_R, append=len(option_N))
        parts = {
            "passage": (found.passage.rows, order_N),
            "option": (letters_of([option for *_, option in offered]), option_N),
        }
        if self.layout.frame is None:
            parts["question"] = (found.question, option_N)
        counted = overlap_features(values, rules=rules_of(whole_runs=self.tokenizer.whole_runs))
        ragged = {"overlap": Ragged.of(counted[option_N], many_R)}
        longest_R = np.zeros(len(many_R), dtype=np.int64)
        for name, (part, rows_N) in parts.items():
            lengths_N = part.lengths_R[rows_N]
            ragged[name] = Ragged.of(part.flat(rows_N)[0], np.add.reduceat(lengths_N, starts_R))
            ragged[f"{name} lengths"] = Ragged.of(lengths_N, many_R)
            if name != "option":
                longest_R += np.maximum.reduceat(lengths_N, starts_R)
        letters = {name: of for name, of in found.letters.items() if name in ragged}
        return Columns(ragged, {}, example_N[starts_R], longest_R * many_R, found.facts(len(offered)), letters)

    def collate(self, columns: Columns, rows: np.ndarray) -> Offered:  # ty: ignore[incompatible-method-override]
        """Gather and pad the options of some rows."""
        parts = {
            name: _opened(columns.ragged, name, rows) for name in ("passage", "question") if name in columns.ragged
        }
        every_N = np.arange(len(parts["passage"].lengths_R))
        opened = Columns(parts, {}, every_N, every_N, letters=columns.letters)
        read = super().collate(opened, every_N)
        overlap = columns.ragged["overlap"]
        real_BO = torch.from_numpy(np.arange(overlap.lengths_of(rows).max()) < overlap.lengths_of(rows)[:, None])
        return Offered(read.source, torch.from_numpy(overlap.flat(rows)[0]), real_BO)


def options_of(columns: Columns, row: int) -> list[str]:
    """Return the texts of the options of a row."""
    letters = _opened(columns.ragged, "option", np.array([row]))
    return [text_of(letters, place) for place in range(len(letters.lengths_R))]


def _opened(ragged: Mapping[str, Ragged], name: str, rows: np.ndarray) -> Ragged:
    """Return the options of some rows as rows of their own."""
    return Ragged.of(ragged[name].flat(rows)[0], ragged[f"{name} lengths"].flat(rows)[0])
