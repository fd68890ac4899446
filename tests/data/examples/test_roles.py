"""Guessing columns: usual names and plain looks are taken, doubt is an error that says what to pass."""

import csv
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.data.examples import option_questions, span_questions
from weft.data.examples.column_settings import as_setting
from weft.data.examples.header_row import naming
from weft.data.examples.label_evidence import other_labels
from weft.data.examples.roles import LABEL, PAIRS, TEXT, Role, as_option, find_roles, named_columns
from weft.data.sources import open_table
from weft.errors import InputError
from weft.tasks.classification import ClassificationConfig

SENTENCES = (
    "the room was clean and quiet",
    "never again, far too noisy at night",
    "breakfast could have been better",
    "we will come back next year",
    "房间很干净，服务态度也非常好",
    "再也不会来了，隔音实在太差",
)
LABELS = ("pos", "neg", "neg", "pos", "pos", "neg")


def table_of(folder, header, *columns, name="reviews.csv"):
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *zip(*columns, strict=True)])
    return open_table(path)


def guess(table, text=None, label=None):
    found = find_roles(table, (TEXT, LABEL), named={"text": text, "label": label})
    return found["text"][0], found["label"][0]


def text_of(table, text=None):
    return find_roles(table, (TEXT, LABEL), named={"text": text}, answering=True)["text"][0]


def fault(table, text=None, label=None) -> InputError:
    with pytest.raises(InputError) as caught:
        guess(table, text, label)
    assert caught.value.where.startswith(table.path)
    return caught.value


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (("text", "label"), ("text", "label")),
        (("Label", "REVIEW"), ("REVIEW", "Label")),
        (("评论", "情感"), ("评论", "情感")),
        (("標籤", "內容"), ("內容", "標籤")),
        (("sentence", "class"), ("sentence", "class")),
    ],
)
def test_usual_names(tmp_path, header, expected):
    assert guess(table_of(tmp_path, header, ["a", "b"], ["c", "d"])) == expected


def test_of_several_usual_names_the_most_usual(tmp_path):
    table = table_of(tmp_path, ("title", "content", "category", "label"), "ab", "cd", "ef", "gh")
    assert guess(table) == ("content", "label")
    assert guess(table, text="title") == ("title", "label")
    assert guess(table, label="category") == ("content", "category")
    assert text_of(table) == "content"


def test_named_columns(tmp_path):
    table = table_of(tmp_path, ("one", "two", "text", "label"), *("abcd",) * 4)
    assert guess(table, "one", "two") == ("one", "two")
    assert text_of(table, text="two") == "two"


def test_a_named_column_that_is_not_there(tmp_path):
    table = table_of(tmp_path, ("text", "label"), "ab", "cd")
    error = fault(table, text="texts")
    assert str(error).endswith("there is no column `texts` among `text`, `label`\nhint: did you mean `text`?")
    assert "there is no column `标签`" in fault(table, label="标签").what
    assert "as the text and as the label" in fault(table, "text", "text").what
    with pytest.raises(InputError, match="there is no column `x`"):
        text_of(table, text="x")


def test_by_looks(tmp_path):
    assert guess(table_of(tmp_path, ("sms", "kind"), SENTENCES, LABELS)) == ("sms", "kind")
    assert guess(table_of(tmp_path, ("kind", "id", "sms"), LABELS, range(6), SENTENCES)) == ("sms", "kind")
    assert guess(table_of(tmp_path, ("stars", "sms"), [1, 5, 1, 5, 5, 1], SENTENCES)) == ("sms", "stars")
    assert text_of(table_of(tmp_path, ("id", "sms"), range(6), SENTENCES)) == "sms"
    assert text_of(table_of(tmp_path, ("kind", "sms"), LABELS, SENTENCES)) == "sms"


def test_a_usual_name_and_looks(tmp_path):
    assert guess(table_of(tmp_path, ("sms", "label"), "ab", "cd")) == ("sms", "label")
    assert guess(table_of(tmp_path, ("text", "kind"), SENTENCES, LABELS)) == ("text", "kind")
    assert guess(table_of(tmp_path, ("sms", "kind"), SENTENCES, LABELS), label="kind") == ("sms", "kind")
    assert text_of(table_of(tmp_path, ("sms", "label"), "ab", "cd")) == "sms"


