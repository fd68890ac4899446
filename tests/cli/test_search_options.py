"""Options that say how a text is written: which search they ask for, and which of them cannot stand together."""

import click
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.cli import search_options
from weft.config import kind_of
from weft.decoding.choices import SEARCHES, Beam, Greedy, MinimumRisk, Sample
from weft.errors import ConfigError

DRAWS = {
    "--temperature": 0.8,
    "--top-k": 5,
    "--top-p": 0.9,
    "--min-p": 0.1,
    "--typical": 0.95,
    "--seed": 3,
}
OTHERS = {
    "--repetition-penalty": 1.2,
    "--no-repeat": 3,
    "--min-length": 2,
    "--max-length": 9,
    "--prefix": "春",
}


@pytest.fixture(scope="module")
def asked():
    """What a verb with the options gets as its search over a model's own."""
    found = []

    @click.command()
    @search_options.options
    def verb(search: search_options.Asked) -> None:
        found.append(search)

    def call(*words: str, own=None):
        ran = CliRunner().invoke(verb, list(words), standalone_mode=False)
        if ran.exception:
            raise ran.exception
        return found[-1].over(own)

    return call


def test_every_kind_of_search_is_known():
    assert tuple(map(kind_of, SEARCHES)) == search_options.KINDS


CASES = [
    ((), Beam(7), None),
    (("--greedy",), Beam(7), Greedy()),
    (("--beam", "3"), Sample(), Beam(3)),
    (("--beam", "3"), Beam(7, length_penalty=0.5), Beam(3, length_penalty=0.5)),
    (("--alternatives", "3"), None, Beam(5, alternatives=3)),
    (("--alternatives", "9"), Beam(7), Beam(9, alternatives=9)),
    (("--seed", "1"), Beam(7), Sample(seed=1)),
    (("--top-p", "0.9"), Sample(temperature=0.7), Sample(temperature=0.7, top_p=0.9)),
    (("--samples", "2"), Beam(7), Sample(samples=2)),
    (("--minimum-risk", "8", "--temperature", "0.5"), Beam(7), MinimumRisk(samples=8, temperature=0.5)),
    (("--max-length", "4"), Beam(7), Beam(7, max_length=4)),
    (("--max-length", "4"), None, Greedy(max_length=4)),
    (("--ban", "猫", "--ban", "cat", "--force", "狗"), Greedy(), Greedy(banned=("猫", "cat"), forced=("狗",))),
    (("--min-p", "0", "--top-k", "0"), Greedy(), Sample()),
]


@pytest.mark.parametrize(("words", "own", "expected"), CASES, ids=lambda value: str(value)[:40])
def test_options_ask_for_a_search(asked, words, own, expected):
    assert asked(*words, own=own) == expected


@settings(max_examples=50, deadline=None)
@given(st.sets(st.sampled_from(sorted(DRAWS)), min_size=1), st.sets(st.sampled_from(sorted(OTHERS))))
def test_any_options_that_draw_draw(asked, draws, others):
    known = {**{flag: DRAWS[flag] for flag in draws}, **{flag: OTHERS[flag] for flag in others}}
    found = asked(*(word for flag, value in known.items() for word in (flag, str(value))), own=Beam(4))
    names = {flag.removeprefix("--").replace("-", "_"): value for flag, value in known.items()}
    assert found == Sample(**names)
    for other in (("--beam", "5"), ("--greedy",), ("--alternatives", "2"), ("--length-penalty", "0")):
        with pytest.raises(click.UsageError, match="exclude each other"):
            asked(*other, *(word for flag, value in known.items() for word in (flag, str(value))))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--greedy", "--beam", "2"), "--greedy and --beam exclude each other: `greedy` is another search than `beam`"),
        (("--beam", "5", "--temperature", "0.8"), "--beam and --temperature exclude each other"),
        (("--samples", "2", "--minimum-risk", "2"), "--samples and --minimum-risk exclude each other"),
        (("--alternatives", "2", "--samples", "2"), "--alternatives and --samples exclude each other"),
    ],
)
def test_options_that_contradict_each_other(asked, words, says):
    with pytest.raises(click.UsageError, match=says):
        asked(*words)


BAD = [
    ("--beam", "0"),
    ("--alternatives", "0"),
    ("--length-penalty", "nan"),
    ("--temperature", "0"),
    ("--temperature", "-1"),
    ("--temperature", "inf"),
    ("--top-k", "-1"),
    ("--top-p", "0"),
    ("--top-p", "1.5"),
    ("--min-p", "-0.1"),
    ("--min-p", "2"),
    ("--typical", "0"),
    ("--typical", "1.01"),
    ("--samples", "0"),
    ("--seed", "-1"),
    ("--minimum-risk", "1"),
    ("--repetition-penalty", "0"),
    ("--no-repeat", "-1"),
    ("--min-length", "-1"),
    ("--max-length", "0"),
    ("--ban", ""),
]


@pytest.mark.parametrize(("flag", "value"), BAD)
def test_a_value_that_cannot_be_is_told_by_its_option(asked, flag, value):
    with pytest.raises(ConfigError) as error:
        asked(flag, value)
    assert error.value.where.startswith(flag)
    assert error.value.hint


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--max-length", "0"), "--max-length: expected greater than or equal to 1, found `0`\nhint: leave it out"),
        (("--temperature", "0"), "--temperature: expected greater than 0, found `0.0`\nhint: --greedy always takes"),
        (("--force", ""), "--force: expected a text, found an empty one\nhint: give a word, and the option again"),
        (
            ("--beam", "5", "--alternatives", "7"),
            "a beam of 5 has no 7 alternatives\nhint: set --alternatives to at most 5, or --beam to at least 7",
        ),
        (("--min-length", "5", "--max-length", "3"), "--min-length is 5, above --max-length, 3\nhint: lower the one"),
    ],
)
def test_a_mistake_is_told_in_options(asked, words, said):
    with pytest.raises(ConfigError) as error:
        asked(*words)
    assert str(error.value).startswith(said)
