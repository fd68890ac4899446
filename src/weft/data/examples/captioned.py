"""Images with texts that describe them: the examples of retrieval."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from weft.data.examples.column_names import TEXT_NAMES
from weft.data.examples.roles import Role

CAPTION_NAMES = ("caption", "captions", "description", "descriptions", "sentences", "alt", "图片描述", "描述", "说明",
                 *TEXT_NAMES)  # fmt: skip
"""Usual names of columns of texts that describe an image."""
CAPTIONS = Role("caption", CAPTION_NAMES, "text", most=None, looks="text")


@dataclass(frozen=True, slots=True)
class CaptionedImage:
    """An image by its path, and the texts that describe it, one or more."""

    image: str
    texts: tuple[str, ...]
    line: int = field(default=0, compare=False, repr=False)

    @property
    def whole(self) -> str:
        """Key of equal examples: the image."""
        return self.image

    @property
    def label(self) -> tuple[str, ...]:
        """Right answer: the texts."""
        return self.texts

    @property
    def stratum(self) -> str:
        """Group for an even split: there is only one."""
        return ""


def grouped_by_image(examples: Iterable[CaptionedImage]) -> list[CaptionedImage]:
    """Return an example for each image, with all its texts, in the order in which the images first stand."""
    found: dict[str, list[CaptionedImage]] = {}
    for one in examples:
        found.setdefault(one.image, []).append(one)
    return [
        CaptionedImage(image, tuple(dict.fromkeys(text for one in same for text in one.texts)), same[0].line)
        for image, same in found.items()
    ]


@dataclass(frozen=True, slots=True)
class OneValue:
    """An example of one value, as the settings of an input read it."""

    values: dict[str, Any]

    @classmethod
    def each(cls, name: str, values: Iterable[Any]) -> Sequence[OneValue]:
        """Make an example of each value of the input of this name."""
        return [cls({name: value}) for value in values]
