"""What numbers and categories beside a text add: accuracy with them and without, over seeds, and with each shuffled.

    WEFT_DATA=... python bench/columns_beside.py

On weft's own reviews (`weft.demo.priced_reviews`), whose label depends on text, price and brand; and on a real set,
sentence pairs of the STS benchmark, split at a similarity of 2.5, with their genre beside them.
"""

from __future__ import annotations

import csv
import json
import lzma
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import weft
from weft.config import validated
from weft.demo import priced_reviews

SEEDS = (0, 1, 2)


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for name, size, seed in (("train", 3000, 0), ("test", 1000, 1)):
            priced_reviews.write(folder / f"{name}.csv", size=size, seed=seed)
        compare("reviews with price and brand (synthetic)", folder, {"numbers": ["price"], "categories": ["brand"]}, {})
        data = os.environ.get("WEFT_DATA")
        if data:
            real = folder / "sts"
            real.mkdir()
            for name, part in (("train", "train"), ("dev", "dev"), ("test", "test")):
                pairs(next((Path(data) / "stsb_en").glob(f"{part}.jsonl*")), real / f"{name}.csv")
            compare("STS benchmark, similarity over 2.5, with genre", real, {"categories": ["genre"]},
                    {"text": ["text_a", "text_b"]})  # fmt: skip


def pairs(source: Path, target: Path) -> None:
    """Write pairs with their genre, and whether they are similar."""
    opened = lzma.open if source.suffix == ".xz" else open
    with opened(source, "rt", encoding="utf-8") as lines, target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("text_a", "text_b", "genre", "label"))
        for line in lines:
            row = json.loads(line)
            writer.writerow((row["text_a"], row["text_b"], row["genre"], "similar" if row["score"] > 2.5 else "not"))


def compare(title: str, folder: Path, columns: dict[str, Any], task: dict[str, Any]) -> None:
    """Train with the columns and without, for each seed, and print accuracies and what each input adds."""
    print(f"\n{title}: test accuracy, seeds {', '.join(map(str, SEEDS))}, and the 95% interval of the first")
    data = {"train": str(folder / "train.csv"), "test": str(folder / "test.csv")}
    if (folder / "dev.csv").exists():
        data["dev"] = str(folder / "dev.csv")
    for name, more in (("text alone", {}), ("with columns", columns)):
        found = []
        for seed in SEEDS:
            settings = {"data": data, "task": {**task, **more}, "seed": seed, "device": "cpu"}
            run = folder / f"{name}{seed}"
            for _ in weft.train(validated(weft.RunConfig, settings), run):
                pass
            found.append(json.loads((run / "scores.json").read_text(encoding="utf-8")))
        values = [one["scores"]["accuracy"] for one in found]
        mean, spread = np.mean([one["value"] for one in values]), np.std([one["value"] for one in values], ddof=1)
        each = ", ".join(f"{100 * one['value']:.1f}" for one in values)
        low, high = 100 * values[0]["low"], 100 * values[0]["high"]
        floor, values = next(iter(found[0]["details"]["floors"].items()))
        print(f"  {name:13} {each}: {100 * mean:.1f} ± {100 * spread:.1f} ({low:.1f}-{high:.1f}); "
              f"{floor} {100 * values['accuracy']:.1f}")  # fmt: skip
        for row in found[0].get("importance", []):
            print(
                f"    {row['input']} shuffled: {100 * row['mean']:.1f} ({100 * row['low']:.1f}-{100 * row['high']:.1f})"
            )


if __name__ == "__main__":
    main()
