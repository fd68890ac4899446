"""Scripts and marks: each character has the class that Unicode gives it, and damage is told from honest text."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.data.checks import scripts as room
from weft.data.checks.damage import marks
from weft.data.checks.findings import Part
from weft.data.checks.scripts import CLASSES, class_counts, scripts

NAMES = {
    "Latin": "Aéß",
    "Han": "中體々",
    "Kana": "ひカー",
    "Hangul": "한",
    "Cyrillic": "Яж",
    "Greek": "λ",
    "Arabic": "سلام",
    "Hebrew": "ש",
    "Devanagari": "ह",
    "Thai": "ส",
    "other": "ა",
    "control": "\x00\x1b\x85",
    "replacement": "\ufffd",
    "private": "\ue000",
    "invisible": "\u200b\ufeff\u202e",
    "rest": " \t\n1，。👍\u200d",
}


def part(*texts: str, name: str = "train") -> Part:
    return Part(name, f"{name}.csv", texts, ["a"] * len(texts), range(2, len(texts) + 2))


@pytest.mark.parametrize("name", NAMES)
def test_classes_of_characters(name):
    (counts,) = class_counts([NAMES[name]])
    assert dict(zip(CLASSES, counts.tolist(), strict=True)) == dict.fromkeys(CLASSES, 0) | {name: len(NAMES[name])}


@given(st.lists(st.text(st.characters(exclude_categories=["Cn"]), max_size=20), max_size=8), st.integers(1, 30))
def test_counting_in_blocks_changes_nothing(texts, block):
    whole = class_counts(texts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "_BLOCK", block)
        assert np.array_equal(class_counts(texts), whole)
    assert whole.sum(1).tolist() == [len(text) for text in texts]
    letters = whole[:, 1 : 1 + len(room.SCRIPTS)].sum(1).tolist()
    assert letters == [sum(unicodedata.category(one)[0] == "L" for one in text) for text in texts]


def test_a_text_in_another_script_than_nearly_all():
    found = scripts([part(*["房间很干净"] * 98, "iPhone6 plus 还值不值得买", "Никогда больше")])
    assert (found.severity, found.count) == ("warning", 1)
    assert [(row.line, row.note) for row in found.rows] == [(101, "Cyrillic")]
    assert found.said == "the texts are mainly in Han; 1 text in Cyrillic"


def test_two_languages_in_equal_shares_are_fine():
    assert scripts([part(*["房间很干净", "never again"] * 20)]).said == "the texts are mainly in Latin and Han"
    assert scripts([part("123", "！")]).said == "the texts are mainly in no script of letters"


def test_odd_characters():
    odd = marks([part("fine\tand\r\ngood", "bell\x07", "家\u200b庭")])[0]
    assert (odd.severity, [row.line for row in odd.rows]) == ("warning", [3, 4])
    lost = marks([part("房间很\ufffd净")])[0]
    assert (lost.severity, lost.said) == ("error", "U+FFFD in 1 text")


TEXTS = ["café déjà vu", "naïve “quotes” – and it’s fine", "房间很干净，服务也好。", "锛是什么意思？我觉得，还可以。"]


@pytest.mark.parametrize("text", TEXTS)
def test_honest_text_is_no_mojibake(text):
    assert marks([part(text)])[1].severity == "fine"


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("wrong", ["latin-1", "cp1252", "gbk"])
def test_text_read_in_a_wrong_encoding(text, wrong):
    broken = text.encode("utf-8").decode(wrong, "replace")
    if wrong == "gbk" and text[0].isascii():
        pytest.skip("two bytes at a time, Western text gives Han that may be meant")
    assert marks([part(broken)])[1].severity == "error", broken


def test_bytes_that_were_lost_twice():
    assert marks([part("锟斤拷锟斤拷")])[1].count == 1


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("good.<br /><br />But", "warning"),
        ("AT&amp;T", "warning"),
        ("&#183;欧奈尔", "warning"),
        ("a < b and b > c", "fine"),
        ("I <3 it & you", "fine"),
        ("好<评", "fine"),
    ],
)
def test_markup(text, severity):
    assert marks([part(text)])[2].severity == severity
