"""Simple methods that write, on cases worked by hand in English and Chinese."""

import pytest

from weft.data.examples.source_target import SourceTarget
from weft.tasks.generation import floors
from weft.tasks.generation.floors import counted_floors, decisive, first_sentences, learned_floors, nearest_targets

TRAIN = [
    SourceTarget("the red house", ("das rote Haus",)),
    SourceTarget("the old man sleeps", ("der alte Mann schläft",)),
    SourceTarget("今天天气很好", ("the weather is good today",)),
    SourceTarget("他喜欢读书", ("he likes to read",)),
]
NEWS = "Rates rise. Banks are glad. Savers too, says one of them at length. “真的？”他问。没有人回答。"


def test_the_nearest_training_source_gives_its_target():
    sources = ["a red house", "an old man", "今天的天气", "喜欢读书的人", "xyz"]
    found = nearest_targets(TRAIN, sources)
    assert found == [*(one.targets[0] for one in TRAIN), "das rote Haus"]


def test_a_source_that_training_had_is_translated_as_there():
    found = {name: one.values for name, one in learned_floors(TRAIN, TRAIN).items()}
    assert [*found] == ["the target of the nearest training source"]
    assert found["the target of the nearest training source"]["chrf"] == pytest.approx(100)
    assert found["the target of the nearest training source"]["rougeL"] == pytest.approx(100)


def test_of_very_many_sources_some_are_searched_and_their_number_is_said(monkeypatch):
    monkeypatch.setattr(floors, "CHARACTERS", sum(len(one.source) for one in TRAIN) // 2)
    assert [*learned_floors(TRAIN, TRAIN)] == ["the target of the nearest of 2 training sources"]


def test_the_source_is_copied_where_it_is_no_longer_than_twice_the_target():
    pairs = [SourceTarget("he have a dog", ("he has a dog",)), SourceTarget("他门很好", ("他们很好",))]
    (found,) = counted_floors(pairs).values()
    assert found.values["rouge1"] == pytest.approx(75)
    assert counted_floors([SourceTarget(NEWS, ("rates up",))]) == {}


@pytest.mark.parametrize(
    ("count", "lead"),
    [(1, "Rates rise."), (2, "Rates rise. Banks are glad."), (4, NEWS[: NEWS.index("他问")]), (9, NEWS)],
)
def test_the_first_sentences(count, lead):
    assert first_sentences(NEWS, count) == lead
    assert first_sentences(f"\n\n {NEWS}", count) == lead
    assert first_sentences(" \n", count) == ""


def test_long_sources_are_cut_to_as_many_sentences_as_targets_have():
    test = [SourceTarget(NEWS, ("Rates rise. Banks are glad.",))]
    train = [
        SourceTarget(NEWS, ("Good. 好。",)),
        SourceTarget(NEWS, ("One. Two. 三。",)),
        SourceTarget(NEWS, ("一。",)),
    ]
    found = learned_floors(train, test)
    assert found["the first 2 sentences of the source"].values["bleu"] == pytest.approx(100)
    assert "the first sentence of the source" in learned_floors(train[2:], test)


def test_targets_of_fewer_words_than_bleu_counts_are_judged_by_chrf():
    assert decisive([("a green square",), ("三个字",), ("one two three four",)]) == "chrf"
    assert decisive([("a very green square",), ("四个汉字",), ("red",)]) == "bleu"
    (floor,) = counted_floors([SourceTarget("红", ("红",)), SourceTarget("green", ("red",))]).values()
    assert next(iter(floor.values)) == "chrf"
