"""What every decoding rule and every search in `SEARCHES` owes; one that is not listed here fails too."""

import importlib
import inspect
import pkgutil
from typing import Any, Protocol

import numpy as np
import pytest
import torch

import weft.decoding
from tests.small_tasks import SMALL_TASKS, unanswered
from weft.config import Config, kind_of, validated
from weft.data.examples.documents import Prompt
from weft.decoding.banned import BannedText
from weft.decoding.choices import SEARCHES, Beam, Greedy, MinimumRisk, Sample, SearchChoice, SearchConfig
from weft.decoding.forced import ForcedWords
from weft.decoding.rules import (
    NEVER,
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

TEXTS = ["", "a", "b", "ab", "好", "看", "好看", " ", "ba"]
END, SIZE, ROWS, LONGEST = 0, len(TEXTS), 12, 6

CONSTRAINTS = [
    NoRepeat(1),
    NoRepeat(2),
    Banned(((3,), (1, 2), (4, 5, 1))),
    BannedText.of("好看", TEXTS),
    BannedText.of("b", TEXTS),
    Lengths(END, shortest=3),
    Lengths(END, longest=3),
    ForcedWords((((4, 5), (6,)), ((1,),)), END, LONGEST),
    TopK(3),
    TopP(0.7),
    MinP(0.3),
    Typical(0.6),
]
"""They forbid, and leave all other scores as they are."""
CHANGES = [RepetitionPenalty(1.5), Temperature(0.5), Temperature(3.0)]
"""They move scores, and forbid nothing."""
RULES = [*CONSTRAINTS, *CHANGES]


def named(rule) -> str:
    shown = [str(value) for value in vars(rule).values() if isinstance(value, int | float | str)]
    return "-".join([type(rule).__name__, *shown])


every = pytest.mark.parametrize("rule", RULES, ids=named)
steps = pytest.mark.parametrize("count", [0, 1, 2, 3, 5], ids=lambda count: f"after-{count}")


def written(count):
    """Scores with ties and gaps of rows that have written so many ids; the end is never forbidden."""
    draw = torch.Generator().manual_seed(count)
    scores_NV = torch.randn(ROWS, SIZE, generator=draw).mul(4).round().div(2)
    scores_NV[torch.rand(ROWS, SIZE, generator=draw) < 0.25] = NEVER
    scores_NV[:, END] = torch.randn(ROWS, generator=draw)
    return scores_NV, torch.randint(1, SIZE, (ROWS, count), generator=draw)


def test_every_rule_in_the_package_is_listed():
    modules = [
        importlib.import_module(one.name) for one in pkgutil.walk_packages(weft.decoding.__path__, "weft.decoding.")
    ]
    called = {
        one
        for module in modules
        for one in vars(module).values()
        if inspect.isclass(one) and "__call__" in vars(one) and Protocol not in one.__bases__
    }
    found = {one for one in called if {"logits_NV", "ids_NT"} <= inspect.signature(one.__call__).parameters.keys()}
    assert found == {type(rule) for rule in RULES}


@every
@steps
def test_scores_keep_their_shape_and_are_not_changed_in_place(rule, count):
    scores_NV, ids_NT = written(count)
    before = scores_NV.clone(), ids_NT.clone()
    after_NV = rule(scores_NV, ids_NT)
    assert after_NV.shape == scores_NV.shape
    assert after_NV.dtype == scores_NV.dtype
    assert not after_NV.isnan().any()
    assert torch.equal(scores_NV, before[0])
    assert torch.equal(ids_NT, before[1])
    assert torch.equal(rule(scores_NV, ids_NT), after_NV)


@every
@steps
def test_what_is_forbidden_stays_so_and_every_row_is_left_something(rule, count):
    scores_NV, ids_NT = written(count)
    after_NV = rule(scores_NV, ids_NT)
    assert (after_NV[scores_NV == NEVER] == NEVER).all()
    assert (after_NV > NEVER).any(1).all()


@pytest.mark.parametrize("rule", CONSTRAINTS, ids=named)
@steps
def test_a_constraint_forbids_and_changes_nothing_else(rule, count):
    scores_NV, ids_NT = written(count)
    after_NV = rule(scores_NV, ids_NT)
    assert torch.equal(after_NV, scores_NV.masked_fill(after_NV == NEVER, NEVER))


@pytest.mark.parametrize("rule", CONSTRAINTS, ids=named)
def test_a_constraint_forbids_something_somewhere(rule):
    cases = [written(count) for count in (0, 1, 2, 3, 5)]
    assert any(not torch.equal(rule(*case), case[0]) for case in cases)


@pytest.mark.parametrize("rule", CHANGES, ids=named)
@steps
def test_a_change_forbids_nothing(rule, count):
    scores_NV, ids_NT = written(count)
    after_NV = rule(scores_NV, ids_NT)
    assert torch.equal(after_NV > NEVER, scores_NV > NEVER)


@steps
def test_a_penalty_raises_no_score_and_a_temperature_keeps_their_order(count):
    scores_NV, ids_NT = written(count)
    assert (RepetitionPenalty(1.5)(scores_NV, ids_NT) <= scores_NV).all()
    for value in (0.5, 3.0):
        after_NV = Temperature(value)(scores_NV, ids_NT)
        assert torch.equal(after_NV.argsort(dim=1, stable=True), scores_NV.argsort(dim=1, stable=True))


@every
@steps
def test_a_row_is_ruled_the_same_alone_and_among_others(rule, count):
    scores_NV, ids_NT = written(count)
    after_NV = rule(scores_NV, ids_NT)
    for row in range(ROWS):
        assert torch.equal(rule(scores_NV[row : row + 1], ids_NT[row : row + 1])[0], after_NV[row])
    order = torch.arange(ROWS).flip(0)
    assert torch.equal(rule(scores_NV[order], ids_NT[order]), after_NV[order])


@every
def test_wider_scores_stay_wide(rule):
    scores_NV, ids_NT = written(3)
    assert rule(scores_NV.double(), ids_NT).dtype == torch.float64


MAX = 8
COMMON: dict[str, dict[str, Any]] = {
    "plain": {},
    "min_length": {"min_length": 4},
    "no_repeat": {"no_repeat": 1},
    "penalty": {"repetition_penalty": 2.0},
    "banned": {"banned": ("o", "好看")},
    "forced": {"forced": ("oo", "好")},
    "prefix": {"prefix": "a 好"},
    "all": {"min_length": 5, "no_repeat": 2, "banned": ("d",), "forced": ("好",), "prefix": "a"},
}
OWN: dict[type[SearchConfig], dict[str, dict[str, Any]]] = {
    Greedy: {},
    Beam: {"alternatives": {"alternatives": 3}, "sums": {"length_penalty": 0.0}, "sure": {"stop": "sure", "size": 2}},
    Sample: {
        "several": {"samples": 3},
        "seed": {"seed": 7},
        "shaped": {"temperature": 0.7, "top_k": 5, "top_p": 0.9, "min_p": 0.05, "typical": 0.9},
    },
    MinimumRisk: {"few": {"samples": 4}},
}
SEARCHED = [
    pytest.param(kind(max_length=MAX, **settings), id=f"{kind_of(kind)}-{name}")
    for kind, own in OWN.items()
    for name, settings in {**COMMON, **own}.items()
]
every_search = pytest.mark.parametrize("search", SEARCHED)
WRITERS = [one for one in SMALL_TASKS if one.name in ("seq2seq-transformer", "seq2seq-gru", "language_model-rows")]
every_writer = pytest.mark.parametrize("small", WRITERS, ids=lambda small: small.name)


class Settings(Config):
    search: SearchChoice


def outputs(small, search, places):
    """What a search writes for some of the examples of a task, and the answers that these make."""
    task = small.task.with_search(search)
    columns = task.encode([unanswered(small.examples[place]) for place in places])
    with torch.inference_mode():
        parts = task.predict(small.model, task.collate(columns, np.arange(len(places))))
    rows = parts if small.kind == "language_model" else [part.outputs for part in parts]
    return rows, task.answers(parts, columns)


@pytest.fixture(scope="module")
def together():
    """The outputs for all rows, written once."""
    known = {}

    def found(small, search):
        key = small.name, search.model_dump_json()
        if key not in known:
            known[key] = outputs(small, search, PLACES)
        return known[key]

    return found


def test_every_search_in_the_package_is_listed(members):
    assert members(SearchConfig, "weft.decoding") == set(SEARCHES) == set(OWN)
    assert len({kind_of(kind) for kind in SEARCHES}) == len(SEARCHES)


@pytest.mark.parametrize("kind", SEARCHES, ids=kind_of)
def test_a_config_survives_being_written(kind):
    for config in (kind(), kind(max_length=9, banned=("好",))):
        held = Settings(search=config)
        assert validated(Settings, held.model_dump(mode="json")) == held
    assert validated(Settings, {"search": kind_of(kind)}).search == kind()


PLACES = [0, 2, 4, 6, 8]


@every_writer
@every_search
def test_outputs_end_or_are_as_long_as_they_may_be(small, search, together):
    rows, answers = together(small, search)
    never = {*small.task.tokenizers.target.never} if small.kind == "seq2seq" else {*small.task.input.tokenizer.never}
    assert len(rows) == len(answers) == len(PLACES)
    for row in rows:
        assert len(row) == getattr(search, "samples", getattr(search, "alternatives", 1)) or search.forced
        for one in row:
            assert one.ended or len(one.ids) == MAX
            assert search.min_length <= len(one.ids) <= MAX
            assert not {small.task.end, *never} & {*one.ids}
            assert -np.inf < one.log_probability <= 0


@every_writer
@every_search
def test_a_row_is_written_the_same_alone_and_among_others(small, search, together):
    rows, answers = together(small, search)
    for place, row, answer in zip(PLACES, rows, answers, strict=True):
        (alone,), (given,) = outputs(small, search, [place])
        assert [one.ids for one in alone] == [one.ids for one in row]
        assert [one.log_probability for one in alone] == pytest.approx([one.log_probability for one in row], abs=1e-4)
        assert given.text == answer.text


@every_writer
@every_search
def test_texts_hold_what_they_must_and_nothing_that_they_must_not(small, search, together):
    _, answers = together(small, search)
    prompts = [asked.text if isinstance(asked := unanswered(small.examples[place]), Prompt) else "" for place in PLACES]
    for prompt, answer in zip(prompts, answers, strict=True):
        for text in (answer.text, *answer.alternatives):
            assert text.startswith(search.prefix)
            assert all(word in prompt + text for word in search.forced)
            assert not any(word in text for word in search.banned)


@every_writer
def test_searches_differ_and_write_the_same_again(small):
    def texts(search):
        return [answer.text for answer in outputs(small, search, PLACES)[1]]

    greedy = texts(Greedy(max_length=MAX))
    assert texts(Sample(max_length=MAX)) != greedy
    assert texts(Sample(max_length=MAX, seed=1)) != texts(Sample(max_length=MAX))
    for search in (Greedy(max_length=MAX), Beam(max_length=MAX), Sample(max_length=MAX), MinimumRisk(max_length=MAX)):
        assert texts(search) == texts(search)
    assert texts(Beam(1, max_length=MAX)) == greedy
