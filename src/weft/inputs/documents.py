"""Reads documents of any length for language models: cut into rows, or as prompts; with the begin of each word."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from weft.data.batch import Moves, Tokens
from weft.data.columns import Columns, Ragged, Share, begun, ended, windows
from weft.errors import InputError
from weft.inputs.base import Input
from weft.inputs.pair import joined
from weft.inputs.text import tokens_of
from weft.inputs.warm_start import start_from_run
from weft.models.base import TokenSpec
from weft.text.lost import lost_bytes, lost_note
from weft.text.out_of_vocabulary import named, spelled, unseen_characters
from weft.text.tokenizers.base import Tokenizer
from weft.text.whole_words import word_starts

COUNTED = "counted"
"""Key of the rows that say which tokens of documents count: those after a prompt."""
PROMPT = "prompt"
"""Key of the rows of ids that are to be continued; those of documents are under `text`."""


@dataclass(frozen=True, slots=True)
class TokenIds(Moves):
    """B rows of ids [B, S], with the mask of those that are no padding."""

    ids_BS: Tensor
    mask_BS: Tensor
    counted_BS: Tensor
    """Mask of the tokens whose probability counts."""


class DocumentInput(Input[str, TokenIds]):
    """A tokenizer whose ids a decoder predicts one after the other.

    Args:
        config: of a language model: `context` is how many tokens are read at once, `unit` whether rows end.
        tokenizer: gives the ids.
        begin: the id that every document begins with.
        end: the id that ends it.

    """

    texts = 1

    def __init__(self, config: Any, tokenizer: Tokenizer, *, begin: int, end: int) -> None:
        self.config, self._tokenizer, self.begin, self.end = config, tokenizer, begin, end

    @property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer of the documents."""
        return self._tokenizer

    def spec(self) -> TokenSpec:
        """Return the number of ids."""
        return TokenSpec((max(self.end + 1, self.tokenizer.sizes[0]),))

    def save(self, folder: Path) -> None:
        """Write the tokenizer's files."""
        self.tokenizer.save(folder)

    def encode(self, values: Sequence[str], begins: Sequence[int] = ()) -> Columns:
        """Encode documents in rows of at most `context` tokens to predict, each after the last token of the row before.

        Of those with a prompt, which ends where `begins` says, the tokens of the rest alone count, and both parts are
        cut apart, as when the prompt is continued. `spelled` is what it costs to tell characters apart that training
        never saw or normalization changes, in nats, of each document in its first row: 8 bits for each of their bytes.
        """
        if any(begins):
            return self._after_prompts(values, begins)
        found = self.tokenizer.encode(values)
        whole = Ragged.of(found.values_NW, found.lengths_R)
        return self._in_rows(whole, values, unknown=found.unknown)

    def _after_prompts(self, values: Sequence[str], begins: Sequence[int]) -> Columns:
        halves = [[one[:begin] for one, begin in zip(values, begins, strict=True)],
                  [one[begin:] for one, begin in zip(values, begins, strict=True)]]  # fmt: skip
        found = [self.tokenizer.encode(half) for half in halves]
        both = joined([Ragged.of(one.values_NW, one.lengths_R) for one in found], segments=(0, 1))
        ids, counted = (Ragged(part, both.offsets_R1) for part in np.split(both.values, [1], axis=1))
        columns = self._in_rows(ids, halves[1], unknown=sum(one.unknown for one in found))
        flags = windows(begun(ended(counted, 1), 0), size=self.config.context).rows
        return replace(columns, ragged={**columns.ragged, COUNTED: flags})

    def _in_rows(self, whole: Ragged, values: Sequence[str], *, unknown: int) -> Columns:
        tokens, lost_E = len(whole.values), np.array(lost_bytes(values, self.tokenizer.config.normalize))
        if self.config.unit == "row":
            whole = ended(whole, self.end)
        cut = windows(begun(whole, self.begin), size=self.config.context)
        spelled_R = np.zeros(len(cut.owner_R))
        owner_E, first_E = np.unique(cut.owner_R, return_index=True)
        if unknown:
            spelled_R[first_E] = spelled(self.unseen(values), [values[one] for one in owner_E.tolist()])
        if lost_E.any():
            spelled_R[first_E] += 8 * math.log(2) * lost_E[owner_E]
        facts = {"known": Share.but(unknown, tokens), "lost": Share(int(lost_E.sum()), len("".join(values).encode()))}
        return Columns({"text": cut.rows}, {"spelled": spelled_R}, cut.owner_R, cut.rows.lengths_R, facts)

    def encode_prompts(self, values: Sequence[str]) -> Columns:
        """Encode prompts, a row each. Raises InputError for one with characters that the model has never seen."""
        found = self.tokenizer.encode(values)
        if found.unknown:
            strange = named(self.unseen(values)) or "a word of it"
            hint = "leave it out; a model with task.tokenizer=bytes reads every character"
            raise InputError(f"the model has never seen {strange}, so it cannot continue from it", hint=hint)
        rows = begun(Ragged.of(found.values_NW, found.lengths_R), self.begin)
        facts = {"known": Share.but(found.unknown, len(found.values_NW))}
        return Columns({PROMPT: rows}, {}, np.arange(len(values)), rows.lengths_R, facts)

    def unseen(self, values: Sequence[str]) -> Counter[str]:
        """Count the characters that training never saw."""
        return unseen_characters(self.tokenizer, values)

    def collate(self, columns: Columns, rows: np.ndarray) -> TokenIds:
        """Gather and pad some rows, of documents or of prompts."""
        ids_BSW, mask_BS = columns.ragged[PROMPT if PROMPT in columns.ragged else "text"].padded(rows)
        counted_BS = mask_BS
        if COUNTED in columns.ragged:
            counted_BS = columns.ragged[COUNTED].padded(rows)[0][..., 0] > 0
        return TokenIds(
            torch.from_numpy(ids_BSW[..., 0]).long(), torch.from_numpy(mask_BS), torch.from_numpy(counted_BS)
        )

    def notes(self, parts: Mapping[str, Columns]) -> list[str]:
        """Describe the tokenizer with its coverage, and the rows."""
        described = self.config.tokenizer.describe() if self.config.tokenizer else ""
        known = ", ".join(f"{part.facts['known']:.2%} of {name}" for name, part in parts.items())
        lost = max(part.facts["lost"] for part in parts.values())
        note = lost_note(lost, self.tokenizer.config.normalize)
        tokens = sum(len(part.ragged["text"].values) - len(part) for part in parts.values())
        read = "one long text" if self.config.unit == "stream" else "separate texts"
        rows = sum(len(part) for part in parts.values())
        return [
            f"tokenizer: {described}; {self.tokenizer.counted}, covering {known}",
            *self.tokenizer.notes,
            *([f"{note}; bits per byte count them, 8 bits each"] if note else []),
            f"{read}: {tokens:,} tokens in {rows:,} blocks of at most {self.config.context} (task.context)",
        ]


