"""`weft inspect`: tells what it finds, writes page and rows, and ends well whatever it finds."""

import json
import re
import shlex
from pathlib import Path

import pytest

from weft.files import read_json


def test_a_table_a_page_and_all_rows(weft):
    with Path("reviews.csv").open("a", encoding="utf-8") as file:
        file.write("味道很好，还会再来 0,neg\n,pos\nthe soup was good 0,pos\n")
    said = weft("inspect", "reviews.csv", "--no-label-errors")
    assert said.code == 0, said
    assert "1 error and 3 warnings in reviews.csv" in said.out
    assert "Empty rows" in said.out
    assert any("`rows[~rows.text.str.strip().duplicated()]`" in line for line in said.out.splitlines())
    assert "page   runs/inspect-reviews/page.html" in said.out
    told = read_json(Path("runs/inspect-reviews/inspection.json"))
    assert [one["key"] for one in told["findings"][:3]] == ["empty", "duplicates", "contradictions"]
    assert Path("runs/inspect-reviews/page.html").is_file()


def test_json_goes_to_stdout_alone_and_a_second_look_replaces_the_first(weft):
    for _ in range(2):
        said = weft(
            "inspect", "reviews.csv", "--test", "reviews.csv", "--json", "--no-label-errors", "--output", "seen"
        )
    told = {one["key"]: one for one in json.loads(said.out)}
    assert (told["overlap"]["severity"], told["overlap"]["count"]) == ("error", 40)
    assert told["overlap"]["rows"][1] == {
        "part": "test",
        "line": 3,
        "where": "reviews.csv:3",
        "text": "味道很好，还会再来 0",
        "label": "pos",
        "note": "same as train line 3",
        "second": "",
    }
    assert sorted(path.name for path in Path("seen").iterdir()) == ["inspection.json", "page.html"]


def test_mistakes_are_told(refused):
    refused("inspect", "review.csv", says=("review.csv: there is no such file", "did you mean `reviews.csv`?"))
    refused("inspect", "reviews.csv", "--label", "labl", says=("no column `labl`",))
    Path("pairs.csv").write_text("left,right\n" + "he sees it,他看见了\n" * 3, encoding="utf-8")
    refused("inspect", "pairs.csv", says=("cannot tell which column", "with --source NAME --target NAME"))
    refused("inspect", "reviews.csv", "--output", "reviews.csv/a", says=("`reviews.csv` is a file",))


def test_pairs_are_inspected_side_by_side(weft):
    rows = [f"he sees {number} cats,他看见{number}只猫" for number in range(20)]
    odd = ["he sees it,", "same,same", rows[0], f"yes,{'他看见了一只猫' * 30}", "<b>он видит</b>,他看见了"]
    Path("pairs.csv").write_text("\n".join(["en,zh", *rows, *odd]) + "\n", encoding="utf-8")
    Path("test.csv").write_text("en,zh\nhe sees 3 cats,他看见三只猫\n", encoding="utf-8")
    said = weft("inspect", "pairs.csv", "--source", "en", "--target", "zh", "--test", "test.csv", "--json")
    assert said.code == 0, said
    found = {one["key"]: one for one in json.loads(said.out)}
    lines = {key: [row["line"] for row in found[key]["rows"]] for key in ("empty", "copies", "duplicates", "ratio")}
    assert lines == {"empty": [22], "copies": [23], "duplicates": [24], "ratio": [25]}
    assert found["ratio"]["said"] == "train: 1 of 25 pairs with a length ratio over 3 times the usual one"
    assert found["overlap"]["severity"] == "error"
    assert (found["markup-source"]["count"], found["markup-target"]["count"]) == (1, 0)
    assert "Han" in found["scripts-target"]["said"]
    assert found["fanout"]["severity"] == "fine"
    assert Path("runs/inspect-pairs/page.html").is_file()


def test_sources_with_many_targets_are_told(weft):
    rows = [f"price[{number}],它卖{number}{word}" for number in range(5) for word in ("元", "块", "块钱")]
    Path("pairs.csv").write_text("\n".join(["facts,text", *rows]) + "\n", encoding="utf-8")
    said = weft("inspect", "pairs.csv", "--source", "facts", "--target", "text", "--json")
    found = {one["key"]: one for one in json.loads(said.out)}["fanout"]
    assert found["said"] == "train: 5 distinct sources, one with 3 targets, 3.0 on average"
    assert (found["severity"], found["count"]) == ("warning", 5)
    assert "task.references=all" in found["fix"]


def test_training_begins_with_what_the_doctor_says(train):
    with Path("reviews.csv").open("a", encoding="utf-8") as file:
        file.write("味道很好，还会再来 0,neg\n")
    said = train("reviews.csv", "--output", "run")
    assert "1 row of 41 repeats the text of an earlier row" in said.err
    assert "(weft inspect reviews.csv lists them)" in said.err


@pytest.mark.parametrize(
    ("header", "row", "options", "finding"),
    [
        ("正文,my tags", "寄得快 fast,物流|delivery", ("--label", "my tags", "--label-separator", "|"), "duplicates"),
        ("text_a,text_b,same", "花呗怎么还,how to pay,1", ("--text", "text_a,text_b", "--label", "same"), "duplicates"),
    ],
)
def test_the_command_that_training_prints_shows_which(weft, train, header, row, options, finding):
    *texts, label = row.split(",")
    others = [",".join([*(f"{text} {number}" for text in texts), label if number % 3 else "0"]) for number in range(12)]
    Path("数据.csv").write_text("\n".join([header, *others, row, row]) + "\n", encoding="utf-8")
    said = train("数据.csv", *options, "--output", "run")
    assert "1 row of 14 repeats the " in said.err
    (command,) = re.findall(r"\(weft (inspect .*) lists them\)", said.err)
    shown = weft(*shlex.split(command), "--no-label-errors", "--json")
    assert shown.code == 0, shown
    told = {one["key"]: one for one in json.loads(shown.out)}
    assert told[finding]["count"] == 1
    assert told["empty"]["severity"] == "fine"


def test_a_folder_for_each_label_is_trained_and_inspected(weft, train):
    for number in range(10):
        for label, text in (("positive", f"很好 {number}"), ("差评", f"never again {number}")):
            path = Path("tree") / label / f"{number}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    said = train("tree", "--encoder", "cnn")
    assert said.code == 0, said
    assert Path("runs/tree/page.html").is_file()
    assert weft("inspect", "tree/", "--no-label-errors").code == 0
    assert read_json(Path("runs/inspect-tree/inspection.json"))["data"] == "tree"


def test_questions_are_inspected(weft, refused):
    rows = [
        {"question": f"谁是{number}号？", "context": f"{number}号是李明。", "answers": ["李明" if number else "王芳"]}
        for number in range(5)
    ]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    Path("qa.jsonl").write_text(text, encoding="utf-8")
    said = weft("inspect", "qa.jsonl", "--task", "question_answering")
    assert said.code == 0, said
    assert "Answers not in the" in said.out
    assert "王芳" in Path("runs/inspect-qa/page.html").read_text(encoding="utf-8")
    assert weft("inspect", "qa.jsonl").out == said.out  # its columns are of no other task
    refused("inspect", "qa.jsonl", "--task", "language_model", says=("no files of a task `language_model`",))
