"""Losses of class scores: cross-entropy with its variations, distillation, binary cross-entropy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor
from torch.nn import functional

from weft.config import Config
from weft.tasks.results import Loss


class TeacherConfig(Config):
    """Settings of distillation from a teacher: its share and its temperature (Hinton et al. 2015, section 2)."""

    alpha: float = Field(default=0.5, ge=0, le=1)
    """Share of the labels in the loss of `weft distil`; the rest is that of the teacher."""
    temperature: float = Field(default=2.0, gt=0)
    """Temperature of `weft distil`, which divides the scores of student and teacher before they are compared;
    the higher, the more the teacher's ranking of the other labels counts."""


class LossConfig(Config):
    """Settings of cross-entropy and its variations."""

    smoothing: float = Field(default=0.0, ge=0, lt=1)
    """Label smoothing: the share of the target spread evenly over all labels (Szegedy et al. 2016, section 7)."""
    class_weights: Literal["none", "balanced"] = "none"
    """Weights of the rows: `balanced` weighs a row by the inverse frequency of its label, `none` weighs all alike."""
    focal: float = Field(default=0.0, ge=0)
    """Focal loss gamma: a row counts by (1 - p) ** gamma, where p is the probability of its label (Lin et al. 2017,
    equations 4 and 5); 0 is plain cross-entropy."""
    logit_adjustment: float = Field(default=0.0, ge=0)
    """Logit adjustment tau: tau log(share of a label) is added to its score in training, so that predictions favour no
    frequent label (Menon et al. 2021, equation 10); 0 is none."""
    teacher: TeacherConfig | None = None
    """Distillation from the answers of a teacher, which `weft distil` brings; None: labels alone."""

    @model_validator(mode="after")
    def _has_one_target(self) -> Self:
        if self.smoothing and self.focal:
            raise ValueError(
                "smoothing spreads the target over labels, focal weighs by one: only one of them can be set"
            )
        return self


class BinaryLossConfig(Config):
    """Settings of the binary cross-entropy of each label and its variations."""

    class_weights: Literal["none", "balanced"] = "none"
    """Weights of the decisions: `balanced` weighs a text that has a label by the number of texts without it for each
    with it, `none` weighs all alike."""
    focal: float = Field(default=0.0, ge=0)
    """Focal loss gamma: a decision counts by (1 - p) ** gamma, where p is the probability of the truth (Lin et al.
    2017, equation 4); 0 is plain binary cross-entropy."""


def cross_entropy(logits_BC: Tensor, label_B: Tensor, config: LossConfig, *, counts: Sequence[int]) -> Loss:
    """Compute cross-entropy, summed over rows; its count is their number, or the sum of their weights.

    Args:
        logits_BC: scores of each class.
        label_B: the number of the true class.
        config: its variations.
        counts: how many training texts had each label.

    """
    logits_BC = _wide(logits_BC)
    counts_C = torch.tensor(counts).to(logits_BC)
    balanced_C = counts_C.mean() / counts_C if config.class_weights == "balanced" else None
    weight_B = torch.ones_like(logits_BC[:, 0]) if balanced_C is None else balanced_C[label_B]
    if config.logit_adjustment:
        logits_BC = logits_BC + config.logit_adjustment * (counts_C / counts_C.sum()).log()
    if config.focal:
        of_truth_B = logits_BC.log_softmax(-1).gather(-1, label_B[:, None])[:, 0]
        total = (weight_B * _focal(of_truth_B, config.focal)).sum()
    else:
        smoothing = config.smoothing
        total = functional.cross_entropy(logits_BC, label_B, balanced_C, reduction="sum", label_smoothing=smoothing)
    return Loss(total, weight_B.sum())


def ordered_logits(scores_BC: Tensor) -> Tensor:
    """Return log-probabilities of ordered classes, [B, C + 1], from a score for each step to a higher one, [B, C].

    The score of step k decides between class k and the higher ones, given that it is no lower one: continuation ratios
    (Fienberg 1980), which networks learn as CORN (Shi et al. 2021, "Deep neural networks for rank-consistent ordinal
    regression", equations 2 to 5). They are the probabilities of one distribution, whatever the scores.
    """
    scores_BC = _wide(scores_BC)
    reached_BC1 = functional.pad(functional.logsigmoid(scores_BC).cumsum(1), (1, 0))
    return reached_BC1 + functional.pad(functional.logsigmoid(-scores_BC), (0, 1))


def taught_loss(
    logits_BC: Tensor, label_B: Tensor, soft_BC: Tensor, config: LossConfig, *, counts: Sequence[int]
) -> Loss:
    """Compute the distillation loss, summed over rows: alpha * cross-entropy + (1 - alpha) * T^2 * KL.

    KL is the divergence of the student from its teacher, both at temperature T (Hinton et al. 2015, section 2: by T^2,
    so that alpha means the same at any T). A row without a label has the second part alone. The count is as of
    `cross_entropy`, and 1 for each row without a label.

    Args:
        logits_BC: scores of each class.
        label_B: the number of the true class, or -1 where none is known.
        soft_BC: the logarithms of the teacher's probabilities.
        config: the variations of the cross-entropy, and its `teacher`.
        counts: how many training texts had each label.

    """
    assert config.teacher is not None
    alpha, heat = config.teacher.alpha, config.teacher.temperature
    logits_BC, known_B = _wide(logits_BC), label_B >= 0
    labels = cross_entropy(logits_BC[known_B], label_B[known_B], config, counts=counts)
    count = labels.count + (~known_B).sum()
    if alpha == 1:
        return Loss(labels.sum, count)
    teacher_BC = (soft_BC.to(logits_BC) / heat).log_softmax(-1)
    apart = functional.kl_div((logits_BC / heat).log_softmax(-1), teacher_BC, reduction="sum", log_target=True)
    return Loss(alpha * labels.sum + (1 - alpha) * heat**2 * apart, count)


def binary_cross_entropy(
    logits_BC: Tensor, truth_BC: Tensor, config: BinaryLossConfig, *, counts: Sequence[int], texts: int
) -> Loss:
    """Compute binary cross-entropy, summed over rows and labels; its count is the number of these decisions.

    Args:
        logits_BC: a score of each label.
        truth_BC: True where a row has the label.
        config: its variations.
        counts: how many training texts had each label.
        texts: how many training texts there were.

    """
    logits_BC = _wide(logits_BC)
    of_truth_BC = functional.logsigmoid(torch.where(truth_BC, logits_BC, -logits_BC))
    each_BC = _focal(of_truth_BC, config.focal) if config.focal else -of_truth_BC
    if config.class_weights == "balanced":
        # of a label that every text had, one text counts as lacking it, or it would not be learned at all
        weight_C = torch.tensor([max(1, texts - count) / count for count in counts]).to(logits_BC)
        each_BC = torch.where(truth_BC, weight_C, 1.0) * each_BC
    return Loss(each_BC.sum(), torch.tensor(float(each_BC.numel())).to(logits_BC))


def _focal(log_p: Tensor, gamma: float) -> Tensor:
    # a row that is learned wholly has a weight of 0, whose power has no gradient
    return -((-torch.expm1(log_p)).clamp_min(torch.finfo(log_p.dtype).tiny) ** gamma) * log_p


def _wide(logits_BC: Tensor) -> Tensor:
    """Cast to float32 at least: logarithms of probabilities near 1 are lost in half precision."""
    return logits_BC.to(torch.promote_types(logits_BC.dtype, torch.float32))
