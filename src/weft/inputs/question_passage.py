"""Reads questions on passages: rows of ids with their places in characters, and windows of long passages.

A passage row has columns for the ids of each view, after the first of which stands the part; and at the end, for each
position, the first and last character of the passage that it stands for, the same where it stands for none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import torch
from pydantic import Field, SerializeAsAny, model_validator
from torch import Tensor, nn

from weft.config import one_of
from weft.data.batch import Moves, Tokens
from weft.data.columns import Columns, Fitted, Ragged, Share, fit
from weft.data.examples.span_questions import Question
from weft.errors import ConfigError
from weft.inputs.base import Input, InputConfig
from weft.inputs.text import tokens_of
from weft.inputs.warm_start import start_from_run, started_tokenizer, with_folder, with_start
from weft.models.base import EncoderConfig, TokenSpec
from weft.models.choices import ENCODERS, FOLDERS
from weft.models.rnn import LstmEncoderConfig
from weft.models.span import ReaderKind, Reading
from weft.text.offsets import locate
from weft.text.tokenizers.base import Encoded, Frame, Tokenizer
from weft.text.tokenizers.choices import TokenizerChoice, fitting

RUN = 4
"""Length of common runs of passage and question from which on they count alike."""
PARTS = 3 + RUN
"""Number of kinds of positions: padding, the question, and the passage by its longest run that the question has."""
QUESTION, PASSAGE = 1, 2
_PRIME = np.uint64(0x9E3779B97F4A7C15)


ReaderEncoder = Annotated[
    SerializeAsAny[EncoderConfig], one_of(EncoderConfig, ENCODERS, default=LstmEncoderConfig), FOLDERS
]


class PassageSettings(InputConfig):
    """Settings of questions on passages: tokenizer, layout, and the encoder that reads them."""

    unit: ClassVar[str] = "questions"
    """Name of the examples in a sentence."""
    together: ClassVar[str] = "both"
    """Name of the texts that a pre-trained encoder reads in one row, in a sentence."""
    tokenizer: TokenizerChoice | None = None
    """Tokenizer of question and passage; None: the one of a pre-trained encoder, else one that suits the script."""
    max_length: int = Field(default=512, ge=16)
    """Largest number of positions read at once; a longer passage is read in windows that overlap by a quarter."""
    max_question: int = Field(default=64, ge=1)
    """Largest number of tokens of a question that are read; the rest is cut."""
    encoder: ReaderEncoder = LstmEncoderConfig()
    """Encoder that reads question and passage."""
    reader: ReaderKind | Literal["auto"] = "auto"
    """Reader of question and passage: `joint` reads both in one row, `attention` each by itself, with attention between
    them; `auto`: `joint` for Transformers and pre-trained encoders, `attention` for others."""
    start: str | None = None
    """Trained folder that encoder and tokenizer start from; written `--encoder pretrained:FOLDER`."""

    @model_validator(mode="before")
    @classmethod
    def _with_start(cls, settings: Any) -> Any:
        return with_start(settings, part="encoder", own=frozenset(cls.model_fields))

    def with_tokenizer(self, examples: Sequence[Any]) -> tuple[Self, Tokenizer]:
        """Return a copy with all that was left open decided, and its tokenizer, learned from examples.

        Raises ConfigError where parts do not go together.
        """
        encoder = self.encoder.ready()
        texts = list(dict.fromkeys(text for one in examples for text in one.texts))
        tokenizer = with_folder(self.tokenizer, encoder.reads_with) or fitting(texts, ordered=True)
        reader = self.reader if self.reader != "auto" else "joint" if encoder.reads_jointly else "attention"
        decided: dict[str, Any] = {"encoder": encoder, "tokenizer": tokenizer, "reader": reader}
        if "max_length" not in self.model_fields_set and encoder.longest is not None:
            decided["max_length"] = min(self.max_length, encoder.longest)
        learned = started_tokenizer(tokenizer, self.start) if self.start else tokenizer.learn(texts)
        return self.model_copy(update=decided), learned

    def layout(self, tokenizer: Tokenizer) -> Layout:
        """Return how rows are laid out. Raises ConfigError where the encoder cannot read them so."""
        mark, frame, encoder = tokenizer.sizes[0], tokenizer.frame, self.encoder
        if self.reader == "joint":
            frame = frame or Frame((mark,), (mark,), (mark,))
        elif frame is not None:
            what = f"a pre-trained encoder reads {self.together} in one row"
            raise ConfigError(what, where="task.reader", hint="set task.reader to joint")
        layout_rows = Layout(frame, self.max_length, self.max_question)
        if encoder.reads is not Tokens:
            hint = "take `lstm`, `gru`, `cnn`, `transformer` or a pre-trained encoder"
            raise ConfigError(f"`{encoder.kind}` keeps no positions", where="task.encoder", hint=hint)
        if layout_rows.room < 8:
            what = f"{self.max_length} leaves no room for a passage beside a question of {self.max_question}"
            raise ConfigError(what, where="task.max_length", hint="raise it, or lower task.max_question")
        if encoder.longest is not None and self.max_length > encoder.longest:
            limit = f"`{encoder.kind}` has learned positions for {encoder.longest} tokens"
            what = f"{limit}, found {self.max_length}"
            raise ConfigError(what, where="task.max_length", hint=f"set it to {encoder.longest}")
        return layout_rows


@dataclass(frozen=True, slots=True)
class Layout:
    """Layout of a row: the special ids around its texts, None for a passage alone, and its limits in tokens."""

    frame: Frame | None
    max_length: int
    max_question: int

    @property
    def room(self) -> int:
        """Number of tokens of a passage that one row can hold."""
        return self.max_length - (self.frame.room(2) + self.max_question if self.frame else 0)


@dataclass(frozen=True, slots=True)
class PlacedReading(Moves):
    """A batch of B rows, and the first and last character that each position of a passage stands for [B, S, 2]."""

    source: Reading
    places_BS2: Tensor


@dataclass(frozen=True, slots=True)
class LaidOut:
    """Rows of passages, the questions of E examples (in the rows too, where there is a frame), and what was encoded."""

    passage: Fitted
    question: Ragged
    long_questions: int
    encoded: Encoded

    @property
    def letters(self) -> dict[str, Ragged]:
        """The character n-grams of the words in the rows of ids, where the tokenizer gives them."""
        spelled = self.encoded.letters
        if spelled is None:
            return {}
        return dict.fromkeys(("passage", "question"), Ragged.of(spelled.ids_N, spelled.lengths_U))

    def facts(self, count: int) -> dict[str, Share]:
        """Return the shares of known tokens, of long passages and of long questions, of so many questions."""
        return {
            "known": Share.but(self.encoded.unknown, len(self.encoded.values_NW)),
            "long": Share(self.passage.long_texts, count),
            "long_questions": Share(self.long_questions, count),
        }


class PassageInput(Input[Sequence[str], "PlacedReading"]):
    """A tokenizer and the layout of rows of a question and a window of its passage; its config has a reader.

    The values are question and passage.
    """

    config: PassageSettings
    texts = 2

    def __init__(self, config: PassageSettings, tokenizer: Tokenizer) -> None:
        self.config, self._tokenizer, self.layout = config, tokenizer, config.layout(tokenizer)

    @property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer of both texts."""
        return self._tokenizer

    def spec(self) -> TokenSpec:
        """Return the sizes of the views of a position, that of the part of a row among them unless there is a frame."""
        first, *views = self.tokenizer.sizes
        return TokenSpec((first,) if self.tokenizer.frame else (first + 1, PARTS, *views))

    def save(self, folder: Path) -> None:
        """Write the tokenizer's files."""
        self.tokenizer.save(folder)

    def initialize(self, model: nn.Module, columns: Columns, rows_of_C: Sequence[np.ndarray] = ()) -> list[str]:
        """Start the encoder from a trained folder (of a reader: the whole model) or from pre-trained weights."""
        if self.config.start:
            return start_from_run(
                self.config.start,
                model,
                self.config.encoder,
                part="encoder",
                heads=True,
                has_part_view=not self.tokenizer.frame,
            )
        return super().initialize(model, columns, rows_of_C)

    def encode(self, values: Sequence[Sequence[str]]) -> Columns:
        """Encode questions with their passages; a long passage has several rows, each with the question."""
        found = layout_rows(self.tokenizer, values, self.layout)
        rows, owner_R = found.passage.rows, found.passage.owner_R
        ragged, cost_R = {"passage": rows}, rows.lengths_R
        if self.layout.frame is None:
            ragged["question"] = Ragged.of(found.question.flat(owner_R)[0], found.question.lengths_R[owner_R])
            cost_R = cost_R + ragged["question"].lengths_R
        ragged["text"] = letters_of([values[owner][1] for owner in owner_R.tolist()])
        return Columns(ragged, {}, owner_R, cost_R, found.facts(len(values)), found.letters)

    def collate(self, columns: Columns, rows: np.ndarray) -> PlacedReading:
        """Gather and pad some rows."""
        return collate_rows(columns, rows, by=self.part_marked_by)

    @property
    def part_marked_by(self) -> Literal["segments", "views"]:
        """Mark of a position as one of the question or of the passage: segment ids, or a view of its own."""
        return "segments" if self.tokenizer.frame else "views"

    def notes(self, parts: Mapping[str, Columns]) -> list[str]:
        """Describe the tokenizer with its coverage, the reader, and what is long."""
        described = self.config.tokenizer.describe() if self.config.tokenizer else ""
        known = ", ".join(f"{part.facts['known']:.1%} of {name}" for name, part in parts.items())
        said = [
            f"tokenizer: {described}; {self.tokenizer.counted}, covering {known}",
            *self.tokenizer.notes,
            f"reader: {self.config.reader}",
        ]
        for name, part in parts.items():
            of = f"of the {name} {self.config.unit} are"
            if part.facts["long"]:
                limit = f"{self.layout.room} tokens, read in windows"
                said.append(f"{part.facts['long']:.1%} {of} on passages longer than {limit}")
            if part.facts["long_questions"]:
                said.append(f"{part.facts['long_questions']:.1%} {of} cut at max_question")
        return said


