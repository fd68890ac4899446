"""Sounds by the command line: a folder a label, a table beside them, with a text, and what is wrong with them."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import weft as package
from weft.config import validated
from weft.data.formats.image_files import save_image
from weft.data.formats.sound_files import save_sound
from weft.errors import InputError
from weft.run import RunConfig

LABELS = ("low", "高")
ENCODER = {"channels": 8, "stages": 1, "width": 8}
FAST = [
    "--set", "training.epochs=4", "--set", "task.sound.encoder.channels=8", "--set", "task.sound.encoder.stages=1",
    "--set", "task.sound.encoder.width=8",
]  # fmt: skip


def hum(folder, name, *, hertz, seconds=0.1, gain=0.3):
    """Write a tone with some noise."""
    steps = np.arange(round(seconds * 8000)) / 8000
    noise = np.random.default_rng(len(name)).normal(0, 0.01, len(steps))
    samples = np.clip(gain * np.sin(2 * np.pi * hertz * steps) + noise * min(1, gain), -1, 1)
    folder.mkdir(parents=True, exist_ok=True)
    save_sound(folder / name, (samples * 32767).astype(np.int16), rate=8000)


@pytest.fixture(scope="module")
def tones(tmp_path_factory):
    """A folder with a folder of short tones for each label, and a model of a moment's training beside it."""
    folder = tmp_path_factory.mktemp("sounds")
    for label, hertz in zip(LABELS, (300, 2500), strict=True):
        for number in range(12):
            hum(folder / "tones" / label, f"{number}.wav", hertz=hertz + 20 * number, seconds=0.1 + 0.01 * number)
    settings = {"data": {"train": str(folder / "tones")}, "training": {"epochs": 4}, "device": "cpu"}
    task = {"sound": {"column": "sound", "encoder": ENCODER}}
    for _ in package.train(validated(RunConfig, {**settings, "task": task}), folder / "model"):
        pass
    return folder


def listed(folder):
    """A table of the sounds, with labels and texts; the sounds lie beside it."""
    path = folder / "tones.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["clip", "label", "caption"])
        for label in LABELS:
            for one in sorted((folder / "tones" / label).iterdir()):
                rows.writerow(
                    [f"tones/{label}/{one.name}", label, f"{'喇叭' if label == '高' else 'a drum'} {one.stem}"]
                )
    return str(path)


def test_a_folder_a_label_trains_unasked_and_answers_sounds(weft, tones):
    said = weft("train", str(tones / "tones"), "--output", "run", *FAST)
    assert said.code == 0, said.err
    assert "24 sounds of 0.1 minutes, read at 8,000 Hz in 64 bands" in said.err
    assert "next: weft predict run FILE" in said.out + said.err
    floors = json.loads(Path("run/scores.json").read_text(encoding="utf-8"))["details"]["floors"]
    assert "the training sound with the nearest mean spectrum" in floors
    whole = weft("predict", "run", str(tones / "tones" / "高"))
    rows = [json.loads(line) for line in whole.out.splitlines()]
    assert {row["file"] for row in rows} == {str(one) for one in (tones / "tones" / "高").iterdir()}
    (one,) = weft("predict", "run", rows[0]["file"]).out.splitlines()
    assert json.loads(one)["probability"] == pytest.approx(rows[0]["probability"], abs=1e-3)


def test_with_a_text_named_both_are_read_and_the_page_says_what_each_adds(weft, tones):
    said = weft(
        "train", listed(tones), "--text", "caption", "--sound", "clip", "--output", "both", "--encoder", "bag", *FAST
    )
    assert said.code == 0, said.err
    assert "next: weft predict both FILE" in said.out + said.err
    inputs = json.loads(Path("both/scores.json").read_text(encoding="utf-8"))["inputs"]
    assert inputs["clip"] == {"kind": "sound", "columns": ["clip"], "rate": 8000, "bands": 64, "seconds": 30.0}
    assert set(inputs) == {"text", "clip"}


def test_of_a_table_of_sounds_alone_they_are_read_unasked(weft, tones):
    table = tones / "alone.csv"
    rows = "".join(f"tones/{label}/{n}.wav,{label}\n" for label in LABELS for n in range(12))
    table.write_text(f"audio,label\n{rows}", encoding="utf-8")
    said = weft("train", str(table), "--output", "alone", *FAST)
    assert said.code == 0, said.err
    assert "24 sounds" in said.err


