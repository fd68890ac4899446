"""A pre-norm Transformer decoder, with cross-attention to a memory or alone, and its key-value cache."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from weft.errors import ConfigError
from weft.models.attention import CausalAttention, CrossAttention, KeyValues, RotaryAngles, causal
from weft.models.base import Decoder, Memory
from weft.models.copying import Copied, Copier, CopyingSettings
from weft.models.dropout import Dropout
from weft.models.transformer import (
    FeedForward,
    LayerDropout,
    Layers,
    Positions,
    TransformerEncoderConfig,
    TransformerSettings,
    Width,
    sinusoids,
)

Norm = Literal["layer", "rms"]
"""Layer normalization (Ba et al. 2016) or, without mean and bias, that of Zhang and Sennrich 2019."""


class TransformerDecoderConfig(TransformerSettings, CopyingSettings):
    """Layers of self-attention, attention to the memory, and feed-forward parts (Vaswani et al. 2017), pre-norm."""

    kind: Literal["transformer"] = "transformer"
    recommended: ClassVar[Mapping[str, Any]] = {
        "optimizer": {"kind": "adamw", "learning_rate": 2e-3, "betas": (0.9, 0.98)},
        "epochs": 20,
        "batch_rows": None,
        "batch_tokens": 2_000,
        "ema": 0.997,
        "patience": 6,
    }
    smaller: ClassVar[Mapping[str, Any]] = {"width": 128, "layers": 2, "feed_forward": 256}
    width: Width = 256
    layers: Layers = 3
    feed_forward: FeedForward = 512
    positions: Literal["sinusoidal", "rotary"] = "sinusoidal"
    """Encoding of the order of tokens: `sinusoidal` vectors that are added to the embeddings, or `rotary`: queries and
    keys are rotated (Su et al. 2021)."""
    dropout: LayerDropout = 0.15

    def matching_encoder(self) -> TransformerEncoderConfig:
        """Return the config of a Transformer encoder of this size and with these positions."""
        return self.encoder_of_this_size(positions=self.positions)

    def build(self, vocab_size: int, *, memory_width: int | None) -> TransformerDecoder:
        """Build the decoder with its embedding."""
        decoder = TransformerDecoder(
            vocab_size,
            self.width,
            memory_width=memory_width,
            layers=self.layers,
            heads=self.heads,
            feed_forward=self.feed_forward,
            dropout=self.dropout,
            positions=self.positions,
        )
        return self.with_copier(decoder, vocab_size, memory_width=memory_width)


@dataclass(frozen=True, slots=True)
class DecoderCache:
    """State of a Transformer decoder: a past for each layer, how many tokens it holds, and the memory as read.

    Rows stand in groups of `size`, each group on one row of the memory. A group has one past, in which its first
    `shared` tokens stand once and each later step takes `size` places: so beams that change places move no keys and
    values, only `places_NT`, the places of each row's own tokens. `seen` keeps the attention of the last layer to
    the memory, [N, T, S], where that is recorded.
    """

    pasts: tuple[KeyValues | None, ...]
    length: int
    room: int
    read: tuple[KeyValues, ...] = ()
    mask_BS: Tensor | None = None
    size: int = 1
    shared: int = 0
    places_NT: Tensor | None = None
    copied: Copied | None = None
    seen: tuple[Tensor, ...] | None = None

    @property
    def used(self) -> int:
        """Number of places of the pasts that are written."""
        return self.shared + self.size * (self.length - self.shared)

    def select(self, rows_N: Tensor) -> DecoderCache:
        """Select the state of some rows; see `State.select`."""
        chosen = replace(
            self,
            places_NT=None if self.places_NT is None else self.places_NT.index_select(0, rows_N),
            seen=None if self.seen is None else tuple(one.index_select(0, rows_N) for one in self.seen),
        )
        groups_B = rows_N[:: self.size] // self.size
        known = next((past for past in (*self.pasts, *self.read) if past is not None), None)
        whole = 0 if known is None else len(known.keys_BHCK)
        if len(groups_B) == whole and bool((groups_B == torch.arange(whole, device=groups_B.device)).all()):
            return chosen
        source = self.read[0].keys_BHCK.shape[2] if self.read else 0
        return replace(
            chosen,
            pasts=self._moved(groups_B, places=self._places(self.size)),
            read=tuple(past.at(groups_B, written=source, places=source) for past in self.read),
            mask_BS=None if self.mask_BS is None else self.mask_BS.index_select(0, groups_B),
            copied=None if self.copied is None else self.copied.select(groups_B),
        )

    def widen(self, size: int) -> DecoderCache:
        """Repeat each row `size` times; see `State.widen`. Rows are widened once, and have room."""
        assert self.size == 1
        assert self.room
        past = next(past for past in self.pasts if past is not None)
        groups_B = torch.arange(len(past.keys_BHCK), device=past.keys_BHCK.device)
        wide = replace(self, size=size, shared=self.length)
        return replace(
            wide,
            pasts=self._moved(groups_B, places=wide._places(size)),
            places_NT=groups_B.new_zeros(len(groups_B) * size, 0),
            seen=None if self.seen is None else tuple(one.repeat_interleave(size, 0) for one in self.seen),
        )

    def visible(self, steps: int, *, device: torch.device) -> tuple[Tensor | None, Tensor | None]:
        """Return the mask of what the next `steps` tokens see, [B, H, T, C], and the places of rows in groups."""
        if self.places_NT is None:
            return None if steps == 1 else causal(steps, self.length + steps, device=device), None
        own_N1 = self.used + torch.arange(len(self.places_NT), device=device).remainder(self.size)[:, None]
        places_NT = torch.cat([self.places_NT, own_N1], 1)
        mask_NC = torch.zeros(len(places_NT), self.used + self.size, dtype=torch.bool, device=device)
        mask_NC[:, : self.shared] = True
        mask_NC.scatter_(1, places_NT, True)
        return mask_NC.view(-1, 1, self.size, mask_NC.shape[1]), places_NT

    def _places(self, size: int) -> int:
        return self.shared + size * (self.room - self.shared) if self.room else 0

    def _moved(self, rows_N: Tensor, *, places: int) -> tuple[KeyValues | None, ...]:
        used = self.used
        return tuple(
            None if past is None else past.at(rows_N, written=used, places=max(places, used)) for past in self.pasts
        )


class TransformerDecoder(Decoder[DecoderCache]):
    """States [B, T, D] after the last layer, normalized; the scores of the vocabulary come from its own embedding.

    Learned positions need to know the `longest` sequence. Where sinusoids are added, embeddings are small numbers that
    are read times the root of the width, at unit variance (Vaswani et al. 2017, section 3.4). Adam changes all numbers
    alike, so what is read of them changes so much faster: on 24,000 captions the loss was 0.3 nats lower after as many
    steps; from numbers with a standard deviation of 0.02, as Marian's, it was not at a rate of 3.5e-3.
    """

    scores_by_embedding = True

    def __init__(
        self,
        vocab_size: int,
        width: int,
        *,
        memory_width: int | None,
        layers: int,
        heads: int,
        feed_forward: int,
        dropout: float,
        positions: Positions = "sinusoidal",
        norm: Norm = "layer",
        longest: int | None = None,
    ) -> None:
        super().__init__()
        self.copier: Copier | None = None
        self.width, self.heads, self.positions, self.longest = width, heads, positions, longest
        self.scale = width**0.5 if positions == "sinusoidal" else 1.0
        self.embedding = nn.Embedding(vocab_size, width)
        nn.init.normal_(self.embedding.weight, std=width**-0.5)
        if positions == "learned":
            assert longest is not None
            self.places_TD = nn.Parameter(torch.empty(longest, width).normal_(std=0.1 * width**-0.5))
        self.dropout = Dropout(dropout)
        self.layers = nn.ModuleList(
            DecoderLayer(
                width,
                heads=heads,
                feed_forward=feed_forward,
                dropout=dropout,
                memory_width=memory_width,
                norm=norm,
            )
            for _ in range(layers)
        )
        self.norm = normalization(width, norm)

    def start(self, memory: Memory | None, *, rows: int, capacity: int = 0, record: bool = False) -> DecoderCache:
        """Read the memory, and make room."""
        like = self.embedding.weight
        pasts = [
            KeyValues.empty(like, rows=rows, heads=self.heads, places=capacity) if capacity else None
            for _ in self.layers
        ]
        if memory is None:
            return DecoderCache(tuple(pasts), 0, capacity)
        if self.copier is not None:
            memory = self.copier.read(memory)
        read = tuple(layer.attention_to_memory.read(memory) for layer in self.layers)  # ty: ignore
        mask_BS = None if bool(memory.mask_BS.all()) else _readable(memory.mask_BS)
        copied = None if self.copier is None else Copied.of(memory)
        return DecoderCache(tuple(pasts), 0, capacity, read, mask_BS, copied=copied, seen=() if record else None)

    def forward(self, ids_BT: Tensor, state: DecoderCache) -> tuple[Tensor, DecoderCache]:
        """Go on by T tokens. Raises IndexError where there is no room for them."""
        steps = ids_BT.shape[1]
        if state.room and state.length + steps > state.room:
            raise IndexError(f"there is room for {state.room} tokens, and {state.length + steps} are written")
        states_BTD = functional.embedding(ids_BT, self.embedding.weight)
        if self.scale != 1:
            states_BTD = self.scale * states_BTD
        if self.positions == "sinusoidal":
            states_BTD = states_BTD + sinusoids(states_BTD, first=state.length)
        elif self.positions == "learned":
            states_BTD = states_BTD + self._places(state.length, steps)
        states_BTD = self.dropout(states_BTD)
        mask, places_NT = state.visible(steps, device=ids_BT.device)
        turn = None
        if self.positions == "rotary":
            turn = RotaryAngles.at(steps, self.width // self.heads, device=ids_BT.device, first=state.length)
        pasts, attention_BTS = [], None
        for depth, layer in enumerate(self.layers):
            states_BTD, past, attention_BTS = layer(states_BTD, state, depth=depth, mask=mask, turn=turn)
            pasts.append(past)
        seen = None if state.seen is None or attention_BTS is None else (*state.seen, attention_BTS)
        state = replace(state, pasts=tuple(pasts), length=state.length + steps, places_NT=places_NT, seen=seen)
        states_BTD = self.norm(states_BTD)
        if self.copier is not None:
            assert state.copied is not None
            assert attention_BTS is not None
            states_BTD = self.copier.joined(states_BTD, attention_BTS, state.copied)
        return states_BTD, state

    def logits(self, states: Tensor) -> Tensor:
        """Score the vocabulary, logits [..., V], from states [..., D]."""
        return self.scores(states) if self.copier is None else self.copier(states, self.scores)

    def scores(self, states: Tensor) -> Tensor:
        """Score the vocabulary by its embedding, [..., V], from states [..., D]."""
        return functional.linear(states, self.embedding.weight)

    def _places(self, first: int, steps: int) -> Tensor:
        if first + steps > len(self.places_TD):
            what = f"{len(self.places_TD)} positions are learned, and position {first + steps} is asked for"
            hint = "write less, or train with a larger task.decoder.max_length or with rotary positions"
            raise ConfigError(what, where="task.decoder.max_length", hint=hint)
        return self.places_TD[first : first + steps]


class DecoderLayer(nn.Module):
    """Self-attention, attention to a memory where there is one, and a feed-forward part, each added to the state."""

    def __init__(
        self,
        width: int,
        *,
        heads: int,
        feed_forward: int,
        dropout: float,
        memory_width: int | None,
        norm: Norm,
    ) -> None:
        super().__init__()
        bias: Literal["yes", "no"] = "no" if norm == "rms" else "yes"
        self.attention_norm, self.feed_norm = normalization(width, norm), normalization(width, norm)
        self.attention = CausalAttention(width, heads, dropout=dropout, bias=bias)
        if memory_width is not None:
            self.memory_norm = normalization(width, norm)
            self.attention_to_memory = CrossAttention(width, heads, memory_width=memory_width, dropout=dropout)
        self.widen = nn.Linear(width, feed_forward, bias=bias == "yes")
        self.narrow = nn.Linear(feed_forward, width, bias=bias == "yes")
        self.dropout = Dropout(dropout)

    def forward(
        self, states_BTD: Tensor, state: DecoderCache, *, depth: int, mask: Tensor | None, turn: RotaryAngles | None
    ) -> tuple[Tensor, KeyValues, Tensor | None]:
        """Return states [B, T, D] of layer `depth`, its past, and where the last one's is needed its attention."""
        place = state.used if state.room else None
        asked = self.attention_norm(states_BTD)
        new, past = self.attention(asked, state.pasts[depth], turn=turn, mask=mask, place=place)
        states_BTD = states_BTD + self.dropout(new)
        attention_BTS = None
        if state.read:
            asked, read = self.memory_norm(states_BTD), state.read[depth]
            last = depth + 1 == len(state.read)
            if last and (state.seen is not None or state.copied is not None):
                new, attention_BTS = self.attention_to_memory.with_weights(asked, read, state.mask_BS)
            else:
                new = self.attention_to_memory(asked, read, state.mask_BS)
            states_BTD = states_BTD + self.dropout(new)
        inner = functional.gelu(self.widen(self.feed_norm(states_BTD)))
        return states_BTD + self.dropout(self.narrow(inner)), past, attention_BTS


def normalization(width: int, kind: Norm) -> nn.Module:
    """Build a normalization layer of that kind."""
    return nn.LayerNorm(width) if kind == "layer" else nn.RMSNorm(width, eps=1e-6)


def _readable(mask_BS: Tensor) -> Tensor:
    """Let a row without tokens attend to its first padding, so that its state is finite."""
    mask_BS = mask_BS.clone()
    mask_BS[:, 0] = True
    return mask_BS
