import json

from weft.report.pages.run import run_page
from weft.report.pages.tagging import drawn

SCORE = {"value": 0.5, "low": 0.4, "high": 0.6}


def span(text, label, start):
    return {"text": text, "label": label, "start": start, "end": start + len(text)}


def write_run(folder, rows, **details):
    scores = {"task": "tagging", "encoder": "lstm", "scores": {"span_f1": SCORE}, "details": details}
    (folder / "scores.json").write_text(json.dumps(scores), encoding="utf-8")
    lines = (json.dumps(row, ensure_ascii=False) for row in rows)
    (folder / "answers.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return run_page(folder).read_text(encoding="utf-8")


def test_true_and_predicted_spans_are_marked_and_mistakes_underlined(tmp_path):
    rows = [
        {
            "text": "马云在<b>Oslo</b>",
            "label": [span("马云", "PER", 0), span("Oslo", "LOC", 6)],
            "answer": [span("马云", "PER", 0), span("Oslo", "ORG", 6)],
            "probability": 0.9,
            "line": 7,
        },
        {"text": "in Bonn", "label": [span("Bonn", "LOC", 3)], "answer": [span("Bonn", "LOC", 3)], "probability": 0.8},
    ]
    floors = {"the commonest tag of each token": {"span_f1": 0.25}}
    against = {"the commonest tag of each token": {"score": "span_f1", "better": True, "said": "better than it"}}
    mistakes = [{"text": "Oslo", "true": "LOC", "predicted": "ORG", "times": 3}]
    page = write_run(
        tmp_path, rows, labels=["PER", "LOC", "ORG"], form="spans", floors=floors, mistakes=mistakes, against=against
    )
    assert '<mark class="s0">马云<small>PER</small></mark>' in page
    assert '<mark class="s1 wrong">Oslo<small>LOC</small></mark>' in page
    assert '<mark class="s2 wrong">Oslo<small>ORG</small></mark>' in page
    assert "&lt;b&gt;" in page
    assert "<b>Oslo" not in page
    assert (
        "1 of 2 texts have a mistake. The commonest tag of each token has span F1 25.0%. The model is better than it."
        in page
    )
    assert "Commonest mistakes" in page
    assert "line 7" in page


def test_words_are_boxes(tmp_path):
    row = {
        "text": "去上海 now",
        "label": ["去", "上海", "now"],
        "answer": ["去", "上", "海", "now"],
        "probability": 0.5,
    }
    page = write_run(tmp_path, [row], form="words")
    assert '<mark class="word">去</mark><mark class="word wrong">上海</mark> <mark class="word">now</mark>' in page
    assert '<mark class="word wrong">上</mark><mark class="word wrong">海</mark>' in page


def test_a_run_without_answers_has_a_page_too(tmp_path):
    assert "Most confident errors" not in write_run(tmp_path, [])


def test_a_long_text_is_cut():
    shown = str(drawn("好" * 1000, [(0, 2, "A"), (900, 901, "A")], [], {"A": 0}))
    assert shown.startswith('<mark class="s0 wrong">好好')
    assert shown.endswith("好…")
    assert len(shown) < 500
