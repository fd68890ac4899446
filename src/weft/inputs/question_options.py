"""Options as rows of ids: how those of one question are kept together; not which of them is right.

A row of the columns is a question on one window of its passage, with all its options: what is read and counted of these
stands end to end, and where each of them ends is told by the lengths beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from weft.data.batch import Moves
from weft.data.columns import Columns, Ragged, Share
from weft.data.examples.option_questions import Choice
from weft.data.examples.span_questions import Question
from weft.inputs.overlap_features import counted
from weft.inputs.question_passage import Layout, collate_rows, layout_rows, letters_of, text_of
from weft.models.options import Offered
from weft.text.tokenizers.base import Tokenizer


@dataclass(frozen=True, slots=True)
class OptionBatch(Moves):
    """What is read for B rows, and the number of the right option of each, [B]; None when predicting."""

    source: Offered
    answer_B: Tensor | None


def option_columns(tokenizer: Tokenizer, examples: Sequence[Choice], layout: Layout) -> Columns:
    """Encode questions with their options. Raises ConfigError as `locate`."""
    many_E = np.array([len(one.options) for one in examples], dtype=np.int64)
    offered = [(one, option) for one in examples for option in one.options]
    found = layout_rows(
        tokenizer, [Question(f"{one.question} {option}", one.passage) for one, option in offered], layout
    )
    option_N = found.passage.owner_R
    window_N = np.arange(len(option_N)) - np.searchsorted(option_N, option_N)
    example_N = np.repeat(np.arange(len(examples)), many_E)[option_N]
    order_N = np.lexsort((option_N, window_N, example_N))
    option_N, example_N, window_N = option_N[order_N], example_N[order_N], window_N[order_N]
    starts_R = np.flatnonzero((np.diff(example_N, prepend=-1) != 0) | (np.diff(window_N, prepend=-1) != 0))
    many_R = np.diff(starts_R, append=len(option_N))
    texts = letters_of([option for _, option in offered])
    parts = {"passage": (found.passage.rows, order_N), "option": (texts, option_N)}
    if layout.frame is None:
        parts["question"] = (found.question, option_N)
    ragged = {"counted": Ragged.of(counted(examples)[option_N], many_R)}
    longest_R = np.zeros(len(many_R), dtype=np.int64)
    for name, (part, rows_N) in parts.items():
        lengths_N = part.lengths_R[rows_N]
        ragged[name] = Ragged.of(part.flat(rows_N)[0], np.add.reduceat(lengths_N, starts_R))
        ragged[f"{name} lengths"] = Ragged.of(lengths_N, many_R)
        if name != "option":
            longest_R += np.maximum.reduceat(lengths_N, starts_R)
    owner_R, fixed = example_N[starts_R], {}
    if all(one.answer is not None for one in examples):
        fixed["answer"] = np.array([one.answer for one in examples], dtype=np.int64)[owner_R]
    spelled = found.encoded.letters
    names = () if spelled is None else ("passage", "question")
    letters = {name: Ragged.of(spelled.ids_N, spelled.lengths_U) for name in names if spelled and name in ragged}
    facts = {
        "known": Share.but(found.encoded.unknown, len(found.encoded.values_NW)),
        "long": Share(found.passage.long_texts, len(offered)),
        "long_questions": Share(found.long_questions, len(offered)),
    }
    return Columns(ragged, fixed, owner_R, longest_R * many_R, facts, letters)


def option_batch(columns: Columns, rows: np.ndarray, *, by: Literal["views", "segments"]) -> OptionBatch:
    """Gather and pad the options of some rows."""
    parts = {name: _opened(columns.ragged, name, rows) for name in ("passage", "question") if name in columns.ragged}
    every_N = np.arange(len(parts["passage"].lengths_R))
    read = collate_rows(Columns(parts, {}, every_N, every_N, letters=columns.letters), every_N, by=by)
    counted_NF, many_B = columns.ragged["counted"].flat(rows)[0], columns.ragged["counted"].lengths_of(rows)
    real_BO = torch.from_numpy(np.arange(many_B.max()) < many_B[:, None])
    answer = columns.fixed.get("answer")
    answer_B = None if answer is None else torch.from_numpy(answer[rows])
    return OptionBatch(Offered(read.source, torch.from_numpy(counted_NF), real_BO), answer_B)


def options_of(columns: Columns, row: int) -> list[str]:
    """The texts of the options of a row."""
    letters = _opened(columns.ragged, "option", np.array([row]))
    return [text_of(letters, place) for place in range(len(letters.lengths_R))]


def _opened(ragged: Mapping[str, Ragged], name: str, rows: np.ndarray) -> Ragged:
    """The options of some rows as rows of their own."""
    return Ragged.of(ragged[name].flat(rows)[0], ragged[f"{name} lengths"].flat(rows)[0])
