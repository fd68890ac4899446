"""What scores are called, and with how many digits they are shown; needs no torch."""

from __future__ import annotations

CALLED = {
    "bleu": "BLEU",
    "chrf": "chrF2",
    "ter": "TER (low is good)",
    "rouge1": "ROUGE-1",
    "rouge2": "ROUGE-2",
    "rougeL": "ROUGE-L",
    "rougeL_coco": "ROUGE-L (COCO)",
}
"""The scores that go from 0 to 100."""


def called(name: str) -> str:
    """A score's name, for people."""
    return CALLED.get(name, name.replace("_", " "))


def shown(name: str, value: float) -> str:
    """A score's value in a table."""
    return f"{value:.2f}" if name in CALLED or name == "perplexity" else f"{value:.4f}"


def brief(name: str, value: float) -> str:
    """A score's value in a sentence."""
    return f"{value:.1f}" if name in CALLED else shown(name, value)
