"""Folders of brat: the spans beside each text, and what of its annotations is left out is counted."""

import pytest

from weft.data.sources import open_table
from weft.errors import InputError
from weft.tasks.choices import implied
from weft.tasks.tagging import TaggingConfig

TEXTS = {"a": "Aspirin eased\nthe back pain.", "b": "张三在北京上学。"}
SPANS = {
    "a": "T1\tDrug 0 7\tAspirin\nT2\tSymptom 18 27\tback pain\nT3\tBody 18 22\tback\nT4\tOdd 0 3;8 13\tAsp eased\n"
    "R1\tTreats Arg1:T1 Arg2:T2\nA1\tNegated T2\n#1\tAnnotatorNotes T1\tsure\n",
    "b": "T1\tPER 0 2\t张三\nT2\tLOC 3 5\t北京\n",
}


@pytest.fixture
def folder(tmp_path):
    for name, text in TEXTS.items():
        (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8", newline="")
        (tmp_path / f"{name}.ann").write_text(SPANS[name], encoding="utf-8")
    (tmp_path / "annotation.conf").write_text("[entities]\nDrug\n")
    return tmp_path


def test_spans_are_read_as_tagging_and_the_rest_is_counted(folder):
    (folder / "c.txt").write_text("not annotated")
    table = open_table(folder)
    assert implied((), table=table) is TaggingConfig
    read = list(TaggingConfig().resolved(table).read(table))
    assert [(one.text, [(one.text[a:b], label) for a, b, label in one.spans or ()]) for one in read] == [
        (TEXTS["a"], [("Aspirin", "Drug"), ("back pain", "Symptom")]),
        (TEXTS["b"], [("张三", "PER"), ("北京", "LOC")]),
    ]
    left = (
        "spans in pieces 1, relations 1, attributes 1, notes 1, spans that overlap a longer one 1, texts without .ann 1"
    )
    assert table.remarks == ["read as brat: the spans of the .ann files", f"left out: {left}"]
    assert table.place(2) == str(folder / "b.txt")


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("T1\tPER 1 3\t张三", "`张三` does not stand at 1 to 3, but `三在`"),
        ("T1\tPER 1", "expected `T1<tab>LABEL START END<tab>TEXT`"),
    ],
)
def test_a_span_that_is_not_in_its_text_is_refused_with_its_line(folder, line, what):
    (folder / "b.ann").write_text(f"\n{line}\n", encoding="utf-8")
    table = open_table(folder)
    with pytest.raises(InputError) as error:
        list(table)
    assert error.value.where == str(folder / "b.txt")
    assert error.value.what == f"{folder / 'b.ann'}:2: {what}"
