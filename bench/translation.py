"""Sentences of Multi30k through one trained model on all sides; started by `decoding.py`."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from measure import Side, Taken, alternate, data_file, profiled, ratios

from weft import bundle
from weft.config import validated
from weft.data.columns import Columns
from weft.data.loader import cut
from weft.data.sources import open_table
from weft.decoding.choices import Beam, Greedy
from weft.experiments.self_training import train
from weft.models.int8 import in_int8
from weft.run import RunConfig

EPOCHS = {"transformer": 6, "lstm": 6}
TRIED_ROWS = (32, 64, 128, 256, 512)
TRIED = 200
"""Rows on which layouts are tried."""
Ids = list[list[int]]


@dataclass(frozen=True, slots=True)
class Layout:
    """Rows of a batch, and how many workers of how many threads each share the batches."""

    rows: int
    workers: int
    threads: int

    def __str__(self) -> str:
        return f"batches of {self.rows}, {self.workers} x {self.threads} threads"


Run = Callable[[Layout, np.ndarray], Ids]
"""Answers some rows, by number and the longest first, in a layout."""


def translation(
    folder: Path | None,
    *,
    kind: str,
    beams: Sequence[int],
    precisions: Sequence[str],
    rows: int,
    threads: int,
    runs: int,
    profile: bool,
) -> list[dict[str, Any]]:
    """Measure each search in each precision; returns the records."""
    data = Path(os.environ["WEFT_DATA"]) / "multi30k"
    model = bundle.load(_trained(folder, data, kind), device="cpu")
    table = open_table(data_file(data, "test_2016_flickr"))
    texts = [row.values[model.task.config.source] for row in table][:rows]
    columns = model.task.encode([model.task.config.example(text) for text in texts])
    records = []
    with tempfile.TemporaryDirectory() as scratch:
        peers = _Peers(model, columns, Path(scratch)) if kind == "transformer" else None
        for precision, size in product(precisions, beams):
            named: dict[str, Run] = {"weft": partial(ours, model, columns, precision, size)}
            named |= peers.runs(precision, size) if peers else {}
            if precision == "int8":
                named = {
                    "weft": named.pop("weft"),
                    "weft float32": partial(ours, model, columns, "float32", size),
                } | named
            records += _measured(f"beam {size}, {precision}", named, columns, threads=threads, runs=runs)
            if profile:
                profiled(lambda: named["weft"](Layout(256, 1, threads), np.argsort(-columns.cost_R)))  # noqa: B023
    return records


def _measured(
    title: str, named: Mapping[str, Run], columns: Columns, *, threads: int, runs: int
) -> list[dict[str, Any]]:
    """All sides in turn, each in its best layout; ours beside each of the others."""
    order = np.argsort(-columns.cost_R, kind="stable")
    layouts = {name: _best(run, order, threads) for name, run in named.items()}
    told = {name: run(layouts[name], order) for name, run in named.items()}
    tokens = sum(len(ids) + 1 for ids in told["weft"])

    def side(name: str) -> Side:
        same = sum(one == other for one, other in zip(told[name], told["weft"], strict=True)) / len(order)
        return Side(lambda: named[name](layouts[name], order), lambda _: same)

    for name, layout in layouts.items():
        print(f"  {name}: {layout}")
    taken: dict[str, Taken] = alternate({name: side(name) for name in named}, runs=runs)
    records = []
    for name in list(named)[1:] or ["weft"]:
        pair = {"weft": taken["weft"], name if name != "weft" else "weft again": taken[name]}
        record = ratios(title, pair, work=tokens, unit="tokens", scored="like weft's")
        records.append({**record, "layouts": {one: str(layouts[one]) for one in ("weft", name)}})
    return records


def _best(run: Run, order: np.ndarray, threads: int) -> Layout:
    """The fastest layout on some rows, of two looks at each."""
    some = order[:: max(1, len(order) // TRIED)]
    spread = {(1, threads), (threads, 1)}
    tried = [
        Layout(size, *one)
        for size in TRIED_ROWS
        for one in sorted(spread)
        if size <= max(TRIED_ROWS[0], len(order) // one[0])
    ]
    took: dict[Layout, float] = {}
    for layout in [*tried, *tried]:
        rows = order if layout.rows > len(some) // layout.workers else some
        started = time.perf_counter()
        run(layout, rows)
        pace = (time.perf_counter() - started) / len(rows)
        took[layout] = min(pace, took.get(layout, pace))
    return min(took, key=lambda one: took[one])


def shared(batches: Sequence[np.ndarray], work: Callable[[np.ndarray], Ids], layout: Layout) -> Ids:
    """The answers to all rows, in the order of their numbers among those of the batches."""

    def one(rows: np.ndarray) -> Ids:
        torch.set_num_threads(layout.threads)
        with torch.inference_mode():
            return work(rows)

    if layout.workers == 1:
        found = [one(rows) for rows in batches]
    else:
        with ThreadPoolExecutor(layout.workers) as pool:
            found = list(pool.map(one, batches))
    flat = [ids for batch in found for ids in batch]
    return [flat[place] for place in np.argsort(np.concatenate(batches)).tolist()]


_MODELS: dict[str, Any] = {}


def ours(model: bundle.Model, columns: Columns, precision: str, size: int, layout: Layout, rows: np.ndarray) -> Ids:
    """weft: its collate, its search, and its outputs."""
    if precision not in _MODELS:
        _MODELS[precision] = model.network if precision == "float32" else in_int8(model.network)
    task: Any = model.task.with_search(Greedy() if size == 1 else Beam(size))
    batches = cut(columns.cost_R, rows, batch_rows=layout.rows, batch_tokens=None)

    def work(some: np.ndarray) -> Ids:
        return [part.outputs[0].ids for part in task.predict(_MODELS[precision], task.collate(columns, some))]

    return shared(batches, work, layout)


class _Peers:
    """The same weights elsewhere, and the same rows as they read them."""

    def __init__(self, model: bundle.Model, columns: Columns, scratch: Path) -> None:
        self.model, self.scratch, self.task = model, scratch, model.task
        source = columns.ragged["source"]
        parts = np.split(source.values[:, 0], source.offsets_R1[1:-1])
        self.ids = [torch.from_numpy(one.astype(np.int64)) for one in parts]
        self.names = [[str(number) for number in one.tolist()] for one in parts]
        self.models: dict[str, Any] = {}
        self.translators: dict[tuple[str, int], Any] = {}
        if find_spec("transformers"):
            from peers.huggingface import as_pegasus, int8

            plain = as_pegasus(model.network)
            self.models = {"float32": plain, "int8": int8(plain)}
            self._compare()
        if find_spec("ctranslate2"):
            from peers.ctranslate import write

            write(model.network, scratch / "ctranslate2")

    def runs(self, precision: str, size: int) -> dict[str, Run]:
        """The peers that are here."""
        found: dict[str, Run] = {}
        if self.models:
            found["Hugging Face"] = partial(self._huggingface, precision, size)
        if find_spec("ctranslate2"):
            found["CTranslate2"] = partial(self._ctranslate, precision, size)
        return found

    def _huggingface(self, precision: str, size: int, layout: Layout, rows: np.ndarray) -> Ids:
        from peers.huggingface import generated

        def work(some: np.ndarray) -> Ids:
            ids = torch.nn.utils.rnn.pad_sequence([self.ids[row] for row in some.tolist()], batch_first=True)
            batch = (ids, (ids > 0).long())
            return generated(self.models[precision], [batch], beams=size, longest=self.task.longest)

        return shared(cut(np.ones(0), rows, batch_rows=layout.rows, batch_tokens=None), work, layout)

    def _ctranslate(self, precision: str, size: int, layout: Layout, rows: np.ndarray) -> Ids:
        from peers.ctranslate import open_translator, translated

        key = (precision, layout.workers)
        if key not in self.translators:
            self.translators[key] = open_translator(
                self.scratch / "ctranslate2", precision=precision, workers=layout.workers, threads=layout.threads
            )
        names = [self.names[row] for row in np.sort(rows).tolist()]
        return translated(self.translators[key], names, beams=size, longest=self.task.longest, batch_rows=layout.rows)

    @torch.inference_mode()
    def _compare(self) -> None:
        """Print how far the scores of Hugging Face's model are from ours. Raises AssertionError where they are not."""
        columns_ids = torch.nn.utils.rnn.pad_sequence(self.ids[:16], batch_first=True)
        network: Any = self.model.network
        from weft.data.batch import Tokens

        mask = columns_ids > 0
        begun = columns_ids.where(mask, torch.tensor(2)).roll(1, 1)
        mine = network.decoder.logits(network(Tokens(columns_ids, mask), begun))
        theirs = self.models["float32"](
            input_ids=columns_ids, attention_mask=mask.long(), decoder_input_ids=begun
        ).logits
        apart = float((mine - theirs)[..., 2:].abs().max())
        print(f"scores of weft and Hugging Face differ by at most {apart:.1e}\n")
        assert apart < 1e-3


def _trained(folder: Path | None, data: Path, kind: str) -> Path:
    """The folder of a trained model; where there is none yet it is trained."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "weft-bench"
    folder = folder or cache / f"multi30k-de-en-{kind}"
    if not (folder / "bundle.json").is_file():
        tokenizer = {"kind": "bpe", "size": 6000, "normalize": {"unicode": "NFKC", "case": "lower"}}
        task = {"kind": "seq2seq", "source": "de", "target": "en", "tokenizer": tokenizer, "decoder": {"kind": kind}}
        files = {"train": data_file(data, "train"), "dev": data_file(data, "val")}
        training = {"epochs": EPOCHS[kind], "evaluate_every": 10**9}
        print(f"training {folder} for {EPOCHS[kind]} epochs")
        for _ in train(validated(RunConfig, {"data": files, "task": task, "training": training}), folder):
            pass
    return folder
