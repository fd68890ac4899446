"""The data doctor from file to page: every flaw that was put in is found, in its row; turned labels among them."""

import csv
import json
import lzma
from collections import Counter

import numpy as np
import pytest

from weft.data.checks.findings import Finding, Part, part_of
from weft.data.examples.labelled import LabelledText
from weft.dataset import DataConfig, read_whole
from weft.errors import ConfigError, InputError
from weft.experiments.inspection.inspect import han_scripts, in_order, inspect, unknown_tokens, write_inspection
from weft.experiments.inspection.label_errors import find_label_errors
from weft.tasks.multilabel import MultilabelConfig
from weft.training.reports import Note

GOOD = ("the room was clean and kind", "a lovely quiet stay", "房间很干净，服务也好", "下次还会再来这里")
BAD = ("dirty sheets and a rude clerk", "we will never return here", "又脏又吵，太贵了", "再也不来了，很失望")


def reviews(count: int) -> tuple[list[str], list[str]]:
    texts = [f"{(GOOD, BAD)[row % 2][row // 2 % 4]} {row}" for row in range(count)]
    return texts, [("好评", "差评")[row % 2] for row in range(count)]


def part(texts, labels, name="train") -> Part:
    return Part(name, f"{name}.csv", texts, labels, range(2, len(texts) + 2))


def write(path, rows, header=("text", "label")):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return str(path)


def looked_at(data: DataConfig, **options) -> dict[str, Finding]:
    told = list(inspect(data, **{"label_errors": "leave", **options}))
    assert any(isinstance(one, Note) for one in told)
    return {one.key: one for one in told if isinstance(one, Finding)}


def test_every_flaw_that_was_put_in_is_found(tmp_path):
    texts, labels = reviews(60)
    rows = [
        *zip(texts, labels, strict=True),
        (texts[4], labels[4]),
        (texts[5], "好评"),
        ("", "好评"),
        ("house <br /> of", "差评"),
        ("bell \x07 and \ufffd", "差评"),
        ("cafÃ© was fine", "好评 "),
        ("中評", "中评"),
        ("後來沒有說過這個房間", "差评"),
    ]
    train = write(tmp_path / "train.csv", rows)
    with open(train, "a", encoding="utf-8") as file:
        file.write("one,two,three\n")
    found = looked_at(DataConfig(train=train, test=write(tmp_path / "test.csv", [(f" {texts[7]}", "差评")])))
    del found["near"]  # these reviews differ by a number alone
    lines = {key: [(row.part, row.line) for row in one.rows] for key, one in found.items() if one.rows}
    assert lines == {
        "bad-rows": [("train", 70)],
        "empty": [("train", 64)],
        "labels": [("train", 68)],
        "spellings": [("train", 67)],
        "duplicates": [("train", 62), ("train", 63)],
        "overlap": [("test", 2)],
        "contradictions": [("train", 7), ("train", 63)],
        "han": [("train", 69)],
        "characters": [("train", 66)],
        "mojibake": [("train", 67)],
        "markup": [("train", 65)],
    }
    assert [one.severity for one in in_order(list(found.values()))] == sorted(
        (one.severity for one in found.values()), key=["error", "warning", "fine"].index
    )
    assert "(guessed)" in found["files"].said
    assert all(one.fix for one in found.values() if one.severity != "fine")


def test_all_rows_are_in_the_json_and_some_on_the_page(tmp_path):
    texts, labels = reviews(40)
    train = write(tmp_path / "train.csv", zip(texts * 2, labels * 2, strict=True))
    page = write_inspection(list(looked_at(DataConfig(train=train)).values()), tmp_path / "out", title="train.csv")
    told = json.loads((tmp_path / "out" / "inspection.json").read_text(encoding="utf-8"))
    (duplicates,) = [one for one in told["findings"] if one["key"] == "duplicates"]
    assert len(duplicates["rows"]) == duplicates["count"] == 40
    assert duplicates["rows"][2]["text"] == texts[2]
    assert "15 more rows" in page.read_text(encoding="utf-8")


