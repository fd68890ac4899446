"""The common part of tasks that generate text: a search over a decoder, its outputs as text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from weft.decoding.banned import BannedText
from weft.decoding.beam import Ranking, beam_search
from weft.decoding.choices import Beam, Greedy, MinimumRisk, Sample, Sampling, SearchConfig
from weft.decoding.forced import ForcedWords
from weft.decoding.generate import Output, Terms, collected, drawing, likeliest, row_keys, unroll
from weft.decoding.minimum_bayes_risk import least_risk
from weft.decoding.token_loss import Reference
from weft.errors import ConfigError
from weft.models.base import Decoder, State
from weft.text.segment import han_share
from weft.text.tokenizers.base import Tokenizer


@dataclass(frozen=True, slots=True)
class GeneratedText:
    """A generated text, the mean log-probability of its tokens, and further texts where they were asked for."""

    text: str
    log_probability: float
    alternatives: tuple[str, ...] = ()
    loss: Reference | None = field(default=None, repr=False, compare=False)
    """Log-probability of the reference, where one is known."""
    unread: int = field(default=0, repr=False, compare=False)
    """Number of tokens of the source beyond the maximum, which were not read."""

    @property
    def recorded(self) -> dict[str, Any]:
        """Return the text as in files of answers."""
        probability = round(self.log_probability, 6)
        return {"answer": self.text, "log_probability": probability, "alternatives": list(self.alternatives)}


@dataclass(frozen=True, slots=True)
class RowPrediction:
    """Texts generated for a row, best first, the log-probability of its target, and pieces that may be copied."""

    outputs: list[Output]
    loss: Reference | None
    copied: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Generator:
    """A decoder with its search, the tokenizer of its texts, the ids that end them, and the usual limit of length."""

    decoder: Decoder[Any]
    tokenizer: Tokenizer
    search: SearchConfig
    end: int
    longest: int

    def write(self, start: Callable[..., State], ids_BP: Tensor, keys_B: Sequence[np.ndarray]) -> list[list[Output]]:
        """Generate the outputs of each row, best first, without the ids that they began with.

        Args:
            start: makes the state of B rows, given `capacity` and `record`.
            ids_BP: what each row begins with: the end symbol, and maybe a prompt.
            keys_B: what each row is known by when its draws are seeded: its source or prompt.

        Raises ConfigError where the search asks for what cannot be.

        """
        search, rows = self.search, len(ids_BP)
        prefix, ids_BP, terms = self._begun(ids_BP)
        samples = search.samples if isinstance(search, Sample | MinimumRisk) else 1
        record = isinstance(search, Beam) and search.coverage_penalty > 0
        state = start(capacity=ids_BP.shape[1] + terms.longest, record=record)
        if record and getattr(state, "seen", None) is None:
            what = "there is no attention to a source whose coverage could be asked for"
            raise ConfigError(what, where="search.coverage_penalty", hint="set it to 0")
        if isinstance(search, Beam) or _looks_ahead(search):
            found = self._beams(state, ids_BP, terms)
        else:
            keys = row_keys(keys_B, samples=samples)
            choose = drawing(keys, seed=search.seed) if isinstance(search, Sampling) else likeliest
            steps = unroll(self.decoder, state, ids_BP, terms=terms, choose=choose, samples=samples)
            flat = collected(steps, rows=rows * samples, end=self.end)
            found = [flat[row * samples : (row + 1) * samples] for row in range(rows)]
        for rule in terms.rules:
            if isinstance(rule, ForcedWords):
                found = [
                    _with_words(row, rule, begun) for row, begun in zip(found, ids_BP[:, 1:].tolist(), strict=True)
                ]
        return [[replace(one, ids=[*prefix, *one.ids]) for one in row] for row in found]

    def stream(self, start: Callable[..., State], ids_BP: Tensor, keys_B: Sequence[np.ndarray]) -> Iterator[int]:
        """Yield the ids of the output of a row as they are chosen. Raises ConfigError for a search that cannot."""
        search = self.search
        if isinstance(search, Beam | MinimumRisk) or _looks_ahead(search):
            what = f"`{search.kind}` knows its output only at the end"
            raise ConfigError(what, where="search", hint="to see a text as it is written, search greedily or draw")
        prefix, ids_BP, terms = self._begun(ids_BP)
        state = start(capacity=ids_BP.shape[1] + terms.longest)
        choose = drawing(row_keys(keys_B), seed=search.seed) if isinstance(search, Sampling) else likeliest
        yield from prefix
        for chosen in unroll(self.decoder, state, ids_BP, terms=terms, choose=choose):
            yield from (number for number in chosen.ids_N.tolist() if number != self.end)

    def spell(self, word: str) -> list[list[int]]:
        """Spell a word in ids: at the begin of a text, after a space, inside of a word; only where all are known."""
        forms = self.tokenizer.encode([word, f"a {word}", f"a{word}", "a"])
        ends = np.cumsum(forms.lengths_R)
        rows = [
            forms.values_NW[end - length : end, 0].tolist() for end, length in zip(ends, forms.lengths_R, strict=True)
        ]
        alone, spaced, inside, before = rows
        found, never = [alone], {*self.tokenizer.never}
        found += [row[len(before) :] for row in (spaced, inside) if row[: len(before)] == before]
        return [list(one) for one in dict.fromkeys(map(tuple, found)) if one and not never & {*one}]

    def _beams(self, state: State, ids_BP: Tensor, terms: Terms) -> list[list[Output]]:
        """Search by a beam; a greedy search with forced words is one of size 1."""
        search = self.search if isinstance(self.search, Beam) else Beam(1)
        known = self.tokenizer.sizes[0]
        if search.size >= known:
            what = f"a beam of {search.size} is as wide as the vocabulary of {known:,}"
            raise ConfigError(what, where="search.size", hint="take a smaller beam: 5 is usual")
        return beam_search(
            self.decoder,
            state,
            ids_BP,
            terms=terms,
            size=search.size,
            ranking=Ranking(search.length_penalty, search.coverage_penalty),
            alternatives=search.alternatives,
            stop=search.stop,
        )

    def _begun(self, ids_BP: Tensor) -> tuple[list[int], Tensor, Terms]:
        """Return the forced prefix, the ids that each row begins with, and the limits of those that follow.

        Rules see what a row began with; their lengths are meant without it, a forced beginning included.
        """
        search, begun = self.search, ids_BP.shape[1] - 1
        prefix = prefix_ids(search, self.tokenizer)
        longest = self._longest(ids_BP.shape[1])
        if longest <= len(prefix):
            what = f"a beginning of {len(prefix)} tokens leaves no room, where an output has at most {longest}"
            raise ConfigError(what, where="search.prefix", hint="shorten it, or raise max_length")
        if search.min_length:
            search = search.model_copy(update={"min_length": search.min_length + begun})
        rules = search.rules(end=self.end, spell=self.spell, longest=longest + begun)
        han = [_banned(word, self.tokenizer) for word in search.banned if han_share([word]) == 1]
        whole_BP = torch.cat([ids_BP, ids_BP.new_tensor(prefix).expand(len(ids_BP), -1)], 1)
        never = tuple(number for number in self.tokenizer.never if number != self.end)
        return prefix, whole_BP, Terms(self.end, longest - len(prefix), (*han, *rules), never)

    def _longest(self, begun: int) -> int:
        """Return the largest number of tokens of an output, after `begun` that it begins with."""
        longest, room = self.search.max_length or max(self.longest, self.search.min_length), self.decoder.longest
        if room is None or begun + longest <= room + 1:  # the last token is told, not read
            return longest
        if self.search.max_length or begun > room:
            what = f"the model has positions for {room} tokens, and {begun + longest - 1} are asked for"
            hint = "begin with less, or set a smaller max_length"
            raise ConfigError(what, where="search.max_length", hint=hint)
        return room + 1 - begun


def _looks_ahead(search: SearchConfig) -> bool:
    """Whether a greedy search has forced words (bool): where they fit is found only by trying several places."""
    return isinstance(search, Greedy) and bool(search.forced)


def _with_words(outputs: Sequence[Output], rule: ForcedWords, begun: Sequence[int]) -> list[Output]:
    """Return the outputs that have all forced words, the prefix counted. Raises ConfigError where none has."""
    wholes = [torch.tensor([[*begun, *one.ids]], dtype=torch.long) for one in outputs]
    kept = [one for one, ids_1T in zip(outputs, wholes, strict=True) if int(rule.met(ids_1T)) == rule.total]
    if not kept:
        rule.require(wholes[0])
    return kept


@lru_cache(maxsize=64)
def _banned(word: str, tokenizer: Tokenizer) -> BannedText:
    return BannedText.of(word, _piece_texts(tokenizer))


@lru_cache(maxsize=2)
def _piece_texts(tokenizer: Tokenizer) -> list[str]:
    """Return the text that each id adds, nothing for the end."""
    return [*tokenizer.decode([[number] for number in range(tokenizer.sizes[0])]), ""]


def prefix_ids(search: SearchConfig, tokenizer: Tokenizer) -> list[int]:
    """Encode the prefix of every output. Raises ConfigError where it cannot be written."""
    if not search.prefix:
        return []
    ids = tokenizer.encode([search.prefix]).values_NW[:, 0].tolist()
    if not {*ids}.isdisjoint(tokenizer.never):
        what = f"`{search.prefix}` has a character that the model cannot write"
        raise ConfigError(what, where="search.prefix", hint="begin with characters that the training texts have")
    return ids


def as_texts(
    outputs: Sequence[Sequence[Output]],
    tokenizer: Tokenizer,
    search: SearchConfig,
    copied: Sequence[Sequence[str]] | None = None,
) -> list[list[tuple[str, float]]]:
    """Return the outputs of each row as texts, each with the mean log-probability of its tokens; by minimum risk, one.

    The tokens of a forced beginning were not chosen, and count in no mean. Of a beam no text is given twice. `copied`
    are the pieces of each row that its source alone knows (see `Tokenizer.spell`).
    """
    given = len(prefix_ids(search, tokenizer))
    own = None if copied is None else [pieces for row, pieces in zip(outputs, copied, strict=True) for _ in row]
    flat = tokenizer.decode([one.ids for row in outputs for one in row], own)
    texts, place = [], 0
    for row in outputs:
        means = [one.log_probability / max(1, len(one.ids) - given + one.ended) for one in row]
        mine = list(zip(flat[place : place + len(row)], means, strict=True))
        place += len(row)
        if isinstance(search, Beam):  # two ways to cut one text are one text
            best: dict[str, float] = {}
            for text, mean in mine:
                best.setdefault(text, mean)
            mine = list(best.items())
        texts.append([mine[least_risk([text for text, _ in mine])]] if isinstance(search, MinimumRisk) else mine)
    return texts


def outputs_per_row(search: SearchConfig) -> int:
    """Return the number of outputs of a row side by side, at least two: to generate takes longer than to read."""
    return max(2, getattr(search, "size", 1), getattr(search, "samples", 1))
