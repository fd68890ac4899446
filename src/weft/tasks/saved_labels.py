"""Labels as a trained folder keeps them, with their counts: `labels.json`, checked where it is read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from weft.config import read_saved
from weft.errors import RunFolderError

FILE = "labels.json"


def _are_distinct(labels: list[str]) -> list[str]:
    if twice := [label for label, count in Counter(labels).items() if count > 1]:
        raise ValueError(f"two labels are `{twice[0]}`")
    return labels


@dataclass(frozen=True, slots=True)
class SavedLabels:
    """Labels, each once, the training texts of each, the texts of an example, and the training texts in all."""

    labels: Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1), AfterValidator(_are_distinct)]
    counts: list[Annotated[int, Field(ge=0)]]
    each: Annotated[int, Field(ge=0, le=2)] = 1
    texts: Annotated[int, Field(ge=0)] = 0


def read_labels(folder: Path) -> SavedLabels:
    """Read the labels in the folder of a task. Raises RunFolderError where they are missing or damaged."""
    found = read_saved(folder / FILE, SavedLabels)
    if len(found.counts) != len(found.labels):
        what = f"is damaged: {len(found.labels)} labels have {len(found.counts)} counts"
        raise RunFolderError(what, where=str(folder / FILE), hint="copy the folder again, or train again")
    return found
