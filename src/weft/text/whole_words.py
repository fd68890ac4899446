"""Finds the beginnings of words among a tokenizer's pieces, for whole-word masking.

Words are those of `segment`: Chinese ones by its dictionary, others by their letters.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from weft.errors import ConfigError
from weft.text.normalize import normalize
from weft.text.segment import segment
from weft.text.tokenizers.base import Tokenizer
from weft.text.tokenizers.pretrained import PretrainedTokenizer
from weft.text.tokenizers.subwords import SubwordTokenizer
from weft.text.tokenizers.words import PieceTokenizer

_AT_ONCE = 1000


def word_starts(tokenizer: Tokenizer, texts: Sequence[str]) -> np.ndarray:
    """Return for each position of `tokenizer.encode(texts)` whether a word begins there, bool [N].

    Equal Chinese words side by side count as one. A piece of several words belongs to the last of them. Raises
    ConfigError for a tokenizer without positions.
    """
    if isinstance(tokenizer, PieceTokenizer):
        return _of_pieces(tokenizer, texts)
    if isinstance(tokenizer, SubwordTokenizer | PretrainedTokenizer):
        parts = [_of_subwords(tokenizer, texts[at : at + _AT_ONCE]) for at in range(0, len(texts), _AT_ONCE)]
        return np.concatenate([np.zeros(0, dtype=bool), *parts])
    hint = "take `bpe`, `wordpiece`, `unigram`, `bytes`, `mixed`, `char` or `word`"
    raise ConfigError("there are no words to be found in these ids", where="task.tokenizer", hint=hint)


def _of_pieces(tokenizer: PieceTokenizer, texts: Sequence[str]) -> np.ndarray:
    """Find word starts among pieces that were cut out of words: a piece that is a word begins one."""
    cut = tokenizer.cutter.with_words(texts)
    assert cut.words_N is not None
    return (cut.pieces_N == cut.words_N) | _changes(cut.words_N, cut.lengths_R)


def _of_subwords(tokenizer: SubwordTokenizer | PretrainedTokenizer, texts: Sequence[str]) -> np.ndarray:
    """Find word starts among subwords by their offsets: the last character of a subword decides its word.

    A piece of a space alone, as the first of `▁ho tel`, belongs to the word after it.
    """
    plain = normalize(texts, tokenizer.config.normalize)
    covering = segment(plain, "character", covering=True)
    assert covering.words_N is not None
    words_N = np.cumsum(_changes(covering.words_N, covering.lengths_R))
    ends_R = np.cumsum(covering.lengths_R)
    rows = tokenizer.engine.encode_batch(plain, add_special_tokens=False)
    lengths_R = np.array([len(row.ids) for row in rows], dtype=np.int64)
    ends_N = np.array([end for row in rows for _, end in row.offsets], dtype=np.int64)
    lasts_N = np.repeat(ends_R - covering.lengths_R, lengths_R) + np.maximum(ends_N - 1, 0)
    spaces_N = np.array([word == " " for word in covering.distinct], dtype=bool)[covering.words_N]
    lasts_N += spaces_N[lasts_N] & (lasts_N + 1 < np.repeat(ends_R, lengths_R))
    return _changes(words_N[lasts_N], lengths_R)


def _changes(numbers_N: np.ndarray, lengths_R: np.ndarray) -> np.ndarray:
    """Return where a number differs from the one before it in its row, bool [N]."""
    changes_N = np.ones(len(numbers_N), dtype=bool)
    changes_N[1:] = numbers_N[1:] != numbers_N[:-1]
    changes_N[(np.cumsum(lengths_R) - lengths_R)[lengths_R > 0]] = True
    return changes_N
