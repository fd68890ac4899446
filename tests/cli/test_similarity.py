"""Similarity through the command line: trained, asked, scored, embedded, searched; bad input leaves nothing behind."""

import json
from pathlib import Path

import numpy as np
import pytest

from weft.errors import InputError

TINY = ["--set", "task.encoder.width=64", "--set", "training.epochs=2", "--set", "device=cpu"]
THINGS = ["cat", "dog", "house", "tree", "car", "猫", "狗", "房子", "树", "汽车"]
ROWS = [
    (f"a {one} by the sea", f"the {other} near water", 5 if one == other else 0) for one in THINGS for other in THINGS
]


@pytest.fixture
def likeness(weft):
    lines = [json.dumps({"a": one, "b": other, "score": score}, ensure_ascii=False) for one, other, score in ROWS]
    Path("pairs.jsonl").write_text("\n".join(lines), encoding="utf-8")
    Path("texts.csv").write_text("text\n" + "".join(f"the {one} near water\n" for one in THINGS), encoding="utf-8")
    said = weft(
        "train", "pairs.jsonl", "--task", "similarity", "--text", "a,b", "--value", "score", "--output", "model", *TINY
    )
    assert said.code == 0, said.err
    return said


def test_texts_are_compared_embedded_and_searched(likeness, weft):
    assert "tf-idf cosine" in likeness.err
    assert "scores from 0 to 5, learned by the loss `cosine`" in likeness.err
    (line,) = weft("predict", "model", "--text", "a cat", "--second", "a dog").out.splitlines()
    assert {"text", "second", "answer", "cosine"} == {*json.loads(line)}
    said = weft("evaluate", "model", "pairs.jsonl", "--json")
    assert {*json.loads(said.out)["scores"]} == {"spearman", "pearson"}
    assert "rank correlation (Spearman) of tf-idf cosine" in weft("evaluate", "model", "pairs.jsonl").out
    page = Path("model/page.html").read_text(encoding="utf-8")
    assert "Hardest pairs" in page
    assert "Predicted and true scores" in page

    import weft as package

    model = package.load("model", device="cpu")
    (answer,) = model.answer([package.TextPair("a cat", "一只狗")])
    assert -1 <= answer.cosine <= 1
    for given in (("a cat", "一只狗"), ["a cat", "一只狗"], {"a": "a cat", "b": "一只狗"}):
        with pytest.raises(InputError) as refused:
            model.answer([given])
        assert "weft.TextPair(...)" in refused.value.hint

    assert weft("embed", "model", "texts.csv", "--output", "v.npy").code == 0
    vectors = np.load("v.npy")
    assert vectors.shape == (10, 64)
    said = weft("search", "model", "texts.csv", "--query", "the 猫 near water", "--top", "2", "--index", "i", "--json")
    assert said.code == 0, said.err
    first, second = map(json.loads, said.out.splitlines())
    assert (first["text"], first["rank"], first["row"]) == ("the 猫 near water", 1, 6)
    assert first["score"] == pytest.approx(1, abs=1e-4)
    assert second["score"] <= first["score"]
    again = weft("search", "model", "texts.csv", "--query", "the 猫 near water", "--top", "2", "--index", "i", "--json")
    assert again.out == said.out
    Path("asked.txt").write_text("a dog\n汽车\n", encoding="utf-8")
    many = weft("search", "model", "texts.csv", "--queries", "asked.txt", "--top", "1", "--width", "32").out
    assert "the dog near water" in many
    assert "the 汽车 near water" in many
    strange = weft("search", "model", "texts.csv", "--query", "ξένος", "--top", "1", "--quiet")
    assert (strange.code, "query `ξένος`: the model knows nothing in it" in strange.err) == (0, True)
    said = weft("inspect", "texts.csv", "--semantic", "model")
    assert said.code == 0, said.err
    assert "10 texts in 2 groups by meaning" in said.out


def test_pairs_with_scores_are_inspected(likeness, weft):
    said = weft("inspect", "pairs.jsonl", "--task", "similarity", "--json")
    assert said.code == 0, said.err
    found = {one["key"]: one["said"] for one in json.loads(said.out)}
    assert found["files"].startswith("text from column `a,b`, value from column `score`")
    assert "train has a mean of 0.5 and" in next(said for key, said in found.items() if key.startswith("values"))
    Path("bad.csv").write_text("a,b,score\n猫,狗,5\nx,y,much\n", encoding="utf-8")
    assert "expected a number, found `much`" in weft("inspect", "bad.csv", "--task", "similarity", "--json").out
    Path("bare.csv").write_text("a,b\n猫,狗\nx,y\n", encoding="utf-8")
    said = weft("inspect", "bare.csv", "--task", "similarity")
    assert (said.code, "weft inspect bare.csv --source a --target b" in said.err) == (2, True)


