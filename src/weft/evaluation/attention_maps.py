"""Computes attention from generated pieces to source pieces, for figures."""

from __future__ import annotations

import json
from codecs import getincrementaldecoder
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from weft.files import write_text
from weft.tasks.base import Task
from weft.tasks.generation.writer import Attention, Writer
from weft.text.tokenizers.base import Tokenizer

END = "∎"
"""Mark shown for the symbol that ends a source or a generated text."""
LENGTHS = (10, 14, 18)
"""Tokens of source and target: for each of these, the example whose two lengths are nearest to it is chosen."""
LONGEST = 40
"""Largest number of tokens of source or target: more are not readable."""
AMONG = 500
"""Number of examples to choose from."""


@dataclass(frozen=True, slots=True)
class AttentionMap:
    """Attention of each of T generated pieces to each of S source pieces."""

    source: list[str]
    target: list[str]
    weights_TS: list[list[float]]


def attention_maps(
    task: Task, model: nn.Module, *, examples: Sequence[Any], answers: Sequence[Any]
) -> list[AttentionMap]:
    """Compute the attention of a few examples of moderate length, the shortest first, over the model's own outputs.

    Empty for a model without any, and for a task that does not write texts for texts.
    """
    pairs = task.with_answers(examples[:AMONG], answers[:AMONG]) if isinstance(task, Writer) else []
    if not isinstance(task, Writer) or not pairs:
        return []
    columns = task.encode(pairs)
    lengths_R2 = np.stack([columns.ragged[name].lengths_R for name in ("source", "target")], 1)
    near = {int(np.abs(lengths_R2 - goal).sum(1).argmin()) for goal in LENGTHS}
    rows = sorted((row for row in near if lengths_R2[row].max() <= LONGEST), key=lambda row: lengths_R2[row].sum())
    with torch.inference_mode():
        return [_readable(task, seen) for row in rows if (seen := task.attention(model, columns, row))]


def write_attention_maps(path: Path, found: Sequence[AttentionMap]) -> None:
    """Write attention maps as JSON, or nothing if there are none."""
    if found:
        write_text(path, json.dumps([asdict(one) for one in found], ensure_ascii=False) + "\n")


def readable(tokenizer: Tokenizer, ids: Sequence[int], copied: Sequence[str] = ()) -> tuple[list[str], list[int]]:
    """Return the pieces of a row of ids in readable form, and the index of the first id of each.

    Ids that spell one character together, byte by byte, are one piece, as is one that spells nothing (the space before
    a text) with the next. The space before a piece is dropped; a piece of nothing but white space is `␣`.
    """
    decoder = getincrementaldecoder("utf-8")("replace")
    pieces: list[str] = []
    first: list[int] = []
    whole = True
    for place, spelled in enumerate(tokenizer.spell(ids, copied)):
        text = decoder.decode(spelled, final=place + 1 == len(ids))
        if whole:
            pieces, first = [*pieces, ""], [*first, place]
        pieces[-1] += text
        whole = pieces[-1] != "" and not decoder.getstate()[0]
    return [piece.strip() or "␣" for piece in pieces], first


def _readable(task: Writer, seen: Attention) -> AttentionMap:
    """Weights of ids as weights of pieces: of a source piece the sum, of a target piece the mean over its ids."""
    sources, across = readable(task.reads_with, seen.source, seen.copied)
    targets, down = readable(task.writes_with, seen.target, seen.copied)
    across, down = [*across, len(seen.source)], [*down, len(seen.target)]
    counts_T1 = np.diff([*down, len(seen.target) + 1])[:, None]
    merged_TS = np.add.reduceat(np.add.reduceat(seen.weights_TS, across, axis=1), down, axis=0) / counts_T1
    return AttentionMap([*sources, END], [*targets, END], np.round(merged_TS.astype(float), 3).tolist())
