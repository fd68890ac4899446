"""weft's decoding beside Hugging Face's `generate` and CTranslate2, with the same weights on all sides and in turn.

    WEFT_DATA=/data python bench/decoding.py translate [--model FOLDER] [--searches 1,5] [--precisions float32,int8]
    WEFT_DATA=/data python bench/decoding.py recurrent [--model FOLDER]
    python bench/decoding.py characters

All take --runs 5, --threads 2, --json FILE and --profile. `translate` answers sentences of Multi30k, German to English,
with a Transformer that weft trained: that of --model or, without it, one that is trained once for a few epochs and kept
in the cache folder of the user. Each side starts from the same ids and ends with ids. Every side runs in the best of
the layouts that are tried beforehand: rows of a batch (all sort by length), and how the threads are spread over
workers. `recurrent` measures an LSTM with attention, for which the peers have no equal. `characters` samples one row
after another from a small GPT, as a user who waits would.

The peers: pip install -c constraints.txt transformers ctranslate2. A peer that is missing is left out.
Only the ratios mean something: all sides share one machine with whatever else runs.
"""

from __future__ import annotations

import argparse
import json
import os
from importlib.util import find_spec
from pathlib import Path

PEERS = {"transformers": "Hugging Face", "ctranslate2": "CTranslate2"}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", choices=("translate", "recurrent", "characters"))
    parser.add_argument("--model", type=Path, help="a folder that `weft train` wrote; it is trained where none is")
    parser.add_argument("--runs", type=int, default=5, help="the median of so many runs is told")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, help="also write every figure there")
    parser.add_argument("--rows", type=int, default=1000, help="sentences, or characters a sample")
    parser.add_argument("--searches", default="1,5", help="translate: beams; 1 is greedy")
    parser.add_argument("--precisions", default="float32,int8")
    parser.add_argument("--profile", action="store_true", help="where weft's time goes")
    return parser.parse_args()


def main() -> None:
    asked = arguments()
    if asked.bench != "characters" and "WEFT_DATA" not in os.environ:
        print("skipped: WEFT_DATA names no folder of data")
        return
    # before torch is imported: threads that wait must not spin, or they take the other side's time
    os.environ.update(GOMP_SPINCOUNT="0", OMP_NUM_THREADS=str(asked.threads), MKL_NUM_THREADS=str(asked.threads))
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    for package, name in PEERS.items():
        if find_spec(package) is None:
            print(f"there is no {name} here (pip install -c constraints.txt {package}): it is left out")
    from measure import machine

    facts = machine(asked.threads)
    precisions = asked.precisions.split(",")
    if asked.bench == "characters":
        from characters import characters

        records = characters(precisions=precisions, tokens=asked.rows, runs=asked.runs, profile=asked.profile)
    else:
        from translation import translation

        beams = [int(one) for one in asked.searches.split(",")]
        records = translation(
            asked.model,
            kind="transformer" if asked.bench == "translate" else "lstm",
            beams=beams,
            precisions=precisions,
            rows=asked.rows,
            threads=asked.threads,
            runs=asked.runs,
            profile=asked.profile,
        )
    if asked.json:
        text = json.dumps({"bench": f"decoding, {asked.bench}", "machine": facts, "records": records}, indent=1)
        asked.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
