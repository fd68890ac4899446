"""The demo data: the same everywhere, balanced, varied, and labelled as a reader would label it."""

import csv
import random
import re
import time
from collections import Counter

import pytest

from weft.demo.chinese_reviews import CHINESE
from weft.demo.english_reviews import ENGLISH
from weft.demo.reviews import LABELS, Filler, rows, write

HAN = re.compile(r"[\u4e00-\u9fff]")
LANGUAGES = {"english": ENGLISH, "chinese": CHINESE}


def test_the_same_size_and_seed_give_the_same_rows():
    assert rows(size=200, seed=3) == rows(size=200, seed=3)
    assert rows(size=200, seed=3) != rows(size=200, seed=4)


def test_languages_are_halves_and_labels_halves_of_each():
    counts = Counter((bool(HAN.search(text)), label) for text, label in rows())
    assert counts == {(chinese, label): 1000 for chinese in (True, False) for label in LABELS}


@pytest.mark.parametrize("size", [0, 1, 3, 7])
def test_any_size(size):
    assert len(rows(size=size)) == size


def test_nearly_all_texts_are_distinct_and_short():
    texts = [text for text, _ in rows(size=20_000)]
    assert len(set(texts)) > 0.97 * len(texts)
    assert max(map(len, texts)) < 300
    assert not any(re.search(r"[{}_/]|  ", text) for text in texts)


def test_drawing_takes_well_under_a_second():
    started = time.process_time()
    rows()
    assert time.process_time() - started < 1


def test_a_word_of_praise_says_little():
    reviews = [(set(re.findall(r"\w+", text.lower())), label) for text, label in rows(size=20_000)]
    for word in ("great", "terrible", "not", "keeping", "better"):
        of = Counter(label for words, label in reviews if word in words)
        assert 0.3 < of["positive"] / of.total() < 0.7, word


PARTS = {"english": {"a": "screen", "b": "battery", "c": "screen"}, "chinese": {"a": "屏幕", "b": "物流", "c": "屏幕"}}
PAIRS = {
    "english": {"a": ("good", "bad"), "b": ("strong", "weak"), "c": ("good", "bad"), "thing": ("a gem", "junk")},
    "chinese": {"a": ("好", "差"), "b": ("快", "慢"), "c": ("好", "差"), "thing": ("宝贝", "垃圾")},
}
READINGS = [  # one pattern, the review that praises, the review that blames: by hand, as a reader understands them
    ("english", "the {a} is {+a}", "the screen is good", "the screen is bad"),
    ("english", "the {a} is not {-a} at all", "the screen is not bad at all", "the screen is not good at all"),
    ("english", "the {a} is anything but {-a}", "the screen is anything but bad", "the screen is anything but good"),
    (
        "english",
        "I expected {-thing} and got {+thing}",
        "I expected junk and got a gem",
        "I expected a gem and got junk",
    ),
    (
        "english",
        "who cares about the {-a} {a} when the {b} is this {+b}?",
        "who cares about the bad screen when the battery is this strong?",
        "who cares about the good screen when the battery is this weak?",
    ),
    (
        "english",
        "the {c} was {-c} at first and {+c} {then}",
        "the screen was bad at first and good later",
        "the screen was good at first and bad later",
    ),
    ("chinese", "{a}一点也不{-a}", "屏幕一点也不差", "屏幕一点也不好"),
    ("chinese", "{a}算不上{-a}", "屏幕算不上差", "屏幕算不上好"),
    ("chinese", "{c}没有上一代{-c}", "屏幕没有上一代差", "屏幕没有上一代好"),
    ("chinese", "上一代的{c}没有这个{+c}", "上一代的屏幕没有这个好", "上一代的屏幕没有这个差"),
    ("chinese", "本来以为{a}很{-a}，没想到很{+a}", "本来以为屏幕很差，没想到很好", "本来以为屏幕很好，没想到很差"),
    ("chinese", "都说{a}{-a}，其实不然", "都说屏幕差，其实不然", "都说屏幕好，其实不然"),
    ("chinese", "以为买到的是{-thing}，其实是{+thing}", "以为买到的是垃圾，其实是宝贝", "以为买到的是宝贝，其实是垃圾"),
]


@pytest.mark.parametrize(("language", "pattern", "praise", "blame"), READINGS)
def test_patterns_read_as_their_label_says(language, pattern, praise, blame):
    words = LANGUAGES[language]
    assert pattern in [one for kind in words.patterns.values() for one in kind]
    for label, expected in zip(LABELS, (praise, blame), strict=True):
        filler = Filler(words, random.Random(0), label, "phone", PARTS[language], dict(PAIRS[language]))
        assert filler.fill(pattern.replace("{then}", "later")) == expected


@pytest.mark.parametrize(
    ("language", "kind", "praise", "blame"),
    [
        ("english", "question", "who would not want it?", "who would want it?"),
        ("english", "verdict", "I am not sending it back", "I am not keeping it"),
        ("english", "fault", "right", "wrong"),
        ("chinese", "trade", "贵是贵，值", "便宜是便宜，不值"),
        ("chinese", "trade", "差是差点，可是够用", "好是好，就是太贵"),
        ("chinese", "verdict", "我不能不推荐它", "我不能推荐它"),
    ],
)
def test_pairs_are_praise_then_blame(language, kind, praise, blame):
    assert (praise, blame) in LANGUAGES[language].polar[kind]


@pytest.mark.parametrize("words", LANGUAGES.values(), ids=LANGUAGES)
def test_every_slot_has_words(words):
    kinds = {*words.polar, *words.neutral, "a", "b", "c", "product"}
    neutral = [*words.openings, *words.asides, *words.closings]
    patterns = [one for kind in words.patterns.values() for one in kind]
    assert {slot for pattern in neutral + patterns for slot in re.findall(r"\{[+?-]?(\w+)\}", pattern)} <= kinds
    assert not any(re.search(r"\{[+-]", pattern) for pattern in neutral)
    assert {part for parts in words.products.values() for part in parts} | set(words.shared) == set(words.parts)


def test_the_file_reads_back(tmp_path):
    write(tmp_path / "new" / "reviews.csv", size=60, seed=2)
    with (tmp_path / "new" / "reviews.csv").open(encoding="utf-8", newline="") as file:
        header, *body = csv.reader(file)
    assert header == ["text", "label"]
    assert [tuple(line) for line in body] == rows(size=60, seed=2)
