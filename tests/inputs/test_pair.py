"""Pairs of texts: columns, n-grams of both and of one alone, one encoder for both, and a slice of real pairs."""

import json
import lzma
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import weft
from weft.config import validated
from weft.data.columns import Ragged
from weft.data.examples.labelled import LabelledText
from weft.data.examples.roles import named_columns
from weft.data.sources import open_table
from weft.dataset import read
from weft.errors import ConfigError, InputError
from weft.evaluation.evaluate import answer
from weft.inputs.pair import LEVELS, shared_and_alone, with_overlap
from weft.models.classifier import Classifier
from weft.models.pairs import Pair, PairClassifier
from weft.run import fit_in_memory
from weft.tasks.classification import Classification, ClassificationConfig

CPU = torch.device("cpu")
PAIRS = [
    ("花呗怎么还款", "how to pay 花呗 back", "1"),
    ("花呗怎么还款", "今天天气", "0"),
    ("where is my card", "my card, where is it", "1"),
    ("where is my card", "余额不足", "0"),
    ("好", " ".join(["long text 很长"] * 9), "0"),
]
EXAMPLES = [LabelledText(first, label, second=second) for first, second, label in PAIRS]
SMALL = {
    "bag": {"kind": "bag", "width": 8},
    "exact": {"kind": "bag", "solver": "exact"},
    "cnn": {"kind": "cnn", "width": 8, "maps": 8},
    "lstm": {"kind": "lstm", "width": 8, "hidden": 8},
    "transformer": {"kind": "transformer", "width": 8, "heads": 2, "layers": 1, "feed_forward": 8},
}


def task(encoder: str, **others: object) -> Classification:
    return ClassificationConfig.model_validate({"encoder": SMALL[encoder], **others}).learn(EXAMPLES)


def model_of(one: Classification) -> torch.nn.Module:
    torch.manual_seed(3)
    model = one.build_model().eval()
    for weight in model.parameters():
        torch.nn.init.normal_(weight)
    return model


def probabilities(one: Classification, model: torch.nn.Module, examples: list[LabelledText]) -> np.ndarray:
    return np.array([list(each.probabilities.values()) for each in answer(one, model, examples, device=CPU)])


# columns


@pytest.mark.parametrize(
    ("name", "columns", "expected"),
    [
        ("text", ["text", "label"], ("text",)),
        ("a,b", ["a", "b", "label"], ("a", "b")),
        ("a, b", ["a", "b"], ("a", "b")),
        ("a,b", ["a,b", "a", "b"], ("a,b",)),
        ("问,题,答", ["问,题", "答"], ("问,题", "答")),
        ("a,b", ["c"], ("a", "b")),
    ],
)
def test_two_columns_are_joined_by_a_comma(name, columns, expected):
    assert named_columns(name, columns) == expected


def test_pairs_are_read_from_two_columns(tmp_path):
    path = tmp_path / "pairs.csv"
    path.write_text("问,答,same\n花呗,card,1\n好,,0\ngood,好,0\n", encoding="utf-8")
    table = open_table(path, on_bad_row="skip")
    config = ClassificationConfig(text="问,答", label="same").resolved(table)
    assert list(config.read(table)) == [
        LabelledText("花呗", "1", second="card"),
        LabelledText("good", "0", second="好"),
    ]
    assert [(bad.line, bad.what, bad.column) for bad in table.bad] == [(3, "text is empty", "答")]
    assert config.for_table(table).text == config.for_inputs(table).text == ("问", "答")
    with pytest.raises(InputError, match=r"there is no column `答案`"):
        ClassificationConfig(text="问,答案", label="same").resolved(table)


# n-grams


sets = st.lists(st.sets(st.integers(1, 9)), min_size=3, max_size=3)


def ragged(rows: list[set[int]]) -> Ragged:
    values = np.array([[value] for row in rows for value in sorted(row)], dtype=np.int32).reshape(-1, 1)
    return Ragged.of(values, np.array([len(row) for row in rows]))


@settings(deadline=None)
@given(sets, sets)
def test_ngrams_are_of_both_texts_or_of_one_alone(first, second):
    found = shared_and_alone(ragged(first), ragged(second), size=10)
    for row, (one, other) in enumerate(zip(first, second, strict=True)):
        start, end = found.offsets_R1[row : row + 2]
        expected = sorted([*(one & other), *(10 + value for value in one ^ other)])
        assert found.values[start:end, 0].tolist() == expected
    turned = shared_and_alone(ragged(second), ragged(first), size=10)
    np.testing.assert_array_equal(turned.values, found.values)


@settings(deadline=None)
@given(sets, sets)
def test_overlap_is_told_by_the_tenths_that_the_common_share_exceeds(first, second):
    group_V = np.arange(10) % 3
    sides = ragged(first), ragged(second)
    found = with_overlap(shared_and_alone(*sides, size=10), *sides, groups=group_V, start=20)
    for row, (one, other) in enumerate(zip(first, second, strict=True)):
        levels = []
        for group in range(3):
            a, b = ({value for value in side if value % 3 == group} for side in (one, other))
            shares = len(a & b) / max(1, min(len(a), len(b))), len(a & b) / max(1, len(a | b))
            levels += [share > level / LEVELS for share in shares for level in range(LEVELS)]
        start, end = found.offsets_R1[row : row + 2]
        merged = sorted([*(one & other), *(10 + value for value in one ^ other)])
        assert found.values[start:end, 0].tolist() == [*merged, *(20 + np.flatnonzero(levels)).tolist()]


