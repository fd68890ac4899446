"""Reads texts, one or two an example: settings, tokenizer, rows of ids, sets of n-grams, batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import nn

from weft.data.batch import Ngrams, Source, Tokens
from weft.data.blank_rows import BlankField
from weft.data.columns import Columns, Fitted, Long, Ragged, Share, fit
from weft.data.examples.roles import TEXT_NAMES, Role, find_roles
from weft.data.sources import Row, Table
from weft.errors import ConfigError, InputError
from weft.inputs.base import Input, InputConfig
from weft.inputs.pair import LEVELS, framed, shared_and_alone, with_overlap
from weft.inputs.warm_start import start_from_run, started_tokenizer, with_folder, with_start
from weft.inputs.word_vectors import Change, as_wide, check_vectors, start_from
from weft.models.bag import BagEncoderConfig
from weft.models.base import EncoderConfig, NeedsCounts, TokenSpec
from weft.models.choices import EncoderChoice
from weft.models.classifier import Classifier, ClassifierConfig, PooledEncoder
from weft.models.cnn import CnnEncoderConfig
from weft.models.pairs import Pair, PairClassifier, PooledPair
from weft.store import column
from weft.text.tokenizers.base import Frame, Tokenizer
from weft.text.tokenizers.choices import TokenizerChoice, fitting


class TextSettings(InputConfig):
    """Settings of texts: tokenizer, length, word vectors, and the encoder that reads them."""

    tokenizer: TokenizerChoice | None = None
    """Tokenizer of the texts; None: one that suits encoder and script, which the run names."""
    max_length: int = Field(default=512, ge=8)
    """Largest number of positions of a text that an encoder reads at once; a bag reads all."""
    long: Long = "head"
    """Part that is read of longer texts: `head` reads the first part, `head-tail` the first and the last half of the
    length, `windows` all of it in windows."""
    encoder: EncoderChoice = CnnEncoderConfig()
    """Encoder that reads the texts."""
    vectors: str | None = None
    """Text file of word vectors, as fastText and GloVe write them, that embeddings start from; the encoder gets their
    width, unless its own is set. A trained folder does not need the file."""
    vectors_change: Change = "trained"
    """Training of the word vectors: `trained` changes them like other weights, `fixed` leaves them as in the file."""
    start: str | None = None
    """Trained folder that encoder and tokenizer start from; written `--encoder pretrained:FOLDER`."""

    @model_validator(mode="before")
    @classmethod
    def _with_start(cls, settings: Any) -> Any:
        return with_start(settings, part="encoder", own=frozenset(cls.model_fields))

    def widened(self) -> Self:
        """Return a copy with an encoder as wide as the word vectors, where there are any and no width is set."""
        return self.model_copy(update={"encoder": as_wide(self.encoder, self.vectors)}) if self.vectors else self

    def decided(self, examples: Sequence[Any], *, classes: int) -> Self:
        """Return a copy with all that was left open decided: a tokenizer that suits encoder and script, for example.

        Raises ConfigError where the settings cannot read two texts.
        """
        texts, each = texts_of(examples, self.name)
        if each > 1 and self.long == "windows":
            hint = "take `head` or `head-tail`"
            raise ConfigError("two texts cannot be read in windows", where="task.long", hint=hint)
        encoder = self.encoder.ready().for_labels(classes)
        tokenizer = with_folder(self.tokenizer, encoder.reads_with)
        tokenizer = tokenizer or fitting(texts, ordered=encoder.reads is not Ngrams, letters=encoder.solved)
        decided: dict[str, Any] = {"encoder": encoder, "tokenizer": tokenizer}
        if "max_length" not in self.model_fields_set and encoder.longest is not None and self.encoder is not encoder:
            decided["max_length"] = min(self.max_length, encoder.longest)
        return self.model_copy(update=decided).widened()

    def learned(self, examples: Sequence[Any]) -> TextInput:
        """Learn the tokenizer. Raises ConfigError where encoder, tokenizer and vectors do not go together."""
        assert self.tokenizer is not None
        texts, each = texts_of(examples, self.name)
        tokenizer = started_tokenizer(self.tokenizer, self.start) if self.start else self.tokenizer.learn(texts)
        check_pair(self.encoder, tokenizer)
        check_length(self.encoder, self.max_length)
        if self.vectors and (self.start or self.encoder.reads_with):
            hint = "leave it out: the encoder has vectors of its own"
            raise ConfigError("a pre-trained encoder starts from no others", where="task.vectors", hint=hint)
        if self.vectors:
            check_vectors(self.vectors, self.encoder, tokenizer)
        return text_input(self, tokenizer, each=each)

    def loaded_text(self, folder: Path, *, each: int) -> TextInput:
        """Read the tokenizer that `Input.save` wrote; `each` is the number of texts of an example."""
        return text_input(self, self.loaded_tokenizer(folder), each=each)

    def loaded_tokenizer(self, folder: Path) -> Tokenizer:
        """Read the tokenizer that `Input.save` wrote."""
        if self.tokenizer is None:
            raise ConfigError("is not set in a saved task", where="task.tokenizer")
        return self.tokenizer.load(folder)


class TextInputConfig(TextSettings):
    """A further text of an example, read by an encoder of its own."""

    kind: Literal["text"] = "text"
    column: str | None = None
    """Column of the text; None: guessed from the file, and named in the run."""

    @property
    def name(self) -> str:
        """Key of the values of this input: its column."""
        return f"text {self.column}"

    @property
    def columns_read(self) -> tuple[str, ...]:
        """The column of the text."""
        return (self.column,) if self.column else ()

    def resolved(self, table: Table) -> Self:
        """Return a copy whose column is found in a table. Raises InputError where it is not there."""
        role = Role("text", TEXT_NAMES, setting="column", looks="text")
        try:
            (column,) = find_roles(table, [role], named={"column": self.column})["column"]
        except InputError as error:
            hint = error.hint
            if "--column" in hint:  # the option that it would be as a role of the task
                hint = "name it in task.inputs, as {kind: text, column: NAME}"
            raise InputError(error.what, where=error.where, hint=hint) from None
        return self.widened().model_copy(update={"column": column})

    def value_of(self, row: Row) -> list[str]:
        """Read the text of a row. Raises InputError where it is empty."""
        text = row.values.get(self.column or "", "")
        if not text.strip():
            raise BlankField(self.column or "text")
        return [text]

    def loaded(self, folder: Path) -> TextInput:
        """Read what `Input.save` wrote."""
        return self.loaded_text(folder, each=1)


class TextInput(Input[Sequence[str], Source | Pair]):
    """A tokenizer whose ids keep their order; of two texts each is read by itself.

    Args:
        config: a TextSettings, of a task or of an input of its own.
        tokenizer: gives the ids.
        each: how many texts an example has, one or two.

    """

    def __init__(self, config: TextSettings, tokenizer: Tokenizer, *, each: int = 1) -> None:
        self.config, self.texts, self._tokenizer = config, each, tokenizer

    @property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer of the texts."""
        return self._tokenizer

    kind = "text"

    def spec(self) -> TokenSpec:
        """Return the number of ids of each view of a position."""
        return TokenSpec(self.tokenizer.sizes)

    def save(self, folder: Path) -> None:
        """Write the tokenizer's files."""
        self.tokenizer.save(folder)

    def build_pooled(self, head: ClassifierConfig) -> PooledEncoder:
        """Build the encoder with its pooling; two texts become one vector by what they share and how they differ."""
        make = PooledPair if self._apart else PooledEncoder
        return make(self.build_encoder(), head)

    def build_classifier(self, head: ClassifierConfig, *, classes: int) -> Classifier:
        """Build the encoder with a head that scores classes."""
        make = PairClassifier if self._apart else Classifier
        return make(self.build_encoder(), head, classes=classes)

    @property
    def _apart(self) -> bool:
        """Whether each of two texts is a source of its own."""
        return self.texts > 1

    def initialize(self, model: nn.Module, columns: Columns, rows_of_C: Sequence[np.ndarray]) -> list[str]:
        """Start the encoder from a trained folder, pre-trained weights or word vectors, where they are named."""
        config = self.config
        if config.start:
            notes = start_from_run(config.start, model, config.encoder, part="encoder")
        else:
            notes = super().initialize(model, columns, rows_of_C)
        if config.vectors is None or self.tokenizer.pieces is None:
            return notes
        encoder: Any = model.encoder
        ids_N = np.concatenate([columns.ragged[name].values[:, 0] for name in self._names])
        start = start_from(config.vectors, encoder, self.tokenizer.pieces, ids_N, change=config.vectors_change)
        return [*notes, start]

    def encode(self, values: Sequence[Sequence[str]]) -> Columns:
        """Encode texts as rows of ids no longer than the maximum; a bag's as sets of n-grams."""
        sides = [self.tokenizer.encode([one[side] for one in values]) for side in range(self.texts)]
        fitted = self._fit([Ragged.of(side.values_NW, side.lengths_R) for side in sides])
        total, unknown = sum(int(side.lengths_R.sum()) for side in sides), sum(side.unknown for side in sides)
        facts = {
            "known": Share.but(unknown, self._pieces(total, unknown)),
            "long": Share(sum(side.long_texts for side in fitted), len(fitted) * len(values)),
            "unread": Share(sum(side.unread for side in fitted), total),
        }
        ragged = {name: side.rows for name, side in zip(self._names, fitted, strict=False)}
        # one more than the tokens: an empty row costs something too
        cost_R = 1 + np.sum([side.rows.lengths_R for side in fitted], axis=0)
        spelled = {name: side.letters for name, side in zip(ragged, sides, strict=False) if side.letters}
        letters = {name: Ragged.of(one.ids_N, one.lengths_U) for name, one in spelled.items()}
        return Columns(ragged, {}, fitted[0].owner_R, cost_R, facts, letters)

    @property
    def _names(self) -> tuple[str, ...]:
        """Keys of the rows of ids in the columns: of the first text, of the second, where there is one."""
        return (self.name, f"second {self.name}")[: self.texts]

    def _pieces(self, total: int, unknown: int) -> int:  # noqa: ARG002
        """Count the pieces of the texts, of which `total` have an id, `unknown` ones among them or not."""
        return total

    def _fit(self, wholes: Sequence[Ragged]) -> list[Fitted]:
        """Make rows of at most the maximum length of the ids of the first texts, and of the second ones."""
        return [fit(whole, max_length=self.config.max_length, long=self.config.long) for whole in wholes]

    def collate(self, columns: Columns, rows: np.ndarray) -> Source | Pair:
        """Gather and pad the ids of some rows."""
        texts = {name: columns.ragged[name] for name in self._names if name in columns.ragged}
        first, *second = (tokens_of(one, rows, columns.letters.get(name)) for name, one in texts.items())
        return Pair(first, *second) if second else first

    def notes(self, parts: Mapping[str, Columns]) -> list[str]:
        """Describe the tokenizer with its coverage, and long texts."""
        described = self.config.tokenizer.describe() if self.config.tokenizer else ""
        known = ", ".join(f"{part.facts['known']:.1%} of {name}" for name, part in parts.items())
        notes = [f"tokenizer: {described}; {self.tokenizer.counted}, covering {known}"]
        notes += [*self.tokenizer.notes, *self._doubts(parts)]
        for name, part in parts.items():
            if part.facts["long"]:
                longer = f"{part.facts['long']:.1%} of the {name} texts are longer than {self.config.max_length} tokens"
                unread = f"{part.facts['unread']:.1%} of all {name} tokens are cut off (--long windows reads all)"
                whole = self.config.long == "windows"
                notes.append(f"{longer}, read {'in windows' if whole else f'by their {self.config.long}: {unread}'}")
        return notes

    def _doubts(self, parts: Mapping[str, Columns]) -> list[str]:
        """Warn where the coverage of the texts is low."""
        del parts
        return []


