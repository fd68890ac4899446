"""Looks texts over by their meaning: near-duplicates and groups, by the vectors of a trained model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from weft.bundle import Model
from weft.data.checks.findings import Finding, Part, Row, counted
from weft.data.examples.single_texts import single_texts
from weft.dataset import DataConfig
from weft.errors import InputError
from weft.evaluation.search import nearest
from weft.training.reports import Note

ALIKE = 0.9
"""Least cosine of texts that are called alike."""
NEIGHBOURS = 10
"""Number of neighbours that are looked at for each text, itself among them."""
ROUNDS = 20
"""Largest number of rounds of k-means."""
GROUPS = 20
"""Largest number of groups."""
_BLOCK = 4096
_SHOWN = 80


def inspect_meaning(
    data: DataConfig, model: Model, *, text: str | None = None, seed: int = 0
) -> Iterator[Note | Finding]:
    """Find texts of the training file that say what an earlier one says, and the groups that all fall into.

    Raises:
        ConfigError: the model makes no vector of a text.
        InputError: the column is not there, or there are fewer than two texts.

    """
    model.task.reads_alone()
    table = data.open(data.train, on_bad_row="skip")
    rows = list(single_texts(table, column=text))
    lines, texts = [line for line, _ in rows], [one for _, one in rows]
    if len(texts) < 2:
        raise InputError("expected two texts or more", where=table.path)
    yield Note(f"embedding {counted(len(texts), 'text')}")
    vectors_ND = np.concatenate([model.embed(texts[at : at + _BLOCK]) for at in range(0, len(texts), _BLOCK)])
    part = Part("train", table.path, texts, [""] * len(texts), lines)
    yield repeated(part, vectors_ND)
    yield Note("grouping texts by meaning")
    yield grouped(texts, vectors_ND, seed=seed)


def repeated(part: Part, vectors_ND: np.ndarray) -> Finding:
    """Find texts that say what an earlier one says, other words or not; equal texts are told elsewhere."""
    found = nearest(vectors_ND, vectors_ND, top=NEIGHBOURS)
    title = "Near-duplicates by meaning"
    rows: list[Row] = []
    for row, (places_K, scores_K) in enumerate(zip(found.places_QK.tolist(), found.scores_QK.tolist(), strict=True)):
        earlier = [
            (score, place)
            for place, score in zip(places_K, scores_K, strict=True)
            if place < row and score >= ALIKE and part.texts[place] != part.texts[row]
        ]
        if earlier:
            score, place = max(earlier)
            rows.append(part.row(row, note=f"cosine {score:.2f} with {part.place(place)}"))
    if not rows:
        return Finding("meaning", title, "fine", f"no two texts have a cosine of {ALIKE} or more")
    have = counted(len(rows), "text has", "texts have")
    said = f"{have} a cosine of {ALIKE} or more with an earlier one"
    fix = "look at them: what says the same twice counts twice, and in train and test makes scores too good"
    return Finding("meaning", title, "warning", said, len(rows), fix, rows)


def grouped(texts: Sequence[str], vectors_ND: np.ndarray, *, seed: int) -> Finding:
    """Group texts by their vectors, and name each group by the text nearest to its middle."""
    count = max(2, min(GROUPS, round((len(texts) / 2) ** 0.5)))
    group_N, middles_KD = k_means(vectors_ND, count=count, seed=seed)
    cosine_N = (vectors_ND * middles_KD[group_N]).sum(1)
    table = [("texts", "mean cosine", "most typical text")]
    for group in np.argsort(-np.bincount(group_N, minlength=count), kind="stable").tolist():
        own_M = np.flatnonzero(group_N == group)
        if len(own_M):
            typical = " ".join(texts[own_M[cosine_N[own_M].argmax()]].split())
            shown = f"{typical[:_SHOWN]}…" if len(typical) > _SHOWN else typical
            table.append((f"{len(own_M):,}", f"{cosine_N[own_M].mean():.2f}", shown))
    said = f"{counted(len(texts), 'text')} in {counted(len(table) - 1, 'group')} by meaning (k-means)"
    return Finding("groups", "Groups by meaning", "fine", said, table=table)


def k_means(vectors_ND: np.ndarray, *, count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Group vectors of length 1 by the cosine with the middle of their group (Dhillon and Modha 2001).

    Middles start at vectors far from each other (k-means++, Arthur and Vassilvitskii 2007).
    Returns the group of each, [N], and the middles of length 1, [K, D].
    """
    draw = np.random.default_rng(seed)
    middles = [vectors_ND[draw.integers(len(vectors_ND))]]
    far_N = np.ones(len(vectors_ND))
    for _ in range(count - 1):
        far_N = np.minimum(far_N, np.maximum(1 - vectors_ND @ middles[-1], 0))
        share_N = far_N / far_N.sum() if far_N.sum() > 0 else np.full(len(far_N), 1 / len(far_N))
        middles.append(vectors_ND[draw.choice(len(vectors_ND), p=share_N)])
    middles_KD, group_N = np.stack(middles), np.full(len(vectors_ND), -1)
    for _ in range(ROUNDS):
        before_N, group_N = group_N, (vectors_ND @ middles_KD.T).argmax(1)
        if (before_N == group_N).all():
            break
        sums_KD = np.zeros_like(middles_KD)
        np.add.at(sums_KD, group_N, vectors_ND)
        length_K1 = np.linalg.norm(sums_KD, axis=1, keepdims=True)
        middles_KD = np.where(length_K1 > 0, sums_KD / np.maximum(length_K1, 1e-9), middles_KD)
    return group_N, middles_KD