def test_columns_are_named_once_for_all_parts(tmp_path):
    texts, labels = reviews(20)
    train = write(tmp_path / "train.csv", zip(texts, labels, strict=True), header=("评价", "打分"))
    dev = write(tmp_path / "dev.csv", zip(labels, texts, strict=True), header=("打分", "评价"))
    found = looked_at(DataConfig(train=train, dev=dev), text="评价", label="打分")
    assert found["files"].table[2][-2:] == ("评价", "打分")
    assert found["overlap"].count == 20
    with pytest.raises(InputError, match="no column `nope`"):
        looked_at(DataConfig(train=train), text="nope")


def test_several_labels_are_read_as_in_training(tmp_path):
    rows = [("球队卖股票 sells shares", "体育 | 财经||财经"), ("nothing 没什么", ""), *zip(*reviews(20), strict=True)]
    train = write(tmp_path / "train.csv", [*rows, (rows[0][0], "财经|体育"), (rows[1][0], "财经")], ("text", "tags"))
    data = DataConfig(train=train)
    found = looked_at(data, label="tags", label_separator="|", label_errors="find")
    task = MultilabelConfig(label="tags", label_separator="|")
    counts = Counter(label for one in read_whole(data, task).train for label in one.label)
    assert dict(found["labels"].table[1:]) == {label: str(times) for label, times in counts.items()}
    assert (found["empty"].severity, found["duplicates"].count) == ("fine", 2)
    assert [(row.line, row.label) for row in found["contradictions"].rows] == [(3, ""), (25, "财经")]
    assert found["label-errors"].said.startswith("not checked: ")
    with pytest.raises(ConfigError, match="label_separator"):
        looked_at(data, label_separator="")


def test_labels_that_training_refuses_cannot_be_read(tmp_path):
    path = tmp_path / "train.jsonl"
    rows = [{"text": "好", "tags": "a|b"}, {"text": "no", "tags": [["a"]]}, {"text": "fine", "tags": ""}]
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    found = looked_at(DataConfig(train=str(path)), label="tags", label_separator="|")
    assert [(row.line, row.note) for row in found["bad-rows"].rows] == [(2, "labels are absent or nested")]
    assert found["bad-rows"].said == "1 row: labels are absent or nested"


def pairs(count: int) -> list[tuple[str, str, str]]:
    firsts = [f"{(GOOD + BAD)[row % 8]} {row}" for row in range(count)]
    return [(text, text if row % 3 else firsts[row - 1], str(int(row % 3 > 0))) for row, text in enumerate(firsts)]


def test_pairs_of_texts(tmp_path):
    rows = pairs(20)
    odd = [
        (rows[0][0], rows[1][1], "1"),
        (f"{rows[4][0]} ", rows[4][1], "0"),
        ("", "只有一个", "0"),
        ("b \ufffd", "c", "1"),
    ]
    header = ("text_a", "text_b", "label")
    train = write(tmp_path / "train.csv", [*rows, *odd], header)
    test = write(tmp_path / "test.csv", [rows[2], (rows[2][0], rows[4][1], "0")], header)
    found = looked_at(DataConfig(train=train, test=test), text="text_a,text_b")
    assert found["files"].said == "text from column `text_a,text_b`, label from column `label` (guessed)"
    lines = {key: [(row.part, row.line) for row in found[key].rows] for key in ("duplicates", "overlap", "empty")}
    assert lines == {"duplicates": [("train", 23)], "overlap": [("test", 2)], "empty": [("train", 24)]}
    assert [row.line for row in found["contradictions"].rows] == [6, 23]
    assert [row.line for row in found["characters"].rows] == [25]
    assert [(row.text, row.second) for row in found["contradictions"].rows[:1]] == [rows[4][:2]]
    single = write(tmp_path / "single.csv", [("好", "1")])
    with pytest.raises(InputError, match="no columns `text_a` and `text_b`"):
        looked_at(DataConfig(train=train, test=single), text="text_a,text_b")


