"""Killed at random moments and resumed: the weights are those of the run that nothing disturbed, byte for byte."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from weft.data import demo

KILLS = 20
SETTINGS = [
    "training.epochs=15",
    "training.checkpoint_every=3",
    "training.evaluate_every=20",
    "training.report_every=5",
]


def command(data: Path, folder: Path, *more: str) -> list[str]:
    sets = [f"--set={one}" for one in (*SETTINGS, "task.encoder.width=32", "task.encoder.maps=32")]
    return [sys.executable, "-m", "weft", "train", str(data), "--output", str(folder), *sets, *more]


def digest(folder: Path) -> str:
    return hashlib.sha256((folder / "weights.safetensors").read_bytes()).hexdigest()


@pytest.mark.slow
def test_killed_at_random_moments_the_weights_are_the_same(tmp_path: Path) -> None:
    data = tmp_path / "reviews.csv"
    demo.write(data, size=2000, seed=0)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    started = time.monotonic()
    subprocess.run(command(data, tmp_path / "whole"), env=environment, check=True, capture_output=True)
    seconds = time.monotonic() - started

    draw, kills, starts = random.Random(0), 0, 0
    folder = tmp_path / "killed"
    while True:
        starts += 1
        process = subprocess.Popen(
            command(data, folder, "--resume"), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        if kills == KILLS:
            _, told = process.communicate(timeout=600)
            assert process.returncode == 0, told.decode()
            break
        # from before the first line of Python to well into training: each start gets a share of the whole run
        time.sleep(draw.uniform(0.3, 0.4 * seconds + 4) if starts % 3 else draw.uniform(0, 5))
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.communicate()
        if (folder / "bundle.json").exists():
            break
    print(f"killed {kills} times in {starts} starts; same weights: {digest(folder) == digest(tmp_path / 'whole')}")
    assert kills == KILLS, f"the run was finished after {kills} kills: make it longer"
    assert digest(folder) == digest(tmp_path / "whole")
