"""Learning curves over rows: nested shares with every label, on the page, and the floor beside the score."""

import json
from pathlib import Path

import pytest

import weft
from weft.config import validated
from weft.data.examples.labelled import LabelledText
from weft.experiments.learning_curve import _order, train_with_curve

ROWS = [
    {"text": f"{text} {number}", "label": label}
    for number in range(16)
    for text, label in (("the soup was good", "pos"), ("味道很好", "pos"), ("cold and late", "neg"), ("太贵了", "neg"))
]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS) + "\n"
    Path("train.jsonl").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("encoder", ["auto", {"kind": "cnn", "width": 8, "maps": 8}], ids=["auto", "cnn"])
def test_the_scores_of_shares_of_the_rows_and_the_floor(encoder: object):
    settings = {"data": {"train": "train.jsonl", "test": "train.jsonl"}, "task": {"encoder": encoder}, "device": "cpu"}
    if encoder != "auto":
        settings["training"] = {"epochs": 1}
    list(train_with_curve(validated(weft.RunConfig, settings), "run"))
    points = json.loads(Path("run/learning_curve.json").read_text(encoding="utf-8"))
    assert [one["rows"] for one in points] == [7, 14, 29, 58]
    assert all(0 <= one["scores"]["accuracy"] <= 1 for one in points)
    scores = json.loads(Path("run/scores.json").read_text(encoding="utf-8"))
    assert scores["scores"]["accuracy"]["value"] == points[-1]["scores"]["accuracy"]
    assert scores["details"]["floors"]["a plain linear model of tf-idf"]["accuracy"] == 1
    page = Path("run/page.html").read_text(encoding="utf-8")
    assert "accuracy on the test set by training rows: 7 rows" in page
    assert "A plain linear model of tf-idf" in page


def test_every_label_comes_first():
    examples = [LabelledText(str(number), label) for number, label in enumerate(["a"] * 30 + ["b", "c"])]
    for seed in range(5):
        order = _order(examples, seed=seed)
        assert {examples[row].label for row in order[:3].tolist()} == {"a", "b", "c"}
        assert sorted(order.tolist()) == list(range(32))
