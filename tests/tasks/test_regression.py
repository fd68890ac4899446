"""Regression: values standardised by training rows, exact ridge, intervals that cover, losses, teachers, mistakes."""

import json

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge

from weft import bundle
from weft.config import validated
from weft.data.examples.labelled import LabelledText, SoftLabelledText
from weft.dataset import DataConfig, Examples, read_whole
from weft.errors import ConfigError, InputError
from weft.evaluation.evaluate import evaluate
from weft.experiments.self_training import train
from weft.run import RunConfig, fit_in_memory
from weft.tasks.number_answers import NumberAnswer
from weft.tasks.number_losses import NumberLossConfig, NumberTeacherConfig, number_loss, taught_number_loss
from weft.tasks.regression import RegressionConfig

WORTH = {"studio": 5.0, "house": 20.0, "公寓": 9.0, "大厦": 14.0}


def flats(count: int, seed: int = 0) -> list[LabelledText]:
    """Flats of a kind and a number of rooms, in English and Chinese; what they cost is known but for noise."""
    draw = np.random.default_rng(seed)
    found = []
    for number in range(count):
        kind, rooms = str(draw.choice([*WORTH])), int(draw.integers(1, 6))
        text = f"{kind} with {rooms} rooms" if kind.isascii() else f"{rooms}室的{kind}"
        found.append(LabelledText(text, (WORTH[kind] + rooms + float(draw.normal()),), line=number + 1))
    return found


def fitted(train_, dev, **task):
    config = validated(
        RunConfig, {"data": {"train": "-"}, "task": {"kind": "regression", "value": "price", **task}, "device": "cpu"}
    )
    return fit_in_memory(config, Examples(config.task, train_, dev, [], []), refit=False)


@pytest.fixture(scope="module")
def model():
    return fitted(flats(400), flats(200, seed=1))


def test_intervals_hold_the_stated_share_of_new_rows(model):
    found = evaluate(model.task, model.network, flats(1000, seed=2), device=torch.device("cpu"))
    covered = found.scores.details["intervals"]
    assert covered["stated"] == 0.9
    assert covered["covered"]["value"] == pytest.approx(0.9, abs=0.06)  # which 200 rows fit
    assert found.scores.values["r2"].value > 0.9
    assert found.scores.details["against"]["the mean of the training values"]["better"]
    assert found.scores.details["floors"]["the mean of the training values"]["rmse"] > found.scores.values["rmse"].value


@pytest.mark.parametrize("kind", ["mae", "huber", "quantile"])
def test_other_losses_learn_and_cover_too(kind):
    encoder = {"kind": "bag", "width": 8}
    model = fitted(flats(400), flats(200, seed=1), loss={"kind": kind}, encoder=encoder)
    found = evaluate(model.task, model.network, flats(500, seed=2), device=torch.device("cpu"))
    assert found.scores.details["intervals"]["covered"]["value"] == pytest.approx(0.9, abs=0.075)
    assert found.scores.values["r2"].value > 0.4


def test_the_exact_bag_is_ridge_regression_of_its_n_grams():
    rows = flats(60)
    bag = {"kind": "bag", "cost": 2.0, "balance": "none", "weighting": "tf-idf"}
    model = fitted(rows, rows[:12], encoder=bag)
    columns = model.task.encode(rows)
    source = model.task.collate(columns, np.arange(len(rows))).source
    encoder = model.network.encoder
    dense = torch.zeros(len(rows), encoder.table.num_embeddings, dtype=torch.float64)
    counts = torch.diff(source.starts_B, append=torch.tensor([len(source.ids_N)]))
    dense[torch.repeat_interleave(counts), source.ids_N] = encoder.weights(source).double()
    true = np.array([one.label[0] for one in rows])
    scaled = (true - true.mean()) / true.std()
    theirs = Ridge(alpha=0.5, solver="cholesky").fit(dense.numpy(), scaled).predict(dense.numpy())
    ours = [one.value for one in model.answer([LabelledText(one.text) for one in rows])]
    np.testing.assert_allclose(ours, theirs * true.std() + true.mean(), rtol=1e-4)


def test_scale_and_unit_of_the_values_change_nothing_else():
    rows, dev = flats(100), flats(40, seed=1)
    plain = fitted(rows, dev)
    moved, moved_dev = (
        [LabelledText(one.text, (1e6 * one.label[0] - 5e7,), one.line) for one in part] for part in (rows, dev)
    )
    other = fitted(moved, moved_dev)
    texts = [one.text for one in dev]
    ours = np.array([one.value for one in plain.answer(texts)])
    theirs = np.array([one.value for one in other.answer(texts)])
    np.testing.assert_allclose(1e6 * ours - 5e7, theirs, rtol=1e-4, atol=20)


def test_losses_are_those_of_their_definitions():
    found_BKQ, true_BK = torch.tensor([[[0.0]], [[2.0]]]), torch.tensor([[3.0], [2.5]])
    loss = {kind: number_loss(found_BKQ, true_BK, NumberLossConfig(kind=kind), coverage=0.8) for kind in
            ("mse", "mae", "huber")}  # fmt: skip
    assert {kind: float(one.sum) for kind, one in loss.items()} == {"mse": 9.25, "mae": 3.5, "huber": 2.625}
    assert loss["mse"].count == 2
    quantile = number_loss(
        torch.tensor([[[0.0, -1.0, 1.0]]]), torch.tensor([[2.0]]), NumberLossConfig(kind="quantile"), coverage=0.8
    )
    assert float(quantile.sum) == pytest.approx(0.5 * 2 + 0.1 * 3 + 0.9 * 1)


