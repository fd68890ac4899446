"""What is decided after training: told, kept in the folder, the same after a stop, and from memory."""

import json
from itertools import count
from pathlib import Path

import pytest

import weft
from weft.config import overridden, validated
from weft.dataset import read
from weft.errors import Interrupted
from weft.files import read_json
from weft.run import fit_in_memory
from weft.tasks.label_task import LabelTask
from weft.training.reports import DoneReport, Note

ROWS = [
    (f"{text} {number}", tags)
    for number in range(12)
    for text, tags in (("the match", "a"), ("银行 上涨", "b"), ("球队 sells shares", "b|a"), ("没什么", ""))
]
SMALL = [
    *("data.train=posts.csv", "device=cpu", "task.encoder.width=8", "task.encoder.maps=8", "training.epochs=3"),
    *("training.optimizer.learning_rate=0.01", "task.calibrate=temperature"),
]
SEVERAL = ["task.kind=multilabel", 'task.label_separator="|"']


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    lines = ["text,label", *(f"{text},{tags}" for text, tags in ROWS)]
    Path("posts.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    Path("reviews.csv").write_text("\n".join(line for line in lines if line[-1] != ",") + "\n", encoding="utf-8")


def config(*settings: str) -> weft.RunConfig:
    return validated(weft.RunConfig, overridden({}, [*SMALL, *settings]))


@pytest.mark.parametrize("settings", [SEVERAL, ["data.train=reviews.csv"]])
def test_a_stopped_run_is_tuned_as_if_never_stopped(settings):
    told = list(weft.train(config(*settings), "whole"))
    asked = count(1)
    with pytest.raises(Interrupted):
        list(weft.train(config(*settings), "halves", stop=lambda: 15 if next(asked) > 1 else 0))
    # as a kill between tuning and seal would leave it
    Path("halves/task/tuned.json").write_text(json.dumps({"temperature": 9.0}), encoding="utf-8")
    list(weft.train(config(*settings), "halves", resume=True))
    tuned = [read_json(Path(folder, "task/tuned.json")) for folder in ("whole", "halves")]
    assert tuned[0] == tuned[1]
    assert 0.1 <= tuned[0]["temperature"] <= 10
    done = next(place for place, report in enumerate(told) if isinstance(report, DoneReport))
    said = [report.text for report in told[done + 1 :] if isinstance(report, Note)]
    assert said[0].startswith(f"calibrated by temperature {tuned[0]['temperature']:.3f}")
    assert len(said) == (2 if settings is SEVERAL else 1)


@pytest.mark.parametrize("settings", [SEVERAL, ["data.train=reviews.csv"]])
def test_a_model_from_memory_is_tuned_as_one_in_a_folder(settings):
    run = config(*settings)
    list(weft.train(run, "run"))
    fitted = fit_in_memory(run, read(run.data, run.task, seed=run.seed))
    loaded = weft.load("run")
    texts = ["the match 上涨", "没什么", "shares"]
    assert fitted.answer(texts) == loaded.answer(texts)
    assert isinstance(fitted.task, LabelTask)
    assert isinstance(loaded.task, LabelTask)
    assert fitted.task.tuned() == loaded.task.tuned()


def test_the_log_loss_on_the_dev_part_is_no_worse():
    losses = {}
    for kind in ("none", "temperature"):
        list(weft.train(config("data.train=reviews.csv", f"task.calibrate={kind}"), kind))
        losses[kind] = read_json(Path(kind, "scores.json"))["scores"]["log_loss"]["value"]
    assert losses["temperature"] <= losses["none"]
