"""Scores of spans on cases worked out by hand, as `conlleval` and the SIGHAN scorer have them."""

import pytest

from weft.metrics.tagging import (
    NONE,
    TaggedPair,
    commonest_mistakes,
    confusions,
    longest_matches,
    scores_by_label,
    span_scores,
    spans_of_words,
    values_of,
)

PAIRS = [
    TaggedPair("Ada met Bob", {(0, 3, "PER"), (8, 11, "PER")}, {(0, 3, "PER"), (8, 11, "LOC")}),
    TaggedPair("去北京大学", {(1, 5, "ORG")}, {(1, 3, "LOC")}),
    TaggedPair("in Oslo", {(3, 7, "LOC")}, {(3, 7, "LOC")}),
    TaggedPair("nothing", set(), set()),
]


def test_a_span_is_right_with_its_start_end_and_label():
    found = values_of(span_scores(PAIRS, {"Ada", "Oslo"}, prefix="span"))
    # 4 true spans, 4 predicted, 2 of them right: `Ada` and `Oslo`, both known from training; `Bob` and 北京大学 are not
    assert found["span_precision"] == found["span_recall"] == found["span_f1"] == pytest.approx(2 / 4)
    assert found["exact_match"] == 2 / 4
    assert found["seen_recall"] == 1
    assert found["unseen_recall"] == 0


def test_the_example_of_sighan():
    # true: 中国/人民/银行 and 很/好; predicted: 中国/人/民/银行 and 很好
    true, cut = (["中国", "人民", "银行"], ["很", "好"]), (["中国", "人", "民", "银行"], ["很好"])
    pairs = [
        TaggedPair("".join(one), spans_of_words(one), spans_of_words(other))
        for one, other in zip(true, cut, strict=True)
    ]
    found = values_of(span_scores(pairs, {"中国", "人民", "很"}, prefix="word"))
    assert found["word_precision"] == pytest.approx(2 / 5)
    assert found["word_recall"] == pytest.approx(2 / 5)
    assert found["word_f1"] == pytest.approx(2 / 5)
    assert found["seen_recall"] == pytest.approx(1 / 3)  # 中国 of 中国, 人民, 很
    assert found["unseen_recall"] == pytest.approx(1 / 2)  # 银行 of 银行, 好


def test_no_spans_at_all_score_zero():
    found = values_of(span_scores([TaggedPair("a", set(), set())], set(), prefix="span"))
    assert found["span_f1"] == found["span_precision"] == found["span_recall"] == 0
    assert found["exact_match"] == 1


def test_each_label_has_its_scores():
    by_label = {one["label"]: one for one in scores_by_label(PAIRS)}
    assert list(by_label) == ["PER", "ORG", "LOC"]
    assert by_label["PER"]["recall"].value == 1 / 2
    assert by_label["PER"]["precision"].value == 1
    assert by_label["LOC"]["precision"].value == 1 / 3
    assert by_label["ORG"]["f1"].value == 0
    assert by_label["LOC"]["support"] == 1


def test_labels_are_confused_at_the_same_place():
    assert confusions(PAIRS, ["PER", "ORG", "LOC"]).tolist() == [[1, 0, 1, 0], [0, 0, 0, 1], [0, 0, 1, 0], [0, 0, 1, 0]]
    mistakes = {(one["text"], one["true"], one["predicted"]): one["times"] for one in commonest_mistakes(PAIRS * 2)}
    assert mistakes == {("Bob", "PER", "LOC"): 2, ("北京大学", "ORG", NONE): 2, ("北京", NONE, "LOC"): 2}


def test_the_longest_match_goes_from_left_to_right():
    words = {"中国", "中国人", "人民", "银行"}
    text = "中国人民银行 x"
    assert [text[start:end] for start, end, _ in longest_matches(text, words, longest=3)] == [
        "中国人",
        "民",
        "银行",
        "x",
    ]
