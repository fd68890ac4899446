"""Language models and encoder-decoder models: a decoder alone, or one that attends to what an encoder read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from torch import Tensor, nn

from weft.data.batch import Source, Tokens
from weft.models.base import Decoder, Encoder, Memory
from weft.models.embedding import Embedding

Tying = Literal["shared", "separate"]
"""Embedding tables of source and target: one for both (`shared`), or one each."""


class DecoderAlone(nn.Module):
    """A language model: a decoder without a memory."""

    def __init__(self, decoder: Decoder[Any]) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, ids_BT: Tensor) -> Tensor:
        """Score the next token after each token of true prefixes, logits [B, T, V]."""
        states_BTD, _ = self.decoder(ids_BT, self.decoder.start(None, rows=len(ids_BT)))
        return self.decoder.logits(states_BTD)


class EncoderDecoder(nn.Module):
    """Reads a source and writes a target.

    With `tying` shared, the first view of the source is embedded in the table that also embeds and scores the target's
    tokens (Press and Wolf 2017, section 3: three-way tying), so that all come from one vocabulary.
    """

    def __init__(self, encoder: Encoder, decoder: Decoder[Any], *, tying: Tying = "separate") -> None:
        super().__init__()
        self.encoder, self.decoder, self.tying = encoder, decoder, tying
        embedding = getattr(encoder, "embedding", None)
        if isinstance(embedding, Embedding):
            for table in embedding.tables:
                table.sparse = False  # a few thousand pieces, most of them in every batch
        if decoder.scale != 1:
            encoder.scale_embedding()
        self.share()

    def share(self) -> None:
        """Let encoder and decoder share one table, where they are tied; again, where either has got another."""
        if self.tying == "shared":
            self.encoder.share_table(self.decoder.embedding)  # ty: ignore[invalid-argument-type]

    def read(self, source: Source) -> Memory:
        """Read a source; where the decoder copies, the memory has the tokens."""
        memory = self.encoder(source)
        if getattr(self.decoder, "copier", None) is None:
            return memory
        assert isinstance(source, Tokens)
        return replace(memory, ids_BS=source.ids_BS)

    def forward(self, source: Source, ids_BT: Tensor) -> Tensor:
        """Return the decoder's states [B, T, D] after each token of true prefixes."""
        memory = self.read(source)
        states_BTD, _ = self.decoder(ids_BT, self.decoder.start(memory, rows=len(ids_BT)))
        return states_BTD
