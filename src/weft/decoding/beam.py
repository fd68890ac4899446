"""Beam search over ids: several outputs of each row side by side, the best kept; one loop for every decoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from weft.decoding.forced import ForcedWords
from weft.decoding.generate import FULL, Output, Terms
from weft.decoding.rules import NEVER
from weft.models.base import Decoder, State

Stop = Literal["likely", "sure"]
"""Condition on which a row is done: see `beam_search`."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Value by which outputs are compared: log-probability / length ** alpha, less the coverage penalty."""

    length_penalty: float = 1.0
    coverage_penalty: float = 0.0

    def value(self, score: Tensor, length: int) -> Tensor:
        """Compute the value of outputs of so many tokens, the one that ends them included, from their scores."""
        return score / length**self.length_penalty

    def lost(self, state: Any, size: int) -> Tensor | float:
        """Return the coverage penalty of each live output [B, K]: the sum of log(min(attention, 1)), weighted."""
        seen = getattr(state, "seen", None)
        if not self.coverage_penalty or not seen:
            return 0.0
        attention_NS = torch.stack([one.sum(1) for one in seen]).sum(0)
        costs_BKS = attention_NS.clamp(1e-9, 1).log().view(-1, size, attention_NS.shape[1])
        if state.mask_BS is not None:
            costs_BKS = costs_BKS.masked_fill(~state.mask_BS[:, None], 0.0)
        return -self.coverage_penalty * costs_BKS.sum(2)


def beam_search(
    decoder: Decoder[Any],
    state: State,
    ids_BP: Tensor,
    *,
    terms: Terms,
    size: int,
    ranking: Ranking = Ranking(),
    alternatives: int = 1,
    stop: Stop = "likely",
) -> list[list[Output]]:
    """Find the best outputs of each row, best first.

    Each step takes the `size` likeliest ways on of all beams of a row. Those that end are kept by their value, and the
    others go on. A row is done when it has `size` ended outputs and the best live one, were it to end now, would be
    worth no more than the worst of them (`likely`); or could be worth no more however long it became (`sure`).
    After `terms.longest` tokens, what is live ends as it is.

    Words that must stand in an output are put where they fit best (Post and Vilar 2018, section 3): what goes on with
    them is always looked at, and as many places as they take tokens are added to the beam, so that outputs that have
    met any number of these tokens live side by side.

    Args:
        decoder: what writes.
        state: where it starts, with room for P + `terms.longest` tokens.
        ids_BP: what each row begins with: the symbol that starts a sequence, and maybe a prompt.
        terms: when an output ends, and what it may hold.
        size: how many outputs of a row are live.
        ranking: by what outputs are compared.
        alternatives: how many are returned of each row, at most `size`.
        stop: when a row is done.

    """
    prompt = ids_BP.shape[1]
    states_BPD, state = decoder(ids_BP, state)
    # below 0 a longer output is worth less, whatever comes
    reach = terms.longest if stop == "sure" and ranking.length_penalty > 0 else 1
    beams = _Beams(ids_BP, terms=terms, wanted=size, ranking=ranking, reach=reach)
    state, last_ND = state.widen(beams.size), states_BPD[:, -1].repeat_interleave(beams.size, 0)
    for step in range(terms.longest):
        lost_BK = ranking.lost(state, beams.size)
        rows_N, ids_N1 = beams.step(decoder.logits(last_ND), lost_BK, place=prompt - 1 + step)
        if not len(rows_N):
            break
        states_N1D, state = decoder(ids_N1, state.select(rows_N))
        last_ND = states_N1D[:, 0]
    else:
        beams.close(ranking.lost(state, beams.size))
    return [[output for _, output in sorted(one, key=lambda pair: -pair[0])[:alternatives]] for one in beams.ended]


