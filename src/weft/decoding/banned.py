"""Banned words: they stand in no output, wherever the tokens are cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from weft.decoding.rules import NEVER


@dataclass(frozen=True)
class BannedText:
    """No output has the word in it, also where a piece holds more than the word, or only a part of it.

    For scripts without spaces: `狗` must not come as `两只狗在`. Of others, `he` would forbid `the`.
    """

    word: str
    inside: Tensor
    """Ids whose text has the word in it."""
    begun: tuple[Tensor, ...]
    """For each cut of the word, from its first letter on, the ids whose text begins with what is behind the cut."""
    texts: Sequence[str]

    @classmethod
    def of(cls, word: str, texts: Sequence[str]) -> BannedText:
        """Make the rule for a word; `texts` has the text that each id adds to an output."""

        def ids(found: Sequence[bool]) -> Tensor:
            return torch.tensor(found, dtype=torch.bool).nonzero()[:, 0]

        inside = ids([word in text for text in texts])
        begun = tuple(ids([text.startswith(word[cut:]) for text in texts]) for cut in range(1, len(word)))
        return cls(word, inside, begun, texts)

    def __call__(self, logits_NV: Tensor, ids_NT: Tensor) -> Tensor:
        """Forbid the ids that hold the word, and those that would complete it."""
        device = logits_NV.device
        logits_NV = logits_NV.index_fill(1, self.inside.to(device), NEVER)
        if not self.begun:
            return logits_NV
        last_NT, known = ids_NT[:, -len(self.word) :].tolist(), len(self.texts)  # copied pieces have other ids
        tails = ["".join(self.texts[one] for one in row if one < known) for row in last_NT]
        for cut, ids in enumerate(self.begun, 1):
            rows_N = torch.tensor([tail.endswith(self.word[:cut]) for tail in tails], device=device)
            if len(ids) and bool(rows_N.any()):
                where = rows_N.nonzero()[:, :1]
                logits_NV[where, ids.to(device)[None]] = NEVER
        return logits_NV
