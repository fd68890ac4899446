"""weft with no setting but its files beside the cheap baselines, on the same rows.

    WEFT_DATA=/data python bench/defaults.py [--sets sst2,banking77] [--rows 300,1000,3000,0] [--seeds 0,1,2]
                                             [--set task.encoder=cnn] [--json FILE]

Each side is a process of its own; CPU seconds are of whole processes, imports, training and answers included, and those
of weft are printed as a multiple of each baseline's. The baselines are scikit-learn's LinearSVC on tf-idf
(`peers/linear_svc.py`) and fastText (`peers/fast_text.py`), which are skipped where they are not installed. McNemar's
exact test compares the answers of each seed with the better baseline; `behind` and `ahead` are said where the median p
is below 0.05. Where test texts stand in the training part too, a second line leaves them out. `--rows` draws so many
training rows by seed; 0: all. Nothing is trained on more than the training part; where a set has a dev part, it is left
out. The names stand in five folds, `surnames18` and `surnames18_1` to `surnames18_4`, equal ones in one.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

SETS: Mapping[str, tuple[str, str]] = {
    "banking77": ("words", "test"),
    "clinc150": ("words", "test"),
    "clinc150_uneven": ("words", "test"),
    "bbc_news": ("words", "test"),
    "tang_authors": ("characters", "test"),
    "tnews": ("characters", "dev"),
    "atis": ("words", "test"),
    "surnames18": ("names", "test"),
    **{f"surnames18_{fold}": ("names", "test") for fold in range(1, 5)},
    "sst2": ("words", "test"),
    "chnsenticorp": ("characters", "test"),
    "imdb": ("words", "test"),
}
"""How the baseline reads each set, and the part that is scored."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--rows", default="0", help="training rows, drawn by seed; 0: all")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--set", action="append", default=[], metavar="PATH=VALUE", help="a setting of weft")
    parser.add_argument("--json", type=Path, help="also write every figure there")
    return parser.parse_args()


def rows_of(data: Path, name: str, part: str) -> list[dict[str, str]]:
    """The texts and labels of a part of a set."""
    from measure import data_file

    from weft.data.sources import open_table

    folder, _, variant = name.partition("_") if name.startswith(("clinc150", "surnames18")) else (name, "", "")
    file = {
        "clinc150": {"train": "train_imbalanced" if variant else "train"},
        "surnames18": {"train": "all", "test": "all"},
    }
    path = data_file(data / folder, file.get(folder, {}).get(part, part))
    opened = [row.values for row in open_table(path)] if name != "atis" else []
    found: Iterable[dict[str, Any]] = opened or map(json.loads, lines(path))
    if name == "atis":
        return [{"text": " ".join(one["tokens"]), "label": one["intent"]} for one in found]
    rows = [{"text": one["text"], "label": str(one["label"])} for one in found if one["label"] != "oos"]
    if folder == "surnames18":  # a fifth is scored, and equal names stand on one side
        return [one for one in rows if (_fold(one["text"]) == int(variant or 0)) == (part == "test")]
    return rows


def lines(path: str) -> Iterable[str]:
    """The lines of a file, packed or not."""
    import lzma

    with lzma.open(path, "rt", encoding="utf-8") if path.endswith(".xz") else open(path, encoding="utf-8") as file:
        yield from file


def _fold(text: str) -> int:
    return int(hashlib.md5(text.encode()).hexdigest(), 16) % 5


