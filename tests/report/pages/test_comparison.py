"""The page of a comparison: says who is better and who cannot be told apart, of 2 labels or 18, and escapes names."""

import json
from pathlib import Path

import pytest

from tests.report.pages.test_run import HOSTILE, interval, read
from weft.report.pages.comparison import experiment_page

NAMES = ("bag", "cnn", "ensemble")


def model(name: str, accuracy: float, labels) -> dict:
    each = {score: {"mean": accuracy, "deviation": 0.02, "each": [accuracy] * 4} for score in ("accuracy", "macro_f1")}
    classes = range(len(labels))
    f1 = {score: interval(accuracy) for score in ("precision", "recall", "f1")}
    return {
        "name": name,
        "scores": {**each, "log_loss": {"mean": 0.5, "deviation": 0.1, "each": [0.5] * 4}},
        "pooled": {"accuracy": interval(accuracy), "calibration_error": interval(0.05)},
        "details": {
            "labels": list(labels),
            "confusion": [[8 if row == column else 1 for column in classes] for row in classes],
            "per_class": [{"label": label, **f1, "support": 10} for label in labels],
            "calibration": [{"low": 0.5, "high": 1.0, "count": 40, "confidence": 0.8, "accuracy": 0.7}],
        },
        "train_seconds": 3.0,
        "texts_per_second": 1000.0 / (1 + accuracy),
        "size_bytes": 1000,
        "parameters": 100,
    }


def pair(one: str, other: str, difference: float, p: float, design="folds") -> dict:
    over = {"mean": difference, "t": 2.0, "p": p} if design == "folds" else None
    counts = {"only_one": 30, "only_other": 10, "texts_p": p}
    told = {"told_apart": p < 0.05, "said": ""}
    return {
        "one": one,
        "other": other,
        "difference": difference,
        "accuracy": over,
        "macro_f1": over,
        "p": p,
        "low": difference - 0.03,
        "high": difference + 0.03,
        **counts,
        **told,
    }


def make(folder: Path, labels=("差评", "good"), names=NAMES, design="folds", runs: int = 4) -> Path:
    bag, cnn, average = names
    found = {
        "data": "评论.csv, 400 texts in 2 folds, repeated 2 times",
        "design": design,
        "repeats": 2,
        "folds": runs // 2,
        "texts": 400,
        "decides": "accuracy",
        "shown": ["accuracy", "macro_f1", "log_loss"],
        "decided_by": "a test",
        "advice": "more folds show more",
        "models": [model(name, score, labels) for name, score in zip(names, (0.7, 0.8, 0.82), strict=True)],
        "pairs": [
            pair(average, cnn, 0.02, 0.4, design),
            pair(average, bag, 0.12, 0.0004, design),
            pair(cnn, bag, 0.1, 0.012, design),
        ],
        "best": cnn,
        "runs": {name: [f"{place}/run-{number}" for number in range(runs)] for place, name in enumerate((bag, cnn))},
    }
    for place in range(2):
        for number in range(runs):
            run = folder / str(place) / f"run-{number}"
            run.mkdir(parents=True)
            told: list[dict] = [{"kind": "step", "step": n, "epoch": n / 4, "loss": 2 / n} for n in range(1, 9)]
            for epoch in range(1, 3 + number % 2):
                scores = {"accuracy": 0.6 + epoch / 20, "log_loss": 1 / epoch}
                at = {"step": 4 * epoch, "epoch": float(epoch), "metric": "accuracy", "best": True}
                told.append({"kind": "evaluation", "scores": scores, **at})
            (run / "reports.jsonl").write_text("".join(json.dumps(one) + "\n" for one in told), encoding="utf-8")
    (folder / "comparison.json").write_text(json.dumps(found), encoding="utf-8")
    return folder


def figures(page) -> list[str]:
    return [value for name, value in page.attributes if name == "aria-label"]


def test_the_page_says_who_is_better(tmp_path):
    page = read(experiment_page(make(tmp_path / "out")))
    assert "cnn reaches 80.0% accuracy, the best of the 2" in page.text
    assert "It is better than bag and not significantly different from ensemble." in page.text
    assert "better by 10.0 p = 0.012" in page.text
    assert "worse by 12.0 p < 0.001" in page.text
    assert "not significant (+2.0) p = 0.40" in page.text
    assert "not significant (−2.0)" in page.text
    assert "80.0% ± 2.0" in page.text
    assert "2 models compared · 评论.csv, 400 texts in 2 folds, repeated 2 times" in page.text
    assert "more folds show more" in page.text
    said = figures(page)
    assert len([one for one in said if "confusion matrix of 2 labels" in one]) == 3
    assert len([one for one in said if one.startswith("Calibration")]) == 3
    assert [one.split(" by epoch")[0] for one in said if "by epoch" in one] == [
        *["accuracy on the dev set"] * 2,  # as wide as the page, and for a phone
        *("training loss", "log loss on the dev set"),
    ]


def test_a_curve_is_the_mean_as_far_as_all_runs_went(tmp_path):
    page = read(experiment_page(make(tmp_path / "out")))
    curves, narrow = (one for one in figures(page) if one.startswith("accuracy on the dev set"))
    assert curves == narrow
    assert "bag ends at 70.0%; cnn ends at 70.0%" in curves  # the second epoch, though half of the runs had three


@pytest.mark.parametrize("classes", [2, 18, 40])
def test_few_labels_and_many(tmp_path, classes):
    labels = [f"意图 {number}" if number % 2 else f"intent {number}" for number in range(classes)]
    page = read(experiment_page(make(tmp_path / "out", labels=labels)))
    assert labels[-1] in page.text
    assert page.tags.count("details") == (1 if classes == 2 else 4)  # all pairs, and a matrix for each model
    assert ("open", "") in page.attributes or classes == 2


def test_seeds_have_no_folds_to_test_over(tmp_path):
    page = read(experiment_page(make(tmp_path / "out", design="seeds", runs=2)))
    assert "a randomisation test" in page.text
    assert "resampled" not in page.text


def test_names_are_escaped(tmp_path):
    page = read(experiment_page(make(tmp_path / "out", labels=(HOSTILE, "好"), names=(HOSTILE, "cnn", "ensemble"))))
    assert "img" not in page.tags
