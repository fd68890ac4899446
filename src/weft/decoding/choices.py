"""The kinds of search, and the rules that their settings ask for. A new one is a new line here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, SerializeAsAny, ValidationError, WrapValidator, model_validator
from pydantic_core import PydanticCustomError

from weft.config import Config, explained, one_of
from weft.decoding.beam import Stop
from weft.decoding.forced import ForcedWords, forced_words
from weft.decoding.rules import (
    Banned,
    Lengths,
    MinP,
    NoRepeat,
    RepetitionPenalty,
    Rule,
    Temperature,
    TopK,
    TopP,
    Typical,
)
from weft.errors import ConfigError

Spell = Callable[[str], Sequence[Sequence[int]]]
"""Gives a word in ids, in each of the ways in which it may be written: at the start of a text, after a space, inside a
word. It gives none for a word that the vocabulary cannot write."""


def _hint(hint: str) -> WrapValidator:
    """Add a hint to the error of a wrong value."""

    def checked(value: Any, check: Callable[[Any], Any]) -> Any:
        try:
            return check(value)
        except ValidationError as error:
            raise PydanticCustomError(
                "hinted", "{said}", {"said": explained(error.errors()[0]), "hint": hint}
            ) from None

    return WrapValidator(checked)


Words = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], _hint("give a list of words: `[cat, 猫]`")]


class SearchConfig(Config):
    """Base of the configs of searches: the rules that every output keeps."""

    kind: str
    max_length: Annotated[int | None, Field(ge=1), _hint("null: the limit of the task")] = None
    """Largest number of tokens of an output; None: the largest that the task writes."""
    min_length: Annotated[int, Field(ge=0), _hint("0 lets an output end at once")] = 0
    """Smallest number of tokens of an output."""
    repetition_penalty: Annotated[
        float, Field(gt=0, allow_inf_nan=False), _hint("1 changes nothing, 1.2 is a usual penalty")
    ] = 1.0
    """Repetition penalty: above 1, tokens that stand in an output already become less likely (Keskar et al. 2019,
    section 4.1); 1 is none."""
    no_repeat: Annotated[int, Field(ge=0), _hint("3 allows no 3-gram twice in an output, 0 allows all")] = 0
    """Length of the n-grams of tokens that stand at most once in an output (Paulus et al. 2018, section 2.5); 0 allows
    all."""
    banned: Words = ()
    """Words that no output holds, as the tokens that the tokenizer makes of them, nor words that hold these tokens."""
    forced: Words = ()
    """Words that every output holds: a beam, or greedy search (then a beam of 1), puts them where they fit best;
    sampling puts them at the latest where there is room for nothing else."""
    prefix: str = ""
    """Text that every output begins with."""

    @property
    def in_words(self) -> str:
        """Name of the search in a sentence."""
        return f"{self.kind} search"

    @model_validator(mode="after")
    def _shortest_first(self) -> Self:
        if self.max_length is not None and self.min_length > self.max_length:
            what = f"`min_length` is {self.min_length}, above `max_length`, {self.max_length}"
            raise PydanticCustomError("hinted", "{said}", {"said": what, "hint": "lower the one, or raise the other"})
        return self

    def rules(self, *, end: int, spell: Spell, longest: int) -> tuple[Rule, ...]:
        """Return the rules that are applied to the scores of each step, in this order.

        Args:
            end: the id that ends a sequence.
            spell: gives the words in ids.
            longest: the most tokens that an output may have, that of the task already taken where `max_length` is None.

        Raises ConfigError where the forced words cannot be had.

        """
        rules: list[Rule] = []
        if self.repetition_penalty != 1:
            rules.append(RepetitionPenalty(self.repetition_penalty))
        if self.no_repeat:
            rules.append(NoRepeat(self.no_repeat))
        if self.banned:
            rules.append(Banned(self._banned(spell)))
        if self.min_length:
            rules.append(Lengths(end=end, shortest=self.min_length))
        forced = self.forced_words(end=end, spell=spell, longest=longest)
        return (*rules, forced) if forced is not None else tuple(rules)

    def forced_words(self, *, end: int, spell: Spell, longest: int) -> ForcedWords | None:
        """Find the forced words among the rules: a beam search asks them for the progress of its rows, too."""
        if not self.forced:
            return None
        spellings_of = {word: self._spelt(word, spell) for word in self.forced}
        return forced_words(spellings_of, end=end, longest=longest, banned=self._banned(spell))

    def _spelt(self, word: str, spell: Spell) -> Sequence[Sequence[int]]:
        spellings = [one for one in spell(word) if one]
        if not spellings:
            strange = [f"`{one}`" for one in dict.fromkeys(word) if one.strip() and one != word and not any(spell(one))]
            what = f"`{word}` cannot be written in the vocabulary of this model"
            hint = "force a word of the training texts, or one whose characters stand in them"
            raise ConfigError(
                f"{what}{', which lacks ' if strange else ''}{', '.join(strange)}", where="forced", hint=hint
            )
        return spellings

    def _banned(self, spell: Spell) -> tuple[tuple[int, ...], ...]:
        return tuple(dict.fromkeys(tuple(one) for word in self.banned for one in spell(word) if one))


class Greedy(SearchConfig):
    """Greedy search: the likeliest token at each step."""

    kind: Literal["greedy"] = "greedy"


class Beam(SearchConfig):
    """Beam search: the best of several outputs that are written side by side; `Beam(5)` has size 5."""

    in_order: ClassVar[tuple[str, ...]] = ("size",)
    kind: Literal["beam"] = "beam"
    size: Annotated[int, Field(ge=1, le=1000), _hint("5 is usual, 1 is greedy search")] = 5
    """Beam size: the number of outputs that are written side by side."""
    length_penalty: Annotated[float, Field(allow_inf_nan=False), _hint("1 compares means, 0 compares sums")] = 1.0
    """Length penalty alpha: the sum of log-probabilities is divided by length ** alpha, so that 0 is the sum and 1 the
    mean of a token; above 1 long outputs win. It stands for lp(Y) in Wu et al. 2016, equation 14, in a simpler form."""
    coverage_penalty: Annotated[float, Field(ge=0, allow_inf_nan=False), _hint("0.2 is usual, 0 is none")] = 0.0
    """Coverage penalty beta: the factor on the sum of log(min(attention, 1)) over the source, which an output pays for
    positions that it did not attend to (Wu et al. 2016, equation 14); 0 is none."""
    alternatives: Annotated[int, Field(ge=1), _hint("1 gives the best output alone")] = 1
    """Number of outputs that are returned, the best first."""
    stop: Stop = "likely"
    """End of the search of a row, once as many outputs have ended as the beam has places: when the best live one would
    score no higher, were it to end now (`likely`), or however long it became (`sure`, which takes longer)."""

    if TYPE_CHECKING:  # `in_order` lets the size come first

        def __init__(self, size: int = 5, **settings: Any) -> None: ...

    @property
    def in_words(self) -> str:
        """Name of the search in a sentence, with its size."""
        return f"beam search ({self.size})"

    @model_validator(mode="after")
    def _has_so_many(self) -> Self:
        if self.alternatives > self.size:
            what = f"a beam of {self.size} has no {self.alternatives} alternatives"
            hint = f"set `alternatives` to at most {self.size}, or `size` to at least {self.alternatives}"
            raise PydanticCustomError("hinted", "{said}", {"said": what, "hint": hint})
        return self


class Sampling(SearchConfig):
    """Base of the configs of searches that sample, with the filters of the distribution."""

    @property
    def in_words(self) -> str:
        """Name of the search in a sentence."""
        return "sampling" if self.kind == "sample" else "minimum risk"

    temperature: Annotated[
        float, Field(gt=0, allow_inf_nan=False), _hint("for the likeliest token always, take greedy search")
    ] = 1.0
    """Temperature of sampling: below 1 likely tokens become likelier, above 1 all become more alike (Ackley et al.
    1985)."""
    top_k: Annotated[int, Field(ge=0), _hint("50 samples from the 50 likeliest tokens, 0 from all")] = 0
    """Number of the likeliest tokens that are sampled from (Fan et al. 2018); 0: all."""
    top_p: Annotated[float, Field(gt=0, le=1), _hint("a share of the probability: 0.95 cuts the tail, 1 nothing")] = 1.0
    """Share of the probability that the fewest likeliest tokens must have to be sampled from (nucleus sampling,
    Holtzman et al. 2020, section 3.1); 1: all tokens."""
    min_p: Annotated[float, Field(ge=0, le=1), _hint("a share of the best probability: 0.05 is usual, 0 is none")] = 0.0
    """Least probability of a sampled token, as a share of that of the likeliest (Nguyen et al. 2024); 0: none."""
    typical: Annotated[float, Field(gt=0, le=1), _hint("a share of the probability: 0.95 is usual, 1 is all")] = 1.0
    """Share of the probability that the tokens whose surprise is nearest to the entropy must have to be sampled from
    (locally typical sampling, Meister et al. 2023); 1: all tokens."""
    seed: Annotated[int, Field(ge=0), _hint("the same seed gives the same outputs")] = 0
    """Random seed of sampling: the same seed draws the same outputs."""

    def rules(self, *, end: int, spell: Spell, longest: int) -> tuple[Rule, ...]:
        """Return the rules of every search, then the filters of sampling; see `SearchConfig.rules`."""
        rules: list[Rule] = []
        if self.temperature != 1:
            rules.append(Temperature(self.temperature))
        if self.top_k:
            rules.append(TopK(self.top_k))
        if self.top_p < 1:
            rules.append(TopP(self.top_p))
        if self.min_p > 0:
            rules.append(MinP(self.min_p))
        if self.typical < 1:
            rules.append(Typical(self.typical))
        return (*super().rules(end=end, spell=spell, longest=longest), *rules)


class Sample(Sampling):
    """Sampling: tokens drawn by their probability; the draws of a row do not depend on the rows beside it."""

    kind: Literal["sample"] = "sample"
    samples: Annotated[int, Field(ge=1, le=10_000), _hint("1 writes one output for each row")] = 1
    """Number of outputs that are drawn for each row."""


class MinimumRisk(Sampling):
    """The one of several drawn outputs that is most like all of them, by chrF: minimum Bayes risk.

    Eikema and Aziz 2020, section 6.
    """

    kind: Literal["minimum-risk"] = "minimum-risk"
    samples: Annotated[int, Field(ge=2, le=1000), _hint("16 is cheap, 100 is better")] = 16
    """Number of outputs that are drawn for each row, which are candidates and references of each other."""


SEARCHES = (Greedy, Beam, Sample, MinimumRisk)
SearchChoice = Annotated[SerializeAsAny[SearchConfig], one_of(SearchConfig, SEARCHES, default=Greedy)]
