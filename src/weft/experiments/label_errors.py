"""Labels that are likely wrong: cross-validated answers of a fast model, read by confident learning; mends nothing.

Every text is answered by a model that was trained on other folds, so that no label speaks for itself. Equal texts are
in one fold. The model is a bag of n-grams, trained in memory: not the best reader, but it answers 10,000 texts that it
did not see within a minute.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from weft.config import validated
from weft.data.findings import Finding, Part, counted
from weft.data.split import folds, split
from weft.metrics.calibration import temperature, tempered
from weft.metrics.label_quality import label_issues
from weft.reading import Examples
from weft.run import RunConfig, fit
from weft.tasks.classification import Labelled
from weft.training.reports import Note

FOLDS = 5
FEWEST = 50
"""Texts without which nothing is told."""
MARGIN = 0.6
"""How far the given label must lie under another one, in calibrated probability, to be shown.

Chosen on ChnSentiCorp with 5% of its labels turned, by two kinds of bags trained for long and for short: at this margin
all of them found half of the turned labels, and half of what they showed was turned.
"""

_TITLE = "Labels that are likely wrong"


def find_label_errors(part: Part, *, seed: int = 0) -> Iterator[Note | Finding]:
    """Look for labels that a model trained on the other texts does not believe; notes first, the finding last.

    Labels with fewer texts than there are folds cannot be learned in each of them, and are left out.
    """
    rows = _tellable(part)
    labels = sorted({part.labels[row].strip() for row in rows})
    if len(rows) < FEWEST or len(labels) < 2:
        said = f"not looked at: this takes {FEWEST} texts or more, of two labels or more"
        yield Finding("label-errors", _TITLE, "fine", said)
        return
    numbers = {label: number for number, label in enumerate(labels)}
    labels_N = np.array([numbers[part.labels[row].strip()] for row in rows], dtype=np.int64)
    probabilities_NC = np.zeros((len(rows), len(labels)))
    texts, names = [part.texts[row] for row in rows], [part.labels[row].strip() for row in rows]
    for number, fold in enumerate(folds(names, texts, count=FOLDS, seed=seed), 1):
        yield Note(f"label errors: fold {number} of {FOLDS}")
        probabilities_NC[fold.dev] = _answered(texts, names, fold.train, fold.dev, labels=labels, seed=seed)
    # how sure a model is depends on how long it was trained; what its sureness is worth, on how often it was right
    probabilities_NC = tempered(probabilities_NC, temperature(probabilities_NC, labels_N))
    issues = label_issues(probabilities_NC, labels_N, margin=MARGIN)
    shown = [
        part.row(rows[place], note=f"reads as `{labels[seems]}` ({probabilities_NC[place, seems]:.0%})")
        for place, seems in zip(issues.rows_K.tolist(), issues.seem_K.tolist(), strict=True)
    ]
    if not shown:
        yield Finding("label-errors", _TITLE, "fine", "no label is plainly at odds with its text")
        return
    said = f"{counted(len(shown), 'text')} of {len(rows):,} ({len(shown) / len(rows):.1%}) read as another label than"
    said += " their own, by models that had not seen them"
    fix = "read them, worst first: half of them or more may be right, and the model wrong"
    yield Finding("label-errors", _TITLE, "warning", said, len(shown), fix, shown)


def _tellable(part: Part) -> list[int]:
    """The rows with a text and with a label that each fold can learn."""
    full = [row for row in range(len(part)) if part.texts[row].strip() and part.labels[row].strip()]
    counts = Counter(part.labels[row].strip() for row in full)
    return [row for row in full if counts[part.labels[row].strip()] >= FOLDS]


def _answered(
    texts: Sequence[str], names: Sequence[str], train: np.ndarray, dev: np.ndarray, *, labels: Sequence[str], seed: int
) -> np.ndarray:
    """The probability of each label for the `dev` rows, by a model of the `train` rows, [D, C]."""
    known = [Labelled(texts[row], names[row]) for row in train.tolist()]
    halves = split([names[row] for row in train], [texts[row] for row in train], share=0.1, seed=seed)
    config = validated(
        RunConfig,
        {
            "data": {"train": ""},
            "task": {"encoder": "bag", "text": "text", "label": "label"},
            "seed": seed,
            "device": "cpu",
        },
    )
    parts = ([known[row] for row in rows.tolist()] for rows in (halves.train, halves.dev))
    model = fit(config, Examples(config.task, *parts, [], []))
    answers = model.answer([texts[row] for row in dev.tolist()])
    return np.array([[answer.probabilities.get(label, 0.0) for label in labels] for answer in answers])
