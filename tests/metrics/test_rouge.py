"""ROUGE is that of rouge-score on Latin text, and sees other scripts; the captioning scorer's L by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from weft.errors import InputError
from weft.metrics.rouge import lcs, rouge, rouge_l, tokens

MEASURES = ("rouge1", "rouge2", "rougeL", "rougeLsum")
PACKAGE = RougeScorer(MEASURES)
words = st.lists(st.sampled_from(["the", "The", "soup", "was", "cold", "it's", "42", ".", "\n", "café"]), max_size=12)
latin = st.one_of(words.map(" ".join), st.text(st.characters(max_codepoint=0x24F), max_size=12))


def same_as_the_package(hypothesis, references):
    found = rouge([hypothesis], [references], measures=MEASURES)
    for name, expected in PACKAGE.score_multi(references, hypothesis).items():
        one = found[name]
        assert (one.precision_N[0], one.recall_N[0], one.f1_N[0]) == pytest.approx(
            tuple(100 * value for value in expected), abs=1e-9
        ), name


@settings(max_examples=100, deadline=None)
@given(latin, st.lists(latin, min_size=1, max_size=3))
def test_on_latin_text_it_is_that_of_the_package(hypothesis, references):
    same_as_the_package(hypothesis, references)


def test_on_english_it_is_that_of_the_package():
    same_as_the_package(
        "The soup was cold.\nWe'd wait, and wait, for 42 minutes.",
        ["We waited 42 minutes for soup.\nThe soup was cold.", "Cold soup, and we wait.\nFor hours."],
    )


def test_chinese_counts_by_character():
    found = rouge(["今天天气很好"], [["今天天气不好"]])
    assert found["rouge1"].score.value == pytest.approx(100 * 5 / 6)
    assert found["rouge2"].score.value == pytest.approx(100 * 3 / 5)
    assert found["rougeL"].score.value == pytest.approx(100 * 5 / 6)
    assert all(
        one.score.value == 100 for one in rouge(["今天天气很好"], [["今天天气很好"]], measures=MEASURES).values()
    )


def test_tokens_of_every_script():
    assert tokens("Die U-Bahn: café, 3 km") == ["die", "u", "bahn", "caf", "3", "km"]
    assert tokens("iPhone 很好，买了2台") == ["iphone", "很", "好", "买", "了", "2", "台"]
    assert tokens("Он едет на ТУ154") == ["он", "едет", "на", "ту154"]
    assert tokens("한 남자가 हिन्दी ロバ") == ["한", "남자가", "हिन्दी", "ロ", "バ"]


def test_the_score_is_the_mean_over_texts_of_the_best_reference():
    found = rouge(["the cold soup", "冷汤"], [["a hot soup", "the cold soup"], ["冷的"]])["rouge1"]
    assert found.f1_N == pytest.approx([100, 50])
    assert found.score.value == pytest.approx(75)
    assert found.signature.startswith("nrefs:var|case:lc|tok:latin+han|stem:no|")


def test_empty_texts_score_nothing():
    found = rouge(["", "soup", "…"], [["soup"], [""], ["汤"]], measures=MEASURES)
    assert all(one.score.value == 0 for one in found.values())


def test_the_captioning_scorer_takes_precision_and_recall_from_any_reference():
    # 4 of our 5 words against the first (recall 4 of 4), all 5 against the second (recall 5 of 8)
    found = rouge_l(["a man rides the horse"], [["a man rides horse"]])
    assert found.value == pytest.approx(100 * 2.44 * 0.8 / (1 + 1.44 * 0.8))
    both = rouge_l(["a man rides the horse"], [["a man rides horse", "a man x rides y the z horse"]])
    assert both.value == pytest.approx(100)
    assert "beta:1.2" in both.signature


def test_the_captioning_scorer_hears_no_punctuation_and_parts_contractions():
    assert rouge_l(["It's near Zizzi, isn't it?"], [["it 's near \"zizzi\" is n't it ."]]).value == pytest.approx(100)
    assert rouge_l(["汤很冷。"], [["汤 很 冷"]]).value == pytest.approx(100)
    assert rouge_l(["£20-25 family-friendly"], [["£20-25 family - friendly"]]).value < 100


@settings(max_examples=60)
@given(words.filter(lambda one: "it's" not in one and "café" not in one), words)
def test_with_one_reference_and_beta_1_both_are_the_same(ours, theirs):
    one, other = " ".join(ours), " ".join(theirs).replace("it's", "its").replace("café", "cafe")
    plain = rouge([one], [[other]])["rougeL"].score.value
    assert rouge_l([one], [[other]], beta=1).value == pytest.approx(plain)


def table_lcs(first, second):
    table = np.zeros((len(first) + 1, len(second) + 1), dtype=int)
    for i, one in enumerate(first, 1):
        for j, other in enumerate(second, 1):
            table[i, j] = table[i - 1, j - 1] + 1 if one == other else max(table[i - 1, j], table[i, j - 1])
    return table[-1, -1]


@given(st.lists(st.sampled_from("ab汤冷")), st.lists(st.sampled_from("ab汤冷")))
def test_the_common_subsequence_is_that_of_the_table(first, second):
    assert lcs(first, second) == lcs(second, first) == table_lcs(first, second)


def test_an_unknown_measure_is_said():
    with pytest.raises(InputError, match="no measure `rouge3`"):
        rouge(["a"], [["a"]], measures=["rouge3"])
    with pytest.raises(InputError, match="text 1 has no reference"):
        rouge(["a"], [[]])
