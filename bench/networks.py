"""weft's CNN, LSTM and Transformer beside a plain training loop (`plain_loop.py`); started by `classification.py`.

Both sides read the same ids of ChnSentiCorp, cut at the 95th percentile of the lengths, in float32 and batches of 32,
with embeddings and layers of the same sizes, through the same number of steps: one epoch over some rows drawn by lot.
The peer pads all rows to that percentile and has dense embeddings; weft puts rows of like length together and changes
only the rows of its tables that a batch holds. With weft's usual views of a position (`views`) a dense optimiser pays
for large tables, so that each network is also measured on single characters alone (`characters`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from measure import Side, alternate, data_file, ratios
from plain_loop import NETWORKS, PlainLoop, Row
from prepared import Prepared, configured, prepare, read_parts

from weft.data.columns import Columns

READINGS = {"views": (), "characters": ("task.tokenizer={kind: mixed}",)}
TARGETS = {"cnn": 4, "transformer": 3, "lstm": 2}
BATCH = 32


def networks(
    data: Path, *, kinds: Sequence[str], readings: Sequence[str], steps: int, runs: int, profile: bool
) -> list[dict[str, Any]]:
    """Measure each network in each reading; returns the records."""
    files = [data_file(data / "chnsenticorp", part) for part in ("train", "dev")]
    records = []
    for reading in readings:
        ready = None
        for kind in kinds or NETWORKS:
            fixed = ["training.epochs=1", f"training.batch_rows={BATCH}", "training.precision=float32"]
            config: Any = configured(files[0], files[1], kind, [*READINGS[reading], *fixed])
            ready = ready or _shortened(prepare(config, read_parts(config)), rows=steps * BATCH)
            ready.task.config = ready.task.config.model_copy(update={"encoder": config.task.encoder})
            ours, theirs = replace(ready, config=config), _plain(kind, ready)
            sides = {"weft": Side(ours.train, ours.accuracy), "plain loop": Side(theirs.train, theirs.accuracy)}
            sizes = " + ".join(f"{size:,}" for size in theirs.sizes)
            title = f"{kind}, {reading} ({sizes} ids), {theirs.length} positions, {len(theirs.rows) // BATCH} steps"
            record = ratios(title, alternate(sides, runs=runs), work=len(theirs.rows), unit="rows")
            records.append({"network": kind, "reading": reading, "target": TARGETS[kind], **record})
            if profile:
                _profile(ours)
    return records


def _shortened(ready: Prepared, *, rows: int) -> Prepared:
    """Rows drawn by lot, and all of them cut at the 95th percentile of the lengths."""
    length = int(np.percentile(ready.columns.ragged["text"].lengths_R, 95))
    task, train = ready.task, ready.examples.train
    task.config = task.config.model_copy(update={"max_length": length})
    drawn = [train[row] for row in np.random.default_rng(0).permutation(len(train))[:rows].tolist()]
    return replace(ready, columns=task.encode(drawn), scored=task.encode(ready.examples.dev))


def _plain(kind: str, ready: Prepared) -> PlainLoop:
    task = ready.task
    rows, scored = _rows(ready.columns), _rows(ready.scored)
    return PlainLoop(kind, rows, scored, task.tokenizer.sizes, len(task.labels), task.config.max_length)


def _rows(columns: Columns) -> list[Row]:
    text = columns.ragged["text"]
    parts = np.split(text.values, text.offsets_R1[1:-1])
    return [(ids.tolist(), label) for ids, label in zip(parts, columns.fixed["label"].tolist(), strict=True)]


def _profile(ours: Prepared) -> None:
    """Print the five operations in which weft's training spends most CPU time of its own."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], acc_events=True) as found:
        ours.train()
    events = sorted(found.key_averages(), key=lambda event: -event.self_cpu_time_total)
    total = sum(event.self_cpu_time_total for event in events)
    for event in events[:5]:
        share, seconds = event.self_cpu_time_total / total, event.self_cpu_time_total / 1e6
        print(f"    {event.key:<36} {share:>6.1%}  {seconds:>7.2f} s  {event.count:>7,} calls")
    print()
