import json

import pytest

from weft.data.examples.tagged import LabelledSpan, TaggedText, found_reading, joined, tag_column, tag_doubts, tagged_of
from weft.data.sources import open_table
from weft.errors import InputError


def read(tmp_path, rows, *, text="tokens", tags="tags", name="a.jsonl", **settings):
    """The reading that is found, and the examples."""
    path = tmp_path / name
    whole = rows if isinstance(rows, str) else "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
    path.write_text(whole, encoding="utf-8")
    table = open_table(path)
    table.read_as_sentences()
    reading = found_reading(table, text=text, tags=tags, form=None, scheme=None, unit=None, **settings)
    return reading, list(tagged_of(table, text=text, tags=tags, reading=reading))


def surfaces(example):
    return [(example.text[span.start : span.end], span.label) for span in example.spans]


def test_tags_of_tokens_are_spans_of_characters(tmp_path):
    rows = [
        {"tokens": ["Ada", "is", "in", "New", "York", "."], "tags": ["B-PER", "O", "O", "B-LOC", "I-LOC", "O"]},
        {"tokens": ["李明", "，", "iPhone", "用户"], "tags": ["B-PER", "O", "O", "O"]},
    ]
    reading, (english, chinese) = read(tmp_path, rows)
    assert (reading.form, reading.scheme, reading.unit) == ("spans", "bio", "word")
    assert english.text == "Ada is in New York ."
    assert surfaces(english) == [("Ada", "PER"), ("New York", "LOC")]
    assert chinese.text == "李明，iPhone用户"
    assert surfaces(chinese) == [("李明", "PER")]


def test_characters_with_tags_are_a_text_without_blanks(tmp_path):
    rows = [
        {"tokens": [*"去上海👍"], "tags": ["O", "B-LOC", "E-LOC", "O"]},
        {"tokens": [*"见Ada"], "tags": ["O", "B-PER", "I-PER", "E-PER"]},
    ]
    reading, (one, other) = read(tmp_path, rows)
    assert (reading.scheme, reading.unit) == ("bioes", "character")
    assert (one.text, surfaces(one)) == ("去上海👍", [("上海", "LOC")])
    assert (other.text, surfaces(other)) == ("见Ada", [("Ada", "PER")])


SPANS = [(0, 3, "name"), (5, 7, "place")]
PLACE = {"start_idx": 5, "type": "place", "entity": "北京"}


@pytest.mark.parametrize(
    "value",
    [
        [{"start": start, "end": end, "label": label} for start, end, label in reversed(SPANS)],
        [{"start_offset": str(start), "end_offset": end, "type": label} for start, end, label in SPANS],
        [{"begin": start, "end": end, "label": label} for start, end, label in SPANS],
        [{"from": start, "to": end, "label": label} for start, end, label in SPANS],
        [{"start_idx": 0, "end_idx": 2, "type": "name", "entity": "叶老桂"}, {**PLACE, "end_idx": 6}],
        [{"start_idx": 0, "end_idx": 3, "type": "name", "entity": "叶老桂"}, {**PLACE, "end_idx": 7}],
        [list(span) for span in SPANS],
        {"name": {"叶老桂": [[0, 2]]}, "place": {"北京": [[5, 6]]}},
    ],
)
def test_spans_are_read_in_every_form_in_use(tmp_path, value):
    rows = [{"text": "叶老桂住在北京👍", "label": value}, {"text": "早上好", "label": []}]
    reading, (one, other) = read(tmp_path, rows, text="text", tags="label")
    assert (reading.form, reading.unit) == ("spans", "character")
    assert surfaces(one) == [("叶老桂", "name"), ("北京", "place")]
    assert one.tokens is None
    assert other.spans == ()


def test_one_text_with_spans_is_a_row(tmp_path):
    spans = [{"start": 0, "end": 2, "label": "PER"}, {"start": 3, "end": 5, "label": "LOC"}]
    _, (found,) = read(tmp_path, [{"tokens": "马云在杭州", "tags": spans}])
    assert surfaces(found) == [("马云", "PER"), ("杭州", "LOC")]


def test_words_alone_are_segmentation(tmp_path):
    reading, (one, other) = read(
        tmp_path, [{"words": ["上海", "很", "大"]}, {"words": ["GPT", "-", "4"]}], text="words", tags=None
    )
    assert (reading.form, reading.unit) == ("words", "character")
    assert (one.text, surfaces(one)) == ("上海很大", [("上海", ""), ("很", ""), ("大", "")])
    assert other.text == "GPT-4"
    again, (same, _) = read(tmp_path, "上海 很 大\n\nGPT - 4\n", name="words.txt", text="words", tags=None)
    assert (again, same) == (reading, one)
    by_tags, (third,) = read(tmp_path, "上 B\n海 E\n很 S\n大 S\n", name="a.bmes", text="token", tags="tag")
    assert (by_tags.form, third.text, third.spans) == ("words", one.text, one.spans)


