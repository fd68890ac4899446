"""What every kind of input promises, alone and under every task that can take it; a pairing that cannot work says why.

How each behaves within a task (batched, saved, resumed, on two processes) is tested with the tasks.
"""

import json

import numpy as np
import pytest

from tests.small_tasks import SMALL_TASKS
from weft.config import kind_of, validated
from weft.errors import ConfigError
from weft.inputs.base import InputConfig
from weft.inputs.choices import INPUTS
from weft.inputs.several import SeveralInputs
from weft.tasks.choices import KINDS, TASKS

SETTINGS = {
    "text": {"kind": "text", "column": "a"},
    "tabular": {"kind": "tabular", "numbers": ["a"]},
    "image": {"kind": "image", "column": "a"},
    "sound": {"kind": "sound", "column": "a"},
}
"""The least settings of each kind of input."""
TAKERS = [one for one in TASKS if "inputs" in one.model_fields]


def inputs_of(small):
    """The inputs of a small task, with the values of its examples for each."""
    read = small.task.input
    if isinstance(read, SeveralInputs):
        return [(one, [each.values[one.name] for each in small.examples]) for one in read.inputs]
    return [(read, [read.value(each.values) for each in small.examples])] if small.kind in LABELS else []


LABELS = {kind_of(one) for one in TAKERS}
CASES = [small for small in SMALL_TASKS if small.kind in LABELS]
every = pytest.mark.parametrize("small", CASES, ids=[small.name for small in CASES])


def test_every_kind_in_the_package_is_listed(members):
    found = members(InputConfig, "weft.inputs")
    assert {one for one in found if one.__module__.startswith("weft.inputs.")} == set(INPUTS)
    assert {kind_of(one) for one in INPUTS} == set(SETTINGS)


@every
def test_in_parts_values_are_encoded_as_a_whole(small):
    for one, values in inputs_of(small):
        whole, parts = one.encode(values), [one.encode([value]) for value in values]
        for name, array in whole.fixed.items():
            np.testing.assert_array_equal(array, np.concatenate([part.fixed[name] for part in parts]))
        for name, rows in whole.ragged.items():
            if name not in whole.letters:
                np.testing.assert_array_equal(rows.values, np.concatenate([part.ragged[name].values for part in parts]))
            np.testing.assert_array_equal(rows.lengths_R, np.concatenate([p.ragged[name].lengths_R for p in parts]))
        assert whole.owner_R.max() == len(values) - 1
        assert (whole.cost_R > 0).all()


@every
def test_an_encoder_of_the_input_reads_its_batches(small):
    for one, values in inputs_of(small):
        encoder = one.build_encoder().eval()
        columns = one.encode(values)
        source = one.collate(columns, np.arange(len(columns)))
        if not hasattr(source, "second"):
            memory = encoder(source)
            assert memory.states_BSD.shape[0] == memory.mask_BS.shape[0] == len(columns)
            assert memory.states_BSD.shape[2] == encoder.width


@every
def test_what_a_page_shows_is_json_and_notes_are_sentences(small):
    for one, values in inputs_of(small):
        assert json.loads(json.dumps(one.describe())) == one.describe()
        assert all(isinstance(note, str) and note for note in one.notes({"train": one.encode(values)}))


@pytest.mark.parametrize("task", TASKS, ids=[kind_of(one) for one in TASKS])
@pytest.mark.parametrize("kind", sorted(SETTINGS))
def test_every_pair_works_or_is_refused_with_the_reason(task, kind):
    settings = {"inputs": [SETTINGS[kind]]}
    if task in TAKERS:
        tried = {small.kind for small in CASES if kind in {one.config.kind for one, _ in inputs_of(small)} | {"text"}}
        assert kind_of(task) in tried, "a small task trains it"
        assert validated(task, settings | extra(task)).every_input
        return
    with pytest.raises(ConfigError, match="alone, since") as error:
        validated(task, settings)
    assert "classification or multilabel" in error.value.hint


def extra(task):
    return {"label_separator": "|"} if task is KINDS["multilabel"] else {}