def layout_rows(tokenizer: Tokenizer, pairs: Sequence[Sequence[str]], layout: Layout) -> LaidOut:
    """Encode each question and passage once, and lay them out, a long passage in overlapping windows.

    Raises ConfigError as `locate`.
    """
    texts = list(dict.fromkeys(text for pair in pairs for text in pair))
    number = {text: place for place, text in enumerate(texts)}
    asked_E, read_E = (np.array([number[pair[side]] for pair in pairs], dtype=np.int64) for side in (0, 1))
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


def collate_rows(columns: Columns, rows: np.ndarray, *, by: Literal["views", "segments"]) -> PlacedReading:
    """Gather and pad some rows; a view, or segments alone, mark which of the two texts a position is of."""
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
    return PlacedReading(source, places_BS2)


def side_by_side(parts: Sequence[Ragged]) -> Ragged:
    """Join the rows of several parts end to end, row by row; all have as many rows."""
    lengths_PR = np.stack([part.lengths_R for part in parts])
    total_R = lengths_PR.sum(0)
    starts_PR = np.cumsum(total_R) - total_R + np.cumsum(lengths_PR, 0) - lengths_PR
    values = np.empty((int(total_R.sum()), *parts[0].values.shape[1:]), dtype=parts[0].values.dtype)
    for part, lengths_R, starts_R in zip(parts, lengths_PR, starts_PR, strict=True):
        shift_R = starts_R - part.offsets_R1[:-1]
        values[np.arange(len(part.values)) + np.repeat(shift_R, lengths_R)] = part.values
    return Ragged.of(values, total_R)


def targets(rows: Ragged, examples: Sequence[Question]) -> np.ndarray:
    """Find the positions [R, 2] at which the first answer of each row starts and ends; -1 where it is elsewhere."""
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
    """Encode texts as numbers of their characters, so that an answer can be cut out of its passage as it stands."""
    whole = "".join(texts).encode("utf-32-le", "surrogatepass")
    return Ragged.of(np.frombuffer(whole, dtype=np.uint32), np.array([len(text) for text in texts], dtype=np.int64))


def text_of(letters: Ragged, row: int) -> str:
    """Return one of the texts."""
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
    """Number the characters of each token, whatever their case, that a vocabulary need not know; 0 for marks."""
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
    """Find for each token of a passage the longest run around it, up to RUN, that the question has too."""
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
