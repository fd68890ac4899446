"""Self-training: which texts are learned from, which model is kept, the same runs by seed and after a stop."""

import json
import shutil
from pathlib import Path

import pytest

import weft
from weft.config import read_yaml
from weft.errors import ConfigError, InputError, Interrupted, RunFolderError
from weft.files import read_json, sha256
from weft.run_folder import WEIGHTS, read_answers

GOOD = ("the soup was good", "味道很好", "a warm and friendly place", "服务很周到")
BAD = ("cold and late", "太贵了", "a rude waiter", "等了很久")
SAID = [*((text, "pos") for text in GOOD), *((text, "neg") for text in BAD)]
FEW = [(f"{text} {number}", label) for number in range(6) for text, label in (*SAID[:2], *SAID[4:6])]
MANY = [f"{text}, {number}" for number in range(10, 20) for text, _ in SAID]
CNN = {"task.encoder": {"kind": "cnn", "width": 8, "maps": 8}, "training.epochs": 1}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    lines = [json.dumps({"text": text, "label": label}, ensure_ascii=False) for text, label in FEW]
    Path("few.jsonl").write_text("\n".join(lines), encoding="utf-8")
    Path("test.jsonl").write_text("\n".join(lines[:8]).replace(" 0", " zero").replace(" 1", " one"), encoding="utf-8")
    Path("many.txt").write_text("\n".join(MANY) + "\n", encoding="utf-8")


def trained(folder: str, **more: object) -> list[str]:
    """Train with `many.txt`; returns the notes."""
    data = weft.DataConfig(train="few.jsonl", test=str(more.pop("test", "")) or None)
    stop = more.pop("stop", lambda: 0)
    settings = {
        "self_training.unlabelled": "many.txt",
        "device": "cpu",
        **{f"{name}": one for name, one in more.items()},
    }
    resume = bool(settings.pop("resume", False))
    return [str(one) for one in weft.train(data, folder, settings=settings, resume=resume, stop=stop)]


@pytest.mark.parametrize("more", [{}, CNN], ids=["bag", "cnn"])
def test_labels_alone_and_self_training_on_the_same_rows(more: dict):
    notes = trained("run", test="test.jsonl", **more)
    scores = read_json(Path("run/scores.json"))
    found = scores["self_training"]
    assert found["unlabelled"] == 80
    assert [one["name"] for one in found["rounds"]] == ["alone", "round-1"]
    assert sum(size for size, _ in found["rounds"][1]["taken"].values()) == 40
    assert any("round 1: 40 of 80 unlabelled texts are sure enough to learn from" in one for one in notes)
    assert found["said"] in notes
    assert scores["scores"] == found["scores"][found["kept"]]
    other = "alone" if found["kept"] != "alone" else "round-1"
    assert not Path("run", found["kept"]).exists()
    right = [[one["answer"] == one["label"] for one in read_answers(Path(at))] for at in ("run", f"run/{other}")]
    gain = sum(right[0]) / len(right[0]) - sum(right[1]) / len(right[1])
    assert found["gain"]["value"] == pytest.approx(gain if other == "alone" else -gain)
    assert read_yaml(Path("run/config.yaml"))["self_training"]["unlabelled"] == ["many.txt"]
    assert 'id="self-training"' in Path("run/page.html").read_text(encoding="utf-8")
    assert weft.load("run").answer(["味道很好"])[0].label in ("pos", "neg")


def test_the_same_seed_gives_the_same_run_also_after_stops():
    two = {**CNN, "self_training.rounds": 2}
    trained("whole", **two)
    for at in (1, 4):  # in the training on labels alone, and in a round
        shutil.rmtree("cut", ignore_errors=True)
        calls = iter(range(10_000))
        with pytest.raises(Interrupted):
            trained("cut", **two, stop=lambda at=at, calls=calls: 15 * (next(calls) >= at))
        notes = trained("cut", **two, resume=True)
        assert sha256(Path("cut", WEIGHTS)) == sha256(Path("whole", WEIGHTS))
        mine, theirs = (read_json(Path(one, "scores.json"))["self_training"] for one in ("cut", "whole"))
        assert mine["rounds"] == theirs["rounds"]
        assert mine["said"] == theirs["said"] == notes[-1]
    assert trained("cut", **two, resume=True) == ["cut is finished: nothing to do"]


