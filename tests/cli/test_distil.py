"""`weft distil`: a table, JSON and a page; the data and columns of the teacher; mistakes in one grammar."""

import json
from pathlib import Path

import pytest

from weft.config import read_yaml
from weft.files import read_json

TINY = ("--set", "training.epochs=1", "--set", "task.encoder.width=8", "--set", "task.encoder.maps=8", "--quiet")


def test_a_student_is_trained_on_the_data_of_its_teacher(weft, model):
    Path("more.txt").write_text("a good soup\n太贵了\n", encoding="utf-8")
    said = weft("distil", "model", "--unlabelled", "more.txt", "--temperature", "3", "--alpha", "0.2", *TINY)
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert [line.split("  ")[0] for line in lines[1:5]] == ["model", "cnn, distilled", "cnn, baseline", "cnn, teacher"]
    assert "McNemar’s exact test: p" in said.out
    assert lines[-1] == "page: runs/model-cnn/page.html   next: weft predict runs/model-cnn/student --text ..."
    settings = read_yaml(Path("runs/model-cnn/student/config.yaml"))
    assert settings["data"] == read_yaml(Path("model/config.yaml"))["data"]
    assert settings["task"]["loss"]["teacher"] == {"alpha": 0.2, "temperature": 3.0}
    assert read_yaml(Path("runs/model-cnn/alone/config.yaml"))["task"]["loss"]["teacher"] is None
    page = Path("runs/model-cnn/page.html").read_text(encoding="utf-8")
    assert all(word in page for word in ("cnn distilled from cnn", "cnn, teacher", "Score and throughput"))
    again = weft(
        "distil",
        "model",
        "--unlabelled",
        "more.txt",
        "--temperature",
        "3",
        "--alpha",
        "0.2",
        *TINY,
        "--resume",
        "--json",
    )
    assert json.loads(again.out) == read_json(Path("runs/model-cnn/distilled.json"))


def test_another_student_takes_the_answers_that_are_there(weft, model):
    weft("distil", "model", "--alone", "skip", "--output", "one", *TINY)
    Path("two").mkdir()
    for name in ("distil.json", "teacher.jsonl"):
        Path("two", name).write_bytes(Path("one", name).read_bytes())
    Path("small.yaml").write_text("task: {encoder: bag}\ntraining: {epochs: 1}\n", encoding="utf-8")
    said = weft(
        "distil", "model", "reviews.csv", "--student", "small.yaml", "--alone", "skip", "--output", "two", "--resume"
    )
    assert said.code == 0
    assert "the teacher answers" not in said.err
    assert "bag, distilled" in said.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere"], ["nowhere: there is no run in this folder"]),
        (["model", "--student", "cmm"], ["cmm: task.encoder: there is no kind `cmm`"]),
        (["model", "--student", "c,n"], ["--student: `c,n` cannot be the name of a model"]),
        (["model", "--temperature", "0"], ["task.loss.teacher.temperature: expected greater than 0"]),
        (["model", "--alpha", "2"], ["task.loss.teacher.alpha: expected less than or equal to 1"]),
        (["model", "--unlabelled", "absent.txt"], ["absent.txt"]),
        (["model", "absent.csv"], ["absent.csv"]),
        (["unfinished"], ["unfinished: the run is not finished"]),
        (["model", "--output", "model"], ["model: holds something else than a distillation"]),
        (["poet"], ["teacher: a model of task `language_model` cannot teach"]),
    ],
)
def test_mistakes(refused, model, unfinished, poet, arguments, says):
    refused("distil", *arguments, says=tuple(says))


@pytest.mark.parametrize("verb", [("compare",), ("distil", "model")])
def test_the_columns_of_a_file_without_a_header_are_named(refused, model, verb):
    rows = [line.split(",") for line in Path("reviews.csv").read_text(encoding="utf-8").splitlines()[1:]]
    Path("bare.csv").write_text("".join(f"{label},{text}\n" for text, label in rows), encoding="utf-8")
    refused(*verb, "bare.csv", "--columns", "sort,said", "--text", "nowhere", says=("among `sort`, `said`",))
