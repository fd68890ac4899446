"""Splitting: stratified, the same for the same seed, and no text on both sides."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.data.split import folds, split
from weft.errors import ConfigError

shares = st.floats(0.01, 0.99)
rows = st.lists(st.tuples(st.sampled_from(["好评", "差评", "c"]), st.sampled_from("abcdefghij")), max_size=60)


def plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def sides(labels, texts, *, share, seed=0):
    found = split(labels, texts, share=share, seed=seed)
    for side in (found.train, found.dev):
        assert side.dtype.kind == "i"
        assert np.array_equal(side, np.unique(side))
    assert np.array_equal(np.sort(np.concatenate([found.train, found.dev])), np.arange(len(labels)))
    return found.train.tolist(), found.dev.tolist()


def test_stratified_by_label():
    labels = ["正面"] * 700 + ["负面"] * 250 + ["中立"] * 50
    texts = [f"第 {number} 条评论" for number in range(1000)]
    _, dev = sides(labels, texts, share=0.1)
    assert Counter(labels[row] for row in dev) == {"正面": 70, "负面": 25, "中立": 5}


def test_the_seed_decides():
    labels, texts = ["a", "b"] * 100, [str(number) for number in range(200)]
    assert sides(labels, texts, share=0.2, seed=1) == sides(labels, texts, share=0.2, seed=1)
    assert sides(labels, texts, share=0.2, seed=1) != sides(labels, texts, share=0.2, seed=2)


def test_known_rows():
    # guards the draw itself: the same seed must give the same rows in every version
    _, dev = sides(["a", "b"] * 10, [str(number) for number in range(20)], share=0.3, seed=0)
    assert dev == [2, 3, 4, 6, 13, 19]


def test_duplicates_stay_together():
    texts = ["Good  room", "good room ", "GOOD ROOM\n", *(f"text {number}" for number in range(20))]
    for seed in range(20):
        _, dev = sides(["a"] * len(texts), texts, share=0.25, seed=seed)
        assert len({0, 1, 2} & set(dev)) in (0, 3)
        assert abs(len(dev) - 0.25 * len(texts)) <= 1


def test_rare_labels():
    labels = ["often"] * 18 + ["once"] + ["twice"] * 2
    texts = [str(number) for number in range(21)]
    train, dev = sides(labels, texts, share=0.3)
    assert Counter(labels[row] for row in dev) == {"often": 5, "twice": 1}
    assert {labels[row] for row in train} == {"often", "once", "twice"}


def test_many_rare_labels_fill_dev_together():
    labels = [f"label {number // 2}" for number in range(400)]
    train, dev = sides(labels, [str(number) for number in range(400)], share=0.1)
    assert len(dev) == 40
    assert len({labels[row] for row in train}) == 200


def test_a_label_of_large_groups_gets_one_in_dev():
    texts = ["一模一样"] * 5 + ["完全相同"] * 4 + [f"第{number}条" for number in range(40)]
    labels = ["dup"] * 9 + ["other"] * 40
    train, dev = sides(labels, texts, share=0.1)
    assert Counter(labels[row] for row in dev) == {"dup": 4, "other": 4}
    assert Counter(labels[row] for row in train) == {"dup": 5, "other": 36}


def test_a_text_under_two_labels_stays_on_one_side():
    labels = ["a", "b"] * 30
    texts = [str(number // 2) for number in range(60)]
    train, dev = sides(labels, texts, share=0.2)
    assert not {texts[row] for row in train} & {texts[row] for row in dev}
    assert Counter(labels[row] for row in dev) == {"a": 6, "b": 6}


def test_all_texts_the_same():
    assert sides(["a", "b"] * 5, ["x"] * 10, share=0.5) == (list(range(10)), [])
    assert sides([], [], share=0.5) == ([], [])


@pytest.mark.parametrize("share", [0, 1, -0.1, 1.5, float("nan"), 0.0])
def test_a_share_that_is_none(share):
    with pytest.raises(ConfigError, match=r"data\.dev_share: `.*` is not a share"):
        split(["a"], ["b"], share=share, seed=0)


@settings(deadline=None, max_examples=200)
@given(rows=rows, share=shares, seed=st.integers(0, 99))
def test_no_text_on_both_sides_and_every_label_in_train(rows, share, seed):
    labels, texts = [label for label, _ in rows], [text for _, text in rows]
    train, dev = sides(labels, texts, share=share, seed=seed)
    assert not {texts[row] for row in train} & {texts[row] for row in dev}
    assert {labels[row] for row in train} == set(labels)


@settings(deadline=None, max_examples=200)
@given(labels=st.lists(st.sampled_from("abcd"), max_size=80), share=shares, seed=st.integers(0, 99))
def test_without_duplicates_each_share_is_kept_to_a_row(labels, share, seed):
    texts = [str(number) for number in range(len(labels))]
    _, dev = sides(labels, texts, share=share, seed=seed)
    got = Counter(labels[row] for row in dev)
    for label, count in Counter(labels).items():
        assert got[label] <= count - 1
        assert abs(got[label] - min(share * count, count - 1)) < 1
        assert got[label] or share * count < 0.5 or count == 1


@settings(deadline=None, max_examples=200)
@given(rows=rows, share=shares, seed=st.integers(0, 99))
def test_a_label_with_two_texts_of_its_own_reaches_dev(rows, share, seed):
    labels, texts = [label for label, _ in rows], [f"{label} {text}" for label, text in rows]
    _, dev = sides(labels, texts, share=share, seed=seed)
    got = Counter(labels[row] for row in dev)
    for label, count in Counter(labels).items():
        groups = Counter(text for of, text in zip(labels, texts, strict=True) if of == label)
        assert got[label] or share * count < 0.5 or len(groups) == 1
        assert abs(got[label] - share * count) <= max(groups.values()) + 1


@given(rows, st.integers(2, 6))
@settings(max_examples=50)
def test_folds_are_a_partition_with_equal_texts_together(rows, count):
    labels, texts = [label for label, _ in rows], [text for _, text in rows]
    if count > len({plain(text) for text in texts}):
        with pytest.raises(ConfigError, match="different texts"):
            folds(labels, texts, count=count, seed=0)
        return
    found = folds(labels, texts, count=count, seed=0)
    assert np.array_equal(np.sort(np.concatenate([fold.dev for fold in found])), np.arange(len(rows)))
    for fold in found:
        assert np.array_equal(np.sort(np.concatenate([fold.train, fold.dev])), np.arange(len(rows)))
        assert not {plain(texts[row]) for row in fold.train} & {plain(texts[row]) for row in fold.dev}


def test_folds_are_stratified_and_the_seed_decides():
    labels = ["正面"] * 70 + ["负面"] * 25 + ["neutral"] * 5
    texts = [f"第 {number} 条评论" for number in range(100)]
    found = folds(labels, texts, count=5, seed=1)
    for fold in found:
        assert Counter(labels[row] for row in fold.dev) == {"正面": 14, "负面": 5, "neutral": 1}
    again, other = (folds(labels, texts, count=5, seed=seed) for seed in (1, 2))
    assert all(np.array_equal(one.dev, two.dev) for one, two in zip(found, again, strict=True))
    assert not all(np.array_equal(one.dev, two.dev) for one, two in zip(found, other, strict=True))
