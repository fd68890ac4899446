"""The catalogue of scores: what each is called and means, how it is written, which way is better; computes none.

A name has one meaning in every task: what differs in meaning is given another name.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Form = Literal["share", "points", "number"]
"""Form in which a score is written: a share of 1 as percents, 0 to 100 as points, anything else as a number."""
Better = Literal["higher", "lower"]
"""Direction in which a score is better."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A score: its name in files and settings, its title, its meaning, its form, and which way is better."""

    name: str
    title: str
    meaning: str = ""
    form: Form = "number"
    better: Better = "higher"
    digits: int = 4
    """Digits after the point in a table of numbers."""
    beside: bool = False
    """Whether a table of several runs has a column of it."""

    @property
    def called(self) -> str:
        """The title inside of a sentence: `accuracy`, `macro F1`, `BLEU`."""
        return self.title[0].lower() + self.title[1:] if self.title[1:2].islower() else self.title

    @property
    def with_direction(self) -> str:
        """Its name in a sentence or a table, where of points the fewer are the better with a word on that."""
        return self.called + (" (lower is better)" if self.form == "points" and self.better == "lower" else "")


_WORDS = "words (Chinese: characters)"
_ALL = (
    Measure(
        "all_right",
        "All right",
        "share of texts with every answer right (sentence accuracy)",
        "share",
        beside=True,
    ),
    Measure("mean_of_tasks", "Mean of the tasks", "the mean of the first score of each task", "share"),
    Measure("accuracy", "Accuracy", "share of predictions that are correct", "share", beside=True),
    Measure(
        "micro_f1", "Micro F1", "precision and recall as one, over all texts and labels together", "share", beside=True
    ),
    Measure("macro_f1", "Macro F1", "the mean of the labels’ F1, each label counting the same", "share", beside=True),
    Measure("exact_match", "Exact match", "share of answers equal to a correct one", "share"),
    Measure(
        "f1",
        "F1",
        f"harmonic mean of precision and recall; of answers, by the {_WORDS} shared with a correct one",
        "share",
        beside=True,
    ),
    Measure("precision", "Precision", "how often a predicted label is right", "share"),
    Measure("recall", "Recall", "how much of a label is found", "share"),
    Measure(
        "macro_precision",
        "Macro precision",
        "share of correct predictions among those of each label, averaged over labels",
        "share",
    ),
    Measure("macro_recall", "Macro recall", "share of each label’s texts that is found, averaged over labels", "share"),
    Measure("micro_precision", "Micro precision", "share of predicted labels that are correct", "share"),
    Measure("micro_recall", "Micro recall", "share of true labels that are found", "share"),
    Measure("span_f1", "Span F1", "precision and recall as one, over the spans of all texts", "share", beside=True),
    Measure("span_precision", "Span precision", "predicted spans with the start, end and label of a true one", "share"),
    Measure("span_recall", "Span recall", "true spans that are found with start, end and label", "share"),
    Measure("word_f1", "Word F1", "precision and recall of the words that texts are cut into", "share", beside=True),
    Measure("word_precision", "Word precision", "predicted words that are words of the true segmentation", "share"),
    Measure("word_recall", "Word recall", "words of the true segmentation that are found", "share"),
    Measure("seen_recall", "Recall of known strings", "true spans found, of those that training had too", "share"),
    Measure(
        "unseen_recall", "Recall of unknown strings", "true spans found, of those that training never had", "share"
    ),
    Measure("hamming_loss", "Hamming loss", "share of label decisions that are wrong", "share", "lower"),
    Measure("r2", "R²", "share of the variance that is explained; the mean has 0, perfect is 1", digits=3, beside=True),
    Measure(
        "pearson", "Correlation (Pearson)", "linear correlation of predicted and true values", digits=3, beside=True
    ),
    Measure(
        "spearman",
        "Rank correlation (Spearman)",
        "correlation of the ranks of predicted and true values",
        digits=3,
        beside=True,
    ),
    Measure(
        "rmse",
        "RMSE",
        "root of the mean squared error, in the unit of the value; 0 is best",
        better="lower",
        beside=True,
    ),
    Measure(
        "mae",
        "MAE",
        "mean absolute error, in the unit of the value, or of ordered labels in places; 0 is best",
        better="lower",
        beside=True,
    ),
    Measure("ndcg_at_10", "nDCG@10", "how far up the relevant texts stand among the first ten; 1 is best", beside=True),
    Measure("mrr", "MRR", "mean of one over the rank of the first relevant text"),
    Measure("recall_at_1", "Recall@1", "share of the relevant texts that are found first", "share", beside=True),
    Measure("recall_at_5", "Recall@5", "share of the relevant texts among the first five", "share"),
    Measure("recall_at_10", "Recall@10", "share of the relevant texts among the first ten", "share"),
    *(
        Measure(
            f"{kind}_recall_at_{top}",
            f"{kind.capitalize()} recall@{top}",
            f"share of {by} for which a right {kind} is among the first {top} found",
            "share",
            beside=top == 1,
        )
        for kind, by in (("image", "texts"), ("text", "images"))
        for top in (1, 5, 10)
    ),
    Measure("mean_recall", "Mean recall", "mean of the recalls at 1, 5 and 10 in both directions", "share"),
    Measure("image_mrr", "Image MRR", "mean over texts of one over the rank of the first right image"),
    Measure("text_mrr", "Text MRR", "mean over images of one over the rank of the first right text"),
    Measure("image_map", "Image MAP", "mean average precision of the images found for texts; 1 is best"),
    Measure("text_map", "Text MAP", "mean average precision of the texts found for images; 1 is best"),
    Measure(
        "quadratic_kappa",
        "Weighted kappa",
        "agreement beyond chance, an error counting by the square of its distance (quadratic weights); 1 is best",
        digits=3,
        beside=True,
    ),
    Measure("bleu", "BLEU", "n-grams of up to four words shared with a reference; 100 is best", "points", beside=True),
    Measure(
        "chrf", "chrF", "n-grams of up to six characters shared with a reference; 100 is best", "points", beside=True
    ),
    Measure("ter", "TER", "edits that would correct it, per 100 words of reference; 0 is best", "points", "lower"),
    Measure("rouge1", "ROUGE-1", "words shared with a reference", "points"),
    Measure(
        "cer", "Character error rate", "wrong characters for each of the transcript", "points", "lower", beside=True
    ),
    Measure(
        "wer", "Word error rate", "wrong words for each of the transcript, by blanks", "points", "lower", beside=True
    ),
    Measure("rouge2", "ROUGE-2", "word bigrams shared with a reference", "points"),
    Measure("rougeL", "ROUGE-L", "longest common subsequence with a reference", "points", beside=True),
    Measure("rougeL_coco", "ROUGE-L (COCO)", "ROUGE-L as papers on data-to-text compute it", "points"),
    Measure("rougeLsum", "ROUGE-Lsum", "ROUGE-L sentence by sentence", "points"),
    Measure(
        "log_loss", "Log loss", "mean negative log-probability of the truth; 0 is best", better="lower", beside=True
    ),
    Measure(
        "perplexity",
        "Perplexity",
        "effective number of choices per token; 1 is best",
        better="lower",
        digits=2,
        beside=True,
    ),
    Measure(
        "bits_per_byte",
        "Bits per byte",
        "cross-entropy per byte of text; 0 is best",
        better="lower",
        beside=True,
    ),
    Measure(
        "calibration_error",
        "Calibration error",
        "expected gap between confidence and accuracy",
        "share",
        "lower",
        beside=True,
    ),
)
MEASURES = {one.name: one for one in _ALL}
"""All scores of weft by name, in the order of tables."""


def measure(name: str) -> Measure:
    """Look a score up; one that is not in the catalogue is called by its name in words.

    That of one of several tasks, `intent.accuracy`, is known by what follows the point.
    """
    task, _, own = name.rpartition(".")
    if task and own in MEASURES:
        return replace(MEASURES[own], name=name, title=f"{task}: {MEASURES[own].called}")
    return MEASURES.get(name) or Measure(name, name.replace("_", " ").capitalize())


def in_full(name: str, value: float) -> str:
    """Write a score's value for a table."""
    known = measure(name)
    if known.form == "share":
        return f"{value:.2%}"
    return f"{value:.{2 if known.form == 'points' else known.digits}f}"


def in_short(name: str, value: float) -> str:
    """Write a score's value for a line of progress."""
    return f"{value:.1f}" if measure(name).form == "points" else in_full(name, value)
