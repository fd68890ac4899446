import pytest

from weft.data.formats.conll import form_of_lines
from weft.data.sources import open_table
from weft.errors import InputError

COLUMNS = "-DOCSTART- -X- O\n\nEU NNP B-ORG\nrejects VBZ O\n\n \n北京 NR B-LOC\n很 AD O\n大 VA O"


def rows(path, text, *, sentences=False, **settings):
    path.write_text(text, encoding="utf-8", newline="")
    table = open_table(path, **settings)
    if sentences:
        table.read_as_sentences()
    return table, list(table)


def test_columns_stand_between_blanks_or_tabs_and_lines_end_in_any_way(tmp_path):
    for number, text in enumerate((COLUMNS, COLUMNS.replace(" ", "\t"), COLUMNS.replace("\n", "\r\n"))):
        table, found = rows(tmp_path / f"{number}.conll", text)
        assert table.columns == ("token", "2", "tag")
        assert [row.lists["token"] for row in found] == [("EU", "rejects"), ("北京", "很", "大")]
        assert [row.lists["tag"] for row in found] == [("B-ORG", "O"), ("B-LOC", "O", "O")]
        assert [row.line for row in found] == [3, 7]
        assert found[1].whole["lines"] == (7, 8, 9)


def test_a_full_width_blank_may_be_a_token(tmp_path):
    _, found = rows(tmp_path / "a.bmes", "\u3000\tS\n好\tS\n")
    assert found[0].lists["token"] == ("\u3000", "好")


def test_of_universal_dependencies_comments_ranges_and_empty_nodes_are_left_out(tmp_path):
    fields = "\t_" * 4
    text = f"# text = vámonos\n1-2\tvámonos\t_\t_\t_\t_{fields}\n" + "".join(
        f"{number}\t{word}\t_\t{tag}\t_\t_{fields}\n"
        for number, word, tag in (("1", "vamos", "VERB"), ("1.1", "x", "X"), ("2", "nos", "PRON"))
    )
    table, found = rows(tmp_path / "a.conllu", text)
    assert "upos" in table.columns
    assert found[0].lists["token"] == ("vamos", "nos")
    assert found[0].lists["upos"] == ("VERB", "PRON")


def test_a_line_with_other_columns_is_named(tmp_path):
    with pytest.raises(InputError) as caught:
        rows(tmp_path / "a.conll", "EU B-ORG\nrejects O\n\ncalls\n好 O\n")
    assert caught.value.where.endswith("a.conll:4")
    assert caught.value.what == "has 1 column, the first line has 2"
    table, found = rows(tmp_path / "a.conll", "EU B-ORG\n\ncalls\n好 O\n\n好 O\n", on_bad_row="skip")
    assert [row.line for row in found] == [1, 6]
    assert [bad.line for bad in table.bad] == [3]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("EU B-ORG\nrejects O\n\n好 O\n", "conll"),
        ("EU/NNP rejects/VBZ 1/2/CD\n上海/NR 很/AD 大/VA\n", "slashed"),
        ("上海  浦东 开发\n\n新华社 上海 二月 十日 电\n", "segmented"),
        ("没有空格的一行\n又一行\n", None),
    ],
)
def test_the_form_of_plain_text_is_found(tmp_path, text, form):
    assert (form_of_lines(text.splitlines(keepends=True)) or (None,))[0] == form
    table, found = rows(tmp_path / "a.txt", text, sentences=True)
    assert table.form == (form or "txt")
    assert len(found) == 2


def test_word_and_tag_are_split_at_the_last_slash(tmp_path):
    _, found = rows(tmp_path / "a.txt", "EU/NNP 1/2/CD\n上海/NR 大/VA\n", sentences=True)
    assert found[0].lists == {"token": ("EU", "1/2"), "tag": ("NNP", "CD")}
    (tmp_path / "a.txt").write_text("EU/NNP 1/2/CD\n" * 20 + "上海/NR 大\n", encoding="utf-8")
    table = open_table(tmp_path / "a.txt")
    table.read_as_sentences()
    with pytest.raises(InputError, match="`大` is not `word/tag`"):
        list(table)
