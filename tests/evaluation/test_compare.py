"""Comparing tables of answers: means, spreads and tests are those of the tables; the average is that of the task."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from weft.data.examples.labelled import LabelledText
from weft.errors import InputError
from weft.evaluation.answer_tables import average, pooled, read_table
from weft.evaluation.compare import AVERAGE, compare, p_in_words
from weft.metrics.significance import resampled_t
from weft.tasks.classification import Answer, ClassificationConfig

LABELS = ("差评", "good")
TEXTS = [f"第{number}条 review {number}" for number in range(60)]
GOLD = [LABELS[number % 2] for number in range(60)]


def write(folder: Path, rows, right: float, seed: int) -> Path:
    """A run that answers these rows, a share of them right."""
    draw = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    with (folder / "answers.jsonl").open("w", encoding="utf-8") as file:
        for row in rows:
            hit = draw.random() < right
            sure = round(float(draw.uniform(0.55, 0.99)), 6)
            answer = GOLD[row] if hit else LABELS[1 - LABELS.index(GOLD[row])]
            probabilities = {label: sure if label == answer else round(1 - sure, 6) for label in LABELS}
            record = {"text": TEXTS[row], "label": GOLD[row], "answer": answer, "probability": sure}
            line = {**record, "probabilities": probabilities, "line": row + 2}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    facts = {"train_seconds": 2.0, "size_bytes": 1000, "parameters": 10, "speed": {"texts_per_second": 100.0}}
    (folder / "scores.json").write_text(json.dumps(facts), encoding="utf-8")
    return folder


def runs(path: Path, *, repeats: int = 1, folds: int = 5, **shares: float):
    """Models that read such shares right, on the same folds, dealt anew in each repeat."""
    found: dict[str, list[list[Path]]] = {}
    for number, (name, right) in enumerate(shares.items()):
        found[name] = []
        for repeat in range(repeats):
            parts = np.array_split(np.random.default_rng(repeat).permutation(60), folds)
            places = [path / name / f"{repeat}-{fold}" for fold in range(folds)]
            seeds = [1000 * number + 10 * repeat + fold for fold in range(folds)]
            found[name].append(
                [
                    write(place, rows.tolist(), right, seed)
                    for place, rows, seed in zip(places, parts, seeds, strict=True)
                ]
            )
    return found


def shares_right(repeats) -> list[float]:
    rows = [[json.loads(line) for line in (one / "answers.jsonl").open()] for folds in repeats for one in folds]
    return [float(np.mean([row["label"] == row["answer"] for row in fold])) for fold in rows]


def test_means_spreads_and_tests_are_those_of_the_tables(tmp_path):
    tables = runs(tmp_path, repeats=2, lstm=0.97, bag=0.6)
    found = compare(tables, design="folds")
    lstm, bag = (next(one for one in found.models if one.name == name) for name in ("lstm", "bag"))
    each = shares_right(tables["lstm"])
    assert lstm.scores["accuracy"].each == pytest.approx(each)
    assert lstm.scores["accuracy"].mean == pytest.approx(np.mean(each))
    assert lstm.scores["accuracy"].deviation == pytest.approx(np.std(each, ddof=1))
    pair = next(pair for pair in found.pairs if {pair.one, pair.other} == {"lstm", "bag"})
    expected = resampled_t(np.subtract(each, shares_right(tables["bag"])), test_share=1 / 4)
    assert pair.one == "lstm"
    assert pair.accuracy is not None
    assert (pair.accuracy.mean, pair.accuracy.p) == pytest.approx((expected.mean, expected.p))
    assert pair.accuracy.p <= pair.p <= 3 * pair.accuracy.p + 1e-12
    assert pair.significant
    assert (pair.low, pair.high) == pytest.approx((expected.low, expected.high))
    interval = f"95% interval {100 * expected.low:.1f} to {100 * expected.high:.1f}"
    points = f"by {100 * pair.difference:.1f} points of accuracy, {interval}, {p_in_words(pair.p)}"
    assert pair.in_words == f"lstm is better than bag ({points})"
    assert found.best.name == "lstm"
    assert (found.texts, found.repeats, found.folds) == (60, 2, 5)
    matrix = np.array(bag.details["confusion"])
    assert matrix.sum() == 120
    assert bag.pooled["accuracy"].value == pytest.approx(matrix.trace() / 120)
    assert bag.pooled["accuracy"].low < bag.pooled["accuracy"].value < bag.pooled["accuracy"].high


def test_more_repeats_do_not_narrow_the_interval_of_the_texts(tmp_path):
    once = compare(runs(tmp_path / "once", bag=0.8), design="folds").models[0].pooled["accuracy"]
    often = compare(runs(tmp_path / "often", repeats=6, bag=0.8), design="folds").models[0].pooled["accuracy"]
    assert often.high - often.low == pytest.approx(once.high - once.low, rel=0.2)


def test_equal_models_cannot_be_told_apart(tmp_path):
    found = compare(runs(tmp_path, one=0.8, two=0.8), design="folds")
    assert not any(pair.significant for pair in found.pairs)
    assert all("no significant difference" in said for said in found.in_words)
    assert all(pair.low < 0 < pair.high for pair in found.pairs)
    assert "the corrected test has little power over 5 folds" in found.advice
    many = compare(runs(tmp_path / "many", repeats=2, one=0.8, two=0.8), design="folds")
    assert many.advice == ""


def test_the_average_is_that_of_the_probabilities(tmp_path):
    tables = runs(tmp_path, folds=2, one=0.9, two=0.7, three=0.8)
    found = {model.name: model for model in compare(tables, design="folds").models}
    folds = [[read_table(repeats[0][fold] / "answers.jsonl") for repeats in tables.values()] for fold in range(2)]
    each = [np.mean([one.probabilities_NC for one in fold], axis=0).argmax(1) == fold[0].gold_N for fold in folds]
    assert found[AVERAGE].scores["accuracy"].each == pytest.approx([right.mean() for right in each])
    assert found[AVERAGE].size_bytes == 3000
    assert found[AVERAGE].texts_per_second == pytest.approx(100 / 3)


def test_the_average_row_is_the_average_of_the_task(tmp_path):
    tables = [read_table(one[0][0] / "answers.jsonl") for one in runs(tmp_path, folds=2, one=0.9, two=0.6).values()]
    task = ClassificationConfig().learn([LabelledText(text, label) for text, label in zip(TEXTS, GOLD, strict=True)])
    answers = [
        [Answer("", 0.0, dict(zip(LABELS, row, strict=True))) for row in table.probabilities_NC.tolist()]
        for table in tables
    ]
    ours = average(tables).probabilities_NC
    theirs = [[one.probabilities[label] for label in LABELS] for one in task.average(answers)]
    np.testing.assert_allclose(ours, theirs)


def test_folds_together_are_in_the_order_of_the_file(tmp_path):
    (folds,) = runs(tmp_path, one=0.9)["one"]
    whole = pooled([read_table(one / "answers.jsonl") for one in folds])
    assert [text for _, text, _ in whole.keys] == TEXTS
    assert [whole.labels[gold] for gold in whole.gold_N] == GOLD


@pytest.mark.parametrize("repeats", [1, 3])
def test_on_one_test_part_the_texts_decide(tmp_path, repeats):
    tables = runs(tmp_path, repeats=repeats, folds=1, good=0.98, poor=0.6)
    found = compare(tables, design="seeds")
    pair = next(pair for pair in found.pairs if {pair.one, pair.other} == {"good", "poor"})
    assert (pair.accuracy, pair.macro_f1) == (None, None)
    assert pair.texts_p <= pair.p
    assert pair.significant
    assert 0 < pair.low < pair.difference < pair.high
    assert ("McNemar" in found.decided_by) is (repeats == 1)
    assert "exchanges texts only" in found.advice
    assert ("1 seed " in found.advice) is (repeats == 1)
    if repeats == 1:
        total = pair.only_one + pair.only_other
        assert pair.texts_p == pytest.approx(stats.binomtest(pair.only_one, total).pvalue)


def test_one_model_alone_has_no_pairs(tmp_path):
    found = compare(runs(tmp_path, only=0.9), design="folds")
    assert [model.name for model in found.models] == ["only"]
    assert (found.pairs, found.in_words, found.advice) == ([], [], "")


def test_all_figures_are_json(tmp_path):
    tables = runs(tmp_path, folds=3, one=1.0, two=0.0)
    found = compare(tables, design="folds").to_json()
    again = json.loads(json.dumps(found, allow_nan=False))
    assert again["best"] == "one"
    assert next(pair for pair in again["pairs"] if pair["other"] == "two")["accuracy"]["t"] is None


def test_tables_that_do_not_fit_are_refused(tmp_path):
    tables = runs(tmp_path / "a", one=0.9) | runs(tmp_path / "b", folds=4, two=0.9)
    tables["two"][0].append(tables["two"][0][0])
    with pytest.raises(InputError, match="did not answer the same texts"):
        compare(tables, design="folds")
    (place, *_), *_ = runs(tmp_path / "c", one=0.9)["one"]
    (place / "answers.jsonl").write_text('{"text": "好", "answer": "good"}\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"answers\.jsonl:1: expected a text, its label, and the probability"):
        read_table(place / "answers.jsonl")
    (place / "answers.jsonl").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="there are no answers"):
        read_table(place / "answers.jsonl")


def test_p_in_words():
    assert [p_in_words(p) for p in (0.0, 0.0004, 0.0312, 0.0498, 0.0502, 0.41, 1.0)] == [
        *("p < 0.001", "p < 0.001", "p = 0.031", "p = 0.0498", "p = 0.0502", "p = 0.41", "p = 1.00"),
    ]
