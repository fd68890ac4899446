"""Several labels a row: lists, fields that hold lists, columns of yes and no, and the task that they imply."""

import json

import pytest

from tests.data.tables import written
from weft.config import kind_of
from weft.data.examples.several_labels import as_list, columns_of_lists, yes_and_no
from weft.data.sources import open_table
from weft.errors import ConfigError, InputError
from weft.tasks.choices import implied
from weft.tasks.multilabel import MultilabelConfig

LABELS = [("体育", "tech"), (), ("tech",), ("体育",), ("a, b",)]
TEXTS = ["房间很干净，服务好", "a dull story, badly told", "it works from the first day", "再也不会来了，太贵", "fine"]


def found(path, **settings):
    table = open_table(path)
    config = MultilabelConfig(**settings).resolved(table)
    return [example.label for example in config.read(table)]


def lines(label):
    rows = ({"text": text, "labels": label(labels)} for text, labels in zip(TEXTS, LABELS, strict=True))
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


@pytest.mark.parametrize("label", [list, lambda labels: json.dumps(labels), lambda labels: str(list(labels))])
def test_lists_in_json_lines_and_in_fields(tmp_path, label):
    path = written(tmp_path, lines(label), "a.jsonl")
    assert found(path) == LABELS
    assert kind_of(implied([], table=open_table(path))) == "multilabel"


def test_one_column_of_lists_under_an_unusual_name(tmp_path):
    fields = ["['喜 joy']", "['sad', '喜 joy']", "['sad']", "[]", "['喜 joy', 'sad']"]
    rows = [f'"{text}","{field}","{[n]}"\n' for n, (text, field) in enumerate(zip(TEXTS, fields, strict=True))]
    path = written(tmp_path, "tweet,feelings,vector\n" + "".join(rows), "a.csv")
    table = open_table(path)
    assert (columns_of_lists(table), kind_of(implied([], table=table))) == (("feelings",), "multilabel")
    assert found(path) == [("喜 joy",), ("sad", "喜 joy"), ("sad",), (), ("喜 joy", "sad")]
    config = MultilabelConfig().resolved(table)
    assert config.filter_training(())[1] == ["`feelings` holds lists: a text may have several labels"]


def test_lists_beside_strings_with_a_separator(tmp_path):
    path = written(tmp_path, lines(lambda labels: list(labels) if len(labels) > 1 else "|".join(labels)), "a.jsonl")
    assert found(path, label_separator="|") == LABELS


def test_columns_of_yes_and_no(tmp_path):
    head = "id,comment_text,toxic,threat,恶意\n"
    rows = [f'{n + 1},"{text}",{n % 2},{n // 2 % 2},0\n' for n, text in enumerate(TEXTS)]
    path = written(tmp_path, head + "".join(rows))
    table = open_table(path)
    assert yes_and_no(table) == ("toxic", "threat", "恶意")
    assert kind_of(implied([], table=table)) == "multilabel"
    assert found(path) == [(), ("toxic",), ("threat",), ("toxic", "threat"), ()]
    assert found(path, label="toxic,恶意") == [(), ("toxic",), (), ("toxic",), ()]
    config = MultilabelConfig().resolved(table)
    assert (config.text, config.label) == ("comment_text", ("toxic", "threat", "恶意"))
    assert config.for_table(open_table(path)).label == config.label
    bad = written(tmp_path, head + "".join(rows) + "9,更多 more,maybe,0,0\n", "bad.csv")
    with pytest.raises(InputError, match=r"bad\.csv:7: `toxic` is `maybe`, expected yes or no"):
        found(bad, label="toxic,threat")


def test_fasttext_lines_with_several_labels(tmp_path):
    path = written(tmp_path, "__label__a __label__新闻 房间 很好\n__label__b not good\n", "train.txt")
    assert found(path) == [("a", "新闻"), ("b",)]
    assert kind_of(implied([], table=open_table(path))) == "multilabel"


@pytest.mark.parametrize("cell", ["[news]", "[b]好[/b]", "[a", "a]", "['a', {}]", "[" * 5000 + "]" * 5000, "plain"])
def test_brackets_are_not_lists(tmp_path, cell):
    assert as_list(cell) is None
    path = written(tmp_path, "text,label\n" + "".join(f'"{text}","{cell}"\n' for text in TEXTS))
    assert kind_of(implied([], table=open_table(path))) == "classification"


def test_labels_in_one_field_need_a_separator(tmp_path):
    path = written(tmp_path, "text,label\n好,a|b\nb,a\n")
    with pytest.raises(ConfigError, match="is not set"):
        found(path)


@pytest.mark.parametrize(
    ("columns", "named", "kind"),
    [
        ("source,target", [], "seq2seq"),
        ("Article,Highlights,id", [], "seq2seq"),
        ("原文,摘要", [], "seq2seq"),
        ("source,target", ["label"], "classification"),
        ("text,target", [], "classification"),
        ("question,context,answers", [], "question_answering"),
        ("question,passage,label", [], "classification"),
        ("question,article,options,answer", [], "multiple_choice"),
        ("题型,题干,选项A,选项B,选项C,答案,解析", [], "multiple_choice"),
        ("text,label", [], "classification"),
    ],
)
def test_the_task_that_names_of_columns_imply(tmp_path, columns, named, kind):
    row = ",".join("好" for _ in columns.split(","))
    table = open_table(written(tmp_path, f"{columns}\n{row}\n"))
    assert kind_of(implied(named, table=table, label=columns.split(",")[1] if named else None)) == kind
