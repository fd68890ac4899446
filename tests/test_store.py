"""Rows and arrays that are too large for memory: what is in a file is as what is in memory, and gone when unused."""

import gc
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft import store
from weft.errors import InputError
from weft.store import Column, Pile, Rows, chosen, column, kept, parts, shared, taken


@dataclass(frozen=True, slots=True)
class Inner:
    at: int


@dataclass(frozen=True, slots=True)
class Example:
    text: str
    label: str | tuple[str, ...] | None = None
    line: int = field(default=0, compare=False)
    inner: tuple[Inner, ...] = ()

    @property
    def two(self):
        return self.text, f"{self.text}。"


texts = st.text(st.sampled_from('很好 \n\r",\\\u2028\x00😀é'), max_size=20)
examples = st.builds(
    Example,
    texts,
    st.none() | texts | st.lists(texts, max_size=3).map(tuple),
    st.integers(0, 1 << 40),
    st.lists(st.builds(Inner, st.integers())).map(tuple),
)


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(store, "BEYOND", 0)
    monkeypatch.setattr(store, "_PART_ROWS", 3)
    monkeypatch.setattr(store, "_PART_BYTES", 200)


def lines(rows):
    return [row.line for row in rows]


@settings(deadline=None, max_examples=30)
@given(rows=st.lists(examples, min_size=1, max_size=12), data=st.data())
def test_rows_in_a_file_are_those_of_the_list(rows, data):
    found = kept(iter(rows))
    assert isinstance(found, Rows)
    assert len(found) == len(rows)
    assert list(found) == rows == [found[place] for place in range(len(rows))]
    assert lines(found) == lines(rows)
    assert [row for part in found.parts() for row in part] == rows
    assert found[-1] == rows[-1]
    at = data.draw(st.slices(len(rows)))
    assert list(found[at]) == rows[at]
    numbers = np.array(data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=6)), dtype=np.int64)
    some = chosen(found, numbers)
    assert list(some) == chosen(rows, numbers) == [rows[number] for number in numbers]
    assert list(chosen(some, np.arange(len(numbers))[::-1])) == list(some)[::-1]
    with pytest.raises(IndexError):
        found[len(rows)]


@pytest.mark.parametrize(("values_of", "each"), [(lambda one: (one.text,), 1), (lambda one: one.two, 2)])
def test_a_column_is_the_list_of_what_its_rows_have(values_of, each):
    rows = [Example(f"好{number}") for number in range(10)]
    plain, lazy = column(rows, values_of, each=each), column(kept(rows), values_of, each=each)
    assert isinstance(plain, list)
    assert isinstance(lazy, Column)
    assert list(lazy) == plain == [lazy[place] for place in range(len(lazy))]
    assert [value for part in parts(lazy) for value in part] == plain
    assert lazy[::3] == plain[::3]
    assert lazy[4:9] == plain[4:9]
    assert lazy[-1] == plain[-1]
    assert list(parts(plain)) == [plain]


def test_few_rows_stay_a_list(monkeypatch):
    monkeypatch.setattr(store, "BEYOND", 1000)
    rows = [Example("short")]
    assert kept(rows) == rows
    assert kept([]) == []
    many = kept(Example("long " * 20, line=line) for line in range(1000))  # told by one row of 64
    assert isinstance(many, Rows)
    assert lines(many) == list(range(1000))
    assert kept(many) is many


@settings(deadline=None, max_examples=30)
@given(sizes=st.lists(st.integers(0, 5), min_size=1, max_size=6), shape=st.sampled_from([(), (2,)]))
@pytest.mark.parametrize("beyond", [0, 60, 1 << 20])
def test_a_pile_is_its_arrays_end_to_end(beyond, sizes, shape):
    store.BEYOND = beyond
    pile, arrays = Pile(), []
    for number, size in enumerate(sizes):
        arrays.append(np.full((size, *shape), number, dtype=np.int32))
        pile.add(arrays[-1])
    whole, plain = pile.done(), np.concatenate(arrays)
    assert whole.dtype == plain.dtype
    np.testing.assert_array_equal(whole, plain)
    np.testing.assert_array_equal(taken(whole, slice(1, 4)), plain[1:4])
    places = np.arange(len(plain))[::2]
    np.testing.assert_array_equal(taken(whole, places), plain[places])
    np.testing.assert_array_equal(taken(whole[:, None], places), plain[:, None][places])


def test_what_is_taken_is_a_copy_and_the_file_cannot_be_changed():
    pile = Pile()
    pile.add(np.arange(5))
    whole = pile.done()
    taken(whole, slice(0, 2))[0] = 9
    assert whole[0] == 0
    with pytest.raises(ValueError, match="read-only"):
        whole[0] = 9


def test_pages_that_were_read_are_handed_back(monkeypatch):
    back = []
    monkeypatch.setattr(store, "_hand_back", back.append)
    pile = Pile()
    pile.add(np.arange(6).reshape(3, 2))
    whole = pile.done()
    taken(whole, slice(0, 2))
    taken(whole[:, 0], np.array([1]))
    assert len(back) == 2
    taken(np.arange(3), slice(0, 2))
    assert len(back) == 2
    rows = kept([Example("一"), Example("two")])
    assert [rows[1], *rows] == [Example("two"), Example("一"), Example("two")]
    assert len(back) == 4


def test_equal_values_become_one_object():
    one, other = "".join(["好", "评"]), "".join(["好", "评"])
    first, second = shared([one, other])
    assert first is second


def test_files_have_no_names_and_are_gone_with_what_reads_them(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    mapped = Path("/proc/self/maps")
    rows = kept([Example("一")])
    assert list(rows) == [Example("一")]
    assert not os.listdir(tmp_path)
    if mapped.exists():
        assert str(tmp_path) in mapped.read_text()
    del rows
    gc.collect()
    if mapped.exists():
        assert str(tmp_path) not in mapped.read_text()


def test_no_room_is_said_with_the_way_out(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(InputError, match="cannot be kept there: no such file or directory") as caught:
        kept([Example("一")])
    assert "TMPDIR" in caught.value.hint
