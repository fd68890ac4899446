"""Docstrings begin with what a thing is or does, and the docstring of a setting is a sentence that stands alone."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from imports import PACKAGE

OPENING = re.compile(r"(The same|As|All of|What|Which|How|Where|When)\b(?!-)")
"""Openings that need words before them to be understood."""
SENTENCE = re.compile(r"[A-Z]\S*(\s+\S+){2,}\.")
RELATIVE = re.compile(r"(Of|By|In|Where|What|Which|How|The same|As)\b")
NEGATION = r"(no|not|nothing|neither|none)\b"
FORMULA = re.compile(rf"\bknows?\b[^.]*[;,:] (knows? )?{NEGATION}|\bknows? {NEGATION}", re.IGNORECASE)


@dataclass(frozen=True)
class Docstring:
    """A docstring, the kind of thing it stands under, and its annotation where it has one."""

    where: str
    kind: str
    annotation: str
    text: str


def docstrings(name: str, code: str, configs: frozenset[str]) -> Iterator[Docstring]:
    """Every docstring of a module, with those under fields and constants."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            kind = "module" if isinstance(node, ast.Module) else "other"
            returns = getattr(node, "returns", None)
            annotation = ast.unparse(returns) if returns else ""
            if text := ast.get_docstring(node):
                yield Docstring(f"{name}:{node.body[0].lineno}", kind, annotation, text)
            setting = isinstance(node, ast.ClassDef) and node.name in configs
            for above, below in zip(node.body, node.body[1:], strict=False):
                match above, below:
                    case ast.Assign() | ast.AnnAssign(), ast.Expr(ast.Constant(str(text))):
                        annotation = ast.unparse(above.annotation) if isinstance(above, ast.AnnAssign) else ""
                        kind = "setting" if setting and annotation and "ClassVar" not in annotation else "other"
                        yield Docstring(f"{name}:{below.lineno}", kind, annotation, " ".join(text.split()))


def config_classes() -> frozenset[str]:
    """The names of the classes that derive from `Config`."""
    bases: dict[str, set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                bases.setdefault(node.name, set()).update(re.split(r"\W", ast.unparse(base))[0] for base in node.bases)
    found = {"Config"}
    while more := {name for name, above in bases.items() if above & found} - found:
        found |= more
    return frozenset(found)


def faults(docstring: Docstring) -> Iterator[str]:
    """Each rule that a docstring breaks."""
    first = docstring.text.splitlines()[0]
    if OPENING.match(first):
        yield f"begins with `{first.split()[0]}`: name what it is, or begin with a verb"
    boolean = "bool" in docstring.annotation or "bool" in docstring.text
    if first.startswith("Whether ") and not boolean:
        yield "begins with `Whether`, and is no boolean"
    if docstring.kind == "module" and FORMULA.search(docstring.text.split("\n\n")[0]):
        yield "says what it knows: say what it does, and what it does not"
    whole = SENTENCE.fullmatch(docstring.text) and not RELATIVE.match(docstring.text)
    if docstring.kind == "setting" and not whole:
        yield "a setting is described by a whole sentence, with a capital and a full stop"


def test_docstrings_stand_alone():
    configs = config_classes()
    found = [
        f"src/weft/{docstring.where}: {fault}: {docstring.text.splitlines()[0]}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for docstring in docstrings(path.relative_to(PACKAGE).as_posix(), path.read_text(encoding="utf-8"), configs)
        for fault in faults(docstring)
    ]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ('"""Reads files; knows no rows."""', 1),
        ('"""Reads files into rows."""', 0),
        ('def one():\n    """The same, faster."""', 1),
        ('def one():\n    """As in `two`."""', 1),
        ('def one():\n    """Which of them it is."""', 1),
        ('one = 1\n"""How many there are."""', 1),
        ('def one() -> int:\n    """Whether it is one."""', 1),
        ('def one() -> bool:\n    """Whether it is one."""', 0),
        ('class A(Config):\n    size: int\n    """Of the rows."""', 1),
        ('class A(Config):\n    size: int\n    """Number of rows"""', 1),
        ('class A(Config):\n    size: int\n    """Rows."""', 1),
        ('class A(Config):\n    size: int\n    """Number of rows."""', 0),
    ],
)
def test_the_rules_see_what_breaks_them(code, count):
    found = [fault for text in docstrings("a.py", code, frozenset({"A"})) for fault in faults(text)]
    assert len(found) == count, found
