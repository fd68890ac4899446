"""What train, evaluate and predict do: files of every form, data on stdout, talk on stderr, resuming, Ctrl-C."""

import gzip
import json
import lzma
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import weft as package
from weft.cli import console
from weft.config import read_yaml
from weft.data.sources import open_table

SCORES = ["accuracy", "macro_precision", "macro_recall", "macro_f1", "log_loss", "calibration_error"]


def table(name: str) -> list[dict[str, str]]:
    return [dict(row.values) for row in open_table(name)]


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def write_forms() -> dict[str, bytes]:
    """reviews.csv in every form."""
    rows, csv = table("reviews.csv"), Path("reviews.csv").read_bytes()
    return {
        "reviews.csv": csv,
        "reviews.tsv": csv.replace(b",", b"\t"),
        "reviews.jsonl": "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode(),
        "reviews.txt": "".join(f"__label__{row['label']} {row['text']}\n" for row in rows).encode(),
        "reviews.csv.gz": gzip.compress(csv),
        "reviews.csv.xz": lzma.compress(csv),
    }


# train


def test_every_form_gives_the_same_weights(train):
    found = {}
    for name, content in write_forms().items():
        Path(name).write_bytes(content)
        said = train(name, "--output", f"run-{name}")
        assert (said.code, said.out) == (0, ""), said
        assert f"{name}: 40 rows, utf-8" in said.err
        found[name] = Path(f"run-{name}/weights.safetensors").read_bytes()
    assert len(set(found.values())) == 1


def test_guessed_columns_are_said_and_named_ones_are_not(train):
    content = Path("reviews.csv").read_text(encoding="utf-8")
    Path("评论.csv").write_text(content.replace("text,label", "评论,情感"), encoding="utf-8")
    guessed = train("评论.csv", "--output", "guessed").err
    assert "text from column `评论` and label from column `情感` (guessed; name them with --text, --label)" in guessed
    half = train("评论.csv", "--text", "评论", "--output", "half").err
    assert "label from column `情感` (guessed; name them with --label)" in half
    named = train("评论.csv", "--text", "评论", "--label", "情感", "--output", "named").err
    assert "guessed" not in named


def test_train_says_what_it_did(train):
    said = train("reviews.csv").err.splitlines()
    assert said[2:4] == [
        "36 training rows, 4 validation rows held out; duplicates are kept in one split",
        "2 labels: `neg` 18, `pos` 18",
    ]
    assert said[-4].startswith("epoch 1  dev accuracy ")
    assert said[-3].endswith("kept the weights of step 2")
    floors = r"always predicting `neg` 50.0%, a plain linear model of tf-idf \S+%, no better than .*"
    scores = rf"accuracy \S+%, macro F1 \S+%, {floors}"
    assert re.fullmatch(rf"dev set, 4 texts, too few for intervals: {scores}", said[-2])
    assert said[-1] == "page: runs/reviews/page.html   next: weft predict runs/reviews --text ..."
    assert Path("runs/reviews/page.html").read_text(encoding="utf-8").startswith("<!")


def test_quiet_says_nothing(train):
    said = train("reviews.csv", "--quiet")
    assert (said.code, said.out, said.err) == (0, "", "")
    assert Path("runs/reviews/bundle.json").is_file()


def test_progress_is_plain_lines_where_there_is_no_terminal(train, monkeypatch):
    monkeypatch.setattr(console, "PLAIN_SECONDS", 0.0)
    said = train("reviews.csv", "--set", "training.report_every=1", "--set", "training.checkpoint_every=1").err
    steps = [line.split("  ")[0] for line in said.splitlines() if line.startswith(("step", "checkpoint"))]
    assert steps == ["step 1", "checkpoint: step 1", "step 2", "checkpoint: step 2"]
    assert "\x1b" not in said
    assert "\r" not in said


def test_long_texts_are_said(train):
    long = "味道很好，" * 20
    Path("long.csv").write_text(f"text,label\n{long},pos\ncold and late,neg\n{long}!,pos\n" + "bad,neg\n", "utf-8")
    said = train("long.csv", "--dev", "long.csv", "--set", "task.max_length=8", "--long", "head-tail").err
    assert "50.0% of the train texts are longer than 8 tokens, read by their head-tail: " in said


def test_options_win_over_the_file_and_set_over_both(train):
    Path("run.yaml").write_text(
        "data: {train: reviews.csv, dev_share: 0.2}\nseed: 1\ntask: {long: windows, max_length: 9}\n", encoding="utf-8"
    )
    said = train("run.yaml", "--seed", "2", "--long", "head", "--set", "seed=3", "--set", "data.dev_share=0.3")
    saved = read_yaml(Path("runs/run/config.yaml"))
    assert said.code == 0
    found = (saved["seed"], saved["task"]["long"], saved["task"]["max_length"], saved["data"]["dev_share"])
    assert found == (3, "head", 9, 0.3)


