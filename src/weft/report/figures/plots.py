"""Figures of a run: curves of losses and dev scores over training, and the calibration of its confidence.

Each function is pure: plain values in, SVG elements out, or nothing where there is nothing to draw.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from weft.metrics.names import measure
from weft.metrics.saved_scores import is_number
from weft.report.figures.canvas import (
    HALF,
    LINES,
    POINTS,
    SOFT,
    blank,
    panel,
    shorten,
    style,
    svg,
    width,
)
from weft.report.figures.curves import FEW, LEAST_PART, at_least, calm_axis, dashes, dots, finite, percent_axis

RAW_POINTS = 500  # of a curve; more are averaged in bins, as no eye tells them apart
SHADES = 16
_HANDLE = 32
"""Points that the line of a legend takes, with the space around it."""

Reports = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Learning:
    """Learning curves of a run: figures of losses and dev scores, as far as there are any, and a caption."""

    figures: Sequence[str] = ()
    caption: str = ""


def learning_curves(reports: Reports, headline: Sequence[str]) -> Learning:
    """Draw the loss in training and on the dev set, and beside it the dev scores, by step; the best step is marked.

    Dev scores are the one that chooses the best step, and those of the headline that are of one kind. Weights that are
    solved for take no steps, and nothing is drawn of them.
    """
    steps = by_step(reports, "step")
    tests = by_step(reports, "evaluation")
    if not steps and all(test["step"] == 0 for test in tests):
        return Learning([])
    named = [(name, _scores(tests, name)) for name in _dev_scores(tests, headline)]
    losses = finite([(step["step"], step.get("loss")) for step in steps])
    dev_losses = _scores(tests, "log_loss")
    fewest = 2 if len(losses) or len(dev_losses) else 1  # beside losses one score is no curve, and stands in the table
    named = [(name, curve) for name, curve in named if len(curve) >= fewest]
    best = next((test["step"] for test in reversed(tests) if test.get("best")), None)
    said: list[str] = []
    figures: list[str] = []
    if len(losses):
        how = " (faint: as reported, line: smoothed)" if len(losses) > FEW else ""
        said.append(f"the mean loss of the training batches{how}")
    if len(dev_losses):
        said.append("the log loss on the dev set")
    if said:
        figures.append(
            _figure(partial(_loss_panel, losses=losses, dev_losses=dev_losses), best, _loss_summary(losses, dev_losses))
        )
    if named:
        said.append("the scores on the dev set")
        summary = [f"dev {measure(name).called} from {curve[0, 1]:.3f} to {curve[-1, 1]:.3f}" for name, curve in named]
        figures.append(_figure(partial(_score_panel, named=named), best, summary))
    caption = ", ".join(said[:-1]) + " and " * (len(said) > 1) + "".join(said[-1:])
    return Learning(figures, f"{caption[:1].upper()}{caption[1:]}." if said else "")


def reliability(
    bins: Iterable[Mapping[str, Any]], *, title: str = "", size: Literal["large", "small"] = "large"
) -> str:
    """Draw accuracy against confidence in each bin, with Wilson's interval (95%), above the number of answers in it."""
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
        axes.set(xlim=(start, 1.012), ylim=(start - 0.012, 1.012), ylabel="accuracy")
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
        below.set(xlim=axes.get_xlim(), xlabel="confidence", ylabel="count")
        below.yaxis.set_major_locator(MaxNLocator(2, integer=True))
        below.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        for each in (axes, below):
            each.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
            each.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
            each.yaxis.set_label_coords(-0.46 / side, 0.5)
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        words = "; ".join(
            f"confidence {s:.0%}, accuracy {r:.0%} of {n:.0f}" for s, r, n in zip(sure, right, count, strict=True)
        )
        return svg(figure, f"Calibration of {title or 'the model'}: {words}")


