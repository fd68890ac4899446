"""Heads that predict the span of a passage that answers a question, on any encoder that keeps positions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from weft.config import Config
from weft.data.batch import Moves, Tokens
from weft.models.base import Encoder, Memory
from weft.models.classifier import Pool
from weft.models.dropout import Dropout
from weft.models.rnn import RnnLayers

ReaderKind = Literal["attention", "joint"]


@dataclass(frozen=True, slots=True)
class Reading(Moves):
    """Input of B rows: the passage [B, S], and the question, None where it is in one row with the passage.

    An answer starts and ends where `inside_BS` is True.
    """

    passage: Tokens
    question: Tokens | None
    inside_BS: Tensor


@dataclass(frozen=True, slots=True)
class SpanScores:
    """Logits of where an answer starts and ends, [B, S + 1]: the last one says that the passage has none."""

    start_BS1: Tensor
    end_BS1: Tensor


class SpanConfig(Config):
    """Settings of the head that predicts the span of an answer in a passage."""

    hidden: int = Field(default=96, ge=1)
    """Width of each direction of the recurrent layers above the attention; `joint` has none."""
    dropout: float = Field(default=0.2, ge=0, lt=1)
    """Dropout before the recurrent layers and the output layer."""

    def build(self, encoder: Encoder, *, reader: ReaderKind) -> SpanReader:
        """Build an encoder with the head of a reader."""
        if reader == "joint":
            return JointReader(encoder, dropout=self.dropout)
        return AttentionReader(encoder, hidden=self.hidden, dropout=self.dropout)


class SpanReader(nn.Module):
    """Base of the readers."""

    encoder: Encoder

    def forward(self, source: Reading) -> SpanScores:
        """Score start and end in a batch."""
        raise NotImplementedError


class JointReader(SpanReader):
    """Question and passage in one row through one encoder, a linear layer for start and end (Devlin et al. 2019, 4.2).

    The first state, which stands for the row, says how much speaks for no answer (section 4.3).
    """

    def __init__(self, encoder: Encoder, *, dropout: float) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = Dropout(dropout)
        self.scores = nn.Linear(encoder.width, 2)
        self.none = nn.Linear(encoder.width, 2)

    def forward(self, source: Reading) -> SpanScores:
        """Score start and end in a batch."""
        states_BSD = self.dropout(self.encoder(source.passage).states_BSD)
        return _scores(self.scores(states_BSD), self.none(states_BSD[:, 0]), source.inside_BS)


class BiAttention(nn.Module):
    """Passage and question through one encoder, attention both ways, and a recurrent layer above it.

    Layers 4 and 5 of bidirectional attention flow (Seo et al. 2017, section 2), with a linear layer below the LSTM,
    which saves most of its time. A base for heads, which add what they score by.
    """

    def __init__(self, encoder: Encoder, *, hidden: int, dropout: float) -> None:
        super().__init__()
        self.encoder = encoder
        width, wide = encoder.width, 2 * hidden
        self.similar = nn.ModuleList(nn.Linear(width, 1, bias=False) for _ in range(2))
        self.both = nn.Parameter(torch.empty(width).normal_(std=width**-0.5))
        self.merge = nn.Linear(4 * width, wide)
        self.modelling = RnnLayers(wide, cell="lstm", hidden=hidden)
        self.dropout = Dropout(dropout)

    def attend(self, passage: Memory, question: Memory) -> tuple[Tensor, Tensor]:
        """Return the states of the passage after the attention, and after the recurrent layer, [B, S, 2 * hidden]."""
        merged_BSD = torch.relu(self.merge(self.dropout(self._attended(passage, question))))
        return merged_BSD, merged_BSD + self.run(self.modelling, merged_BSD, passage)

    def run(self, layers: nn.Module, states_BSD: Tensor, passage: Memory) -> Tensor:
        """Run states of the passage through recurrent layers, with dropout before them."""
        return layers(self.dropout(states_BSD), passage.mask_BS).states_BSD

    def _attended(self, passage: Memory, question: Memory) -> Tensor:
        """Join each position with its attention to the question, and with that of the question to the passage."""
        passage_BSD, question_BJD = passage.states_BSD, question.states_BSD
        alike_BSJ = (passage_BSD * self.both) @ question_BJD.mT
        alike_BSJ = alike_BSJ + self.similar[0](passage_BSD) + self.similar[1](question_BJD).mT
        low = torch.finfo(alike_BSJ.dtype).min
        alike_BSJ = alike_BSJ.masked_fill(~question.mask_BS[:, None], low)
        to_question_BSD = alike_BSJ.softmax(2) @ question_BJD
        weight_BS = alike_BSJ.amax(2).masked_fill(~passage.mask_BS, low).softmax(1)
        to_passage_B1D = weight_BS[:, None] @ passage_BSD
        return torch.cat([passage_BSD, to_question_BSD, passage_BSD * to_question_BSD, passage_BSD * to_passage_B1D], 2)


class AttentionReader(BiAttention, SpanReader):
    """Bidirectional attention flow (Seo et al. 2017, section 2, layers 4 to 6): attention, then start and end.

    One vector of the question (Chen et al. 2017, section 3.2) weighs the starts. Where an answer is likely to start is
    in view when its end is looked for.
    """

    def __init__(self, encoder: Encoder, *, hidden: int, dropout: float) -> None:
        super().__init__(encoder, hidden=hidden, dropout=dropout)
        width, wide = encoder.width, 2 * hidden
        self.ending = RnnLayers(wide, cell="lstm", hidden=hidden)
        self.asked, self.whole = Pool(width, "attention"), Pool(wide, "max")
        self.about, self.start, self.end, self.none, self.begun = span_layers(width, wide)

    def forward(self, source: Reading) -> SpanScores:
        """Score start and end in a batch."""
        assert source.question is not None
        passage, question = self.encoder(source.passage), self.encoder(source.question)
        merged_BSD, read_BSD = self.attend(passage, question)
        asked_BD = self.asked(question)
        first_BD, last_BD = self.about(self.dropout(asked_BD)).chunk(2, 1)
        start_BS = self.start(read_BSD).squeeze(2) + torch.einsum("bsd,bd->bs", read_BSD, first_BD)
        started_BSD = read_BSD + self._started(read_BSD, start_BS, source.inside_BS)
        ends_BSD = merged_BSD + self.run(self.ending, started_BSD, passage)
        end_BS = self.end(ends_BSD).squeeze(2) + torch.einsum("bsd,bd->bs", ends_BSD, last_BD)
        none_B2 = self.none(torch.cat([self.whole(Memory(read_BSD, passage.mask_BS)), asked_BD], 1))
        return _scores(torch.stack([start_BS, end_BS], 2), none_B2, source.inside_BS)

    def _started(self, read_BSD: Tensor, start_BS: Tensor, inside_BS: Tensor) -> Tensor:
        """Embed the likely start of an answer, and the probability that it starts at each position, or has before."""
        starts_BS = start_BS.masked_fill(~inside_BS, torch.finfo(start_BS.dtype).min).softmax(1)
        there_BSD = (starts_BS[:, None] @ read_BSD).expand_as(read_BSD)
        return self.begun(torch.cat([there_BSD, starts_BS[..., None], starts_BS.cumsum(1)[..., None]], 2))


def span_layers(width: int, wide: int) -> tuple[nn.Linear, ...]:
    """Build the linear layers of a span: of the question, of start, end and no answer, and of the likely start."""
    about, start, end = nn.Linear(width, 2 * wide), nn.Linear(wide, 1), nn.Linear(wide, 1)
    return about, start, end, nn.Linear(wide + width, 2), nn.Linear(wide + 2, wide)


def _scores(places_BS2: Tensor, none_B2: Tensor, inside_BS: Tensor) -> SpanScores:
    places_BS2 = places_BS2.float().masked_fill(~inside_BS[..., None], -torch.inf)
    start_BS1, end_BS1 = torch.cat([places_BS2, none_B2.float()[:, None]], 1).unbind(2)
    return SpanScores(start_BS1, end_BS1)


@dataclass(frozen=True, slots=True)
class BestSpans:
    """The best spans of B rows, N of each: log odds against no answer, first and last position, and all odds summed."""

    odds_BN: Tensor
    first_BN: Tensor
    last_BN: Tensor
    total_B: Tensor


def best_spans(scores: SpanScores, *, longest: int, keep: int) -> BestSpans:
    """Find the best spans of at most `longest` positions, start and end summed; -inf where there are fewer.

    `total_B` is the logarithm of the sum of the odds of all such spans.
    """
    start_BS, end_BS = scores.start_BS1[:, :-1], scores.end_BS1[:, :-1]
    rows, steps = start_BS.shape
    none_B11 = (scores.start_BS1[:, -1] + scores.end_BS1[:, -1])[:, None, None]
    ends_BSN = nn.functional.pad(end_BS, (0, longest - 1), value=-torch.inf).unfold(1, longest, 1)
    odds_BN = (start_BS[..., None] + ends_BSN - none_B11).reshape(rows, steps * longest)
    odds, place = odds_BN.topk(min(keep, steps * longest), dim=1)
    first = place // longest
    return BestSpans(odds, first, first + place % longest, odds_BN.logsumexp(1))
