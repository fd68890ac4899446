"""One run: same seed, same weights; learned from the training part alone; stopped and resumed; what its folder has."""

import json
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from typing import Any, ClassVar, Literal

import pytest
from safetensors.numpy import load_file

import weft
from weft.config import overridden, validated
from weft.data.examples.labelled import LabelledText
from weft.dataset import DataConfig, held_out
from weft.errors import ConfigError, InputError, Interrupted, TrainingError
from weft.files import read_json
from weft.report.folder import read_run
from weft.run import config_of, suited
from weft.tasks.classification import ClassificationConfig
from weft.training.reports import DoneReport, EvalReport, Note, Report, SaveReport, StepReport

TEXTS = {"pos": ("the soup was good", "味道很好，还会再来"), "neg": ("cold and late", "太贵了，不好吃")}
ROWS = [(f"{text} {number}", label) for number in range(16) for label, texts in TEXTS.items() for text in texts]
SMALL = (
    *("data.train=reviews.csv", "data.dev=dev.csv", "device=cpu", "task.encoder.width=8", "task.encoder.maps=8"),
    *("training.epochs=3", "training.report_every=1"),  # two batches an epoch
)
NAMES = ["bundle.json", "config.yaml", "data.json", "scores.json", "answers.jsonl", "reports.jsonl", "page.html"]


class WhisperEncoderConfig(weft.EncoderConfig):
    """An encoder from outside the package, with settings that suit it."""

    kind: Literal["whisper"] = "whisper"
    recommended: ClassVar[Mapping[str, Any]] = {"epochs": 2, "batch_rows": 7, "optimizer": "sgd"}

    def build(self, spec: weft.TokenSpec) -> "WhisperEncoder":
        return WhisperEncoder(spec.vocab_sizes)


class WhisperEncoder(weft.Encoder):
    width = 4

    def __init__(self, vocab_sizes: tuple[int, ...]) -> None:
        super().__init__()
        self.embedding = weft.Embedding(vocab_sizes, self.width)

    def forward(self, source: weft.Tokens) -> weft.Memory:
        return weft.Memory(self.embedding(source), source.mask_BS)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    write_csv("reviews.csv", ROWS)
    write_csv("dev.csv", [("味道不错", "pos"), ("late", "neg"), ("好吃", "pos"), ("太慢了", "neg")])