@pytest.mark.parametrize("encoder", ["bag", "exact"])
def test_a_bag_of_pairs_has_no_order(encoder):
    one = task(encoder)
    model = model_of(one)
    assert isinstance(model, Classifier)
    turned = [LabelledText(each.second or "", each.label, second=each.text) for each in EXAMPLES]
    np.testing.assert_array_equal(probabilities(one, model, EXAMPLES), probabilities(one, model, turned))


# one encoder for both


@pytest.mark.parametrize("encoder", ["cnn", "lstm", "transformer"])
def test_scores_are_those_of_u_v_their_difference_and_product(encoder):
    one = task(encoder)
    model = model_of(one)
    assert isinstance(model, PairClassifier)
    batch = one.collate(one.encode(EXAMPLES), np.arange(5))
    assert isinstance(batch.source, Pair)
    with torch.inference_mode():
        u_BD, v_BD = (model.pool(model.encoder(side)) for side in (batch.source.first, batch.source.second))
        features = torch.cat([u_BD, v_BD, (u_BD - v_BD).abs(), u_BD * v_BD], 1)
        expected = model.scores(features).double().softmax(-1).numpy()
    np.testing.assert_allclose(probabilities(one, model, EXAMPLES), expected, atol=1e-6)


@pytest.mark.parametrize("encoder", SMALL)
def test_answers_together_are_answers_alone(encoder):
    one = task(encoder, max_length=8)
    model = model_of(one)
    alone = np.concatenate([probabilities(one, model, [each]) for each in EXAMPLES])
    np.testing.assert_allclose(probabilities(one, model, EXAMPLES), alone, atol=1e-5)


@pytest.mark.parametrize("encoder", ["bag", "exact", "cnn"])
def test_a_saved_task_is_the_same_task(tmp_path, encoder):
    one = task(encoder)
    one.save(tmp_path)
    loaded = one.config.load(tmp_path)
    model = model_of(one)
    np.testing.assert_array_equal(probabilities(loaded, model, EXAMPLES), probabilities(one, model, EXAMPLES))
    loaded.build_model().load_state_dict(model.state_dict())


def test_what_does_not_fit_is_refused():
    with pytest.raises(InputError, match="line 4: expected a pair of texts, found one"):
        task("cnn").encode([EXAMPLES[0], LabelledText("好", "1", 4)])
    single = ClassificationConfig().learn([LabelledText("好", "1"), LabelledText("good", "0")])
    with pytest.raises(InputError, match="expected one text, found a pair"):
        single.encode(EXAMPLES)
    with pytest.raises(ConfigError, match="two texts cannot be read in windows"):
        task("cnn", long="windows")


def test_a_record_has_both_texts():
    one = task("bag")
    (given_answer,) = answer(one, model_of(one), EXAMPLES[:1], device=CPU)
    record = one.record(given_answer, EXAMPLES[0])
    assert (record["text"], record["second"]) == ("花呗怎么还款", "how to pay 花呗 back")
    assert list(record)[:4] == ["text", "second", "label", "answer"]


# runs


def test_equal_pairs_are_on_one_side(tmp_path):
    path = tmp_path / "pairs.jsonl"
    rows = [{"a": "花呗", "b": f"card {number % 20}", "same": str(number % 2)} for number in range(80)]
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    config = validated(weft.RunConfig, {"data": {"train": str(path)}, "task": {"text": "a,b", "label": "same"}})
    found = read(config.data, config.task, seed=0)
    sides = [{example.second for example in part} for part in (found.train, found.dev)]
    assert sides[1]
    assert not sides[0] & sides[1]


@pytest.mark.parametrize("encoder", ["bag", "cnn"])
def test_real_pairs_are_learned_and_asked(tmp_path, weft_data, encoder):
    path = tmp_path / "afqmc.jsonl"
    with lzma.open(weft_data / "afqmc" / "train.jsonl.xz", "rt", encoding="utf-8") as file:
        path.write_text("".join(islice(file, 200)), encoding="utf-8")
    task = {"text": "text_a,text_b", "encoder": SMALL[encoder]}
    run = {"data": {"train": str(path)}, "task": task, "training": {"epochs": 1}, "device": "cpu"}
    config = validated(weft.RunConfig, run)
    list(weft.train(config, tmp_path / "run"))
    model = weft.load(tmp_path / "run")
    fitted = fit_in_memory(config, read(config.data, config.task, seed=0))
    asked = [LabelledText("花呗怎么还款", second="how to pay back")]
    assert model.answer(asked) == fitted.answer(asked)
    assert "花呗" in (tmp_path / "run" / "page.html").read_text(encoding="utf-8")
    with pytest.raises(InputError, match="expected a pair of texts, found one"):
        model.answer(["花呗"])
    assert Path(tmp_path / "run" / "answers.jsonl").read_text(encoding="utf-8").count('"second"') >= 15
