"""Columns beside a text, and columns alone: what is refused before training, and that such a model teaches."""

import csv

import pytest

import weft
from weft.config import validated
from weft.dataset import read
from weft.errors import InputError, Interrupted, WeftError
from weft.experiments.distil import distil, results
from weft.experiments.self_training import train
from weft.run import RunConfig

PRICED = [
    (f"{text} {number}", f"{number * 7 % 30}", brand, "yes" if number * 7 % 30 > 15 else "no")
    for number in range(20)
    for text, brand in (("a good soup", "Lumo"), ("味道很好", "云杉"))
]
TABLE = {"kind": "tabular", "numbers": ["price"], "categories": ["brand"]}
BESIDE = {"text": "text", "numbers": ["price"], "categories": ["brand"], "encoder": {"kind": "cnn", "width": 8}}


@pytest.fixture
def settings(tmp_path):
    path = tmp_path / "priced.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "price", "brand", "label"), *PRICED])

    def made(**task):
        given = {"data": {"train": str(path)}, "task": {"label": "label", **task}, "training": {"epochs": 1}}
        return validated(RunConfig, given)

    return made


@pytest.mark.parametrize(
    ("task", "said"),
    [
        ({"text": "text", "categories": ["label"]}, "named as the label and as an input"),
        ({"text": "text", "categories": ["text"]}, "named as the text"),
        (
            {"text": "text", "numbers": ["price"], "inputs": [{**TABLE, "numbers": []}]},
            "two inputs are named `tabular`",
        ),
    ],
)
def test_a_column_has_one_use_and_an_input_its_own_name(settings, tmp_path, task, said):
    with pytest.raises(WeftError, match=said):
        list(train(settings(**task), tmp_path / "run"))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("task", [BESIDE, {"inputs": [TABLE]}], ids=["beside", "alone"])
def test_a_model_of_columns_teaches_a_student_that_reads_them_too(settings, tmp_path, task):
    config = settings(**task)
    list(train(config, tmp_path / "teacher"))
    list(distil(config, tmp_path / "taught", teacher=tmp_path / "teacher"))
    student = weft.load(tmp_path / "taught" / "student")
    assert student.task.config.part_configs[-1].kind == "tabular"
    assert set(results(tmp_path / "taught")["models"]) == {"student", "alone", "teacher"}


def test_a_model_of_columns_alone_says_that_it_reads_no_text(settings, tmp_path):
    list(train(settings(inputs=[TABLE]), tmp_path / "run"))
    model = weft.load(tmp_path / "run")
    assert len(model.answer([{"price": "3", "brand": "Lumo"}, {"brand": "云杉"}])) == 2
    with pytest.raises(WeftError, match="no column is given\nhint: give `price`, `brand`"):
        model.answer([{}])
    with pytest.raises(WeftError, match="reads no text"):
        model.answer(["hello"])
    with pytest.raises(WeftError, match="found one mapping"):
        model.answer({"price": "3"})


def test_a_row_without_its_text_is_told_so(settings, tmp_path):
    list(train(settings(**BESIDE), tmp_path / "run"))
    model = weft.load(tmp_path / "run")
    for fields in ({"price": "3"}, {}):
        with pytest.raises(
            WeftError, match="the text is missing\nhint: give it as `text`, with `price`, `brand` beside"
        ):
            model.answer([fields])
    for fields, column in (({"text": ["a"]}, "text"), ({"text": "a", "price": [1]}, "price")):
        with pytest.raises(WeftError, match=f"expected a text or a number as `{column}`, found list"):
            model.answer([fields])


def test_a_column_that_has_changed_stops_a_resumed_run(settings, tmp_path):
    config, folder = settings(**BESIDE), tmp_path / "run"
    with pytest.raises(Interrupted):
        list(train(config, folder, stop=lambda: 15))
    file = tmp_path / "priced.csv"
    given = file.read_text(encoding="utf-8")
    file.write_text(given.replace(",7,Lumo", ",8,Lumo", 1), encoding="utf-8")
    with pytest.raises(InputError, match="has changed since"):
        list(train(config, folder, resume=True))
    file.write_text(given, encoding="utf-8")
    list(train(config, folder, resume=True))
    assert weft.load(folder).answer([{"text": "a good soup", "price": "3"}])


def test_fusion_without_anything_to_fuse_is_said(settings):
    config = settings(text="text", fusion={"kind": "gated"})
    said = "task.fusion has no effect"
    assert any(note.startswith(said) for note in read(config.data, config.task, seed=0).notes)
    config = settings(**BESIDE, fusion={"kind": "gated"})
    assert not any(note.startswith(said) for note in read(config.data, config.task, seed=0).notes)
