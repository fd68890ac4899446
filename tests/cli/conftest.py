"""The command line called in this process, in a folder of its own; tiny reviews, a trained model, a stopped run."""

import contextlib
import io
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import weft as package
from weft.cli.main import main
from weft.config import overridden, validated
from weft.errors import Interrupted

REVIEWS = [
    (f"{text} {number}", label)
    for number in range(10)
    for text, label in (
        ("the soup was good", "pos"),
        ("味道很好，还会再来", "pos"),
        ("cold and late", "neg"),
        ("太贵了，不好吃", "neg"),
    )
]
PAIRS = [
    (f"he sees {number} {thing}", f"他看见{number}{word}")
    for number in range(15)
    for thing, word in (("cats", "只猫"), ("dogs", "只狗"), ("books", "本书"), ("cars", "辆车"))
]
POEMS = [(f"{line}{number}",) for number in range(10) for line in ("春眠不觉晓，", "处处闻啼鸟。", "the rain falls. ")]
TINY = {"width": 16, "layers": 1, "heads": 2, "feed_forward": 16}
SMALL = ("task.encoder.width=8", "task.encoder.maps=8", "training.epochs=1", "device=cpu")
GRAMMAR = re.compile(r"weft: [^\n]+\n(hint: [^\n]+\n)?")


@dataclass(frozen=True)
class Said:
    """What a call of the command line left: its exit code, stdout and stderr."""

    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Every test works in an empty folder of its own, with `reviews.csv` in it."""
    monkeypatch.chdir(tmp_path)
    write_csv(REVIEWS)


@pytest.fixture
def weft(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Said]:
    """Run `weft ...` with these arguments; `typed` is standard input."""

    def call(*arguments: str, typed: str = "") -> Said:
        monkeypatch.setattr(sys, "argv", ["weft", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed.encode())))
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capsys.readouterr()
        return Said(code, out, err)

    return call


@pytest.fixture
def train(weft: Callable[..., Said]) -> Callable[..., Said]:
    """Run `weft train ...` with a tiny model."""
    settings = [word for setting in SMALL for word in ("--set", setting)]
    return lambda *arguments: weft("train", arguments[0], *settings, *arguments[1:])


@pytest.fixture
def refused(weft: Callable[..., Said], train: Callable[..., Said]) -> Callable[..., None]:
    """Assert that a call is refused: code 2, the words in a message of one grammar, nothing on stdout or on disk."""

    def check(*arguments: str, says: tuple[str, ...]) -> None:
        before = contents()
        said = train(*arguments[1:]) if arguments[0] == "train" and len(arguments) > 1 else weft(*arguments)
        assert (said.code, said.out) == (2, ""), said
        assert GRAMMAR.fullmatch(said.err), said.err
        assert [word for word in says if word not in said.err] == [], said.err
        assert contents() == before

    return check


@pytest.fixture
def model(trained: Path) -> Path:
    """A copy of a trained model, `model` in the test's folder."""
    return shutil.copytree(trained, Path("model"))


@pytest.fixture
def unfinished(stopped: Path) -> Path:
    """A copy of a run of reviews.csv that was stopped after its first step, `unfinished` in the test's folder."""
    return shutil.copytree(stopped, Path("unfinished"))


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    with contextlib.chdir(folder):
        write_csv(REVIEWS)
        for _ in package.train(small_run(), "model"):
            pass
    return folder / "model"


@pytest.fixture(scope="session")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stopped")
    with contextlib.chdir(folder), contextlib.suppress(Interrupted):
        write_csv(REVIEWS)
        for _ in package.train(small_run(), "run", stop=lambda: 15):
            pass
    return folder / "run"


@pytest.fixture
def translator(translates: Path) -> Path:
    """A copy of a model that was trained for a moment on PAIRS, `translator` in the test's folder, with `pairs.csv`."""
    write_csv(PAIRS, "pairs.csv", "en,zh")
    return shutil.copytree(translates, Path("translator"))


@pytest.fixture
def poet(writes: Path) -> Path:
    """A copy of a language model that was trained for a moment on POEMS, `poet` in the test's folder."""
    write_csv(POEMS, "poems.csv", "poem")
    return shutil.copytree(writes, Path("poet"))


@pytest.fixture(scope="session")
def translates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    task = {"kind": "seq2seq", "source": "en", "target": "zh", "max_source": 24, "decoder": TINY}
    return _trained(tmp_path_factory.mktemp("translates"), task, PAIRS, "en,zh")


@pytest.fixture(scope="session")
def writes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    task = {"kind": "language_model", "text": "poem", "context": 24, "decoder": {"kind": "gpt", **TINY}}
    return _trained(tmp_path_factory.mktemp("writes"), task, POEMS, "poem")


def _trained(folder: Path, task: dict, rows: list, header: str) -> Path:
    settings = {"data": {"train": "rows.csv"}, "task": task, "training": {"epochs": 1}, "device": "cpu"}
    with contextlib.chdir(folder):
        write_csv(rows, "rows.csv", header)
        for _ in package.train(validated(package.RunConfig, settings), "model"):
            pass
    return folder / "model"


def small_run() -> package.RunConfig:
    return validated(package.RunConfig, overridden({"data": {"train": "reviews.csv"}}, SMALL))


def write_csv(rows: list[tuple[str, ...]], name: str = "reviews.csv", header: str = "text,label") -> None:
    lines = [header, *map(",".join, rows)]
    Path(name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def contents() -> dict[str, bytes]:
    """Every file under this folder with its bytes, and every folder with none."""
    return {str(path): path.read_bytes() if path.is_file() else b"" for path in Path().rglob("*")}