def test_doubt_is_an_error(tmp_path):
    table = table_of(tmp_path, ("one", "two", "kind"), SENTENCES, SENTENCES[::-1], LABELS)
    error = fault(table)
    assert error.what == "cannot tell which column is the text among `one`, `two`, `kind`"
    assert error.hint == "pass --text one or --text two"
    assert guess(table, text="two") == ("two", "kind")
    with pytest.raises(InputError, match="cannot tell which column is the text among") as caught:
        text_of(table)
    assert caught.value.hint == "pass --column one or --column two"
    # an id is no label, however the other column is named
    assert "cannot tell" in fault(table_of(tmp_path, ("text", "id"), SENTENCES, range(6))).what
    assert "cannot tell" in fault(table_of(tmp_path, ("x", "y"), ["a", "b"], ["c", "d"])).what


def test_many_columns_are_not_all_listed(tmp_path):
    table = table_of(tmp_path, [f"column{number}" for number in range(50)], *(["a", "b"],) * 50)
    assert fault(table).what.endswith("`column19` and 30 more")


@pytest.mark.parametrize("header", [("fine", "1"), ("0", "1"), ("How was it?", "stars")])
def test_a_first_line_that_may_be_a_row_is_asked_about(tmp_path, header):
    table = table_of(tmp_path, header, SENTENCES, LABELS)
    error = fault(table)
    assert "the first line looks like a row" in error.what
    assert "pass --no-header, or --columns text,label" in error.hint
    assert error.hint.endswith("; if it has the names, pass --text NAME --label NAME")
    assert len(error.what) < 200
    assert "pass --columns" in fault(table, text="text").hint
    assert guess(table, *header) == header
    with pytest.raises(InputError, match="looks like a row"):
        text_of(table)


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        (("the very first review of the file, which is longer than names of columns are", "good"), (SENTENCES, LABELS)),
        (("房间很好", LABELS[0]), (SENTENCES, LABELS)),
        (("nice", "1"), (SENTENCES, ["1", "0", "0", "1", "1", "0"])),
        (("fine", "x", "id-2026-9"), (SENTENCES, LABELS, [f"id-2026-{n}" for n in range(len(LABELS))])),
    ],
)
def test_a_first_line_that_is_plainly_a_row_is_one(tmp_path, header, columns):
    table = table_of(tmp_path, header, *columns)
    assert guess(table) == ("column 1", "column 2")
    assert (table.columns[:2], [row.line for row in table][:2]) == (("column 1", "column 2"), [1, 2])
    assert table.remarks[-1].startswith("no header, columns `column 1`, `column 2`")
    other = table_of(tmp_path, ("brief", "else"), SENTENCES[:2], LABELS[:2])
    trained = {"text": "column 1", "label": "column 2"}
    found = find_roles(other, (TEXT, LABEL), named={}, trained=trained)
    assert found == {"text": ("column 1",), "label": ("column 2",)}


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        (("How was it?", "Again?"), ([*SENTENCES, *map(str.upper, SENTENCES[:4]), "好", "不好"], LABELS * 2)),
        (("Nr.", "您有什么意见？", "您满意吗？"), (range(6), SENTENCES, LABELS)),
        (("When", "In your own words, please: what do you think of us, and what might be better?", "So:"), (
            ["2024/04/18 11:07:00 AM GMT+1"] * 6, SENTENCES, LABELS,
        )),
    ],
)  # fmt: skip
def test_a_question_that_is_unlike_all_below_it_is_a_name(tmp_path, header, columns):
    assert guess(table_of(tmp_path, header, *columns)) == header[-2:]


def test_a_first_row_that_lacks_its_number_is_none(tmp_path):
    for missing in ("n/a", ""):
        assert (
            "looks like a row"
            in fault(table_of(tmp_path, ("It was fine.", "x", missing), SENTENCES, LABELS, range(6))).what
        )


TWO_ROWS = (("客户", "", "意见", ""), ("姓名", "nr", "text of it", "kind"))
SURVEY = (("Nr", "How was it?", "Which one?", ""), ("", "Open-Ended Response", "Response", "Other"))


