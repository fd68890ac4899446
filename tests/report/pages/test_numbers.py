"""The page of predicted numbers says what simple methods get, what the model is no better than, and its worst rows."""

import json

import pytest

from weft.report.folder import read_run
from weft.report.pages.floors import best_floor, floor_rows
from weft.report.pages.numbers import numbered

SAID = "no better than the mean (R² +0.010, 95% interval -0.020 to +0.040)"
AGAINST = {"the mean": {"score": "r2", "better": False, "said": SAID}}
ROWS = [
    {"text": f"text {number} 上海", "value": number, "answer": number + (9 if number == 3 else 0.5), "line": number}
    for number in range(12)
]


@pytest.fixture
def run(tmp_path):
    scores = {
        "scores": {"r2": {"value": 0.012, "low": -0.1, "high": 0.1}, "mae": {"value": 1.0, "low": 0.9, "high": 1.1}},
        "details": {"values": ["stars"], "floors": {"the mean": {"r2": 0.002, "mae": 1.2}}, "against": AGAINST},
        "headline": ["r2"],
        "page": "numbers",
    }
    (tmp_path / "scores.json").write_text(json.dumps(scores), encoding="utf-8")
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS)
    (tmp_path / "answers.jsonl").write_text(lines, encoding="utf-8")
    return read_run(tmp_path)


def test_what_is_no_better_is_said_with_its_interval(run):
    assert best_floor(run) == f"The mean has R² 0.002. The model is {SAID}."


def test_simple_methods_stand_beside_the_model(run):
    titles, model, floor = floor_rows(run)
    assert titles["scores"] == ["R²", "MAE"]
    assert model["scores"] == ["0.012", "1.000"]
    assert (floor["title"], floor["scores"]) == ("The mean", ["0.002", "1.200"])


def test_the_largest_error_stands_first(run):
    found = numbered(run)
    first = found["hardest"][0]
    assert (first["text"], first["true"], first["found"], first["error"]) == ("text 3 上海", "3", "12", "-9")
    assert len(found["figures"]) == 1
    assert ["Predicted stars" in svg for svg in found["figures"][0]] == [True, False]
    assert all(svg.startswith("<svg") for svg in found["figures"][0])
    assert not found["intervals"]
