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

from weft.demo import reviews
from weft.training import checkpoint

KILLS = 20
STEPS = 15 * 57
SETTINGS = [
    "training.epochs=15",
    "training.checkpoint_every=1",
    "training.evaluate_every=20",
    "training.patience=null",
]


def command(data: Path, folder: Path, *more: str) -> list[str]:
    sets = [f"--set={one}" for one in (*SETTINGS, "task.encoder.width=32", "task.encoder.maps=32")]
    return [sys.executable, "-m", "weft", "train", str(data), "--output", str(folder), *sets, *more]


def newest(folder: Path) -> int:
    """The step of the newest checkpoint, 0 for none."""
    found = checkpoint.latest(folder / "checkpoints")
    return checkpoint.step_of(found) if found else 0


def digest(folder: Path) -> str:
    return hashlib.sha256((folder / "weights.safetensors").read_bytes()).hexdigest()


@pytest.mark.slow
def test_killed_at_random_moments_the_weights_are_the_same(tmp_path: Path) -> None:
    data = tmp_path / "reviews.csv"
    reviews.write(data, size=2000, seed=0)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run(command(data, tmp_path / "whole"), env=environment, check=True, capture_output=True)

    draw, folder = random.Random(0), tmp_path / "killed"
    for kill in range(KILLS):
        process = subprocess.Popen(command(data, folder, "--resume"), env=environment, stderr=subprocess.DEVNULL)
        if kill % 4 == 0:  # while it starts, reads and learns; on a quick machine it is not to run to its end meanwhile
            steps, patience = STEPS // KILLS, time.monotonic() + draw.uniform(0, 5)
        else:  # after some more steps, as likely as not in the middle of writing a checkpoint
            steps, patience = draw.randint(1, STEPS // KILLS), time.monotonic() + 120
        goal = newest(folder) + steps
        while newest(folder) < goal and process.poll() is None and time.monotonic() < patience:
            time.sleep(0.005)
        if kill % 4:
            time.sleep(draw.uniform(0, 0.1))
        assert process.poll() is None, f"ended by itself before kill {kill + 1}"
        process.send_signal(signal.SIGKILL)
        process.wait()
    killed_at = newest(folder)
    subprocess.run(command(data, folder, "--resume"), env=environment, check=True, capture_output=True)
    print(f"killed {KILLS} times by step {killed_at}; same weights: {digest(folder) == digest(tmp_path / 'whole')}")
    assert digest(folder) == digest(tmp_path / "whole")
