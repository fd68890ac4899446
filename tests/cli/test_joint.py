"""A label and tags at once through the command line: trained, asked, scored; and what is refused."""

import csv
import io
import json
from pathlib import Path

import pytest

TINY = [word for setting in ("task.encoder.width=8", "task.encoder.hidden=8", "training.epochs=1", "device=cpu")
        for word in ("--set", setting)]  # fmt: skip
ROWS = [
    {"tokens": ["to", "Oslo"], "tags": ["O", "B-LOC"], "intent": "fly"},
    {"tokens": list("去上海"), "tags": ["O", "B-LOC", "I-LOC"], "intent": "fly"},
    {"tokens": ["rain", "in", "Rome", "?"], "tags": ["O", "O", "B-LOC", "O"], "intent": "weather"},
    {"tokens": list("下雨吗"), "tags": ["O", "O", "O"], "intent": "weather"},
    {"tokens": ["good", "day"], "tags": ["O", "O"]},
]


@pytest.fixture
def both(weft):
    rows = [{**row, "tokens": [*row["tokens"], str(number)], "tags": [*row["tags"], "O"]}
            for number in range(9) for row in ROWS]  # fmt: skip
    Path("both.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    said = weft("train", "both.jsonl", "--label", "intent", "--tags", "tags", "--output", "model", *TINY)
    assert said.code == 0, said.err
    return said


def test_a_label_and_tags_are_answered_at_once(both, weft):
    assert "9 of 45 train texts have no answer for `intent`" in both.err
    assert "tags: the commonest tag of each token" in both.err
    assert "intent: a plain linear model of tf-idf" in both.err
    (line,) = weft("predict", "model", "--text", "去北京").out.splitlines()
    assert {"text", "intent.answer", "intent.probability", "tags.answer", "tags.probability"} <= {*json.loads(line)}
    (row, *_) = csv.DictReader(io.StringIO(weft("predict", "model", "both.jsonl", "--format", "csv").out))
    assert [*row] == [
        *("tokens", "tags", "intent", "text", "intent.answer", "intent.probability", "tags.answer"),
        *("tags.probability", "line"),
    ]
    said = weft("evaluate", "model", "both.jsonl").out
    assert "all right" in said
    assert "always predicting `fly`" in said
    assert "span F1 of the commonest tag of each token" in said
    page = Path("model/page.html").read_text(encoding="utf-8")
    assert "intent: Most confident errors" in page
    assert page.count('id="task-1-labels"') == 1


def test_joint_models_are_compared_by_texts_with_every_answer_right(both, weft):
    options = (
        "--label",
        "intent",
        "--tags",
        "tags",
        "--encoders",
        "cnn,lstm",
        "--folds",
        "2",
        "--keep-models",
        "--json",
    )
    said = weft("compare", "both.jsonl", *options, *TINY[:2], *TINY[4:], "--output", "compared")
    assert said.code == 0, said.err
    found = json.loads(said.out)
    assert found["decides"] == "all_right"
    for model in found["models"]:
        assert model["pooled"]["all_right"]["value"] == pytest.approx(_all_right(found["runs"][model["name"]]))


def _all_right(folders):
    """Count the answers in the tables of the folds of a model."""
    files = [Path("compared", one, "answers.jsonl").read_text(encoding="utf-8") for one in folders]
    lines = [json.loads(line) for file in files for line in file.splitlines()]
    right = 0
    for line in lines:
        made, true = (
            [(one["start"], one["end"], one["label"]) for one in line[f"tags.{name}"]] for name in ("answer", "label")
        )
        right += made == true and line["intent.answer"] == line.get("intent.label", line["intent.answer"])
    return right / len(lines)


def test_a_joint_model_teaches(both, weft):
    Path("more.txt").write_text("去北京。\nrain in Oslo\n下雨。\n", encoding="utf-8")
    said = weft(
        "distil", "model", "--unlabelled", "more.txt", "--alone", "skip", "--student", "cnn", *TINY[:2], *TINY[4:]
    )
    assert said.code == 0, said.err
    assert "crf + cnn, distilled" in said.out
    settings = ("--set", "task.tasks.intent.loss.teacher.alpha=0")
    lines = Path("runs/model-cnn/teacher.jsonl").read_text(encoding="utf-8").splitlines()
    assert {tuple(json.loads(line)) for line in lines} == {("intent", "tags")}
    again = weft(
        "distil", "model", "--alone", "skip", "--student", "cnn", *TINY[:2], *TINY[4:], *settings, "--output", "b"
    )
    assert again.code == 0, again.err
    assert len(Path("b/teacher.jsonl").read_text(encoding="utf-8").splitlines()) < len(lines)


REFUSED = {
    ("predict", "model", "--text", "good", "--reject-below", "0.5"): "has no single confidence",
    ("evaluate", "model", "both.jsonl", "--label", "no"): "there is no column `no`",
    ("evaluate", "model", "both.jsonl", "--target", "intent"): "--target: none of the tasks `intent`, `tags`",
    ("inspect", "both.jsonl", "--task", "joint"): "no files of a task `joint` are inspected",
    ("inspect", "both.jsonl", "--label", "intent", "--tags", "tags"): "one at a time: with --tags NAME alone",
    (
        "distil",
        "model",
        "--alpha",
        "0.3",
    ): "hint: set it for a task that has a loss, as --set task.tasks.NAME.loss.teacher.a",
}


def test_what_cannot_be_done_is_refused(both, weft):
    for words, said in REFUSED.items():
        found = weft(*words)
        assert found.code != 0
        assert said in found.err, words
