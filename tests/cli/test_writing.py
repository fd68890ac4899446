"""`weft train`, `evaluate` and `predict` where text is written: pairs, two files side by side, plain text."""

import csv
import io
import json
import re
from pathlib import Path

import pytest

import weft as package
from weft.config import read_yaml
from weft.decoding.choices import Greedy

TINY = ["width=16", "layers=1", "feed_forward=16"]
WORDS = [word for one in (*[f"task.decoder.{one}" for one in TINY], "training.epochs=1") for word in ("--set", one)]
NAMES = ["BLEU", "chrF", "TER (lower is better)", "ROUGE-1", "ROUGE-2", "ROUGE-L", "log loss", "perplexity"]


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def split_in_two(rows: list[tuple[str, str]], name: str) -> str:
    for side, suffix in enumerate(("en", "zh")):
        Path(f"{name}.{suffix}").write_text("".join(f"{row[side]}\n" for row in rows), encoding="utf-8")
    return f"{name}.en,{name}.zh"


@pytest.fixture
def pairs(translator) -> list[tuple[str, str]]:
    with Path("pairs.csv").open(encoding="utf-8", newline="") as file:
        return [(row["en"], row["zh"]) for row in csv.DictReader(file)]


# train


def test_two_files_and_a_decoder(weft, pairs):
    train, test = split_in_two(pairs, "train"), split_in_two(pairs[:9], "test")
    call = (
        "--source",
        "zh",
        "--target",
        "en",
        "--encoder",
        "gru",
        "--decoder",
        "lstm",
        "--set",
        "task.encoder.width=8",
    )
    small = [word for one in ("decoder.width=16", "decoder.hidden=16") for word in ("--set", f"task.{one}")]
    said = weft("train", train, "--test", test, *call, *small, "--set", "training.epochs=1", "--device", "cpu")
    assert (said.code, said.out) == (0, ""), said
    saved = read_yaml(Path("runs/train/config.yaml"))["task"]
    assert [saved[name] for name in ("kind", "source", "target")] == ["seq2seq", "zh", "en"]
    assert [saved[name]["kind"] for name in ("encoder", "decoder")] == ["gru", "lstm"]
    told = said.err.splitlines()
    assert re.fullmatch(r"epoch 1  dev BLEU \d+\.\d  log loss \d+\.\d{4}  \(best\)", told[-4])
    floors = r"the copied source \S+, the target of the nearest training source \S+, no better than .*"
    scores = rf"BLEU \S+, chrF \S+, {floors}"
    search = r"by beam search \(5\), dev scores above by greedy search"
    assert re.fullmatch(rf"test set, 9 texts, too few for intervals: {scores}; {search}", told[-2])
    assert told[-1] == "page: runs/train/page.html   next: weft generate runs/train --text ..."


def test_files_side_by_side_are_pairs_unasked(weft, pairs):
    said = weft("train", split_in_two(pairs, "news"), "--device", "cpu", *WORDS)
    assert said.code == 0, said
    assert "source from column `en` and target from column `zh`\n" in said.err
    assert f"news.en, news.zh: {len(pairs)} rows, utf-8\n" in said.err
    assert Path("runs/news/bundle.json").is_file()


def test_a_language_model(weft, poet):
    call = ("--task", "language_model", "--decoder", "gpt", "--text", "poem", "--output", "run", "--device", "cpu")
    said = weft("train", "poems.csv", *call, *WORDS, "--set", "task.context=16")
    assert (said.code, said.out) == (0, ""), said
    told = said.err.splitlines()
    assert re.fullmatch(r"epoch 1  dev log loss \d+\.\d{4}  \(best\)", told[-4])
    scores = r"bits per byte \S+, perplexity \S+, a Kneser-Ney 5-gram model \S+, no better than .*"
    assert re.fullmatch(rf"dev set, \d texts, too few for intervals: {scores}", told[-2])
    assert told[-1] == "page: run/page.html   next: weft generate run --prompt ..."
    assert re.search(r"poems.csv: 30 texts, .*\n(.*\n)*\d+ training texts, ", said.err)
    assert "blocks of at most 16 (task.context)" in said.err
    page = Path("run/page.html").read_text(encoding="utf-8")
    assert re.search(r"<h1>gpt reaches <b>\d+\.\d+</b> bits per byte on the dev set", page)


def test_pairs_unless_another_task_is_named(refused, pairs):
    Path("run.yaml").write_text("data: {train: pairs.csv}\ntask: {kind: language_model}\n", encoding="utf-8")
    says = ("--source: the task `language_model` has no such option", "--task seq2seq")
    refused("train", "run.yaml", "--source", "en", says=says)
    refused("train", "pairs.csv", "--task", "language_model", "--source", "en", says=says)


