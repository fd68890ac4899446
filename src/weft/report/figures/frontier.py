"""A scatter plot of models, score against speed, with the Pareto frontier."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, PercentFormatter
from matplotlib.transforms import Bbox

from weft.metrics.names import Better, Form
from weft.metrics.saved_scores import Interval
from weft.report import formatting
from weft.report.figures.canvas import FULL, INK, LINES, SIZE, SOFT, blank, panel, shorten, style, svg, width


@dataclass(frozen=True, slots=True)
class Model:
    """A dot: a score with its interval, and the pace."""

    name: str
    score: float
    low: float
    high: float
    texts_per_second: float


def frontier(
    models: Sequence[Model],
    *,
    score: str = "accuracy",
    form: Form = "share",
    better: Better = "higher",
    across: float = FULL,
) -> str:
    """Draw a score with its interval against texts per second; a line joins the models that no other beats in both.

    What is better is always up.
    """
    models = _drawn(models)
    if not models:
        return ""
    with style():
        figure = blank(across, 3.9)
        axes = panel(figure, 0.55, 0.5, across - 0.75, 3.05)
        axes.set_xscale("log")
        paces = [model.texts_per_second for model in models]
        axes.set_xlim(min(paces) / 1.7, max(paces) * 1.7)
        lows, highs = [model.low for model in models], [model.high for model in models]
        room = max(max(highs) - min(lows), 1.0 if form == "points" else 0.01) * 0.08
        ends = min(lows) - room, max(highs) + room
        axes.set_ylim(*(ends if better == "higher" else ends[::-1]))
        best = unbeaten(models, better=better)
        axes.plot(
            [model.texts_per_second for model in best],
            [model.score for model in best],
            color=SOFT,
            linewidth=1,
            linestyle=(0, (3, 3)),
            zorder=1,
        )
        for place, model in enumerate(models):
            colour = LINES[place % len(LINES)]
            axes.vlines(model.texts_per_second, model.low, model.high, color=colour, alpha=0.4, linewidth=3)
            axes.plot(model.texts_per_second, model.score, color=colour, marker="o", markersize=7)
        _names(axes, models, best)
        axes.set_title(score)
        axes.set_xlabel("throughput, texts per second (log scale) →")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if across == FULL else (1,), numticks=12))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.tick_params(which="minor", length=0)
        axes.yaxis.set_major_locator(MaxNLocator(6))
        if form == "share":
            axes.yaxis.set_major_formatter(PercentFormatter(1))
        spans = [formatting.span(Interval(model.score, model.low, model.high), form) for model in models]
        each = "; ".join(
            f"{model.name} {formatting.score(model.score, form)} ({span}) at {model.texts_per_second:,.0f}"
            for model, span in zip(models, spans, strict=True)
        )
        return svg(figure, f"{score} against texts per second: {each}")


def unbeaten(models: Sequence[Model], *, better: Better = "higher") -> list[Model]:
    """Find the models that none is both better and faster than, from the fastest to the best."""
    sign = 1 if better == "higher" else -1
    best: list[Model] = []
    for model in sorted(models, key=lambda model: (-model.texts_per_second, -sign * model.score)):
        if not best or sign * model.score > sign * best[-1].score:
            best.append(model)
    return best


def ahead(models: Sequence[Model], *, better: Better = "higher") -> str:
    """Say of the drawn models which are unbeaten, to follow another sentence; empty for a single model."""
    models = _drawn(models)
    if len(models) < 2:
        return ""
    best = unbeaten(models, better=better)
    if len(best) == 1:
        return f" No model is better or faster than {best[0].name}."
    return " The dashed line joins the models that no other beats in both (the Pareto front)."


def _drawn(models: Sequence[Model]) -> list[Model]:
    return [model for model in models if model.texts_per_second > 0 and math.isfinite(model.score)]


def _names(axes: Axes, models: Sequence[Model], best: Sequence[Model]) -> None:
    """Name each dot at the place around it where the name covers least of what is drawn already."""
    dots = [axes.transData.transform((model.texts_per_second, model.score)) for model in models]
    taken = [
        Bbox.from_extents(
            dot[0] - 6,
            min(*heights, dot[1] - 6),
            dot[0] + 6,
            max(*heights, dot[1] + 6),
        )
        for dot, model in zip(dots, models, strict=True)
        if (heights := [axes.transData.transform((model.texts_per_second, end))[1] for end in (model.low, model.high)])
    ]
    taken += _along([axes.transData.transform((model.texts_per_second, model.score)) for model in best])
    for dot, model in zip(dots, models, strict=True):
        name = shorten(model.name, 40)
        across = width(name)
        boxes = [
            Bbox.from_bounds(dot[0] + (9 if side > 0 else -9 - across), dot[1] + lift - SIZE / 2, across, SIZE)
            for lift in (0, 11, -11, 20, -20, 30, -30)
            for side in (1, -1)
        ]
        box = min(boxes, key=lambda box: (_covered(box, taken, axes.bbox), abs((box.y0 + box.y1) / 2 - dot[1])))
        taken.append(box)
        rightward = box.x0 > dot[0]
        axes.annotate(
            name,
            (model.texts_per_second, model.score),
            (9 if rightward else -9, (box.y0 + box.y1) / 2 - dot[1]),
            textcoords="offset points",
            ha="left" if rightward else "right",
            va="center",
            color=INK,
        )


def _along(corners: Sequence[np.ndarray]) -> list[Bbox]:
    """Cover a line through these corners with small boxes."""
    steps = np.linspace(0, 1, 60)
    return [
        Bbox.from_bounds(*(one + step * (two - one) - 1.5), 3, 3) for one, two in pairwise(corners) for step in steps
    ]


def _covered(box: Bbox, taken: Sequence[Bbox], frame: Bbox) -> float:
    """Add up what a box would cover of those taken, and that it would stick out of the frame."""
    over = [Bbox.intersection(box, other) for other in taken]
    inside = Bbox.intersection(box, frame)
    area = box.width * box.height
    return (
        sum(each.width * each.height for each in over if each) + area - (inside.width * inside.height if inside else 0)
    )
