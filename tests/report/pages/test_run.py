"""Pages: balanced HTML that loads nothing, says what the run says, and escapes what texts try."""

import json
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from weft.errors import RunFolderError
from weft.metrics.floors import Floor, beside
from weft.metrics.saved_scores import Interval
from weft.metrics.systems import mean_score
from weft.report.folder import Run, hardest_errors
from weft.report.formatting import duration, size
from weft.report.pages.run import comparison_page, run_page

VOID = {"meta", "link", "br", "img", "input", "hr"}
NOTE = "labels were found in the column `标签`"
HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)>'


class Reader(HTMLParser):
    """Follows a page: open elements, all attributes, the words, and whether each element was closed in its turn."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.said: list[str] = []
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag):
        assert self.open
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.said.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.said).split())


def read(path: Path) -> Reader:
    page = Reader(path.read_text(encoding="utf-8"))
    assert "script" not in page.tags
    ids = [value for name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    loads = [value for name, value in page.attributes if name in {"src", "href", "action", "data", "poster"}]
    assert not [value for value in loads if value.startswith(("http", "//"))]
    assert "url(http" not in path.read_text(encoding="utf-8")
    assert "@import" not in page.text
    assert "nan" not in page.text.lower().split()
    assert "None" not in page.text.split()
    return page


def interval(value):
    return {"value": value, "low": max(value - 0.03, 0), "high": min(value + 0.025, 1)}


def scores(labels, encoder="cnn", **more):
    classes = len(labels)
    return {
        "data": "dev set, 400 texts",
        "scores": {"accuracy": interval(0.91), "macro_f1": interval(0.9), "log_loss": interval(0.25)},
        "details": {
            "labels": labels,
            "confusion": [[9 if row == column else 1 for column in range(classes)] for row in range(classes)],
            "per_class": [
                {"label": label, **{name: interval(0.8) for name in ("precision", "recall", "f1")}, "support": 9}
                for label in labels
            ],
            "calibration": [
                {"low": 0.0, "high": 0.5, "count": 0, "confidence": None, "accuracy": None},
                {"low": 0.5, "high": 1.0, "count": 40, "confidence": 0.8, "accuracy": 0.7},
            ],
        },
        "speed": {"texts_per_second": 12345.0},
        "size_bytes": 1_234_567,
        "parameters": 123_456,
        "train_seconds": 12.3,
        "task": "classification",
        "encoder": encoder,
        "weft": "0.1.0",
        **more,
    }


def lines(path, rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def answer(text="fine", label="negative", answer="positive", probability=0.9, line=7):
    return {"text": text, "label": label, "answer": answer, "probability": probability, "line": line}


def make(folder: Path, labels=("negative", "positive"), answers=None, **more) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text("task: classification\n# 评论\n", encoding="utf-8")
    (folder / "scores.json").write_text(json.dumps(scores(list(labels), **more)), encoding="utf-8")
    reports = [{"kind": "note", "text": NOTE}, {"kind": "save", "step": 20, "path": "x"}]
    reports += [{"kind": "step", "step": n, "epoch": n / 10, "epochs": 2, "loss": 1 / n} for n in range(1, 21)]
    for number in (10, 20):
        found = {"accuracy": 0.8 + number / 200, "macro_f1": 0.8, "log_loss": 0.3}
        reports.append(
            {
                "kind": "evaluation",
                "step": number,
                "epoch": number / 10,
                "scores": found,
                "metric": "macro_f1",
                "best": number == 10,
            }
        )
    lines(folder / "reports.jsonl", reports)
    lines(folder / "answers.jsonl", [answer(), answer(answer="negative")] if answers is None else answers)
    return folder


def test_a_run_page_tells_the_run(tmp_path):
    path = run_page(make(tmp_path / "run"))
    page = read(path)
    assert path == tmp_path / "run" / "page.html"
    assert "cnn reaches 91.0% accuracy on the dev set (88.0 to 93.5)" in page.text
    for said in (
        "Macro F1",
        "90.0%",
        "12,345",
        "1.2 MB",
        "12 s",
        "123,456",
        "标签",
        "# 评论",
        "1 of 2 predictions is wrong",
    ):
        assert said in page.text
    figures = [value for name, value in page.attributes if name == "aria-label"]
    assert [one.split()[0] for one in figures] == ["Training", "Learning", "Learning", "confusion", "Calibration"]
    assert page.tags.count("table") == page.tags.count("caption") == 3


def test_texts_labels_and_notes_are_escaped(tmp_path):
    folder = make(
        tmp_path / HOSTILE.replace("/", ""), labels=(HOSTILE, "b"), encoder=HOSTILE, answers=[answer(HOSTILE)]
    )
    with (folder / "reports.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"kind": "note", "text": f"`{HOSTILE}`"}) + "\n")
    (folder / "config.yaml").write_text("</pre></details>" + HOSTILE, encoding="utf-8")
    for page in (run_page(folder), comparison_page([folder], tmp_path / "all.html", title=HOSTILE, notes=[HOSTILE])):
        assert "img" not in read(page).tags
        assert "onerror" not in {name for name, _ in read(page).attributes}


def test_long_texts_are_cut_and_unfold(tmp_path):
    text = "这家店的服务态度真的很好，下次还会再来。\n" * 20
    page = read(run_page(make(tmp_path / "run", answers=[answer(text), answer("short")])))
    assert page.tags.count("details") == 2
    assert " ".join(text.split()) in page.text
    assert any(said.endswith("…") and len(said) < 90 for said in page.said)


def test_broken_letters_do_not_stop_a_page(tmp_path):
    folder = make(tmp_path / "run", answers=[])
    (folder / "answers.jsonl").write_text(json.dumps(answer("half \ud83d a pair \x00")) + "\n", encoding="utf-8")
    assert "half" in read(run_page(folder)).text


@pytest.mark.parametrize("labels", [["only"], [f"意图 {n}" for n in range(50)]])
def test_one_label_and_fifty(tmp_path, labels):
    page = read(run_page(make(tmp_path / "run", labels=labels)))
    assert labels[-1] in page.text
    assert (("class", "labels compact") in page.attributes) is (len(labels) == 50)
    assert ("30 more labels" in page.text) is (len(labels) == 50)


def test_of_many_labels_the_worst_stand_first(tmp_path):
    folder = make(tmp_path / "run", labels=[f"意图 {n}" for n in range(30)])
    scores = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
    for number, row in enumerate(scores["details"]["per_class"]):
        row["f1"] = {"value": (number * 7 % 30) / 30, "low": None, "high": None}
    scores["details"]["levels"] = [{"level": 1, "labels": 2, "accuracy": 0.75, "macro_f1": 0.5}]
    (folder / "scores.json").write_text(json.dumps(scores), encoding="utf-8")
    text = read(run_page(folder)).text
    worst = sorted(range(30), key=lambda number: number * 7 % 30)
    places = [text.index(f"意图 {number} ", text.index("Scores by label")) for number in worst]
    assert places == sorted(places)
    assert "Labels cut at each level of their hierarchy" in text


def test_no_errors_at_all(tmp_path):
    page = read(run_page(make(tmp_path / "run", answers=[answer(answer="negative")])))
    assert "all 1 predictions are correct" in page.text


@pytest.mark.parametrize("missing", ["scores.json", "reports.jsonl", "answers.jsonl", "config.yaml"])
def test_what_is_not_there_is_left_out(tmp_path, missing):
    folder = make(tmp_path / "run")
    (folder / missing).unlink()
    read(run_page(folder))
    read(comparison_page([folder], tmp_path / "all.html", title="one", notes=[]))


def test_a_config_is_enough(tmp_path):
    (tmp_path / "config.yaml").write_text("task: classification\n", encoding="utf-8")
    assert "has not been evaluated yet" in read(run_page(tmp_path)).text
    assert "nothing to plot" in read(run_page(tmp_path)).text


def test_a_run_of_several_labels(tmp_path):
    folder = make(tmp_path / "run", task="multilabel")
    found = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
    found["scores"] = {"micro_f1": interval(0.83), "exact_match": interval(0.6), "hamming_loss": interval(0.05)}
    details = found["details"]
    del details["confusion"]
    details["exact"] = {"right": 3, "texts": 5}
    details["labels"] = ["体育", "sport <b>"]
    for row, label, cut in zip(details["per_class"], details["labels"], (0.37, None), strict=True):
        row |= {"label": label, "threshold": cut}
    (folder / "scores.json").write_text(json.dumps(found), encoding="utf-8")
    several = {"text": "球队", "labels": ["体育"], "answer": ["体育", "b"], "probabilities": {"体育": 0.7, "b": 0.625}}
    none = {"text": "没什么", "labels": ["b"], "answer": [], "probabilities": {"体育": 0.1, "b": 0.25}, "line": 3}
    right = {"text": "fine", "labels": [], "answer": [], "probabilities": {"体育": 0.1, "b": 0.2}}
    lines(folder / "answers.jsonl", [several, right, none])
    page = read(run_page(folder))
    assert "cnn reaches 83.0% micro F1 on the dev set (80.0 to 85.5)" in page.text
    assert "2 of 5 texts do not get exactly their labels" in page.text
    assert "Threshold: the probability from which" in page.text
    assert "0.37" in page.text
    assert "Confusion matrix" not in page.text
    assert "没什么 b none 75.0% 3 球队 体育 体育, b 62.5%" in page.text


def test_other_scores_and_no_numbers(tmp_path):
    odd = {"edit_match": 0.5, "accuracy": {"value": float("nan")}, "log_loss": {"value": None}}
    page = read(run_page(make(tmp_path / "run", scores=odd, speed={}, size_bytes=None, details={})))
    assert "cnn reaches 0.500 edit match on the dev set" in page.text


def test_a_cut_last_line_is_left_out_and_a_broken_one_told(tmp_path):
    folder = make(tmp_path / "run")
    with (folder / "reports.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"kind": "st')
    read(run_page(folder))
    with (folder / "reports.jsonl").open("a", encoding="utf-8") as file:
        file.write("\n{}\n")
    with pytest.raises(RunFolderError, match=r"reports\.jsonl:25: damaged"):
        run_page(folder)


def test_folders_that_hold_no_run(tmp_path):
    with pytest.raises(RunFolderError, match="no such run folder"):
        run_page(tmp_path / "nowhere")
    with pytest.raises(RunFolderError, match="holds no run"):
        run_page(tmp_path)
    (tmp_path / "scores.json").write_text("{", encoding="utf-8")
    with pytest.raises(RunFolderError, match=r"scores\.json:1: is damaged"):
        run_page(tmp_path)


def test_the_hardest_errors_are_the_surest(tmp_path):
    rows = [answer(f"text {n}", answer="positive" if n % 2 else "negative", probability=n / 1000) for n in range(1000)]
    lines(tmp_path / "answers.jsonl", [*rows, answer("unsure", probability=None)])
    errors = hardest_errors(Run(tmp_path), keep=3)
    assert errors
    assert (errors.wrong, errors.answers) == (501, 1001)
    assert [row["text"] for row in errors.hardest] == ["text 999", "text 997", "text 995"]


def test_hidden_pieces_are_told_and_questions_answered(tmp_path):
    told = [answer(label="the " * 500, answer="of " * 500)]
    page = read(run_page(make(tmp_path / "mlm", labels=(), task="masked_language_model", answers=told)))
    assert "cnn reaches 91.0% accuracy on the dev set" in page.text
    assert "In 1 of 1 texts a masked token is predicted wrong" in page.text
    assert page.text.count("the the") < 20
    asked = [answer("Who came?") | {"passage": "李明来了。"}]
    page = read(run_page(make(tmp_path / "choices", labels=(), task="multiple_choice", answers=asked)))
    assert "cnn reaches 91.0% accuracy on the dev set" in page.text
    assert "Who came? | 李明来了。" in page.text


def test_scores_without_intervals_promise_none(tmp_path):
    bare = {"accuracy": {"value": 0.5, "low": None, "high": None}}
    page = read(run_page(make(tmp_path / "few", scores=bare)))
    assert "On the dev set, 400 texts, too few for intervals" in page.text


def test_a_comparison_marks_the_best_and_links_the_runs(tmp_path):
    one = make(tmp_path / "runs" / "a bag", encoder="bag", scores={"accuracy": interval(0.8)}, size_bytes=10)
    two = make(tmp_path / "runs" / "b", encoder="cnn", speed={"texts_per_second": 10.0})
    run_page(one)
    path = comparison_page(
        [one, two], tmp_path / "pages" / "all.html", title="中文新闻", notes=["the data is synthetic"]
    )
    page = read(path)
    assert [value for name, value in page.attributes if name == "href" and "page" in value] == [
        "../runs/a%20bag/page.html"
    ]
    assert "the data is synthetic" in page.text
    assert "cnn has the best accuracy, 91.0%. bag is fastest, 12,345 texts per second." in page.text
    assert "91.0% (best)" in page.text
    assert "80.0% (best)" not in page.text
    assert "10 B (best)" in page.text
    figures = [value for name, value in page.attributes if name == "aria-label"]
    drawn = ["accuracy", "accuracy", "macro", "macro"]  # each as wide as the page, and for a phone
    assert [one.split()[0].strip(":") for one in figures] == ["Notes", *drawn, "bag", "cnn"]


def test_runs_of_one_encoder_are_named_by_their_folders(tmp_path):
    runs = [make(tmp_path / name) for name in ("first", "second")]
    page = read(comparison_page(runs, tmp_path / "all.html", title="two", notes=[]))
    assert "first cnn" in page.text
    assert "the interval of second overlaps with it" in page.text


def test_a_comparison_on_different_data_says_so(tmp_path):
    runs = [make(tmp_path / "a"), make(tmp_path / "b", data="test set, 9 texts")]
    page = read(comparison_page(runs, tmp_path / "all.html", title="two", notes=[]))
    assert "not evaluated on the same data: dev set, 400 texts; test set, 9 texts" in page.text


def test_numbers_in_words():
    assert [size(n) for n in (0, 999, 1000, 123_456, 1_234_567, 9.99e8, 3.4e9, None)] == [
        *("0 B", "999 B", "1.0 kB", "123 kB", "1.2 MB", "999 MB", "3.4 GB", "–"),
    ]
    assert [duration(n) for n in (0.02, 2.53, 12.3, 59.6, 200, 7500, float("nan"))] == [
        *("< 1 s", "2.5 s", "12 s", "1 min", "3 min 20 s", "2 h 5 min", "–"),
    ]
    assert Interval.read({"value": True}) is None
    assert Interval.read(0.5) == Interval(0.5, 0.5, 0.5)


def test_a_long_log_is_folded_and_labels_without_texts_have_no_scores(tmp_path):
    folder = make(tmp_path / "run", labels=("negative", "positive", "标签"))
    found = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
    found["details"]["per_class"][2] |= {
        "support": 0,
        **{name: interval(0.0) for name in ("precision", "recall", "f1")},
    }
    right = {"accuracy": mean_score((np.arange(100) < 91).astype(float), signature="texts right")}
    found["details"] |= beside(right, {"the same `标签`": Floor.of(right)})
    (folder / "scores.json").write_text(json.dumps(found), encoding="utf-8")
    with (folder / "reports.jsonl").open("a", encoding="utf-8") as file:
        file.writelines(json.dumps({"kind": "note", "text": f"file {number}: left out"}) + "\n" for number in range(29))
    page = read(run_page(folder))
    assert "22 more file 7: left out" in page.text
    assert "标签 – – – 0" in page.text
    assert "The same 标签 has accuracy 91.0%." in page.text
    assert "The model is no better than the same 标签 (accuracy +0.0 points, 95% interval +0.0 to +0.0)." in page.text
