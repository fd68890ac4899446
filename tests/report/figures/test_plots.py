"""Figures: well-formed SVG with the words that were given, whatever the labels and however few or odd the numbers."""

import math
import re
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot

from weft.report.figures.canvas import PALETTE, shorten, width
from weft.report.figures.curves import Curve, calm_axis, dev_curves, percent_axis
from weft.report.figures.frontier import Model, ahead, frontier, unbeaten
from weft.report.figures.matrix import confusion
from weft.report.figures.plots import Learning, learning_curves, reliability

SVG = "{http://www.w3.org/2000/svg}"


def step(number, loss, **more):
    return {"kind": "step", "step": number, "epoch": number / 10, "epochs": 3, "loss": loss, **more}


def evaluation(number, best=False, metric="macro_f1", **scores):
    return {
        "kind": "evaluation",
        "step": number,
        "epoch": number / 10,
        "scores": scores,
        "metric": metric,
        "best": best,
    }


NAMED = ("bits_per_byte", "accuracy", "macro_f1", "bleu", "chrf")
"""Scores of a headline."""
REPORTS = [step(n, 2 / (n + 1)) for n in range(30)] + [
    evaluation(10, accuracy=0.7, macro_f1=0.6, log_loss=0.8),
    evaluation(20, best=True, accuracy=0.8, macro_f1=0.75, log_loss=0.6),
    evaluation(29, accuracy=0.79, macro_f1=0.74, log_loss=0.7),
]
BINS = [
    {"low": 0.0, "high": 0.5, "count": 0, "confidence": None, "accuracy": None},
    {"low": 0.5, "high": 0.75, "count": 12, "confidence": 0.6, "accuracy": 0.5},
    {"low": 0.75, "high": 1.0, "count": 88, "confidence": 0.93, "accuracy": 1.0},
]
MODELS = [Model("bag", 0.88, 0.86, 0.9, 180_000.0), Model("cnn", 0.9, 0.88, 0.92, 20_000.0)]


def words(svg: str) -> list[str]:
    """The texts of a figure; that it can be read at all shows it to be well formed."""
    root = ElementTree.fromstring(svg)
    assert root.tag == SVG + "svg"
    assert root.get("role") == "img"
    assert root.get("aria-label")
    assert "nan" not in svg.lower().split()
    return [text.text or "" for text in root.iter(SVG + "text")]


def test_learning_curves_say_what_they_show():
    learning = learning_curves(REPORTS, NAMED)
    losses, scores = map(words, learning.figures)
    assert {"loss", "training", "dev set", "step (dotted: the best, 20)"} <= set(losses)
    assert {"macro F1", "accuracy", "step (dotted: the best, 20)"} <= set(scores)
    assert learning.caption == (
        "The mean loss of the training batches, the log loss on the dev set and the scores on the dev set."
    )


def test_learning_curves_promise_what_they_draw():
    no_steps = learning_curves(REPORTS[30:], NAMED)
    assert "training" not in words(no_steps.figures[0])
    assert no_steps.caption == "The log loss on the dev set and the scores on the dev set."
    (many,) = learning_curves([step(n, 1.0) for n in range(100)], NAMED).figures
    (single,) = learning_curves([step(20, 0.7)], NAMED).figures
    assert "<use" in single.split("legend")[0]  # a dot, as a line of one point shows nothing
    assert "training" in words(many)
    (one,) = learning_curves(
        [step(1, 6.0), evaluation(2, metric="log_loss", log_loss=5.0, bits_per_byte=2.0)], NAMED
    ).figures
    assert "loss" in words(one)
    several = [evaluation(n, metric="log_loss", log_loss=5.0, bits_per_byte=2 / n) for n in (1, 2)]
    assert "bits per byte on the dev set" in words(learning_curves(several, NAMED).figures[1])


def test_of_many_tasks_at_once_each_has_a_curve_as_far_as_there_are_colours():
    names = [f"任务{number}.{score}" for number in range(9) for score in ("accuracy", "macro_f1")]
    reports = [evaluation(n, metric="mean_of_tasks", mean_of_tasks=0.5, **dict.fromkeys(names, 0.5)) for n in (1, 2)]
    said = words(learning_curves(reports, ["all_right", *names]).figures[0])
    assert "mean of the tasks" in said
    assert [name for name in ("任务0", "任务3") if f"{name}: accuracy" not in said] == []
    assert "任务4" not in said
    assert "macro F1" not in said


def test_one_evaluation_has_one_step_on_its_axis():
    (figure,) = learning_curves([evaluation(5, best=True, metric="log_loss", log_loss=0.7)], NAMED).figures
    assert words(figure).count("5") == 1


@pytest.mark.parametrize(
    "reports",
    [
        [step(1, 0.7)],
        [evaluation(1, best=True, accuracy=1.0)],
        [step(1, 0.7), step(2, math.nan), step(3, None), evaluation(3, accuracy=math.nan, log_loss=math.inf)],
        [evaluation(5, metric="log_loss", log_loss=0.4)],
        [evaluation(5, metric="bleu", bleu=31.5), evaluation(9, metric="bleu", bleu=33.0)],
        [step(n, 1.0) for n in range(5_000)],
    ],
)
def test_learning_curves_of_few_and_odd_reports(reports):
    figures = learning_curves(reports, NAMED).figures
    assert figures
    assert all(words(figure) for figure in figures)


def test_no_curve_without_numbers():
    assert learning_curves([], NAMED) == Learning([])
    assert learning_curves([{"kind": "note", "text": "x"}, step(1, math.nan)], NAMED).figures == []
    assert learning_curves([evaluation(0, best=True, accuracy=0.9, log_loss=0.3)], NAMED) == Learning([])  # solved
    assert dev_curves([Curve("cnn", [], [])], "accuracy") == ""


