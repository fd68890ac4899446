"""How many files a new part costs: a toy input and a toy task, written into a copy of the package, work as a whole.

An input is one new file and one line in `inputs/choices.py`; a task is one new file and one line each in
`tasks/choices.py` and `metrics/names.py`. An import that the line needs counts as a part of it. Both train, evaluate,
predict and get a page through the command line of the copy.
"""

import json
import os
import random
import shutil
import subprocess
import sys

import pytest
from imports import PACKAGE

GRID = '''"""Reads a small picture of zeros and ones, a row of letters: a toy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, Self

import numpy as np
import torch
from torch import Tensor, nn

from weft.data.batch import Moves
from weft.data.columns import Columns
from weft.data.examples.roles import Role, find_roles
from weft.data.sources import Row, Table
from weft.errors import InputError
from weft.inputs.base import Input, InputConfig
from weft.models.base import Encoder, EncoderConfig, InputSpec, Memory


@dataclass(frozen=True, slots=True)
class Grid(Moves):
    cells_BN: Tensor


@dataclass(frozen=True, slots=True)
class GridSpec(InputSpec):
    cells: int


class GridEncoderConfig(EncoderConfig):
    kind: Literal["grid"] = "grid"
    reads: ClassVar[type] = Grid
    width: int = 16

    def build(self, spec: InputSpec) -> GridEncoder:
        assert isinstance(spec, GridSpec)
        return GridEncoder(spec.cells, self.width)


class GridEncoder(Encoder):
    keeps_positions = False
    head_dropout = 0.0

    def __init__(self, cells: int, width: int) -> None:
        super().__init__()
        self.width, self.layer = width, nn.Linear(cells, width)

    def forward(self, source: Grid) -> Memory:
        states_BSD = torch.relu(self.layer(source.cells_BN.to(self.layer.weight)))[:, None]
        return Memory(states_BSD, torch.ones(len(states_BSD), 1, dtype=torch.bool, device=states_BSD.device))


class GridInputConfig(InputConfig):
    kind: Literal["grid"] = "grid"
    column: str = "grid"
    cells: int = 6
    encoder: GridEncoderConfig = GridEncoderConfig()

    @property
    def columns_read(self) -> tuple[str, ...]:
        return (self.column,)

    def resolved(self, table: Table) -> Self:
        find_roles(table, [Role("column")], named={"column": self.column})
        return self

    def value_of(self, row: Row) -> str:
        cells = row.values.get(self.column, "").removeprefix("x")
        if len(cells) != self.cells or {*cells} - {*"01"}:
            raise InputError(f"expected {self.cells} cells of 0 and 1, found `{cells}`")
        return cells

    def learned(self, examples: object) -> GridInput:
        return GridInput(self)

    def loaded(self, folder: Path) -> GridInput:
        return GridInput(self)


class GridInput(Input[str, Grid]):
    def __init__(self, config: GridInputConfig) -> None:
        self.config = config

    def spec(self) -> GridSpec:
        return GridSpec(self.config.cells)

    def save(self, folder: Path) -> None:
        pass

    def encode(self, values: list[str]) -> Columns:
        cells_RN = np.array([[letter == "1" for letter in value] for value in values], dtype=np.float32)
        return Columns({}, {self.name: cells_RN}, np.arange(len(values)), np.ones(len(values), dtype=np.int64))

    def collate(self, columns: Columns, rows: np.ndarray) -> Grid:
        return Grid(torch.from_numpy(columns.fixed[self.name][rows]))
'''

