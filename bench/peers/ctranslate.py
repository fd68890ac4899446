"""weft's weights in CTranslate2's format; knows no bench."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
import torch
from ctranslate2.specs import TransformerSpec
from ctranslate2.specs.common_spec import Activation

from weft.models.encoder_decoder import EncoderDecoder
from weft.models.transformer import sinusoids


def write(model: EncoderDecoder, folder: Path, *, places: int = 512) -> None:
    """Convert a Transformer encoder-decoder with sinusoidal positions and one vocabulary; token i is called `i`."""
    encoder, decoder = model.encoder, model.decoder
    vocabulary, width = decoder.embedding.weight.shape
    layers = (len(encoder.layers), len(decoder.layers))
    spec = TransformerSpec.from_config(layers, decoder.heads, pre_norm=True, activation=Activation.GELU)
    table_SD = sinusoids(torch.zeros(1, places, width))
    embedding = _array(decoder.embedding.weight)
    for side, ours in ((spec.encoder, encoder), (spec.decoder, decoder)):
        side.scale_embeddings = True
        side.position_encodings.encodings = _array(table_SD)
        _norm(side.layer_norm, ours.norm)
        for theirs, layer in zip(side.layer, ours.layers, strict=True):
            _layer(theirs, layer)
    spec.encoder.embeddings[0].weight = embedding
    spec.decoder.embeddings.weight = embedding
    spec.decoder.projection.weight = embedding
    names = [str(number) for number in range(vocabulary)]
    spec.register_source_vocabulary(names)
    spec.register_target_vocabulary(names)
    spec.config.bos_token = spec.config.eos_token = spec.config.decoder_start_token = names[-1]
    spec.config.unk_token = names[1]
    spec.config.add_source_bos = spec.config.add_source_eos = False
    spec.validate()
    spec.optimize()
    folder.mkdir(parents=True, exist_ok=True)
    spec.save(str(folder))


def _layer(theirs: Any, ours: Any) -> None:
    _norm(theirs.self_attention.layer_norm, ours.attention_norm)
    for spec, part in zip(theirs.self_attention.linear, (ours.attention.project, ours.attention.join), strict=True):
        _linear(spec, part)
    if hasattr(ours, "attention_to_memory"):
        across = ours.attention_to_memory
        _norm(theirs.attention.layer_norm, ours.memory_norm)
        for spec, part in zip(theirs.attention.linear, (across.ask, across.project, across.join), strict=True):
            _linear(spec, part)
    _norm(theirs.ffn.layer_norm, ours.feed_norm)
    _linear(theirs.ffn.linear_0, ours.widen)
    _linear(theirs.ffn.linear_1, ours.narrow)


def _linear(spec: Any, part: Any) -> None:
    spec.weight, spec.bias = _array(part.weight), _array(part.bias)


def _norm(spec: Any, part: Any) -> None:
    spec.gamma, spec.beta = _array(part.weight), _array(part.bias)


def _array(weight: torch.Tensor) -> np.ndarray:
    return weight.detach().float().numpy().copy()


def open_translator(folder: Path, *, precision: str, workers: int, threads: int) -> Any:
    """A translator of so many workers, each of so many threads."""
    kind = {"float32": "float32", "int8": "int8"}[precision]
    return ctranslate2.Translator(
        str(folder), device="cpu", compute_type=kind, inter_threads=workers, intra_threads=threads
    )


def translated(
    translator: Any, rows: Sequence[list[str]], *, beams: int, longest: int, batch_rows: int
) -> list[list[int]]:
    """The ids written for each row, without the end; it sorts by length itself."""
    found = translator.translate_batch(
        rows,
        beam_size=beams,
        length_penalty=1.0,
        max_decoding_length=longest,
        max_batch_size=batch_rows,
        disable_unk=True,
        suppress_sequences=[["0"]],
    )
    return [[int(name) for name in one.hypotheses[0]] for one in found]
