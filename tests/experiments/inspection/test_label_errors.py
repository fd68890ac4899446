"""Labels that are likely wrong: which rows are looked at, by which models, and what is said of them."""

import numpy as np
import pytest

from weft.data.checks.findings import Part
from weft.demo import reviews
from weft.experiments.inspection import label_errors
from weft.experiments.inspection.label_errors import FEWEST, FOLDS, find_label_errors


def part(texts, labels, **more) -> Part:
    return Part("train", "rows.csv", texts, labels, range(2, len(texts) + 2), **more)


def some(count, *labels):
    """Texts that tell their labels, in English and Chinese by turns."""
    labels = [labels[number % len(labels)] for number in range(count)]
    words = {"pos": ("good", "好看"), "neg": ("dull", "没意思"), "odd": ("strange", "奇怪")}
    texts = [
        f"{number} {words[label.strip()][number // len(labels) % 2]} {number * 7}"
        for number, label in enumerate(labels)
    ]
    return texts, labels


@pytest.fixture
def oracle(monkeypatch):
    """In place of the trained models: what they answer to each text, and which texts each was asked."""
    asked = []

    def believe(beliefs):
        def answered(examples, train, dev, *, labels, seed):
            asked.append((train.tolist(), dev.tolist()))
            assert not {*train.tolist()} & {*dev.tolist()}
            return np.array([beliefs(examples[row], labels) for row in dev.tolist()])

        monkeypatch.setattr(label_errors, "_answered", answered)
        return asked

    return believe


def of_word(example, labels, share=0.95):
    """A model that reads `good` as pos, and is as sure as that of it."""
    said = "pos" if "good" in example.text or "好看" in example.text else "neg"
    return [share if label == said else (1 - share) / (len(labels) - 1) for label in labels]


def test_every_row_is_asked_once_of_a_model_that_has_not_seen_it(oracle):
    asked = oracle(of_word)
    *notes, _ = find_label_errors(part(*some(60, "pos", "neg")))
    assert len(notes) == len(asked) == FOLDS
    assert sorted(row for _, dev in asked for row in dev) == list(range(60))
    assert all(len(train) + len(dev) == 60 for train, dev in asked)


def test_equal_texts_are_asked_together(oracle):
    asked = oracle(of_word)
    texts, labels = some(60, "pos", "neg")
    texts[2] = texts[0]
    list(find_label_errors(part(texts, labels)))
    assert sum({0, 2} <= {*dev} for _, dev in asked) == 1


def test_what_is_read_otherwise_is_shown_with_its_line(oracle):
    oracle(of_word)
    texts, labels = some(60, "pos", "neg")
    for row in (4, 31):
        labels[row] = "neg" if labels[row] == "pos" else "pos"
    *_, found = find_label_errors(part(texts, labels))
    assert (found.key, found.severity, found.count) == ("label-errors", "warning", 2)
    assert sorted(row.line for row in found.rows) == [6, 33]
    by_line = {row.line: row for row in found.rows}
    assert by_line[6].note.startswith("predicted `pos` (")
    assert by_line[33].note.startswith("predicted `neg` (")
    assert found.said.startswith("2 texts of 60 (3.3%) get another label")


def test_where_models_believe_all_labels_nothing_is_shown(oracle):
    oracle(of_word)
    *_, found = find_label_errors(part(*some(60, "pos", "neg")))
    assert (found.severity, found.said) == ("fine", "no label is clearly at odds with its text")


def test_models_that_know_nothing_doubt_nothing(oracle):
    oracle(lambda example, labels: [1 / len(labels)] * len(labels))
    texts, labels = some(60, "pos", "neg")
    labels[4] = "neg"
    *_, found = find_label_errors(part(texts, labels))
    assert found.severity == "fine"


def test_a_label_with_fewer_texts_than_folds_and_rows_without_text_or_label_are_left_out(oracle):
    asked = oracle(of_word)
    texts, labels = some(60, "pos", "neg")
    labels[0] = labels[1] = "odd"
    texts[2], labels[3], labels[5] = " ", "", " neg "
    *_, found = find_label_errors(part(texts, labels))
    assert sum(len(dev) for _, dev in asked) == 60 - 4
    assert found.severity == "fine"


@pytest.mark.parametrize(
    ("rows", "labels"), [(FEWEST - 1, ("pos", "neg")), (FEWEST + 20, ("pos",))], ids=["few", "one-label"]
)
def test_too_little_is_not_looked_at(rows, labels):
    (found,) = find_label_errors(part(*some(rows, *labels)))
    assert (found.severity, found.said[:11], found.count) == ("fine", "not checked", 0)


def test_texts_with_several_labels_are_not_looked_at():
    texts, labels = some(60, "pos", "neg")
    (found,) = find_label_errors(part(texts, [(label,) for label in labels]))
    assert found.said.startswith("not checked: how far such models")


def test_the_same_seed_finds_the_same():
    rows = reviews.rows(size=60, seed=1)
    texts, labels = [text for text, _ in rows], [label for _, label in rows]
    first, second = (list(find_label_errors(part(texts, labels), seed=3))[-1] for _ in range(2))
    assert first == second
