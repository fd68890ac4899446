"""Byte-pair encoding: learned merges, in English and Chinese."""

import pytest
import regex

from weft.config import validated
from weft.errors import ConfigError
from weft.text.bpe import BpeTokenizerConfig
from weft.text.vocab import PAD, UNKNOWN

TEXTS = ["the film is good", "the good film", "这部电影很好看", "电影不好看!", ""] * 5
BPE = BpeTokenizerConfig(size=60).learn(TEXTS)


def ids(text):
    return BPE.encode([text]).values_NW[:, 0].tolist()


def pieces(text):
    return [BPE.engine.id_to_token(number) for number in ids(text)]


def test_frequent_words_are_one_piece():
    assert pieces("The FILM　good") == ["▁the", "▁film", "▁good"]
    assert "电影" in pieces("看电影")


@pytest.mark.parametrize("text", ["the film", "这部电影很好看!", "the电影 is好看"])
def test_joining_the_pieces_gives_back_the_text(text):
    assert BPE.engine.decode(ids(text)) == text
    assert "".join(pieces(text)).replace("▁", " ").strip() == text


def test_no_piece_spans_han_and_other_scripts_or_punctuation():
    learned = BpeTokenizerConfig(size=200).learn(["好看good!好看good!"] * 9)
    learned_pieces = set(learned.engine.get_vocab()) - {"<pad>", "<unknown>"}
    assert {"好看", "good", "!"} <= learned_pieces
    for piece in learned_pieces:
        assert regex.fullmatch(r"\p{Han}+|\p{P}|[^\p{Han}\p{P}]+", piece)


def test_unseen_characters_are_unknown_one_by_one():
    encoded = BPE.encode(["the 龘龘"])
    assert encoded.values_NW[:, 0].tolist().count(UNKNOWN) == encoded.unknown == 2


def test_a_text_that_spells_the_padding_has_none():
    assert PAD not in ids("the <pad> film<pad>")
    assert len(ids("<unknown>")) > 1


def test_sizes_and_types():
    encoded = BPE.encode(TEXTS)
    assert BPE.sizes == (BPE.engine.get_vocab_size(),)
    assert BPE.sizes[0] <= 60
    assert encoded.values_NW.max() < BPE.sizes[0]
    assert encoded.values_NW.shape == (encoded.lengths_R.sum(), 1)
    assert encoded.lengths_R.tolist()[4::5] == [0] * 5


def test_no_texts():
    assert BPE.encode([]).values_NW.shape == (0, 1)
    assert BpeTokenizerConfig().learn([]).encode(["很好 a"]).unknown == len("▁很好") + len("▁a")


def test_learned_twice_is_the_same():
    assert BpeTokenizerConfig(size=60).learn(TEXTS).engine.to_str() == BPE.engine.to_str()


def test_a_size_below_one_is_refused():
    with pytest.raises(ConfigError, match="size"):
        validated(BpeTokenizerConfig, {"size": 0})
