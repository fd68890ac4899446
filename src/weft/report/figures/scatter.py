"""Predicted numbers against true ones, a dot each, with the line on which they would agree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.ticker import MaxNLocator

from weft.report.figures.canvas import LINES, SOFT, blank, panel, style, svg

DOTS = 1_500
"""Largest number of dots; of more rows some are drawn, evenly spaced."""


def scatter(true: Sequence[float], found: Sequence[float]) -> str:
    """Draw predicted numbers against true ones; empty where there are fewer than two."""
    points_N2 = np.array([true, found], dtype=np.float64).T
    if len(points_N2) < 2:
        return ""
    drawn_N2 = points_N2[:: -(-len(points_N2) // DOTS)]
    with style():
        figure = blank(4.6, 4.2)
        axes = panel(figure, 0.7, 0.6, 3.6, 3.4)
        low, high = float(points_N2.min()), float(points_N2.max())
        axes.plot([low, high], [low, high], color=SOFT, linewidth=1, linestyle=(0, (3, 3)))
        axes.plot(*drawn_N2.T, color=LINES[0], marker="o", markersize=3, alpha=0.35, linestyle="none")
        axes.set(xlabel="true", ylabel="predicted")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(MaxNLocator(6))
        return svg(figure, f"Predicted against true numbers of {len(points_N2):,} rows, from {low:.3g} to {high:.3g}")
