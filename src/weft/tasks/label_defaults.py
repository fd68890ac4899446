"""The defaults of tasks that decide, as far as they depend on rows: encoder, steps, the linear model to be beaten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from weft.data.batch import Ngrams
from weft.inputs.text import texts_of
from weft.models.auto import AutoEncoderConfig
from weft.models.bag import BagEncoderConfig
from weft.models.base import EncoderConfig
from weft.text.tokenizers.choices import ngrams_for

_STEPS, _STEPS_A_LABEL = 600, 40
"""Steps of a network that suit a set without labels, and as many more for each label."""
_BESIDE = ("numbers", "categories", "image", "sound", "inputs")
_PLAIN = (*_BESIDE, "loss", "ordinal", "vectors", "start", "calibrate", "long", "max_length")
"""Settings that the linear floor does without."""


def chosen(config: Any, examples: Sequence[Any], *, by_steps: Sequence[str]) -> tuple[EncoderConfig, list[str]]:
    """Choose the encoder of a task with labels where it is `auto`; returns it with a note, or as it is without one.

    A note too says which settings have no effect where an encoder is named that takes no steps.
    """
    if not config.reads_text:
        return config.encoder, []
    if not isinstance(config.encoder, AutoEncoderConfig):
        idle = by_steps if config.decides_alone and config.encoder.deciding_alone(1).solved else ()
        many = "has" if len(idle) == 1 else "have"
        said = f"{' and '.join(idle)} {many} no effect: the {config.encoder.kind} is solved for without steps"
        return config.encoder, [f"{said} (task.encoder.solver=gradient takes them)"] if idle else []
    against = _against_bag(config, by_steps=by_steps)
    encoder = config.encoder.chosen(against_bag=against)
    texts = "pairs of texts" if len(examples[0].texts) > 1 else "single texts"
    why = against or f"{texts} are read, and nothing beside them"
    return encoder, [f"encoder: {encoder.kind}, chosen since {why}; name another with --encoder"]


def candidates(config: Any, *, by_steps: Sequence[str]) -> Mapping[str, EncoderConfig | str]:
    """Return the encoders that are worth a trial, by name, a pre-trained one as `pretrained:FOLDER`."""
    against = _against_bag(config, by_steps=by_steps)
    found = config.encoder.candidates(against_bag=against)
    if config.tokenizer is not None and config.tokenizer.kind == "ngrams":
        found = [one for one in found if not isinstance(one, str) and one.reads is Ngrams]
    return {one if isinstance(one, str) else one.kind: one for one in found}


def _against_bag(config: Any, *, by_steps: Sequence[str]) -> str:
    """Return the reason why an exact bag cannot or should not decide, or an empty string."""
    tokenizer = config.tokenizer.kind if config.tokenizer else "ngrams"
    reasons = {
        "other columns are read beside the text": bool(config.beside),
        "its embeddings start from word vectors": bool(config.vectors),
        "the loss has settings of its own": not config.has_plain_loss,
        f"task.tokenizer={tokenizer} keeps the order": tokenizer != "ngrams",
        f"{' and '.join(by_steps)} set how steps are taken": bool(by_steps),
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def steps(examples: Sequence[Any]) -> int:
    """Return a number of steps that grows with the number of labels: each has to be learned from its own rows."""
    labels = {label for one in examples for label in ((one.label,) if isinstance(one.label, str) else one.label or ())}
    labels = {label for label in labels if isinstance(label, str)}
    return _STEPS + _STEPS_A_LABEL * len(labels)


def floor(config: Any, examples: Sequence[Any]) -> Mapping[str, Any]:
    """Return the settings in which the linear floor of a task differs from its config."""
    fields = type(config).model_fields
    plain = {name: fields[name].get_default() for name in _PLAIN if name in fields}
    encoder = BagEncoderConfig(solver="exact", cost=1.0, weighting="tf-idf", balance="none", overlap="none")
    return {**plain, "tokenizer": ngrams_for(texts_of(examples, config.name)[0], letters=False), "encoder": encoder}
