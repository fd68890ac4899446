"""Two processes give the result of one; they are started once for all the tests here."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.training import in_processes
from weft.demo import reviews
from weft.training.distributed import Group

from .conftest import SMALL, without_dropout

COMMON = ["training.precision=float64", "training.batch_rows=32"]
CASES = {
    "bag averaged": ("bag", "reviews.csv", ["training.ema=0.9", "training.epochs=2"]),
    "cnn": ("cnn", "reviews.csv", ["training.ema=null", "training.epochs=2"]),
    "cnn averaged": ("cnn", "reviews.csv", ["training.ema=0.9", "training.epochs=2"]),
    "cnn of vectors": (
        "cnn",
        "few.csv",
        ["task.vectors=words.vec", "task.vectors_change=fixed", "training.epochs=1"],
    ),
}


def line(case: str, output: Path) -> list[str]:
    """The arguments of `weft train` for a case."""
    encoder, data, more = CASES[case]
    sets = [f"--set={one}" for one in (*COMMON, *more, *SMALL[encoder], *without_dropout(encoder))]
    return ["train", data, "--encoder", encoder, "--output", str(output / case), *sets]


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the data and with all that two processes made of it."""
    folder = tmp_path_factory.mktemp("two")
    # 163 rows: the last global batch is smaller than the others, and odd
    reviews.write(folder / "reviews.csv", size=163, seed=3)
    reviews.write(folder / "few.csv", size=83, seed=3)
    vectors = "".join(f"{word} {' '.join('1234567')} 8\n" for word in ("the", "很", "好"))
    (folder / "words.vec").write_text(vectors, encoding="utf-8")
    lines = json.dumps({case: line(case, folder) for case in CASES})
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    done = subprocess.run(
        [*launcher, in_processes.__file__, str(folder), lines],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("kind", ["cnn", "pairs"])
def test_two_processes_of_half_a_batch_give_the_gradient_of_one(kind: str, two: Path) -> None:
    halves = load_file(two / f"{kind}.safetensors")
    for name, whole in in_processes.gradient(kind, Group()).items():
        assert whole.norm() > 0, name
        assert (halves[name] - whole).norm() <= 1e-6 * whole.norm(), name


@pytest.mark.parametrize("case", CASES)
def test_two_processes_give_the_weights_of_one(
    case: str, two: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(two)
    said = [(two / f"{case}-{rank}.txt").read_text(encoding="utf-8") for rank in (0, 1)]
    assert "".join(said).count("kept the weights") == 1, "only one process speaks"
    assert in_processes.weft(*line(case, tmp_path)).count("kept the weights") == 1
    weights = load_file(two / case / "weights.safetensors")
    for name, value in load_file(tmp_path / case / "weights.safetensors").items():
        torch.testing.assert_close(weights[name], value, rtol=0, atol=1e-6)
