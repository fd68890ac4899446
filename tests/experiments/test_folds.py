"""Folds and seeds: what is learned from, chosen by and tested on, and what cannot be cut so."""

import json
from collections import Counter
from itertools import chain
from pathlib import Path

import pytest

from weft.config import validated
from weft.dataset import DataConfig
from weft.errors import ConfigError, InputError
from weft.experiments.folds import by_fold, by_seed
from weft.tasks.classification import ClassificationConfig
from weft.tasks.language_model import LanguageModelConfig
from weft.tasks.multilabel import MultilabelConfig
from weft.tasks.question_answering import QuestionAnsweringConfig

TASK = ClassificationConfig(text="text", label="label")
ROWS = [(f"good film number {number}", "pos") for number in range(12)] + [
    (f"第{number}部，没意思", "neg") for number in range(8)
]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)


def data(rows=ROWS, *, name="rows.jsonl", **more) -> DataConfig:
    lines = (json.dumps({"text": text, "label": label}, ensure_ascii=False) + "\n" for text, label in rows)
    Path(name).write_text("".join(lines), encoding="utf-8")
    return DataConfig(train="rows.jsonl", **more)


def texts(rows) -> list[str]:
    return [one.whole for one in rows]


def test_each_text_is_tested_on_once_and_never_learned_from_meanwhile():
    found = by_fold(data(), TASK, count=4, seeds=[0])
    assert [one.name for one in found] == ["fold 1", "fold 2", "fold 3", "fold 4"]
    assert sorted(text for one in found for text in texts(one.examples.test)) == sorted(text for text, _ in ROWS)
    for one in found:
        parts = [texts(part) for part in (one.examples.train, one.examples.dev, one.examples.test)]
        assert sorted(chain.from_iterable(parts)) == sorted(text for text, _ in ROWS)
        assert len(parts[1]) >= 1
        assert Counter(row.label for row in one.examples.test) == {"pos": 3, "neg": 2}


def test_equal_texts_are_in_one_fold():
    rows = [*ROWS, *ROWS[:5]]
    found = by_fold(data(rows), TASK, count=3, seeds=[0])
    for one in found:
        assert not {*texts(one.examples.test)} & {*texts(one.examples.train), *texts(one.examples.dev)}


def test_seeds_repeat_the_folds_and_cut_them_anew():
    found = by_fold(data(), TASK, count=2, seeds=[3, 5])
    assert [(one.repeat, one.place, one.name, one.seed) for one in found] == [
        (0, "repeat-1/fold-1", "repeat 1, fold 1", 3),
        (0, "repeat-1/fold-2", "repeat 1, fold 2", 3),
        (1, "repeat-2/fold-1", "repeat 2, fold 1", 5),
        (1, "repeat-2/fold-2", "repeat 2, fold 2", 5),
    ]
    assert texts(found[0].examples.test) != texts(found[2].examples.test)
    again = by_fold(data(), TASK, count=2, seeds=[3])
    assert texts(again[0].examples.test) == texts(found[0].examples.test)


def test_what_is_said_of_the_file_is_said_once():
    first, second = by_fold(data(), TASK, count=2, seeds=[0])
    assert any(note.startswith("rows.jsonl: 20 rows") for note in first.examples.notes)
    assert len(second.examples.notes) == 1
    assert second.examples.notes[0] == "9 training rows, 1 validation, 10 test; duplicates are kept in one split"


def test_a_stream_is_cut_into_its_stretches():
    lines = [f"line {number}, 第{number}行" for number in range(60)]
    Path("long.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    given = DataConfig(train="long.txt")
    found = by_fold(given, LanguageModelConfig(), count=3, seeds=[0])
    assert "".join(one.text for fold in found for one in fold.examples.test) == "\n".join(lines) + "\n"
    assert found[0].examples.notes[-1].endswith("each fold is a stretch of the text")
    with pytest.raises(ConfigError, match="`99` folds cannot be made of") as caught:
        by_fold(given, LanguageModelConfig(), count=99, seeds=[0])
    assert caught.value.where == "folds"


def test_of_seeds_the_whole_file_is_learned_from_each_time():
    data(ROWS[:4], name="test.jsonl")
    found = by_seed(data(test="test.jsonl"), TASK, seeds=[1, 2])
    assert [(one.repeat, one.place, one.name, one.seed) for one in found] == [
        (0, "seed-1", "seed 1", 1),
        (1, "seed-2", "seed 2", 2),
    ]
    for one in found:
        assert texts(one.examples.test) == [text for text, _ in ROWS[:4]]
        assert len(one.examples.train) + len(one.examples.dev) == len(ROWS)
    assert texts(found[0].examples.dev) != texts(found[1].examples.dev)


def test_a_label_that_no_fold_can_learn_is_named_with_its_line():
    with pytest.raises(InputError, match="label `neutral` has no text to learn from in fold") as caught:
        by_fold(data([*ROWS, ("一般", "neutral")]), TASK, count=3, seeds=[0])
    assert caught.value.where == "rows.jsonl:21"
    data([*ROWS[:2], ("一般", "neutral")], name="test.jsonl")
    with pytest.raises(InputError, match="label `neutral` has no text to learn from in seed 0") as caught:
        by_seed(data(test="test.jsonl"), TASK, seeds=[0])
    assert caught.value.where == "test.jsonl:3"


def test_too_few_rows_are_refused():
    with pytest.raises((ConfigError, InputError)):
        by_fold(data(ROWS[:3]), TASK, count=4, seeds=[0])
    with pytest.raises(InputError) as caught:
        by_fold(data([("good", "pos"), ("bad", "neg")]), TASK, count=2, seeds=[0])
    assert caught.value.hint


def test_a_task_without_one_label_a_text_is_not_compared():
    several = MultilabelConfig(text="text", label="label", label_separator="|")
    with pytest.raises(ConfigError, match="`multilabel` cannot be compared"):
        by_fold(data(), several, count=2, seeds=[0])
    row = {"question": "谁？", "context": "李明来了。", "answers": ["李明"]}
    Path("asked.jsonl").write_text((json.dumps(row, ensure_ascii=False) + "\n") * 6, encoding="utf-8")
    asked = validated(QuestionAnsweringConfig, {})
    with pytest.raises(ConfigError, match="`question_answering` cannot be compared"):
        by_fold(DataConfig(train="asked.jsonl"), asked, count=2, seeds=[0])
