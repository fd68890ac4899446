"""SQuAD's dev part by article: 36 to learn from, 4 to choose weights by, 8 to test on.

    python bench/articles.py $WEFT_DATA/squad11_dev articles

In order of their titles every sixth of its 48 articles is for the test, and of the others every tenth for choosing; the
titles are printed. So no paragraph, and nothing that an article tells, is on two sides.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection
from pathlib import Path

from measure import data_file

from weft.data.sources import open_table


def part_of_each(titles: Collection[str]) -> dict[str, str]:
    """The part in which each article is."""
    test = sorted(titles)[5::6]
    others = sorted(set(titles) - set(test))
    return dict.fromkeys(others, "train") | dict.fromkeys(others[9::10], "dev") | dict.fromkeys(test, "test")


def main() -> None:
    folder, target = map(Path, sys.argv[1:])
    rows = [row.whole for row in open_table(data_file(folder, "dev"))]
    part_of = part_of_each({row["title"] for row in rows})
    target.mkdir(parents=True, exist_ok=True)
    for part in ("train", "dev", "test"):
        some = [row for row in rows if part_of[row["title"]] == part]
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in some)
        (target / f"{part}.jsonl").write_text("".join(lines), encoding="utf-8")
        titles = sorted(title for title, its in part_of.items() if its == part)
        print(f"{part}: {len(some):,} questions on {len(titles)} articles: {', '.join(titles)}")


if __name__ == "__main__":
    main()
