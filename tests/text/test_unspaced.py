"""Characters of scripts without spaces, as readers see them, and the counts of the texts that hold them."""

import unicodedata

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.other_scripts import texts
from weft.text.segment import segment
from weft.text.unspaced import (
    CLUSTER,
    clusters,
    hangul_share,
    kana_share,
    texts_with,
    unspaced_share,
    whole,
)

ENGLISH, CHINESE = ["A film.", "the state of état"], ["这部电影很好看。", "我不喜欢"]


@pytest.mark.parametrize(
    ("text", "characters"),
    [
        ("コーヒーがすき", ["コ", "ー", "ヒ", "ー", "が", "す", "き"]),
        ("か\u309aが", ["か\u309a", "が"]),
        ("น้ำที่นี่", ["น้ำ", "ที่", "นี่"]),
        ("น้\u0e4d\u0e32ดี", ["น้\u0e4d\u0e32", "ดี"]),
        ("ខ្ញុំស្រី", ["ខ្ញុំ", "ស្រី"]),
        ("မြန်မာစာ", ["မြ", "န်", "မာ", "စာ"]),
        ("သင်္ဘော", ["သ", "င်္ဘော"]),
        ("ກຳລັງ", ["ກຳ", "ລັ", "ງ"]),
    ],
)
def test_marks_and_stacks_stay_with_their_letter(text, characters):
    assert segment([text], "mixed").pieces == segment([text], "word").pieces == characters
    assert clusters([text]) == len(characters)


@settings(deadline=None)
@given(st.text(st.sampled_from("กำเีุ่ๆកខ្ញុំុ្មမြင်္ဘောかゞー゚ກັຳ\u200d\u0301"), min_size=1))
def test_a_character_begins_with_no_mark_but_where_none_came_before(run):
    found = regex.findall(CLUSTER, run, flags=regex.VERSION1)
    for piece in found[1:]:
        assert unicodedata.category(piece[0]) not in ("Mn", "Mc") or not run.startswith("".join(found))


def test_texts_are_counted_by_script():
    both = ["食べる", "ดี vs よい", "한국어", "漢字", "abc", "ខ្មែរ ລາວ မြန်မာ"]
    assert texts_with(both) == {"Japanese kana": 2, "Thai": 1, "Korean": 1, "Khmer": 1, "Lao": 1, "Burmese": 1}
    assert not texts_with([*ENGLISH, *CHINESE])


def test_shares_of_letters():
    for some in (ENGLISH, CHINESE, [], ["!"]):
        assert unspaced_share(some) == kana_share(some) == hangul_share(some) == 0
    for language in ("th", "km"):
        assert unspaced_share(texts(language)) == 1
    assert hangul_share(texts("ko")) == 1
    assert kana_share(texts("ja")) == pytest.approx(unspaced_share(texts("ja")))
    assert 0.5 < kana_share(texts("ja")) < 1


def test_words_are_joined_where_they_part_a_character():
    assert whole(["ខ្", "ញ", "", "ុំ", "ស្រី"]) == ["ខ្ញុំ", "ស្រី"]
    assert whole(["\u309a", "か", "\u309a"]) == ["\u309a", "か\u309a"]