class FramedTextInput(TextInput):
    """A tokenizer that comes with a pre-trained model, whose special ids frame one text or two in one row."""

    @property
    def frame(self) -> Frame:
        """The special ids around the texts."""
        assert self.tokenizer.frame is not None
        return self.tokenizer.frame

    @property
    def _apart(self) -> bool:
        return False

    def _fit(self, wholes: Sequence[Ragged]) -> list[Fitted]:
        return [framed(wholes, self.frame, max_length=self.config.max_length, long=self.config.long)]

    def collate(self, columns: Columns, rows: np.ndarray) -> Tokens:
        """Gather and pad the ids of some rows with their segments."""
        return framed_tokens(columns.ragged[self.name], rows)

    def _doubts(self, parts: Mapping[str, Columns]) -> list[str]:
        doubtful = min(part.facts["known"] for part in parts.values()) < 0.9
        doubt = "many tokens are unknown: was the pre-trained model trained on this language?"
        return [doubt] if doubtful else []


class BagInput(TextInput):
    """A tokenizer of n-grams, which have no order; those of two texts are one set, of what both have and what one has.

    An n-gram of both texts has another id than the same n-gram of one alone; with `overlap`, further ids say how large
    a share of the n-grams both have.
    """

    @property
    def _apart(self) -> bool:
        return False

    def spec(self) -> TokenSpec:
        """Return the number of n-grams."""
        sizes = self.tokenizer.sizes
        return TokenSpec((2 * sizes[0] + self._levels,) if self.texts > 1 else sizes)

    @property
    def _levels(self) -> int:
        """Number of ids for the overlap of two texts."""
        encoder = self.config.encoder
        if self.texts == 1 or not isinstance(encoder, BagEncoderConfig) or encoder.overlap != "levels":
            return 0
        return 2 * LEVELS * (int(self._groups_of_one().max()) + 1)

    def _groups_of_one(self) -> np.ndarray:
        """Return the group of each n-gram of a text; where that is not known, all are in one."""
        group_V = getattr(self.tokenizer, "group_V", None)
        return np.zeros(self.tokenizer.sizes[0], dtype=np.uint8) if group_V is None else group_V

    def _pieces(self, total: int, unknown: int) -> int:
        return total + unknown  # an unknown n-gram has no id

    def _fit(self, wholes: Sequence[Ragged]) -> list[Fitted]:
        size = self.tokenizer.sizes[0]
        whole = shared_and_alone(*wholes, size=size) if self.texts > 1 else wholes[0]
        if self._levels:
            whole = with_overlap(whole, *wholes, groups=self._groups_of_one(), start=2 * size)
        return [Fitted(whole, np.arange(len(whole.lengths_R)), 0, 0)]

    def initialize(self, model: nn.Module, columns: Columns, rows_of_C: Sequence[np.ndarray]) -> list[str]:
        """Let the encoder weigh the n-grams by the labels of the training rows that have them."""
        text, encoder = columns.ragged[self.name], model.encoder
        if isinstance(encoder, NeedsCounts):
            ids_of_C = (text.flat(rows)[0][:, 0] for rows in rows_of_C)
            encoder.prepare(text.values[:, 0], ids_of_C, rows=len(columns), group_V=self._groups())
        return super().initialize(model, columns, rows_of_C)

    def _groups(self) -> np.ndarray | None:
        """Return the group of each n-gram; those of both texts of a pair, of one alone and overlap are groups apart."""
        group_V = getattr(self.tokenizer, "group_V", None)
        if group_V is None or self.texts == 1:
            return group_V
        count = group_V.max() + 1
        return np.concatenate([group_V, group_V + count, np.full(self._levels, 2 * count, dtype=np.uint8)])

    def collate(self, columns: Columns, rows: np.ndarray) -> Ngrams:
        """Gather the n-grams of some rows."""
        return ngrams_of(columns.ragged[self.name], rows)


