"""Simple methods that choose among options: by chance, place or length, or by the words shared with the passage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from weft.data.examples.option_questions import Choice
from weft.inputs.overlap_features import DISTANCE, WINDOW, overlap_features
from weft.metrics.floors import Floor
from weft.metrics.systems import mean_score


def counted_floors(examples: Sequence[Choice]) -> dict[str, Floor]:
    """Score methods that look at lengths and characters alone; of equal options the first is chosen.

    What looks at passages is left out where there are none, here and in `learned_floors`.
    """
    chance_N = np.array([1 / len(one.options) for one in examples])
    longest = [max(range(len(one.options)), key=lambda place, one=one: len(one.options[place])) for one in examples]
    plain = {"a random option": _floor(chance_N), "the longest option": _floor(_right(longest, examples))}
    if not any(one.passage for one in examples):
        return plain
    alike = [int(np.argmax([_common(set(one.passage), option) for option in one.options])) for one in examples]
    return {
        **plain,
        "the option with the most characters of the passage": _floor(_right(alike, examples)),
    }


def learned_floors(train: Sequence[Choice], examples: Sequence[Choice]) -> dict[str, Floor]:
    """Score the commonest place of the right option in training, and the sliding window of MCTest.

    The window is as long as question and option have words, and slides over the passage to where the words of both
    weigh most, the rarer the more; from that the distance of their words is taken (Richardson et al. 2013, "MCTest",
    section 5.1, algorithms 1 and 2).
    """
    times = Counter(one.answer for one in train if one.answer is not None)
    place = max(sorted(times), key=times.__getitem__, default=0)
    commonest = [min(place, len(one.options) - 1) for one in examples]
    placed = {f"the commonest place of the answer (option {place + 1})": _floor(_right(commonest, examples))}
    if not any(one.passage for one in examples):
        return placed
    features = np.split(
        overlap_features([one.texts for one in examples]), np.cumsum([len(one.options) for one in examples])[:-1]
    )
    window = [int(np.argmax(one_OF[:, WINDOW])) for one_OF in features]
    distance = [int(np.argmax(one_OF[:, WINDOW] - one_OF[:, DISTANCE])) for one_OF in features]
    return {
        **placed,
        "the sliding window (MCTest)": _floor(_right(window, examples)),
        "the sliding window less the distance (MCTest)": _floor(_right(distance, examples)),
    }


def _right(chosen: Sequence[int], examples: Sequence[Choice]) -> np.ndarray:
    """Return whether each chosen option is the right one, by its text as answers of a model are compared."""
    return np.array([one.options[place] == one.right for place, one in zip(chosen, examples, strict=True)], dtype=float)


def _floor(right_N: np.ndarray) -> Floor:
    return Floor.of({"accuracy": mean_score(right_N, signature="questions right")})


def _common(passage: set[str], option: str) -> int:
    return sum(letter in passage for letter in option if letter.isalnum())
