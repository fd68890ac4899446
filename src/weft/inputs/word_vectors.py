"""Pre-trained word vectors as the start of an embedding.

A trained folder does not need the file: what was taken from it is among the weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from weft.config import validated
from weft.errors import ConfigError
from weft.models.base import Encoder, EncoderConfig
from weft.models.embedding import Embedding
from weft.text.tokenizers.base import Tokenizer
from weft.text.tokenizers.vocab import UNKNOWN
from weft.text.vectors import read_vectors, read_width

Change = Literal["trained", "fixed"]


def as_wide(encoder: EncoderConfig, path: str) -> EncoderConfig:
    """Return a copy of an encoder config with the width of the vectors in a file, where its own is not set.

    Raises ConfigError where its other settings do not go with that width, and InputError as `read_width`.
    """
    if "width" in encoder.model_fields_set or "width" not in type(encoder).model_fields:
        return encoder
    width = read_width(Path(path))
    given = {name: getattr(encoder, name) for name in encoder.model_fields_set}
    try:
        return validated(type(encoder), {**given, "width": width})
    except ConfigError as error:
        hint = f"set task.encoder so that it can be {width} wide, or take other vectors"
        raise ConfigError(f"do not go with `{encoder.kind}`: {error.what}", where="task.vectors", hint=hint) from None


def check_vectors(path: str, encoder: EncoderConfig, tokenizer: Tokenizer) -> None:
    """Raise ConfigError where an encoder has no embedding for the vectors of a file, or one of another width."""
    if tokenizer.pieces is None:
        what = f"`{encoder.kind}` reads n-grams, which have no word vectors"
        raise ConfigError(what, where="task.vectors", hint="leave it out, or take `cnn`, `lstm` or `transformer`")
    width, found = getattr(encoder, "width", None), read_width(Path(path))
    if width not in {None, found}:
        what = f"expected {found}, the width of the vectors in {path}, found {width}"
        raise ConfigError(what, where="task.encoder.width", hint="leave it out: it then is that of the vectors")


def words_of(pieces: Sequence[str]) -> list[str]:
    """Return the words for the pieces of a vocabulary in a file of vectors, those behind the unknown one."""
    return [piece.removeprefix("▁") for piece in pieces[UNKNOWN + 1 :]]


def start_from(path: str, encoder: Encoder, pieces: Sequence[str], ids_N: np.ndarray, *, change: Change) -> str:
    """Copy the vectors of a file into the first table of an encoder; returns a note on their coverage.

    Padding stays zero. Pieces that the file lacks, and the unknown one, keep their draw, at the size of the vectors.
    With `fixed` training leaves the whole table alone, those pieces too (CNN-static of Kim 2014, section 3.1).
    `ids_N` are the ids of the training texts. Raises ConfigError for an encoder that the vectors do not fit.
    """
    embedding = next((one for one in encoder.modules() if isinstance(one, Embedding)), None)
    vectors = read_vectors(Path(path), words_of(pieces))
    width = vectors.matrix_ND.shape[1]
    if embedding is None or embedding.width != width:
        what = f"the encoder has no `weft.Embedding` that is {width} wide, as the vectors are"
        raise ConfigError(what, where="task.vectors", hint="leave it out, or change the encoder")
    table: Any = embedding.tables[0]
    found_V = np.concatenate([np.zeros(UNKNOWN + 1, dtype=bool), vectors.found_N])
    taken_ND = torch.from_numpy(vectors.matrix_ND[vectors.found_N])
    with torch.no_grad():
        table.weight *= taken_ND.square().mean().sqrt() / table.weight[UNKNOWN:].square().mean().sqrt()
        table.weight[torch.from_numpy(found_V)] = taken_ND
    if change == "fixed":
        table.sparse = False  # only a table that training changes is one for the optimiser of sparse ones
        table.weight.requires_grad_(False)
    covered = f"{vectors.found_N.mean():.1%} of the pieces and {found_V[ids_N].mean():.1%} of the training tokens"
    return f"vectors: {path}, {width} wide and {change}, cover {covered}"
