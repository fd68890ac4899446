"""Several labels a text, from the command line: trained, scored, asked, and what is refused."""

import csv
import json
from pathlib import Path

import pytest

import weft as package

POSTS = [
    (f"{text} {number}", tags)
    for number in range(12)
    for text, tags in (
        ("the match was won", "体育"),
        ("银行 and shares", "财经"),
        ("球队 sells shares", "财经|体育"),
        ("没什么 nothing", ""),
    )
]
SMALL = ("--set", "task.encoder.width=8", "--set", "task.encoder.maps=8", "--device", "cpu")


@pytest.fixture
def posts(weft):
    """A small model of posts.csv, in `posts`."""
    with Path("posts.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "tags"), *POSTS])
    call = ("train", "posts.csv", "--label", "tags", "--label-separator", "|", "--set", "training.epochs=12")
    said = weft(*call, "--set", "task.calibrate=temperature", "--output", "posts", *SMALL)
    assert said.code == 0, said
    return said


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_train_tells_thresholds_and_temperature(posts):
    assert "2 labels: `体育` 2" in posts.err
    assert "calibrated by temperature " in posts.err
    assert "thresholds with the best F1 of each label on the dev set: `体育` 0." in posts.err
    assert "micro F1 " in posts.err.splitlines()[-2]
    config = package.load("posts").task.config
    assert (config.kind, config.label_separator) == ("multilabel", "|")


def test_the_page_has_thresholds_and_no_confusion(posts):
    page = Path("posts/page.html").read_text(encoding="utf-8")
    assert "Threshold" in page
    assert "Exact match" in page
    assert "Confusion matrix" not in page
    assert "nan" not in page


def test_evaluate_agrees_with_its_answers(weft, posts):
    said = weft("evaluate", "posts", "posts.csv", "--json", "--answers", "answers.jsonl")
    found = json.loads(said.out)
    answers = lines(Path("answers.jsonl").read_text(encoding="utf-8"))
    right = sum(one["answer"] == one["labels"] for one in answers)
    assert found["scores"]["exact_match"]["value"] == right / len(POSTS)
    assert [one["labels"] for one in answers[:4]] == [["体育"], ["财经"], ["体育", "财经"], []]
    shown = weft("evaluate", "posts", "posts.csv").out
    assert [word for word in ("micro F1", "hamming loss", "threshold", "体育") if word not in shown] == []


def test_predict_as_lines_and_as_csv(weft, posts):
    texts = ("球队 sells shares", "没什么 nothing")
    asked = ("predict", "posts", "--text", texts[0], "--text", texts[1])
    found, expected = lines(weft(*asked).out), package.load("posts").answer(texts)
    assert [(one["text"], tuple(one["answer"])) for one in found] == [
        (text, one.labels) for text, one in zip(texts, expected, strict=True)
    ]
    weft(*asked, "--output", "answers.csv")
    with Path("answers.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["text"], row["answer"]) for row in rows] == [(one["text"], "|".join(one["answer"])) for one in found]
    for row, one in zip(rows, found, strict=True):
        assert row["probability"] == "|".join(str(one["probabilities"][label]) for label in one["answer"])


def test_one_probability_cannot_reject_several_labels(weft, posts):
    said = weft("predict", "posts", "--text", "好", "--reject-below", "0.8", "--output", "out.jsonl")
    assert (said.code, said.out) == (2, "")
    assert "--reject-below: a prediction of several labels has no single confidence" in said.err
    assert not Path("out.jsonl").exists()


def test_several_labels_need_a_separator(refused):
    refused("train", "reviews.csv", "--set", "task.kind=multilabel", says=("task.label_separator", "--label-separator"))


def write_posts(name: str, *rows: tuple[str, str], label: str = "tags") -> None:
    with Path(name).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", label), *rows])


def test_a_file_of_other_labels_is_not_scored(weft, posts, refused):
    write_posts("other.csv", ("the match", "军事"), ("银行", "travel|军事"))
    refused(
        "evaluate",
        "posts",
        "other.csv",
        says=("other.csv:2: no label is one", "`军事` is the first", "known labels: `体育`, `财经`"),
    )
    write_posts("half.csv", ("the match", "体育"), ("银行 and", "财经|军事"), ("球队", "travel"), ("好", "军事"))
    said = weft("evaluate", "posts", "half.csv")
    assert said.code == 0
    counted = "labels without a training text count as missed: `军事`, `travel` (the first in line 3)"
    assert said.err == f"half.csv: {counted}\n"
    call = ("train", "posts.csv", "--label", "tags", "--label-separator", "|", "--set", "training.epochs=1", *SMALL)
    assert f"half.csv: {counted}" in weft(*call, "--test", "half.csv", "--output", "tested").err
    assert f"half.csv: {counted}" in weft(*call, "--dev", "half.csv", "--output", "chosen").err


def test_no_column_is_guessed_for_several_labels(weft, posts, refused):
    write_posts("moved.csv", *POSTS, label="label")
    refused(
        "evaluate",
        "posts",
        "moved.csv",
        says=("there is no column `tags`, as in training, among `text`, `label`", "--label NAME"),
    )
    said = weft("evaluate", "posts", "moved.csv", "--label", "label")
    assert (said.code, said.err) == (0, "label from column `label` (in training it was `tags`)\n")


def test_another_separator_is_said(weft):
    write_posts("posts.csv", *POSTS)
    call = ("train", "posts.csv", "--label", "tags", "--set", "training.epochs=1", *SMALL)
    said = weft(*call, "--label-separator", ";", "--output", "wrong")
    expected = 'no label contains the separator `;`, and many contain `|`: pass --label-separator "|" if'
    assert expected in said.err
    assert "contains the separator" not in weft(*call, "--label-separator", "|", "--output", "right").err


def test_one_label_that_looks_like_several_is_said(weft, train, refused):
    write_posts("posts.csv", *POSTS)
    says = ("posts.csv:5", "empty", 'pass --label-separator "|" if')
    refused("train", "posts.csv", "--label", "tags", "--on-bad-row", "stop", says=says)
    write_posts("full.csv", *[(text, tags or "体育|2") for text, tags in POSTS])
    said = train("full.csv", "--label", "tags", "--output", "full")
    assert 'many labels hold `|`, as if a text had several: pass --label-separator "|" if so' in said.err
    assert "--label-separator" not in train("reviews.csv", "--output", "plain").err
