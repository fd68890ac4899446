"""From a text to its loss a reader follows few calls: the walks of `bench/hops.py` are there, and short."""

import importlib.util
import sys

import pytest
from imports import ROOT


@pytest.fixture(scope="module")
def hops():
    place = importlib.util.spec_from_file_location("hops", ROOT / "bench" / "hops.py")
    assert place is not None
    assert place.loader is not None
    module = importlib.util.module_from_spec(place)
    sys.modules["hops"] = module
    place.loader.exec_module(module)
    yield module
    del sys.modules["hops"]


def test_every_step_is_there_and_named_by_the_one_above_it(hops):
    faults = [step.fault for walk in hops.WALKS.values() for step in hops.steps(walk) if step.fault]
    assert not faults, "\n" + "\n".join(faults)


@pytest.mark.parametrize(
    ("walk", "fault"),
    [
        ("run:trained\n  run:_nowhere", "there is no run:_nowhere"),
        ("run:trained\n  running:train", "there is no running:train"),
        ("run:trained\n  data.columns:fit", "run:trained does not name `fit`"),
        ("run:trained\n  run:_job\n  run:_tuning", ""),
        ("training.loop:_step\n  models.classifier:Classifier.forward as model", ""),
    ],
)
def test_a_wrong_step_is_found(hops, walk, fault):
    assert "".join(step.fault for step in hops.steps(walk)) == fault


def test_a_text_is_few_calls_from_its_loss(hops):
    calls, files = hops.measure(hops.WALKS["text -> loss"])
    assert calls <= 6
    assert files <= 4


def test_a_row_of_a_file_is_few_calls_from_its_loss(hops):
    calls, _ = hops.measure(hops.WALKS["CSV row -> loss"])
    assert calls <= 16
