"""What every task that writes text does alike: one search over a decoder, its outputs as text; knows no task."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from weft.decoding.banned import BannedText
from weft.decoding.beam import Ranking, beam_search
from weft.decoding.choices import Beam, MinimumRisk, Sample, Sampling, SearchConfig
from weft.decoding.risk import least_risk
from weft.decoding.unroll import Output, Terms, collected, drawing, likeliest, row_keys, unroll
from weft.errors import ConfigError
from weft.models.base import Decoder, State
from weft.tasks.token_loss import Reference
from weft.text.normalize import NormalizeConfig
from weft.text.segment import han_share
from weft.text.tokenizer import Tokenizer, TokenizerConfig
from weft.text.vocab import PAD, UNKNOWN

EXACT = NormalizeConfig(unicode="NFC", case="keep")
"""Texts as they are to be written: with their capitals, and full width where that is meant."""


@dataclass(frozen=True, slots=True)
class TextAnswer:
    """A text that was written, the mean log-probability of its tokens, and further ones where they were asked for."""

    text: str
    log_probability: float
    alternatives: tuple[str, ...] = ()
    loss: Reference | None = field(default=None, repr=False, compare=False)
    """How probable the right answer was, where one is known."""
    unread: int = field(default=0, repr=False, compare=False)
    """Tokens of the source beyond the maximum, which were not read."""


@dataclass(frozen=True, slots=True)
class Writer:
    """A decoder and how it is to write: the search, the tokenizer of what is written, the end, the usual longest."""

    decoder: Decoder[Any]
    tokenizer: Tokenizer
    search: SearchConfig
    end: int
    longest: int

    def write(self, start: Callable[..., State], ids_BP: Tensor, keys_B: Sequence[np.ndarray]) -> list[list[Output]]:
        """The outputs of each row, best first, without what they began with.

        Args:
            start: makes the state of B rows, given `capacity` and `record`.
            ids_BP: what each row begins with: the end symbol, and maybe a prompt.
            keys_B: what each row is known by when its draws are seeded: its source or prompt.

        Raises ConfigError where the search asks for what cannot be.

        """
        search, rows = self.search, len(ids_BP)
        prefix = prefix_ids(search, self.tokenizer)
        if prefix:
            ids_BP = torch.cat([ids_BP, ids_BP.new_tensor(prefix).expand(rows, -1)], 1)
        terms = self._terms(len(prefix), ids_BP.shape[1] - 1)
        samples = search.samples if isinstance(search, Sample | MinimumRisk) else 1
        record = isinstance(search, Beam) and search.coverage_penalty > 0
        state = start(capacity=ids_BP.shape[1] + terms.longest, record=record)
        if record and getattr(state, "seen", None) is None:
            what = "there is no attention to a source whose coverage could be asked for"
            raise ConfigError(what, where="search.coverage_penalty", hint="set it to 0")
        if isinstance(search, Beam):
            if search.size >= self._vocabulary():
                what = f"a beam of {search.size} is as wide as the vocabulary of {self._vocabulary():,}"
                raise ConfigError(what, where="search.size", hint="take a smaller beam: 5 is usual")
            ranking = Ranking(search.length_penalty, search.coverage_penalty)
            found = beam_search(
                self.decoder,
                state,
                ids_BP,
                terms=terms,
                size=search.size,
                ranking=ranking,
                alternatives=search.alternatives,
                stop=search.stop,
            )
        else:
            keys = row_keys(keys_B, samples=samples)
            choose = drawing(keys, seed=search.seed) if isinstance(search, Sampling) else likeliest
            steps = unroll(self.decoder, state, ids_BP, terms=terms, choose=choose, samples=samples)
            flat = collected(steps, rows=rows * samples, end=self.end)
            found = [flat[row * samples : (row + 1) * samples] for row in range(rows)]
        self._check_forced(found, ids_BP)
        return [[replace(one, ids=[*prefix, *one.ids]) for one in row] for row in found]

    def stream(self, start: Callable[..., State], ids_BP: Tensor, keys_B: Sequence[np.ndarray]) -> Iterator[int]:
        """The ids of the output of a single row as they are chosen. Raises ConfigError for a search that cannot."""
        search = self.search
        if isinstance(search, Beam | MinimumRisk):
            what = f"`{search.kind}` knows its output only at the end"
            raise ConfigError(what, where="search", hint="to see a text as it is written, search greedily or draw")
        prefix = prefix_ids(search, self.tokenizer)
        ids_BP = torch.cat([ids_BP, ids_BP.new_tensor(prefix).expand(1, -1)], 1) if prefix else ids_BP
        terms = self._terms(len(prefix), ids_BP.shape[1] - 1)
        state = start(capacity=ids_BP.shape[1] + terms.longest)
        choose = drawing(row_keys(keys_B), seed=search.seed) if isinstance(search, Sampling) else likeliest
        yield from prefix
        for chosen in unroll(self.decoder, state, ids_BP, terms=terms, choose=choose):
            yield from (number for number in chosen.ids_N.tolist() if number != self.end)

    def spell(self, word: str) -> list[list[int]]:
        """A word in ids: as it begins a text, after a space, and inside of a word; none that is not wholly known."""
        forms = self.tokenizer.encode([word, f"a {word}", f"a{word}", "a"])
        ends = np.cumsum(forms.lengths_R)
        rows = [
            forms.values_NW[end - length : end, 0].tolist() for end, length in zip(ends, forms.lengths_R, strict=True)
        ]
        alone, spaced, inside, before = rows
        found = [alone]
        found += [row[len(before) :] for row in (spaced, inside) if row[: len(before)] == before]
        return [list(one) for one in dict.fromkeys(map(tuple, found)) if one and PAD not in one and UNKNOWN not in one]

    def _vocabulary(self) -> int:
        return self.tokenizer.sizes[0]

    def _terms(self, prefix: int, begun: int) -> Terms:
        """Rules see what a row began with; their lengths are meant without it, a forced beginning included."""
        longest = self.search.max_length or max(self.longest, self.search.min_length)
        if longest <= prefix:
            what = f"a beginning of {prefix} tokens leaves no room, where an output has at most {longest}"
            raise ConfigError(what, where="search.prefix", hint="shorten it, or raise max_length")
        shifted = (
            self.search.model_copy(update={"min_length": self.search.min_length + begun - prefix})
            if (self.search.min_length)
            else self.search
        )
        rules = shifted.rules(end=self.end, spell=self.spell, longest=longest - prefix + begun)
        han = [BannedText.of(word, self._piece_texts()) for word in self.search.banned if han_share([word]) == 1]
        return Terms(self.end, longest - prefix, (*han, *rules))

    def _piece_texts(self) -> list[str]:
        return [*self.tokenizer.decode([[number] for number in range(self.end)]), ""]

    def _check_forced(self, found: Sequence[Sequence[Output]], ids_BP: Tensor) -> None:
        rule = self.search.forced_words(end=self.end, spell=self.spell, longest=self.search.max_length or self.longest)
        if rule is not None:
            for begun, row in zip(ids_BP[:, 1:].tolist(), found, strict=True):
                for one in row:
                    rule.require(torch.tensor([[*begun, *one.ids]], dtype=torch.long))


def prefix_ids(search: SearchConfig, tokenizer: Tokenizer) -> list[int]:
    """What every output begins with. Raises ConfigError where it cannot be written."""
    if not search.prefix:
        return []
    ids = tokenizer.encode([search.prefix]).values_NW[:, 0].tolist()
    if UNKNOWN in ids:
        what = f"`{search.prefix}` has a character that the model cannot write"
        raise ConfigError(what, where="search.prefix", hint="begin with characters that the training texts have")
    return ids


def as_texts(
    outputs: Sequence[Sequence[Output]], tokenizer: Tokenizer, search: SearchConfig
) -> list[list[tuple[str, float]]]:
    """The outputs of each row as texts, each with the mean log-probability of its tokens; by minimum risk, one.

    The tokens of a forced beginning were not chosen, and count in no mean. Of a beam no text is given twice.
    """
    given = len(prefix_ids(search, tokenizer))
    flat = tokenizer.decode([one.ids for row in outputs for one in row])
    told, place = [], 0
    for row in outputs:
        means = [one.log_probability / max(1, len(one.ids) - given + one.ended) for one in row]
        mine = list(zip(flat[place : place + len(row)], means, strict=True))
        place += len(row)
        if isinstance(search, Beam):  # two ways to cut one text are one text
            best: dict[str, float] = {}
            for text, mean in mine:
                best.setdefault(text, mean)
            mine = list(best.items())
        told.append([mine[least_risk([text for text, _ in mine])]] if isinstance(search, MinimumRisk) else mine)
    return told


def abreast(search: SearchConfig) -> int:
    """How many outputs of a row are written side by side, and at least two: to write takes longer than to read."""
    return max(2, getattr(search, "size", 1), getattr(search, "samples", 1))


def exactly(config: TokenizerConfig) -> TokenizerConfig:
    """The same for texts that are to be written: as they are, unless it says otherwise."""
    given = "normalize" in config.model_fields_set
    return config if given else config.model_copy(update={"normalize": EXACT})
