"""Figures as SVG for light and dark pages: colours, fonts, axes, and labels that fit.

A figure is drawn in the light colours of `PALETTE`; in the SVG each becomes `var(--name, light)`, so that a page
decides the colours and a file on its own still has some. Words stay words: the browser sets them in its own font, so
Chinese needs no font here. Matplotlib measures them in another font: what must not collide is placed by `width`.
"""

from __future__ import annotations

import hashlib
import html
import io
import re
import unicodedata
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

POINTS = 72  # an inch of the figure: one unit of the SVG is a point, as in CSS
FULL = 9.58  # inches of a figure as wide as the page
HALF = 4.6  # inches of a figure of which two stand side by side
SIZE = 9.0  # of type, in points


@dataclass(frozen=True, slots=True)
class Shade:
    """One colour on a light and on a dark page."""

    light: str
    dark: str


PALETTE = {
    "ink": Shade("#1c2430", "#e7eaf0"),
    "soft": Shade("#5c6675", "#9ba5b5"),
    "faint": Shade("#c9cfd8", "#3c4554"),
    "paper": Shade("#fdfdfc", "#14181f"),
    "right": Shade("#3fa796", "#1f7f71"),
    "wrong": Shade("#e08552", "#b65c28"),
    "line1": Shade("#2166b0", "#6cabec"),
    "line2": Shade("#c8501e", "#f0915f"),
    "line3": Shade("#1b8471", "#4fc4ae"),
    "line4": Shade("#8a4fb0", "#c397e3"),
    "line5": Shade("#a87400", "#e0b34a"),
    "line6": Shade("#b8366f", "#ee86b0"),
    "line7": Shade("#4b7a1c", "#98c763"),
    "line8": Shade("#55657a", "#a3b3c8"),
}
INK, SOFT, FAINT, PAPER, RIGHT, WRONG = (
    PALETTE[name].light for name in ("ink", "soft", "faint", "paper", "right", "wrong")
)
LINES = [shade.light for name, shade in PALETTE.items() if name.startswith("line")]

_STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "weft",
    "font.family": ["DejaVu Sans"],  # comes with matplotlib; measures only
    "font.size": SIZE,
    "text.color": INK,
    "text.parse_math": False,  # a label may hold dollars
    "axes.edgecolor": FAINT,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.labelcolor": SOFT,
    "axes.labelsize": SIZE,
    "axes.titlesize": SIZE + 1,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "grid.color": FAINT,
    "grid.linewidth": 0.5,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": SOFT,
    "ytick.labelcolor": SOFT,
    "ytick.major.size": 0,
    "ytick.minor.size": 0,
    "lines.linewidth": 1.7,
    "lines.solid_capstyle": "round",
    "legend.frameon": False,
    "legend.fontsize": SIZE,
    "legend.labelcolor": SOFT,
    "legend.handlelength": 1.82,  # two dashes of a dashed line, and the gap between
    "legend.handletextpad": 0.6,
    "legend.columnspacing": 1.2,
    "legend.borderaxespad": 0,
    "legend.borderpad": 0,
}


@contextmanager
def style() -> Generator[None]:
    """Give figures their look for as long as the block; the settings of whoever calls are left as they were."""
    with mpl.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # the browser has the glyphs
        mpl.rcdefaults()
        settings: Any = mpl.rcParams  # their type lists hundreds of literal keys
        settings.update(_STYLE)
        yield


def blank(width: float, height: float) -> Figure:
    """Start an empty figure of so many inches on no background."""
    return Figure(figsize=(width, height), dpi=POINTS, facecolor="none")


def panel(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Add axes at a place in inches from the figure's lower left."""
    across, up = figure.get_size_inches()
    return figure.add_axes((left / across, bottom / up, width / across, height / up))


def svg(figure: Figure, label: str) -> str:
    """Write the figure as an SVG element, with a text alternative for those who do not see it."""
    file = io.StringIO()
    figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    text = file.getvalue()
    text = text[text.index("<svg") :].strip()
    text = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r'<g id="[^"]*"', "<g", text)
    text = re.sub(r"<defs>\s*</defs>\s*", "", text)
    mark = hashlib.sha256((label + text).encode("utf-8", "replace")).hexdigest()[:8]  # ids are one room for a page
    text = re.sub(r' id="', f' id="f{mark}-', text)
    text = text.replace("url(#", f"url(#f{mark}-").replace('xlink:href="#', f'href="#f{mark}-')
    text = re.sub(r"font: ([a-z]+ |\d+ )?([\d.]+)px [^;\"]*", _font, text)
    text = re.sub(r'(?<=[ "\-\d])(\d+\.\d\d)\d+', r"\1", text)
    text = text.replace("stroke: #000000; ", "")
    for name, shade in PALETTE.items():
        text = text.replace(shade.light, f"var(--{name}, {shade.light})")
    across, up = figure.get_size_inches() * POINTS
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {across:g} {up:g}" role="img" '
        f'aria-label="{html.escape(printable(label))}" style="--width: {across:g}pt" '
        'stroke-linejoin="round" stroke-linecap="butt" font-family="system-ui, sans-serif">'
    )
    return head + re.sub(r"\s*\n\s*", "\n", text[text.index(">") + 1 :])


def printable(text: str) -> str:
    """Put the text on one line, without control characters and broken code points."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def width(text: str, size: float = SIZE) -> float:
    """Guess how many points a text takes, a Han character being twice as wide as a Latin letter."""
    return sum(1.0 if unicodedata.east_asian_width(letter) in "WF" else 0.56 for letter in text) * size


def shorten(text: str, columns: int) -> str:
    """Put the text on one line, cut with … where it takes more than so many columns (two for a Han character)."""
    text, taken = printable(text), 0
    for place, letter in enumerate(text):
        taken += 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        if taken > columns:
            return text[: max(place - 1, 1)].rstrip() + "…"
    return text


def _font(found: re.Match[str]) -> str:
    weight = f"font-weight: {found[1].strip()}; " if found[1] else ""
    return f"{weight}font-size: {found[2]}px"
