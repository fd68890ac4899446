"""Reads the names of labels that are stored as numbers from the card (README.md) of a Hugging Face data set."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml.error import YAMLError

from weft.config import parsed_yaml

CARD = "README.md"
_FENCE = "---"
_MOST = 1 << 20
"""Characters of a card that are read; what describes the data stands at its beginning."""
_ABOVE = 2
"""Folders above a file in which its card may lie: that of the file, and that around `data/`."""


@lru_cache(maxsize=64)
def label_names(path: str) -> Mapping[str, tuple[str, ...]]:
    """Return the names of the labels of each column of a file, as the card of its data set has them; none without one.

    Where the card describes several sets of data, a column has names only where they agree.
    """
    card = next(
        (one for one in (folder / CARD for folder in [*Path(path).absolute().parents][:_ABOVE]) if one.is_file()), None
    )
    if card is None:
        return {}
    try:
        with card.open(encoding="utf-8") as file:
            begin, _, rest = file.read(_MOST).partition("\n")
        described = parsed_yaml(rest.partition(f"\n{_FENCE}")[0]) if begin.strip() == _FENCE else None
    except (OSError, ValueError, YAMLError):
        return {}
    info = described.get("dataset_info") if isinstance(described, dict) else None
    found: dict[str, tuple[str, ...]] = {}
    for one in info if isinstance(info, list) else [info]:
        for name, names in _named(one).items():
            found[name] = names if found.get(name, names) == names else ()
    return {name: names for name, names in found.items() if names}


def card_remarks(path: str) -> tuple[str, ...]:
    """Say which columns have the names of their labels from a card: remarks, none or one."""
    names = ", ".join(f"`{name}`" for name in label_names(path))
    return (f"names of the labels of {names} from {CARD}",) if names else ()


def _named(info: Any) -> dict[str, tuple[str, ...]]:
    features = info.get("features") if isinstance(info, dict) else None
    found = {}
    for one in features if isinstance(features, list) else ():
        kind = one.get("dtype") if isinstance(one, dict) else None
        label = kind.get("class_label") if isinstance(kind, dict) else None
        names = label.get("names") if isinstance(label, dict) else None
        if isinstance(names, dict):
            numbers = {str(number): str(name) for number, name in names.items()}
            names = [numbers.get(str(number)) for number in range(len(numbers))]
        if isinstance(names, list) and names and None not in names:
            found[str(one.get("name"))] = tuple(map(str, names))
    return found
