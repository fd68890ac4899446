"""Settings of an encoder that name no kind: those of the one that suits the decoder; knows no text and no weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from weft.models.choices import DecoderChoice
from weft.tasks.sides import suiting

_DECODER = TypeAdapter(DecoderChoice)


def with_kind(settings: Any, *, context: Any) -> Any:
    """The settings of a task, with those of `encoder` over what suits its decoder where they name no kind.

    Others are as they were, and so are those with a decoder that cannot be, which is told where it is read.
    """
    encoder = settings.get("encoder") if isinstance(settings, Mapping) else None
    if not isinstance(encoder, Mapping) or "kind" in encoder:
        return settings
    try:
        decoder = _DECODER.validate_python(settings.get("decoder", {}), context=context)
    except ValidationError:
        return {name: value for name, value in settings.items() if name != "encoder"}
    return {**settings, "encoder": {**suiting(decoder).model_dump(), **encoder}}
