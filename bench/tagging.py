"""Tags real data by the command line's own settings, a test set once a seed; and the pace of Viterbi beside its peer.

    python bench/tagging.py weibo_ner_zh --seeds 3
    python bench/tagging.py conll2003_en --set task.encoder.hidden=256
    python bench/tagging.py atis --label intent --set task.tasks.intent.unseen_labels=wrong
    python bench/tagging.py --pace

The data is read in WEFT_DATA, a folder for each set with `train.jsonl.xz`, `dev.jsonl.xz` and `test.jsonl.xz`. Of a set
without a test part the dev set is scored, and a part of the training set chooses the weights.

With `--label` a label is answered at once with the tags. Each alone has a weight of 0 for the other and a metric of its
own, as in `--set task.weights.intent=0 --set training.metric=tags.span_f1`.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import torch
from measure import Side, alternate

from weft.config import overridden, validated
from weft.files import read_json
from weft.models.crf import Transitions, best_path
from weft.run import RunConfig, train
from weft.training.reports import EvalReport

SETS = {
    "weibo_ner_zh": "tags",
    "cluener_zh": "spans",
    "conll2003_en": "ner",
    "atis": "tags",
    "ctb6_cws": None,
    "ud_gsd_zh_pos": "upos",
}
"""Sets with their column of tags."""
SENTENCES, TAGS, LONGEST = 10_000, 9, 60


def found(folder: Path, part: str) -> Path | None:
    """The file of a part, packed or not; the dev part of some is called valid."""
    names = [f"{part}.jsonl.xz", f"{part}.jsonl", *(["valid.jsonl"] if part == "dev" else [])]
    return next((folder / name for name in names if (folder / name).exists()), None)


def score(name: str, seed: int, overrides: list[str], label: str | None) -> None:
    """Train on a set with a seed, choose by dev, and print dev and test scores beside those of counting."""
    folder = Path(os.environ["WEFT_DATA"]) / name
    parts = {part: str(file) for part in ("train", "dev", "test") if (file := found(folder, part))}
    if "test" not in parts:
        parts["test"] = parts.pop("dev")
    tagging = {"kind": "tagging", **({"tags": SETS[name]} if SETS[name] else {})}
    tasks = {label: {"kind": "classification", "label": label}, "tags": tagging}
    task = {"kind": "joint", "tasks": tasks} if label else tagging
    config = validated(RunConfig, overridden({"data": parts, "task": task, "seed": seed, "device": "cpu"}, overrides))
    with tempfile.TemporaryDirectory() as place:
        started, best = time.perf_counter(), 0.0
        for report in train(config, Path(place) / "run"):
            if isinstance(report, EvalReport):
                best = max(best, report.scores[report.metric])
                print(
                    f"  {name} {seed}: epoch {report.epoch:.0f}, dev {100 * report.scores[report.metric]:.2f}",
                    flush=True,
                )
        result = read_json(Path(place) / "run/scores.json")
    scores = " ".join(f"{key} {100 * one['value']:.2f}" for key, one in result["scores"].items())
    floors = "; ".join(
        f"{floor} {100 * next(iter(values.values())):.2f}"
        for floor, values in result["details"].get("floors", {}).items()
    )
    seconds, pace = time.perf_counter() - started, result["speed"]["texts_per_second"]
    print(f"{name} seed {seed}: dev {100 * best:.2f}; test {scores}; {floors}; {seconds:.0f} s, {pace:.0f} texts/s")


def pace(runs: int) -> None:
    """Decode the same scores by both, of sentences of many lengths; they have to agree."""
    torch.manual_seed(0)
    lengths = torch.randint(5, LONGEST, (SENTENCES,)).sort(descending=True).values
    scores_BTC = torch.randn(SENTENCES, LONGEST, TAGS)
    mask_BT = torch.arange(LONGEST) < lengths[:, None]
    moves = Transitions(torch.randn(TAGS), torch.randn(TAGS, TAGS), torch.randn(TAGS))
    sides = {"weft": Side(lambda: best_path(scores_BTC, mask_BT, moves))}
    if find_spec("torchcrf"):
        from torchcrf import CRF

        peer = CRF(TAGS, batch_first=True)
        peer.start_transitions.data, peer.end_transitions.data = moves.first_C, moves.last_C
        peer.transitions.data = moves.between_CC
        sides["pytorch-crf"] = Side(lambda: peer.decode(scores_BTC, mask_BT))
        ours = best_path(scores_BTC, mask_BT, moves)
        assert [row[:length].tolist() for row, length in zip(ours, lengths, strict=True)] == peer.decode(
            scores_BTC, mask_BT
        )
    taken = alternate(sides, runs=runs)
    for side, each in taken.items():
        print(f"{side}: {each.middle('cpu'):.2f} CPU s, {each.middle('wall'):.2f} s for {SENTENCES:,} sentences")
    if len(taken) > 1:
        print(f"weft is {taken['pytorch-crf'].middle('cpu') / taken['weft'].middle('cpu'):.1f} times as fast")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", choices=[*SETS, []])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--set", dest="overrides", action="append", default=[])
    parser.add_argument("--label", help="a column of labels that are answered at once with the tags")
    parser.add_argument("--pace", action="store_true")
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.pace:
        pace(given.runs)
    for name in given.sets:
        for seed in range(given.first, given.first + given.seeds):
            score(name, seed, given.overrides, given.label)


if __name__ == "__main__":
    main()