def test_inspect_finds_copies_silence_clipping_and_what_cannot_be_read(weft, tones):
    shutil.copytree(tones / "tones", "odd")
    shutil.copy("odd/low/1.wav", "odd/高/copy.wav")
    hum(Path("odd/low"), "silent.wav", hertz=300, gain=0)
    hum(Path("odd/low"), "clipped.wav", hertz=300, gain=3)
    hum(Path("odd/low"), "short.wav", hertz=300, seconds=0.02)
    Path("odd/low/broken.wav").write_bytes(b"RIFF\0\0\0\0WAVE")
    said = weft("inspect", "odd", "--json", "--output", "look")
    assert "28 sounds" in said.err
    found = {one["key"]: one for one in json.loads(said.out)}
    assert found["bad-rows"]["count"] == 1
    assert "broken.wav" in found["bad-rows"]["rows"][0]["where"]
    assert found["duplicates"]["count"] == found["contradictions"]["count"] == 1
    assert 'src="data:audio/' in Path("look/page.html").read_text(encoding="utf-8")
    for key in ("silent", "clipped", "lengths"):
        name = {"lengths": "short"}.get(key, key)
        assert [row["text"] for row in found[key]["rows"]] == [f"odd/low/{name}.wav"]


def test_sounds_without_content_are_answered_and_said(weft, tones):
    hum(Path("odd"), "静.wav", hertz=300, gain=0)
    hum(Path("odd"), "short.wav", hertz=300, seconds=0.01)
    hum(Path("odd"), "whole.wav", hertz=300)
    said = weft("predict", str(tones / "model"), "odd")
    assert len(said.out.splitlines()) == 3
    assert "1 sound in which nothing is heard: what the model answers there" in said.err
    assert "1 sound of less than 25 ms: what the model answers there" in said.err


def test_a_broken_sound_stops_or_is_left_out(weft, tones):
    shutil.copytree(tones / "tones", "odd")
    Path("odd/low/broken.wav").write_bytes(b"RIFF\0\0\0\0WAVE")
    said = weft("train", "odd", "--output", "run", *FAST)
    assert said.code == 2
    assert "odd/low/broken.wav" in said.err
    assert "--on-bad-row skip" in said.err
    assert weft("train", "odd", "--output", "run", *FAST, "--on-bad-row", "skip").code == 0


def test_from_python_a_sound_is_answered_by_its_path(tones):
    model = package.load(tones / "model")
    (answer,) = model.answer([{"sound": str(tones / "tones/low/3.wav")}])
    assert answer.label in LABELS
    with pytest.raises(InputError, match="there is no such file"):
        model.answer([{"sound": "none.wav"}])


def test_what_is_said_in_sounds_is_written(weft, tones):
    rows = [
        {"clip": f"tones/{label}/{n}.wav", "said": "ba b" if label == "low" else "高"}
        for label in LABELS
        for n in range(12)
    ]
    table = tones / "said.jsonl"
    table.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    small = ["--set", "task.sound.encoder.hidden=8", "--set", "task.sound.encoder.layers=1"]
    said = weft("train", str(table), "--sound", "clip", "--target", "said", "--output", "run", *FAST, *small)
    assert said.code == 0, said.err
    assert "4 labels (char) and the blank, at positions 20 ms apart" in said.err
    scores = json.loads(Path("run/scores.json").read_text(encoding="utf-8"))
    assert {"cer", "wer", "exact_match"} <= set(scores["scores"])
    assert set(scores["details"]["floors"]) == {
        "writing nothing", "the transcript of the training sound with the nearest mean spectrum"
    }  # fmt: skip
    assert 'src="data:audio/' in Path("run/page.html").read_text(encoding="utf-8")
    answers = [json.loads(line) for line in weft("predict", "run", str(tones / "tones" / "low")).out.splitlines()]
    assert len(answers) == 12
    hum(Path("odd"), "静.wav", hertz=300, gain=0)
    heard = weft("predict", "run", "odd/静.wav")
    assert heard.err.splitlines() == [
        "1 sound in which nothing is heard: what the model answers there is what it would answer to any such sound"
    ]
    assert {*answers[0]} >= {"source", "answer", "log_probability"}
    again = weft("evaluate", "run", str(table), "--json")
    assert again.code == 0, again.err
    looked = weft("inspect", str(table), "--sound", "clip", "--target", "said", "--json", "--output", "look")
    assert {"duplicates", "silent", "clipped", "lengths"} <= {one["key"] for one in json.loads(looked.out)}
    named = weft("train", str(table), "--task", "transcription", "--output", "named", *FAST, *small)
    assert named.code == 0, named.err
    assert "target from column `said`" in named.err


def test_sounds_are_refused_by_tasks_that_cannot_read_them(refused, tones):
    refused("predict", str(tones / "model"), "--text", "a text", says=("reads no text", "sound"))
    Path("图").mkdir()
    save_image(Path("图/红.png"), np.full((4, 4, 3), 200, np.uint8))
    refused("predict", str(tones / "model"), "图/红.png", says=("图/红.png: is an image", "reads sounds"))
    refused("predict", str(tones / "model"), "图", says=("图: is an image, and this model reads sounds",))
    refused("train", listed(tones), "--task", "seq2seq", "--sound", "clip", says=("no such option", "--sound"))
