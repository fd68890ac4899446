"""What every tokenizer in `TOKENIZERS` owes; a kind that is not listed there fails too."""

from typing import Literal

import numpy as np
import pytest

from weft.config import Config, kind_of, validated
from weft.errors import ConfigError
from weft.text.normalize import NormalizeConfig, normalize
from weft.text.stream import stream_text
from weft.text.tokenizers.base import TokenizerConfig
from weft.text.tokenizers.choices import TOKENIZERS, TokenizerChoice
from weft.text.tokenizers.pretrained import PretrainedTokenizerConfig

TEXTS = ["The film is good", "这部电影真好看", "a good 电影", "", "GPT-4o很好 don't 👍🏽"] * 3
NEW = ["a film 好看", "Unseen 从未 \ud83d \U00020000 \ue000", "", "　ＧＯＯＤ　电影 "]


LEARNED = tuple(kind for kind in TOKENIZERS if kind is not PretrainedTokenizerConfig)
"""Those that are learned from texts; the other one is read from a folder, and has tests of its own."""


class Settings(Config):
    tokenizer: TokenizerChoice


def seen(encoded):
    """What each position shows: the ids of each view, and of the letters each n-gram's."""
    if encoded.letters is None:
        return encoded.values_NW.tolist()
    ends = np.cumsum(encoded.letters.lengths_U)
    words = [ids_N.tolist() for ids_N in np.split(encoded.letters.ids_N, ends[:-1])]
    return [[*row[:-1], words[row[-1]]] for row in encoded.values_NW.tolist()]


def same(one, other):
    return seen(one) == seen(other) and np.array_equal(one.lengths_R, other.lengths_R) and one.unknown == other.unknown


def words_of(tokenizer, letters):
    """The sizes of the views, the last of which is the number of words, whose letters are checked here."""
    assert letters.ids_N.dtype == np.int32
    assert letters.ids_N.min() > 0
    assert letters.ids_N.max() < tokenizer.sizes[-1]
    assert letters.lengths_U.sum() == len(letters.ids_N)
    assert (letters.lengths_U > 0).tolist() == [False] + [True] * (len(letters.lengths_U) - 1)
    return (*tokenizer.sizes[:-1], len(letters.lengths_U))


def takes_words(kind):
    """Whether a kind cuts words, which may be left out."""
    return "stop_words" in kind.model_fields and kind_of(kind) != "char"


def misses(config):
    """Whether there is text that a kind does not know: bytes know all."""
    return kind_of(type(config)) != "bytes"


def cuts_words(config):
    """Whether white space is lost, as texts are cut into words."""
    return kind_of(type(config)) in ("word", "mixed", "ngrams")


def without_space(texts):
    return ["".join(text.split()) for text in texts]


every = pytest.mark.parametrize("config", [kind() for kind in LEARNED], ids=lambda config: config.kind)
every_with_settings = pytest.mark.parametrize(
    "config",
    [
        *(kind() for kind in LEARNED),
        *(kind(views=("word", "bigram", "suffix")) for kind in LEARNED if "views" in kind.model_fields),
        *(kind(views=("letters", "bigram")) for kind in LEARNED if "views" in kind.model_fields and takes_words(kind)),
        *(kind(stop_words=("en", "zh")) for kind in LEARNED if takes_words(kind)),
        *(kind(dictionary=("真好看",), unit="word") for kind in LEARNED if "unit" in kind.model_fields),
        *(kind(dictionary=("真好看",), views=("word",)) for kind in LEARNED if "views" in kind.model_fields),
        *(kind(letters=(2, 3)) for kind in LEARNED if kind_of(kind) == "ngrams"),
        *(kind(normalize=NormalizeConfig(space="keep")) for kind in LEARNED if not cuts_words(kind())),
    ],
    ids=lambda config: config.describe(),
)


def test_every_kind_in_the_package_is_listed(members):
    assert members(TokenizerConfig, "weft.text") == set(TOKENIZERS)
    assert len({kind_of(kind) for kind in TOKENIZERS}) == len(TOKENIZERS)


def test_a_forgotten_kind_would_be_found(members):
    class Base(Config):
        kind: str

    class Forgotten(Base):
        __module__ = "weft.text.forgotten"
        kind: Literal["forgotten"] = "forgotten"

    assert members(Base, "weft.text") == {Forgotten}