LENGTH = '''"""A number for a text: a toy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor, nn

from weft.data.batch import Moves
from weft.data.columns import Columns
from weft.data.examples.roles import TEXT, Names, Role
from weft.data.sources import Table
from weft.errors import InputError
from weft.inputs.text import TextSettings
from weft.metrics.bootstrap import mean
from weft.models.classifier import ClassifierConfig
from weft.tasks.base import Task, TaskConfig
from weft.tasks.results import Loss, Scores


@dataclass(frozen=True, slots=True)
class Valued:
    text: str
    value: float | None = None
    line: int = field(default=0, compare=False)
    stratum: ClassVar[str] = ""

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.text,)

    @property
    def values(self) -> Mapping[str, Any]:
        return {"text": self.texts}

    @property
    def whole(self) -> str:
        return self.text

    @property
    def label(self) -> float | None:
        return self.value


@dataclass(frozen=True, slots=True)
class Batch(Moves):
    source: Any
    value_B: Tensor | None


class LengthConfig(TaskConfig, TextSettings):
    kind: Literal["length"] = "length"
    roles: ClassVar[tuple[Role, ...]] = (TEXT, Role("value", ("value",), answer=True))
    answers_with: ClassVar[Any] = "number"
    headline: ClassVar[tuple[str, ...]] = ("toy_error",)
    text: Names = None
    value: str | None = None

    @property
    def name(self) -> str:
        return "text"

    def read(self, table: Table) -> Iterator[Valued]:
        (text,) = self.columns_of("text", table)
        for row in table:
            try:
                yield Valued(row.values[text], float(row.values[self.value]) if self.value else None, row.line)
            except ValueError:
                table.reject(row.line, "value is no number", column=self.value or "")

    def example(self, text: str, second: str | None = None) -> Valued:
        return Valued(text)

    def data_notes(self, parts: Any, files: Any, named: Any) -> list[str]:
        return []

    def learn(self, examples: Sequence[Valued]) -> Length:
        config = self.decided(examples, classes=2)
        return Length(config, config.learned(examples))

    def load(self, folder: Path) -> Length:
        return Length(self, self.loaded_text(folder, each=1))


class Length(Task):
    metric = "toy_error"
    metrics = ("toy_error",)

    def __init__(self, config: LengthConfig, read: Any) -> None:
        self.config, self.input = config, read

    def save(self, folder: Path) -> None:
        self.input.save(folder)

    def build_model(self) -> nn.Module:
        return self.input.build_classifier(ClassifierConfig(dropout=0.0), classes=1)

    def encode(self, examples: Sequence[Valued]) -> Columns:
        columns = self.input.encode([one.texts for one in examples])
        if any(one.value is None for one in examples):
            return columns
        columns.fixed["value"] = np.array([one.value for one in examples], dtype=np.float32)[columns.owner_R]
        return columns

    def check(self, examples: Sequence[Valued]) -> list[str]:
        for one in examples:
            if one.value is None:
                raise InputError("there is no value", where=f"line {one.line}")
        return []

    def collate(self, columns: Columns, rows: np.ndarray) -> Batch:
        value = columns.fixed.get("value")
        return Batch(self.input.collate(columns, rows), None if value is None else torch.from_numpy(value[rows]))

    def loss(self, model: nn.Module, batch: Batch, step: int) -> Loss:
        error_B = model(batch.source)[:, 0] - batch.value_B
        return Loss(error_B.square().sum(), torch.tensor(float(len(error_B))))

    def predict(self, model: nn.Module, batch: Batch) -> list[float]:
        return model(batch.source)[:, 0].float().tolist()

    def answers(self, parts: Sequence[float], columns: Columns) -> list[float]:
        return list(parts)

    def average(self, answers: Sequence[Sequence[float]]) -> list[float]:
        return np.mean(answers, axis=0).tolist()

    def quick_scores(self, answers: Sequence[float], examples: Sequence[Valued]) -> dict[str, float]:
        return {name: score.value for name, score in self.score(answers, examples).values.items()}

    def score(self, answers: Sequence[float], examples: Sequence[Valued]) -> Scores:
        return Scores({"toy_error": mean(abs(np.array(answers) - np.array([one.value for one in examples])))}, {})

    def record(self, answer: float, example: Valued) -> dict[str, Any]:
        known = {} if example.value is None else {"label": example.value}
        return {"text": example.text, **known, "answer": round(answer, 4)}

    def notes(self, columns: Mapping[str, Columns]) -> list[str]:
        return self.input.notes(columns)
'''


IN_TURN = """
import contextlib, io, json, sys
from weft.cli.main import main
said = []
for words in json.loads(sys.argv[1]):
    sys.argv = ["weft", *words]
    with contextlib.redirect_stdout(io.StringIO()) as out:
        main()
    said.append(out.getvalue())
print(json.dumps(said))
"""


