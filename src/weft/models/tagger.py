"""The head that tags tokens, on any encoder that keeps positions: a linear layer, with a CRF above it or without."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from weft.data.batch import Moves, Tokens
from weft.models.base import Encoder, Memory, PartConfig, Precision
from weft.models.crf import Transitions, log_partition, path_score
from weft.models.dropout import Dropout

CAPITALS = 27
"""Ways in which a token and its neighbours are written: each without capitals, with a first one, or with others."""
Rule = Callable[[str, str], bool]
"""Test of whether a tag may stand behind another; the empty string stands for either end of a text."""


@dataclass(frozen=True, slots=True)
class TokenSource(Moves):
    """Sources of B rows, the position of the first piece of each token [B, T], and which tokens are real [B, T].

    A head that shares its encoder with others gets the states in place of the sources. Where the encoder does not see
    how tokens are written, `capitals_BT` numbers it.
    """

    source: Tokens | Memory | None
    places_BT: Tensor
    mask_BT: Tensor
    capitals_BT: Tensor | None = None


class TaggerConfig(PartConfig):
    """Settings of the head that scores a tag for each token."""

    precision: ClassVar[Mapping[str, Precision]] = {"cpu": "bfloat16", "cuda": "bfloat16"}
    recommended: ClassVar[Mapping[str, Any]] = {"epochs": 12, "patience": None, "ema": 0.99, "table_rate": 0.1}
    kind: Literal["crf", "linear"] = "crf"
    """Kind of the output layer: `crf` learns scores of a tag behind another too (Lafferty et al. 2001), `linear` scores
    each token by itself; both give only sequences that the scheme allows."""
    scheme: Literal["bioes", "bio"] = "bioes"
    """Scheme by which spans are tagged inside the model, whatever that of the file: `bioes` marks their last tokens and
    those of one token too (Ratinov and Roth 2009, section 4.2)."""
    dropout: float | None = Field(default=None, ge=0, lt=1)
    """Dropout of the states before the output layer; None: 0.5, and 0.1 over a pre-trained encoder."""

    def build(self, encoder: Encoder, *, tags: Sequence[str], allowed: Rule, capitals: bool = False) -> Tagger:
        """Build this head over an encoder; `allowed` says which tags may follow each other."""
        dropout, learned = encoder.head_dropout if self.dropout is None else self.dropout, self.kind == "crf"
        return Tagger(encoder, tags=tags, allowed=allowed, dropout=dropout, learned=learned, capitals=capitals)


class Tagger(nn.Module):
    """Encoder, dropout, a linear layer, and transitions between tags, which are learned or 0; forbidden ones are -inf.

    Args:
        encoder: keeps the positions of its source.
        tags: names of the tags [C].
        allowed: whether a tag may follow another.
        dropout: of the states.
        learned: whether transitions have scores of their own.
        capitals: whether how tokens are written is read too, which the encoder does not see.

    """

    def __init__(
        self,
        encoder: Encoder,
        *,
        tags: Sequence[str],
        allowed: Rule,
        dropout: float,
        learned: bool = True,
        capitals: bool = False,
    ) -> None:
        super().__init__()
        self.encoder, self.learned = encoder, learned
        self.dropout = Dropout(dropout)
        self.scores = nn.Linear(encoder.width, len(tags))
        self.capitals = nn.Embedding(CAPITALS, len(tags)) if capitals else None
        if self.capitals is not None:
            nn.init.zeros_(self.capitals.weight)
        ends = torch.tensor([[allowed("", tag), allowed(tag, "")] for tag in tags])
        between_CC = torch.tensor([[allowed(one, other) for other in tags] for one in tags])
        for name, may in (("first_C", ends[:, 0]), ("last_C", ends[:, 1]), ("between_CC", between_CC)):
            self.register_buffer(f"forbidden_{name}", ~may, persistent=False)
            if learned:
                setattr(self, name, nn.Parameter(torch.zeros(may.shape).uniform_(-0.1, 0.1)))

    def forward(self, source: TokenSource) -> Tensor:
        """Score each tag of each token, [B, T, C], in float32."""
        states_BSD = self.encoder(source.source).states_BSD
        states_BTD = states_BSD.gather(1, source.places_BT[..., None].expand(-1, -1, states_BSD.shape[2]))
        scores_BTC = self.scores(self.dropout(states_BTD)).to(torch.promote_types(states_BTD.dtype, torch.float32))
        return scores_BTC if self.capitals is None else scores_BTC + self.capitals(source.capitals_BT)

    def transitions(self) -> Transitions:
        """Return the scores of tags behind each other."""
        found = {}
        for name in ("first_C", "between_CC", "last_C"):
            forbidden = getattr(self, f"forbidden_{name}")
            scores = (
                getattr(self, name) if self.learned else torch.zeros_like(forbidden, dtype=self.scores.weight.dtype)
            )
            found[name] = scores.masked_fill(forbidden, -torch.inf)
        return Transitions(**found)

    def loss(self, source: TokenSource, tags_BT: Tensor, begins_B: Tensor, ends_B: Tensor) -> Tensor:
        """Compute minus the log-probability of the right tags, summed over rows.

        Args:
            source: the rows; a long text has several, each a window.
            tags_BT: the right tags.
            begins_B: whether a row has the first token of its text.
            ends_B: whether it has the last one.

        """
        scores_BTC = self(source)
        if not self.learned:
            nats_BT = nn.functional.cross_entropy(scores_BTC.transpose(1, 2), tags_BT, reduction="none")
            return nats_BT.masked_fill(~source.mask_BT, 0).sum()
        with torch.autocast(scores_BTC.device.type, enabled=False):
            moves = self.transitions()
            first_BC = torch.where(begins_B[:, None], moves.first_C, 0.0)
            last_BC = torch.where(ends_B[:, None], moves.last_C, 0.0)
            ways = scores_BTC, source.mask_BT
            right_B = path_score(*ways, tags_BT, first_BC, moves.between_CC, last_BC)
            nats_B = log_partition(*ways, first_BC, moves.between_CC, last_BC) - right_B
            return torch.where(source.mask_BT.any(1), nats_B, 0.0).sum()