def test_vectors_are_written_as_parquet(likeness, weft):
    parquet = pytest.importorskip("pyarrow.parquet")
    assert weft("embed", "model", "texts.csv", "--output", "v.parquet", "--width", "16").code == 0
    table = parquet.read_table("v.parquet").to_pydict()
    assert table["text"][5] == "the 猫 near water"
    assert [len(one) for one in table["vector"]] == [16] * 10


def test_pairs_without_scores_and_with_negatives_are_learned(weft):
    rows = [
        "query,positive,negative",
        *(f"a {one} by the sea,the {one} near water,the {one}s far" for one in THINGS * 3),
    ]
    Path("pairs.csv").write_text(
        "\n".join(f"{row} {number}" for number, row in enumerate(rows)).replace(" 0", "", 1), encoding="utf-8"
    )
    said = weft("train", "pairs.csv", "--task", "similarity", "--text", "query,positive", "--output", "model", *TINY)
    assert said.code == 0, said.err
    assert "learned by the loss `negatives`" in said.err
    assert "BM25" in said.err
    assert "recall@1" in said.err.lower()


def test_models_are_compared(likeness, weft):
    said = weft("compare", "pairs.jsonl", "--task", "similarity", "--text", "a,b", "--value", "score", "--encoders",
                "projection", "--folds", "2", "--set", "training.epochs=1", "--json")  # fmt: skip
    assert said.code == 0, said.err
    assert json.loads(said.out)["shown"] == ["spearman", "pearson"]


@pytest.mark.parametrize("more", [["--folds", "2"], ["--test", "texts.jsonl"]])
def test_models_are_not_compared_on_pairs_without_scores(weft, more):
    lines = [json.dumps({"a": one, "b": other}, ensure_ascii=False) for one, other, _ in ROWS]
    for name in ("pairs.jsonl", "texts.jsonl"):
        Path(name).write_text("\n".join(lines), encoding="utf-8")
    said = weft("compare", "pairs.jsonl", "--task", "similarity", "--text", "a,b", "--encoders", "projection", *more)
    assert said.code == 2
    assert "pairs.jsonl: no models are compared on pairs without scores" in said.err
    assert "--value" in said.err
    assert "weft train" in said.err
    assert not Path("runs").exists() or not any(Path("runs").rglob("*.json"))


WRONG = [
    (["search", "model", "texts.csv"], ["there is no query"]),
    (["search", "model", "texts.csv", "--query", " "], ["query is empty"]),
    (["search", "model", "texts.csv", "--query", "a", "--index", "other"], ["of another model", "remove it"]),
    (["search", "model", "texts.csv", "--query", "a", "--index", "texts.csv"], ["no index of weft"]),
    (["search", "model", "no.csv", "--query", "a"], ["no.csv"]),
    (["inspect", "--semantic", "texts.csv"], ["texts.csv: is a file", "weft inspect texts.csv --semantic FOLDER"]),
    (["search", "model", "texts.csv", "--query", "a", "--width", "99"], ["expected a width from 1 to 64"]),
    (["search", "model", "texts.csv", "--query", "a", "--column", "b"], ["there is no column `b`"]),
    (["search", "model", "pairs.jsonl", "--query", "a"], ["pass --column"]),
    (["embed", "model", "pairs.jsonl", "--output", "v.npy"], ["pass --column"]),
    (["search", "model", "pairs.jsonl", "--query", "猫", "--text", "a"], ["no option `--text`", "mean `--column`"]),
    (["embed", "model", "texts.csv", "--output", "v.txt"], ["no `.txt` files", "v.npy"]),
    (["embed", "model", "texts.csv", "--output", "texts.npy"], ["is there already", "--overwrite"]),
    (["embed", "model", "empty.csv", "--output", "v.npy"], ["empty.csv:3", "text is empty"]),
    (["predict", "model", "--text", "a"], ["expected a pair of texts", "--second"]),
    (["train", "bad.csv", "--task", "similarity", "--value", "score"], ["bad.csv:2", "expected a number", "1234.5"]),
    (["train", "bad.csv", "--task", "similarity", "--value", "no"], ["there is no column `no`"]),
    (["train", "texts.csv", "--task", "similarity"], ["has one column"]),
    (["train", "bad.csv", "--task", "similarity", "--label", "score"], ["no such option"]),
]


def test_bad_input_is_taught_and_nothing_is_written(likeness, weft):
    from weft.evaluation.search import Index

    Index(np.ones((1, 64), np.float32), "other", "texts").save(Path("other"))
    Path("bad.csv").write_text("a,b,score\nx,y,much\n", encoding="utf-8")
    Path("empty.csv").write_text('text,more\na,b\n" ",c\n', encoding="utf-8")
    Path("texts.npy").write_bytes(b"")
    before = sorted(map(str, Path().rglob("*")))
    for arguments, says in WRONG:
        said = weft(*arguments)
        assert said.code == 2, (arguments, said)
        assert [word for word in says if word not in said.err] == [], (arguments, said.err)
        assert "Traceback" not in said.err
        assert sorted(map(str, Path().rglob("*"))) == before, arguments
