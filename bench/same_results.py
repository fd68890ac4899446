"""Whether a change of the code left every result as it was: the same weights, scores and answers for every task.

    python bench/same_results.py make inputs               # files of weft's own and, with WEFT_DATA, of real sets
    python bench/same_results.py run inputs before.json    # in a checkout of the commit before the change
    python bench/same_results.py run inputs after.json     # in one of the commit after it
    python bench/same_results.py compare before.json after.json

Each case is one `weft train` on one thread with a fixed seed. What is compared is the SHA-256 of `weights.safetensors`,
of the scores in `scores.json`, and of the answers to the 100 rows of the test part. Keys of answers that were renamed
between the commits are given to `compare` as `--renamed old=new`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import lzma
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

TEST_ROWS = 100
FAST = ("--set", "training.epochs=2")
CASES: dict[str, tuple[str, ...]] = {
    "classification, demo, bag": ("reviews", "--encoder", "bag", *FAST),
    "classification, demo, cnn": ("reviews", "--encoder", "cnn", "--set", "task.calibrate=temperature", *FAST),
    "classification, demo, lstm": ("reviews", "--encoder", "lstm", *FAST),
    "classification, demo, gru": ("reviews", "--encoder", "gru", *FAST),
    "classification, demo, transformer": ("reviews", "--encoder", "transformer", *FAST),
    "classification, demo, vectors": ("reviews", "--encoder", "cnn", "--vectors", "vectors.vec", *FAST),
    "classification, demo, BERT": ("reviews", "--encoder", "pretrained:bert", "--set", "training.epochs=1"),
    "classification, sst2": ("sst2", "--encoder", "cnn", *FAST),
    "classification, chnsenticorp": ("chnsenticorp", "--encoder", "lstm", "--long", "windows", "--set",
                                     "task.max_length=64", *FAST),
    "pairs, demo, bag": ("pairs", "--text", "a,b", "--encoder", "bag", *FAST),
    "pairs, demo, cnn": ("pairs", "--text", "a,b", "--encoder", "cnn", *FAST),
    "pairs, demo, BERT": ("pairs", "--text", "a,b", "--encoder", "pretrained:bert", "--set", "training.epochs=1"),
    "pairs, afqmc": ("afqmc", "--text", "text_a,text_b", "--encoder", "cnn", *FAST),
    "multilabel, demo": ("labels", "--label-separator", "|", "--encoder", "cnn", *FAST),
    "multilabel, cluener": ("cluener", "--label-separator", "|", "--encoder", "bag", *FAST),
    "seq2seq, demo, transformer": ("translation", "--source", "en", "--target", "zh", "--set", "training.epochs=3",
                                   "--set", "task.decoder.width=64", "--set", "task.decoder.layers=1"),
    "seq2seq, demo, lstm": ("translation", "--source", "en", "--target", "zh", "--decoder", "lstm", "--set",
                            "task.search=greedy", "--set", "task.teacher_forcing.gold=0.8", "--set",
                            "training.epochs=2"),
    "seq2seq, multi30k": ("multi30k", "--source", "de", "--target", "en", "--set", "task.decoder.width=64", "--set",
                          "task.decoder.layers=1", *FAST),
    "language_model, demo": ("texts", "--task", "language_model", "--set", "task.decoder.width=64", "--set",
                             "task.decoder.layers=1", *FAST),
    "language_model, shakespeare": ("shakespeare", "--task", "language_model", "--decoder", "lstm", "--set",
                                    "training.epochs=1"),
    "masked_language_model, demo": ("texts", "--task", "masked_language_model", "--set", "task.encoder.layers=1",
                                    *FAST),
    "masked_language_model, chnsenticorp": ("reviews_zh", "--task", "masked_language_model", "--encoder", "lstm",
                                            *FAST),
    "question_answering, demo, lstm": ("questions", "--task", "question_answering", *FAST),
    "question_answering, demo, transformer": ("questions", "--task", "question_answering", "--encoder", "transformer",
                                              *FAST),
    "question_answering, cmrc2018": ("cmrc", "--task", "question_answering", "--set", "training.epochs=1"),
    "multiple_choice, demo, lstm": ("options", "--task", "multiple_choice", *FAST),
    "multiple_choice, demo, transformer": ("options", "--task", "multiple_choice", "--encoder", "transformer", *FAST),
    "multiple_choice, c3": ("c3", "--task", "multiple_choice", "--set", "training.epochs=1"),
}  # fmt: skip


def make(folder: Path) -> None:
    """Write the files of all cases: `NAME.jsonl` or `.txt` to learn from, `NAME_test` beside it, and a tiny BERT."""
    folder.mkdir(parents=True, exist_ok=True)
    from weft.demo import questions, reviews, translations

    rows = [{"text": text, "label": label} for text, label in reviews.rows(size=1100, seed=0)]
    _write(folder, "reviews", rows)
    _write(folder, "pairs", _pairs(rows))
    _write(folder, "labels", [{"text": one["text"], "label": "|".join(_labels(one))} for one in rows])
    _write(folder, "texts", [{"text": one["text"]} for one in rows])
    pairs = translations.demo_pairs(1100, seed=0)
    _write(folder, "translation", [{"en": one.english, "zh": one.chinese} for one in pairs])
    questions.write(folder / "questions_all.jsonl", questions.demo_questions(500, seed=0))
    asked = [json.loads(line) for line in (folder / "questions_all.jsonl").read_text(encoding="utf-8").splitlines()]
    _write(folder, "questions", asked)
    _write(folder, "options", list(_options(asked)))
    words = sorted({word for one in rows for word in one["text"].lower().split()})
    draw = random.Random(0)
    vectors = [f"{word} {' '.join(f'{draw.gauss(0, 1):.4f}' for _ in range(16))}" for word in words]
    (folder / "vectors.vec").write_text("\n".join(vectors) + "\n", encoding="utf-8")
    _bert(folder / "bert", [one["text"] for one in rows])
    data = os.environ.get("WEFT_DATA")
    if data:
        _real(folder, Path(data))


def _real(folder: Path, data: Path) -> None:
    for name in ("sst2", "chnsenticorp"):
        _write(folder, name, _lines(data / name / "train.jsonl.xz", 1100))
    _write(folder, "afqmc", _lines(data / "afqmc/train.jsonl.xz", 1100))
    _write(folder, "multi30k", _lines(data / "multi30k/train.jsonl.xz", 900))
    _write(folder, "reviews_zh", [{"text": one["text"]} for one in _lines(data / "chnsenticorp/train.jsonl.xz", 700)])
    spans = _lines(data / "cluener_zh/train.jsonl.xz", 1100)
    kinds = [list(dict.fromkeys(span["label"] for span in one["spans"])) for one in spans]
    _write(
        folder, "cluener", [{"text": one["text"], "label": "|".join(of)} for one, of in zip(spans, kinds, strict=True)]
    )
    _write(folder, "cmrc", _lines(data / "cmrc2018/train.jsonl.xz", 400))
    _write(folder, "c3", _lines(data / "c3/d-train.jsonl.xz", 400))
    with lzma.open(data / "tinyshakespeare/input.txt.xz", "rt", encoding="utf-8") as file:
        lines = file.read().splitlines(keepends=True)
    (folder / "shakespeare.txt").write_text("".join(lines[:6000]), encoding="utf-8")
    (folder / "shakespeare_test.txt").write_text("".join(lines[6000:6400]), encoding="utf-8")


def _lines(path: Path, many: int) -> list[dict[str, Any]]:
    with lzma.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in islice(file, many)]


def _write(folder: Path, name: str, rows: Iterable[dict[str, Any]]) -> None:
    rows = list(rows)
    for part, some in (("", rows[:-TEST_ROWS]), ("_test", rows[-TEST_ROWS:])):
        text = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in some)
        (folder / f"{name}{part}.jsonl").write_text(text, encoding="utf-8")


def _pairs(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Each review with the next of its language: do they agree?"""
    return [
        {"a": one["text"], "b": other["text"], "label": "same" if one["label"] == other["label"] else "other"}
        for one, other in zip(rows, rows[1:] + rows[:1], strict=True)
    ]


