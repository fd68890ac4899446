"""The floors hold: each import goes down, or sideways in a room without a circle; and the checker sees when not."""

import re
import shutil
import tomllib
from pathlib import Path

import pytest
from imports import EXTRAS, PACKAGE, ROOT, faults


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of src/weft to plant faults in."""
    return shutil.copytree(PACKAGE, tmp_path / "weft", ignore=shutil.ignore_patterns("__pycache__"))


def plant(folder: Path, files: dict[str, str]) -> list[str]:
    """Write the files into the copy; the faults that were not there before."""
    before = set(faults(folder))
    for name, code in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code, encoding="utf-8")
    return [fault for fault in faults(folder) if fault not in before]


def test_the_floors_hold():
    found = faults(PACKAGE)
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("from weft.tasks.base import Task", 1),
        ("from weft.tasks import base", 1),
        ("from weft import tasks", 1),
        ("import weft.tasks.base", 1),
        ("import json\nfrom ..tasks import base", 2),
        ("from .. import tasks", 1),
        ("from ..tasks.base import Task", 1),
        ("def late():\n    from weft.tasks import base\n", 2),
        ("def late():\n    from .. import tasks\n", 2),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from weft.tasks import base", 3),
        ("from importlib import import_module\nbase = import_module('weft.tasks.base')", 2),
    ],
)
def test_an_upward_import_is_caught(copy, code, line):
    (fault,) = plant(copy, {"text/planted.py": code, "tasks/base.py": ""})
    assert f"planted.py:{line}: weft.text.planted imports weft.tasks" in fault
    assert "tasks stands above text" in fault


@pytest.mark.parametrize("code", ["from weft import load", "import weft", "from .. import load", "from weft import *"])
def test_the_public_face_is_above_all(copy, code):
    (fault,) = plant(copy, {"text/planted.py": code})
    assert "weft.text.planted imports weft: __init__ stands above text" in fault


@pytest.mark.parametrize(
    ("name", "code", "why"),
    [
        ("data/planted.py", "from weft.text import vocab", "share floor"),
        ("models/planted.py", "from ..text import vocab", "models never imports text"),
        ("models/planted.py", "from weft.tasks import base", "models never imports tasks"),
        ("models/planted.py", "from weft.data import batch, sources", "models may import data.batch only"),
        ("models/planted.py", "from weft.data.columns import Columns", "models may import data.batch only"),
        ("serve/planted.py", "from weft.training import loop", "serve never imports training"),
        ("export.py", "from .training import loop", "export never imports training"),
        ("bundle.py", "from .training.loop import train", "bundle never imports training"),
        ("evaluation/planted.py", "from ..training.loop import train", "evaluation never imports training"),
        ("__init__.py", '"""Public."""\n\nfrom weft.cli.main import cli', "nobody imports cli"),
        ("report/planted.py", "from weft.cli import main", "nobody imports cli"),
        ("text/planted.py", "from weft.cellar import wine", "`cellar` is no known room"),
    ],
)
def test_the_nevers_are_caught(copy, name, code, why):
    known = {f"{module}.py": "" for module in ("text/vocab", "data/batch", "data/sources", "data/columns", "cli/main")}
    plant(copy, known)
    (fault,) = [fault for fault in plant(copy, {name: code}) if "imports" in fault]
    assert why in fault


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("from weft.text import planted_two", "from weft.text.planted_one import thing"),
        ("from . import planted_two", "from .planted_one import thing"),
        ("import weft.text.planted_two", "def late():\n    from weft.text import planted_one"),
    ],
)
def test_a_circle_is_caught(copy, one, two):
    (fault,) = plant(copy, {"text/planted_one.py": one, "text/planted_two.py": two})
    assert "circle: " in fault
    assert "weft.text.planted_one -> weft.text.planted_two" in fault
    assert re.search(r"planted_(one|two)\.py:\d+: ", fault)


def test_a_longer_circle_is_caught(copy):
    code = {"one": "from .two import x", "two": "from .three import x", "three": "from . import one"}
    (fault,) = plant(copy, {f"models/{name}.py": text for name, text in code.items()})
    assert fault.count(" -> ") == 3


def test_a_module_without_a_room_is_caught(copy):
    lonely, nested = plant(copy, {"cellar.py": "", "attic/box.py": ""})
    assert "attic" in lonely + nested
    assert all("say where it lives" in fault for fault in (lonely, nested))


def test_a_full_init_is_caught(copy):
    (fault,) = plant(copy, {"text/__init__.py": '"""Strings and ids."""\n\nfrom weft.errors import WeftError\n'})
    assert "text/__init__.py:3: " in fault


def test_a_second_door_to_an_extra_is_caught(copy):
    doors = {"text/planted.py": "import sklearn.base", "data/planted.py": "def late():\n    from sklearn import svm"}
    found = plant(copy, doors)
    assert found
    assert all("has one door" in fault for fault in found)


def test_what_goes_down_or_sideways_is_let_through(copy):
    good = {
        "text/__init__.py": '"""Strings and ids."""\n',
        "text/planted.py": "from ..errors import WeftError\nfrom . import planted_too\nimport torch",
        "text/planted_too.py": "from weft import errors, files, config",
        "models/planted.py": "from weft.data import batch\nfrom ..data.batch import Tokens",
        "data/batch.py": "",
        "estimators/planted.py": "from weft import run, bundle\nfrom weft.training import loop",
        "__main__.py": "from weft.cli.main import main",
    }
    assert plant(copy, good) == []


def test_every_extra_has_its_import_name_here():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    required = [line for extra in extras.keys() - {"dev", "docs"} for line in extras[extra]]  # weft imports neither
    names = {re.split(r"[^\w.-]", line, maxsplit=1)[0].lower() for line in required}
    assert names - {"weft"} == set(EXTRAS), "name each optional dependency in EXTRAS, so that its one door is watched"
