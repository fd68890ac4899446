"""Blocks of training steps of weft and its peers on the same tokens; started by `training.py`."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from measure import Side, alternate, data_file, profiled, ratios
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_
from torch.nn.utils.rnn import pad_sequence
from torch.utils.flop_counter import FlopCounterMode

from weft.config import validated
from weft.data.examples.documents import Document
from weft.data.examples.source_target import SourceTarget
from weft.data.loader import plan
from weft.data.sources import open_table
from weft.decoding.token_loss import token_loss
from weft.run import RunConfig, suited
from weft.training import loop, optim
from weft.training.loop import Job
from weft.training.settings import precision_for, rows_for
from weft.training.sparse import divide_and_clip

CPU = torch.device("cpu")
TRANSLATOR = {
    "kind": "seq2seq",
    "source": "de",
    "target": "en",
    "tokenizer": {"kind": "bpe", "size": 6000, "normalize": {"unicode": "NFKC", "case": "lower"}},
}
GPT = {
    "kind": "language_model",
    "text": "text",
    "unit": "stream",
    "tokenizer": {"kind": "char"},
    "context": 64,
    "decoder": {
        "kind": "gpt",
        "width": 128,
        "layers": 4,
        "heads": 4,
        "feed_forward": 512,
        "dropout": 0.2,
        "positions": "learned",
        "norm": "layer",
        "max_length": 64,
    },
}
TITLES = {"plain": "Marian, plain", "fair": "Marian, our loop", "joeynmt": "JoeyNMT"}


@dataclass(frozen=True, slots=True)
class Ours:
    """weft's own loop on some batches, one step after another, over and over."""

    job: Job
    state: Any
    batches: Sequence[np.ndarray]

    @classmethod
    def of(cls, config: RunConfig, examples: Sequence[Any], *, steps: int) -> Ours:
        """Learn, encode and build as a run does, and take the first batches of its plan."""
        task: Any = config.task.learn(examples)
        columns = task.encode(examples)
        torch.manual_seed(config.seed)
        job = Job(
            task=task,
            model=task.build_model(),
            columns=columns,
            dev_columns=columns,
            dev_examples=[],
            config=config.training,
            seed=config.seed,
            device=CPU,
            precision=precision_for([config.task.decoder], CPU),
        )
        batches = plan(
            columns.cost_R,
            batch_rows=rows_for(config.training.batch_rows, rows=len(columns)),
            batch_tokens=config.training.batch_tokens,
            seed=0,
            epoch=0,
            order_R=columns.shape_R,
        )
        return cls(job, loop._start(job), batches[:steps])

    def block(self) -> None:
        """One pass over the batches."""
        for rows in self.batches:
            loop._step(self.job, self.state, rows, 0.5)
            self.state.progress.step += 1


def translator(sides: Sequence[str], *, steps: int, runs: int, profile: bool) -> list[dict[str, Any]]:
    """The translator beside each peer; returns the records."""
    folder = Path(os.environ["WEFT_DATA"]) / "multi30k"
    file = data_file(folder, "train")
    config = suited(validated(RunConfig, {"data": {"train": file}, "task": TRANSLATOR}))
    pairs = [SourceTarget(row.values["de"], (row.values["en"],)) for row in open_table(file)]
    ours = Ours.of(config, pairs, steps=steps)
    target = ours.job.columns.ragged["target"]
    rows = np.concatenate(ours.batches)
    tokens = int(target.lengths_R[rows].sum())
    blocks = {"plain": _plain, "fair": _fair, "joeynmt": _joeynmt}
    named = {"weft": ours.block, **{TITLES[one]: blocks[one](ours) for one in sides}}
    title = f"translator, {steps} steps, {len(rows):,} pairs, {ours.job.precision}"
    return _told(title, named, tokens, runs=runs, profile=profile)


def nano(*, steps: int, runs: int, profile: bool) -> list[dict[str, Any]]:
    """Our GPT beside a plain one of nanoGPT's shape; returns the records."""
    from peers.nano_gpt import NanoGpt

    table = open_table(str(next((Path(os.environ["WEFT_DATA"]) / "tinyshakespeare").glob("input.txt*"))))
    text = "\n".join(row.values["text"] for row in table)
    settings = {"batch_rows": 12, "epochs": 1}
    config = suited(validated(RunConfig, {"data": {"train": "-"}, "task": GPT, "training": settings}))
    ours = Ours.of(config, [Document(text)], steps=steps)
    vocabulary = ours.job.task.end + 1
    ids = torch.from_numpy(ours.job.columns.ragged["text"].values[:, 0].astype(np.int64))
    model = NanoGpt(vocabulary, layers=4, width=128, heads=4, context=64, dropout=0.2)
    decayed = [one for one in model.parameters() if one.ndim > 1]
    others = [one for one in model.parameters() if one.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.99))

    def block() -> None:
        model.train()
        for _ in range(steps):
            first = torch.randint(len(ids) - 65, (12,))
            read = torch.stack([ids[place : place + 64] for place in first.tolist()])
            told = torch.stack([ids[place + 1 : place + 65] for place in first.tolist()])
            loss = nn.functional.cross_entropy(model(read).view(-1, vocabulary), told.view(-1))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()

    title = f"GPT of nanoGPT's size, {steps} steps, dropout 0.2, {ours.job.precision}"
    return _told(title, {"weft": ours.block, "plain nanoGPT": block}, steps * 12 * 64, runs=runs, profile=profile)


