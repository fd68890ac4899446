"""Learning curves of several models: scores and losses by epoch, a line for each model.

Each function is pure: plain values in, an SVG element out, or an empty string where there is nothing to draw.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from weft.metrics.names import Form, measure
from weft.metrics.saved_scores import is_number
from weft.report.figures.canvas import FULL, LINES, POINTS, SIZE, blank, panel, shorten, style, svg, width
from weft.report.formatting import score

FEW = 40
"""Largest number of points of a line that are marked one by one."""


LEAST_SHARE, LEAST_POINTS, LEAST_PART = 0.1, 5.0, 0.1
"""Least height of an axis: of shares, of points, and of other numbers as a part of the largest."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Scores of a model, epoch by epoch; where they are the means of several runs, `each` has their points."""

    name: str
    epochs: Sequence[float]
    scores: Sequence[float]
    each: Sequence[Sequence[tuple[float, float]]] = ()


def dev_curves(curves: Sequence[Curve], name: str, *, across: float = FULL) -> str:
    """Draw the dev score of several models by epoch, each line named at its end; `across` is in inches."""
    known = measure(name)
    return epoch_curves(curves, f"{known.called} on the dev set", form=known.form, across=across)


def epoch_curves(curves: Sequence[Curve], title: str, *, form: Form = "share", across: float = FULL) -> str:
    """Draw a line for each model, named at its end, with a thin one for each of its runs; `across` is in inches."""
    shown = [(curve.name, finite(zip(curve.epochs, curve.scores, strict=True))) for curve in curves]
    drawn = [(place, name, points) for place, (name, points) in enumerate(shown) if len(points)]
    if not drawn:
        return ""
    with style():
        names = {place: shorten(name, 24) for place, name, _ in drawn}
        margin = (max(width(name) for name in names.values()) + 22) / POINTS
        tall = max(2.55, (len(drawn) * SIZE * 1.35 + 8) / POINTS)
        figure = blank(across, tall + 0.85)
        axes = panel(figure, 0.55, 0.5, across - 0.6 - margin, tall)
        for place, _, points in drawn:
            for run in curves[place].each:
                axes.plot(*finite(run).T, color=LINES[place % len(LINES)], linewidth=0.6, alpha=0.35)
            axes.plot(*points.T, color=LINES[place % len(LINES)], linestyle=dashes(place), **dots(points))
        axes.set_title(title)
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, min_n_ticks=1))
        axes.autoscale_view()  # else it waits until drawing, and the names would be placed in an older view
        if form == "share":
            percent_axis(axes)
        else:
            calm_axis(axes, form)
        ends = [(place, float(points[-1, 0]), float(points[-1, 1])) for place, _, points in drawn]
        heights = [axes.transData.transform((x, y))[1] for _, x, y in ends]
        lines = _apart(heights, gap=SIZE * 1.35, low=axes.bbox.y0 + 4, high=axes.bbox.y1 - 4)
        for (place, x, y), line in zip(ends, lines, strict=True):
            at = axes.transData.transform((x, y))
            axes.annotate(
                names[place],
                (x, y),
                (axes.bbox.x1 + 12 - at[0], line - at[1]),
                textcoords="offset points",
                va="center",
                color=LINES[place % len(LINES)],
                annotation_clip=False,
                arrowprops={"arrowstyle": "-", "color": LINES[place % len(LINES)], "alpha": 0.35, "linewidth": 0.7},
            )
        ends_in_words = "; ".join(f"{name} ends at {score(points[-1, 1], form)}" for _, name, points in drawn)
        return svg(figure, f"{title} by epoch: {ends_in_words}")


def rows_curve(points: Sequence[tuple[int, float]], title: str, *, form: Form = "share") -> str:
    """Draw a score by the number of training rows, on a logarithmic axis."""
    drawn = finite(points)
    if len(drawn) < 2:
        return ""
    with style():
        figure = blank(FULL / 2, 3.0)
        axes = panel(figure, 0.55, 0.5, FULL / 2 - 0.75, 2.15)
        axes.set_xscale("log", base=2)
        axes.plot(*drawn.T, color=LINES[0], **dots(drawn))
        axes.set_title(title)
        axes.set_xlabel("training rows")
        axes.set_xticks(drawn[:, 0], [f"{rows:,.0f}" for rows in drawn[:, 0]])
        axes.minorticks_off()
        if form == "share":
            percent_axis(axes)
        in_words = "; ".join(f"{rows:,.0f} rows: {score(value, form)}" for rows, value in drawn.tolist())
        return svg(figure, f"{title} by training rows: {in_words}")


def at_least(low: float, high: float, span: float) -> tuple[float, float]:
    """Return ends of an axis that are a span apart at least, around the same middle: noise is not to fill a figure."""
    middle = (low + high) / 2
    return (low, high) if high - low >= span else (middle - span / 2, middle + span / 2)


def percent_axis(axes: Axes) -> None:
    """Write shares as percents, 10 points of them at least, and show nothing much beyond 0 and 100%."""
    low, high = at_least(*axes.get_ylim(), LEAST_SHARE)
    low, high = max(low, -0.03), min(high, 1.03)
    ticks = np.array(MaxNLocator(5).tick_values(low, high))
    axes.set_yticks(ticks[(ticks >= max(low, 0)) & (ticks <= min(high, 1 + 1e-9))])
    axes.set_ylim(low, high)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{round(100 * value, 6):g}%"))


def calm_axis(axes: Axes, form: Form) -> None:
    """Give an axis of points or of other numbers the least height that it should have."""
    low, high = axes.get_ylim()
    axes.set_ylim(at_least(low, high, LEAST_POINTS if form == "points" else LEAST_PART * max(abs(low), abs(high))))


def finite(pairs: Iterable[tuple[Any, Any]]) -> np.ndarray:
    """Keep the pairs that are numbers, as an array of two columns."""
    return np.array([pair for pair in pairs if all(map(is_number, pair))], float).reshape(-1, 2)


def dots(points: Sequence[Any] | np.ndarray) -> dict[str, Any]:
    """Mark the points of a line where they are few."""
    return {"marker": "o", "markersize": 3.5 if len(points) <= FEW else 0}


def dashes(place: int) -> str | tuple[int, tuple[float, float]]:
    """Choose dashes for lines that share a colour."""
    return ("-", (0, (4, 1.6)), (0, (1.5, 1.5)))[place // len(LINES) % 3]


def _apart(heights: Sequence[float], *, gap: float, low: float, high: float) -> list[float]:
    """Find heights for labels near those given and in bounds, no two nearer than the gap: neighbours share a middle."""
    groups: list[list[int]] = []

    def middle(group: Sequence[int]) -> float:
        reach = gap * (len(group) - 1) / 2
        return max(min(sum(heights[place] for place in group) / len(group), high - reach), low + reach)

    for place in sorted(range(len(heights)), key=lambda place: heights[place]):
        groups.append([place])
        while len(groups) > 1:
            below, above = groups[-2:]
            if middle(above) - middle(below) >= gap * (len(above) + len(below)) / 2:
                break
            groups[-2:] = [below + above]
    moved = list(heights)
    for group in groups:
        for rank, place in enumerate(group):
            moved[place] = middle(group) + gap * (rank - (len(group) - 1) / 2)
    return moved
