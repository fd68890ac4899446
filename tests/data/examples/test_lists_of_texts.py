"""Lists of texts beside a label, and under it, are an example for each text; lists of words stay one."""

import json

import pytest

from weft.data.sources import open_table
from weft.dataset import DataConfig, read_whole
from weft.errors import InputError
from weft.tasks.classification import ClassificationConfig

HELLO, BYE = ["hi", "你好", "good morning", "hello there"], ["bye", "再见", "see you", "good night", "回头见"]
EXPECTED = [*((text, "greet") for text in HELLO), *((text, "leave") for text in BYE)]


def intents(**more):
    return [
        {"tag": "greet", "patterns": HELLO, "responses": ["Hello!", "你好！", "Hi, how can I help you?"], **more},
        {"tag": "leave", "patterns": [*BYE, " "], "responses": ["Bye, see you later!", "再见！"], **more},
        {"tag": "other", "patterns": [], "responses": ["What do you mean?"], **more},
    ]


def read_of(folder, value, **columns):
    path = folder / "intents.json"
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return read_whole(DataConfig(train=path), ClassificationConfig(**columns))


@pytest.mark.parametrize("columns", [{}, {"text": "patterns"}, {"text": "patterns", "label": "tag"}])
def test_each_text_of_a_list_is_an_example_of_its_label(tmp_path, columns):
    examples = read_of(tmp_path, {"intents": intents()}, **columns)
    assert [(one.text, one.label) for one in examples.train] == EXPECTED
    (said,) = [note for note in examples.notes if "is a row" in note]
    assert "each text in the lists of `patterns` is a row" in said
    assert "rows without a text in `patterns` 1" in said
    again = examples.task.for_table(table := open_table(tmp_path / "intents.json"))
    assert [(one.text, one.label) for one in again.read(table)] == EXPECTED


def test_texts_under_their_labels_are_rows(tmp_path):
    examples = read_of(
        tmp_path, {"greet": HELLO + [f"{one}, friend" for one in HELLO], "leave": [f"{one}, 朋友" for one in BYE]}
    )
    assert [one.label for one in examples.train] == ["greet"] * 8 + ["leave"] * 5


def test_lists_of_words_and_lists_with_their_own_labels_are_not_taken_apart(tmp_path):
    words = [{"tokens": ["the", "room", "was", "very", "clean"], "kind": "ab"[n % 2]} for n in range(8)]
    with pytest.raises(InputError, match="text is a list, expected a text"):
        read_of(tmp_path, words, text="tokens", label="kind")
    lines = [{"id": f"d{n}", "lines": [f"句子 number {n}, {m}" for m in range(4)], "of": [*"abab"]} for n in range(8)]
    with pytest.raises(InputError):
        read_of(tmp_path, lines)
