"""`weft compare`, and `weft evaluate --ensemble`: tables, JSON and pages; each mistake is told in one grammar."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from weft.cli import compare
from weft.files import read_json

TINY = ("--set", "training.epochs=1", "--set", "task.encoder.width=8", "--device", "cpu")


def test_a_comparison_prints_a_table_and_words(weft):
    said = weft("compare", "reviews.csv", "--encoders", "bag,gru", "--folds", "2", "--quiet", *TINY)
    assert (said.code, said.err) == (0, "")
    assert [line.split()[0] for line in said.out.splitlines()[1:5]] == ["model", "bag", "gru", "ensemble"]
    assert "reviews.csv, 40 texts in 2 folds" in said.out
    assert "(by the corrected resampled t-test over 2 folds" in said.out
    assert Path("runs/compare-reviews/page.html").is_file()
    again = weft("compare", "reviews.csv", "--encoders", "bag,gru", "--folds", "2", "--resume", "--json", *TINY)
    assert json.loads(again.out) == read_json(Path("runs/compare-reviews/comparison.json"))
    assert "runs/compare-reviews/bag/repeat-1/fold-1 is finished: nothing to do" in again.err


@pytest.mark.parametrize(
    ("file", "options", "column", "last"),
    [
        ("pairs.csv", ("--source", "en", "--target", "zh"), "BLEU", "BLEU"),
        ("poems.txt", ("--task", "language_model"), "bits per byte", "bits per byte"),
    ],
)
def test_models_that_write_are_compared(weft, translator, file, options, column, last):
    poem = "春眠不觉晓，the rain falls.\n处处闻啼鸟。\n" * 15
    Path("poems.txt").write_text(
        "".join(f"{number} {line}" for number, line in enumerate(poem.splitlines(True))), "utf-8"
    )
    small = [word for one in ("width=8", "hidden=8") for word in ("--set", f"task.decoder.{one}")]
    call = ("--decoders", "lstm,gru", "--folds", "2", "--quiet", "--set", "training.epochs=1", "--device", "cpu")
    said = weft("compare", file, *options, *call, *small)
    assert (said.code, said.err) == (0, ""), said
    told = said.out.splitlines()
    assert re.match(rf"model .*{column} +95% ", told[1])
    assert [line.split()[0] for line in told[2:4]] == ["lstm", "gru"]
    assert told[4].startswith("mean ± standard deviation of 2 folds; 95%: interval over all ")
    assert last in told[6]
    assert "<svg" in Path(f"runs/compare-{file.split('.')[0]}/page.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--encoders", "bag,lstn"], ["lstn: task.encoder: there is no kind `lstn`", "did you mean `lstm`?"]),
        (
            ["--task", "language_model", "--encoders", "cnn"],
            ["`language_model` has no encoder", "--decoders"],
        ),
        (
            ["--task", "multiple_choice"],
            ["no models of a task `multiple_choice`", "`classification`", "train each"],
        ),
        (["--task", "clasification"], ["task `clasification`", "did you mean `classification`?"]),
        (["--encoders", ","], ["--encoders names nothing to compare"]),
        (["--folds", "1"], ["`--folds`", "1 is not in the range"]),
        (["--folds", "500"], ["`500` folds cannot be made of 40 different texts", "give a number from 2 to 40"]),
        (["--folds", "3", "--test", "reviews.csv"], ["--folds and --test exclude each other"]),
        (["--output", "reviews.csv"], ["reviews.csv: holds something else than a comparison"]),
        (["--text", "评论"], ["评论"]),
        (["--set", "training.epoch=1"], ["bag: training: there is no setting `epoch`", "did you mean `epochs`?"]),
    ],
)
def test_mistakes(refused, arguments, says):
    refused("compare", "reviews.csv", *arguments, says=tuple(says))


@pytest.fixture
def two(train) -> tuple[str, str]:
    """Two trained folders."""
    for name, seed in (("one", "1"), ("two", "2")):
        assert train("reviews.csv", "--seed", seed, "--quiet", "--output", name).code == 0
    return ("one", "two")


def test_an_ensemble_answers_with_the_mean(weft, two):
    said = weft("evaluate", *two, "reviews.csv", "--ensemble", "--json", "--answers", "both.jsonl")
    found = json.loads(said.out)
    assert list(found["models"]) == list(two)
    assert found["average"]["size_bytes"] == sum(one["size_bytes"] for one in found["models"].values())
    for name in two:
        weft("evaluate", name, "reviews.csv", "--answers", f"{name}.jsonl")
    one, other, both = (_probabilities(f"{name}.jsonl") for name in (*two, "both"))
    np.testing.assert_allclose(both, (one + other) / 2, atol=2e-6)
    table = weft("evaluate", *two, "reviews.csv", "--ensemble").out
    assert "ensemble of one, two on reviews.csv, 40 texts" in table
    assert f"{found['models']['two']['scores']['accuracy']['value']:.2%}" in table


def test_several_folders_are_averaged_only_when_asked(refused, two):
    refused("evaluate", *two, "reviews.csv", says=("one two reviews.csv: expected one folder", "add --ensemble"))


def test_an_ensemble_of_other_labels_is_refused(weft, train, two):
    more = "".join(f"一般 so so {number},mid\n" for number in range(8))
    Path("others.csv").write_text(Path("reviews.csv").read_text(encoding="utf-8") + more, encoding="utf-8")
    assert train("others.csv", "--quiet", "--output", "others").code == 0
    said = weft("evaluate", "one", "others", "reviews.csv", "--ensemble")
    assert (said.code, said.out) == (2, "")
    assert said.err.splitlines()[-1].startswith("weft: reviews.csv: the models do not have the same labels")


def _probabilities(path: str) -> np.ndarray:
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    return np.array([list(json.loads(line)["probabilities"].values()) for line in lines])


@pytest.mark.parametrize("width", [50, 80, 200])
def test_a_table_that_is_too_wide_is_folded_and_nothing_is_cut(monkeypatch, capsys, width):
    monkeypatch.setenv("COLUMNS", str(width))
    score = {"mean": 0.5, "deviation": 0.0123}
    pooled = {"spearman": {"low": 0.4771, "high": 0.5231}}
    cost = {"texts_per_second": 12345.0, "size_bytes": 5e5, "train_seconds": 0.2}
    models = [
        {"name": name, "scores": {"spearman": score, "pearson": score}, "pooled": pooled, **cost}
        for name in ("projection", "很长的名字")
    ]
    found = {"shown": ["spearman", "pearson"], "models": models, "repeats": 1, "folds": 2, "texts": 100}
    said = {"data": "a.csv", "design": "folds", "said": [], "decided_by": "", "advice": ""}
    compare._print({**found, **said}, Path("runs/a"))
    out = capsys.readouterr().out
    assert "…" not in out
    for word in ("projection", "很长的名字", "0.477 to 0.523", "(Spearman)"):
        assert word in out
    assert ("for want of width" in out) == (width < 80)
