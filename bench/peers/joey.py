"""A translator of JoeyNMT's of the size of one of ours, with weights of its own; a peer."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from torch import Tensor, nn

from weft.models.encoder_decoder import EncoderDecoder


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    """What its models ask of a vocabulary."""

    size: int
    pad_index: int = 0
    unk_index: int = 1
    sep_index: None = None
    specials: tuple[str, ...] = ()
    lang_tags: tuple[str, ...] = ()

    @property
    def bos_index(self) -> int:
        return self.size - 1

    @property
    def eos_index(self) -> int:
        return self.size - 1

    def __len__(self) -> int:
        return self.size


def fresh_joey(
    model: EncoderDecoder, *, dropout: float
) -> tuple[nn.Module, Callable[[Tensor, Tensor, Tensor], Tensor]]:
    """The model, and what gives the loss [] of sources [B, S], begun targets and targets [B, T]: its own, smoothed."""
    # it writes logs for TensorBoard, which no model needs
    if "torch.utils.tensorboard" not in sys.modules:
        stub: Any = ModuleType("torch.utils.tensorboard")
        stub.SummaryWriter = object
        sys.modules["torch.utils.tensorboard"] = stub
    from joeynmt.model import build_model

    def side(ours: Any) -> dict[str, Any]:
        width = ours.width
        return {
            "type": "transformer",
            "num_layers": len(ours.layers),
            "num_heads": ours.layers[0].attention.heads,
            "hidden_size": width,
            "ff_size": ours.layers[0].widen.out_features,
            "dropout": dropout,
            "embeddings": {"embedding_dim": width, "scale": True, "dropout": dropout},
            "layer_norm": "pre",
        }

    encoder, decoder = side(model.encoder), side(model.decoder)
    vocabulary = _Vocabulary(len(model.decoder.embedding.weight))
    tied = {"tied_embeddings": True, "tied_softmax": True}
    peer = build_model({"encoder": encoder, "decoder": decoder, **tied}, vocabulary, vocabulary)
    peer.loss_function = ("crossentropy", 0.1)

    def loss(source: Tensor, begun: Tensor, target: Tensor) -> Tensor:
        found = peer(
            return_type="loss",
            src=source,
            src_mask=(source > 0)[:, None],
            src_length=(source > 0).sum(1),
            trg_input=begun,
            trg=target,
            trg_mask=(target > 0)[:, None],
        )
        return found[0] / (target > 0).sum()

    return peer, loss
