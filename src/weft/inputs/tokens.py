"""Reads texts token by token for tagging: a position for each token, or its first subword; long texts in windows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import torch
from pydantic import model_validator

from weft.data.batch import Tokens
from weft.data.columns import Columns, Fitted, Ragged, Share, fit
from weft.errors import ConfigError
from weft.inputs.pair import joined
from weft.inputs.question_passage import ReaderEncoder, letters_of
from weft.inputs.text import TextInput, TextSettings, check_length, check_pair, framed_tokens, tokens_of
from weft.inputs.warm_start import started_tokenizer, with_folder
from weft.inputs.word_vectors import check_vectors
from weft.models.rnn import LstmEncoderConfig
from weft.models.tagger import TokenSource
from weft.text.cutting import TokenRow
from weft.text.normalize import NormalizeConfig
from weft.text.offsets import locate
from weft.text.segment import han_share, sampled
from weft.text.tokenizers.base import Encoded, Tokenizer, TokenizerConfig
from weft.text.tokenizers.char_ngrams import LetterSpan
from weft.text.tokenizers.pretrained import PretrainedTokenizer
from weft.text.tokenizers.words import MixedTokenizerConfig, PieceTokenizer, PieceTokenizerConfig, View
from weft.text.tokens import words_around

RECURRENT = ("rnn", "lstm", "gru")
WIDER = {"width": 200, "hidden": 192}
"""Sizes of recurrent encoders, where none are set."""


class TokenSettings(TextSettings):
    """Settings of texts that are read token by token."""

    long: Literal["windows"] = "windows"
    """Part that is read of longer texts: all, in windows that overlap by a quarter; each token is scored where most of
    its context is read."""
    encoder: ReaderEncoder = LstmEncoderConfig(**WIDER)
    """Encoder that reads the texts; it has to keep positions. Recurrent ones whose sizes are not set are wider than
    elsewhere (200, and 192 in each direction), since each token needs a state of its own."""

    @model_validator(mode="before")
    @classmethod
    def _with_wider_encoder(cls, settings: Any) -> Any:
        encoder = settings.get("encoder") if isinstance(settings, Mapping) else None
        own = {"kind": encoder} if isinstance(encoder, str) else encoder
        if not isinstance(own, Mapping) or own.get("kind", "lstm") not in RECURRENT:
            return settings
        sizes = {"hidden": WIDER["hidden"]} if settings.get("vectors") else WIDER
        return {**settings, "encoder": {**sizes, **own}}


@dataclass(frozen=True, slots=True)
class TokenizedText:
    """A text, and start and end of each of its tokens in characters."""

    text: str
    places: Sequence[tuple[int, int]]


def token_row(value: TokenizedText, views: Sequence[View]) -> TokenRow:
    """Return the tokens of a text, and what the views need to know of the words around them."""
    tokens = [value.text[start:end] for start, end in value.places]
    if not {"word", "class"} & {*views}:
        return TokenRow(tokens)
    words, classes = words_around(value.text)
    return TokenRow(tokens, *([one[start] for start, _ in value.places] for one in (words, classes)))


def learned_tokenizer(config: TextSettings, values: Sequence[TokenizedText]) -> tuple[Any, Tokenizer]:
    """Decide what was left open in the settings of tagging, and learn the tokenizer from texts with their tokens.

    Raises ConfigError where encoder, tokenizer and vectors do not go together.
    """
    encoder = config.encoder.ready()
    if encoder.reads is not Tokens:
        what, hint = (
            f"`{encoder.kind}` keeps no positions",
            "take `lstm`, `gru`, `cnn`, `transformer` or a pre-trained one",
        )
        raise ConfigError(what, where="task.encoder", hint=hint)
    texts = [one.text for one in values]
    tokenizer = with_folder(config.tokenizer, encoder.reads_with) or fitting_tokens(
        texts,
        characters=all(end - start < 2 for one in values for start, end in one.places),
        letters=(1, 1) if getattr(encoder, "letters", "mean") == "cnn" else None,
    )
    decided: dict[str, Any] = {"encoder": encoder, "tokenizer": tokenizer}
    if "max_length" not in config.model_fields_set and encoder.longest is not None:
        decided["max_length"] = min(config.max_length, encoder.longest)
    config = config.model_copy(update=decided).widened()
    check_length(config.encoder, config.max_length)
    if config.start:
        learned = started_tokenizer(tokenizer, config.start)
    elif isinstance(tokenizer, PieceTokenizerConfig):
        learned = tokenizer.learn_tokens(token_row(one, tokenizer.views) for one in values)
    else:
        learned = tokenizer.learn(texts)
    check_pair(config.encoder, learned)
    if config.vectors and (config.start or encoder.reads_with):
        hint = "leave it out: the encoder has vectors of its own"
        raise ConfigError("a pre-trained encoder starts from no others", where="task.vectors", hint=hint)
    if config.vectors:
        check_vectors(config.vectors, config.encoder, learned)
    return config, learned


def fitting_tokens(texts: Sequence[str], *, characters: bool, letters: LetterSpan | None = None) -> TokenizerConfig:
    """Choose the views of the tokens by the script of their texts.

    Where tokens are `characters`, a character, the pair that begins with it, the word around it and the class of that
    word; of Chinese words the word, the pair, its class and its characters; of others the word, its small letters, its
    shape, its first and last letters and all its n-grams, which are of `letters` characters where that is given.
    """
    if characters:
        return MixedTokenizerConfig(views=("bigram", "word", "class"))
    if han_share(sampled(texts)) > 0.3:
        return MixedTokenizerConfig(views=("bigram", "shape", "class", "letters"), letters=letters or (2, 4))
    views: tuple[View, ...] = ("lower", "shape", "prefix", "suffix", "letters")
    return MixedTokenizerConfig(views=views, letters=letters or (3, 6), normalize=NormalizeConfig(case="keep"))


class TokensInput(TextInput):
    """A tokenizer whose states at the first piece of each token are tagged.

    A tokenizer of words or characters has one position a token; of others, and of those of pre-trained models, the
    first piece stands for a token. Columns of a row: ids under its name, `first` the positions of its tokens, `places`
    their characters, `letters` the text (of the first row of a text alone), and `capitals` how its tokens are written
    where the tokenizer loses it; `from` and `of` are the number of its first token in the text and how many the text
    has.
    """

    def encode(self, values: Sequence[Any]) -> Columns:
        """Encode texts with their tokens; a long text has several rows, which overlap by a quarter."""
        found, first_N = self._encoded(values)
        counts_E = np.array([len(one.places) for one in values], dtype=np.int64)
        frame = self.tokenizer.frame
        about = [np.array([*one.places], dtype=np.int32).reshape(-1, 2) for one in values]
        if self.loses_case:
            about = [np.column_stack([each, capitals_of(one)]) for each, one in zip(about, values, strict=True)]
        first = Ragged.of(np.concatenate([np.zeros((0, 1), np.int32), first_N[:, None]]), counts_E)
        whole = Ragged.of(found.values_NW, found.lengths_R)
        room = self.config.max_length - (frame.room(1) if frame else 0)
        fitted = fit(_numbered(whole), max_length=room, long="windows")
        empty = np.zeros((0, 2 + self.loses_case), np.int32)
        rows, first, about_R, from_R = _cut(fitted, first, Ragged.of(np.concatenate([empty, *about]), counts_E))
        capitals = {"capitals": Ragged(about_R.values[:, 2:], about_R.offsets_R1)} if self.loses_case else {}
        place_R = Ragged(about_R.values[:, :2], about_R.offsets_R1)
        if frame:
            rows = joined([frame.before, rows, frame.after], segments=(0, 0, 0))
            first = Ragged(first.values + len(frame.before), first.offsets_R1)
        opens_R = np.diff(fitted.owner_R, prepend=-1) > 0
        letters = letters_of(
            [
                values[owner].text if new else ""
                for owner, new in zip(fitted.owner_R.tolist(), opens_R.tolist(), strict=True)
            ]
        )
        facts = {
            "known": Share.but(found.unknown, len(found.values_NW)),
            "long": Share(fitted.long_texts, len(values)),
            "unread": Share(0, len(found.values_NW)),
        }
        spelled = {} if found.letters is None else {self.name: Ragged.of(found.letters.ids_N, found.letters.lengths_U)}
        return Columns(
            {self.name: rows, "first": first, "places": place_R, "letters": letters, **capitals},
            {"from": from_R, "of": counts_E[fitted.owner_R]},
            fitted.owner_R,
            1 + rows.lengths_R,
            facts,
            spelled,
        )

    def collate(self, columns: Columns, rows: np.ndarray) -> Any:
        """Gather and pad the ids of some rows, with the positions of their tokens."""
        ids = columns.ragged[self.name]
        source: Tokens = (
            framed_tokens(ids, rows) if self.tokenizer.frame else tokens_of(ids, rows, columns.letters.get(self.name))
        )
        return replace(self.tokens_alone(columns, rows), source=source)

    def tokens_alone(self, columns: Columns, rows: np.ndarray) -> TokenSource:
        """Gather the positions of the tokens of some rows, and their capitals, without the ids."""
        first_BT1, mask_BT = columns.ragged["first"].padded(rows)
        places_BT, capitals = torch.from_numpy(first_BT1[..., 0]).long(), columns.ragged.get("capitals")
        capitals_BT = None if capitals is None else torch.from_numpy(capitals.padded(rows)[0][..., 0]).long()
        return TokenSource(None, places_BT, torch.from_numpy(mask_BT), capitals_BT)

    @property
    def loses_case(self) -> bool:
        """Whether the tokenizer of a pre-trained encoder reads capitals as small letters."""
        return isinstance(self.tokenizer, PretrainedTokenizer) and self.tokenizer.loses_case

    def _encoded(self, values: Sequence[TokenizedText]) -> tuple[Encoded, np.ndarray]:
        """Encode the texts, and find the position of the first piece of each token in its text, [N]."""
        tokenizer = self.tokenizer
        if isinstance(tokenizer, PieceTokenizer):
            found = tokenizer.encode_tokens(token_row(one, tokenizer.config.views) for one in values)
            starts_R = np.cumsum(found.lengths_R) - found.lengths_R
            return found, (np.arange(len(found.values_NW)) - np.repeat(starts_R, found.lengths_R)).astype(np.int32)
        located = locate(tokenizer, [one.text for one in values])
        ends = np.cumsum(located.encoded.lengths_R)
        first = [np.zeros(0, np.int32)]
        for one, start, end in zip(values, [0, *ends.tolist()], ends.tolist(), strict=False):
            # the first piece that ends behind the start of the token
            found_N = np.searchsorted(located.spans_N2[start:end, 1], [place for place, _ in one.places], side="right")
            first.append(np.minimum(found_N, max(0, end - start - 1)).astype(np.int32))
        return located.encoded, np.concatenate(first)


def capitals_of(text: TokenizedText) -> np.ndarray:
    """Number how the tokens of a text and their neighbours are written, `CAPITALS` ways: [T].

    Each has no capitals, a first one alone, or others too; outside the text are none.
    """
    tokens = [text.text[start:end] for start, end in text.places]
    own = [0 if one == one.lower() else 1 if one[1:] == one[1:].lower() else 2 for one in tokens]
    own_T = np.array([0, *own, 0], dtype=np.int32)
    return 9 * own_T[:-2] + 3 * own_T[1:-1] + own_T[2:]


def _numbered(whole: Ragged) -> Ragged:
    """Append the number of each position in its row to its values."""
    numbers_N = np.arange(len(whole.values)) - np.repeat(whole.offsets_R1[:-1], whole.lengths_R)
    return Ragged(np.concatenate([whole.values, numbers_N[:, None].astype(np.int32)], 1), whole.offsets_R1)


def _cut(fitted: Fitted, first: Ragged, places: Ragged) -> tuple[Ragged, Ragged, Ragged, np.ndarray]:
    """Cut the tokens of long texts as their rows are: a token belongs to each row that has its first piece.

    Returns ids, positions of tokens, their places, and the number of the first token of each row.
    """
    rows = fitted.rows
    ids = Ragged(np.ascontiguousarray(rows.values[:, :-1]), rows.offsets_R1)
    if not fitted.long_texts:
        return ids, first, places, np.zeros(len(rows.lengths_R), dtype=np.int64)
    spans = list(_tokens_of_rows(fitted, first))
    from_R, counts_R = (
        np.array(column, dtype=np.int64) for column in zip(*((low, high - low) for _, low, high in spans), strict=True)
    )
    starts_R = first.offsets_R1[fitted.owner_R] + from_R
    at_N = np.arange(int(counts_R.sum())) + np.repeat(starts_R - (np.cumsum(counts_R) - counts_R), counts_R)
    shift_N = np.repeat(np.array([start for start, _, _ in spans]), counts_R)[:, None]
    own = Ragged.of((first.values[at_N] - shift_N).astype(np.int32), counts_R)
    return ids, own, Ragged.of(places.values[at_N], counts_R), from_R


def _tokens_of_rows(fitted: Fitted, first: Ragged) -> Iterator[tuple[int, int, int]]:
    """Yield for each row the position in its text at which it starts, its first token, and that behind its last."""
    rows = fitted.rows
    for row, owner in enumerate(fitted.owner_R.tolist()):
        begin, end = rows.offsets_R1[row : row + 2].tolist()
        own = first.values[first.offsets_R1[owner] : first.offsets_R1[owner + 1], 0]
        start = int(rows.values[begin, -1]) if end > begin else 0
        low, high = np.searchsorted(own, [start, start + end - begin])
        yield start, int(low), int(high) if end > begin else len(own)
