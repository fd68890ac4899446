"""Columns: gathering rows equals plain loops, and making long texts fit loses only what it says."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft import store
from weft.data import columns
from weft.data.columns import Columns, Ragged, Share, encode_rows, ended, fit

lengths = st.lists(st.integers(0, 12), max_size=8)
limits = st.integers(1, 9)
shapes = st.sampled_from([(), (2,)])


def ragged(lengths, shape=()):
    """Rows of these lengths; every value is another, none is zero."""
    total = sum(lengths)
    values = np.arange(1, total * int(np.prod(shape)) + 1, dtype=np.int32).reshape(total, *shape)
    return Ragged.of(values, np.array(lengths, dtype=np.int64))


def lists(rows):
    """The rows as plain lists."""
    bounds = rows.offsets_R1.tolist()
    return [rows.values[start:end].tolist() for start, end in pairwise(bounds)]


def some(data, count):
    """Some of so many rows, in any order, some twice."""
    chosen = st.lists(st.integers(0, count - 1), max_size=6) if count else st.just([])
    return np.array(data.draw(chosen), dtype=np.int64)


@settings(deadline=None)
@given(lengths=lengths, shape=shapes, data=st.data())
def test_flat_as_a_loop(lengths, shape, data):
    rows = ragged(lengths, shape)
    chosen = some(data, len(lengths))
    values, starts_B = rows.flat(chosen)
    plain = lists(rows)
    assert rows.lengths_R.tolist() == lengths
    assert values.shape[1:] == shape
    assert values.tolist() == [value for row in chosen for value in plain[row]]
    assert starts_B.tolist() == [sum(lengths[row] for row in chosen[:place]) for place in range(len(chosen))]


@settings(deadline=None)
@given(lengths=lengths, shape=shapes, data=st.data())
def test_padded_as_a_loop(lengths, shape, data):
    rows = ragged(lengths, shape)
    chosen = some(data, len(lengths))
    values, mask_BS = rows.padded(chosen)
    plain = lists(rows)
    longest = max([1, *(lengths[row] for row in chosen)])
    assert mask_BS.shape == (len(chosen), longest)
    assert values.shape == (len(chosen), longest, *shape)
    assert values.dtype == rows.values.dtype
    for place, row in enumerate(chosen):
        assert values[place, : lengths[row]].tolist() == plain[row]
        assert not values[place, lengths[row] :].any()
        assert mask_BS[place].tolist() == [step < lengths[row] for step in range(longest)]


@settings(deadline=None)
@given(lengths=lengths, shape=shapes, limit=limits)
def test_head_as_a_loop(lengths, shape, limit):
    whole = ragged(lengths, shape)
    fitted = fit(whole, max_length=limit, long="head")
    assert lists(fitted.rows) == [row[:limit] for row in lists(whole)]
    assert fitted.owner_R.tolist() == list(range(len(lengths)))
    assert fitted.unread == sum(lengths) - fitted.rows.lengths_R.sum()


@settings(deadline=None)
@given(lengths=lengths, shape=shapes, limit=limits)
def test_head_and_tail_as_a_loop(lengths, shape, limit):
    whole = ragged(lengths, shape)
    fitted = fit(whole, max_length=limit, long="head-tail")
    tail = limit // 2
    expected = [row if len(row) <= limit else row[: limit - tail] + row[len(row) - tail :] for row in lists(whole)]
    assert lists(fitted.rows) == expected
    assert fitted.owner_R.tolist() == list(range(len(lengths)))
    assert fitted.unread == sum(lengths) - fitted.rows.lengths_R.sum()
    for row, kept in zip(lists(whole), lists(fitted.rows), strict=True):
        assert kept[:1] == row[:1]
        assert kept[-1:] == row[-1:] or limit == 1


@settings(deadline=None)
@given(lengths=lengths, shape=shapes, limit=limits)
def test_windows_read_everything_in_order(lengths, shape, limit):
    whole = ragged(lengths, shape)
    fitted = fit(whole, max_length=limit, long="windows")
    assert fitted.unread == 0
    assert (np.diff(fitted.owner_R) >= 0).all()
    assert fitted.rows.lengths_R.max(initial=0) <= limit
    owned = {example: [] for example in range(len(lengths))}
    for owner, window in zip(fitted.owner_R.tolist(), lists(fitted.rows), strict=True):
        owned[owner].append(window)
    for row, windows in zip(lists(whole), owned.values(), strict=True):
        if len(row) <= limit:
            assert windows == [row]
            continue
        starts = [row.index(window[0]) for window in windows]
        assert windows == [row[start : start + limit] for start in starts]  # each whole and unbroken
        assert all(len(window) == limit for window in windows)
        assert starts[0] == 0
        assert starts[-1] == len(row) - limit
        steps = np.diff(starts)
        assert ((steps > 0) & (steps <= limit - limit // 4)).all()  # none skipped, a quarter read twice


@settings(deadline=None)
@given(lengths=lengths, limit=limits, long=st.sampled_from(["head", "head-tail", "windows"]))
def test_long_texts_are_counted_and_short_ones_untouched(lengths, limit, long):
    whole = ragged(lengths)
    fitted = fit(whole, max_length=limit, long=long)
    assert fitted.long_texts == sum(length > limit for length in lengths)
    if not fitted.long_texts:
        assert fitted.rows is whole
        assert fitted.unread == 0


@pytest.mark.parametrize("long", ["head", "head-tail", "windows"])
def test_no_texts_at_all(long):
    fitted = fit(ragged([]), max_length=4, long=long)
    assert len(fitted.owner_R) == len(fitted.rows.lengths_R) == fitted.unread == 0


@settings(deadline=None)
@given(lengths=lengths, views=st.integers(1, 3), end=st.integers(0, 99))
def test_an_end_stands_after_each_row(lengths, views, end):
    rows = ragged(lengths, (views,))
    found = ended(rows, end)
    assert lists(found) == [[*row, [end, *[0] * (views - 1)]] for row in lists(rows)]
    assert found.values.dtype == rows.values.dtype
    assert found.lengths_R.tolist() == [length + 1 for length in lengths]


@settings(deadline=None)
@given(lengths=st.lists(st.integers(1, 30), max_size=6), size=st.integers(1, 9))
def test_each_value_but_the_first_follows_in_one_window(lengths, size):
    whole = ragged(lengths)
    fitted = columns.windows(whole, size=size)
    told = {example: [] for example in range(len(lengths))}
    for owner, window in zip(fitted.owner_R.tolist(), lists(fitted.rows), strict=True):
        assert 1 <= len(window) <= size + 1
        assert not told[owner] or told[owner][-1] == window[0], "each begins with the last of the one before"
        told[owner] += window[1:] if told[owner] else window
    assert list(told.values()) == lists(whole)
    assert fitted.long_texts == sum(length > size + 1 for length in lengths)
    assert fitted.unread == 0


@dataclass(frozen=True, slots=True)
class Word:
    """An example with a row for each letter."""

    letters: str
    label: int | None = None


def encode_words(words):
    rows = [letter for word in words for letter in word.letters]
    owner_R = np.repeat(np.arange(len(words)), [len(word.letters) for word in words])
    text = Ragged.of(np.array(list(map(ord, rows)), dtype=np.int32)[:, None], np.ones(len(rows), dtype=np.int64))
    fixed = {}
    if all(word.label is not None for word in words):
        fixed["label"] = np.array([word.label for word in words])[owner_R]
    facts = {"capital": Share(sum(map(str.isupper, rows)), len(rows)), "words": Share.but(0, len(words)), "plain": 0.5}
    return Columns({"text": text}, fixed, owner_R, np.arange(len(rows)) % 3 + 1, facts)


def test_parts_are_encoded_as_the_whole(monkeypatch):
    monkeypatch.setattr(store, "BEYOND", 0)
    monkeypatch.setattr(store, "_PART_ROWS", 2)
    words = [Word(letters, number) for number, letters in enumerate(("好a", "B", "xyz", "Qq", "一二三四", "Z", "s"))]
    whole, parts = encode_words(words), encode_rows(encode_words, store.kept(words))
    assert encode_rows(encode_words, words).cost_R.tolist() == whole.cost_R.tolist()
    assert lists(parts.ragged["text"]) == lists(whole.ragged["text"])
    assert parts.owner_R.tolist() == whole.owner_R.tolist()
    assert parts.fixed["label"].tolist() == whole.fixed["label"].tolist()
    assert parts.facts == whole.facts
    assert parts.facts["capital"] == 3 / 14


def test_labels_that_only_some_have_are_left_out(monkeypatch):
    monkeypatch.setattr(store, "BEYOND", 0)
    monkeypatch.setattr(store, "_PART_ROWS", 1)
    assert encode_rows(encode_words, store.kept([Word("a", 1), Word("b")])).fixed == {}


def test_shares_of_nothing():
    assert (Share(0, 0), Share.but(0, 0), Share(1, 4), Share.but(1, 4)) == (0, 1, 0.25, 0.75)
