"""What is fuzzed: for each kind of file that may come from anywhere, cases of it, and what reads them.

A case is a plain value that hypothesis draws; `attempt` writes it into a folder and reads it as a command would. It may
raise a WeftError and nothing else.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from hypothesis import strategies as st

import weft
from tests.pretrained_folders import SIZE, write_model, write_writer
from weft.config import overridden, read_yaml, validated
from weft.dataset import read
from weft.errors import Interrupted
from weft.models.base import TokenSpec
from weft.models.pretrained import PretrainedEncoderConfig
from weft.models.pretrained_decoder import PretrainedDecoderConfig
from weft.run import RunConfig
from weft.run_folder import seal
from weft.text.tokenizers.pretrained import PretrainedTokenizerConfig

ODD = ("", "好", "\0", "\x1b[31m", "\ud800", "[/b]", "../..", "/etc/passwd", "a" * 300, "NaN", "-1", "1e999", "=1+1")
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-3, 40)
    | st.sampled_from([10**9, 2**31, 2**63, 2**70, -(10**9), 0.5, 1e300, float("inf"), float("nan")])
    | st.sampled_from(ODD)
    | st.text(max_size=8)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5) | st.sampled_from(ODD), inner, max_size=4)
    ),
    max_leaves=12,
)
DEEP = st.builds(
    lambda start, times, end: start * times + end * times,
    st.sampled_from(["[", '{"a":', "- "]),
    st.sampled_from([300, 5000, 100_000]),
    st.sampled_from(["", "]", "}"]),
)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030", "latin-1"])


@dataclass(frozen=True, slots=True)
class Target:
    """A kind of file: its cases, and what reads one of them in a folder of its own."""

    cases: st.SearchStrategy[Any]
    attempt: Callable[[Any, Path], object]


def encoded(text: str, encoding: str) -> bytes:
    return text.encode(encoding, "replace")


@st.composite
def mutated(draw: st.DrawFn, whole: Any) -> Any:
    """Draw a value in which up to three inner ones were replaced, renamed or removed."""
    outer = [json.loads(json.dumps(whole))]
    for _ in range(draw(st.integers(1, 3))):
        place, key = outer, 0
        while isinstance(inner := place[key], dict | list) and inner and draw(st.integers(0, 4)):
            place = inner
            key = draw(st.sampled_from(sorted(inner) if isinstance(inner, dict) else range(len(inner))))
        how = draw(st.sampled_from(["replace", "replace", "replace", "remove", "rename", "repeat"]))
        if how == "remove" and place is not outer:
            del place[key]
        elif how == "rename" and isinstance(place, dict):
            place[draw(st.text(max_size=6))] = place.pop(key)
        elif how == "repeat" and isinstance(place[key], list):
            place[key] = place[key] * draw(st.integers(2, 50))
        else:
            place[key] = draw(VALUES)
    return outer[0]


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """Draw bytes of a file in which some were changed, cut out or put in."""
    found = bytearray(whole)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, max(len(found) - 1, 0)))
        some = draw(st.binary(max_size=6) | st.sampled_from([b"\xff" * 8, b"\0" * 8, b"\xff\xff\xff\x7f"]))
        end = at + draw(st.sampled_from([0, 1, len(some), 20, len(found)]))
        found[at:end] = some
    return bytes(found)


def json_text(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def json_lines(values: Sequence[Any]) -> bytes:
    return b"\n".join(map(json_text, values))


# tables

WORDS = (
    "good",
    "bad",
    "好",
    "差",
    " ",
    "",
    "\ufeff",
    "\0",
    "\x85",
    "\u2028",
    "[news]",
    "=1",
    "0",
    "1.0",
    "__label__a ",
)
SEPARATORS = (",", "\t", ";", "|", '"', '""', "\n", "\n", "\n", "\r\n", "\r", "text", "label", "text,label\n")
ROWS = [f"{text} {number},{label}" for number in range(8) for text, label in (("很好", "pos"), ("bad", "neg"))]
TABLE_TEXT = st.lists(st.sampled_from(WORDS + SEPARATORS), max_size=60).map("".join)
TABLE = st.one_of(
    st.builds(encoded, TABLE_TEXT, ENCODINGS),
    st.builds(encoded, TABLE_TEXT.map("text,label\ngood,a\n差,b\n".__add__), ENCODINGS),
    damaged('text,label\n很好,a\n"bad, and late",b\n'.encode() * 5),
    st.binary(max_size=60),
)
OBJECTS = ({"text": "很好", "label": "a"}, {"text": "bad", "label": "b", "more": [1, {"x": None}]})
LINES = st.one_of(
    st.lists(st.sampled_from(OBJECTS).flatmap(mutated) | VALUES, max_size=8).map(
        lambda rows: b"\n".join(map(json_text, rows))
    ),
    damaged(json_lines(OBJECTS * 4)),
    DEEP.map(str.encode),
)
ANSWER = {"text": "李明", "answer_start": 0}
QAS = [{"id": "1", "question": "谁？", "answers": [ANSWER]}, {"question": "?", "answers": []}]
PARAGRAPH = {"context": "李明住在上海。", "qas": QAS * 3}
NESTED = {"version": "1", "data": [{"title": "t", "paragraphs": [PARAGRAPH] * 2}] * 3}
SQUAD = mutated(NESTED).map(json_text) | damaged(json_text(NESTED)) | DEEP.map('{"data": '.__add__).map(str.encode)


UNITS = [
    f"<tu><tuv xml:lang='en'><seg>good {n}</seg></tuv><tuv lang='zh'><seg>好{n}</seg></tuv></tu>" for n in range(12)
]
XML_WORDS = (
    "<tu>",
    "</tu>",
    "<seg>",
    "</seg>",
    "<ph>",
    "&amp;",
    "&a;",
    "<!ENTITY a 'b'>",
    "<!DOCTYPE tmx [",
    "]>",
    "好",
)
XML = st.one_of(
    damaged(f"<?xml version='1.0'?>\n<tmx><header srclang='zh'/>{''.join(UNITS)}</tmx>".encode()),
    st.lists(st.sampled_from(XML_WORDS + WORDS), max_size=60).map(
        lambda words: f"<tmx>{''.join(words)}</tmx>".encode()
    ),
    st.sampled_from([300, 100_000]).map(lambda times: ("<tu><seg>" * times).encode()),
)


def reads(name: str, *tasks: Mapping[str, Any]) -> Callable[[bytes, Path], object]:
    """Return what reads a file of this name for each of some tasks, bad rows skipped or not."""

    def attempt(content: bytes, folder: Path) -> object:
        (folder / name).write_bytes(content)
        refused = []
        for task in tasks:
            for on_bad_row in ("stop", "skip"):
                data = {"train": str(folder / name), "on_bad_row": on_bad_row}
                config = validated(RunConfig, {"data": data, "task": task})
                try:
                    read(config.data, config.task, seed=0)
                except weft.WeftError as error:
                    refused.append(error)
        if len(refused) == 2 * len(tasks):
            raise refused[-1]

    return attempt


@cache
def _parquet_files() -> list[bytes]:
    import pyarrow
    from pyarrow import parquet

    columns = {
        "text": [f"{text} {number}" for number in range(6) for text in ("很好", "bad")],
        "label": pyarrow.array(["a", "b", "a"] * 4).dictionary_encode(),
        "number": [1, None, 3] * 4,
        "tags": [["x"], [], None] * 4,
        "share": [0.5, float("nan"), None] * 4,
    }
    found = []
    for compression in ("snappy", "zstd", "none"):
        sink = pyarrow.BufferOutputStream()
        parquet.write_table(pyarrow.table(columns), sink, compression=compression)
        found.append(sink.getvalue().to_pybytes())
    return found


# settings

SETTINGS = {
    "data": {"train": "评语.csv", "dev": None, "dev_share": 0.1, "encoding": "auto"},
    "task": {"kind": "classification", "text": "text", "encoder": {"kind": "cnn", "width": 8, "maps": 8}},
    "training": {"epochs": 2, "batch_rows": 8, "optimizer": {"kind": "adamw", "learning_rate": 0.01}, "ema": None},
    "seed": 0,
}
YAML_WORDS = [*"a~=[]{}|>'#", "&x", "*x", "...", "1e3", ".inf", "0x", "2024-13-01", "好", "task", "data", "kind"]
YAML_WORDS += [": ", "- ", "? ", "\n", "\n", "\t", "  ", '"', "<<: ", "%YAML 1.1\n", "---\n"]
YAML_WORDS += ["!!python/object:os.system ", "!!set ", "!!binary ", "!!timestamp "]
YAML = st.one_of(
    st.lists(st.sampled_from(YAML_WORDS), max_size=40).map("".join).map(lambda text: text.encode("utf-8")),
    mutated(SETTINGS).map(json_text),
    damaged(json_text(SETTINGS)),
    DEEP.map(str.encode),
)


def configure(content: bytes, folder: Path) -> object:
    (folder / "run.yaml").write_bytes(content)
    return validated(RunConfig, read_yaml(folder / "run.yaml"))


# pre-trained folders


@cache
def _pretrained(kind: str) -> Path:
    folder = Path(mkdtemp()) / kind
    write_model(folder, kind) if kind in ("bert", "modernbert", "distilbert") else write_writer(folder, kind)
    return folder


KINDS = ("bert", "modernbert", "distilbert", "gpt2", "marian", "t5", "llama")
CONFIG_FILES = (*["config.json"] * 3, "generation_config.json", "tokenizer_config.json", "tokenizer.json")


@st.composite
def pretrained_cases(draw: st.DrawFn, *, made: object) -> tuple[str, str, bytes]:
    kind, name = draw(st.sampled_from(KINDS)), draw(st.sampled_from((*CONFIG_FILES, "model.safetensors", "index")))
    if name == "index":
        weights = {"weight_map": {"a": "model.safetensors", "b": "model.safetensors"}}
        return kind, "model.safetensors.index.json", draw(mutated(weights).map(json_text))
    path = _pretrained(kind) / name
    whole = path.read_bytes() if path.is_file() else b"{}"
    if name == "model.safetensors":
        return kind, name, draw(damaged(whole[:2000])) + whole[2000:]
    return kind, name, draw(mutated(json.loads(whole)).map(json_text) | damaged(whole) | DEEP.map(str.encode))


def take_up(case: tuple[str, str, bytes], folder: Path) -> object:
    kind, name, content = case
    model = shutil.copytree(_pretrained(kind), folder / "模型")
    (model / name).write_bytes(content)
    if kind in ("gpt2", "llama"):
        part = PretrainedDecoderConfig(folder=str(model)).ready()
        built = part.build(5, memory_width=None)
    else:
        part = PretrainedEncoderConfig(folder=str(model)).ready()
        built = part.build(TokenSpec((min(SIZE, 20),)))
    part.start(built)
    tokenizer = PretrainedTokenizerConfig(folder=str(model)).learn([])
    return tokenizer.encode(["很好 good"])


# run folders

RUN = ("data.train=评语.csv", "task.encoder.width=8", "task.encoder.maps=8", "training.epochs=1", "device=cpu")


def _train(folder: Path, **options: Any) -> None:
    (folder.parent / "评语.csv").write_text("\n".join(["text,label", *ROWS]), encoding="utf-8")
    config = validated(RunConfig, overridden({}, [f"data.train={folder.parent / '评语.csv'}", *RUN[1:]]))
    for _ in weft.train(config, folder, **options):
        pass


@cache
def _runs() -> Path:
    folder = Path(mkdtemp())
    _train(folder / "done")
    try:
        _train(folder / "stopped", stop=lambda: 15)
    except Interrupted:
        return folder
    raise AssertionError("was to be stopped")


@st.composite
def run_cases(draw: st.DrawFn, *, made: object) -> tuple[str, str, bytes | str, bool]:
    state = draw(st.sampled_from(["done", "done", "stopped"]))
    files = sorted(str(file.relative_to(_runs() / state)) for file in (_runs() / state).rglob("*") if file.is_file())
    name = draw(st.sampled_from([one for one in files if not one.endswith(("page.html", "answers.jsonl"))]))
    whole = (_runs() / state / name).read_bytes()
    choices: list[st.SearchStrategy[bytes | str]] = [damaged(whole), DEEP.map(str.encode)]
    choices.append(st.sampled_from(["link", "folder", "nothing", "link out"]))
    if name.endswith(".json"):
        choices += [mutated(json.loads(whole)).map(json_text)] * 4
    return state, name, draw(st.one_of(choices)), draw(st.booleans())


def open_run(case: tuple[str, str, bytes | str, bool], folder: Path) -> object:
    state, name, change, sealed = case
    run = shutil.copytree(_runs() / state, folder / state)
    (run / name).unlink()
    if isinstance(change, bytes):
        (run / name).write_bytes(change)
    elif change == "folder":
        (run / name).mkdir()
    elif change.startswith("link"):
        (run / name).symlink_to("/etc/passwd" if change == "link out" else run / "page.html")
    if state == "stopped":
        (folder / "评语.csv").write_text("\n".join(["text,label", *ROWS]), encoding="utf-8")
        settings = read_yaml(run / "config.yaml") if (run / "config.yaml").is_file() else {}
        return list(weft.train(validated(RunConfig, settings), run, resume=True))
    if sealed and name != "bundle.json" and (run / "weights.safetensors").is_file():
        seal(run, version="0.1.0")
    return weft.load(run).answer(["很好", "bad"])


LABELLED: dict[str, Any] = {"kind": "classification"}
TARGETS: dict[str, Callable[[], Target]] = {
    "csv": lambda: Target(TABLE, reads("评语.csv", LABELLED)),
    "tsv": lambda: Target(TABLE, reads("评语.tsv", LABELLED, {"kind": "language_model"})),
    "txt": lambda: Target(TABLE, reads("评语.txt", LABELLED, {"kind": "multilabel"})),
    "jsonl": lambda: Target(LINES, reads("评语.jsonl", LABELLED, {"kind": "multiple_choice"}, {"kind": "seq2seq"})),
    "squad": lambda: Target(SQUAD, reads("问题.json", {"kind": "question_answering"})),
    "parquet": lambda: Target(st.sampled_from(_parquet_files()).flatmap(damaged), reads("评语.parquet", LABELLED)),
    "xml": lambda: Target(XML, reads("记忆.tmx", {"kind": "seq2seq"})),
    "yaml": lambda: Target(YAML, configure),
    "pretrained": lambda: Target(pretrained_cases(made=[_pretrained(kind) for kind in KINDS]), take_up),
    "run_folder": lambda: Target(run_cases(made=_runs()), open_run),
}
"""Every target by its name; made when it is asked for."""
