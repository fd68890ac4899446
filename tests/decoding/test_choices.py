"""Searches as users write them: kinds, mistakes, and the rules that settings become."""

import pytest
from pydantic import ValidationError

from weft.config import Config, kind_of, read_yaml, validated, write_yaml
from weft.decoding.choices import SEARCHES, Beam, Greedy, MinimumRisk, Sample, SearchChoice
from weft.decoding.forced import ForcedWords
from weft.decoding.rules import (
    Banned,
    Lengths,
    MinP,
    NoRepeat,
    RepetitionPenalty,
    Temperature,
    TopK,
    TopP,
    Typical,
)
from weft.errors import ConfigError


class Settings(Config):
    search: SearchChoice = Greedy()


SPELLINGS = {"cat": [[5], [6, 7]], "猫": [[8], [9]], "骑马": [[10, 11], []], "🐈": []}


def rules_of(search, *, longest=20):
    return search.rules(end=0, spell=SPELLINGS.__getitem__, longest=longest)


@pytest.mark.parametrize("search", SEARCHES, ids=kind_of)
def test_a_search_is_chosen_by_its_kind_and_comes_back_from_yaml(search, tmp_path):
    chosen = validated(Settings, {"search": kind_of(search)})
    assert chosen.search == search()
    write_yaml(chosen, tmp_path / "config.yaml")
    assert validated(Settings, read_yaml(tmp_path / "config.yaml")) == chosen
    assert rules_of(search()) == ()


def test_a_beam_takes_its_size_first():
    beam = Beam(7, alternatives=3, forced=("猫",))
    assert beam == Beam(size=7, alternatives=3, forced=("猫",))
    assert beam == validated(Settings, {"search": {**beam.model_dump(), "size": 7}}).search
    assert (beam.size, Beam().size) == (7, 5)
    with pytest.raises(ValidationError, match="frozen"):
        beam.size = 3


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kind": "beam", "size": 0}, "search.size: expected greater than or equal to 1, found `0`\nhint: 5 is usual"),
        ({"kind": "beam", "size": "大"}, "search.size: expected a valid integer, found `大`\nhint: 5 is usual"),
        ({"kind": "beam", "size": 2, "alternatives": 3}, "search: a beam of 2 has no 3 alternatives\nhint: set"),
        ({"kind": "beam", "sise": 3}, "search: there is no setting `sise`\nhint: did you mean `size`?"),
        (
            {"kind": "beam", "length_penalty": float("nan")},
            "search.length_penalty: expected a finite number, found `nan`\nhint:",
        ),
        ({"kind": "sample", "temperature": 0}, "search.temperature: expected greater than 0, found `0`\nhint: for"),
        ({"kind": "sample", "temperature": -1}, "search.temperature: expected greater than 0, found `-1`\nhint: for"),
        (
            {"kind": "sample", "top_p": 1.5},
            "search.top_p: expected less than or equal to 1, found `1.5`\nhint: a share",
        ),
        ({"kind": "sample", "top_p": 0}, "search.top_p: expected greater than 0, found `0`\nhint: a share"),
        (
            {"kind": "minimum-risk", "samples": 1},
            "search.samples: expected greater than or equal to 2, found `1`\nhint:",
        ),
        ({"min_length": 9, "max_length": 5}, "search: `min_length` is 9, above `max_length`, 5\nhint: lower"),
        ({"max_length": 0}, "search.max_length: expected greater than or equal to 1, found `0`\nhint: null: the limit"),
        ({"repetition_penalty": 0}, "search.repetition_penalty: expected greater than 0, found `0`\nhint: 1 changes"),
        ({"banned": "猫"}, "search.banned: expected a valid tuple, found `猫`\nhint: give a list of words"),
        ({"forced": ["cat", ""]}, "search.forced: expected a text, found an empty one\nhint: give a list"),
        ("beem", "search: there is no kind `beem`\nhint: did you mean `beam`?"),
    ],
)
def test_a_mistake_is_one_line_and_a_hint(given, said):
    with pytest.raises(ConfigError) as caught:
        validated(Settings, {"search": given})
    assert str(caught.value).startswith(said)
    assert str(caught.value).count("\n") == said.count("\n")


def test_settings_become_rules_in_their_order():
    common = {
        "repetition_penalty": 1.2,
        "no_repeat": 3,
        "min_length": 2,
        "banned": ("猫", "🐈"),
        "forced": ("cat", "骑马"),
    }
    constraints = (
        RepetitionPenalty(1.2),
        NoRepeat(3),
        Banned(((8,), (9,))),
        Lengths(end=0, shortest=2),
        ForcedWords((((5,), (6, 7)), ((10, 11),)), end=0, longest=20),
    )
    assert rules_of(Greedy(**common)) == rules_of(Beam(3, **common)) == constraints
    shaping = {"temperature": 0.8, "top_k": 50, "top_p": 0.95, "min_p": 0.05, "typical": 0.9}
    shapes = (Temperature(0.8), TopK(50), TopP(0.95), MinP(0.05), Typical(0.9))
    for search in (Sample, MinimumRisk):
        assert rules_of(search(**common, **shaping)) == (*constraints, *shapes)


def test_the_forced_words_of_a_beam_are_to_be_had_alone():
    beam = Beam(4, forced=("骑马",))
    assert beam.forced_words(end=0, spell=SPELLINGS.__getitem__, longest=8) == rules_of(beam, longest=8)[-1]
    assert Beam(4).forced_words(end=0, spell=SPELLINGS.__getitem__, longest=8) is None


@pytest.mark.parametrize(
    ("search", "said"),
    [
        (Beam(forced=("骑马", "cat"), max_length=2), "take 3 tokens"),
        (Greedy(forced=("cat",), banned=("cat",)), "`cat` holds what is banned"),
        (Sample(forced=("🐈",)), "`🐈` cannot be written"),
    ],
)
def test_words_that_cannot_be_had_are_an_error(search, said):
    with pytest.raises(ConfigError, match=said):
        rules_of(search, longest=search.max_length or 20)


def test_of_a_word_that_cannot_be_written_the_characters_are_named():
    def spell(word):
        return [[1]] if set(word) <= set("cat骑") else []

    with pytest.raises(ConfigError, match="vocabulary of this model, which lacks `h`, `马`\nhint: force a word"):
        Greedy(forced=("cath马",)).forced_words(end=0, spell=spell, longest=9)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Beam(0), "Beam.size: expected greater than or equal to 1, found `0`\nhint: 5 is usual"),
        (lambda: Beam(2, alternatives=3), "Beam: a beam of 2 has no 3 alternatives"),
        (lambda: Beam(sise=3), "Beam: there is no setting `sise`\nhint: did you mean `size`?"),
        (lambda: Sample(temperature=0), "Sample.temperature: expected greater than 0, found `0`\nhint: for"),
        (lambda: MinimumRisk(samples=1), "MinimumRisk.samples: expected greater than or equal to 2, found `1`\nhint:"),
        (lambda: Greedy(forced="猫"), "Greedy.forced: expected a valid tuple, found `猫`\nhint: give a list of words"),
    ],
)
def test_a_mistake_in_python_is_told_as_one_in_a_file(make, said):
    with pytest.raises(ConfigError) as caught:
        make()
    assert str(caught.value).startswith(said)