def text_input(config: TextSettings, tokenizer: Tokenizer, *, each: int) -> TextInput:
    """Return the input that the tokenizer makes: a frame of special ids, ids in order, or n-grams."""
    make = FramedTextInput if tokenizer.frame else TextInput if tokenizer.ordered else BagInput
    return make(config, tokenizer, each=each)


def texts_of(examples: Sequence[Any], name: str) -> tuple[Sequence[str], int]:
    """Return the texts of an input end to end, lazily where they are on disk, and how many each example has."""
    each = len(examples[0].values[name])
    return column(examples, lambda one: one.values[name], each=each), each


def framed_tokens(rows: Ragged, rows_B: np.ndarray) -> Tokens:
    """Gather and pad some rows of ids with their segments."""
    ids_BS2, mask_BS = rows.padded(rows_B)
    ids, segments = torch.from_numpy(ids_BS2).long().unbind(2)
    return Tokens(ids, torch.from_numpy(mask_BS), segments_BS=segments)


def tokens_of(text: Ragged, rows: np.ndarray, letters: Ragged | None) -> Tokens:
    """Gather and pad some rows of ids; `letters` are the n-grams of words by number, which the last view has."""
    ids_BSW, mask_BS = text.padded(rows)
    spelled = None
    if letters is not None:
        # the words of each row apart: then neither micro-batches nor processes change the parts of a gradient
        size = len(letters.offsets_R1)
        words_U, of_N = np.unique(ids_BSW[..., -1] + size * np.arange(len(rows))[:, None], return_inverse=True)
        ids_BSW[..., -1] = of_N.reshape(mask_BS.shape)
        spelled = ngrams_of(letters, words_U % size)
    ids = torch.from_numpy(ids_BSW).long()
    views = ids[..., 1:] if ids.shape[2] > 1 else None
    return Tokens(ids[..., 0], torch.from_numpy(mask_BS), views, letters=spelled)