def _labels(row: dict[str, str]) -> list[str]:
    chinese = any("\u4e00" <= letter <= "\u9fff" for letter in row["text"])
    return [row["label"], "chinese" if chinese else "english", *(["long"] if len(row["text"]) > 60 else [])]


def _options(asked: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Questions with an answer, among those of three other questions."""
    draw = random.Random(0)
    answered = [one for one in asked if one["answers"]]
    texts = [one["answers"][0]["text"] for one in answered]
    for one, right in zip(answered, texts, strict=True):
        options = [right, *draw.sample(sorted({*texts} - {right}), 3)]
        draw.shuffle(options)
        yield {
            "question": one["question"], "context": one["context"], "options": options, "answer": options.index(right)
        }  # fmt: skip


def _bert(folder: Path, texts: list[str]) -> None:
    """A BERT of two layers with drawn weights, as transformers writes it."""
    import torch
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder.mkdir(exist_ok=True)
    wordpiece = BertWordPieceTokenizer()
    wordpiece.train_from_iterator(texts, vocab_size=1500, show_progress=False)
    wordpiece.save(str(folder / "tokenizer.json"))
    BertTokenizerFast(tokenizer_file=str(folder / "tokenizer.json")).save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=wordpiece.get_vocab_size(), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=128,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)


def run(folder: Path, only: str) -> dict[str, dict[str, Any]]:
    """Train every case whose files are there; its digests and answers by name."""
    found = {}
    for name, (file, *options) in CASES.items():
        train = next((path for path in folder.glob(f"{file}.*")), None)
        if train is None or only not in name:
            continue
        test = train.with_name(f"{file}_test{train.suffix}")
        options = [_there(folder, one) for one in options]
        with tempfile.TemporaryDirectory() as place:
            output = Path(place) / "run"
            command = [sys.executable, "-m", "weft", "train", str(train), "--test", str(test), "--output", str(output)]
            one_thread = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
            done = subprocess.run(
                [*command, "--seed", "7", "--device", "cpu", "--quiet", *options],
                env={**os.environ, **one_thread}, capture_output=True, text=True, check=False,
            )  # fmt: skip
            if done.returncode:
                found[name] = {"failed": done.stderr.strip().splitlines()[-1:]}
            else:
                found[name] = _digests(output)
        print(name, {key: str(value)[:12] for key, value in found[name].items() if key != "lines"}, flush=True)
    return found


def _there(folder: Path, option: str) -> str:
    if option.startswith("pretrained:"):
        return f"pretrained:{folder / option.removeprefix('pretrained:')}"
    return str(folder / option) if option.endswith(".vec") else option


def _digests(output: Path) -> dict[str, Any]:
    scores = json.loads((output / "scores.json").read_text(encoding="utf-8"))["scores"]
    lines = (output / "answers.jsonl").read_text(encoding="utf-8").splitlines()
    return {
        "weights": hashlib.sha256((output / "weights.safetensors").read_bytes()).hexdigest(),
        "scores": _sha(scores),
        "answers": _sha([json.loads(line) for line in lines]),
        "lines": [json.loads(line) for line in lines],
    }


def _sha(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def compare(before: Path, after: Path, renamed: list[str]) -> int:
    """Print a table of what is the same; returns how many cases are not."""
    one, other = (json.loads(path.read_text(encoding="utf-8")) for path in (before, after))
    names = dict(pair.split("=") for pair in renamed)
    different = 0
    print(f"{'case':40} {'weights':>16} {'scores':>16} {'answers':>16}")
    for name in dict.fromkeys([*one, *other]):
        first, second = one.get(name, {"failed": "missing"}), other.get(name, {"failed": "missing"})
        if "failed" in first or "failed" in second:
            cells = [f"{first.get('failed')} / {second.get('failed')}"]
            different += 1
        else:
            lines = [{names.get(key, key): value for key, value in line.items()} for line in first["lines"]]
            pairs = [(first[key], second[key]) for key in ("weights", "scores")] + [(_sha(lines), second["answers"])]
            different += any(left != right for left, right in pairs)
            cells = [f"{left[:8]} same" if left == right else f"{left[:6]}>{right[:6]} NOT" for left, right in pairs]
        print(f"{name:40} " + " ".join(f"{cell:>16}" for cell in cells))
    print(f"{len({**one, **other}) - different} cases the same, {different} different")
    return different


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", choices=["make", "run", "compare"])
    parser.add_argument("one", type=Path)
    parser.add_argument("other", type=Path, nargs="?")
    parser.add_argument("--renamed", action="append", default=[], metavar="OLD=NEW")
    parser.add_argument("--only", default="", help="Cases whose name has this.")
    given = parser.parse_args()
    match given.verb:
        case "make":
            shutil.rmtree(given.one, ignore_errors=True)
            make(given.one)
        case "run":
            given.other.write_text(json.dumps(run(given.one, given.only), ensure_ascii=False), encoding="utf-8")
        case _:
            return min(1, compare(given.one, given.other, given.renamed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
