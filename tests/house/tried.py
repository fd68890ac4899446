"""Runs what a page shows, in its order, on small files of the names it uses; knows how long a test may take."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import pytest
from imports import ROOT
from shown import Block, commands

from tests.pretrained_folders import write_model, write_writer
from weft.cli.main import main
from weft.demo import priced_reviews, questions, reviews, translations

ROWS = 120
PRETRAINED = {
    "bert-base-chinese": write_model,
    "gpt2": partial(write_writer, kind="gpt2"),
    "t5-small": partial(write_writer, kind="t5"),
}
"""The folders of pre-trained models on the pages; here small ones of random weights."""

HEADS = {"question_answering": "span", "multiple_choice": "option"}
"""The tasks that answer questions, and the settings of their heads."""


def make_files(folder: Path) -> None:
    """Every file that a page names, small."""
    rows = reviews.rows
    for name, seed in (("reviews", 0), ("dev", 1), ("test", 2), ("new", 3)):
        reviews.write(folder / f"{name}.csv", size=ROWS, seed=seed)
    for name, seed in (("train", 0), ("dev", 1), ("test", 2)):
        lines = [json.dumps({"text": text, "label": label}) for text, label in rows(size=ROWS, seed=seed)]
        (folder / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    texts = [text for text, _ in rows(size=6, seed=4)]
    (folder / "texts.txt").write_text("\n".join(texts) + "\n", encoding="utf-8")
    reviews.write(folder / "few.csv", size=40, seed=7)
    (folder / "many.txt").write_text("\n".join(text for text, _ in rows(size=60, seed=8)) + "\n", encoding="utf-8")
    drawn = rows(size=ROWS, seed=5)
    _table(folder / "topics.csv", ("text", "labels"), ((text, f"{label}|all") for text, label in drawn))
    pairs = zip(drawn[::2], drawn[1::2], strict=True)
    same = ((one, other, "same" if first == second else "different") for (one, first), (other, second) in pairs)
    _table(folder / "pairs.csv", ("text_a", "text_b", "label"), same)
    for label in reviews.LABELS:
        (folder / "by-label" / label).mkdir(parents=True)
    for number, (text, label) in enumerate(rows(size=60, seed=6)):
        (folder / "by-label" / label / f"{number}.txt").write_text(text, encoding="utf-8")
    (folder / "words.txt").write_text("续航\n性价比\n", encoding="utf-8")
    segmented = [f"他 在 上海 {number} 年" for number in range(20)]
    (folder / "segmented.txt").write_text("\n".join(segmented) + "\n", encoding="utf-8")
    stars = ((text, str(1 + 3 * (label == reviews.LABELS[0]) + place % 2)) for place, (text, label) in enumerate(drawn))
    _table(folder / "stars.csv", ("text", "stars"), stars)
    (folder / "quiet.txt").write_text("really\nreview\n", encoding="utf-8")
    (folder / "vectors.txt").write_text("".join(f"{word} {' '.join(['0.1'] * 8)}\n" for word in ("the", "is", "很")))
    priced_reviews.write(folder / "priced.csv", size=ROWS)
    questions.write(folder / "questions.jsonl", questions.demo_questions(ROWS, seed=0))
    turns = [[{"role": "user", "content": text}, {"role": "assistant", "content": label}] for text, label in drawn]
    chat = "".join(json.dumps({"messages": pair}, ensure_ascii=False) + "\n" for pair in turns)
    (folder / "chat.jsonl").write_text(chat, encoding="utf-8")
    (folder / "passage.txt").write_text("Anna lives in Oslo.\n李明住在上海。\n", encoding="utf-8")
    _make_pairs(folder)


def _make_pairs(folder: Path) -> None:
    """Pairs in one file and in two, a text to go on with, and what two systems made of the same sentences."""
    for name, seed in (("pairs", 0), ("pairs_test", 1)):
        translations.write(folder / f"{name}.jsonl", translations.demo_pairs(ROWS, seed=seed))
    made = translations.demo_pairs(4 * ROWS, seed=2)
    english, chinese = [one.english for one in made], [one.chinese for one in made]
    lines = {
        "train.en": english[:ROWS],
        "train.zh": chinese[:ROWS],
        "novel.txt": english,
        "references.txt": chinese[:ROWS],
        "hypotheses.txt": [line[1:] for line in chinese[:ROWS]],
        "other.txt": [line[3:] for line in chinese[:ROWS]],
    }
    for name, texts in lines.items():
        (folder / name).write_text("\n".join(texts) + "\n", encoding="utf-8")


def run(blocks: Sequence[Block], folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Run the commands and the Python of some blocks in a folder; returns the verbs of weft that ran.

    A block of YAML begins with `# NAME.yaml` and is that file, which is there from the start.
    """
    monkeypatch.chdir(folder)
    for block in blocks:
        if block.language == "yaml":
            first, _, _ = block.code.partition("\n")
            (folder / first.removeprefix("# ").strip()).write_text(block.code, encoding="utf-8")
    ran = []
    for block in blocks:
        if block.language == "python":
            exec(compile(block.code, "a python block", "exec", dont_inherit=True), {"__name__": "shown"})
        elif block.language == "bash":
            ran += [verb for words in commands([block]) if (verb := _one(words, folder, monkeypatch))]
    return ran