@pytest.mark.parametrize(
    ("heads", "names"),
    [
        (TWO_ROWS, TWO_ROWS[1]),
        (SURVEY, ("Nr", "How was it?", "Which one?", "Which one? Other")),
        (
            (("Nr", "How was it?", "Which one?"), ("", "Text", "Choice")),
            ("Nr", "How was it? Text", "Which one? Choice"),
        ),
    ],
)
def test_a_second_row_of_names_is_joined_to_the_first(tmp_path, heads, names):
    columns = {
        4: (LABELS[::-1] * 2, range(12), [f"{n} {text}" for n, text in enumerate(SENTENCES * 2)], LABELS * 2),
        3: (range(12), [f"{n} {text}" for n, text in enumerate(SENTENCES * 2)], LABELS * 2),
    }
    rows = columns[len(names)]
    if heads is SURVEY:
        rows = (*columns[3], [""] * 11 + ["其他"])
    table = table_of(tmp_path, heads[0], *([cell, *column] for cell, column in zip(heads[1], rows, strict=True)))
    found = find_roles(table, (TEXT, LABEL), named={"text": names[2], "label": names[0]})
    assert (found["text"], table.columns) == ((names[2],), names)
    assert ([row.line for row in table], table.remarks[-1]) == (
        [*range(3, 15)], "line 2 read as names of columns, too"
    )  # fmt: skip
    few = table_of(tmp_path, heads[0], *([cell, *[*column][:1]] for cell, column in zip(heads[1], rows, strict=True)))
    trained = {"text": names[2], "label": names[0]}
    assert find_roles(few, (TEXT, LABEL), named={}, trained=trained, answering=True) == {"text": (names[2],)}
    assert few.columns == names or heads is not TWO_ROWS


def test_a_first_row_with_blanks_is_no_second_row_of_names(tmp_path):
    for first in (("", "a new text", "pos"), ("", "a new text", "unsure"), ("n/a", "", "neg"), ("7", "一", "二")):
        rows = zip(first, ([7, 8, 9, 10, 11, 12], SENTENCES, LABELS), strict=True)
        table = table_of(tmp_path, ("", "words", "kind"), *([cell, *column] for cell, column in rows))
        find_roles(table, (TEXT, LABEL), named={"text": "words", "label": "kind"})
        assert next(iter(table)).line == 2


def test_an_index_and_a_blank_column_are_neither_text_nor_label(tmp_path):
    table = table_of(tmp_path, ("", "words", "kind", ""), range(6), SENTENCES, LABELS, [""] * 6)
    assert guess(table) == ("words", "kind")


@pytest.mark.parametrize(
    "others",
    [
        ("2024-01-03", "2024-01-04"),
        ("1/3/2024 10:05", "1/4/2024 9:00"),
        ("Jan 3, 2024", "Jan 4, 2024"),
        ("2024年1月3日", "2024年1月4日"),
        ("10293844", "10293845"),
        ("a1b2c3d4", "0f0f0f0f"),
    ],
)
def test_dates_and_ids_are_no_labels(tmp_path, others):
    table = table_of(tmp_path, ("review_text", "rating", "seen"), SENTENCES, "512215", others * 3)
    assert guess(table) == ("review_text", "rating")


@pytest.mark.parametrize(
    ("columns", "names"),
    [
        ((SENTENCES, SENTENCES[::-1]), "source,target"),
        (
            (["Go.", "Hi.", "去。"] * 2, ["Geh.", "Hallo.", "走。"] * 2, ["CC-BY 2.0 #1"] * 6),
            "source,target,other",
        ),
        ((LABELS, SENTENCES), "label,text"),
        ((range(6), SENTENCES, LABELS), "other,text,label"),
        ((SENTENCES, SENTENCES[::-1], LABELS), "text_a,text_b,label"),
        (
            (SENTENCES, [f"手机,{word}" for word in ["科技", "财经", "体育", "教育", "汽车", "房产"]], LABELS),
            "text,other,label",
        ),
        ((SENTENCES[:3] * 4, SENTENCES * 2, LABELS * 2), ""),
        ((SENTENCES * 4, SENTENCES[::-1] * 4, "01" * 12), "text_a,text_b,label"),
        (
            ("04" * 6, range(12), ["NONE"] * 12, ["amy", "bob", "李雷_1", "eve", "joe", "zoe"] * 2, SENTENCES * 2),
            ("label,other,other2,other3,text"),
        ),
        ((SENTENCES, SENTENCES[::-1], SENTENCES, LABELS), ""),
    ],
)
def test_names_for_columns_without_a_header_can_be_typed_as_they_are(columns, names):
    assert naming([[*map(str, values)] for values in columns]) == names


