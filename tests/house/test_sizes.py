"""Small parts with plain names: no long file or function, no drawer called utils, a sentence at the head of each."""

import ast

import pytest
from imports import PACKAGE, ROOT, House

LINES_OF_A_FILE = 450
LINES_OF_A_FUNCTION = 60
VAGUE = {"util", "utils", "common", "misc", "helper", "helpers"}
CODE = {".py", ".html", ".j2", ".jinja", ".css", ".js"}

Function = ast.FunctionDef | ast.AsyncFunctionDef
MODULES = [
    module for module in House(PACKAGE).modules.values() if module.path.stat().st_size
]  # rooms have empty __init__


def said(complaints: list[str]) -> str:
    return "\n" + "\n".join(complaints)


def head(node: ast.Module | ast.ClassDef | Function) -> str:
    """The first line of a docstring, or nothing."""
    lines = (ast.get_docstring(node, clean=False) or "").splitlines()
    return lines[0].strip() if lines else ""


def length(node: Function) -> int:
    """Lines from the first decorator to the end."""
    start = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return (node.end_lineno or start) - start + 1


def is_overload(node: ast.AST) -> bool:
    return isinstance(node, Function) and any("overload" in ast.unparse(mark) for mark in node.decorator_list)


def test_no_long_file():
    sizes = {
        path: len(path.read_text(encoding="utf-8").splitlines())
        for path in sorted(PACKAGE.parent.rglob("*"))
        if path.suffix in CODE
    }
    long = [
        f"{path.relative_to(ROOT)}: {lines} lines, at most {LINES_OF_A_FILE}: which two things is it?"
        for path, lines in sizes.items()
        if lines > LINES_OF_A_FILE
    ]
    assert not long, said(long)


def test_no_long_function():
    long = [
        f"{module.shown}:{node.lineno}: `{node.name}` has {length(node)} lines, at most {LINES_OF_A_FUNCTION}"
        for module in MODULES
        for node in ast.walk(module.tree)
        if isinstance(node, Function) and length(node) > LINES_OF_A_FUNCTION
    ]
    assert not long, said(long)


def test_no_vague_module():
    vague = [
        f"{path.relative_to(ROOT)}: a name that says nothing: what does it know?"
        for path in sorted(PACKAGE.rglob("*"))
        if (path.is_dir() or path.suffix == ".py") and VAGUE & set(path.stem.split("_"))
    ]
    assert not vague, said(vague)


def test_every_module_begins_with_a_sentence():
    silent = [f"{module.shown}:1: no docstring, or an empty first line" for module in MODULES if not head(module.tree)]
    assert not silent, said(silent)


def test_everything_public_has_a_docstring():
    silent = [
        f"{module.shown}:{node.lineno}: `{node.name}` has no docstring"
        for module in MODULES
        for node in module.tree.body
        if isinstance(node, ast.ClassDef | Function) and not node.name.startswith("_")
        if not head(node) and not is_overload(node)
    ]
    assert not silent, said(silent)


@pytest.mark.parametrize(
    ("code", "lines"),
    [("def f():\n    pass", 2), ("@a\n@b(\n  1,\n)\ndef f(): ...", 5), ("async def f():\n    '''a\n\n    b'''", 4)],
)
def test_lines_are_counted_from_the_first_decorator(code, lines):
    (node,) = ast.parse(code).body
    assert isinstance(node, Function)
    assert length(node) == lines
