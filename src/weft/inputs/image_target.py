"""Reads images with texts to be written for them: each image once, its targets end to end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from weft.data.batch import Moves
from weft.data.columns import Columns, Ragged, Share, fit
from weft.hashing import number_of_text
from weft.inputs.base import Input
from weft.inputs.image import ImageInput
from weft.inputs.source_target import ending, symbols_for
from weft.models.base import InputSpec
from weft.text.tokenizers.base import Tokenizer

TARGET, LENGTHS, KEYS = "target", "lengths of targets", "keys"
"""Names of the arrays of targets, of the number of tokens of each, and of what draws are seeded by."""


@dataclass(frozen=True, slots=True)
class ImageTargetBatch(Moves):
    """Images of B rows and, where known, their N targets, with the ids that begin and end them, and a mask.

    The targets are [N, P + T], their mask [N, P + T - 1], as those of a `SourceTargetBatch`.
    """

    source: Any
    target_NT: Tensor | None
    mask_NT: Tensor | None
    owner_N: Tensor
    """Row of each target, in order."""
    keys: Sequence[np.ndarray]
    """Number of each image, by which its draws are seeded."""
    copied: None = None

    @property
    def firsts(self) -> tuple[Tensor, Tensor] | None:
        """The first target of each image with its mask; None where they are not known."""
        if self.target_NT is None or self.mask_NT is None:
            return None
        first_N = torch.ones_like(self.owner_N, dtype=torch.bool)
        first_N[1:] = self.owner_N[1:] != self.owner_N[:-1]
        return self.target_NT[first_N], self.mask_NT[first_N]


class ImageTargetInput(Input[tuple[str, Sequence[str]], ImageTargetBatch]):
    """The input of images, the tokenizer of targets, and the ids that begin and end one.

    A value is the path of an image and its targets, none where one is to be written.
    """

    def __init__(self, config: Any, images: ImageInput, target: Tokenizer) -> None:
        self.config, self.images, self.target = config, images, target
        self.symbols = symbols_for(config.decoder, target)

    def spec(self) -> InputSpec:
        """Return what an encoder of images must know."""
        return self.images.spec()

    def save(self, folder: Path) -> None:
        """Write the tokenizer's files, and how images are read into a folder beside them."""
        self.target.save(folder)
        (folder / "images").mkdir(exist_ok=True)
        self.images.save(folder / "images")

    def encode(self, values: Sequence[tuple[str, Sequence[str]]]) -> Columns:
        """Encode images, and their targets, which are left out unless all have some."""
        read = self.images.encode([path for path, _ in values])
        keys_R = np.array([number_of_text(Path(path).name) for path, _ in values], dtype=np.int64)
        fixed = {**read.fixed, KEYS: keys_R & 0x7FFFFFFF}
        if not all(targets for _, targets in values):
            return Columns({}, fixed, read.owner_R, read.cost_R)
        written = self.target.encode([target for _, targets in values for target in targets])
        whole = Ragged.of(written.values_NW, written.lengths_R)
        fitted = fit(whole, max_length=self.config.max_target, long="head")
        rows = ending(fitted.rows, self.symbols.end, where_R=whole.lengths_R <= self.config.max_target)
        counts_R = np.array([len(targets) for _, targets in values], dtype=np.int64)
        ends_R1 = np.concatenate([[0], np.cumsum(counts_R)])
        ragged = {
            TARGET: Ragged(rows.values, rows.offsets_R1[ends_R1]),
            LENGTHS: Ragged.of(rows.lengths_R, counts_R),
        }
        facts = {
            "target": Share.but(written.unknown, len(written.values_NW)),
            "long_targets": Share(fitted.long_texts, len(written.lengths_R)),
        }
        return Columns(ragged, fixed, read.owner_R, 1 + ragged[TARGET].lengths_R, facts)

    def collate(self, columns: Columns, rows: np.ndarray) -> ImageTargetBatch:
        """Gather images, and gather and pad their targets, which begin with the begin symbols."""
        source = self.images.collate(columns, rows)
        keys = [columns.fixed[KEYS][row : row + 1] for row in rows]
        if TARGET not in columns.ragged:
            return ImageTargetBatch(source, None, None, torch.arange(len(rows)), keys)
        lengths_N, _ = columns.ragged[LENGTHS].flat(rows)
        values, _ = columns.ragged[TARGET].flat(rows)
        ids_NTW, mask_NT = Ragged.of(values, lengths_N).padded(np.arange(len(lengths_N)))
        begin = self.symbols.begin
        target_NT = torch.from_numpy(ids_NTW[..., 0]).long()
        begun_NT = torch.cat([torch.tensor(begin).expand(len(target_NT), -1), target_NT], 1)
        predicted_NT = torch.from_numpy(np.pad(mask_NT, ((0, 0), (len(begin) - 1, 0))))
        owner_N = np.repeat(np.arange(len(rows)), columns.ragged[LENGTHS].lengths_of(rows))
        return ImageTargetBatch(source, begun_NT, predicted_NT, torch.from_numpy(owner_N), keys)

    def notes(self, parts: Mapping[str, Columns]) -> list[str]:
        """Describe images, the vocabulary with its coverage, and targets that are too long."""
        known = ", ".join(f"{part.facts['target']:.2%} of {name}" for name, part in parts.items() if part.facts)
        notes = [*self.images.notes(parts), f"target {self.target.counted}, covering {known}", *self.target.notes]
        for name, part in parts.items():
            if part.facts.get("long_targets"):
                limit = f"{self.config.max_target} tokens (task.max_target)"
                notes.append(f"{part.facts['long_targets']:.1%} of the {name} targets are cut at {limit}")
        return notes
