"""Forced words: counted as by hand, and satisfied by whoever writes, however badly."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.decoding.forced import ForcedWords, forced_words
from weft.decoding.rules import NEVER, NoRepeat, apply
from weft.errors import ConfigError

some = settings(max_examples=40, deadline=None)
END, SIZE = 0, 5
spelling = st.lists(st.integers(1, 3), min_size=1, max_size=3).map(tuple)
some_words = st.lists(st.lists(spelling, min_size=1, max_size=2).map(tuple), min_size=1, max_size=3).map(tuple)
some_ids = st.lists(st.integers(1, SIZE - 1), max_size=8)


def holds(ids, run):
    return any(tuple(ids[start : start + len(run)]) == run for start in range(len(ids)))


def met_by_hand(ids, words):
    """Tokens of whole words, and of the one that is furthest on; a word counts by its shortest spelling."""
    whole, furthest = 0, 0
    for word in words:
        shortest = min(map(len, word))
        if any(holds(ids, one) for one in word):
            whole += shortest
            continue
        for one in word:
            begun = max(
                count
                for count in range(len(one))
                if count <= len(ids) and tuple(ids[len(ids) - count :]) == one[:count]
            )
            furthest = max(furthest, shortest - (len(one) - begun))
    return whole + furthest


def rows(*ids):
    return torch.tensor(ids, dtype=torch.long)


@given(words=some_words, ids=some_ids)
@some
def test_what_is_met_and_what_goes_on(words, ids):
    forced = ForcedWords(words, end=END, longest=99)
    met = met_by_hand(ids, words)
    assert forced.met(rows(ids)).tolist() == [met]
    onward = {one for one in forced.next_ids(rows(ids))[0].tolist() if one >= 0}
    assert bool(onward) == (met < forced.total)
    for one in onward:
        assert met_by_hand([*ids, one], words) > met


def test_rows_are_counted_side_by_side():
    forced = ForcedWords((((1, 2, 3),), ((4,), (2, 2))), end=END, longest=99)
    ids_NT = rows([1, 2, 3, 4], [4, 1, 1, 2], [3, 3, 2, 2], [2, 3, 3, 2])
    assert forced.total == 4
    assert forced.met(ids_NT).tolist() == [4, 3, 1, 0]
    assert forced.next_ids(ids_NT).tolist() == [[-1, -1, -1], [3, -1, -1], [1, -1, -1], [1, 4, 2]]


@given(words=some_words, spare=st.integers(0, 4), seed=st.integers(0, 10_000))
@some
def test_every_row_has_its_words_at_its_end(words, spare, seed):
    forced = ForcedWords(words, end=END, longest=sum(min(map(len, word)) for word in words) + spare)
    generator = torch.Generator().manual_seed(seed)
    ids: list[int] = []
    while len(ids) < forced.longest:
        logits_NV = forced(torch.randn(1, SIZE, generator=generator), rows(ids))
        one = int(logits_NV.softmax(-1).multinomial(1, generator=generator))
        if one == END:
            break
        ids.append(one)
    assert all(any(holds(ids, one) for one in word) for word in words)
    forced.require(rows(ids))


def test_with_room_to_spare_only_the_end_is_held_back():
    forced = ForcedWords((((1, 2),),), end=END, longest=4)
    logits_NV = torch.zeros(1, SIZE)
    assert (forced(logits_NV, rows([3])) > NEVER).tolist() == [[False, True, True, True, True]]
    assert (forced(logits_NV, rows([3, 3])) > NEVER).tolist() == [[False, True, False, False, False]]
    assert (forced(logits_NV, rows([1, 2])) > NEVER).all()


def test_rules_that_stand_against_a_word_are_an_error_at_the_end():
    forced = ForcedWords((((1, 1),),), end=END, longest=2)
    ids_NT = rows([1])
    left_NV = apply([NoRepeat(1), forced], torch.zeros(1, SIZE), ids_NT)
    assert (left_NV > NEVER).tolist() == [[False, False, True, True, True]]
    with pytest.raises(ConfigError, match=r"^forced: the forced words do not go with the other rules\nhint: allow"):
        forced.require(rows([1, 3]))


WORDS = {"cat": ((5,), (6, 7)), "猫": ((8, 9),), "riding": ((6, 7, 5),)}


@pytest.mark.parametrize(
    ("words", "more", "said"),
    [
        (
            ["cat", "猫"],
            {"longest": 2},
            "forced: the words take 3 tokens, and an output has at most 2\nhint: force fewer",
        ),
        (["猫"], {"banned": [(9,)]}, "forced: `猫` holds what is banned\nhint: take it out"),
        (["riding"], {"banned": [(4,), (6, 7)]}, "forced: `riding` holds what is banned\nhint: take it out"),
    ],
)
def test_words_that_cannot_be_had(words, more, said):
    with pytest.raises(ConfigError) as caught:
        forced_words({word: WORDS[word] for word in words}, **{"end": END, "longest": 9, **more})
    assert str(caught.value).startswith(said)


def test_a_spelling_that_holds_what_is_banned_is_left_out():
    assert forced_words(WORDS, end=END, longest=9, banned=[(5, 5), (7, 6), (5, 8)]).words == tuple(WORDS.values())
    assert forced_words({"cat": WORDS["cat"]}, end=END, longest=9, banned=[(5,)]).words == (((6, 7),),)