@dataclass(frozen=True, slots=True)
class WordTokens(Moves):
    """The tokens of B rows, and where words begin in them, [B, S]."""

    source: Tokens
    starts_BS: Tensor


class WordTokensInput(Input[str, WordTokens]):
    """A tokenizer whose ids an encoder reads, and the begin of each word, so that words can be masked whole."""

    texts = 1

    def __init__(self, config: Any, tokenizer: Tokenizer) -> None:
        self.config, self._tokenizer = config, tokenizer

    @property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer of the documents."""
        return self._tokenizer

    def spec(self) -> TokenSpec:
        """Return the number of ids of each view of a position."""
        return TokenSpec(self.tokenizer.sizes)

    def save(self, folder: Path) -> None:
        """Write the tokenizer's files."""
        self.tokenizer.save(folder)

    def initialize(self, model: nn.Module, columns: Columns, rows_of_C: Sequence[np.ndarray] = ()) -> list[str]:
        """Start the encoder from a trained folder or from pre-trained weights, where they are named."""
        if self.config.start:
            return start_from_run(self.config.start, model, self.config.encoder, part="encoder", heads=True)
        return super().initialize(model, columns, rows_of_C)

    def encode(self, values: Sequence[str]) -> Columns:
        """Encode documents in rows of at most `max_length` positions."""
        frame = self.tokenizer.frame
        found, starts_N = self.tokenizer.encode(values), word_starts(self.tokenizer, values)
        ids = np.concatenate([found.values_NW, starts_N[:, None]], 1, dtype=np.int32)
        # a row begins with the last piece of the one before it
        cut = windows(
            Ragged.of(ids, found.lengths_R), size=self.config.max_length - 1 - (frame.room(1) if frame else 0)
        )
        text, starts = (Ragged(part, cut.rows.offsets_R1) for part in np.split(cut.rows.values, [-1], axis=1))
        if frame:
            text = joined([frame.before, text, frame.after], segments=(0, 0, 0))
            starts = joined([(1,) * len(frame.before), starts, (1,) * len(frame.after)], segments=(0, 0, 0))
            text, starts = (Ragged(one.values[:, :1], one.offsets_R1) for one in (text, starts))
        letters = {"text": Ragged.of(found.letters.ids_N, found.letters.lengths_U)} if found.letters else {}
        facts = {"known": Share.but(found.unknown, len(found.values_NW))}
        return Columns({"text": text, "starts": starts}, {}, cut.owner_R, 1 + text.lengths_R, facts, letters)

    def collate(self, columns: Columns, rows: np.ndarray) -> WordTokens:
        """Gather and pad some rows."""
        starts_BS, _ = columns.ragged["starts"].padded(rows)
        source = tokens_of(columns.ragged["text"], rows, columns.letters.get("text"))
        return WordTokens(source, torch.from_numpy(starts_BS[..., 0] > 0))

    def notes(self, parts: Mapping[str, Columns]) -> list[str]:
        """Describe the tokenizer with its coverage, and the rows."""
        described = self.config.tokenizer.describe() if self.config.tokenizer else ""
        known = ", ".join(f"{part.facts['known']:.2%} of {name}" for name, part in parts.items())
        tokens = sum(len(part.ragged["text"].values) for part in parts.values())
        rows = sum(len(part) for part in parts.values())
        words = sum(int(part.ragged["starts"].values.sum()) for part in parts.values())
        return [
            f"tokenizer: {described}; {self.tokenizer.counted}, covering {known}",
            *self.tokenizer.notes,
            f"{tokens:,} tokens of {words:,} words in {rows:,} rows of at most {self.config.max_length}",
        ]
