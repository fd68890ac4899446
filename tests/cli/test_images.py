"""Images by the command line: a folder a label, a table beside them, with a text, and what is wrong with them."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import weft as package
from weft.config import validated
from weft.errors import InputError
from weft.run import RunConfig

LABELS = ("dark", "亮")
SMALL = {"width": 8, "stages": 1}
FAST = ["--set", "training.epochs=4", "--set", "task.image.encoder.width=8", "--set", "task.image.encoder.stages=1"]
SPOKEN = {"dark": "night falls", "亮": "早上好"}


@pytest.fixture(scope="module")
def lights(tmp_path_factory):
    """A folder with a folder of small images for each label, and a model of a moment's training beside it."""
    folder = tmp_path_factory.mktemp("images")
    draw = np.random.default_rng(0)
    for label, base in zip(LABELS, (40, 200), strict=True):
        (folder / "lights" / label).mkdir(parents=True)
        for number in range(12):
            grain = draw.integers(-30, 30, (10, 10, 3))
            Image.fromarray((base + grain).astype(np.uint8)).save(folder / "lights" / label / f"{number}.png")
    settings = {"data": {"train": str(folder / "lights")}, "training": {"epochs": 4}, "device": "cpu"}
    task = {"image": {"column": "image", "encoder": SMALL}}
    for _ in package.train(validated(RunConfig, {**settings, "task": task}), folder / "model"):
        pass
    return folder


def listed(folder, *, text=False):
    """A table of the images, with labels, and texts if asked; the images lie beside it."""
    path = folder / "lights.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["photo", "label", *(["caption"] if text else [])])
        for label in LABELS:
            for one in sorted((folder / "lights" / label).iterdir()):
                caption = [f"{SPOKEN[label]} {one.stem}"] if text else []
                rows.writerow([f"lights/{label}/{one.name}", label, *caption])
    return str(path)


def test_a_folder_a_label_trains_unasked_and_answers_images(weft, lights):
    said = weft("train", str(lights / "lights"), "--output", "run", *FAST)
    assert said.code == 0, said.err
    assert "22 images, read in colour at 10 x 10 pixels (crop)" in said.err or "24 images" in said.err
    assert "next: weft predict run FILE" in said.out + said.err
    floors = json.loads(Path("run/scores.json").read_text(encoding="utf-8"))["details"]["floors"]
    assert "the training image with the nearest pixels" in floors
    whole = weft("predict", "run", str(lights / "lights" / "亮"))
    rows = [json.loads(line) for line in whole.out.splitlines()]
    assert len(rows) == 12
    assert {row["file"] for row in rows} == {str(one) for one in (lights / "lights" / "亮").iterdir()}
    (one,) = weft("predict", "run", rows[0]["file"]).out.splitlines()
    assert json.loads(one)["answer"] == rows[0]["answer"]
    assert json.loads(one)["probability"] == pytest.approx(rows[0]["probability"], abs=1e-4)


def test_a_table_beside_the_images_gives_the_answers_of_the_folder(weft, lights):
    answers = [
        json.loads(line)
        for line in weft("predict", str(lights / "model"), str(lights / "lights/dark")).out.splitlines()
    ]
    table = lights / "new.csv"
    table.write_text("image\n" + "".join(f"{row['file']}\n" for row in answers), encoding="utf-8")
    again = [json.loads(line) for line in weft("predict", str(lights / "model"), str(table)).out.splitlines()]
    assert [row["probabilities"] for row in again] == [row["probabilities"] for row in answers]


def test_with_a_text_named_both_are_read_and_the_page_says_what_each_adds(weft, lights):
    file = listed(lights, text=True)
    said = weft("train", file, "--text", "caption", "--image", "photo", "--output", "both", "--encoder", "bag", *FAST)
    assert said.code == 0, said.err
    inputs = json.loads(Path("both/scores.json").read_text(encoding="utf-8"))["inputs"]
    assert inputs["photo"] == {"kind": "image", "columns": ["photo"], "size": 10, "colors": 3, "fit": "crop"}
    assert set(inputs) == {"text", "photo"}
    lone = weft("predict", "both", str(lights / "lights/dark"))
    assert lone.code == 2
    assert "the model reads `caption` beside each of these files" in lone.err