def test_names_that_are_not_known_cannot_be_typed_as_they_are(tmp_path):
    table = table_of(tmp_path, (SENTENCES[0], *SENTENCES[:2], LABELS[0]), *(SENTENCES,) * 3, LABELS)
    said = fault(table)
    assert "pass --columns NAME,NAME,NAME,NAME (a name for each" in said.hint
    with pytest.raises(InputError, match="two columns are named `NAME`"):
        open_table(table.path, columns=("NAME",) * 4)


def test_plain_text_that_is_a_table_between_other_marks_is_known(tmp_path):
    path = tmp_path / "pairs.txt"
    path.write_text("id|words|kind\n" + "".join(f"{n}|{SENTENCES[n]}|{LABELS[n]}\n" for n in range(6)))
    assert fault(open_table(path)).hint == "rename it to end in .csv"
    path.write_text("Well; yes.\nNo; 不。\nPlain\nand simple\n")
    assert "__label__" in fault(open_table(path)).hint


@pytest.mark.parametrize("name", ["user", "作者", "customer_id"])
def test_people_are_no_labels(tmp_path, name):
    assert "cannot tell which column is the label" in fault(table_of(tmp_path, ("text", name), SENTENCES, LABELS)).what
    assert guess(table_of(tmp_path, ("text", name), SENTENCES, LABELS), label=name) == ("text", name)


def test_times_are_not_proposed_as_labels(tmp_path):
    times = [f"{1717401600 + number}.25" for number in range(6)]
    assert "ts" not in fault(table_of(tmp_path, ("text", "ts"), SENTENCES, times)).hint
    assert (
        "`分数` holds numbers"
        in fault(table_of(tmp_path, ("text", "ts", "分数"), SENTENCES, times, ["4.5", "5", "1", "2", "3.5", "4"])).hint
    )


def test_many_codes_are_no_labels(tmp_path):
    codes = [f"U{number % 12}" for number in range(24)]
    assert "cannot tell" in fault(table_of(tmp_path, ("text", "posted"), SENTENCES * 4, codes)).what


def test_one_column(tmp_path):
    table = table_of(tmp_path, ("sms",), SENTENCES)
    assert text_of(table) == "sms"
    assert fault(table).what == "has one column, `sms`, expected a text and a label"
    plain = tmp_path / "corpus.txt"
    plain.write_text("房间很好\n", encoding="utf-8")
    assert text_of(open_table(plain)) == "text"
    assert "__label__" in fault(open_table(plain)).hint


def test_fasttext_and_json(tmp_path):
    path = tmp_path / "train.txt"
    path.write_text("__label__a 房间很好\n", encoding="utf-8")
    assert guess(open_table(path)) == ("text", "label")
    path = tmp_path / "train.jsonl"
    path.write_text('{"sms": "a", "tags": [], "label": null}\n{"sms": "b", "label": 1}\n', encoding="utf-8")
    assert guess(open_table(path)) == ("sms", "label")


@pytest.mark.parametrize("pair", PAIRS)
def test_what_may_be_a_pair_is_not_read_by_half(tmp_path, pair):
    first, second = pair
    table = table_of(tmp_path, (second, first.upper(), "label"), SENTENCES, SENTENCES[::-1], LABELS)
    found = find_roles(table, (TEXT, LABEL), named={})
    assert found == {"text": (first.upper(), second), "label": ("label",)}
    table = table_of(tmp_path, (second, first.upper(), "label"), SENTENCES, SENTENCES[::-1], range(len(SENTENCES)))
    error = fault(table)
    assert error.what == f"`{first.upper()}` and `{second}` may be a pair of texts, or one of them the text"
    assert error.hint == f"pass --text {first.upper()},{second} for pairs, or --text {first.upper()} for one alone"
    assert fault(table, label="label").what == error.what
    assert guess(table, text=second) == (second, "label")
    with pytest.raises(InputError, match="may be a pair of texts"):
        text_of(table)