def test_a_teacher_is_heard_beside_the_truth_and_alone_where_there_is_none():
    config = NumberLossConfig(teacher=NumberTeacherConfig(alpha=0.25))
    found_BKQ, taught_BK = torch.tensor([[[0.0]], [[1.0]]]), torch.tensor([[2.0], [3.0]])
    both = taught_number_loss(found_BKQ, torch.tensor([[1.0], [float("nan")]]), taught_BK, config, coverage=0.9)
    assert float(both.sum) == pytest.approx(0.25 * 1 + 0.75 * (4 + 4))
    assert both.count == 2


def test_lessons_bring_the_teachers_values(model):
    asked = [LabelledText("house with 2 rooms", (21.0,)), LabelledText("3室的公寓")]
    said = [model.task.said(answer) for answer in model.answer(asked)]
    lessons = model.task.lessons(asked, said, train=asked, targets="teacher")
    assert all(isinstance(one, SoftLabelledText) for one in lessons)
    arrays = model.task.answer_arrays(lessons)
    assert np.isnan(arrays["value"][1]).all()
    assert arrays["taught"].shape == (2, 1)


def test_the_average_of_models_is_that_of_values_and_ends(model):
    rows = flats(5, seed=3)
    answers = model.answer(rows)
    (one, *_) = model.task.average([answers, answers])
    assert one == answers[0]
    with pytest.raises(InputError, match="same texts"):
        model.task.average([answers, answers[:2]])


@pytest.mark.parametrize(
    ("away", "said"), [(20.0, "`value` narrowed by 20 on each side"), (0.0, "`value` widened by 80 on each side")]
)
def test_intervals_of_quantiles_are_said_to_be_widened_or_narrowed(model, away, said):
    task = RegressionConfig(loss={"kind": "quantile"}).learn(flats(50))
    rows = [LabelledText(text, (100.0,)) for text in ["a flat", "上海的公寓"] * 10]
    low, high = (80.0, 120.0) if away else (180.0, 220.0)
    answers = [NumberAnswer({"value": (low + high) / 2}, {"value": low}, {"value": high}) for _ in rows]
    assert said in task.tune(answers, rows)[0]
    plain = [NumberAnswer({"value": 230.0}) for _ in rows]
    assert "20 dev rows: `price` ±130" in model.task.tune(plain, rows)[0]


def test_too_few_dev_rows_have_no_intervals():
    model = fitted(flats(40), flats(5, seed=1))
    assert model.answer(["house with 2 rooms"])[0].low is None


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([LabelledText("a", (1.0,)), LabelledText("b", (1.0,))], "all values of `price` are 1"),
        ([LabelledText("a", (1.0,))], "at least two texts"),
    ],
)
def test_what_cannot_be_learned_is_refused(rows, message):
    with pytest.raises(InputError, match=message):
        RegressionConfig(value="price").learn(rows)


def test_a_loss_with_a_teacher_needs_one():
    with pytest.raises(ConfigError, match="no teacher has answered"):
        fitted(flats(20), flats(10, seed=1), loss={"teacher": {}}, encoder="cnn")


def test_bad_values_are_told_with_file_and_line(tmp_path):
    path = tmp_path / "ads.csv"
    path.write_text("text,price,size\na flat,1,2\n一套公寓,1e300,3\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_whole(DataConfig(train=str(path)), RegressionConfig(value="price,size"))
    assert caught.value.where.startswith(f"{path}:3")
    assert caught.value.what == "expected a number between -1e15 and 1e15, found `1e300` (column `price`)"


def test_a_run_of_several_columns_tells_each_and_loads_again(tmp_path):
    rows = [{"text": one.text, "price": one.label[0], "rooms": len(one.text)} for one in flats(120)]
    path = tmp_path / "flats.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    config = validated(
        RunConfig,
        {"data": {"train": str(path)}, "task": {"kind": "regression", "value": "price,rooms"}, "device": "cpu"},
    )
    for _ in train(config, tmp_path / "run"):
        pass
    scores = json.loads((tmp_path / "run/scores.json").read_text(encoding="utf-8"))
    assert [one["value"] for one in scores["details"]["per_value"]] == ["price", "rooms"]
    assert {one["value"] for one in scores["details"]["intervals"]["groups"]} == {"price", "rooms"}
    floors = ["the mean of the training values", "ridge regression on tf-idf"]
    assert [*scores["details"]["floors"]] == [*scores["details"]["against"]] == floors
    line = json.loads((tmp_path / "run/answers.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert all([*line[name]] == ["price", "rooms"] for name in ("value", "answer", "low", "high"))
    page = (tmp_path / "run/page.html").read_text(encoding="utf-8")
    assert page.count("errors of") == 2
    assert page.count('<td dir="auto" data-name="Column"><span>rooms</span></td><td class="number"') >= 5
    (answer,) = bundle.load(tmp_path / "run", device="cpu").answer(["大厦"])
    assert [*answer.values] == ["price", "rooms"]


def test_a_training_begins_with_a_word_on_html():
    marked = [LabelledText(f"{one.text}<br />安静", one.label) for one in flats(20)]
    said = RegressionConfig().data_notes({"train": marked}, {}, {})
    assert any(note.startswith("20 of 20 texts looked at hold HTML") for note in said)
    assert not any("HTML" in note for note in RegressionConfig().data_notes({"train": flats(20)}, {}, {}))
