"""Fuzzes one target in a process of its own, which may take so much memory and time and no more.

    python -m tests.fuzz.child TARGET SECONDS SEED

Prints the number of cases and of those that were refused, as JSON; a case that raises anything but a WeftError, takes
over ten seconds of the processor, two minutes in all or over a GB ends it with a traceback and the case.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import warnings
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

import weft
from tests.fuzz.targets import TARGETS

SECONDS, WAIT, MEMORY = 10, 120, 1 << 30
"""Seconds of the processor, however busy the machine is, seconds in all, and bytes that a case may take."""
ROUND = 100
"""Cases of one round; each round has a seed of its own."""


class Hang(BaseException):
    """A case took too long."""


def limit_memory() -> None:
    """Allow this process a GB more than it has."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def ring(number: int, _: object) -> None:
    raise Hang(f"took over {WAIT if number == signal.SIGALRM else SECONDS} seconds")


def fuzz(name: str, seconds: float, first: int) -> dict[str, int]:
    """Run cases of a target for some seconds; returns how many there were, and how many were refused."""
    counts = {"cases": 0, "refused": 0}
    target, folder = TARGETS[name](), Path(tempfile.mkdtemp())
    end = time.monotonic() + seconds
    checks = list(HealthCheck)

    @settings(max_examples=ROUND, deadline=None, database=None, suppress_health_check=checks, phases=[Phase.generate])
    @given(target.cases)
    def one(case: object) -> None:
        if time.monotonic() > end:
            return
        place = folder / str(counts["cases"])
        place.mkdir()
        counts["cases"] += 1
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        signal.alarm(WAIT)
        try:
            target.attempt(case, place)
        except weft.WeftError:
            counts["refused"] += 1
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.alarm(0)
            shutil.rmtree(place)

    warnings.simplefilter("ignore")
    for bell in (signal.SIGALRM, signal.SIGPROF):
        signal.signal(bell, ring)
    limit_memory()
    number = first
    while time.monotonic() < end:
        seed(number)(one)()
        number += 1
    shutil.rmtree(folder)
    return counts


if __name__ == "__main__":
    os.environ["HF_HUB_OFFLINE"] = "1"
    print(json.dumps(fuzz(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]))))
