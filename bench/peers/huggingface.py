"""weft's weights in models of Hugging Face's `transformers`, which give the same scores; knows no bench.

Marian normalizes after each part and cannot hold these weights. Pegasus is the same model normalized before each part,
with a norm at the end and position tables that can be filled; Arcee is Llama with a plain feed-forward part, which is
our GPT.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from transformers import (
    ArceeConfig,
    ArceeForCausalLM,
    MarianConfig,
    MarianMTModel,
    PegasusConfig,
    PegasusForConditionalGeneration,
)
from transformers.utils import logging

from weft.models.encoder_decoder import EncoderDecoder
from weft.models.transformer import sinusoids

logging.set_verbosity_error()
NEVER = -1e9


def as_pegasus(model: EncoderDecoder, *, places: int = 512, dropout: float = 0.0) -> Any:
    """A Transformer encoder-decoder with one shared table and sinusoidal positions; ids 0 and 1 are never written."""
    encoder, decoder = model.encoder, model.decoder
    vocabulary, width = decoder.embedding.weight.shape
    config = PegasusConfig(
        vocab_size=vocabulary,
        d_model=width,
        max_position_embeddings=places,
        encoder_layers=len(encoder.layers),
        decoder_layers=len(decoder.layers),
        encoder_attention_heads=encoder.layers[0].attention.heads,
        decoder_attention_heads=decoder.heads,
        encoder_ffn_dim=encoder.layers[0].widen.out_features,
        decoder_ffn_dim=decoder.layers[0].widen.out_features,
        scale_embedding=True,
        dropout=dropout,
        attention_dropout=dropout,
        activation_dropout=dropout,
        pad_token_id=0,
        eos_token_id=vocabulary - 1,
        decoder_start_token_id=vocabulary - 1,
        forced_eos_token_id=None,
    )
    peer = PegasusForConditionalGeneration(config)
    table_SD = sinusoids(torch.zeros(1, places, width))
    with torch.no_grad():
        for side, ours in ((peer.model.encoder, encoder), (peer.model.decoder, decoder)):
            side.embed_positions.weight.copy_(table_SD)
            _put(side.layer_norm, ours.norm)
            for theirs, layer in zip(side.layers, ours.layers, strict=True):
                _pegasus_layer(theirs, layer)
        peer.model.shared.weight.copy_(decoder.embedding.weight)
        peer.final_logits_bias[:, :2] = NEVER
    peer.generation_config.max_length = None
    return peer.eval()


def _pegasus_layer(theirs: Any, ours: Any) -> None:
    _put(theirs.self_attn_layer_norm, ours.attention_norm)
    _attention(theirs.self_attn, [ours.attention.project], ours.attention.join)
    if hasattr(ours, "attention_to_memory"):
        _put(theirs.encoder_attn_layer_norm, ours.memory_norm)
        across = ours.attention_to_memory
        _attention(theirs.encoder_attn, [across.ask, across.project], across.join)
    _put(theirs.final_layer_norm, ours.feed_norm)
    _put(theirs.fc1, ours.widen)
    _put(theirs.fc2, ours.narrow)


def _attention(theirs: Any, projections: Sequence[Any], join: Any) -> None:
    """Our products for several parts at once, taken apart into theirs."""
    width = join.out_features
    weights = torch.cat([one.weight for one in projections]).split(width)
    biases = torch.cat([one.bias for one in projections]).split(width)
    for name, weight, bias in zip(("q_proj", "k_proj", "v_proj"), weights, biases, strict=True):
        getattr(theirs, name).weight.copy_(weight)
        getattr(theirs, name).bias.copy_(bias)
    _put(theirs.out_proj, join)


def _put(theirs: Any, ours: Any) -> None:
    theirs.weight.copy_(ours.weight)
    if getattr(ours, "bias", None) is not None:
        theirs.bias.copy_(ours.bias)


def as_arcee(decoder: Any, *, places: int = 1024) -> Any:
    """A GPT with rotary positions, RMS norms and a tied head; ids 0 and 1 may be written."""
    vocabulary, width = decoder.embedding.weight.shape
    config = ArceeConfig(
        vocab_size=vocabulary,
        hidden_size=width,
        intermediate_size=decoder.layers[0].widen.out_features,
        num_hidden_layers=len(decoder.layers),
        num_attention_heads=decoder.heads,
        num_key_value_heads=decoder.heads,
        head_dim=width // decoder.heads,
        hidden_act="gelu",
        max_position_embeddings=places,
        rms_norm_eps=1e-6,
        tie_word_embeddings=True,
        pad_token_id=0,
        bos_token_id=None,
        eos_token_id=None,
        rope_parameters={"rope_type": "default", "rope_theta": 10_000.0},
    )
    peer = ArceeForCausalLM(config)
    with torch.no_grad():
        peer.model.embed_tokens.weight.copy_(decoder.embedding.weight)
        _put(peer.model.norm, decoder.norm)
        for theirs, ours in zip(peer.model.layers, decoder.layers, strict=True):
            _put(theirs.input_layernorm, ours.attention_norm)
            _put(theirs.post_attention_layernorm, ours.feed_norm)
            q, k, v = ours.attention.project.weight.split(width)
            theirs.self_attn.q_proj.weight.copy_(q)
            theirs.self_attn.k_proj.weight.copy_(k)
            theirs.self_attn.v_proj.weight.copy_(v)
            _put(theirs.self_attn.o_proj, ours.attention.join)
            _put(theirs.mlp.up_proj, ours.widen)
            _put(theirs.mlp.down_proj, ours.narrow)
    return peer.eval()


@torch.inference_mode()
def generated(model: Any, batches: Sequence[tuple[Tensor, Tensor]], *, beams: int, longest: int) -> list[list[int]]:
    """The ids written for the rows of some batches (ids [B, S], mask [B, S]), without the end, row after row."""
    end = model.config.eos_token_id
    found = []
    for ids_BS, mask_BS in batches:
        out = model.generate(
            input_ids=ids_BS,
            attention_mask=mask_BS,
            num_beams=beams,
            max_new_tokens=longest,
            do_sample=False,
            length_penalty=1.0,
            early_stopping=False,
        )
        found += [trimmed(row[1:], end) for row in out.tolist()]
    return found


def trimmed(ids: list[int], end: int) -> list[int]:
    """What stands before the end."""
    return ids[: ids.index(end)] if end in ids else ids


def int8(model: nn.Module) -> nn.Module:
    """A copy whose linear layers, the output layer too, are torch's dynamic int8 ones."""
    return torch.ao.quantization.quantize_dynamic(model, {nn.Linear}, dtype=torch.qint8)


