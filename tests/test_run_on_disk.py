"""Rows and columns in files change nothing: the same weights, scores and answers as in memory, resumed ones too."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import weft
from weft import store
from weft.config import overridden, validated
from weft.data.columns import encode_rows
from weft.data.examples.labelled import LabelledText
from weft.dataset import read
from weft.errors import Interrupted
from weft.files import read_json
from weft.store import Rows
from weft.tasks.classification import ClassificationConfig
from weft.training.reports import StepReport

from .test_run import after, lines, weights

ROWS = [
    {"text": f"{text}{number}", "second": f"{number % 5} 元", "label": label, "target": f"{number} is {label}"}
    for number in range(24)
    for text, label in (("味道很好，还会再来", "good"), ("cold and late ", "bad"), ("太慢了", "bad"))
]
RUNS = {
    "bag": ("task.encoder=bag",),
    "cnn": ("task.encoder.width=8", "task.encoder.maps=8"),
    "windows": (
        "task.encoder=gru",
        "task.encoder.width=8",
        "task.encoder.hidden=8",
        "task.max_length=8",
        "task.long=windows",
    ),
    "pairs": ("task.encoder=bag", "task.text=text,second"),
    "pairs in order": ("task.encoder.width=8", "task.encoder.maps=8", "task.text=text,second"),
    "several labels": ("task.kind=multilabel", "task.label_separator=a", "task.encoder=bag", "task.label=label"),
    "seq2seq": (
        *("task.kind=seq2seq", "task.source=text", "task.target=target", "task.decoder.kind=gru"),
        *("task.decoder.width=8", "task.decoder.hidden=8", "task.tokenizer={kind: bpe, size: 60}"),
    ),
    "language model": (
        *("task.kind=language_model", "task.text=text", "task.context=8", "task.decoder.kind=gru"),
        *("task.decoder.width=8", "task.decoder.hidden=8"),
    ),
}
FEW = ("data.train=rows.jsonl", "device=cpu", "training.epochs=2", "training.batch_rows=8", "training.report_every=1")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS)
    Path("rows.jsonl").write_text(text, encoding="utf-8")
    monkeypatch.setattr(store, "_PART_ROWS", 7)


def config(*settings: str) -> weft.RunConfig:
    guessed = () if any("kind" in one for one in settings) else ("task.label=label",)
    texts = () if any("task.text" in one for one in settings) else ("task.text=text",)
    texts = () if any("seq2seq" in one for one in settings) else texts
    return validated(weft.RunConfig, overridden({}, [*FEW, *guessed, *texts, *settings]))


def run(folder: str, *settings: str, **options: Any) -> list[float]:
    """Train; the loss of each step."""
    told = list(weft.train(config(*settings), folder, **options))
    return [report.loss for report in told if isinstance(report, StepReport)]


def scores(folder: str) -> dict[str, Any]:
    found = read_json(Path(folder, "scores.json"))
    return {name: value for name, value in found.items() if name not in ("speed", "train_seconds", "size_bytes")}


def notes(folder: str) -> list[str]:
    return [line["text"] for line in lines(f"{folder}/reports.jsonl") if line["kind"] == "note"]


@pytest.mark.parametrize("name", RUNS)
def test_on_disk_as_in_memory(name: str, monkeypatch: pytest.MonkeyPatch):
    losses = run("memory", *RUNS[name])
    monkeypatch.setattr(store, "BEYOND", 0)
    examples = read(config(*RUNS[name]).data, config(*RUNS[name]).task, seed=0)
    assert isinstance(examples.train, Rows)
    assert run("disk", *RUNS[name]) == losses
    assert weights("disk") == weights("memory")
    assert scores("disk") == scores("memory")
    assert notes("disk") == notes("memory")
    assert Path("disk/answers.jsonl").read_bytes() == Path("memory/answers.jsonl").read_bytes()
    for learned in filter(Path.is_file, Path("memory/task").rglob("*")):
        assert Path("disk", learned.relative_to("memory")).read_bytes() == learned.read_bytes()


@pytest.mark.parametrize("name", ["bag", "cnn"])
def test_a_run_is_gone_on_with_on_disk_and_in_memory(name: str, monkeypatch: pytest.MonkeyPatch):
    run("whole", *RUNS[name])
    monkeypatch.setattr(store, "BEYOND", 0)
    with pytest.raises(Interrupted):
        run("halves", *RUNS[name], stop=after(5))
    run("halves", *RUNS[name], resume=True)
    assert weights("halves") == weights("whole")
    with pytest.raises(Interrupted):
        run("moved", *RUNS[name], stop=after(5))
    monkeypatch.setattr(store, "BEYOND", 1 << 20)
    run("moved", *RUNS[name], resume=True)
    assert weights("moved") == weights("whole")


def test_words_with_letters_are_numbered_through_all_parts(monkeypatch: pytest.MonkeyPatch):
    examples = [LabelledText(row["text"], row["label"], second=row["second"]) for row in ROWS]
    tokenizer = {"kind": "mixed", "views": ("letters",)}
    task = validated(ClassificationConfig, {"encoder": {"width": 8, "maps": 8}, "tokenizer": tokenizer}).learn(examples)
    whole = task.encode(examples)
    monkeypatch.setattr(store, "BEYOND", 0)
    parts = encode_rows(task.encode, store.kept(examples))
    assert len(parts) == len(whole)
    for rows in (np.arange(6), np.arange(len(whole))[::-5]):
        one, other = task.collate(parts, rows).source, task.collate(whole, rows).source
        for mine, theirs in ((one.first, other.first), (one.second, other.second)):
            assert mine.ids_BS.tolist() == theirs.ids_BS.tolist()
            assert spelled(mine) == spelled(theirs)


def spelled(tokens: weft.Tokens) -> list[list[list[int]]]:
    """The letters at each position."""
    ids, starts = tokens.letters.ids_N.tolist(), [*tokens.letters.starts_B.tolist(), None]
    return [[ids[starts[word] : starts[word + 1]] for word in row] for row in tokens.views_BSW[..., -1].tolist()]
