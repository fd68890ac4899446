"""The page of a run that writes: scores, samples, attention, lengths, the worst and the best; English and Chinese."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from tests.report.figures.test_plots import words
from tests.report.pages.test_run import HOSTILE, lines, read
from weft.config import validated
from weft.errors import RunFolderError
from weft.evaluation.answers_by_length import Answered, Bucket, expected_texts
from weft.experiments.self_training import train
from weft.metrics.saved_scores import Interval
from weft.report.differences import LONGEST, cut, differing
from weft.report.figures.heatmap import attention, length_curve
from weft.report.pages.run import comparison_page, run_page
from weft.run import RunConfig
from weft.training.reports import EvalReport

LOOK = {"source": ["A", "red", "car"], "target": ["一辆", "红车"], "weights_TS": [[0.8, 0.1, 0.1], [0.0, 0.5, 0.5]]}
WRITES = {"bleu": 41.25, "chrf": 55.5, "ter": 30.0, "rougeL": 60.0, "log_loss": 1.25, "perplexity": 3.49}


def told(number, *answers, best=False):
    samples = [{"source": "ten past three", "reference": "三点十分", "answer": answer} for answer in answers]
    found = {"bleu": 4.0 * number, "chrf": 5.0 * number, "log_loss": 3 / number}
    return {
        "kind": "evaluation",
        "step": 10 * number,
        "epoch": number / 2,
        "scores": found,
        "metric": "bleu",
        "best": best,
        "samples": samples,
    }


def pair(source, reference, answer, **more):
    return {"source": source, "references": [reference], "answer": answer, "log_probability": -0.1, **more}


def make(folder: Path, *, answers=None, looks=(LOOK,), **more) -> Path:
    folder.mkdir(parents=True)
    scores = {
        "scores": {name: {"value": value, "low": value - 1, "high": value + 1} for name, value in WRITES.items()},
        "details": {
            "signatures": {"bleu": "nrefs:1|tok:zh", "chrf": "nrefs:1|nc:6"},
            "lower_case": {"bleu": {"value": 42.0, "signature": "case:lc|tok:zh"}},
        },
        "data": "test set, 3 texts",
        "task": "seq2seq",
        "encoder": "lstm + gru",
        **more,
    }
    (folder / "scores.json").write_text(json.dumps(scores), encoding="utf-8")
    (folder / "attention.json").write_text(json.dumps(list(looks)), encoding="utf-8")
    reports = [{"kind": "step", "step": n, "epoch": n / 20, "epochs": 2, "loss": 4 / n} for n in range(1, 41)]
    reports += [told(1, "三三"), told(2, "三点"), told(3, "三点"), told(4, "三点十分", best=True)]
    lines(folder / "reports.jsonl", reports)
    given = [
        pair("It is three o'clock.", "现在三点。", "现在三点。", line=1),
        pair("It is ten past four.", "现在四点十分。", "今天四点。", unread=12, line=2),
        pair("three men", "三个人", "", line=3),
    ]
    lines(folder / "answers.jsonl", given if answers is None else answers)
    return folder


pytestmark = pytest.mark.usefixtures("one_thread")


def test_the_page_tells_how_it_writes(tmp_path):
    page = read(run_page(make(tmp_path / "run")))
    assert "lstm + gru reaches 41.2 BLEU on the test set (40.2 to 42.2)" in page.text
    assert "1 of 3 outputs match a reference exactly." in page.text
    assert "Truncated sources: 1. Empty outputs: 1." in page.text
    for said in (
        "chrF 55.5 54.5 to 56.5",
        "Perplexity 3.490",
        "nrefs:1|tok:zh",
        "BLEU, lower-cased 42.0 case:lc|tok:zh",
    ):
        assert said in page.text
    assert "source truncated by 12 tokens" in page.text
    figures = [value for name, value in page.attributes if name == "aria-label"]
    assert figures[0].startswith("Learning curves: training loss")
    assert "dev BLEU from 4.000 to 16.000, dev chrF from 5.000 to 20.000" in figures[1]
    assert figures[2] == "Attention, the most attended source token of each generated token: 一辆 at A; 红车 at red"
    assert "Scores by label" not in page.text
    assert "Most confident errors" not in page.text


def test_samples_are_told_by_epoch_and_equal_ones_once(tmp_path):
    page = read(run_page(make(tmp_path / "run")))
    assert "ten past three 0.5 三 三 1 to 1.5 三点 2 best 三点十分 reference 三点十分" in page.text
    assert page.tags.count("dt") - page.tags.count("div") < 5  # facts have a div each


def test_the_worst_come_first_with_what_differs_marked(tmp_path):
    page = run_page(make(tmp_path / "run"))
    text = read(page).text
    assert text.index("three men") < text.index("It is ten past four.") < text.index("It is three o'clock.")
    html = page.read_text(encoding="utf-8")
    assert '<mark class="missing">现在</mark>四点<mark class="missing">十分</mark>。' in html
    assert '<mark class="wrong">今天</mark>四点。' in html
    assert "(empty)" in text


@pytest.mark.parametrize("missing", ["scores.json", "reports.jsonl", "answers.jsonl", "attention.json"])
def test_what_is_not_there_is_left_out(tmp_path, missing):
    folder = make(tmp_path / "run")
    (folder / missing).unlink()
    read(run_page(folder))
    read(comparison_page([folder, make(tmp_path / "b")], tmp_path / "all.html", title="two", notes=[]))


def test_what_was_read_and_written_is_escaped(tmp_path):
    look = {"source": [HOSTILE], "target": [HOSTILE, "b"], "weights_TS": [[1.0], [1.0]]}
    folder = make(tmp_path / "run", looks=[look], answers=[pair(HOSTILE, HOSTILE, f"{HOSTILE} x")])
    lines(folder / "reports.jsonl", [told(1, HOSTILE)])
    page = read(run_page(folder))
    assert "img" not in page.tags
    assert "onerror" not in {name for name, _ in page.attributes}


def test_a_run_leaves_what_its_page_shows(tmp_path):
    rows = [{"en": f"room {n} is red", "zh": f"{n}号房间是红的"} for n in range(40)]
    lines(tmp_path / "pairs.jsonl", rows)
    task = {"kind": "seq2seq", "source": "en", "target": "zh", "search": "greedy"}
    task["decoder"] = {"kind": "transformer", "width": 8, "heads": 2, "layers": 1, "feed_forward": 8}
    settings = {"data": {"train": str(tmp_path / "pairs.jsonl")}, "task": task, "training": {"epochs": 2}}
    told = [one for one in train(validated(RunConfig, settings), tmp_path / "run") if isinstance(one, EvalReport)]
    assert [[sorted(sample) for sample in one.samples] for one in told] == [[["answer", "reference", "source"]] * 4] * 2
    page = read(tmp_path / "run" / "page.html")
    assert told[0].samples[0]["source"] in page.text
    assert ("Where it looks" in page.text) is (tmp_path / "run" / "attention.json").exists()


def test_damaged_attention_is_told(tmp_path):
    folder = make(tmp_path / "run")
    (folder / "attention.json").write_text("[{", encoding="utf-8")
    with pytest.raises(RunFolderError, match=r"attention\.json:1: is damaged"):
        run_page(folder)


def test_a_language_model_shows_its_texts_and_what_surprised_it(tmp_path):
    rows = [{"text": f"第{n}行 line", "log_loss": n / 10, "tokens": 9, "line": n} for n in range(1, 31)]
    found = {"samples": ["春眠不觉晓", "To be <b>"], "free_text": {"distinct_1": 0.5, "copied": 0.0}}
    scores = {"log_loss": 1.2, "perplexity": 3.32, "bits_per_byte": 1.9}
    page = read(run_page(make(tmp_path / "run", answers=rows, task="language_model", scores=scores, looks=[], **found)))
    for said in ("春眠不觉晓", "To be <b>", "Distinct 1-grams 50.0%", "Copied texts 0.0%", "Bits per byte 1.900"):
        assert said in page.text
    assert page.text.index("第30行") < page.text.index("第1行")
    assert "第15行" not in page.text
    surprising, expected = expected_texts(tmp_path / "run", 40)
    assert ([row["line"] for row in surprising], len(expected)) == (list(range(30, 15, -1)), 15)


def test_few_texts_are_no_most_and_least_surprising_and_long_ones_are_cut(tmp_path):
    rows = [{"text": f"{n}春" * 200, "log_loss": n / 10, "tokens": 9, "line": n} for n in range(1, 7)]
    for name, count in (("few", 5), ("enough", 6)):
        page = read(run_page(make(tmp_path / name, answers=rows[:count], task="language_model")))
        assert ("Highest and lowest loss" in page.text) == (count == 6)
    assert "… (100 more letters)" in page.text


def test_sources_of_like_length_are_scored_together(tmp_path):
    rows = [pair("one two", "一二", "一二")] * 12 + [pair("one two three four", "一二三四", "五")] * 13
    lines(tmp_path / "answers.jsonl", rows)
    answered = Answered.read(tmp_path)
    assert answered
    assert [(one.low, one.high, one.count, one.score.value) for one in answered.buckets()] == [
        (2, 2, 12, pytest.approx(100.0)),
        (4, 4, 13, 0.0),
    ]
    assert (answered.exact, answered.worst(1), answered.best(1)) == (12, [12], [0])
    lines(tmp_path / "answers.jsonl", rows[:9])
    few = Answered.read(tmp_path)
    assert few
    assert few.buckets() == []


def test_transcripts_are_ordered_by_their_character_errors(tmp_path):
    rows = [pair("a.wav", "你好", "你好"), pair("b.wav", "no", "on"), pair("c.wav", "yes", "yet")]
    lines(tmp_path / "answers.jsonl", rows)
    answered = Answered.read(tmp_path, name="cer")
    assert answered
    assert (answered.score_N.tolist(), answered.worst(3)) == ([0, 100, pytest.approx(100 / 3)], [1, 2, 0])


def test_the_figures_have_readable_names():
    drawn = words(attention(**{"weights" if name == "weights_TS" else name: value for name, value in LOOK.items()}))
    assert drawn == ["A", "red", "car", "一辆", "红车"]
    assert attention([], [], []) == ""
    buckets = [Bucket(2, 2, 12, Interval(50, 40, 60)), Bucket(3, 9, 1300, Interval(70, 60, 80))]
    assert {"2", "3 to 9", "12 texts", "1,300 texts", "chrF"} <= set(words(length_curve(buckets)))
    assert length_curve(buckets[:1]) == ""


@given(st.text(alphabet="ab 红车<&。\n"), st.text(alphabet="ab 红车<&。\n"))
def test_marks_change_no_text(expected, found):
    for marked, text in zip(differing(expected, found), (expected, found), strict=True):
        assert (
            marked.unescape()
            .replace('<mark class="missing">', "")
            .replace('<mark class="wrong">', "")
            .replace("</mark>", "")
            == text
        )
    assert differing(found, found) == (Markup.escape(found),) * 2


def test_words_and_han_characters_are_marked_apart():
    assert differing("a red car红车", "a blue car蓝车") == (
        'a <mark class="missing">red</mark> car<mark class="missing">红</mark>车',
        'a <mark class="wrong">blue</mark> car<mark class="wrong">蓝</mark>车',
    )
    assert cut("好" * (LONGEST + 1200)) == "好" * LONGEST + "… (1,200 more letters)"
