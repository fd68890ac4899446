"""Scores of retrieval between images and texts, both ways, beside chance and a simple method.

Letters: B images, M texts, P pairs of an image and a text that is right for it, D width.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from weft.data.examples.captioned import CaptionedImage
from weft.metrics.floors import Floor, beside
from weft.metrics.retrieval import CUTS, chance_of_a_hit, hits_of
from weft.metrics.systems import CorpusScore, intervals
from weft.tasks.results import Scores

DIRECTIONS = ("image", "text")
"""Directions by what is found: images for texts, and texts for images."""
RECALLS = tuple(f"{found}_recall_at_{top}" for found in DIRECTIONS for top in CUTS)
QUICK = ("mean_recall", *RECALLS)
"""The scores that are watched in training; the first chooses the best weights."""
SHOWN, FOUND = 8, 5
"""Number of queries of each direction on a page, and of what was found for each."""

ScoresOf = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, slots=True)
class Gallery:
    """Images and their texts, end to end: the image of each text [M], and the right pairs, by image and by text [P]."""

    images: int
    texts: Sequence[str]
    owner_M: np.ndarray
    image_P: np.ndarray
    text_P: np.ndarray

    @classmethod
    def of(cls, examples: Sequence[CaptionedImage]) -> Gallery:
        """Collect the texts; one that equals a text of another image is right for that image too."""
        texts = [text for one in examples for text in one.texts]
        owner_M = np.repeat(np.arange(len(examples)), [len(one.texts) for one in examples])
        places: dict[str, list[int]] = {}
        for place, text in enumerate(texts):
            places.setdefault(text, []).append(place)
        pairs = [
            (image, place) for image, one in enumerate(examples) for text in {*one.texts} for place in places[text]
        ]
        image_P, text_P = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2).T
        return cls(len(examples), texts, owner_M, image_P, text_P)

    def scored(self, texts_for_images: ScoresOf, images_for_texts: ScoresOf) -> dict[str, CorpusScore]:
        """Score both directions, by the scores of all texts for some images, and of all images for some texts."""
        order_P = np.lexsort((self.image_P, self.text_P))
        of_texts = hits_of(
            images_for_texts, self.text_P[order_P], self.image_P[order_P], queries=len(self.texts), items=self.images
        )
        of_images = hits_of(texts_for_images, self.image_P, self.text_P, queries=self.images, items=len(self.texts))
        hits = [[one.first_Q <= top for top in CUTS] for one in (of_texts, of_images)]
        further = [(1 / one.first_Q, one.precision_Q) for one in (of_texts, of_images)]
        return self._scores([*hits[0], *further[0]], [*hits[1], *further[1]])

    def by_chance(self) -> dict[str, CorpusScore]:
        """Return the expected recalls of a random order."""
        right_M = np.bincount(self.text_P, minlength=len(self.texts))
        right_B = np.bincount(self.image_P, minlength=self.images)
        of_texts = [chance_of_a_hit(right_M, items=self.images, top=top) for top in CUTS]
        of_images = [chance_of_a_hit(right_B, items=len(self.texts), top=top) for top in CUTS]
        return self._scores(of_texts, of_images)

    def _scores(self, of_texts: Sequence[np.ndarray], of_images: Sequence[np.ndarray]) -> dict[str, CorpusScore]:
        """Build scores of values of each text, and of each image: image by image, as the texts of one are alike.

        The values are recalls at 1, 5 and 10, and maybe reciprocal rank and average precision.
        """
        summed = [np.bincount(self.owner_M, weights=one, minlength=self.images) for one in of_texts]
        count_B = np.bincount(self.owner_M, minlength=self.images)
        statistics_BF = np.stack([*summed, *of_images, count_B, np.ones(self.images)], axis=1).astype(np.float64)
        kinds = len(of_texts)
        names = [*(f"recall_at_{top}" for top in CUTS), "mrr", "map"][:kinds]
        places = {f"{found}_{name}": place for place, (found, name) in enumerate(
            (found, name) for found in DIRECTIONS for name in names
        )}  # fmt: skip
        scores = {
            name: CorpusScore(name, statistics_BF, partial(_ratio, place=place, over=-2 if place < kinds else -1))
            for name, place in places.items()
        }
        recalls = [scores[name].formula for name in RECALLS]
        mean = CorpusScore("mean_recall", statistics_BF, lambda sums: np.mean([one(sums) for one in recalls], axis=0))
        return {"mean_recall": mean, **scores}


def _ratio(sums: np.ndarray, *, place: int, over: int) -> np.ndarray:
    return sums[..., place] / np.maximum(sums[..., over], 1)


@dataclass(frozen=True, slots=True)
class Vectors:
    """Vectors of length 1 of images [B, D] and of texts [M, D]."""

    images_BD: np.ndarray
    texts_MD: np.ndarray

    def texts_for_images(self, images_b: np.ndarray) -> np.ndarray:
        """Return the cosines of all texts with some images, [b, M]."""
        return self.images_BD[images_b] @ self.texts_MD.T

    def images_for_texts(self, texts_m: np.ndarray) -> np.ndarray:
        """Return the cosines of all images with some texts, [m, B]."""
        return self.texts_MD[texts_m] @ self.images_BD.T


def model_scores(vectors: Vectors, examples: Sequence[CaptionedImage]) -> dict[str, CorpusScore]:
    """Score a model, image by image."""
    return Gallery.of(examples).scored(vectors.texts_for_images, vectors.images_for_texts)


def all_scores(vectors: Vectors, examples: Sequence[CaptionedImage]) -> Scores:
    """Compute all scores with their intervals; details are chance, and some queries with what is found for them."""
    gallery = Gallery.of(examples)
    own = gallery.scored(vectors.texts_for_images, vectors.images_for_texts)
    return Scores(
        intervals(own),
        {
            **beside(own, {"chance": Floor.of(gallery.by_chance())}),
            "images": gallery.images,
            "texts": len(gallery.texts),
            "sheets": _sheets(vectors, gallery, examples),
        },
    )


def floor_scores(scores_BM: np.ndarray, examples: Sequence[CaptionedImage]) -> dict[str, CorpusScore]:
    """Score a method that gives one score to each image and text."""
    return Gallery.of(examples).scored(lambda images_b: scores_BM[images_b], lambda texts_m: scores_BM.T[texts_m])


def _sheets(vectors: Vectors, gallery: Gallery, examples: Sequence[CaptionedImage]) -> Mapping[str, Any]:
    """Return some queries of each direction, evenly over the set, with what is found first and whether it is right."""
    right = {*zip(gallery.image_P.tolist(), gallery.text_P.tolist(), strict=True)}
    texts = np.linspace(0, len(gallery.texts) - 1, min(SHOWN, len(gallery.texts)), dtype=np.int64)
    images = np.linspace(0, gallery.images - 1, min(SHOWN, gallery.images), dtype=np.int64)
    by_text = [
        {
            "query": gallery.texts[text],
            "found": [
                {"image": examples[place].image, "right": (place, text) in right}
                for place in np.argsort(-row_B, kind="stable")[:FOUND].tolist()
            ],
        }
        for text, row_B in zip(texts.tolist(), vectors.images_for_texts(texts), strict=True)
    ]
    by_image = [
        {
            "query": examples[image].image,
            "found": [
                {"text": gallery.texts[place], "right": (image, place) in right}
                for place in np.argsort(-row_M, kind="stable")[:FOUND].tolist()
            ],
        }
        for image, row_M in zip(images.tolist(), vectors.texts_for_images(images), strict=True)
    ]
    return {"by_text": by_text, "by_image": by_image}
