"""Files side by side: line n of each is one row, and whatever is wrong names a file and a line that can be opened."""

import bz2
import gzip
import lzma

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.tables import relaxed, written
from weft.data.sources import BadRow, Row, open_table
from weft.errors import InputError

ENGLISH = "A man rides a horse.\n\nTwo dogs  run, \n__label__a fine day\n"
CHINESE = "一个男人骑着马。\n空行对面\n两只狗在跑，\n__label__好天气\n"


def pair(folder, first: str | bytes, second: str | bytes, names=("train.en", "train.zh")) -> str:
    paths = [written(folder, content, name) for content, name in zip((first, second), names, strict=True)]
    return ",".join(map(str, paths))


def test_lines_are_values_as_they_are(tmp_path):
    table = open_table(pair(tmp_path, ENGLISH, CHINESE))
    assert (table.form, table.columns, table.encoding) == ("parallel", ("en", "zh"), "utf-8")
    wanted = [
        Row({"en": "A man rides a horse.", "zh": "一个男人骑着马。"}, 1),
        Row({"en": "", "zh": "空行对面"}, 2),
        Row({"en": "Two dogs  run, ", "zh": "两只狗在跑，"}, 3),
        Row({"en": "__label__a fine day", "zh": "__label__好天气"}, 4),
    ]
    assert list(table) == list(table) == wanted


def test_three_files_and_blanks_about_the_commas(tmp_path):
    paths = [written(tmp_path, text, f"train.{name}") for text, name in (("a\n", "de"), ("b\n", "en"), ("好", "zh"))]
    table = open_table(" , ".join(map(str, paths)))
    assert list(table) == [Row({"de": "a", "en": "b", "zh": "好"}, 1)]
    same = [written(tmp_path, "a\n", f"{name}.txt") for name in "abc"]
    with pytest.raises(InputError, match="3 files side by side, expected each to have a suffix of its own"):
        open_table(",".join(map(str, same)))


@pytest.mark.parametrize(
    ("names", "columns"),
    [
        (("train.en", "train.zh"), ("en", "zh")),
        (("a.en", "b.zh_CN"), ("en", "zh_CN")),
        (("train.txt", "answers.txt"), ("source", "target")),
        (("train.en", "answers.TXT"), ("source", "target")),
        (("questions.q", "answers.q"), ("source", "target")),
        (("questions", "answers"), ("source", "target")),
        (("questions.", "answers.a"), ("source", "target")),
    ],
)
def test_columns_are_named_by_the_suffixes_where_those_tell(tmp_path, names, columns):
    assert open_table(pair(tmp_path, ENGLISH, CHINESE, names)).columns == columns


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gb18030"])
def test_each_file_has_its_own_packing_and_encoding(tmp_path, encoding):
    content = lzma.compress(ENGLISH.encode()), gzip.compress(CHINESE.encode(encoding))
    table = open_table(pair(tmp_path, *content, ("train.en.xz", "train.zh.gz")))
    assert table.columns == ("en", "zh")
    assert table.encoding == " and ".join(sorted(("utf-8", encoding)))
    assert list(table) == list(open_table(pair(tmp_path, ENGLISH, CHINESE)))
    both = [bz2.compress(text.encode(encoding)) for text in (ENGLISH, CHINESE)]
    packed = open_table(pair(tmp_path, *both, ("train.en.bz2", "train.zh.bz2")), encoding=encoding)
    assert list(packed) == list(table)


def test_a_bom_at_each_joint_and_windows_line_ends(tmp_path):
    table = open_table(pair(tmp_path, "\ufeffone\r\n\ufefftwo\r\n\ufeff", "\ufeff一\n二"))
    assert list(table) == [Row({"en": "one", "zh": "一"}, 1), Row({"en": "two", "zh": "二"}, 2)]


def test_odd_breaks_inside_a_sentence_do_not_shift_the_lines(tmp_path):
    table = open_table(pair(tmp_path, "one\rhalf\u2028more\x85\ntwo\n", "一\n二\n"))
    assert [row.values["en"] for row in table] == ["one\rhalf\u2028more\x85", "two"]


def test_counts_that_differ(tmp_path):
    both = pair(tmp_path, ENGLISH, CHINESE + "多\n余\n")
    english, chinese = both.split(",")
    with pytest.raises(InputError) as caught:
        open_table(both, on_bad_row="skip")
    assert caught.value.what == f"`{english}` has 4 lines, `{chinese}` has 6 lines, expected as many"
    assert caught.value.where == f"{chinese}:5"
    assert caught.value.hint.startswith(f"line 5 of {chinese} is the first without a partner in {english}")
    with pytest.raises(InputError, match=r"`.*train\.en` has 0 lines, `.*train\.zh` has 1 line, expected as many"):
        open_table(pair(tmp_path, "", "一"))
    with pytest.raises(InputError, match=r"train\.en: is empty"):
        open_table(pair(tmp_path, "", ""))


def test_what_is_wrong_with_one_file_names_that_file(tmp_path):
    both = pair(tmp_path, "fine\nfine\n", "fine\ncaf\xe9\n".encode("latin-1"))
    with pytest.raises(InputError) as caught:
        open_table(both)
    assert caught.value.where == f"{tmp_path / 'train.zh'}:2"
    with pytest.raises(InputError) as caught:
        open_table(f"{tmp_path / 'train.en'},{tmp_path / 'trian.zh'}")
    assert (caught.value.where, caught.value.what) == (str(tmp_path / "trian.zh"), "there is no such file")
    assert caught.value.hint == f"did you mean `{tmp_path / 'train.zh'}`?"
    with pytest.raises(InputError, match="is a folder, expected a file"):
        open_table(f"{tmp_path},{tmp_path / 'train.zh'}")


def test_a_refused_row_is_placed_in_the_file_of_its_column(tmp_path):
    both = pair(tmp_path, ENGLISH, CHINESE)
    english, chinese = both.split(",")
    table = open_table(both)
    assert (table.path, table.place(2), table.place(2, column="zh")) == (english, f"{english}:2", f"{chinese}:2")
    with pytest.raises(InputError) as caught:
        table.reject(2, "target is empty", column="zh")
    assert caught.value.where == f"{chinese}:2"
    lenient = open_table(both, on_bad_row="skip")
    lenient.reject(2, "source is empty", column="en")
    lenient.reject(3, "is too long")
    assert lenient.bad == [BadRow(english, 2, "en", "source is empty"), BadRow(english, 3, "", "is too long")]


def test_a_file_whose_name_has_a_comma_is_one_file(tmp_path):
    path = written(tmp_path, "text,label\n好,a\n", "reviews,old.csv")
    assert open_table(path).form == "csv"
    with pytest.raises(InputError, match="is one name, expected those of two files"):
        open_table(path, form="parallel")
    with pytest.raises(InputError, match="did you mean `parallel`"):
        open_table(path, form="paralel")


lines = st.lists(st.text("ab 好\r\u2028", max_size=4), min_size=1, max_size=6)


@relaxed
@given(first=lines, second=lines)
def test_any_two_files_are_read_whole_or_refused(tmp_path, first, second):
    both = pair(tmp_path, *("".join(f"{line}\n" for line in side) for side in (first, second)))
    if len(first) != len(second):
        with pytest.raises(InputError, match="expected as many"):
            open_table(both)
        return
    found = [(row.values["en"], row.values["zh"], row.line) for row in open_table(both)]
    bare = [[line.rstrip("\r") for line in side] for side in (first, second)]
    assert found == list(zip(*bare, range(1, len(first) + 1), strict=True))
