"""How many wrong labels `weft inspect` finds: some labels of ChnSentiCorp's training part are changed, and looked for.

WEFT_DATA=/data python bench/label_errors.py [--share 0.05] [--seed 0]
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path

import numpy as np
from measure import data_file

from weft.data.checks.findings import Finding
from weft.data.sources import open_table
from weft.dataset import DataConfig
from weft.experiments.inspection.inspect import inspect


def main() -> None:
    """Change labels at random, and tell how many of the changed and of the suspected ones are the same."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    source = data_file(Path(os.environ.get("WEFT_DATA", "data")) / "chnsenticorp", "train")
    rows = [dict(row.values) for row in open_table(source)]
    labels = sorted({row["label"] for row in rows})
    changed = np.random.default_rng(given.seed).permutation(len(rows))[: round(given.share * len(rows))].tolist()
    for number in changed:
        rows[number]["label"] = labels[1 - labels.index(rows[number]["label"])]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "changed.jsonl"
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        found = [one for one in inspect(DataConfig(train=str(path))) if isinstance(one, Finding)]
    (suspected,) = (one for one in found if one.key == "label-errors")
    right = {number + 1 for number in changed} & {row.line for row in suspected.rows}
    print(f"{len(changed):,} of {len(rows):,} labels changed; {suspected.said}")
    recall, precision = len(right) / len(changed), len(right) / max(1, suspected.count)
    print(f"found {recall:.1%} of them; {precision:.1%} of what is told are these")


if __name__ == "__main__":
    main()
