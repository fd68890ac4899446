"""Tagging through the command line: trained, asked, scored, compared; and bad input, which leaves nothing behind."""

import json
from pathlib import Path

import pytest

from weft.demo.names import demo_names, write

TINY = [word for setting in (
    *("task.encoder.width=8", "task.encoder.hidden=8", "training.epochs=2", "training.batch_rows=8", "device=cpu"),
) for word in ("--set", setting)]  # fmt: skip
CONLL = "EU B-ORG\nin O\nOslo B-LOC\n\n上 B-LOC\n海 I-LOC\n好 O\n\n"
MANY = "".join(CONLL.replace("好", f"好{number}").replace("in O", f"in{number} O") for number in range(9))


@pytest.fixture
def names(weft):
    write(Path("names.jsonl"), demo_names(60))
    said = weft("train", "names.jsonl", "--tags", "spans", "--output", "model", *TINY)
    assert said.code == 0, said.err
    return said


def test_a_tagger_is_trained_asked_scored_and_looked_at(names, weft):
    assert "the commonest tag of each token" in names.err
    assert "read as labelled spans" in names.err
    text = "马云在北京见到了 Anna Weber 。"
    (line,) = weft("predict", "model", "--text", text).out.splitlines()
    given = json.loads(line)
    assert given["text"] == text
    assert all(text[one["start"] : one["end"]] == one["text"] for one in given["answer"])
    assert weft("predict", "model", "--text", text, "--format", "csv").out.startswith("text,answer,probability\n")
    said = weft("evaluate", "model", "names.jsonl", "--json")
    assert {"span_f1", "span_precision", "span_recall", "exact_match"} <= {*json.loads(said.out)["scores"]}
    assert "span F1 of the commonest tag of each token" in weft("evaluate", "model", "names.jsonl").out
    assert "Most confident errors" in Path("model/page.html").read_text(encoding="utf-8")


def test_words_between_blanks_are_learned_and_cut(weft):
    Path("words.txt").write_text("我 在 上海\n他 住 在 北京\ngood day\n今天 下雨\n" * 8, encoding="utf-8")
    said = weft("train", "words.txt", "--task", "tagging", "--output", "model", *TINY)
    assert said.code == 0, said.err
    assert "read as words (segmentation)" in said.err
    assert "the longest match" in said.err
    Path("raw.txt").write_text("他在上海\n\n今天好\n", encoding="utf-8")
    found = [json.loads(line)["answer"] for line in weft("predict", "model", "raw.txt").out.splitlines()]
    assert ["".join(one) if one is not None else None for one in found] == ["他在上海", None, "今天好"]
    assert weft("evaluate", "model", "words.txt").code == 0


def test_taggers_are_compared(weft):
    Path("a.conll").write_text(MANY, encoding="utf-8")
    said = weft("compare", "a.conll", "--task", "tagging", "--encoders", "cnn", "--folds", "2", *TINY[:0], "--set",
                "task.encoder.width=8", "--set", "training.epochs=1", "--json")  # fmt: skip
    assert said.code == 0, said.err
    found = json.loads(said.out)
    assert found["shown"] == ["span_f1", "exact_match"]


@pytest.mark.parametrize(
    ("name", "content", "options", "says"),
    [
        ("a.conll", CONLL + "Rome B-LOC x\n", ["--task", "tagging"], [":9", "has 3 columns, the first line has"]),
        ("a.conll", f"{MANY}Rome X-LOC\n" , ["--task", "tagging"], ["a.conll:73", "`X-LOC` is not one of"]),
        ("a.jsonl", '{"tokens": ["a", "b"], "tags": ["O"]}', ["--tags", "tags"], ["a.jsonl:1", "2 tokens, and 1 tag"]),
        ("a.jsonl", '{"text": "上海", "spans": [[0, 9, "A"]]}\n', ["--tags", "spans"], [":1", "leaves the text"]),
        ("a.jsonl", '{"text": "上海市", "spans": [[0, 2, "A"], [1, 3, "B"]]}', ["--tags", "spans"], [":1", "overlap"]),
        ("a.txt", "没有空格\n" * 9, ["--task", "tagging"], ["there are no tags to learn", "--tags"]),
        ("a.conll", MANY.replace("B-", "O-"), ["--task", "tagging"], ["others none, as `O-LOC`", "task.scheme"]),
        ("a.conll", MANY, ["--task", "tagging", "--encoder", "bag"], ["`bag` keeps no positions"]),
        ("a.conll", MANY, ["--task", "tagging", "--label", "tag"], ["no such option"]),
        ("a.conll", MANY, ["--task", "tagging", "--set", "task.scheme=boi"], ["task.scheme"]),
    ],
)  # fmt: skip
def test_bad_input_is_taught_and_nothing_is_written(weft, name, content, options, says):
    Path(name).write_text(content, encoding="utf-8")
    before = sorted(map(str, Path().rglob("*")))
    said = weft("train", name, *options, "--output", "model")
    assert said.code == 2, said
    assert [word for word in says if word not in said.err] == [], said.err
    assert "Traceback" not in said.err
    assert sorted(map(str, Path().rglob("*"))) == before


def test_a_tagger_teaches(names, weft):
    said = weft("distil", "model", "--alone", "skip")
    assert (said.code, "hint: give texts of the same kind without answers: --unlabelled" in said.err) == (2, True)
    Path("more.txt").write_text("马云在北京。\nAda in Rome\n", encoding="utf-8")
    said = weft(
        "distil", "model", "--unlabelled", "more.txt", "--alone", "skip", "--student", "cnn", *TINY[:2], *TINY[4:]
    )
    assert said.code == 0, said.err
    assert "crf + cnn, distilled" in said.out


def test_a_model_of_spans_is_scored_on_tags_whose_scheme_is_found_out(names, weft):
    Path("bio.conll").write_text("Anna B-PER\nWeber I-PER\nin O\n\n北 B-LOC\n京 I-LOC\n好 O\n\n" * 4, encoding="utf-8")
    said = weft("evaluate", "model", "bio.conll", "--json")
    assert said.code == 0, said.err
    assert "B-PER" not in said.err + said.out


def test_a_model_of_words_is_not_scored_on_spans(weft):
    write(Path("names.jsonl"), demo_names(20))
    Path("words.txt").write_text("我 在 上海\n他 住 在 北京\ngood day\n今天 下雨\n" * 8, encoding="utf-8")
    assert weft("train", "words.txt", "--task", "tagging", "--output", "model", *TINY).code == 0
    said = weft("evaluate", "model", "names.jsonl")
    assert (said.code, "has no segmented texts, and the model cuts words" in said.err) == (2, True), said.err


def test_tagged_files_are_inspected(weft):
    Path("a.conll").write_text(MANY, encoding="utf-8")
    said = weft("inspect", "a.conll", "--output", "seen")
    assert said.code == 0, said.err
    assert "labelled spans, by scheme bio" in said.out
    Path("words.txt").write_text("我 在 上海\ngood day\n" * 3, encoding="utf-8")
    assert "segmented words" in weft("inspect", "words.txt", "--task", "tagging").out
    write(Path("names.jsonl"), demo_names(10))
    found = json.loads(weft("inspect", "names.jsonl", "--tags", "spans", "--json").out)
    assert {"files", "broken", "labels", "odd-tags"} <= {one["key"] for one in found}
