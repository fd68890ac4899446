"""weft's training of a translator and of a small GPT beside other loops, in one process and in turn.

    WEFT_DATA=/data python bench/training.py [--sides plain,fair,joeynmt,nano] [--steps 10] [--runs 5] [--threads 2]

A Transformer of 3 + 3 layers, width 256, feed-forward 512 and about 6,000 subwords on Multi30k, German to English:

- `plain`: Hugging Face's Marian of that size in the loop that people write: batches drawn at random, padded, float32;
- `fair`: the same model with our batches, our optimiser, our loss and our precision: what is left is the model's code;
- `joeynmt`: JoeyNMT's model of that size in a plain loop (its release of 2.3: pip install --no-deps joeynmt
  sentencepiece==0.2.0 subword-nmt "importlib_metadata<9" zipp; it is left out where it cannot be imported).

All sides learn from the same pairs in as many steps, so that their target tokens are the same; those of Marian and
JoeyNMT normalize after each part or before it, which costs the same. `nano`: characters, 4 layers, width 128, context
64, 12 rows, dropout 0.2: the model and recipe of nanoGPT for a CPU, written plainly (`peers/nano_gpt.py`), but for the
dropout of its configuration, which that recipe turns off, beside our GPT of the same size.

How much of the machine's rate of matrix products (float32, 1,024 x 1,024) each of our runs reaches is told too.
Both peers come with pip install -c constraints.txt transformers. Only the ratios mean something.
"""

from __future__ import annotations

import argparse
import json
import os
from importlib.util import find_spec
from pathlib import Path


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sides", default="plain,fair,joeynmt,nano")
    parser.add_argument("--steps", type=int, default=10, help="steps of a block, of which one is timed at a time")
    parser.add_argument("--runs", type=int, default=5, help="the median of so many blocks is told")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, help="also write every figure there")
    parser.add_argument("--profile", action="store_true", help="where weft's time goes")
    return parser.parse_args()


def main() -> None:
    asked = arguments()
    if "WEFT_DATA" not in os.environ:
        print("skipped: WEFT_DATA names no folder of data")
        return
    # before torch is imported: threads that wait must not spin, or they take the other side's time
    os.environ.update(GOMP_SPINCOUNT="0", OMP_NUM_THREADS=str(asked.threads), MKL_NUM_THREADS=str(asked.threads))
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from measure import machine

    facts, sides, records = machine(asked.threads), asked.sides.split(","), []
    from training_blocks import nano, translator

    pairs = [one for one in sides if one != "nano"]
    for package, names in (("transformers", {"plain", "fair"}), ("joeynmt", {"joeynmt"})):
        if find_spec(package) is None and names & set(pairs):
            print(f"there is no {package} here (pip install {package}): it is left out")
            pairs = [one for one in pairs if one not in names]
    if pairs:
        records += translator(pairs, steps=asked.steps, runs=asked.runs, profile=asked.profile)
    if "nano" in sides:
        records += nano(steps=asked.steps, runs=asked.runs, profile=asked.profile)
    if asked.json:
        text = json.dumps({"bench": "training", "machine": facts, "records": records}, indent=1)
        asked.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
