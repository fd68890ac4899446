"""The sum over all paths, the best one and the marginals are those of writing every path down."""

from itertools import pairwise, product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.models.crf import Transitions, best_path, chain, log_partition, path_score


def batch(seed, lengths, tags, *, size=3.0, forbid=0.0):
    """Scores of rows, with as many real positions as said, and transitions of which some are forbidden."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape):
        return size * torch.randn(*shape, generator=generator, dtype=torch.float64)

    forbidden_CC = torch.rand(tags, tags, generator=generator) < forbid
    forbidden_CC[:, 0] = False  # there is always a way
    moves = Transitions(draw(tags), draw(tags, tags).masked_fill(forbidden_CC, -torch.inf), draw(tags))
    mask_BT = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    return draw(len(lengths), max(lengths), tags), mask_BT, moves


def paths(scores_TC, moves):
    """Every path of a row with its score."""
    found = {}
    for path in product(range(scores_TC.shape[1]), repeat=len(scores_TC)):
        score = moves.first_C[path[0]] + moves.last_C[path[-1]]
        score = score + sum(scores_TC[place, tag] for place, tag in enumerate(path))
        found[path] = score + sum(moves.between_CC[one, other] for one, other in pairwise(path))
    return found


chains = given(
    st.integers(0, 10_000),
    st.lists(st.integers(1, 4), min_size=1, max_size=4),
    st.integers(1, 4),
    st.sampled_from([0, 0.4]),
)


@settings(max_examples=40, deadline=None)
@chains
def test_partition_and_marginals_are_sums_over_all_paths(seed, lengths, tags, forbid):
    scores_BTC, mask_BT, moves = batch(seed, lengths, tags, forbid=forbid)
    rows = len(lengths)
    first_BC, last_BC = moves.first_C.expand(rows, -1), moves.last_C.expand(rows, -1)
    total_B = log_partition(scores_BTC, mask_BT, first_BC, moves.between_CC, last_BC)
    found = chain(scores_BTC, mask_BT, moves)
    torch.testing.assert_close(found.partition_B, total_B)
    share_BTC = (found.forward_BTC + found.backward_BTC - total_B[:, None, None]).exp()
    for row, length in enumerate(lengths):
        every = paths(scores_BTC[row, :length], moves)
        torch.testing.assert_close(total_B[row], torch.stack([*every.values()]).logsumexp(0))
        expected = torch.zeros(length, tags, dtype=torch.float64)
        for path, score in every.items():
            for place, tag in enumerate(path):
                expected[place, tag] += (score - total_B[row]).exp()
        torch.testing.assert_close(share_BTC[row, :length], expected)


@settings(max_examples=40, deadline=None)
@chains
def test_the_best_path_has_the_highest_score_of_all(seed, lengths, tags, forbid):
    scores_BTC, mask_BT, moves = batch(seed, lengths, tags, forbid=forbid)
    path_BT = best_path(scores_BTC, mask_BT, moves)
    ends = moves.first_C.expand(len(lengths), -1), moves.between_CC, moves.last_C.expand(len(lengths), -1)
    score_B = path_score(scores_BTC, mask_BT, path_BT, *ends)
    for row, length in enumerate(lengths):
        every = paths(scores_BTC[row, :length], moves)
        assert tuple(path_BT[row, :length].tolist()) == max(every, key=every.__getitem__)
        torch.testing.assert_close(score_B[row], max(every.values()))
        assert not path_BT[row, length:].any()


def test_gradients_are_right_and_finite_where_paths_are_forbidden():
    scores_BTC, mask_BT, moves = batch(1, [3, 1, 4], 3, forbid=0.4)
    free_CC = torch.zeros(3, 3, dtype=torch.float64, requires_grad=True)
    ends = moves.first_C.expand(3, -1), moves.last_C.expand(3, -1)

    def total(scores_BTC, free_CC):
        return log_partition(scores_BTC, mask_BT, ends[0], moves.between_CC + free_CC, ends[1])

    assert torch.autograd.gradcheck(total, (scores_BTC.requires_grad_(), free_CC))


def test_large_scores_neither_overflow_nor_vanish():
    scores_BTC, mask_BT, moves = batch(3, [4, 2], 3, size=20)
    single = [one.float() for one in (scores_BTC, moves.first_C, moves.between_CC, moves.last_C)]
    total_B = log_partition(single[0], mask_BT, single[1].expand(2, -1), single[2], single[3].expand(2, -1))
    for row, length in enumerate([4, 2]):
        every = torch.stack([*paths(scores_BTC[row, :length], moves).values()])
        torch.testing.assert_close(total_B[row].double(), every.logsumexp(0), rtol=1e-4, atol=1e-3)


def test_equal_to_pytorch_crf():
    torchcrf = pytest.importorskip("torchcrf")
    scores_BTC, mask_BT, moves = batch(5, [7, 2, 5, 1], 4)
    theirs = torchcrf.CRF(4, batch_first=True).double()
    theirs.start_transitions.data, theirs.transitions.data, theirs.end_transitions.data = (
        moves.first_C, moves.between_CC, moves.last_C,
    )  # fmt: skip
    found = [
        path[:length] for path, length in zip(best_path(scores_BTC, mask_BT, moves).tolist(), [7, 2, 5, 1], strict=True)
    ]
    assert theirs.decode(scores_BTC, mask_BT) == found
    tags_BT = torch.randint(4, mask_BT.shape)
    ends = moves.first_C.expand(4, -1), moves.between_CC, moves.last_C.expand(4, -1)
    ours = path_score(scores_BTC, mask_BT, tags_BT, *ends) - log_partition(scores_BTC, mask_BT, *ends)
    torch.testing.assert_close(theirs(scores_BTC, tags_BT, mask_BT, reduction="none"), ours)
