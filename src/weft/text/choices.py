"""The kinds of tokenizers there are, and which one fits texts that come without a choice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import SerializeAsAny

from weft.config import one_of
from weft.text.ngrams import NgramTokenizerConfig
from weft.text.pieces import CharTokenizerConfig, MixedTokenizerConfig, View, WordTokenizerConfig
from weft.text.pretrained import PretrainedTokenizerConfig
from weft.text.segment import han_share
from weft.text.subwords import (
    BpeTokenizerConfig,
    BytesTokenizerConfig,
    UnigramTokenizerConfig,
    WordpieceTokenizerConfig,
)
from weft.text.tokenizer import TokenizerConfig

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


def fitting(texts: Sequence[str], *, ordered: bool) -> TokenizerConfig:
    """The tokenizer for texts of this script: for a reader of positions (`ordered`) or for a bag."""
    han = han_share(texts[:: max(1, len(texts) // 1000)])
    if not ordered:
        return NgramTokenizerConfig(order=3 if han > 0.5 else 2)
    views: tuple[View, ...] = ("bigram", "word") if han > 0.05 else ("bigram", "prefix", "suffix")
    return MixedTokenizerConfig(views=views)
