"""Hashed n-grams: as a plain count of tuples, each within its text."""

from collections import Counter
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.config import validated
from weft.errors import ConfigError
from weft.text.segment import segment
from weft.text.tokenizers.ngrams import NgramTokenizerConfig
from weft.text.tokenizers.vocab import VocabularyConfig

WORDS = ["good", "go", "a", "很", "好"]
EVERY = [" ".join(words) for words in product(WORDS, repeat=3)]
LEARNED = {
    (order, letters): NgramTokenizerConfig(order=order, letters=letters).learn(EVERY)
    for order in (1, 2, 3)
    for letters in (None, (2, 5))
}
texts = st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join)


def naive(text, order, letters):
    """The n-grams of a text, counted without hashing."""
    pieces = segment([text], "mixed").pieces
    found = Counter(
        tuple(pieces[start : start + size]) for size in range(1, order + 1) for start in range(len(pieces) - size + 1)
    )
    for piece in pieces if letters else ():
        if len(piece) > 1:
            marked = f"<{piece}>"
            runs = {marked[a:b] for a in range(len(marked)) for b in range(a + letters[0], a + letters[1] + 1)}
            found.update(run for run in runs if run != marked and letters[0] <= len(run))
    return found


def ids(tokenizer, text):
    return Counter(tokenizer.encode([text]).values_NW[:, 0].tolist())


@pytest.mark.parametrize(("order", "letters"), LEARNED)
def test_every_ngram_has_a_number_of_its_own(order, letters):
    tokenizer = LEARNED[order, letters]
    expected = sum((Counter(naive(text, order, letters).keys()) for text in EVERY), Counter())
    got = sum((ids(tokenizer, text) for text in EVERY), Counter())
    assert tokenizer.sizes == (len(expected) + 1,)
    assert sorted(got) == list(range(1, len(expected) + 1))
    assert sorted(got.values()) == sorted(expected.values())


@settings(deadline=None, max_examples=60)
@given(one=texts, other=texts, key=st.sampled_from(list(LEARNED)))
def test_texts_share_ids_as_they_share_ngrams(one, other, key):
    here, there = set(naive(one, *key)), set(naive(other, *key))
    tokenizer = LEARNED[key]
    assert ids(tokenizer, one).total() == len(here)
    assert (ids(tokenizer, one) & ids(tokenizer, other)).total() == len(here & there)


@settings(deadline=None, max_examples=60)
@given(many=st.lists(texts, max_size=5), key=st.sampled_from(list(LEARNED)))
def test_many_as_one_by_one_so_none_across_texts(many, key):
    tokenizer = LEARNED[key]
    together, alone = tokenizer.encode(many), [tokenizer.encode([text]) for text in many]
    assert together.lengths_R.tolist() == [len(one.values_NW) for one in alone]
    assert together.values_NW.tolist() == [row for one in alone for row in one.values_NW.tolist()]
    assert together.unknown == 0


def test_order_matters_and_orders_are_apart():
    tokenizer = NgramTokenizerConfig(order=2).learn(["not good", "good not", "不 好", "好 不"])
    assert ids(tokenizer, "not good") != ids(tokenizer, "good not")
    assert tokenizer.sizes == (4 + 4 + 1,)


def test_unseen_ngrams_are_left_out_and_counted():
    tokenizer = NgramTokenizerConfig(order=2).learn(["good film 很好"])
    encoded = tokenizer.encode(["good 很好", "banana", ""])
    assert encoded.lengths_R.tolist() == [4, 0, 0]
    assert encoded.unknown == 2
    assert not tokenizer.ordered


def test_rare_ngrams_are_left_out():
    config = NgramTokenizerConfig(order=2, vocabulary=VocabularyConfig(min_count=2))
    tokenizer = config.learn(["很好 film", "很好 电影"])
    assert tokenizer.sizes == (4,)
    assert ids(tokenizer, "很好 film").total() == 3


def test_words_alone():
    tokenizer = NgramTokenizerConfig(order=1, unit="word").learn(["北京天安门 good"])
    assert tokenizer.sizes[0] == len(segment(["北京天安门 good"], "word").pieces) + 1


def test_described():
    assert NgramTokenizerConfig(order=3).describe() == "1-3-grams of mixed pieces"
    assert (
        NgramTokenizerConfig(order=1, letters=(2, 4)).describe() == "1-grams of mixed pieces + 2-4 letters inside words"
    )


@pytest.mark.parametrize("wrong", [{"letters": [0, 2]}, {"letters": [4, 2]}, {"order": 0}, {"order": 7}])
def test_settings_that_make_no_ngrams_are_refused(wrong):
    with pytest.raises(ConfigError):
        validated(NgramTokenizerConfig, wrong)


def test_words_of_several_characters_are_read_beside_them():
    plain = NgramTokenizerConfig(order=1).learn(["我们喜欢电影 a film"])
    with_words = NgramTokenizerConfig(order=1, words="beside").learn(["我们喜欢电影 a film"])
    assert with_words.sizes[0] == plain.sizes[0] + 3
    assert not with_words.group_V.any()
    pairs = NgramTokenizerConfig(order=2, words="beside").learn(["我们喜欢电影 a film"])
    assert np.bincount(pairs.group_V[1:]).tolist() == [plain.sizes[0] - 1, 7 + 3]
    assert with_words.config.describe() == "1-grams of mixed pieces + words"


def test_groups_are_by_length_and_survive_saving(tmp_path):
    tokenizer = NgramTokenizerConfig(order=2, letters=(2, 3)).learn(["ab cd", "好"])
    assert np.bincount(tokenizer.group_V[1:]).tolist() == [3, 1, 6, 4]
    tokenizer.save(tmp_path)
    assert np.array_equal(tokenizer.config.load(tmp_path).group_V, tokenizer.group_V)
