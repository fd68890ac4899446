"""Captions from English to Chinese by weft and by a Marian of the same size, trained alike, in one run.

    WEFT_DATA=/data python bench/captions.py [--epochs 8] [--parts val,test] [--threads 2]

am3: 23,931 pairs to learn from, scored on `--parts`. Both sides have as many layers, widths and heads, the same ids
(English by subwords, Chinese by characters), the same batches in the same order and so the same number of steps, the
same loss, learning rate, schedule, clipping, dropout and average of weights, and the weights of the last step. Marian
(transformers) is trained in a plain loop: float32, torch's AdamW. It normalizes after each part and weft before it; its
embeddings are scaled as in the models that are published (`scale_embedding`).

Told are BLEU (`tok:zh`) and chrF, greedy and with a beam of 5 (score: mean log-probability of a token on both sides),
each with its 95% interval, and how probable the differences are by chance. Takes half an hour on one core;
pip install -c constraints.txt transformers.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Sequence
from copy import deepcopy
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from measure import data_file, machine
from torch import nn

from weft import bundle
from weft.config import validated
from weft.data.examples.source_target import SourceTarget, cleaned_pairs
from weft.data.loader import by_length, plan
from weft.data.sources import open_table
from weft.decoding.choices import Beam, Greedy
from weft.evaluation.evaluate import answer_columns
from weft.experiments.self_training import train
from weft.metrics.overlap import overlap
from weft.metrics.systems import CorpusScore, compare, intervals
from weft.run import RunConfig, suited
from weft.training.ema import Average
from weft.training.optim import rate

CPU = torch.device("cpu")
NEVER = -1e9


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--layers", type=int, default=3, help="of the encoder, and of the decoder")
    parser.add_argument("--rate", type=float, default=2e-3, help="the highest learning rate of both sides")
    parser.add_argument("--parts", default="val,test", help="what is scored")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--output", type=Path, help="the folder of weft's run; else it is not kept")
    parser.add_argument("--json", type=Path, help="also write every figure and every answer there")
    return parser.parse_args()


def settings(asked: argparse.Namespace, folder: Path) -> RunConfig:
    """What weft trains, as a file of settings would say it, but for the defaults."""
    decoder = {
        "kind": "transformer",
        "width": asked.width,
        "layers": asked.layers,
        "feed_forward": 2 * asked.width,
        "dropout": 0.1,
    }
    task = {
        "kind": "seq2seq",
        "source": "en",
        "target": "zh",
        "tokenizer": {"kind": "bpe", "size": 5000},
        "target_tokenizer": {"kind": "char"},
        "decoder": decoder,
    }
    training = {
        "epochs": asked.epochs,
        "batch_rows": 32,
        "evaluate_every": 10**9,
        "precision": "float32",
        "optimizer": {"kind": "adamw", "learning_rate": asked.rate, "betas": [0.9, 0.98]},
    }
    data = {"train": data_file(folder, "train"), "dev": data_file(folder, "val")}
    return suited(validated(RunConfig, {"data": data, "task": task, "training": training}))


def pairs(file: str) -> list[SourceTarget]:
    """The pairs of a part."""
    return [SourceTarget(row.values["en"], (row.values["zh"],)) for row in open_table(file)]


class Marian:
    """Hugging Face's model of the size of a model of ours, its training and its answers."""

    def __init__(self, model: bundle.Model, training: Any) -> None:
        from transformers import MarianConfig, MarianMTModel

        torch.manual_seed(0)
        self.task: Any = model.task
        self.training = training
        sizes, decoder = self.task.tokenizers, self.task.config.decoder
        end = sizes.target.sizes[0]
        config = MarianConfig(
            vocab_size=sizes.source.sizes[0] + 1,
            decoder_vocab_size=end + 1,
            share_encoder_decoder_embeddings=False,
            scale_embedding=True,
            d_model=decoder.width,
            max_position_embeddings=512,
            encoder_layers=decoder.layers,
            decoder_layers=decoder.layers,
            encoder_attention_heads=decoder.heads,
            decoder_attention_heads=decoder.heads,
            encoder_ffn_dim=decoder.feed_forward,
            decoder_ffn_dim=decoder.feed_forward,
            dropout=decoder.dropout,
            attention_dropout=decoder.dropout,
            activation_dropout=decoder.dropout,
            activation_function="gelu",
            pad_token_id=0,
            eos_token_id=end,
            decoder_start_token_id=end,
            forced_eos_token_id=None,
        )
        self.model: Any = MarianMTModel(config)

    def learn(self, examples: Sequence[SourceTarget]) -> int:
        """Train on pairs, and keep the average of the weights; returns the number of steps."""
        config, columns, total = self.training, self.task.encode(examples), 0
        optimizer = _adamw(self.model, config.optimizer)
        average = Average(self.model, decay=config.ema)
        self.model.train()
        for epoch in range(int(config.epochs)):
            batches = plan(
                columns.cost_R,
                batch_rows=config.batch_rows,
                batch_tokens=config.batch_tokens,
                seed=0,
                epoch=epoch,
                order_R=columns.shape_R,
            )
            mean = 0.0
            for place, rows in enumerate(batches):
                done = (epoch + (place + 0.5) / len(batches)) / config.epochs
                factor = rate(config.schedule, progress=done, warmup=config.warmup)
                for group in optimizer.param_groups:
                    group["lr"] = config.optimizer.learning_rate * factor
                loss = self._loss(self.task.collate(columns, rows))
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(self.model.parameters(), config.clip)
                average.catch_up(total)
                optimizer.step()
                total, mean = total + 1, mean + loss.item() / len(batches)
            print(f"  Marian: epoch {epoch + 1} of {config.epochs:.0f}, loss {mean:.3f}", flush=True)
        with average.in_place(total):
            self.model = deepcopy(self.model).eval()
        return total

    def _loss(self, batch: Any) -> torch.Tensor:
        scores = self.model(
            input_ids=batch.source.ids_BS,
            attention_mask=batch.source.mask_BS.long(),
            decoder_input_ids=batch.target_BT[:, :-1],
        ).logits
        smoothing = self.task.config.smoothing
        return nn.functional.cross_entropy(
            scores[batch.mask_BT], batch.target_BT[:, 1:][batch.mask_BT], label_smoothing=smoothing
        )

    def answers(self, examples: Sequence[SourceTarget], *, beams: int) -> list[str]:
        """What it writes for each source."""
        from peers.huggingface import generated

        self.model.generation_config.max_length = None
        self.model.final_logits_bias[:, :2] = NEVER  # neither padding nor the unknown, as with weft
        columns = self.task.encode(examples)
        order = by_length(columns.cost_R, batch_rows=64, batch_tokens=None)
        read = [self.task.collate(columns, rows).source for rows in order]
        batches = [(one.ids_BS, one.mask_BS.long()) for one in read]
        ids = generated(self.model, batches, beams=beams, longest=self.task.longest)
        texts = self.task.tokenizers.target.decode(ids)
        return [texts[place] for place in np.argsort(np.concatenate(order)).tolist()]