def write(rows: Iterable[Mapping[str, str]], path: Path) -> str:
    """Write rows as JSON lines."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(one, ensure_ascii=False) + "\n" for one in rows)
    return str(path)


def weft(train: str, test: str, folder: Path, *, seed: int, settings: Iterable[str]) -> tuple[list[str], float]:
    """The answers of weft, and its CPU seconds."""
    from measure import child

    given = [word for setting in settings for word in ("--set", setting)]
    command = (sys.executable, "-m", "weft", "train", train, "--test", test, "--output", str(folder))
    done = child(*command, "--seed", str(seed), "--quiet", *given)
    return [json.loads(line)["answer"] for line in lines(str(folder / "answers.jsonl"))], done.cpu


def peer(name: str, train: str, test: str, scratch: Path, *, reading: str) -> tuple[list[str], float]:
    """The answers of a baseline, and its CPU seconds."""
    from measure import child

    out = scratch / f"{name}.txt"
    done = child(sys.executable, str(Path(__file__).parent / "peers" / f"{name}.py"), train, test, str(out), reading)
    return out.read_text(encoding="utf-8").splitlines(), done.cpu


def compared(
    data: Path, scratch: Path, name: str, *, rows: int, seeds: list[int], settings: list[str]
) -> dict[str, Any]:
    """Train all sides on one set, for each seed; print a line, and return a record."""
    import numpy as np

    reading, part = SETS[name]
    whole, scored = rows_of(data, name, "train"), rows_of(data, name, part)
    truth, known = [one["label"] for one in scored], {one["label"] for one in whole}
    unseen = [place for place, label in enumerate(truth) if label not in known]
    test = write([one for one in scored if one["label"] in known], scratch / "test.jsonl")
    truth = [label for label in truth if label in known]
    peers = {"linear_svc": "sklearn", "fast_text": "fasttext"}
    record: dict[str, Any] = {"set": name, "rows": rows or len(whole), "test": len(truth), "unseen": len(unseen)}
    repeated = {one["text"] for one in whole}
    fresh = np.array([one["text"] not in repeated for one in scored if one["label"] in known])
    sides: dict[str, list[tuple[list[bool], float]]] = {}
    for seed in seeds:
        drawn = np.sort(np.random.default_rng(seed).permutation(len(whole))[: rows or len(whole)])
        train = write([whole[row] for row in drawn.tolist()], scratch / "train.jsonl")
        found = {} if (not rows and seed != seeds[0]) else {
            one: peer(one, train, test, scratch, reading=reading) for one, module in peers.items() if find_spec(module)
        }  # fmt: skip
        if rows:  # labels that a small draw lacks: the baselines answer all the same, weft asks for known ones
            has = {whole[row]["label"] for row in drawn.tolist()}
            keep = [place for place, label in enumerate(truth) if label in has]
        else:
            keep = list(range(len(truth)))
        some = write(_at(test, keep), scratch / "some.jsonl")
        folder = scratch / f"run-{name}-{rows}-{seed}"
        answers, cpu = weft(train, some, folder, seed=seed, settings=settings)
        ours = [False] * len(truth)
        for place, answer in zip(keep, answers, strict=True):
            ours[place] = answer == truth[place]
        sides.setdefault("weft", []).append((ours, cpu))
        for one, (answers, cpu) in found.items():
            right = [a == b for a, b in zip(answers, truth, strict=True)]
            sides.setdefault(one, []).append((right, cpu))
    record |= _told(name, record["rows"], sides, np.ones(len(truth), dtype=bool))
    if not fresh.all():
        left = f"  without {int((~fresh).sum())} of train"
        record["fresh"] = _told(left, record["rows"], sides, fresh)
    return record


def _told(title: str, rows: int, sides: Mapping[str, list[tuple[list[bool], float]]], kept: Any) -> dict[str, Any]:
    """Compare the sides on the texts that are kept; print a line, and return its figures."""
    import numpy as np

    from weft.metrics.significance import mcnemar

    right = {one: [np.array(found)[kept] for found, _ in runs] for one, runs in sides.items()}
    means = {one: 100 * statistics.mean(float(found.mean()) for found in runs) for one, runs in right.items()}
    best = max((one for one in means if one != "weft"), key=means.__getitem__)
    theirs = right[best] if len(right[best]) > 1 else right[best] * len(right["weft"])
    p = statistics.median(mcnemar(a, b).p for a, b in zip(right["weft"], theirs, strict=True))
    gain = means["weft"] - means[best]
    verdict = "even" if p >= 0.05 else "ahead" if gain > 0 else "behind"
    cpu = {one: statistics.median(seconds for _, seconds in runs) for one, runs in sides.items()}
    shown = "  ".join(f"{one} {means[one]:.2f}" for one in means)
    ratio = ", ".join(f"{cpu['weft'] / cpu[one]:.1f} x {one}" for one in cpu if one != "weft")
    print(f"{title:<24}{rows:>7,} rows  {shown}  {gain:+.2f}  p {p:.3f}  {verdict}  CPU {ratio}", flush=True)
    each = [100 * float(found.mean()) for found in right["weft"]]
    return {"accuracy": means, "cpu": cpu, "p": p, "verdict": verdict, "each": each}


def _at(path: str, keep: list[int]) -> list[dict[str, str]]:
    rows = [json.loads(line) for line in lines(path)]
    return [rows[place] for place in keep]


def main() -> None:
    asked = arguments()
    if "WEFT_DATA" not in os.environ:
        print("skipped: WEFT_DATA names no folder of data")
        return
    if find_spec("fasttext") is None:
        print("fastText is left out: it is not installed here (pip install fasttext-numpy2-wheel)")
    os.environ.update(GOMP_SPINCOUNT="0")
    records = []
    with tempfile.TemporaryDirectory() as folder:
        for name in asked.sets.split(","):
            for rows in map(int, asked.rows.split(",")):
                records.append(
                    compared(
                        Path(os.environ["WEFT_DATA"]),
                        Path(folder),
                        name,
                        rows=rows,
                        seeds=[int(seed) for seed in asked.seeds.split(",")],
                        settings=asked.set,
                    )
                )
                if asked.json:
                    asked.json.write_text(json.dumps(records, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