@pytest.fixture
def copied(tmp_path):
    """A copy of the package, and a way to call its command line some times in one process: what each call printed."""
    package = tmp_path / "lib" / "weft"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))

    def call(*lines: tuple[str, ...]) -> list[str]:
        env = {**os.environ, "PYTHONPATH": str(tmp_path / "lib")}
        command = [sys.executable, "-c", IN_TURN, json.dumps(lines)]
        done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout)

    return package, call


def insert(file, after: str, line: str) -> None:
    """Put one line behind another one of a file."""
    text = file.read_text(encoding="utf-8")
    assert text.count(after) == 1
    file.write_text(text.replace(after, f"{after}{line}\n"), encoding="utf-8")


def test_an_input_is_a_file_and_a_line(copied, tmp_path):
    package, call = copied
    (package / "inputs" / "grid.py").write_text(GRID, encoding="utf-8")
    choices = package / "inputs" / "choices.py"
    insert(choices, "from weft.inputs.base import InputConfig\n", "from weft.inputs.grid import GridInputConfig")
    text = choices.read_text(encoding="utf-8")
    choices.write_text(text.replace("INPUTS = (", "INPUTS = (GridInputConfig, "), encoding="utf-8")
    draw = random.Random(0)
    grids = ["".join(draw.choice("01") for _ in range(6)) for _ in range(200)]
    rows = [f"x{grid},{'odd' if grid.count('1') > 3 else '偶'},a b {place % 7}" for place, grid in enumerate(grids)]
    (tmp_path / "a.csv").write_text("\n".join(["grid,label,text", *rows]), encoding="utf-8")
    alone = ("--label", "label", "--set", "task.inputs=[{kind: grid}]", "--set", "training.epochs=20", "--set",
             "training.optimizer.learning_rate=0.02", "--set", "training.batch_rows=16")  # fmt: skip
    runs = ("alone", "beside")
    _, _, *said = call(
        ("train", "a.csv", "--output", "alone", "--quiet", *alone),
        ("train", "a.csv", "--output", "beside", "--quiet", "--text", "text", *alone, "--encoder", "bag"),
        *((verb, run, "a.csv") for run in runs for verb in ("evaluate", "predict")),
    )
    for run, evaluated, predicted in zip(runs, said[::2], said[1::2], strict=True):
        scores = json.loads((tmp_path / run / "scores.json").read_text(encoding="utf-8"))
        assert scores["scores"]["accuracy"]["value"] > 0.8
        assert "odd" in (tmp_path / run / "page.html").read_text(encoding="utf-8")
        assert "accuracy" in evaluated
        assert len(predicted.splitlines()) == 200


def test_a_task_is_a_file_and_a_line_for_it_and_for_each_score(copied, tmp_path):
    package, call = copied
    (package / "tasks" / "length.py").write_text(LENGTH, encoding="utf-8")
    choices = package / "tasks" / "choices.py"
    insert(choices, "from weft.tasks.base import TaskConfig\n", "from weft.tasks.length import LengthConfig")
    insert(choices, "TASKS = (\n    ClassificationConfig,\n", "    LengthConfig,")
    names = package / "metrics" / "names.py"
    insert(names, "_ALL = (\n", '    Measure("toy_error", "Toy error", "mean absolute error", "number", "lower"),')
    draw = random.Random(0)
    rows = [(" ".join(draw.choices(["good", "bad", "好", "坏"], k=draw.randint(1, 9)))) for _ in range(300)]
    lines = [f"{row},{row.count('good') + row.count('好')}" for row in rows]
    (tmp_path / "a.csv").write_text("\n".join(["text,value", *lines]), encoding="utf-8")
    fewer = ("--set", "training.epochs=12", "--set", "task.encoder.dropout=0", "--set", "task.encoder.view_dropout=0")
    _, evaluated, predicted = call(
        ("train", "a.csv", "--task", "length", "--encoder", "lstm", "--output", "run", "--quiet", *fewer),
        ("evaluate", "run", "a.csv"),
        ("predict", "run", "a.csv"),
    )
    scores = json.loads((tmp_path / "run" / "scores.json").read_text(encoding="utf-8"))
    assert scores["scores"]["toy_error"]["value"] < 1.2
    assert "Toy error" in (tmp_path / "run" / "page.html").read_text(encoding="utf-8")
    assert "toy error" in evaluated.lower()
    assert len(predicted.splitlines()) == 300
