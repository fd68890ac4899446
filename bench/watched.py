"""Training as the command line does, with the dev score of each epoch printed, and what the run wrote about itself."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from weft.files import read_json
from weft.run import RunConfig, trained
from weft.training.reports import EvalReport


@dataclass(frozen=True, slots=True)
class Watched:
    """The best dev score, `scores.json`, and the seconds that it took, by the clock and of the processor."""

    best: float
    result: Mapping[str, Any]
    seconds: float
    cpu_seconds: float


def watched(config: RunConfig, *, called: str) -> Watched:
    """Train in a folder that is removed at the end, and print each dev score under a name."""
    started, cpu, best = time.perf_counter(), time.process_time(), 0.0
    with tempfile.TemporaryDirectory() as place:
        for report in trained(config, Path(place) / "run"):
            if isinstance(report, EvalReport):
                found = report.scores[report.metric]
                best = max(best, found)
                print(f"  {called}: epoch {report.epoch:.1f}, dev {100 * found:.2f}", flush=True)
        result = read_json(Path(place) / "run/scores.json")
    return Watched(best, result, time.perf_counter() - started, time.process_time() - cpu)
