"""CTC: loss, best path and prefix beam, equal to brute force over all paths on tiny cases."""

from collections import defaultdict
from itertools import groupby, product

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from weft.decoding.ctc import Lexicon, best_path, positions_needed, prefix_beam
from weft.models.ctc import ctc_nats

BLANK = 2
SIZES = st.tuples(st.integers(1, 5), st.integers(0, 2**16))


def scores(size, seed):
    """Log-probabilities of two labels and the blank, float32 [size, 3]."""
    logits = np.random.default_rng(seed).normal(0, 2, (size, 3))
    return (logits - np.log(np.exp(logits).sum(1, keepdims=True))).astype(np.float32)


def every_sequence(scores_SV):
    """The log-probability of each sequence of labels: the sum over all its paths."""
    found = defaultdict(lambda: -np.inf)
    for path in product(range(3), repeat=len(scores_SV)):
        ids = tuple(label for label, _ in groupby(path) if label != BLANK)
        found[ids] = np.logaddexp(found[ids], scores_SV[np.arange(len(path)), path].sum())
    return dict(found)


@given(SIZES)
def test_a_wide_beam_has_the_probability_of_every_sequence(case):
    scores_SV = scores(*case)
    truth = every_sequence(scores_SV)
    found = prefix_beam(scores_SV, blank=BLANK, width=1000)
    assert {one.ids for one in found} == set(truth)
    for one in found:
        assert one.log_probability == pytest.approx(truth[one.ids], abs=1e-4)
    assert found[0].log_probability == pytest.approx(max(truth.values()), abs=1e-4)


@given(SIZES, st.integers(1, 4))
def test_a_narrow_beam_finds_no_more_than_there_is(case, width):
    scores_SV = scores(*case)
    truth = every_sequence(scores_SV)
    found = prefix_beam(scores_SV, blank=BLANK, width=width, labels=1)
    assert len(found) <= width
    assert all(one.log_probability <= truth[one.ids] + 1e-4 for one in found)
    assert [one.log_probability for one in found] == sorted((one.log_probability for one in found), reverse=True)


@given(SIZES)
def test_of_a_lexicon_the_sequences_are_those_of_whole_words(case):
    scores_SV = scores(*case)
    lexicon = Lexicon.of([(0,), (0, 0)], space=1)
    found = prefix_beam(scores_SV, blank=BLANK, width=1000, lexicon=lexicon)
    allowed = {
        ids: score
        for ids, score in every_sequence(scores_SV).items()
        if not ids or all(word in ("0", "00") for word in "".join(map(str, ids)).split("1"))
    }
    assert {one.ids for one in found} == set(allowed)
    for one in found:
        assert one.log_probability == pytest.approx(allowed[one.ids], abs=1e-4)


@given(SIZES)
def test_the_best_path_is_the_likeliest_of_all(case):
    scores_SV = scores(*case)
    paths = product(range(3), repeat=len(scores_SV))
    best = max(paths, key=lambda path: scores_SV[np.arange(len(path)), path].sum())
    found = best_path(scores_SV, blank=BLANK)
    assert found.ids == tuple(label for label, _ in groupby(best) if label != BLANK)
    assert found.log_probability == pytest.approx(scores_SV.max(1).sum(), abs=1e-4)


@given(SIZES, st.lists(st.integers(0, 1), max_size=4))
def test_the_loss_is_that_of_all_paths_and_zero_without_room(case, ids):
    scores_SV = torch.from_numpy(scores(*case)).requires_grad_()
    truth = every_sequence(scores_SV.detach().numpy())
    assert (tuple(ids) in truth) == (positions_needed(ids) <= len(scores_SV))
    sizes = torch.tensor([len(scores_SV)]), torch.tensor([len(ids)])
    with torch.enable_grad():
        padded = torch.cat([scores_SV, torch.full((3, 3), -1.0)])[None]  # what lies beyond is not read
        nats = ctc_nats(padded, sizes[0], torch.tensor([[*ids, 0]]), sizes[1], blank=BLANK)
        nats.sum().backward()
    assert nats[0].item() == pytest.approx(-truth.get(tuple(ids), 0.0), abs=1e-4)
    assert torch.isfinite(scores_SV.grad).all()


def test_repeated_labels_need_a_blank_between():
    assert [positions_needed(one) for one in ([], [5], [5, 6], [5, 5], [5, 5, 5, 1])] == [0, 1, 2, 3, 6]