def test_a_step_done_again_after_resuming_counts_once():
    (label,) = learning_curves([step(1, 9.0), step(2, 8.0), step(1, 2.0), step(2, 1.0)], NAMED).figures
    assert "from 2 at step 1 to 1" in label


def test_dev_curves_name_every_line_and_keep_names_apart():
    curves = [Curve(f"model {n}", [1, 2], [0.5, 0.9]) for n in range(12)]
    svg = dev_curves(curves, "macro_f1")
    places = re.findall(r'<text[^>]*y="([\d.]+)"[^>]*>model \d+<', svg)
    heights = sorted(float(place) for place in places)
    assert len(heights) == 12
    assert np.diff(heights).min() > 10


@pytest.mark.parametrize("size", ["large", "small"])
@pytest.mark.parametrize("classes", [1, 2, 15, 50, 120])
def test_confusion_of_any_number_of_labels(classes, size):
    counts = np.random.default_rng(0).integers(0, 9, (classes, classes)) + 90 * np.eye(classes, dtype=int)
    labels = [f"label number {n}" for n in range(classes)]
    svg = confusion(counts.tolist(), labels, size=size)
    shown = words(svg)
    assert {"predicted", "true"} <= set(shown)
    assert len(svg) < 1_000_000
    if size == "large":
        assert "label number 0" in shown
        assert (str(counts[0, 0]) in shown) is (classes <= 15)


def test_confusion_has_words_for_those_who_do_not_see_it():
    svg = confusion([[8, 2], [5, 9]], ["差", "好"], title="cnn")
    assert (
        'aria-label="cnn: confusion matrix of 2 labels, 17 of 24 correct; most often 好 predicted as 差, 5 times"'
        in svg
    )


def test_confusion_without_labels_or_answers():
    assert confusion([], []) == ""
    assert words(confusion([[0, 0], [0, 0]], ["a", "b"]))


@pytest.mark.parametrize(
    "label", ["<script>alert(1)</script>", "a & b", '"', "$x_1$ and $", "\x00\x1b[31m", "\ud800", "財"]
)
def test_hostile_labels(label):
    assert words(confusion([[3, 1], [0, 2]], [label, "plain"], title=label))
    assert words(dev_curves([Curve(label, [1], [0.5])], "accuracy"))
    assert words(frontier([Model(label, 0.5, 0.4, 0.6, 10.0)]))


def test_reliability_leaves_out_empty_bins():
    svg = reliability(BINS)
    assert "confidence 60%, accuracy 50% of 12; confidence 93%, accuracy 100% of 88" in svg
    assert words(svg)
    assert reliability([]) == ""
    assert reliability(BINS[:1]) == ""


def test_frontier_names_every_model():
    shown = words(frontier(MODELS))
    assert {"bag", "cnn"} <= set(shown)
    assert words(frontier(MODELS[:1]))
    assert words(frontier([MODELS[0]] * 3))
    assert frontier([]) == ""
    assert frontier([Model("x", math.nan, 0, 1, 5.0), Model("y", 0.5, 0.4, 0.6, 0.0)]) == ""


def test_the_caption_speaks_of_the_dashed_line_only_where_it_is():
    assert "dashed line" in ahead(MODELS)
    assert ahead([MODELS[1], Model("慢", 0.5, 0.4, 0.6, 10.0)]) == " No model is better or faster than cnn."
    assert ahead(MODELS[:1]) == ""


def test_unbeaten_models():
    slow_and_poor = Model("old", 0.87, 0.8, 0.9, 100.0)
    assert [model.name for model in unbeaten([slow_and_poor, *MODELS])] == ["bag", "cnn"]


def test_colours_are_those_of_the_page():
    curves = "".join(learning_curves(REPORTS, NAMED).figures)
    svg = curves + confusion([[8, 2], [5, 9]], ["a", "b"]) + reliability(BINS) + frontier(MODELS)
    known = {shade.light for shade in PALETTE.values()}
    bare = re.sub(r"var\(--\w+, #[0-9a-f]{6}\)", "", svg)
    assert set(re.findall(r"#[0-9a-f]{6}\b", svg)) <= known
    assert not re.findall(r"#[0-9a-f]{6}\b", bare)


def test_figures_are_the_same_each_time_and_leave_settings_alone():
    before = dict(mpl.rcParams)
    assert learning_curves(REPORTS, NAMED) == learning_curves(REPORTS, NAMED)
    assert dict(mpl.rcParams) == before


def test_shorten_counts_han_twice():
    assert shorten("一二三四五", 10) == "一二三四五"
    assert shorten("一二三四五六", 10) == "一二三四…"
    assert shorten("a\n\tb\x00c", 10) == "a b c"
    assert shorten("abcdef", 5) == "abcd…"
    assert width("一", 10) > width("a", 10)


@pytest.mark.parametrize(
    ("low", "high", "form", "least"),
    [(0.9, 0.901, "share", 0.1), (30.1, 30.4, "points", 5), (2.0, 2.001, "number", 0.2)],
)
def test_an_axis_does_not_blow_up_noise(low, high, form, least):
    figure, axes = pyplot.subplots()
    axes.plot([0, 1], [low, high])
    percent_axis(axes) if form == "share" else calm_axis(axes, form)
    bottom, top = axes.get_ylim()
    pyplot.close(figure)
    assert top - bottom == pytest.approx(least, rel=0.01)
    assert bottom < low < high < top
