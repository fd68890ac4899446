"""Where words begin among pieces: English words by their pieces, Chinese words by the segmenter."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.demo import reviews
from weft.errors import ConfigError
from weft.text.tokenizers.ngrams import NgramTokenizerConfig
from weft.text.tokenizers.subwords import (
    BpeTokenizerConfig,
    BytesTokenizerConfig,
    UnigramTokenizerConfig,
    WordpieceTokenizerConfig,
)
from weft.text.tokenizers.words import CharTokenizerConfig, MixedTokenizerConfig, WordTokenizerConfig
from weft.text.whole_words import word_starts

KINDS = [
    WordTokenizerConfig(),
    MixedTokenizerConfig(views=("bigram", "word")),
    CharTokenizerConfig(),
    BpeTokenizerConfig(size=120),
    WordpieceTokenizerConfig(size=120),
    UnigramTokenizerConfig(size=120),
    BytesTokenizerConfig(size=300),
]
TEXTS = [text for text, _ in reviews.rows(size=80, seed=0)]
LEARNED = {kind.kind: kind.learn(TEXTS) for kind in KINDS}


def words(kind, text):
    """The pieces of a text, those of a word joined by a bar."""
    tokenizer = LEARNED[kind]
    starts_N = word_starts(tokenizer, [text])
    pieces = [tokenizer.pieces[number] for number in tokenizer.encode([text]).values_NW[:, 0]]
    found = []
    for piece, starts in zip(pieces, starts_N, strict=True):
        found[len(found) - (not starts) :] = ["|".join([*([] if starts else found[-1:]), piece])]
    return found


def test_a_word_is_all_its_pieces():
    found = words("bpe", "the quality was really really convincing.")
    whole = ["▁the", "▁quality", "▁was", "▁really", "▁really", "▁convincing", "."]
    assert [word.replace("|", "") for word in found] == whole
    assert any("|" in word for word in found)


@pytest.mark.parametrize("kind", ["mixed", "char"])
def test_a_chinese_word_is_all_its_characters(kind):
    assert words(kind, "结果却很开心。") == ["结|果", "却", "很", "开|心", "。"]


def test_words_of_single_characters_stand_alone():
    assert words("mixed", "开心,好,好")[-3:] == ["好", ",", "好"]
    assert words("char", "a b") == ["a", " ", "b"]


@pytest.mark.parametrize("kind", LEARNED)
@settings(max_examples=20, deadline=None)
@given(texts=st.lists(st.text(st.sampled_from("the hotel, 很好我们 \n!étage酒店\U0001f600"), max_size=20), max_size=4))
def test_every_position_has_an_answer_and_every_text_begins_a_word(kind, texts):
    found, starts_N = LEARNED[kind].encode(texts), word_starts(LEARNED[kind], texts)
    assert len(starts_N) == len(found.values_NW)
    firsts_R = np.cumsum(found.lengths_R) - found.lengths_R
    assert starts_N[firsts_R[found.lengths_R > 0]].all()


def test_ngrams_have_no_words():
    with pytest.raises(ConfigError, match="no words to be found"):
        word_starts(NgramTokenizerConfig().learn(TEXTS), TEXTS)