def _one(words: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> str | None:
    if words[:2] == ["cat", "texts.txt"]:
        monkeypatch.setattr(sys, "stdin", (folder / "texts.txt").open(encoding="utf-8"))
    if words[0] == "python":
        subprocess.run([sys.executable, ROOT / words[1], *words[2:]], check=True)
    if words[0] != "weft" or words[1] == "demo":
        return None
    for name, write in PRETRAINED.items():
        if f":./{name}" in " ".join(words) and not (folder / name).exists():
            write(folder / name)  # when it is first named: it takes seconds to import what makes it
    smaller = _smaller(words)
    if smaller and "--resume" not in words:
        shutil.rmtree(_output(words), ignore_errors=True)
    monkeypatch.setattr(sys, "argv", [*words, *smaller])
    main()
    return words[1]


def _smaller(words: list[str]) -> list[str]:
    """What is added to a verb that trains, so that it takes a second and not minutes."""
    if words[1] == "distil":
        return ["--set=training.epochs=1"]
    if words[1] not in ("train", "pretrain", "compare"):
        return []
    if {"--sound", "--target"} <= set(words):
        return [f"--set={setting}" for setting in ("training.epochs=1", "task.sound.encoder.hidden=8")]
    if "autoencoder" in words:
        return [f"--set={setting}" for setting in ("training.epochs=1", "task.image.encoder.width=8")]
    small = ["training.epochs=1"]
    asks = [head for task, head in HEADS.items() if task in words]
    reads = asks or not {"tagging", "similarity", "retrieval"}.isdisjoint(words)
    writes = not {"--task", "--source", "--target", "clm"}.isdisjoint(words) and not reads
    if writes and "pretrained:" not in " ".join(words):
        small.append("task.decoder.width=8")
    if (not writes or "--encoder" in words) and "pretrained:" not in " ".join(words) and "--budget" not in words:
        small.append("task.encoder.width=8")
    if not {"language_model", "clm"}.isdisjoint(words):
        small.append("task.context=32")  # as long as what it writes
    for head in asks:
        small += ["task.encoder.hidden=8", f"task.{head}.hidden=8"]
    return [*(f"--set={setting}" for setting in small), *["--repeats=1"] * (words[1] == "compare")]


def _output(words: list[str]) -> str:
    """The folder that a verb which trains writes: another page may have shown it before."""
    if "--output" in words:
        return words[words.index("--output") + 1]
    return f"runs/{'compare-' if words[1] == 'compare' else ''}{Path(words[2]).name.split('.')[0]}"


def _table(path: Path, header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
