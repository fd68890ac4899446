"""Reads several inputs of an example together: each encoded by itself, rows brought side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from weft.data.batch import Several
from weft.data.columns import Columns, Ragged
from weft.errors import ConfigError
from weft.inputs.base import Input
from weft.inputs.media import MediaInputConfig
from weft.models.base import InputSpec
from weft.models.classifier import ClassifierConfig
from weft.models.fusion import FusionClassifier, FusionConfig
from weft.text.tokenizers.base import Tokenizer

FOLDER = "inputs"
"""Folder of all that was learned for the inputs beside the first one, a folder each."""


class SeveralInputs(Input[Mapping[str, Any], Several]):
    """Two or more inputs by name, the first of which is the main one, and how their vectors are joined."""

    def __init__(self, inputs: Sequence[Input[Any, Any]], fusion: FusionConfig) -> None:
        self.inputs, self.fusion, self.texts = tuple(inputs), fusion, inputs[0].texts

    @property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer of the first input."""
        return self.inputs[0].tokenizer

    def value(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the values of an example, all of which are read."""
        return values

    def spec(self) -> InputSpec:
        """Return the base of specs: each input has one of its own."""
        return InputSpec()

    def encode(self, values: Sequence[Mapping[str, Any]]) -> Columns:
        """Encode each input. A long text that is read in windows has the other inputs beside each window."""
        parts = [one.encode([value[one.name] for value in values]) for one in self.inputs]
        long = [part for part in parts if len(part) > len(values)]
        if len(long) > 1:
            what = "only one of several inputs can be read in windows"
            raise ConfigError(what, where="task.inputs", hint="read the others by their head")
        owner_R = (long or parts)[0].owner_R
        parts = [part if len(part) == len(owner_R) else _repeated(part, owner_R) for part in parts]
        named = list(zip(self.inputs, parts, strict=True))
        return Columns(
            {key: rows for part in parts for key, rows in part.ragged.items()},
            {key: rows for part in parts for key, rows in part.fixed.items()},
            owner_R,
            np.sum([part.cost_R for part in parts], axis=0),
            {_fact(one, fact): share for one, part in named for fact, share in part.facts.items()},
            {key: rows for part in parts for key, rows in part.letters.items()},
        )

    def collate(self, columns: Columns, rows: np.ndarray) -> Several:
        """Gather and pad some rows of each input."""
        return Several(tuple(map(_key, self.inputs)), tuple(one.collate(columns, rows) for one in self.inputs))

    def save(self, folder: Path) -> None:
        """Write the first input into the folder itself, as if it were alone, each other one into a folder beside it."""
        for place, one in enumerate(self.inputs):
            one.save(_made(folder_of(folder, place)))

    def build_classifier(self, head: ClassifierConfig, *, classes: int) -> FusionClassifier:
        """Build an encoder for each input, their fusion, and a head that scores classes."""
        readers = {_key(one): one.build_pooled(head) for one in self.inputs}
        dropouts = {name: head.dropout_over(reader.encoder) for name, reader in readers.items()}
        fusion = self.fusion.decided(media=any(isinstance(one.config, MediaInputConfig) for one in self.inputs))
        return FusionClassifier(readers, dropouts, fusion, classes=classes)

    def initialize(self, model: nn.Module, columns: Columns, rows_of_C: Sequence[np.ndarray]) -> list[str]:
        """Start the encoder of each input from what is known before training."""
        readers: Any = model.readers
        return [
            note
            for one in self.inputs
            for note in one.initialize(readers[_key(one)], self._of(one, columns), rows_of_C)
        ]

    def notes(self, parts: Mapping[str, Columns]) -> list[str]:
        """Describe each input in turn."""
        return [
            note
            for one in self.inputs
            for note in one.notes({name: self._of(one, part) for name, part in parts.items()})
        ]

    def gaps(self, values: Sequence[Mapping[str, Any]]) -> list[str]:
        """Count the missing and the unseen values of each input."""
        return [note for one in self.inputs for note in one.gaps([value[one.name] for value in values])]

    def describe(self) -> dict[str, dict[str, Any]]:
        """Return what a page shows of each input, by name."""
        return {name: described for one in self.inputs for name, described in one.describe().items()}

    def _of(self, one: Input[Any, Any], columns: Columns) -> Columns:
        """Return the columns with the facts of one input under their own names."""
        own = _fact(one, "")
        facts = {fact.removeprefix(own): share for fact, share in columns.facts.items() if fact.startswith(own)}
        return replace(columns, facts=facts)


def check_names(names: Sequence[str]) -> None:
    """Raise ConfigError where two inputs have the same name: their values and arrays are known by it."""
    if twice := [name for name in names if names.count(name) > 1]:
        hint = "name all numbers and categories in one input, and each further text once"
        raise ConfigError(f"two inputs are named `{twice[0]}`", where="task.inputs", hint=hint)


def folder_of(folder: Path, place: int) -> Path:
    """Return the folder of what was learned for one of several inputs."""
    return folder / FOLDER / str(place) if place else folder


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _fact(one: Input[Any, Any], fact: str) -> str:
    return f"{one.name}: {fact}"


def _key(one: Input[Any, Any]) -> str:
    """Return the name of an input among the modules of a model, which has no dots."""
    return one.name.replace(".", "_")


def _repeated(part: Columns, owner_R: np.ndarray) -> Columns:
    """Repeat rows, one an example, for each row that the example has in another input."""
    ragged = {name: Ragged.of(rows.flat(owner_R)[0], rows.lengths_of(owner_R)) for name, rows in part.ragged.items()}
    fixed = {name: values[owner_R] for name, values in part.fixed.items()}
    return replace(part, ragged=ragged, fixed=fixed, owner_R=owner_R, cost_R=part.cost_R[owner_R])
