"""Several inputs at once: rows side by side, windows too; each with its own facts; one of them shuffled."""

import numpy as np
import pytest
import torch

import weft
from weft.config import validated
from weft.data.examples.labelled import LabelledText
from weft.errors import ConfigError, InputError
from weft.tasks.classification import ClassificationConfig

EXAMPLES = [
    LabelledText(
        f"{'good' if place % 2 else 'bad 坏'} " + "word 字 " * (place % 5),
        "yes" if place % 3 else "no",
        place + 1,
        other={"tabular": {"price": str(place), "city": "Oslo" if place % 2 else "上海"}},
    )
    for place in range(20)
]
TINY = {"kind": "cnn", "width": 8, "maps": 4}


def learned(**settings):
    config = validated(
        ClassificationConfig,
        {"text": "text", "label": "label", "numbers": ["price"], "categories": ["city"], "encoder": TINY} | settings,
    )
    return config.learn(EXAMPLES)


def scores(task, model, examples):
    columns = task.encode(examples)
    with torch.inference_mode():
        parts = task.predict(model, task.collate(columns, np.arange(len(columns))))
    return np.array([list(one.probabilities.values()) for one in task.answers(parts, columns)])


@pytest.mark.parametrize("fusion", ["concatenated", "gated"])
@pytest.mark.parametrize("encoder", [TINY, {"kind": "bag"}, {"kind": "lstm", "width": 8, "hidden": 6}])
def test_batched_it_is_as_one_by_one(encoder, fusion):
    torch.manual_seed(0)
    task = learned(encoder=encoder, fusion={"kind": fusion, "width": 6})
    model = task.build_model().eval()
    task.initialize(model, task.encode(EXAMPLES))
    whole = scores(task, model, EXAMPLES)
    each = np.concatenate([scores(task, model, [one]) for one in EXAMPLES])
    np.testing.assert_allclose(whole, each, atol=1e-6)


def test_windows_of_a_text_have_the_other_inputs_beside_each():
    task = learned(max_length=8, long="windows")
    columns = task.encode(EXAMPLES)
    assert len(columns) > len(EXAMPLES)
    batch = task.collate(columns, np.arange(len(columns)))
    tabular = batch.source.by_name["tabular"].numbers_BF[:, 0]
    assert torch.equal(tabular, tabular[torch.from_numpy(np.searchsorted(columns.owner_R, columns.owner_R))])


def test_each_input_has_its_own_notes():
    task = learned()
    said = "\n".join(task.notes({"train": task.encode(EXAMPLES)}))
    assert "tokenizer" in said
    assert "`price`" in said
    assert "`city` 2" in said


def test_a_gradient_reaches_every_weight_of_every_input():
    torch.manual_seed(0)
    task = learned()
    model = task.build_model()
    task.loss(model, task.collate(task.encode(EXAMPLES), np.arange(len(EXAMPLES))), 0).sum.backward()
    assert all(one.grad is not None for one in model.parameters())


def test_one_column_is_shuffled_and_nothing_else():
    task = learned()
    assert task.permutable(EXAMPLES) == ["text", "price", "city"]
    order = np.roll(np.arange(20), 1)
    for column in ("text", "price", "city"):
        shuffled = task.permuted(EXAMPLES, column, order)
        for place, one in enumerate(shuffled):
            theirs = EXAMPLES[order[place]]
            assert one.label == EXAMPLES[place].label
            assert one.text == (theirs if column == "text" else EXAMPLES[place]).text
            for name in ("price", "city"):
                whose = theirs if column == name else EXAMPLES[place]
                assert one.other["tabular"][name] == whose.other["tabular"][name]


def test_saved_it_answers_the_same(tmp_path):
    torch.manual_seed(0)
    task = learned()
    model = task.build_model().eval()
    task.save(tmp_path)
    again = task.config.load(tmp_path)
    np.testing.assert_array_equal(scores(task, model, EXAMPLES), scores(again, model, EXAMPLES))


def test_two_inputs_of_one_name_are_refused():
    with pytest.raises(ConfigError, match="two inputs are named `tabular`"):
        learned(inputs=[{"kind": "tabular", "numbers": ["price"]}])


def test_pairs_of_texts_have_columns_beside_them_too():
    pairs = [LabelledText(one.text, one.label, one.line, "other 别", other=one.other) for one in EXAMPLES]
    config = validated(
        ClassificationConfig, {"text": ["a", "b"], "label": "label", "numbers": ["price"], "encoder": TINY}
    )
    task = config.learn(pairs)
    model = task.build_model().eval()
    np.testing.assert_allclose(
        scores(task, model, pairs), np.concatenate([scores(task, model, [one]) for one in pairs]), atol=1e-6
    )


def test_rows_of_fields_are_answered(tmp_path):
    from weft.demo import priced_reviews

    priced_reviews.write(tmp_path / "a.csv", size=120, seed=0)
    settings = {
        "data": {"train": str(tmp_path / "a.csv")},
        "task": {"encoder": TINY, "numbers": ["price"], "categories": ["brand"]},
        "training": {"epochs": 1},
    }
    for _ in weft.train(validated(weft.RunConfig, settings), tmp_path / "run"):
        pass
    model = weft.load(tmp_path / "run")
    rows = [{"text": "很好", "price": 3, "brand": "Aldo"}, {"text": "fine", "price": None, "brand": ""}, "fine"]
    first, second, third = model.answer(rows)
    assert second.probabilities == pytest.approx(third.probabilities)
    assert {*first.probabilities} == {"buy", "leave"}
    with pytest.raises(InputError, match="no column `prise`"):
        model.answer([{"text": "a", "prise": 3}])
    with pytest.raises(InputError, match="expected a number"):
        model.answer([{"text": "a", "price": "cheap"}])
