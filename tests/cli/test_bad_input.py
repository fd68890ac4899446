"""Bad input: exit code 2, one message that names the place and the way out, nothing written, no traceback."""

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from weft.run_folder import seal

HEADER = "text,label\n"
ROWS = "味道很好,pos\ncold and late,neg\n太贵了,neg\nthe soup was good,pos\n" * 4
FILES = {
    "empty.csv": (b"", ("empty.csv: is empty", "at least one row")),
    "header.csv": (HEADER, ("header.csv: has a header and no rows", "names the columns")),
    "one.csv": (HEADER + ROWS.replace("neg", "pos"), ("one.csv: expected at least two labels, found only `pos`",)),
    "text.csv": (
        HEADER + ROWS + " ,pos\n" * 16,
        ("text.csv: 16 of 32 rows have no text, the first is line 18\n", "--on-bad-row skip"),
    ),
    "label.csv": (HEADER + ROWS + "好吃,\n" * 20, ("label.csv: 20 of 36 rows have no label", "--on-bad-row skip")),
    "ragged.csv": (HEADER + ROWS + "好,吃,pos\n", ("ragged.csv:18: has 3 fields, the header has 2", "quote")),
    "open.csv": (HEADER + ROWS + '"好吃,pos\n', ("open.csv:18: opens a quote that is never closed",)),
    "quote.csv": (HEADER + '"很"好,pos\n' + ROWS, ("quote.csv:2: has a broken quote", "twice")),
    "broken.jsonl": ('{"text": "好", "label": "pos"}\n{"text": "bad",\n', ("broken.jsonl:2: is not JSON", "one line")),
    "nul.csv": (HEADER + "好\0,pos\n", ("nul.csv:2: there is a NUL byte", "--encoding")),
    "random.csv": (random.Random(1).randbytes(3000), ("random.csv:1: byte 0x", "is not UTF-8", "--encoding")),
    "notes.docx": (b"PK", ("notes.docx: its name ends in `.docx`", "save it as plain text")),
    "array.jsonl": ('[{"text": "好", "label": "pos"}\n', ("array.jsonl:2: is not JSON", "write one array of objects")),
    "list.yaml": ("data: [a\nb: c\n", ("list.yaml:2: is not YAML",)),
    "words.yaml": ("好\n", ("words.yaml: holds no settings", "`name: value`")),
    "dataless.yaml": ("seed: 1\n", ("data: is not set",)),
    "typo.yaml": ("data: {train: reviews.csv}\ntraining: {epoch: 3}\n", ("training:", "`epoch`", "mean `epochs`?")),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_cannot_be_learned_from(refused, name):
    content, says = FILES[name]
    Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    refused("train", name, says=says)


def test_files_that_are_not_there(refused):
    refused("train", "review.csv", says=("review.csv: there is no such file", "did you mean `reviews.csv`?"))
    refused("train", "nowhere/a.csv", says=("nowhere/a.csv: there is no such file", "no folder `nowhere`"))
    refused("train", "run.yaml", says=("run.yaml: there is no such file",))
    refused("train", "reviews.csv", "--dev", "dev.csv", says=("dev.csv: there is no such file",))
    refused("train", "reviews.csv", "--test", "test.csv", says=("test.csv: there is no such file",))


@pytest.mark.parametrize(
    "line",
    [
        "trian a.csv",
        "train no.csv",
        "train a.csv --opochs 4",
        "inspect no",
        "compare no",
        *(f"{verb} a --opochs 4" for verb in ("predict", "evaluate", "generate", "answer", "distil", "pretrain")),
    ],
)
def test_a_mistake_in_the_command_line_waits_for_no_torch(line):
    code = "import sys; from weft.cli.main import main\ntry: main()\nfinally: print('torch' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code, *line.split()], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout) == (2, "False\n"), said
    assert said.stderr.startswith("weft: ")


def test_a_folder_in_place_of_a_file(refused):
    Path("folder.csv").mkdir()
    refused("train", "folder.csv", says=("folder.csv: is a folder, expected a file",))


def test_a_column_that_is_not_there(refused):
    refused("train", "reviews.csv", "--text", "nope", says=("no column `nope` among `text`, `label`\n",))
    refused("train", "reviews.csv", "--label", "labl", says=("no column `labl`", "did you mean `label`?"))


def test_choices_and_names_that_are_none(refused, model):
    refused("predict", "model", "--text", "好", "--format", "json", says=("`json` is not one of", "mean `jsonl`?"))
    refused("train", "reviews.csv", "--numbers", ",", says=("`,` names no column", "`price,age`"))


def test_all_bad_rows_are_listed_by_inspecting(refused):
    Path("text.csv").write_text(HEADER + ROWS + " ,pos\n", encoding="utf-8")
    says = ("text.csv:18: text is empty", "; weft inspect text.csv lists all of them")
    refused("train", "text.csv", "--on-bad-row", "stop", says=says)


def test_columns_of_another_task(weft, refused):
    Path("mr.jsonl").write_text('{"mr": "name[猫]", "ref": "它叫猫。"}\n' * 4, encoding="utf-8")
    refused("train", "mr.jsonl", says=("--text NAME --label NAME; other tasks", "--source NAME --target NAME"))
    Path("asked.jsonl").write_text('{"question": "谁？", "context": "猫在。"}\n', encoding="utf-8")
    others = "--task multiple_choice for questions"
    refused("train", "asked.jsonl", says=("look like questions on passages", others))
    refused(
        "inspect", "asked.jsonl", says=("look like questions", "--text question,context", "as questions, pass --task")
    )
    assert others not in weft("inspect", "asked.jsonl").err


@pytest.mark.parametrize("part", ["--dev", "--test"])
def test_a_dev_or_test_label_that_training_never_saw(refused, part):
    Path("dev.csv").write_text(HEADER + ROWS + "一般,so-so\n", encoding="utf-8")
    refused("train", "reviews.csv", part, "dev.csv", says=("dev.csv:18: label `so-so`", "labels: `neg`, `pos`"))


OPTIONS = [
    (("--encoderr", "cnn"), ("no option `--encoderr`", "did you mean `--encoder`?")),
    (("--long", "middle"), ("`--long`", "`middle` is not one of `head`, `head-tail`, `windows`", "weft train --help")),
    (("--seed", "七"), ("`--seed`", "`七` is not a valid integer")),
    (("--encoder", "cnnn"), ("task.encoder: there is no kind `cnnn`", "did you mean `cnn`?")),
    (
        ("--encoder", "cnn:./bert"),
        ("the kind `cnn` takes no folder", "only `pretrained` takes one", "pretrained:./bert"),
    ),
    (("--encoder", "pretraned:./bert"), ("there is no kind `pretraned`", "did you mean `pretrained`?")),
    (("--encoding", "utf9"), ("no encoding `utf9`", "did you mean `utf-8`?")),
    (("--set", "training.epoch=3"), ("training: there is no setting `epoch`", "did you mean `epochs`?")),
    (("--set", "trainings.epochs=3"), ("there is no setting `trainings`", "did you mean `training`?")),
    (("--set", "training.epochs=many"), ("training.epochs: expected a valid number", "found `many`")),
    (("--set", "training.epochs=0"), ("training.epochs: expected greater than 0, found `0`",)),
    (("--set", "training.epochs"), ("--set: `training.epochs` sets nothing", "training.epochs=5")),
    (("--set", "task.encoder.kind=cnnn"), ("task.encoder: there is no kind `cnnn`", "did you mean `cnn`?")),
    (("--set", "training.metric=acuracy"), ("training.metric: there is no score `acuracy`", "mean `accuracy`?")),
    (("--set", "task.tokenizer=ngrams"), ("task.tokenizer: `cnn` reads positions in order", "`mixed`, `word`")),
    (("--set", "task.encoder={kind: bag}", "--set", "task.tokenizer=word"), ("`bag` reads n-grams", "take `ngrams`")),
    (("--output", "reviews.csv"), ("reviews.csv: exists already", "name another folder (--output)")),
    (("--output", "reviews.csv", "--resume"), ("reviews.csv: is not a run folder", "name another folder (--output)")),
    (("--output", "reviews.csv/run"), ("reviews.csv/run: cannot be written", "`reviews.csv` is a file")),
]


@pytest.mark.parametrize(("options", "says"), OPTIONS, ids=lambda value: " ".join(value)[:40])
def test_options_and_settings_of_train(refused, options, says):
    refused("train", "reviews.csv", *options, says=says)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_there(refused):
    refused("train", "reviews.csv", "--set", "device=cuda", says=("there is no device `cuda`", "found: `cpu`"))


def test_options_meet_a_file_that_has_no_room_for_them(refused):
    Path("run.yaml").write_text("data: reviews.csv\n", encoding="utf-8")
    refused("train", "run.yaml", "--dev", "reviews.csv", says=("data: expected settings, found `reviews.csv`",))


def test_commands_and_arguments(refused):
    refused("trian", "reviews.csv", says=("there is no command `trian`", "did you mean `train`?"))
    refused("--helpp", says=("no option `--helpp`", "did you mean `--help`?"))
    refused("train", says=("missing argument `SOURCE", "weft train --help"))
    refused("evaluate", "model", says=("the FOLDER of a trained model is missing", "weft evaluate --help"))
    refused("predict", says=("missing argument `FOLDER`", "weft predict --help"))


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a place where not even root may write")
def test_an_output_that_cannot_be_made(refused, model):
    refused("train", "reviews.csv", "--output", "/proc/weft/run", says=("/proc/weft/run: cannot be written",))
    refused(
        "predict", "model", "reviews.csv", "--output", "/proc/weft/answers", says=("/proc/weft/answers: no such file",)
    )


def test_a_full_disk_is_told_and_is_not_the_users_mistake(weft, model, monkeypatch):
    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("weft.cli.outputs.written", full)
    said = weft("predict", "model", "reviews.csv", "--output", "answers.jsonl")
    assert (said.code, said.out, said.err) == (1, "", "weft: no space left on device\n")


# run folders


def test_a_run_folder_that_is_taken(refused, model, unfinished):
    other = "name another folder (--output), or remove this one"
    for folder, hint in (
        ("model", f"hint: {other}"),
        ("unfinished", f"--resume (from Python resume=True), or {other}"),
    ):
        refused("train", "reviews.csv", "--output", folder, says=(f"{folder}: exists already", hint))


def test_resume_with_other_settings(refused, unfinished):
    call = ("train", "reviews.csv", "--output", "unfinished", "--resume", "--set", "training.epochs=9", "--seed", "5")
    refused(*call, says=("other settings: seed: was 0, is 5; training.epochs: was 1.0, is 9.0", "another folder"))


def test_resume_of_a_finished_run_with_other_settings(refused, model):
    call = ("train", "reviews.csv", "--output", "model", "--resume", "--seed", "5")
    refused(*call, says=("model: was started with other settings: seed: was 0, is 5", "another folder"))


def test_a_folder_for_a_file_is_told_before_the_run_folder(refused, model):
    refused("train", "model", says=("model: is the folder of a run, expected data",))


def test_a_setting_one_level_lower_is_found(refused):
    refused("train", "reviews.csv", "--set", "epochs=2", says=("epochs", "did you mean `training.epochs`?"))
    refused("train", "reviews.csv", "--epochs", "2", says=("--epochs", "--set training.epochs=5"))


def test_resume_with_other_data(refused, unfinished):
    with open("reviews.csv", "a", encoding="utf-8") as file:
        file.write("还行,pos\n")
    call = ("train", "reviews.csv", "--output", "unfinished", "--resume")
    refused(*call, says=("reviews.csv: has changed since the run in unfinished was started",))


def test_resume_into_a_folder_that_is_no_run(refused):
    Path("photos").mkdir()
    Path("photos/cat.jpg").write_bytes(b"cat")
    call = ("train", "reviews.csv", "--output", "photos", "--resume")
    refused(*call, says=("photos: is not a run folder", "--output"))


def ask(verb: str, folder: str) -> tuple[str, ...]:
    return (verb, folder, "reviews.csv")


@pytest.mark.parametrize("verb", ["evaluate", "predict"])
def test_folders_without_a_model(refused, unfinished, verb):
    Path("photos").mkdir()
    refused(*ask(verb, "nowhere"), says=("nowhere: there is no such folder", "weft train"))
    refused(*ask(verb, "photos"), says=("photos: there is no model in this folder", "weft train"))
    refused(*ask(verb, "reviews.csv"), says=("reviews.csv: there is no model in this folder", "weft train"))
    refused(*ask(verb, "unfinished"), says=("unfinished: the run is not finished", "--resume"))


DAMAGES = {
    "flipped": lambda content: content[:-1] + bytes([content[-1] ^ 1]),
    "cut": lambda content: content[: len(content) // 2],
    "emptied": lambda content: b"",
    "garbage": lambda content: random.Random(2).randbytes(len(content)),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", ["weights.safetensors", "task/task.json", "task/labels.json"])
def test_a_damaged_file_of_a_model(refused, model, name, damage):
    path = model / name
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    refused(*ask("predict", "model"), says=(f"model/{name}: is damaged", "train again"))


@pytest.mark.parametrize(
    ("content", "line"), [("", ":1"), ("{", ":1"), ("[]", ""), ("{}", ""), ('{"format": "1", "files": {}}', "")]
)
def test_a_damaged_bundle_file(refused, model, content, line):
    (model / "bundle.json").write_text(content)
    refused(*ask("evaluate", "model"), says=(f"model/bundle.json{line}: is damaged", "train again"))


@pytest.mark.parametrize("name", ["weights.safetensors", "task/piece.json", "task/task.json"])
def test_a_missing_file_of_a_model(refused, model, name):
    (model / name).unlink()
    refused(*ask("predict", "model"), says=(f"model/{name}: is missing", "copy the whole folder"))


def test_weights_that_do_not_fit(refused, model):
    shutil.copy(model / "task" / "bigram.safetensors", model / "weights.safetensors")
    seal(model, version="0.1.0")
    refused(*ask("predict", "model"), says=("model: the model cannot be read",))


def test_a_model_of_a_newer_format(refused, model):
    bundle = json.loads((model / "bundle.json").read_text())
    (model / "bundle.json").write_text(json.dumps({**bundle, "format": 99, "weft": "9.0"}))
    refused(*ask("evaluate", "model"), says=("was written by weft 9.0, whose format is newer", "pip install -U weft"))


# evaluate and predict


def test_evaluate_a_label_that_training_never_saw(refused, model):
    Path("test.csv").write_text(HEADER + ROWS + "一般,so-so\n", encoding="utf-8")
    refused("evaluate", "model", "test.csv", says=("test.csv:18: label `so-so`", "labels: `neg`, `pos`"))


def test_evaluate_refuses_the_files_that_train_refuses(refused, model):
    for name in ("empty.csv", "header.csv", "text.csv", "label.csv", "ragged.csv", "broken.jsonl", "random.csv"):
        content, says = FILES[name]
        Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
        refused("evaluate", "model", name, says=says)


def test_predict_texts_and_files(refused, model):
    refused("predict", "model", "--text", "", says=("--text: text is empty",))
    refused("predict", "model", "--text", "好", "--text", " ", says=("--text: text is empty",))
    refused("predict", "model", "reviews.csv", "--text", "好", says=("not from both", "weft predict --help"))
    refused("predict", "model", "review.csv", says=("review.csv: there is no such file", "`reviews.csv`"))
    refused("predict", "model", "reviews.csv", "--column", "nope", says=("no column `nope` among `text`, `label`\n",))
    Path("odd.csv").write_text("a,b\n好,吃\ngood,soup\n", encoding="utf-8")
    refused("predict", "model", "odd.csv", says=("no column `text`, which was read in training", "--column NAME"))


def test_predict_writes_no_half_file(refused, model):
    Path("new.csv").write_text("text\n味道很好\n \ngood\n", encoding="utf-8")
    refused("predict", "model", "new.csv", "--output", "answers.jsonl", says=("new.csv:3: text is empty",))


def test_answers_that_cannot_be_written(refused, model):
    for path, says in (("reviews.csv/a", "`reviews.csv` is a file"), ("model", "is a folder, expected a file")):
        refused("predict", "model", "reviews.csv", "--output", path, says=(path, says))
        refused("evaluate", "model", "reviews.csv", "--answers", path, says=(path, says))


# --on-bad-row skip

PATCHY = HEADER + ROWS + "好,吃,pos\n,neg\ngood,\n" + ROWS
LEFT_OUT = ["has 3 fields, the header has 2", "text is empty", "label is empty"]


def left_out(said: str) -> list[str]:
    return [line for line in said.splitlines() if line.startswith("left out")]


def test_train_lists_the_rows_it_leaves_out(train):
    Path("patchy.csv").write_text(PATCHY, encoding="utf-8")
    said = train("patchy.csv", "--on-bad-row", "skip", "--output", "run")
    expected = [f"left out patchy.csv:{line}: {what}" for line, what in zip((18, 19, 20), LEFT_OUT, strict=True)]
    assert said.code == 0
    assert left_out(said.err) == expected
    reports = [json.loads(line) for line in Path("run/reports.jsonl").read_text().splitlines()]
    assert [report["text"] for report in reports if report.get("text", "").startswith("left out")] == expected


def test_scores_and_answers_are_of_the_rest(weft, model):
    Path("patchy.csv").write_text(PATCHY, encoding="utf-8")
    Path("whole.csv").write_text(HEADER + ROWS + ROWS, encoding="utf-8")
    patchy = weft("evaluate", "model", "patchy.csv", "--on-bad-row", "skip", "--json")
    whole = weft("evaluate", "model", "whole.csv", "--json")
    assert json.loads(patchy.out)["scores"] == json.loads(whole.out)["scores"]
    assert [line.split(": ", 1)[1] for line in left_out(patchy.err)] == LEFT_OUT
    answers = weft("predict", "model", "patchy.csv", "--on-bad-row", "skip")
    assert len(answers.out.splitlines()) == 33  # a missing label is no fault when predicting
    assert [line.split(": ", 1)[1] for line in left_out(answers.err)] == LEFT_OUT[:2]
