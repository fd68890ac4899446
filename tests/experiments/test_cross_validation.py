"""Comparisons of runs: each text is tested on once a repeat; stopped and resumed; what is refused before training."""

import csv
import json
import shutil
from collections import Counter
from itertools import count
from pathlib import Path

import pytest

from weft.config import overridden, validated
from weft.demo import reviews
from weft.errors import ConfigError, InputError, Interrupted, RunFolderError, WeftError
from weft.experiments.candidates import entries
from weft.experiments.cross_validation import Plan, cross_validate, results
from weft.experiments.self_training import train
from weft.files import read_json
from weft.run import RunConfig
from weft.training.reports import Note, StepReport

ROWS = reviews.rows(size=60)
SMALL = ("training.epochs=1", "training.report_every=1", "task.encoder.width=8", "device=cpu")


def write_csv(path: Path, rows) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *rows])


def plan(words: str = "bag", *, folds: int = 2, repeats: int = 1, overrides=SMALL, **data: str) -> Plan:
    settings = {"data": {"train": "reviews.csv", **data}}
    return Plan(entries(words.split(","), settings, overrides=overrides), folds=folds, repeats=repeats)


def run(given: Plan, folder: str = "out", **options) -> list:
    return list(cross_validate(given, Path(folder), **options))


def answers(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "answers.jsonl").read_text(encoding="utf-8").splitlines()]


def figures(folder: str) -> dict:
    """The figures of a comparison that do not depend on the clock."""
    models = results(Path(folder))["models"]
    return {model["name"]: (model["scores"], model["pooled"], model["details"]) for model in models}


