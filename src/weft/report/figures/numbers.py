"""Figures of predicted numbers: against the true ones, and their errors by what was predicted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from weft.report.figures.canvas import HALF, LINES, SOFT, blank, panel, shorten, style, svg

MOST = 600
"""Number of dots at most; of more rows an even selection by predicted value is drawn."""
BANDS = 10
"""Number of groups of rows whose middle errors are joined by a line."""
FEWEST = 40
"""Number of rows from which on such a line is drawn."""


def against_true(true_N: np.ndarray, found_N: np.ndarray, *, title: str) -> str:
    """Draw each row's predicted number above its true one; on the dashed line both are the same."""
    low, high = (float(edge) for edge in _edges(np.concatenate([true_N, found_N])))
    some_S = _selection(found_N)
    with style():
        figure = blank(HALF, 3.9)
        axes = panel(figure, 0.7, 0.55, HALF - 0.95, 2.9)
        axes.set_title(shorten(title, 40))
        axes.plot([low, high], [low, high], color=SOFT, linewidth=1, linestyle=(0, (3, 3)))
        _dots(axes, true_N[some_S], found_N[some_S])
        axes.set(xlim=(low, high), ylim=(low, high), xlabel="true value", ylabel="predicted value")
        _ticks(axes)
        return svg(figure, f"Predicted {title} against true: {len(true_N):,} rows, {_related(true_N, found_N)}")


def residuals(true_N: np.ndarray, found_N: np.ndarray, *, title: str) -> str:
    """Draw each row's error, true less predicted, by its predicted number, with the median and the middle 80%."""
    error_N = true_N - found_N
    some_S = _selection(found_N)
    with style():
        figure = blank(HALF, 3.9)
        axes = panel(figure, 0.7, 0.55, HALF - 0.95, 2.9)
        axes.set_title(shorten(f"errors of {title}", 40))
        axes.axhline(0, color=SOFT, linewidth=1, linestyle=(0, (3, 3)))
        _dots(axes, found_N[some_S], error_N[some_S])
        if len(found_N) >= FEWEST:
            parts = np.array_split(np.argsort(found_N, kind="stable"), BANDS)
            middle = [found_N[part].mean() for part in parts]
            for level, width in ((0.1, 1.0), (0.5, 1.7), (0.9, 1.0)):
                axes.plot(
                    middle, [np.quantile(error_N[part], level) for part in parts], color=LINES[1], linewidth=width
                )
        axes.set(xlim=_edges(found_N), ylim=_edges(error_N), xlabel="predicted value", ylabel="true less predicted")
        _ticks(axes)
        spread = ", ".join(f"{np.quantile(error_N, level):.3g}" for level in (0.1, 0.5, 0.9))
        return svg(figure, f"Errors of predicted {title}: 10%, 50% and 90% of them are below {spread}")


def _dots(axes: Axes, across: np.ndarray, up: np.ndarray) -> None:
    faint = 0.75 if len(across) < FEWEST else 0.4
    axes.plot(across, up, color=LINES[0], alpha=faint, marker="o", markersize=3, linestyle="", markeredgewidth=0)


def _ticks(axes: Axes) -> None:
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
    axes.yaxis.set_label_coords(-0.5 / (HALF - 0.95), 0.5)


def _edges(values: Sequence[float] | np.ndarray) -> tuple[float, float]:
    low, high = float(np.min(values)), float(np.max(values))
    space = 0.04 * (high - low) or max(abs(low), 1.0) * 0.05
    return low - space, high + space


def _selection(found_N: np.ndarray) -> np.ndarray:
    order_N = np.argsort(found_N, kind="stable")
    return order_N[np.linspace(0, len(order_N) - 1, min(MOST, len(order_N))).round().astype(int)]


def _related(true_N: np.ndarray, found_N: np.ndarray) -> str:
    ends = [f"{np.min(values):.3g} to {np.max(values):.3g}" for values in (true_N, found_N)]
    return f"true values from {ends[0]}, predicted ones from {ends[1]}"