def test_tags_without_a_scheme_are_those_of_each_token(tmp_path):
    reading, (one,) = read(tmp_path, "他/PN 住/VV 在/P 上海/NR\n" * 1, name="a.txt", text="token", tags="tag")
    assert (reading.form, reading.scheme, reading.unit) == ("tokens", "none", "word")
    assert surfaces(one) == [("他", "PN"), ("住", "VV"), ("在", "P"), ("上海", "NR")]


def test_broken_sequences_have_their_lines(tmp_path):
    text = "EU B-ORG\nin O\nNew I-LOC\nYork I-LOC\n\n上 B-LOC\n海 I-LOC\n去 B-PER\n"
    reading, (one, other) = read(tmp_path, text, name="a.conll", text="token", tags="tag")
    assert reading.scheme == "bio"
    assert surfaces(one) == [("EU", "ORG"), ("New York", "LOC")]
    assert one.broken == (3,)
    assert other.broken == ()


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"tokens": ["a", "b"], "tags": ["O"]}, "has 2 tokens, and 1 tag"),
        ({"tokens": ["a", ""], "tags": ["O", "O"]}, "a token is empty"),
        ({"tokens": [], "tags": []}, "text is empty"),
        ({"tokens": ["a", "b"]}, "has no `tags`"),
        ({"tokens": ["a", "b"], "tags": ["O", "X-PER"]}, "the tag `X-PER` is not one of scheme bio"),
        ({"tokens": "好", "tags": [[0, 2, "LOC"]]}, r"the span 0 to 2 \(`LOC`\) leaves the text, which has 1 char"),
        ({"tokens": "上海", "tags": [[1, 1, "LOC"]]}, "is empty"),
        (
            {"tokens": "上海市", "tags": [[0, 2, "A"], [1, 3, "B"]]},
            r"`上海` \(0 to 2, A\) and `海市` \(1 to 3, B\) overlap",
        ),
        ({"tokens": "上海", "tags": [["x", 1, "A"]]}, "is not a span"),
        ({"tokens": "上海", "tags": [{"start": 0, "end": 1}]}, "a span has no label"),
        (
            {"tokens": "上海", "tags": {"A": {"北京": [[0, 1]]}}},
            "`北京` does not stand at 0 to 2, where the text has `上海`",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_its_line(tmp_path, row, says):
    good = {"tokens": ["a", "b"], "tags": ["B-PER", "I-PER"]}
    with pytest.raises(InputError, match=says) as caught:
        read(tmp_path, [good] * 12 + [row])
    assert caught.value.where.endswith("a.jsonl:13")
    assert caught.value.hint


def test_numbers_as_tags_are_refused(tmp_path):
    with pytest.raises(InputError, match="the tags are numbers, such as `0`"):
        read(tmp_path, [{"tokens": ["a", "b"], "tags": [0, 3]}] * 2)


def test_one_of_several_columns_of_tags_has_to_be_named(tmp_path):
    row = '{"tokens": ["a", "b"], "pos": ["X", "Y"], "ner": ["O", "O"]}\n'
    (tmp_path / "a.jsonl").write_text(row * 2, encoding="utf-8")
    table = open_table(tmp_path / "a.jsonl")
    with pytest.raises(InputError, match="several columns have a tag for each token: `pos`, `ner`") as caught:
        tag_column(table, text="tokens", tags="ner", named=False)
    assert "--tags ner" in caught.value.hint
    tag_column(table, text="tokens", tags="ner", named=True)


def test_blanks_stand_between_words_but_not_beside_chinese():
    assert joined(["I", "love", "北京", "and", "上海", "。", "OK"], "word") == "I love北京and上海。OK"
    assert joined([*"GPT-4"], "character") == "GPT-4"


def test_an_example_is_what_it_says():
    one = TaggedText("上海", (LabelledSpan(0, 2, "LOC"),))
    assert (one.stratum, one.whole, one.texts, one.label) == ("LOC", "上海", ("上海",), (LabelledSpan(0, 2, "LOC"),))
    assert TaggedText("上海").stratum == ""


def test_tags_from_which_little_is_learned_are_doubted():
    every = [TaggedText("Anna 李明", spans=(LabelledSpan(0, 4, "PER"), LabelledSpan(5, 7, "PER")))] * 3
    (said,) = tag_doubts(every, "spans")
    assert said.startswith("every token is tagged `PER`")
    assert not tag_doubts([*every, TaggedText("Anna sits", spans=(LabelledSpan(0, 4, "PER"),))], "spans")
    odd = [TaggedText("Anna sits", spans=(LabelledSpan(0, 4, "Q:PER"), LabelledSpan(5, 9, "W:O")))]
    (said,) = tag_doubts(odd, "tokens")
    assert "`Q:PER`" in said
    assert "`B-PER`" in said