def _figure(draw: Callable[[Axes], None], best: int | None, summary: Sequence[str]) -> str:
    """Draw curves by step, half as wide as a page; the best step is named below, where no curve is in its way."""
    with style():
        figure = blank(HALF, 3.0)
        axes = panel(figure, 0.55, 0.5, HALF - 0.8, 2.1)  # to the right half of a number of steps
        draw(axes)
        axes.set_xlabel("step" if best is None else f"step (dotted: the best, {best:,})")
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        axes.margins(x=0.03)
        if best is not None:
            axes.axvline(best, color=SOFT, linewidth=1, linestyle=(0, (1, 2)), zorder=1)
        marked = [] if best is None else [f"best at step {best:,}"]
        return svg(figure, "Learning curves: " + ", ".join([*summary, *marked]))


def _loss_panel(axes: Axes, *, losses: np.ndarray, dev_losses: np.ndarray) -> None:
    axes.set_title("loss")
    if len(losses) > FEW:
        thin = _thinned(losses)
        axes.plot(*thin.T, color=LINES[0], alpha=0.28, linewidth=0.9)
        axes.plot(*_smoothed(thin).T, color=LINES[0], label="training")
    elif len(losses):
        axes.plot(*losses.T, color=LINES[0], label="training", **dots(losses))
    if len(dev_losses):
        axes.plot(*dev_losses.T, color=LINES[1], label="dev set", **dots(dev_losses))
    low, high = axes.dataLim.y0, max(axes.dataLim.y1, 1e-6)
    far = high / 3 < low < high  # from 0, where a curve would be a flat line
    space = 0.06 * (high - low if far else high)
    axes.set_ylim(*at_least(low - space if far else 0, high + space, LEAST_PART * high))
    _legend(axes)


def _score_panel(axes: Axes, *, named: Sequence[tuple[str, np.ndarray]]) -> None:
    room = (HALF - 0.8) * POINTS - sum(width(measure(name).called) + _HANDLE for name, _ in named)
    several = "dev scores" if width("dev scores") < room else ""  # else the legend alone says it
    axes.set_title(several if len(named) > 1 else f"{measure(named[0][0]).called} on the dev set")
    for place, (name, curve) in enumerate(named):
        axes.plot(
            *curve.T, color=LINES[2 + place], label=measure(name).called, linestyle=dashes(place * 8), **dots(curve)
        )
    points = any(measure(name).form == "points" for name, _ in named)
    if all(measure(name).form == "share" for name, _ in named):
        percent_axis(axes)
    else:
        calm_axis(axes, "points" if points else "number")
    if len(named) > 1:
        _legend(axes)


def _legend(axes: Axes) -> None:
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="lower right", bbox_to_anchor=(1, 1.035), ncols=3)


def by_step(reports: Reports, kind: str) -> list[Mapping[str, Any]]:
    """Pick the reports of a kind, by step; of a step that a resumed run did again, the later report."""
    ours = {report["step"]: report for report in reports if report.get("kind") == kind}
    return [ours[step] for step in sorted(ours)]


def _dev_scores(tests: Reports, headline: Sequence[str]) -> list[str]:
    """Choose the scores worth a curve: beside the first only those of which more is better.

    Of several tasks at once (`intent.accuracy`) each has one, and no more are drawn than there are colours.
    """
    chosen = [str(test.get("metric", "")) for test in tests[-1:]] + [*headline[:1]]
    chosen += [name for name in headline[1:] if measure(name).better == "higher"]
    firsts: dict[str, str] = {}
    for name in chosen:
        if name and name != "log_loss":
            firsts.setdefault(name.rpartition(".")[0] or name, name)
    return list(firsts.values())[: len(LINES) - 2]


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


def _loss_summary(losses: np.ndarray, dev_losses: np.ndarray) -> list[str]:
    words = []
    if len(losses):
        words.append(f"training loss from {losses[0, 1]:.3g} at step {losses[0, 0]:.0f} to {losses[-1, 1]:.3g}")
    if len(dev_losses):
        words.append(f"dev log loss from {dev_losses[0, 1]:.3g} to {dev_losses[-1, 1]:.3g}")
    return words
