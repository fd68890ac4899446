"""Proposes the texts that are most worth labelling next: those that a model is least certain of, and unlike each other.

Of ten times as many of the least certain texts as are asked for, groups are made by meaning, and each group gives the
text nearest to its middle (Zhdanov 2019, "Diverse mini-batch active learning"): without the groups, texts that say the
same would be asked about again and again. Without a model all texts take part. Meaning is latent semantic analysis of
n-grams over the texts themselves (Deerwester et al. 1990), which needs no label and no model that makes vectors.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from weft import run_folder
from weft.bundle import Model
from weft.config import read_yaml, validated
from weft.data.checks.findings import counted
from weft.data.sources import Table
from weft.dataset import DataConfig
from weft.errors import ConfigError, InputError
from weft.experiments.inspection.meaning import k_means
from weft.experiments.teacher_answers import key
from weft.tasks.base import TaskConfig
from weft.tasks.teaching import Uncertain
from weft.text.tokenizers.choices import ngrams_for

NEAR = 10
"""Times the number asked for: as many of the least certain texts are grouped (Zhdanov 2019, section 4)."""
MOST = 20_000
"""Most texts that are grouped where there is no model, drawn at random."""
_WIDTH, _PASSES = 64, 2
"""Width of the vectors of latent semantic analysis, and passes over the texts by which they are found."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A text to be labelled; the label that a model proposes, and its probability: empty and None without a model."""

    example: Any
    label: str = ""
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Proposals:
    """Texts to be labelled, and notes on those that were left out."""

    proposals: list[Proposal]
    notes: list[str]


def check(model: Model) -> Uncertain:
    """Return the task of a model. Raises ConfigError where it gives no labels that could be uncertain."""
    if not isinstance(model.task, Uncertain):
        what = f"a model of task `{model.task.config.kind}` does not say how certain it is of a label"
        raise ConfigError(what, hint="name one that was trained with labels, or leave it out for a diverse first set")
    return model.task


def read_texts(file: str, data: DataConfig, task: TaskConfig, *, column: str | None = None) -> tuple[Table, list[Any]]:
    """Read the texts of a file as a task reads its inputs. Raises InputError where the column is not there."""
    table = data.open(file)
    named = {next(iter(task.columns), "column"): column}
    return table, list(task.for_inputs(table, named=named).read_inputs(table))


def known_texts(folder: Path, task: TaskConfig) -> tuple[set[str], list[str], list[str]]:
    """Return the keys of the texts that a run was trained and scored on, its training file, and notes on lost files."""
    settings = folder / run_folder.CONFIG
    if not settings.is_file():
        return set(), [], [f"{folder} does not say what it was trained on: name labelled texts with --labelled"]
    data = validated(DataConfig, read_yaml(settings)["data"])
    keys: set[str] = set()
    notes = []
    for file in filter(None, (data.train, data.dev, data.test)):
        try:
            keys |= {key(one) for one in read_texts(file, data, task)[1]}
        except InputError as error:
            notes.append(f"{file} {error.what}: name the texts that are labelled already with --labelled")
    return keys, [data.train], notes


def propose(
    texts: Sequence[Any], count: int, *, model: Model | None = None, seed: int = 0, known: Collection[str] = ()
) -> Proposals:
    """Choose so many of some texts to be labelled, the least certain first; fewer where there are no more.

    Args:
        texts: examples without labels.
        count: how many.
        model: of a task with labels; None: a diverse first set is chosen.
        seed: of the middles that groups begin with.
        known: keys of texts that are labelled already.

    """
    seen: dict[str, Any] = {}
    for one in texts:
        seen.setdefault(key(one), one)
    fresh = [one for at, one in seen.items() if at not in known]
    notes = [
        *_some(len(texts) - len(seen), "is repeated", "are repeated"),
        *_some(len(seen) - len(fresh), "is labelled or scored on already", "are labelled or scored on already"),
    ]
    if model is None:
        drawn = np.sort(np.random.default_rng(seed).permutation(len(fresh))[:MOST])
        rows = drawn[spread([fresh[row].whole for row in drawn.tolist()], count, seed=seed)]
        return Proposals([Proposal(fresh[row]) for row in rows.tolist()], notes)
    task, answers = check(model), model.answer(fresh)
    near = np.argsort(-task.uncertainty(answers), kind="stable")[: NEAR * count] if fresh else np.arange(0)
    rows = near[spread([fresh[row].whole for row in near.tolist()], count, seed=seed)]
    return Proposals([Proposal(fresh[row], *task.proposal(answers[row])) for row in rows.tolist()], notes)


def _some(number: int, one: str, more: str) -> list[str]:
    return [f"{counted(number, f'text {one}', f'texts {more}')}: left out"] if number else []


def spread(texts: Sequence[str], count: int, *, seed: int) -> np.ndarray:
    """Choose so many texts that are unlike each other, by number and ascending: of each group the most typical one."""
    if len(texts) <= count:
        return np.arange(len(texts))
    vectors_ND = vectors(texts, seed=seed)
    group_N, middles_KD = k_means(vectors_ND, count=count, seed=seed)
    cosine_N = (vectors_ND * middles_KD[group_N]).sum(1)
    order = np.lexsort((-cosine_N, group_N))  # group by group, the most typical text of each first
    first = np.append(True, np.diff(group_N[order]) > 0)
    chosen = order[first]
    rest = np.setdiff1d(np.arange(len(texts)), chosen)  # where groups are empty, the first of the others follow
    return np.sort(np.append(chosen, rest[: count - len(chosen)]))


def vectors(texts: Sequence[str], *, seed: int = 0) -> np.ndarray:
    """Return vectors of length 1 by latent semantic analysis of tf-idf, [N, D]; zero where nothing is shared."""
    found = ngrams_for(texts, letters=False).learn(texts).encode(texts)
    ids_N, row_N = found.values_NW[:, 0], np.repeat(np.arange(len(texts)), found.lengths_R)
    often_V = np.bincount(ids_N)
    idf_V = np.where(often_V > 1, np.log(len(texts) / np.maximum(often_V, 1)), 0)
    weight_N = idf_V[ids_N]
    length_R = np.sqrt(np.bincount(row_N, weight_N**2, minlength=len(texts)))
    weight_N = (weight_N / np.maximum(length_R, 1e-9)[row_N]).astype(np.float32)
    places = torch.from_numpy(np.stack([row_N, ids_N]).astype(np.int64))
    shape = (len(texts), len(often_V))
    matrix = torch.sparse_coo_tensor(places, torch.from_numpy(weight_N), shape, check_invariants=False).coalesce()
    width = min(_WIDTH, *matrix.shape)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        left_NK, size_K, _ = torch.svd_lowrank(matrix, q=width, niter=_PASSES)
    vectors_ND = (left_NK * size_K).numpy()
    return vectors_ND / np.maximum(np.linalg.norm(vectors_ND, axis=1, keepdims=True), 1e-9)
