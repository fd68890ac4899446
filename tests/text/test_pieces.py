"""Tokenizers over pieces: each view says what it should of each position, from training texts alone."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.text.pieces import CharTokenizerConfig, MixedTokenizerConfig, WordTokenizerConfig
from weft.text.segment import segment
from weft.text.vocab import PAD, UNKNOWN, VocabularyConfig

TEXTS = ["The film is good", "这部电影真好看", "a good 电影", "", "the film was not good, 不好看"]
VIEWS = ("bigram", "word", "prefix", "suffix")
ALL = VocabularyConfig(min_count=1)
KINDS = {"word": WordTokenizerConfig, "mixed": MixedTokenizerConfig, "char": CharTokenizerConfig}
MIXED = MixedTokenizerConfig(views=VIEWS, vocabulary=ALL).learn(TEXTS)


def pieces(text, unit="mixed"):
    return segment([text.lower()], unit).pieces


def ids(tokenizer, text, view=0):
    return tokenizer.encode([text]).values_NW[:, view].tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_the_pieces_are_those_of_the_unit(kind):
    tokenizer = KINDS[kind](vocabulary=ALL).learn(TEXTS)
    known = tokenizer.known["piece"].pieces
    for text in TEXTS:
        assert [known[number] for number in ids(tokenizer, text)] == pieces(text, tokenizer.config.unit)


@pytest.mark.parametrize("kind", KINDS)
def test_a_column_for_the_piece_and_each_view_each_below_its_size(kind):
    tokenizer = KINDS[kind](views=VIEWS, vocabulary=ALL).learn(TEXTS)
    encoded = tokenizer.encode([*TEXTS, "quite new, 从未见过"])
    assert encoded.values_NW.dtype == np.int32
    assert encoded.values_NW.shape == (encoded.lengths_R.sum(), 5)
    assert len(tokenizer.sizes) == 5
    assert (encoded.values_NW.max(0) < tokenizer.sizes).all()
    assert encoded.values_NW.min() >= 0


def test_word_prefix_and_suffix_views():
    text = "电影 goodness 新"
    known = [MIXED.known[view].pieces for view in ("word", "prefix", "suffix")]
    assert [known[0][number] for number in ids(MIXED, text, 2)] == ["电影", "电影", "<unknown>", "<unknown>"]
    assert [known[1][number] for number in ids(MIXED, text, 3)] == ["电", "影", "goo", "<unknown>"]
    assert [known[2][number] for number in ids(MIXED, text, 4)] == ["电", "影", "<unknown>", "<unknown>"]
    assert [known[2][number] for number in ids(MIXED, "mood a", 4)] == ["ood", "a"]


def test_unseen_pieces_are_unknown_and_unseen_pairs_are_nothing():
    encoded = MIXED.encode(["good banana 的"])
    assert encoded.values_NW[1:, 0].tolist() == [UNKNOWN, UNKNOWN]
    assert encoded.values_NW[:, 1].tolist() == [PAD, PAD, PAD]
    assert encoded.unknown == 2


def test_seen_pairs_have_a_number_each():
    pairs = {}
    for text in TEXTS:
        cut = pieces(text)
        for pair, number in zip(pairwise([*cut, None]), ids(MIXED, text, 1), strict=True):
            assert number > PAD
            assert pairs.setdefault(pair, number) == number
    assert len(set(pairs.values())) == len(pairs)
    assert ids(MIXED, "film good", 1)[0] == PAD


def test_the_last_position_never_pairs_with_the_next_text():
    first, second = "a good", "film is good"
    together = MIXED.encode([first, second]).values_NW[:, 1].tolist()
    assert together == ids(MIXED, first, 1) + ids(MIXED, second, 1)
    assert together[1] == ids(MIXED, "good", 1)[0]
    assert ids(MIXED, "film is", 1)[1] != ids(MIXED, second, 1)[1]


def test_rare_pieces_are_not_known():
    tokenizer = MixedTokenizerConfig(vocabulary=VocabularyConfig(min_count=2)).learn(TEXTS)
    assert ids(tokenizer, "good film was 好 部") == [
        *ids(tokenizer, "good film"),
        UNKNOWN,
        ids(tokenizer, "好")[0],
        UNKNOWN,
    ]
    assert UNKNOWN not in ids(tokenizer, "good film 好")


def test_a_text_without_pieces_has_length_zero():
    encoded = MIXED.encode(["", " \n", "很好", ""])
    assert encoded.lengths_R.tolist() == [0, 0, 2, 0]
    assert MIXED.encode([]).values_NW.shape == (0, 5)


words = st.sampled_from(["good", "film", "the", "new", "电影", "好看", "新", "!", " ", "  ", "3.5"])


@settings(deadline=None, max_examples=50)
@given(many=st.lists(st.lists(words).map(" ".join), max_size=6))
def test_many_as_one_by_one(many):
    together, alone = MIXED.encode(many), [MIXED.encode([text]) for text in many]
    assert together.lengths_R.tolist() == [int(one.lengths_R[0]) for one in alone]
    assert together.values_NW.tolist() == [row for one in alone for row in one.values_NW.tolist()]
    assert together.unknown == sum(one.unknown for one in alone)


def test_described():
    assert MixedTokenizerConfig(views=("bigram", "word")).describe() == "mixed + bigram + word"
    assert CharTokenizerConfig().describe() == "char"
