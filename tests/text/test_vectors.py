"""Word vectors from files: as a plain reader of the whole file has them, and every fault by its line."""

import bz2
import gzip
import lzma

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.errors import InputError
from weft.text.tokenizers.words import WordTokenizerConfig
from weft.text.vectors import read_vectors

LINES = "the 1 2 3\nThe 4 5 6\n电影 7 8 9\nParis -1.5e0 .5 0\nthe 9 9 9\n"


@pytest.fixture
def file(tmp_path):
    def write(content, name="words.vec"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def rows(path, *pieces):
    return read_vectors(path, pieces).matrix_ND.tolist()


def test_the_rows_asked_for_and_zeros_for_the_rest(file):
    vectors = read_vectors(file(LINES), ["<pad>", "电影", "new", "the", "the"])
    assert vectors.matrix_ND.dtype == np.float32
    assert vectors.matrix_ND.tolist() == [[0, 0, 0], [7, 8, 9], [0, 0, 0], [1, 2, 3], [1, 2, 3]]
    assert vectors.found_N.tolist() == [False, True, False, True, True]


@pytest.mark.parametrize(
    "content",
    [
        f"5 3\n{LINES}",
        LINES.replace("\n", "\r\n"),
        LINES.replace("\n", " \n"),
        LINES.replace(" ", "\t"),
        f"\n{LINES}\n\n",
        LINES.rstrip("\n"),
        f". . . 7 7 7\nat name@example.org 8 8 8\n{LINES}",
        f"9 9\n{LINES}".replace("9 9\n", "9 3\n", 1),
    ],
)
def test_ways_to_write_a_file(file, content):
    assert rows(file(content), "电影", "the") == [[7, 8, 9], [1, 2, 3]]


@pytest.mark.parametrize(("suffix", "pack"), [("gz", gzip.compress), ("xz", lzma.compress), ("bz2", bz2.compress)])
def test_compressed(file, suffix, pack):
    whole = pack(LINES.encode())
    assert rows(file(whole, f"words.vec.{suffix}"), "电影") == [[7, 8, 9]]
    with pytest.raises(InputError, match="cannot be read"):
        rows(file(whole[:-9], f"words.vec.{suffix}"), "电影")
    with pytest.raises(InputError, match="cannot be read"):
        rows(file(LINES, f"words.vec.{suffix}"), "电影")


def test_the_very_spelling_comes_first_then_lower_case_then_capitals(file):
    path = file("PARIS 1\nParis 2\nTHE 3\nthe 4\nThe 5\nÉté 6\n")
    assert rows(path, "the", "The", "tHe", "paris", "PARIS", "pAris", "été") == [[4], [5], [4], [1], [1], [0], [6]]


def test_words_that_hold_spaces(file):
    path = file("a 1 2\nnew york 3 4\n. . . 5 6\nnew 7 8\n. 9 9\n")
    assert rows(path, "new york", ". . .", "new", ".", "york") == [[3, 4], [5, 6], [7, 8], [9, 9], [0, 0]]


def test_a_word_may_be_a_number_of_one_column(file):
    assert rows(file("7 1\n8 2\n好 3\n"), "好", "8") == [[3], [2]]


@pytest.mark.parametrize(
    ("content", "where", "what"),
    [
        ("a 1 2\nb 1\n", ":2: ", "expected a word and 2 numbers, found 2 columns"),
        ("2 2\na 1 2\n好 1 2 3\n", ":3: ", "expected a word and 2 numbers, found 4 columns"),
        ("x 1 2\n\na 1 two\n", ":3: ", "expected a number, found `two`"),
        ("x 1 2\na 1 nan\n", ":2: ", "expected a number, found `nan`"),
        ("x 1 2\na 1 1e39\n", ":2: ", "expected a number, found `1e39`"),
        ("x 1 2\na 1 1_0x\n", ":2: ", "expected a number, found `1_0x`"),
        ("a\nb\n", ":1: ", "expected a word and its numbers"),
        ("", ": ", "is empty"),
        ("b 1 2\n", ": ", "has a vector for none of 1 pieces"),
    ],
)
def test_faults_have_their_line(file, content, where, what):
    path = file(content)
    with pytest.raises(InputError) as error:
        read_vectors(path, ["a"])
    assert f"{path}{where}{what}" in str(error.value)


def test_a_missing_file(tmp_path):
    with pytest.raises(InputError, match="there is no such file"):
        read_vectors(tmp_path / "none.vec", ["a"])


def test_the_pieces_of_a_tokenizer_are_asked_for(file):
    tokenizer = WordTokenizerConfig().learn(["The 电影", "the 电影 Paris"] * 2)
    vectors = read_vectors(file(LINES), tokenizer.pieces)
    ids = tokenizer.encode(["Paris the 电影 new"]).values_NW[:, 0]
    assert vectors.matrix_ND[ids].tolist() == [[-1.5, 0.5, 0], [1, 2, 3], [7, 8, 9], [0, 0, 0]]


numbers = st.floats(-1e6, 1e6, width=32)
names = st.text(st.sampled_from("aB好éÉ.-\u00a0\u2028"), min_size=1, max_size=3)


@settings(deadline=None, max_examples=150)
@given(
    table=st.integers(1, 4).flatmap(
        lambda width: st.lists(
            st.tuples(
                st.lists(names, min_size=1, max_size=2).map(" ".join), st.lists(numbers, min_size=width, max_size=width)
            ),
            min_size=2,
            max_size=8,
        )
    ),
    head=st.booleans(),
    asked=st.lists(names, max_size=5),
)
def test_as_a_reader_of_the_whole_file(tmp_path_factory, table, head, asked):
    path = tmp_path_factory.getbasetemp() / "table.vec"
    width = len(table[0][1])
    lines = [" ".join([word, *map(repr, row)]) for word, row in table]
    path.write_text("\n".join([*([f"{len(table)} {width}"] if head else []), *lines]) + "\n", encoding="utf-8")
    pieces = [*asked, table[-1][0]]
    vectors = read_vectors(path, pieces)
    for piece, found, row_D in zip(pieces, vectors.found_N, vectors.matrix_ND, strict=True):
        exact = [row for word, row in table if word == piece]
        lower = [row for word, row in table if word == piece.lower()]
        capital = [row for word, row in table if word.lower() == piece]
        expected = [*exact, *lower, *capital]
        assert found == bool(expected)
        assert row_D.tolist() == (expected[0] if expected else [0] * width)
