"""How long `weft --help` takes, beside importing torch: the ratio of the medians of alternating runs.

python bench/startup.py
"""

import statistics
import subprocess
import sys
import time

import torch

RUNS = 11
COMMANDS = {
    "weft --help": [sys.executable, "-m", "weft", "--help"],
    "import torch": [sys.executable, "-c", "import torch"],
}

seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
for run in range(RUNS + 1):
    for name, command in COMMANDS.items():
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        if run:  # the first of each only warms the disk's cache
            seconds[name].append(time.perf_counter() - started)
ratio = statistics.median(seconds["weft --help"]) / statistics.median(seconds["import torch"])
print(f"weft --help / import torch {torch.__version__}: {ratio:.3f} (median of {RUNS}, alternating)")
