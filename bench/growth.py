"""How seconds and memory grow with the rows: reading, encoding, one epoch of the bag; started by `classification.py`.

Files of headlines, each row one of TNEWS with a few characters changed by a seeded generator, so that the n-grams grow
with the rows as they do in life. Each size runs in a process of its own: `growth.py read|train FILE`. The memory is the
peak of what is resident, pages of mapped files among it; what weft keeps in files it hands back page by page. With
training it has the weights too, which grow with the n-grams up to the limit of the vocabulary: they are told apart,
twice their size, since the best of them are kept beside those that are trained.
"""

from __future__ import annotations

import json
import math
import resource
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

MEGABYTE = 1 << 20


def growth(data: Path, scratch: Path, *, sizes: Sequence[int], runs: int) -> list[dict[str, Any]]:
    """Measure each size; returns the records."""
    from measure import child, data_file

    from weft.data.sources import open_table

    rows = [(row.values["text"], row.values["label"]) for row in open_table(data_file(data / "tnews", "train"))]
    records: list[dict[str, Any]] = []
    for size in sizes:
        file = scratch / f"{size}.jsonl"
        write_noisy(file, rows, count=size)
        found = [
            {mode: _told(child(sys.executable, __file__, mode, str(file)).output) for mode in ("read", "train")}
            for _ in range(runs)
        ]
        record: dict[str, Any] = {"rows": size, "file": file.stat().st_size}
        for mode in ("read", "train"):
            for name in found[0][mode]:
                record[f"{mode}_{name}"] = statistics.median(one[mode][name] for one in found)
        records.append(record)
        file.unlink()
        shown = f"{size:>9,} rows, file {record['file'] / MEGABYTE:7.1f} MB"
        for mode, title in (("read", "reading and encoding"), ("train", "and one epoch")):
            memory = f"{record[f'{mode}_memory'] / MEGABYTE:7.0f} MB above {record[f'{mode}_base'] / MEGABYTE:.0f}"
            memory += f" (weights {record[f'{mode}_weights'] / MEGABYTE:.0f})" if mode == "train" else ""
            shown += f"; {title} {record[f'{mode}_seconds']:7.2f} s, {memory}"
        print(shown, flush=True)
    if len(sizes) > 1:
        _slopes(records)
    return records


def _told(output: str) -> dict[str, float]:
    return json.loads(output.splitlines()[-1])


def _slopes(records: Sequence[dict[str, Any]]) -> None:
    """Print, from each size to the next, the exponent of the seconds and the memory a byte of file takes."""
    for one, other in pairwise(records):
        for mode, title in (("read", "reading and encoding"), ("train", "with one epoch")):
            larger = math.log(other["rows"] / one["rows"])
            slope = math.log(other[f"{mode}_seconds"] / one[f"{mode}_seconds"]) / larger
            file, memory, weights = (other[of] - one[of] for of in ("file", f"{mode}_memory", f"{mode}_weights"))
            ratio, rest = memory / file, (memory - weights) / file
            other[f"{mode}_slope"], other[f"{mode}_memory_per_byte"], other[f"{mode}_rest_per_byte"] = (
                slope,
                ratio,
                rest,
            )
            span = f"{one['rows']:,} to {other['rows']:,} rows, {title}"
            told = f"{ratio:.2f} of the file's growth" + (f", without the weights {rest:.2f}" if weights else "")
            print(f"{span}: seconds grow as rows ^ {slope:.2f}, memory by {told}")


def write_noisy(file: Path, rows: Sequence[tuple[str, str]], *, count: int) -> None:
    """Write so many labelled rows: those given, over and over, two characters of each changed to other Han ones."""
    draw = np.random.default_rng(0)
    with file.open("w", encoding="utf-8") as output:
        for number in range(count):
            text, label = rows[number % len(rows)]
            changed = list(text)
            for _ in range(2):
                changed[int(draw.random() * len(changed))] = chr(0x4E00 + int(draw.random() * 0x51A6))
            output.write(json.dumps({"text": "".join(changed), "label": label}, ensure_ascii=False) + "\n")


def _peak() -> int:
    """The most memory that this process held since it began, in bytes.

    Linux tells `ru_maxrss` of a process with that of its parent before it, which is why it is read elsewhere.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _measured(mode: str, file: str) -> dict[str, float]:
    """Read and encode a file, and train on it where asked; seconds, memory before and the growth of its peak."""
    from prepared import Prepared, configured

    from weft.data.columns import encode_rows
    from weft.dataset import read_whole

    base, started = _peak(), time.perf_counter()
    config = configured(file, file, "bag", ["training.epochs=1", "task.text=text", "task.label=label"])
    examples = read_whole(config.data, config.task)
    read = time.perf_counter()
    read_memory = _peak() - base
    task = examples.task.learn(examples.train)
    columns = encode_rows(task.encode, examples.train)
    encoded = time.perf_counter()
    weights = 0
    if mode == "train":
        model = Prepared(config, task, replace(examples, dev=[examples.train[0]]), columns, columns).train()
        weights = 2 * sum(one.numel() * one.element_size() for one in model.parameters())
    seconds = time.perf_counter() - started
    stages = {"reading": read - started, "encoding": encoded - read, "reading_memory": read_memory}
    return {"seconds": seconds, **stages, "base": base, "memory": _peak() - base, "weights": weights}


if __name__ == "__main__":
    print(json.dumps(_measured(*sys.argv[1:])))
