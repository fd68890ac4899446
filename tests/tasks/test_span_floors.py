"""Simple methods that answer from passages, on cases worked by hand in English and Chinese."""

import pytest

from weft.data.examples.span_questions import Question
from weft.data.formats.squad import Span
from weft.tasks.span_answers import SpanAnswer, scored
from weft.tasks.span_floors import _Words, learned_floors

ENGLISH = "Ada lives in Bonn. Bob, who is old, lives in a small town by the sea."
CHINESE = "李明住在上海。王芳住在北京。"


@pytest.mark.parametrize(
    ("question", "passage", "length", "sentence", "nearest"),
    [
        # `lives` and `in` are there twice, `Bonn` and `who` once: the first sentence has ln 2 + 2 ln 1.5 as the second,
        # and is the shorter one
        ("Who lives in Bonn?", ENGLISH, 1, "Ada lives in Bonn", "Ada"),
        ("谁住在上海？", CHINESE, 2, "李明住在上海", "李明"),
        ("Who is old?", ENGLISH, 2, "Bob, who is old, lives in a small town by the sea", "lives in"),
        ("王芳住在哪里？", CHINESE, 2, "王芳住在北京", "北京"),
        ("Ada?", "Ada", 3, "Ada", "Ada"),
        ("Why?", "", 1, "", ""),
        ("为什么？", "。！", 1, "", ""),
    ],
)
def test_the_sentence_and_the_words_beside_the_question(question, passage, length, sentence, nearest):
    found = _Words.of(Question(question, passage))
    assert (found.sentence(), found.nearest(length)) == (sentence, nearest)


def test_answers_have_the_median_length_of_training():
    asked = Question("谁住在上海？", CHINESE, (Span("李明", 0),))
    train = [asked, asked, Question("?", ENGLISH, (Span("a small town by the sea", 45),)), Question("?", ENGLISH, ())]
    found = {name: one.values for name, one in learned_floors(train, [asked]).items()}
    assert found["the 2 words nearest to those of the question"] == {"f1": 1.0, "exact_match": 1.0}
    assert found["the sentence most like the question"] == {"f1": pytest.approx(2 * 2 / 8), "exact_match": 0.0}
    assert "the word nearest to those of the question" in learned_floors([], [asked])


def test_where_some_questions_have_no_answer_never_answering_is_a_floor():
    examples = [Question("谁？", CHINESE, ()), Question("谁住在上海？", CHINESE, (Span("李明", 0),))]
    answers = [SpanAnswer("", 0, 0, 1.0)] * 2
    found = scored(answers, examples).details
    assert found["floors"] == {"always answering that there is none": {"f1": 0.5, "exact_match": 0.5}}
    assert found["against"]["always answering that there is none"]["difference"]["value"] == 0
    assert "floors" not in scored(answers[:1], examples[1:]).details