WRONG = [
    (("--task", "seq2seq", "--text", "en"), ("--text: the task `seq2seq` has no such option", "--task classification")),
    (("--source", "en", "--label", "zh"), ("--label: the task `seq2seq` has no such option",)),
    (("--source", "en", "--vectors", "v.txt"), ("--vectors: the task `seq2seq`",)),
    (("--task", "classification", "--source", "en"), ("--source: the task `classification`", "--task seq2seq")),
    (
        ("--task", "classification", "--decoder", "gpt"),
        ("--decoder: the task `classification`", "--task seq2seq, --task language_model"),
    ),
    (("--task", "seq2seq", "--label-separator", "|"), ("--label-separator: the task `seq2seq`", "--task multilabel")),
    (("--task", "seq2sec"), ("task: there is no kind `seq2sec`", "did you mean `seq2seq`?")),
    (("--source", "en", "--decoder", "lstn"), ("task.decoder: there is no kind `lstn`", "did you mean `lstm`?")),
    (("--source", "en", "--encoder", "bag"), ("task.encoder: `bag` reads n-grams",)),
    (("--source", "e", "--target", "zh"), ("no column `e`",)),
    (("--source", "en", "--target", "en"), ("`en` is named as the source and as the target",)),
]


@pytest.mark.parametrize(("options", "says"), WRONG, ids=lambda value: " ".join(value)[:40])
def test_options_of_another_task(weft, pairs, options, says):
    said = weft("train", "pairs.csv", *options)
    assert (said.code, said.out) == (2, ""), said
    assert [word for word in says if word not in said.err] == [], said.err
    assert not Path("runs").exists()


def test_pairs_that_cannot_be_read(weft, pairs):
    split_in_two(pairs, "train")
    with Path("train.en").open("a", encoding="utf-8") as file:
        file.write("one more\n")
    uneven = weft("train", "train.en,train.zh")
    assert uneven.code == 2
    assert "`train.en` has 61 lines, `train.zh` has 60 lines" in uneven.err
    for name, row, says in (
        ("a.csv", " ,他", "a.csv: 1 of 2 rows has no source (column `en`), the first is line 2\n"),
        ("b.csv", "he, ", "b.csv: 1 of 2 rows has no target (column `zh`), the first is line 2\n"),
    ):
        Path(name).write_text(f"en,zh\n{row}\nhe,他\n", encoding="utf-8")
        said = weft("train", name, "--source", "en", "--target", "zh")
        assert (said.code, said.out) == (2, "")
        assert f"weft: {says}" in said.err


# evaluate


def test_evaluate_prints_scores_and_how_each_was_made(weft, translator):
    said = weft("evaluate", "translator", "pairs.csv", "--no-floors")
    assert (said.code, said.err) == (0, "")
    assert [name for name in NAMES if name not in said.out] == []
    assert re.search(r"│ BLEU +│ +\d+\.\d\d │ +\d+\.\d\d to \d+\.\d\d │", said.out)
    assert "pairs.csv, 60 texts, decoded by beam search (5)" in said.out
    assert re.search(r"^bleu\|nrefs:1\|case:mixed\|.*tok:zh", said.out, re.MULTILINE)
    assert re.search(r"^in lower case: BLEU \d+\.\d\d  bleu\|nrefs:1\|case:lc", said.out, re.MULTILINE)
    assert "texts per second" in said.out


def test_evaluate_by_another_search_with_other_columns_and_answers(weft, translator, pairs):
    Path("renamed.csv").write_text(Path("pairs.csv").read_text(encoding="utf-8").replace("en,zh", "英,中"), "utf-8")
    call = ("--source", "英", "--target", "中", "--json", "--greedy", "--answers", "answers.jsonl")
    said = weft("evaluate", "translator", "renamed.csv", *call)
    assert "source from column `英` (in training it was `en`)" in said.err
    found = lines(Path("answers.jsonl").read_text(encoding="utf-8"))
    assert [(one["source"], one["references"]) for one in found] == [(source, [target]) for source, target in pairs]
    expected = package.load("translator", device="cpu").answer([one["source"] for one in found], search=Greedy())
    assert [one["answer"] for one in found] == [one.text for one in expected]
    greedy = json.loads(weft("evaluate", "translator", "pairs.csv", "--greedy", "--json").out)
    assert json.loads(said.out)["scores"] == greedy["scores"]
    assert list(greedy["details"]["lower_case"]) == ["bleu", "chrf"]


@pytest.mark.parametrize(("folder", "file"), [("translator", "pairs.csv"), ("poet", "poems.csv")])
def test_exposure_is_of_the_tokens_that_were_scored(weft, translator, poet, folder, file):
    found = json.loads(weft("evaluate", folder, file, "--exposure", "--json").out)
    count = sum(one["count"] for one in found["exposure"])
    mean = sum(one["true"] * one["count"] for one in found["exposure"]) / count
    assert mean == pytest.approx(found["scores"]["log_loss"]["value"], rel=1e-4)
    said = weft("evaluate", folder, file, "--exposure").out
    assert re.search(r"│ +1 │ +\S+ │ +\S+ │ +\+0.0000 │ +\d+ │", said)
    assert re.search(rf"│ +all │ +{mean:.4f} │ .* │ +{count:,} │", said)