def test_a_setting_is_not_given_twice(refused):
    for override in ("task.encoder.kind=gru", "task.encoder=gru"):
        call = ("train", "reviews.csv", "--encoder", "pretrained:corpus", "--set", override)
        refused(*call, says=("task.encoder: is set twice: by --encoder pretrained:corpus", "leave one of them out"))


def test_a_saved_config_runs_again_to_the_same_weights(weft, train):
    train("reviews.csv", "--output", "one")
    assert weft("train", "one/config.yaml", "--output", "two").code == 0
    assert Path("one/weights.safetensors").read_bytes() == Path("two/weights.safetensors").read_bytes()


# resume


def test_resume_of_a_finished_run_says_so(train, model):
    before = (model / "weights.safetensors").read_bytes()
    said = train("reviews.csv", "--output", "model", "--resume")
    assert said.code == 0
    assert said.err.splitlines()[0] == "model is finished: nothing to do"
    assert (model / "weights.safetensors").read_bytes() == before


def test_resume_without_a_run_starts_afresh_and_says_so(train, trained):
    said = train("reviews.csv", "--output", "new", "--resume")
    assert said.code == 0
    assert said.err.splitlines()[0] == "there is no checkpoint in new to resume from: starting from the beginning"
    assert Path("new/weights.safetensors").read_bytes() == (trained / "weights.safetensors").read_bytes()


def test_resume_goes_on_and_ends_as_if_never_stopped(train, unfinished, trained):
    said = train("reviews.csv", "--output", "unfinished", "--resume")
    assert said.code == 0
    assert "went on from the checkpoint of step 1" in said.err
    assert (unfinished / "weights.safetensors").read_bytes() == (trained / "weights.safetensors").read_bytes()


def test_a_signal_ends_the_run_after_its_step_with_a_checkpoint(train, monkeypatch):
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(console.Teller, "_progress", lambda teller, report: signal.raise_signal(signal.SIGTERM))
    said = train("reviews.csv", "--output", "run", "--set", "training.report_every=1")
    assert said.code == 143
    assert said.err.endswith("weft: stopped after step 2\nhint: go on with --resume\n")
    assert [path.name for path in Path("run/checkpoints").iterdir()] == ["step-000000002"]
    assert signal.getsignal(signal.SIGTERM) is before


def test_ctrl_c_and_resume(weft):
    model = ("--set", "task.encoder.width=8", "--set", "task.encoder.maps=8", "--set", "training.evaluate_every=10000")
    pace = ("--set", "training.epochs=75", "--set", "training.report_every=1", "--device", "cpu")
    call = ("train", "reviews.csv", "--output", "run", *model, *pace)
    process = subprocess.Popen([sys.executable, "-m", "weft", *call], stderr=subprocess.PIPE, text=True)
    reports = Path("run/reports.jsonl")
    while process.poll() is None and not (reports.exists() and '"kind": "step"' in reports.read_text(encoding="utf-8")):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    said = process.communicate()[1]
    assert process.returncode == 130, said
    assert said.splitlines()[-2].startswith("weft: stopped after step ")
    assert said.splitlines()[-1] == "hint: go on with --resume"
    step = int(said.splitlines()[-2].split()[-1])
    assert [path.name for path in Path("run/checkpoints").iterdir()] == [f"step-{step:09d}"]
    resumed = weft(*call, "--resume")
    assert resumed.code == 0, resumed
    assert f"went on from the checkpoint of step {step}" in resumed.err
    steps = [line["step"] for line in lines(reports.read_text(encoding="utf-8")) if line["kind"] == "step"]
    assert steps == list(range(1, 151))


# evaluate


def test_evaluate_prints_a_table(weft, model):
    said = weft("evaluate", "model", "reviews.csv")
    assert (said.code, said.err) == (0, "reviews.csv: model was trained on this file: its scores are too good\n")
    assert "model on reviews.csv, 40 texts" in said.out
    assert [name for name in SCORES if name.replace("_", " ").replace("f1", "F1") not in said.out] == []
    assert "texts per second" in said.out


def test_evaluate_scores_simple_methods_that_learn_too_where_the_training_rows_are_there(weft, model):
    shutil.copy("reviews.csv", "other.csv")
    linear = "accuracy of a plain linear model of tf-idf"
    said = weft("evaluate", "model", "other.csv")
    assert (linear in said.out, said.err) == (True, "")
    said = weft("evaluate", "model", "other.csv", "--no-floors")
    assert (linear in said.out, said.err) == (False, "")
    Path("reviews.csv").unlink()
    said = weft("evaluate", "model", "other.csv")
    why = "without the simple methods that learn from the training rows: reviews.csv: there is no such file\n"
    assert (said.code, linear in said.out, said.err) == (0, False, why)


