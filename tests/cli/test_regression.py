"""Numbers from the command line: `--value` implies the task, answers have intervals, mistakes and hints are told."""

import csv
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from weft.cli.evaluate import _first_of_one_task
from weft.errors import InputError

WORTH = {"studio": 500, "house": 2000, "公寓": 900}


@pytest.fixture
def ads(weft):
    lines = [f"a {kind} with {rooms} rooms,{WORTH[kind] + 50 * rooms}" for rooms in range(40) for kind in WORTH]
    Path("ads.csv").write_text("description,price\n" + "\n".join(lines) + "\n", encoding="utf-8")
    said = weft("train", "ads.csv", "--text", "description", "--value", "price", "--output", "run")
    assert said.code == 0, said.err
    return said


def test_a_number_is_learned_predicted_with_intervals_scored_and_inspected(ads, weft):
    assert "R²" in ads.err
    assert "the mean of the training values" in ads.err
    assert "ridge regression on tf-idf" in ads.err
    one = json.loads(weft("predict", "run", "--text", "a house with 2 rooms").out)
    assert one["low"] <= one["answer"] <= one["high"]
    assert one["answer"] == pytest.approx(2100, rel=0.3)
    weft("predict", "run", "ads.csv", "--output", "out.csv")
    with Path("out.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 120
    assert {"description", "price", "answer", "low", "high"} <= {*rows[0]}
    assert "a number has no confidence" in weft("predict", "run", "ads.csv", "--reject-below", "0.5").err
    assert "rank correlation (Spearman)" in weft("evaluate", "run", "ads.csv").out
    Path("unpriced.csv").write_text("id,description\n7,a house\n8,上海的公寓\n", encoding="utf-8")
    unpriced = weft("evaluate", "run", "unpriced.csv")
    assert unpriced.code == 2
    assert "there is no column `price`, as in training, among `id`, `description`" in unpriced.err
    assert "--value NAME" in unpriced.err
    assert "`price` ±" in ads.err
    assert "Values of price" in weft("inspect", "ads.csv", "--text", "description", "--value", "price").out
    compared = weft(
        "compare", "ads.csv", "--value", "price", "--text", "description", "--encoders", "bag", "--folds", "2"
    )
    assert compared.code == 0, compared.err
    assert "R²" in compared.out


def test_several_numbers_have_a_column_each(weft):
    lines = [f"{kind} 上海 {rooms},{WORTH[kind]},{rooms}" for rooms in range(20) for kind in WORTH]
    Path("both.csv").write_text("text,price,rooms\n" + "\n".join(lines) + "\n", encoding="utf-8")
    assert weft("train", "both.csv", "--value", "price,rooms", "--output", "run").code == 0
    header = weft("predict", "run", "--text", "house 上海", "--format", "csv").out.splitlines()[0]
    assert header == "text,answer_price,answer_rooms"
    assert [*json.loads(weft("predict", "run", "--text", "house").out)["answer"]] == ["price", "rooms"]


def test_a_bad_value_is_told_with_its_line_and_writes_nothing(weft):
    Path("bad.csv").write_text("text,price\na flat,12\n公寓,viel\n", encoding="utf-8")
    said = weft("train", "bad.csv", "--value", "price", "--output", "run")
    assert said.code == 2
    assert "bad.csv:3" in said.err
    assert "weft inspect bad.csv --value price lists all of them" in said.err
    found = weft("inspect", "bad.csv", "--value", "price").out
    assert "1 row: expected a number, found `viel`" in " ".join(found.split())
    assert "expected a number, found `viel`" in said.err
    assert not Path("run").exists()


def test_an_ensemble_of_models_of_different_tasks_is_refused():
    models = {name: SimpleNamespace(task=SimpleNamespace(config=SimpleNamespace(kind=name))) for name in ("a", "b")}
    with pytest.raises(InputError, match=r"models of one task, found `a` \(a\), `b` \(b\)"):
        _first_of_one_task(models)


def test_labels_that_look_like_numbers_bring_a_hint(weft):
    rows = "".join(f"text {number} 好,{number % 5 + 1}\n" for number in range(60))
    Path("stars.csv").write_text(f"text,stars\n{rows}", encoding="utf-8")
    words = ["train", "stars.csv", "--label", "stars", "--encoder", "bag", "--set", "training.epochs=1"]
    hint = "weft train stars.csv --value stars predicts a number; --set task.ordinal=true learns the order"
    assert hint in weft(*words, "--output", "plain").err
    ordered = weft(*words, "--output", "ordered", "--set", "task.ordinal=true").err
    small = ("--set", "training.epochs=1", "--student", "bag", "--alone", "skip")
    assert weft("distil", "ordered", *small, "--output", "small").code == 0
    assert "ordinal: true" in Path("small/student/config.yaml").read_text(encoding="utf-8")
    assert "--value" not in ordered
    assert "weighted kappa" in ordered
