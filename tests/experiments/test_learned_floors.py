"""Floors that learn from training rows score the same for `weft evaluate` as at the end of a run."""

import json
import random
from pathlib import Path

import pytest

from weft import bundle
from weft.data.sources import open_table
from weft.demo import reviews
from weft.errors import ConfigError, InputError
from weft.experiments.learned_floors import with_learned_floors
from weft.experiments.self_training import train
from weft.files import read_json

draw = random.Random(0)
WORDS = {"flat": 500, "house": 2000, "公寓": 900, "别墅": 2600}
PLACES = [("Oslo", "in Oslo ."), ("上海", "在上海。"), ("Rome", "near Rome ."), ("北京", "去北京。")]


def reviews_rows(size: int, seed: int) -> list[dict]:
    return [{"text": text, "label": label} for text, label in reviews.rows(size=size, seed=seed)]


def prices(size: int) -> list[dict]:
    words = draw.choices([*WORDS], k=size)
    return [{"text": f"{word} {draw.randint(1, 40)}", "value": WORDS[word] + draw.randint(0, 99)} for word in words]


def both(size: int) -> list[dict]:
    rows = []
    for number in range(size):
        name, text = PLACES[number % 4]
        start = text.index(name)
        spans = [{"start": start, "end": start + len(name), "label": "LOC"}]
        rows.append({"text": f"{text} {number}", "spans": spans, "lang": "en" if name.isascii() else "zh"})
    return rows


CNN = {"kind": "cnn", "width": 8, "maps": 4}
RUNS = {
    "solved, and solved once more": (reviews_rows(80, 0), reviews_rows(40, 1), {"encoder": "bag"}),
    "by steps": (reviews_rows(80, 0), reviews_rows(40, 1), {"encoder": CNN}),
    "numbers": (prices(80), prices(30), {"kind": "regression"}),
    "several answers": (both(48), both(24), {"kind": "joint", "encoder": CNN, "tasks": {
        "lang": {"kind": "classification", "label": "lang"}, "spans": {"kind": "tagging", "tags": "spans"}}}),
}  # fmt: skip


def write(name: str, rows: list[dict]) -> None:
    Path(name).write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")


def run(name: str) -> Path:
    known, scored, task = RUNS[name]
    write("train.jsonl", known)
    write("test.jsonl", scored)
    data = {"data.test": "test.jsonl", "task": task, "training.epochs": 1, "device": "cpu"}
    for _ in train("train.jsonl", "run", settings=data):
        pass
    return Path("run")


def again(folder: Path) -> tuple[dict, dict]:
    """The figures without and with the floors that learn."""
    model = bundle.load(folder, device="cpu")
    table = open_table("test.jsonl")
    examples = list(model.task.config.for_table(table).read(table))
    found = model.evaluate(examples)
    plain = found.to_json()
    return plain, with_learned_floors(model, folder, plain, scored=examples, answers=found.answers)


@pytest.mark.parametrize("name", RUNS)
def test_they_are_those_of_the_run(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    plain, found = again(run(name))
    known = read_json(Path("run/scores.json"))["details"]
    for own, whole in zip(details(known), details(found["details"]), strict=True):
        assert own["floors"] == whole["floors"]
        assert own["against"] == whole["against"]
    assert plain["details"] != found["details"]


def details(found: dict) -> list[dict]:
    return [*found["tasks"].values()] if "tasks" in found else [found]


def test_rows_that_changed_teach_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = run("by steps")
    write("train.jsonl", reviews_rows(80, 3))
    with pytest.raises(InputError, match="has not the rows, or not those alone, that run learned from"):
        again(folder)
    Path("train.jsonl").unlink()
    with pytest.raises(InputError, match="there is no such file"):
        again(folder)
    (folder / "config.yaml").write_text("data: {train: 7}\n", encoding="utf-8")
    with pytest.raises(ConfigError):
        again(folder)


def test_where_the_run_had_none_nothing_is_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write("train.jsonl", both(32))
    write("test.jsonl", both(12))
    data = {"task": {"kind": "tagging", "tags": "spans", "encoder": CNN}, "training.epochs": 1, "device": "cpu"}
    for _ in train("train.jsonl", "run", settings=data):
        pass
    Path("train.jsonl").unlink()
    plain, found = again(Path("run"))
    assert plain == found
    assert "the commonest tag of each token" in found["details"]["floors"]
