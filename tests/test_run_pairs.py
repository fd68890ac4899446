"""A run on pairs: the same in one go and in two, and what its folder tells."""

import json
from pathlib import Path
from typing import Any

import pytest
from safetensors.numpy import load_file

import weft
from weft.config import overridden, validated
from weft.errors import InputError, Interrupted
from weft.files import read_json
from weft.training.reports import Note, Report

from .test_run import after, lines, weights, what_was_learned

PAIRS = [
    {"en": f"number {number} {english}", "zh": f"{number}号{chinese}"}
    for number in range(8)
    for english, chinese in (("is warm", "很暖"), ("was late", "晚了"))
]
WRITES = (
    *("data.train=pairs.jsonl", "data.dev=dev.jsonl", "device=cpu", "task.kind=seq2seq", "task.decoder.kind=gru"),
    *("task.decoder.width=8", "task.decoder.hidden=8", "task.tokenizer={kind: bpe, size: 60}"),
    *("training.epochs=2", "training.batch_rows=8", "training.report_every=1"),
)


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)


def write_pairs(name: str, rows: list[dict[str, Any]]) -> None:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    Path(name).write_text(text, encoding="utf-8")


def run_pairs(folder: str, *settings: str, **options: Any) -> list[Report]:
    write_pairs("pairs.jsonl", PAIRS)
    dev = [{"en": "number 9 is warm", "zh": "9号很暖"}, {"en": "number 9 is warm", "zh": "九号很暖"}]
    write_pairs("dev.jsonl", [*dev, {"en": "number 3 was late", "zh": "3号晚了"}])
    return list(weft.train(validated(weft.RunConfig, overridden({}, [*WRITES, *settings])), folder, **options))


def said(told: list[Report]) -> list[str]:
    return [report.text for report in told if isinstance(report, Note)]


def test_pairs_are_learned_the_same_in_one_go_and_in_two():
    told = run_pairs("whole")
    notes = "\n".join(said(told))
    assert "source from column `en` and target from column `zh` (guessed; name them with --source, --target)" in notes
    assert "1 of 3 sources of dev also in train: kept" in notes
    assert ", covering 100.00% of train" in notes
    with pytest.raises(Interrupted):
        run_pairs("halves", stop=after(3))
    run_pairs("halves", resume=True)
    assert weights("halves") == weights("whole")
    assert what_was_learned("halves") == what_was_learned("whole")
    assert Path("halves/answers.jsonl").read_bytes() == Path("whole/answers.jsonl").read_bytes()


def test_a_run_of_pairs_tells_its_answers_and_scores():
    run_pairs("run", "task.references=all", "task.search={kind: beam, size: 3, alternatives: 2}")
    written = lines("run/answers.jsonl")
    assert [line["references"] for line in written] == [["9号很暖", "九号很暖"], ["3号晚了"]]
    assert [line["line"] for line in written] == [1, 3]
    answers = weft.load("run").answer([line["source"] for line in written])
    assert [line["answer"] for line in written] == [one.text for one in answers]
    assert [line["alternatives"] for line in written] == [list(one.alternatives) for one in answers]
    scores = read_json(Path("run/scores.json"))
    names = {"bleu", "chrf", "ter", "rouge1", "rouge2", "rougeL", "rougeL_coco", "log_loss", "perplexity"}
    assert set(scores["scores"]) == names
    assert "tok:zh" in scores["details"]["signatures"]["bleu"]
    assert (scores["task"], scores["encoder"], scores["data"]) == ("seq2seq", "gru", "dev set, 2 texts")
    assert scores["parameters"] == sum(one.size for one in load_file("run/weights.safetensors").values())


def test_pairs_of_one_source_are_held_out_together():
    write_pairs("pairs.jsonl", [{"en": row["en"], "zh": [row["zh"], f"第{row['zh']}"]} for row in PAIRS] + PAIRS[:2])
    settings = validated(weft.RunConfig, overridden({}, [*WRITES, "data.dev=null", "task.references=all"]))
    told = list(weft.train(settings, "run"))
    assert "2 of 34 pairs that repeat an earlier pair: dropped" in said(told)
    held_out = lines("run/answers.jsonl")
    assert [len(line["references"]) for line in held_out] == [2] * len(held_out)


def test_a_file_without_a_pair_is_told():
    nothing = [{"en": "\u200b", "zh": "好"}]
    write_pairs("nothing.jsonl", nothing)
    with pytest.raises(
        InputError,
        match=r"nothing.jsonl: no row is left to learn from\nhint: 1 of 1 pair with an empty source or target: dropped",
    ):
        run_pairs("run", "data.train=nothing.jsonl")
    assert not Path("run").exists()


def test_a_long_source_of_a_run_is_said():
    notes = said(run_pairs("run", "task.max_source=3", "training.epochs=1"))
    assert any("100.0% of the train sources are longer than 3 tokens (task.max_source)" in note for note in notes)
    assert all(line["unread"] > 0 for line in lines("run/answers.jsonl"))
