"""Retrieval through the command line: images found by texts and by images, texts by images; bad input is taught."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from weft.demo import shapes

SMALL = ["--set", "task.image.encoder.width=8", "--set", "task.image.encoder.stages=2", "--set", "training.epochs=2",
         "--set", "device=cpu"]  # fmt: skip
TINY = [*SMALL, "--set", "task.width=16", "--set", "task.encoder={kind: projection, width: 64}"]


@pytest.fixture
def trained(weft):
    shapes.write(Path("shapes"), size=40)
    said = weft("train", "shapes/shapes.csv", "--task", "retrieval", "--image", "image", "--text", "caption",
                "--output", "model", *TINY)  # fmt: skip
    assert said.code == 0, said.err
    return said


def lines(said):
    assert said.code == 0, said.err
    return list(map(json.loads, said.out.splitlines()))


def test_images_and_texts_are_found(trained, weft):
    assert "chance" in trained.err
    assert "the training image with the nearest pixels" in trained.err
    assert "weft search model IMAGES" in trained.err
    page = Path("model/page.html").read_text(encoding="utf-8")
    assert "Images for texts" in page
    assert page.count("data:image/jpeg") > 8
    for searched in ("shapes/images", "shapes/shapes.csv"):
        found = lines(weft("search", "model", searched, "--query", "a red circle", "--query", "一个蓝色的正方形",
                           "--top", "3", "--json"))  # fmt: skip
        assert [one["rank"] for one in found] == [1, 2, 3, 1, 2, 3]
        assert found[0].keys() == {"query", "rank", "score", "image", "row"}
        assert found[0]["image"] == f"shapes/images/{found[0]['row'] - 1:04}.png"
    seventh = ["--image", "shapes/images/0007.png"]
    itself = lines(weft("search", "model", "shapes/images", *seventh, "--top", "1", "--json"))
    assert itself[0]["image"] == "shapes/images/0007.png"
    assert itself[0]["score"] == pytest.approx(1, abs=1e-4)
    texts = lines(weft("search", "model", "shapes/shapes.csv", "--column", "caption", *seventh, "--top", "2", "--json"))
    with Path("shapes/shapes.csv").open(encoding="utf-8") as file:
        captions = [row["caption"] for row in csv.DictReader(file)]
    assert texts[0]["text"] == captions[texts[0]["row"] - 1]

    asked = ["search", "model", "shapes/images", *seventh, "--query", "红", "--index", "i"]
    first = weft(*asked, "--json")
    assert "wrote an index of 40 images" in first.err
    assert weft(*asked, "--json").out == first.out
    said = weft(*asked, "--page", "sheet.html")
    assert said.code == 0, said.err
    assert Path("sheet.html").read_text(encoding="utf-8").count("data:image/jpeg") == 21
    Image.new("RGB", (9, 9)).save("shapes/images/0000.png")
    assert "is the index of other texts" in weft(*asked).err

    (line, *_) = lines(weft("predict", "model", "shapes/shapes.csv"))
    assert {"answer", "image", "caption"} <= line.keys()


def test_vectors_of_images_and_texts_are_in_one_space(trained, weft):
    import weft as package

    assert weft("embed", "model", "shapes/images", "--output", "images.npy").code == 0
    assert weft("embed", "model", "shapes/shapes.csv", "--column", "caption", "--output", "texts.npy").code == 0
    images, texts = np.load("images.npy"), np.load("texts.npy")
    assert images.shape == texts.shape == (40, 16)
    model = package.load("model", device="cpu")
    np.testing.assert_allclose(model.embed_images(["shapes/images/0003.png"])[0], images[3], atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(model.embed(["a red circle", "红"]), axis=1), 1, atol=1e-5)


def test_a_model_of_labels_of_images_finds_images_too(weft):
    shapes.write(Path("shapes"), size=20)
    said = weft("train", "shapes/shapes.csv", "--image", "image", "--label", "shape", "--output", "model",
                *SMALL)  # fmt: skip
    assert said.code == 0, said.err
    found = lines(weft("search", "model", "shapes/images", "--image", "shapes/images/0007.png", "--top", "1", "--json"))
    assert found[0]["image"] == "shapes/images/0007.png"
    said = weft("search", "model", "shapes/images", "--query", "a red circle")
    assert said.code == 2
    assert "makes no vector of a text" in said.err


def test_bad_input_is_taught(trained, weft):
    Path("broken.png").write_bytes(b"no image")
    wrong = [
        (["search", "model", "shapes/images"], ["there is no query", "--image"]),
        (["search", "model", "shapes/images", "--image", "no.png"], ["no.png", "there is no such file"]),
        (["search", "model", "shapes/images", "--image", "broken.png"], ["broken.png", "is no image"]),
        (["predict", "model", "--text", "a cat"], ["expected an image with a text", "weft search"]),
        (["train", "shapes/shapes.csv", "--task", "retrieval", "--image", "photo"], ["there is no column `photo`"]),
        (["train", "shapes/shapes.csv", "--task", "retrieval", "--label", "shape"], ["no such option"]),
    ]
    for arguments, says in wrong:
        said = weft(*arguments)
        assert said.code == 2, (arguments, said)
        assert [word for word in says if word not in said.err] == [], (arguments, said.err)
        assert "Traceback" not in said.err