@pytest.mark.parametrize(("asked", "read"), [("Question", "context"), ("问题", "文章")])
def test_questions_on_passages_are_not_sorted_unasked(tmp_path, asked, read):
    table = table_of(tmp_path, (asked, read, "label"), SENTENCES, SENTENCES[::-1], LABELS)
    error = fault(table)
    assert error.what == f"`{asked}` and `{read}` look like questions on passages"
    assert error.hint == f"pass --text {asked},{read} to read both as pairs"
    assert guess(table, text=asked) == (asked, "label")
    with pytest.raises(InputError, match="look like questions"):
        text_of(table)


def test_the_text_of_a_further_file_is_not_taken_from_a_strange_column(tmp_path):
    def again(names, *columns):
        table, role = table_of(tmp_path, names, *columns), replace(TEXT, most=1, again="name")
        return find_roles(table, (role,), named={}, trained={"text": "text"})["text"][0]

    assert again(("title", "text"), SENTENCES, SENTENCES) == "text"
    assert again(("正文",), SENTENCES) == "正文"
    assert again(("id", "Review", "label"), range(6), SENTENCES, LABELS) == "Review"
    for names in (("title", "abstract"), ("title", "review"), ("sms", "label")):
        with pytest.raises(InputError, match=r"no column `text`, as in training, among `\w+`, `\w+`") as caught:
            again(names, SENTENCES, SENTENCES)
        assert caught.value.hint == "name the one to read: --text NAME"


NAMES = st.text('ab," 问', min_size=1, max_size=5).map(str.strip).filter(lambda name: name.strip(", "))


@given(st.lists(NAMES, min_size=2, max_size=4, unique=True))
def test_several_columns_are_read_as_they_are_written(columns):
    assert named_columns(tuple(columns), columns) == tuple(columns)
    setting = as_setting(columns)
    if not any({",", '"'} & set(name) for name in columns):
        assert named_columns(as_option(setting), columns) == tuple(columns)
    assert set(named_columns(",".join(columns), columns)) <= set(columns)


@pytest.mark.parametrize(
    ("names", "columns", "expected"),
    [
        ("a,b,c", ["a,b", "c"], ("a,b", "c")),
        ("c,a,b", ["a,b", "a", "c"], ("c", "a,b")),
        ('"a,b",c', ["a,b", "a", "b", "c"], ("a,b", "c")),
        ("a,b,c", ["a", "b", "c"], ("a", "b", "c")),
        (("a,b",), ["a", "b"], ("a,b",)),
        (None, ["a"], ()),
    ],
)
def test_a_column_may_have_commas_in_its_name(names, columns, expected):
    assert named_columns(names, columns) == expected


def test_roles_of_several_columns_that_are_not_required(tmp_path):
    numbers = Role("numbers", most=None, required=False)
    table = table_of(tmp_path, ("text", "label", "price,net", "age"), *("abcd",) * 4)
    assert find_roles(table, (numbers,), named={}) == {}
    found = find_roles(table, (TEXT, numbers, LABEL), named={"numbers": "age,price,net"})
    assert found == {"text": ("text",), "numbers": ("age", "price,net"), "label": ("label",)}
    named = {"text": "text", "numbers": ("age",)}
    again = find_roles(table, (TEXT, numbers, LABEL), named={}, trained=named, answering=True)
    assert again == {"text": ("text",), "numbers": ("age",)}