def test_where_it_is_no_better_the_labels_alone_are_kept():
    Path("many.txt").write_text("\n".join(f"qq {number} zz" for number in range(40)), encoding="utf-8")
    notes = trained("run")
    assert "self-training is no better on the dev set: the model of the labels alone is kept" in notes[-1]
    assert weft.load("run").answer(["the soup was good", "太贵了"])[0].label == "pos"
    assert not Path("run/alone").exists()
    assert Path("run/round-1/page.html").exists()


def test_pairs_are_labelled_too():
    rows = [f"{text} {number},{text if label == 'pos' else 'no'},{label}" for number, (text, label) in enumerate(FEW)]
    Path("pairs.csv").write_text("text_a,text_b,label\n" + "\n".join(rows) + "\n", encoding="utf-8")
    more = [f"{one.replace(',', '')},很好" for one in MANY]
    Path("more.csv").write_text("text_a,text_b\n" + "\n".join(more) + "\n", encoding="utf-8")
    settings = {"self_training.unlabelled": "more.csv", "task.text": "text_a,text_b", "device": "cpu", **CNN}
    model = weft.fit("pairs.csv", "run", settings=settings)
    assert model.task.each == 2
    assert read_json(Path("run/scores.json"))["self_training"]["unlabelled"] == 80


def test_texts_that_are_scored_are_left_out_and_labels_not_read():
    rows = [
        {"text": "味道 很好 ZERO", "label": "neg"},
        {"text": "new", "label": "neg"},
        {"text": "also new", "label": "x"},
    ]
    Path("many.jsonl").write_text("\n".join(json.dumps(one) for one in rows), encoding="utf-8")
    notes = trained("run", test="test.jsonl", **{"self_training.unlabelled": "many.jsonl"})
    assert "many.jsonl: skipped 1 texts that are in the test set, which is evaluated" in notes
    assert "many.jsonl: the labels in column `label` are not read" in notes
    assert read_json(Path("run/scores.json"))["self_training"]["unlabelled"] == 2


@pytest.mark.parametrize(
    ("more", "error", "says"),
    [
        ({"task.kind": "regression", "task.value": "label"}, ConfigError, "this is task `regression`"),
        ({"self_training.unlabelled": []}, ConfigError, "self_training.unlabelled"),
        ({"self_training.unlabelled": "few.jsonl"}, InputError, "no unlabelled text is left"),
        ({"self_training.unlabelled": "none.txt"}, InputError, "there is no such file"),
        ({"self_training.unlabelled": "empty.txt"}, InputError, "empty"),
        ({"self_training.unlabelled": "numbers.csv"}, InputError, "--set self_training.column=NAME"),
        ({"task.ordinal": ["pos", "neg", "nie"]}, ConfigError, "`nie` is no label"),
        ({"self_training.share": 0}, ConfigError, "self_training.share"),
        ({"task.encoder": {"kind": "auto", "budget": "10s"}}, ConfigError, "tries encoders"),
    ],
    ids=["task", "no file", "nothing new", "no such file", "empty", "no text", "labels", "share", "budget"],
)
def test_mistakes_are_told_before_anything_is_written(more: dict, error: type[Exception], says: str):
    Path("empty.txt").touch()
    Path("numbers.csv").write_text("a,b\n1,2\n3,4\n", encoding="utf-8")
    with pytest.raises(error) as found:
        trained("run", **more)
    assert says in str(found.value)
    assert not Path("run").exists()


def test_a_folder_is_resumed_as_it_was_started():
    with pytest.raises(Interrupted):
        trained("run", **CNN, stop=lambda: 15)
    with pytest.raises(RunFolderError, match="exists already"):
        trained("run", **CNN)
    with pytest.raises(ConfigError, match=r"share: was 0\.5, is 0\.3"):
        trained("run", **CNN, **{"self_training.share": 0.3}, resume=True)
    Path("many.txt").write_text("other\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="other texts"):
        trained("run", **CNN, resume=True)