def test_of_a_table_of_images_alone_they_are_read_unasked(weft, lights):
    said = weft("train", listed(lights), "--output", "alone", *FAST)
    assert said.code == 0, said.err
    asked = weft("predict", "alone", str(lights / "lights/dark/1.png"))
    assert (asked.code, asked.err) == (0, "")
    unasked = weft("inspect", listed(lights), "--output", "look")
    assert "24 images" in unasked.err
    assert "every image has 16 pixels" not in unasked.out


def test_inspect_finds_copies_that_look_alike_and_what_cannot_be_read(weft, lights):
    shutil.copytree(lights / "lights", "odd")
    shutil.copy("odd/dark/1.png", "odd/亮/copy.png")
    with Image.open("odd/dark/2.png") as image:
        image.resize((20, 20)).save("odd/dark/larger.png")
    Image.new("RGB", (20, 20), "white").save("odd/亮/blank.png")
    Path("odd/dark/broken.png").write_bytes(b"\x89PNG\r\n")
    said = weft("inspect", "odd", "--json", "--output", "look")
    found = {one["key"]: one for one in json.loads(said.out)}
    assert found["bad-rows"]["count"] == 1
    assert "broken.png" in found["bad-rows"]["rows"][0]["where"]
    assert found["duplicates"]["count"] == found["contradictions"]["count"] == 1
    assert [row["text"] for row in found["near"]["rows"]] == ["odd/dark/larger.png"]
    assert [row["text"] for row in found["blank"]["rows"]] == ["odd/亮/blank.png"]
    assert "data:image/jpeg;base64," in Path("look/page.html").read_text(encoding="utf-8")


def test_a_broken_image_stops_or_is_left_out(weft, lights):
    shutil.copytree(lights / "lights", "odd")
    Path("odd/dark/broken.png").write_bytes(b"\x89PNG\r\n")
    said = weft("train", "odd", "--output", "run", *FAST)
    assert said.code == 2
    assert "odd/dark/broken.png" in said.err
    assert "--on-bad-row skip" in said.err
    assert weft("train", "odd", "--output", "run", *FAST, "--on-bad-row", "skip").code == 0


def test_from_python_an_image_is_answered_by_its_path(lights):
    model = package.load(lights / "model")
    (answer,) = model.answer([{"image": str(lights / "lights/dark/3.png")}])
    assert answer.label in LABELS
    with pytest.raises(InputError, match="there is no such file"):
        model.answer([{"image": "none.png"}])


def test_a_model_of_images_refuses_texts(refused, lights):
    refused("predict", str(lights / "model"), "--text", "a text", says=("reads no text", "image"))


def test_without_labels_images_are_searched_by_what_an_autoencoder_keeps(weft, lights):
    said = weft("pretrain", str(lights / "lights"), "--objective", "autoencoder", "--output", "drawn", *FAST,
                "--set", "task.width=4")  # fmt: skip
    assert said.code == 0, said.err
    assert "each image, 300 numbers, is squeezed into 4 and drawn again; 25% of it is hidden in training" in said.err
    assert "principal components of the colours" in said.out + said.err
    assert "next: weft search drawn IMAGES --image IMAGE" in said.out + said.err
    query = str(lights / "lights" / "亮" / "3.png")
    found = weft("search", "drawn", str(lights / "lights"), "--image", query, "--top", "5", "--json")
    first, *_ = map(json.loads, found.out.splitlines())
    assert (first["image"], first["rank"]) == (query, 1)
    assert first["score"] == pytest.approx(1)
    assert weft("evaluate", "drawn", str(lights / "lights"), "--json").code == 0
    (line,) = weft("predict", "drawn", query).out.splitlines()
    assert json.loads(line)["image"] == query
    assert "Images for images" in Path("drawn/page.html").read_text(encoding="utf-8")
    refused = weft("search", "drawn", str(lights / "lights"), "--query", "a light")
    assert refused.code == 2
    assert "vector" in refused.err
