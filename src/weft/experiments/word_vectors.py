"""Computes word vectors from a teacher, from which a student's embeddings start.

A teacher that was pre-trained knows more words than the labelled texts show, and of each what it is like. What it makes
of a word that stands alone, in as many principal components as the student is wide, is a good start for the student's
own vector of it (van Dongen and Tulkens 2024, Model2Vec).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from weft.bundle import Model
from weft.data.columns import encode_rows
from weft.data.examples.labelled import LabelledText
from weft.data.loader import by_length
from weft.evaluation.evaluate import BATCH_ROWS, BATCH_TOKENS
from weft.files import written
from weft.inputs.word_vectors import words_of
from weft.models.classifier import Classifier
from weft.models.embedding import Embedding
from weft.tasks.base import TaskConfig

SIZE = 0.1
"""Root mean square of all numbers, that of an embedding before training."""


def words_for(teacher: Model, student: TaskConfig, examples: Sequence[LabelledText]) -> tuple[list[str], int]:
    """Return the words that a student will know, and the width of its vectors; none if a model has no use for them.

    There are none for a teacher that was trained on the labelled texts alone, for a student that reads n-grams, starts
    from something else or does not learn from its teacher, for pairs of texts, and for tasks that generate.
    """
    if not student.starts_from_words or not isinstance(teacher.network, Classifier) or len(examples[0].texts) > 1:
        return [], 0
    if teacher.task.config.encoder.reads_with is None:
        return [], 0
    task: Any = student.learn(examples)
    embedding = next((one for one in task.build_model().modules() if isinstance(one, Embedding)), None)
    if embedding is None or task.tokenizer.pieces is None:
        return [], 0
    words = words_of(task.tokenizer.pieces)
    return list(dict.fromkeys(word for word in words if word.strip())), embedding.width


def write_vectors(teacher: Model, words: Sequence[str], path: Path, *, width: int) -> None:
    """Write the teacher's vector of each word to a text file of word vectors, in the form of word2vec."""
    vectors_ND = principal(_states(teacher, words), width=width)
    with written(path) as file:
        file.write(f"{len(words)} {width}\n")
        for word, vector_D in zip(words, vectors_ND, strict=True):
            file.write(f"{word} {' '.join(f'{number:.5g}' for number in vector_D)}\n")


def principal(states_ND: np.ndarray, *, width: int) -> np.ndarray:
    """Return the first principal components [N, width] of some states, all at `SIZE`; zeros beyond those that exist."""
    centred_ND = states_ND - states_ND.mean(0)
    _, axes_DD = np.linalg.eigh(centred_ND.T @ centred_ND)  # the largest come last
    kept_ND = centred_ND @ axes_DD[:, ::-1][:, :width]
    kept_ND *= SIZE / max(np.sqrt(np.square(kept_ND).mean()), np.finfo(np.float64).tiny)
    return np.pad(kept_ND, ((0, 0), (0, width - kept_ND.shape[1])))


def _states(teacher: Model, words: Sequence[str]) -> np.ndarray:
    """Compute the teacher's last layer for each word, float64 [N, D]."""
    task, network = teacher.task, teacher.network
    assert isinstance(network, Classifier)
    columns = encode_rows(task.encode, [task.config.example(word) for word in words])
    states_ND = np.zeros((len(words), network.encoder.width))
    with torch.inference_mode():
        for rows in by_length(columns.cost_R, batch_rows=BATCH_ROWS, batch_tokens=BATCH_TOKENS):
            source = task.collate(columns, rows).to(teacher.device).source
            states_ND[rows] = network.pool(network.encoder(source)).double().cpu().numpy()
    return states_ND
