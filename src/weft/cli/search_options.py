"""Options of decoding, and the search that they ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import wraps
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from weft.config import kind_of, validated
from weft.errors import ConfigError
from weft.text.word_lists import read_dictionary

if TYPE_CHECKING:  # else PyTorch would be imported before a mistake in the command line is told
    from weft import bundle
    from weft.decoding.choices import SearchConfig
    from weft.models.device import Device

KINDS = ("greedy", "beam", "sample", "minimum-risk")
"""Kinds of search, in the order of `SEARCHES`."""
_ALL, _BEAM, _DRAWS = frozenset(KINDS), frozenset({"beam"}), frozenset({"sample", "minimum-risk"})


@dataclass(frozen=True, slots=True, eq=False)
class _Option:
    """An option, the setting of a search that it gives, and the kinds of searches that have this setting."""

    flag: str
    setting: str
    kinds: frozenset[str]
    how: Mapping[str, Any]
    hint: str = ""
    """Hint for a wrong value, where it differs from that for the setting."""

    @property
    def name(self) -> str:
        return self.flag.removeprefix("--").replace("-", "_")


def _option(flag: str, kinds: frozenset[str], said: str, *, setting: str = "", hint: str = "", **how: Any) -> _Option:
    return _Option(flag, setting or flag.removeprefix("--").replace("-", "_"), kinds, {"help": said, **how}, hint)


_RISK = "Minimum Bayes risk decoding: number of samples, of which the most typical is given."
_LIKELIEST = "--greedy always takes the likeliest token"
_LONGEST = "leave it out for the longest text that the model's task allows"
_WORDS = "give a word, and the option again for a further one"
_OPTIONS = (
    _option(
        "--greedy",
        frozenset({"greedy"}),
        "Greedy search: always the likeliest token.",
        setting="kind",
        is_flag=True,
        default=None,
    ),
    _option("--beam", _BEAM, "Beam search: beam width.", setting="size", type=int),
    _option("--alternatives", _BEAM, "Number of texts to give from the beam (n-best).", type=int),
    _option(
        "--length-penalty",
        _BEAM,
        "Length penalty of beam search: the log-probability is divided by length to this power.",
        type=float,
    ),
    _option(
        "--temperature", _DRAWS, "Sampling temperature: below 1 sharpens the distribution.", type=float, hint=_LIKELIEST
    ),
    _option("--top-k", _DRAWS, "Top-k sampling: number of likeliest tokens; 0: all.", type=int),
    _option("--top-p", _DRAWS, "Nucleus (top-p) sampling: share of the probability.", type=float),
    _option("--min-p", _DRAWS, "Min-p sampling: least probability, relative to the likeliest token.", type=float),
    _option("--typical", _DRAWS, "Locally typical sampling: share of the probability.", type=float),
    _option("--samples", frozenset({"sample"}), "Number of samples for each input.", type=int),
    _option("--seed", _DRAWS, "Random seed of sampling.", type=int),
    _option("--minimum-risk", frozenset({"minimum-risk"}), _RISK, setting="samples", type=int),
    _option(
        "--repetition-penalty",
        _ALL,
        "Repetition penalty: above 1, tokens already generated become less likely.",
        type=float,
    ),
    _option("--no-repeat", _ALL, "No-repeat n-gram size: no n-gram of this size occurs twice.", type=int),
    _option("--min-length", _ALL, "Least number of tokens of a text.", type=int),
    _option("--max-length", _ALL, "Greatest number of tokens of a text.", type=int, hint=_LONGEST),
    _option("--ban", _ALL, "Banned word; may be repeated.", setting="banned", multiple=True, hint=_WORDS),
    _option(
        "--force",
        _ALL,
        "Forced word, which every text contains; may be repeated.",
        setting="forced",
        multiple=True,
        hint=_WORDS,
    ),
    _option("--prefix", _ALL, "Prefix that every text begins with."),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Kind of search that was asked for, and the settings, each with its option; None and nothing: the model's."""

    kind: str | None
    settings: Mapping[str, Any]
    flags: Mapping[str, str]

    def over(self, own: SearchConfig | None) -> SearchConfig | None:
        """Return the search asked for, over a model's own where that is of the same kind; None where nothing is asked.

        Raises ConfigError for a value that cannot be.
        """
        if not self.flags:
            return None
        from weft.decoding.choices import SEARCHES, Beam

        kind = self.kind or (own.kind if own is not None else "greedy")
        settings = {**(dict(own) if own is not None and own.kind == kind else {}), **self.settings, "kind": kind}
        if "alternatives" in self.settings and "size" not in self.settings:
            usual = int(Beam.model_fields["size"].default)
            settings["size"] = max(settings.get("size", usual), settings["alternatives"])
        return validated({kind_of(search): search for search in SEARCHES}[kind], settings)


