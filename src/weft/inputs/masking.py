"""Which pieces are hidden from a model that is to tell them, and by what; knows neither texts nor models."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from weft.data.batch import Ngrams, Tokens

HIDDEN, CHANGED = 0.8, 0.1
"""Of the pieces that are chosen, the shares that give way to the mask and to any piece; the rest stays."""


@dataclass(frozen=True, slots=True)
class Masking:
    """What of a text is chosen, and the ids for it.

    Args:
        share: of all words.
        mask: the id that hides a piece.
        size: how many ids there are.
        first: ids below it stand for no piece, and are neither chosen nor drawn.
        fixed: further ids that are never chosen.
        bigram: the view in which the right neighbour of a piece can be seen too; None: there is none.

    """

    share: float
    mask: int
    size: int
    first: int = 2
    fixed: tuple[int, ...] = ()
    bigram: int | None = None

    def __call__(self, tokens: Tokens, starts_BS: Tensor, draws_BS3: Tensor) -> tuple[Tokens, Tensor]:
        """The tokens with some pieces hidden, and which ones are to be told, bool [B, S].

        Words are chosen whole (Cui et al. 2021, section 3.1), each with probability `share`, and at least one a row. Of
        their pieces 80% are hidden, 10% are any other and 10% stay, each by a draw of its own (Devlin et al. 2019,
        section 3.1). Further views would tell the piece: those of a chosen word are empty, and so is the bigram left of
        it. They are empty where a piece stays, too, or they would tell that it does.

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
        """The tokens without the views that show what was taken."""
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
