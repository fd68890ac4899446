"""A bag that is solved exactly, as a run: its answers, what it decides on the dev set, and being interrupted."""

import json
import re
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

import weft
from weft import run_folder
from weft.config import overridden, validated
from weft.data.batch import Ngrams
from weft.data.examples.labelled import LabelledText
from weft.demo import reviews
from weft.errors import ConfigError, Interrupted
from weft.metrics.calibration import log_loss
from weft.training import exact
from weft.training.aims import AIMS
from weft.training.reports import EvalReport, Note, Report

BAG = ("data.train=train.jsonl", "data.test=test.jsonl", "device=cpu", "task.encoder=bag")
TOPICS = {"room": ("the room was clean", "房间很干净"), "food": ("the soup was cold", "汤是冷的")}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    rows = reviews.rows(size=300, seed=3)
    write("train.jsonl", [{"text": text, "label": label} for text, label in rows[:220]])
    write("test.jsonl", [{"text": text, "label": label} for text, label in rows[220:]])


def write(name: str, rows: list[dict[str, Any]]) -> None:
    Path(name).write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n", encoding="utf-8")


def run(folder: str, *settings: str, **options: Any) -> list[Report]:
    return list(weft.train(validated(weft.RunConfig, overridden({}, [*BAG, *settings])), folder, **options))


def notes(reports: list[Report]) -> str:
    return "\n".join(one.text for one in reports if isinstance(one, Note))


def accuracy(folder: str) -> float:
    return json.loads(Path(folder, "scores.json").read_text(encoding="utf-8"))["scores"]["accuracy"]["value"]


def stopped_at(call: int) -> Callable[[], int]:
    asked = count(1)
    return lambda: 15 if next(asked) == call else 0


def test_what_was_left_open_is_decided_said_and_saved():
    reports = run("bag")
    config = weft.load("bag").task.config.encoder
    assert (config.solver, config.width) == ("exact", 1)
    assert config.weighting in ("supervised", "tf-idf")
    assert config.cost is not None
    (said,) = [line for line in notes(reports).splitlines() if line.startswith("chosen on the dev set")]
    where = "on the dev set and 3 folds of the training rows"
    assert re.match(rf"chosen {where}, of \d settings: {config.weighting}.* \(right: [\d.]+%; the others ", said)
    assert "solved once more with the 22 rows that had been held out" in notes(reports)
    assert accuracy("bag") > 0.55


def test_what_is_set_is_taken_without_a_trial():
    settings = ("task.encoder.cost=2", "task.encoder.weighting=tf-idf", "task.encoder.balance=none")
    reports = run("bag", *settings)
    config = weft.load("bag").task.config.encoder
    assert (config.cost, config.weighting, config.balance) == (2.0, "tf-idf", "none")
    assert "chosen" not in notes(reports)


def test_a_dev_file_is_never_learned_from():
    write("dev.jsonl", [{"text": f"word{number}", "label": "good"} for number in range(30)])
    reports = run("bag", "data.dev=test.jsonl")
    assert "solved once more" not in notes(reports)


def test_loaded_as_saved_and_probabilities_that_fit():
    run("bag", "task.encoder.cost=1")
    model = weft.load("bag")
    lines = [json.loads(line) for line in Path("bag/answers.jsonl").read_text(encoding="utf-8").splitlines()]
    answers = model.answer([one["text"] for one in lines])
    assert [one.label for one in answers] == [one["answer"] for one in lines]
    probabilities = np.array([list(one.probabilities.values()) for one in answers])
    gold = np.array([model.task.labels.index(one["label"]) for one in lines])
    assert log_loss(probabilities, gold) < np.log(2)


def test_interrupted_and_resumed_is_as_uninterrupted():
    run("whole")
    with pytest.raises(Interrupted, match="stopped with"):
        run("parts", stop=stopped_at(5))
    reports = run("parts", resume=True)
    assert "there is no checkpoint" in notes(reports)
    whole, parts = (load_file(f"{one}/weights.safetensors") for one in ("whole", "parts"))
    assert all((parts[name] == value).all() for name, value in whole.items())


def test_several_labels_a_text():
    rows = [
        {"text": f"{a}, {b} {number}", "label": "|".join(label for label, text in ((one, a), (two, b)) if text)}
        for number in range(30)
        for one, two in (("room", "food"), ("food", "room"))
        for a, b in ((TOPICS[one][number % 2], ""), (TOPICS[one][0], TOPICS[two][1]))
    ]
    write("train.jsonl", rows)
    settings = ("task.kind=multilabel", "task.label_separator='|'", "data.test=train.jsonl")
    reports = run("bag", *settings)
    assert weft.load("bag").task.config.encoder.width == 2
    assert any(one.scores["micro_f1"] > 0.95 for one in reports if isinstance(one, EvalReport))


@pytest.mark.parametrize(
    "settings",
    [("task.encoder.width=8",), ("task.encoder.solver=gradient",), ("task.loss.smoothing=0.1",)],
    ids=["a width", "asked", "another loss"],
)
def test_vectors_are_trained_by_steps(settings: tuple[str, ...]):
    run("bag", *settings, "training.epochs=1")
    config = weft.load("bag").task.config.encoder
    assert (config.solver, config.weighting, config.balance) == ("gradient", "naive-bayes", "none")


def test_exact_and_another_loss_are_refused():
    with pytest.raises(ConfigError, match="a plain loss"):
        run("bag", "task.encoder.solver=exact", "task.loss.smoothing=0.1")