def test_columns_with_commas_play_every_role(tmp_path):
    table = table_of(tmp_path, ("q,1", "p", "o,1", "o,2", "right"), *("abcd",) * 5)
    named = {"text": "q,1,p,o,1,o,2", "label": "right"}
    assert find_roles(table, option_questions.ROLES, named=named)["text"] == ("q,1", "p", "o,1", "o,2")
    named["text"] = "q,1,p"
    assert find_roles(table, span_questions.ROLES, named=named)["text"] == ("q,1", "p")
    assert find_roles(table, (TEXT, LABEL), named=named)["text"] == ("q,1", "p")
    with pytest.raises(InputError, match="names 3 columns, expected one or two"):
        find_roles(table, (TEXT, LABEL), named={"text": "q,1,p,right"})


def test_fields_of_nested_objects_are_named_by_their_path(tmp_path):
    rows = [
        {"data": {"文": text, "meta": {"y": label}}, "id": 1} for text, label in zip(SENTENCES, LABELS, strict=True)
    ]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert find_roles(open_table(path), [TEXT, LABEL], named={}) == {"text": ("data.文",), "label": ("data.meta.y",)}
    path.write_text("\n".join(map(json.dumps, rows[:3])), encoding="utf-8")
    with pytest.raises(InputError, match=r"cannot tell which .* among `id`, `data.文`, `data.meta.y`") as refused:
        find_roles(open_table(path), [TEXT, LABEL], named={})
    assert "named by their path: `data.文`, `data.meta.y`" in refused.value.hint
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    table = open_table(f"{path},{path}")
    named = {"text": "data.文", "label": "data.meta.y"}
    assert find_roles(table, [TEXT, LABEL], named={}, trained=named) == {
        "text": ("data.文",),
        "label": ("data.meta.y",),
    }
    assert [row.values["data.文"] for row in table] == [*SENTENCES, *SENTENCES]
    assert "data.文" not in next(iter(table)).whole
    with pytest.raises(InputError, match=r"no column `data\.txt`"):
        find_roles(table, [TEXT], named={"text": "data.txt"})
    path.write_text('{"t": "好 good", "a": [{"r": "x"}], "s": [[0, 1, "x"]], "w": ["x"]}\n' * 4, encoding="utf-8")
    for named, hint in (("a", "what lies in a list has no path"), ("s", "--tags s"), ("w", "--task multilabel")):
        with pytest.raises(InputError, match=f"`{named}` holds lists, expected one label") as refused:
            ClassificationConfig(text="t", label=named).resolved(open_table(path))
        assert hint in refused.value.hint
    for label in (None, "a.r", "a[0].r"):
        with pytest.raises(InputError, match=r"no column|cannot tell") as refused:
            find_roles(open_table(path), [TEXT, LABEL], named={"text": "t", "label": label})
        assert "what lies in a list has no path" in refused.value.hint
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    config = ClassificationConfig(text="data", label="data.meta.y").resolved(open_table(path))
    with pytest.raises(InputError, match="text is an object") as refused:
        list(config.read(open_table(path)))
    assert "--text data.文" in refused.value.hint


def test_a_column_of_numbers_is_named_where_no_label_is_plain(tmp_path):
    scores = [f"{place}.{place}" for place in range(len(SENTENCES))]
    table = table_of(tmp_path, ("sentence1", "sentence2", "score"), SENTENCES, SENTENCES[::-1], scores)
    said = fault(table, text="sentence1,sentence2")
    assert said.hint.startswith(
        "`score` holds numbers: --value score predicts one, --label score learns each as a class"
    )


def test_a_header_with_a_blank_name_and_no_row_that_can_be_read_is_told(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_bytes(',""\n1.0\t[新闻]label'.encode())
    table = open_table(path)
    with pytest.raises(InputError):
        find_roles(table, (TEXT, LABEL), named={})


def test_numbers_of_labels_beside_their_names_are_no_labels(tmp_path):
    kinds = [("109", "科技"), ("104", "sports")]
    lines = [
        f"{n + 10**9}_!_{'_!_'.join(kinds[n % 2])}_!_{'今天的新闻很多' if n % 3 else 'a day of news'} {n}"
        for n in range(12)
    ]
    path = tmp_path / "a.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    table = open_table(path)
    found = find_roles(table, (TEXT, LABEL), named={"text": None, "label": None})
    assert found == {"text": ("column 4",), "label": ("column 3",)}
    assert other_labels(table, "column 3", texts=["column 4"]) == []
