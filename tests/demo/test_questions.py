from weft.data.examples.roles import find_roles
from weft.data.examples.span_questions import ROLES, questions_of
from weft.data.sources import open_table
from weft.demo.questions import demo_questions, write


def test_the_answer_stands_in_its_passage():
    made = demo_questions(200)
    assert all(one.passage[one.start : one.start + len(one.answer)] == one.answer for one in made)
    assert 0.1 < sum(not one.answer for one in made) / len(made) < 0.3
    assert any(one.question.isascii() for one in made)
    assert any("？" in one.question for one in made)


def test_the_same_seed_makes_the_same_questions():
    assert demo_questions(20, seed=3) == demo_questions(20, seed=3) != demo_questions(20, seed=4)


def test_they_are_read_as_they_were_written(tmp_path):
    made = demo_questions(20)
    write(tmp_path / "qa.jsonl", made)
    table = open_table(tmp_path / "qa.jsonl")
    found = find_roles(table, ROLES, named={})
    read = list(questions_of(table, columns=found["text"], label=found["label"][0]))
    assert [(one.question, one.passage, one.right) for one in read] == [
        (one.question, one.passage, [one.answer] if one.answer else []) for one in made
    ]