def write_csv(name: str, rows: list[tuple[str, str]]) -> None:
    lines = ["text,label", *(f"{text},{label}" for text, label in rows)]
    Path(name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def config(*settings: str) -> weft.RunConfig:
    return validated(weft.RunConfig, overridden({}, [*SMALL, *settings]))


def run(folder: str, *settings: str, **options: Any) -> list[Report]:
    return list(weft.train(config(*settings), folder, **options))


def after(steps: int, signal: int = 15) -> Callable[[], int]:
    """A `stop` that sends a signal after so many steps."""
    asked = count(1)
    return lambda: signal if next(asked) >= steps else 0


def weights(folder: str) -> bytes:
    return Path(folder, "weights.safetensors").read_bytes()


def lines(path: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


def reports(folder: str) -> list[dict[str, Any]]:
    return lines(f"{folder}/reports.jsonl")


def what_was_learned(folder: str) -> list[tuple]:
    """The reports without what the clock says."""
    kinds = ("step", "evaluation")
    return [(one["step"], one.get("loss"), one.get("scores")) for one in reports(folder) if one["kind"] in kinds]


# the result


def test_same_seed_same_weights():
    run("one", "seed=5")
    run("two", "seed=5")
    run("other", "seed=6")
    assert weights("one") == weights("two")
    assert weights("one") != weights("other")
    assert Path("one/answers.jsonl").read_bytes() == Path("two/answers.jsonl").read_bytes()
    assert what_was_learned("one") == what_was_learned("two")


def test_the_seed_decides_what_is_held_out():
    for seed in (0, 1):
        run(str(seed), "data.dev=null", f"seed={seed}", "training.epochs=1")
    held_out = [{line["text"] for line in lines(f"{seed}/answers.jsonl")} for seed in (0, 1)]
    assert held_out[0] != held_out[1]
    assert [len(texts) for texts in held_out] == [6, 6]


def test_vocabulary_and_labels_are_of_the_training_part_alone():
    write_csv("dev.csv", [("zebra 斑马 斑马 zebra", "pos"), ("zebra 斑马", "neg")])
    run("run", "task.tokenizer={kind: mixed, views: [word], vocabulary: {min_count: 1}}", "training.epochs=1")
    pieces = read_json(Path("run/task/piece.json")) + read_json(Path("run/task/word.json"))
    assert {"soup", "味", "味道"} <= set(pieces)
    assert {"zebra", "斑", "斑马"}.isdisjoint(pieces)
    assert read_json(Path("run/task/labels.json")) == {"labels": ["neg", "pos"], "counts": [32, 32]}


def test_held_out_rows_teach_no_words():
    write_csv("reviews.csv", [(f"word{number} 好", "pos" if number % 2 else "neg") for number in range(60)])
    run("run", "data.dev=null", "task.tokenizer={kind: word, vocabulary: {min_count: 1}}", "training.epochs=1")
    held_out = [line["text"].split()[0] for line in lines("run/answers.jsonl")]
    known = set(read_json(Path("run/task/piece.json")))
    assert len(held_out) == 6
    assert known == {f"word{number}" for number in range(60)} - set(held_out) | {"好"}


def test_recommended_settings_give_way_to_the_users():
    settings = {"data": {"train": "reviews.csv"}, "task": {"encoder": "whisper"}}
    free = validated(weft.RunConfig, settings, parts=[WhisperEncoderConfig])
    asked = validated(weft.RunConfig, {**settings, "training": {"epochs": 6}}, parts=[WhisperEncoderConfig])
    found = [suited(one).training for one in (free, asked)]
    assert [(one.epochs, one.batch_rows, one.optimizer.kind) for one in found] == [(2, 7, "sgd"), (6, 7, "sgd")]


def test_low_rank_changes_learn_ten_times_as_fast():
    encoder = {"kind": "pretrained", "folder": "bert", "lora": {"rank": 4}}
    settings = {"data": {"train": "reviews.csv"}, "task": {"encoder": encoder}}
    assert suited(validated(weft.RunConfig, settings)).training.optimizer.learning_rate == pytest.approx(5e-4)
    asked = {**settings, "training": {"optimizer": {"kind": "adamw", "learning_rate": 1e-4}}}
    assert suited(validated(weft.RunConfig, asked)).training.optimizer.learning_rate == 1e-4


def test_an_encoder_of_ones_own_is_trained_stopped_and_resumed():
    own = config().model_copy(update={"task": weft.ClassificationConfig(encoder=WhisperEncoderConfig())})
    list(weft.train(own, "whole"))
    with pytest.raises(Interrupted):
        list(weft.train(own, "halves", stop=after(2)))
    list(weft.train(own, "halves", resume=True, parts=[WhisperEncoderConfig]))
    assert weights("whole") == weights("halves")
    loaded = weft.load("whole", parts=[WhisperEncoderConfig])
    assert [one.label for one in loaded.answer(["好吃", "late"])] == [
        one.label for one in weft.load("halves", parts=[WhisperEncoderConfig]).answer(["好吃", "late"])
    ]


def test_saved_answers_are_the_loaded_models():
    run("run")
    written = lines("run/answers.jsonl")
    answers = weft.load("run").answer([line["text"] for line in written])
    assert [(line["answer"], line["probability"]) for line in written] == [
        (one.label, round(one.probability, 6)) for one in answers
    ]


# what a run tells, and what its folder holds


def test_the_reports_are_told_and_written():
    told = run("run", "training.checkpoint_every=4")
    assert [report.to_json() for report in told] == reports("run")
    kinds = [type(report) for report in told if not isinstance(report, Note)]
    epoch = [StepReport, StepReport, EvalReport]
    assert kinds == [*epoch, StepReport, StepReport, SaveReport, EvalReport, *epoch, DoneReport]
    best = [report.step for report in told if isinstance(report, EvalReport) and report.best][-1]
    assert told[-1].best_step == best


def test_the_best_weights_are_kept():
    told = run("run", "training.metric=log_loss")
    losses = [report.scores["log_loss"] for report in told if isinstance(report, EvalReport)]
    assert read_json(Path("run/scores.json"))["scores"]["log_loss"]["value"] == min(losses)


def test_scores_hold_what_the_page_needs():
    run("run", "training.epochs=1")
    page, scores = read_run(Path("run")), read_json(Path("run/scores.json"))
    assert page.name == "cnn"
    assert page.data == "dev set, 4 texts"
    assert page.labels == ["neg", "pos"]
    assert sum(map(sum, page.detail("confusion", []))) == 4
    assert [one["label"] for one in page.detail("per_class", [])] == ["neg", "pos"]
    assert sum(one["count"] for one in page.detail("calibration", [])) == 4
    assert list(page.intervals) == list(scores["scores"])
    assert page.texts_per_second is not None
    model = load_file("run/weights.safetensors")
    assert scores["parameters"] == sum(one.size for one in model.values())
    assert scores["size_bytes"] > Path("run/weights.safetensors").stat().st_size
    assert scores["task"] == "classification"


def test_nothing_in_a_run_folder_is_pickled():
    run("run", "training.epochs=1")
    with pytest.raises(Interrupted):
        run("stopped", stop=after(3))
    files = [path for folder in ("run", "stopped") for path in Path(folder).rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".json", ".yaml", ".jsonl", ".safetensors", ".html"}
    assert [path for path in files if path.read_bytes()[:2] in (b"\x80\x02", b"\x80\x04", b"\x80\x05", b"PK")] == []


def test_a_finished_folder_holds_these_files_and_no_others():
    run("run", "training.epochs=1")
    assert sorted(path.name for path in Path("run").iterdir()) == sorted([*NAMES, "task", "weights.safetensors"])
    assert sorted(path.name for path in Path().iterdir()) == ["dev.csv", "reviews.csv", "run"]


# stopping and failing


@pytest.mark.parametrize(("steps", "signal"), [(1, 2), (3, 15), (5, 15)])
def test_a_stopped_run_goes_on_to_the_same_weights(steps, signal):
    run("whole")
    with pytest.raises(Interrupted, match=f"stopped after step {steps}") as stopped:
        run("halves", stop=after(steps, signal))
    assert stopped.value.exit_code == 128 + signal
    assert [path.name for path in Path("halves/checkpoints").iterdir()] == [f"step-{steps:09d}"]
    assert not Path("halves/weights.safetensors").exists()
    run("halves", resume=True)
    assert weights("halves") == weights("whole")
    assert what_was_learned("halves") == what_was_learned("whole")
    assert not Path("halves/checkpoints").exists()


def test_a_run_may_be_stopped_after_every_step():
    run("whole")
    for steps in range(6):
        with pytest.raises(Interrupted):
            run("pieces", stop=after(1), resume=steps > 0)
    run("pieces", resume=True)
    assert weights("pieces") == weights("whole")
    assert what_was_learned("pieces") == what_was_learned("whole")


def test_a_run_killed_before_its_first_checkpoint_starts_afresh():
    run("whole")
    started = weft.train(config(), "killed")
    for report in started:
        if isinstance(report, StepReport) and report.step == 3:
            break
    started.close()
    told = run("killed", resume=True)
    assert told[0] == Note("there is no checkpoint in killed to resume from: starting from the beginning")
    assert weights("killed") == weights("whole")
    assert what_was_learned("killed") == what_was_learned("whole")


@pytest.mark.parametrize("optimizer", ["{kind: sgd, learning_rate: 1e38}", "{kind: adamw, learning_rate: 1e38}"])
def test_a_loss_that_is_not_finite_names_the_step_and_leaves_no_folder(optimizer):
    with pytest.raises(TrainingError) as failed:
        run("run", f"training.optimizer={optimizer}", "training.warmup=0", "training.clip=null")
    assert failed.value.exit_code == 1
    assert failed.match(r"in step [2-6] \(epoch [1-3]\); its batch held training examples \d+, \d+.*\nhint: lower")
    assert sorted(path.name for path in Path().iterdir()) == ["dev.csv", "reviews.csv"]


def test_a_failed_run_with_a_checkpoint_keeps_it():
    with pytest.raises(TrainingError):
        run("run", "training.optimizer={kind: sgd, learning_rate: 1e38}", "training.warmup=0", "training.clip=null",
            "training.checkpoint_every=1")  # fmt: skip
    assert Path("run/checkpoints/step-000000001").is_dir()


def test_the_test_part_is_scored_and_does_not_change_the_weights():
    write_csv("test.csv", ROWS[:7])
    run("without")
    run("with", "data.test=test.csv")
    assert weights("with") == weights("without")
    answers = weft.load("with").answer([text for text, _ in ROWS[:7]])
    assert [line["answer"] for line in lines("with/answers.jsonl")] == [one.label for one in answers]
    scores = read_json(Path("with/scores.json"))
    right = sum(one.label == label for one, (_, label) in zip(answers, ROWS[:7], strict=True))
    assert (scores["data"], scores["scores"]["accuracy"]["value"]) == ("test set, 7 texts", right / 7)


def test_a_metric_that_is_not_there_is_found_before_training():
    with pytest.raises(ConfigError, match="there is no score `acuracy`"):
        run("run", "training.metric=acuracy")
    assert not Path("run").exists()


# from Python


@pytest.fixture
def reviews(tmp_path):
    texts = [f"{'房间很好 good' if n % 2 else '再也不来 bad'} {n}" for n in range(20)]
    path = tmp_path / "reviews.csv"
    path.write_text("text,label\n" + "".join(f"{text},{n % 2}\n" for n, text in enumerate(texts)), encoding="utf-8")
    return path


QUICK = {"task.encoder": "bag", "training.epochs": 1, "device": "cpu"}


def test_a_file_is_enough_to_train_on(tmp_path, reviews):
    said = [str(report) for report in weft.train(str(reviews), tmp_path / "a", settings=QUICK)]
    assert said[0] == f"{reviews}: 20 rows, utf-8"
    assert said[-1].startswith("solved in ")
    assert any(line.startswith("epoch 1  dev accuracy ") for line in said)
    model = weft.fit(weft.DataConfig(train=reviews), tmp_path / "b", settings=QUICK)
    loaded = weft.load(tmp_path / "a")
    assert model.answer(["房间很好"]) == loaded.answer(["房间很好"])


def test_what_a_file_implies_is_implied_in_python(tmp_path, reviews):
    path = tmp_path / "tags.jsonl"
    path.write_text('{"text": "好", "labels": ["a"]}\n{"text": "bad", "labels": []}\n', encoding="utf-8")
    assert config_of(path).task.kind == "multilabel"
    assert config_of([reviews, reviews]).data.train == f"{reviews},{reviews}"
    assert config_of(reviews, settings={"task.encoder.maps": 3, "task.encoder.kind": "cnn"}).task.encoder.maps == 3
    with pytest.raises(weft.WeftError, match=r"no such file"):
        weft.train(tmp_path / "none.csv", tmp_path / "c")


@pytest.mark.parametrize("given", [5, None, {"data": {"train": "a.csv"}}, [], b"a.csv"])
def test_what_is_no_file_and_no_settings_is_told(tmp_path, given):
    with pytest.raises(weft.WeftError, match="expected a file or settings, found"):
        weft.train(given, tmp_path / "a")


def test_a_text_column_of_few_values_is_told_from_few_rows():
    rows = [LabelledText(f"用户 user {number % 2}", "ab"[number % 2]) for number in range(40)]
    config = ClassificationConfig(text="谁", label="y")
    with pytest.raises(InputError, match=r"`谁` has 2 values in 40 rows.*too few to hold some out") as refused:
        held_out(rows, DataConfig(train="a.csv"), config, 0)
    assert "--text" in refused.value.hint
    with pytest.raises(InputError, match="too few rows to hold some out"):
        held_out(rows[:2], DataConfig(train="a.csv"), config, 0)
