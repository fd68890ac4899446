"""Recurrent decoders, LSTM and GRU, with attention to a memory, with its last state, or alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from weft.models.base import Decoder, Memory
from weft.models.copying import Copied, Copier, CopyingSettings
from weft.models.dropout import Dropout
from weft.models.rnn import GruEncoderConfig, LstmEncoderConfig

Cell = Literal["lstm", "gru"]
Scoring = Literal["additive", "multiplicative", "none"]
"""Comparison of a state with the memory: by a small network, by a product, or not at all."""
Feeding = Literal["tokens", "attended"]
"""Input of a step: the last token, or what was attended to then as well."""
_MODULES = {"lstm": nn.LSTM, "gru": nn.GRU}


class RnnDecoderConfig(CopyingSettings):
    """Settings shared by the recurrent decoders."""

    bfloat16_on_any_cpu: ClassVar[bool] = False
    recommended: ClassVar[Mapping[str, Any]] = {
        "optimizer": {"kind": "adamw", "learning_rate": 2e-3},
        "epochs": 20,
        "batch_rows": None,
        "batch_tokens": 2_000,
        "ema": 0.995,
        "patience": 6,
    }
    width: int = Field(default=256, ge=1)
    """Width of the embeddings, which also score the vocabulary."""
    hidden: int = Field(default=384, ge=1)
    """Width of the hidden state."""
    layers: int = Field(default=1, ge=1, le=1000)
    """Number of layers."""
    attention: Scoring = "multiplicative"
    """Attention to the memory: `additive` (Bahdanau et al. 2015, appendix A.1.2), `multiplicative` (Luong et al. 2015,
    section 3.1, `general`), or `none`: then the memory is known by its last state alone (Sutskever et al. 2014)."""
    feeding: Feeding = "tokens"
    """Input of a step: the last token, or with `attended` what was attended to at the last step too (Luong et al. 2015,
    section 3.3); training is then step by step, which takes some times longer."""
    dropout: float = Field(default=0.3, ge=0, lt=1)
    """Dropout of the embeddings, between layers, and of the states that predict the next token."""

    @property
    def needs_positions(self) -> bool:
        """Whether it attends to the positions of the memory."""
        return self.attention != "none"

    @property
    def _encoder_settings(self) -> dict[str, Any]:
        """The settings of an encoder whose two directions together are as wide as this decoder's state."""
        half = max(1, self.hidden // 2)
        return {"width": self.width, "hidden": half, "layers": self.layers, "dropout": self.dropout, "view_dropout": 0}

    def _build(self, vocab_size: int, memory_width: int | None, cell: Cell) -> RnnDecoder:
        decoder = RnnDecoder(
            vocab_size,
            self.width,
            memory_width=memory_width,
            cell=cell,
            hidden=self.hidden,
            layers=self.layers,
            attention=self.attention,
            feeding=self.feeding,
            dropout=self.dropout,
        )
        return self.with_copier(decoder, vocab_size, memory_width=memory_width)


class LstmDecoderConfig(RnnDecoderConfig):
    """Long short-term memory (Hochreiter and Schmidhuber 1997)."""

    kind: Literal["lstm"] = "lstm"

    def matching_encoder(self) -> LstmEncoderConfig:
        """Return the config of an encoder of this kind and size that reads in both directions."""
        return LstmEncoderConfig(**self._encoder_settings)

    def build(self, vocab_size: int, *, memory_width: int | None) -> RnnDecoder:
        """Build the decoder with its embedding."""
        return self._build(vocab_size, memory_width, "lstm")


class GruDecoderConfig(RnnDecoderConfig):
    """Gated recurrent units (Cho et al. 2014, section 2.3)."""

    kind: Literal["gru"] = "gru"

    def matching_encoder(self) -> GruEncoderConfig:
        """Return the config of an encoder of this kind and size that reads in both directions."""
        return GruEncoderConfig(**self._encoder_settings)

    def build(self, vocab_size: int, *, memory_width: int | None) -> RnnDecoder:
        """Build the decoder with its embedding."""
        return self._build(vocab_size, memory_width, "gru")


@dataclass(frozen=True, slots=True)
class RecurrentState:
    """State of a recurrent decoder: the hidden vectors of each layer [L, N, D], and the memory as read.

    `cells_LND` are an LSTM's cells, `fed_ND` what was attended to last, where that is read again. Rows stand in groups
    of `size`, each group on one row of the memory.
    """

    states_LND: Tensor
    cells_LND: Tensor | None = None
    fed_ND: Tensor | None = None
    keys_BSD: Tensor | None = None
    values_BSD: Tensor | None = None
    mask_BS: Tensor | None = None
    size: int = 1
    copied: Copied | None = None
    seen: tuple[Tensor, ...] | None = None

    def select(self, rows_N: Tensor) -> RecurrentState:
        """Select the state of some rows; see `State.select`."""
        chosen = replace(
            self,
            states_LND=self.states_LND.index_select(1, rows_N),
            cells_LND=None if self.cells_LND is None else self.cells_LND.index_select(1, rows_N),
            fed_ND=None if self.fed_ND is None else self.fed_ND.index_select(0, rows_N),
            seen=None if self.seen is None else tuple(one.index_select(0, rows_N) for one in self.seen),
        )
        if self.keys_BSD is None or self.values_BSD is None or self.mask_BS is None:
            return chosen
        groups_B = rows_N[:: self.size] // self.size
        keys_BSD, values_BSD, mask_BS = (
            one.index_select(0, groups_B) for one in (self.keys_BSD, self.values_BSD, self.mask_BS)
        )
        copied = None if self.copied is None else self.copied.select(groups_B)
        return replace(chosen, keys_BSD=keys_BSD, values_BSD=values_BSD, mask_BS=mask_BS, copied=copied)

    def widen(self, size: int) -> RecurrentState:
        """Repeat each row `size` times; see `State.widen`."""
        rows = torch.arange(self.states_LND.shape[1], device=self.states_LND.device).repeat_interleave(size)
        return replace(
            self,
            states_LND=self.states_LND[:, rows],
            cells_LND=None if self.cells_LND is None else self.cells_LND[:, rows],
            fed_ND=None if self.fed_ND is None else self.fed_ND[rows],
            seen=None if self.seen is None else tuple(one[rows] for one in self.seen),
            size=self.size * size,
        )


class RnnDecoder(Decoder[RecurrentState]):
    """Recurrent layers with attention: states [B, T, D] of the hidden vector and what it attended to in the memory.

    With attention they are tanh(W [found; hidden]) (Luong et al. 2015, equation 5), else W hidden; D is the width of
    the embedding, by which they are compared with every token.
    """

    parallel = False
    scores_by_embedding = True

    def __init__(
        self,
        vocab_size: int,
        width: int,
        *,
        memory_width: int | None,
        cell: Cell,
        hidden: int,
        layers: int,
        attention: Scoring,
        dropout: float,
        feeding: Feeding = "tokens",
    ) -> None:
        super().__init__()
        self.width, self.hidden, self.depth, self.cell = width, hidden, layers, cell
        self.embedding = nn.Embedding(vocab_size, width)
        nn.init.normal_(self.embedding.weight, std=width**-0.5)
        self.scoring: Scoring = "none" if memory_width is None else attention
        self.feeding = feeding if self.scoring != "none" else "tokens"
        first = width if self.feeding == "tokens" else 2 * width
        self.layers = nn.ModuleList(
            _MODULES[cell](hidden if depth else first, hidden, batch_first=True) for depth in range(layers)
        )
        self.dropout = Dropout(dropout)
        found = 0
        if memory_width is not None:
            self.bridge = nn.Linear(memory_width, layers * hidden * (2 if cell == "lstm" else 1))
        if memory_width is not None and self.scoring != "none":
            found = memory_width
            self.key = nn.Linear(memory_width, hidden, bias=False)
            if self.scoring == "additive":
                self.ask, self.score = nn.Linear(hidden, hidden), nn.Linear(hidden, 1, bias=False)
        self.tell = nn.Linear(hidden + found, width)
        self.bias_V = nn.Parameter(torch.zeros(vocab_size))
        self.copier: Copier | None = None

    def start(self, memory: Memory | None, *, rows: int, capacity: int = 0, record: bool = False) -> RecurrentState:  # noqa: ARG002
        """Return the first hidden vectors: zero, or the last state of the memory (or its mean) through the bridge."""
        zeros = self.bias_V.new_zeros(self.depth, rows, self.hidden)
        if memory is None:
            return RecurrentState(zeros, zeros if self.cell == "lstm" else None)
        last_BD = memory.final_BD
        if last_BD is None:
            real_BS1 = memory.mask_BS[..., None]
            last_BD = (memory.states_BSD * real_BS1).sum(1) / real_BS1.sum(1).clamp_min(1)
        first = torch.tanh(self.bridge(last_BD)).view(rows, -1, self.depth, self.hidden).permute(1, 2, 0, 3)
        states_LND, cells_LND = first[0].contiguous(), first[1].contiguous() if self.cell == "lstm" else None
        if self.scoring == "none":
            return RecurrentState(states_LND, cells_LND)
        fed_ND = zeros.new_zeros(rows, self.width) if self.feeding == "attended" else None
        if self.copier is not None:
            memory = self.copier.read(memory)
        mask_BS = memory.mask_BS.clone()
        mask_BS[:, 0] = True  # a row without tokens attends to its first padding: a finite state
        seen = () if record else None
        keys_BSD = self.key(memory.states_BSD)
        copied = None if self.copier is None else Copied.of(memory)
        return RecurrentState(
            states_LND, cells_LND, fed_ND, keys_BSD, memory.states_BSD, mask_BS, copied=copied, seen=seen
        )

    def forward(self, ids_BT: Tensor, state: RecurrentState) -> tuple[Tensor, RecurrentState]:
        """Go on by T tokens."""
        embedded_BTD = self.dropout(functional.embedding(ids_BT, self.embedding.weight))
        if self.feeding == "tokens":
            return self._steps(embedded_BTD, state)
        states = []
        for step in range(ids_BT.shape[1]):
            assert state.fed_ND is not None
            joined_B1D = torch.cat([embedded_BTD[:, step : step + 1], state.fed_ND[:, None]], 2)
            states_B1D, state = self._steps(joined_B1D, state)
            state = replace(state, fed_ND=states_B1D[:, 0, : self.width])
            states.append(states_B1D)
        return torch.cat(states, 1), state

    def logits(self, states: Tensor) -> Tensor:
        """Score the vocabulary, logits [..., V], from states [..., D]."""
        return self.scores(states) if self.copier is None else self.copier(states, self.scores)

    def scores(self, states: Tensor) -> Tensor:
        """Score the vocabulary by its embedding, [..., V], from states [..., D]."""
        return functional.linear(states, self.embedding.weight, self.bias_V)

    def _steps(self, inputs_BTD: Tensor, state: RecurrentState) -> tuple[Tensor, RecurrentState]:
        last, cells = [], []
        for depth, layer in enumerate(self.layers):
            if depth:
                inputs_BTD = self.dropout(inputs_BTD)
            before = state.states_LND[depth : depth + 1].contiguous()
            if state.cells_LND is None:
                inputs_BTD, after = layer(inputs_BTD, before)
            else:
                inputs_BTD, (after, cell) = layer(inputs_BTD, (before, state.cells_LND[depth : depth + 1].contiguous()))
                cells.append(cell)
            last.append(after)
        state = replace(state, states_LND=torch.cat(last), cells_LND=torch.cat(cells) if cells else None)
        if state.keys_BSD is None:
            return self.dropout(self.tell(inputs_BTD)), state
        found_BTD, weights_BTS = self._attend(inputs_BTD, state)
        if state.seen is not None:
            state = replace(state, seen=(*state.seen, weights_BTS))
        states_BTD = self.dropout(torch.tanh(self.tell(torch.cat([inputs_BTD, found_BTD], 2))))
        if self.copier is not None:
            assert state.copied is not None
            states_BTD = self.copier.joined(states_BTD, weights_BTS, state.copied)
        return states_BTD, state

    def _attend(self, hidden_NTD: Tensor, state: RecurrentState) -> tuple[Tensor, Tensor]:
        """Attend to the memory: returns its weighted sum for each state [N, T, D], and the weights [N, T, S]."""
        keys_BSD, values_BSD, mask_BS = state.keys_BSD, state.values_BSD, state.mask_BS
        assert keys_BSD is not None
        assert values_BSD is not None
        assert mask_BS is not None
        rows, steps, width = hidden_NTD.shape
        asked_BTD = hidden_NTD.reshape(len(keys_BSD), -1, width)
        if self.scoring == "additive":
            compared_BTSD = torch.tanh(self.ask(asked_BTD)[:, :, None] + keys_BSD[:, None])
            scores_BTS = self.score(compared_BTSD)[..., 0]
        else:
            scores_BTS = asked_BTD @ keys_BSD.transpose(1, 2)
        weights_BTS = scores_BTS.masked_fill(~mask_BS[:, None], -torch.inf).softmax(-1)
        found_BTD = weights_BTS @ values_BSD
        return found_BTD.view(rows, steps, -1), weights_BTS.view(rows, steps, -1)
