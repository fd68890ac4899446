"""What README shows is run, in its order, on small files of the names it uses."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from test_readme import ENGLISH, commands, read

import weft.experiments.demo
from weft.cli.main import main
from weft.data import demo

SMALL = ["--set=training.epochs=1", "--set=task.encoder.width=8"]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with every file that README names."""
    monkeypatch.chdir(tmp_path)
    for name, seed in (("reviews", 0), ("dev", 1), ("test", 2), ("new", 3)):
        demo.write(tmp_path / f"{name}.csv", size=120, seed=seed)
    for name, seed in (("train", 0), ("dev", 1), ("test", 2)):
        lines = [json.dumps({"text": text, "label": label}) for text, label in demo.rows(size=120, seed=seed)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    texts = [text for text, _ in demo.rows(size=6, seed=4)]
    (tmp_path / "texts.txt").write_text("\n".join(texts) + "\n", encoding="utf-8")
    yaml = next(block.code for block in read(ENGLISH)[1] if block.language == "yaml")
    (tmp_path / "run.yaml").write_text(yaml, encoding="utf-8")
    return tmp_path


def test_the_commands_of_readme_run(
    files: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    ran = []
    _, blocks = read(ENGLISH)
    for words in commands([block for block in blocks if block.language == "bash"]):
        if words[:2] == ["cat", "texts.txt"]:
            monkeypatch.setattr(sys, "stdin", (files / "texts.txt").open(encoding="utf-8"))
        if words[0] == "python":
            subprocess.run([sys.executable, Path(__file__).parents[2] / words[1], *words[2:]], check=True)
        if words[0] != "weft":
            continue
        monkeypatch.setattr(sys, "argv", [*words, *(SMALL if words[1] == "train" else [])])
        main()
        ran.append(words[1])
    assert ran.count("train") >= 3
    assert {"evaluate", "predict"} <= set(ran)
    assert (files / "answers.jsonl").read_text(encoding="utf-8").count("\n") == 120
    assert '"answer"' in capsys.readouterr().out


def test_the_python_of_readme_runs(files: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setattr(sys, "argv", ["weft", "train", "reviews.csv", "--quiet", *SMALL])
    main()
    for block in read(ENGLISH)[1]:
        if block.language == "python":
            exec(compile(block.code, ENGLISH, "exec"), {})
    printed = capsys.readouterr().out
    assert "Answer(label=" in printed
    assert "DoneReport" in printed


def test_the_demo_ends_with_a_table_and_a_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(weft.experiments.demo, "TRAIN_ROWS", 160)
    monkeypatch.setattr(weft.experiments.demo, "TEST_ROWS", 80)
    monkeypatch.setattr(weft.experiments.demo, "EPOCHS", 1)
    monkeypatch.setattr(sys, "argv", ["weft", "demo"])
    main()
    printed = capsys.readouterr().out
    assert all(f" {encoder} " in printed for encoder in ("bag", "cnn", "lstm", "transformer"))
    page = (tmp_path / "runs/demo/page.html").read_text(encoding="utf-8")
    assert "synthetic" in page
    assert "synthetic" in printed


def test_the_example_runs(tmp_path: Path) -> None:
    example = Path(__file__).parents[2] / "examples" / "own_encoder.py"
    # its five epochs become one, on fewer rows: the file itself stays as a reader sees it
    code = example.read_text(encoding="utf-8").replace("epochs=5", "epochs=1")
    code = code.replace('/ "reviews.csv")', '/ "reviews.csv", size=200)', 1)
    (tmp_path / "own_encoder.py").write_text(code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "own_encoder.py", "out"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Answer(label=" in done.stdout
    assert "Score(value=" in done.stdout