def options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options to a verb, which gets them as `search`, an `Asked`; what is wrong is told by the option.

    Raises UsageError for options that exclude each other, ConfigError for a value that cannot be.
    """

    @wraps(command)
    def wrapped(**given: Any) -> None:
        found = {option: given.pop(option.name) for option in _OPTIONS}
        asked = _asked({option: value for option, value in found.items() if value is not None and value != ()})
        try:
            asked.over(None)  # before a model is loaded
            command(search=asked, **given)
        except ConfigError as error:
            raise _in_options(error, asked) from None

    for option in reversed(_OPTIONS):
        wrapped = click.option(option.flag, option.name, **option.how)(wrapped)
    return wrapped


def own(model: bundle.Model) -> SearchConfig | None:
    """Return the search of a model's own settings; None where it generates nothing."""
    return model.task.config.own_search


def searched(model: bundle.Model, asked: Asked) -> bundle.Model:
    """Return a model that generates by the search asked for. Raises ConfigError where it generates nothing."""
    search = asked.over(own(model))
    return model if search is None else replace(model, task=model.task.with_search(search))


def asked_of(folder: str, search: Asked, *, device: Device | None, words: str | None) -> bundle.Model:
    """Load a model that searches, and prefers the words of a file, as asked for; raises ConfigError where it cannot."""
    from weft import bundle

    model = searched(bundle.load(folder, device=device or "auto"), search)
    if words is None:
        return model
    try:
        return model.with_words(read_dictionary(Path(words)))
    except ConfigError as error:
        raise ConfigError(
            error.what, where="--words" if error.where == "words" else error.where, hint=error.hint
        ) from None


def _in_options(error: ConfigError, asked: Asked) -> ConfigError:
    """Return an error of a search with options in place of settings; any other error as it is."""
    setting = error.where.removeprefix("search.")
    if setting and setting not in {option.setting for option in _OPTIONS}:
        return error
    flag_of = {option.setting: option.flag for option in _OPTIONS if asked.kind in (None, *option.kinds)}
    flag_of.update(asked.flags)
    what, hint = error.what, error.hint
    own = next((option.hint for option in _OPTIONS if asked.flags.get(setting) == option.flag), "")
    if own and what.startswith("expected"):
        hint = own
    for name, flag in flag_of.items():
        what, hint = what.replace(f"`{name}`", flag), hint.replace(f"`{name}`", flag)
    return ConfigError(what, where=asked.flags.get(setting, error.where), hint=hint)


def _asked(found: Mapping[_Option, Any]) -> Asked:
    for one, other in combinations(found, 2):
        if not one.kinds & other.kinds:
            first, second = (" or ".join(f"`{kind}`" for kind in KINDS if kind in each.kinds) for each in (one, other))
            what = f"{one.flag} and {other.flag} exclude each other: {first} is another search than {second}"
            raise click.UsageError(what, click.get_current_context())
    kinds = _ALL.intersection(*(option.kinds for option in found))
    kind = None if kinds == _ALL else next(kind for kind in KINDS if kind in kinds)
    settings = {option.setting: value for option, value in found.items()}
    return Asked(kind, settings, {option.setting: option.flag for option in found})
