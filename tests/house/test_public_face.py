"""The public face: sorted, complete, quick to import, and helpful about a mistyped name."""

import ast
import json
import subprocess
import sys

import pytest
from imports import PACKAGE

import weft

HEAVY = {"torch", "numpy", "pydantic", "sklearn"}


def fresh(code: str) -> str:
    """What a fresh interpreter prints as its last line."""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout.strip().splitlines()[-1]


def test_importing_weft_imports_nothing_heavy():
    loaded = set(json.loads(fresh("import json, sys, weft; print(json.dumps(list(sys.modules)))")))
    assert not loaded & HEAVY


def test_help_does_not_import_torch():
    code = """
import json, runpy, sys
sys.argv = ["weft", "--help"]
try:
    runpy.run_module("weft", run_name="__main__", alter_sys=True)
except SystemExit as exit:
    assert not exit.code, exit.code
print(json.dumps(list(sys.modules)))
"""
    loaded = set(json.loads(fresh(code)))
    assert "click" in loaded
    assert "torch" not in loaded


def test_help_lists_the_verbs():
    ran = subprocess.run(
        [sys.executable, "-m", "weft", "--help"], capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert "demo" in ran.stdout


def test_the_names_are_sorted_and_there_are_some():
    assert len(weft.__all__) > 1
    assert list(weft.__all__) == sorted(set(weft.__all__))


def test_what_a_type_checker_reads_is_what_is_looked_up():
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    checked = next(node for node in tree.body if isinstance(node, ast.If)).body
    imports = [node for node in checked if isinstance(node, ast.ImportFrom)]
    assert len(imports) == len(checked)
    assert {alias.name: node.module for node in imports for alias in node.names} == weft._HOMES


def test_dir_lists_the_names_before_any_is_used():
    shown = json.loads(fresh("import json, weft; print(json.dumps(dir(weft)))"))
    assert set(weft.__all__) <= set(shown)


@pytest.mark.parametrize("name", getattr(weft, "__all__", ()))
def test_each_name_resolves(name):
    assert getattr(weft, name) is not None


def test_what_needs_an_absent_extra_says_how_to_get_it():
    code = """
import sys, weft
sys.modules["sklearn"] = None
try:
    weft.TextClassifier
except weft.WeftError as error:
    print(type(error).__name__, error.hint)
"""
    assert fresh(code) == 'MissingExtra pip install "weft[sklearn]"'


def test_a_mistyped_name_is_met_with_the_near_one():
    name = max((name for name in weft.__all__ if not name.startswith("_")), key=len)
    with pytest.raises(AttributeError, match=name) as caught:
        getattr(weft, name[:-1])
    assert name[:-1] in str(caught.value).replace(name, "")


def test_an_unknown_name_is_an_attribute_error():
    assert not hasattr(weft, "zzzzzz")
