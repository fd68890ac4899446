"""weft's classifiers beside their peers, in one process tree and in turn: speed with the score beside it.

    WEFT_DATA=/data python bench/classification.py bag       [--sets imdb,tnews]
    WEFT_DATA=/data python bench/classification.py networks  [--networks cnn,lstm,transformer] [--steps 200] [--profile]
    WEFT_DATA=/data python bench/classification.py growth    [--sizes 10000,100000,1000000]

All take --runs 5, --threads 2 and --json FILE. WEFT_DATA names a folder with a folder for each data set, which holds
`train.jsonl` and its other parts, packed or not; without it the bench is skipped. `bag` needs `fasttext`
(pip install fasttext). What each measures, and how both sides are kept alike, stands at the head of `bag.py`,
`networks.py` and `growth.py`. Only the ratios mean something: both sides share one machine with whatever else runs.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from importlib.util import find_spec
from pathlib import Path


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", choices=("bag", "networks", "growth"))
    parser.add_argument("--runs", type=int, default=5, help="the median of so many runs is told")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, help="also write every figure there")
    parser.add_argument("--sets", default="imdb,tnews", help="bag: the data sets")
    parser.add_argument("--networks", default="cnn,lstm,transformer", help="networks: which")
    parser.add_argument("--readings", default="views,characters", help="networks: what is read of a position")
    parser.add_argument("--steps", type=int, default=200, help="networks: steps of 32 rows")
    parser.add_argument("--profile", action="store_true", help="networks: where weft's time goes")
    parser.add_argument("--sizes", default="10000,100000,1000000", help="growth: rows")
    return parser.parse_args()


def main() -> None:
    asked = arguments()
    if "WEFT_DATA" not in os.environ:
        print("skipped: WEFT_DATA names no folder of data")
        return
    if asked.bench == "bag" and find_spec("fasttext") is None:
        print("skipped: there is no fastText here (pip install fasttext)")
        return
    # before torch is imported: threads that wait must not spin, or they take the other side's time
    os.environ.update(GOMP_SPINCOUNT="0", OMP_NUM_THREADS=str(asked.threads), MKL_NUM_THREADS=str(asked.threads))
    from measure import machine

    data, facts = Path(os.environ["WEFT_DATA"]), machine(asked.threads)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        if asked.bench == "bag":
            from bag import bag

            records = bag(data, scratch, sets=asked.sets.split(","), runs=asked.runs, threads=asked.threads)
        elif asked.bench == "networks":
            from networks import networks

            kinds, readings = asked.networks.split(","), asked.readings.split(",")
            records = networks(
                data, kinds=kinds, readings=readings, steps=asked.steps, runs=asked.runs, profile=asked.profile
            )
        else:
            from growth import growth

            records = growth(data, scratch, sizes=[int(size) for size in asked.sizes.split(",")], runs=asked.runs)
    if asked.json:
        text = json.dumps({"bench": asked.bench, "machine": facts, "records": records}, indent=1)
        asked.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
