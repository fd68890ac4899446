"""A confusion matrix as a figure, of two labels or of hundreds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from weft.report.figures.canvas import (
    INK,
    POINTS,
    RIGHT,
    SIZE,
    SOFT,
    WRONG,
    blank,
    panel,
    printable,
    shorten,
    style,
    svg,
    width,
)

SHADES = 16
RULED = 60  # labels at most, for lines between the cells


def confusion(
    matrix: Sequence[Sequence[int]],
    labels: Sequence[str],
    *,
    title: str = "",
    size: Literal["large", "small"] = "large",
) -> str:
    """Draw the counts of predicted labels (columns) for each true label (a row), shaded by their share of the row.

    Numbers are left out where cells are too small for them, and of very many labels only some are named.
    """
    counts_CC = np.asarray(matrix, dtype=np.int64).reshape(len(labels), len(labels))
    classes, title = len(labels), printable(title)
    if not classes:
        return ""
    share_CC = counts_CC / np.maximum(counts_CC.sum(1, keepdims=True), 1)
    side = min(max(classes * 0.62, 2.1), 6.4) if size == "large" else 2.15
    cell = side / classes * POINTS
    type_size = float(np.clip(cell * 0.72, 6.0, SIZE))
    named = range(0, classes, math.ceil(type_size / cell)) if size == "large" or classes <= 8 else range(0)
    names = {place: shorten(labels[place], 26 if size == "large" else 12) for place in named}
    widest = max((width(name, type_size) for name in names.values()), default=0.0)
    slanted = widest > cell - 4
    with style():
        left = (widest + 26) / POINTS
        bottom = ((widest * (0.71 if cell > 18 else 1.0) if slanted else type_size) + 30) / POINTS
        top = 0.34 if title else 0.08
        right = 0.12
        figure = blank(left + side + right, bottom + side + top)
        axes = panel(figure, left, bottom, side, side)
        _cells(axes, share_CC)
        _cell_numbers(axes, counts_CC, cell)
        _cell_names(axes, names, type_size, ("slanted" if cell > 18 else "upright") if slanted else "level")
        axes.text(0, 1 + 8 / (side * POINTS), title, transform=axes.transAxes, weight="bold", size=SIZE + 1)
        axes.text(
            0.5,
            -(bottom * POINTS - 10) / (side * POINTS),
            "predicted",
            transform=axes.transAxes,
            color=SOFT,
            ha="center",
            va="center",
        )
        axes.text(
            -(left * POINTS - 10) / (side * POINTS),
            0.5,
            "true",
            transform=axes.transAxes,
            color=SOFT,
            ha="center",
            va="center",
            rotation=90,
            rotation_mode="anchor",
        )
        return svg(figure, _confusion_in_words(counts_CC, labels, title))


def _cells(axes: Axes, share_CC: np.ndarray) -> None:
    """Draw one path for each shade, so that files stay small; shades grow by the root of shares, so that few show."""
    level_CC = np.ceil(np.sqrt(share_CC) * SHADES).astype(int)
    hit_CC = np.eye(len(share_CC), dtype=bool)
    for colour, ours_CC in ((RIGHT, hit_CC), (WRONG, ~hit_CC)):
        for level in range(1, SHADES + 1):
            rows, columns = np.nonzero(ours_CC & (level_CC == level))
            if len(rows):
                corners = [(column, row) for row, column in zip(rows, columns, strict=True)]
                axes.add_patch(squares(corners, color=colour, alpha=level / SHADES))
    classes = len(share_CC)
    axes.set(xlim=(0, classes), ylim=(classes, 0), aspect="equal")
    axes.grid(visible=False)
    if classes <= RULED:
        axes.set_xticks(range(classes + 1), minor=True)
        axes.set_yticks(range(classes + 1), minor=True)
        axes.grid(visible=True, which="minor", linewidth=0.5 if classes <= 20 else 0.25)
    axes.set_axisbelow(False)
    axes.tick_params(which="both", length=0)
    axes.spines["bottom"].set_visible(False)


def squares(corners: Sequence[tuple[int, int]], *, color: str, alpha: float) -> PathPatch:
    """Draw the cells with these upper left corners as one path."""
    unit = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)], float)
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
    points = np.concatenate([unit + corner for corner in corners])
    return PathPatch(Path(points, codes * len(corners)), facecolor=color, alpha=alpha, edgecolor="none", linewidth=0)


def _cell_numbers(axes: Axes, counts_CC: np.ndarray, cell: float) -> None:
    longest = width(f"{counts_CC.max():,}", 1.0)
    type_size = min(SIZE + 1, (cell - 4) / longest)
    if type_size < 6 or cell < 14:
        return
    for (row, column), count in np.ndenumerate(counts_CC):
        if count:
            axes.text(
                column + 0.5,
                row + 0.5,
                f"{count:,}",
                ha="center",
                va="center",
                size=type_size,
                weight="bold" if row == column else "normal",
            )


def _cell_names(
    axes: Axes, names: Mapping[int, str], type_size: float, how: Literal["level", "slanted", "upright"]
) -> None:
    middles = [place + 0.5 for place in names]
    turned = {"level": 0, "slanted": 45, "upright": 90}[how]
    axes.set_yticks(middles, names.values(), size=type_size, color=INK)
    axes.set_xticks(
        middles,
        names.values(),
        size=type_size,
        color=INK,
        rotation=turned,
        rotation_mode="anchor",
        ha="right" if turned else "center",
        va={0: "top", 45: "top", 90: "center"}[turned],
    )


def _confusion_in_words(counts_CC: np.ndarray, labels: Sequence[str], title: str) -> str:
    hits, total = int(counts_CC.trace()), int(counts_CC.sum())
    said = f"{title + ': ' if title else ''}confusion matrix of {len(labels)} labels, {hits:,} of {total:,} correct"
    wrong_CC = counts_CC.copy()
    np.fill_diagonal(wrong_CC, 0)
    row, column = divmod(int(wrong_CC.argmax()), len(labels))
    if wrong_CC[row, column]:
        gold, answer = printable(labels[row]), printable(labels[column])
        said += f"; most often {gold} predicted as {answer}, {wrong_CC[row, column]:,} times"
    return said
