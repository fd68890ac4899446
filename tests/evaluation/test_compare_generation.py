"""Models that write or read on are compared on the same texts: who is better, how sure, and what is refused."""

import json
import re
from pathlib import Path

import pytest

from weft.errors import InputError
from weft.evaluation.compare_generation import compare_written, read_generated
from weft.files import write_json
from weft.tasks.language_model import LanguageModelConfig
from weft.tasks.seq2seq import Seq2SeqConfig

SOURCES = [f"he sees {number} cats on the table" for number in range(20)]
RIGHT = [f"他看见桌子上有{number}只猫。" for number in range(20)]


def run(folder: Path, records: list[dict], **scores: float) -> Path:
    folder.mkdir(parents=True)
    (folder / "answers.jsonl").write_text("".join(json.dumps(one) + "\n" for one in records), encoding="utf-8")
    found = {name: {"value": value, "low": value, "high": value} for name, value in scores.items()}
    costs = {"train_seconds": 2.0, "size_bytes": 10, "parameters": 5, "speed": {"texts_per_second": 50.0}}
    write_json(folder / "scores.json", {"scores": found, **costs})
    return folder


def wrote(folder: Path, texts: list[str], bleu: float, *, sources=SOURCES) -> Path:
    rows = zip(sources, RIGHT, texts, strict=True)
    records = [{"source": source, "references": [right], "answer": text} for source, right, text in rows]
    return run(folder, records, bleu=bleu, chrf=bleu)


def read(folder: Path, losses: list[float]) -> Path:
    records = [{"text": text, "log_loss": loss, "tokens": 9} for text, loss in zip(RIGHT, losses, strict=True)]
    return run(folder, records, log_loss=sum(losses) / 20, perplexity=9.0, bits_per_byte=sum(losses) / 40)


def test_the_one_that_writes_what_the_references_say_is_better(tmp_path):
    good, poor = wrote(tmp_path / "a", RIGHT, 100), wrote(tmp_path / "b", ["他看见了一只猫。"] * 20, 10)
    found = compare_written({"差": [[poor]], "good": [[good]]}, Seq2SeqConfig(), design="seeds").to_json()
    (pair,) = found["pairs"]
    assert (found["decides"], found["best"], found["texts"]) == ("bleu", "good", 20)
    assert (pair["one"], pair["other"], pair["told_apart"]) == ("good", "差", True)
    assert pair["difference"] > 0
    assert pair["said"].startswith("good is better than 差 (by ")
    assert "BLEU, 95% interval" in found["said"][0]


def test_the_one_that_finds_texts_less_surprising_is_better(tmp_path):
    good, poor = read(tmp_path / "a", [1.0 + place / 50 for place in range(20)]), read(tmp_path / "b", [2.0] * 20)
    found = compare_written({"lstm": [[poor]], "gpt": [[good]]}, LanguageModelConfig(), design="folds").to_json()
    (pair,) = found["pairs"]
    assert (found["decides"], found["best"]) == ("bits_per_byte", "gpt")
    assert pair["difference"] == pytest.approx(-pair["bits_per_byte"]["difference"]["value"])
    assert pair["difference"] > 0
    by, low, high = re.findall(r"\d\.\d{3}", pair["said"])[:3]
    assert float(low) < float(by) < float(high)


def test_folds_are_put_together_in_any_order(tmp_path):
    halves = [wrote(tmp_path / name, RIGHT, 100) for name in "ab"]
    other = [wrote(tmp_path / name, RIGHT, 100) for name in "cd"]
    found = compare_written({"x": [halves], "y": [other[::-1]]}, Seq2SeqConfig(), design="folds")
    assert (found.folds, found.texts, found.pairs[0]["told_apart"]) == (2, 40, False)


def test_other_texts_and_damaged_tables_are_refused(tmp_path):
    one = wrote(tmp_path / "a", RIGHT, 1)
    other = wrote(tmp_path / "b", RIGHT, 1, sources=SOURCES[::-1])
    with pytest.raises(InputError, match="the models were not given the same texts"):
        compare_written({"a": [[one]], "b": [[other]]}, Seq2SeqConfig(), design="seeds")
    (tmp_path / "bad.jsonl").write_text('{"source": "猫"}\n', encoding="utf-8")
    with pytest.raises(
        InputError, match=r"bad\.jsonl:1: expected what was given to a model of task `seq2seq`, and its"
    ):
        read_generated(tmp_path / "bad.jsonl", Seq2SeqConfig())
    (tmp_path / "none.jsonl").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="there are no answers"):
        read_generated(tmp_path / "none.jsonl", Seq2SeqConfig())