def test_what_was_not_read_is_said_once(weft, translator):
    Path("long.csv").write_text(f"en,zh\nhe sees,他\n{'he sees 3 cats ' * 12},他看见\n", encoding="utf-8")
    said = weft("evaluate", "translator", "long.csv")
    cut = r"long.csv: 1 of 2 sources were truncated, by \d+ tokens in all \(task.max_source\)\n"
    without = "without the simple methods that learn from the training rows: rows.csv: there is no such file\n"
    assert re.fullmatch(cut + re.escape(without), said.err)


def test_the_verbs_find_the_columns_of_another_file_by_one_rule(weft, refused, translator, pairs):
    rows = "".join(f"{target},{source}\n" for source, target in pairs)
    Path("swapped.csv").write_text(f"chinese,english\n{rows}", encoding="utf-8")
    hint = "hint: name the ones to read: --source NAME --target NAME"
    refused("evaluate", "translator", "swapped.csv", says=("no columns `en` and `zh`, as in training", hint))
    for verb in ("predict", "generate"):
        refused(verb, "translator", "swapped.csv", says=("no column `en`, as in training", "--column NAME"))
    said = "source from column `english` (in training it was `en`)\n"
    for verb in ("predict", "generate"):
        assert weft(verb, "translator", "swapped.csv", "--column", "english").err.startswith(said)
    Path("half.csv").write_text(f"zh,english\n{rows}", encoding="utf-8")
    for verb in ("evaluate", "predict", "generate"):
        assert weft(verb, "translator", "half.csv").err.startswith(said)


def test_evaluate_says_which_of_its_two_arguments_is_missing(refused, translator):
    refused("evaluate", "translator", "--exposure", says=("a labelled FILE is missing",))
    refused("evaluate", "pairs.csv", says=("the FOLDER of a trained model is missing",))
    refused("evaluate", says=("FOLDER... FILE",))


def test_evaluate_refuses_what_a_task_has_no_use_for(refused, translator, poet, model):
    says = ("--text: a model of task `seq2seq` has none", "--source and --target")
    refused("evaluate", "translator", "pairs.csv", "--text", "en", says=says)
    refused(
        "evaluate", "model", "reviews.csv", "--source", "text", says=("--source: a model of task `class", "--label")
    )
    refused("evaluate", "model", "reviews.csv", "--exposure", says=("--exposure: a model of task", "generates no text"))
    refused("evaluate", "model", "reviews.csv", "--greedy", says=("`greedy` is a search",))
    refused(
        "evaluate", "poet", "poems.csv", "--beam", "3", says=("--beam: a model of task `language_model` is evaluated",)
    )
    both = ("evaluate", "translator", "translator", "pairs.csv", "--ensemble")
    refused(*both, says=("--ensemble: generated texts cannot be averaged",))
    refused(*both, "--exposure", says=("--ensemble and --exposure exclude each other",))
    refused("evaluate", "translator", "pairs.csv", "--beam", "900", says=("--beam: a beam of 900 is as wide as",))


# predict


def test_predict_writes_lines_and_csv(weft, translator, pairs):
    call = ("predict", "translator", "pairs.csv", "--beam", "3", "--alternatives", "2")
    found = lines(weft(*call, "--column", "en").out)
    assert [one["en"] for one in found] == [source for source, _ in pairs]
    columns = ("en", "zh", "answer", "log_probability", "alternatives", "unread", "line")
    assert {tuple(one) for one in found} == {columns}
    assert weft(*call, "--output", "answers.csv").code == 0
    rows = list(csv.DictReader(io.StringIO(Path("answers.csv").read_text(encoding="utf-8"))))
    assert {tuple(row) for row in rows} == {columns}
    assert [(row["answer"], json.loads(row["alternatives"])) for row in rows] == [
        (one["answer"], one["alternatives"]) for one in found
    ]


def test_a_csv_has_the_same_columns_whatever_was_read(weft, translator):
    typed = "he sees\n" + "he sees 3 cats and " * 9 + "\n"
    rows = list(csv.DictReader(io.StringIO(weft("predict", "translator", "--format", "csv", typed=typed).out)))
    assert [int(row["unread"]) > 0 for row in rows] == [False, True]


def test_predict_refuses_what_text_has_not(refused, translator):
    refused(
        "predict", "translator", "--text", "he", "--reject-below", "0.5", says=("--reject-below: a generated text has",)
    )
    refused("predict", "translator", "--text", "he", "--second", "he", says=("found a pair",))
    refused("predict", "translator", "--text", "he", "--top-p", "2", says=("--top-p: expected less than or equal",))
    refused("predict", "translator", "pairs.csv", "--column", "e", says=("pairs.csv: there is no column `e`",))
