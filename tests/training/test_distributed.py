"""Two processes give the result of one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from weft.demo import reviews

from .conftest import SMALL, without_dropout

COMMON = ["training.epochs=2", "training.batch_rows=32", "training.precision=float64"]


def launch(*program: str, processes: int) -> str:
    """Run a Python program in so many processes; what it said."""
    launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    command = [sys.executable, *(launcher if processes > 1 else []), *program]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


def train(data: Path, folder: Path, encoder: str, *more: str, processes: int) -> dict[str, torch.Tensor]:
    sets = [f"--set={one}" for one in (*COMMON, *more, *SMALL[encoder], *without_dropout(encoder))]
    said = launch(
        *["-m", "weft", "train", str(data), "--encoder", encoder, "--output", str(folder), *sets], processes=processes
    )
    assert said.count("kept the weights") == 1, "only one process speaks"
    return load_file(folder / "weights.safetensors")


def test_two_processes_of_16_rows_give_the_gradient_of_32(tmp_path: Path) -> None:
    program = str(Path(__file__).with_name("one_gradient.py"))
    for processes in (1, 2):
        launch(program, "cnn", str(tmp_path / f"{processes}.safetensors"), processes=processes)
    one, two = (load_file(tmp_path / f"{processes}.safetensors") for processes in (1, 2))
    for name, gradient in one.items():
        assert gradient.norm() > 0, name
        assert (two[name] - gradient).norm() <= 1e-6 * gradient.norm(), name


@pytest.mark.parametrize(("encoder", "ema"), [("bag", "0.9"), ("cnn", "null"), ("cnn", "0.9")])
def test_two_processes_give_the_weights_of_one(tmp_path: Path, encoder: str, ema: str) -> None:
    # 163 rows: the last global batch is smaller than the others, and odd
    reviews.write(tmp_path / "reviews.csv", size=163, seed=3)
    sets = f"training.ema={ema}"
    one = train(tmp_path / "reviews.csv", tmp_path / "one", encoder, sets, processes=1)
    two = train(tmp_path / "reviews.csv", tmp_path / "two", encoder, sets, processes=2)
    for name, value in one.items():
        torch.testing.assert_close(two[name], value, rtol=0, atol=1e-6)


def test_two_processes_start_from_the_same_vectors(tmp_path: Path) -> None:
    reviews.write(tmp_path / "reviews.csv", size=83, seed=3)
    vectors = tmp_path / "words.vec"
    vectors.write_text("".join(f"{word} {' '.join('1234567')} 8\n" for word in ("the", "很", "好")), encoding="utf-8")
    sets = [f"task.vectors={vectors}", "task.vectors_change=fixed", "training.epochs=1"]
    one = train(tmp_path / "reviews.csv", tmp_path / "one", "cnn", *sets, processes=1)
    two = train(tmp_path / "reviews.csv", tmp_path / "two", "cnn", *sets, processes=2)
    for name, value in one.items():
        torch.testing.assert_close(two[name], value, rtol=0, atol=1e-6)
