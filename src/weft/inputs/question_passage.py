"""Questions and passages as rows of ids with their places in characters: how they are laid out; not what is answered.

A passage row has columns for the ids of each view, after the first of which stands the part; and at the end, for each
position, the first and last character of the passage that it stands for, the same where it stands for none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from weft.data.batch import Moves, Tokens
from weft.data.columns import Columns, Fitted, Ragged, fit
from weft.data.examples.span_questions import Question
from weft.inputs.text import tokens_of
from weft.models.span import Reading
from weft.text.offsets import locate
from weft.text.tokenizers.base import Encoded, Frame, Tokenizer

RUN = 4
"""Runs of so many tokens or more that the question has too are told alike."""
PARTS = 3 + RUN
"""Kinds of positions: padding, the question, and the passage by the longest run there that the question has too."""
QUESTION, PASSAGE = 1, 2
_PRIME = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class Layout:
    """How a row is laid out: the special ids around its texts, None for a passage alone, and the most it may hold."""

    frame: Frame | None
    max_length: int
    max_question: int

    @property
    def room(self) -> int:
        """Tokens of a passage that one row can hold."""
        return self.max_length - (self.frame.room(2) + self.max_question if self.frame else 0)


@dataclass(frozen=True, slots=True)
class QuestionBatch(Moves):
    """What is read for B rows, the characters that each position of a passage stands for [B, S, 2], and the answers.

    `first_B` and `last_B` are the positions at which the answers start and end, S where a row has none; None when
    predicting.
    """

    source: Reading
    places_BS2: Tensor
    first_B: Tensor | None
    last_B: Tensor | None


@dataclass(frozen=True, slots=True)
class LaidOut:
    """Rows of passages, the questions of E examples (in the rows too, where there is a frame), and what was encoded."""

    passage: Fitted
    question: Ragged
    long_questions: int
    encoded: Encoded


def layout_rows(tokenizer: Tokenizer, examples: Sequence[Question], layout: Layout) -> LaidOut:
    """Encode each question and passage once, and lay them out, a long passage in overlapping windows.

    Raises ConfigError as `locate`.
    """
    texts = list(dict.fromkeys(text for one in examples for text in one.texts))
    number = {text: place for place, text in enumerate(texts)}
    asked_E, read_E = (np.array([number[one.texts[side]] for one in examples], dtype=np.int64) for side in (0, 1))
    located = locate(tokenizer, texts)
    lengths_R = located.encoded.lengths_R
    keys = Ragged.of(_keys(texts, lengths_R, located.spans_N2), lengths_R)
    ids = _with_part(located.encoded.values_NW, QUESTION)
    asked = fit(_rows(Ragged.of(ids, lengths_R), asked_E), max_length=layout.max_question, long="head")
    whole = _rows(Ragged.of(np.concatenate([ids, located.spans_N2.astype(np.int32)], 1), lengths_R), read_E)
    whole.values[:, 1] = PASSAGE + np.concatenate(
        [
            np.zeros(0, int),
            *(_runs(_row(keys, one), _row(keys, other)) for one, other in zip(asked_E, read_E, strict=True)),
        ]
    )
    fitted = fit(whole, max_length=layout.room, long="windows")
    if layout.frame is not None:
        rows = _framed(layout.frame, _rows(asked.rows, fitted.owner_R), fitted.rows)
        fitted = Fitted(rows, fitted.owner_R, fitted.long_texts, fitted.unread)
    return LaidOut(fitted, asked.rows, asked.long_texts, located.encoded)


def collate_rows(columns: Columns, rows: np.ndarray, *, by: Literal["views", "segments"]) -> QuestionBatch:
    """Gather and pad some rows; which of the two texts a position is of is told by a view, or by segments alone."""
    whole = columns.ragged["passage"]
    ids = Ragged(whole.values[:, :-2], whole.offsets_R1)
    passage = tokens_of(ids, rows, columns.letters.get("passage"))
    if by == "segments" and passage.views_BSW is not None:
        segments_BS = (passage.views_BSW[..., 0] >= PASSAGE).long()
        passage = Tokens(passage.ids_BS, passage.mask_BS, segments_BS=segments_BS)
    asked = columns.ragged.get("question")
    question = None if asked is None else tokens_of(asked, rows, columns.letters.get("question"))
    places_BS2 = torch.from_numpy(Ragged(whole.values[:, -2:], whole.offsets_R1).padded(rows)[0])
    source = Reading(passage, question, places_BS2[..., 1] > places_BS2[..., 0])
    if "answer" not in columns.fixed:
        return QuestionBatch(source, places_BS2, None, None)
    answer_B2 = torch.from_numpy(columns.fixed["answer"][rows])
    answer_B2 = torch.where(answer_B2 < 0, places_BS2.shape[1], answer_B2)
    return QuestionBatch(source, places_BS2, answer_B2[:, 0], answer_B2[:, 1])


def side_by_side(parts: Sequence[Ragged]) -> Ragged:
    """One row of the rows of each part, end to end; all have as many rows."""
    lengths_PR = np.stack([part.lengths_R for part in parts])
    total_R = lengths_PR.sum(0)
    starts_PR = np.cumsum(total_R) - total_R + np.cumsum(lengths_PR, 0) - lengths_PR
    values = np.empty((int(total_R.sum()), *parts[0].values.shape[1:]), dtype=parts[0].values.dtype)
    for part, lengths_R, starts_R in zip(parts, lengths_PR, starts_PR, strict=True):
        shift_R = starts_R - part.offsets_R1[:-1]
        values[np.arange(len(part.values)) + np.repeat(shift_R, lengths_R)] = part.values
    return Ragged.of(values, total_R)


def targets(rows: Ragged, examples: Sequence[Question]) -> np.ndarray:
    """The positions [R, 2] at which the first answer of each row starts and ends; -1 where the row has none of it."""
    found_R2 = np.full((len(examples), 2), -1, dtype=np.int64)
    for row, example in enumerate(examples):
        if example.answers:
            span = example.answers[0]
            start_S, end_S = rows.values[rows.offsets_R1[row] : rows.offsets_R1[row + 1], -2:].T
            ours = np.flatnonzero((end_S > start_S) & (end_S > span.start) & (start_S < span.end))
            if len(ours) and start_S[ours[0]] <= span.start and end_S[ours[-1]] >= span.end:
                found_R2[row] = ours[0], ours[-1]
    return found_R2


def letters_of(texts: Sequence[str]) -> Ragged:
    """Texts as the numbers of their characters, so that an answer can be cut out of its passage as it stands there."""
    whole = "".join(texts).encode("utf-32-le", "surrogatepass")
    return Ragged.of(np.frombuffer(whole, dtype=np.uint32), np.array([len(text) for text in texts], dtype=np.int64))


def text_of(letters: Ragged, row: int) -> str:
    """One of them."""
    start, end = letters.offsets_R1[row : row + 2]
    return letters.values[start:end].tobytes().decode("utf-32-le", "surrogatepass")


def _framed(frame: Frame, question: Ragged, passage: Ragged) -> Ragged:
    count, width = len(passage.lengths_R), passage.values.shape[1]

    def special(ids: Sequence[int], part: int) -> Ragged:
        values = np.zeros((count * len(ids), width), dtype=np.int32)
        values[:, 0], values[:, 1] = np.tile(np.array(ids, dtype=np.int32), count), part
        return Ragged.of(values, np.full(count, len(ids)))

    nowhere = np.zeros((len(question.values), 2), dtype=np.int32)
    asked = Ragged(np.concatenate([question.values, nowhere], 1), question.offsets_R1)
    first, middle = special(frame.before, QUESTION), special(frame.between, QUESTION)
    return side_by_side([first, asked, middle, passage, special(frame.after, PASSAGE)])


def _with_part(values_NW: np.ndarray, part: int) -> np.ndarray:
    return np.insert(values_NW, 1, part, axis=1)


def _rows(whole: Ragged, rows: np.ndarray) -> Ragged:
    return Ragged.of(whole.flat(rows)[0], whole.lengths_R[rows])


def _row(whole: Ragged, row: int) -> np.ndarray:
    return whole.values[whole.offsets_R1[row] : whole.offsets_R1[row + 1]]


def _keys(texts: Sequence[str], lengths_R: np.ndarray, spans_N2: np.ndarray) -> np.ndarray:
    """A number for the characters of each token, whatever their case, that a vocabulary need not know; 0 for marks."""
    numbers: dict[str, int] = {}
    keys, end = np.zeros(len(spans_N2), dtype=np.uint64), 0
    for text, length in zip(texts, lengths_R.tolist(), strict=True):
        start, end = end, end + length
        for place, (first, last) in enumerate(spans_N2[start:end].tolist(), start):
            token = text[first:last].lower()
            if any(map(str.isalnum, token)):
                keys[place] = numbers.setdefault(token, len(numbers) + 1)
    return keys


def _runs(asked_N: np.ndarray, read_N: np.ndarray) -> np.ndarray:
    """For each token of a passage the longest run around it, up to RUN, that the question has too."""
    longest_N = np.zeros(len(read_N), dtype=np.int64)
    one, other = asked_N, read_N
    for size in range(1, min(RUN, len(asked_N), len(read_N)) + 1):
        if size > 1:
            one, other = (
                np.where((run[:-1] > 0) & (keys[size - 1 :] > 0), run[:-1] * _PRIME + keys[size - 1 :], 0)
                for run, keys in ((one, asked_N), (other, read_N))
            )
        found = np.flatnonzero(np.isin(other, one[one > 0]))
        if not len(found):
            break
        for step in range(size):
            longest_N[found + step] = size
    return longest_N
