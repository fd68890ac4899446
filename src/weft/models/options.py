"""Heads that score the options of a question on a passage, on any encoder that keeps positions.

In the suffixes here N are the options of a batch end to end, and O those of one row.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from pydantic import Field
from torch import Tensor, nn

from weft.config import Config
from weft.data.batch import Moves
from weft.models.base import Encoder, Memory
from weft.models.classifier import Pool
from weft.models.dropout import Dropout
from weft.models.rnn import RnnLayers
from weft.models.span import BiAttention, ReaderKind, Reading, span_layers

HIDDEN = 32
"""Width of the hidden layer over the counted features."""


@dataclass(frozen=True, slots=True)
class Offered(Moves):
    """The options of B rows: the ids of each [N, ...], counted features [N, F], and the mask of real ones, [B, O]."""

    source: Reading
    counted_NF: Tensor
    real_BO: Tensor


class OptionConfig(Config):
    """Settings of the head that scores an option."""

    hidden: int = Field(default=96, ge=1)
    """Width of each direction of the recurrent layer above the attention; `joint` has none."""
    dropout: float = Field(default=0.3, ge=0, lt=1)
    """Dropout before the recurrent layer and the output layer."""

    def build(self, encoder: Encoder, *, reader: ReaderKind, counted: int) -> OptionReader:
        """Build an encoder with the head, over so many counted features of each option."""
        if reader == "joint":
            return OptionReader(JointVector(encoder), counted=counted, dropout=self.dropout)
        reads = AttentionVector(encoder, hidden=self.hidden, dropout=self.dropout)
        return OptionReader(reads, counted=counted, dropout=self.dropout)


class JointVector(nn.Module):
    """Question, option and passage in one row through one encoder, pooled."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder, self.width = encoder, encoder.width
        self.pool = Pool(encoder.width, encoder.pooling)

    def forward(self, source: Reading) -> Tensor:
        """Read each option as a vector, [N, D]."""
        return self.pool(self.encoder(source.passage))


class AttentionVector(BiAttention):
    """Attention between passage and question with option, pooled over the passage, beside the question's vector."""

    def __init__(self, encoder: Encoder, *, hidden: int, dropout: float) -> None:
        super().__init__(encoder, hidden=hidden, dropout=dropout)
        width, wide = encoder.width, 2 * hidden
        self.width = wide + width
        # the layers by which `AttentionReader` finds a span are drawn and dropped: this head was once built from it,
        # and a seed is to give the weights that it gave then
        RnnLayers(wide, cell="lstm", hidden=hidden)
        self.asked, self.whole = Pool(width, "attention"), Pool(wide, "max")
        span_layers(width, wide)

    def forward(self, source: Reading) -> Tensor:
        """Return a vector for each option, [N, D]."""
        assert source.question is not None
        passage, question = self.encoder(source.passage), self.encoder(source.question)
        _, read_NSD = self.attend(passage, question)
        return torch.cat([self.whole(Memory(read_NSD, passage.mask_BS)), self.asked(question)], 1)


class OptionReader(nn.Module):
    """A linear score of the vector of an option, plus that of a small network over its counted features.

    What was counted is given to the layer as it is and against the mean of the options of its row, in units of the
    standard deviation in training.
    """

    mean_F: Tensor
    scale_F: Tensor

    def __init__(self, reads: JointVector | AttentionVector, *, counted: int, dropout: float) -> None:
        super().__init__()
        self.reads = reads
        self.dropout = Dropout(dropout)
        self.score = nn.Linear(reads.width, 1)
        self.register_buffer("mean_F", torch.zeros(counted))
        self.register_buffer("scale_F", torch.ones(counted))
        self.counted = nn.Sequential(
            nn.Linear(2 * counted, HIDDEN), nn.ReLU(), Dropout(dropout), nn.Linear(HIDDEN, 1, bias=False)
        )

    @property
    def encoder(self) -> Encoder:
        """Encoder of the ids."""
        return self.reads.encoder

    def prepare(self, counted_NF: Tensor) -> None:
        """Learn mean and scale of the counted features of the training rows, once, before training."""
        self.mean_F.copy_(counted_NF.mean(0))
        self.scale_F.copy_(counted_NF.std(0, correction=0).clamp_min(1e-3))

    def forward(self, source: Offered) -> Tensor:
        """Score each option, [B, O]; -inf where a row has no more of them."""
        real_BO = source.real_BO
        counted_NF = (source.counted_NF - self.mean_F) / self.scale_F
        counted_BOF = counted_NF.new_zeros(*real_BO.shape, counted_NF.shape[1])
        counted_BOF[real_BO] = counted_NF
        of_row_BF = counted_BOF.sum(1) / real_BO.sum(1)[:, None]
        against_NF = (counted_BOF - of_row_BF[:, None])[real_BO]
        read_N1 = self.score(self.dropout(self.reads(source.source)))
        score_N1 = read_N1 + self.counted(torch.cat([counted_NF, against_NF], 1))
        scores_BO = torch.full(real_BO.shape, -torch.inf, device=real_BO.device)
        scores_BO[real_BO] = score_N1.squeeze(1).float()
        return scores_BO
