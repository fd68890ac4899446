"""The kinds of tokenizers there are, and which one fits texts that come without a choice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import SerializeAsAny

from weft.config import one_of
from weft.text.normalize import NormalizeConfig
from weft.text.segment import han_share
from weft.text.tokenizers.base import TokenizerConfig
from weft.text.tokenizers.ngrams import NgramTokenizerConfig
from weft.text.tokenizers.pretrained import PretrainedTokenizerConfig
from weft.text.tokenizers.subwords import (
    BpeTokenizerConfig,
    BytesTokenizerConfig,
    UnigramTokenizerConfig,
    WordpieceTokenizerConfig,
)
from weft.text.tokenizers.words import CharTokenizerConfig, MixedTokenizerConfig, View, WordTokenizerConfig

TOKENIZERS = (
    WordTokenizerConfig,
    MixedTokenizerConfig,
    CharTokenizerConfig,
    BpeTokenizerConfig,
    WordpieceTokenizerConfig,
    UnigramTokenizerConfig,
    BytesTokenizerConfig,
    NgramTokenizerConfig,
    PretrainedTokenizerConfig,
)
TokenizerChoice = Annotated[SerializeAsAny[TokenizerConfig], one_of(TokenizerConfig, TOKENIZERS)]


_SAMPLE = 1000
_FEWEST = 500
EXACT = NormalizeConfig(unicode="NFC", case="keep")
"""Texts as they are to be written: with their capitals, and full width where that is meant."""


def fitting(texts: Sequence[str], *, ordered: bool) -> TokenizerConfig:
    """The tokenizer for texts of this script: for a reader of positions (`ordered`) or for a bag."""
    han = han_share(texts[:: max(1, len(texts) // 1000)])
    if not ordered:
        return NgramTokenizerConfig(order=3 if han > 0.5 else 2)
    views: tuple[View, ...] = ("bigram", "word") if han > 0.05 else ("bigram", "prefix", "suffix")
    return MixedTokenizerConfig(views=views)


def pieces_for(texts: Sequence[str]) -> TokenizerConfig:
    """Characters for Chinese texts that are too few to teach the fewest subwords, else subwords.

    Of few texts a subword of Chinese is a whole phrase, which a model learns to write by heart.
    """
    chinese = han_share(texts[:: max(1, len(texts) // _SAMPLE)]) > 0.3
    return CharTokenizerConfig() if chinese and _taught(texts) < _FEWEST else bpe_for(texts)


def bpe_for(texts: Sequence[str]) -> BpeTokenizerConfig:
    """Subwords, one for every 60 words that there are to learn from, 500 to 8,000 in all."""
    return BpeTokenizerConfig(size=round(min(8_000, max(_FEWEST, _taught(texts))) / 100) * 100)


def _taught(texts: Sequence[str]) -> float:
    """How many subwords some texts can teach: one for every 60 words, of which five Han characters are three."""
    sample = texts[:: max(1, len(texts) // _SAMPLE)]
    words = sum(len(text.split()) for text in sample) + 0.6 * sum(map(len, sample)) * han_share(sample)
    return words / max(1, len(sample)) * len(texts) / 60


def for_free_text(tokenizer: TokenizerConfig | None, texts: Sequence[str]) -> TokenizerConfig:
    """The tokenizer for texts that a language model writes: `char` for Chinese, else `bpe`; line breaks are kept."""
    if tokenizer is None:
        chinese = han_share(texts[:: max(1, len(texts) // _SAMPLE)]) > 0.5
        tokenizer = CharTokenizerConfig() if chinese else pieces_for(texts)
    if tokenizer.kind not in ("word", "mixed") and "normalize" not in tokenizer.model_fields_set:
        tokenizer = tokenizer.model_copy(update={"normalize": EXACT.model_copy(update={"space": "keep"})})
    return for_writing(tokenizer)


def exactly(config: TokenizerConfig) -> TokenizerConfig:
    """The same for texts as they are, unless it says otherwise."""
    given = "normalize" in config.model_fields_set
    return config if given else config.model_copy(update={"normalize": EXACT})


def for_writing(config: TokenizerConfig) -> TokenizerConfig:
    """The same for texts that are to be written: exactly, and of every character, as what is unknown is no output."""
    if isinstance(config, CharTokenizerConfig) and "min_count" not in config.vocabulary.model_fields_set:
        every = config.vocabulary.model_copy(update={"min_count": 1})
        config = config.model_copy(update={"vocabulary": every})
    return exactly(config)
