"""Draws short reviews with a price and a brand beside the text: whether to buy depends on all three.

A review that praises is a reason to buy only what is cheap or of a trusted brand: neither the text alone nor the
columns alone tell the label.
"""

from __future__ import annotations

import csv
import random
from pathlib import Path

from weft.demo import reviews
from weft.files import written

HEADER = ("text", "price", "brand", "label")
BRANDS = ("Aldo", "Brin", "长河", "Dorn", "远山")
TRUSTED = BRANDS[:2]
CHEAP = 20.0
"""Prices below it are cheap; half of all prices are."""
LABELS = ("buy", "leave")
MISSING = 0.05
"""Share of prices and of brands that are left out."""


def rows(*, size: int = 4000, seed: int = 0) -> list[tuple[str, str, str, str]]:
    """Draw reviews as (text, price, brand, label); a missing price or brand is empty."""
    draw = random.Random(seed)
    drawn = []
    for text, opinion in reviews.rows(size=size, seed=seed):
        price, brand = round(draw.lognormvariate(3, 1), 2), draw.choice(BRANDS)
        buy = opinion == "positive" and (price < CHEAP or brand in TRUSTED)
        shown = [("" if draw.random() < MISSING else field) for field in (f"{price:.2f}", brand)]
        drawn.append((text, shown[0], shown[1], LABELS[0 if buy else 1]))
    return drawn


def write(path: Path, *, size: int = 4000, seed: int = 0) -> None:
    """Write the reviews of `rows` as csv with the header `text,price,brand,label`."""
    with written(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(rows(size=size, seed=seed))
