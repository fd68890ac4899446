"""Near-duplicates: what is found resembles what it is said to, by an exact count; and nothing without the extra."""

import random
import sys

import pytest

from weft.data.checks.findings import Part
from weft.data.checks.near_duplicates import near_duplicates, near_pairs
from weft.errors import MissingExtra

pytest.importorskip("datasketch")

ENGLISH = "the room was clean and the staff were kind but breakfast was cold and the lift did not work at all"
CHINESE = "房间很干净服务员也很热情就是早餐有点凉电梯也不太好用下次来这里出差还会再住这家酒店的"


def exact(one: str, other: str, size: int) -> float:
    sets = [{text[place : place + size] for place in range(len(text) - size + 1)} for text in (one, other)]
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


@pytest.mark.parametrize(("text", "size"), [(ENGLISH, 5), (CHINESE, 3)])
def test_a_changed_letter_is_found_and_its_resemblance_exact(text, size):
    changed = f"{text[:-1]}!"
    others = ["".join(random.Random(number).sample(text, len(text))) for number in range(30)]
    (found,) = near_pairs([*others, text, *others, changed])
    assert (found.row, found.earlier) == (61, 30)
    assert found.resemblance == pytest.approx(exact(text, changed, size))


def test_equal_texts_and_short_ones_are_left_to_others():
    assert near_pairs([ENGLISH, ENGLISH.upper(), f" {ENGLISH} ", "好评", "好评！", "good", "goods", ""]) == []


def test_blocks_change_nothing(monkeypatch):
    texts = [f"{text[:place]}…{text[place + 1 :]}" for text in (ENGLISH, CHINESE) for place in range(0, 40, 3)]
    whole = near_pairs(texts)
    monkeypatch.setattr("weft.data.checks.near_duplicates._BLOCK", 64)
    assert near_pairs(texts) == whole
    assert len(whole) >= 10


def test_the_finding_names_part_and_line():
    train = Part("train", "a.csv", [ENGLISH, CHINESE], ["a", "b"], [2, 3])
    test = Part("test", "b.csv", ["never again", f"{CHINESE}！"], ["a", "b"], [2, 3])
    found = near_duplicates([train, test])
    assert [(row.part, row.line) for row in found.rows] == [("test", 3)]
    assert found.rows[0].note.endswith("like train line 3")
    assert "1 of them across splits" in found.said


def test_without_datasketch_the_finding_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasketch", None)
    found = near_duplicates([Part("train", "a.csv", [ENGLISH], ["a"], [2])])
    assert 'pip install "weft[near]"' in found.fix
    with pytest.raises(MissingExtra):
        near_pairs([ENGLISH])
