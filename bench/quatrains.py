"""Quatrains of the Tang: the training file, and how many of a model's own are of right form and not copied.

python bench/quatrains.py make tang.jsonl.xz quatrains.jsonl
weft train quatrains.jsonl --task language_model --output runs/quatrains
python bench/quatrains.py judge runs/quatrains quatrains.jsonl --samples 500
"""

import argparse
import json
import lzma
import re
from pathlib import Path

import weft
from weft.decoding.choices import Sample

FORM = re.compile(r"(?:[^，。]{5}[，。]){4}|(?:[^，。]{7}[，。]){4}")
"""Four clauses of five characters each, or of seven, with a mark after each."""


def make(source: str, target: str) -> None:
    """Write the quatrains of a file of poems, `lines` being a list of couplets, as rows with one column `text`."""
    with lzma.open(source, "rt", encoding="utf-8") as poems:
        texts = dict.fromkeys("".join(json.loads(poem)["lines"]) for poem in poems)
    kept = [text for text in texts if FORM.fullmatch(text)]
    Path(target).write_text("".join(json.dumps({"text": one}, ensure_ascii=False) + "\n" for one in kept), "utf-8")
    print(f"{len(kept):,} quatrains of {len(texts):,} poems")


def judge(folder: str, learned: str, *, samples: int) -> None:
    """Write quatrains with a trained model, by its own search, and say how many are right, and how many are copied."""
    model = weft.load(folder)
    known = {json.loads(line)["text"] for line in Path(learned).read_text("utf-8").splitlines()}
    halves = {half for text in known for half in re.split("(?<=。)", text) if half}
    search = model.task.config.search.model_copy(update={"samples": samples})
    assert isinstance(search, Sample)
    (answer,) = model.answer([""], search=search)
    texts = [answer.text, *answer.alternatives]
    right = [text for text in texts if FORM.fullmatch(text)]
    couplets = [half for text in right for half in re.split("(?<=。)", text) if half]
    print(f"{len(right) / len(texts):.1%} of {len(texts)} are of right form")
    print(f"{sum(text in known for text in texts) / len(texts):.1%} are copied as a whole")
    print(f"{sum(half in halves for half in couplets) / max(1, len(couplets)):.1%} of their couplets stand in training")
    print(f"{len(set(texts)) / len(texts):.1%} are distinct")
    print("\n".join(right[:10]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("make", "judge"):
        one = verbs.add_parser(verb)
        one.add_argument("first")
        one.add_argument("second")
        one.add_argument("--samples", type=int, default=500)
    given = parser.parse_args()
    if given.verb == "make":
        make(given.first, given.second)
    else:
        judge(given.first, given.second, samples=given.samples)
