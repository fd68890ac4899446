"""Vocabularies: what is known, by what number, and the same after a reload."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.config import validated
from weft.errors import ConfigError
from weft.hashing import mix
from weft.text.tokenizers.vocab import PAD, UNKNOWN, HashedVocabulary, Vocabulary, VocabularyConfig

KEYS = mix(np.arange(1, 7, dtype=np.uint64))


def counted(*counts):
    """The first key so many times, the second so many times, ..."""
    return np.repeat(KEYS[: len(counts)], counts)


def test_falling_count_then_characters():
    pieces = ["好", "film", "好", "a", "film", "好", "a", "很"]
    known = Vocabulary.learn(pieces, VocabularyConfig(min_count=1))
    assert known.pieces == ["<pad>", "<unknown>", "好", "a", "film", "很"]
    assert known.ids(["好", "很", "new", "<pad>", "<unknown>"]).tolist() == [2, 5, UNKNOWN, UNKNOWN, UNKNOWN]


def test_rare_pieces_and_those_beyond_the_size_are_unknown():
    pieces = [*"aaa", *"bb", *"好好", "很"]
    assert Vocabulary.learn(pieces, VocabularyConfig()).pieces[2:] == ["a", "b", "好"]
    assert Vocabulary.learn(pieces, VocabularyConfig(min_count=1, max_size=2)).pieces[2:] == ["a", "b"]


def test_a_piece_that_spells_the_padding_is_a_piece():
    known = Vocabulary.learn(["<pad>", "<unknown>"], VocabularyConfig(min_count=1))
    assert known.ids(["<pad>", "<unknown>"]).tolist() == [2, 3]


@settings(deadline=None)
@given(pieces=st.lists(st.sampled_from("ab很好的")), min_count=st.integers(1, 4), max_size=st.integers(1, 5))
def test_as_a_plain_count(pieces, min_count, max_size):
    known = Vocabulary.learn(pieces, VocabularyConfig(min_count=min_count, max_size=max_size))
    counts = Counter(pieces)
    ordered = sorted(counts, key=lambda piece: (-counts[piece], piece))
    kept = [piece for piece in ordered if counts[piece] >= min_count][:max_size]
    ids = known.ids(pieces)
    assert len(known) == len(kept) + 2
    assert ids.dtype == np.int32
    assert ids.tolist() == [kept.index(piece) + 2 if piece in kept else UNKNOWN for piece in pieces]


@pytest.mark.parametrize("pieces", [[], ["很好", "don't", '"', "\\", "\n", "\u2028", "<pad>", "😀", "\x00"]])
def test_saved_is_loaded(tmp_path, pieces):
    known = Vocabulary(pieces)
    known.save(tmp_path / "piece.json")
    again = Vocabulary.load(tmp_path / "piece.json")
    assert again.pieces == known.pieces
    assert again.ids([*pieces, "new"]).tolist() == [*range(2, len(pieces) + 2), UNKNOWN]


def test_hashed_keys_seen_often_enough_have_a_number():
    known = HashedVocabulary.learn(counted(3, 1, 2), VocabularyConfig())
    ids = known.ids(KEYS[[0, 1, 2, 5]])
    assert len(known) == 3
    assert ids.dtype == np.int32
    assert sorted(ids[[0, 2]].tolist()) == [1, 2]
    assert ids[[1, 3]].tolist() == [PAD, PAD]


def test_hashed_keeps_the_most_frequent():
    known = HashedVocabulary.learn(counted(3, 1, 4, 1, 5, 2), VocabularyConfig(min_count=1, max_size=3))
    assert len(known) == 4
    assert (known.ids(KEYS) > 0).tolist() == [True, False, True, False, True, False]
    assert known.ids(KEYS).max() < len(known)


@pytest.mark.parametrize("counts", [(), (2, 3, 4)])
def test_hashed_saved_is_loaded(tmp_path, counts):
    known = HashedVocabulary.learn(counted(*counts), VocabularyConfig())
    known.save(tmp_path / "ngrams.safetensors")
    again = HashedVocabulary.load(tmp_path / "ngrams.safetensors")
    assert len(again) == len(known) == len(counts) + 1
    assert again.ids(KEYS).tolist() == known.ids(KEYS).tolist()


def test_mix_spreads():
    keys = mix(np.arange(1, 150_001, dtype=np.uint64))
    buckets, counts = np.unique(
        keys >> np.uint64(64 - HashedVocabulary.learn(keys, VocabularyConfig()).bits), return_counts=True
    )
    assert len(np.unique(keys)) == len(keys)
    assert len(buckets) > 0.98 * len(keys)  # as at random: 1 - 150,000 / 2^22 / 2
    assert counts.max() <= 5
    bits = (keys[:, None] >> np.arange(64, dtype=np.uint64)) & np.uint64(1)
    assert np.abs(bits.mean(0) - 0.5).max() < 0.01


@pytest.mark.parametrize("wrong", [{"min_count": 0}, {"max_size": 0}])
def test_sizes_below_one_are_refused(wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        validated(VocabularyConfig, wrong)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=60), st.integers(1, 3), st.integers(1, 40))
def test_hashed_keeps_the_first_buckets_of_equal_counts(counts, min_count, max_size):
    counts_V = np.array(counts, dtype=np.int32)
    kept = HashedVocabulary._commonest(counts_V, VocabularyConfig(min_count=min_count, max_size=max_size), bits=6).kept
    often = [place for place in np.argsort(-counts_V, kind="stable") if counts[place] >= min_count]
    assert kept.tolist() == sorted(often[:max_size])
