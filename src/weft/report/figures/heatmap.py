"""Figures of generated texts: the attention as a heatmap, and chrF by length of source.

Each function is pure: plain values in, an SVG element out, or an empty string where there is nothing to draw.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.ticker import MaxNLocator

from weft.evaluation.answers_by_length import Bucket
from weft.report.figures.canvas import HALF, INK, LINES, POINTS, SIZE, SOFT, blank, panel, shorten, style, svg, width
from weft.report.figures.matrix import squares
from weft.report.formatting import score

CELL = 17.0  # points of a cell's side
SHADES = 16
NAMED = 18  # columns of a piece's name at most


def attention(source: Sequence[str], target: Sequence[str], weights: Sequence[Sequence[float]]) -> str:
    """Draw the attention of each generated token (a row) to each token of the source (a column).

    The strongest cell has the full shade, the others their share of it.
    """
    weights_TS = np.asarray(weights, dtype=float).reshape(len(target), len(source))
    if not weights_TS.size:
        return ""
    columns, rows = ([shorten(name, NAMED) for name in names] for names in (source, target))
    tallest = max(width(name) for name in columns)
    slanted = tallest > CELL - 3
    left = max(map(width, rows)) + 10
    top, right = (tallest * 0.71 + 14, width(columns[-1]) * 0.71 + 6) if slanted else (SIZE + 10, 4)
    across, down = (CELL * count for count in (len(source), len(target)))
    with style():
        figure = blank((left + across + right) / POINTS, (top + down + 4) / POINTS)
        axes = panel(figure, left / POINTS, 4 / POINTS, across / POINTS, down / POINTS)
        level_TS = np.rint(np.clip(weights_TS / max(weights_TS.max(), 1e-9), 0, 1) * SHADES)
        for level in range(1, SHADES + 1):
            corners = [(column, row) for row, column in np.argwhere(level_TS == level).tolist()]
            if corners:
                axes.add_patch(squares(corners, color=LINES[0], alpha=level / SHADES))
        axes.set(xlim=(0, len(source)), ylim=(len(target), 0))
        axes.grid(visible=False)
        axes.set_xticks(range(len(source) + 1), minor=True)
        axes.set_yticks(range(len(target) + 1), minor=True)
        axes.grid(visible=True, which="minor", linewidth=0.4)
        axes.set_axisbelow(False)
        axes.tick_params(which="both", length=0, labeltop=True, labelbottom=False)
        axes.spines["bottom"].set_visible(False)
        axes.set_yticks(np.arange(len(target)) + 0.5, rows, color=INK)
        axes.set_xticks(
            np.arange(len(source)) + 0.5,
            columns,
            color=INK,
            rotation=45 if slanted else 0,
            rotation_mode="anchor",
            ha="left" if slanted else "center",
            va="bottom",
        )
        most = "; ".join(
            f"{row} at {columns[int(looks.argmax())]}" for row, looks in zip(rows, weights_TS, strict=True)
        )
        return svg(figure, f"Attention, the most attended source token of each generated token: {most}")


def length_curve(buckets: Sequence[Bucket]) -> str:
    """Draw the chrF of groups of sources by their length, with 95% intervals, and how many texts each group has."""
    if len(buckets) < 2:
        return ""
    values = [bucket.score.value for bucket in buckets]
    places = np.arange(len(buckets))
    names = [f"{one.low}" if one.low == one.high else f"{one.low} to {one.high}" for one in buckets]
    with style():
        figure = blank(HALF, 2.9)
        axes = panel(figure, 0.55, 0.72, HALF - 0.7, 2.0)
        axes.vlines(
            places,
            [bucket.score.low for bucket in buckets],
            [bucket.score.high for bucket in buckets],
            color=LINES[0],
            alpha=0.35,
            linewidth=4,
        )
        axes.plot(places, values, color=LINES[0], marker="o", markersize=4.5)
        axes.set_xlim(-0.5, len(buckets) - 0.5)
        axes.set_ylim(min(0.0, *values), max(100.0, *values))
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.set_ylabel("chrF")
        axes.set_xticks(places, names)
        axes.xaxis.grid(visible=False)
        for place, bucket in zip(places.tolist(), buckets, strict=True):
            axes.annotate(
                f"{bucket.count:,} texts",
                (place, 0),
                (0, -26),
                xycoords=("data", "axes fraction"),
                textcoords="offset points",
                ha="center",
                color=SOFT,
                size=SIZE - 1.5,
            )
        axes.set_xlabel("source length in words", labelpad=16)
        summary = "; ".join(
            f"{name} words, {score(value, 'points')}" for name, value in zip(names, values, strict=True)
        )
        return svg(figure, f"chrF by the length of the source: {summary}")
