"""What is tracked speaks of the project alone: no path of some machine, and nothing heavy."""

import re
import subprocess
from pathlib import Path

import pytest
from imports import ROOT

# a letter in brackets keeps this file from finding itself
PLACES = re.compile(
    r"(?<![\w.])(/wor[k]/|/tmp/(la[b]|ven[v])\b|/far[m]/|/opt/(wheel[s]|pyp[i])\b|/roo[t]/)|(?<!\w)\.librar[y]\b"
)
HEAVIEST = 500_000


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    try:
        asked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("git is not installed")
    if asked.returncode:
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in asked.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]


def places(content: bytes) -> list[tuple[int, str]]:
    """Line and path of each machine path in a text; none in what is no text."""
    if b"\0" in content:
        return []
    lines = content.decode("utf-8", errors="replace").splitlines()
    return [(number, found[0]) for number, line in enumerate(lines, 1) for found in PLACES.finditer(line)]


def test_no_machine_path(tracked):
    found = [
        f"{path.relative_to(ROOT)}:{line}: mentions `{place}`"
        for path in tracked
        for line, place in places(path.read_bytes())
    ]
    assert not found, "\n" + "\n".join(found)


def test_nothing_heavy(tracked):
    heavy = [f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes" for path in tracked]
    heavy = [line for path, line in zip(tracked, heavy, strict=True) if path.stat().st_size > HEAVIEST]
    assert not heavy, "\n" + "\n".join(heavy)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("see /{}/x".format("work"), 1),
        ("a\nb /{}/c, /tmp/{}/d".format("farm", "lab"), 2),
        ("file:///{}/x".format("work"), 1),
        ("the folder .{}/x".format("library"), 1),
        ("at /opt/{}".format("wheels"), 1),
        ("https://example.org/{}/x".format("work"), 0),
        ("torch.{}.Library, a frame{}".format("library", "work/x"), 0),
    ],
)
def test_machine_paths_are_found(text, number):
    assert len(places(text.encode())) == number
