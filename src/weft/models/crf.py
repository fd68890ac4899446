"""Linear-chain conditional random fields: log partition, best path and marginals, all rows of a batch at once.

Lafferty et al. 2001; the forward algorithm and Viterbi as in Collins 2013, "The forward-backward algorithm". A step of
the forward algorithm is one product with the exponentials of the transitions, after the largest score of each row and
the largest transition are taken out: no array of rows by tags by tags is made. What lies more than 87 below these, 700
in float64, counts as 87 below.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from weft.data.batch import Moves


@dataclass(frozen=True, slots=True)
class Transitions(Moves):
    """Scores of a first tag [C], of a tag behind another [C, C] (from, to), of a last tag [C]; -inf where forbidden."""

    first_C: Tensor
    between_CC: Tensor
    last_C: Tensor


@dataclass(frozen=True, slots=True)
class Chain:
    """Log scores of all paths up to each tag of each position, and from it on [B, T, C]; and of all paths [B]."""

    forward_BTC: Tensor
    backward_BTC: Tensor
    partition_B: Tensor


def log_partition(scores_BTC: Tensor, mask_BT: Tensor, first_BC: Tensor, between_CC: Tensor, last_BC: Tensor) -> Tensor:
    """Compute the log of the summed scores of all paths of each row, [B]; the first position of a row is real."""
    step = _Step(between_CC)
    total_BC = first_BC + scores_BTC[:, 0]
    for place in range(1, scores_BTC.shape[1]):
        total_BC = torch.where(mask_BT[:, place, None], step(total_BC) + scores_BTC[:, place], total_BC)
    return (total_BC + last_BC).logsumexp(1)


def path_score(
    scores_BTC: Tensor, mask_BT: Tensor, tags_BT: Tensor, first_BC: Tensor, between_CC: Tensor, last_BC: Tensor
) -> Tensor:
    """Compute the score of one path of each row, [B]."""
    own_BT = scores_BTC.gather(2, tags_BT[..., None])[..., 0]
    moves_BT = between_CC[tags_BT[:, :-1], tags_BT[:, 1:]]
    end_B1 = tags_BT.gather(1, (mask_BT.sum(1, keepdim=True) - 1).clamp_min(0))
    ends_B = first_BC.gather(1, tags_BT[:, :1])[:, 0] + last_BC.gather(1, end_B1)[:, 0]
    return ends_B + own_BT.masked_fill(~mask_BT, 0).sum(1) + moves_BT.masked_fill(~mask_BT[:, 1:], 0).sum(1)


def best_path(scores_BTC: Tensor, mask_BT: Tensor, transitions: Transitions) -> Tensor:
    """Find the path of the highest score of each row by Viterbi's algorithm, [B, T]; 0 beyond a row's end.

    Steps and the way back are taken by all rows at once.
    """
    rows, steps, _ = scores_BTC.shape
    into_CC = transitions.between_CC.T.contiguous()  # the tag to come from is last: the maximum runs along memory
    best_BC = transitions.first_C + scores_BTC[:, 0]
    came: list[Tensor] = []
    for place in range(1, steps):
        found_BC, from_BC = (best_BC[:, None, :] + into_CC).max(2)
        came.append(from_BC)
        best_BC = torch.where(mask_BT[:, place, None], found_BC + scores_BTC[:, place], best_BC)
    tag_B1 = (best_BC + transitions.last_C).argmax(1, keepdim=True)
    path_BT = torch.zeros((rows, steps), dtype=torch.long, device=scores_BTC.device)
    for place in range(steps - 1, 0, -1):
        real_B1 = mask_BT[:, place, None]
        path_BT[:, place] = torch.where(real_B1, tag_B1, 0)[:, 0]
        tag_B1 = torch.where(real_B1, came[place - 1].gather(1, tag_B1), tag_B1)
    path_BT[:, 0] = tag_B1[:, 0]
    return path_BT


def chain(scores_BTC: Tensor, mask_BT: Tensor, transitions: Transitions) -> Chain:
    """Run the forward and the backward algorithm over a batch."""
    steps = scores_BTC.shape[1]
    ahead, back = _Step(transitions.between_CC), _Step(transitions.between_CC.T)
    total_BC = transitions.first_C + scores_BTC[:, 0]
    forward = [total_BC]
    for place in range(1, steps):
        total_BC = torch.where(mask_BT[:, place, None], ahead(total_BC) + scores_BTC[:, place], total_BC)
        forward.append(total_BC)
    partition_B = (total_BC + transitions.last_C).logsumexp(1)
    left_BC = transitions.last_C.expand(len(scores_BTC), -1)
    backward = [left_BC]
    for place in range(steps - 1, 0, -1):
        left_BC = torch.where(mask_BT[:, place, None], back(left_BC + scores_BTC[:, place]), left_BC)
        backward.append(left_BC)
    return Chain(torch.stack(forward, 1), torch.stack(backward[::-1], 1), partition_B)


class _Step:
    """The log of the sum over the tags before, of each tag behind them, [B, C] to [B, C]."""

    def __init__(self, between_CC: Tensor) -> None:
        self.largest = between_CC.amax().detach()
        self.shares_CC = (between_CC - self.largest).exp()

    def __call__(self, total_BC: Tensor) -> Tensor:
        largest_B1 = total_BC.amax(1, keepdim=True).detach()
        summed_BC = (total_BC - largest_B1).exp() @ self.shares_CC
        return largest_B1 + self.largest + summed_BC.clamp_min(torch.finfo(summed_BC.dtype).tiny).log()
