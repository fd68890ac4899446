"""Cross-entropy of next tokens, with label smoothing and R-Drop, and log-probabilities of targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class Reference:
    """The negative log-probability of a reference, in nats, over so many tokens, its end included.

    Characters that training never saw are one and the same to a model, and easy to tell for it: to tell which of them
    it is takes the nats in `spelled` more, 8 bits a byte.
    """

    nats: float
    tokens: int
    spelled: float = 0.0


def token_loss(logits_NV: Tensor, target_N: Tensor, *, smoothing: float = 0.0) -> Tensor:
    """Sum the cross-entropy of N tokens, in nats; `smoothing` is the share of a target spread evenly over all V ids.

    Szegedy et al. 2016, section 7. Equal to `torch.nn.functional.cross_entropy(..., reduction="sum")`. On CPU the
    gradient is made in the memory of the scores, which must not be used again: a vocabulary is wide, and each pass over
    its scores that is saved is a tenth of a training step.
    """
    logits_NV = logits_NV.to(torch.promote_types(logits_NV.dtype, torch.float32))
    if logits_NV.device.type != "cpu" or not logits_NV.requires_grad:
        return functional.cross_entropy(logits_NV, target_N, reduction="sum", label_smoothing=smoothing)
    return _Smoothed.apply(logits_NV, target_N, smoothing)


def references(decoder: Any, state: Any, target_BT: Tensor, mask_BT: Tensor) -> list[Reference]:
    """Compute the log-probabilities of the targets of some rows, given true prefixes."""
    states_BTD, _ = decoder(target_BT[:, :-1], state)
    logits_NV = decoder.logits(states_BTD[mask_BT]).float()
    gold_N = target_BT[:, 1:][mask_BT]
    nats_N = logits_NV.logsumexp(-1) - logits_NV.gather(1, gold_N[:, None])[:, 0]
    rows_N = mask_BT.nonzero()[:, 0]
    nats_B = torch.zeros(len(mask_BT), dtype=torch.float64).index_add_(0, rows_N.cpu(), nats_N.double().cpu())
    return [Reference(nats, tokens) for nats, tokens in zip(nats_B.tolist(), mask_BT.sum(1).tolist(), strict=True)]


def disagreement(first_NV: Tensor, second_NV: Tensor) -> Tensor:
    """Compute the mean of both KL divergences of two readings, summed over tokens (Liang et al. 2021, eq. 2)."""
    wide = torch.promote_types(first_NV.dtype, torch.float32)
    one_NV, other_NV = first_NV.to(wide).log_softmax(-1), second_NV.to(wide).log_softmax(-1)
    return 0.5 * ((one_NV.exp() - other_NV.exp()) * (one_NV - other_NV)).sum()


class _Smoothed(torch.autograd.Function):
    """The loss is log sum exp(z) - (1 - s) z[target] - s mean(z), its gradient softmax(z) - the smoothed target."""

    @staticmethod
    def forward(ctx: Any, logits_NV: Tensor, target_N: Tensor, smoothing: float) -> Tensor:
        total_N1 = logits_NV.logsumexp(-1, keepdim=True)
        of_target_N = logits_NV.gather(1, target_N[:, None])[:, 0]
        loss_N = total_N1[:, 0] - (1 - smoothing) * of_target_N
        if smoothing:
            loss_N = loss_N - smoothing * logits_NV.mean(-1)
        ctx.save_for_backward(logits_NV.detach().sub_(total_N1).exp_(), target_N)
        ctx.smoothing = smoothing
        return loss_N.sum()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        softmax_NV, target_N = ctx.saved_tensors
        if ctx.smoothing:
            softmax_NV.sub_(ctx.smoothing / softmax_NV.shape[1])
        rows_N = torch.arange(len(target_N))
        softmax_NV[rows_N, target_N] -= 1 - ctx.smoothing
        return softmax_NV.mul_(grads[0]), None, None
