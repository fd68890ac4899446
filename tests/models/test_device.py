"""Devices: the one asked for or a clear refusal, and batches that move as one."""

from dataclasses import replace

import pytest
import torch

from weft.data.batch import Ngrams
from weft.errors import DeviceError
from weft.models.device import pick
from weft.tasks.classification import Batch

META = torch.device("meta")


def test_cpu_is_always_there():
    assert pick("cpu") == torch.device("cpu")


@pytest.mark.parametrize(("there", "picked"), [((True, True), "cuda"), ((False, True), "mps"), ((False, False), "cpu")])
def test_auto_takes_a_gpu_where_there_is_one(monkeypatch, there, picked):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there[0])
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: there[1])
    assert pick("auto") == torch.device(picked)


def test_a_device_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(DeviceError, match="there is no device `cuda`") as caught:
        pick("cuda")
    assert caught.value.hint == "found: `cpu`"


def test_a_batch_moves_as_one(tokens):
    letters = Ngrams(torch.tensor([1]), torch.tensor([0]))
    batch = Batch(replace(tokens([2, 1], views=2), letters=letters), torch.tensor([0, 1]))
    moved = batch.to(META)
    parts = [
        moved.source.ids_BS,
        moved.source.mask_BS,
        moved.source.views_BSW,
        moved.label_B,
        moved.source.letters.ids_N,
    ]
    assert all(part.device == META for part in parts)
    assert moved.source.segments_BS is None
    assert batch.to(torch.device("cpu")) is batch
    assert Batch(Ngrams(torch.tensor([1]), torch.tensor([0])), None).to(META).label_B is None


def test_lengths_count_what_is_real(tokens):
    assert tokens([3, 0, 1]).lengths_B.tolist() == [3, 0, 1]