def ngrams_of(sets: Ragged, rows: np.ndarray) -> Ngrams:
    """Gather the sets of n-grams of some rows."""
    ids_N, starts_B = sets.flat(rows)
    return Ngrams(torch.from_numpy(ids_N.reshape(-1)).long(), torch.from_numpy(starts_B))


def check_length(encoder: EncoderConfig, max_length: int) -> None:
    """Raise ConfigError where more positions are read at once than an encoder has."""
    if encoder.longest is not None and max_length > encoder.longest:
        what = (
            f"`{encoder.kind}` has learned positions for {encoder.longest} tokens, and texts of {max_length} are read"
        )
        hint = f"lower task.max_length to {encoder.longest}, or take an encoder with more positions"
        raise ConfigError(what, where="task.max_length", hint=hint)


def check_pair(encoder: EncoderConfig, tokenizer: Tokenizer) -> None:
    """Raise ConfigError where an encoder does not read what a tokenizer gives."""
    if encoder.reads is Tokens and not tokenizer.ordered:
        raise ConfigError(
            f"`{encoder.kind}` reads positions in order, and n-grams have none",
            where="task.tokenizer",
            hint="leave task.tokenizer out, or take `mixed`, `word`, `char`, `bpe`, `wordpiece`, `unigram` or `bytes`",
        )
    if encoder.reads is Ngrams and tokenizer.ordered:
        raise ConfigError(
            f"`{encoder.kind}` reads n-grams", where="task.tokenizer", hint="leave task.tokenizer out, or take `ngrams`"
        )
    if getattr(encoder, "letters", "mean") == "cnn" and not tokenizer.spells:
        what = "`cnn` reads the characters of words in order, which the tokenizer does not give"
        hint = "--set task.tokenizer='{kind: mixed, views: [bigram, letters], letters: [1, 1]}'"
        raise ConfigError(what, where="task.encoder.letters", hint=hint)