@every_with_settings
def test_the_numbers_of_many_texts(config):
    tokenizer = config.learn(TEXTS)
    encoded = tokenizer.encode(TEXTS + NEW)
    assert encoded.values_NW.dtype == np.int32
    assert encoded.values_NW.shape == (encoded.lengths_R.sum(), len(tokenizer.sizes))
    assert encoded.lengths_R.shape == (len(TEXTS + NEW),)
    letters = encoded.letters
    assert (encoded.values_NW < (tokenizer.sizes if letters is None else words_of(tokenizer, letters))).all()
    assert encoded.values_NW[:, 0].min() > 0  # the piece itself is never padding
    assert encoded.lengths_R[3] == 0
    assert tokenizer.encode(TEXTS).lengths_R[0] > 0
    assert (encoded.unknown > tokenizer.encode(TEXTS).unknown) == misses(config)


@every_with_settings
def test_pieces_are_the_strings_of_the_first_view(config):
    tokenizer = config.learn(TEXTS)
    pieces = tokenizer.pieces
    assert (pieces is None) == (not tokenizer.ordered)
    if pieces is not None:
        assert len(pieces) == tokenizer.sizes[0]
        assert list(pieces[:2]) == ["<pad>", "<unknown>"]
        assert all(isinstance(piece, str) for piece in pieces)


@every_with_settings
def test_saved_is_loaded(config, tmp_path):
    tokenizer = config.learn(TEXTS)
    tokenizer.save(tmp_path)
    again = config.load(tmp_path)
    assert again.sizes == tokenizer.sizes
    assert again.ordered == tokenizer.ordered
    assert again.pieces == tokenizer.pieces
    assert same(again.encode(TEXTS + NEW), tokenizer.encode(TEXTS + NEW))


@every_with_settings
def test_ids_are_turned_back_into_text(config, tmp_path):
    tokenizer = config.learn(TEXTS)
    encoded = tokenizer.encode(TEXTS)
    rows = np.split(encoded.values_NW[:, 0], np.cumsum(encoded.lengths_R)[:-1])
    if not tokenizer.reversible:
        with pytest.raises(ConfigError, match="text cannot be made"):
            tokenizer.decode(rows)
        return
    texts, plain = tokenizer.decode(rows), normalize(TEXTS, config.normalize)
    if cuts_words(config):
        assert without_space(texts) == without_space(plain) or config.stop_words
    else:
        assert texts == plain
    assert tokenizer.decode([[0, *row, 0] for row in rows]) == texts
    assert ["".join(stream_text(tokenizer, row)) for row in rows] == texts
    assert tokenizer.decode([[1]]) == ["\ufffd"]
    assert tokenizer.decode([]) == []
    tokenizer.save(tmp_path)
    assert config.load(tmp_path).decode(rows) == texts


@every_with_settings
def test_many_as_one_by_one(config):
    tokenizer = config.learn(TEXTS)
    together, alone = tokenizer.encode(TEXTS + NEW), [tokenizer.encode([text]) for text in TEXTS + NEW]
    assert seen(together) == [row for one in alone for row in seen(one)]
    assert np.array_equal(together.lengths_R, np.concatenate([one.lengths_R for one in alone]))
    assert together.unknown == sum(one.unknown for one in alone)


@every
def test_learned_twice_is_the_same(config):
    assert same(config.learn(TEXTS).encode(NEW), config.learn(TEXTS).encode(NEW))


@every
def test_normalizing_is_as_configured(config):
    plain, made = ["ＧＯＯＤ　电影", "The film"], ["good 电影", "the film"]
    assert same(config.learn(TEXTS).encode(plain), config.learn(TEXTS).encode(made))
    kept = config.model_copy(update={"normalize": NormalizeConfig(unicode="none", case="keep")})
    tokenizer = kept.learn(["GOOD good 电影 电影"] * 3)
    assert not same(tokenizer.encode(["GOOD 电影"]), tokenizer.encode(["good 电影"]))
    assert tokenizer.encode(["good"]).unknown == 0
    assert (tokenizer.encode(["ＧＯＯＤ"]).unknown > 0) == misses(config)


@every
def test_no_texts_at_all(config, tmp_path):
    tokenizer = config.learn([])
    tokenizer.save(tmp_path)
    assert config.load(tmp_path).sizes == tokenizer.sizes
    assert tokenizer.encode([]).lengths_R.shape == (0,)
    assert (tokenizer.encode(["good 电影"]).unknown > 0) == misses(config)


@every_with_settings
def test_a_config_survives_being_written(config):
    held = Settings(tokenizer=config)
    assert validated(Settings, held.model_dump(mode="json")) == held
    assert validated(Settings, {"tokenizer": kind_of(type(config))}).tokenizer == type(config)()
