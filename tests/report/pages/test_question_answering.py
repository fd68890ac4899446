import json

from weft.report.pages.question_answering import Mark, marked
from weft.report.pages.run import run_page

PASSAGE = "毕昇发明了活字印刷。" + "无关。" * 200 + "<b>Ada</b> wrote programs."


def write_run(folder, rows, **details):
    both = {"exact_match": {"value": 0.5, "low": 0.4, "high": 0.6}, "f1": {"value": 0.6, "low": 0.5, "high": 0.7}}
    scores = {"task": "question_answering", "encoder": "gru", "scores": both, "details": details}
    (folder / "scores.json").write_text(json.dumps(scores), encoding="utf-8")
    lines = (json.dumps(row, ensure_ascii=False) for row in rows)
    (folder / "answers.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return run_page(folder).read_text(encoding="utf-8")


def row(question, answer, right, start):
    place = {"start": start, "end": start + len(answer), "probability": 0.8}
    return {"question": question, "answer": answer, "answers": right, "passage": PASSAGE, **place}


def test_the_page_marks_what_was_answered_and_what_is_right(tmp_path):
    start = PASSAGE.index("Ada")
    page = write_run(
        tmp_path,
        [
            row("谁发明了活字印刷？", "毕昇", ["毕昇"], 0),
            row("Who wrote?", "Ada", ["programs"], start),
            row("谁？", "", [], 0),
        ],
    )
    assert '<mark class="right">毕昇</mark>' in page
    assert '<mark class="wrong">Ada</mark>' in page
    assert '<mark class="missing">programs</mark>' in page
    assert "&lt;b&gt;" in page
    assert "<b>Ada" not in page
    assert "1 of 3 questions are not answered exactly right." in page


def test_both_kinds_of_questions_are_told_apart(tmp_path):
    score = {"value": 0.25, "low": 0.2, "high": 0.3}
    part = {"questions": 12, "exact_match": score, "f1": score}
    page = write_run(tmp_path, [], with_answer=part, without_answer=part)
    assert "With and without an answer" in page
    assert page.count("25.0%") == 4


def test_a_run_without_answers_has_a_page_too(tmp_path):
    assert "Right answers" not in write_run(tmp_path, [])


def test_a_long_passage_is_cut_around_its_marks():
    start = PASSAGE.index("Ada")
    shown = str(marked(PASSAGE, [Mark(start, start + 3, "wrong"), Mark(0, 2, "missing"), Mark(1, 4, "right")]))
    assert shown.startswith('<mark class="missing">毕昇</mark>发明了')
    assert " … " in shown
    assert len(shown) < len(PASSAGE) + 100
    assert str(marked("短", [])) == "短"
