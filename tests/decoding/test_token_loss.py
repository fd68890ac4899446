"""The loss of next tokens is torch's, its gradient too; readings that differ; references under true prefixes."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from weft.decoding.token_loss import disagreement, references, token_loss
from weft.models.rnn_decoder import GruDecoderConfig
from weft.models.transformer_decoder import TransformerDecoderConfig

smoothings = st.sampled_from([0.0, 0.1, 0.9])


@torch.enable_grad()  # which the room switches off
def both(logits_NV, target_N, *, smoothing, factor=1.0):
    """The loss and the gradient of the scores by torch, and by ours."""
    theirs = logits_NV.clone().requires_grad_()
    expected = functional.cross_entropy(theirs, target_N, reduction="sum", label_smoothing=smoothing)
    (factor * expected).backward()
    ours = logits_NV.clone().requires_grad_()
    found = token_loss(ours + 0, target_N, smoothing=smoothing)  # scores that a layer made, as in training
    (factor * found).backward()
    return (expected, theirs.grad), (found, ours.grad)


@given(st.integers(0, 6), st.integers(1, 9), smoothings, st.integers(0, 1000), st.sampled_from([1.0, -0.25]))
@settings(max_examples=60, deadline=None)
def test_loss_and_gradient_are_those_of_cross_entropy(rows, vocab, smoothing, seed, factor):
    draw = torch.Generator().manual_seed(seed)
    logits_NV = 4 * torch.randn(rows, vocab, generator=draw, dtype=torch.float64)
    target_N = torch.randint(vocab, (rows,), generator=draw)
    (expected, slope), (found, ours) = both(logits_NV, target_N, smoothing=smoothing, factor=factor)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(ours, slope)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_a_wide_vocabulary_in_single_precision(smoothing):
    torch.manual_seed(0)
    logits_NV, target_N = 10 * torch.randn(40, 3000), torch.randint(3000, (40,))
    (expected, slope), (found, ours) = both(logits_NV, target_N, smoothing=smoothing)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(ours, slope)


def test_scores_far_apart_stay_finite():
    logits_NV, target_N = torch.tensor([[1e4, -1e4, 0.0], [-1e4, 1e4, 0.0]]), torch.tensor([0, 0])
    (expected, slope), (found, ours) = both(logits_NV, target_N, smoothing=0.1)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(ours, slope)


def test_coarse_scores_are_summed_finely():
    torch.manual_seed(0)
    logits_NV, target_N = torch.randn(50, 20).bfloat16(), torch.randint(20, (50,))
    found = token_loss(logits_NV.clone().requires_grad_(), target_N, smoothing=0.1)
    expected = functional.cross_entropy(logits_NV.float(), target_N, reduction="sum", label_smoothing=0.1)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected)
    assert torch.equal(token_loss(logits_NV, target_N, smoothing=0.1), expected), "without a gradient too"


def test_scores_without_a_gradient_are_left_as_they_are():
    logits_NV = torch.randn(3, 5)
    before = logits_NV.clone()
    token_loss(logits_NV, torch.tensor([0, 1, 2]), smoothing=0.1)
    assert torch.equal(logits_NV, before)


@torch.enable_grad()
def test_a_second_way_back_is_an_error_and_no_wrong_gradient():
    logits_NV = torch.randn(3, 5, requires_grad=True)
    loss = token_loss(logits_NV + 0, torch.tensor([0, 1, 2]), smoothing=0.1)
    loss.backward(retain_graph=True)
    with pytest.raises(RuntimeError, match="inplace"):
        loss.backward()


@given(st.integers(0, 1000), st.sampled_from([torch.float32, torch.float64]))
@settings(max_examples=30, deadline=None)
def test_disagreement_is_the_mean_of_both_divergences(seed, dtype):
    draw = torch.Generator().manual_seed(seed)
    first_NV, second_NV = 3 * torch.randn(2, 4, 7, generator=draw, dtype=dtype)
    one, other = first_NV.log_softmax(-1), second_NV.log_softmax(-1)
    divergences = [
        functional.kl_div(other, one, log_target=True, reduction="sum"),
        functional.kl_div(one, other, log_target=True, reduction="sum"),
    ]
    found = disagreement(first_NV, second_NV)
    assert found.dtype == dtype
    torch.testing.assert_close(found, sum(divergences) / 2)
    torch.testing.assert_close(disagreement(second_NV, first_NV), found)
    assert float(disagreement(first_NV, first_NV)) == 0


@pytest.mark.parametrize(
    "config",
    [TransformerDecoderConfig(width=8, heads=2, layers=1, feed_forward=8), GruDecoderConfig(width=8, hidden=6)],
    ids=lambda config: config.kind,
)
def test_references_are_told_by_the_sum_over_their_own_tokens(config):
    torch.manual_seed(0)
    decoder = config.build(9, memory_width=None).eval()
    lengths = [4, 1, 3]
    mask_BT = torch.arange(4) < torch.tensor(lengths)[:, None]
    target_BT = torch.cat([torch.full((3, 1), 8), torch.randint(2, 9, (3, 4)) * mask_BT], 1)
    with torch.inference_mode():
        found = references(decoder, decoder.start(None, rows=3), target_BT, mask_BT)
        for row, length in enumerate(lengths):
            logits_TV = decoder.logits(decoder(target_BT[row : row + 1, :length], decoder.start(None, rows=1))[0])[0]
            nats = functional.cross_entropy(logits_TV, target_BT[row, 1 : 1 + length], reduction="sum")
            assert found[row].tokens == length
            assert found[row].nats == pytest.approx(float(nats), rel=1e-5)