def _told(
    title: str, named: dict[str, Callable[[], None]], tokens: int, *, runs: int, profile: bool
) -> list[dict[str, Any]]:
    """All sides in turn, after a block each to warm up; ours beside each of the others, and the share of the GEMM."""
    for block in named.values():
        block()
    taken = alternate({name: Side(block) for name, block in named.items()}, runs=runs)
    records = []
    for name in list(named)[1:]:
        pair = {"weft": taken["weft"], name: taken[name]}
        records.append(ratios(title, pair, work=tokens, unit="target tokens"))
    with FlopCounterMode(display=False) as counter:
        named["weft"]()
    peak = _gemm()
    share = counter.get_total_flops() / taken["weft"].middle("cpu") / peak
    print(f"  weft reaches {share:.1%} of the {peak / 1e9:,.0f} billion operations a CPU second of a matrix product\n")
    if profile:
        profiled(named["weft"])
    return [{**record, "gemm_share": share, "gemm_rate": peak} for record in records]


def _gemm() -> float:
    """Operations a CPU second of large matrix products."""
    one, other = torch.randn(1024, 1024), torch.randn(1024, 1024)
    best = float("inf")
    for _ in range(7):
        started = time.process_time()
        one @ other
        best = min(best, time.process_time() - started)
    return 2 * 1024**3 / best


def _pairs(ours: Ours) -> tuple[list[Tensor], list[Tensor]]:
    """The ids of the pairs of a block: sources, and targets with their end."""
    columns, rows = ours.job.columns, np.concatenate(ours.batches).tolist()
    return tuple(  # ty: ignore
        [
            torch.from_numpy(side.values[side.offsets_R1[row] : side.offsets_R1[row + 1], 0].astype(np.int64))
            for row in rows
        ]
        for side in (columns.ragged["source"], columns.ragged["target"])
    )


def _plain(ours: Ours) -> Callable[[], None]:
    from peers.huggingface import fresh_marian

    model = fresh_marian(ours.job.model, dropout=ours.job.task.config.decoder.dropout)

    def loss(source: Tensor, begun: Tensor, target: Tensor) -> Tensor:
        mask = (source > 0).long()
        scores = model(input_ids=source, attention_mask=mask, decoder_input_ids=begun).logits
        return nn.functional.cross_entropy(scores.flatten(0, 1), target.flatten(), ignore_index=0, label_smoothing=0.1)

    return _plain_loop(ours, model, loss)


def _joeynmt(ours: Ours) -> Callable[[], None]:
    from peers.joey import fresh_joey

    return _plain_loop(ours, *fresh_joey(ours.job.model, dropout=ours.job.task.config.decoder.dropout))


def _plain_loop(
    ours: Ours, model: nn.Module, loss_of: Callable[[Tensor, Tensor, Tensor], Tensor]
) -> Callable[[], None]:
    """Batches drawn at random, padded row by row, float32, torch's own AdamW and loss."""
    sources, targets = _pairs(ours)
    end, steps = ours.job.task.end, len(ours.batches)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.98))

    def block() -> None:
        model.train()
        for rows in torch.randperm(len(sources)).chunk(steps):
            source = pad_sequence([sources[row] for row in rows.tolist()], batch_first=True)
            target = pad_sequence([targets[row] for row in rows.tolist()], batch_first=True)
            begun = torch.cat([target.new_full((len(target), 1), end), target[:, :-1]], 1)
            loss = loss_of(source, begun, target)
            optimizer.zero_grad()
            loss.backward()
            clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()

    return block


def _fair(ours: Ours) -> Callable[[], None]:
    """Their model with all else ours: batches, loss, clipping, optimiser, precision."""
    from peers.huggingface import fresh_marian

    task, config = ours.job.task, ours.job.config
    model = fresh_marian(ours.job.model, dropout=task.config.decoder.dropout)
    optimizers = optim.build(model, config.optimizer, table_rate=config.table_rate)
    parameters = [one for one in model.parameters() if one.requires_grad]

    def block() -> None:
        model.train()
        for rows in ours.batches:
            batch = task.collate(ours.job.columns, rows)
            with torch.autocast("cpu", torch.bfloat16, enabled=ours.job.precision == "bfloat16"):
                states = model.model(
                    input_ids=batch.source.ids_BS,
                    attention_mask=batch.source.mask_BS.long(),
                    decoder_input_ids=batch.target_BT[:, :-1],
                ).last_hidden_state
                scores = model.lm_head(states[batch.mask_BT]) + model.final_logits_bias
                loss = token_loss(scores, batch.target_BT[:, 1:][batch.mask_BT], smoothing=0.1)
            loss.backward()
            divide_and_clip(parameters, batch.mask_BT.sum().float(), largest=config.clip)
            for optimizer in optimizers:
                optimizer.step()
                optimizer.zero_grad()

    return block