def test_a_folder_of_before_is_trained_vectors():
    run("bag", "task.encoder.width=8", "training.epochs=1")
    path = Path("bag/task/task.json")
    before = [one.label for one in weft.load("bag").answer(["很好", "cold and late"])]
    config = json.loads(path.read_text(encoding="utf-8"))
    for name in ("solver", "cost", "balance"):
        del config["encoder"][name]
    path.write_text(json.dumps(config), encoding="utf-8")
    run_folder.seal(Path("bag"), version="0.1.0")
    assert [one.label for one in weft.load("bag").answer(["很好", "cold and late"])] == before


def test_double_precision_holds_the_same_solution():
    run("single", "task.encoder.cost=1", "task.encoder.weighting=tf-idf")
    run("double", "task.encoder.cost=1", "task.encoder.weighting=tf-idf", "training.precision=float64")
    single, double = (load_file(f"{one}/weights.safetensors") for one in ("single", "double"))
    np.testing.assert_allclose(single["encoder.table.weight"], double["encoder.table.weight"], atol=1e-3)


def test_settings_of_steps_are_said_to_be_idle_and_ask_for_a_network():
    named = notes(run("named", "training.epochs=2", "training.clip=2"))
    assert "training.clip and training.epochs have no effect: the bag is solved for without steps" in named
    settings = ("task.encoder=auto", "training.epochs=0.2")
    assert "encoder: cnn, chosen since training.epochs set how steps are taken" in notes(run("open", *settings))
    assert "encoder: bag, chosen since single texts are read" in notes(run("alone", "task.encoder=auto"))
    assert weft.load("alone").task.config.encoder.kind == "bag"


def test_pairs_are_solved_by_what_both_texts_share():
    words = ["room", "soup", "bed", "price", "view", "汤", "房间", "价格", "早饭", "海景"]
    pairs = [(f"the {one} was cold", f"cold, says a guest: {other}") for one in words for other in (one, *words[:4])]
    rows = [{"a": a, "b": b, "label": "same" if a.split()[1] == b.split()[-1] else "other"} for a, b in pairs]
    write("train.jsonl", rows)
    write("test.jsonl", rows)
    reports = run("pairs", "task.encoder=auto", "task.text=[a,b]", "task.label=label")
    assert "encoder: bag, chosen since pairs of texts are read" in notes(reports)
    model = weft.load("pairs")
    assert model.task.config.encoder.overlap == "levels"
    assert accuracy("pairs") == 1
    turned = model.answer([LabelledText(row["b"], second=row["a"]) for row in rows])
    assert [one.label for one in turned] == [row["label"] for row in rows]


def test_names_may_weigh_letters_by_what_names_share():
    stems = ["bell", "ros", "gro", "nor", "lin", "mar", "kov", "pet", "sand", "berg"]
    names = [f"{a}{b}" for a in stems for b in stems]
    rows = [{"text": name + end, "label": end} for name in names for end in ("ini", "sen", "ova", "伟")]
    write("train.jsonl", [row for place, row in enumerate(rows) if place % 3])
    write("test.jsonl", rows[::3])
    said = notes(run("open", "task.encoder.cost=1"))
    assert "of 4 settings" in said
    run("shared", "task.encoder.balance=shared")
    model = weft.load("shared")
    share_G = model.network.encoder.share_G
    whole, one_letter, five_letters = share_G[[0, 2, 6]].tolist()
    assert whole < 0.5 < five_letters < one_letter == 1
    assert accuracy("shared") > 0.95
    run_folder.seal(Path("shared"), version="0.1.0")
    answers = model.answer(["rosini", "kovberg伟"])
    assert [one.label for one in weft.load("shared").answer(["rosini", "kovberg伟"])] == [one.label for one in answers]


def test_weights_of_the_labels_are_heeded():
    rows = reviews.rows(size=300, seed=3)
    few = [row for row in rows if row[1] == rows[0][1]][:12] + [row for row in rows if row[1] != rows[0][1]]
    write("train.jsonl", [{"text": text, "label": label} for text, label in few])
    found = {}
    for weights in ("none", "balanced"):
        run(weights, "task.encoder.cost=1", "task.encoder.weighting=tf-idf", f"task.loss.class_weights={weights}")
        answers = weft.load(weights).answer([text for text, _ in rows])
        found[weights] = sum(one.label == rows[0][1] for one in answers)
    assert found["balanced"] > found["none"]


def test_the_floor_of_the_same_ngrams_is_that_of_rows_encoded_anew():
    settings = ("task.encoder.cost=3", "task.encoder.weighting=tf-idf", "task.encoder.balance=lengths")
    run("same", *settings, "task.tokenizer={kind: ngrams, order: 2}")
    run("other", *settings)
    same, other = (json.loads(Path(one, "scores.json").read_text(encoding="utf-8")) for one in ("same", "other"))
    assert same["details"]["floors"] == other["details"]["floors"]


def test_folds_hold_every_row_once_and_equal_rows_together():
    ids_N = torch.tensor([1, 2, 3, 4, 1, 2, 5, 6, 3, 4, 7])
    starts_B = torch.tensor([0, 2, 4, 6, 8, 10])  # [1, 2] and [3, 4] twice each, then [5, 6] and [7]
    rows = exact._Rows(Ngrams(ids_N, starts_B), torch.arange(6)[:, None] % 2 == 0, AIMS["label"])
    held = [own for _, own in rows.folds()]
    found = [tuple(part.tolist()) for own in held for part in own.source.ids_N.tensor_split(own.source.starts_B[1:])]
    assert sorted(found) == [(1, 2), (1, 2), (3, 4), (3, 4), (5, 6), (7,)]
    assert sum(bool((own.source.ids_N == first).any()) for first in (1, 3) for own in held) == 2
    assert all(len(others.truth_RC) + len(own.truth_RC) == 6 for others, own in rows.folds())