class _Beams:
    """The live outputs of the rows that are not done, and the ended ones of all, each with its value."""

    def __init__(self, ids_BP: Tensor, *, terms: Terms, wanted: int, ranking: Ranking, reach: int) -> None:
        rows, prompt = ids_BP.shape
        self.terms, self.ranking, self.reach, self.first = terms, ranking, reach, prompt - 1
        self.forced = next((rule for rule in terms.rules if isinstance(rule, ForcedWords)), None)
        self.size = size = wanted + (self.forced.total if self.forced else 0)
        self.ended: list[list[tuple[float, Output]]] = [[] for _ in range(rows)]
        self.numbers = list(range(rows))
        self.open_B = torch.ones(rows, dtype=torch.bool, device=ids_BP.device)
        self.score_BK = torch.full((rows, size), NEVER, device=ids_BP.device)
        self.score_BK[:, 0] = 0  # all beams are alike at the start: one of them goes on
        self.best_BK = torch.full((rows, wanted), NEVER, device=ids_BP.device)
        self.written_NT = ids_BP.new_zeros(rows * size, prompt - 1 + terms.longest)
        self.written_NT[:, : prompt - 1] = ids_BP[:, 1:].repeat_interleave(size, 0)

    def step(self, logits_NV: Tensor, lost_BK: Tensor | float, *, place: int) -> tuple[Tensor, Tensor]:
        """Take the best extensions; returns the rows of the state that go on [N], their ids [N, 1]; none at the end."""
        size, length = self.size, place - self.first + 1
        score_BM, parent_BM, ids_BM = self._ways(logits_NV, place)
        value_BM = self._value(score_BM, lost_BK, parent_BM, length)
        ends_BM = (ids_BM == self.terms.end) & (score_BM > NEVER)
        taken_BM = ends_BM & self.open_B[:, None]
        taken_BM[:, size:] = False
        for row, way in taken_BM.nonzero().tolist():
            ids_T = self.written_NT[row * size + int(parent_BM[row, way]), self.first : place]
            self._end(row, float(value_BM[row, way]), ids_T, float(score_BM[row, way]))
        ended_BM = torch.cat([self.best_BK, value_BM.masked_fill(~taken_BM, NEVER)], 1)
        self.best_BK = ended_BM.topk(self.best_BK.shape[1]).values
        onward_BK = (ends_BM | (score_BM == NEVER)).long().argsort(dim=1, stable=True)[:, :size]
        parent_BK, ids_BK = parent_BM.gather(1, onward_BK), ids_BM.gather(1, onward_BK)
        self.score_BK = score_BM.masked_fill(ends_BM, NEVER).gather(1, onward_BK)
        hope_B = self._value(self.score_BK, 0.0, parent_BK, max(length, self.reach)).amax(1)
        self.open_B = self.open_B & (hope_B > self.best_BK[:, -1])
        rows_BK = parent_BK + size * torch.arange(len(parent_BK), device=parent_BK.device)[:, None]
        self.written_NT = self.written_NT[rows_BK.view(-1)]
        self.written_NT[:, place] = ids_BK.view(-1)
        kept = int(self.open_B.sum())
        if kept < FULL * len(self.open_B):
            kept_B = self.open_B.nonzero()[:, 0]
            rows_BK, ids_BK = rows_BK[kept_B], ids_BK[kept_B]
            self._keep(kept_B)
        return rows_BK.view(-1), ids_BK.view(-1, 1)

    def close(self, lost_BK: Tensor | float) -> None:
        """End the live outputs as they are: there is no more room."""
        live_BK = self.open_B[:, None] & (self.score_BK > NEVER)
        beams_BK = torch.arange(self.size, device=live_BK.device).expand_as(live_BK)
        value_BK = self._value(self.score_BK, lost_BK, beams_BK, self.terms.longest)
        if self.forced:  # other rules may have stood against a word: what has all of them comes first
            lacking_BK = (self.forced.met(self.written_NT) < self.forced.total).view_as(live_BK)
            value_BK = value_BK.masked_fill(lacking_BK, NEVER)
        for row, beam in live_BK.nonzero().tolist():
            ids_T = self.written_NT[row * self.size + beam, self.first :]
            self._end(row, float(value_BK[row, beam]), ids_T, float(self.score_BK[row, beam]), ended=False)

    def _ways(self, logits_NV: Tensor, place: int) -> tuple[Tensor, Tensor, Tensor]:
        """Find the best extensions of each row, scores, parents and ids [B, M]; twice the beam, for half may end."""
        # one fused kernel, where a logsumexp takes five passes over the vocabulary
        logs_NV = logits_NV.to(torch.promote_types(logits_NV.dtype, torch.float32)).log_softmax(-1)
        written_NT = self.written_NT[:, :place]
        logs_NV = self.terms.allowed(logs_NV, written_NT)
        if self.forced:
            ids_NM = self.forced.favoured(logs_NV, written_NT).topk(min(3 * self.size, logs_NV.shape[1])).indices
            log_NM = logs_NV.gather(1, ids_NM)
        else:
            log_NM, ids_NM = _top(logs_NV, 2 * self.size)
        rows, ways = len(self.score_BK), log_NM.shape[1]
        whole_BM = (self.score_BK.view(-1, 1) + log_NM).view(rows, -1)
        if self.forced:
            longer_MT = torch.cat([written_NT.repeat_interleave(ways, 0), ids_NM.view(-1, 1)], 1)
            chosen_BM = _in_turn(whole_BM, self.forced.met(longer_MT).view(rows, -1))[:, : 2 * self.size]
            score_BM = whole_BM.gather(1, chosen_BM)
        else:
            score_BM, chosen_BM = _top(whole_BM, 2 * self.size)
        return score_BM, chosen_BM // ways, ids_NM.view(rows, -1).gather(1, chosen_BM)

    def _value(self, score_BM: Tensor, lost_BK: Tensor | float, parent_BM: Tensor, length: int) -> Tensor:
        value_BM = self.ranking.value(score_BM, length)
        return value_BM - (lost_BK.gather(1, parent_BM) if isinstance(lost_BK, Tensor) else lost_BK)

    def _end(self, row: int, value: float, ids_T: Tensor, score: float, *, ended: bool = True) -> None:
        self.ended[self.numbers[row]].append((value, Output(ids_T.tolist(), score, ended)))

    def _keep(self, kept_B: Tensor) -> None:
        self.numbers = [self.numbers[row] for row in kept_B.tolist()]
        self.open_B, self.score_BK, self.best_BK = (one[kept_B] for one in (self.open_B, self.score_BK, self.best_BK))
        self.written_NT = self.written_NT.view(-1, self.size, self.written_NT.shape[1])[kept_B].flatten(0, 1)


def _in_turn(score_BM: Tensor, met_BM: Tensor) -> Tensor:
    """Order extensions [B, M] as they are taken: the best of each number of forced tokens met, then the second bests.

    So every number has as many places in a beam as the others, and what one does not need is shared by them.
    """
    order_BM = score_BM.argsort(dim=1, descending=True, stable=True)
    met_BM = met_BM.gather(1, order_BM)
    alike_BMM = (met_BM[:, :, None] == met_BM[:, None]).tril(-1)
    turn_BM = alike_BMM.sum(2).masked_fill(score_BM.gather(1, order_BM) == NEVER, score_BM.shape[1])
    return order_BM.gather(1, turn_BM.argsort(dim=1, stable=True))


def _top(scores: Tensor, count: int) -> tuple[Tensor, Tensor]:
    found = scores.topk(min(count, scores.shape[-1]))
    return found.values, found.indices
