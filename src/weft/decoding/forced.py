"""Forced words (lexical constraints): they must stand in an output, where a search finds room for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from weft.decoding.rules import NEVER, hold_back
from weft.errors import ConfigError

Spellings = tuple[tuple[int, ...], ...]
"""A word in ids, in each of the ways in which it may be written (`▁riding` and `riding`); one of them is enough."""


@dataclass(frozen=True)
class ForcedWords:
    """Each word must stand in the row before it ends, after at most `longest` tokens.

    The end is held back until all stand, and where no room is left for anything else, only what goes on with a word is
    allowed: every search satisfies its words. A beam search keeps rows of each `met` side by side, and so finds where
    they fit.
    """

    words: tuple[Spellings, ...]
    end: int
    longest: int

    @property
    def total(self) -> int:
        """Number of tokens of the words, each in its shortest spelling."""
        return sum(_shortest(word) for word in self.words)

    def met(self, ids_NT: Tensor) -> Tensor:
        """Count the tokens of the words that each row has written, [N]: those of whole words, and of the one it is in.

        One token more that `next_ids` gives is one more that is met, or several.
        """
        return self._progress(ids_NT).met_N

    def next_ids(self, ids_NT: Tensor) -> Tensor:
        """Return ids that bring each row on, [N, spellings of all words]; -1 where a spelling has no such id."""
        return self._progress(ids_NT).next_NS

    def favoured(self, logits_NV: Tensor, ids_NT: Tensor) -> Tensor:
        """Return scores, those of `next_ids` infinite where they are allowed, so that a search looks at them first."""
        onward_NV = _among(self.next_ids(ids_NT), logits_NV)
        return logits_NV.masked_fill(onward_NV, torch.inf)

    def require(self, ids_NT: Tensor) -> None:
        """Raise ConfigError where a finished row lacks a word: other rules stood against it."""
        if bool((self.met(ids_NT) < self.total).any()):
            hint = "allow longer outputs, or loosen `no_repeat` and `banned`"
            raise ConfigError("the forced words do not go with the other rules", where="forced", hint=hint)

    def __call__(self, logits_NV: Tensor, ids_NT: Tensor) -> Tensor:
        """Hold the end back; leave only ids of the words where any other token would be one too many."""
        now = self._progress(ids_NT)
        lacking_N = now.met_N < self.total
        # a token that goes on with nothing loses the word the row is in, so that all open words are to be written
        pressed_N = lacking_N & (now.open_N >= self.longest - ids_NT.shape[1])
        if bool(pressed_N.any()):
            logits_NV = _only(now.next_NS, logits_NV, rows_N=pressed_N)
        return hold_back(logits_NV, self.end, rows_N=lacking_N) if bool(lacking_N.any()) else logits_NV

    def _progress(self, ids_NT: Tensor) -> _Progress:
        open_N = ids_NT.new_zeros(len(ids_NT))
        gains, ids = [], []
        for word in self.words:
            spellings = [torch.tensor(spelling, device=ids_NT.device) for spelling in word]
            missing_N = ~torch.stack([_stands(spelling_G, ids_NT) for spelling_G in spellings]).any(0)
            open_N = open_N + missing_N * _shortest(word)
            for spelling_G in spellings:
                begun_N = _begun(spelling_G, ids_NT)
                gain_N = _shortest(word) - len(spelling_G) + begun_N
                gains.append(gain_N.where(missing_N, -1))
                ids.append(spelling_G[begun_N])
        gain_NS = torch.stack(gains, 1)
        # several words may be begun at once, but only one of them can be gone on with
        gain_N = gain_NS.amax(1).clamp_min(0)
        next_NS = torch.stack(ids, 1).where(gain_NS == gain_N[:, None], -1)
        return _Progress(self.total - open_N + gain_N, open_N, next_NS)


@dataclass(frozen=True)
class _Progress:
    """Progress of each row: tokens met, tokens of the words that do not stand yet, ids that bring it on."""

    met_N: Tensor
    open_N: Tensor
    next_NS: Tensor


def forced_words(
    spellings_of: Mapping[str, Sequence[Sequence[int]]],
    *,
    end: int,
    longest: int,
    banned: Sequence[Sequence[int]] = (),
) -> ForcedWords:
    """Make the rule for some words by their spellings, less those that hold a banned run of ids.

    Raises ConfigError where no spelling of a word is left, or all together are longer than an output may be.
    """
    words = []
    for word, spellings in spellings_of.items():
        spelt = tuple(tuple(one) for one in spellings if one)
        allowed = tuple(one for one in spelt if not any(_holds(one, run) for run in banned))
        if not allowed:
            raise ConfigError(
                f"`{word}` holds what is banned", where="forced", hint="take it out of `forced` or `banned`"
            )
        words.append(allowed)
    rule = ForcedWords(tuple(words), end=end, longest=longest)
    if rule.total > longest:
        what = f"the words take {rule.total} tokens, and an output has at most {longest}"
        raise ConfigError(what, where="forced", hint="force fewer words, or raise `max_length`")
    return rule


def _only(ids_NS: Tensor, logits_NV: Tensor, *, rows_N: Tensor) -> Tensor:
    """Forbid all but some ids (-1: none) in some rows, but not where other rules have forbidden all of these."""
    onward_NV = _among(ids_NS, logits_NV)
    return logits_NV.masked_fill((rows_N & onward_NV.any(-1))[:, None] & ~onward_NV, NEVER)


def _among(ids_NS: Tensor, logits_NV: Tensor) -> Tensor:
    """Mark the scores of some ids (-1: none) that are not forbidden, [N, V]."""
    rows, size = logits_NV.shape
    # one column more for what is no id
    onward_NV = torch.zeros(rows, size + 1, dtype=torch.bool, device=logits_NV.device)
    return onward_NV.scatter(1, ids_NS.where(ids_NS >= 0, size), value=True)[:, :-1] & (logits_NV > NEVER)


def _shortest(word: Spellings) -> int:
    return min(len(spelling) for spelling in word)


def _holds(ids: Sequence[int], run: Sequence[int]) -> bool:
    return any(tuple(ids[start : start + len(run)]) == tuple(run) for start in range(len(ids) - len(run) + 1))


def _stands(spelling_G: Tensor, ids_NT: Tensor) -> Tensor:
    """Mark the rows in which a spelling stands anywhere, [N]."""
    if len(spelling_G) > ids_NT.shape[1]:
        return torch.zeros(len(ids_NT), dtype=torch.bool, device=ids_NT.device)
    return (ids_NT.unfold(1, len(spelling_G), 1) == spelling_G).all(-1).any(-1)


def _begun(spelling_G: Tensor, ids_NT: Tensor) -> Tensor:
    """Count the tokens of a spelling, less than all, in which a row ends, [N]."""
    steps = ids_NT.shape[1]
    begun_N = ids_NT.new_zeros(len(ids_NT))
    for count in range(1, min(len(spelling_G) - 1, steps) + 1):
        here_N = (ids_NT[:, steps - count :] == spelling_G[:count]).all(-1)
        begun_N = begun_N.masked_fill(here_N, count)
    return begun_N