def test_evaluate_json_holds_the_scores_of_its_answers(weft, model):
    said = weft("evaluate", "model", "reviews.csv", "--json", "--answers", "out/answers.jsonl")
    scores = json.loads(said.out)["scores"]
    answers = lines(Path("out/answers.jsonl").read_text(encoding="utf-8"))
    assert list(scores) == SCORES
    assert {tuple(score) for score in scores.values()} == {("value", "low", "high")}
    assert all(score["low"] <= score["value"] <= score["high"] for score in scores.values())
    assert scores["accuracy"]["value"] == sum(one["answer"] == one["label"] for one in answers) / 40
    assert [(one["text"], one["label"]) for one in answers] == [
        (row["text"], row["label"]) for row in table("reviews.csv")
    ]
    assert [one["line"] for one in answers] == list(range(2, 42))
    again = weft("evaluate", "model", "reviews.csv", "--answers", "out/answers.jsonl")
    assert (again.code, "is there already" in again.err, "pass --overwrite" in again.err) == (2, True, True)
    assert weft("evaluate", "model", "reviews.csv", "--answers", "out/answers.jsonl", "--overwrite").code == 0


def test_evaluate_takes_other_columns(weft, model):
    content = Path("reviews.csv").read_text(encoding="utf-8")
    Path("评论.csv").write_text(content.replace("text,label", "话,判"), encoding="utf-8")
    said = weft("evaluate", "model", "评论.csv", "--text", "话", "--label", "判", "--json")
    expected = weft("evaluate", "model", "reviews.csv", "--json")
    assert json.loads(said.out)["scores"] == json.loads(expected.out)["scores"]


# predict


def test_predict_answers_as_the_library_does(weft, model):
    texts = ["味道很好", "cold and late"]
    said = weft("predict", "model", "--text", texts[0], "--text", texts[1])
    expected = package.load(model).answer(texts)
    assert (said.code, said.err) == (0, "")
    assert [(one["text"], one["answer"], one["probability"]) for one in lines(said.out)] == [
        (text, answer.label, round(answer.probability, 6)) for text, answer in zip(texts, expected, strict=True)
    ]


def test_predict_a_file_of_texts_alone_in_its_order(weft, model, monkeypatch):
    monkeypatch.setattr("weft.cli.inputs.CHUNK", 7)
    texts = [row["text"] * (1 + number % 5) for number, row in enumerate(table("reviews.csv"))]
    Path("new.csv").write_text("\n".join(["text", *texts]) + "\n", encoding="utf-8")
    said = weft("predict", "model", "new.csv", "--output", "out/answers.jsonl")
    assert (said.code, said.out, said.err) == (0, "", "wrote 40 rows to out/answers.jsonl (utf-8)\n")
    answers = lines(Path("out/answers.jsonl").read_text(encoding="utf-8"))
    assert [one["text"] for one in answers] == texts
    assert all("label" not in one for one in answers)
    assert [one["answer"] for one in answers] == [one.label for one in package.load(model).answer(texts)]


def test_predict_standard_input_line_by_line(weft, model):
    said = weft("predict", "model", typed="味道很好\ncold, and late\n")
    assert (said.code, said.err) == (0, "")
    assert [one["text"] for one in lines(said.out)] == ["味道很好", "cold, and late"]


def test_predict_takes_another_column(weft, model):
    Path("new.csv").write_text("序号,话\n1,味道很好\n2,cold and late\n", encoding="utf-8")
    said = weft("predict", "model", "new.csv", "--column", "话")
    assert [one["话"] for one in lines(said.out)] == ["味道很好", "cold and late"]


def test_predict_of_nothing_is_nothing(weft, model):
    Path("empty.txt").write_text("", encoding="utf-8")
    assert weft("predict", "model", "empty.txt").code == 2


# the entrance


def test_without_a_verb_there_is_help(weft):
    bare, asked = weft(), weft("--help")
    assert bare == asked
    assert bare.code == 0
    assert all(verb in bare.out for verb in ("demo", "train", "evaluate", "predict"))


def test_the_whole_way_as_a_program(model):
    """In a process of its own, as a user calls it: stdout can be piped."""
    call = [sys.executable, "-m", "weft", "predict", "model"]
    done = subprocess.run(call, input="味道很好\n", capture_output=True, text=True, encoding="utf-8", check=True)
    assert (lines(done.stdout)[0]["text"], done.stderr) == ("味道很好", "")