def fresh_marian(model: EncoderDecoder, *, dropout: float) -> Any:
    """A Marian of the size of a Transformer encoder-decoder of ours, with weights of its own."""
    encoder, decoder = model.encoder, model.decoder
    vocabulary, width = decoder.embedding.weight.shape
    config = MarianConfig(
        vocab_size=vocabulary,
        d_model=width,
        max_position_embeddings=512,
        encoder_layers=len(encoder.layers),
        decoder_layers=len(decoder.layers),
        encoder_attention_heads=encoder.layers[0].attention.heads,
        decoder_attention_heads=decoder.heads,
        encoder_ffn_dim=encoder.layers[0].widen.out_features,
        decoder_ffn_dim=decoder.layers[0].widen.out_features,
        scale_embedding=True,
        dropout=dropout,
        attention_dropout=dropout,
        activation_dropout=dropout,
        pad_token_id=0,
        eos_token_id=vocabulary - 1,
        decoder_start_token_id=vocabulary - 1,
        forced_eos_token_id=None,
    )
    return MarianMTModel(config)


@torch.inference_mode()
def sampled(model: Any, prompt: Tensor, *, tokens: int) -> list[int]:
    """So many ids drawn after a prompt [1, P]."""
    mask = torch.ones_like(prompt)
    out = model.generate(input_ids=prompt, attention_mask=mask, max_new_tokens=tokens, do_sample=True, top_k=0)
    return out[0, prompt.shape[1] :].tolist()
