"""Japanese, Thai and Korean through the command line: what is said of their pieces, and that a model learns."""

import random
from pathlib import Path

import pytest

from tests.other_scripts import labelled, texts
from weft.files import read_json


@pytest.mark.parametrize(
    ("language", "encoder", "script"), [("ja", "cnn", "Japanese kana"), ("th", "bag", "Thai"), ("ko", "bag", "Korean")]
)
def test_a_model_beats_the_majority_label_and_the_cut_is_told(language, encoder, script, weft):
    rows = labelled(language)
    random.Random(0).shuffle(rows)
    for name, some in (("train", rows[:100]), ("dev", rows[100:120]), ("test", rows[120:])):
        lines = ["text,label", *map(",".join, some)]
        Path(f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    small = ("--set", "task.encoder.width=16", "--set", "task.encoder.maps=16") if encoder == "cnn" else ()
    files = ("train.csv", "--dev", "dev.csv", "--test", "test.csv", "--encoder", encoder)
    said = weft("train", *files, *small, "--set", "training.epochs=6", "--output", "run")
    assert said.code == 0, said
    assert f"100 of 100 texts hold {script}: cut " in said.out + said.err
    scores = read_json(Path("run/scores.json"))["scores"]
    majority = max(sum(label == one for _, label in rows[120:]) for one in ("good", "bad")) / 24
    assert scores["accuracy"]["value"] > majority + 0.1


def test_inspect_tells_how_they_are_cut(weft):
    Path("th.csv").write_text("\n".join(["text,label", *map(",".join, labelled("th"))]) + "\n", encoding="utf-8")
    said = weft("inspect", "th.csv", "--no-label-errors")
    assert "144 of 144 texts hold Thai: cut by character and runs of characters" in said.out
    assert "segmenter: pythainlp" in said.out
    assert "Scripts without spaces" not in weft("inspect", "reviews.csv", "--no-label-errors").out


@pytest.mark.parametrize("language", ["ja", "th", "ko"])
def test_bleu_names_its_tokenizer(language, weft):
    Path("lines.txt").write_text("\n".join(texts(language)) + "\n", encoding="utf-8")
    said = weft("score", "lines.txt", "lines.txt")
    assert said.code == 0, said
    names = {"ja": ("tok:char|", "tok:ja-mecab"), "th": ("tok:char|",), "ko": ("tok:char|", "tok:ko-mecab")}
    assert any(name in said.out for name in names[language])
