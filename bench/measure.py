"""Taking the time of two sides in turn, and telling it; knows neither weft nor its peers."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Side:
    """What is timed, and how what it made is scored, off the clock."""

    work: Callable[[], Any]
    score: Callable[[Any], float] | None = None


@dataclass(slots=True)
class Taken:
    """Of each run: wall and CPU seconds (of all threads), and the score."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)

    def middle(self, name: str) -> float:
        """The median over the runs."""
        return statistics.median(getattr(self, name))


@dataclass(frozen=True, slots=True)
class Child:
    """What a finished process used, and what it printed."""

    cpu: float
    output: str


def alternate(sides: Mapping[str, Side], *, runs: int) -> dict[str, Taken]:
    """Let the sides run in turn, so that what else the machine does falls on all of them."""
    taken = {name: Taken() for name in sides}
    for _ in range(runs):
        for name, side in sides.items():
            wall, cpu = time.perf_counter(), time.process_time()
            made = side.work()
            seconds, own = time.perf_counter() - wall, time.process_time() - cpu
            taken[name].wall.append(seconds)
            taken[name].cpu.append(made.cpu if isinstance(made, Child) else own)
            if side.score:
                taken[name].scores.append(side.score(made))
            del made
    return taken


def child(*command: str) -> Child:
    """Run a process to its end. Raises CalledProcessError where it fails."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        print(output)
        raise subprocess.CalledProcessError(process.returncode, command, output)
    return Child(usage.ru_utime + usage.ru_stime, output)


def ratios(
    title: str, taken: Mapping[str, Taken], *, work: float = 0, unit: str = "", scored: str = "accuracy"
) -> dict[str, Any]:
    """Print the medians of both sides (the first is ours) and the ratio of the first to the second; also as a record.

    Args:
        title: what was measured.
        taken: the two sides.
        work: how many units one run does; 0: seconds alone are of interest.
        unit: what they are called.
        scored: what the scores are.

    """
    (ours, first), (theirs, second) = taken.items()
    record: dict[str, Any] = {"measured": title, "runs": len(first.wall), "sides": {}}
    print(f"{title} (median of {len(first.wall)}, in turn)")
    for name, one in taken.items():
        wall, cpu = one.middle("wall"), one.middle("cpu")
        score = one.middle("scores") if one.scores else None
        record["sides"][name] = {"wall": one.wall, "cpu": one.cpu, "score": score, "work": work, "unit": unit}
        pace = f"  {work / wall:>9,.0f} {unit} a second, {work / cpu:>9,.0f} a CPU second" if work else ""
        shown = f"  {scored} {score:.4f}" if score is not None else ""
        print(f"  {name:<16} wall {wall:>7.2f} s  CPU {cpu:>7.2f} s{pace}{shown}")
    wall, cpu = (first.middle(clock) / second.middle(clock) for clock in ("wall", "cpu"))
    paces = f"; {1 / wall:.2f} and {1 / cpu:.2f} times the {unit} a second" if work else ""
    print(f"  {ours} / {theirs}: wall {wall:.2f}, CPU {cpu:.2f}{paces}\n", flush=True)
    return {**record, "wall_ratio": wall, "cpu_ratio": cpu}


def profiled(work: Callable[[], Any], *, shown: int = 14) -> None:
    """Print the operations in which some work spends most CPU time of its own."""
    import torch

    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], acc_events=True) as found:
        work()
    events = sorted(found.key_averages(), key=lambda event: -event.self_cpu_time_total)
    total = sum(event.self_cpu_time_total for event in events)
    for event in events[:shown]:
        share, seconds = event.self_cpu_time_total / total, event.self_cpu_time_total / 1e6
        print(f"    {event.key:<36} {share:>6.1%}  {seconds:>7.2f} s  {event.count:>7,} calls")
    print()


def machine(threads: int) -> dict[str, Any]:
    """Print what the figures depend on; also as a record."""
    import torch

    facts = {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": threads,
        "bfloat16": torch.cpu._is_avx512_bf16_supported(),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "load": [round(one, 1) for one in os.getloadavg()],
    }
    print(", ".join(f"{name} {value}" for name, value in facts.items()) + "\n")
    return facts


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def data_file(folder: Path, part: str) -> str:
    """The file of a part of a data set. Raises SystemExit, with the reason, where there is none."""
    found: Sequence[Path] = sorted(folder.glob(f"{part}.jsonl*"))
    if not found:
        raise SystemExit(f"skipped: there is no {part}.jsonl(.xz) in {folder}")
    return str(found[0])
