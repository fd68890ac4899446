"""What README shows is run, in its order, on small files of the names it uses."""

import re
import runpy
import sys
from pathlib import Path

import pytest
from imports import ROOT
from shown import read
from test_readme import ENGLISH
from tried import ROWS, make_files, run

import weft.demo.runs
from weft.cli.main import main

EXAMPLES = ROOT / "examples"


def test_what_readme_shows_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    make_files(tmp_path)
    ran = run(read(ENGLISH)[1], tmp_path, monkeypatch)
    assert ran.count("train") >= 3
    assert {"inspect", "compare", "evaluate", "predict", "generate", "score"} <= set(ran)
    assert (tmp_path / "answers.jsonl").read_text(encoding="utf-8").count("\n") == ROWS
    printed = capsys.readouterr().out
    assert '"answer"' in printed
    assert "Answer(label=" in printed
    assert "solved in" in printed


def test_the_demo_ends_with_a_table_and_a_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, size in (("TRAIN_ROWS", 160), ("TEST_ROWS", 80), ("PAIRS", 160), ("TEST_PAIRS", 40)):
        monkeypatch.setattr(weft.demo.runs, name, size)
    monkeypatch.setattr(weft.demo.runs, "EPOCHS", 1)
    monkeypatch.setattr(sys, "argv", ["weft", "demo"])
    main()
    printed = capsys.readouterr().out
    assert all(f" {encoder} " in printed for encoder in ("bag", "cnn", "lstm", "transformer"))
    page = (tmp_path / "runs/demo/page.html").read_text(encoding="utf-8")
    assert "synthetic" in page
    assert "synthetic" in printed


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("own_decoder.py", ("trained ", "In Chinese:")),
        ("own_encoder.py", ("Answer(label=", "Score(value=")),
        ("scikit_learn.py", ("accuracy in each fold", "best")),
        ("translate.py", ("chrF of sentences never seen", " or ")),
    ],
)
def test_the_examples_run(
    name: str,
    printed: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    # many epochs become one, on fewer rows: the file itself stays as a reader sees it
    code = re.sub(r"epochs=\d+", "epochs=1", (EXAMPLES / name).read_text(encoding="utf-8"))
    code = code.replace('/ "reviews.csv")', '/ "reviews.csv", size=200)', 1).replace("size=2000", "size=120")
    code = code.replace("(3000, ", "(240, ").replace("-200", "-20")
    (tmp_path / name).write_text(code, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [name, "out"])
    runpy.run_path(name, run_name="__main__")
    shown = capsys.readouterr().out
    assert all(words in shown for words in printed)


def test_every_example_is_tried() -> None:
    assert {file.name for file in EXAMPLES.glob("*.py")} == {
        "own_decoder.py",
        "own_encoder.py",
        "scikit_learn.py",
        "translate.py",
    }