def test_texts_that_were_guessed_to_be_labels_may_be_pairs(tmp_path):
    asked, meant = (
        ("Where is parcel number {} now", "{}号包裹现在到哪里了"),
        ("When does parcel {} come home", "包裹{}什么时候能送到"),
    )
    rows = [(asked[number % 2].format(number), meant[number % 2].format(number % 24)) for number in range(60)]
    write(tmp_path / "a b.csv", rows, header=("question", "paraphrase"))
    told = looked_at(DataConfig(train=str(tmp_path / "a b.csv")))["pairs"]
    assert (told.severity, told.count) == ("warning", 24)
    assert f'weft train "{tmp_path}/a b.csv" --task similarity --text question,paraphrase' in told.fix
    named = looked_at(DataConfig(train=str(tmp_path / "a b.csv")), text="question", label="paraphrase")
    assert "pairs" not in named
    write(tmp_path / "c.csv", [(text, ("good", "好")[number % 2]) for number, (text, _) in enumerate(rows)])
    assert "pairs" not in looked_at(DataConfig(train=str(tmp_path / "c.csv")))


def test_turned_labels_of_pairs_are_found():
    rows, turned = pairs(160), [7, 48, 100]
    labels = [str(1 - int(label)) if row in turned else label for row, (*_, label) in enumerate(rows)]
    examples = [LabelledText(first, labels[row], row, second) for row, (first, second, _) in enumerate(rows)]
    *_, found = find_label_errors(part_of("train", "pairs.csv", examples))
    shown = {row.line for row in found.rows}
    assert shown <= set(turned)
    assert len(shown) >= 2
    assert "160" in found.said


def test_tokens_that_train_lacks():
    train = part(["the room was clean", "房间很干净"], ["a", "b"])
    found = unknown_tokens([train, part(["The ROOM was dirty", "房间很脏"], ["a", "b"], "test")])
    assert found.said == "25.0% of the tokens of test are not in train, 25.0% of its vocabulary"
    assert found.table[1:] == [("dirty", "1"), ("脏", "1")]
    assert unknown_tokens([train, part(["was clean"], ["a"], "test")]).severity == "fine"
    assert "a held-out tenth" in unknown_tokens([part(*reviews(40))]).said


def test_one_script_is_fine_and_no_chinese_is_passed_over():
    assert list(han_scripts([part(["never again"], ["a"])])) == []
    (found,) = han_scripts([part(["这个房间没有说过"], ["a"])])
    assert found.severity == "fine"


def test_turned_labels_are_found():
    texts, labels = reviews(160)
    turned = np.random.default_rng(0).choice(160, 6, replace=False).tolist()
    for row in turned:
        labels[row] = "差评" if labels[row] == "好评" else "好评"
    *notes, found = find_label_errors(part(texts, labels))
    assert [note.text for note in notes] == [f"label errors: fold {fold} of 5" for fold in range(1, 6)]
    rows = {row.line - 2 for row in found.rows}
    assert rows <= set(turned)
    assert len(rows) >= 5
    assert all(row.note.startswith("predicted `") for row in found.rows)


def test_where_too_little_is_known_no_label_is_doubted():
    (found,) = find_label_errors(part(*reviews(20)))
    assert (found.severity, found.said[:11]) == ("fine", "not checked")


@pytest.mark.slow
def test_of_five_in_a_hundred_labels_turned_half_are_found_and_half_of_what_is_shown_was_turned(weft_data):
    with lzma.open(weft_data / "chnsenticorp" / "train.jsonl.xz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    labels = [str(row["label"]) for row in rows]
    turned = set(np.random.default_rng(0).choice(len(rows), len(rows) // 20, replace=False).tolist())
    for row in turned:
        labels[row] = "1" if labels[row] == "0" else "0"
    *_, found = find_label_errors(part([row["text"] for row in rows], labels))
    shown = {row.line - 2 for row in found.rows}
    assert len(shown & turned) >= 0.5 * len(turned)
    assert len(shown & turned) >= 0.5 * len(shown)
