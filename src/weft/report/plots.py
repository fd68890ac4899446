"""Curves over training, and calibration, as figures: knows how each is drawn; not where its numbers come from.

Each function is pure: plain values in, an SVG element out, or an empty string where there is nothing to draw.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from weft.report.canvas import (
    FULL,
    LINES,
    SIZE,
    SOFT,
    blank,
    panel,
    shorten,
    style,
    svg,
)
from weft.report.curves import called, dashes, dots, finite, percent_axis
from weft.report.words import is_number

RAW_POINTS = 500  # of a curve; more are averaged in bins, as no eye tells them apart
SHADES = 16

Reports = Sequence[Mapping[str, Any]]


def learning_curves(reports: Reports) -> str:
    """Draw the loss in training and on the dev part, and beside it the dev scores, by step; the best step is marked."""
    steps = _by_step(reports, "step")
    tests = _by_step(reports, "evaluation")
    named = [(name, _scores(tests, name)) for name in _dev_scores(tests)]
    named = [(name, curve) for name, curve in named if len(curve)]
    losses = finite([(step["step"], step.get("loss")) for step in steps])
    dev_losses = _scores(tests, "log_loss")
    if not len(losses) and not len(dev_losses) and not named:
        return ""
    with style():
        figure = blank(FULL, 3.0)
        across = (FULL - 1.55) / 2
        loss = panel(figure, 0.5, 0.5, across if named else FULL - 0.7, 2.1)
        _loss_panel(loss, losses, dev_losses)
        panels = [loss]
        if named:
            score = panel(figure, across + 1.3, 0.5, across, 2.1)
            _score_panel(score, named)
            panels.append(score)
        best = [test["step"] for test in tests if test.get("best")]
        for axes in panels:
            _step_axis(axes)
            if best:
                axes.axvline(best[-1], color=SOFT, linewidth=1, linestyle=(0, (1, 2)), zorder=1)
                _best_label(axes, best[-1], at="top" if axes is loss else "bottom")
        return svg(figure, _curves_in_words(losses, dev_losses, named, best))


def reliability(
    bins: Iterable[Mapping[str, Any]], *, title: str = "", size: Literal["large", "small"] = "large"
) -> str:
    """Draw accuracy against confidence in each bin, with Wilson's interval (95%), over how many answers each holds."""
    full = [
        each for each in bins if each.get("count") and is_number(each["confidence"]) and is_number(each["accuracy"])
    ]
    if not full:
        return ""
    sure, right, count = (np.array([each[key] for each in full], float) for key in ("confidence", "accuracy", "count"))
    low, high = _wilson(right, count)
    start = math.floor(min(low.min(), min(each["low"] for each in full), 0.9) * 10) / 10
    side, top = (3.3, 0.1) if size == "large" else (1.95, 0.4)
    with style():
        figure = blank(side + 1.0, side + 1.35 + top)
        axes = panel(figure, 0.6, 1.35, side, side)
        axes.set_title(shorten(title, 24))
        axes.plot([start, 1], [start, 1], color=SOFT, linewidth=1, linestyle=(0, (3, 3)))
        axes.vlines(sure, low, high, color=LINES[0], alpha=0.35, linewidth=4)
        axes.plot(sure, right, color=LINES[0], marker="o", markersize=4.5)
        axes.set(xlim=(start, 1.012), ylim=(start - 0.012, 1.012), ylabel="right")
        axes.tick_params(labelbottom=False, bottom=False)
        below = panel(figure, 0.6, 0.5, side, 0.68)
        edges = [each["low"] for each in full]
        below.bar(
            edges,
            count,
            [each["high"] - each["low"] for each in full],
            align="edge",
            color=SOFT,
            alpha=0.55,
            edgecolor="none",
        )
        below.set(xlim=axes.get_xlim(), xlabel="how sure the model was", ylabel="answers")
        below.yaxis.set_major_locator(MaxNLocator(2, integer=True))
        below.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        for each in (axes, below):
            each.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
            each.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
            each.yaxis.set_label_coords(-0.46 / side, 0.5)
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        words = "; ".join(f"{s:.0%} sure, {r:.0%} right of {n:.0f}" for s, r, n in zip(sure, right, count, strict=True))
        return svg(figure, f"How sure {title or 'the model'} was against how often it was right: {words}")