def _adamw(model: nn.Module, config: Any) -> torch.optim.Optimizer:
    weights = [one for one in model.parameters() if one.requires_grad]
    groups = [
        {"params": [one for one in weights if one.ndim > 1], "weight_decay": config.weight_decay},
        {"params": [one for one in weights if one.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=config.learning_rate, betas=config.betas)


def _trained(model: nn.Module) -> int:
    return sum(one.numel() for one in model.parameters() if one.requires_grad)


def told(title: str, texts: dict[str, list[str]], examples: Sequence[SourceTarget]) -> list[dict[str, Any]]:
    """Print the scores of both sides, and how far their differences may be chance; returns the records."""
    references = [one.targets for one in examples]
    scores: dict[str, dict[str, CorpusScore]] = {name: overlap(one, references) for name, one in texts.items()}
    print(title)
    records = []
    for name, one in scores.items():
        found = intervals(one)
        shown = "   ".join(f"{metric} {s.value:.1f} ({s.low:.1f} to {s.high:.1f})" for metric, s in found.items())
        print(f"  {name:<7} {shown}")
        figures = {metric: [s.value, s.low, s.high] for metric, s in found.items()}
        signatures = {metric: s.signature for metric, s in one.items()}
        records.append({"search": title, "side": name, **figures, "signatures": signatures, "texts": texts[name]})
    for metric, one in compare(*scores.values()).items():
        apart = one.difference
        print(
            f"  weft less Marian, {metric}: {apart.value:+.1f} ({apart.low:+.1f} to {apart.high:+.1f}),"
            f" p = {one.p_randomization:.4f} by approximate randomization"
        )
    print(f"  {scores['weft']['bleu'].signature}\n", flush=True)
    return records


def main() -> None:
    asked = arguments()
    if "WEFT_DATA" not in os.environ:
        print("skipped: WEFT_DATA names no folder of data")
        return
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    torch.set_num_threads(asked.threads)
    facts, folder = machine(asked.threads), Path(os.environ["WEFT_DATA"]) / "am3_enzh"
    config = settings(asked, folder)
    parts = {part: pairs(data_file(folder, part)) for part in asked.parts.split(",")}
    with tempfile.TemporaryDirectory() as scratch:
        kept = asked.output or Path(scratch) / "weft"
        started, steps = time.process_time(), 0
        for report in train(config, kept):
            steps = getattr(report, "step", steps)
        ours, took = bundle.load(kept, device="cpu"), time.process_time() - started
    print(f"weft: {_trained(ours.network):,} trained weights, {steps:,} steps, {took / 60:.1f} CPU minutes", flush=True)
    marian, started = Marian(ours, config.training), time.process_time()
    learned, _ = cleaned_pairs(pairs(data_file(folder, "train")), longest_ratio=None, duplicates="drop")
    same = marian.learn(learned)
    took = time.process_time() - started
    print(
        f"Marian: {_trained(marian.model):,} trained weights, {same:,} steps, {took / 60:.1f} CPU minutes\n", flush=True
    )
    assert same == steps, "both sides learn in as many steps"
    records = []
    searches = (("greedy", Greedy(), 1), ("a beam of 5", Beam(5), 5))
    for (part, examples), (title, search, beams) in product(parts.items(), searches):
        task: Any = ours.task.with_search(search)
        mine = answer_columns(task, ours.network, task.encode(examples), device=CPU)
        texts = {"weft": [one.text for one in mine], "Marian": marian.answers(examples, beams=beams)}
        records += told(f"{part}, {len(examples):,} sentences, {title}", texts, examples)
    if asked.json:
        text = json.dumps({"bench": "captions", "machine": facts, "steps": steps, "records": records}, indent=1)
        asked.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