def after(steps: int):
    asked = count(1)
    return lambda: 15 if next(asked) >= steps else 0


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    write_csv(Path("reviews.csv"), ROWS)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bag and GRU on two folds."""
    folder = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        write_csv(Path("reviews.csv"), ROWS)
        run(plan("bag,gru"))
    return folder / "out"


def test_each_text_is_tested_on_once_in_each_repeat():
    rounds = plan(folds=3, repeats=2).rounds()
    assert [one.place for one in rounds[2:4]] == ["repeat-1/fold-3", "repeat-2/fold-1"]
    for repeat in (0, 1):
        folds = [one.examples for one in rounds if one.repeat == repeat]
        assert Counter(row.text for fold in folds for row in fold.test) == Counter(text for text, _ in ROWS)
        for fold in folds:
            sides = [{row.text for row in part} for part in (fold.train, fold.dev, fold.test)]
            assert not sides[0] & sides[1]
            assert not (sides[0] | sides[1]) & sides[2]
            assert len(fold.train) + len(fold.dev) + len(fold.test) == len(ROWS)
    assert rounds[0].examples.test != rounds[3].examples.test


def test_all_models_have_the_same_folds(finished):
    for place in ("repeat-1/fold-1", "repeat-1/fold-2"):
        bag, gru = ([(row["text"], row["label"]) for row in answers(finished / one / place)] for one in ("bag", "gru"))
        assert bag == gru


def test_the_folder_tells_all_and_keeps_no_weights(finished):
    found = results(finished)
    assert [model["name"] for model in found["models"]] == ["bag", "gru", "ensemble"]
    assert found["runs"]["gru"][1] == "gru/repeat-1/fold-2"
    assert (found["texts"], found["folds"], found["repeats"]) == (60, 2, 1)
    assert len(found["models"][0]["scores"]["accuracy"]["each"]) == 2
    assert (finished / "page.html").is_file()
    assert list(finished.rglob("weights.safetensors")) == []
    assert list(finished.rglob("checkpoints")) == []


def test_each_fold_learns_its_own_words(finished):
    """A run on the rows of a fold alone, in files of their own, learns the same and answers the same."""
    rounds = plan().rounds()
    parts = {"train": rounds[0].examples.train, "dev": rounds[0].examples.dev, "test": rounds[0].examples.test}
    for name, examples in parts.items():
        write_csv(Path(f"{name}.csv"), [(one.text, one.label) for one in examples])
    alone = {"data": {name: f"{name}.csv" for name in parts}, "task": {"encoder": "gru"}}
    list(train(validated(RunConfig, overridden(alone, SMALL)), "alone"))
    place = finished / "gru/repeat-1/fold-1"
    assert read_json(place / "task/labels.json") == read_json(Path("alone/task/labels.json"))
    ours, theirs = ([row["probabilities"] for row in answers(one)] for one in (place, Path("alone")))
    assert ours == theirs


def test_stopped_and_resumed_it_is_the_same(finished):
    given = plan("bag,gru")
    for steps in (1, 2):
        with pytest.raises(Interrupted, match="stopped") as stopped:
            run(given, resume=Path("out").exists(), stop=after(steps))
        assert stopped.value.hint == "go on with --resume"
    run(given, resume=True)
    assert figures("out") == figures(str(finished))


def test_what_is_finished_is_not_trained_again_and_more_can_be_added(finished):
    shutil.copytree(finished, "out")
    before = {path: path.stat().st_mtime_ns for path in Path("out").rglob("answers.jsonl")}
    wider = plan("bag,gru,lstm")
    assert not [one for one in run(plan("bag,gru"), resume=True) if isinstance(one, StepReport)]
    assert [one for one in run(wider, resume=True, models="keep") if isinstance(one, StepReport)]
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert list(results(Path("out"))["runs"]) == ["bag", "gru", "lstm"]
    assert len(list(Path("out").rglob("weights.safetensors"))) == 2
    with pytest.raises(ConfigError, match=r"out.bag.*other settings: training\.epochs: was \S+, is"):
        run(plan("bag,gru", overrides=(*SMALL, "training.epochs=2")), resume=True)
    with pytest.raises(ConfigError, match=r"out: was started with other settings: folds: was \d, is \d"):
        run(plan("bag,gru", folds=3), resume=True)
    write_csv(Path("reviews.csv"), ROWS[:-1])
    with pytest.raises(InputError, match=r"reviews\.csv: has changed since the run in out/bag"):
        run(plan("bag,gru"), resume=True)


def test_with_a_test_file_the_seeds_differ():
    write_csv(Path("test.csv"), reviews.rows(size=20, seed=1))
    told = [one.text for one in run(plan("gru", repeats=2, test="test.csv")) if isinstance(one, Note)]
    assert [one for one in told if "scoring" in one] == [f"seed {seed}: gru: scoring 20 texts" for seed in (0, 1)]
    found = results(Path("out"))
    assert (found["design"], found["texts"], found["repeats"], found["folds"]) == ("seeds", 20, 2, 1)
    assert found["runs"]["gru"] == ["gru/seed-0", "gru/seed-1"]
    first, second = (answers(Path("out") / place) for place in found["runs"]["gru"])
    assert [row["text"] for row in first] == [row["text"] for row in second]
    assert [row["probability"] for row in first] != [row["probability"] for row in second]


def test_files_of_settings_are_models_too():
    Path("wide.yaml").write_text("task:\n  encoder: {kind: gru, width: 4}\ntraining: {epochs: 2}\n", encoding="utf-8")
    given = entries(
        ["bag", "wide.yaml", "宽=wide.yaml"], {"data": {"train": "x.csv"}, "seed": 7, "task": {"text": "评论"}}
    )
    assert [entry.name for entry in given] == ["bag", "wide", "宽"]
    assert [getattr(entry.config.task, "encoder").kind for entry in given] == ["bag", "gru", "gru"]  # noqa: B009
    assert [entry.config.seed for entry in given] == [7, 7, 7]
    assert given[1].config.training.epochs == 2
    assert getattr(given[1].config.task, "text", None) == "评论"
    set_for_all = entries(["wide.yaml"], {"data": {}}, overrides=("data.train=x.csv", "training.epochs=5"))
    assert set_for_all[0].config.training.epochs == 5


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["cnm"], r"cnm: task\.encoder: there is no kind `cnm`\nhint: did you mean `cnn`\?"),
        (["bag", "bag"], "--encoders: `bag` is given twice"),
        (["ensemble"], "`ensemble` cannot be the name"),
        (["../x=a.yaml"], "`../x` cannot be the name"),
        (["nothing.yaml"], r"nothing\.yaml: there is no such file"),
        (["run.yaml"], r"run\.yaml: data: is not settings of one model"),
        (["a=wrong.yaml"], r"a=wrong\.yaml: training: there is no setting `epoch`"),
    ],
)
def test_models_that_cannot_be(words, says):
    Path("run.yaml").write_text("data: {train: x.csv}\n", encoding="utf-8")
    Path("a.yaml").write_text("task: {encoder: cnn}\n", encoding="utf-8")
    Path("wrong.yaml").write_text("training: {epoch: 3}\n", encoding="utf-8")
    with pytest.raises(WeftError, match=says):
        entries(words, {"data": {"train": "reviews.csv"}})


def test_what_cannot_be_cut_is_refused_before_anything_is_written():
    with pytest.raises(ConfigError, match="`70` folds cannot be made of"):
        run(plan(folds=70))
    with pytest.raises(ConfigError, match=r"data\.dev: each fold holds out its own dev set"):
        run(plan(dev="reviews.csv"))
    write_csv(Path("reviews.csv"), [*ROWS, ("只有一条", "中性")])
    with pytest.raises(InputError, match=r"reviews\.csv:\d+: label `中性` has no text to learn from in fold \d"):
        run(plan())
    assert not Path("out").exists()


def test_pairs_of_texts_are_compared_and_several_labels_are_not():
    rows = [(first, second, first == second) for first in "好坏优劣" for second in ("好", "坏", "优", "劣")]
    lines = [f"{first} text,{second} text,{'same' if same else 'other'}" for first, second, same in rows]
    Path("pairs.csv").write_text("\n".join(["one,two,label", *lines]) + "\n", encoding="utf-8")
    run(plan("bag", overrides=(*SMALL, "task.text='one,two'"), train="pairs.csv"))
    assert results(Path("out"))["texts"] == 16
    Path("many.csv").write_text("text,label\n" + "好 good,a;b\n坏 bad,b\n" * 8, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"task\.kind: `multilabel` cannot be compared"):
        run(plan("bag", overrides=(*SMALL, "task.kind=multilabel", "task.label_separator=;"), train="many.csv"), "many")
    assert not Path("many").exists()


def test_a_wrong_pair_in_the_last_model_is_known_before_the_first_is_trained():
    Path("odd.yaml").write_text("task: {encoder: cnn, tokenizer: ngrams}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"odd: task\.tokenizer: `cnn` reads positions in order"):
        run(plan("bag,odd.yaml", overrides=SMALL))
    assert not Path("out").exists()


def test_folders_that_hold_something_else():
    Path("out").mkdir()
    Path("out/letter.txt").write_text("亲爱的", encoding="utf-8")
    with pytest.raises(RunFolderError, match="out: holds something else"):
        run(plan(), resume=True)
    Path("out/letter.txt").rename("out/plan.json")
    with pytest.raises(RunFolderError, match="out: exists already\nhint: go on with --resume"):
        run(plan())
