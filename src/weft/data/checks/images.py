"""Finds images that look the same, show nothing, or are very small."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from weft.data.checks.findings import Finding, Part, Row, all_rows, counted
from weft.data.formats.image_files import Look, look_at, small_grey

SIDE = 16
"""Cells across and down by which images are compared."""
ALIKE, UNLIKE = 4.0, 16.0
"""Mean and root mean square difference of brightness of the cells, of 255, up to which images look the same: those of
another size or compression are smaller, those of two photographs in a row mostly larger."""
BLANK = 2.0
"""Standard deviation of the brightness of the cells, of 255, below which an image shows nothing."""
SMALL = 16
"""Shorter side, in pixels, below which an image is very small."""
MOST = 50_000
"""Number of images that are compared with each other; of more, these first ones."""
_BLOCK = 256


def cells_of(parts: Sequence[Part]) -> np.ndarray:
    """Return the brightness of the cells of all images of all parts, float32 [N, SIDE * SIDE]; texts are paths."""
    paths = [part.texts[row] for part, row in all_rows(parts)]
    return np.stack([small_grey(path, side=SIDE).ravel() for path in paths]).astype(np.float32)


def same_looks(parts: Sequence[Part], cells_NK: np.ndarray, *, known: set[int]) -> Finding:
    """Find images that look like an earlier one, but for those `known` to be the same files."""
    places = list(all_rows(parts))
    rows: list[Row] = []
    across = 0
    for later, earlier in alike(cells_NK[:MOST]):
        if later in known:
            continue
        (part, row), (other, before) = places[later], places[earlier]
        across += part is not other
        rows.append(part.row(row, note=f"looks like {other.place(before)}: {other.texts[before]}"))
    title, beyond = "Images that look the same", f"; the first {MOST:,} were compared" if len(places) > MOST else ""
    if not rows:
        return Finding("near", title, "fine", f"no image looks like another one{beyond}")
    said = f"{counted(len(rows), 'image')} look{'s' if len(rows) == 1 else ''} like an earlier one"
    said += f", {across:,} of them like one of another split" if across else ""
    fix = "look at them, and keep one of each: in two splits they make scores too good"
    return Finding("near", title, "error" if across else "warning", said + beyond, len(rows), fix, rows)


def alike(cells_NK: np.ndarray) -> list[tuple[int, int]]:
    """Return each image that looks like an earlier one, with the earliest of these.

    Blank images are left out. The mean difference of cells is at least that of their means, so images are compared in
    the order of their means, each with those near it.
    """
    spread_N = cells_NK.std(1)
    shown_N = np.flatnonzero(spread_N >= BLANK)
    order_N = shown_N[np.argsort(cells_NK[shown_N].mean(1), kind="stable")]
    means_N = cells_NK[order_N].mean(1)
    earliest: dict[int, int] = {}
    for start in range(0, len(order_N), _BLOCK):
        end = min(start + _BLOCK, len(order_N))
        last = int(np.searchsorted(means_N, means_N[end - 1] + ALIKE, side="right"))
        mine, theirs = cells_NK[order_N[start:end]], cells_NK[order_N[start:last]]
        square = (mine**2).sum(1)[:, None] + (theirs**2).sum(1)[None] - 2 * mine @ theirs.T
        near = np.argwhere(square <= mine.shape[1] * UNLIKE**2)
        for one, other in near:
            if other <= one or np.abs(mine[one] - theirs[other]).mean() > ALIKE:
                continue
            a, b = sorted((int(order_N[start + one]), int(order_N[start + other])))
            earliest[b] = min(earliest.get(b, a), a)
    return sorted(earliest.items())


def blank(parts: Sequence[Part], cells_NK: np.ndarray) -> Finding:
    """Find images of one brightness."""
    empty_N = cells_NK.std(1) < BLANK
    rows = [part.row(row) for (part, row), empty in zip(all_rows(parts), empty_N, strict=True) if empty]
    if not rows:
        return Finding("blank", "Blank images", "fine", "no image is of one brightness")
    said = f"{counted(len(rows), 'image')} of one brightness, which show nothing"
    return Finding("blank", "Blank images", "warning", said, len(rows), "remove them, or make them again", rows)


def sizes(parts: Sequence[Part]) -> Finding:
    """Describe the sizes of the images, and find very small ones."""
    table = [("split", "width", "height", "grey")]
    rows: list[Row] = []
    for part in parts:
        looks = [look_at(path) for path in part.texts]
        ranges = [_range([getattr(look, side) for look in looks]) for side in ("width", "height")]
        table.append((part.name, *ranges, f"{sum(look.grey for look in looks):,} of {len(looks):,}"))
        small = [(row, look) for row, look in enumerate(looks) if min(look.width, look.height) < SMALL]
        rows += [replace(part.row(row), note=_size(look)) for row, look in small]
    if not rows:
        return Finding("sizes", "Sizes", "fine", f"every image has {SMALL} pixels or more across and down", table=table)
    said = f"{counted(len(rows), 'image')} with fewer than {SMALL} pixels across or down"
    fix = "are they icons, or thumbnails of what was meant?"
    return Finding("sizes", "Sizes", "warning", said, len(rows), fix, rows, table)


def _range(of: Sequence[int]) -> str:
    return f"{min(of)}" if min(of) == max(of) else f"{min(of)} to {max(of)}, median {int(np.median(of))}"


def _size(look: Look) -> str:
    return f"{look.width} x {look.height}"
