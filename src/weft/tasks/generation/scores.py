"""Scores of generated texts, with their intervals and signatures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from weft.metrics.overlap import overlap, ter
from weft.metrics.rouge import rouge, rouge_l, tokens
from weft.metrics.systems import CorpusScore, intervals
from weft.tasks.generation.generator import GeneratedText
from weft.tasks.results import Scores


def quick_text_overlap_scores(
    answers: Sequence[GeneratedText], references: Sequence[Sequence[str]]
) -> dict[str, float]:
    """Compute BLEU and chrF, and where it is known the loss of the references: nats per token, and perplexity."""
    found = {name: one.value for name, one in overlap([one.text for one in answers], references).items()}
    return {**found, **{name: one.value for name, one in reference_scores(answers).items()}}


def text_overlap_scores(answers: Sequence[GeneratedText], references: Sequence[Sequence[str]]) -> Scores:
    """Compute BLEU, chrF, TER, ROUGE-1, 2 and L, and the loss of the references, each with its interval.

    Where a source has several references, ROUGE-L also as the scorer of COCO captions counts it.
    Details are the signatures, and BLEU and chrF once more without regard to case.
    """
    texts = [one.text for one in answers]
    found: dict[str, CorpusScore] = {
        **overlap(texts, references),
        "ter": ter(texts, references),
        **{name: one.score for name, one in rouge(texts, references).items()},
        **({"rougeL_coco": rouge_l(texts, references)} if any(len(one) > 1 for one in references) else {}),
        **reference_scores(answers),
    }
    lower = overlap(texts, references, case="lower")
    details: dict[str, Any] = {
        "signatures": {name: one.signature for name, one in found.items()},
        "lower_case": {name: {"value": one.value, "signature": one.signature} for name, one in lower.items()},
        "texts": len(texts),
        "mean_words": {"answers": _words(texts), "references": _words([one[0] for one in references])},
    }
    return Scores(intervals(found), details)


def reference_scores(answers: Sequence[GeneratedText]) -> dict[str, CorpusScore]:
    """Compute nats per token of the references and perplexity; nothing where some are not known."""
    known = [one.loss for one in answers if one.loss is not None]
    if not known or len(known) < len(answers):
        return {}
    sums_NF = np.array([[one.nats, one.tokens] for one in known], dtype=np.float64)
    return {
        "log_loss": CorpusScore("nats per token", sums_NF, _mean, "lower"),
        "perplexity": CorpusScore("exp(nats per token)", sums_NF, _perplexity, "lower"),
    }


def text_scores(answers: Sequence[GeneratedText], texts: Sequence[str]) -> dict[str, CorpusScore]:
    """Compute nats per token of texts, perplexity, and bits per byte, which no tokenizer changes.

    Of bits a byte, what it takes to tell characters apart that training never saw is a part.
    """
    losses = [one.loss for one in answers if one.loss is not None]
    sizes = [len(text.encode()) for text in texts]
    sums_NF = np.array(
        [[loss.nats + loss.spelled, size] for loss, size in zip(losses, sizes, strict=True)], dtype=np.float64
    )
    return {
        **reference_scores(answers),
        "bits_per_byte": CorpusScore("bits per byte of UTF-8", sums_NF, _bits, "lower"),
    }


def _bits(sums: np.ndarray) -> np.ndarray:
    return _mean(sums) / math.log(2)


def _mean(sums: np.ndarray) -> np.ndarray:
    return sums[..., 0] / np.maximum(1, sums[..., 1])


def _perplexity(sums: np.ndarray) -> np.ndarray:
    return np.exp(np.minimum(_mean(sums), math.log(1e9)))


def _words(texts: Sequence[str]) -> float:
    """Compute the mean length, a Han character counted as a word."""
    return sum(len(tokens(text)) for text in texts) / max(1, len(texts))
