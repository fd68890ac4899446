"""How many calls a reader follows from a text to its loss: walks through weft, each step checked in its source.

python bench/hops.py

A walk is a list of functions, `module:name`, each under the one whose body names it; `as` gives the name that stands
there where it is another. Every project call counts that must be read to see how a text becomes a loss: to read, to
learn, to encode, to gather, to score. What is behind an interface (`~`) is shown and not counted: how a table or an
input is read, how a tokenizer cuts, how an encoder reads, is a walk of its own; that of the input is the second.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "weft"

WALKS = {
    "text -> loss": """
        tasks.deciding_task:DecidingTask.encode
            ~ inputs.text:TextInput.encode
        tasks.classification:Classification.collate
            ~ inputs.text:TextInput.collate
        tasks.classification:Classification.loss
            models.classifier:Classifier.forward as model
                ~ models.cnn:CnnEncoder.forward as encoder
            tasks.losses:cross_entropy
    """,
    "text -> batch, within the input": """
        inputs.text:TextInput.encode
            ~ text.tokenizers.words:PieceTokenizer.encode
            inputs.text:TextInput._fit
                data.columns:fit
        inputs.text:TextInput.collate
            inputs.text:tokens_of
    """,
    "CSV row -> loss": """
        cli.train:command
            run:trained
                dataset:read
                    dataset:read_whole
                        tasks.deciding_settings:DecidingTaskConfig.read
                            ~ data.sources:Table.__iter__ as table
                run:_job
                    tasks.classification:ClassificationConfig.learn
                    data.columns:encode_rows
                    tasks.deciding_task:DecidingTask.encode
                        ~ inputs.text:TextInput.encode
                training.loop:train
                    training.loop:_advance
                        training.loop:_step
                            tasks.classification:Classification.collate
                                ~ inputs.text:TextInput.collate
                            tasks.classification:Classification.loss
                                models.classifier:Classifier.forward as model
                                    ~ models.cnn:CnnEncoder.forward as encoder
                                tasks.losses:cross_entropy
    """,
}


@dataclass(frozen=True, slots=True)
class Step:
    """One function of a walk: where it stands, by what name it is called, and by which step before it."""

    module: str
    name: str
    called: str
    depth: int
    counts: bool
    caller: Step | None

    @property
    def file(self) -> Path:
        """The file that it stands in."""
        return PACKAGE.joinpath(*self.module.split(".")).with_suffix(".py")

    @property
    def node(self) -> ast.AST | None:
        """Its definition; None where there is none: an inherited method is to be named where it is written."""
        if not self.file.is_file():
            return None
        found: ast.AST | None = tree(self.file)
        for part in self.name.split("."):
            inside = {one.name: one for one in getattr(found, "body", ()) if hasattr(one, "name")}
            found = inside.get(part)
        return found

    @property
    def fault(self) -> str:
        """What is wrong with it: it is not there, or its caller does not name it; empty where nothing is."""
        if self.node is None:
            return f"there is no {self.module}:{self.name}"
        body = self.caller.node if self.caller else None
        if body is not None and self.called not in names(body):
            return f"{self.caller.module}:{self.caller.name} does not name `{self.called}`"
        return ""


def steps(walk: str) -> Iterator[Step]:
    """The steps of a walk as it is written."""
    above: list[tuple[int, Step]] = []
    for line in walk.splitlines():
        if not line.strip():
            continue
        indent, written = len(line) - len(line.lstrip()), line.strip()
        place, _, alias = written.removeprefix("~ ").partition(" as ")
        module, _, name = place.partition(":")
        above = [(at, step) for at, step in above if at < indent]
        caller = above[-1][1] if above else None
        step = Step(module, name, alias or name.split(".")[-1], len(above), not written.startswith("~"), caller)
        above.append((indent, step))
        yield step


@cache
def tree(file: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(file.read_text(encoding="utf-8"))


def names(body: ast.AST) -> set[str]:
    """All names and attributes in a piece of code."""
    found = {node.id for node in ast.walk(body) if isinstance(node, ast.Name)}
    return found | {node.attr for node in ast.walk(body) if isinstance(node, ast.Attribute)}


def measure(walk: str) -> tuple[int, int]:
    """Hops of a walk, and the files in which they stand."""
    counted = [step for step in steps(walk) if step.counts]
    return len(counted), len({step.file for step in counted})


if __name__ == "__main__":
    for title, walk in WALKS.items():
        hops, files = measure(walk)
        print(f"{title}: {hops} hops in {files} files")
        number = 0
        for step in steps(walk):
            number += step.counts
            shown = f"{number:>3}" if step.counts else "  ~"
            line = f":{step.node.lineno}" if isinstance(step.node, ast.FunctionDef) else ""
            where = f"{step.file.relative_to(PACKAGE)}{line}"
            print(f"{shown}  {'  ' * step.depth}{step.name}  {where}  {step.fault}".rstrip())
        print()
