"""weft's bag of n-grams beside fastText, trained to the same accuracy; started by `classification.py bag`.

Both sides read the same pieces: lower-cased words of English, single Han characters, as weft cuts them. fastText runs
in its usual form (n-grams of two pieces, 10 dimensions, 2 million buckets, 5 epochs), weft with as few epochs as reach
its accuracy. What is timed:

- training alone: `train_supervised` on a file that is written already, which reads it, counts its words and fills its
  table, beside a fresh model, its n-gram weights and the loop on rows that are encoded already; neither imports;
- from texts to model: the same with what comes before, which is cutting and writing for the one and cutting, hashing
  and sorting for the other;
- the whole process, from file to saved model, importing included (`whole.py`), and `weft train` as users call it, which
  also holds rows out, scores twice and draws the page;
- predicting from raw texts, the cutting included.
"""

from __future__ import annotations

import json
import random
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from measure import Child, Side, alternate, child, data_file, ratios
from prepared import CPU, accuracy, configured, prepare, read_parts
from whole import FASTTEXT, SETTINGS, cut

from weft import bundle
from weft.data.sources import open_table
from weft.dataset import Examples
from weft.files import written
from weft.run import RunConfig


@dataclass(frozen=True, slots=True)
class Set:
    """A data set of the folder: the part that is scored, and whether the whole process is timed on it too."""

    scored: str
    whole: bool


SETS = {"imdb": Set("test", whole=True), "tnews": Set("dev", whole=False)}
PEER = f"fastText {version('fasttext')}"
PREDICTED = 5_000
"""Texts that are predicted, of the scored part."""


def bag(data: Path, scratch: Path, *, sets: Sequence[str], runs: int, threads: int) -> list[dict[str, Any]]:
    """Measure on each set; returns the records."""
    records = []
    for name in sets:
        print(f"{name}: weft with {' '.join(SETTINGS[name])}; fastText with {FASTTEXT[name]}")
        train, scored = (data_file(data / name, part) for part in ("train", SETS[name].scored))
        config = configured(train, scored, "bag", SETTINGS[name])
        examples = read_parts(config)
        found = _training(config, examples, scratch, name=name, runs=runs, threads=threads)
        if SETS[name].whole:
            found += _whole(train, scratch, examples, name=name, runs=runs, threads=threads)
        records += [{"set": name, **one} for one in found]
    return records


def _training(
    config: RunConfig, examples: Examples, scratch: Path, *, name: str, runs: int, threads: int
) -> list[dict[str, Any]]:
    """Training alone, from texts to model, and predicting, all within this process."""
    import fasttext

    file, ready = scratch / f"{name}.txt", prepare(config, examples)
    unscored = replace(examples, dev=examples.dev[:1])
    _write(file, examples)

    def theirs() -> Any:
        return fasttext.train_supervised(str(file), **FASTTEXT[name], thread=threads, verbose=0)

    def theirs_from_texts() -> Any:
        _write(file, examples)
        return theirs()

    def ours_from_texts() -> Any:
        return prepare(config, unscored).train()

    right = _right(examples)
    alone = alternate({"weft": Side(ready.train, ready.accuracy), PEER: Side(theirs, right)}, runs=runs)
    records = [ratios(f"{name}, training alone", alone)]
    whole = alternate({"weft": Side(ours_from_texts), PEER: Side(theirs_from_texts)}, runs=runs)
    records.append(ratios(f"{name}, from texts in memory to model", whole))

    texts = [one.text for one in examples.dev[:PREDICTED]]
    model, other = bundle.Model(ready.task, ready.train(), CPU), theirs()
    predicting = {
        "weft": Side(lambda: model.answer(texts)),
        PEER: Side(lambda: other.predict([cut(text) for text in texts])),
    }
    taken = alternate(predicting, runs=runs)
    return [*records, ratios(f"{name}, predicting from raw texts", taken, work=len(texts), unit="texts")]


def _write(path: Path, examples: Examples) -> None:
    """fastText's input, shuffled: it reads a file in its order, and learns little where the labels come in blocks."""
    with written(path) as file:
        for one in random.Random(0).sample(examples.train, len(examples.train)):
            file.write(f"__label__{one.label} {cut(one.text)}\n")


def _right(examples: Examples) -> Callable[[Any], float]:
    """What gives the accuracy of a model of fastText's; a list is asked: numpy 2 breaks it for one text."""
    lines = [cut(one.text) for one in examples.dev]

    def accuracy_of(model: Any) -> float:
        return accuracy([found[0].removeprefix("__label__") for found in model.predict(lines)[0]], examples)

    return accuracy_of


def _whole(
    packed: str, scratch: Path, examples: Examples, *, name: str, runs: int, threads: int
) -> list[dict[str, Any]]:
    """From a plain file to a saved model, each in a process of its own; then `weft train` beside the same peer."""
    import fasttext

    plain, program, right = scratch / f"{name}.jsonl", str(Path(__file__).with_name("whole.py")), _right(examples)
    _unpack(packed, plain)
    texts = [one.text for one in examples.dev]

    def started(side: str) -> Child:
        folder = str(scratch / side)
        shutil.rmtree(folder, ignore_errors=True)
        if side != "users":
            return child(sys.executable, program, side, name, str(plain), folder, str(threads))
        settings = [part for one in SETTINGS[name] for part in ("--set", one)]
        columns = ["--encoder", "bag", "--text", "text", "--label", "label"]
        return child(sys.executable, "-m", "weft", "train", str(plain), *columns, "--output", folder, *settings)

    def scored(side: str) -> float:
        return accuracy([one.label for one in bundle.load(scratch / side).answer(texts)], examples)

    theirs = Side(lambda: started("fasttext"), lambda _: right(fasttext.load_model(f"{scratch}/fasttext/model.bin")))
    sides = {"weft": Side(lambda: started("weft"), lambda _: scored("weft")), PEER: theirs}
    records = [ratios(f"{name}, the whole process", alternate(sides, runs=runs))]
    sides = {"weft train": Side(lambda: started("users"), lambda _: scored("users")), PEER: theirs}
    return [*records, ratios(f"{name}, `weft train` with its scores and page", alternate(sides, runs=runs))]


def _unpack(packed: str, plain: Path) -> None:
    """Write the rows as plain JSON Lines, so that neither side unpacks."""
    with written(plain) as file:
        for row in open_table(packed):
            file.write(json.dumps({name: row.values[name] for name in ("text", "label")}, ensure_ascii=False) + "\n")
