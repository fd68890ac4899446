"""Simple methods that choose among options, on cases worked by hand in English and Chinese."""

import pytest

from weft.data.examples.option_questions import Choice
from weft.tasks.option_floors import counted_floors, learned_floors

ENGLISH = "Ada has a red hat . Bob has a small green boat and rows on the lake"
CHINESE = "李明在上海开了一家书店。王芳在北京教数学。"
ROWS = [
    Choice("Who rows on the lake?", ENGLISH, ("Ada", "Bob"), 1),
    Choice("谁在北京教数学？", CHINESE, ("李明", "王芳"), 1),
]


def test_lengths_characters_and_chance():
    rows = [Choice("谁？", "李明和王芳", ("李明", "赵钱孙李"), 0), Choice("Who?", "Ada did.", ("Bo", "Ada"), 1)]
    found = {name: one.values["accuracy"] for name, one in counted_floors(rows).items()}
    assert [*found.values()] == [0.5, 0.5, 1.0]


def test_the_window_finds_what_stands_close_together_and_the_distance_what_does_not():
    found = {name: one.values["accuracy"] for name, one in learned_floors([], ROWS).items()}
    # six words hold `rows on the lake`, and neither `Ada` nor `Bob`: of equal options the first one
    assert found["the sliding window (MCTest)"] == 0.5
    assert found["the sliding window less the distance (MCTest)"] == 1


@pytest.mark.parametrize(("places", "name", "accuracy"), [([1, 1, 0], "option 2", 1.0), ([0, 1], "option 1", 0.0)])
def test_the_commonest_place_is_that_of_training_and_of_equals_the_first(places, name, accuracy):
    train = [Choice("谁？", CHINESE, ("李明", "王芳"), place) for place in places]
    (said, found), *_ = learned_floors(train, ROWS).items()
    assert said == f"the commonest place of the answer ({name})"
    assert found.values == {"accuracy": accuracy}


def test_a_place_beyond_the_options_is_the_last_one():
    train = [Choice("?", "a", ("a", "b", "c"), 2)]
    assert next(iter(learned_floors(train, ROWS).values())).values == {"accuracy": 1.0}
