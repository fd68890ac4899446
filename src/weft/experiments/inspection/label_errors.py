"""Finds labels that are likely wrong, by confident learning on cross-validated predictions of a fast model.

Every text is predicted by a model that was trained on other folds, so that no label supports itself. Equal texts are in
one fold. The model is a bag of n-grams, trained in memory: not the most accurate, but it predicts 10,000 texts that it
did not see within a minute.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from weft.config import validated
from weft.data.checks.findings import Finding, Part, counted
from weft.data.examples.labelled import LabelledText
from weft.data.split import folds
from weft.dataset import Examples, held_out
from weft.metrics.calibration import temperature, tempered
from weft.metrics.label_quality import label_issues
from weft.run import RunConfig, fit_in_memory
from weft.training.reports import Note

FOLDS = 5
FEWEST = 50
"""Least number of texts for this check."""
MARGIN = 0.6
"""Least margin to be shown: how far the given label lies under another one, in calibrated probability.

Chosen on ChnSentiCorp with 5% of its labels changed, by two kinds of bags trained for long and for short: at this
margin all of them found half of the changed labels, and half of what they showed was changed."""

_TITLE = "Likely label errors"


def find_label_errors(part: Part, *, seed: int = 0) -> Iterator[Note | Finding]:
    """Find labels that contradict a model trained on the other texts; yields notes first, the finding last.

    Labels with fewer texts than there are folds cannot be learned in each of them, and are left out. Texts with several
    labels are not checked.
    """
    if part.several:
        said = "not checked: how far such models can be believed was measured for texts with one label each"
        yield Finding("label-errors", _TITLE, "fine", said)
        return
    found = _examples(part)
    rows, examples = list(found), list(found.values())
    names, texts = [one.stratum for one in examples], [one.whole for one in examples]
    labels = sorted(set(names))
    if len(rows) < FEWEST or len(labels) < 2:
        said = f"not checked: this takes {FEWEST} {part.thing}s or more, of two labels or more"
        yield Finding("label-errors", _TITLE, "fine", said)
        return
    numbers = {label: number for number, label in enumerate(labels)}
    labels_N = np.array([numbers[name] for name in names], dtype=np.int64)
    probabilities_NC = np.zeros((len(rows), len(labels)))
    for number, fold in enumerate(folds(names, texts, count=FOLDS, seed=seed), 1):
        yield Note(f"label errors: fold {number} of {FOLDS}")
        probabilities_NC[fold.dev] = _answered(examples, fold.train, fold.dev, labels=labels, seed=seed)
    # a model's confidence depends on how long it was trained; calibration makes it comparable
    probabilities_NC = tempered(probabilities_NC, temperature(probabilities_NC, labels_N))
    issues = label_issues(probabilities_NC, labels_N, margin=MARGIN)
    shown = [
        part.row(rows[place], note=f"predicted `{labels[seems]}` ({probabilities_NC[place, seems]:.0%})")
        for place, seems in zip(issues.rows_K.tolist(), issues.seem_K.tolist(), strict=True)
    ]
    if not shown:
        yield Finding("label-errors", _TITLE, "fine", "no label is clearly at odds with its text")
        return
    said = f"{counted(len(shown), part.thing)} of {len(rows):,} ({len(shown) / len(rows):.1%}) get another label"
    said += " from models that were not trained on them"
    fix = "review them, worst first: half of them or more may be right, and the model wrong"
    yield Finding("label-errors", _TITLE, "warning", said, len(shown), fix, shown)


def _examples(part: Part) -> dict[int, LabelledText]:
    """Return the rows with a text, or both, and with a label that each fold can learn, by their numbers."""
    full = {
        row: LabelledText(texts[0], part.stratum(row), second=(*texts, None)[1])
        for row, texts in enumerate(part.each)
        if part.names(row) and all(map(str.strip, texts))
    }
    counts = Counter(one.label for one in full.values())
    return {row: one for row, one in full.items() if counts[one.label] >= FOLDS}


def _answered(
    examples: Sequence[LabelledText], train: np.ndarray, dev: np.ndarray, *, labels: Sequence[str], seed: int
) -> np.ndarray:
    """Predict the probability of each label for the `dev` rows, by a model of the `train` rows, [D, C]."""
    known = [examples[row] for row in train.tolist()]
    config = validated(
        RunConfig,
        {
            "data": {"train": ""},
            "task": {"encoder": "bag", "text": "text", "label": "label"},
            "seed": seed,
            "device": "cpu",
        },
    )
    model = fit_in_memory(config, Examples(config.task, *held_out(known, config.data, config.task, seed), [], []))
    answers = model.answer([examples[row] for row in dev.tolist()])
    return np.array([[answer.probabilities.get(label, 0.0) for label in labels] for answer in answers])