def _loss_panel(axes: Axes, losses: np.ndarray, dev_losses: np.ndarray) -> None:
    axes.set_title("loss")
    if len(losses):
        thin = _thinned(losses)
        axes.plot(*thin.T, color=LINES[0], alpha=0.28, linewidth=0.9)
        axes.plot(*_smoothed(thin).T, color=LINES[0], label="training")
    if len(dev_losses):
        axes.plot(*dev_losses.T, color=LINES[1], label="dev part", **dots(dev_losses))
    axes.set_ylim(bottom=0)
    _legend(axes)


def _score_panel(axes: Axes, named: Sequence[tuple[str, np.ndarray]]) -> None:
    axes.set_title("scores on the dev part" if len(named) > 1 else f"{called(named[0][0])} on the dev part")
    for place, (name, curve) in enumerate(named):
        axes.plot(*curve.T, color=LINES[2 + place], label=called(name), linestyle=dashes(place * 8), **dots(curve))
    if all(curve[:, 1].min() >= 0 and curve[:, 1].max() <= 1 for _, curve in named):
        percent_axis(axes)
    if len(named) > 1:
        _legend(axes)


def _legend(axes: Axes) -> None:
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="lower right", bbox_to_anchor=(1, 1.035), ncols=3)


def _best_label(axes: Axes, step: int, *, at: Literal["top", "bottom"]) -> None:
    """Name the line of the best step where curves seldom are: a loss falls, a score rises."""
    low, high = axes.get_xlim()
    late = (step - low) / (high - low) > 0.5
    axes.annotate(
        f"best: step {step:,}",
        (step, 1 if at == "top" else 0),
        (-5 if late else 5, -5 if at == "top" else 5),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha="right" if late else "left",
        va=at,
        color=SOFT,
        size=SIZE - 1,
    )


def _step_axis(axes: Axes) -> None:
    axes.set_xlabel("step")
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.margins(x=0.03)


def _by_step(reports: Reports, kind: str) -> list[Mapping[str, Any]]:
    """Pick the reports of a kind, by step; of a step that a resumed run did again, the later report."""
    ours = {report["step"]: report for report in reports if report.get("kind") == kind}
    return [ours[step] for step in sorted(ours)]


def _dev_scores(tests: Reports) -> list[str]:
    """Choose the scores worth a curve: the one that chooses the best step, then accuracy and macro F1."""
    chosen = [test.get("metric", "") for test in tests[-1:]] + ["accuracy", "macro_f1"]
    return list(dict.fromkeys(name for name in chosen if name and name != "log_loss"))


def _scores(tests: Reports, name: str) -> np.ndarray:
    return finite([(test["step"], test["scores"].get(name)) for test in tests])


def _thinned(points_N2: np.ndarray) -> np.ndarray:
    if len(points_N2) <= RAW_POINTS:
        return points_N2
    return np.array([part.mean(0) for part in np.array_split(points_N2, RAW_POINTS)])


def _smoothed(points_N2: np.ndarray) -> np.ndarray:
    """Take the mean over a window of a twentieth of the curve; narrower at the start, where a loss falls fast."""
    count = len(points_N2)
    place_N = np.arange(count)
    reach_N = np.minimum(max(count // 40, 1), place_N)
    start_N, end_N = place_N - reach_N, np.minimum(place_N + reach_N + 1, count)
    total_N1 = np.concatenate([[0.0], np.cumsum(points_N2[:, 1])])
    return np.column_stack([points_N2[:, 0], (total_N1[end_N] - total_N1[start_N]) / (end_N - start_N)])


def _wilson(share: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the 95% interval of a share (Wilson 1927), sound for few answers and for shares of 0 and 1."""
    z = 1.96
    middle = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    reach = z * np.sqrt(share * (1 - share) / count + z**2 / (4 * count**2)) / (1 + z**2 / count)
    return np.clip(middle - reach, 0, 1), np.clip(middle + reach, 0, 1)


def _curves_in_words(
    losses: np.ndarray, dev_losses: np.ndarray, named: Sequence[tuple[str, np.ndarray]], best: Sequence[int]
) -> str:
    words = []
    if len(losses):
        words.append(f"training loss from {losses[0, 1]:.3g} at step {losses[0, 0]:.0f} to {losses[-1, 1]:.3g}")
    if len(dev_losses):
        words.append(f"dev log loss from {dev_losses[0, 1]:.3g} to {dev_losses[-1, 1]:.3g}")
    words += [f"dev {called(name)} from {curve[0, 1]:.3f} to {curve[-1, 1]:.3f}" for name, curve in named]
    if best:
        words.append(f"best at step {best[-1]:,}")
    return "Learning curves: " + ", ".join(words)
