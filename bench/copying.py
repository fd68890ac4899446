"""Copying: descriptions of restaurants (e2e_nlg), with their names and with made-up names that are new in the test.

WEFT_DATA=... python bench/copying.py FOLDER [--rows 18000] [--only plain new delexicalised] [--set training.epochs=10]

Five models learn from the same rows: with copying and without from the names as they are (`plain`), without from
placeholders that are filled in again in what is written (`delexicalised`), and with and without from rows in which each
name is one of 3,000 that this script makes up of syllables (`new`): none of them, and no made-up word of one, stands in
the test part. Printed are BLEU with its interval, and the share of the names of the test part that are written letter
for letter.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from measure import data_file

import weft
from weft.config import overridden, validated
from weft.data.sources import open_table
from weft.experiments.self_training import train
from weft.metrics.overlap import overlap
from weft.metrics.systems import intervals
from weft.run import RunConfig

Row = tuple[str, str]
SLOT = re.compile(r"\b(name|near)\[([^\]]*)\]")
ONSETS = (
    "b",
    "br",
    "d",
    "dr",
    "f",
    "g",
    "gr",
    "h",
    "k",
    "kl",
    "l",
    "m",
    "n",
    "p",
    "pr",
    "r",
    "s",
    "st",
    "t",
    "tr",
    "v",
    "z",
)
VOWELS = ("a", "e", "i", "o", "u", "ai", "ea", "ou")
CODAS = ("", "", "", "l", "n", "r", "s", "th", "ck", "m")
FORMS = ("{}", "The {}", "{} House", "{} {}", "Café {}", "The {} Inn")


def made_up_names(count: int, *, seed: int) -> list[str]:
    """Make up so many names that have no made-up word in common, such as `The Drousten Inn`."""
    draw, words, names = random.Random(seed), set[str](), []
    while len(names) < count:
        form = draw.choice(FORMS)
        new = [
            "".join(
                draw.choice(ONSETS) + draw.choice(VOWELS) + draw.choice(CODAS) for _ in range(draw.choice((2, 2, 3)))
            )
            for _ in range(form.count("{}"))
        ]
        if words.isdisjoint(new) and len({*new}) == len(new):
            words.update(new)
            names.append(form.format(*(word.capitalize() for word in new)))
    return names


def rows_of(part: str) -> list[Row]:
    """The rows of a part of e2e_nlg whose text has the names of its data: what lacks one cannot be renamed."""
    table = open_table(data_file(Path(os.environ["WEFT_DATA"]) / "e2e_nlg", part))
    rows = [(str(row.values["mr"]), str(row.values["ref"])) for row in table]
    return [(data, text) for data, text in rows if all(name in text for _, name in SLOT.findall(data))]


def renamed(rows: Sequence[Row], name: Callable[[str, str, int], str]) -> Iterator[Row]:
    """Yield rows with other names: `name` is asked for the slot, the old name and a number of its description."""
    for number, (_, group) in enumerate(groupby(rows, key=lambda row: row[0])):
        for data, text in group:
            for slot, old in SLOT.findall(data):
                new = name(slot, old, number)
                data, text = data.replace(f"{slot}[{old}]", f"{slot}[{new}]"), text.replace(old, new)
            yield data, text


def drawn(names: Sequence[str]) -> Callable[[str, str, int], str]:
    """Draw one of some names for each description, another one for `near` than for `name`."""

    def name(slot: str, old: str, number: int) -> str:  # noqa: ARG001
        return names[(2 * number + (slot == "near")) % len(names)]

    return name


def placeholder(slot: str, old: str, number: int) -> str:  # noqa: ARG001
    """A word that stands for any name."""
    return f"X{slot}"


def write(path: Path, rows: Sequence[Row]) -> None:
    """Write rows as JSON Lines."""
    lines = (json.dumps({"mr": data, "ref": text}, ensure_ascii=False) for data, text in rows)
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")


def trained(folder: Path, overrides: Sequence[str]) -> weft.Model:
    """Train with the defaults and some settings, unless that is done."""
    run = folder.with_name(f"run-{folder.name}")
    if not (run / "scores.json").is_file():
        plain = {
            "data": {"train": str(folder / "train.jsonl"), "dev": str(folder / "dev.jsonl")},
            "task": {"kind": "seq2seq", "source": "mr", "target": "ref", "references": "all"},
        }
        for _ in train(validated(RunConfig, overridden(plain, overrides)), run, resume=run.exists()):
            pass
    return weft.load(run)


def score(model: weft.Model, asked: Sequence[Row], wanted: Sequence[Row]) -> str:
    """Answer each description, its names filled in where they are placeholders, and score what was written."""
    given = list(dict.fromkeys(zip((data for data, _ in asked), (data for data, _ in wanted), strict=True)))
    references: dict[str, list[str]] = {}
    for data, text in wanted:
        references.setdefault(data, []).append(text)
    answers = model.answer([data for data, _ in given])
    texts, names, right = [], 0, 0
    for (_, true), answer in zip(given, answers, strict=True):
        text = answer.text
        for slot, name in SLOT.findall(true):
            text = text.replace(f"X{slot}", name)
            names, right = names + 1, right + (name in text)
        texts.append(text)
    bleu = intervals({"bleu": overlap(texts, [references[true] for _, true in given])["bleu"]})["bleu"]
    return f"BLEU {bleu.value:.1f} ({bleu.low:.1f} to {bleu.high:.1f}), {right / names:.1%} of {names:,} names right"


def main() -> None:
    """Train and score what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=18_000)
    parser.add_argument("--only", nargs="+", default=["plain", "new", "delexicalised"])
    parser.add_argument("--copying", nargs="+", default=["auto", "no"])
    parser.add_argument("--set", nargs="+", default=[], dest="overrides")
    given = parser.parse_args()
    parts = {part: rows_of(part) for part in ("train", "dev", "test")}
    random.Random(0).shuffle(parts["train"])
    parts["train"] = parts["train"][: given.rows]
    parts["dev"] = parts["dev"][: 60 + given.rows // 20]  # the rows of a description stand together
    names = made_up_names(3_600, seed=0)
    pools = {"train": names[:3_000], "dev": names[3_000:3_300], "test": names[3_300:]}
    for kind in given.only:
        made = {
            "plain": parts,
            "new": {part: [*renamed(rows, drawn(pools[part]))] for part, rows in parts.items()},
            "delexicalised": {part: [*renamed(rows, placeholder)] for part, rows in parts.items()},
        }[kind]
        wanted = parts["test"] if kind == "delexicalised" else made["test"]
        for copying in ["no"] if kind == "delexicalised" else given.copying:
            folder = given.folder / f"{kind}-{copying}"
            folder.mkdir(parents=True, exist_ok=True)
            for part, rows in made.items():
                write(folder / f"{part}.jsonl", rows)
            model = trained(folder, [*given.overrides, f"task.decoder.copying={copying}"])
            print(f"{kind}, copying {copying}: {score(model, made['test'], wanted)}", flush=True)


if __name__ == "__main__":
    main()
