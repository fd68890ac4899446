"""Masking for masked language models: the choice of the tokens to predict, and the ids put in their place."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from weft.data.batch import Ngrams, Tokens

HIDDEN, CHANGED = 0.8, 0.1
"""Shares of the chosen tokens that are replaced by the mask and by a random token; the rest stays."""


@dataclass(frozen=True, slots=True)
class Masking:
    """Whole-word masking of ids.

    Args:
        share: share of words that are chosen.
        mask: id of the mask.
        size: number of ids.
        first: ids below it stand for no token, and are neither chosen nor drawn.
        fixed: further ids that are never chosen.
        bigram: the view in which the right neighbour of a token can be seen too; None: there is none.

    """

    share: float
    mask: int
    size: int
    first: int = 2
    fixed: tuple[int, ...] = ()
    bigram: int | None = None

    def __call__(self, tokens: Tokens, starts_BS: Tensor, draws_BS3: Tensor) -> tuple[Tokens, Tensor]:
        """Return the tokens with some of them masked, and the mask of those to predict, bool [B, S].

        Words are chosen whole (Cui et al. 2021, section 3.1), each with probability `share`, and at least one a row. Of
        their tokens 80% are masked, 10% are replaced by any other and 10% stay, each by a draw of its own (Devlin et
        al. 2019, section 3.1). Further views would give the token away: those of a chosen word are empty, and so is the
        bigram left of it. They are empty where a token stays, too, or they would show that it does.

        Args:
            tokens: of B rows.
            starts_BS: where words begin.
            draws_BS3: uniform from 0 to 1; what is chosen depends on nothing else.

        """
        ids_BS, real_BS = tokens.ids_BS, tokens.mask_BS
        word_BS = (starts_BS.long().cumsum(1) - 1).clamp_min(0)
        draw_BS = draws_BS3[..., 0].gather(1, word_BS)
        may_BS = real_BS & (ids_BS >= self.first) & ~torch.isin(ids_BS, ids_BS.new_tensor(self.fixed))
        lowest_B1 = draw_BS.masked_fill(~may_BS, torch.inf).amin(1, keepdim=True)
        taken_BS = ((draw_BS < self.share) | (draw_BS == lowest_B1)) & real_BS
        chosen_BS = taken_BS & may_BS
        how_BS = draws_BS3[..., 1]
        other_BS = self.first + (draws_BS3[..., 2] * (self.size - self.first)).long()
        given_BS = torch.where(how_BS < HIDDEN, self.mask, torch.where(how_BS < HIDDEN + CHANGED, other_BS, ids_BS))
        hidden = replace(tokens, ids_BS=torch.where(chosen_BS, given_BS, ids_BS))
        return self._without_views(hidden, taken_BS), chosen_BS

    def _without_views(self, tokens: Tokens, taken_BS: Tensor) -> Tokens:
        """Return the tokens without the views that would give chosen ones away."""
        if tokens.views_BSW is None:
            return tokens
        views_BSW, letters = tokens.views_BSW.clone(), tokens.letters
        if letters is not None:  # a word without letters is put before all others
            views_BSW[..., -1] += 1
            letters = Ngrams(letters.ids_N, torch.cat([letters.starts_B[:1], letters.starts_B]))
        views_BSW[taken_BS] = 0
        if self.bigram is not None:
            views_BSW[:, :-1, self.bigram][taken_BS[:, 1:]] = 0
        return replace(tokens, views_BSW=views_BSW, letters=letters)
