"""Draws images of shapes in colours, with a caption, and a question on each whose answer only both together give."""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from weft.data.formats.image_files import save_image
from weft.files import written

HEADER = ("image", "shape", "caption", "question", "answer")
SHAPES = {"circle": "圆形", "square": "正方形", "triangle": "三角形"}
COLORS = {
    "red": ("红色", (200, 30, 30)),
    "green": ("绿色", (20, 140, 40)),
    "blue": ("蓝色", (30, 60, 200)),
    "yellow": ("黄色", (230, 190, 20)),
}
ASKED = {"shape": ("What shape is it?", "这是什么形状？"), "color": ("What colour is it?", "这是什么颜色？")}
SIDE = 40
"""Side of an image in pixels."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """An image [SIDE, SIDE, 3], its shape, a caption, a question on it and the answer."""

    pixels_XYC: np.ndarray
    shape: str
    caption: str
    question: str
    answer: str


def rows(*, size: int = 600, seed: int = 0) -> list[Drawn]:
    """Draw images, half of them with English captions and questions, half with Chinese ones."""
    draw = random.Random(seed)
    drawn = []
    for number in range(size):
        shape, color, asked = draw.choice([*SHAPES]), draw.choice([*COLORS]), draw.choice([*ASKED])
        chinese = number % 2
        named = {"shape": SHAPES[shape] if chinese else shape, "color": COLORS[color][0] if chinese else color}
        caption = f"一个{named['color']}的{named['shape']}" if chinese else f"a {color} {shape}"
        pixels_XYC = _draw(shape, COLORS[color][1], seed=draw.randrange(1 << 32))
        answer = shape if asked == "shape" else color
        drawn.append(Drawn(pixels_XYC, shape, caption, ASKED[asked][chinese], answer))
    return drawn


def write(folder: Path, *, size: int = 600, seed: int = 0) -> None:
    """Write the images of `rows` into a folder, and `shapes.csv` with a row for each, under `HEADER`."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    with written(folder / "shapes.csv") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(HEADER)
        for number, one in enumerate(rows(size=size, seed=seed)):
            name = f"images/{number:04}.png"
            save_image(folder / name, one.pixels_XYC)
            table.writerow([name, one.shape, one.caption, one.question, one.answer])


def _draw(shape: str, color: tuple[int, int, int], *, seed: int) -> np.ndarray:
    """Draw a shape of any size and place on a light ground with some grain, uint8 [SIDE, SIDE, 3]."""
    draw = np.random.default_rng(seed)
    half = draw.uniform(7, 12)
    middle = draw.uniform(half + 1, SIDE - half - 1, 2)
    down_XY, across_XY = np.mgrid[:SIDE, :SIDE]
    down_XY, across_XY = down_XY - middle[0], across_XY - middle[1]
    inside = {
        "circle": down_XY**2 + across_XY**2 <= half**2,
        "square": np.maximum(abs(down_XY), abs(across_XY)) <= 0.9 * half,
        "triangle": (abs(across_XY) * 2 <= down_XY + half) & (down_XY <= half),
    }[shape]
    ground = np.full((SIDE, SIDE, 3), draw.integers(200, 250))
    picture = np.where(inside[..., None], np.array(color), ground) + draw.normal(0, 12, (SIDE, SIDE, 3))
    return np.clip(picture, 0, 255).astype(np.uint8)
