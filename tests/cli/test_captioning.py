"""Captioning through the command line: trained by its options, written by every search, scored; bad input is taught."""

import json
from pathlib import Path

import pytest

from weft.demo import shapes

TINY = ["--set", "task.image.encoder.width=8", "--set", "task.image.encoder.stages=2", "--set", "training.epochs=2",
        "--set", "task.decoder={kind: lstm, width: 16, hidden: 16}", "--set", "device=cpu"]  # fmt: skip


@pytest.fixture
def trained(weft):
    shapes.write(Path("shapes"), size=40)
    said = weft("train", "shapes/shapes.csv", "--image", "image", "--target", "caption", "--output", "model", *TINY)
    assert said.code == 0, said.err
    return said


def test_texts_are_written_for_images(trained, weft):
    assert "40 images with 40 texts to learn from" in trained.err
    assert "the commonest text" in trained.err
    assert "the text of the training image with the nearest pixels" in trained.err
    one = "shapes/images/0007.png"
    for search in ([], ["--greedy"], ["--beam", "3"], ["--top-p", "0.9", "--seed", "1"], ["--minimum-risk", "4"]):
        said = weft("generate", "model", "--text", one, *search)
        assert (said.code, said.err) == (0, ""), said.err
        assert len(said.out.splitlines()) == 1
    assert len(weft("generate", "model", "shapes/images").out.splitlines()) == 40
    assert weft("generate", "model", one, "--greedy", "--stream").code == 0
    (line,) = map(json.loads, weft("predict", "model", one).out.splitlines())
    assert line["source"] == one
    assert weft("evaluate", "model", "shapes/shapes.csv").code == 0
    page = Path("model/page.html").read_text(encoding="utf-8")
    assert "data:image/jpeg" in page

    import weft as package

    model = package.load("model", device="cpu")
    alone, fields = model.answer([one]), model.answer([{"image": one}])
    assert alone == fields == model.answer([package.SourceTarget(one)])


def test_bad_input_is_taught(trained, weft):
    Path("empty.csv").write_text("image,caption\nshapes/images/0000.png,\n", encoding="utf-8")
    wrong = [
        (["generate", "model", "--text", "a red circle"], ["a red circle", "there is no such file"]),
        (["train", "empty.csv", "--image", "image", "--target", "caption"], ["empty.csv:2", "target is empty"]),
        (["train", "shapes/shapes.csv", "--image", "image", "--target", "word"], ["there is no column `word`"]),
        (
            ["train", "shapes/shapes.csv", "--image", "image", "--target", "caption", "--vectors", "v"],
            ["no such option"],
        ),
    ]
    for arguments, says in wrong:
        said = weft(*arguments)
        assert said.code == 2, (arguments, said)
        assert [word for word in says if word not in said.err] == [], (arguments, said.err)
        assert "Traceback" not in said.err
